//! People: what describes an account and is no fact. One row an account, so that a person can be erased while
//! the history of the account stays.

use crate::connection::to_json;
use crate::database::Tx;
use crate::error::StoreError;
use crate::query::list_statement;
use crate::staged::ActivityRow;
use crate::term::Numbers;
use crate::value::Value;
use model::{Attributes, Person, RunId};
use std::collections::HashMap;

const UPSERT: &str = "INSERT INTO person (account, name, email, attributes, search) VALUES";
const UPSERT_TAIL: &str = "ON CONFLICT (account) DO UPDATE
    SET name = excluded.name, email = excluded.email, attributes = excluded.attributes, search = excluded.search
    WHERE person.erased_at IS NULL";
const WORDS: &str = "SELECT name, email FROM person WHERE account = $1";
const ERASE: &str = "INSERT INTO person (account, name, email, attributes, search, erased_at) VALUES ($1, NULL, NULL, '{}', $2, $3)
    ON CONFLICT (account) DO UPDATE
    SET name = NULL, email = NULL, attributes = '{}', search = excluded.search, erased_at = excluded.erased_at";

const ACTIVITY: &str =
    "INSERT INTO activity (organization_id, account, resource, last_active_at, read_at) VALUES";
const ACTIVITY_TAIL: &str = "ON CONFLICT (organization_id, account, resource) DO UPDATE
    SET last_active_at = excluded.last_active_at, read_at = excluded.read_at
    WHERE activity.last_active_at IS DISTINCT FROM excluded.last_active_at";
const ORGANIZATION_OF_RUN: &str = "SELECT organization_id FROM run WHERE id = $1";
/// The records of SCIM that were ever linked to an account: their user names describe the same person.
const SCIM_RECORDS: &str = "SELECT DISTINCT t.id, t.text FROM fact f JOIN term t ON t.id = f.a
    WHERE f.kind = 16 AND f.c = $1 ORDER BY t.id";

impl Tx {
    /// Keeps what was told of people; what was not told stays as it was, and erased people stay erased.
    pub(crate) async fn person_record(
        &mut self,
        people: impl Iterator<Item = &Person>,
        terms: &Numbers<'_>,
    ) -> Result<(), StoreError> {
        let mut told: HashMap<i64, (&str, Attributes)> = HashMap::new();
        for person in people {
            let Some(account) = terms.get(person.account.as_str()) else {
                continue;
            };
            let entry = told
                .entry(account)
                .or_insert((person.account.as_str(), Attributes::new()));
            entry.1 = entry.1.updated_by(&person.attributes);
        }
        let numbers: Vec<i64> = told.keys().copied().collect();
        let known = self.person_attributes(&numbers).await?;
        let mut rows: Vec<Vec<Value>> = Vec::new();
        for (account, (id, attributes)) in told {
            let before = known.get(&account);
            let after = before.map_or_else(|| attributes.clone(), |before| before.updated_by(&attributes));
            if before == Some(&after) {
                continue;
            }
            let (name, email) = (after.text("name"), after.text("email"));
            let search = search_text(id, name, email);
            rows.push(vec![
                account.into(),
                name.into(),
                email.into(),
                to_json(&after),
                search.into(),
            ]);
        }
        self.insert_many(UPSERT, rows, UPSERT_TAIL).await?;
        Ok(())
    }

    async fn person_attributes(&mut self, accounts: &[i64]) -> Result<HashMap<i64, Attributes>, StoreError> {
        let mut found = HashMap::with_capacity(accounts.len());
        for batch in accounts.chunks(500) {
            let sql = list_statement(
                "SELECT account, attributes FROM person WHERE account IN",
                1,
                batch.len(),
                "",
            );
            let values: Vec<Value> = batch.iter().map(|account| Value::from(*account)).collect();
            for row in self.rows_built(sql, &values).await? {
                found.insert(row.int(0)?, row.json(1)?);
            }
        }
        Ok(found)
    }

    /// Forgets for good what describes a person, also in the records of SCIM. The facts of the account stay, by its id.
    /// What rules said of them says the id instead.
    pub async fn person_erase(&mut self, account: i64, id: &str, now: i64) -> Result<(), StoreError> {
        if let Some(row) = self.row(WORDS, &[account.into()]).await? {
            for column in 0..2 {
                let words = row.text_or_null(column)?.unwrap_or_default();
                self.finding_erase(id, &words).await?;
            }
        }
        for row in self.rows(SCIM_RECORDS, &[account.into()]).await? {
            let (record, id) = (row.int(0)?, row.text(1)?);
            let search = search_text(&id, None, None);
            self.execute(ERASE, &[record.into(), search.into(), now.into()])
                .await?;
        }
        self.execute(
            ERASE,
            &[account.into(), search_text(id, None, None).into(), now.into()],
        )
        .await?;
        self.summary_erase(account, &search_text(id, None, None)).await
    }

    /// Keeps the latest activity, each with when it was asked for, writing only what changed.
    pub(crate) async fn activity_record(
        &mut self,
        run: RunId,
        activity: impl Iterator<Item = (&ActivityRow, i64)>,
        terms: &Numbers<'_>,
    ) -> Result<(), StoreError> {
        let mut latest: HashMap<(i64, i64), (Option<i64>, i64)> = HashMap::new();
        for (row, read_at) in activity {
            if let (Some(account), Some(resource)) = (terms.get(&row.account), terms.get(&row.resource)) {
                latest.insert((account, resource), (row.last_active_at, read_at));
            }
        }
        if latest.is_empty() {
            return Ok(());
        }
        let organization = self
            .row(ORGANIZATION_OF_RUN, &[run.0.into()])
            .await?
            .map_or(Ok(0), |row| row.int(0))?;
        let row = |((account, resource), (at, read_at)): ((i64, i64), (Option<i64>, i64))| {
            vec![
                organization.into(),
                account.into(),
                resource.into(),
                at.into(),
                read_at.into(),
            ]
        };
        let rows: Vec<Vec<Value>> = latest.into_iter().map(row).collect();
        self.insert_many(ACTIVITY, rows, ACTIVITY_TAIL).await?;
        Ok(())
    }
}

/// The text that searching looks in.
fn search_text(id: &str, name: Option<&str>, email: Option<&str>) -> String {
    format!("{} {} {id}", name.unwrap_or_default(), email.unwrap_or_default()).to_lowercase()
}
