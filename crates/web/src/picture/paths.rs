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

const COLUMN: [i64; 4] = [0, 312, 652, 914];
const WIDE: [i64; 4] = [196, 226, 160, 238];
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
                    });
                } else {
                    folded.push(group_name.clone());
                }
            }
            PathView::Direct => ways.push(Way {
                via: Via::Word("direct"),
                is_focus: false,
                is_removable: false,
            }),
            PathView::Inferred => ways.push(Way {
                via: Via::Word("inferred"),
                is_focus: false,
                is_removable: false,
            }),
            PathView::NotRead => ways.push(Way {
                via: Via::NotRead,
                is_focus: false,
                is_removable: false,
            }),
        }
    }
    if !folded.is_empty() {
        let way = Way {
            via: Via::Groups { names: folded },
            is_focus: false,
            is_removable: false,
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
        let mut drawn = Vec::new();
        for node in workspaces {
            let own: usize = node.roles.iter().map(|role| role.ways.len()).sum();
            if drawn.is_empty() || rows + own <= MOST_ROWS {
                rows += own;
                drawn.push(node);
            } else {
                left_out += node.roles.len() * node.names.len();
            }
        }
        Drawing {
            workspaces: drawn,
            left_out,
        }
    }

    /// How many roles are only in the table.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The drawing for wide screens.
    pub fn markup(&self, view: &AccountView, now: i64, words: &str) -> Markup {
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
        let mut quiet = Vec::new();
        let mut bold = Vec::new();
        let mut nodes = Vec::new();
        let label = view.item.account.label();
        let kind = crate::parts::account::kind(&view.item);
        let status = view.item.status.as_deref().unwrap_or("status not told");
        let detail = if kind.is_empty() {
            status.to_owned()
        } else {
            format!("{kind}, {status}")
        };
        nodes.push(two_line_node(0, middle, true, label, &detail));
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
                    self.way(
                        &mut quiet,
                        &mut bold,
                        &mut nodes,
                        way,
                        (middle, *y, role_middle),
                        now,
                    );
                }
                let name = html! { text x=(COLUMN[2] + 14) y=(role_middle + 5) class=(on(is_focus)) { (fit(&role.name, 132.0, 8.0)) } };
                nodes.push(html! { (rect(2, role_middle, NODE, is_focus)) (name) });
                let is_unread = role.ways.iter().all(|way| way.via == Via::NotRead);
                role_middles.push((role_middle, is_focus, is_unread));
            }
            let sum: i64 = role_middles.iter().map(|(y, _, _)| *y).sum();
            let workspace_middle = sum / i64::try_from(role_middles.len()).unwrap_or(1).max(1);
            let is_focus = role_middles.iter().any(|(_, is_focus, _)| *is_focus);
            for (y, is_focus, is_unread) in role_middles {
                let line = curve(COLUMN[2] + WIDE[2], y, COLUMN[3], workspace_middle);
                let class = edge_class(is_focus, false, is_unread);
                let edge = html! { path class=(class) d=(line) {} };
                if is_focus {
                    bold.push(edge)
                } else {
                    quiet.push(edge)
                }
            }
            nodes.push(self.workspace(workspace, workspace_middle, is_focus));
        }
        html! {
            svg.paths viewBox=(format!("0 0 1152 {height}")) role="img" aria-label=(words) {
                @for (index, name) in ["Account", "Group", "Role", "Workspace"].iter().enumerate() {
                    text class="small" x=(COLUMN.get(index).copied().unwrap_or(0)) y="12" { (name) }
                }
                @for edge in quiet { (edge) }
                @for edge in bold { (edge) }
                @for node in nodes { (node) }
            }
        }
    }

    /// Draws one way: the edge from the account, the group or the word, and the edge to the role.
    fn way(
        &self,
        quiet: &mut Vec<Markup>,
        bold: &mut Vec<Markup>,
        nodes: &mut Vec<Markup>,
        way: &Way,
        (from, y, to): (i64, i64, i64),
        now: i64,
    ) {
        let unread = way.via == Via::NotRead;
        let into = curve(COLUMN[0] + WIDE[0], from, COLUMN[1], y);
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
                let room = (WIDE[1] - 28) as f64 - taken;
                nodes.push(html! {
                    a href=(group_path(id)) {
                        title { (name) }
                        (rect(1, y, NODE, way.is_focus))
                        text x=(COLUMN[1] + 14) y=(y + 5) class=(on(way.is_focus)) { (fit(name, room, if way.is_focus { 8.8 } else { 8.0 })) }
                        text.small x=(COLUMN[1] + WIDE[1] - 14) y=(y + 4) text-anchor="end" { (since) }
                    }
                });
                edges.push(html! { path class=(edge_class(way.is_focus, false, false)) d=(curve(COLUMN[1] + WIDE[1], y, COLUMN[2], to)) {} });
            }
            Via::Groups { names } => {
                let all = names.join(", ");
                nodes.push(html! {
                    a href="#groups" {
                        title { (all) }
                        rect class="node behind" x=(COLUMN[1] + 6) y=(y - NODE / 2 + 5) width=(WIDE[1] - 6) height=(NODE) rx="6" {}
                        rect class="node" x=(COLUMN[1]) y=(y - NODE / 2) width=(WIDE[1] - 6) height=(NODE) rx="6" {}
                        text x=(COLUMN[1] + 14) y=(y + 5) { "+" (names.len()) @if names.len() == 1 { " group" } @else { " groups" } }
                        text.small x=(COLUMN[1] + WIDE[1] - 20) y=(y + 4) text-anchor="end" { "same role" }
                    }
                });
                edges.push(html! { path.edge d=(curve(COLUMN[1] + WIDE[1], y, COLUMN[2], to)) {} });
            }
            Via::Word(_) | Via::NotRead => {
                let word = match &way.via {
                    Via::Word(word) => *word,
                    _ => "way not read yet",
                };
                let class = edge_class(false, false, unread);
                let center = COLUMN[1] + WIDE[1] / 2;
                let half = i64::try_from(word.len()).unwrap_or(10) * 3 + 12;
                edges.push(
                    html! { path class=(class) d=(format!("M{} {y}H{}", COLUMN[1], center - half)) {} },
                );
                edges.push(html! { path class=(class) d=(format!("M{} {y}H{}", center + half, COLUMN[1] + WIDE[1])) {} });
                edges.push(html! { path class=(class) d=(curve(COLUMN[1] + WIDE[1], y, COLUMN[2], to)) {} });
                nodes.push(html! { text.small x=(center) y=(y + 4) text-anchor="middle" { (word) } });
            }
        }
        if way.is_removable {
            let (x0, x1) = (COLUMN[0] + WIDE[0], COLUMN[1]);
            // Two thirds along the curve.
            let (x, at) = point(x0, from, x1, y, 0.68);
            nodes.push(html! {
                circle class="ring" cx=(x) cy=(at) r="10" {}
                path class="edge path" d=(format!("M{} {}l7 7m0-7l-7 7", x - 3.5, at - 3.5)) {}
                text class="small accent" x=(x - 18.0) y=(at + if y <= from { -2.0 } else { 12.0 }) text-anchor="end" { "removable" }
            });
        }
        if way.is_focus {
            bold.extend(edges)
        } else {
            quiet.extend(edges)
        }
    }

    fn workspace(&self, node: &WorkspaceNode, middle: i64, is_focus: bool) -> Markup {
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
                    rect class="node behind" x=(COLUMN[3] + 6) y=(middle - NODE / 2 + 5) width=(WIDE[3] - 6) height=(NODE) rx="6" {}
                    rect class="node" x=(COLUMN[3]) y=(middle - NODE / 2) width=(WIDE[3] - 6) height=(NODE) rx="6" {}
                    text x=(COLUMN[3] + 14) y=(middle + 5) { (node.names.len()) " workspaces" }
                    text.small x=(COLUMN[3] + WIDE[3] - 20) y=(middle + 4) text-anchor="end" { (fit(&products, 92.0, 6.8)) }
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
            return html! { a href=(node.href) { title { (first) } (two_line_node(3, middle, is_focus, first, &detail)) } };
        }
        let room = (WIDE[3] - 28) as f64;
        let name = fit(first, room * 0.62, 8.0);
        let left = room - name.chars().count() as f64 * 8.0 - 12.0;
        html! {
            a href=(node.href) {
                title { (first) }
                (rect(3, middle, NODE, false))
                text x=(COLUMN[3] + 14) y=(middle + 5) { (name) }
                text.small x=(COLUMN[3] + WIDE[3] - 14) y=(middle + 4) text-anchor="end" { (fit(&products, left, 6.8)) }
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

fn rect(column: usize, middle: i64, tall: i64, is_focus: bool) -> Markup {
    let x = COLUMN.get(column).copied().unwrap_or(0);
    let wide = WIDE.get(column).copied().unwrap_or(100);
    html! { rect class=(if is_focus { "node path" } else { "node" }) x=(x) y=(middle - tall / 2) width=(wide) height=(tall) rx="6" {} }
}

fn two_line_node(column: usize, middle: i64, is_focus: bool, name: &str, detail: &str) -> Markup {
    let x = COLUMN.get(column).copied().unwrap_or(0);
    let wide = WIDE.get(column).copied().unwrap_or(100);
    let room = (wide - 28) as f64;
    html! {
        (rect(column, middle, ROW, is_focus))
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
