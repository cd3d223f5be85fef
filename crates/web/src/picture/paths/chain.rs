//! The one path that matters as a chain, for narrow screens.

use crate::parts::{group_path, segment, workspace_path};
use app::views::access::PathView;
use app::views::account::AccountView;
use maud::{Markup, html};

/// The one path that matters as a chain, for narrow screens.
pub(crate) fn chain(view: &AccountView) -> Markup {
    let Some((focus, role)) = view
        .focus
        .as_ref()
        .and_then(|focus| view.roles.get(focus.role).map(|role| (focus, role)))
    else {
        return html! {};
    };
    let others = role.paths.len().saturating_sub(1);
    html! {
        div.chain {
            div.step { b { bdi { (view.item.account.label()) } } span { (crate::parts::account::kind(&view.item)) } }
            @match (&focus.only_through, role.paths.first()) {
                (Some(group), _) => {
                    div.link.removable { "removable" }
                    a.step href=(format!("/groups/{}", segment(&group.group_id))) {
                        b { bdi { (group.name) } } span { "group" }
                    }
                    div.link {}
                }
                (None, Some(PathView::Group { group_id, group_name, .. })) => {
                    div.link {}
                    a.step href=(group_path(group_id)) { b { bdi { (group_name) } } span { "group" } }
                    div.link {}
                }
                (None, Some(PathView::Direct)) => div.link { "direct" },
                (None, Some(PathView::Inferred)) => div.link { "inferred" },
                (None, _) => div.link.removable { "way not read yet" },
            }
            div.step { b { (role.role.name) } span { "role" } }
            div.link {}
            a.step href=(workspace_path(&role.workspace)) {
                b { bdi { (role.workspace.name) } } span { (role.workspace.product) }
            }
            p.note {
                @if others > 0 {
                    (others) @if others == 1 { " other path" } @else { " other paths" } " to "
                    (role.workspace.name) " · "
                }
                a href="#roles" { "List all roles" }
            }
        }
    }
}
