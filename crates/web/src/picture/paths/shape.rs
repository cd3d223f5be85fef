//! What nodes and edges look like, and the room they have.

use crate::parts::time;
use crate::picture::fit;
use app::views::Since;
use maud::{Markup, html};

/// Where the columns are and how wide their nodes: letters keep their size, so a narrower room has a drawing of its
/// own.
pub(super) struct Layout {
    pub(super) class: &'static str,
    pub(super) width: i64,
    pub(super) column: [i64; 4],
    pub(super) wide: [i64; 4],
}

pub(super) const LAYOUTS: [Layout; 2] = [
    Layout {
        class: "paths roomy",
        width: 1152,
        column: [0, 312, 652, 914],
        wide: [196, 226, 160, 238],
    },
    Layout {
        class: "paths close",
        width: 760,
        column: [0, 206, 414, 582],
        wide: [148, 184, 142, 178],
    },
];

pub(super) const ROW: i64 = 56;
pub(super) const NODE: i64 = 40;
pub(super) const TOP: i64 = 36;

pub(super) fn on(is_focus: bool) -> &'static str {
    if is_focus { "on" } else { "" }
}

pub(super) fn edge_class(is_focus: bool, is_removable: bool, is_unread: bool) -> &'static str {
    match (is_focus, is_removable, is_unread) {
        (true, true, _) => "edge path removable",
        (true, false, _) => "edge path",
        (false, _, true) => "edge unread",
        _ => "edge",
    }
}

pub(super) fn rect(l: &Layout, column: usize, middle: i64, tall: i64, is_focus: bool) -> Markup {
    let x = l.column.get(column).copied().unwrap_or(0);
    let wide = l.wide.get(column).copied().unwrap_or(100);
    html! {
        rect class=(if is_focus { "node path" } else { "node" }) x=(x) y=(middle - tall / 2) width=(wide) height=(tall) rx="6" {}
    }
}

pub(super) fn two_line_node(
    l: &Layout,
    column: usize,
    middle: i64,
    is_focus: bool,
    name: &str,
    detail: &str,
) -> Markup {
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
pub(super) fn curve(x0: i64, y0: i64, x1: i64, y1: i64) -> String {
    if y0 == y1 {
        return format!("M{x0} {y0}H{x1}");
    }
    let half = (x0 + x1) / 2;
    format!("M{x0} {y0}C{half} {y0} {half} {y1} {x1} {y1}")
}

/// The point at `t` of that curve.
pub(super) fn point(x0: i64, y0: i64, x1: i64, y1: i64, t: f64) -> (f64, f64) {
    let (x0, y0, x1, y1) = (x0 as f64, y0 as f64, x1 as f64, y1 as f64);
    let half = f64::midpoint(x0, x1);
    let u = 1.0 - t;
    let x = u.powi(3) * x0 + 3.0 * u * u * t * half + 3.0 * u * t * t * half + t.powi(3) * x1;
    let y = u.powi(3) * y0 + 3.0 * u * u * t * y0 + 3.0 * u * t * t * y1 + t.powi(3) * y1;
    ((x * 10.0).round() / 10.0, (y * 10.0).round() / 10.0)
}

pub(super) fn short_since(now: i64, since: Since) -> String {
    // What the first reading already showed has no beginning to name; the name needs the room.
    since.unseen_at.map_or_else(String::new, |_| {
        format!("since {}", time::day_text(now, since.seen_at))
    })
}
