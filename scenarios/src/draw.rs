//! Mixed plans at random: actions of every kind, each about something that it can be about.

use crate::expected::Expected;
use model::{AccountId, Action, DirectoryId, GroupId, ResourceId, RoleId, TokenId};
use std::collections::{BTreeMap, BTreeSet};

/// Draws numbers; the same seed gives the same ones.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        // SplitMix64, a published generator of one line's state.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(end).unwrap_or(1).max(1)).unwrap_or(0)
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() {
            return None;
        }
        let index = self.below(all.len());
        all.get(index)
    }
}

/// What plans are drawn from besides what is expected.
#[derive(Debug)]
pub struct Drawer {
    /// Accounts that nothing is done to: administrators.
    pub spared: BTreeSet<String>,
    /// Accounts that the organization manages.
    pub managed: BTreeSet<String>,
    /// The directory of each group of the beginning.
    pub directories: BTreeMap<String, String>,
    /// Groups of the beginning that give roles: some are default groups, which are not deleted.
    pub giving: BTreeSet<String>,
    /// Workspaces.
    pub workspaces: Vec<String>,
    /// The number of the next thing that is made.
    pub next: usize,
}

impl Drawer {
    /// So many actions or a few more, no two about the same account, and none about a group that another one deletes.
    pub fn plan(&mut self, random: &mut Random, now: &Expected, most: usize) -> Vec<Action> {
        let (mut actions, count) = (Vec::new(), 1 + random.below(most));
        let (mut accounts, mut touched, mut deleted) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for _ in 0..count * 4 {
            if actions.len() >= count {
                break;
            }
            let Some(drawn) = self.draw(random, now) else {
                continue;
            };
            let about: BTreeSet<AccountId> = drawn.iter().filter_map(Action::account).cloned().collect();
            let touches: BTreeSet<GroupId> = drawn.iter().filter_map(Action::group).cloned().collect();
            let deletes = matches!(drawn.as_slice(), [Action::DeleteGroup { .. }]);
            let others = if deletes { &touched } else { &deleted };
            if about.is_disjoint(&accounts) && touches.is_disjoint(others) {
                accounts.extend(about);
                if deletes {
                    deleted.extend(touches);
                } else {
                    touched.extend(touches);
                }
                actions.extend(drawn);
            }
        }
        actions
    }

    fn draw(&mut self, random: &mut Random, now: &Expected) -> Option<Vec<Action>> {
        let role = || RoleId::new("atlassian/user");
        let plain: Vec<&String> = now
            .active
            .keys()
            .filter(|account| now.is_plain(account) && !self.spared.contains(*account))
            .collect();
        let managed: Vec<&String> = plain
            .iter()
            .copied()
            .filter(|account| self.managed.contains(*account))
            .collect();
        let groups: Vec<(&String, &String)> = self
            .directories
            .iter()
            .filter(|(group, _)| now.groups.contains(*group))
            .collect();
        let account = AccountId::new;
        let one = match random.below(19) {
            0 => {
                let (group, directory) = random.one(&groups)?;
                let person = *random.one(&plain)?;
                let is_there = now.places.contains_key(&((*directory).clone(), person.clone()));
                is_there.then_some(())?;
                Action::AddMember {
                    directory: DirectoryId::new(directory.as_str()),
                    group: GroupId::new(group.as_str()),
                    account: account(person),
                }
            }
            1 => {
                let members: Vec<&(String, String)> = now
                    .members
                    .iter()
                    .filter(|(group, person)| self.directories.contains_key(group) && plain.contains(&person))
                    .collect();
                let (group, person) = random.one(&members)?;
                Action::RemoveMember {
                    directory: DirectoryId::new(self.directories.get(group)?),
                    group: GroupId::new(group),
                    account: account(person),
                }
            }
            2 => Action::GrantRole {
                account: account(*random.one(&plain)?),
                resource: ResourceId::new(random.one(&self.workspaces)?),
                role: role(),
            },
            3 => {
                let own: Vec<&(String, String, String)> = now
                    .own
                    .iter()
                    .filter(|(person, resource, _)| {
                        plain.contains(&person) && self.workspaces.contains(resource)
                    })
                    .collect();
                let (person, resource, role) = random.one(&own)?;
                Action::RevokeRole {
                    account: account(person),
                    resource: ResourceId::new(resource),
                    role: RoleId::new(role),
                }
            }
            4 => {
                let (group, directory) = random.one(&groups)?;
                Action::GrantGroupRole {
                    directory: DirectoryId::new(directory.as_str()),
                    group: GroupId::new(group.as_str()),
                    resource: ResourceId::new(random.one(&self.workspaces)?),
                    role: role(),
                }
            }
            5 => {
                let grants: Vec<&(String, String, String)> = now
                    .grants
                    .iter()
                    .filter(|(group, _, _)| {
                        self.directories.contains_key(group) && !self.giving.contains(group)
                    })
                    .collect();
                let (group, resource, role) = random.one(&grants)?;
                Action::RevokeGroupRole {
                    directory: DirectoryId::new(self.directories.get(group)?),
                    group: GroupId::new(group),
                    resource: ResourceId::new(resource),
                    role: RoleId::new(role),
                }
            }
            6 => {
                // A group with members and a role, which wait for it.
                let (_, directory) = random.one(&groups)?;
                let directory = DirectoryId::new(directory.as_str());
                let name = format!("team {}", self.number());
                let group = GroupId::made(&directory, &name);
                let person = *random.one(&plain)?;
                let is_there = now.places.contains_key(&(directory.to_string(), person.clone()));
                is_there.then_some(())?;
                return Some(vec![
                    Action::CreateGroup {
                        directory: directory.clone(),
                        name,
                        description: None,
                    },
                    Action::AddMember {
                        directory: directory.clone(),
                        group: group.clone(),
                        account: account(person),
                    },
                    Action::GrantGroupRole {
                        directory,
                        group,
                        resource: ResourceId::new(random.one(&self.workspaces)?),
                        role: role(),
                    },
                ]);
            }
            7 => {
                let free: Vec<&(&String, &String)> = groups
                    .iter()
                    .filter(|(group, _)| !self.giving.contains(*group))
                    .collect();
                let (group, directory) = random.one(&free)?;
                Action::DeleteGroup {
                    directory: DirectoryId::new(directory.as_str()),
                    group: GroupId::new(group.as_str()),
                }
            }
            8 | 9 => Action::Invite {
                email: format!("guest{}@elsewhere.example", self.number()),
                groups: Vec::new(),
            },
            10 => {
                let number = self.number();
                Action::CreateAccount {
                    email: format!("new{number}@acme.example"),
                    name: format!("New Person{number}"),
                    user_name: None,
                    given_and_family: None,
                }
            }
            11 => {
                let person = *random.one(&managed)?;
                let name = format!("Renamed {}", self.number());
                Action::UpdateProfile {
                    account: account(person),
                    fields: BTreeMap::from([("name".to_owned(), name)]),
                }
            }
            12..=14 => {
                let status = if random.below(3) == 0 {
                    "suspended"
                } else {
                    "active"
                };
                let places: Vec<&(String, String)> = now
                    .places
                    .iter()
                    .filter(|(place, found)| *found == status && plain.contains(&&place.1))
                    .map(|(place, _)| place)
                    .collect();
                let (directory, person) = random.one(&places)?;
                let (directory, account) = (DirectoryId::new(directory), account(person));
                match (status, random.below(4)) {
                    ("suspended", _) => Action::Restore { directory, account },
                    (_, 0) => Action::RemoveFromDirectory { directory, account },
                    _ => Action::Suspend { directory, account },
                }
            }
            15 => Action::Deactivate {
                account: account(*random.one(&managed)?),
            },
            16 => Action::DeleteAccount {
                account: account(*random.one(&managed)?),
            },
            17 => {
                let asleep: Vec<&String> = now
                    .active
                    .iter()
                    .filter(|(person, is_active)| !**is_active && self.managed.contains(*person))
                    .map(|(person, _)| person)
                    .collect();
                let person = *random.one(&asleep)?;
                if random.below(2) == 0 {
                    Action::Reactivate {
                        account: account(person),
                    }
                } else {
                    Action::CancelDeletion {
                        account: account(person),
                    }
                }
            }
            _ => {
                let tokens: Vec<(&String, &String)> = now
                    .tokens
                    .iter()
                    .filter(|(_, owner)| managed.contains(owner))
                    .collect();
                let (token, owner) = random.one(&tokens)?;
                Action::RevokeToken {
                    account: account(owner),
                    token: TokenId::new(token.as_str()),
                }
            }
        };
        Some(vec![one])
    }

    fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }
}
