//! Who holds which role on which resource, by search filters.
//!
//! With *joint* filters a search by resource and role answers exactly. With *independent* filters the same search also
//! finds accounts that have the role elsewhere and another role here; then roles, resources and roles again are listed
//! on their own, and only accounts with several roles are read one by one (`verify.rs`). Roles that a group gives to
//! most accounts are not listed at all where that can be helped (`implied.rs`).

use crate::error::SyncError;
use crate::listing::{Context, side_by_side};
use atlassian::org::{ALL_DIRECTORIES, AccountSearch};
use atlassian::wire::Account;
use atlassian::{Cursor, Page};
use model::{AccountId, Fact, Family, ResourceId, RoleId};
use store::{GivenRole, Hint, HintRow, Observation};

/// How many listings are read at a time; the transport bounds requests further.
const AT_A_TIME: usize = 32;
/// How many that are known to be long: their pages fill the memory, and one after the other they keep the writer busy.
const LONG_AT_A_TIME: usize = 8;

/// How often listings of several pages are read again while somebody new appears.
const PASSES: u32 = 3;

/// What to list.
#[derive(Debug, Clone)]
pub(crate) enum Pairs {
    /// Every resource with every role, exactly.
    Joint {
        resources: Vec<String>,
        roles: Vec<String>,
    },
    /// Every resource and every role on their own.
    Independent {
        resources: Vec<String>,
        roles: Vec<String>,
    },
}

/// One search.
#[derive(Debug, Clone)]
struct Question {
    resource: Option<String>,
    role: Option<String>,
}

impl Question {
    fn about(given: &GivenRole) -> Question {
        Question {
            resource: Some(given.resource.clone()),
            role: Some(given.role.clone()),
        }
    }

    fn search(&self) -> AccountSearch {
        AccountSearch {
            resources: self.resource.iter().cloned().collect(),
            roles: self.role.iter().cloned().collect(),
            ..AccountSearch::default()
        }
    }

    /// The question that a listing of this name asks.
    fn of_name(name: &str) -> Question {
        let (resource, role) = name.split_once(' ').unwrap_or((name, ""));
        let told = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Question {
            resource: told(resource),
            role: told(role),
        }
    }

    /// Resource and role, which no id holds a space in; empty where it does not ask.
    fn name(&self) -> String {
        format!(
            "{} {}",
            self.resource.as_deref().unwrap_or_default(),
            self.role.as_deref().unwrap_or_default()
        )
    }

    fn observe(&self, page: &Page<Account>) -> Observation {
        let mut observation = Observation {
            sent_at: page.sent_at,
            ..Observation::default()
        };
        for account in page.items.iter().filter(|account| !account.account_id.is_empty()) {
            let id = &account.account_id;
            let hint = |hint, other: &String| HintRow {
                hint,
                key: [id.clone(), other.clone()],
                number: 0,
            };
            match (&self.resource, &self.role) {
                (Some(resource), Some(role)) => observation.facts.push(Fact::role_holding(
                    &AccountId::new(id),
                    &ResourceId::new(resource),
                    &RoleId::new(role),
                )),
                (Some(resource), None) => observation.hints.push(hint(Hint::HoldsOnResource, resource)),
                (None, Some(role)) => observation.hints.push(hint(Hint::HoldsRole, role)),
                (None, None) => {}
            }
        }
        observation
    }
}

impl Pairs {
    /// The same sort of question about resources and roles that were not asked about; `None` if there are none. A new
    /// role is asked on every resource, a new resource for every role.
    pub fn missing(&self, resources: &[String], roles: &[String]) -> Option<Pairs> {
        let (Pairs::Joint {
            resources: asked,
            roles: asked_roles,
        }
        | Pairs::Independent {
            resources: asked,
            roles: asked_roles,
        }) = self;
        let new_resources: Vec<String> = resources
            .iter()
            .filter(|resource| !asked.contains(resource))
            .cloned()
            .collect();
        let new_roles: Vec<String> = roles
            .iter()
            .filter(|role| !asked_roles.contains(role))
            .cloned()
            .collect();
        if new_resources.is_empty() && new_roles.is_empty() {
            return None;
        }
        // Listings that were read already are not read again, so asking too widely costs nothing twice.
        let all = |asked: &[String], new: Vec<String>| [asked.to_vec(), new].concat();
        let (resources, roles) = (all(asked, new_resources), all(asked_roles, new_roles));
        Some(match self {
            Pairs::Joint { .. } => Pairs::Joint { resources, roles },
            Pairs::Independent { .. } => Pairs::Independent { resources, roles },
        })
    }

    fn questions(&self) -> Vec<Question> {
        match self {
            Pairs::Joint { resources, roles } => {
                let all = resources.iter().flat_map(|resource| {
                    roles.iter().map(|role| Question {
                        resource: Some(resource.clone()),
                        role: Some(role.clone()),
                    })
                });
                all.collect()
            }
            Pairs::Independent { resources, roles } => {
                let by_resource = resources.iter().map(|resource| Question {
                    resource: Some(resource.clone()),
                    role: None,
                });
                let by_role = roles.iter().map(|role| Question {
                    resource: None,
                    role: Some(role.clone()),
                });
                by_resource.chain(by_role).collect()
            }
        }
    }
}

/// Reads the listings but those that are `left` for later; answers whether all of them are certain.
pub(crate) async fn read_holdings(
    ctx: &Context<'_>,
    pairs: &Pairs,
    left: &[GivenRole],
) -> Result<bool, SyncError> {
    let is_left = |question: &Question| {
        left.iter().any(|given| {
            question.resource.as_ref() == Some(&given.resource) && question.role.as_ref() == Some(&given.role)
        })
    };
    let mut questions = pairs.questions();
    questions.retain(|question| !is_left(question));
    // Independent filters: roles first, so that `read_roles_again` tells who kept a single role all the while.
    let (by_role, others): (Vec<_>, Vec<_>) = questions
        .into_iter()
        .map(|question| (question, None))
        .partition(|(question, _)| question.resource.is_none());
    let is_certain = read_questions(ctx, by_role, LONG_AT_A_TIME).await?;
    Ok(read_questions(ctx, others, AT_A_TIME).await? && is_certain)
}

/// Lists the holders of every role once more, whatever resource they hold it on: who then shows two roles, changed
/// while resources were listed.
pub(crate) async fn read_roles_again(ctx: &Context<'_>, pairs: &Pairs) -> Result<bool, SyncError> {
    let mut questions = pairs.questions();
    questions.retain(|question| question.resource.is_none());
    for question in &questions {
        ctx.restart(Family::RoleHoldings, &question.name()).await?;
    }
    let uncounted = questions.into_iter().map(|question| (question, None));
    read_questions(ctx, uncounted.collect(), LONG_AT_A_TIME).await
}

/// Lists the holders of some roles on some resources, each with the count from before if it was taken; answers whether
/// all listings are certain.
pub(crate) async fn read_pairs(
    ctx: &Context<'_>,
    pairs: &[(&GivenRole, Option<i64>)],
) -> Result<bool, SyncError> {
    let questions = pairs
        .iter()
        .map(|(given, before)| (Question::about(given), *before));
    read_questions(ctx, questions.collect(), LONG_AT_A_TIME).await
}

/// Lists the holders of one role on a resource, as no part of a reading of all; answers whether the list is certain.
pub(crate) async fn read_listed(ctx: &Context<'_>, given: &GivenRole) -> Result<bool, SyncError> {
    read_question(ctx, &Question::about(given), None).await
}

/// The search for the holders of a role on a resource, and the name of its listing.
pub(crate) fn holders_of(given: &GivenRole) -> (AccountSearch, String) {
    let question = Question::about(given);
    (question.search(), question.name())
}

/// Reads the listings of resources that have several pages again, until none shows anybody new: while an organization
/// changes, a row can be lost between two pages and another come, and then every count agrees.
pub(crate) async fn read_holdings_again(ctx: &Context<'_>) -> Result<bool, SyncError> {
    let mut tx = ctx.store.read().await?;
    let listings = tx.listing_all(ctx.run).await?;
    drop(tx);
    let of_several_pages = listings.into_iter().filter(|listing| {
        listing.family == Family::RoleHoldings.name() && !listing.name.is_empty() && listing.pages > 1
    });
    let mut questions: Vec<Question> = of_several_pages
        .map(|listing| Question::of_name(&listing.name))
        .collect();
    // Listings of roles alone are read again after these in any case.
    questions.retain(|question| question.resource.is_some());
    let reads = questions.iter().map(|question| async move {
        for _ in 0..PASSES {
            let seen = staged(ctx, question).await?;
            ctx.restart(Family::RoleHoldings, &question.name()).await?;
            if !read_question(ctx, question, None).await? {
                return Ok(false);
            }
            if staged(ctx, question).await? == seen {
                return Ok(true);
            }
        }
        Ok(false)
    });
    let certain: Vec<bool> = side_by_side(reads, LONG_AT_A_TIME).await?;
    Ok(certain.into_iter().all(|is_certain| is_certain))
}

async fn read_questions(
    ctx: &Context<'_>,
    questions: Vec<(Question, Option<i64>)>,
    at_a_time: usize,
) -> Result<bool, SyncError> {
    ctx.plan(Family::RoleHoldings).await?;
    let names = questions.iter().map(|(question, _)| question.name());
    ctx.look_ahead(Family::RoleHoldings, names).await?;
    let reads = questions
        .iter()
        .map(|(question, before)| read_question(ctx, question, *before));
    let certain: Vec<bool> = side_by_side(reads, at_a_time).await?;
    Ok(certain.into_iter().all(|is_certain| is_certain))
}

async fn read_question(
    ctx: &Context<'_>,
    question: &Question,
    before: Option<i64>,
) -> Result<bool, SyncError> {
    let search = question.search();
    let search = &search;
    let name = question.name();
    let fetch = |cursor: Option<Cursor>| async move {
        ctx.admin.accounts(ALL_DIRECTORIES, search, cursor.as_ref()).await
    };
    let observe = |page: &Page<Account>| question.observe(page);
    let count = || ctx.admin.accounts_count(ALL_DIRECTORIES, search);
    let staged = || staged(ctx, question);
    let place = (Family::RoleHoldings, name.as_str());
    if before.is_none() {
        return ctx.read_uncounted(place, fetch, observe, count, staged).await;
    }
    let read = || ctx.read_listing(Family::RoleHoldings, &name, fetch, observe);
    ctx.read_counted(place, before, read, count, staged).await
}

async fn staged(ctx: &Context<'_>, question: &Question) -> Result<i64, SyncError> {
    let mut tx = ctx.store.read().await?;
    let count = match (&question.resource, &question.role) {
        (Some(resource), Some(role)) => tx.staged_holders_count(ctx.run, resource, role).await?,
        (Some(resource), None) => {
            tx.staged_hint_count(ctx.run, Hint::HoldsOnResource, resource)
                .await?
        }
        (None, Some(role)) => tx.staged_hint_count(ctx.run, Hint::HoldsRole, role).await?,
        (None, None) => 0,
    };
    Ok(count)
}
