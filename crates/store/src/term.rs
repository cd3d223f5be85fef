//! Texts that many rows repeat – ids of accounts, groups, resources, roles – as numbers.

use crate::database::{Store, Tx};
use crate::error::StoreError;
use crate::query::list_statement;
use crate::value::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

const INTERN: &str = "INSERT INTO term (text) VALUES";
const INTERN_TAIL: &str = "ON CONFLICT (text) DO NOTHING";
const FIND: &str = "SELECT id FROM term WHERE text = $1";
const TEXT: &str = "SELECT text FROM term WHERE id = $1";

/// How many ids one statement looks up.
const BATCH: usize = 500;

/// How many terms are remembered at the least; at most twice as many, so that memory does not grow with an
/// organization.
const REMEMBERED: usize = 200_000;

/// The numbers of the terms met latest. Holds only what is committed.
#[derive(Debug)]
pub struct TermCache {
    known: Mutex<Known>,
    remembered: usize,
}

/// What was met lately, and what was met before that: what is met again moves to the former.
#[derive(Debug, Default)]
struct Known {
    lately: HashMap<String, i64>,
    before: HashMap<String, i64>,
}

impl Known {
    fn meet(&mut self, text: &str, remembered: usize) -> Option<i64> {
        if let Some(number) = self.lately.get(text) {
            return Some(*number);
        }
        let (text, number) = self.before.remove_entry(text)?;
        self.learn(text, number, remembered);
        Some(number)
    }

    fn learn(&mut self, text: String, number: i64, remembered: usize) {
        if self.lately.len() >= remembered {
            self.before = std::mem::take(&mut self.lately);
        }
        self.lately.insert(text, number);
    }
}

impl Default for TermCache {
    fn default() -> TermCache {
        TermCache {
            known: Mutex::default(),
            remembered: REMEMBERED,
        }
    }
}

/// The numbers of some terms.
#[derive(Debug, Default)]
pub struct Numbers<'a>(HashMap<&'a str, i64>);

impl Numbers<'_> {
    /// The number of one of them.
    pub fn get(&self, text: &str) -> Option<i64> {
        self.0.get(text).copied()
    }
}

impl TermCache {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are remembered, and those that are not: in order, so that two who intern the same texts at the same
    /// time wait for each other and do not lock up.
    fn look_up<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> (Numbers<'a>, Vec<&'a str>) {
        let mut known = self.known();
        let (mut numbers, mut missing) = (HashMap::new(), BTreeSet::new());
        for text in texts {
            match known.meet(text, self.remembered) {
                Some(number) => {
                    numbers.insert(text, number);
                }
                None => {
                    missing.insert(text);
                }
            }
        }
        (Numbers(numbers), missing.into_iter().collect())
    }

    fn learn(&self, found: Vec<(String, i64)>) {
        let mut known = self.known();
        for (text, number) in found {
            known.learn(text, number, self.remembered);
        }
    }
}

impl Store {
    /// Makes sure that each text has a number, and answers them. The cache knows them for a while.
    pub async fn terms_intern<'a>(
        &self,
        cache: &TermCache,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<Numbers<'a>, StoreError> {
        let (mut numbers, missing) = cache.look_up(texts);
        if missing.is_empty() {
            return Ok(numbers);
        }
        let mut tx = self.write().await?;
        let found = tx.term_intern(&missing).await?;
        tx.commit().await?;
        let by_text: HashMap<&str, i64> = found
            .iter()
            .map(|(text, number)| (text.as_str(), *number))
            .collect();
        for text in missing {
            numbers.0.extend(by_text.get(text).map(|number| (text, *number)));
        }
        cache.learn(found);
        Ok(numbers)
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
        self.insert_many(INTERN, rows, INTERN_TAIL).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_met_again_is_remembered_and_the_rest_is_forgotten_in_time() {
        let cache = TermCache {
            known: Mutex::default(),
            remembered: 3,
        };
        let learn = |texts: &[&str]| {
            let found = texts.iter().map(|text| ((*text).to_owned(), 7));
            cache.learn(found.collect());
        };
        learn(&["a", "b", "c"]);
        let (numbers, missing) = cache.look_up(["a", "b", "c", "d"]);
        assert_eq!((numbers.get("a"), numbers.get("d")), (Some(7), None));
        assert_eq!(missing, ["d"]);
        learn(&["d"]);
        // All three are still known, although they are not among the latest.
        assert!(cache.look_up(["a"]).1.is_empty());
        learn(&["e", "f"]);
        assert_eq!(cache.look_up(["a", "b"]).1, ["b"]);
    }
}
