//! The overview: what there is, what is worth a look, what changed.

use super::Slice;
use super::accounts::{DAY_MS, Facets, TallyView};
use super::connections::RunItem;
use super::error::ViewError;
use super::scope::Scope;
use super::time::At;
use super::tokens::TokensAsk;
use super::workspaces::WorkspaceItem;
use crate::App;
use crate::findings::open_findings;
use crate::schedule::FAILURES_THAT_NEED_A_PERSON;
use model::FactKind;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::views::changes::ChangeCount;

/// How much there is of what.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Counts {
    /// Accounts.
    pub accounts: i64,
    /// Groups.
    pub groups: i64,
    /// Workspaces.
    pub workspaces: i64,
    /// API tokens.
    pub tokens: i64,
    /// Things that need a person now; none when an earlier reading is looked at.
    pub needs_person: i64,
}

/// Something worth a look; the most pressing are listed first.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Attention {
    /// A run was held: a person decides.
    RunHeld {
        /// The connection.
        connection: String,
        /// The run.
        run: i64,
        /// Why.
        reasons: Vec<String>,
        /// When it was held.
        at: At,
    },
    /// Readings fail.
    ReadingsFail {
        /// The connection.
        connection: String,
        /// How many in a row.
        failures: i64,
        /// Why the last one failed.
        failure: String,
        /// When it failed.
        failed_at: At,
    },
    /// The data is older than twice the schedule of the connection.
    Stale {
        /// The connection.
        connection: String,
        /// When the shown reading ended.
        read_at: At,
    },
    /// A run was begun and does not go on.
    Unfinished {
        /// The connection.
        connection: String,
        /// The run.
        run: i64,
        /// When it was begun.
        started_at: At,
    },
    /// Some listings of the shown reading could not be read.
    Partial {
        /// The connection.
        connection: String,
        /// The run.
        run: i64,
        /// What could not be read, and why.
        reasons: Vec<String>,
    },
    /// API tokens that work, of accounts that are not active.
    TokensOfLeavers {
        /// How many tokens.
        tokens: i64,
        /// Of how many accounts.
        accounts: i64,
    },
    /// API tokens that stop working within 30 days.
    TokensExpiring {
        /// How many.
        tokens: i64,
    },
    /// What rules found, and nobody decided about.
    Findings {
        /// How many.
        findings: i64,
        /// How many of them are critical or high.
        pressing: i64,
    },
    /// Accounts that hold roles and have not been active for 90 days.
    Unused {
        /// How many.
        accounts: i64,
    },
}

impl Attention {
    /// Whether it needs a person, not only may.
    pub fn is_pressing(&self) -> bool {
        match self {
            Attention::RunHeld { .. } | Attention::TokensOfLeavers { .. } => true,
            Attention::Findings { pressing, .. } => *pressing > 0,
            Attention::ReadingsFail { failures, .. } => *failures >= FAILURES_THAT_NEED_A_PERSON,
            _ => false,
        }
    }
}

/// Roles gained and lost on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DayOfChanges {
    /// The beginning of the day, UTC.
    pub day: At,
    /// Role holdings that began.
    pub gained: i64,
    /// Role holdings that ended.
    pub lost: i64,
    /// How many readings ended on that day; without one nothing is known of it.
    pub readings: i64,
}

/// The overview of an organization.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// Accounts of which sort.
    pub tally: TallyView,
    /// Administrators and unused accounts.
    pub facets: Facets,
    /// How much there is of what.
    pub counts: Counts,
    /// How many groups give any role.
    pub giving_groups: i64,
    /// How many groups an identity provider owns.
    pub synced_groups: i64,
    /// API tokens.
    pub tokens: i64,
    /// API tokens that stop working within 30 days.
    pub tokens_expiring: i64,
    /// What is worth a look.
    pub attention: Vec<Attention>,
    /// The workspaces with the most accounts.
    pub workspaces: Vec<WorkspaceItem>,
    /// Day by day, the oldest first.
    pub days: Vec<DayOfChanges>,
    /// When activity was last read.
    pub activity_read_at: Option<At>,
    /// As of when.
    pub read_at: Option<At>,
}

/// How many days the overview looks back.
pub const DAYS: i64 = 54;

impl App {
    /// How much there is of what.
    pub async fn counts(&self, scope: &Scope) -> Result<Counts, ViewError> {
        let at = scope.at;
        let mut counts = match self.memo.get::<Counts>(at, "counts", "") {
            Some(counts) => *counts,
            None => {
                let mut tx = self.store.read().await?;
                let counts = Counts {
                    accounts: tx.fact_count(at, FactKind::Account).await?,
                    groups: tx.fact_count(at, FactKind::Group).await?,
                    workspaces: tx.fact_count(at, FactKind::Workspace).await?,
                    tokens: tx.fact_count(at, FactKind::ApiToken).await?,
                    needs_person: 0,
                };
                *self.memo.put(at, "counts", "", counts)
            }
        };
        // Nobody can do anything about an earlier day.
        if !scope.is_current {
            return Ok(counts);
        }
        let attention = self.attention(scope).await?;
        let pressing = attention
            .iter()
            .filter(|attention| attention.is_pressing())
            .count();
        counts.needs_person = i64::try_from(pressing).unwrap_or(0);
        Ok(counts)
    }

    /// Answers what takes longest once, so that the first person after a reading does not wait for it.
    pub async fn warm(&self, scope: &Scope) -> Result<(), ViewError> {
        if scope.is_read() {
            self.overview(scope).await?;
        }
        Ok(())
    }

    /// What is worth a look, the most pressing first.
    pub async fn attention(&self, scope: &Scope) -> Result<Vec<Attention>, ViewError> {
        let now = self.clock.now_ms();
        let mut list = Vec::new();
        for connection in self.connections().await? {
            if connection.organization_id != scope.organization_id {
                continue;
            }
            let name = || connection.name.clone();
            if let Some(run) = &connection.held {
                list.push(Attention::RunHeld {
                    connection: name(),
                    run: run.run.0,
                    reasons: run.reasons.clone(),
                    at: run.ended_at.unwrap_or(run.started_at),
                });
            }
            if let (Some(failed_at), Some(failure)) =
                (connection.schedule.failed_at, &connection.schedule.failure)
            {
                list.push(Attention::ReadingsFail {
                    connection: name(),
                    failures: connection.schedule.failures,
                    failure: failure.clone(),
                    failed_at,
                });
            }
            let is_live = |run: &&RunItem| matches!(run.state.as_str(), "reading" | "merging");
            let overdue = |run: &&RunItem| now - run.started_at.0 > UNFINISHED_MS;
            if let Some(run) = connection.latest.as_ref().filter(is_live).filter(overdue) {
                list.push(Attention::Unfinished {
                    connection: name(),
                    run: run.run.0,
                    started_at: run.started_at,
                });
            }
            if let Some(RunItem {
                run,
                reasons,
                ended_at: Some(ended_at),
                ..
            }) = &connection.published
            {
                if !reasons.is_empty() {
                    list.push(Attention::Partial {
                        connection: name(),
                        run: run.0,
                        reasons: reasons.clone(),
                    });
                }
                if connection.schedule.stale_at.is_some_and(|at| now > at.0) {
                    list.push(Attention::Stale {
                        connection: name(),
                        read_at: *ended_at,
                    });
                }
            }
        }
        if !scope.is_read() {
            return Ok(list);
        }
        let mut tx = self.store.read().await?;
        let (findings, pressing) = open_findings(&tx.finding_counts(scope.at.organization).await?);
        if findings > 0 && scope.is_current {
            list.push(Attention::Findings { findings, pressing });
        }
        let (tokens, accounts) = self.leaver_tokens(&mut tx, scope).await?;
        if tokens > 0 {
            list.push(Attention::TokensOfLeavers { tokens, accounts });
        }
        let index = self.token_index(&mut tx, scope.at).await?;
        let expiring = index.expiring(now, now + 30 * DAY_MS);
        if expiring > 0 {
            list.push(Attention::TokensExpiring { tokens: expiring });
        }
        let unused = self.facets(&mut tx, scope.at).await?.unused;
        if unused > 0 {
            list.push(Attention::Unused { accounts: unused });
        }
        list.sort_by_key(|attention| !attention.is_pressing());
        Ok(list)
    }

    /// How many tokens work whose owners are not active, and how many owners those are.
    async fn leaver_tokens(&self, tx: &mut store::Tx, scope: &Scope) -> Result<(i64, i64), ViewError> {
        let now = self.clock.now_ms();
        let detail = (now / DAY_MS).to_string();
        if let Some(kept) = self.memo.get::<(i64, i64)>(scope.at, "leaver tokens", &detail) {
            return Ok(*kept);
        }
        let asked = TokensAsk {
            slice: Slice::at(0, 1),
            ..TokensAsk::default()
        };
        let tally = self.tokens_in(tx, scope, &asked).await?.tally;
        let found = (tally.orphans, tally.orphan_owners);
        Ok(*self.memo.put(scope.at, "leaver tokens", &detail, found))
    }

    /// The overview of an organization.
    pub async fn overview(&self, scope: &Scope) -> Result<Overview, ViewError> {
        let at = scope.at;
        let now = self.clock.now_ms();
        let counts = self.counts(scope).await?;
        let attention = self.attention(scope).await?;
        let mut tx = self.store.read().await?;
        let groups = self.group_items(&mut tx, at).await?;
        let count = |is: &dyn Fn(&super::groups::GroupItem) -> bool| {
            i64::try_from(groups.iter().filter(|item| is(item)).count()).unwrap_or(i64::MAX)
        };
        let tokens = self.token_index(&mut tx, at).await?;
        let workspaces = self.workspace_items(&mut tx, at).await?;
        let listed = workspaces
            .iter()
            .filter(|(_, item)| item.workspace.is_listed && item.accounts > 0);
        Ok(Overview {
            tally: self.account_tally(&mut tx, at).await?,
            facets: self.facets(&mut tx, at).await?,
            counts,
            giving_groups: count(&|item| !item.grants.is_empty()),
            synced_groups: count(&|item| item.external_synced == Some(true)),
            tokens: tokens.total(),
            tokens_expiring: tokens.expiring(now, now + 30 * DAY_MS),
            attention,
            workspaces: listed.take(8).map(|(_, item)| item.clone()).collect(),
            days: self.days(&mut tx, scope, now).await?,
            activity_read_at: tx.activity_read_at(at.organization).await?.map(At),
            read_at: scope.read_at,
        })
    }

    /// Roles gained and lost by day, from the first reading on or for [`DAYS`].
    async fn days(
        &self,
        tx: &mut store::Tx,
        scope: &Scope,
        now: i64,
    ) -> Result<Vec<DayOfChanges>, ViewError> {
        let at = scope.at;
        let Some(first_run) = scope.first_run else {
            return Ok(Vec::new());
        };
        let today = now / DAY_MS;
        let first_day = scope.first_read_at.map_or(today, |at| at.0 / DAY_MS);
        let from_day = (today - DAYS + 1).max(first_day);
        let runs = tx
            .published_since(at.organization, at.run, from_day * DAY_MS)
            .await?;
        let lowest = runs.first().map_or(at.run, |run| run.run).max(first_run.0 + 1);
        let (begun, ended) = self.change_counts(tx, at, lowest).await?;
        let of_roles = |counts: Vec<ChangeCount>| -> HashMap<i64, i64> {
            let roles = counts
                .into_iter()
                .filter(|count| count.kind == FactKind::RoleHolding.number());
            roles.map(|count| (count.run, count.facts)).collect()
        };
        let (begun, ended) = (of_roles(begun), of_roles(ended));
        let mut days: BTreeMap<i64, DayOfChanges> = (from_day..=today)
            .map(|day| {
                (
                    day,
                    DayOfChanges {
                        day: At(day * DAY_MS),
                        gained: 0,
                        lost: 0,
                        readings: 0,
                    },
                )
            })
            .collect();
        for run in runs {
            if let Some(day) = days.get_mut(&(run.ended_at / DAY_MS)) {
                day.readings += 1;
                day.gained += begun.get(&run.run).copied().unwrap_or(0);
                day.lost += ended.get(&run.run).copied().unwrap_or(0);
            }
        }
        Ok(days.into_values().collect())
    }
}

/// After how long a run that has not ended is worth a look.
const UNFINISHED_MS: i64 = 6 * 3_600_000;
