//! The SQL definition of effective access and the `access` crate agree on every world.

#![expect(clippy::unwrap_used, reason = "a test states its expectations bluntly")]

use access::{Grant, Holding, Membership, Methods, Path, World};
use proptest::prelude::*;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};
use std::collections::{BTreeMap, BTreeSet};
use store::Store;
use store::views::Snapshot;

const RUN: i64 = 5;

/// A row's span in runs: shown for run 5, ended before it, or begun after it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Span {
    Shown,
    ShownEndsLater,
    Ended,
    Later,
}

type Key = (i64, i64, i64);
/// Direct, through a group, inferred; `None` when it was not read.
type Told = Option<(bool, bool, bool)>;

#[derive(Debug, Clone)]
struct Rows {
    holdings: BTreeMap<Key, (Span, Told)>,
    memberships: BTreeMap<(i64, i64), Span>,
    grants: BTreeMap<Key, Span>,
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![4 => Just(Span::Shown), 1 => Just(Span::ShownEndsLater), 1 => Just(Span::Ended), 1 => Just(Span::Later)]
}

fn rows() -> impl Strategy<Value = Rows> {
    let id = |from: i64, count: i64| from..from + count;
    let methods = prop::option::of(any::<(bool, bool, bool)>());
    let holdings = prop::collection::btree_map((id(1, 4), id(10, 3), id(20, 2)), (span(), methods), 0..15);
    let memberships = prop::collection::btree_map((id(30, 4), id(1, 4)), span(), 0..14);
    let grants = prop::collection::btree_map((id(30, 4), id(10, 3), id(20, 2)), span(), 0..14);
    (holdings, memberships, grants).prop_map(|(holdings, memberships, grants)| Rows {
        holdings,
        memberships,
        grants,
    })
}

fn is_shown(span: Span) -> bool {
    matches!(span, Span::Shown | Span::ShownEndsLater)
}

fn insert(kind: i64, key: (i64, i64, i64), attributes: &str, span: Span) -> String {
    let (begun, ended) = match span {
        Span::Shown => (1, "NULL"),
        Span::ShownEndsLater => (1, "9"),
        Span::Ended => (1, "5"),
        Span::Later => (6, "NULL"),
    };
    let (a, b, c) = key;
    format!(
        "INSERT INTO fact (organization_id, kind, a, b, c, attributes, seen_at, begun_run, ended_run)
         VALUES (1, {kind}, {a}, {b}, {c}, '{attributes}', 0, {begun}, {ended});\n"
    )
}

type Paths = BTreeMap<(i64, i64, i64), BTreeSet<Path>>;

async fn by_sql(rows: &Rows) -> Paths {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    let mut script = String::from("INSERT INTO term (id, text) VALUES (1, 'a1');\n");
    for (key, (span, methods)) in &rows.holdings {
        script.push_str(&insert(7, *key, "{}", *span));
        if let Some((direct, group, inferred)) = methods {
            let told = [
                (*direct, "direct"),
                (*group, "group_direct"),
                (*inferred, "inferred"),
            ];
            let told: Vec<String> = told
                .iter()
                .filter(|pair| pair.0)
                .map(|pair| format!("\"{}\"", pair.1))
                .collect();
            script.push_str(&insert(
                13,
                *key,
                &format!("{{\"methods\":[{}]}}", told.join(",")),
                *span,
            ));
        }
    }
    for ((group, account), span) in &rows.memberships {
        script.push_str(&insert(5, (*group, *account, 0), "{}", *span));
    }
    for (key, span) in &rows.grants {
        script.push_str(&insert(8, *key, "{}", *span));
    }
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file))
        .await
        .unwrap();
    sqlx::raw_sql(AssertSqlSafe(script))
        .execute(&mut connection)
        .await
        .unwrap();

    let mut tx = store.read().await.unwrap();
    let mut paths = Paths::new();
    for row in tx
        .effective_of_everybody(Snapshot {
            organization: 1,
            run: RUN,
        })
        .await
        .unwrap()
    {
        let known = paths.entry((row.account, row.resource, row.role)).or_default();
        known.extend(row.group.map(|(group, _)| Path::ThroughGroup(group)));
        for method in row.methods.iter().flatten() {
            match method.as_str() {
                "direct" => _ = known.insert(Path::Direct),
                "inferred" => _ = known.insert(Path::Inferred),
                _ => {}
            }
        }
    }
    for known in paths.values_mut().filter(|known| known.is_empty()) {
        known.insert(Path::NotRead);
    }
    paths
}

fn by_access(rows: &Rows) -> Paths {
    let holding = |key: &(i64, i64, i64)| Holding {
        account: key.0,
        resource: key.1,
        role: key.2,
    };
    let methods = |told: &Option<(bool, bool, bool)>| {
        told.map(|(direct, group, inferred)| Methods {
            direct,
            group,
            inferred,
        })
    };
    let shown = rows.holdings.iter().filter(|(_, (span, _))| is_shown(*span));
    let world = World::new(
        shown
            .clone()
            .map(|(key, (_, told))| (holding(key), methods(told))),
        rows.memberships
            .iter()
            .filter(|(_, span)| is_shown(**span))
            .map(|((group, account), _)| Membership {
                group: *group,
                account: *account,
            }),
        rows.grants
            .iter()
            .filter(|(_, span)| is_shown(**span))
            .map(|((group, resource, role), _)| Grant {
                group: *group,
                resource: *resource,
                role: *role,
            }),
    );
    shown
        .map(|(key, _)| (*key, world.paths(holding(key)).into_iter().collect()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn sql_and_access_find_the_same_paths(rows in rows()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sql = runtime.block_on(by_sql(&rows));
        prop_assert_eq!(sql, by_access(&rows));
    }
}
