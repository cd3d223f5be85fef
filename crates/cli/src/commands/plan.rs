//! `orgwarden plan`: proposing changes, looking at them, approving, applying, undoing. Also `disable-user` and
//! `enable-user`.

use super::{LOCAL_ADMINISTRATOR, open, open_with_key};
use crate::args::{MakeArgs, MembersArgs, PlanArgs, PlanCommand, UserArgs};
use crate::config::Config;
use crate::failure::{Told, code};
use crate::output;
use app::App;
use app::plans::{Carrying, PlanMade, PlanRequest, PlanView, RealTime, Unwatched, Watch, Wish};
use app::views::scope::ScopeChoice;
use indicatif::{ProgressBar, ProgressStyle};
use model::{Action, PlanId, PlanState};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _};
use std::path::Path;
use std::process::ExitCode;

pub async fn run(config: &Config, command: PlanCommand) -> anyhow::Result<ExitCode> {
    match command {
        PlanCommand::List { org, json } => list(config, org, json).await,
        PlanCommand::Show(args) => {
            let app = open(config).await?;
            show(&app, &app.plan(args.plan).await?, args.json).await?;
            Ok(ExitCode::SUCCESS)
        }
        PlanCommand::AddMember(args) => members(config, args, true).await,
        PlanCommand::RemoveMember(args) => members(config, args, false).await,
        PlanCommand::GrantRole(args) => {
            let (account, on, role) = (args.account, args.on, args.role);
            let wish = Wish::Role {
                account,
                on,
                role,
                give: true,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::RevokeRole(args) => {
            let (account, on, role) = (args.account, args.on, args.role);
            let wish = Wish::Role {
                account,
                on,
                role,
                give: false,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::GrantGroupRole(args) => {
            let (group, on, role) = (args.group, args.on, args.role);
            let wish = Wish::GroupRole {
                group,
                on,
                role,
                give: true,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::RevokeGroupRole(args) => {
            let (group, on, role) = (args.group, args.on, args.role);
            let wish = Wish::GroupRole {
                group,
                on,
                role,
                give: false,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::CreateGroup {
            name,
            description,
            directory,
            make: args,
        } => {
            let wish = Wish::CreateGroup {
                directory,
                name,
                description,
            };
            make(config, &wish, &args).await
        }
        PlanCommand::DeleteGroup { group, make: args } => {
            make(config, &Wish::DeleteGroup { group }, &args).await
        }
        PlanCommand::Invite {
            email,
            group,
            make: args,
        } => make(config, &Wish::Invite { email, groups: group }, &args).await,
        PlanCommand::CreateAccount {
            email,
            name,
            make: args,
        } => make(config, &Wish::CreateAccount { email, name }, &args).await,
        PlanCommand::UpdateProfile {
            account,
            name,
            nickname,
            zoneinfo,
            locale,
            make: args,
        } => {
            let told = [
                ("name", name),
                ("nickname", nickname),
                ("zoneinfo", zoneinfo),
                ("locale", locale),
            ];
            let fields: BTreeMap<String, String> = told
                .into_iter()
                .filter_map(|(field, value)| Some((field.to_owned(), value?)))
                .collect();
            if fields.is_empty() {
                return Err(usage("no field was named", "name one, such as --nickname ANA").into());
            }
            make(config, &Wish::Profile { account, fields }, &args).await
        }
        PlanCommand::Suspend(args) => {
            let wish = Wish::Suspension {
                account: args.account,
                suspend: true,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::Restore(args) => {
            let wish = Wish::Suspension {
                account: args.account,
                suspend: false,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::RemoveFromDirectory {
            account,
            directory,
            make: args,
        } => make(config, &Wish::Remove { account, directory }, &args).await,
        PlanCommand::Deactivate(args) => {
            let wish = Wish::Activation {
                account: args.account,
                active: false,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::Reactivate(args) => {
            let wish = Wish::Activation {
                account: args.account,
                active: true,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::DeleteAccount(args) => {
            let wish = Wish::Deletion {
                account: args.account,
                delete: true,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::CancelDeletion(args) => {
            let wish = Wish::Deletion {
                account: args.account,
                delete: false,
            };
            make(config, &wish, &args.make).await
        }
        PlanCommand::RevokeToken {
            account,
            token,
            make: args,
        } => make(config, &Wish::RevokeToken { account, token }, &args).await,
        PlanCommand::File { file, make } => from_file(config, &file, &make).await,
        PlanCommand::Approve { plan, hash, reason } => {
            let app = open_with_key(config).await?;
            app.plan_approve(plan.plan, hash.as_deref(), reason.as_deref(), LOCAL_ADMINISTRATOR)
                .await?;
            show(&app, &app.plan(plan.plan).await?, plan.json).await?;
            Ok(ExitCode::SUCCESS)
        }
        PlanCommand::Apply(args) => {
            let app = open_with_key(config).await?;
            apply(config, &app, args.plan, args.json).await
        }
        PlanCommand::Undo(args) => undo(config, args).await,
        PlanCommand::Pause(args) => halt(config, args, false).await,
        PlanCommand::Cancel(args) => halt(config, args, true).await,
    }
}

/// `disable-user` and `enable-user`: a plan, carried out at once where makers may approve.
pub async fn user(config: &Config, args: UserArgs, suspend: bool) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    let wish = Wish::Suspension {
        account: args.account,
        suspend,
    };
    let made = propose(config, &app, &wish, &args.make).await?;
    let Some(id) = made.id else {
        return refused(&made, args.make.json);
    };
    if !may_go_on(&app, id).await? {
        show(&app, &app.plan(id).await?, args.make.json).await?;
        return Ok(ExitCode::SUCCESS);
    }
    app.plan_approve(id, None, None, LOCAL_ADMINISTRATOR).await?;
    let code = carry(config, &app, id).await?;
    let view = app.plan(id).await?;
    if !args.make.json {
        show(&app, &view, false).await?;
        return Ok(code);
    }
    let directories = view.actions.iter().filter_map(|line| match &line.action {
        Action::Suspend { directory, .. } | Action::Restore { directory, .. } => Some(json!({
            "directory_id": directory,
            "state": line.state,
            "reason": line.reason,
            "next_step": line.next_step,
        })),
        _ => None,
    });
    let account = view.actions.iter().find_map(|line| line.action.account());
    output::json(&json!({
        "id": view.plan.id,
        "state": view.plan.state,
        "account_id": account,
        "directories": directories.collect::<Vec<_>>(),
        "refused": view.refused,
    }))?;
    Ok(code)
}

fn usage(message: &str, hint: &str) -> Told {
    Told {
        message: message.into(),
        hint: Some(hint.into()),
        code: code::USAGE,
    }
}

async fn list(config: &Config, org: Option<String>, as_json: bool) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    let choice = ScopeChoice {
        organization: org,
        as_of: None,
    };
    let scope = app.scope(&choice).await?;
    let plans = app.plans(&scope, 200).await?;
    if as_json {
        output::json(&plans)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = plans.iter().map(|plan| {
        vec![
            plan.id.clone(),
            if plan.is_expired {
                "expired".into()
            } else {
                plan.state.name().into()
            },
            format!("{}/{}", plan.counts.confirmed, plan.counts.all),
            plan.made_by.clone(),
            plan.title.clone(),
        ]
    });
    let heads = ["Plan", "State", "Confirmed", "Made by", "What"];
    output::table(&heads, rows.collect(), "No plan was made yet.")?;
    Ok(ExitCode::SUCCESS)
}

async fn members(config: &Config, args: MembersArgs, join: bool) -> anyhow::Result<ExitCode> {
    let mut accounts = args.account;
    if let Some(file) = &args.accounts_from {
        let text = read(file)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        accounts.extend(lines.map(str::to_owned));
    }
    if accounts.is_empty() {
        return Err(usage("no account was named", "give --account ACCOUNT").into());
    }
    let wish = Wish::Members {
        group: args.group,
        accounts,
        join,
    };
    make(config, &wish, &args.make).await
}

pub(super) fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    read.map_err(|error| {
        usage(
            &format!("cannot read {}: {error}", file.display()),
            "name a file of text",
        )
    })?;
    Ok(text)
}

async fn propose(config: &Config, app: &App, wish: &Wish, args: &MakeArgs) -> anyhow::Result<PlanMade> {
    let choice = ScopeChoice {
        organization: args.connection.clone(),
        as_of: None,
    };
    let scope = app.scope(&choice).await?;
    let actions = app.wish_actions(&scope, wish).await?;
    Ok(app.plan_make(&request(args, actions), &config.api).await?)
}

pub(super) fn request(args: &MakeArgs, actions: Vec<Action>) -> PlanRequest<'_> {
    PlanRequest {
        connection: args.connection.as_deref(),
        actions,
        comment: args.comment.as_deref(),
        goes_on: args.goes_on,
        actor: LOCAL_ADMINISTRATOR,
        ..PlanRequest::default()
    }
}

async fn make(config: &Config, wish: &Wish, args: &MakeArgs) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    let made = propose(config, &app, wish, args).await?;
    told(&app, &made, args.json).await
}

async fn from_file(config: &Config, file: &Path, args: &MakeArgs) -> anyhow::Result<ExitCode> {
    let text = read(file)?;
    let mut actions = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let action: Action = serde_json::from_str(line).map_err(|error| {
            let place = format!("{}, line {}: {error}", file.display(), number + 1);
            usage(&place, "each line is an action such as {\"action\":\"remove_member\",\"directory\":\"D\",\"group\":\"G\",\"account\":\"A\"}")
        })?;
        actions.push(action);
    }
    let app = open_with_key(config).await?;
    let made = app.plan_make(&request(args, actions), &config.api).await?;
    told(&app, &made, args.json).await
}

/// Prints a plan that was made, or why nothing of it was left.
pub async fn told(app: &App, made: &PlanMade, as_json: bool) -> anyhow::Result<ExitCode> {
    let Some(id) = made.id else {
        return refused(made, as_json);
    };
    show(app, &app.plan(id).await?, as_json).await?;
    Ok(ExitCode::SUCCESS)
}

fn refused(made: &PlanMade, as_json: bool) -> anyhow::Result<ExitCode> {
    if as_json {
        output::json(&json!({ "id": null, "hash": null, "refused": made.refused }))?;
    } else {
        for refused in &made.refused {
            output::line(&format!(
                "Refused: {}: {}.\n  {}",
                refused.what, refused.reason, refused.next_step
            ))?;
        }
        if made.refused.is_empty() {
            output::line("There is nothing to do.")?;
        }
    }
    Ok(ExitCode::from(code::NOT_CHANGED))
}

async fn apply(config: &Config, app: &App, id: PlanId, as_json: bool) -> anyhow::Result<ExitCode> {
    let code = carry(config, app, id).await?;
    show(app, &app.plan(id).await?, as_json).await?;
    Ok(code)
}

async fn carry(config: &Config, app: &App, id: PlanId) -> anyhow::Result<ExitCode> {
    let bar = std::io::stderr().is_terminal().then(|| {
        let style = ProgressStyle::with_template("  {bar:30} {pos}/{len} settled, {elapsed}");
        let bar = ProgressBar::new(0);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar(bar)
    });
    let watch: &dyn Watch = match &bar {
        Some(bar) => bar,
        None => &Unwatched,
    };
    let carrying = Carrying {
        options: &config.api,
        wait: &RealTime,
        watch,
        actor: LOCAL_ADMINISTRATOR,
    };
    let carried = app.plan_apply(id, &carrying).await;
    if let Some(bar) = &bar {
        bar.0.finish_and_clear();
    }
    Ok(match carried?.state {
        PlanState::Done => ExitCode::SUCCESS,
        _ => ExitCode::from(code::NOT_CHANGED),
    })
}

struct Bar(ProgressBar);

impl Watch for Bar {
    fn progress(&self, over: usize, of: usize) {
        self.0.set_length(of as u64);
        self.0.set_position(over as u64);
    }
}

/// Whether who made the plan may carry it out at once.
async fn may_go_on(app: &App, id: PlanId) -> anyhow::Result<bool> {
    let view = app.plan(id).await?;
    let connection = app.connection_named(Some(&view.connection)).await?;
    Ok(connection.self_approval && connection.writes)
}

async fn undo(config: &Config, args: PlanArgs) -> anyhow::Result<ExitCode> {
    let app = open_with_key(config).await?;
    let made = app.plan_undo(args.plan, &config.api, LOCAL_ADMINISTRATOR).await?;
    let Some(id) = made.id else {
        return refused(&made, args.json);
    };
    if !may_go_on(&app, id).await? {
        show(&app, &app.plan(id).await?, args.json).await?;
        return Ok(ExitCode::SUCCESS);
    }
    app.plan_approve(id, None, None, LOCAL_ADMINISTRATOR).await?;
    apply(config, &app, id, args.json).await
}

async fn halt(config: &Config, args: PlanArgs, gives_up: bool) -> anyhow::Result<ExitCode> {
    let app = open(config).await?;
    app.plan_halt(args.plan, gives_up, LOCAL_ADMINISTRATOR).await?;
    show(&app, &app.plan(args.plan).await?, args.json).await?;
    Ok(ExitCode::SUCCESS)
}

/// Lines of each list that are printed for people; --json prints all.
const SHOWN: usize = 20;

async fn show(app: &App, view: &PlanView, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(view);
    }
    let plan = &view.plan;
    output::line(&format!("{}  {}  {}", plan.id, plan.state.name(), plan.title))?;
    output::line(&format!(
        "  made by {} at {}; hash {}",
        plan.made_by, plan.made_at, plan.hash
    ))?;
    if let Some(comment) = &plan.comment {
        output::line(&format!("  because: {comment}"))?;
    }
    if let (Some(by), Some(at)) = (&plan.approved_by, plan.approved_at) {
        output::line(&format!("  approved by {by} at {at}"))?;
    }
    if let Some(note) = &plan.note {
        output::line(&format!("  {note}"))?;
    }
    if let Some(rehearsal) = &view.rehearsal {
        output::line(&format!("  {}", super::rehearse::summary(rehearsal)))?;
    }
    if let Some(reality) = &view.reality {
        output::line(&format!("  {}", super::rehearse::difference(reality)))?;
    }
    output::line("")?;
    for line in view.actions.iter().take(SHOWN) {
        output::line(&format!("  {:<9} {}", line.state.name(), line.what))?;
        if let Some(reason) = &line.reason {
            output::line(&format!("            {reason}"))?;
        }
        if let Some(next) = &line.next_step {
            output::line(&format!("            → {next}"))?;
        }
    }
    if view.actions.len() > SHOWN {
        output::line(&format!(
            "  … and {} more; --json shows all",
            view.actions.len() - SHOWN
        ))?;
    }
    for refused in view.refused.iter().take(SHOWN) {
        output::line(&format!("  refused   {}: {}", refused.what, refused.reason))?;
        output::line(&format!("            → {}", refused.next_step))?;
    }
    effects(app, view).await?;
    for trip in &view.guards {
        output::line(&format!("  held back by {}: {}", trip.guard, trip.detail))?;
    }
    if let Some(reason) = &view.overridden {
        output::line(&format!("  overridden: {reason}"))?;
    }
    for found in &view.returns {
        output::line(&format!(
            "  came back, by {}{}: {}",
            found.run,
            if found.is_still_so {
                ""
            } else {
                " (gone again since)"
            },
            found.what
        ))?;
        output::line(&format!("            why: {}", found.cause))?;
    }
    let next = match plan.state {
        PlanState::Planned => Some(format!("orgwarden plan approve {}", plan.id)),
        PlanState::Approved | PlanState::Stopped | PlanState::Paused => {
            Some(format!("orgwarden plan apply {}", plan.id))
        }
        PlanState::Done => Some(format!("orgwarden plan undo {}", plan.id)),
        _ => None,
    };
    if let Some(next) = next {
        output::line(&format!("\nNext: {next}"))?;
    }
    Ok(())
}

async fn effects(app: &App, view: &PlanView) -> anyhow::Result<()> {
    let effects = &view.effects;
    let id: PlanId = view.plan.id.parse().map_err(anyhow::Error::msg)?;
    let lists = [
        ("Lost", &effects.lost, effects.lost_count),
        ("Gained", &effects.gained, effects.gained_count),
        ("Not known", &effects.unknown, effects.unknown_count),
    ];
    output::line("")?;
    for (head, lines, count) in lists {
        if count == 0 {
            continue;
        }
        output::line(&format!("{head}: {}", output::count(count, "role")))?;
        let shown = lines.get(..SHOWN).unwrap_or(lines);
        for words in app.effect_words(id, shown).await? {
            output::line(&format!("  {words}"))?;
        }
        if count > shown.len() {
            output::line(&format!(
                "  … and {} more; --json shows them",
                count - shown.len()
            ))?;
        }
    }
    if effects.remaining_count > 0 {
        output::line(&format!(
            "{} roles remain by another way.",
            effects.remaining_count
        ))?;
    }
    if effects.is_partial {
        output::line(&format!(
            "Worked out for the first {} accounts only.",
            effects.accounts
        ))?;
    }
    Ok(())
}
