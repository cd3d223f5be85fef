//! What every answer to a browser is framed by: the head, and pages without the rail.

use crate::assets::{icon_path, script_path, style_path};
use maud::{DOCTYPE, Markup, PreEscaped, html};

pub(crate) const SHIELD: PreEscaped<&str> = PreEscaped(
    r#"<svg class="shield" width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" aria-hidden="true"><path d="M8 1.500 2.500 3.500v4c0 3.400 2.300 5.800 5.500 7 3.200-1.200 5.500-3.600 5.500-7v-4z"/><path d="M5.500 7.500h5" stroke-linecap="round"/></svg>"#,
);

pub(crate) fn head(title: &str, go_on: Option<&str>) -> Markup {
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
