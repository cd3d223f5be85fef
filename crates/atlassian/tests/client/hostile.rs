//! Answers that nobody should send: each is understood, or is one short error that quotes nothing. Never a panic.

use atlassian::wire::{
    Account, AccountRoleAssignment, AccountStats, ApiKey, ApiToken, CountAnswer, Directory, Domain, Group,
    GroupRoleAssignment, Organization, OwnToken, Policy, Privileges, ProfileAnswer, RawPage, ScimGroup,
    ScimList, ScimUser, ServiceAccount, Single, Workspace, as_text, parse_error,
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Something of everything that the types know.
fn example() -> Value {
    let id = "712020:6f0c0b0e-1d2f-4d07-9a55-0e2f9b3f5a11";
    json!({
        "accountId": id, "account_id": id, "id": "7", "name": "Ana", "email": "ana@example.org", "status": "active",
        "accountStatus": "active", "counts": { "resources": 3, "users": 4 }, "mfaEnabled": true,
        "platformRoles": ["atlassian/org-admin"], "productAccess": [{ "key": "confluence", "id": "ari:cloud:x::site/1",
        "lastActiveTimestamp": "2026-01-01T00:00:00Z" }], "groups": [{ "id": "g", "name": "n" }], "forDeletion": false,
        "roles": [["atlassian/user"], "atlassian/admin"], "resourceId": "r", "roleAssignments": [{ "role": "atlassian/user",
        "roleAssignmentMethods": ["direct"] }], "count": 3, "links": { "next": "c" }, "data": [{ "id": "7" }],
        "attributes": { "name": "n", "claim": { "type": "dns", "status": "verified" }, "usage": 3, "regions": ["EU"],
        "sandbox": { "type": "NONE" } }, "directoryId": "d", "managementAccess": { "deletable": true, "modifiable": false },
        "user": { "id": id, "name": "n", "email": "e" }, "scopes": ["read:orgs:admin"], "createdAt": "2026-01-01",
        "totalResults": 1, "Resources": [{ "id": "s", "userName": "u", "active": true,
        "urn:scim:schemas:extension:atlassian-external:1.0": { "atlassianAccountId": id } }],
        "account": { "account_id": id, "extended_profile": { "job_title": "t" } },
        "errors": [{ "id": "1", "status": 409, "code": "ADMIN-UAM-409-2", "title": "t", "detail": "d" }],
        "key": "forbidden.action", "context": { "reason": { "key": "authPolicy.saml" }, "errorCodes": [{ "code": "C" }] },
        "profile.write": { "name": { "allowed": false, "reason": { "key": "externalDirectory.scim" } } }
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map("[a-zA-Z]{1,8}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Puts something else at the place that the numbers lead to.
fn replace(value: &mut Value, way: &[usize], with: Value) {
    let Some((first, rest)) = way.split_first() else {
        *value = with;
        return;
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let at = first % items.len();
            replace(&mut items[at], rest, with);
        }
        Value::Object(map) if !map.is_empty() => {
            let at = first % map.len();
            if let Some(inner) = map.values_mut().nth(at) {
                replace(inner, rest, with);
            }
        }
        _ => *value = with,
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<(), String> {
    match serde_json::from_slice::<T>(body) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a body as everything that the client knows; the errors.
fn read_as_everything(body: &[u8]) -> Vec<String> {
    let results = [
        read::<Account>(body),
        read::<AccountRoleAssignment>(body),
        read::<AccountStats>(body),
        read::<ApiKey>(body),
        read::<ApiToken>(body),
        read::<CountAnswer>(body),
        read::<Directory>(body),
        read::<Domain>(body),
        read::<Group>(body),
        read::<GroupRoleAssignment>(body),
        read::<Organization>(body),
        read::<Vec<OwnToken>>(body),
        read::<Policy>(body),
        read::<ProfileAnswer>(body),
        read::<RawPage>(body),
        read::<ScimList<ScimUser>>(body),
        read::<ScimList<ScimGroup>>(body),
        read::<ServiceAccount>(body),
        read::<Single<Organization>>(body),
        read::<Workspace>(body),
    ];
    if let Ok(json) = serde_json::from_slice::<Value>(body) {
        let _ = as_text(&json);
        if let Some(map) = json.as_object() {
            let _ = Privileges::from_json(map);
        }
    }
    let said = parse_error(body).to_string();
    assert!(!said.contains('@') && !said.contains('\n'), "{said}");
    results.into_iter().filter_map(Result::err).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_body_with_one_thing_changed_is_read_or_is_one_error(
        way in prop::collection::vec(0_usize..40, 0..5),
        with in any_json(),
    ) {
        let mut body = example();
        replace(&mut body, &way, with);
        for error in read_as_everything(body.to_string().as_bytes()) {
            prop_assert!(!error.contains('\n'), "{}", error);
        }
    }

    #[test]
    fn a_body_that_is_cut_or_damaged_is_read_or_is_one_error(
        length in 0_usize..2_600,
        damage in prop::collection::vec((0_usize..2_600, any::<u8>()), 0..6),
    ) {
        let mut body = example().to_string().into_bytes();
        for (at, byte) in damage {
            let at = at % body.len();
            body[at] = byte;
        }
        body.truncate(length);
        read_as_everything(&body);
    }

    #[test]
    fn any_bytes_are_read_or_are_one_error(body in prop::collection::vec(any::<u8>(), 0..200)) {
        read_as_everything(&body);
    }
}

#[test]
fn a_body_nested_without_end_is_an_error() {
    for (open, close) in [("[", "]"), (r#"{"data":"#, "}"), (r#"{"context":"#, "}")] {
        let deep = format!("{}0{}", open.repeat(100_000), close.repeat(100_000));
        assert!(!read_as_everything(deep.as_bytes()).is_empty());
    }
}
