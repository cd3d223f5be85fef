//! What can go wrong in the store, and what the person or the caller can do about it.

use thiserror::Error;

/// An error of the store. The message says what is wrong; [`StoreError::hint`] says what to do.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database address is none that we know.
    #[error("\"{url}\" is not a database address")]
    Address {
        /// The address as given, without a password.
        url: String,
    },
    /// The database cannot be opened.
    #[error("cannot open the database {database}")]
    Open {
        /// Its address without a password.
        database: String,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// The database was written by a later version of this program.
    #[error(
        "the database {database} was written by a newer version of orgwarden (schema {found}, this one knows {known})"
    )]
    Newer {
        /// Its address without a password.
        database: String,
        /// Number of the newest migration it has.
        found: i64,
        /// Number of the newest migration this program has.
        known: i64,
    },
    /// The file lies on a network file system, where SQLite's locks do not hold.
    #[error(
        "the database {database} lies on a network file system ({file_system}), where SQLite cannot lock it safely"
    )]
    NetworkFileSystem {
        /// Its address.
        database: String,
        /// Name of the file system.
        file_system: String,
    },
    /// The schema could not be brought up to date.
    #[error("cannot bring the schema of the database up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// Somebody else is writing for longer than we wait.
    #[error("the database is locked by another program")]
    Locked,
    /// There is no room left.
    #[error("the disk that holds the database is full")]
    DiskFull,
    /// The file may not be written.
    #[error("the database cannot be written: it is read-only for this user")]
    ReadOnly,
    /// A statement failed otherwise.
    #[error("a statement of the store failed ({operation})")]
    Statement {
        /// The first words of the statement.
        operation: String,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// A column holds what it cannot hold.
    #[error("column {column} of an answer is not {wanted}")]
    Row {
        /// Position of the column in the statement, from 0.
        column: usize,
        /// What was expected.
        wanted: &'static str,
    },
    /// A row makes no sense.
    #[error("the stored {table} {id} makes no sense: {what}")]
    Corrupt {
        /// Table name.
        table: &'static str,
        /// The row's id.
        id: String,
        /// What is wrong with it.
        what: String,
    },
    /// The lease was lost to another holder or ran out; nothing of this transaction was kept.
    #[error("this process no longer holds the lease \"{name}\"")]
    LeaseLost {
        /// The lease.
        name: String,
    },
    /// The master key is not the one that the secrets were sealed with.
    #[error("the master key is not the one that this database was sealed with")]
    WrongMasterKey,
    /// The master key cannot be read or made.
    #[error("cannot use the master key: {what}")]
    MasterKey {
        /// What is wrong.
        what: String,
    },
    /// A sealed secret does not open.
    #[error("a sealed secret does not open: it was changed or moved from another row")]
    Unseal,
    /// The name is taken.
    #[error("the name \"{name}\" is taken by another {what}")]
    Taken {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

impl StoreError {
    /// What the reader of the message can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            StoreError::Address { .. } => Some("use sqlite:FILE or postgres://USER@HOST/NAME"),
            StoreError::Open { .. } => {
                Some("check the path or address, that it exists and that this user may use it")
            }
            StoreError::Newer { .. } => {
                Some("use the newer version, or another database; nothing was changed")
            }
            StoreError::NetworkFileSystem { .. } => Some("put the file on a local disk, or use PostgreSQL"),
            StoreError::Migrate(_) => Some("nothing was changed; see the cause below"),
            StoreError::Locked => {
                Some("wait until the other program has finished, then run this again; nothing was lost")
            }
            StoreError::DiskFull => Some("make room and run this again; what was complete is kept"),
            StoreError::ReadOnly => Some("give this user the right to write the file and its folder"),
            StoreError::WrongMasterKey => Some(
                "give the key file that was used when the connection was added (ORGWARDEN_MASTER_KEY_FILE)",
            ),
            StoreError::LeaseLost { .. } => {
                Some("another orgwarden is at work on it; let it finish, then run this again")
            }
            StoreError::Taken { .. } => Some("choose another name, or remove that one first"),
            _ => None,
        }
    }

    /// Sorts a driver's error into what a person can act on.
    pub(crate) fn from_driver(operation: &str, source: sqlx::Error) -> StoreError {
        if let sqlx::Error::Database(error) = &source {
            // SQLite's extended result codes: the low byte is the primary code.
            let code = error
                .code()
                .and_then(|code| code.parse::<i64>().ok())
                .map(|code| code & 0xff);
            let is_sqlite = error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some();
            match (is_sqlite, code) {
                (true, Some(5 | 6)) => return StoreError::Locked,
                (true, Some(8)) => return StoreError::ReadOnly,
                (true, Some(13)) => return StoreError::DiskFull,
                (false, _) if error.code().as_deref() == Some("53100") => return StoreError::DiskFull,
                _ => {}
            }
        }
        let operation = operation.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
        StoreError::Statement { operation, source }
    }
}
