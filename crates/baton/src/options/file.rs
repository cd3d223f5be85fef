//! `.baton.yaml`: flags by name, each with a text or a list of texts.
//!
//! A file that cannot be understood ends the program with the place of the mistake; the peer goes on without it.

use super::OptionsError;
use super::flags;
use app::declared::yaml::{self, Node};
use std::collections::BTreeMap;
use std::path::Path;

/// What a file says, by the names of flags.
#[derive(Debug, Default)]
pub(super) struct File {
    /// Values by flag; a list has several.
    pub values: BTreeMap<&'static str, Vec<String>>,
    /// What the reader of the log should know.
    pub remarks: Vec<String>,
}

/// Reads the named file, or `.baton.yaml` of the folder if there is one.
pub(super) fn read(named: Option<&Path>, folder: &Path) -> Result<File, OptionsError> {
    let usual = folder.join(".baton.yaml");
    let path = match named {
        Some(path) => path,
        None if usual.exists() => usual.as_path(),
        None => return Ok(File::default()),
    };
    let name = path.display();
    let is_yaml = path
        .extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml");
    if !is_yaml {
        return Err(OptionsError(format!(
            "the configuration file {name} must end in .yaml or .yml"
        )));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| OptionsError(format!("the configuration file {name} cannot be read: {error}")))?;
    understand(&text, &name.to_string())
}

fn understand(text: &str, name: &str) -> Result<File, OptionsError> {
    let wrong = |line: usize, column: usize, what: &str| {
        OptionsError(format!("{name}, line {line}, column {column}: {what}"))
    };
    let root = yaml::read(text).map_err(|error| wrong(error.place.line, error.place.column, &error.what))?;
    let Some(root) = root else {
        return Ok(File::default());
    };
    let Node::Map(entries) = root.node else {
        let what = "this must be a list of flags with their values, such as organization-id: ID";
        return Err(wrong(root.place.line, root.place.column, what));
    };
    let mut file = File::default();
    for (key, value) in entries {
        let Some(flag) = flags::find(&key.text.to_lowercase()) else {
            let nearest = super::nearest(&key.text);
            file.remarks.push(format!(
                "{name}, line {}, column {}: there is no flag \"{}\"; the nearest is \"{nearest}\"",
                key.place.line, key.place.column, key.text
            ));
            continue;
        };
        let values = match value.node {
            Node::Text(text) => vec![text],
            Node::List(items) => {
                let mut texts = Vec::new();
                for item in items {
                    let Node::Text(text) = item.node else {
                        let what = format!("{} takes texts, not lists of lists", key.text);
                        return Err(wrong(item.place.line, item.place.column, &what));
                    };
                    texts.push(text);
                }
                texts
            }
            Node::Map(_) => {
                let what = format!("{} takes a text or a list of texts", key.text);
                return Err(wrong(value.place.line, value.place.column, &what));
            }
        };
        // The name that the peer's code reads wins over the published one.
        if flag.name == key.text.to_lowercase() || !file.values.contains_key(flag.name) {
            file.values.insert(flag.name, values);
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_by_their_names_published_ones_too() {
        let text = "org: o-1\nProvisioning: true\nlog-path: [stderr, a.log]\n";
        let file = understand(text, "f").unwrap();
        assert_eq!(file.values["organization-id"], ["o-1"]);
        assert_eq!(file.values["provisioning"], ["true"]);
        assert_eq!(file.values["log-path"], ["stderr", "a.log"]);
        assert!(file.remarks.is_empty());
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, said) in [
            ("access-token: [a\nb: c", "f, line 2, column"),
            ("- a", "f, line 1, column 1: this must be"),
            (
                "a: b\nlog-path:\n  x: y\n",
                "f, line 3, column 3: log-path takes a text or a list",
            ),
            ("file: \"a\nb: c\n", "f, line"),
        ] {
            let error = understand(text, "f").unwrap_err().to_string();
            assert!(error.starts_with(said), "{text:?}: {error}");
            assert!(!error.contains('\n'));
        }
    }

    #[test]
    fn a_key_that_is_no_flag_is_remarked_on_with_the_nearest() {
        let file = understand("acces-token: a\n", "f").unwrap();
        assert!(file.values.is_empty());
        assert_eq!(file.remarks.len(), 1);
        assert!(
            file.remarks[0].ends_with("the nearest is \"access-token\""),
            "{:?}",
            file.remarks
        );
    }

    #[test]
    fn a_named_file_that_is_not_there_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(None, folder.path()).unwrap().values.is_empty());
        let missing = folder.path().join("x.yaml");
        assert!(read(Some(&missing), folder.path()).is_err());
        let other = folder.path().join("x.json");
        assert!(
            read(Some(&other), folder.path())
                .unwrap_err()
                .to_string()
                .contains("must end in .yaml")
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_file_or_one_sentence(text in "[-a-z:\\[\\]{},&*!|>'\"#%\\n \u{0}]{0,80}") {
            if let Err(error) = understand(&text, "f") {
                let said = error.to_string();
                assert!(said.starts_with("f, line ") && !said.contains('\n'), "{said}");
            }
        }
    }
}
