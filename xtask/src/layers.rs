//! A crate uses only what is below it. The picture is in `docs/ARCHITECTURE.md`.
//!
//! Only arrows of the product count: what tests use besides may be anything below, the twin, the testkit and the
//! scenarios.

use crate::graph::{Dependency, Graph, Kind, Package};

/// Each crate of the workspace and the crates that it may use, from the ground up.
const ALLOWED: [(&str, &[&str]); 17] = [
    ("model", &[]),
    ("access", &[]),
    ("rules", &[]),
    ("twin", &[]),
    ("atlassian", &["model"]),
    ("store", &["model"]),
    ("sync", &["model", "atlassian", "store"]),
    ("provision", &["model", "atlassian", "store"]),
    // Knows no words but its own: what is told, and how it gets there.
    ("notify", &[]),
    (
        "app",
        &[
            "model",
            "access",
            "rules",
            "atlassian",
            "store",
            "sync",
            "provision",
            "notify",
        ],
    ),
    ("web", &["model", "app"]),
    ("baton", &["model", "app"]),
    // Builds the concrete client and store and hands them down.
    (
        "cli",
        &[
            "model",
            "atlassian",
            "store",
            "sync",
            "app",
            "web",
            "baton",
            "twin",
        ],
    ),
    // For tests only: nobody above may use these.
    ("testkit", &["store"]),
    ("conformance", &["twin"]),
    (
        "scenarios",
        &[
            "model",
            "atlassian",
            "store",
            "sync",
            "app",
            "web",
            "baton",
            "twin",
            "testkit",
        ],
    ),
    ("xtask", &[]),
];

/// What tests may use besides.
const FOR_TESTS: [&str; 3] = ["testkit", "twin", "scenarios"];

/// A crate that exists to be independent, and the one crate that may use it.
const APART: (&str, &str) = ("jira", "conformance");

pub fn check(graph: &Graph) -> Vec<String> {
    let names: Vec<&str> = graph.members().map(|package| package.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in graph.members() {
        let Some(allowed) = allowed(&package.name) else {
            wrong.push(format!(
                "{} is not in the table of xtask/src/layers.rs: say there what it may use",
                package.name
            ));
            continue;
        };
        let uses = package.dependencies.iter();
        wrong.extend(uses.filter_map(|used| complaint(package, used, allowed, &names)));
    }
    let gone = ALLOWED.iter().filter(|(name, _)| !names.contains(name));
    wrong.extend(gone.map(|(name, _)| format!("{name} is in the table and not in the workspace")));
    wrong
}

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    ALLOWED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, allowed)| *allowed)
}

fn complaint(package: &Package, used: &Dependency, allowed: &[&str], names: &[&str]) -> Option<String> {
    let (user, used, kind) = (package.name.as_str(), used.name.as_str(), used.kind);
    if used == APART.0 && user != APART.1 {
        return Some(format!("{user} uses {used}, which only {} may", APART.1));
    }
    if !names.contains(&used) || allowed.contains(&used) {
        return None;
    }
    let is_test_help = kind == Kind::Dev && (FOR_TESTS.contains(&used) || is_below(used, user));
    (!is_test_help).then(|| format!("{user} uses {used}, which is not below it"))
}

fn is_below(lower: &str, upper: &str) -> bool {
    allowed(upper)
        .unwrap_or_default()
        .iter()
        .any(|next| *next == lower || is_below(lower, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(uses: &[(&str, &str, Kind)]) -> Graph {
        let member = |name: &str| Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            licence: None,
            source: None,
            is_member: true,
            dependencies: uses
                .iter()
                .filter(|(user, _, _)| *user == name)
                .map(|(_, used, kind)| Dependency {
                    name: (*used).to_owned(),
                    kind: *kind,
                })
                .collect(),
        };
        Graph {
            packages: ALLOWED.iter().map(|(name, _)| member(name)).collect(),
            ..Graph::default()
        }
    }

    #[test]
    fn arrows_downwards_are_fine() {
        let uses = [("sync", "store", Kind::Normal), ("store", "sqlx", Kind::Normal)];
        assert!(check(&graph(&uses)).is_empty());
    }

    #[test]
    fn an_arrow_upwards_is_not() {
        let wrong = check(&graph(&[("store", "sync", Kind::Normal)]));
        assert_eq!(wrong, ["store uses sync, which is not below it"]);
        assert_eq!(check(&graph(&[("web", "store", Kind::Normal)])).len(), 1);
    }

    #[test]
    fn tests_may_use_what_is_below_the_twin_and_the_testkit() {
        let uses = [
            ("web", "store", Kind::Dev),
            ("store", "testkit", Kind::Dev),
            ("sync", "twin", Kind::Dev),
        ];
        assert!(check(&graph(&uses)).is_empty());
        assert_eq!(check(&graph(&[("store", "testkit", Kind::Normal)])).len(), 1);
        assert_eq!(check(&graph(&[("store", "sync", Kind::Dev)])).len(), 1);
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_is_wrong() {
        let mut graph = graph(&[]);
        graph.packages[0].name = "newcomer".to_owned();
        assert_eq!(check(&graph).len(), 2);
    }

    #[test]
    fn the_independent_client_is_used_by_one_crate() {
        assert!(check(&graph(&[("conformance", "jira", Kind::Dev)])).is_empty());
        assert_eq!(check(&graph(&[("twin", "jira", Kind::Dev)])).len(), 1);
    }
}
