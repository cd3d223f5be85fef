//! Where everything of a drawing stands.

use super::fold::{Drawing, Via, Way, WorkspaceNode};
use super::shape::{
    LAYOUTS, Layout, NODE, ROW, TOP, curve, edge_class, on, point, rect, short_since, two_line_node,
};
use crate::parts::group_path;
use crate::picture::fit;
use app::views::account::AccountView;
use maud::{Markup, html};

/// What is drawn over what: quiet edges lie below, nodes above.
#[derive(Default)]
struct Layers {
    quiet: Vec<Markup>,
    bold: Vec<Markup>,
    nodes: Vec<Markup>,
}

impl Drawing {
    /// The drawings for wide and for middling rooms; the style sheet shows one of them, or [`mod@super::chain`].
    pub fn markup(&self, view: &AccountView, now: i64, words: &str) -> Markup {
        html! { @for layout in &LAYOUTS { (self.draw(layout, view, now, words)) } }
    }

    fn draw(&self, l: &Layout, view: &AccountView, now: i64, words: &str) -> Markup {
        let rows: usize = self
            .workspaces
            .iter()
            .flat_map(|node| &node.roles)
            .map(|role| role.ways.len())
            .sum();
        let rows = i64::try_from(rows).unwrap_or(0);
        if rows == 0 {
            return html! {};
        }
        let height = TOP + rows * ROW - (ROW - NODE) + 8;
        let middle = TOP + (rows * ROW - (ROW - NODE)) / 2;
        let mut layers = Layers::default();
        let label = view.item.account.label();
        let kind = crate::parts::account::kind(&view.item);
        let status = view.item.status.as_deref().unwrap_or("status not told");
        let detail = if kind.is_empty() {
            status.to_owned()
        } else {
            format!("{kind}, {status}")
        };
        layers
            .nodes
            .push(two_line_node(l, 0, middle, true, label, &detail));
        let mut row = 0;
        for workspace in &self.workspaces {
            let mut role_middles = Vec::new();
            for role in &workspace.roles {
                let mut way_middles = Vec::new();
                for way in &role.ways {
                    way_middles.push((TOP + row * ROW + NODE / 2, way));
                    row += 1;
                }
                let is_focus = role.ways.iter().any(|way| way.is_focus);
                let sum: i64 = way_middles.iter().map(|(y, _)| *y).sum();
                let role_middle = sum / i64::try_from(way_middles.len()).unwrap_or(1).max(1);
                for (y, way) in &way_middles {
                    self.way(l, &mut layers, way, (middle, *y, role_middle), now);
                }
                let name = html! {
                    text x=(l.column[2] + 14) y=(role_middle + 5) class=(on(is_focus)) {
                        (fit(&role.name, (l.wide[2] - 28) as f64, 8.0))
                    }
                };
                layers
                    .nodes
                    .push(html! { (rect(l, 2, role_middle, NODE, is_focus)) (name) });
                let is_unread = role.ways.iter().all(|way| way.via == Via::NotRead);
                role_middles.push((role_middle, is_focus, is_unread));
            }
            let sum: i64 = role_middles.iter().map(|(y, _, _)| *y).sum();
            let workspace_middle = sum / i64::try_from(role_middles.len()).unwrap_or(1).max(1);
            let is_focus = role_middles.iter().any(|(_, is_focus, _)| *is_focus);
            for (y, is_focus, is_unread) in role_middles {
                let line = curve(l.column[2] + l.wide[2], y, l.column[3], workspace_middle);
                let class = edge_class(is_focus, false, is_unread);
                let edge = html! { path class=(class) d=(line) {} };
                if is_focus {
                    layers.bold.push(edge)
                } else {
                    layers.quiet.push(edge)
                }
            }
            layers
                .nodes
                .push(self.workspace(l, workspace, workspace_middle, is_focus));
        }
        html! {
            svg class=(l.class) viewBox=(format!("0 0 {} {height}", l.width)) role="group" aria-label=(words) {
                @for (index, name) in ["Account", "Group", "Role", "Workspace"].iter().enumerate() {
                    text class="small" x=(l.column.get(index).copied().unwrap_or(0)) y="12" { (name) }
                }
                @for edge in layers.quiet { (edge) }
                @for edge in layers.bold { (edge) }
                @for node in layers.nodes { (node) }
            }
        }
    }

    /// Draws one way: the edge from the account, the group or the word, and the edge to the role.
    fn way(&self, l: &Layout, layers: &mut Layers, way: &Way, (from, y, to): (i64, i64, i64), now: i64) {
        let unread = way.via == Via::NotRead;
        let into = curve(l.column[0] + l.wide[0], from, l.column[1], y);
        let mut edges =
            vec![html! { path class=(edge_class(way.is_focus, way.is_removable, unread)) d=(into) {} }];
        match &way.via {
            Via::Group { id, name, since } => {
                let told = short_since(now, *since);
                let whole = (l.wide[1] - 28) as f64;
                let unit = if way.is_focus { 8.8 } else { 8.0 };
                // Names differ at their ends: a time stands there only where it takes nothing from the name.
                let beside = whole - told.len() as f64 * 6.8 - 12.0;
                let has_room = !told.is_empty() && fit(name, beside, unit) == *name;
                let since = if has_room { told.as_str() } else { "" };
                let room = if has_room { beside } else { whole };
                layers.nodes.push(html! {
                    a href=(group_path(id)) {
                        title { (name) @if !told.is_empty() { ", " (told) } }
                        (rect(l, 1, y, NODE, way.is_focus))
                        text x=(l.column[1] + 14) y=(y + 5) class=(on(way.is_focus)) { (fit(name, room, unit)) }
                        text.small x=(l.column[1] + l.wide[1] - 14) y=(y + 4) text-anchor="end" { (since) }
                    }
                });
                edges.push(html! { path class=(edge_class(way.is_focus, false, false)) d=(curve(l.column[1] + l.wide[1], y, l.column[2], to)) {} });
            }
            Via::Groups { names } => {
                let all = names.join(", ");
                layers.nodes.push(html! {
                    a href="#groups" {
                        title { (all) }
                        rect class="node behind" x=(l.column[1] + 6) y=(y - NODE / 2 + 5) width=(l.wide[1] - 6) height=(NODE) rx="6" {}
                        rect class="node" x=(l.column[1]) y=(y - NODE / 2) width=(l.wide[1] - 6) height=(NODE) rx="6" {}
                        text x=(l.column[1] + 14) y=(y + 5) {
                            "+" (names.len()) @if names.len() == 1 { " group" } @else { " groups" }
                        }
                        text.small x=(l.column[1] + l.wide[1] - 20) y=(y + 4) text-anchor="end" {
                            (if way.is_rest { "other roles" } else { "same role" })
                        }
                    }
                });
                edges.push(html! { path.edge d=(curve(l.column[1] + l.wide[1], y, l.column[2], to)) {} });
            }
            Via::Word(_) | Via::NotRead => {
                let word = match &way.via {
                    Via::Word(word) => *word,
                    _ => "way not read yet",
                };
                let class = edge_class(false, false, unread);
                let center = l.column[1] + l.wide[1] / 2;
                let half = i64::try_from(word.len()).unwrap_or(10) * 3 + 12;
                edges.push(
                    html! { path class=(class) d=(format!("M{} {y}H{}", l.column[1], center - half)) {} },
                );
                edges.push(html! { path class=(class) d=(format!("M{} {y}H{}", center + half, l.column[1] + l.wide[1])) {} });
                edges.push(
                    html! { path class=(class) d=(curve(l.column[1] + l.wide[1], y, l.column[2], to)) {} },
                );
                layers
                    .nodes
                    .push(html! { text.small x=(center) y=(y + 4) text-anchor="middle" { (word) } });
            }
        }
        if way.is_removable {
            let (x0, x1) = (l.column[0] + l.wide[0], l.column[1]);
            // Two thirds along the curve.
            let (x, at) = point(x0, from, x1, y, 0.68);
            layers.nodes.push(html! {
                circle class="ring" cx=(x) cy=(at) r="10" {}
                path class="edge path" d=(format!("M{} {}l7 7m0-7l-7 7", x - 3.5, at - 3.5)) {}
                text class="small accent over" x=(x.min((x1 - 36) as f64)) y=(at - 16.0) text-anchor="middle" {
                    "removable"
                }
            });
        }
        if way.is_focus {
            layers.bold.extend(edges)
        } else {
            layers.quiet.extend(edges)
        }
    }

    fn workspace(&self, l: &Layout, node: &WorkspaceNode, middle: i64, is_focus: bool) -> Markup {
        let more = node.names.len() - 1;
        let all = node.names.join(", ");
        let mut products = node.products.clone();
        products.sort();
        products.dedup();
        let products = products.join(", ");
        let Some(first) = node.names.first() else {
            return html! {};
        };
        if more > 0 {
            return html! {
                a href="#roles" {
                    title { (all) }
                    rect class="node behind" x=(l.column[3] + 6) y=(middle - NODE / 2 + 5) width=(l.wide[3] - 6) height=(NODE) rx="6" {}
                    rect class="node" x=(l.column[3]) y=(middle - NODE / 2) width=(l.wide[3] - 6) height=(NODE) rx="6" {}
                    text x=(l.column[3] + 14) y=(middle + 5) { (node.names.len()) " workspaces" }
                    @if l.wide[3] > 200 {
                        text.small x=(l.column[3] + l.wide[3] - 20) y=(middle + 4) text-anchor="end" {
                            (if_whole(&products, 76.0))
                        }
                    }
                }
            };
        }
        if node.roles.len() > 1 || is_focus {
            let paths = match node.ways {
                0 => String::new(),
                1 => ", 1 path".to_owned(),
                many => format!(", {many} paths"),
            };
            let detail = format!("{products}{paths}");
            return html! {
                a href=(node.href) {
                    title { (first) } (two_line_node(l, 3, middle, is_focus, first, &detail))
                }
            };
        }
        let room = (l.wide[3] - 28) as f64;
        let name = fit(first, room, 8.0);
        let left = room - name.chars().count() as f64 * 8.6 - 12.0;
        let says_product = first.to_lowercase().contains(&products.to_lowercase());
        let beside = if says_product {
            ""
        } else {
            if_whole(&products, left)
        };
        html! {
            a href=(node.href) {
                title { (first) }
                (rect(l, 3, middle, NODE, false))
                text x=(l.column[3] + 14) y=(middle + 5) { (name) }
                text.small x=(l.column[3] + l.wide[3] - 14) y=(middle + 4) text-anchor="end" { (beside) }
            }
        }
    }
}

/// A word that stands beside a name, if there is room for all of it: half a word says nothing.
fn if_whole(text: &str, room: f64) -> &str {
    if room > 0.0 && fit(text, room, 6.8) == text {
        text
    } else {
        ""
    }
}
