//! Facts as lines of JSON, in a fixed order of keys and of lines, so that two exports can be compared.

use crate::App;
use crate::error::AppError;
use crate::views::Scope;
use model::{FactKind, RunId};
use serde::Serialize;
use serde_json::Value;
use store::ExportedFact;

/// One line. The order of the fields is the order of the keys.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    Account {
        account_id: &'a str,
        account_type: Value,
        account_status: Value,
        claim_status: Value,
        name: Option<&'a str>,
        email: Option<&'a str>,
    },
    DirectoryMembership {
        directory_id: &'a str,
        account_id: &'a str,
        status: Value,
    },
    Group {
        group_id: &'a str,
        directory_id: Value,
        name: Value,
    },
    Membership {
        group_id: &'a str,
        account_id: &'a str,
    },
    Workspace {
        workspace_id: &'a str,
        type_key: Value,
        name: Value,
    },
    RoleHolding {
        account_id: &'a str,
        resource_id: &'a str,
        role: &'a str,
    },
    GroupRoleGrant {
        group_id: &'a str,
        resource_id: &'a str,
        role: &'a str,
    },
    PlatformRole {
        account_id: &'a str,
        role: &'a str,
    },
    Domain {
        domain_id: &'a str,
        name: Value,
        claim_type: Value,
        claim_status: Value,
    },
    Policy {
        policy_id: &'a str,
        policy_type: Value,
        name: Value,
        status: Value,
    },
    ApiToken {
        token_id: &'a str,
        account_id: Value,
        label: Value,
    },
    Method {
        account_id: &'a str,
        resource_id: &'a str,
        role: &'a str,
        methods: Value,
    },
    ApiKey {
        key_id: &'a str,
        label: Value,
        key_type: Value,
        created_by: Value,
        expires_at: Value,
    },
    ServiceAccount {
        account_id: &'a str,
        name: Value,
        status: Value,
    },
    ScimUser {
        scim_directory_id: &'a str,
        scim_user_id: &'a str,
        account_id: Option<&'a str>,
        user_name: Option<&'a str>,
        active: Value,
    },
    ScimGroup {
        scim_directory_id: &'a str,
        scim_group_id: &'a str,
        display_name: Value,
    },
}

/// What is exported besides the facts about people, groups and their access.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// How each role came about, where it was read.
    pub methods: bool,
    /// API keys, service accounts and the records of SCIM.
    pub all: bool,
}

impl ExportOptions {
    fn includes(self, kind: FactKind) -> bool {
        match kind {
            FactKind::Method => self.methods,
            FactKind::ApiKey | FactKind::ServiceAccount | FactKind::ScimUser | FactKind::ScimGroup => {
                self.all
            }
            _ => true,
        }
    }
}

/// The kinds that are exported, in the order of their lines. Directories are told by what is in them.
const EXPORTED: [FactKind; 16] = [
    FactKind::Account,
    FactKind::ApiKey,
    FactKind::ApiToken,
    FactKind::DirectoryMembership,
    FactKind::Domain,
    FactKind::Group,
    FactKind::GroupRoleGrant,
    FactKind::Membership,
    FactKind::Method,
    FactKind::PlatformRole,
    FactKind::Policy,
    FactKind::RoleHolding,
    FactKind::ScimGroup,
    FactKind::ScimUser,
    FactKind::ServiceAccount,
    FactKind::Workspace,
];

fn line(kind: FactKind, fact: &ExportedFact) -> Option<String> {
    let [a, b, c] = &fact.key;
    let told = |name: &str| fact.attributes.json(name);
    let line = match kind {
        FactKind::Account => Line::Account {
            account_id: a,
            account_type: told("type"),
            account_status: told("status"),
            claim_status: told("claim_status"),
            name: fact.name.as_deref(),
            email: fact.email.as_deref(),
        },
        FactKind::DirectoryMembership => Line::DirectoryMembership {
            directory_id: a,
            account_id: b,
            status: told("status"),
        },
        FactKind::Group => Line::Group {
            group_id: a,
            directory_id: told("directory_id"),
            name: told("name"),
        },
        FactKind::Membership => Line::Membership {
            group_id: a,
            account_id: b,
        },
        FactKind::Workspace => Line::Workspace {
            workspace_id: a,
            type_key: told("type_key"),
            name: told("name"),
        },
        FactKind::RoleHolding => Line::RoleHolding {
            account_id: a,
            resource_id: b,
            role: c,
        },
        FactKind::GroupRoleGrant => Line::GroupRoleGrant {
            group_id: a,
            resource_id: b,
            role: c,
        },
        FactKind::PlatformRole => Line::PlatformRole {
            account_id: a,
            role: b,
        },
        FactKind::Domain => Line::Domain {
            domain_id: a,
            name: told("name"),
            claim_type: told("claim_type"),
            claim_status: told("claim_status"),
        },
        FactKind::Policy => Line::Policy {
            policy_id: a,
            policy_type: told("type"),
            name: told("name"),
            status: told("status"),
        },
        FactKind::ApiToken => Line::ApiToken {
            token_id: a,
            account_id: told("account_id"),
            label: told("label"),
        },
        FactKind::Method => Line::Method {
            account_id: a,
            resource_id: b,
            role: c,
            methods: told("methods"),
        },
        FactKind::ApiKey => Line::ApiKey {
            key_id: a,
            label: told("label"),
            key_type: told("key_type"),
            created_by: told("created_by"),
            expires_at: told("expires_at"),
        },
        FactKind::ServiceAccount => Line::ServiceAccount {
            account_id: a,
            name: told("name"),
            status: told("status"),
        },
        FactKind::ScimUser => Line::ScimUser {
            scim_directory_id: b,
            scim_user_id: a,
            account_id: Some(c.as_str()).filter(|account| !account.is_empty()),
            user_name: fact.email.as_deref(),
            active: told("active"),
        },
        FactKind::ScimGroup => Line::ScimGroup {
            scim_directory_id: b,
            scim_group_id: a,
            display_name: told("name"),
        },
        FactKind::Directory => return None,
    };
    // Text keys and JSON values always serialize.
    serde_json::to_string(&line).ok()
}

impl App {
    /// Writes every fact of a scope as a line, sorted bytewise, to `write`.
    pub async fn export_facts<E: From<AppError>>(
        &self,
        scope: &Scope,
        options: ExportOptions,
        mut write: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let snapshot = scope.snapshot();
        let store = |error: store::StoreError| E::from(AppError::from(error));
        for kind in EXPORTED {
            if !options.includes(kind) {
                continue;
            }
            let mut lines: Vec<String> = Vec::new();
            let mut after = -1;
            let mut tx = self.store.read().await.map_err(store)?;
            loop {
                let chunk = tx
                    .facts_chunk(snapshot.organization, kind, RunId(snapshot.run), after)
                    .await;
                let (facts, next) = chunk.map_err(store)?;
                lines.extend(facts.iter().filter_map(|fact| line(kind, fact)));
                match next {
                    Some(next) => after = next,
                    None => break,
                }
            }
            lines.sort_unstable();
            for line in &lines {
                write(line)?;
            }
        }
        Ok(())
    }
}
