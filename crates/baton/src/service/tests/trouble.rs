//! What happens when something does not go as it should.

use super::*;
use crate::stand_in::Event;

/// A stage on which a reading is under way that does not end by itself.
async fn with_slow_sync(wanted: Wanted) -> Stage {
    let stage = stage(wanted).await;
    stage.work.is_slow.store(true, Ordering::Relaxed);
    stage.stand_in.give(task(1, sync()));
    stage.work.began.notified().await;
    assert_eq!(stage.left_behind().len(), 1);
    stage
}

#[tokio::test]
async fn a_wrong_secret_ends_the_program_at_once() {
    let stage = stage(Wanted {
        secret: |stand_in| stand_in.other_secret().unwrap(),
        ..Wanted::default()
    })
    .await;
    let error = stage.serving.await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server refuses the client id and secret (401, invalid_client: signature); make new ones there, or correct \
         them here"
    );
    assert_eq!(
        stage.now_ms.load(Ordering::Relaxed),
        START_MS,
        "nothing was waited for"
    );
    assert_eq!(stage.stand_in.heard(), []);
}

#[tokio::test]
async fn a_wrong_clock_is_told_as_such() {
    for (skew_ms, said) in [
        (600_000, "is 600 s behind the server's"),
        (-600_000, "is 600 s ahead of the server's"),
    ] {
        let stage = stage(Wanted {
            skew_ms,
            ..Wanted::default()
        })
        .await;
        let error = stage.serving.await.unwrap().unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("set the clock"), "{error}");
    }
}

#[tokio::test]
async fn a_clock_that_is_a_little_off_does_no_harm() {
    let stage = stage(Wanted {
        skew_ms: 90_000,
        ..Wanted::default()
    })
    .await;
    stage.stand_in.give(task(1, grant("a")));
    stage.until_finished(1).await;
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_greeted_so_often_and_then_given_up() {
    let time = TestTime::new();
    let mut stand_in = StandIn::start(time.clock(), 0).await.unwrap();
    stand_in.stop().await;
    let now_ms = Arc::clone(&time.now_ms);
    let temporary = tempfile::tempdir().unwrap();
    let (_end, ended) = watch::channel(false);
    let service = Service {
        server: Server::new(&serving(&stand_in, stand_in.client_secret()), time.clock()).unwrap(),
        work: Arc::new(FakeWork::default()),
        pause: Arc::new(time),
        health: Arc::new(Health::default()),
        capture: Arc::new(Capture::default()),
        asks_about_debugging: false,
        provisioning: false,
        writing: Writing::default(),
        temporary_folder: temporary.path().to_owned(),
        task_concurrency: 1,
    };
    let error = serve(service, ended).await.unwrap_err().to_string();
    assert!(
        error.starts_with(
            "the server did not answer 12 times: the server's token endpoint cannot be reached: "
        ),
        "{error}"
    );
    assert!(!error.contains('\n'), "{error}");
    assert_eq!(
        now_ms.load(Ordering::Relaxed) - START_MS,
        1_111_000,
        "it doubles from 1 s to 5 min"
    );
}

#[tokio::test]
async fn a_server_that_we_do_not_trust_hears_nothing() {
    let time = TestTime::new();
    let stand_in = StandIn::start(time.clock(), 0).await.unwrap();
    let strange = Serving {
        certificates: None,
        ..serving(&stand_in, stand_in.client_secret())
    };
    let server = Server::new(&strange, time.clock()).unwrap();
    let error = server.hello("").await.unwrap_err().to_string();
    assert!(error.to_lowercase().contains("certificate"), "{error}");
    assert_eq!(stand_in.heard(), []);
}

#[tokio::test]
async fn a_cancelled_sync_stops_and_leaves_no_file() {
    let stage = with_slow_sync(Wanted::default()).await;
    let id = task(1, sync()).id;
    stage.beats.add_permits(1);
    stage
        .stand_in
        .until(|heard| heard.contains(&Heard::Heartbeat(id.clone())))
        .await
        .unwrap();
    assert_eq!(stage.stand_in.finished(), []);
    stage.stand_in.cancel(&id);
    stage.beats.add_permits(1);
    stage.until_finished(1).await;
    let finished = &stage.stand_in.finished()[0];
    assert_eq!(
        (finished.code, finished.is_final),
        (i32::from(Code::Cancelled), true)
    );
    assert_eq!(stage.left_behind(), Vec::<PathBuf>::new());
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_sync_is_handed_back_when_we_are_told_to_end() {
    let stage = with_slow_sync(Wanted::default()).await;
    let Stage {
        end,
        serving,
        stand_in,
        temporary,
        ..
    } = stage;
    end.send(true).unwrap();
    serving.await.unwrap().unwrap();
    let finished = &stand_in.finished()[0];
    assert_eq!(
        (finished.code, finished.is_final),
        (i32::from(Code::Unavailable), false)
    );
    assert_eq!(
        finished.message,
        "the connector was told to end; the task is handed back"
    );
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_sync_of_which_nobody_hears_is_given_up() {
    let stage = with_slow_sync(Wanted {
        // Nobody else calls while it is under way.
        task_concurrency: 1,
        ..Wanted::default()
    })
    .await;
    stage.stand_in.happen(Event::Unavailable(10));
    stage.beats.add_permits(10);
    stage.until_finished(1).await;
    let finished = &stage.stand_in.finished()[0];
    assert_eq!(
        (finished.code, finished.is_final),
        (i32::from(Code::Unavailable), false)
    );
    assert!(finished.message.contains("did not hear 10 times"), "{finished:?}");
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_failed_reading_may_be_tried_again_and_uploads_nothing() {
    let stage = stage(Wanted::default()).await;
    stage.work.fails.store(true, Ordering::Relaxed);
    stage.stand_in.give(task(1, sync()));
    stage.until_finished(1).await;
    let finished = &stage.stand_in.finished()[0];
    assert_eq!(
        (finished.message.as_str(), finished.is_final),
        ("Atlassian cannot be reached", false)
    );
    assert!(
        !stage
            .stand_in
            .heard()
            .iter()
            .any(|heard| matches!(heard, Heard::Uploaded { .. }))
    );
    assert_eq!(stage.left_behind(), Vec::<PathBuf>::new());
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_sync_without_room_for_its_file_says_so() {
    let stage = stage(Wanted::default()).await;
    let Stage {
        temporary,
        stand_in,
        end,
        serving,
        ..
    } = stage;
    temporary.close().unwrap();
    stand_in.give(task(1, sync()));
    stand_in
        .until(|heard| heard.iter().any(|heard| matches!(heard, Heard::Finished(_))))
        .await
        .unwrap();
    let finished = &stand_in.finished()[0];
    assert_eq!(
        (finished.code, finished.is_final),
        (i32::from(Code::ResourceExhausted), false)
    );
    assert!(
        finished.message.starts_with("there is no room for a file in "),
        "{finished:?}"
    );
    end.send(true).unwrap();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_change_that_comes_twice_is_made_once_and_told_twice() {
    let stage = stage(Wanted::default()).await;
    for _ in 0..2 {
        stage.stand_in.give(task(1, create("n@x.example")));
        let ends = stage.stand_in.finished().len();
        stage.until_finished(ends + 1).await;
    }
    assert_eq!(stage.work.done(), ["create n@x.example"]);
    let finished = stage.stand_in.finished();
    assert_eq!(finished[0], finished[1]);
    stage.end().await.unwrap();
}

#[tokio::test]
async fn an_end_that_is_lost_is_told_again_without_doing_anything_again() {
    let stage = stage(Wanted::default()).await;
    stage.stand_in.lose_ends(2);
    stage.stand_in.give(task(1, create("n@x.example")));
    stage.until_finished(3).await;
    assert_eq!(stage.work.done(), ["create n@x.example"]);
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_server_that_starts_anew_is_found_again() {
    let mut stage = stage(Wanted::default()).await;
    stage.stand_in.give(task(1, grant("a")));
    stage.until_finished(1).await;
    stage.stand_in.restart().await.unwrap();
    stage.stand_in.give(task(2, grant("b")));
    stage.until_finished(2).await;
    assert_eq!(
        stage.work.done(),
        ["grant group:g:member a", "grant group:g:member b"]
    );
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_secret_that_is_taken_back_ends_the_service() {
    let stage = stage(Wanted::default()).await;
    stage.stand_in.give(task(1, grant("a")));
    stage.until_finished(1).await;
    stage.stand_in.happen(Event::Revoke);
    let error = stage.serving.await.unwrap().unwrap_err().to_string();
    assert!(
        error.starts_with("the server refuses the client id and secret"),
        "{error}"
    );
}

#[tokio::test]
async fn logs_are_uploaded_where_the_server_wants_them() {
    let wanted = Wanted {
        asks_about_debugging: true,
        ..Wanted::default()
    };
    let stage = stage(wanted).await;
    let mut debugged = task(1, sync());
    debugged.debug = true;
    stage.stand_in.give(debugged);
    stage.until_finished(1).await;
    let heard = stage.stand_in.heard();
    assert!(heard.contains(&Heard::Debugging));
    let uploads = heard.iter().filter_map(|heard| match heard {
        Heard::Uploaded { bytes, .. } => Some(bytes.len()),
        _ => None,
    });
    // Nobody logs in tests, so the log is empty.
    assert_eq!(uploads.collect::<Vec<_>>(), [fake::FILE_BYTES, 0]);
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_token_that_the_server_takes_no_more_is_replaced_at_once() {
    let time = TestTime::new();
    let stand_in = StandIn::start(time.clock(), 0).await.unwrap();
    let server = Server::new(&serving(&stand_in, stand_in.client_secret()), time.clock()).unwrap();
    server.hello("").await.unwrap();
    stand_in.happen(Event::ExpireTokens);
    server.next_task().await.unwrap();
    let tokens = stand_in
        .heard()
        .into_iter()
        .filter(|heard| *heard == Heard::Token);
    assert_eq!(tokens.count(), 2);
}
