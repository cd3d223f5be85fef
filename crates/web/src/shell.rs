//! What is around every page: head, rail, age of the data, theme.

use crate::Mailbox;
use crate::error::PageError;
use crate::frame::{SHIELD, head};
use crate::gate::{self, Gate};
use crate::parts::time;
use app::views::accounts::DAY_MS;
use app::views::overview::Counts;
use app::views::scope::ScopeChoice;
use app::views::{At, Scope, ViewError};
use app::{App, LOCAL_ADMINISTRATOR};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use maud::{DOCTYPE, Markup, html};
use std::sync::Arc;

/// The name of the cookie, and of the field of an address, that says what to look back to.
pub(crate) const AS_OF: &str = "as_of";

/// What every handler may use.
#[derive(Clone)]
pub(crate) struct Web {
    pub app: Arc<App>,
    pub gate: Arc<Gate>,
    /// How Atlassian is called to make a plan; `None` where only what is stored is shown.
    pub api: Option<Arc<app::Options>>,
    /// Letters to show; only the demo has some.
    pub mailbox: Option<Arc<dyn Mailbox>>,
}

/// The places of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Accounts,
    Groups,
    Workspaces,
    Tokens,
    Organization,
    Changes,
    Findings,
    Query,
    Events,
    Plans,
    Alerts,
    Mailbox,
    Connections,
}

/// What a page needs to know of the request, and what its surroundings show.
pub(crate) struct Shell {
    /// What is looked at; `None` when nothing is connected.
    pub scope: Option<Scope>,
    /// Sizes for the rail.
    pub counts: Counts,
    /// How many plans wait for this person.
    pub plans: i64,
    /// How many messages were not delivered.
    pub unsent: i64,
    /// How many findings are open.
    pub findings: i64,
    /// Whether plans can be made and carried out from these pages.
    pub can_change: bool,
    /// The present, by the product's clock.
    pub now: i64,
    has_mailbox: bool,
    theme: &'static str,
    path: String,
    /// The day that was chosen to look back to, and why it cannot be shown if it cannot.
    as_of: Option<(String, Option<String>)>,
}

impl FromRequestParts<Web> for Shell {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Shell, PageError> {
        let organization = chosen(&parts.headers);
        let kept = || gate::cookie(&parts.headers, AS_OF).filter(|text| moment(text).is_some());
        let asked = as_of_in(&parts.uri).or_else(|| kept().map(str::to_owned));
        let choice = ScopeChoice {
            organization,
            as_of: asked.as_deref().and_then(moment),
        };
        let unread = choice
            .as_of
            .is_none()
            .then(|| "it is no day such as 2026-03-01".to_owned());
        let mut as_of = asked.map(|text| (text, unread));
        let scope = match find_scope(web, &choice).await {
            Err(ViewError::BeforeFirstReading) => {
                let why = "no reading had ended by then".to_owned();
                as_of = as_of.map(|(day, _)| (day, Some(why)));
                find_scope(
                    web,
                    &ScopeChoice {
                        as_of: None,
                        ..choice
                    },
                )
                .await?
            }
            other => other?,
        };
        let counts = match &scope {
            Some(scope) => web.app.counts(scope).await?,
            None => Counts::default(),
        };
        let plans = match &scope {
            Some(scope) => web.app.plans_waiting(scope, LOCAL_ADMINISTRATOR).await?,
            None => 0,
        };
        let unsent = web.app.messages_unsent().await?;
        let findings = match &scope {
            Some(scope) => web.app.findings_open(scope).await?.0,
            None => 0,
        };
        let theme = match gate::cookie(&parts.headers, "theme") {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "",
        };
        let path = without_as_of(&parts.uri);
        let is_present = scope.as_ref().is_some_and(|scope| scope.is_current);
        Ok(Shell {
            scope,
            counts,
            plans,
            unsent,
            findings,
            can_change: web.api.is_some() && is_present && as_of.is_none(),
            now: web.app.clock.now_ms(),
            has_mailbox: web.mailbox.is_some(),
            theme,
            path,
            as_of,
        })
    }
}

/// The day or moment that an address looks back to, as it was written.
pub(crate) fn as_of_in(uri: &Uri) -> Option<String> {
    let mut fields = url::form_urlencoded::parse(uri.query()?.as_bytes());
    let (_, text) = fields.find(|(name, _)| name == AS_OF)?;
    Some(text.into_owned()).filter(|text| !text.is_empty())
}

/// The path and the query of an address but for what it looks back to.
fn without_as_of(uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let others = query
        .split('&')
        .filter(|part| part.split('=').next() != Some(AS_OF));
    let others = others.collect::<Vec<&str>>().join("&");
    match others.as_str() {
        "" => uri.path().to_owned(),
        others => format!("{}?{others}", uri.path()),
    }
}

/// What a text looks back to: a moment, or the end of a day, whose last reading counts.
pub(crate) fn moment(text: &str) -> Option<At> {
    let at = At::parse(text)?;
    let is_day = text.len() == "2026-03-01".len();
    Some(if is_day { At(at.0 + DAY_MS - 1) } else { at })
}

/// The organization that this browser chose.
fn chosen(headers: &HeaderMap) -> Option<String> {
    let value = gate::cookie(headers, "organization")?;
    let (name, _) = url::form_urlencoded::parse(value.as_bytes()).next()?;
    Some(name.into_owned()).filter(|name| !name.is_empty())
}

/// The number of the reading that pages show now: open ones ask for it, and bring themselves up to date when it is
/// another.
pub(crate) async fn news(State(web): State<Web>, headers: HeaderMap) -> Result<String, PageError> {
    let choice = ScopeChoice {
        organization: chosen(&headers),
        as_of: None,
    };
    let scope = find_scope(&web, &choice).await?;
    Ok(scope.map(|scope| turn(&scope)).unwrap_or_default())
}

fn turn(scope: &Scope) -> String {
    scope.run.map_or_else(String::new, |run| run.0.to_string())
}

/// What was chosen; the first organization when several are connected and none is chosen, or it is gone.
async fn find_scope(web: &Web, choice: &ScopeChoice) -> Result<Option<Scope>, ViewError> {
    match web.app.scope(choice).await {
        Ok(scope) => Ok(Some(scope)),
        Err(ViewError::NothingConnected) => Ok(None),
        Err(ViewError::WhichOrganization { .. } | ViewError::Unknown { .. }) => {
            let organization = web
                .app
                .organizations()
                .await?
                .into_iter()
                .next()
                .map(|found| found.id);
            Ok(Some(
                web.app
                    .scope(&ScopeChoice {
                        organization,
                        as_of: choice.as_of,
                    })
                    .await?,
            ))
        }
        Err(error) => Err(error),
    }
}

/// Which keys do what; the script opens it.
fn keys() -> Markup {
    let keys = [
        ("/", "search"),
        ("j", "next row"),
        ("k", "row before"),
        ("Enter", "open the row"),
        ("n", "next part of a list"),
        ("p", "part before"),
        ("?", "these keys"),
        ("Esc", "leave the field, close this"),
    ];
    html! {
        dialog #keys aria-labelledby="keys-title" {
            h2 #keys-title { "Keys" }
            dl { @for (key, words) in keys { div { dt { kbd { (key) } } dd { (words) } } } }
            form method="dialog" { button type="submit" { "Close" } }
        }
    }
}

impl Shell {
    /// What is looked at, or an error that says that nothing is connected.
    pub fn scope(&self) -> Result<&Scope, PageError> {
        self.scope
            .as_ref()
            .ok_or_else(|| PageError::from(ViewError::NothingConnected))
    }

    /// Whether anything was read yet.
    pub fn is_read(&self) -> bool {
        self.scope.as_ref().is_some_and(Scope::is_read)
    }

    /// The whole page.
    pub fn page(&self, place: Place, title: &str, body: Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" data-theme=[Some(self.theme).filter(|theme| !theme.is_empty())] {
                (head(&format!("{title} · Orgwarden"), None))
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (self.rail(place))
                    main #main tabindex="-1" data-live=[self.live()] { (self.earlier()) (body) }
                    (keys())
                }
            }
        }
    }

    /// Which reading the page shows, where it shows the present and so can be brought up to date.
    fn live(&self) -> Option<String> {
        let scope = self.scope.as_ref().filter(|scope| scope.is_current)?;
        self.as_of.is_none().then(|| turn(scope))
    }

    /// Says that it is not the present that is shown.
    fn earlier(&self) -> Markup {
        let Some((day, trouble)) = &self.as_of else {
            return html! {};
        };
        let back = crate::parts::address("/as-of", &[("back", &self.path)]);
        html! {
            p.earlier role="status" {
                @match (trouble, self.scope.as_ref().and_then(|scope| scope.read_at)) {
                    (Some(trouble), _) => { "Nothing is known of " (day) ": " (trouble) ". This is the present." }
                    (None, Some(read_at)) => { "As of " b { (day) } ", from the reading of " (time::moment(self.now, read_at)) ". Last activity is always the latest." }
                    (None, None) => { "As of " (day) "." }
                }
                " " a href=(back) { "Back to the present" }
            }
        }
    }

    fn rail(&self, place: Place) -> Markup {
        let number = |count: i64| html! { @if count > 0 { span.count { (crate::parts::number(count)) } } };
        let link = |to: Place, path: &str, name: &str, count: Markup| {
            html! { a href=(path) aria-current=[(to == place).then_some("page")] { span { (name) } (count) } }
        };
        let attention = html! {
            @if self.counts.needs_person > 0 {
                span.count { span.mark.red { (crate::parts::mark::DIAMOND) } " " (self.counts.needs_person) }
            }
        };
        html! {
            header.rail {
                a.brand href="/" {
                    (SHIELD)
                    span { "Orgwarden" }
                    @if let Some(scope) = &self.scope { small { (scope.organization_name) } }
                }
                a.bar-link href="/accounts#search" { "Search" }
                input #menu type="checkbox" aria-label="Menu";
                label.bar-link for="menu" aria-hidden="true" { "Menu" }
                nav aria-label="Main" {
                    (link(Place::Overview, "/", "Overview", attention))
                    (link(Place::Accounts, "/accounts", "Accounts", number(self.counts.accounts)))
                    (link(Place::Groups, "/groups", "Groups", number(self.counts.groups)))
                    (link(Place::Workspaces, "/workspaces", "Workspaces", number(self.counts.workspaces)))
                    (link(Place::Tokens, "/tokens", "API tokens", number(self.counts.tokens)))
                    (link(Place::Organization, "/organization", "Organization", html! {}))
                    (link(Place::Changes, "/changes", "Changes", html! {}))
                    (link(Place::Findings, "/findings", "Findings", number(self.findings)))
                    (link(Place::Query, "/query", "Query", html! {}))
                    (link(Place::Events, "/events", "Audit log", html! {}))
                    (link(Place::Plans, "/plans", "Plans", number(self.plans)))
                    (link(Place::Alerts, "/alerts", "Alerts", number(self.unsent)))
                    @if self.has_mailbox { (link(Place::Mailbox, "/mailbox", "Mailbox", html! {})) }
                    (link(Place::Connections, "/connections", "Connections", html! {}))
                }
                div.foot {
                    @match self.scope.as_ref().and_then(|scope| scope.read_at) {
                        Some(read_at) => p { "Read " (time::ago(self.now, read_at)) },
                        None => p { "Not read yet" },
                    }
                    p.zone { "Times are UTC" }
                    @if let Some(first) = self.scope.as_ref().and_then(|scope| scope.first_read_at) {
                        details.as-of open[self.as_of.is_some()] {
                            summary { "As of a date" }
                            form action="/as-of" method="get" {
                                input type="hidden" name="back" value=(self.path);
                                input type="date" name="day" aria-label="Day" required
                                    min=[time::day_of(first)] max=[time::day_of(At(self.now))]
                                    value=[self.as_of.as_ref().map(|(day, _)| day)];
                                button type="submit" { "Show" }
                            }
                        }
                    }
                    p { button.keys-open type="button" data-keys hidden { "Keys " kbd { "?" } } }
                    p.themes role="group" aria-label="Theme" {
                        @for (value, name) in [("", "System"), ("light", "Light"), ("dark", "Dark")] {
                            a href=(crate::parts::address("/theme", &[("to", value), ("back", &self.path)]))
                                data-theme-to=(value) aria-current=[(self.theme == value).then_some("true")] { (name) }
                        }
                    }
                }
            }
        }
    }

    /// The line under a title: how old the data is.
    pub fn age(&self) -> Markup {
        match self.scope.as_ref().and_then(|scope| scope.read_at) {
            Some(read_at) => html! { "read " (time::ago(self.now, read_at)) },
            None => html! { "not read yet" },
        }
    }
}
