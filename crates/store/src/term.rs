//! Texts that many rows repeat – ids of accounts, groups, resources, roles – as numbers.

use crate::database::{Store, Tx};
use crate::error::StoreError;
use crate::query::list_statement;
use crate::value::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

const INTERN: &str = "INSERT INTO term (text) VALUES";
const INTERN_TAIL: &str = "ON CONFLICT (text) DO NOTHING";
const FIND: &str = "SELECT id FROM term WHERE text = $1";
const TEXT: &str = "SELECT text FROM term WHERE id = $1";

/// How many ids one statement looks up.
const BATCH: usize = 500;

/// The numbers of the terms met so far. Holds only what is committed.
#[derive(Debug, Default)]
pub struct TermCache {
    known: Mutex<HashMap<String, i64>>,
}

impl TermCache {
    /// The number of a term that [`Store::terms_intern`] has seen.
    pub fn number(&self, text: &str) -> Option<i64> {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(text)
            .copied()
    }

    /// In order, so that two who intern the same texts at the same time wait for each other and do not lock up.
    fn missing<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let distinct: BTreeSet<&str> = texts
            .into_iter()
            .filter(|text| !known.contains_key(*text))
            .collect();
        distinct.into_iter().collect()
    }

    fn learn(&self, found: Vec<(String, i64)>) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(found);
    }
}

impl Store {
    /// Makes sure that each text has a number and that the cache knows it.
    pub async fn terms_intern<'a>(
        &self,
        cache: &TermCache,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), StoreError> {
        let missing = cache.missing(texts);
        if missing.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        let found = tx.term_intern(&missing).await?;
        tx.commit().await?;
        cache.learn(found);
        Ok(())
    }
}

impl Tx {
    /// The numbers of those of these texts that have one.
    pub async fn term_numbers(&mut self, texts: &[&str]) -> Result<Vec<(String, i64)>, StoreError> {
        let mut found = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            let sql = list_statement("SELECT text, id FROM term WHERE text IN", 1, batch.len(), "");
            let values: Vec<Value> = batch.iter().map(|text| Value::from(*text)).collect();
            for row in self.rows_built(sql, &values).await? {
                found.push((row.text(0)?, row.int(1)?));
            }
        }
        Ok(found)
    }

    /// Gives each text a number if it has none, and answers all of them.
    pub async fn term_intern(&mut self, texts: &[&str]) -> Result<Vec<(String, i64)>, StoreError> {
        let rows: Vec<Vec<Value>> = texts.iter().map(|text| vec![Value::from(*text)]).collect();
        self.insert_many(INTERN, &rows, INTERN_TAIL).await?;
        self.term_numbers(texts).await
    }

    /// The number of a text, if it was ever met.
    pub async fn term_find(&mut self, text: &str) -> Result<Option<i64>, StoreError> {
        self.row(FIND, &[text.into()])
            .await?
            .map(|row| row.int(0))
            .transpose()
    }

    /// The text of a number.
    pub async fn term_text(&mut self, number: i64) -> Result<String, StoreError> {
        let row = self.row(TEXT, &[number.into()]).await?;
        let missing = || StoreError::Corrupt {
            table: "term",
            id: number.to_string(),
            what: "is missing".into(),
        };
        row.ok_or_else(missing)?.text(0)
    }

    /// The texts of many numbers.
    pub async fn term_texts(&mut self, numbers: &[i64]) -> Result<HashMap<i64, String>, StoreError> {
        let mut found = HashMap::with_capacity(numbers.len());
        for batch in numbers.chunks(BATCH) {
            let sql = list_statement("SELECT id, text FROM term WHERE id IN", 1, batch.len(), "");
            let values: Vec<Value> = batch.iter().map(|number| Value::from(*number)).collect();
            for row in self.rows_built(sql, &values).await? {
                found.insert(row.int(0)?, row.text(1)?);
            }
        }
        Ok(found)
    }
}
