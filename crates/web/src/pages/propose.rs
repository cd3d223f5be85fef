//! Making a plan of what was chosen on a page. Nothing is changed by it.

use crate::error::PageError;
use crate::form::Fields;
use crate::pages::plans::plan_path;
use crate::parts::counted;
use crate::shell::{Place, Shell, Web};
use app::LOCAL_ADMINISTRATOR;
use app::plans::{PlanRequest, Refused, Wish};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

/// Makes the plan, and leads to its page; or says why nothing of it is left.
pub(crate) async fn make(
    State(web): State<Web>,
    shell: Shell,
    fields: Fields,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let Some(api) = web.api.as_ref().filter(|_| shell.can_change) else {
        return Err(PageError::refused(
            "Nothing can be changed from here",
            "These pages show what is stored, or an earlier day. Go back to the present, or start `orgwarden serve` without --no-sync.",
        ));
    };
    let wishes = match fields.one("do") {
        "leaver" => web.app.leaver(scope, fields.one("account")).await?.wishes(),
        _ => wishes(&fields),
    };
    if wishes.is_empty() {
        return Err(PageError::refused(
            "Nothing was chosen",
            "Go back and choose at least one row, or name at least one account.",
        ));
    }
    let mut actions = Vec::new();
    for wish in &wishes {
        actions.extend(web.app.wish_actions(scope, wish).await?);
    }
    let connections = web.app.writes_of(scope).await?;
    let connection = connections.first().map(|writes| writes.connection.as_str());
    let request = PlanRequest {
        connection,
        actions,
        comment: fields.some("comment"),
        // What somebody who leaves has is taken away as far as that is possible.
        goes_on: fields.one("do") == "leaver",
        actor: LOCAL_ADMINISTRATOR,
        ..PlanRequest::default()
    };
    let made = web.app.plan_make(&request, api).await?;
    match made.id {
        Some(id) => Ok(Redirect::to(&plan_path(&id.to_string())).into_response()),
        None => Ok((StatusCode::CONFLICT, nothing_left(&shell, &made.refused)).into_response()),
    }
}

/// What a form wants.
fn wishes(fields: &Fields) -> Vec<Wish> {
    let account = fields.one("account");
    let group = fields.one("group");
    let members = |accounts: Vec<String>, join: bool| Wish::Members {
        group: group.to_owned(),
        accounts,
        join,
    };
    match fields.one("do") {
        "leave" => fields
            .all("group")
            .map(|group| Wish::Members {
                group: group.to_owned(),
                accounts: vec![account.to_owned()],
                join: false,
            })
            .collect(),
        "revoke" => fields
            .all("role")
            .filter_map(|chosen| chosen.split_once(' '))
            .map(|(role, on)| Wish::Role {
                account: account.to_owned(),
                on: on.to_owned(),
                role: role.to_owned(),
                give: false,
            })
            .collect(),
        word @ ("suspend" | "restore") => vec![Wish::Suspension {
            account: account.to_owned(),
            suspend: word == "suspend",
        }],
        "remove-members" => {
            let accounts: Vec<String> = fields.all("account").map(str::to_owned).collect();
            some(accounts)
                .map(|accounts| members(accounts, false))
                .into_iter()
                .collect()
        }
        "add-members" => {
            let lines = fields.one("accounts").lines().map(str::trim);
            let accounts = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
            some(accounts)
                .map(|accounts| members(accounts, true))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn some(accounts: Vec<String>) -> Option<Vec<String>> {
    Some(accounts).filter(|accounts| !accounts.is_empty())
}

fn nothing_left(shell: &Shell, refused: &[Refused]) -> Markup {
    let count = i64::try_from(refused.len()).unwrap_or(0);
    let body = html! {
        div.title {
            h1 { "No plan was made" }
            p.context {
                @if refused.is_empty() {
                    "There is nothing to do"
                } @else {
                    (counted(count, "change was", "changes were")) " wanted, and none can be made from here"
                }
            }
        }
        @if !refused.is_empty() { (refusals(refused)) }
    };
    shell.page(Place::Plans, "No plan was made", body)
}

/// What is not part of a plan, why, and what to do instead.
pub(crate) fn refusals(refused: &[Refused]) -> Markup {
    html! {
        table.list {
            thead {
                tr {
                    th scope="col" { "Wanted" }
                    th scope="col" { "Why not" }
                    th scope="col" { "What to do instead" }
                }
            }
            tbody { @for one in refused { tr {
                td.words.m1.all { (one.what) }
                td.words.m5 { (one.reason) }
                td.words.m6 { (one.next_step) }
            } } }
        }
    }
}
