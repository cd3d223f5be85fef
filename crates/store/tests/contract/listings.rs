//! Listings: page and position together, and the proof that a kind was read completely.

use crate::reading::{HOUR, Reading, accounts};
use model::{FactKind, Family};
use store::{ListingState, Observation, PageOf, StoreError};
use testkit::TestDatabase;

on_both!(
    a_page_and_the_position_after_it_are_kept_together,
    without_the_lease_neither_page_nor_position_is_kept,
    only_the_servers_own_end_ends_a_listing,
    a_kind_is_complete_only_when_every_family_that_covers_it_ended,
    a_family_that_failed_proves_nothing,
    a_kind_that_nobody_planned_is_not_complete,
    a_restarted_listing_begins_at_its_first_page,
    planning_again_answers_how_far_it_is,
    what_was_planned_only_is_forgotten_when_a_run_goes_on
);

async fn a_page_and_the_position_after_it_are_kept_together(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    reading.plan(run, Family::Accounts, "d1").await;
    let page = Observation {
        sent_at: reading.at,
        facts: accounts(&["a", "b"]),
        ..Observation::default()
    };
    reading
        .record_page(run, Family::Accounts, "d1", Some("cursor 2"), &page)
        .await;
    let mut tx = reading.store.read().await.unwrap();
    let listing = tx
        .listing_find(run, Family::Accounts, "d1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(listing.state, ListingState::Reading);
    assert_eq!(listing.cursor.as_deref(), Some("cursor 2"));
    assert_eq!((listing.pages, listing.rows_seen), (1, 2));
    assert_eq!(tx.staged_first(run, FactKind::Account).await.unwrap(), ["a", "b"]);
}

async fn without_the_lease_neither_page_nor_position_is_kept(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    reading.plan(run, Family::Accounts, "d1").await;
    let later = reading.at + HOUR;
    reading
        .store
        .lease_take("sync/1", "elsewhere/1/1", later)
        .await
        .unwrap();
    let observation = Observation {
        sent_at: reading.at,
        facts: accounts(&["a"]),
        page: Some(PageOf {
            family: Family::Accounts,
            name: "d1".to_owned(),
            next: Some("cursor 2".to_owned()),
            rows: 1,
        }),
        ..Observation::default()
    };
    let (lease, terms) = (&reading.lease, &reading.terms);
    let refused = reading
        .store
        .observations_record(lease, later, run, terms, &[&observation])
        .await;
    assert!(matches!(refused, Err(StoreError::LeaseLost { .. })));
    let mut tx = reading.store.read().await.unwrap();
    assert!(tx.staged_first(run, FactKind::Account).await.unwrap().is_empty());
    let listing = tx
        .listing_find(run, Family::Accounts, "d1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((listing.state, listing.pages), (ListingState::Planned, 0));
}

async fn only_the_servers_own_end_ends_a_listing(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    reading.plan(run, Family::Groups, "d1").await;
    let empty = Observation::default();
    reading
        .record_page(run, Family::Groups, "d1", Some("cursor 2"), &empty)
        .await;
    let mut tx = reading.store.write().await.unwrap();
    assert!(!tx.family_end(run, Family::Groups).await.unwrap());
    drop(tx);
    assert!(reading.complete(run, FactKind::Group).await.is_none());

    reading.record_page(run, Family::Groups, "d1", None, &empty).await;
    assert!(reading.complete(run, FactKind::Group).await.is_none());
    let mut tx = reading.store.write().await.unwrap();
    assert!(tx.family_end(run, Family::Groups).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(
        reading.complete(run, FactKind::Group).await.unwrap().kind(),
        FactKind::Group
    );
}

async fn a_kind_is_complete_only_when_every_family_that_covers_it_ended(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    // Memberships are shown by the accounts and by the members of single groups.
    reading.plan(run, Family::GroupMembers, "g1").await;
    reading.page(run, Family::Accounts, vec![]).await;
    assert!(reading.complete(run, FactKind::Account).await.is_some());
    assert!(reading.complete(run, FactKind::Membership).await.is_none());
    reading
        .record_page(run, Family::GroupMembers, "g1", None, &Observation::default())
        .await;
    let mut tx = reading.store.write().await.unwrap();
    assert!(tx.family_end(run, Family::GroupMembers).await.unwrap());
    tx.commit().await.unwrap();
    assert!(reading.complete(run, FactKind::Membership).await.is_some());
}

async fn a_family_that_failed_proves_nothing(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    reading.page(run, Family::Domains, vec![]).await;
    let mut tx = reading.store.write().await.unwrap();
    tx.listing_fail(
        run,
        Family::Domains,
        "",
        ListingState::Unsure,
        "the counts differ",
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert!(reading.complete(run, FactKind::Domain).await.is_none());

    reading.plan(run, Family::Policies, "only").await;
    let mut tx = reading.store.write().await.unwrap();
    tx.listing_fail(run, Family::Policies, "only", ListingState::Refused, "403")
        .await
        .unwrap();
    assert!(!tx.family_end(run, Family::Policies).await.unwrap());
    let listing = tx
        .listing_find(run, Family::Policies, "only")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (listing.state, listing.note.as_deref()),
        (ListingState::Refused, Some("403"))
    );
}

async fn a_kind_that_nobody_planned_is_not_complete(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    assert!(reading.complete(run, FactKind::ApiToken).await.is_none());
}

async fn a_restarted_listing_begins_at_its_first_page(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    reading.plan(run, Family::Groups, "d1").await;
    reading
        .record_page(
            run,
            Family::Groups,
            "d1",
            Some("cursor 2"),
            &Observation::default(),
        )
        .await;
    let mut tx = reading.store.write().await.unwrap();
    tx.listing_restart(run, Family::Groups, "d1").await.unwrap();
    let listing = tx.listing_find(run, Family::Groups, "d1").await.unwrap().unwrap();
    assert_eq!(
        (listing.state, listing.cursor, listing.pages),
        (ListingState::Planned, None, 0)
    );
}

async fn what_was_planned_only_is_forgotten_when_a_run_goes_on(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    reading.plan(run, Family::Groups, "d1").await;
    reading.plan(run, Family::Groups, "d2").await;
    let empty = Observation::default();
    reading.record_page(run, Family::Groups, "d1", None, &empty).await;
    let mut tx = reading.store.write().await.unwrap();
    assert!(!tx.family_end(run, Family::Groups).await.unwrap());
    tx.listings_unplan(run).await.unwrap();
    assert!(tx.family_end(run, Family::Groups).await.unwrap());
    assert_eq!(tx.listing_all(run).await.unwrap().len(), 2);
}

async fn planning_again_answers_how_far_it_is(database: TestDatabase) {
    let mut reading = Reading::begin(&database.store).await;
    let run = reading.open().await.id;
    reading.plan(run, Family::Groups, "d1").await;
    reading
        .record_page(
            run,
            Family::Groups,
            "d1",
            Some("cursor 2"),
            &Observation::default(),
        )
        .await;
    let mut tx = reading.store.write().await.unwrap();
    tx.listing_agrees(run, Family::Groups, "d1", 42).await.unwrap();
    tx.listings_plan(run, Family::Groups, ["d1"]).await.unwrap();
    let again = tx.listing_find(run, Family::Groups, "d1").await.unwrap().unwrap();
    assert_eq!((again.state, again.expected), (ListingState::Reading, Some(42)));
    assert_eq!(again.cursor.as_deref(), Some("cursor 2"));
    assert_eq!(tx.listing_all(run).await.unwrap().len(), 2);
}
