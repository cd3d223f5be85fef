//! A given organization: the state of which a list of facts is the truth.
//!
//! The lines are those of [`crate::Twin::truth`]. First they are read into numbered rows ([`Reading`]), in which a row
//! may be mentioned before it is described; then the rows are joined ([`join`]). Where the facts say something of an
//! account's roles that does not follow from its groups and direct roles, the difference is kept with the account.

mod join;
mod lines;

use std::collections::HashMap;

use lines::Line;

use crate::generate::cripple;
use crate::options::TwinOptions;
use crate::random::Random;
use crate::roles::{RoleSet, lasting};
use crate::state::{Account, Domain, Group, Place, Policy, Profile, Token, World};
use crate::twin::TwinError;

const DAY_MS: i64 = 86_400_000;

/// Builds the organization whose truth the lines are.
pub(crate) fn from_facts(
    options: &TwinOptions,
    born_ms: i64,
    facts: impl Iterator<Item = String>,
) -> Result<World, TwinError> {
    let mut reading = Reading {
        born_ms,
        ..Reading::default()
    };
    for (at, text) in facts.enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        reading.line = at + 1;
        let line = Line::parse(&text).map_err(|why| TwinError::Fact { line: at + 1, why })?;
        reading
            .take(line)
            .map_err(|why| TwinError::Fact { line: at + 1, why })?;
    }
    let mut world = World::new(options.seed, born_ms);
    let of_the_seed = || Random::new(options.seed, "organization").uuid();
    world.org_id = options.organization_id.clone().unwrap_or_else(of_the_seed);
    world.org_name = format!("Acme {}", options.seed);
    join::join(reading, &mut world)?;
    cripple(&mut world, options);
    Ok(world)
}

/// Numbers for ids, in the order in which they are first mentioned, with the line of that mention.
#[derive(Debug, Default)]
struct Numbered {
    by_id: HashMap<Box<str>, u32>,
    first: Vec<(Box<str>, usize)>,
}

impl Numbered {
    fn of(&mut self, id: &str, line: usize) -> u32 {
        if let Some(index) = self.by_id.get(id) {
            return *index;
        }
        let index = self.first.len() as u32;
        self.by_id.insert(id.into(), index);
        self.first.push((id.into(), line));
        index
    }
}

/// A role on a resource, as told of an account.
#[derive(Clone, Copy, Debug)]
struct Held {
    account: u32,
    resource: u32,
    role: RoleSet,
    /// Bits for direct, through a group, inferred; for a holding without told methods, none.
    methods: u8,
}

/// The methods by the bits that stand for them.
const METHODS: [&str; 3] = ["direct", "group_direct", "inferred"];

/// Everything read, by numbers.
#[derive(Debug, Default)]
struct Reading {
    line: usize,
    born_ms: i64,
    accounts: Numbered,
    groups: Numbered,
    resources: Numbered,
    directories: Numbered,
    account_rows: HashMap<u32, Account>,
    group_rows: HashMap<u32, Group>,
    /// Resource, type, name.
    workspaces: Vec<(u32, &'static str, String)>,
    memberships: Vec<(u32, u32)>,
    grants: Vec<(u32, u32, RoleSet)>,
    held: Vec<Held>,
    methods: Vec<Held>,
    platform: Vec<(u32, RoleSet)>,
    domains: Vec<Domain>,
    policies: Vec<Policy>,
    tokens: Vec<Token>,
}

impl Reading {
    fn take(&mut self, line: Line) -> Result<(), String> {
        let at = self.line;
        match line {
            Line::Account {
                account_id,
                account_type,
                account_status,
                claim_status,
                name,
                email,
                mfa_enabled,
            } => {
                let row = self.account(&account_id);
                let text = |value: Option<String>| value.as_deref().map(lasting);
                row.account_type = text(account_type);
                row.account_status = text(account_status);
                row.claim_status = text(claim_status);
                row.has_mfa = mfa_enabled.unwrap_or_default();
                row.name = name.map(Into::into);
                row.email_is_hidden = email.is_none();
                row.email = email.unwrap_or_default().into();
                // An empty id marks a row that was only mentioned.
                if !row.id.is_empty() {
                    return Err(format!("account {account_id} was told before"));
                }
                row.id = account_id.into();
            }
            Line::DirectoryMembership {
                directory_id,
                account_id,
                status,
            } => {
                let directory = u16::try_from(self.directories.of(&directory_id, at))
                    .map_err(|_| "there are too many directories".to_owned())?;
                let row = self.account(&account_id);
                if row.places.iter().any(|place| place.directory == directory) {
                    return Err("this membership was told before".to_owned());
                }
                let status = lasting(&status);
                row.places.push(Place { directory, status });
            }
            Line::Group {
                group_id,
                directory_id,
                name,
            } => {
                let index = self.groups.of(&group_id, at);
                let directory = u16::try_from(self.directories.of(&directory_id, at))
                    .map_err(|_| "there are too many directories".to_owned())?;
                if self
                    .group_rows
                    .insert(index, group(&group_id, directory, &name))
                    .is_some()
                {
                    return Err(format!("group {group_id} was told before"));
                }
            }
            Line::Membership { group_id, account_id } => {
                let pair = (self.groups.of(&group_id, at), self.accounts.of(&account_id, at));
                self.memberships.push(pair);
            }
            Line::Workspace {
                workspace_id,
                type_key,
                name,
            } => {
                let index = self.resources.of(&workspace_id, at);
                if self.workspaces.iter().any(|(known, ..)| *known == index) {
                    return Err(format!("workspace {workspace_id} was told before"));
                }
                self.workspaces.push((index, lasting(&type_key), name));
            }
            Line::RoleHolding {
                account_id,
                resource_id,
                role,
            } => {
                let held = self.holding(&account_id, &resource_id, &role, 0)?;
                self.held.push(held);
            }
            Line::Method {
                account_id,
                resource_id,
                role,
                methods,
            } => {
                let known =
                    |(bit, name): (usize, &&str)| u8::from(methods.iter().any(|it| it == name)) << bit;
                let methods = METHODS.iter().enumerate().map(known).sum();
                let held = self.holding(&account_id, &resource_id, &role, methods)?;
                self.methods.push(held);
            }
            Line::GroupRoleGrant {
                group_id,
                resource_id,
                role,
            } => {
                let (group, resource) = (self.groups.of(&group_id, at), self.resources.of(&resource_id, at));
                self.grants.push((group, resource, learned(&role)?));
            }
            Line::PlatformRole { account_id, role } => {
                let role = learned(&role)?;
                let account = self.accounts.of(&account_id, at);
                self.platform.push((account, role));
            }
            Line::Domain {
                domain_id,
                name,
                claim_type,
                claim_status,
            } => self.domains.push(Domain {
                id: domain_id,
                name,
                claim_type: lasting(&claim_type),
                claim_status: lasting(&claim_status),
            }),
            Line::Policy {
                policy_id,
                policy_type,
                name,
                status,
            } => self.policies.push(Policy {
                id: policy_id,
                policy_type,
                name,
                status: status.as_deref().map(lasting),
                rule: None,
                resources: Vec::new(),
                created_ms: self.born_ms - 100 * DAY_MS,
                updated_ms: self.born_ms - 100 * DAY_MS,
            }),
            Line::ApiToken {
                token_id,
                account_id,
                label,
                created_at,
                expires_at,
            } => self.tokens.push(Token {
                id: token_id,
                label,
                account_id,
                account_name: String::new(),
                account_email: String::new(),
                is_blocked: false,
                is_revoked: false,
                created_ms: instant(created_at.as_deref())?.unwrap_or(self.born_ms - 100 * DAY_MS),
                expires_ms: Some(instant(expires_at.as_deref())?.unwrap_or(self.born_ms + 265 * DAY_MS)),
                last_active_ms: None,
            }),
        }
        Ok(())
    }

    fn account(&mut self, id: &str) -> &mut Account {
        let index = self.accounts.of(id, self.line);
        let added_ms = self.born_ms - 365 * DAY_MS;
        self.account_rows.entry(index).or_insert_with(|| Account {
            id: "".into(),
            name: None,
            nickname: None,
            email: "".into(),
            email_is_hidden: true,
            email_is_verified: true,
            has_mfa: false,
            is_synced: false,
            is_for_deletion: false,
            account_type: None,
            account_status: None,
            claim_status: None,
            profile: Profile {
                job: 255,
                department: 255,
                location: 255,
                zone: 255,
            },
            added_ms,
            deactivated_ms: None,
            extra: None,
            places: Vec::new(),
            groups: Vec::new(),
            direct: Vec::new(),
        })
    }

    fn holding(&mut self, account: &str, resource: &str, role: &str, methods: u8) -> Result<Held, String> {
        Ok(Held {
            account: self.accounts.of(account, self.line),
            resource: self.resources.of(resource, self.line),
            role: learned(role)?,
            methods,
        })
    }
}

fn instant(text: Option<&str>) -> Result<Option<i64>, String> {
    let Some(text) = text else { return Ok(None) };
    let instant = text.parse::<jiff::Timestamp>();
    let instant = instant.map_err(|_| format!("{text} is no instant"))?;
    Ok(Some(instant.as_millisecond()))
}

fn learned(role: &str) -> Result<RoleSet, String> {
    RoleSet::learned(role).ok_or_else(|| format!("role {role} is one too many"))
}

fn group(id: &str, directory: u16, name: &str) -> Group {
    Group {
        id: id.into(),
        name: name.into(),
        description: None,
        directory,
        is_synced: false,
        is_default: false,
        is_deleted: false,
        is_coming: false,
        managed_by: Some("admins"),
        members: Vec::new(),
        grants: Vec::new(),
    }
}
