//! Every question is asked of an empty organization in PostgreSQL too, so that each statement is prepared there.
//! Skipped, by name, where PostgreSQL is not installed.

use app::App;
use app::views::accounts::{AccountOrder, AccountsAsk, TokenFilter};
use app::views::changes::ChangesAsk;
use app::views::groups::GroupsAsk;
use app::views::scope::ScopeChoice;
use app::views::{Slice, ViewError};
use sqlx::{Connection, PgConnection};
use std::sync::Arc;
use store::Store;

const ROWS: &str = r#"
INSERT INTO organization (atlassian_id, name, published_run) VALUES ('o1', 'Acme', 2);
INSERT INTO connection (organization_id, name, base_url, sealed_key, created_at, created_by, sync_interval_ms, semantics)
  VALUES (1, 'main', 'http://localhost', '', 0, 'me', 3600000, '{}');
INSERT INTO run (organization_id, connection_id, with_methods, state, started_at, ended_at, report)
  VALUES (1, 1, 0, 'published', 1, 2, '{}'), (1, 1, 1, 'published', 3, 4, '{}');
UPDATE run SET changes_begun = 3 WHERE id = 2;
INSERT INTO listing (run_id, family, name, state) VALUES (2, 'accounts', 'd1', 'ended'), (2, 'tokens', '', 'refused');
INSERT INTO term (text) VALUES ('a1'), ('g1'), ('ari:cloud:confluence::site/1'), ('atlassian/user'), ('t1'), ('d1');
INSERT INTO person (account, name, email, attributes, search) VALUES (1, 'Ana', 'ana@example.org', '{}', 'ana ana@example.org a1');
INSERT INTO activity (organization_id, account, resource, last_active_at, read_at) VALUES (1, 1, 3, 2, 3), (1, 5, 4, 2, 3);
INSERT INTO fact (organization_id, kind, a, b, c, attributes, unseen_at, seen_at, begun_run) VALUES
  (1, 1, 1, 0, 0, '{"status":"active","claim_status":"managed","type":"atlassian"}', NULL, 1, 1),
  (1, 2, 6, 0, 0, '{"name":"Directory"}', NULL, 1, 1),
  (1, 3, 6, 1, 0, '{"status":"active"}', NULL, 1, 1),
  (1, 4, 2, 0, 0, '{"name":"users","directory_id":"d1"}', NULL, 1, 1),
  (1, 5, 2, 1, 0, '{}', 1, 3, 2),
  (1, 6, 3, 0, 0, '{"name":"wiki","type_key":"confluence"}', NULL, 1, 1),
  (1, 7, 1, 3, 4, '{}', 1, 3, 2),
  (1, 8, 2, 3, 4, '{}', NULL, 1, 1),
  (1, 9, 1, 4, 0, '{}', NULL, 1, 1),
  (1, 12, 5, 0, 0, '{"account_id":"a1","label":"cli"}', NULL, 1, 1),
  (1, 13, 1, 3, 4, '{"methods":["group_direct"]}', 1, 3, 2);
"#;

#[tokio::test]
async fn every_question_has_an_answer_on_postgresql() {
    let Some(url) = testkit::postgres_url().await else {
        return;
    };
    let store = Store::open(&url).await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&mut connection).await.unwrap();
    let app = App::new(store, Arc::new(|| 100 * 86_400_000));
    let scope = app.scope(&ScopeChoice::default()).await.unwrap();

    let overview = app.overview(&scope).await.unwrap();
    assert_eq!((overview.counts.accounts, overview.tokens), (1, 1));
    use AccountOrder::{Active, Groups, Inactive, Name, NameBackwards, Newest};
    for order in [Name, NameBackwards, Active, Inactive, Groups, Newest] {
        let ask = AccountsAsk {
            search: "an".into(),
            status: "active".into(),
            product: "confluence".into(),
            workspace: "wiki".into(),
            group: "users".into(),
            administrator: true,
            unused: true,
            order,
            ..AccountsAsk::default()
        };
        assert_eq!(
            app.accounts(&scope, &ask).await.unwrap().accounts.shown,
            1,
            "{order:?}"
        );
    }
    let with_tokens = AccountsAsk {
        tokens: TokenFilter::Live,
        ..AccountsAsk::default()
    };
    assert_eq!(
        app.accounts(&scope, &with_tokens).await.unwrap().accounts.shown,
        1
    );
    let account = app.account(&scope, "ANA@example.org").await.unwrap();
    assert_eq!(
        (
            account.roles.len(),
            account.tokens.len(),
            account.group_places.len()
        ),
        (1, 1, 1)
    );
    assert_eq!(app.why(&scope, "Ana", "wiki").await.unwrap().roles.len(), 1);
    let who = app
        .who(&scope, "wiki", Some("user"), "ana", Slice::default())
        .await
        .unwrap();
    assert_eq!(who.holders.rows.len(), 1);
    assert_eq!(
        app.groups(&scope, &GroupsAsk::default())
            .await
            .unwrap()
            .groups
            .shown,
        1
    );
    let group = app.group(&scope, "users", "ana", Slice::default()).await.unwrap();
    assert_eq!(group.member_list.rows.len(), 1);
    assert_eq!(app.workspaces(&scope).await.unwrap().workspaces.len(), 1);
    app.workspace(&scope, "wiki", None, "", Slice::default())
        .await
        .unwrap();
    let changes = app.changes(&scope, &ChangesAsk::default()).await.unwrap();
    let sentence = changes.readings[0].changes[0].sentence.to_string();
    assert_eq!(sentence, "Ana joined users and became User of wiki (Confluence)");
    assert_eq!(app.account_history(&scope, "a1").await.unwrap().len(), 1);
    assert_eq!(app.group_history(&scope, "users").await.unwrap().len(), 1);
    app.workspace_history(&scope, "wiki").await.unwrap();
    let connection = app.connection("main").await.unwrap();
    assert_eq!(app.run(connection.runs[0].run).await.unwrap().families.len(), 2);
    let unknown = app.access(&scope, "Anna").await.unwrap_err();
    assert!(
        matches!(unknown, ViewError::Unknown { ref nearest, .. } if nearest.len() == 1),
        "{unknown:?}"
    );
}
