//! Why a question was not answered: one sentence that says what to do.

use super::cage::Limits;
use thiserror::Error;

/// Why a question was not answered.
#[derive(Debug, Error)]
pub enum Refusal {
    /// It is empty.
    #[error("there is no question: write one SELECT over the views")]
    Empty,
    /// It does not begin as a question does.
    #[error(
        "a question begins with SELECT, WITH or VALUES, not with \"{word}\": nothing can be changed or set here"
    )]
    NotAQuestion {
        /// Its first word.
        word: String,
    },
    /// It is several statements.
    #[error("there are several statements: ask one SELECT at a time, without a semicolon inside")]
    Several,
    /// It is too long.
    #[error("the question has more than {limit} characters: make it shorter")]
    TooLong {
        /// How many it may have.
        limit: usize,
    },
    /// It asks something that is no view.
    #[error("there is no view \"{name}\": ask one of {known}")]
    NoView {
        /// As asked.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// It names a schema or database.
    #[error("\"{name}.\" names another place: name the views alone")]
    Place {
        /// The name before the dot.
        name: String,
    },
    /// It calls a function that is not allowed.
    #[error("the function \"{name}\" is not allowed here: use one of those that docs/views.md lists")]
    Function {
        /// As called.
        name: String,
    },
    /// It names something of the database's own.
    #[error("\"{name}\" belongs to the database itself: ask the views instead")]
    Reserved {
        /// As named.
        name: String,
    },
    /// It is written in a way that the two databases read differently.
    #[error("{what} cannot be used here: {instead}")]
    Writing {
        /// What was found.
        what: &'static str,
        /// What to write.
        instead: &'static str,
    },
    /// A variable was not given.
    #[error("the variable :{name} has no value: give one with it")]
    NoValue {
        /// Its name.
        name: String,
    },
    /// A variable was given that the question does not have.
    #[error("the question has no variable :{name}: leave its value out")]
    NoVariable {
        /// Its name.
        name: String,
    },
    /// A variable has a value of another type than is needed.
    #[error("the variable :{name} must be {wanted} here: give another value")]
    Variable {
        /// Its name.
        name: String,
        /// What is needed.
        wanted: &'static str,
    },
    /// It took too long.
    #[error(
        "the question was stopped after {seconds} s: ask for less, with a condition on an id, or name fewer views"
    )]
    TooSlow {
        /// How long it was let run.
        seconds: u64,
    },
    /// Its answer is too large.
    #[error("the answer is larger than {mib} MiB: ask for fewer columns or rows")]
    TooLarge {
        /// How large it may be.
        mib: usize,
    },
    /// The authorizer or the role said no.
    #[error("the question reaches for something outside the views: ask the views alone")]
    Outside,
    /// PostgreSQL has no role that may read the views only.
    #[error("the database has no role for questions: let its administrator run {statement}")]
    NoRole {
        /// What to run.
        statement: String,
    },
    /// The database does not understand it.
    #[error("the question does not work: {message}")]
    Wrong {
        /// What the database said.
        message: String,
    },
    /// The database could not be asked.
    #[error("the database cannot be asked")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Refusal {
    pub(super) fn too_slow(limits: Limits) -> Refusal {
        Refusal::TooSlow {
            seconds: limits.time.as_secs(),
        }
    }

    pub(super) fn too_large(limits: Limits) -> Refusal {
        Refusal::TooLarge {
            mib: limits.bytes / 1024 / 1024,
        }
    }

    pub(super) fn database(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Refusal {
        Refusal::Database(source.into())
    }
}
