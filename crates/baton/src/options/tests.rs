use super::*;
use secrecy::ExposeSecret as _;
use std::ffi::OsString;

const KEY: (&str, &str) = ("BATON_ACCESS_TOKEN", "key-of-code");

fn resolve(
    typed: &[(&'static str, &str)],
    variables: &[(&str, &str)],
    file: &str,
) -> Result<Options, String> {
    let folder = tempfile::tempdir().unwrap();
    if !file.is_empty() {
        std::fs::write(folder.path().join(".baton.yaml"), file).unwrap();
    }
    let mut said = Typed::new();
    for (name, value) in typed {
        said.entry(name).or_default().push((*value).to_owned());
    }
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    };
    Options::resolve(&said, &variable, folder.path()).map_err(|error| error.to_string())
}

fn key(options: &Options) -> String {
    options.access.key.as_ref().unwrap().expose_secret().to_owned()
}

#[test]
fn a_variable_that_is_misspelt_is_remarked_on_and_others_are_not() {
    let set = [
        "BATON_ACCESS_TOKEN",
        "BATON_ACCESS_TOKN",
        "BATON_ORGANISATION_ID",
        "BATON_SCIM_TOKENS",
        "BATON_ATLASSIAN_SERVICE_HOST",
        "BATON_ATLASSIAN_PORT_8080_TCP",
        "BATON_TMPDIR",
        "HOME",
    ];
    let remarks = misspelt(set.into_iter().map(str::to_owned));
    assert_eq!(
        remarks,
        [
            "BATON_ACCESS_TOKN is not read: is BATON_ACCESS_TOKEN meant?",
            "BATON_ORGANISATION_ID is not read: is BATON_ORGANIZATION_ID meant?",
            "BATON_SCIM_TOKENS is not read: is BATON_SCIM_TOKEN meant?",
        ]
    );
}

#[test]
fn the_command_line_wins_over_the_environment_over_the_file_over_the_default() {
    let file = "file: of-file.c1z\nlog-level: warn\nworkers: 3\n";
    let environment = [KEY, ("BATON_FILE", "of-env.c1z"), ("BATON_LOG_LEVEL", "error")];
    let options = resolve(&[("file", "typed.c1z")], &environment, file).unwrap();
    assert_eq!(options.file, PathBuf::from("typed.c1z"));
    assert_eq!(options.logging.level, Level::Error);
    assert_eq!(options.access.workers, Some(3));
    assert_eq!(options.access.base_url, "https://api.atlassian.com/admin");
}

#[test]
fn published_names_are_read_and_give_way_to_those_that_the_peer_reads() {
    let published = [("BATON_API_TOKEN", "published"), ("BATON_ORG", "o-1")];
    let options = resolve(&[], &published, "").unwrap();
    assert_eq!(key(&options), "published");
    assert_eq!(options.access.organization.as_deref(), Some("o-1"));
    let both = [published[0], published[1], KEY, ("BATON_ORGANIZATION_ID", "o-2")];
    let options = resolve(&[], &both, "").unwrap();
    assert_eq!(key(&options), "key-of-code");
    assert_eq!(options.access.organization.as_deref(), Some("o-2"));
}

#[test]
fn an_empty_variable_is_none() {
    let options = resolve(&[], &[KEY, ("BATON_CLIENT_ID", ""), ("BATON_SCIM_TOKEN", "")], "").unwrap();
    assert!(matches!(options.wish, Wish::Sync));
    assert!(options.access.scim.is_none());
}

#[test]
fn each_thing_on_demand_is_understood() {
    let wish = |typed: &[(&'static str, &str)]| resolve(typed, &[KEY], "").unwrap().wish;
    let grant = wish(&[("grant-entitlement", "group:g:member"), ("grant-principal", "a")]);
    assert!(matches!(grant, Wish::Grant { principal_type, .. } if principal_type == "user"));
    assert!(matches!(wish(&[("revoke-grant", "g")]), Wish::Revoke { .. }));
    assert!(matches!(
        wish(&[("create-account-login", "l")]),
        Wish::CreateAccount { .. }
    ));
    let action = wish(&[
        ("invoke-action", "enable_user"),
        ("invoke-action-args", r#"{"user_id":"u"}"#),
    ]);
    assert!(matches!(action, Wish::InvokeAction { arguments, .. } if arguments["user_id"] == "u"));
    assert!(
        matches!(wish(&[("delete-resource", "u")]), Wish::Delete { resource_type, .. } if resource_type == "user")
    );
    assert!(matches!(wish(&[]), Wish::Sync));
}

#[test]
fn a_change_that_is_only_half_said_is_no_reading() {
    let refused =
        |typed: &[(&'static str, &'static str)]| resolve(typed, &[KEY], "").unwrap_err().to_string();
    assert_eq!(refused(&[("delete-resource", "")]), "--delete-resource is empty");
    assert_eq!(
        refused(&[("delete-resource-type", "user")]),
        "--delete-resource-type needs delete-resource"
    );
    assert_eq!(
        refused(&[("invoke-action-args", "{}")]),
        "--invoke-action-args needs invoke-action"
    );
    let variable = [KEY, ("BATON_DELETE_RESOURCE", "")];
    assert!(
        matches!(resolve(&[], &variable, "").unwrap().wish, Wish::Sync),
        "an empty variable is none"
    );
}

#[test]
fn listing_actions_needs_no_key() {
    let options = resolve(&[("list-action-schemas", "true")], &[], "").unwrap();
    assert!(matches!(options.wish, Wish::ListActions));
}

#[test]
fn a_client_id_alone_decides_that_tasks_are_got_from_a_server() {
    let environment = [
        KEY,
        ("BATON_CLIENT_SECRET", "s"),
        ("BATON_HOST_ID", "h"),
        ("BATON_HEALTH_CHECK", "true"),
    ];
    let options = resolve(&[("client-id", "n@h/c"), ("file", "x.c1z")], &environment, "").unwrap();
    let Wish::Serve(serving) = options.wish else {
        panic!("{:?}", options.wish)
    };
    assert_eq!((serving.host_id.as_str(), serving.task_concurrency), ("h", 3));
    assert_eq!(serving.health, Some("127.0.0.1:8081".parse().unwrap()));
}

#[test]
fn what_cannot_be_is_told_in_one_sentence() {
    let cases: &[(&[(&'static str, &str)], &str)] = &[
        (&[("client-id", "a")], "client-id needs client-secret"),
        (&[("client-secret", "a")], "client-secret needs client-id"),
        (
            &[("grant-entitlement", "a")],
            "grant-entitlement needs grant-principal",
        ),
        (
            &[("grant-principal", "a")],
            "grant-principal needs grant-entitlement",
        ),
        (
            &[("revoke-grant", "a"), ("delete-resource", "b")],
            "revoke-grant and delete-resource do not go together",
        ),
        (
            &[("create-account-email", "a")],
            "create-account-email needs create-account-login",
        ),
        (
            &[("create-account-profile", "a@b")],
            "create-account-profile is no JSON: line 1",
        ),
        (&[("scim-token", "a")], "scim-token needs scim-base-url"),
        (&[("scim-base-url", "a")], "scim-base-url needs scim-token"),
        (
            &[("invoke-action", "a"), ("invoke-action-resource-type", "user")],
            "invoke-action-resource-type is \"user\"",
        ),
        (
            &[
                ("create-account-login", "a"),
                ("create-account-resource-type", "group"),
            ],
            "create-account-resource-type is \"group\"",
        ),
        (
            &[("provisioning", "yes")],
            "--provisioning is \"yes\"; it must be true or false",
        ),
        (
            &[("task-concurrency", "0")],
            "--task-concurrency is \"0\"; it must be a number from 1 to 100",
        ),
        (&[("storage-engine", "pebble")], "storage-engine is \"pebble\""),
        (
            &[("sync-resource-types", "user,role")],
            "sync-resource-types names \"role\"",
        ),
        (&[("log-level", "loud")], "log-level is \"loud\""),
        (&[("log-format", "xml")], "log-format is \"xml\""),
        (
            &[("log-level-debug-expires-at", "soon")],
            "log-level-debug-expires-at is \"soon\"",
        ),
        (
            &[("sync-resources", "bid:r:user/u")],
            "--sync-resources is not possible here",
        ),
        (
            &[("create-ticket", "true")],
            "--create-ticket is not possible here",
        ),
    ];
    for (typed, said) in cases {
        let error = resolve(typed, &[KEY], "").unwrap_err();
        assert!(
            error.starts_with(said) && !error.contains('\n'),
            "{typed:?}: {error}"
        );
    }
    let error = resolve(&[], &[("BATON_ORG", "o")], "").unwrap_err();
    assert!(error.starts_with("there is no access token"), "{error}");
    let error = resolve(&[], &[KEY, ("BATON_PROVISIONING", "on")], "").unwrap_err();
    assert!(error.starts_with("BATON_PROVISIONING is \"on\""), "{error}");
}

#[test]
fn what_has_no_effect_is_remarked_on() {
    let options = resolve(
        &[],
        &[
            KEY,
            ("BATON_PARALLEL_SYNC", "true"),
            ("BATON_GET_TASKS", "true"),
            ("BATON_CREATE_TICKET", "false"),
        ],
        "",
    )
    .unwrap();
    assert_eq!(
        options.remarks,
        [
            "BATON_GET_TASKS has no effect: tasks are always asked for one by one",
            "BATON_PARALLEL_SYNC has no effect: reading is always parallel",
        ]
    );
}

#[test]
fn secrets_are_not_shown() {
    let environment = [
        KEY,
        ("BATON_CLIENT_SECRET", "hidden-1"),
        ("BATON_CLIENT_ID", "n@h/c"),
    ];
    let shown = format!("{:?}", resolve(&[], &environment, "").unwrap());
    assert!(
        !shown.contains("hidden-1") && !shown.contains("key-of-code"),
        "{shown}"
    );
}
