//! What the workspace may depend on: licences, sources, and crates that the product must not contain.

use crate::graph::{Graph, Package};
use crate::licence::is_allowed;
use std::collections::BTreeSet;

const LICENCES: [&str; 11] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "CC0-1.0",
];

/// For tests and tools only, never in the product.
const LICENCES_OUTSIDE: [&str; 1] = ["MPL-2.0"];

/// The certificates of public authorities are data under a licence for data.
const CERTIFICATES: [&str; 2] = ["webpki-root-certs", "webpki-roots"];
const LICENCE_OF_CERTIFICATES: &str = "CDLA-Permissive-2.0";

/// A second implementation of TLS, or one that needs more than a C compiler. Tests that drive an independent client
/// (`conformance`) may bring one along, because the client brings its own: nothing of the product depends on them.
const BANNED: [&str; 3] = ["aws-lc-sys", "openssl-sys", "native-tls"];

/// `product` is what the product is built from, each as `name version`.
pub fn check(graph: &Graph, product: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in &graph.packages {
        let is_product = product.contains(&format!("{} {}", package.name, package.version));
        wrong.extend(licence(package, is_product));
        wrong.extend(source(package));
    }
    let banned = product.iter().filter(|built| {
        let name = built.split(' ').next().unwrap_or_default();
        BANNED.contains(&name)
    });
    wrong.extend(banned.map(|built| format!("the product contains {built}, which is banned")));
    wrong
}

fn licence(package: &Package, is_product: bool) -> Option<String> {
    let allowed = |name: &str| {
        LICENCES.contains(&name)
            || (!is_product && LICENCES_OUTSIDE.contains(&name))
            || (name == LICENCE_OF_CERTIFICATES && CERTIFICATES.contains(&package.name.as_str()))
    };
    let Some(expression) = &package.licence else {
        return Some(format!("{} {} names no licence", package.name, package.version));
    };
    match is_allowed(expression, &allowed) {
        Ok(true) => None,
        Ok(false) => Some(format!(
            "{} {} is licensed {expression}, which is not on the list",
            package.name, package.version
        )),
        Err(what) => Some(format!("the licence of {} cannot be read: {what}", package.name)),
    }
}

/// Only packages of the public registry and our own.
fn source(package: &Package) -> Option<String> {
    let what = match &package.source {
        None if package.is_member => return None,
        None => "a folder outside the workspace",
        Some(source) if source.starts_with("registry+") => return None,
        Some(source) if source.starts_with("git+") => "a git repository",
        Some(_) => "an unknown kind of source",
    };
    Some(format!("{} {} comes from {what}", package.name, package.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, licence: &str, source: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: Some(licence.to_owned()),
            source: source.map(str::to_owned),
            is_member: false,
            dependencies: Vec::new(),
        }
    }

    fn complaints(package: Package, product: &[&str]) -> Vec<String> {
        let graph = Graph {
            packages: vec![package],
            ..Graph::default()
        };
        check(&graph, &product.iter().map(|built| (*built).to_owned()).collect())
    }

    const REGISTRY: Option<&str> = Some("registry+somewhere");

    #[test]
    fn a_listed_licence_from_the_registry_is_fine() {
        assert!(complaints(package("a", "MIT/Apache-2.0", REGISTRY), &["a 1.0.0"]).is_empty());
    }

    #[test]
    fn an_unlisted_licence_is_not() {
        assert_eq!(complaints(package("a", "GPL-3.0-only", REGISTRY), &[]).len(), 1);
    }

    #[test]
    fn some_licences_are_for_tests_only() {
        assert!(complaints(package("a", "MPL-2.0", REGISTRY), &[]).is_empty());
        assert_eq!(
            complaints(package("a", "MPL-2.0", REGISTRY), &["a 1.0.0"]).len(),
            1
        );
    }

    #[test]
    fn the_licence_for_data_is_for_certificates() {
        assert!(complaints(package("webpki-roots", "CDLA-Permissive-2.0", REGISTRY), &[]).is_empty());
        assert_eq!(
            complaints(package("a", "CDLA-Permissive-2.0", REGISTRY), &[]).len(),
            1
        );
    }

    #[test]
    fn a_git_repository_or_a_folder_elsewhere_is_refused() {
        assert_eq!(
            complaints(package("a", "MIT", Some("git+somewhere")), &[]).len(),
            1
        );
        assert_eq!(complaints(package("a", "MIT", None), &[]).len(), 1);
    }

    #[test]
    fn a_banned_crate_is_refused_in_the_product_only() {
        assert!(complaints(package("aws-lc-sys", "ISC", REGISTRY), &[]).is_empty());
        assert_eq!(
            complaints(package("aws-lc-sys", "ISC", REGISTRY), &["aws-lc-sys 1.0.0"]).len(),
            1
        );
    }
}
