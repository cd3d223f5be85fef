//! The rows of an organization, kept small: 100,000 accounts have to fit into some tens of megabytes.

use crate::generate::{DEPARTMENTS, JOBS, LOCATIONS, ZONES};
use crate::roles::RoleSet;
use crate::state::Holding;

/// A user directory.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A site: a host under which apps of one directory live.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) cloud_id: String,
    pub(crate) host: String,
    pub(crate) directory: u16,
    /// The products that already live here.
    pub(crate) products: Vec<&'static str>,
}

/// An account's membership in one directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) directory: u16,
    pub(crate) status: &'static str,
}

/// Indexes into the tables of profile texts; 255 means absent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profile {
    pub(crate) job: u8,
    pub(crate) department: u8,
    pub(crate) location: u8,
    pub(crate) zone: u8,
}

/// The texts of a profile that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProfileField {
    JobTitle,
    Department,
    Organization,
    Location,
    TimeZone,
    Locale,
}

/// Why an account cannot be managed freely, beside being synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restriction {
    /// Its profile comes from a Google workspace.
    Google,
    /// Its authentication policy enforces single sign-on.
    Saml,
    /// Only the vendor may change it.
    Administrative,
    /// Export control keeps it deactivated.
    ExportControl,
}

/// What few accounts have, kept apart so that the others stay small.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    pub(crate) restriction: Option<Restriction>,
    /// Texts that were written; an empty one was taken away.
    pub(crate) texts: Vec<(ProfileField, Box<str>)>,
    /// True for an account that is managed, and in no directory.
    pub(crate) is_listed_only: bool,
    /// Where what was told about the account differs from what follows from the rest.
    pub(crate) differences: Option<Box<Differences>>,
}

/// What an account holds beyond, and short of, what its direct roles, groups and administrator roles give it.
///
/// A real organization can say such things; a generated one never does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Differences {
    pub(crate) more_platform: RoleSet,
    pub(crate) less_platform: RoleSet,
    /// (more, less) on one resource, by way.
    pub(crate) holdings: Vec<(Holding, Holding)>,
}

/// An organization API key.
#[derive(Clone, Debug)]
pub(crate) struct ApiKey {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) is_scoped: bool,
    pub(crate) created_by: String,
    pub(crate) created_ms: i64,
    pub(crate) expires_ms: i64,
    pub(crate) last_active_ms: Option<i64>,
    pub(crate) is_revoked: bool,
    /// Only keys that this twin gave out can be used.
    pub(crate) secret: Option<String>,
}

impl ApiKey {
    /// The kind as answers tell it.
    pub(crate) fn kind(&self) -> &'static str {
        if self.is_scoped { "SCOPED" } else { "UNSCOPED" }
    }

    pub(crate) fn is_good(&self, now_ms: i64) -> bool {
        !self.is_revoked && now_ms < self.expires_ms
    }
}

/// An account. It is in the organization as long as it has a place in a directory.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: Box<str>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) nickname: Option<Box<str>>,
    pub(crate) email: Box<str>,
    pub(crate) email_is_hidden: bool,
    pub(crate) email_is_verified: bool,
    pub(crate) has_mfa: bool,
    pub(crate) is_synced: bool,
    pub(crate) is_for_deletion: bool,
    pub(crate) account_type: Option<&'static str>,
    pub(crate) account_status: Option<&'static str>,
    pub(crate) claim_status: Option<&'static str>,
    pub(crate) profile: Profile,
    pub(crate) added_ms: i64,
    pub(crate) deactivated_ms: Option<i64>,
    /// What few accounts have.
    pub(crate) extra: Option<Box<Extra>>,
    pub(crate) places: Vec<Place>,
    /// Groups, ascending.
    pub(crate) groups: Vec<u32>,
    /// Direct roles by resource, ascending.
    pub(crate) direct: Vec<(u32, RoleSet)>,
}

impl Account {
    /// The membership a search of this directory (`None`: of all, where the first counts) shows.
    pub(crate) fn place(&self, directory: Option<u16>) -> Option<&Place> {
        match directory {
            None => self.places.first(),
            Some(wanted) => self.places.iter().find(|place| place.directory == wanted),
        }
    }

    /// The e-mail as answers tell it.
    pub(crate) fn shown_email(&self) -> Option<&str> {
        if self.email_is_hidden {
            None
        } else {
            Some(&self.email)
        }
    }

    /// The composite status for display.
    pub(crate) fn status(&self, place: &Place) -> &'static str {
        match (self.account_status, place.status) {
            _ if self.is_for_deletion => "for_deletion",
            (Some("inactive" | "closed"), _) => "deactivated",
            (_, "suspended") => "suspended",
            (_, "no_membership") => "not_invited",
            (_, "active") => "active",
            (_, other) => other,
        }
    }

    pub(crate) fn direct_on(&self, resource: u32) -> RoleSet {
        self.direct
            .iter()
            .find(|(held, _)| *held == resource)
            .map_or(RoleSet::EMPTY, |(_, roles)| *roles)
    }

    /// A text of the profile: what was written last, else what was generated.
    pub(crate) fn profile_text(&self, field: ProfileField) -> Option<&str> {
        let written = self
            .extra
            .as_ref()
            .and_then(|extra| extra.texts.iter().find(|(it, _)| *it == field));
        if let Some((_, text)) = written {
            return Some(text.as_ref()).filter(|text| !text.is_empty());
        }
        let (table, at): (&[&str], u8) = match field {
            ProfileField::JobTitle => (&JOBS, self.profile.job),
            ProfileField::Department => (&DEPARTMENTS, self.profile.department),
            ProfileField::Location => (&LOCATIONS, self.profile.location),
            ProfileField::TimeZone => (&ZONES, self.profile.zone),
            ProfileField::Organization | ProfileField::Locale => return None,
        };
        table.get(usize::from(at)).copied()
    }

    pub(crate) fn set_profile_text(&mut self, field: ProfileField, text: &str) {
        let extra = self.extra.get_or_insert_default();
        extra.texts.retain(|(it, _)| *it != field);
        extra.texts.push((field, text.into()));
    }

    pub(crate) fn differences(&self) -> Option<&Differences> {
        self.extra.as_ref()?.differences.as_deref()
    }

    pub(crate) fn is_listed_only(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.is_listed_only)
    }

    pub(crate) fn restriction(&self) -> Option<Restriction> {
        self.extra.as_ref().and_then(|extra| extra.restriction)
    }

    pub(crate) fn is_managed(&self) -> bool {
        self.claim_status == Some("managed")
    }
}

/// A group of one directory.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: Box<str>,
    pub(crate) name: Box<str>,
    pub(crate) description: Option<Box<str>>,
    pub(crate) directory: u16,
    pub(crate) is_synced: bool,
    pub(crate) is_default: bool,
    pub(crate) is_deleted: bool,
    /// Accepted, and not visible yet.
    pub(crate) is_coming: bool,
    pub(crate) managed_by: Option<&'static str>,
    /// Accounts, ascending.
    pub(crate) members: Vec<u32>,
    /// Granted roles by resource, ascending.
    pub(crate) grants: Vec<(u32, RoleSet)>,
}

impl Group {
    pub(crate) fn grants_on(&self, resource: u32) -> RoleSet {
        self.grants
            .iter()
            .find(|(granted, _)| *granted == resource)
            .map_or(RoleSet::EMPTY, |(_, roles)| *roles)
    }

    pub(crate) fn all_grants(&self) -> RoleSet {
        self.grants
            .iter()
            .fold(RoleSet::EMPTY, |all, (_, roles)| all.union(*roles))
    }
}

/// What a role can be held on.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) ari: String,
    pub(crate) owner: &'static str,
    pub(crate) directory: u16,
    /// Index of the site, where there is one.
    pub(crate) site: Option<u16>,
    pub(crate) kind: ResourceKind,
    /// Groups that grant something here, ascending.
    pub(crate) granting: Vec<u32>,
    /// Accounts that hold something here directly, ascending.
    pub(crate) holding: Vec<u32>,
}

/// The kinds of resources; only workspaces are in the workspace list.
#[derive(Clone, Debug)]
pub(crate) enum ResourceKind {
    /// An app on a site, or a workspace of a product without sites.
    Workspace {
        /// Display name.
        name: String,
        /// Host, for sited apps.
        host: Option<String>,
        /// When it was made, for sited apps.
        created_ms: Option<i64>,
        /// Seats that may be taken, where a limit is known.
        capacity: Option<usize>,
        /// `online`, `offline` or `deprecated`.
        status: &'static str,
        /// True for a sandbox.
        is_sandbox: bool,
    },
    /// The organization itself.
    Organization,
    /// A whole site.
    Site,
    /// All apps of a product.
    Wildcard,
}

impl Resource {
    pub(crate) fn is_workspace(&self) -> bool {
        matches!(self.kind, ResourceKind::Workspace { .. })
    }

    pub(crate) fn workspace_name(&self) -> &str {
        match &self.kind {
            ResourceKind::Workspace { name, .. } => name,
            _ => "",
        }
    }
}

/// A domain the organization has claimed or tries to.
#[derive(Clone, Debug)]
pub(crate) struct Domain {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) claim_type: &'static str,
    pub(crate) claim_status: &'static str,
}

/// What a policy applies to.
#[derive(Clone, Debug)]
pub(crate) struct PolicyResource {
    pub(crate) id: String,
    pub(crate) status: &'static str,
}

/// An organization policy of the first generation.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) id: String,
    pub(crate) policy_type: String,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<&'static str>,
    pub(crate) rule: Option<serde_json::Value>,
    pub(crate) resources: Vec<PolicyResource>,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
}

/// An API token of a managed account, which may have left since.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) account_id: String,
    pub(crate) account_name: String,
    pub(crate) account_email: String,
    pub(crate) is_blocked: bool,
    /// Revoked tokens keep their row, so that the others keep their places.
    pub(crate) is_revoked: bool,
    pub(crate) created_ms: i64,
    pub(crate) expires_ms: Option<i64>,
    pub(crate) last_active_ms: Option<i64>,
}

/// An account for a program, with tokens and clients of its own; it is in no directory.
#[derive(Clone, Debug)]
pub(crate) struct ServiceAccount {
    pub(crate) id: String,
    pub(crate) account_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created_by: String,
    pub(crate) updated_ms: i64,
    pub(crate) is_deleted: bool,
    pub(crate) tokens: Vec<ServiceToken>,
}

/// A token of a service account.
#[derive(Clone, Debug)]
pub(crate) struct ServiceToken {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) created_ms: i64,
    pub(crate) expires_ms: i64,
}

/// An OAuth client that belongs to a service account.
#[derive(Clone, Debug)]
pub(crate) struct OauthClient {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Id of the service account.
    pub(crate) owner: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) created_ms: i64,
    pub(crate) is_deleted: bool,
}

/// A policy of how to log in.
#[derive(Clone, Debug)]
pub(crate) struct AuthPolicy {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) is_saml: bool,
}

/// Users on their way under another policy.
#[derive(Clone, Debug)]
pub(crate) struct AuthTask {
    pub(crate) id: String,
    pub(crate) ends_ms: i64,
    pub(crate) failed: Vec<String>,
    pub(crate) total: usize,
}
