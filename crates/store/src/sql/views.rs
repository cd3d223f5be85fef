//! The views, in the product's words. What stands here is what `docs/views.md` says.

use super::view::{Column, Source, View};
use model::FactKind;

const fn column(name: &'static str, sql: &'static str, about: &'static str) -> Column {
    Column {
        name,
        about,
        sql,
        is_restless: false,
    }
}

/// A column that is of the moment.
const fn restless(name: &'static str, sql: &'static str, about: &'static str) -> Column {
    Column {
        name,
        about,
        sql,
        is_restless: true,
    }
}

const SEEN_AT: Column = restless("seen_at", "{time f.seen_at}", "When it was first seen");
const UNSEEN_AT: Column = restless(
    "unseen_at",
    "{time f.unseen_at}",
    "The last complete reading that did not show it; none when the first reading did",
);

/// The columns that all views of changes begin with.
const CHANGE: [Column; 5] = [
    column("change", "", "`began` or `ended`; a changed attribute is both"),
    column("run_id", "", "The run that found it, such as `run_12`"),
    column("run_at", "", "When that run was published"),
    column("earliest_at", "", "It happened after this"),
    column("latest_at", "", "It had happened by this"),
];

const ACCOUNT_ID: Column = column("account_id", "ta.text", "The account");
const OF_A_ACCOUNT: [Column; 3] = [
    ACCOUNT_ID,
    column("account_name", "{person f.a name}", "Its name"),
    column("account_email", "{person f.a email}", "Its e-mail address"),
];
const OF_B_RESOURCE: [Column; 3] = [
    column(
        "resource_id",
        "tb.text",
        "What the role is on: a workspace's id, mostly",
    ),
    column("workspace", "{workspace f.b name}", "The workspace's name"),
    column("product", "{workspace f.b type_key}", "The workspace's product"),
];
const ROLE: Column = column("role", "{id f.c}", "The role, such as `atlassian/user`");

const ACCOUNT: &[Column] = &[
    column("account_id", "ta.text", "Atlassian's id of it"),
    column("name", "{person f.a name}", "Its name"),
    column("email", "{person f.a email}", "Its e-mail address"),
    column("account_type", "{told f.type}", "`atlassian`, `app` or `customer`"),
    column("status", "{told f.status}", "`active`, `inactive`, `closed`"),
    column("claim_status", "{told f.claim_status}", "`managed` when the organization claimed its domain"),
    column(
        "left_as",
        "CASE WHEN {told f.status} <> 'active' THEN {told f.status}
    WHEN NOT EXISTS (SELECT 1 FROM fact d WHERE d.kind = 3 AND d.b = f.a AND {shown d} AND {told d.status} = 'active')
    THEN (SELECT MIN({told e.status}) FROM fact e WHERE e.kind = 3 AND e.b = f.a AND {shown e}) END",
        "Why it is not active: its status, or that of its directory memberships when none of them is active; else nothing",
    ),
    column("mfa_enabled", "{flag f.mfa_enabled}", "Whether two-step verification is on: 1 or 0"),
    column("deactivated_on", "{told f.deactivated_on}", "When it was deactivated"),
    restless(
        "is_organization_admin",
        "CASE WHEN EXISTS (SELECT 1 FROM fact d WHERE d.kind = 9 AND d.a = f.a AND {shown d}) THEN 1 ELSE 0 END",
        "Whether it holds a role of the platform, such as organization admin: 1 or 0",
    ),
    restless(
        "last_active_at",
        "(SELECT {time MAX(x.last_active_at)} FROM activity x WHERE x.organization_id = {organization} AND x.account = f.a)",
        "Its latest activity on any product, as last read; up to a day late",
    ),
];

const DIRECTORY: &[Column] = &[
    column("directory_id", "ta.text", "Atlassian's id of it"),
    column("name", "{told f.name}", "Its name"),
];

const DIRECTORY_MEMBERSHIP: &[Column] = &[
    column("directory_id", "ta.text", "The directory"),
    column("directory", "{directory f.a}", "Its name"),
    column("account_id", "tb.text", "The account"),
    column("account_name", "{person f.b name}", "Its name"),
    column("account_email", "{person f.b email}", "Its e-mail address"),
    column(
        "status",
        "{told f.status}",
        "The membership's status, such as `active` or `suspended`",
    ),
    column(
        "added_at",
        "{told f.added_at}",
        "When the account was added to the organization",
    ),
];

const GROUPS: &[Column] = &[
    column("group_id", "ta.text", "Atlassian's id of it"),
    column("name", "{told f.name}", "Its name"),
    column("description", "{told f.description}", "What is said of it"),
    column(
        "directory_id",
        "{told f.directory_id}",
        "The directory that it is in",
    ),
    column(
        "external_synced",
        "{flag f.external_synced}",
        "Whether it comes from an identity provider: 1 or 0",
    ),
    column(
        "managed_by",
        "{told f.managed_by}",
        "Who manages it, such as `ADMINS` or `EXTERNAL`",
    ),
];

const MEMBERSHIP: &[Column] = &[
    column("group_id", "ta.text", "The group"),
    column("group_name", "{group f.a}", "Its name"),
    column("account_id", "tb.text", "The account"),
    column("account_name", "{person f.b name}", "Its name"),
    column("account_email", "{person f.b email}", "Its e-mail address"),
];

const WORKSPACE: &[Column] = &[
    column(
        "workspace_id",
        "ta.text",
        "Atlassian's id of it, the `resource_id` of roles",
    ),
    column("name", "{told f.name}", "Its name"),
    column(
        "product",
        "{told f.type_key}",
        "The product's key, such as `confluence`",
    ),
    column("product_name", "{told f.type}", "The product's name"),
    column("status", "{told f.status}", "Its status"),
    column("host_url", "{told f.host_url}", "Where it is"),
    column("owner", "{told f.owner}", "Its owner"),
    column("sandbox", "{told f.sandbox}", "What is told of it as a sandbox"),
    column(
        "capacity",
        "{number f.capacity}",
        "Seats that are paid for; nothing where none are",
    ),
    column("created_at", "{told f.created_at}", "When it was made"),
    column(
        "directory_id",
        "{told f.directory_id}",
        "The directory whose accounts it takes",
    ),
];

const ROLE_HOLDING: &[Column] = &[
    OF_A_ACCOUNT[0],
    OF_A_ACCOUNT[1],
    OF_A_ACCOUNT[2],
    OF_B_RESOURCE[0],
    OF_B_RESOURCE[1],
    OF_B_RESOURCE[2],
    ROLE,
    restless(
        "last_active_at",
        "(SELECT {time x.last_active_at} FROM activity x WHERE x.organization_id = {organization} AND x.account = f.a AND x.resource = f.b)",
        "The account's latest activity there, as last read; up to a day late",
    ),
];

const GROUP_ROLE_GRANT: &[Column] = &[
    column("group_id", "ta.text", "The group"),
    column("group_name", "{group f.a}", "Its name"),
    OF_B_RESOURCE[0],
    OF_B_RESOURCE[1],
    OF_B_RESOURCE[2],
    ROLE,
];

const PLATFORM_ROLE: &[Column] = &[
    OF_A_ACCOUNT[0],
    OF_A_ACCOUNT[1],
    OF_A_ACCOUNT[2],
    column("role", "{id f.b}", "The role, such as `atlassian/org-admin`"),
];

const ACCESS: &[Column] = &[
    ACCOUNT_ID,
    column("account_name", "{person h.a name}", "Its name"),
    column("account_email", "{person h.a email}", "Its e-mail address"),
    column(
        "resource_id",
        "tb.text",
        "What the role is on: a workspace's id, mostly",
    ),
    column("workspace", "{workspace h.b name}", "The workspace's name"),
    column("product", "{workspace h.b type_key}", "The workspace's product"),
    column("role", "{id h.c}", "The role"),
    column(
        "group_id",
        "{id m.a}",
        "The group of this path; nothing when no group gives the role",
    ),
    column("group_name", "{group m.a}", "Its name"),
    column(
        "methods",
        "{told w.methods}",
        "How the role came about, where that was read: a list in JSON",
    ),
    column("seen_at", "{time h.seen_at}", "When the role was first seen"),
    column(
        "unseen_at",
        "{time h.unseen_at}",
        "The last complete reading that did not show it",
    ),
];

const DOMAIN: &[Column] = &[
    column("domain_id", "ta.text", "Atlassian's id of it"),
    column("name", "{told f.name}", "The domain"),
    column(
        "claim_type",
        "{told f.claim_type}",
        "How it is claimed, such as `http` or `dns`",
    ),
    column(
        "claim_status",
        "{told f.claim_status}",
        "`verified` when it is claimed",
    ),
];

const POLICY: &[Column] = &[
    column("policy_id", "ta.text", "Atlassian's id of it"),
    column("name", "{told f.name}", "Its name"),
    column("policy_type", "{told f.type}", "Its type, such as `ip-allowlist`"),
    column("status", "{told f.status}", "`enabled` or `disabled`"),
    column("rule", "{told f.rule}", "What it says, in JSON"),
    column("resources", "{told f.resources}", "What it is for, in JSON"),
];

const TOKEN_OWNER: &str =
    "(SELECT p.name FROM term o JOIN person p ON p.account = o.id WHERE o.text = {told f.account_id})";
const TOKEN_USE: &str = "(SELECT {time MAX(x.last_active_at)} FROM activity x WHERE x.organization_id = {organization} AND x.account = f.a)";

const API_TOKEN: &[Column] = &[
    column("token_id", "ta.text", "Atlassian's id of it"),
    column("account_id", "{told f.account_id}", "Whose it is"),
    column("account_name", TOKEN_OWNER, "The owner's name"),
    column("label", "{told f.label}", "What its owner calls it"),
    column("status", "{told f.status}", "Its status, as told"),
    column("created_at", "{told f.created_at}", "When it was made"),
    column("expires_at", "{told f.expires_at}", "Until when it works"),
    column("scopes", "{told f.scopes}", "What it may do, in JSON"),
    restless("last_used_at", TOKEN_USE, "Its last use, as last read"),
];

const API_KEY: &[Column] = &[
    column("key_id", "ta.text", "Atlassian's id of it"),
    column("label", "{told f.label}", "What it is called"),
    column("key_type", "{told f.key_type}", "Its type"),
    column("created_by", "{told f.created_by}", "The account that made it"),
    column("created_at", "{told f.created_at}", "When it was made"),
    column("expires_at", "{told f.expires_at}", "Until when it works"),
    column("scopes", "{told f.scopes}", "What it may do, in JSON"),
    restless("last_used_at", TOKEN_USE, "Its last use, as last read"),
];

const SERVICE_ACCOUNT: &[Column] = &[
    column("account_id", "ta.text", "Its account"),
    column("name", "{told f.name}", "Its name"),
    column("status", "{told f.status}", "Its status, as told"),
    column("description", "{told f.description}", "What is said of it"),
    column("created_by", "{told f.created_by}", "The account that made it"),
];

const SCIM_USER: &[Column] = &[
    column("user_id", "ta.text", "The directory's id of the record"),
    column("directory_id", "tb.text", "The SCIM directory"),
    column(
        "account_id",
        "{id f.c}",
        "The account it is linked to; empty when to none",
    ),
    column("user_name", "{person f.a email}", "Its user name"),
    column("active", "{flag f.active}", "Whether it is active: 1 or 0"),
];

const RUN: &[Column] = &[
    column("run_id", "'run_' || CAST(r.id AS TEXT)", "Such as `run_12`"),
    column(
        "state",
        "r.state",
        "`reading`, `merging`, `held`, `published` or `discarded`",
    ),
    column("started_at", "{time r.started_at}", "When it was begun"),
    column(
        "ended_at",
        "{time r.ended_at}",
        "When it was published, held or discarded",
    ),
    column("requests", "r.requests", "Requests that were sent for it"),
    column("changes_begun", "r.changes_begun", "Facts that began with it"),
    column("changes_ended", "r.changes_ended", "Facts that ended with it"),
    column(
        "with_methods",
        "r.with_methods",
        "Whether it read how each holding came about: 1 or 0",
    ),
];

/// A kind of facts: the name of its view and that of its changes, how many parts of its key have joined texts, its
/// columns, and what a row is.
type Facts = (
    &'static str,
    &'static str,
    FactKind,
    usize,
    &'static [Column],
    &'static str,
);

/// The facts that are views.
const FACTS: [Facts; 14] = [
    (
        "account",
        "account_changes",
        FactKind::Account,
        1,
        ACCOUNT,
        "An account that is known",
    ),
    (
        "directory",
        "directory_changes",
        FactKind::Directory,
        1,
        DIRECTORY,
        "A directory",
    ),
    (
        "directory_membership",
        "directory_membership_changes",
        FactKind::DirectoryMembership,
        2,
        DIRECTORY_MEMBERSHIP,
        "An account in a directory",
    ),
    ("groups", "groups_changes", FactKind::Group, 1, GROUPS, "A group"),
    (
        "membership",
        "membership_changes",
        FactKind::Membership,
        2,
        MEMBERSHIP,
        "An account in a group",
    ),
    (
        "workspace",
        "workspace_changes",
        FactKind::Workspace,
        1,
        WORKSPACE,
        "A workspace: one instance of a product on a site",
    ),
    (
        "role_holding",
        "role_holding_changes",
        FactKind::RoleHolding,
        2,
        ROLE_HOLDING,
        "An account that has a role on a resource, by whatever way",
    ),
    (
        "group_role_grant",
        "group_role_grant_changes",
        FactKind::GroupRoleGrant,
        2,
        GROUP_ROLE_GRANT,
        "A group that gives its members a role on a resource",
    ),
    (
        "platform_role",
        "platform_role_changes",
        FactKind::PlatformRole,
        1,
        PLATFORM_ROLE,
        "An account that has a role of the platform",
    ),
    (
        "domain",
        "domain_changes",
        FactKind::Domain,
        1,
        DOMAIN,
        "A domain that is claimed or being claimed",
    ),
    (
        "policy",
        "policy_changes",
        FactKind::Policy,
        1,
        POLICY,
        "A policy",
    ),
    (
        "api_token",
        "api_token_changes",
        FactKind::ApiToken,
        1,
        API_TOKEN,
        "An API token of an account",
    ),
    (
        "api_key",
        "api_key_changes",
        FactKind::ApiKey,
        1,
        API_KEY,
        "An API key of the organization",
    ),
    (
        "service_account",
        "service_account_changes",
        FactKind::ServiceAccount,
        1,
        SERVICE_ACCOUNT,
        "A service account",
    ),
];

pub(super) fn all() -> Vec<View> {
    let mut views = Vec::new();
    let facts = |name, kind: FactKind, keys, columns: &[Column], about: &str| View {
        name,
        about: about.to_owned(),
        columns: columns.iter().copied().chain([SEEN_AT, UNSEEN_AT]).collect(),
        source: Source::Facts {
            kind: kind.number(),
            keys,
        },
    };
    for (name, _, kind, keys, columns, about) in FACTS {
        views.push(facts(name, kind, keys, columns, about));
    }
    let about = "A record of a user in a SCIM directory";
    views.push(facts("scim_user", FactKind::ScimUser, 2, SCIM_USER, about));
    views.push(View {
        name: "access",
        about: "Effective access: an account that has a role on a resource, with one of the groups that give it; a row for each such group".to_owned(),
        columns: ACCESS.to_vec(),
        source: Source::EffectiveAccess,
    });
    views.push(View {
        name: "run",
        about: "A reading, up to the one that is looked at".to_owned(),
        columns: RUN.to_vec(),
        source: Source::From("FROM {own}run r WHERE r.organization_id = {organization} AND r.id <= {run}"),
    });
    for (name, changes, kind, keys, columns, _) in FACTS {
        let own = columns.iter().filter(|column| !column.is_restless).copied();
        views.push(View {
            name: changes,
            about: format!("What began and ended in `{name}`, up to the run that is looked at. What the first reading showed is no change"),
            columns: CHANGE.into_iter().chain(own).collect(),
            source: Source::Changes {
                kind: kind.number(),
                keys,
            },
        });
    }
    views
}
