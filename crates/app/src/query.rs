//! Questions that people write in SQL over the views ([`store::sql`]), and those that they keep.

use crate::App;
use crate::csv;
use crate::error::AppError;
use crate::views::{At, Scope};
use model::RunId;
use serde::Serialize;
use serde::ser::{SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::AuditRow;
pub use store::SavedQuestion;
pub use store::sql::{
    Answer, Cage, Cell, Column, FUNCTIONS, Limits, Question, Refusal, Variables, View, views,
};
use tokio::sync::Semaphore;

/// How many questions are answered at once; more wait. Each may use a processor and some tens of megabytes.
const AT_ONCE: usize = 2;

/// Lets in so many questions at a time.
#[derive(Clone)]
pub(crate) struct Cages(Arc<Semaphore>);

impl Default for Cages {
    fn default() -> Self {
        Cages(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// What was asked, as of when, and what came of it.
#[derive(Debug, Clone)]
pub struct QueryAnswer {
    /// The names of the columns; a name that repeats has a number behind it.
    pub columns: Vec<String>,
    /// The rows, each with as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// Whether there were more rows than were let through.
    pub is_cut: bool,
    /// The run whose facts were asked.
    pub run: Option<RunId>,
    /// When its reading ended.
    pub read_at: Option<At>,
}

/// A cell as people read it; nothing is the empty text.
pub fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Int(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
    }
}

/// A cell as JSON.
pub fn cell_json(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::from(*number),
        Cell::Real(number) => Value::from(*number),
        Cell::Text(text) => Value::from(text.as_str()),
    }
}

/// A value that was typed: whole numbers are numbers, all else is text.
pub fn typed(text: &str) -> Cell {
    let number = text.parse::<i64>();
    number.map_or_else(|_| Cell::Text(text.to_owned()), Cell::Int)
}

/// A value of a JSON request. Lists and objects are none.
pub fn told(value: &Value) -> Option<Cell> {
    match value {
        Value::Null => Some(Cell::Null),
        Value::Bool(flag) => Some(Cell::Int(i64::from(*flag))),
        Value::Number(number) => number
            .as_i64()
            .map(Cell::Int)
            .or_else(|| number.as_f64().map(Cell::Real)),
        Value::String(text) => Some(Cell::Text(text.clone())),
        Value::Array(_) | Value::Object(_) => None,
    }
}

impl QueryAnswer {
    fn new(answer: Answer, scope: &Scope) -> QueryAnswer {
        let mut taken = BTreeSet::new();
        let mut columns = Vec::new();
        for name in answer.columns {
            let mut unique = name.clone();
            let mut number = 2;
            while !taken.insert(unique.clone()) {
                unique = format!("{name}_{number}");
                number += 1;
            }
            columns.push(unique);
        }
        QueryAnswer {
            columns,
            rows: answer.rows,
            is_cut: answer.is_cut,
            run: scope.run,
            read_at: scope.read_at,
        }
    }

    /// The rows as objects by column, in the order of the columns.
    pub fn objects(&self) -> impl Serialize + '_ {
        Objects(self)
    }

    /// The whole as a file.
    pub fn csv(&self) -> String {
        let mut text = String::new();
        csv::line(&mut text, self.columns.iter().map(String::as_str));
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(cell_text).collect();
            csv::line(&mut text, cells.iter().map(String::as_str));
        }
        text
    }
}

struct Objects<'a>(&'a QueryAnswer);
struct Object<'a>(&'a [String], &'a [Cell]);

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.rows.len()))?;
        for row in &self.0.rows {
            rows.serialize_element(&Object(&self.0.columns, row))?;
        }
        rows.end()
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (name, cell) in self.0.iter().zip(self.1) {
            object.serialize_entry(name, &cell_json(cell))?;
        }
        object.end()
    }
}

impl Scope {
    /// The moment that is looked at: the present, or when the reading that is looked back to had ended.
    pub(crate) fn moment(&self, now: i64) -> i64 {
        match self.read_at {
            Some(read_at) if !self.is_current => read_at.0,
            _ => now,
        }
    }
}

impl App {
    /// Answers a question that somebody wrote. `:now` is the moment that is looked at.
    pub async fn query(
        &self,
        scope: &Scope,
        text: &str,
        variables: &Variables,
        limits: Limits,
    ) -> Result<QueryAnswer, AppError> {
        let question = Question::read(text)?;
        // The semaphore is never closed.
        let _turn = self.cages.0.acquire().await.ok();
        let mut cage = self.cage(scope).await?;
        let answer = cage.ask(&question, variables, limits).await?;
        Ok(QueryAnswer::new(answer, scope))
    }

    /// A cage over what a scope shows.
    pub(crate) async fn cage(&self, scope: &Scope) -> Result<Cage, Refusal> {
        let now = scope.moment(self.clock.now_ms());
        self.store.cage(scope.snapshot(), now).await
    }

    /// The questions that were kept, by name.
    pub async fn saved_questions(&self) -> Result<Vec<SavedQuestion>, AppError> {
        Ok(self.store.read().await?.question_list().await?)
    }

    /// The question that was kept under a name.
    pub async fn saved_question(&self, name: &str) -> Result<SavedQuestion, AppError> {
        let mut known = self.saved_questions().await?;
        match known.iter().position(|question| question.name == name) {
            Some(place) => Ok(known.swap_remove(place)),
            None => Err(AppError::NoQuestion {
                name: name.to_owned(),
                known: known.into_iter().map(|question| question.name).collect(),
            }),
        }
    }

    /// Keeps a question under a name; what was kept under it before is replaced. What could not be asked is not kept.
    pub async fn save_question(
        &self,
        name: &str,
        about: &str,
        text: &str,
        actor: &str,
    ) -> Result<(), AppError> {
        Question::read(text)?;
        let question = SavedQuestion {
            name: name.to_owned(),
            about: about.to_owned(),
            sql: text.to_owned(),
            saved_by: actor.to_owned(),
            saved_at: self.clock.now_ms(),
        };
        let mut tx = self.store.write().await?;
        tx.question_save(&question).await?;
        tx.audit_record(&self.about_question(name, "question.save", text, actor))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets a question that was kept.
    pub async fn remove_question(&self, name: &str, actor: &str) -> Result<(), AppError> {
        let question = self.saved_question(name).await?;
        let mut tx = self.store.write().await?;
        tx.question_remove(name).await?;
        tx.audit_record(&self.about_question(name, "question.remove", &question.sql, actor))
            .await?;
        tx.commit().await?;
        Ok(())
    }

    fn about_question(&self, name: &str, action: &str, text: &str, actor: &str) -> AuditRow {
        AuditRow {
            at: self.clock.now_ms(),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: name.to_owned(),
            detail: text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_objects_in_the_order_of_columns_and_no_column_is_lost() {
        let answer = QueryAnswer {
            columns: vec!["b".to_owned(), "a".to_owned()],
            rows: vec![
                vec![Cell::Int(1), Cell::Null],
                vec![Cell::Text("=x".to_owned()), Cell::Real(0.5)],
            ],
            is_cut: false,
            run: None,
            read_at: None,
        };
        let json = serde_json::to_string(&answer.objects()).unwrap();
        assert_eq!(json, r#"[{"b":1,"a":null},{"b":"=x","a":0.5}]"#);
        assert_eq!(answer.csv(), "b,a\r\n1,\r\n'=x,0.5\r\n");
    }

    #[test]
    fn what_is_typed_is_a_number_when_it_looks_like_one() {
        assert_eq!(typed("12"), Cell::Int(12));
        assert_eq!(typed("12a"), Cell::Text("12a".to_owned()));
        assert_eq!(told(&serde_json::json!(["x"])), None);
    }
}
