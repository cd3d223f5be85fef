//! What a capture keeps. Everything that is not here is replaced, so forgetting a word costs a reader's comfort and
//! never a person's secret. Words are those that the vendor documents.

use model::role::DOCUMENTED_ROLES;

/// Fields whose numbers are counts, sizes and states of HTTP.
const NUMBERS: &[&str] = &[
    "bulk",
    "capacity",
    "code",
    "count",
    "endIndex",
    "end_index",
    "groups",
    "itemsPerPage",
    "limit",
    "maxOperations",
    "maxPayloadSize",
    "maxResults",
    "pageSize",
    "page_size",
    "resources",
    "startIndex",
    "start_index",
    "status",
    "all",
    "synced",
    "managed",
    "total",
    "totalResults",
    "usage",
    "users",
];

/// Fields that tell a time.
const TIMES: &[&str] = &[
    "addedToOrg",
    "added_to_org",
    "added_to_org_timestamp",
    "created",
    "createdAt",
    "deactivatedOn",
    "expiresAt",
    "expiry",
    "lastAccess",
    "lastActiveAt",
    "lastActiveTimestamp",
    "lastModified",
    "last_active",
    "last_active_timestamp",
    "migrationEndDataTime",
    "migrationStartDateTime",
    "processedAt",
    "scheduledDate",
    "time",
    "updatedAt",
];

/// Fields that people fill in: replaced whatever they hold.
const WRITTEN: &[&str] = &[
    "department",
    "description",
    "display",
    "displayName",
    "display_name",
    "email",
    "familyName",
    "formatted",
    "givenName",
    "jobTitle",
    "job_title",
    "label",
    "labels",
    "location",
    "middleName",
    "name",
    "nickName",
    "nickname",
    "notificationText",
    "organization",
    "policyName",
    "preferredLanguage",
    "regionName",
    "searchTerm",
    "tokenLabel",
    "unit",
    "userName",
];

/// Fields that hold sentences of Atlassian's, in which ordinary words are kept.
const SENTENCES: &[&str] = &["detail", "error", "errorDetail", "message", "statusReason"];

/// Further fields that are documented; their names are kept, their values are judged like those of unknown ones.
const FIELDS: &[&str] = &[
    "Operations",
    "Resources",
    "$ref",
    "emails",
    "groupIds",
    "accountIds",
    "resourceIds",
    "roleIds",
    "expand",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "urn:scim:schemas:extension:atlassian-external:1.0",
    "profile.read",
    "profile.write",
    "email.set",
    "lifecycle.enablement",
    "lifecycle.delete",
    "apiToken.read",
    "apiToken.delete",
    "counts.users",
    "counts.resources",
];

/// Values of documented vocabularies.
const VALUES: &[&str] = &[
    // Accounts and memberships.
    "atlassian",
    "customer",
    "app",
    "active",
    "inactive",
    "closed",
    "suspended",
    "no_membership",
    "not_invited",
    "deactivated",
    "for_deletion",
    "managed",
    "unmanaged",
    "invited",
    "synced",
    "inferred",
    "direct",
    "group_direct",
    "external",
    "admins",
    "team-members",
    "open",
    "INVITED",
    "ERROR",
    // Products and workspaces.
    "jira",
    "jira-core",
    "jira-software",
    "jira-servicedesk",
    "jira-service-desk",
    "jira-product-discovery",
    "confluence",
    "bitbucket",
    "trello",
    "opsgenie",
    "statuspage",
    "compass",
    "loom",
    "platform",
    "identity",
    "guard_detect",
    "Jira",
    "Jira Software",
    "Jira Work Management",
    "Jira Service Management",
    "Jira Product Discovery",
    "Confluence",
    "Bitbucket",
    "Trello",
    "Opsgenie",
    "Statuspage",
    "Compass",
    "Loom",
    "Atlassian",
    "workspace",
    "online",
    "offline",
    "deprecated",
    "CHILD",
    "NONE",
    "EU",
    "US",
    "AU",
    "DE",
    "SG",
    "GB",
    "CA",
    "IN",
    "JP",
    "KR",
    "CH",
    "global",
    // Domains, policies, organizations.
    "http",
    "dns",
    "verified",
    "deleted",
    "unverified",
    "superseded",
    "missing_token",
    "orgs",
    "domains",
    "directories",
    "policy",
    "policies",
    "users",
    "groups",
    "events",
    "event-actions",
    "sites",
    "apps",
    "ip-allowlist",
    "data-residency",
    "data-security",
    "admin-notification-settings",
    "generative-ai",
    "hipaa",
    "ugc-data-use-preferences",
    "user-join-settings-default",
    "enabled",
    "disabled",
    "applying",
    "removing",
    "applied",
    "failed",
    "scheduled",
    // Tokens, keys, service accounts.
    "ALLOWED",
    "BLOCKED",
    "allowed",
    "blocked",
    "SCOPED",
    "UNSCOPED",
    "ACTIVE",
    "DELETED",
    "INACTIVE",
    "EXPIRED",
    "REVOKED",
    // SCIM.
    "User",
    "Group",
    "work",
    "home",
    "other",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:schemas:core:2.0:Group",
    "urn:ietf:params:scim:api:messages:2.0:ListResponse",
    "urn:ietf:params:scim:api:messages:2.0:Error",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "urn:scim:schemas:extension:atlassian-external:1.0",
    "invalidFilter",
    "invalidPath",
    "invalidSyntax",
    "invalidValue",
    "invalidVers",
    "mutability",
    "noTarget",
    "sensitive",
    "tooMany",
    "uniqueness",
    "members",
    // Requests.
    "platformRoles",
    "counts.resources",
    "counts.users",
    "productAccess",
    "asc",
    "desc",
    // Refusals.
    "administrative",
    "administrative.notMyself",
    "authPolicy.saml",
    "blocked.exportControl",
    "externalDirectory.scim",
    "externalDirectory.google",
    "myselfOnly",
    "managedAccount",
    "unauthorized",
    "forbidden",
    "forbidden.action",
    "forbidden.targetUnverified",
    "accountNotFound",
    "notFound",
    "conflict.lifecycleErrors",
    "Conflict",
    "Forbidden",
    "Unauthorized",
    "Not Found",
    "Bad Request",
    "Internal Server Error",
    "Service Unavailable",
    "Too Many Requests",
    "true",
    "false",
];

/// Ordinary words of refusals.
const ORDINARY: &[&str] = &[
    "a",
    "access",
    "account",
    "accounts",
    "admin",
    "after",
    "again",
    "all",
    "allowed",
    "already",
    "an",
    "and",
    "api",
    "are",
    "as",
    "at",
    "audit",
    "authentication",
    "bad",
    "be",
    "been",
    "belong",
    "body",
    "by",
    "call",
    "cannot",
    "centralized",
    "conflict",
    "credential",
    "cursor",
    "default",
    "deleted",
    "directory",
    "does",
    "domain",
    "enabled",
    "error",
    "exceeded",
    "exist",
    "exists",
    "expired",
    "failed",
    "field",
    "filter",
    "for",
    "forbidden",
    "found",
    "from",
    "group",
    "groups",
    "has",
    "have",
    "id",
    "in",
    "include",
    "internal",
    "invalid",
    "is",
    "it",
    "key",
    "lacks",
    "large",
    "later",
    "licence",
    "license",
    "limit",
    "log",
    "manage",
    "manage:org",
    "managed",
    "management",
    "many",
    "member",
    "method",
    "missing",
    "must",
    "name",
    "no",
    "not",
    "null",
    "of",
    "on",
    "only",
    "operation",
    "or",
    "organization",
    "page",
    "permission",
    "permitted",
    "plan",
    "policy",
    "privilege",
    "product",
    "rate",
    "read",
    "refused",
    "removed",
    "request",
    "requests",
    "required",
    "resource",
    "role",
    "scim",
    "scope",
    "scopes",
    "server",
    "service",
    "site",
    "something",
    "that",
    "the",
    "this",
    "to",
    "token",
    "too",
    "too-many-requests",
    "try",
    "unauthorized",
    "unavailable",
    "unknown",
    "unsupported",
    "user",
    "users",
    "valid",
    "value",
    "went",
    "with",
    "without",
    "workspace",
    "write",
    "wrong",
];

/// Literal parts of documented paths.
const PATHS: &[&str] = &[
    "-",
    "admin",
    "api-access",
    "api-keys",
    "api-tokens",
    "control",
    "count",
    "directories",
    "directory",
    "domains",
    "event-actions",
    "events",
    "events-stream",
    "Groups",
    "groups",
    "last-active-dates",
    "manage",
    "oauth-clients",
    "orgs",
    "policies",
    "profile",
    "role-assignments",
    "scim",
    "search",
    "service-accounts",
    "stats",
    "users",
    "Users",
    "v1",
    "v2",
    "workspaces",
];

/// Parts of a resource's id that say what kind of thing it is.
const RESOURCE_PARTS: &[&str] = &[
    "",
    "ari",
    "cloud",
    "site",
    "app",
    "all",
    "workspace",
    "org",
    "user",
];

/// Hosts that are the vendor's for everybody.
const HOSTS: &[&str] = &[
    "api.atlassian.com",
    "admin.atlassian.com",
    "support.atlassian.com",
    "developer.atlassian.com",
];

/// Providers of mail for everybody: an address there says nothing of an employer.
const MAIL: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "proton.me",
    "gmx.de",
    "web.de",
    "example.com",
    "example.org",
    "example.net",
];

/// Parts of documented scopes.
const SCOPE_PARTS: &[&str] = &[
    "read",
    "write",
    "delete",
    "manage",
    "admin",
    "orgs",
    "org",
    "accounts",
    "directories",
    "groups",
    "domains",
    "events",
    "workspaces",
    "policies",
    "tokens",
    "keys",
    "service-accounts",
    "service-accounts-tokens",
    "app-access-settings",
];

/// How a field's text is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Replaced whatever it says.
    Replace,
    /// Kept where it is a time.
    Time,
    /// A sentence: ordinary words stay.
    Sentence,
    /// Kept where it is of a documented vocabulary.
    Word,
}

pub(super) fn treatment(field: &str) -> Treatment {
    if WRITTEN.contains(&field) {
        Treatment::Replace
    } else if TIMES.contains(&field) {
        Treatment::Time
    } else if SENTENCES.contains(&field) {
        Treatment::Sentence
    } else {
        Treatment::Word
    }
}

pub(super) fn is_count(field: &str) -> bool {
    NUMBERS.contains(&field)
}

/// Whether a field's name may stay: it is documented, or looks like a program's word. A name, an address or an id as
/// the key of a map is none.
pub(super) fn is_field(name: &str) -> bool {
    let lists = [NUMBERS, TIMES, WRITTEN, SENTENCES, FIELDS];
    let is_word = || {
        let begins_small = name.starts_with(|first: char| first.is_ascii_lowercase());
        begins_small && name.len() <= 40 && name.chars().all(|char| char.is_ascii_alphabetic() || char == '_')
    };
    lists.iter().any(|list| list.contains(&name)) || is_word()
}

pub(super) fn is_value(text: &str) -> bool {
    VALUES.contains(&text) || DOCUMENTED_ROLES.contains(&text) || is_error_code(text) || is_scope(text)
}

pub(super) fn is_ordinary(word: &str) -> bool {
    let bare = word.trim_matches(|char: char| ".,;:!?()\"'".contains(char));
    bare.is_empty() || ORDINARY.contains(&bare.to_lowercase().as_str())
}

pub(super) fn is_path_word(segment: &str) -> bool {
    PATHS.contains(&segment)
}

pub(super) fn is_resource_part(part: &str) -> bool {
    RESOURCE_PARTS.contains(&part) || VALUES.contains(&part)
}

pub(super) fn is_host(host: &str) -> bool {
    HOSTS.contains(&host)
}

pub(super) fn is_mail_for_everybody(domain: &str) -> bool {
    MAIL.contains(&domain)
}

/// Such as `ADMIN-UAM-409-2`, or the status in digits.
fn is_error_code(text: &str) -> bool {
    let is_status =
        text.len() == 3 && text.starts_with(['4', '5']) && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_code = text.strip_prefix("ADMIN-").is_some_and(|rest| {
        let rest = rest.strip_prefix("UAM-").unwrap_or(rest);
        rest.len() <= 8 && rest.chars().all(|char| char.is_ascii_digit() || char == '-')
    });
    is_status || is_code
}

fn is_scope(text: &str) -> bool {
    text.contains(':') && text.split(':').all(|part| SCOPE_PARTS.contains(&part))
}

/// A date, or a date with a time: nothing else fits its letters.
pub(super) fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_date = bytes.len() >= 10
        && bytes.iter().take(10).enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    has_date
        && bytes.len() <= 40
        && bytes
            .iter()
            .skip(10)
            .all(|byte| byte.is_ascii_digit() || b"TtZz:.+- ".contains(byte))
}
