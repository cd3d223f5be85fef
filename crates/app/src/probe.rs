//! What a connection's key, the organization's plan and the tenant allow: operation by operation, with what would allow
//! the rest. Nothing is changed by asking (see `atlassian::org::Probe`).

use crate::App;
use crate::error::AppError;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch, Probe, ProbeSubjects};
use atlassian::{Admin, ApiError, Options, Scim};
use model::OrganizationId;
use serde::Serialize;
use store::ConnectionRow;

/// Whether one operation is allowed.
#[derive(Debug, Clone, Serialize)]
pub struct OperationTest {
    /// The operation, as in the vendor's description.
    pub operation: &'static str,
    /// What it is needed for.
    pub needed_for: &'static str,
    /// Whether Atlassian allowed it; `None` when there was nothing to ask about.
    pub allowed: Option<bool>,
    /// Why not.
    pub why: Option<String>,
    /// What would allow it.
    pub unlock: Option<&'static str>,
    /// A request to Atlassian's support, ready to send, where only they can allow it.
    pub support_request: Option<String>,
}

/// Why an operation is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// The credential is none of an organization, or is not valid any more.
    Credential,
    /// The key has scopes, and the operation takes none that has.
    ScopedKey,
    /// The key lacks the scope.
    Scope,
    /// The organization has not moved to centralized user management.
    OldUserManagement,
    /// No domain is verified: no account is managed.
    NoManagedAccounts,
    /// The plan has no audit log.
    AuditLog,
    /// Atlassian's support has to switch the operation on.
    NotEnabled,
    /// The connection knows no SCIM directory.
    NoScim,
    /// The SCIM token is not accepted.
    ScimToken,
    /// Atlassian did not say.
    Other,
}

impl Cause {
    fn of(probe: Probe, error: &ApiError) -> Cause {
        let manages = matches!(probe, Probe::Privileges | Probe::TokensOfAccount);
        let logs = matches!(probe, Probe::Events | Probe::EventsStream | Probe::EventActions);
        match error {
            ApiError::Unauthorized { .. } => Cause::Credential,
            ApiError::Forbidden { detail, .. } if detail.mentions("manage:org") => Cause::ScopedKey,
            ApiError::Forbidden { detail, .. } if detail.mentions("scope") => Cause::Scope,
            ApiError::Forbidden { detail, .. } if manages && detail.mentions("user management") => {
                Cause::OldUserManagement
            }
            ApiError::Forbidden { .. } | ApiError::NotFound { .. } if logs => Cause::AuditLog,
            ApiError::Forbidden { .. } | ApiError::NotFound { .. } if probe.is_write() => Cause::NotEnabled,
            _ => Cause::Other,
        }
    }

    fn unlock(self) -> &'static str {
        match self {
            Cause::Credential => {
                "An organization API key that is valid: admin.atlassian.com, Settings, API keys. A user's API token, a \
                 site token or an OAuth token does not work here; an organization's key ends after a year at most."
            }
            Cause::ScopedKey => {
                "An organization API key without scopes: this one has scopes, and user management takes no such key."
            }
            Cause::Scope => "A key with the scope that Atlassian names, or one without scopes.",
            Cause::OldUserManagement => {
                "Centralized user management: this organization is on the old one. Atlassian moves organizations over; \
                 their support says when."
            }
            Cause::NoManagedAccounts => {
                "A verified domain: admin.atlassian.com, Settings, Domains. Accounts with an address in it are managed, \
                 and only managed accounts have privileges and tokens to be asked about."
            }
            Cause::AuditLog => {
                "An audit log: Atlassian Guard Standard or an Enterprise plan; what users make is logged from Guard \
                 Premium on. Without it changes are still found, by comparing readings."
            }
            Cause::NotEnabled => {
                "Atlassian's support switches it on for an organization; the request to send is below."
            }
            Cause::NoScim => {
                "A SCIM directory: admin.atlassian.com, Security, Identity providers, set up user provisioning, and give \
                 its address and token to connection set NAME --scim-url URL --scim-token-file FILE."
            }
            Cause::ScimToken => {
                "A SCIM token that is valid: admin.atlassian.com, Security, Identity providers, the directory, regenerate \
                 the token; the identity provider that uses the old one needs the new one too."
            }
            Cause::Other => {
                "A key made by an organization admin of this organization, without scopes; if it is one, ask Atlassian's \
                 support with the words above."
            }
        }
    }
}

/// What an operation is needed for.
fn needed_for(probe: Probe) -> &'static str {
    match probe {
        Probe::Organization => "the organization's name",
        Probe::Directories => "directories",
        Probe::Accounts => "accounts, groups of accounts, role holders",
        Probe::AccountsCount => "checking that no account is missing",
        Probe::AccountsStats => "which roles are in use",
        Probe::Groups => "groups",
        Probe::GroupsCount => "checking that no group is missing",
        Probe::GroupRoles => "roles that groups give",
        Probe::AccountRoles => "ways of access",
        Probe::Workspaces => "workspaces",
        Probe::Domains => "domains",
        Probe::Policies => "policies",
        Probe::LastActive => "when an account was last active",
        Probe::Events => "who made a change: searching the audit log",
        Probe::EventsStream => "who made a change: following the audit log",
        Probe::EventActions => "the names of what the audit log holds",
        Probe::ApiTokens => "API tokens",
        Probe::ApiKeys => "API keys of the organization",
        Probe::ServiceAccounts => "service accounts",
        Probe::ControlPolicies => "data security and network policies",
        Probe::Privileges => "what may be changed on a managed account",
        Probe::TokensOfAccount => "API tokens of one account",
        Probe::GrantRole => "granting a role to an account",
        Probe::RevokeRole => "revoking a role of an account",
        Probe::GrantGroupRole => "granting a role to a group",
        Probe::RevokeGroupRole => "revoking a role of a group",
        Probe::Invite => "inviting somebody",
    }
}

/// The path that support staff know an operation by.
fn path(probe: Probe) -> &'static str {
    match probe {
        Probe::GrantRole => "POST /admin/v1/orgs/{orgId}/users/{accountId}/roles/assign",
        Probe::RevokeRole => "POST /admin/v1/orgs/{orgId}/users/{accountId}/roles/revoke",
        Probe::GrantGroupRole => {
            "POST /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments/assign"
        }
        Probe::RevokeGroupRole => {
            "POST /admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments/revoke"
        }
        Probe::Invite => "POST /admin/v2/orgs/{orgId}/users/invite",
        _ => "",
    }
}

impl App {
    /// Asks for each operation whether it is allowed, about 30 requests. Changes nothing.
    ///
    /// Fails when Atlassian cannot be reached; a key that is not accepted is an answer.
    pub async fn connection_test(
        &self,
        connection: &ConnectionRow,
        options: &Options,
    ) -> Result<Vec<OperationTest>, AppError> {
        let mut tx = self.store.read().await?;
        let organization = tx.organization_get(connection.organization_id).await?;
        drop(tx);
        let admin = self.admin(connection, options).await?;
        let subjects = subjects(&admin).await;
        let has_domain = has_verified_domain(&admin).await;
        let mut causes = Vec::new();
        let mut tests = Vec::new();
        for probe in Probe::ALL {
            let (cause, test) = ask(&admin, probe, &subjects, has_domain).await?;
            causes.push(cause);
            tests.push(test);
        }
        let closed: Vec<Probe> = Probe::ALL
            .into_iter()
            .zip(&causes)
            .filter(|(_, cause)| **cause == Some(Cause::NotEnabled))
            .map(|(probe, _)| probe)
            .collect();
        let request = support_request(&organization.atlassian_id, organization.name.as_deref(), &closed);
        for (test, cause) in tests.iter_mut().zip(causes) {
            test.support_request = (cause == Some(Cause::NotEnabled)).then(|| request.clone());
        }
        let scim = self.scim(connection, &admin).await?;
        tests.extend(ask_scim(scim.as_ref()).await?);
        Ok(tests)
    }
}

/// Asks the SCIM directory, which has a credential of its own; without one it says what that would allow.
async fn ask_scim(scim: Option<&Scim>) -> Result<[OperationTest; 2], AppError> {
    let (users, groups) = match scim {
        Some(scim) => (Some(scim.users_count().await), Some(scim.groups_count().await)),
        None => (None, None),
    };
    Ok([
        scim_test(
            "scimGetUsers",
            "which accounts an identity provider owns; making accounts",
            users,
        )?,
        scim_test("scimGetGroups", "which groups an identity provider owns", groups)?,
    ])
}

fn scim_test(
    operation: &'static str,
    needed_for: &'static str,
    answer: Option<Result<i64, ApiError>>,
) -> Result<OperationTest, AppError> {
    let (allowed, why, cause) = match answer {
        None => (
            None,
            Some("not asked: the connection knows no SCIM directory".to_owned()),
            Some(Cause::NoScim),
        ),
        Some(Ok(_)) => (Some(true), None, None),
        Some(Err(error @ (ApiError::Unreachable { .. } | ApiError::RequestsSpent { .. }))) => {
            return Err(error.into());
        }
        Some(Err(error)) => {
            let cause = match &error {
                ApiError::Unauthorized { .. } | ApiError::NotFound { .. } => Cause::ScimToken,
                _ => Cause::Other,
            };
            (Some(false), Some(error.to_string()), Some(cause))
        }
    };
    Ok(OperationTest {
        operation,
        needed_for,
        allowed,
        why,
        unlock: cause.map(Cause::unlock),
        support_request: None,
    })
}

async fn ask(
    admin: &Admin,
    probe: Probe,
    subjects: &ProbeSubjects,
    has_domain: Option<bool>,
) -> Result<(Option<Cause>, OperationTest), AppError> {
    let test = |allowed, why: Option<String>, cause: Option<Cause>| {
        let test = OperationTest {
            operation: probe.operation(),
            needed_for: needed_for(probe),
            allowed,
            why,
            unlock: cause.map(Cause::unlock),
            support_request: None,
        };
        Ok((cause, test))
    };
    match admin.probe(probe, subjects).await {
        Some(Ok(())) => test(Some(true), None, None),
        Some(Err(error @ (ApiError::Unreachable { .. } | ApiError::RequestsSpent { .. }))) => {
            Err(error.into())
        }
        Some(Err(error)) => test(
            Some(false),
            Some(error.to_string()),
            Some(Cause::of(probe, &error)),
        ),
        None if matches!(probe, Probe::Privileges | Probe::TokensOfAccount) && has_domain == Some(false) => {
            let why = "no domain of this organization is verified, so no account is managed".to_owned();
            test(Some(false), Some(why), Some(Cause::NoManagedAccounts))
        }
        None => test(
            None,
            Some("not asked: no account or group was found to ask about".to_owned()),
            None,
        ),
    }
}

/// Somebody and something to ask about; what cannot be found is left out, and its own question says why.
async fn subjects(admin: &Admin) -> ProbeSubjects {
    let accounts = admin
        .accounts(ALL_DIRECTORIES, &AccountSearch::default(), None)
        .await
        .map(|page| page.items)
        .unwrap_or_default();
    let groups = admin.groups(&[], None).await.map(|page| page.items);
    let tokens = admin.api_tokens(None).await.map(|page| page.items);
    let is_managed = |account: &&atlassian::wire::Account| account.claim_status.as_deref() == Some("managed");
    let managed = accounts
        .iter()
        .find(is_managed)
        .map(|account| account.account_id.clone());
    // Only managed accounts have tokens that are listed.
    let owner = || {
        let tokens = tokens.as_ref().ok()?;
        tokens
            .iter()
            .find_map(|token| token.user.as_ref())
            .map(|user| user.id.clone())
    };
    ProbeSubjects {
        account: accounts.first().map(|account| account.account_id.clone()),
        managed_account: managed.or_else(owner),
        group: groups.unwrap_or_default().into_iter().find_map(|group| {
            let directory = group.directory_id?;
            Some((group.id, directory))
        }),
    }
}

/// Whether a domain is verified; `None` where this key may not see domains.
async fn has_verified_domain(admin: &Admin) -> Option<bool> {
    let mut cursor = None;
    loop {
        let page = admin.domains(cursor.as_ref()).await.ok()?;
        let is_verified = |domain: &atlassian::wire::Domain| {
            let claim = domain.attributes.claim.as_ref();
            claim.and_then(|claim| claim.status.as_deref()) == Some("verified")
        };
        if page.items.iter().any(is_verified) {
            return Some(true);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Some(false),
        }
    }
}

/// A request to Atlassian's support, in their words, ready to send.
fn support_request(organization: &OrganizationId, name: Option<&str>, closed: &[Probe]) -> String {
    let named = name.map_or_else(String::new, |name| format!(" ({name})"));
    let operations: Vec<String> = closed
        .iter()
        .map(|probe| format!("  - {} [{}]", path(*probe), probe.operation()))
        .collect();
    format!(
        "To: Atlassian support, https://support.atlassian.com/contact\n\
         Subject: Please enable organization REST API operations for organization {organization}\n\
         \n\
         Hello,\n\
         \n\
         for our organization {organization}{named} these operations of the organizations REST API answer 403 or 404 to \
         an organization API key without scopes, made by an organization admin:\n\
         \n\
         {}\n\
         \n\
         We read that they are enabled for each organization on request. Please enable them for this one, or tell us \
         what they need.\n\
         \n\
         Thank you",
        operations.join("\n")
    )
}
