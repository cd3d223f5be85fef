//! `orgwarden rehearse PLAN`: carries a plan out on an in-process twin of the stored organization.

use super::{LOCAL_ADMINISTRATOR, open};
use crate::args::RehearseArgs;
use crate::config::Config;
use crate::output;
use app::rehearsal::{Place, Reality, Rehearsal};
use app::{App, ScimCredential};
use model::PlanId;
use secrecy::SecretString;
use serde_json::json;
use std::process::ExitCode;
use twin::{Twin, TwinOptions};

/// The twin, as the product wants one to rehearse in.
struct Stage(Twin);

impl Place for Stage {
    fn base_url(&self) -> String {
        self.0.base_url().to_owned()
    }

    fn key(&self) -> SecretString {
        SecretString::from(self.0.api_key())
    }

    fn scim(&self) -> ScimCredential {
        ScimCredential {
            url: self.0.scim_base_url().to_owned(),
            token: SecretString::from(self.0.scim_token()),
        }
    }

    fn facts(&self) -> Vec<String> {
        self.0.truth(true)
    }

    fn pass(&self, ms: i64) {
        self.0.advance_ms(ms);
    }
}

pub async fn run(config: &Config, args: RehearseArgs) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    let id = args.plan.plan;
    let scene = app.rehearsal_scene(id).await?;
    let options = TwinOptions {
        organization_id: Some(scene.organization_id),
        latency_ms: args.latency_ms,
        rate_limit: args.rate_limit,
        ..TwinOptions::default()
    };
    let twin = Twin::start_from(options, scene.facts.into_iter()).await?;
    if args.faults > 0 {
        let faults = json!({ "probability": f64::from(args.faults) / 100.0, "seed": args.seed });
        twin.set_faults(&faults).map_err(anyhow::Error::msg)?;
    }
    let stage = Stage(twin);
    let rehearsal = app.rehearse(id, &stage, &config.api, LOCAL_ADMINISTRATOR).await?;
    stage.0.stop().await;
    if args.plan.json {
        output::json(&rehearsal)?;
    } else {
        show(&app, id, &rehearsal).await?;
        output::line(&format!("\nNothing was changed. Next: orgwarden plan show {id}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Lines of each list that are printed for people; --json prints all that are kept.
const SHOWN: usize = 20;

async fn show(app: &App, id: PlanId, rehearsal: &Rehearsal) -> anyhow::Result<()> {
    output::line(&summary(rehearsal))?;
    for other in rehearsal.others.iter().take(SHOWN) {
        let reason = other.reason.as_deref().unwrap_or_default();
        let state = other.state.name();
        output::line(&format!("  action {}: {state}: {reason}", other.position + 1))?;
    }
    let lists = [
        ("+", &rehearsal.gained, rehearsal.gained_count),
        ("-", &rehearsal.lost, rehearsal.lost_count),
    ];
    for (sign, lines, count) in lists {
        let shown = lines.get(..SHOWN).unwrap_or(lines);
        for words in app.effect_words(id, shown).await? {
            output::line(&format!("  {sign} {words}"))?;
        }
        if count > SHOWN {
            output::line(&format!("  {sign} … {} more; --json shows them", count - SHOWN))?;
        }
    }
    Ok(())
}

/// What a rehearsal showed, in a line.
pub fn summary(rehearsal: &Rehearsal) -> String {
    let were_so = match rehearsal.were_so {
        0 => String::new(),
        some => format!(", {some} of them so already"),
    };
    format!(
        "rehearsed at {}: {}; {} actions confirmed{were_so}, {} not; {} accounts affected, {} gained and {} lost; {} requests, {}",
        rehearsal.rehearsed_at,
        rehearsal.state.name(),
        rehearsal.confirmed,
        rehearsal.others.len(),
        rehearsal.accounts,
        output::count(rehearsal.gained_count, "role"),
        rehearsal.lost_count,
        rehearsal.requests,
        seconds(rehearsal.duration_ms)
    )
}

/// How far reality differed, in a line.
pub fn difference(reality: &Reality) -> String {
    let mut text = format!(
        "really: {} requests ({:+}), {} ({}{})",
        reality.requests,
        reality.more_requests,
        seconds(reality.duration_ms),
        if reality.longer_ms < 0 { "-" } else { "+" },
        seconds(reality.longer_ms.abs())
    );
    if reality.surprises.is_empty() {
        text.push_str("; every action ended as rehearsed");
    }
    for surprise in reality.surprises.iter().take(SHOWN) {
        text.push_str(&format!(
            "; {} ended {}, rehearsed {}",
            surprise.action,
            surprise.really.name(),
            surprise.rehearsed.name()
        ));
    }
    match (&reality.not_gained, &reality.not_lost) {
        (Some(gained), Some(lost)) if gained.is_empty() && lost.is_empty() => {
            text.push_str("; access became as rehearsed");
        }
        (Some(gained), Some(lost)) => text.push_str(&format!(
            "; {} roles were not gained and {} not lost as rehearsed",
            gained.len(),
            lost.len()
        )),
        _ => text.push_str("; access is compared after the next reading"),
    }
    text
}

fn seconds(ms: i64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
