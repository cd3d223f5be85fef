//! What SCIM directories own.

use crate::reading::Reading;
use model::{
    AccountId, Attributes, Fact, FactKind, Family, Person, ScimDirectoryId, ScimGroupId, ScimUserId,
};
use store::Observation;
use store::views::Snapshot;
use testkit::TestDatabase;

on_both!(records_are_counted_and_found_by_account_and_by_name);

fn user(id: &str, account: Option<&str>) -> Fact {
    let account = account.map(AccountId::new);
    let attributes = Attributes::new().with("active", Some(true));
    Fact::scim_user(
        &ScimUserId::new(id),
        &ScimDirectoryId::from("dir"),
        account.as_ref(),
        attributes,
    )
}

fn group(id: &str, name: &str) -> Fact {
    let attributes = Attributes::new().with("name", Some(name));
    Fact::scim_group(&ScimGroupId::new(id), &ScimDirectoryId::from("dir"), attributes)
}

async fn records_are_counted_and_found_by_account_and_by_name(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await;
    let users = vec![user("s1", Some("a1")), user("s2", None), user("s3", None)];
    let groups = vec![group("t1", "it \"50%\""), group("t2", "IT \"50%\"")];
    let name = Person {
        account: AccountId::new("s2"),
        attributes: Attributes::new().with("email", Some("new@example.org")),
    };
    let told = Observation {
        sent_at: reading.at,
        people: vec![name],
        ..Observation::default()
    };
    reading.record(run.id, &told).await;
    reading.page(run.id, Family::ScimUsers, users).await;
    reading.page(run.id, Family::ScimGroups, groups).await;
    reading.merge_all(&run, FactKind::ScimUser).await;
    reading.merge_all(&run, FactKind::ScimGroup).await;
    reading.publish(&run).await;

    let at = Snapshot {
        organization: reading.organization,
        run: run.id.0,
    };
    let mut tx = reading.store.read().await.unwrap();
    let directories = tx.scim_directories(at.organization).await.unwrap();
    let ids: Vec<&str> = directories.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids, ["dir"]);
    let directory = directories[0].0;
    let counts = tx.scim_counts(at, directory).await.unwrap();
    assert_eq!((counts.linked, counts.unlinked, counts.groups), (1, 2, 2));

    let a1 = tx.term_find("a1").await.unwrap().unwrap();
    let of_a1 = tx.scim_users_of_account(at, directory, a1).await.unwrap();
    assert_eq!(of_a1.len(), 1);
    assert_eq!((of_a1[0].record.id.as_str(), of_a1[0].account), ("s1", Some(a1)));

    let first = tx.scim_user_list(at, directory, true, (0, 0), 1).await.unwrap();
    let after = (0, first[0].record.term);
    let second = tx.scim_user_list(at, directory, true, after, 10).await.unwrap();
    let mut ids = [first[0].record.id.as_str(), second[0].record.id.as_str()];
    ids.sort_unstable();
    assert_eq!((ids, second.len()), (["s2", "s3"], 1));
    let names = [&first[0].user_name, &second[0].user_name];
    assert!(names.contains(&&Some("new@example.org".to_owned())));

    let named = tx.scim_groups_named(at, directory, "it \"50%\"").await.unwrap();
    assert_eq!(named.len(), 1);
    assert_eq!(named[0].id, "t1");
}
