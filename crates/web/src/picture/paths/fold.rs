//! What is drawn: ways that differ only by their group and workspaces reached in the same way stand together, and what
//! there is no room for is one row.

use crate::parts::workspace_path;
use app::views::Since;
use app::views::access::{PathView, RoleView};
use app::views::account::AccountView;

/// Ways that are drawn; the table has the rest.
const MOST_ROWS: usize = 14;

/// The way from the account to a role.
#[derive(Clone, PartialEq)]
pub(super) enum Via {
    Group { id: String, name: String, since: Since },
    Groups { names: Vec<String> },
    Word(&'static str),
    NotRead,
}

pub(super) struct Way {
    pub(super) via: Via,
    pub(super) is_focus: bool,
    pub(super) is_removable: bool,
    /// Whether it stands for all that there was no room for.
    pub(super) is_rest: bool,
}

pub(super) struct RoleNode {
    pub(super) name: String,
    pub(super) ways: Vec<Way>,
}

pub(super) struct WorkspaceNode {
    pub(super) names: Vec<String>,
    pub(super) products: Vec<String>,
    pub(super) href: String,
    pub(super) roles: Vec<RoleNode>,
    pub(super) ways: usize,
}

/// What the drawing shows: workspaces with their roles and ways, folded.
pub(crate) struct Drawing {
    pub(super) workspaces: Vec<WorkspaceNode>,
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
}
