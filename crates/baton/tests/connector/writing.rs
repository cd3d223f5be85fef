//! Files of ours.

use crate::sample::{fixture, listed, sample};
use baton::c1z::{C1z, Diff, Encoded, GrantRow, Limits, List, Retention, WallClock, WriteOptions, Writer};
use baton::proto::c1::connector::v2::{Entitlement, Grant, Resource, ResourceType};
use jiff::tz::TimeZone;
use prost::Message as _;
use serde_json::json;
use std::path::Path;

/// A time after the sample's.
const LATER: i64 = 1_795_400_000_000;

fn wall(now_ms: i64) -> WallClock {
    WallClock::at(now_ms, &TimeZone::UTC)
}

fn begin(target: &Path, options: &WriteOptions, now_ms: i64) -> Writer {
    Writer::begin(target, options, now_ms, wall(now_ms)).unwrap()
}

/// The messages of a table of the sample, as they lie there.
fn blobs(file: &Path, table: &str) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let database = unpacked(file, folder.path());
    let mut statement = database
        .prepare(&format!("SELECT data FROM {table} ORDER BY external_id"))
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn unpacked(file: &Path, folder: &Path) -> rusqlite::Connection {
    let bytes = std::fs::read(file).unwrap();
    let database = folder.join("db");
    std::fs::write(&database, zstd::decode_all(&bytes[5..]).unwrap()).unwrap();
    rusqlite::Connection::open(database).unwrap()
}

/// Writes the messages of the sample anew, through our types.
fn write_sample(writer: &mut Writer) {
    let file = fixture("sample.c1z");
    for blob in blobs(&file, "v1_resource_types") {
        writer
            .resource_type(&ResourceType::decode(&*blob).unwrap())
            .unwrap();
    }
    for blob in blobs(&file, "v1_resources") {
        writer.resource(&Resource::decode(&*blob).unwrap()).unwrap();
    }
    for blob in blobs(&file, "v1_entitlements") {
        writer.entitlement(&Entitlement::decode(&*blob).unwrap()).unwrap();
    }
    for blob in blobs(&file, "v1_grants") {
        let grant = Grant::decode(&*blob).unwrap();
        let (entitlement, principal) = (grant.entitlement.unwrap(), grant.principal.unwrap());
        let on = entitlement.resource.as_ref().unwrap().id.as_ref().unwrap();
        let (whole, to) = (Encoded::of(&entitlement), Encoded::of(&principal));
        let grant = GrantRow {
            on,
            entitlement_id: &entitlement.id,
            entitlement: &whole,
            to: principal.id.as_ref().unwrap(),
            principal: &to,
        };
        writer.grants(std::iter::once(grant)).unwrap();
    }
}

#[test]
fn the_same_messages_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let mut writer = begin(&file, &WriteOptions::default(), LATER);
    write_sample(&mut writer);
    let written = writer.finish(wall(LATER + 1)).unwrap();
    assert_eq!(written.bytes, file.metadata().unwrap().len());
    for table in [
        "v1_resource_types",
        "v1_resources",
        "v1_entitlements",
        "v1_grants",
    ] {
        assert_eq!(
            blobs(&file, table),
            blobs(&fixture("sample.c1z"), table),
            "{table}"
        );
    }
    let (theirs, sync) = sample();
    assert_eq!(written.stats, theirs.stats(&sync).unwrap());
    let ours = C1z::open(&file, None, &Limits::default()).unwrap();
    let sync = ours.sync(None).unwrap();
    assert_eq!(ours.stats(&sync).unwrap(), written.stats);
}

#[test]
fn the_rows_are_those_that_the_other_program_writes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let mut writer = begin(&file, &WriteOptions::default(), LATER);
    write_sample(&mut writer);
    writer.finish(wall(LATER + 1)).unwrap();
    let columns = [
        ("v1_resource_types", "external_id"),
        (
            "v1_resources",
            "external_id, resource_type_id, parent_resource_type_id, parent_resource_id",
        ),
        ("v1_entitlements", "external_id, resource_type_id, resource_id"),
        (
            "v1_grants",
            "external_id, resource_type_id, resource_id, entitlement_id, principal_resource_type_id, principal_resource_id,
            expansion, needs_expansion",
        ),
        (
            "v1_sync_runs",
            "sync_type, parent_sync_id, linked_sync_id, supports_diff, grants_backfilled, stats, length(sync_id)",
        ),
    ];
    let rows = |file: &Path, table: &str, columns: &str| {
        let folder = tempfile::tempdir().unwrap();
        let database = unpacked(file, folder.path());
        let statement = format!("SELECT {columns} FROM {table} ORDER BY 1");
        let mut statement = database.prepare(&statement).unwrap();
        let count = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values: Result<Vec<rusqlite::types::Value>, _> = (0..count).map(|at| row.get(at)).collect();
            values
        };
        let rows: Result<Vec<_>, _> = statement.query_map([], row).unwrap().collect();
        rows.unwrap()
    };
    for (table, columns) in columns {
        assert_eq!(
            rows(&file, table, columns),
            rows(&fixture("sample.c1z"), table, columns),
            "{table}"
        );
    }
}

#[test]
fn the_database_is_laid_out_as_readers_know_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let options = WriteOptions {
        indexes: true,
        ..WriteOptions::default()
    };
    let mut writer = begin(&file, &options, LATER);
    write_sample(&mut writer);
    writer.finish(wall(LATER + 1)).unwrap();
    let schema = |file: &Path| {
        let folder = tempfile::tempdir().unwrap();
        let database = unpacked(file, folder.path());
        let mut statement = database
            .prepare(
                "SELECT i.name, x.seqno, x.name, l.[unique] FROM sqlite_schema i
                JOIN pragma_index_list(i.tbl_name) l ON l.name = i.name
                JOIN pragma_index_info(i.name) x
                WHERE i.type = 'index'
                UNION ALL
                SELECT t.name, c.cid, c.name || ' ' || c.type || ' ' || COALESCE(c.dflt_value, '-'), c.[notnull]
                FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'
                ORDER BY 1, 2",
            )
            .unwrap();
        let row = |row: &rusqlite::Row<'_>| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?.to_lowercase(),
                row.get::<_, i64>(3)?,
            ))
        };
        let rows: Result<Vec<_>, _> = statement.query_map([], row).unwrap().collect();
        rows.unwrap()
    };
    assert_eq!(schema(&file), schema(&fixture("sample.c1z")));
    let head = std::fs::read(&file).unwrap();
    let database = zstd::decode_all(&head[5..]).unwrap();
    assert_eq!(database[18..20], [1, 1], "no write-ahead log");
}

#[test]
fn the_last_sync_of_an_older_file_stays_and_the_one_before_goes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    std::fs::copy(fixture("sample.c1z"), &file).unwrap();
    let mut ids = vec![sample().1.id];
    for round in 0..3 {
        let now = LATER + round * 1000;
        let mut writer = begin(&file, &WriteOptions::default(), now);
        write_sample(&mut writer);
        ids.push(writer.finish(wall(now + 1)).unwrap().sync);
        let syncs: Vec<String> = C1z::open(&file, None, &Limits::default())
            .unwrap()
            .syncs()
            .unwrap()
            .into_iter()
            .map(|sync| sync.id)
            .collect();
        assert_eq!(syncs, ids[ids.len() - 2..]);
    }
    let kept = C1z::open(&file, None, &Limits::default()).unwrap();
    let (theirs, sync) = sample();
    let [before, latest] = kept.latest_two().unwrap();
    for list in [
        List::ResourceTypes,
        List::Resources,
        List::Entitlements,
        List::Grants,
    ] {
        let expected = listed(&theirs, &sync, list);
        assert_eq!(listed(&kept, &before, list), expected);
        assert_eq!(listed(&kept, &latest, list), expected);
    }
}

#[test]
fn as_many_syncs_are_kept_as_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let count = |retention, now| {
        let options = WriteOptions {
            retention,
            ..WriteOptions::default()
        };
        begin(&file, &options, now).finish(wall(now + 1)).unwrap();
        let file = C1z::open(&file, None, &Limits::default()).unwrap();
        file.syncs().unwrap().len()
    };
    assert_eq!(count(Retention::All, LATER), 1);
    assert_eq!(count(Retention::All, LATER + 1000), 2);
    assert_eq!(count(Retention::All, LATER + 2000), 3);
    assert_eq!(count(Retention::Full(3), LATER + 3000), 3);
    assert_eq!(count(Retention::Full(1), LATER + 4000), 1);
}

#[test]
fn what_is_different_between_two_syncs_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let group = |name: &str| ResourceType {
        id: "group".into(),
        display_name: name.into(),
        ..ResourceType::default()
    };
    let resource = |id: &str, name: &str| Resource {
        id: Some(baton::proto::c1::connector::v2::ResourceId {
            resource_type: "group".into(),
            resource: id.into(),
            ..Default::default()
        }),
        display_name: name.into(),
        ..Resource::default()
    };
    for (round, resources) in [
        [
            resource("stays", "one"),
            resource("changes", "two"),
            resource("goes", "three"),
        ],
        [
            resource("stays", "one"),
            resource("changes", "zwei"),
            resource("comes", "four"),
        ],
    ]
    .iter()
    .enumerate()
    {
        let now = LATER + round as i64 * 1000;
        let mut writer = begin(&file, &WriteOptions::default(), now);
        writer.resource_type(&group("Group")).unwrap();
        for resource in resources {
            writer.resource(resource).unwrap();
        }
        writer.finish(wall(now + 1)).unwrap();
    }
    let file = C1z::open(&file, None, &Limits::default()).unwrap();
    let [base, applied] = file.latest_two().unwrap();
    let shown = |id: &str, name: &str| json!([{ "id": { "resourceType": "group", "resource": id }, "displayName": name }]);
    assert_eq!(
        file.diff(&Diff { base, applied }).unwrap(),
        json!({
            "resources": {
                "created": shown("comes", "four"),
                "deleted": shown("goes", "three"),
                "modified": shown("changes", "zwei"),
            },
            "entitlements": {},
            "grants": {},
        })
    );
}

#[test]
fn what_is_no_such_file_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("important.txt");
    std::fs::write(&file, "important").unwrap();
    let refused = Writer::begin(&file, &WriteOptions::default(), LATER, wall(LATER)).unwrap_err();
    assert!(
        refused.to_string().ends_with("important.txt is not a .c1z file"),
        "{refused}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), b"important");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_of_version_3_is_replaced_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    std::fs::write(&file, b"C1Z3\0\0\0\0\0").unwrap();
    let writer = begin(&file, &WriteOptions::default(), LATER);
    assert!(writer.replaces_version_3());
    writer.finish(wall(LATER)).unwrap();
    assert!(!begin(&file, &WriteOptions::default(), LATER).replaces_version_3());
}

#[test]
fn a_sync_that_is_given_up_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    std::fs::copy(fixture("sample.c1z"), &file).unwrap();
    let before = std::fs::read(&file).unwrap();
    let mut writer = begin(&file, &WriteOptions::default(), LATER);
    write_sample(&mut writer);
    drop(writer);
    assert_eq!(std::fs::read(&file).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_a_killed_writer_left_is_removed_and_what_another_writes_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let leftover = folder.path().join(".sync.c1z.new-abcdef");
    std::fs::write(&leftover, b"half").unwrap();
    let one = begin(&file, &WriteOptions::default(), LATER);
    assert!(!leftover.exists());
    let other = begin(&file, &WriteOptions::default(), LATER + 1000);
    one.finish(wall(LATER)).unwrap();
    other.finish(wall(LATER + 1000)).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn where_a_link_is_given_the_file_behind_it_is_written() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (link, file) = (folder.path().join("sync.c1z"), elsewhere.path().join("kept.c1z"));
    let between = elsewhere.path().join("latest");
    std::os::unix::fs::symlink(&between, &link).unwrap();
    std::os::unix::fs::symlink("kept.c1z", &between).unwrap();
    // The first time it leads to nothing yet.
    for begun_at in [LATER, LATER + 1000] {
        begin(&link, &WriteOptions::default(), begun_at)
            .finish(wall(begun_at))
            .unwrap();
        assert!(link.is_symlink() && between.is_symlink());
    }
    let both = C1z::open(&file, None, &Limits::default())
        .unwrap()
        .syncs()
        .unwrap();
    assert_eq!(both.len(), 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_place_that_cannot_be_written_is_known_at_once() {
    let missing = tempfile::tempdir().unwrap().path().join("nowhere/sync.c1z");
    let refused = Writer::begin(&missing, &WriteOptions::default(), LATER, wall(LATER)).unwrap_err();
    assert!(refused.to_string().starts_with("cannot write "), "{refused}");
    let folder = tempfile::tempdir().unwrap();
    let refused = Writer::begin(folder.path(), &WriteOptions::default(), LATER, wall(LATER)).unwrap_err();
    assert!(refused.to_string().contains(" is a folder, "), "{refused}");
}
