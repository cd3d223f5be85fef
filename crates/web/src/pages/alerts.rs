//! Alerts: what was told, what is told, and where.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::form::Fields;
use crate::parts::{export_link, mark, not_told, number, segment, time};
use crate::shell::{Place, Shell, Web};
use app::LOCAL_ADMINISTRATOR;
use app::alerts::{
    AlertRequest, AlertView, ChangePattern, ChannelView, Condition, MessageView, message_number,
};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

/// Messages that are listed; those before are in the file and in the terminal's log.
const MOST: i64 = 50;
/// Messages of the file, the latest first.
const MOST_OF_FILE: i64 = 10_000;

/// The parameters of the page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    format: String,
}

/// Shows what was told, the alerts and the channels.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    if csv::is_wanted(&parameters.format) {
        let messages = web.app.messages(MOST_OF_FILE).await?;
        return csv::small("alerts", &HEADS, messages.iter().map(cells).collect()).await;
    }
    let messages = web.app.messages(MOST).await?;
    let alerts = web.app.alerts().await?;
    let channels = web.app.channels().await?;
    let can_act = web.api.is_some();
    let body = html! {
        div.title {
            h1 {
                "Alerts"
                span.number.short {
                    @match shell.unsent {
                        0 => "everything was delivered",
                        1 => "1 message was not delivered",
                        many => { (number(many)) " messages were not delivered" },
                    }
                }
            }
            p.context { "What readings show is told through channels, and tried again for a week where that fails" }
        }
        @if channels.is_empty() { (no_channel()) } @else {
            (log(shell.now, &messages, can_act))
            section {
                div.heading { h2 { "What is told" span.number { (alerts.len()) } } }
                @if alerts.is_empty() { p.empty { "Nothing yet." } } @else { (alert_table(&alerts, can_act)) }
                @if can_act { (add_form(&channels)) }
            }
            section {
                div.heading { h2 { "Channels" span.number { (channels.len()) } } }
                (channel_table(&channels, can_act))
                p.note {
                    "Channels are added in the terminal, where their secrets come from files: "
                    code { "orgwarden channel add --help" }
                }
            }
        }
    };
    Ok(shell.page(Place::Alerts, "Alerts", body).into_response())
}

const HEADS: [&str; 10] = [
    "message", "made_at", "alert", "kind", "title", "count", "channel", "state", "attempts", "failure",
];

fn cells(message: &MessageView) -> Cells {
    vec![
        message.id.clone(),
        message.made_at.to_string(),
        message.alert.clone(),
        message.kind.clone(),
        message.title.clone(),
        message.count.to_string(),
        message.channel.clone(),
        message.state.to_owned(),
        message.attempts.to_string(),
        csv::text(message.failure.as_ref()),
    ]
}

/// The log alone, to be swapped.
pub(crate) async fn refreshed(State(web): State<Web>) -> Result<Markup, PageError> {
    let messages = web.app.messages(MOST).await?;
    Ok(log(web.app.clock.now_ms(), &messages, web.api.is_some()))
}

fn no_channel() -> Markup {
    html! {
        div.empty {
            p { b { "Nobody is told anything yet." } }
            p.prose {
                "Add a channel, and then an alert that tells through it. The first channel is told when readings fail. In the terminal:"
            }
            pre.json {
                "orgwarden channel add file log --path /var/log/orgwarden-alerts.jsonl\norgwarden alert add change \"new administrators\" --role \"*admin*\" --turn began --channel log"
            }
        }
    }
}

fn log(now: i64, messages: &[MessageView], can_act: bool) -> Markup {
    html! {
        section.first data-refresh="/alerts/log" {
            div.heading { h2 { "What was told" span.number { "the latest" } } (export_link("/alerts", &[])) }
            @if messages.is_empty() { p.empty { "Nothing yet." } } @else {
                table.list {
                    thead { tr {
                        th scope="col" { "What" }
                        th scope="col" { "Alert" }
                        th scope="col" { "Made" }
                        th scope="col" { "Channel" }
                        th scope="col" { "State" } @if can_act { th.number scope="col" { span.sr { "What to do" } } }
                    } }
                    tbody { @for message in messages { tr data-href=(path(message)) {
                        td.first.cut.m1 { a href=(path(message)) { (message.title) } }
                        td.cut.m3 { (message.alert) }
                        td.m4 { (time::ago(now, message.made_at)) }
                        td.cut.m0 { (message.channel) }
                        td.m2 { (state(message)) }
                        @if can_act { td.number.m0 { (button("again", &message.id, "Send again")) } }
                    } } }
                }
            }
        }
    }
}

fn path(message: &MessageView) -> String {
    format!("/alerts/messages/{}", segment(&message.id))
}

fn state(message: &MessageView) -> Markup {
    match (message.state, &message.failure) {
        ("sent", _) => mark::green("Delivered"),
        ("waiting", None) => mark::under_way("Being sent"),
        ("waiting", Some(_)) => mark::amber("Not delivered yet"),
        _ => mark::red("Given up"),
    }
}

/// A form of one button that does one thing.
fn button(what: &str, which: &str, words: &str) -> Markup {
    html! {
        form action="/alerts" method="post" {
            input type="hidden" name="name" value=(which);
            button type="submit" name="do" value=(what) aria-label=(format!("{words}: {which}")) { (words) }
        }
    }
}

fn alert_table(alerts: &[AlertView], can_act: bool) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Alert" }
                th scope="col" { "Tells of" }
                th scope="col" { "Through" }
                th.wide scope="col" { "Organization" }
                th scope="col" { "State" } @if can_act { th.number scope="col" { span.sr { "What to do" } } }
            } }
            tbody { @for alert in alerts { tr {
                td.first.m1 { (alert.name) }
                td.words.m5 { (alert.words) }
                td.cut.m3 { (alert.channels.join(", ")) }
                td.wide.cut.m0 { @match &alert.organization { Some(name) => (name), None => "every one" } }
                td.m2 { @if alert.is_on { "On" } @else { (mark::open("Paused")) } }
                @if can_act { td.number.m0 {
                    @if alert.is_on {
                        (button("pause", &alert.name, "Pause"))
                    } @else {
                        (button("resume", &alert.name, "Resume"))
                    }
                } }
            } } }
        }
    }
}

fn channel_table(channels: &[ChannelView], can_act: bool) -> Markup {
    html! {
        table.list {
            thead { tr {
                th scope="col" { "Channel" }
                th scope="col" { "Kind" }
                th scope="col" { "Leads to" }
                th.wide scope="col" { "Reaches" }
                @if can_act { th.number scope="col" { span.sr { "What to do" } } }
            } }
            tbody { @for channel in channels { tr {
                td.first.m1 { (channel.name) }
                td.m2 { (channel.channel.kind()) }
                td.cut.m5 title=(channel.target) { (channel.target) }
                td.wide.m0 {
                    @if channel.channel.kind() == "file" {
                        "this machine"
                    } @else if channel.allow_private {
                        "private addresses too"
                    } @else {
                        "public addresses"
                    }
                }
                @if can_act { td.number.m0 { (button("test", &channel.name, "Send a test")) } }
            } } }
        }
    }
}

fn add_form(channels: &[ChannelView]) -> Markup {
    html! {
        details.more {
            summary { "Tell of changes of a sort" }
            form action="/alerts" method="post" {
                label { span { "What to call it" } input type="text" name="name" required maxlength="100"; }
                label {
                    span { "Through" }
                    select name="channel" {
                        @for channel in channels { option value=(channel.name) { (channel.name) } }
                    }
                }
                label {
                    span { "What happens" }
                    select name="turn" {
                        option value="" { "anything" }
                        option value="began" { "something is gained" }
                        option value="ended" { "something is lost" }
                    }
                }
                label {
                    span { "Only this role; * stands for anything" }
                    input type="text" name="role" placeholder="*admin*";
                }
                label { span { "Only this group" } input type="text" name="group"; }
                label { span { "Only roles on this workspace" } input type="text" name="workspace"; }
                label { span { "Only this account" } input type="text" name="account" placeholder="*@example.org"; }
                button.primary type="submit" name="do" value="add" { "Add the alert" }
            }
        }
    }
}

/// Does with alerts, channels and messages what a form says.
pub(crate) async fn act(State(web): State<Web>, fields: Fields) -> Result<Redirect, PageError> {
    let done = act_on(&web, &fields).await;
    done.map_err(|error| error.back_to("/alerts", "Alerts"))?;
    Ok(Redirect::to("/alerts"))
}

async fn act_on(web: &Web, fields: &Fields) -> Result<(), PageError> {
    if web.api.is_none() {
        return Err(PageError::refused(
            "Nothing is told from here",
            "These pages only show what is stored. Start `orgwarden serve` without --no-sync.",
        ));
    }
    let (app, actor, name) = (&web.app, LOCAL_ADMINISTRATOR, fields.one("name"));
    match fields.one("do") {
        "again" => {
            let id = message_number(name).ok_or_else(|| PageError::not_found("message"))?;
            app.message_again(id, actor).await?;
        }
        "test" => _ = app.channel_test(name, actor).await?,
        "pause" => app.alert_switch(name, false, actor).await?,
        "resume" => app.alert_switch(name, true, actor).await?,
        "add" => {
            let list = |field: &str| fields.some(field).map(str::to_owned).into_iter().collect();
            let pattern = ChangePattern {
                kinds: Vec::new(),
                turns: list("turn"),
                roles: list("role"),
                groups: list("group"),
                workspaces: list("workspace"),
                accounts: list("account"),
            };
            let channels: Vec<String> = list("channel");
            let request = AlertRequest {
                name,
                condition: Condition::Change(pattern),
                channels: &channels,
                connection: None,
                actor,
            };
            app.alert_add(&request).await?;
        }
        _ => return Err(PageError::not_found("page")),
    }
    Ok(())
}

/// Shows one message with the attempts to deliver it.
pub(crate) async fn message(
    State(web): State<Web>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Markup, PageError> {
    let missing = || PageError::not_found("message").back_to("/alerts", "Alerts");
    let number_of = message_number(&id).ok_or_else(missing)?;
    let (message, deliveries) = web.app.message(number_of).await.map_err(|_| missing())?;
    let body = html! {
        div.title {
            h1 { (message.title) }
            p.context {
                (message.alert) span.dot { "·" } "made " (time::ago(shell.now, message.made_at))
                span.dot { "·" } "through " (message.channel)
            }
        }
        dl.particulars {
            div { dt { "State" } dd { (state(&message)) } }
            div {
                dt { "Delivered" }
                dd {
                    @match message.sent_at {
                        Some(at) => (time::moment(shell.now, at)),
                        None => (not_told("not yet")),
                    }
                }
            }
            @if let Some(at) = message.next_at { div { dt { "Tried next" } dd { (time::ago(shell.now, at)) } } }
            div { dt { "Id" } dd { (crate::parts::copyable(&message.id)) } }
        }
        section {
            div.heading {
                h2 {
                    "What it tells" span.number { (number(i64::try_from(message.count).unwrap_or(i64::MAX))) }
                }
            }
            ul.plain { @for item in &message.items { li { (item) } } }
        }
        section {
            div.heading { h2 { "Attempts" span.number { (deliveries.len()) } } }
            @if deliveries.is_empty() { p.empty { "None yet." } } @else {
                table.list {
                    thead {
                        tr {
                            th scope="col" { "When" }
                            th.number scope="col" { "Took" }
                            th scope="col" { "How it went" }
                        }
                    }
                    tbody { @for delivery in &deliveries { tr {
                        td.first.m1 { (time::moment(shell.now, delivery.at)) }
                        td.number.m2 { (time::duration_text(delivery.took_ms)) }
                        td.words.m5 {
                            @match &delivery.failure {
                                Some(failure) => (failure),
                                None => (mark::green("Delivered")),
                            }
                        }
                    } } }
                }
            }
        }
    };
    Ok(shell.page(Place::Alerts, &message.title, body))
}
