//! What is deployed: the manifests say nothing that Kubernetes does not know, and nothing that the connector does not.

use baton::options::flags::{FLAGS, VARIABLES, find, variable};
use baton::options::{Options, Typed, Wish};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

const SECRET: &str = include_str!("../../../../deploy/kubernetes/secret.yaml");
const DEPLOYMENT: &str = include_str!("../../../../deploy/kubernetes/deployment.yaml");

/// A manifest as Kubernetes understands it. What it does not know would be lost and so be noticed.
fn strictly<T: DeserializeOwned + Serialize>(text: &str) -> Result<T, String> {
    let written: Value = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    let understood: T = serde_yaml_ng::from_value(written.clone()).map_err(|error| error.to_string())?;
    let again = serde_yaml_ng::to_value(&understood).map_err(|error| error.to_string())?;
    if again == written {
        Ok(understood)
    } else {
        Err(format!("{written:?}\nis understood as\n{again:?}"))
    }
}

fn container() -> Container {
    let deployment: Deployment = strictly(DEPLOYMENT).unwrap();
    let pod = deployment.spec.unwrap().template.spec.unwrap();
    pod.containers.into_iter().next().unwrap()
}

/// Every name of a variable that the connector reads.
fn known() -> BTreeSet<String> {
    let flags = FLAGS.iter().flat_map(|flag| [Some(flag.name), flag.published]);
    let flags = flags.flatten().map(variable);
    flags
        .chain(VARIABLES.iter().map(|(name, _)| (*name).to_owned()))
        .collect()
}

#[test]
fn kubernetes_understands_every_word_of_the_manifests() {
    strictly::<Secret>(SECRET).unwrap();
    strictly::<Deployment>(DEPLOYMENT).unwrap();
}

#[test]
fn a_word_that_kubernetes_does_not_know_is_noticed() {
    let wrong = DEPLOYMENT.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem");
    assert!(strictly::<Deployment>(&wrong).is_err());
}

#[test]
fn a_boolean_without_quotes_is_no_secret() {
    let published = SECRET.replace("BATON_PROVISIONING: \"true\"", "BATON_PROVISIONING: true");
    assert_ne!(published, SECRET);
    let error = strictly::<Secret>(&published).unwrap_err();
    assert!(error.contains("expected a string"), "{error}");
}

#[test]
fn the_connector_knows_every_variable_that_is_set() {
    let secret: Secret = strictly(SECRET).unwrap();
    let known = known();
    let in_secret = secret.string_data.unwrap().into_keys();
    let in_container = container().env.unwrap().into_iter().map(|variable| variable.name);
    let unknown: Vec<String> = in_secret
        .chain(in_container)
        .filter(|name| !known.contains(name))
        .collect();
    assert_eq!(unknown, Vec::<String>::new());
}

#[test]
fn the_deployment_starts_service_mode_also_with_a_secret_of_the_peer() {
    let of_peer = [
        ("BATON_CLIENT_ID", "name@tenant.example.com/id"),
        ("BATON_CLIENT_SECRET", "secret"),
        ("BATON_API_TOKEN", "key"),
        ("BATON_ORG", "organization"),
        ("BATON_PROVISIONING", "true"),
        ("BATON_SCIM_TOKEN", "token"),
        ("BATON_SCIM_BASE_URL", "https://api.example.com/scim/directory/d"),
    ];
    let own: Secret = strictly(SECRET).unwrap();
    let own = own.string_data.unwrap();
    let of_peer = of_peer.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let container = container();
    let set = container.env.clone().unwrap().into_iter();
    let set: BTreeMap<String, String> = set.filter_map(|set| Some((set.name, set.value?))).collect();
    let mut typed = Typed::new();
    for word in container.args.clone().unwrap() {
        let flag = find(word.trim_start_matches('-')).unwrap();
        typed.insert(flag.name, vec!["true".to_owned()]);
    }
    let folder = tempfile::tempdir().unwrap();
    for secret in [own, BTreeMap::from(of_peer)] {
        let variable = |name: &str| set.get(name).or(secret.get(name)).map(OsString::from);
        let options = Options::resolve(&typed, &variable, folder.path()).unwrap();
        assert!(
            options.provisioning && options.remarks.is_empty(),
            "{:?}",
            options.remarks
        );
        let Wish::Serve(serving) = options.wish else {
            panic!("{:?}", options.wish)
        };
        assert_eq!(serving.health, Some("127.0.0.1:8081".parse().unwrap()));
    }
}

#[test]
fn the_container_needs_no_rights() {
    let security = container().security_context.unwrap();
    assert_eq!(security.allow_privilege_escalation, Some(false));
    assert_eq!(security.read_only_root_filesystem, Some(true));
    assert_eq!(security.capabilities.unwrap().drop.unwrap(), ["ALL"]);
    let deployment: Deployment = strictly(DEPLOYMENT).unwrap();
    let pod = deployment.spec.unwrap().template.spec.unwrap();
    assert_eq!(pod.security_context.unwrap().run_as_non_root, Some(true));
    let mounted: Vec<String> = container()
        .volume_mounts
        .unwrap()
        .into_iter()
        .map(|mount| mount.mount_path)
        .collect();
    let temporary = container()
        .env
        .unwrap()
        .into_iter()
        .find(|set| set.name == "BATON_TMPDIR");
    assert_eq!(mounted, [temporary.unwrap().value.unwrap()]);
}
