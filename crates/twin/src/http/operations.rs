//! The table of operations: method, path, name, envelope of refusals, handler.

use super::{
    Call, Problem, Reply, directories, domains, events, groups, orgs, policies, role_assignments, tokens,
    users, workspaces,
};

/// The form of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// `{"errors":[…]}` always.
    Errors,
    /// The gateway's form for 401 and 429, `{"errors":[…]}` otherwise.
    GatewayErrors,
    /// The gateway's form for 401 and 429, the bare object otherwise.
    Bare,
}

/// One operation of the API.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    /// The path below `/admin`, `*` for a parameter.
    pub(crate) pattern: &'static str,
    pub(crate) name: &'static str,
    pub(crate) envelope: Envelope,
    /// True for the removed v1 operations behind the switch.
    pub(crate) is_legacy: bool,
    pub(crate) run: fn(&Call<'_>) -> Result<Reply, Problem>,
}

impl Operation {
    /// True when the operation changes something.
    pub(crate) fn is_write(&self) -> bool {
        let is_question = self.name.starts_with("search") || self.name.starts_with("query");
        self.method != "GET" && !is_question && !self.name.ends_with("Search")
    }
}

/// What a method and a path lead to.
#[derive(Debug)]
pub(crate) enum Found {
    /// An operation and its path parameters.
    Operation(&'static Operation, Vec<String>),
    /// The path exists with another method.
    OtherMethod,
    /// Nothing.
    Nothing,
}

const fn row(
    method: &'static str,
    pattern: &'static str,
    name: &'static str,
    run: fn(&Call<'_>) -> Result<Reply, Problem>,
) -> Operation {
    Operation {
        method,
        pattern,
        name,
        envelope: Envelope::Errors,
        is_legacy: false,
        run,
    }
}

const fn bare(operation: Operation) -> Operation {
    Operation {
        envelope: Envelope::Bare,
        ..operation
    }
}

/// Literal parts come before parameters, because the first row that fits is taken.
#[rustfmt::skip]
static OPERATIONS: [Operation; 29] = [
    row("GET", "v1/orgs", "getOrgs", orgs::list),
    row("GET", "v1/orgs/*", "getOrgById", orgs::one),
    row("GET", "v2/orgs/*/directories", "getDirectoriesForOrg", directories::list),
    row("GET", "v1/orgs/*/domains", "getDomains", domains::list),
    row("GET", "v1/orgs/*/domains/*", "getDomainById", domains::one),
    row("GET", "v1/orgs/*/users", "getUsers", users::managed),
    row("POST", "v2/orgs/*/directories/*/users/search", "searchDirectoryUsers", users::search),
    row("GET", "v2/orgs/*/directories/*/users", "getDirectoryUsers", users::list),
    row("GET", "v2/orgs/*/directories/*/users/count", "getDirectoryUsersCount", users::count),
    row("GET", "v2/orgs/*/directories/*/users/stats", "getUserStats", users::stats),
    row("GET", "v2/orgs/*/directories/*/users/*", "getDirectoryUserDetails", users::one),
    row("GET", "v2/orgs/*/directories/*/users/*/role-assignments", "getUserRoleAssignments", role_assignments::of_user),
    row("GET", "v1/orgs/*/directory/users/*/last-active-dates", "getUserLastActiveDates", users::last_active),
    row("POST", "v2/orgs/*/directories/*/groups/search", "searchDirectoryGroups", groups::search),
    row("GET", "v2/orgs/*/directories/*/groups", "getGroups", groups::list),
    row("GET", "v2/orgs/*/directories/*/groups/count", "getGroupsCount", groups::count),
    row("GET", "v2/orgs/*/directories/*/groups/stats", "getGroupsStats", groups::stats),
    row("GET", "v2/orgs/*/directories/*/groups/*", "getGroup", groups::one),
    row("GET", "v2/orgs/*/directories/*/groups/*/role-assignments", "getGroupRoleAssignments", role_assignments::of_group),
    bare(row("POST", "v2/orgs/*/workspaces", "queryWorkspaces", workspaces::query)),
    row("GET", "v1/orgs/*/policies", "getPolicies", policies::list),
    row("GET", "v1/orgs/*/policies/*", "getPolicyById", policies::one),
    row("GET", "v1/orgs/*/policies/*/validate", "validatePolicy", policies::validate),
    row("GET", "v1/orgs/*/events", "getEvents", events::search),
    row("GET", "v1/orgs/*/events-stream", "pollEvents", events::stream),
    row("GET", "v1/orgs/*/events/*", "getEventById", events::one),
    row("GET", "v1/orgs/*/event-actions", "getEventActions", events::actions),
    row("GET", "api-access/v1/orgs/*/api-tokens", "getAllApiTokensByOrgId", tokens::list),
    row("GET", "api-access/v1/orgs/*/api-tokens/count", "getApiTokensCount", tokens::count),
];

/// Finds the operation of a request.
pub(crate) fn find(method: &str, segments: &[&str]) -> Found {
    let mut is_known = false;
    for operation in &OPERATIONS {
        let Some(params) = fit(operation.pattern, segments) else {
            continue;
        };
        if operation.method == method {
            return Found::Operation(operation, params);
        }
        is_known = true;
    }
    if is_known {
        Found::OtherMethod
    } else {
        Found::Nothing
    }
}

fn fit(pattern: &str, segments: &[&str]) -> Option<Vec<String>> {
    let mut params = Vec::new();
    let mut given = segments.iter();
    for part in pattern.split('/') {
        let segment = given.next()?;
        match part {
            "*" if segment.is_empty() => return None,
            "*" => params.push(super::call::decode(segment, false)),
            literal if literal == *segment => {}
            _ => return None,
        }
    }
    given.next().is_none().then_some(params)
}
