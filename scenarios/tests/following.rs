//! Following the events instead of reading everything: what they name is read, and nothing else is claimed.

use anyhow::{Context as _, bail, ensure};
use app::Status;
use app::views::changes::ChangesAsk;
use app::views::events::EventsAsk;
use app::views::scope::ScopeChoice;
use scenarios::{Stage, draw::Random, judge};
use serde_json::{Value, json};
use twin::{FilterSemantics, Shape, TwinOptions};

fn small(shape: Shape, seed: u64) -> TwinOptions {
    TwinOptions {
        seed,
        shape,
        users: 120,
        groups: 24,
        workspaces: 6,
        ..TwinOptions::default()
    }
}

/// Changes that leave events are all found by following, and the store then equals the truth.
async fn follows(twin: TwinOptions, rounds: u64) -> anyhow::Result<()> {
    let about = format!("{:?} seed {} {:?}", twin.shape, twin.seed, twin.filters);
    let stage = Stage::new(twin, None).await?;
    ensure!(stage.sync(false).await?.status == Status::Complete);
    for round in 0..rounds {
        stage.advance_s(120);
        stage.twin.mutate(12, round);
        stage.twin.log_in(40, round);
        // Late events are processed a quarter of an hour after they happened.
        stage.advance_s(1_000);
        let followed = stage.follow_all().await?;
        ensure!(followed.whole_owed.is_none(), "{about}: {followed:?}");
        let verdict = judge::complete(&stage.export(false).await?, &[stage.truth(false)]);
        ensure!(
            verdict.is_right(),
            "{about}, round {round}: {followed:?} {verdict:#?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_changed_is_found_by_its_events() -> anyhow::Result<()> {
    for seed in 1..4 {
        follows(small(Shape::Typical, seed), 4).await?;
        follows(small(Shape::Messy, seed), 4).await?;
    }
    Ok(())
}

#[tokio::test]
async fn also_where_filters_are_independent_or_lists_of_groups_are_cut() -> anyhow::Result<()> {
    let independent = TwinOptions {
        filters: FilterSemantics::Independent,
        ..small(Shape::Typical, 11)
    };
    follows(independent, 3).await?;
    let cut = TwinOptions {
        expand_groups_max: Some(2),
        ..small(Shape::Typical, 12)
    };
    follows(cut, 3).await
}

/// A change that an event explains is told with its time and who did it.
#[tokio::test]
async fn who_did_it_is_told_with_what_changed() -> anyhow::Result<()> {
    let stage = Stage::new(small(Shape::Typical, 7), None).await?;
    stage.sync(false).await?;
    stage.advance_s(120);
    stage.twin.mutate(30, 1);
    let mutated_at = stage.twin.now_ms();
    stage.advance_s(1_000);
    stage.follow_all().await?;
    let scope = stage.app.scope(&ScopeChoice::default()).await?;
    let ask = ChangesAsk {
        each: true,
        about: 10_000,
        ..ChangesAsk::default()
    };
    let view = stage.app.changes(&scope, &ask).await?;
    let changes: Vec<_> = view
        .readings
        .iter()
        .flat_map(|reading| &reading.changes)
        .collect();
    ensure!(changes.len() > 20, "{} changes", changes.len());
    for change in changes {
        // Events about policies, domains and tokens name the organization or the owner; who was in a deleted group lost
        // what it gave without an event.
        if ["api_token", "domain", "policy", "role_holding"].contains(&change.kind) {
            continue;
        }
        let Some(cause) = &change.cause else {
            bail!("nobody did this: {change:#?}");
        };
        let apart = (cause.at.0 - mutated_at).abs();
        ensure!(apart < 60_000, "{apart} ms apart: {change:#?}");
        ensure!(cause.actor.name.is_some(), "{change:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn log_ins_cost_nothing_but_the_reading_of_their_events() -> anyhow::Result<()> {
    let stage = Stage::new(small(Shape::Typical, 5), None).await?;
    stage.sync(false).await?;
    stage.follow_all().await?;
    for hour in 0..3 {
        stage.twin.log_in(60, hour);
        stage.advance_s(3_600);
        let before = stage.requests();
        let followed = stage.follow().await?;
        ensure!(followed.objects == 0 && followed.run.is_none(), "{followed:?}");
        ensure!(
            stage.requests() - before == 1,
            "{} requests",
            stage.requests() - before
        );
    }
    Ok(())
}

/// Broken off at any request, and in bad weather, following loses nothing of what events named.
#[tokio::test]
async fn what_was_broken_off_is_found_the_next_time() -> anyhow::Result<()> {
    let stage = Stage::new(small(Shape::Typical, 8), None).await?;
    stage.sync(false).await?;
    let mut broken_off = 0;
    for requests in 1..9 {
        stage.twin.mutate(8, requests);
        stage.advance_s(1_000);
        broken_off += u64::from(stage.follow_at_most(requests).await.is_err());
        let faults = json!({ "probability": 0.05, "seed": requests });
        stage.twin.set_faults(&faults).map_err(anyhow::Error::msg)?;
        let followed = stage.follow_all().await?;
        stage.twin.set_faults(&json!({})).map_err(anyhow::Error::msg)?;
        ensure!(followed.whole_owed.is_none(), "{followed:?}");
        let verdict = judge::complete(&stage.export(false).await?, &[stage.truth(false)]);
        ensure!(verdict.is_right(), "after {requests} requests: {verdict:#?}");
    }
    ensure!(broken_off > 4, "only {broken_off} were broken off");
    Ok(())
}

/// Where Atlassian does not know the place any more at which events were read last, everything is owed until it was
/// read; what the events name is read all the same.
#[tokio::test]
async fn a_refused_place_owes_a_whole_reading() -> anyhow::Result<()> {
    let stage = Stage::new(small(Shape::Typical, 10), None).await?;
    stage.sync(false).await?;
    stage.follow_all().await?;
    stage.twin.mutate(8, 1);
    stage.advance_s(1_000);
    let mut tx = stage.app.store.write().await?;
    let mut stream = tx.event_stream(1).await?.unwrap_or_default();
    stream.cursor = Some("of another time".into());
    tx.event_stream_set(1, &stream).await?;
    tx.commit().await?;
    let followed = stage.follow().await?;
    ensure!(
        followed.whole_owed.is_some() && followed.run.is_some(),
        "{followed:?}"
    );
    let verdict = judge::complete(&stage.export(false).await?, &[stage.truth(false)]);
    ensure!(verdict.is_right(), "{verdict:#?}");
    ensure!(stage.sync(false).await?.status == Status::Complete);
    stage.advance_s(60);
    ensure!(stage.follow_all().await?.whole_owed.is_none());
    Ok(())
}

/// Silent changes are not seen by following, and what is claimed of everything else stays right; a reading of
/// everything sees them.
#[tokio::test]
async fn what_left_no_event_is_found_by_reading_everything() -> anyhow::Result<()> {
    let mut random = Random::new(9);
    for seed in 21..25 {
        let stage = Stage::new(small(Shape::Typical, seed), None).await?;
        stage.sync(false).await?;
        let mut truths = vec![stage.truth(false)];
        for round in 0..4 {
            stage.twin.mutate_silently(random.below(4) as u32, round);
            truths.push(stage.truth(false));
            stage.twin.mutate(1 + random.below(8) as u32, round + 100);
            stage.advance_s(1_000);
            truths.push(stage.truth(false));
            let followed = stage.follow_all().await?;
            ensure!(followed.whole_owed.is_none(), "{followed:?}");
            let verdict = judge::complete(&stage.export(false).await?, &truths);
            ensure!(verdict.is_right(), "seed {seed}, round {round}: {verdict:#?}");
        }
        ensure!(stage.sync(false).await?.status == Status::Complete);
        let verdict = judge::complete(&stage.export(false).await?, &[stage.truth(false)]);
        ensure!(verdict.is_right(), "seed {seed}: {verdict:#?}");
    }
    Ok(())
}

/// Events past their days are forgotten; who made a change is still told with it.
#[tokio::test]
async fn the_archive_keeps_events_as_long_as_it_is_told_to() -> anyhow::Result<()> {
    let mut stage = Stage::new(small(Shape::Typical, 13), None).await?;
    let app = std::sync::Arc::get_mut(&mut stage.app).context("nobody else has it")?;
    app.keep_events_days = Some(30);
    stage.sync(false).await?;
    let mut changed_at = Vec::new();
    for day in 0..3 {
        stage.advance_s(120);
        stage.twin.mutate(10, day);
        changed_at.push(stage.twin.now_ms());
        stage.advance_s(20 * 86_400);
        ensure!(stage.follow_all().await?.whole_owed.is_none());
    }
    let scope = stage.app.scope(&ScopeChoice::default()).await?;
    let ask = EventsAsk {
        limit: 1_000,
        ..EventsAsk::default()
    };
    let kept = stage.app.events(&scope, &ask).await?;
    let oldest = kept.events.iter().map(|event| event.at.0).min();
    let until = stage.now_ms() - 30 * 86_400_000;
    ensure!(
        oldest.is_some_and(|at| at >= until && at >= changed_at[1]),
        "{oldest:?} {changed_at:?}"
    );
    let ask = ChangesAsk {
        each: true,
        about: 10_000,
        ..ChangesAsk::default()
    };
    let view = stage.app.changes(&scope, &ask).await?;
    let causes = view.readings.iter().flat_map(|reading| &reading.changes);
    let first = causes
        .filter_map(|change| change.cause.as_ref())
        .map(|cause| cause.at.0)
        .min();
    ensure!(
        first.is_some_and(|at| at < changed_at[1]),
        "{first:?} {changed_at:?}"
    );
    Ok(())
}

/// Sends a write of somebody else's to the twin; answers whether it was taken.
async fn write(stage: &Stage, path: &str, body: &Value) -> anyhow::Result<bool> {
    // Fails only when a provider is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (url, organization) = (stage.twin.base_url(), stage.twin.org_id());
    let request = reqwest::Client::new()
        .post(format!("{url}/admin/v2/orgs/{organization}/{path}"))
        .bearer_auth(stage.twin.api_key())
        .json(body);
    Ok(request.send().await?.status().is_success())
}

/// A role that a group gave until that was taken without an event is not believed to come with the group.
#[tokio::test]
async fn what_a_group_gives_no_more_does_not_come_with_it() -> anyhow::Result<()> {
    let options = TwinOptions {
        directories: Some(1),
        ..small(Shape::Typical, 14)
    };
    let stage = Stage::new(options, None).await?;
    stage.sync(false).await?;
    let facts: Vec<Value> = stage
        .truth(false)
        .iter()
        .map(|line| serde_json::from_str(line))
        .collect::<Result<_, _>>()?;
    let of = |kind: &'static str| facts.iter().filter(move |fact| fact["kind"] == kind);
    let workspace = of("workspace").next().context("no workspace")?["workspace_id"].clone();
    let mut tried = 0;
    for group in
        of("group").filter(|group| of("group_role_grant").all(|it| it["group_id"] != group["group_id"]))
    {
        let outside = |place: &&Value| {
            let is_it = |fact: &Value| fact["account_id"] == place["account_id"];
            place["status"] == "active"
                && !of("role_holding").any(|it| is_it(it) && it["resource_id"] == workspace)
                && !of("membership").any(|it| is_it(it) && it["group_id"] == group["group_id"])
        };
        let Some(place) = of("directory_membership").find(outside) else {
            continue;
        };
        let text = |fact: &Value, name: &str| fact[name].as_str().unwrap_or_default().to_owned();
        let path = format!(
            "directories/{}/groups/{}",
            text(group, "directory_id"),
            text(group, "group_id")
        );
        let (assign, revoke) = (
            format!("{path}/role-assignments/assign"),
            format!("{path}/role-assignments/revoke"),
        );
        let role = |role: &str| json!({ "resourceId": workspace, "roleId": role });
        if !write(&stage, &assign, &role("atlassian/user")).await?
            || !write(&stage, &assign, &role("atlassian/admin")).await?
        {
            continue;
        }
        stage.advance_s(1_000);
        stage.follow_all().await?;
        ensure!(stage.export(false).await? == stage.truth(false));
        stage
            .twin
            .set_log_faults(&json!({ "lost": 1.0 }))
            .map_err(anyhow::Error::msg)?;
        ensure!(write(&stage, &revoke, &role("atlassian/admin")).await?);
        stage
            .twin
            .set_log_faults(&json!({}))
            .map_err(anyhow::Error::msg)?;
        let account = json!({ "accountId": place["account_id"] });
        if !write(&stage, &format!("{path}/memberships"), &account).await? {
            continue;
        }
        tried += 1;
        stage.advance_s(1_000);
        stage.follow_all().await?;
        let about = text(place, "account_id");
        let of_account = |lines: Vec<String>| -> Vec<String> {
            lines.into_iter().filter(|line| line.contains(&about)).collect()
        };
        let (said, truth) = (
            of_account(stage.export(false).await?),
            of_account(stage.truth(false)),
        );
        ensure!(said == truth, "said {said:#?}, true {truth:#?}");
        ensure!(stage.sync(false).await?.status == Status::Complete);
    }
    ensure!(tried > 0, "no group could be tried");
    Ok(())
}
