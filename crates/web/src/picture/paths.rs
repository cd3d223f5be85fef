//! How an account comes to its roles: a layered drawing in four columns.
//!
//! ```text
//! Account ──> Group ──> Role ──> Workspace
//! ```
//!
//! One row for each way; ways that differ only by their group are folded ("+14 groups"), and so are workspaces
//! that are reached in just the same way ("+2 workspaces"). The path that matters is drawn last and bold. The
//! sentence above the picture says the same in words, and the table below lists everything.

use crate::parts::{group_path, segment, time, workspace_path};
use crate::picture::fit;
use app::views::Since;
use app::views::access::{PathView, RoleView};
use app::views::account::AccountView;
use maud::{Markup, html};

/// Where the columns are and how wide their nodes: letters keep their size, so a narrower room has a drawing of its own.
struct Layout {
    class: &'static str,
    width: i64,
    column: [i64; 4],
    wide: [i64; 4],
}

const LAYOUTS: [Layout; 2] = [
    Layout {
        class: "paths roomy",
        width: 1152,
        column: [0, 312, 652, 914],
        wide: [196, 226, 160, 238],
    },
    Layout {
        class: "paths close",
        width: 760,
        column: [0, 222, 452, 588],
        wide: [148, 190, 104, 172],
    },
];

const ROW: i64 = 56;
const NODE: i64 = 40;
const TOP: i64 = 36;
/// Ways that are drawn; the table has the rest.
const MOST_ROWS: usize = 14;

/// The way from the account to a role.
#[derive(Clone, PartialEq)]
enum Via {
    Group { id: String, name: String, since: Since },
    Groups { names: Vec<String> },
    Word(&'static str),
    NotRead,
}

struct Way {
    via: Via,
    is_focus: bool,
    is_removable: bool,
    /// Whether it stands for all that there was no room for.
    is_rest: bool,
}

struct RoleNode {
    name: String,
    ways: Vec<Way>,
}

struct WorkspaceNode {
    names: Vec<String>,
    products: Vec<String>,
    href: String,
    roles: Vec<RoleNode>,
    ways: usize,
}

/// What is drawn over what: quiet edges lie below, nodes above.
#[derive(Default)]
struct Layers {
    quiet: Vec<Markup>,
    bold: Vec<Markup>,
    nodes: Vec<Markup>,
}

/// What the drawing shows: workspaces with their roles and ways, folded.
pub(crate) struct Drawing {
    workspaces: Vec<WorkspaceNode>,
    /// Roles that were left to the table.
    left_out: usize,
}

fn ways(view: &RoleView, only_through: Option<&str>, is_focus: bool, is_removable: bool) -> Vec<Way> {
    let mut ways = Vec::new();
    let mut folded = Vec::new();
    let groups = view
        .paths
        .iter()
        .filter(|path| matches!(path, PathView::Group { .. }))
        .count();
    for path in &view.paths {
        match path {
            PathView::Group {
                group_id,
                group_name,
                since,
            } => {
                let on_path = is_focus && only_through == Some(group_id.as_str());
                if ways.is_empty() || groups <= 2 {
                    ways.push(Way {
                        via: Via::Group {
                            id: group_id.clone(),
                            name: group_name.clone(),
                            since: *since,
                        },
                        is_focus: on_path,
                        is_removable: on_path && is_removable,
                        is_rest: false,
                    });
                } else {
                    folded.push(group_name.clone());
                }
            }
            PathView::Direct => ways.push(Way {
                via: Via::Word("direct"),
                is_focus: false,
                is_removable: false,
                is_rest: false,
            }),
            PathView::Inferred => ways.push(Way {
                via: Via::Word("inferred"),
                is_focus: false,
                is_removable: false,
                is_rest: false,
            }),
            PathView::NotRead => ways.push(Way {
                via: Via::NotRead,
                is_focus: false,
                is_removable: false,
                is_rest: false,
            }),
        }
    }
    if !folded.is_empty() {
        let way = Way {
            via: Via::Groups { names: folded },
            is_focus: false,
            is_removable: false,
            is_rest: false,
        };
        ways.insert(1.min(ways.len()), way);
    }
    ways
}

/// Whether two workspaces are reached in just the same way.
fn alike(one: &WorkspaceNode, other: &WorkspaceNode) -> bool {
    let plain = |node: &WorkspaceNode| {
        node.roles
            .iter()
            .all(|role| role.ways.iter().all(|way| !way.is_focus))
    };
    let same_via = |one: &Via, other: &Via| match (one, other) {
        (Via::Group { id: one, .. }, Via::Group { id: other, .. }) => one == other,
        _ => one == other,
    };
    plain(one)
        && plain(other)
        && one.roles.len() == other.roles.len()
        && one.roles.iter().zip(&other.roles).all(|(one, other)| {
            one.name == other.name
                && one.ways.len() == other.ways.len()
                && one
                    .ways
                    .iter()
                    .zip(&other.ways)
                    .all(|(one, other)| same_via(&one.via, &other.via))
        })
}

/// What there is no room for, as one folded row: its groups, its roles, its workspaces.
fn remaining(rest: Vec<WorkspaceNode>) -> Option<WorkspaceNode> {
    let mut groups: Vec<String> = Vec::new();
    let mut roles: Vec<String> = Vec::new();
    let (mut names, mut products) = (Vec::new(), Vec::new());
    for node in rest {
        names.extend(node.names);
        products.extend(node.products);
        for role in node.roles {
            roles.push(role.name);
            for way in role.ways {
                match way.via {
                    Via::Group { name, .. } => groups.push(name),
                    Via::Groups { names } => groups.extend(names),
                    Via::Word(_) | Via::NotRead => {}
                }
            }
        }
    }
    groups.sort();
    groups.dedup();
    roles.sort();
    roles.dedup();
    names.first()?;
    let name = match roles.as_slice() {
        [only] => only.clone(),
        many => format!("{} roles", many.len()),
    };
    let via = if groups.is_empty() {
        Via::Word("other ways")
    } else {
        Via::Groups { names: groups }
    };
    let way = Way {
        via,
        is_focus: false,
        is_removable: false,
        is_rest: true,
    };
    Some(WorkspaceNode {
        names,
        products,
        href: "#roles".to_owned(),
        roles: vec![RoleNode {
            name,
            ways: vec![way],
        }],
        ways: 0,
    })
}

impl Drawing {
    /// Folds the roles of an account into what is drawn.
    pub fn of(view: &AccountView) -> Drawing {
        let focus = view.focus.as_ref();
        let only = focus
            .and_then(|focus| focus.only_through.as_ref())
            .map(|group| group.group_id.as_str());
        let focus_role = focus.and_then(|focus| view.roles.get(focus.role));
        let mut order: Vec<&RoleView> = view.roles.iter().collect();
        // The workspace of the role that matters comes first.
        order.sort_by_key(|role| focus_role.is_none_or(|focus| focus.workspace != role.workspace));
        let mut nodes: Vec<(String, WorkspaceNode)> = Vec::new();
        for role in order {
            let is_focus = focus_role.is_some_and(|focus| {
                focus.workspace == role.workspace && focus.role.role_id == role.role.role_id
            });
            let ways = ways(role, only, is_focus, true);
            let id = role.workspace.workspace_id.clone();
            let index = match nodes.iter().position(|(known, _)| *known == id) {
                Some(index) => index,
                None => {
                    let node = WorkspaceNode {
                        names: vec![role.workspace.name.clone()],
                        products: vec![role.workspace.product.clone()],
                        href: workspace_path(&role.workspace),
                        roles: Vec::new(),
                        ways: 0,
                    };
                    nodes.push((id, node));
                    nodes.len() - 1
                }
            };
            if let Some((_, node)) = nodes.get_mut(index) {
                node.ways += role
                    .paths
                    .iter()
                    .filter(|path| **path != PathView::NotRead)
                    .count();
                node.roles.push(RoleNode {
                    name: role.role.name.clone(),
                    ways,
                });
            }
        }
        let mut workspaces: Vec<WorkspaceNode> = Vec::new();
        for (_, node) in nodes {
            match workspaces.iter_mut().find(|known| alike(known, &node)) {
                Some(known) => {
                    known.names.extend(node.names);
                    known.products.extend(node.products);
                }
                None => workspaces.push(node),
            }
        }
        let mut rows = 0;
        let mut left_out = 0;
        let mut drawn: Vec<WorkspaceNode> = Vec::new();
        let mut rest = Vec::new();
        for node in workspaces {
            let own: usize = node.roles.iter().map(|role| role.ways.len()).sum();
            if drawn.is_empty() || rows + own <= MOST_ROWS {
                rows += own;
                drawn.push(node);
            } else {
                left_out += node.roles.len() * node.names.len();
                rest.push(node);
            }
        }
        drawn.extend(remaining(rest));
        Drawing {
            workspaces: drawn,
            left_out,
        }
    }

    /// How many roles are only in the table.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The drawings for wide and for middling rooms; the style sheet shows one of them, or [`chain`].
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
                let name = html! { text x=(l.column[2] + 14) y=(role_middle + 5) class=(on(is_focus)) { (fit(&role.name, (l.wide[2] - 28) as f64, 8.0)) } };
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
                let since = short_since(now, *since);
                let taken = if since.is_empty() {
                    0.0
                } else {
                    since.len() as f64 * 6.8 + 12.0
                };
                let room = (l.wide[1] - 28) as f64 - taken;
                layers.nodes.push(html! {
                    a href=(group_path(id)) {
                        title { (name) }
                        (rect(l, 1, y, NODE, way.is_focus))
                        text x=(l.column[1] + 14) y=(y + 5) class=(on(way.is_focus)) { (fit(name, room, if way.is_focus { 8.8 } else { 8.0 })) }
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
                        text x=(l.column[1] + 14) y=(y + 5) { "+" (names.len()) @if names.len() == 1 { " group" } @else { " groups" } }
                        text.small x=(l.column[1] + l.wide[1] - 20) y=(y + 4) text-anchor="end" { (if way.is_rest { "other roles" } else { "same role" }) }
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
                text class="small accent over" x=(x) y=(at - 16.0) text-anchor="middle" { "removable" }
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
                    @if l.wide[3] > 200 { text.small x=(l.column[3] + l.wide[3] - 20) y=(middle + 4) text-anchor="end" { (fit(&products, 92.0, 6.8)) } }
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
            return html! { a href=(node.href) { title { (first) } (two_line_node(l, 3, middle, is_focus, first, &detail)) } };
        }
        let room = (l.wide[3] - 28) as f64;
        let name = fit(first, room * 0.62, 8.0);
        let left = room - name.chars().count() as f64 * 8.0 - 12.0;
        html! {
            a href=(node.href) {
                title { (first) }
                (rect(l, 3, middle, NODE, false))
                text x=(l.column[3] + 14) y=(middle + 5) { (name) }
                text.small x=(l.column[3] + l.wide[3] - 14) y=(middle + 4) text-anchor="end" { (fit(&products, left, 6.8)) }
            }
        }
    }
}

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
                    a.step href=(format!("/groups/{}", segment(&group.group_id))) { b { bdi { (group.name) } } span { "group" } }
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
            a.step href=(workspace_path(&role.workspace)) { b { bdi { (role.workspace.name) } } span { (role.workspace.product) } }
            p.note {
                @if others > 0 { (others) @if others == 1 { " other path" } @else { " other paths" } " to " (role.workspace.name) " · " }
                a href="#roles" { "List all roles" }
            }
        }
    }
}

fn on(is_focus: bool) -> &'static str {
    if is_focus { "on" } else { "" }
}

fn edge_class(is_focus: bool, is_removable: bool, is_unread: bool) -> &'static str {
    match (is_focus, is_removable, is_unread) {
        (true, true, _) => "edge path removable",
        (true, false, _) => "edge path",
        (false, _, true) => "edge unread",
        _ => "edge",
    }
}

fn rect(l: &Layout, column: usize, middle: i64, tall: i64, is_focus: bool) -> Markup {
    let x = l.column.get(column).copied().unwrap_or(0);
    let wide = l.wide.get(column).copied().unwrap_or(100);
    html! { rect class=(if is_focus { "node path" } else { "node" }) x=(x) y=(middle - tall / 2) width=(wide) height=(tall) rx="6" {} }
}

fn two_line_node(l: &Layout, column: usize, middle: i64, is_focus: bool, name: &str, detail: &str) -> Markup {
    let x = l.column.get(column).copied().unwrap_or(0);
    let wide = l.wide.get(column).copied().unwrap_or(100);
    let room = (wide - 28) as f64;
    html! {
        (rect(l, column, middle, ROW, is_focus))
        text x=(x + 14) y=(middle - 4) class=(on(is_focus)) { (fit(name, room, if is_focus { 8.8 } else { 8.0 })) }
        text.small x=(x + 14) y=(middle + 15) { (fit(detail, room, 6.8)) }
    }
}

/// A horizontal S from one point to another.
fn curve(x0: i64, y0: i64, x1: i64, y1: i64) -> String {
    if y0 == y1 {
        return format!("M{x0} {y0}H{x1}");
    }
    let half = (x0 + x1) / 2;
    format!("M{x0} {y0}C{half} {y0} {half} {y1} {x1} {y1}")
}

/// The point at `t` of that curve.
fn point(x0: i64, y0: i64, x1: i64, y1: i64, t: f64) -> (f64, f64) {
    let (x0, y0, x1, y1) = (x0 as f64, y0 as f64, x1 as f64, y1 as f64);
    let half = f64::midpoint(x0, x1);
    let u = 1.0 - t;
    let x = u.powi(3) * x0 + 3.0 * u * u * t * half + 3.0 * u * t * t * half + t.powi(3) * x1;
    let y = u.powi(3) * y0 + 3.0 * u * u * t * y0 + 3.0 * u * t * t * y1 + t.powi(3) * y1;
    ((x * 10.0).round() / 10.0, (y * 10.0).round() / 10.0)
}

fn short_since(now: i64, since: Since) -> String {
    // What the first reading already showed has no beginning to name; the name needs the room.
    since.unseen_at.map_or_else(String::new, |_| {
        format!("since {}", time::day_text(now, since.seen_at))
    })
}
