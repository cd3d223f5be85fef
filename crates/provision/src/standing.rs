//! Is it so? Asked of Atlassian for many actions at once: before a change, after it, and when its outcome is unclear.
//!
//! Questions are put together: one search tells for a hundred accounts whether they are in a group, another their
//! states.

use crate::verdict::Why;
use atlassian::org::{ALL_DIRECTORIES, AccountSearch, PAGE};
use atlassian::wire::{Account, GroupRoleAssignment};
use atlassian::{Admin, ApiError, Cursor, Scim};
use futures::stream::{self, StreamExt as _};
use model::{AccountId, Action, DirectoryId, GroupId, ResourceId, RoleId};
use std::collections::{BTreeMap, BTreeSet};

/// How many questions are asked at a time; the transport bounds them further.
const AT_A_TIME: usize = 16;

/// Where questions and changes go.
#[derive(Clone, Copy)]
pub struct Api<'a> {
    /// The organization.
    pub admin: &'a Admin,
    /// Its SCIM directory, where the connection knows one.
    pub scim: Option<&'a Scim>,
}

/// Where things stand with an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is not so.
    Needed,
    /// It is so.
    Done,
    /// It cannot become so as things are.
    Blocked(Why),
}

/// What one request tells about some actions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    /// Which of these accounts are in the group.
    Members(GroupId, Vec<AccountId>),
    /// Accounts as a directory shows them, or all directories.
    Accounts(Option<DirectoryId>, Vec<AccountId>),
    RolesOf(AccountId),
    RolesGivenBy(GroupId),
    GroupNamed(DirectoryId, String),
    Group(GroupId),
    Email(String),
    ScimUser(String),
    Profile(AccountId),
    Tokens(AccountId),
}

/// What was answered.
enum Answer {
    Accounts(BTreeMap<String, Account>),
    /// Resource, role, and whether the account itself was given it; `None` where that is not told.
    Roles(Vec<(String, String, Option<bool>)>),
    Given(Vec<GroupRoleAssignment>),
    Exists(bool),
    Profile(BTreeMap<String, String>),
    Tokens(BTreeSet<String>),
}

/// Where each of the actions stands, in their order.
///
/// # Errors
/// The first request that did not end well: then nothing is known of any of them.
pub async fn standings(api: Api<'_>, actions: &[&Action]) -> Result<Vec<Standing>, ApiError> {
    let (questions, of_action) = questions(actions);
    let asked = questions
        .iter()
        .enumerate()
        .map(|(index, question)| async move { Ok::<_, ApiError>((index, ask(api, question).await?)) });
    let answered: Vec<Result<(usize, Answer), ApiError>> =
        stream::iter(asked).buffer_unordered(AT_A_TIME).collect().await;
    let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
    for answer in answered {
        let (index, answer) = answer?;
        answers.insert(index, answer);
    }
    let standings = actions.iter().zip(of_action).map(|(action, index)| {
        answers
            .get(&index)
            .map_or(Standing::Needed, |answer| standing(action, answer))
    });
    Ok(standings.collect())
}

/// Few questions that tell all, and for each action which one.
fn questions(actions: &[&Action]) -> (Vec<Question>, Vec<usize>) {
    // Accounts that one request can ask about together, and their actions.
    let mut members: BTreeMap<&GroupId, Vec<(usize, &AccountId)>> = BTreeMap::new();
    let mut states: BTreeMap<Option<&DirectoryId>, Vec<(usize, &AccountId)>> = BTreeMap::new();
    let mut all: Vec<Question> = Vec::new();
    let mut of_action = vec![0; actions.len()];
    let mut single = |index: usize, question: Question, of_action: &mut Vec<usize>| {
        of_action[index] = all.len();
        all.push(question);
    };
    for (index, action) in actions.iter().enumerate() {
        match action {
            Action::AddMember { group, account, .. } | Action::RemoveMember { group, account, .. } => {
                members.entry(group).or_default().push((index, account));
            }
            Action::Suspend { directory, account }
            | Action::Restore { directory, account }
            | Action::RemoveFromDirectory { directory, account } => {
                states.entry(Some(directory)).or_default().push((index, account));
            }
            Action::Deactivate { account }
            | Action::Reactivate { account }
            | Action::DeleteAccount { account }
            | Action::CancelDeletion { account } => states.entry(None).or_default().push((index, account)),
            Action::GrantRole { account, role, .. } | Action::RevokeRole { account, role, .. } => {
                if role.is_organization_admin() {
                    states.entry(None).or_default().push((index, account));
                } else {
                    single(index, Question::RolesOf(account.clone()), &mut of_action);
                }
            }
            Action::GrantGroupRole { group, .. } | Action::RevokeGroupRole { group, .. } => {
                single(index, Question::RolesGivenBy(group.clone()), &mut of_action);
            }
            Action::CreateGroup { directory, name, .. } => {
                let question = Question::GroupNamed(directory.clone(), name.clone());
                single(index, question, &mut of_action);
            }
            Action::DeleteGroup { group, .. } => {
                single(index, Question::Group(group.clone()), &mut of_action);
            }
            Action::Invite { email, .. } => single(index, Question::Email(email.clone()), &mut of_action),
            Action::CreateAccount { email, user_name, .. } => {
                let name = user_name.as_ref().unwrap_or(email);
                single(index, Question::ScimUser(name.clone()), &mut of_action);
            }
            Action::UpdateProfile { account, .. } => {
                single(index, Question::Profile(account.clone()), &mut of_action);
            }
            Action::RevokeToken { account, .. } => {
                single(index, Question::Tokens(account.clone()), &mut of_action);
            }
        }
    }
    let mut together = |some: &[(usize, &AccountId)], question: Question| {
        for (index, _) in some {
            of_action[*index] = all.len();
        }
        all.push(question);
    };
    let ids = |some: &[(usize, &AccountId)]| some.iter().map(|(_, account)| (*account).clone()).collect();
    for (group, accounts) in &members {
        for some in accounts.chunks(PAGE as usize) {
            together(some, Question::Members((*group).clone(), ids(some)));
        }
    }
    for (directory, accounts) in &states {
        for some in accounts.chunks(PAGE as usize) {
            together(some, Question::Accounts(directory.cloned(), ids(some)));
        }
    }
    (all, of_action)
}

async fn ask(api: Api<'_>, question: &Question) -> Result<Answer, ApiError> {
    let admin = api.admin;
    let texts = |accounts: &[AccountId]| accounts.iter().map(ToString::to_string).collect();
    match question {
        Question::Members(group, accounts) => {
            let search = AccountSearch {
                accounts: texts(accounts),
                groups: vec![group.to_string()],
                ..AccountSearch::default()
            };
            found(admin, ALL_DIRECTORIES, &search).await
        }
        Question::Accounts(directory, accounts) => {
            let search = AccountSearch {
                accounts: texts(accounts),
                expanded: true,
                ..AccountSearch::default()
            };
            let directory = directory.as_ref().map_or(ALL_DIRECTORIES, DirectoryId::as_str);
            found(admin, directory, &search).await
        }
        Question::Email(email) => {
            let search = AccountSearch {
                emails: vec![email.clone()],
                expanded: true,
                ..AccountSearch::default()
            };
            found(admin, ALL_DIRECTORIES, &search).await
        }
        Question::RolesOf(account) => roles_of(admin, account).await.map(Answer::Roles),
        Question::RolesGivenBy(group) => given_by(admin, group).await.map(Answer::Given),
        Question::GroupNamed(directory, name) => {
            let groups = admin
                .groups_named(directory.as_str(), std::slice::from_ref(name))
                .await?;
            let is_it = |found: &atlassian::wire::Group| found.name.as_deref() == Some(name.as_str());
            Ok(Answer::Exists(groups.iter().any(is_it)))
        }
        Question::Group(group) => {
            let page = admin.groups(&[group.to_string()], None).await?;
            let is_there = page.items.iter().any(|found| found.id == group.as_str());
            Ok(Answer::Exists(is_there))
        }
        Question::ScimUser(email) => {
            let Some(scim) = api.scim else {
                return Ok(Answer::Exists(false));
            };
            let user = scim.user_named(email).await?;
            Ok(Answer::Exists(
                user.is_some_and(|user| user.active != Some(false)),
            ))
        }
        Question::Profile(account) => {
            let profile = admin.manage().profile(account).await?;
            let fields = [
                ("name", profile.name),
                ("nickname", profile.nickname),
                ("zoneinfo", profile.zoneinfo),
                ("locale", profile.locale),
            ];
            let told = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)));
            Ok(Answer::Profile(told.collect()))
        }
        Question::Tokens(account) => {
            let tokens = admin.manage().tokens(account).await?;
            Ok(Answer::Tokens(tokens.into_iter().map(|token| token.id).collect()))
        }
    }
}

async fn found(admin: &Admin, directory: &str, search: &AccountSearch) -> Result<Answer, ApiError> {
    let mut accounts = BTreeMap::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = admin.accounts(directory, search, cursor.as_ref()).await?;
        for account in page.items {
            accounts.insert(account.account_id.clone(), account);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(Answer::Accounts(accounts)),
        }
    }
}

async fn roles_of(
    admin: &Admin,
    account: &AccountId,
) -> Result<Vec<(String, String, Option<bool>)>, ApiError> {
    let mut roles = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = match admin
            .account_role_assignments(account.as_str(), cursor.as_ref())
            .await
        {
            Ok(page) => page,
            // Who is gone holds nothing.
            Err(ApiError::NotFound { .. }) => return Ok(roles),
            Err(error) => return Err(error),
        };
        for assignment in page.items {
            for told in assignment.role_assignments.iter().flatten() {
                let methods = told.role_assignment_methods.as_ref();
                let is_direct = methods.map(|methods| methods.iter().any(|method| method == "direct"));
                roles.push((assignment.resource_id.clone(), told.role.clone(), is_direct));
            }
            for role in assignment.roles.iter().flatten() {
                let is_told = roles
                    .iter()
                    .any(|(resource, known, _)| *resource == assignment.resource_id && known == role);
                if !is_told {
                    roles.push((assignment.resource_id.clone(), role.clone(), None));
                }
            }
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(roles),
        }
    }
}

async fn given_by(admin: &Admin, group: &GroupId) -> Result<Vec<GroupRoleAssignment>, ApiError> {
    let mut given = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = match admin
            .group_role_assignments(group.as_str(), cursor.as_ref())
            .await
        {
            Ok(page) => page,
            // A group that is gone gives nothing.
            Err(ApiError::NotFound { .. }) => return Ok(given),
            Err(error) => return Err(error),
        };
        given.extend(page.items);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(given),
        }
    }
}

fn done_if(is_so: bool) -> Standing {
    if is_so { Standing::Done } else { Standing::Needed }
}

fn blocked(reason: &str, next_step: &str) -> Standing {
    Standing::Blocked(Why {
        reason: reason.into(),
        next_step: next_step.into(),
    })
}

/// What the answer says about the action.
fn standing(action: &Action, answer: &Answer) -> Standing {
    match (action, answer) {
        (Action::AddMember { account, .. }, Answer::Accounts(members)) => {
            done_if(members.contains_key(account.as_str()))
        }
        (Action::RemoveMember { account, .. }, Answer::Accounts(members)) => {
            done_if(!members.contains_key(account.as_str()))
        }
        (Action::GrantRole { account, role, .. }, Answer::Accounts(accounts)) => {
            match accounts.get(account.as_str()) {
                Some(found) => done_if(has_platform_role(found, role)),
                None => not_in_organization(),
            }
        }
        (Action::RevokeRole { account, role, .. }, Answer::Accounts(accounts)) => {
            let has = |found: &Account| has_platform_role(found, role);
            done_if(!accounts.get(account.as_str()).is_some_and(has))
        }
        (Action::GrantRole { resource, role, .. }, Answer::Roles(roles)) => {
            done_if(held(roles, resource, role).is_some_and(|direct| direct != Some(false)))
        }
        (Action::RevokeRole { resource, role, .. }, Answer::Roles(roles)) => {
            done_if(held(roles, resource, role).is_none_or(|direct| direct == Some(false)))
        }
        (Action::GrantGroupRole { resource, role, .. }, Answer::Given(given)) => {
            done_if(gives(given, resource, role))
        }
        (Action::RevokeGroupRole { resource, role, .. }, Answer::Given(given)) => {
            done_if(!gives(given, resource, role))
        }
        (Action::CreateGroup { .. } | Action::CreateAccount { .. }, Answer::Exists(exists)) => {
            done_if(*exists)
        }
        (Action::DeleteGroup { .. }, Answer::Exists(exists)) => done_if(!exists),
        (Action::Invite { groups, .. }, Answer::Accounts(accounts)) => {
            let is_in = |account: &Account, group: &GroupId| {
                let listed = account.groups.as_deref().unwrap_or_default();
                listed.iter().any(|listed| listed.id == group.as_str())
            };
            let is_complete = |account: &Account| groups.iter().all(|group| is_in(account, group));
            done_if(accounts.values().any(is_complete))
        }
        (Action::Suspend { account, .. }, Answer::Accounts(accounts)) => match accounts.get(account.as_str())
        {
            Some(found) => done_if(found.membership_status.as_deref() == Some("suspended")),
            None => not_in_directory(),
        },
        (Action::Restore { account, .. }, Answer::Accounts(accounts)) => match accounts.get(account.as_str())
        {
            Some(found) => done_if(found.membership_status.as_deref() == Some("active")),
            None => not_in_directory(),
        },
        (Action::RemoveFromDirectory { account, .. }, Answer::Accounts(accounts)) => {
            done_if(!accounts.contains_key(account.as_str()))
        }
        (Action::Deactivate { account }, Answer::Accounts(accounts)) => {
            match accounts.get(account.as_str()) {
                Some(found) => done_if(!is_active(found)),
                None => not_in_organization(),
            }
        }
        (Action::Reactivate { account }, Answer::Accounts(accounts)) => {
            match accounts.get(account.as_str()) {
                Some(found) if is_for_deletion(found) => blocked(
                    "the account is about to be deleted",
                    "cancel the deletion instead, which reactivates the account too",
                ),
                Some(found) => done_if(is_active(found)),
                None => not_in_organization(),
            }
        }
        (Action::DeleteAccount { account }, Answer::Accounts(accounts)) => {
            done_if(accounts.get(account.as_str()).is_none_or(is_for_deletion))
        }
        (Action::CancelDeletion { account }, Answer::Accounts(accounts)) => {
            match accounts.get(account.as_str()) {
                Some(found) => done_if(!is_for_deletion(found)),
                None => blocked(
                    "the account is gone",
                    "a deletion can be taken back for 14 days only; invite the person anew",
                ),
            }
        }
        (Action::UpdateProfile { fields, .. }, Answer::Profile(told)) => {
            done_if(fields.iter().all(|(name, value)| told.get(name) == Some(value)))
        }
        (Action::RevokeToken { token, .. }, Answer::Tokens(tokens)) => {
            done_if(!tokens.contains(token.as_str()))
        }
        // Each action is asked about by its own question.
        _ => Standing::Needed,
    }
}

fn not_in_directory() -> Standing {
    blocked(
        "the account is not in this directory",
        "read the organization again and make the plan anew",
    )
}

fn not_in_organization() -> Standing {
    blocked(
        "the account is not in this organization",
        "read the organization again and make the plan anew",
    )
}

fn has_platform_role(account: &Account, role: &RoleId) -> bool {
    let roles = account.platform_roles.as_deref().unwrap_or_default();
    roles.iter().any(|held| held == role.as_str())
}

/// `None` when it is not held; otherwise whether the account itself was given it, where that is told.
#[expect(clippy::option_option, reason = "held or not, and then told or not")]
fn held(
    roles: &[(String, String, Option<bool>)],
    resource: &ResourceId,
    role: &RoleId,
) -> Option<Option<bool>> {
    roles
        .iter()
        .find(|(on, held, _)| on == resource.as_str() && held == role.as_str())
        .map(|(_, _, is_direct)| *is_direct)
}

fn gives(given: &[GroupRoleAssignment], resource: &ResourceId, role: &RoleId) -> bool {
    let mut on_it = given
        .iter()
        .filter(|assignment| assignment.resource_id == resource.as_str());
    on_it.any(|assignment| assignment.roles.iter().any(|held| held == role.as_str()))
}

fn is_active(account: &Account) -> bool {
    account.account_status.as_deref() == Some("active")
}

fn is_for_deletion(account: &Account) -> bool {
    account.for_deletion == Some(true) || account.status.as_deref() == Some("for_deletion")
}
