//! The file in `fixtures/baton` was written by the other program; the JSON beside it is what the protocol's tool
//! prints.

use baton::c1z::{C1z, C1zError, Limits, List, SyncRun};
use serde_json::{Value, json};
use std::path::PathBuf;

pub fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/baton")
        .join(name)
}

pub fn sample() -> (C1z, SyncRun) {
    let file = C1z::open(&fixture("sample.c1z"), None, &Limits::default()).unwrap();
    let sync = file.sync(None).unwrap();
    (file, sync)
}

fn printed(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

/// Rows without an order, and annotations and traits with the one they have.
fn sorted(mut rows: Vec<Value>) -> Vec<Value> {
    rows.sort_by_cached_key(Value::to_string);
    rows
}

fn rows_of(printed: &Value, list: List) -> Vec<Value> {
    sorted(printed[list.key()].as_array().unwrap().clone())
}

pub fn listed(file: &C1z, sync: &SyncRun, list: List) -> Vec<Value> {
    let mut rows = Vec::new();
    let each = |row| {
        rows.push(row);
        Ok::<(), C1zError>(())
    };
    file.list(list, sync, None, each).unwrap();
    sorted(rows)
}

fn reads_back(list: List, name: &str, count: usize) {
    let (file, sync) = sample();
    let rows = listed(&file, &sync, list);
    assert_eq!(rows.len(), count);
    assert_eq!(rows, rows_of(&printed(name), list));
}

#[test]
fn its_resource_types_read_back_as_they_are_printed() {
    reads_back(List::ResourceTypes, "sample-resource-types.json", 5);
}

#[test]
fn its_resources_read_back_as_they_are_printed() {
    reads_back(List::Resources, "sample-resources.json", 41);
}

#[test]
fn its_entitlements_read_back_as_they_are_printed() {
    reads_back(List::Entitlements, "sample-entitlements.json", 38);
}

#[test]
fn its_grants_read_back_as_they_are_printed() {
    reads_back(List::Grants, "sample-grants.json", 193);
}

#[test]
fn its_principals_read_back_as_they_are_printed() {
    reads_back(List::Principals, "sample-principals.json", 32);
}

#[test]
fn its_syncs_and_stats_read_back_as_they_are_printed() {
    let (file, sync) = sample();
    let syncs: Vec<Value> = file.syncs().unwrap().iter().map(SyncRun::shown).collect();
    assert_eq!(json!({ "syncs": syncs }), printed("sample-syncs.json"));
    let mut shown = sync.shown();
    shown["stats"] = file.stats(&sync).unwrap().shown();
    assert_eq!(shown, printed("sample-stats.json"));
}

#[test]
fn what_it_does_not_say_of_itself_is_counted() {
    let (file, mut sync) = sample();
    let said = file.stats(&sync).unwrap();
    sync.stats = None;
    assert_eq!(file.stats(&sync).unwrap(), said);
}

#[test]
fn one_type_of_resources_can_be_listed() {
    let (file, sync) = sample();
    let mut count = 0;
    let each = |row: Value| {
        assert_eq!(row["resource"]["id"]["resourceType"], "api_token");
        count += 1;
        Ok::<(), C1zError>(())
    };
    file.list(List::Resources, &sync, Some("api_token"), each)
        .unwrap();
    assert_eq!(count, 3);
}

#[test]
fn what_somebody_has_is_told_by_resource() {
    let (file, sync) = sample();
    let account = "712020:00000000-0000-4000-8000-000000000000";
    let access = file.access(&sync, "user", account).unwrap().unwrap();
    assert_eq!(access["principal"]["displayName"], "user0@example.com");
    let of_account = |row: &&Value| row["principal"]["id"]["resource"] == account;
    let expected = rows_of(&printed("sample-grants.json"), List::Grants);
    let told: usize = access["access"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["entitlements"].as_array().unwrap().len())
        .sum();
    assert_eq!(told, expected.iter().filter(of_account).count());
    assert!(file.access(&sync, "user", "nobody").unwrap().is_none());
}

#[test]
fn single_messages_are_found_by_their_ids() {
    let (file, sync) = sample();
    let grants = printed("sample-grants.json");
    let grant = &grants["grants"][0];
    let id = grant["grant"]["id"].as_str().unwrap();
    let found = file.grant(&sync, id).unwrap().unwrap();
    let entitlement = found.entitlement.unwrap();
    let found = file.entitlement(&sync, &entitlement.id).unwrap().unwrap();
    assert_eq!(baton::json::to_json(&found).unwrap(), grant["entitlement"]);
    assert!(file.grant(&sync, "nothing").unwrap().is_none());
    assert!(file.resource_type(&sync, "group").unwrap().is_some());
    assert!(file.resource(&sync, "organization", "org-1").unwrap().is_some());
}

#[test]
fn one_full_sync_is_nothing_to_compare() {
    let (file, _) = sample();
    assert!(matches!(file.latest_two(), Err(C1zError::NotTwoSyncs { .. })));
    assert!(matches!(
        file.sync(Some("other")),
        Err(C1zError::NoSuchSync { .. })
    ));
}
