//! Reading an organization in fair and in bad weather. A small sample; `cargo xtask soak` runs many more.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use app::Status;
use scenarios::{Stage, Weather};
use twin::{Counts, CursorStyle, FilterSemantics, Shape, TwinOptions};

fn small(shape: Shape, seed: u64) -> TwinOptions {
    TwinOptions {
        users: 150,
        groups: 30,
        workspaces: 5,
        seed,
        shape,
        ..TwinOptions::default()
    }
}

async fn reads_equal(options: TwinOptions, with_methods: bool) {
    let stage = Stage::new(options, None).await.unwrap();
    for round in 0..3 {
        let outcome = stage.sync(with_methods).await.unwrap();
        assert_eq!(outcome.status, Status::Complete, "{:?}", outcome.reasons);
        assert_eq!(
            stage.export(with_methods).await.unwrap(),
            stage.truth(with_methods)
        );
        stage.twin.mutate(20, round);
    }
    stage.twin.stop().await;
}

#[tokio::test]
async fn every_shape_is_read_right_to_the_last_row() {
    for shape in [
        Shape::Typical,
        Shape::DirectHeavy,
        Shape::Messy,
        Shape::Empty,
        Shape::Single,
        Shape::AllSuspended,
    ] {
        reads_equal(small(shape, 3), false).await;
    }
}

#[tokio::test]
async fn independent_filters_are_noticed_and_read_right() {
    let filters = FilterSemantics::Independent;
    reads_equal(
        TwinOptions {
            filters,
            ..small(Shape::Typical, 4)
        },
        false,
    )
    .await;
    reads_equal(
        TwinOptions {
            filters,
            ..small(Shape::DirectHeavy, 5)
        },
        false,
    )
    .await;
}

#[tokio::test]
async fn methods_are_read_right() {
    reads_equal(small(Shape::Typical, 6), true).await;
    reads_equal(
        TwinOptions {
            filters: FilterSemantics::Independent,
            ..small(Shape::Messy, 7)
        },
        true,
    )
    .await;
}

#[tokio::test]
async fn lists_of_groups_that_are_cut_are_noticed_and_read_right() {
    reads_equal(
        TwinOptions {
            expand_groups_max: Some(2),
            ..small(Shape::Typical, 8)
        },
        false,
    )
    .await;
}

#[tokio::test]
async fn whether_counts_leave_suspended_accounts_out_is_learned_and_read_right() {
    for (counts, told) in [(Counts::All, true), (Counts::Active, false)] {
        for shape in [Shape::Typical, Shape::Messy, Shape::AllSuspended] {
            let options = TwinOptions {
                counts,
                ..small(shape, 3)
            };
            let stage = Stage::new(options, None).await.unwrap();
            for round in 0..2 {
                let outcome = stage.sync(false).await.unwrap();
                assert_eq!(outcome.status, Status::Complete, "{:?}", outcome.reasons);
                assert_eq!(stage.export(false).await.unwrap(), stage.truth(false));
                stage.twin.mutate(20, round);
            }
            let connection = stage.app.connection_named(None).await.unwrap();
            assert_eq!(connection.semantics.counts_suspended, Some(told), "{shape:?}");
            stage.twin.stop().await;
        }
    }
}

#[tokio::test]
async fn a_second_reading_of_the_same_writes_no_fact() {
    let stage = Stage::new(small(Shape::Typical, 9), None).await.unwrap();
    stage.sync(false).await.unwrap();
    let again = stage.sync(false).await.unwrap();
    assert_eq!((again.status, again.begun, again.ended), (Status::Complete, 0, 0));
}

#[tokio::test]
async fn faults_and_changes_during_the_reading_invent_and_forget_nothing() {
    for seed in 0..6 {
        let cursors = if seed % 2 == 0 {
            CursorStyle::Offset
        } else {
            CursorStyle::Keyset
        };
        let filters = if seed % 3 == 0 {
            FilterSemantics::Independent
        } else {
            FilterSemantics::Joint
        };
        let options = TwinOptions {
            cursors,
            filters,
            search_max: 50,
            ..small(Shape::Typical, seed)
        };
        let stage = Stage::new(options, None).await.unwrap();
        for round in 0..2 {
            let weather = Weather {
                faults_percent: 4,
                changes: 6,
                changes_at_once: 3,
                every_requests: 11,
                seed: seed * 100 + round,
            };
            let (outcome, verdict) = stage.sync_in(weather).await.unwrap();
            assert!(
                verdict.is_right(),
                "seed {seed}, round {round}, {:?}: {verdict:?}",
                outcome.status
            );
        }
        // What an unfinished reading left is of its own time; the one after it is of this.
        stage.sync(false).await.unwrap();
        let settled = stage.sync(false).await.unwrap();
        assert_eq!(settled.status, Status::Complete);
        assert_eq!(
            stage.export(false).await.unwrap(),
            stage.truth(false),
            "seed {seed}"
        );
    }
}

#[tokio::test]
async fn a_bounded_reading_goes_on_where_it_stopped() {
    let stage = Stage::new(small(Shape::Typical, 12), None).await.unwrap();
    let mut sessions = 1;
    let mut outcome = stage.sync_at_most(25).await.unwrap();
    let first_run = outcome.run;
    while outcome.status == Status::Incomplete {
        assert!(outcome.requests <= 25);
        assert!(sessions < 60, "the reading does not come to an end");
        outcome = stage.sync_at_most(25).await.unwrap();
        sessions += 1;
    }
    assert_eq!((outcome.status, outcome.run), (Status::Complete, first_run));
    assert_eq!(stage.export(false).await.unwrap(), stage.truth(false));
}

#[tokio::test]
async fn a_request_costs_are_what_the_documents_promise() {
    let options = TwinOptions {
        users: 1_000,
        groups: 60,
        workspaces: 8,
        seed: 7,
        ..TwinOptions::default()
    };
    let stage = Stage::new(options, None).await.unwrap();
    let outcome = stage.sync(false).await.unwrap();
    assert_eq!(
        outcome.requests,
        stage.requests() - 1,
        "the product and the twin count alike, but for adding the connection"
    );
    assert!(
        outcome.requests < 260,
        "{} requests for 1,000 accounts",
        outcome.requests
    );
}

fn without_scim(mut lines: Vec<String>) -> Vec<String> {
    lines.retain(|line| !line.starts_with(r#"{"kind":"scim_"#));
    lines
}

#[tokio::test]
async fn keys_and_service_accounts_are_read_for_two_requests() {
    for shape in [Shape::Typical, Shape::Messy, Shape::Empty, Shape::Single] {
        let stage = Stage::new(small(shape, 8), None).await.unwrap();
        let outcome = stage.sync(false).await.unwrap();
        assert_eq!(outcome.status, Status::Complete, "{:?}", outcome.reasons);
        assert_eq!(stage.export_all().await.unwrap(), without_scim(stage.truth_all()));
        assert_eq!(stage.export(false).await.unwrap(), stage.truth(false));
        assert_eq!(
            asked(&stage, "getApiKeys") + asked(&stage, "getServiceAccounts"),
            2
        );
        stage.twin.stop().await;
    }
}

fn asked(stage: &Stage, operation: &str) -> u64 {
    let stats = stage.twin.stats();
    stats["operations"][operation].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn an_organization_without_the_new_lists_is_read_completely() {
    for answer in [403, 404] {
        let options = TwinOptions {
            disabled_endpoints: vec!["getApiKeys".into(), "getServiceAccounts".into()],
            disabled_answer: answer,
            ..small(Shape::Typical, 9)
        };
        let stage = Stage::new(options, None).await.unwrap();
        let outcome = stage.sync(false).await.unwrap();
        assert_eq!(outcome.status, Status::Complete, "{:?}", outcome.reasons);
        assert_eq!(stage.export_all().await.unwrap(), stage.truth(false));
        assert_eq!(
            asked(&stage, "getApiKeys") + asked(&stage, "getServiceAccounts"),
            2
        );
        stage.twin.stop().await;
    }
}

#[tokio::test]
async fn records_of_scim_are_read_where_the_token_is_known() {
    for shape in [Shape::Typical, Shape::Messy, Shape::Empty, Shape::Single] {
        let stage = Stage::new(small(shape, 10), None).await.unwrap();
        stage.know_scim(None).await.unwrap();
        for round in 0..2 {
            let outcome = stage.sync(false).await.unwrap();
            assert_eq!(outcome.status, Status::Complete, "{:?}", outcome.reasons);
            assert_eq!(stage.export_all().await.unwrap(), stage.truth_all());
            assert_eq!(stage.export(false).await.unwrap(), stage.truth(false));
            stage.twin.mutate(20, round);
        }
        stage.twin.stop().await;
    }
}

#[tokio::test]
async fn what_scim_refuses_is_said_and_the_rest_is_read() {
    let options = TwinOptions {
        disabled_endpoints: vec!["scimGetGroups".into()],
        ..small(Shape::Typical, 11)
    };
    let stage = Stage::new(options, None).await.unwrap();
    assert!(stage.know_scim(Some("wrong")).await.is_err());
    stage.know_scim(None).await.unwrap();
    let outcome = stage.sync(false).await.unwrap();
    assert_eq!(outcome.status, Status::Incomplete);
    assert_eq!(outcome.reasons.len(), 1, "{:?}", outcome.reasons);
    assert!(outcome.reasons[0].starts_with("SCIM groups not read completely: the SCIM token may not"));
    assert!(outcome.error.is_none());
    let mut truth = stage.truth_all();
    truth.retain(|line| !line.starts_with(r#"{"kind":"scim_group""#));
    assert_eq!(stage.export_all().await.unwrap(), truth);
    stage.twin.stop().await;
}
