//! Checks of what is staged against what Atlassian's own counts say, before anything is concluded from it.

use crate::database::{Store, Tx};
use crate::error::StoreError;
use crate::staged::{Hint, NOT_TOLD};
use model::{FactKind, RunId};
use std::collections::BTreeMap;

const GROUPS_OFF_COUNT: &str = "SELECT t.text, CAST(h.attributes AS BIGINT), COUNT(m.b)
    FROM staged h
    JOIN term t ON t.id = h.a
    LEFT JOIN staged m ON m.run_id = h.run_id AND m.kind = $3 AND m.a = h.a
    WHERE h.run_id = $1 AND h.kind = $2
    GROUP BY t.text, h.attributes
    HAVING COUNT(m.b) <> CAST(h.attributes AS BIGINT)
    ORDER BY t.text";
const ACCOUNTS_OFF_COUNT: &str = "SELECT t.text, CAST(h.attributes AS BIGINT), COUNT(DISTINCT r.b)
    FROM staged h
    JOIN term t ON t.id = h.a
    LEFT JOIN staged r ON r.run_id = h.run_id AND r.kind = $3 AND r.a = h.a
    WHERE h.run_id = $1 AND h.kind = $2
    AND NOT EXISTS (SELECT 1 FROM staged p WHERE p.run_id = h.run_id AND p.kind = $4 AND p.a = h.a)
    GROUP BY t.text, h.attributes
    HAVING COUNT(DISTINCT r.b) <> CAST(h.attributes AS BIGINT)
    ORDER BY t.text";
const RESOURCES_OF: &str = "SELECT t.text, CAST(h.attributes AS BIGINT), COUNT(DISTINCT r.b)
    FROM staged h
    JOIN term t ON t.id = h.a AND t.text = $4
    LEFT JOIN staged r ON r.run_id = h.run_id AND r.kind = $3 AND r.a = h.a
    WHERE h.run_id = $1 AND h.kind = $2
    GROUP BY t.text, h.attributes";
const STRANGERS: &str = "SELECT DISTINCT t.text
    FROM (
        SELECT r.a AS account FROM staged r WHERE r.run_id = $1 AND r.kind IN ($2, $3, $4)
        UNION
        SELECT m.b AS account FROM staged m WHERE m.run_id = $1 AND m.kind = $5
    ) seen
    JOIN term t ON t.id = seen.account
    WHERE NOT EXISTS (SELECT 1 FROM staged k WHERE k.run_id = $1 AND k.kind = $6 AND k.a = seen.account)
    ORDER BY t.text";
const NOT_TOLD_OF: &str = "SELECT t.text
    FROM staged s
    JOIN term t ON t.id = s.a
    WHERE s.run_id = $1 AND s.kind = $2 AND s.attributes = $3
    ORDER BY t.text";
const UNKNOWN_GROUPS: &str = "SELECT t.text
    FROM (SELECT DISTINCT s.a FROM staged s WHERE s.run_id = $1 AND s.kind = $2) m
    JOIN term t ON t.id = m.a
    WHERE NOT EXISTS (SELECT 1 FROM staged g WHERE g.run_id = $1 AND g.kind = $3 AND g.a = m.a)
    ORDER BY t.text";
const AMBIGUOUS: &str = "SELECT t.text, COUNT(DISTINCT r.b), COUNT(DISTINCT q.b)
    FROM staged r
    JOIN staged q ON q.run_id = r.run_id AND q.kind = $3 AND q.a = r.a
    JOIN term t ON t.id = r.a
    WHERE r.run_id = $1 AND r.kind = $2
    AND NOT EXISTS (SELECT 1 FROM staged p WHERE p.run_id = r.run_id AND p.kind = $4 AND p.a = r.a)
    GROUP BY t.text
    HAVING COUNT(DISTINCT q.b) > 1
    ORDER BY t.text";
const COMBINE: &str = "INSERT INTO staged (run_id, kind, a, b, c, attributes, sent_at)
    SELECT r.run_id, $5, r.a, r.b, q.b, '{}', r.sent_at
    FROM staged r
    JOIN staged q ON q.run_id = r.run_id AND q.kind = $3 AND q.a = r.a
    WHERE r.run_id = $1 AND r.kind = $2
    AND NOT EXISTS (SELECT 1 FROM staged p WHERE p.run_id = r.run_id AND p.kind = $4 AND p.a = r.a)
    ON CONFLICT (run_id, kind, a, b, c) DO NOTHING";
const HOLDERS: &str = "SELECT DISTINCT t.id, t.text FROM staged s JOIN term t ON t.id = s.a
    WHERE s.run_id = $1 AND s.kind = $2 AND s.a > $3 ORDER BY t.id LIMIT $4";
const COUNT_SECOND: &str = "SELECT COUNT(DISTINCT s.b) FROM staged s
    JOIN term d ON d.id = s.a AND d.text = $3
    WHERE s.run_id = $1 AND s.kind = $2";
/// From one resource to the next by the index: there are a hundred of them among millions of holdings.
const RESOURCES_KNOWN: &str = "WITH RECURSIVE met (kind, b) AS (
        SELECT k.kind, (SELECT MIN(f.b) FROM fact f WHERE f.organization_id = $1 AND f.kind = k.kind)
        FROM (SELECT $2 AS kind UNION ALL SELECT $3) k
        UNION ALL
        SELECT m.kind,
            (SELECT MIN(f.b) FROM fact f WHERE f.organization_id = $1 AND f.kind = m.kind AND f.b > m.b)
        FROM met m WHERE m.b IS NOT NULL
    )
    SELECT DISTINCT t.text FROM met m JOIN term t ON t.id = m.b
    WHERE EXISTS (SELECT 1 FROM fact f
        WHERE f.organization_id = $1 AND f.kind = m.kind AND f.b = m.b AND f.ended_run IS NULL)
    ORDER BY t.text";
const ROLES_KNOWN: &str = "SELECT DISTINCT t.text FROM fact f JOIN term t ON t.id = f.c
    WHERE f.organization_id = $1 AND f.kind IN ($2, $3) AND f.ended_run IS NULL
    ORDER BY t.text";
const HOLDERS_OF_PAIR: &str = "SELECT COUNT(*) FROM staged s
    JOIN term r ON r.id = s.b AND r.text = $3
    JOIN term o ON o.id = s.c AND o.text = $4
    WHERE s.run_id = $1 AND s.kind = $2";
const HINT_COUNT: &str = "SELECT COUNT(*) FROM staged s
    JOIN term o ON o.id = s.b AND o.text = $3
    WHERE s.run_id = $1 AND s.kind = $2";
const GROUPS: &str = "SELECT t.text, h.attributes
    FROM staged s
    JOIN term t ON t.id = s.a
    LEFT JOIN staged h ON h.run_id = s.run_id AND h.kind = $3 AND h.a = s.a
    WHERE s.run_id = $1 AND s.kind = $2
    ORDER BY t.text";
const MEMBERS_BEFORE: &str = "SELECT t.text FROM staged s
    JOIN term g ON g.id = s.a AND g.text = $3
    JOIN term t ON t.id = s.b
    WHERE s.run_id = $1 AND s.kind = $2 AND s.sent_at < $4
    ORDER BY t.text";
const DISTINCT_A: &str = "SELECT DISTINCT t.text FROM staged s JOIN term t ON t.id = s.a
    WHERE s.run_id = $1 AND s.kind = $2 ORDER BY t.text";
const DISTINCT_B: &str = "SELECT t.text
    FROM (SELECT DISTINCT s.b FROM staged s WHERE s.run_id = $1 AND s.kind = $2) d
    JOIN term t ON t.id = d.b ORDER BY t.text";
const DISTINCT_C: &str = "SELECT t.text
    FROM (SELECT DISTINCT s.c FROM staged s WHERE s.run_id = $1 AND s.kind = $2) d
    JOIN term t ON t.id = d.c ORDER BY t.text";
const GRANTS: &str = "SELECT g.text, r.text, o.text
    FROM staged s
    JOIN term g ON g.id = s.a
    JOIN term r ON r.id = s.b
    JOIN term o ON o.id = s.c
    WHERE s.run_id = $1 AND s.kind = $2
    ORDER BY g.text, r.text, o.text";
const MANY_SIDED: &str = "SELECT t.text
    FROM staged m
    JOIN staged g ON g.run_id = m.run_id AND g.kind = $3 AND g.a = m.a
    JOIN term t ON t.id = m.b
    WHERE m.run_id = $1 AND m.kind = $2
    GROUP BY t.text
    HAVING COUNT(DISTINCT g.b) > 1 AND COUNT(DISTINCT g.c) > 1
    ORDER BY t.text
    LIMIT 3";
const PLATFORM_ACCOUNTS: &str = "SELECT DISTINCT t.text FROM staged s JOIN term t ON t.id = s.a
    WHERE s.run_id = $1 AND s.kind = $2 ORDER BY t.text LIMIT 3";
const IMPLIED_NOT_SEEN: &str = "SELECT DISTINCT t.text
    FROM staged m
    JOIN staged g ON g.run_id = m.run_id AND g.kind = $3 AND g.a = m.a
    JOIN term t ON t.id = m.b
    WHERE m.run_id = $1 AND m.kind = $2
    AND NOT EXISTS (
        SELECT 1 FROM staged h
        WHERE h.run_id = m.run_id AND h.kind = $4 AND h.a = m.b AND h.b = g.b AND h.c = g.c)
    AND NOT EXISTS (SELECT 1 FROM staged p WHERE p.run_id = m.run_id AND p.kind = $5 AND p.a = m.b)
    ORDER BY t.text
    LIMIT $6";
const HOLDINGS_OF: &str = "SELECT r.text, o.text
    FROM staged s
    JOIN term a ON a.id = s.a AND a.text = $3
    JOIN term r ON r.id = s.b
    JOIN term o ON o.id = s.c
    WHERE s.run_id = $1 AND s.kind = $2";

/// Something whose staged rows do not agree with Atlassian's count.
#[derive(Debug, Clone, PartialEq)]
pub struct CountCheck {
    /// The group or account.
    pub id: String,
    /// What Atlassian's count says.
    pub expected: i64,
    /// What was staged.
    pub staged: i64,
}

/// An account that holds several roles, when filters cannot tell which on which. One resource settles nothing: a role
/// may have come with another resource since that one's holders were listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Ambiguous {
    /// The account.
    pub account: String,
    /// On how many resources it holds roles.
    pub resources: i64,
    /// How many different roles it holds.
    pub roles: i64,
}

impl Tx {
    /// Groups whose members do not agree with the group's own count.
    pub async fn check_group_members(&mut self, run: RunId) -> Result<Vec<CountCheck>, StoreError> {
        let values = [
            run.0.into(),
            (Hint::GroupMembers as i64).into(),
            FactKind::Membership.number().into(),
        ];
        self.rows(GROUPS_OFF_COUNT, &values)
            .await?
            .iter()
            .map(count_check)
            .collect()
    }

    /// Accounts whose resources do not agree with the account's own count and that were not read precisely.
    pub async fn check_account_resources(&mut self, run: RunId) -> Result<Vec<CountCheck>, StoreError> {
        let values = [
            run.0.into(),
            (Hint::AccountResources as i64).into(),
            FactKind::RoleHolding.number().into(),
            (Hint::ReadPrecisely as i64).into(),
        ];
        self.rows(ACCOUNTS_OFF_COUNT, &values)
            .await?
            .iter()
            .map(count_check)
            .collect()
    }

    /// The account's own count of resources beside what is staged, whether they agree or not; nothing for an account
    /// whose count was not seen.
    pub async fn resources_of(
        &mut self,
        run: RunId,
        account: &str,
    ) -> Result<Option<CountCheck>, StoreError> {
        let values = [
            run.0.into(),
            (Hint::AccountResources as i64).into(),
            FactKind::RoleHolding.number().into(),
            account.into(),
        ];
        self.row(RESOURCES_OF, &values)
            .await?
            .as_ref()
            .map(count_check)
            .transpose()
    }

    /// Accounts that Atlassian did not know when it was asked for their holdings.
    pub async fn check_not_told(&mut self, run: RunId) -> Result<Vec<String>, StoreError> {
        let values = [
            run.0.into(),
            (Hint::ReadPrecisely as i64).into(),
            NOT_TOLD.to_string().into(),
        ];
        self.rows(NOT_TOLD_OF, &values)
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect()
    }

    /// Accounts that some listing mentions and the listing of accounts did not show.
    pub async fn check_strangers(&mut self, run: RunId) -> Result<Vec<String>, StoreError> {
        let values = [
            run.0.into(),
            FactKind::RoleHolding.number().into(),
            (Hint::HoldsOnResource as i64).into(),
            (Hint::HoldsRole as i64).into(),
            FactKind::Membership.number().into(),
            FactKind::Account.number().into(),
        ];
        self.rows(STRANGERS, &values)
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect()
    }

    /// Groups that an account's row mentions and the listing of groups did not show.
    pub async fn check_unknown_groups(&mut self, run: RunId) -> Result<Vec<String>, StoreError> {
        let values = [
            run.0.into(),
            FactKind::Membership.number().into(),
            FactKind::Group.number().into(),
        ];
        self.rows(UNKNOWN_GROUPS, &values)
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect()
    }

    /// Accounts with several roles, which filters that are independent of each other cannot tell apart.
    pub async fn check_ambiguous(&mut self, run: RunId) -> Result<Vec<Ambiguous>, StoreError> {
        let values = [
            run.0.into(),
            (Hint::HoldsOnResource as i64).into(),
            (Hint::HoldsRole as i64).into(),
            (Hint::ReadPrecisely as i64).into(),
        ];
        let rows = self.rows(AMBIGUOUS, &values).await?;
        let ambiguous = |row: &crate::value::Row| {
            Ok(Ambiguous {
                account: row.text(0)?,
                resources: row.int(1)?,
                roles: row.int(2)?,
            })
        };
        rows.iter().map(ambiguous).collect()
    }

    /// How many rows are staged of a kind under the first part of its key: the members of a directory or a group.
    pub async fn staged_under(&mut self, run: RunId, kind: FactKind, first: &str) -> Result<i64, StoreError> {
        let values = [run.0.into(), kind.number().into(), first.into()];
        self.row(COUNT_SECOND, &values)
            .await?
            .map_or(Ok(0), |row| row.int(0))
    }

    /// How many accounts are staged as holding a role on a resource.
    pub async fn staged_holders_count(
        &mut self,
        run: RunId,
        resource: &str,
        role: &str,
    ) -> Result<i64, StoreError> {
        let values = [
            run.0.into(),
            FactKind::RoleHolding.number().into(),
            resource.into(),
            role.into(),
        ];
        self.row(HOLDERS_OF_PAIR, &values)
            .await?
            .map_or(Ok(0), |row| row.int(0))
    }

    /// How many accounts a hint was staged for with this second part of its key.
    pub async fn staged_hint_count(
        &mut self,
        run: RunId,
        hint: Hint,
        second: &str,
    ) -> Result<i64, StoreError> {
        let values = [run.0.into(), (hint as i64).into(), second.into()];
        self.row(HINT_COUNT, &values)
            .await?
            .map_or(Ok(0), |row| row.int(0))
    }

    /// The staged groups, each with the number of resources on which it says it gives roles.
    pub async fn staged_groups(&mut self, run: RunId) -> Result<Vec<(String, Option<i64>)>, StoreError> {
        let values = [
            run.0.into(),
            FactKind::Group.number().into(),
            (Hint::GroupResources as i64).into(),
        ];
        let rows = self.rows(GROUPS, &values).await?;
        let group = |row: &crate::value::Row| {
            Ok((
                row.text(0)?,
                row.text_or_null(1)?.and_then(|number| number.parse().ok()),
            ))
        };
        rows.iter().map(group).collect()
    }

    /// The members of a group that were last seen in it before a time, in milliseconds since the epoch.
    pub async fn staged_members_before(
        &mut self,
        run: RunId,
        group: &str,
        before: i64,
    ) -> Result<Vec<String>, StoreError> {
        let values = [
            run.0.into(),
            FactKind::Membership.number().into(),
            group.into(),
            before.into(),
        ];
        self.rows(MEMBERS_BEFORE, &values)
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect()
    }

    /// The distinct first parts of the keys staged for a kind.
    pub async fn staged_first(&mut self, run: RunId, kind: FactKind) -> Result<Vec<String>, StoreError> {
        self.rows(DISTINCT_A, &[run.0.into(), kind.number().into()])
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect()
    }

    /// The distinct second parts of the keys staged for a kind.
    pub async fn staged_second(&mut self, run: RunId, kind: FactKind) -> Result<Vec<String>, StoreError> {
        self.rows(DISTINCT_B, &[run.0.into(), kind.number().into()])
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect()
    }

    /// The distinct third parts of the keys staged for a kind.
    pub async fn staged_third(&mut self, run: RunId, kind: FactKind) -> Result<Vec<String>, StoreError> {
        self.rows(DISTINCT_C, &[run.0.into(), kind.number().into()])
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect()
    }

    /// What the staged groups give: by group, resources with roles.
    pub async fn staged_grants(
        &mut self,
        run: RunId,
    ) -> Result<BTreeMap<String, Vec<(String, String)>>, StoreError> {
        let values = [run.0.into(), FactKind::GroupRoleGrant.number().into()];
        let mut grants: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for row in self.rows(GRANTS, &values).await? {
            let given = grants.entry(row.text(0)?).or_default();
            given.push((row.text(1)?, row.text(2)?));
        }
        Ok(grants)
    }

    /// A few accounts that must hold several roles and roles on several resources: they have platform roles, or
    /// their groups say so.
    pub async fn staged_many_sided(&mut self, run: RunId) -> Result<Vec<String>, StoreError> {
        let platform = [run.0.into(), FactKind::PlatformRole.number().into()];
        let mut found: Vec<String> = self
            .rows(PLATFORM_ACCOUNTS, &platform)
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect::<Result<_, _>>()?;
        let by_groups = [
            run.0.into(),
            FactKind::Membership.number().into(),
            FactKind::GroupRoleGrant.number().into(),
        ];
        for row in self.rows(MANY_SIDED, &by_groups).await? {
            found.push(row.text(0)?);
        }
        Ok(found)
    }

    /// What is staged of an account's holdings: resource and role.
    pub async fn staged_holdings_of(
        &mut self,
        run: RunId,
        account: &str,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let values = [
            run.0.into(),
            FactKind::RoleHolding.number().into(),
            account.into(),
        ];
        self.rows(HOLDINGS_OF, &values)
            .await?
            .iter()
            .map(|row| Ok((row.text(0)?, row.text(1)?)))
            .collect()
    }

    /// Accounts of whom a group says that they hold a role and no listing showed it, at most so many.
    pub async fn check_implied(&mut self, run: RunId, limit: i64) -> Result<Vec<String>, StoreError> {
        let values = [
            run.0.into(),
            FactKind::Membership.number().into(),
            FactKind::GroupRoleGrant.number().into(),
            FactKind::RoleHolding.number().into(),
            (Hint::ReadPrecisely as i64).into(),
            limit.into(),
        ];
        self.rows(IMPLIED_NOT_SEEN, &values)
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect()
    }

    /// Accounts that are staged as holding a role, after the given number: number and id.
    pub async fn staged_holders(
        &mut self,
        run: RunId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let values = [
            run.0.into(),
            FactKind::RoleHolding.number().into(),
            after.into(),
            limit.into(),
        ];
        self.rows(HOLDERS, &values)
            .await?
            .iter()
            .map(|row| Ok((row.int(0)?, row.text(1)?)))
            .collect()
    }

    /// Resources on which somebody is known to hold or give a role.
    pub async fn known_role_resources(&mut self, organization: i64) -> Result<Vec<String>, StoreError> {
        self.known(RESOURCES_KNOWN, organization).await
    }

    /// Roles that somebody is known to hold or give.
    pub async fn known_roles(&mut self, organization: i64) -> Result<Vec<String>, StoreError> {
        self.known(ROLES_KNOWN, organization).await
    }

    async fn known(&mut self, sql: &'static str, organization: i64) -> Result<Vec<String>, StoreError> {
        let values = [
            organization.into(),
            FactKind::RoleHolding.number().into(),
            FactKind::GroupRoleGrant.number().into(),
        ];
        self.rows(sql, &values)
            .await?
            .iter()
            .map(|row| row.text(0))
            .collect()
    }
}

impl Store {
    /// Stages the holdings of accounts that independent filters do tell: one role on all its resources, or all
    /// its roles on one resource. Call it only when no ambiguous account is left.
    pub async fn combine_independent(&self, run: RunId) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let values = [
            run.0.into(),
            (Hint::HoldsOnResource as i64).into(),
            (Hint::HoldsRole as i64).into(),
            (Hint::ReadPrecisely as i64).into(),
            FactKind::RoleHolding.number().into(),
        ];
        tx.execute(COMBINE, &values).await?;
        tx.commit().await
    }
}

fn count_check(row: &crate::value::Row) -> Result<CountCheck, StoreError> {
    Ok(CountCheck {
        id: row.text(0)?,
        expected: row.int(1)?,
        staged: row.int(2)?,
    })
}
