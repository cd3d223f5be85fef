//! What is around every page: head, rail, age of the data, theme.

use crate::assets::{icon_path, script_path, style_path};
use crate::error::PageError;
use crate::gate;
use crate::parts::time;
use crate::routes::Web;
use app::views::overview::Counts;
use app::views::scope::ScopeChoice;
use app::views::{Scope, ViewError};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The places of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Accounts,
    Groups,
    Workspaces,
    Changes,
    Connections,
}

/// What a page needs to know of the request, and what its surroundings show.
pub(crate) struct Shell {
    /// What is looked at; `None` when nothing is connected.
    pub scope: Option<Scope>,
    /// Sizes for the rail.
    pub counts: Counts,
    /// The present, by the product's clock.
    pub now: i64,
    theme: &'static str,
    path: String,
}

impl FromRequestParts<Web> for Shell {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Shell, PageError> {
        let organization = gate::cookie(&parts.headers, "organization").and_then(|value| {
            let decoded = url::form_urlencoded::parse(value.as_bytes()).next();
            decoded
                .map(|(name, _)| name.into_owned())
                .filter(|name| !name.is_empty())
        });
        let scope = match web
            .app
            .scope(&ScopeChoice {
                organization,
                as_of: None,
            })
            .await
        {
            Ok(scope) => Some(scope),
            Err(ViewError::NothingConnected) => None,
            // Several are connected and none is chosen, or the chosen one is gone: the first one.
            Err(ViewError::WhichOrganization { .. } | ViewError::Unknown { .. }) => {
                let first = web
                    .app
                    .organizations()
                    .await?
                    .into_iter()
                    .next()
                    .map(|organization| organization.id);
                Some(
                    web.app
                        .scope(&ScopeChoice {
                            organization: first,
                            as_of: None,
                        })
                        .await?,
                )
            }
            Err(error) => return Err(error.into()),
        };
        let counts = match &scope {
            Some(scope) => web.app.counts(scope).await?,
            None => Counts::default(),
        };
        let theme = match gate::cookie(&parts.headers, "theme") {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "",
        };
        let path = parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned();
        Ok(Shell {
            scope,
            counts,
            now: web.app.clock.now_ms(),
            theme,
            path,
        })
    }
}

const SHIELD: PreEscaped<&str> = PreEscaped(
    r#"<svg class="shield" width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true"><path d="M8 1.500 2.500 3.500v4c0 3.400 2.300 5.800 5.500 7 3.200-1.200 5.500-3.600 5.500-7v-4z"/><path d="M5.500 7.500h5" stroke-linecap="round"/></svg>"#,
);

fn head(title: &str, go_on: Option<&str>) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            @if let Some(path) = go_on { meta http-equiv="refresh" content=(format!("0; url={path}")); }
            title { (title) }
            link rel="icon" href=(icon_path()) type="image/svg+xml";
            link rel="stylesheet" href=(style_path());
            script src=(script_path()) defer {}
        }
    }
}

/// A page without the rail, for whoever is not inside or is lost.
pub(crate) fn bare(title: &str, body: Markup) -> Markup {
    bare_page(title, None, body)
}

/// A page without the rail that goes on to `path` by itself.
pub(crate) fn bare_going_on(title: &str, path: &str, body: Markup) -> Markup {
    bare_page(title, Some(path), body)
}

fn bare_page(title: &str, go_on: Option<&str>, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title, go_on))
            body.bare {
                main #main {
                    p.brand { (SHIELD) span { "Orgwarden" } }
                    (body)
                }
            }
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

    /// The whole page.
    pub fn page(&self, place: Place, title: &str, body: Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" data-theme=[Some(self.theme).filter(|theme| !theme.is_empty())] {
                (head(&format!("{title} · Orgwarden"), None))
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (self.rail(place))
                    main #main { (body) }
                }
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
                    (link(Place::Changes, "/changes", "Changes", html! {}))
                    (link(Place::Connections, "/connections", "Connections", html! {}))
                }
                div.foot {
                    @match self.scope.as_ref().and_then(|scope| scope.read_at) {
                        Some(read_at) => p { "Read " (time::ago(self.now, read_at)) },
                        None => p { "Not read yet" },
                    }
                    p.zone { "Times are UTC" }
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
