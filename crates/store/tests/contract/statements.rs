//! Every statement is known to both databases.

use crate::questions::ask_all;
use crate::reading::Reading;
use std::path::Path;
use testkit::TestDatabase;

on_both!(every_question_is_understood_on_an_empty_database);

async fn every_question_is_understood_on_an_empty_database(database: TestDatabase) {
    let reading = Reading::begin(&database.store).await;
    let said = ask_all(&reading.store, reading.organization, 0, &[1]).await;
    assert!(said.len() > 100);
}

/// The text of all Rust files below a folder.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    text
}

/// A method that nobody here calls has statements that nobody prepared.
#[test]
fn every_method_of_the_store_is_called_by_this_suite() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = sources(&crate_folder.join("src"));
    let suite = sources(&crate_folder.join("tests"));
    let names = code
        .split("pub async fn ")
        .skip(1)
        .filter_map(|after| after.split(['(', '<']).next());
    let uncalled: Vec<&str> = names
        .filter(|name| !suite.contains(&format!(".{name}(")) && !suite.contains(&format!("::{name}(")))
        .collect();
    assert_eq!(uncalled, Vec::<&str>::new());
}
