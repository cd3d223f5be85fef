//! A SCIM client written by others completes its checks.
//!
//! It is the Python package `scim2-tester`, installed in `scim2-tester` below the target directory; `.ci/run` says how.
//! Without it the test is skipped with a word on stderr, unless `ORGWARDEN_REQUIRE` names it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use twin::Shape;

use crate::case::Case;

/// The interpreter that has the package.
fn python() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| here.join("../../target"), PathBuf::from);
    let python = target.join("scim2-tester/bin/python");
    let has_package = python.is_file()
        && Command::new(&python)
            .args(["-c", "import scim2_tester, httpx2"])
            .output()
            .is_ok_and(|output| output.status.success());
    if has_package {
        return Some(python);
    }
    let required = std::env::var("ORGWARDEN_REQUIRE").unwrap_or_default();
    let is_required = required.split(',').any(|name| name.trim() == "scim2-tester");
    assert!(
        !is_required,
        "scim2-tester is not on this machine, and ORGWARDEN_REQUIRE says that it must be"
    );
    // Not `eprintln!`, which the test runner would swallow.
    let note = "\nSKIPPED a_scim_client_of_others_completes_its_checks (needs scim2-tester)\n";
    std::io::stderr().write_all(note.as_bytes()).unwrap();
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scim_client_of_others_completes_its_checks() {
    let Some(python) = python() else { return };
    // One person, so that what the client makes is on the first page of lists.
    let case = Case::start(Shape::Single).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scim/check.py");
    let (url, token) = (
        case.twin.scim_base_url().to_owned(),
        case.twin.scim_token().to_owned(),
    );

    let output =
        tokio::task::spawn_blocking(move || Command::new(python).arg(script).args([url, token]).output());
    let output = output.await.unwrap().unwrap();

    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{told}");
}
