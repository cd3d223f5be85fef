//! The summary of skipped tests.
//!
//! The test runner swallows what passing tests print and offers no hook for its end. So a small shell waits beside the
//! test program: it gathers one line for each skipped test from its standard input, and when that closes – because
//! the program has ended, however – it prints the summary. Standard error is inherited, so nothing swallows it.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

const SUMMARY: &str = r#"
lines=$(sort -u)
count=$(printf '%s\n' "$lines" | wc -l)
printf '\nSKIPPED %s test(s), because a program is absent:\n%s\n' $count "$lines" >&2
"#;

static SUMMARIZER: OnceLock<Option<Mutex<Child>>> = OnceLock::new();

fn start() -> Option<Mutex<Child>> {
    let child = Command::new("sh")
        .args(["-c", SUMMARY])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn();
    child.ok().map(Mutex::new)
}

/// Remembers that the test of this thread is skipped, because `program` is absent.
pub(crate) fn note(program: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test").to_owned();
    let line = format!("  {test} (needs {program})\n");
    let told = SUMMARIZER.get_or_init(start).as_ref().is_some_and(|child| {
        let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
        let pipe = child.stdin.as_mut();
        pipe.is_some_and(|pipe| pipe.write_all(line.as_bytes()).is_ok())
    });
    if !told {
        // Not `eprintln!`, which the test runner would swallow.
        let _ = std::io::stderr().write_all(format!("SKIPPED{line}").as_bytes());
    }
}
