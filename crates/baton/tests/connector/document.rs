//! `docs/connector.md` names everything that can be said to the connector, and nothing else.

use baton::options::flags::{Effect, FLAGS, VARIABLES, variable};
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../../docs/connector.md");

/// The first cells, in backticks, of the tables below a heading.
fn listed(heading: &str) -> BTreeSet<&'static str> {
    let after = DOCUMENT.split_once(heading).unwrap().1;
    let section = after
        .split("\n## ")
        .next()
        .unwrap()
        .split("\n### ")
        .next()
        .unwrap();
    let cells = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    cells.map(|(cell, _)| cell).collect()
}

fn flags(is: fn(&Effect) -> bool) -> BTreeSet<&'static str> {
    FLAGS
        .iter()
        .filter(|flag| is(&flag.effect))
        .map(|flag| flag.name)
        .collect()
}

#[test]
fn every_flag_is_listed_where_it_belongs() {
    let works = flags(|effect| *effect == Effect::Works);
    assert_eq!(listed("\n### What has an effect\n"), works);
    let idle = flags(|effect| matches!(effect, Effect::None(_)));
    assert_eq!(listed("\n### What is accepted without effect\n"), idle);
    let refused = flags(|effect| matches!(effect, Effect::Refused(_)));
    assert_eq!(listed("\n### What is refused\n"), refused);
}

#[test]
fn every_variable_that_is_no_flag_is_listed() {
    let known: BTreeSet<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed("\n### Variables that are no flag\n"), known);
    for flag in FLAGS.iter().filter_map(|flag| flag.published) {
        assert!(DOCUMENT.contains(&variable(flag)), "{flag}");
    }
}
