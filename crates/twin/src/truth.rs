//! The plain truth: everything reads would say at this moment, one fact a line.

use serde::Serialize;

use crate::clock::iso_ms;
use crate::state::World;

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Fact<'a> {
    Account {
        account_id: &'a str,
        account_type: Option<&'a str>,
        account_status: Option<&'a str>,
        claim_status: Option<&'a str>,
        name: Option<&'a str>,
        email: Option<&'a str>,
    },
    DirectoryMembership {
        directory_id: &'a str,
        account_id: &'a str,
        status: &'a str,
    },
    Group {
        group_id: &'a str,
        directory_id: &'a str,
        name: &'a str,
    },
    Membership {
        group_id: &'a str,
        account_id: &'a str,
    },
    Workspace {
        workspace_id: &'a str,
        type_key: &'a str,
        name: &'a str,
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
        name: &'a str,
        claim_type: &'a str,
        claim_status: &'a str,
    },
    Policy {
        policy_id: &'a str,
        policy_type: &'a str,
        name: Option<&'a str>,
        status: Option<&'a str>,
    },
    ApiToken {
        token_id: &'a str,
        account_id: &'a str,
        label: &'a str,
    },
    ApiKey {
        key_id: &'a str,
        label: &'a str,
        key_type: &'a str,
        created_by: &'a str,
        expires_at: String,
    },
    ServiceAccount {
        account_id: &'a str,
        name: &'a str,
        status: &'a str,
    },
    ScimUser {
        scim_directory_id: &'a str,
        scim_user_id: &'a str,
        account_id: Option<&'a str>,
        user_name: &'a str,
        active: bool,
    },
    ScimGroup {
        scim_directory_id: &'a str,
        scim_group_id: &'a str,
        display_name: &'a str,
    },
    Method {
        account_id: &'a str,
        resource_id: &'a str,
        role: &'a str,
        methods: Vec<&'static str>,
    },
}

/// Writes the truth, a line per fact; with `methods` also how each role came to be held.
///
/// One buffer, because a large organization has millions of facts and a string for each would cost twice the memory.
pub(crate) fn tell(world: &World, methods: bool) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut put = |fact: Fact<'_>| {
        // Writing names and numbers into memory cannot fail.
        let _ = serde_json::to_writer(&mut lines, &fact);
        lines.push(b'\n');
    };
    let directory_id = |index: u16| {
        world
            .directories
            .get(usize::from(index))
            .map_or("", |it| it.id.as_str())
    };
    for (_, account) in world.accounts_known() {
        let account_id = account.id.as_ref();
        put(Fact::Account {
            account_id,
            account_type: account.account_type,
            account_status: account.account_status,
            claim_status: account.claim_status,
            name: account.name.as_deref(),
            email: account.shown_email(),
        });
        for place in &account.places {
            let (directory_id, status) = (directory_id(place.directory), place.status);
            put(Fact::DirectoryMembership {
                directory_id,
                account_id,
                status,
            });
        }
        for role in world.platform_roles(account).ids() {
            put(Fact::PlatformRole { account_id, role });
        }
        for holding in world.holdings(account) {
            let Some(row) = world.resource(holding.resource) else {
                continue;
            };
            let resource_id = row.ari.as_str();
            for one in holding.roles().each() {
                for role in one.ids() {
                    put(Fact::RoleHolding {
                        account_id,
                        resource_id,
                        role,
                    });
                    if methods {
                        put(Fact::Method {
                            account_id,
                            resource_id,
                            role,
                            methods: holding.methods(one),
                        });
                    }
                }
            }
        }
    }
    for (_, group) in world.groups_in(None) {
        let group_id = group.id.as_ref();
        put(Fact::Group {
            group_id,
            directory_id: directory_id(group.directory),
            name: &group.name,
        });
        for account in group.members.iter().filter_map(|index| world.account(*index)) {
            put(Fact::Membership {
                group_id,
                account_id: &account.id,
            });
        }
        for (resource, roles) in &group.grants {
            let Some(row) = world.resource(*resource) else {
                continue;
            };
            for role in roles.ids() {
                put(Fact::GroupRoleGrant {
                    group_id,
                    resource_id: &row.ari,
                    role,
                });
            }
        }
    }
    for (_, row) in world.workspaces() {
        put(Fact::Workspace {
            workspace_id: &row.ari,
            type_key: row.owner,
            name: row.workspace_name(),
        });
    }
    for domain in &world.domains {
        let (claim_type, claim_status) = (domain.claim_type, domain.claim_status);
        put(Fact::Domain {
            domain_id: &domain.id,
            name: &domain.name,
            claim_type,
            claim_status,
        });
    }
    for policy in &world.policies {
        let (name, status) = (policy.name.as_deref(), policy.status);
        put(Fact::Policy {
            policy_id: &policy.id,
            policy_type: &policy.policy_type,
            name,
            status,
        });
    }
    for token in world.tokens.iter().filter(|token| !token.is_revoked) {
        put(Fact::ApiToken {
            token_id: &token.id,
            account_id: &token.account_id,
            label: &token.label,
        });
    }
    lines
}

/// Writes what is true beside that: keys, service accounts, and the records of SCIM, a line per fact.
pub(crate) fn tell_more(world: &World) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut put = |fact: Fact<'_>| {
        let _ = serde_json::to_writer(&mut lines, &fact);
        lines.push(b'\n');
    };
    for key in world.api_keys.iter().filter(|key| !key.is_revoked) {
        put(Fact::ApiKey {
            key_id: &key.id,
            label: &key.label,
            key_type: key.kind(),
            created_by: &key.created_by,
            expires_at: iso_ms(key.expires_ms),
        });
    }
    for row in world.service_accounts.iter().filter(|row| !row.is_deleted) {
        put(Fact::ServiceAccount {
            account_id: &row.account_id,
            name: &row.name,
            status: "ACTIVE",
        });
    }
    let directory_id = |directory: u16| {
        let id = world.scim.directory_ids.get(usize::from(directory));
        id.map_or("", String::as_str)
    };
    for user in world.scim.users.iter().filter(|user| !user.is_deleted) {
        let account = user.account.and_then(|index| world.account(index));
        put(Fact::ScimUser {
            scim_directory_id: directory_id(user.directory),
            scim_user_id: &user.id,
            account_id: account.map(|row| &*row.id),
            user_name: &user.user_name,
            active: world.scim_is_active(user),
        });
    }
    for (_, row) in world.scim_groups() {
        put(Fact::ScimGroup {
            scim_directory_id: directory_id(0),
            scim_group_id: &row.id,
            display_name: world.group(row.group).map_or("", |group| &group.name),
        });
    }
    lines
}
