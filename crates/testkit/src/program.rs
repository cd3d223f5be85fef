//! Programs that a test needs and a machine may lack.

use crate::skipped;
use std::path::{Path, PathBuf};

/// A program that some tests need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// A PostgreSQL server: `initdb` on this machine, or an address in `TEST_PG_URL`.
    Postgres,
    /// Chromium and chromedriver.
    Chromium,
    /// The script of axe-core, which judges whether pages are accessible; `ORGWARDEN_AXE` says where it is.
    Axe,
}

impl Program {
    /// The name used in `ORGWARDEN_REQUIRE`.
    pub fn name(self) -> &'static str {
        match self {
            Program::Postgres => "postgres",
            Program::Chromium => "chromium",
            Program::Axe => "axe",
        }
    }

    /// The folder that holds the program, if the machine has it; `TEST_PG_URL` counts as an empty one, and axe is a
    /// file.
    ///
    /// Says on stderr that this test is skipped when it is absent.
    ///
    /// # Panics
    /// When it is absent and `ORGWARDEN_REQUIRE` names it.
    pub fn require(self) -> Option<PathBuf> {
        let found = self.find();
        if found.is_none() {
            assert!(
                !is_required(
                    self.name(),
                    std::env::var("ORGWARDEN_REQUIRE").as_deref().unwrap_or_default()
                ),
                "{} is not on this machine, and ORGWARDEN_REQUIRE says that it must be",
                self.name()
            );
            skipped::note(self.name());
        }
        found
    }

    fn find(self) -> Option<PathBuf> {
        match self {
            Program::Postgres if test_pg_url().is_some() => Some(PathBuf::new()),
            Program::Postgres => postgres_folders().into_iter().find(|folder| {
                ["initdb", "postgres"]
                    .iter()
                    .all(|name| folder.join(name).is_file())
            }),
            Program::Axe => {
                let script = std::env::var_os("ORGWARDEN_AXE").map(PathBuf::from);
                script.filter(|script| script.is_file())
            }
            Program::Chromium => {
                let holding = |name: &str| {
                    folders_of_path()
                        .into_iter()
                        .find(|folder| folder.join(name).is_file())
                };
                holding("chromium").and(holding("chromedriver"))
            }
        }
    }
}

/// The address of a server to use instead of one of our own; its user must be allowed to create databases.
pub(crate) fn test_pg_url() -> Option<String> {
    std::env::var("TEST_PG_URL").ok().filter(|url| !url.is_empty())
}

fn folders_of_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

/// The newest installed version first, then what `PATH` has.
fn postgres_folders() -> Vec<PathBuf> {
    let installed = std::fs::read_dir(Path::new("/usr/lib/postgresql"));
    let mut versions: Vec<PathBuf> = installed
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let version = |folder: &PathBuf| {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        name.and_then(|name| name.parse::<u32>().ok())
    };
    versions.sort_by_key(version);
    let newest_first = versions.into_iter().rev().map(|folder| folder.join("bin"));
    newest_first.chain(folders_of_path()).collect()
}

fn is_required(name: &str, required: &str) -> bool {
    required.split(',').any(|wanted| wanted.trim() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_is_required() {
        assert!(is_required("postgres", "chromium, postgres"));
        assert!(!is_required("postgres", "chromium"));
        assert!(!is_required("postgres", ""));
    }
}
