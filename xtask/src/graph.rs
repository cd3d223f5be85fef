//! The packages of the workspace and what they depend on, as cargo tells it.

use anyhow::Context as _;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How a package depends on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Normal,
    Dev,
    Build,
}

/// One line of a manifest's dependencies.
#[derive(Debug, Clone)]
pub struct Dependency {
    pub name: String,
    pub kind: Kind,
}

/// A package, of the workspace or not.
#[derive(Debug, Clone)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub licence: Option<String>,
    /// Where it comes from, such as `registry+…`; `None` when it lies in a folder.
    pub source: Option<String>,
    pub is_member: bool,
    pub dependencies: Vec<Dependency>,
}

/// All packages that building anything of the workspace on any platform may need.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    pub packages: Vec<Package>,
    pub target_folder: PathBuf,
}

impl Graph {
    /// Asks cargo.
    pub fn load(folder: &Path) -> anyhow::Result<Graph> {
        let told = run(folder, &["metadata", "--format-version", "1", "--locked"])?;
        Graph::read(&serde_json::from_str(&told)?).context("cargo metadata has another shape than expected")
    }

    fn read(told: &Value) -> Option<Graph> {
        let members: BTreeSet<&str> = told["workspace_members"]
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let package = |value: &Value| {
            let dependencies = value["dependencies"].as_array()?.iter().map(|dependency| {
                let kind = match dependency["kind"].as_str() {
                    Some("dev") => Kind::Dev,
                    Some("build") => Kind::Build,
                    _ => Kind::Normal,
                };
                let name = dependency["name"].as_str()?.to_owned();
                Some(Dependency { name, kind })
            });
            Some(Package {
                name: value["name"].as_str()?.to_owned(),
                version: value["version"].as_str()?.to_owned(),
                licence: value["license"].as_str().map(str::to_owned),
                source: value["source"].as_str().map(str::to_owned),
                is_member: members.contains(value["id"].as_str()?),
                dependencies: dependencies.collect::<Option<_>>()?,
            })
        };
        Some(Graph {
            packages: told["packages"]
                .as_array()?
                .iter()
                .map(package)
                .collect::<Option<_>>()?,
            target_folder: PathBuf::from(told["target_directory"].as_str()?),
        })
    }

    /// The workspace's own packages.
    pub fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.is_member)
    }
}

/// What the product is built from on any platform: `name version`, without what only tests need.
///
/// `cargo metadata` cannot tell: it joins the features that all members ask for, and one test crate asks for more.
pub fn product(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let arguments = [
        "tree",
        "--package",
        "cli",
        "--edges",
        "normal,build",
        "--target",
        "all",
    ];
    let format = ["--prefix", "none", "--format", "{p}", "--locked"];
    let told = run(folder, &[&arguments[..], &format[..]].concat())?;
    Ok(told.lines().filter_map(name_and_version).collect())
}

/// `serde v1.0.0 (proc-macro)` as `serde 1.0.0`.
fn name_and_version(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let version = words.next()?.strip_prefix('v')?;
    Some(format!("{name} {version}"))
}

/// Runs cargo and answers what it printed.
pub fn run(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).current_dir(folder).args(arguments).output()?;
    anyhow::ensure!(
        output.status.success(),
        "cargo {} failed: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_read_with_its_dependencies() {
        let told = serde_json::json!({
            "workspace_members": ["path#store@0.1.0"],
            "target_directory": "/t",
            "packages": [{
                "name": "store", "version": "0.1.0", "id": "path#store@0.1.0", "license": "MIT", "source": null,
                "dependencies": [{"name": "model", "kind": null}, {"name": "testkit", "kind": "dev"}],
            }],
        });
        let graph = Graph::read(&told).unwrap();
        let package = graph.members().next().unwrap();
        assert_eq!((package.name.as_str(), package.dependencies.len()), ("store", 2));
        assert_eq!(package.dependencies[1].kind, Kind::Dev);
    }

    #[test]
    fn a_line_of_the_tree_is_a_name_and_a_version() {
        assert_eq!(
            name_and_version("serde v1.0.0 (*)").as_deref(),
            Some("serde 1.0.0")
        );
        assert_eq!(name_and_version(""), None);
    }
}
