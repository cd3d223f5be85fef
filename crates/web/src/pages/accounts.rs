//! The list of accounts.

use crate::csv::{self, Cells};
use crate::error::PageError;
use crate::pages::{ROWS, position};
use crate::parts::account::{kind, state};
use crate::parts::filter::{Choice, FilterBar};
use crate::parts::{account_link, account_path, address, cell_number, not_told, number, pager, time};
use crate::shell::{Place, Shell, Web};
use app::views::accounts::{AccountItem, AccountOrder, AccountsAsk, AccountsView, TokenFilter};
use app::views::{Scope, Slice};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::Arc;

/// The parameters of the list, all of them optional.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Parameters {
    q: String,
    status: String,
    claim: String,
    r#type: String,
    product: String,
    workspace: String,
    group: String,
    view: String,
    sort: String,
    #[serde(deserialize_with = "position")]
    from: i64,
    format: String,
}

impl Parameters {
    fn ask(&self) -> AccountsAsk {
        AccountsAsk {
            search: self.q.clone(),
            status: self.status.clone(),
            claim_status: self.claim.clone(),
            account_type: self.r#type.clone(),
            product: self.product.clone(),
            workspace: self.workspace.clone(),
            group: self.group.clone(),
            administrator: self.view == "administrators",
            unused: self.view == "unused",
            tokens: match self.view.as_str() {
                "tokens" => TokenFilter::Live,
                "expiring" => TokenFilter::Expiring,
                "leavers" => TokenFilter::OfLeavers,
                _ => TokenFilter::Any,
            },
            order: match self.sort.as_str() {
                "-name" => AccountOrder::NameBackwards,
                "inactive" => AccountOrder::Inactive,
                "active" => AccountOrder::Active,
                "groups" => AccountOrder::Groups,
                "newest" => AccountOrder::Newest,
                _ => AccountOrder::Name,
            },
            slice: Slice::at(self.from, ROWS),
        }
    }

    fn filters(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("view", &self.view),
            ("q", &self.q),
            ("status", &self.status),
            ("claim", &self.claim),
            ("type", &self.r#type),
            ("product", &self.product),
            ("workspace", &self.workspace),
            ("group", &self.group),
        ]
    }

    /// The same list in another order.
    fn sorted(&self, sort: &str) -> String {
        let mut parameters = self.filters();
        parameters.push(("sort", sort));
        address("/accounts", &parameters)
    }
}

/// Shows the list.
pub(crate) async fn show(
    State(web): State<Web>,
    shell: Shell,
    Query(parameters): Query<Parameters>,
) -> Result<Response, PageError> {
    let scope = shell.scope()?;
    let ask = parameters.ask();
    if csv::is_wanted(&parameters.format) {
        return export(&web, scope, ask).await;
    }
    let found = web.app.accounts(scope, &ask).await;
    let view = found.map_err(|error| PageError::from(error).back_to("/accounts", "Accounts"))?;
    let products = web.app.products(scope).await?;
    let mut all = parameters.filters();
    all.push(("sort", &parameters.sort));
    let body = html! {
        (head(&shell, &view))
        @if view.accounts.total > 0 {
            (tabs(&parameters, &view))
            (filters(&parameters, &view, products).markup())
        }
        (list(&shell, &parameters, &view))
        (pager(&view.accounts, "/accounts", &all, true))
    };
    Ok(shell.page(Place::Accounts, "Accounts", body).into_response())
}

const HEADS: [&str; 15] = [
    "account_id",
    "name",
    "email",
    "type",
    "status",
    "claim_status",
    "directory_statuses",
    "products",
    "resources",
    "groups",
    "live_tokens",
    "last_active_at",
    "platform_roles",
    "not_seen_at",
    "first_seen_at",
];

fn cells(item: &AccountItem) -> Cells {
    let roles: Vec<&str> = item
        .platform_roles
        .iter()
        .map(|role| role.name.as_str())
        .collect();
    vec![
        item.account.account_id.clone(),
        csv::text(item.account.name.as_ref()),
        csv::text(item.account.email.as_ref()),
        csv::text(item.account_type.as_ref()),
        csv::text(item.status.as_ref()),
        csv::text(item.claim_status.as_ref()),
        item.directory_statuses.join("; "),
        item.products.join("; "),
        item.resources.to_string(),
        item.groups.to_string(),
        item.live_tokens.to_string(),
        csv::time(item.last_active_at),
        roles.join("; "),
        csv::time(item.since.unseen_at),
        item.since.seen_at.to_string(),
    ]
}

async fn export(web: &Web, scope: &Scope, ask: AccountsAsk) -> Result<Response, PageError> {
    let (app, scope) = (Arc::clone(&web.app), scope.clone());
    csv::file("accounts", &HEADS, 0, move |offset| {
        let (app, scope, mut ask) = (Arc::clone(&app), scope.clone(), ask.clone());
        async move {
            ask.slice = Slice::at(offset, csv::PART);
            let rows = app.account_rows(&scope, &ask).await?;
            let next = csv::after(offset, rows.len());
            Ok((rows.iter().map(cells).collect(), next))
        }
    })
    .await
}

fn head(shell: &Shell, view: &AccountsView) -> Markup {
    let tally = view.tally;
    html! {
        div.title {
            h1 { "Accounts" span.number.short { (number(tally.accounts)) } }
            p.context {
                (number(tally.managed)) " managed, " (number(tally.external)) " external"
                @if tally.apps > 0 { ", of which " (number(tally.apps)) " apps" }
                span.dot { "·" } (shell.age())
                @if let Some(read_at) = view.activity_read_at {
                    span.dot { "·" } "last activity as of " (time::moment(shell.now, read_at))
                    ", Atlassian lags by up to 24 hours"
                }
            }
        }
    }
}

fn tabs(parameters: &Parameters, view: &AccountsView) -> Markup {
    let has_filter = [&parameters.status, &parameters.r#type]
        .iter()
        .any(|text| !text.is_empty());
    let tab = |name: &str, count: i64, pairs: &[(&str, &str)], is_here: bool| {
        html! {
            @if count > 0 || is_here {
                a href=(address("/accounts", pairs)) aria-current=[is_here.then_some("true")] {
                    (name) span.number { (number(count)) }
                }
            }
        }
    };
    let plain = parameters.view.is_empty() && !has_filter && parameters.claim.is_empty();
    let view_is = |view: &str| parameters.view == view;
    html! {
        nav.tabs aria-label="Usual filters" {
            (tab("All", view.tally.accounts, &[], plain))
            (tab("Administrators", view.facets.administrators, &[("view", "administrators")], view_is("administrators")))
            (tab("External", view.tally.external, &[("claim", "unmanaged")], parameters.claim == "unmanaged" && parameters.view.is_empty()))
            (tab("Unused, 90 days", view.facets.unused, &[("view", "unused")], view_is("unused")))
            (tab("With API tokens", view.facets.with_tokens, &[("view", "tokens")], view_is("tokens")))
            @if view_is("expiring") {
                (tab("Tokens expiring in 30 days", view.accounts.shown, &[("view", "expiring")], true))
            }
            @if view_is("leavers") { (tab("Left, tokens live", view.accounts.shown, &[("view", "leavers")], true)) }
            (tab("Apps", view.tally.apps, &[("type", "app")], parameters.r#type == "app"))
            (tab("Inactive", view.tally.inactive, &[("status", "inactive")], parameters.status == "inactive"))
        }
    }
}

fn filters<'p>(
    parameters: &'p Parameters,
    view: &AccountsView,
    products: Vec<(String, String)>,
) -> FilterBar<'p> {
    let values = |values: &[(&str, &str)]| {
        values
            .iter()
            .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
            .collect()
    };
    FilterBar {
        path: "/accounts",
        hint: "Name, e-mail or account id",
        search: &parameters.q,
        choices: vec![
            Choice {
                name: "product",
                label: "Product is",
                values: products,
                set: &parameters.product,
            },
            Choice {
                name: "status",
                label: "Account is",
                values: values(&[
                    ("active", "active"),
                    ("inactive", "inactive"),
                    ("closed", "closed"),
                ]),
                set: &parameters.status,
            },
            Choice {
                name: "claim",
                label: "Claim is",
                values: values(&[("managed", "managed"), ("unmanaged", "external")]),
                set: &parameters.claim,
            },
            Choice {
                name: "type",
                label: "Kind is",
                values: values(&[
                    ("atlassian", "person"),
                    ("app", "app"),
                    ("customer", "portal customer"),
                ]),
                set: &parameters.r#type,
            },
            Choice {
                name: "workspace",
                label: "Has a role on",
                values: Vec::new(),
                set: &parameters.workspace,
            },
            Choice {
                name: "group",
                label: "Is in",
                values: Vec::new(),
                set: &parameters.group,
            },
        ],
        kept: vec![("view", &parameters.view), ("sort", &parameters.sort)],
        shown: view.accounts.shown,
        filtered_out: view.accounts.filtered_out(),
        exports: true,
    }
}

fn list(shell: &Shell, parameters: &Parameters, view: &AccountsView) -> Markup {
    if view.accounts.rows.is_empty() {
        return html! {
            div.empty {
                @if view.accounts.total == 0 {
                    @if shell.is_read() { p { b { "This organization has no account." } } }
                    @else {
                        p {
                            b { "No account is known yet." } " The first reading brings them: run "
                            code { "orgwarden sync" } "."
                        }
                    }
                } @else {
                    p {
                        b { "No account matches." } " " (number(view.accounts.total)) " are filtered out. "
                        a href="/accounts" { "Show all" }
                    }
                }
            }
        };
    }
    let sort = parameters.sort.as_str();
    let arrow =
        |is_here: bool, arrow: &str| html! { @if is_here { span aria-hidden="true" { " " (arrow) } } };
    let by_name = sort.is_empty() || sort == "name";
    html! {
        table.list.dense {
            thead { tr {
                th scope="col" aria-sort=[match sort { "-name" => Some("descending"), _ if by_name => Some("ascending"), _ => None }] {
                    a href=(parameters.sorted(if by_name { "-name" } else { "" })) {
                        "Name" (arrow(by_name, "↑")) (arrow(sort == "-name", "↓"))
                    }
                }
                th scope="col" { "E-mail" }
                th.wide scope="col" { "Kind" }
                th scope="col" { "Products" }
                th.number scope="col" {
                    a href=(parameters.sorted("groups")) { "Groups" (arrow(sort == "groups", "↓")) }
                }
                th.number.wide scope="col" { "Tokens" }
                th.number scope="col" {
                    a href=(parameters.sorted(if sort == "inactive" { "active" } else { "inactive" })) {
                        "Last active" (arrow(sort == "inactive", "↑")) (arrow(sort == "active", "↓"))
                    }
                }
                th scope="col" { "State" }
            } }
            tbody { @for item in &view.accounts.rows { (row(shell, item)) } }
        }
    }
}

fn row(shell: &Shell, item: &AccountItem) -> Markup {
    let more = item.products.len().saturating_sub(2);
    html! {
        tr data-href=(account_path(&item.account)) {
            td.first.m1 { (account_link(&item.account)) }
            td.cut.m3 title=[item.account.email.as_deref()] {
                @match &item.account.email { Some(email) => (email), None => (not_told("no e-mail")) }
            }
            td.wide.m0 { @match kind(item) { "" => (not_told("not told")), kind => (kind) } }
            td.cut.m0 title=(item.products.join(", ")) {
                @if item.products.is_empty() { (not_told("none")) }
                (item.products.iter().take(2).cloned().collect::<Vec<_>>().join(", "))
                @if more > 0 { ", +" (more) }
            }
            td.number.m0 { (cell_number(item.groups)) }
            td.number.wide.m0 { (cell_number(item.live_tokens)) }
            td.number.m4 {
                @match item.last_active_at {
                    Some(at) => (time::ago(shell.now, at)),
                    None => (not_told("not told")),
                }
            }
            td.m2 { (state(item)) }
        }
    }
}
