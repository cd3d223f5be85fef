//! Files that somebody made to do harm, or that broke on their way: each is read or refused in one sentence.

use crate::sample::fixture;
use baton::c1z::{C1z, C1zError, Limits, List};
use proptest::prelude::*;
use std::error::Error as _;
use std::sync::LazyLock;

/// The database of the sample.
static DATABASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let file = std::fs::read(fixture("sample.c1z")).unwrap();
    zstd::decode_all(&file[5..]).unwrap()
});

fn packed(database: &[u8]) -> Vec<u8> {
    let mut file = b"C1ZF\0".to_vec();
    file.extend(zstd::encode_all(database, 1).unwrap());
    file
}

/// Everything that can be asked of a file.
fn look(content: &[u8]) -> Result<(), C1zError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f.c1z");
    std::fs::write(&path, content).unwrap();
    let limits = Limits {
        decoded_bytes: 4 << 20,
        ..Limits::default()
    };
    let file = C1z::open(&path, Some(folder.path()), &limits)?;
    let sync = file.sync(None)?;
    file.stats(&sync)?;
    for list in [
        List::ResourceTypes,
        List::Resources,
        List::Entitlements,
        List::Grants,
        List::Principals,
    ] {
        file.list(list, &sync, None, |_| Ok::<(), C1zError>(()))?;
    }
    Ok(())
}

/// Whether the file could be read; if not, one sentence says why.
fn is_readable(content: &[u8]) -> bool {
    let Err(error) = look(content) else { return true };
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        sentence = format!("{sentence}: {error}");
        cause = error.source();
    }
    assert!(!sentence.contains('\n') && sentence.len() < 600, "{sentence}");
    false
}

/// A file of which the statements made the database.
fn made(statements: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    std::fs::write(&path, &*DATABASE).unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch(statements).unwrap();
    drop(database);
    packed(&std::fs::read(&path).unwrap())
}

#[test]
fn the_sample_is_readable() {
    assert!(is_readable(&packed(&DATABASE)));
}

#[test]
fn a_database_with_other_tables_is_refused() {
    assert!(!is_readable(&packed(b"")));
    assert!(!is_readable(&packed(
        b"not a database, and longer than its first page"
    )));
    assert!(!is_readable(&made("DROP TABLE v1_grants")));
    assert!(!is_readable(&made("DROP TABLE v1_sync_runs")));
}

#[test]
fn a_view_in_place_of_a_table_is_not_asked() {
    let endless = "DROP TABLE v1_grants;
        CREATE VIEW v1_grants AS
        WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
        SELECT id, '' AS data, '' AS sync_id, '' AS resource_type_id, '' AS resource_id, '' AS entitlement_id,
        '' AS principal_resource_type_id, '' AS principal_resource_id FROM n";
    let refused = look(&made(endless)).unwrap_err();
    assert!(matches!(refused, C1zError::Tables { .. }), "{refused}");
}

#[test]
fn rows_that_hold_something_else_are_refused() {
    assert!(!is_readable(&made("UPDATE v1_grants SET data = x'ff'")));
    assert!(!is_readable(&made("UPDATE v1_resources SET data = 'text'")));
    assert!(!is_readable(&made("UPDATE v1_sync_runs SET sync_id = x'00ff'")));
}

#[test]
fn what_a_row_refers_to_may_be_missing() {
    assert!(is_readable(&made(
        "DELETE FROM v1_resources; DELETE FROM v1_entitlements"
    )));
}

#[test]
fn columns_that_older_programs_did_not_write_may_be_missing() {
    assert!(is_readable(&made(
        "ALTER TABLE v1_sync_runs DROP COLUMN stats; ALTER TABLE v1_sync_runs DROP COLUMN parent_sync_id;
        ALTER TABLE v1_sync_runs DROP COLUMN linked_sync_id"
    )));
}

#[test]
fn a_damaged_schema_is_one_sentence() {
    let mut database = DATABASE.clone();
    let text = b" v1_grants (";
    let places = database.windows(text.len()).enumerate();
    let places: Vec<usize> = places
        .filter(|(_, window)| window == text)
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        database[at] = b'[';
    }
    let refused = look(&packed(&database)).unwrap_err();
    assert!(matches!(refused, C1zError::Database { .. }), "{refused}");
    assert!(!is_readable(&packed(&database)));
}

#[test]
fn a_sync_that_did_not_finish_is_not_shown() {
    let refused = look(&made("UPDATE v1_sync_runs SET ended_at = NULL")).unwrap_err();
    assert!(matches!(refused, C1zError::NoSync { .. }), "{refused}");
}

#[test]
fn a_page_that_is_its_own_child_is_refused() {
    // Every interior page of a table, made to point to itself wherever it points.
    let mut database = DATABASE.clone();
    let mut changed = 0;
    for (number, page) in database.chunks_mut(4096).enumerate().skip(1) {
        if page[0] == 5 {
            let own = u32::try_from(number + 1).unwrap().to_be_bytes();
            page[8..12].copy_from_slice(&own);
            changed += 1;
        }
    }
    assert!(changed > 0);
    assert!(!is_readable(&packed(&database)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_bytes_are_a_file_or_one_sentence(
        head in prop::sample::select(vec![b"C1ZF\0".to_vec(), b"C1Z3\0".to_vec(), Vec::new()]),
        rest in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        is_readable(&[head, rest].concat());
    }

    #[test]
    fn any_damage_to_a_database_is_read_or_one_sentence(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        in_head in prop::collection::vec((0_usize..4096, any::<u8>()), 0..3),
    ) {
        let mut database = DATABASE.clone();
        for (place, byte) in damage {
            let place = place.index(database.len());
            database[place] = byte;
        }
        for (place, byte) in in_head {
            database[place] = byte;
        }
        is_readable(&packed(&database));
    }

    #[test]
    fn any_damage_to_a_file_is_read_or_one_sentence(
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        length in any::<prop::sample::Index>(),
    ) {
        let mut file = std::fs::read(fixture("sample.c1z")).unwrap();
        let place = place.index(file.len());
        file[place] = byte;
        is_readable(&file);
        file.truncate(length.index(file.len()));
        is_readable(&file);
    }
}
