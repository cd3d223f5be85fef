//! What a run that reads only parts has seen all of: where it may conclude that something is gone.
//!
//! A reading of everything proves absence by its listings ([`CompleteRun`](crate::CompleteRun)); one of what events
//! named proves it only within what it looked at.

use crate::database::Tx;
use crate::error::StoreError;
use crate::value::Value;
use model::{FactKind, RunId};
use std::collections::HashMap;

const ADD: &str = "INSERT INTO looked (run_id, kind, a, b, c) VALUES";
const ADD_TAIL: &str = "ON CONFLICT (run_id, kind, a, b, c) DO NOTHING";

/// All facts of a kind whose key has these parts. Keys of which the first two parts are open are none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Looked {
    /// The kind.
    pub kind: FactKind,
    /// The parts of the key; the empty text stands for any.
    pub key: [String; 3],
}

impl Looked {
    /// All facts of a kind whose key begins with an id.
    pub fn first(kind: FactKind, id: &str) -> Looked {
        Looked {
            kind,
            key: [id.to_owned(), String::new(), String::new()],
        }
    }

    /// All facts of a kind whose key has an id in its second part.
    pub fn second(kind: FactKind, id: &str) -> Looked {
        Looked {
            kind,
            key: [String::new(), id.to_owned(), String::new()],
        }
    }
}

impl Tx {
    /// Notes what the run has seen all of. To be called only after all of the answer is staged: what is within it and
    /// is not staged by then may end.
    pub async fn looked_add(&mut self, run: RunId, looked: &[Looked]) -> Result<(), StoreError> {
        let texts: Vec<&str> = looked
            .iter()
            .flat_map(|one| one.key.iter().map(String::as_str))
            .filter(|text| !text.is_empty())
            .collect();
        let mut texts = texts;
        texts.sort_unstable();
        texts.dedup();
        // What was never met is in no fact.
        let numbers: HashMap<String, i64> = self.term_numbers(&texts).await?.into_iter().collect();
        let mut rows = Vec::new();
        for one in looked {
            let parts: Option<Vec<i64>> = one
                .key
                .iter()
                .map(|text| match text.as_str() {
                    "" => Some(0),
                    text => numbers.get(text).copied(),
                })
                .collect();
            if let Some([a, b, c]) = parts.as_deref()
                && (*a != 0 || *b != 0)
            {
                let kind = one.kind.number();
                rows.push([run.0, kind, *a, *b, *c].map(Value::from).to_vec());
            }
        }
        self.insert_many(ADD, rows, ADD_TAIL).await?;
        Ok(())
    }
}
