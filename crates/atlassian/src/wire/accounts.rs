//! Accounts, as the user search and the user detail give them.

use super::RawPage;
use crate::drift::Drift;
use serde::Deserialize;

/// An account as one directory shows it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    /// Its id; an item without one says nothing.
    pub account_id: String,
    /// `atlassian`, `customer`, `app`; open.
    pub account_type: Option<String>,
    /// The composite state, for display and filters.
    pub status: Option<String>,
    /// The state of the account itself: `active`, `inactive`, `closed`; open.
    pub account_status: Option<String>,
    /// The state in this directory: `active`, `suspended`, `no_membership`; open.
    pub membership_status: Option<String>,
    /// When it came to the organization.
    pub added_to_org: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Public name.
    pub nickname: Option<String>,
    /// E-mail address; may be hidden.
    pub email: Option<String>,
    /// Whether the address was shown to be theirs.
    pub email_verified: Option<bool>,
    /// `managed` or `unmanaged`; open.
    pub claim_status: Option<String>,
    /// Roles of the platform; absent unless expanded.
    pub platform_roles: Option<Vec<String>>,
    /// `invited`, `synced`; open.
    pub management_source: Option<String>,
    /// Whether two-step verification is on.
    pub mfa_enabled: Option<bool>,
    /// Job title.
    pub job_title: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Organization in the sense of the person's profile.
    pub organization: Option<String>,
    /// Place.
    pub location: Option<String>,
    /// Time zone.
    pub time_zone: Option<String>,
    /// Counts; absent unless expanded.
    pub counts: Option<Counts>,
    /// Activity by product; absent unless expanded.
    pub product_access: Option<Vec<ProductAccess>>,
    /// Groups in this directory; absent unless expanded, and possibly cut.
    pub groups: Option<Vec<AccountGroup>>,
    /// When it was deactivated.
    pub deactivated_on: Option<String>,
    /// Whether its deletion is under way.
    pub for_deletion: Option<bool>,
}

/// Counts of an account.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Resources on which it holds a role.
    pub resources: Option<i64>,
}

/// Access to a product with its latest use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProductAccess {
    /// Product key.
    pub key: Option<String>,
    /// The resource.
    pub id: Option<String>,
    /// Latest use; absent when there was none.
    pub last_active_timestamp: Option<String>,
}

/// A group as an account's row lists it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AccountGroup {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
}

/// Counts over a directory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AccountStats {
    /// Accounts by role.
    pub roles: Vec<RoleCount>,
}

/// How many accounts hold a role.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoleCount {
    /// The role.
    pub role_id: String,
    /// How many hold it on anything.
    pub count: i64,
}

const FIELDS: [&str; 28] = [
    "accountId",
    "accountType",
    "status",
    "accountStatus",
    "membershipStatus",
    "addedToOrg",
    "name",
    "nickname",
    "email",
    "emailVerified",
    "claimStatus",
    "platformRoles",
    "picture",
    "avatar",
    "managementSource",
    "mfaEnabled",
    "jobTitle",
    "department",
    "organization",
    "location",
    "timeZone",
    "counts",
    "productAccess",
    "groups",
    "links",
    "deactivatedOn",
    "forDeletion",
    "statusInUserbase",
];

impl Account {
    /// Counts what of a page is unknown: fields by its first item, values by all.
    pub(crate) fn note_drift(drift: &Drift, page: &RawPage, accounts: &[Account]) {
        if let Some(first) = page.data.first() {
            drift.fields("account", first.get(), &FIELDS);
        }
        for account in accounts {
            let value = |name: &str, value: &Option<String>, known: &[&str]| {
                drift.value(&format!("account.{name}"), value.as_deref(), known);
            };
            value(
                "accountType",
                &account.account_type,
                &["atlassian", "customer", "app"],
            );
            value(
                "accountStatus",
                &account.account_status,
                &["active", "inactive", "closed"],
            );
            value(
                "membershipStatus",
                &account.membership_status,
                &["active", "suspended", "no_membership"],
            );
            value("claimStatus", &account.claim_status, &["managed", "unmanaged"]);
        }
    }
}
