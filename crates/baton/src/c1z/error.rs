//! Why a file cannot be read or written: one sentence each.

use crate::json::JsonError;
use thiserror::Error;

/// Why a file cannot be read or written. The text of each names the file.
#[derive(Debug, Error)]
pub enum C1zError {
    /// The file cannot be read.
    #[error("cannot read {file}")]
    Read {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{file} is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// It does not begin as such files do.
    #[error("{file} is not a .c1z file")]
    NotC1z {
        /// The file.
        file: String,
    },
    /// It is of the newer kind.
    #[error("{file} is a .c1z file of version 3 (Pebble), and only version 1 (SQLite) is read")]
    Version3 {
        /// The file.
        file: String,
    },
    /// It ends too early.
    #[error("{file} is cut off")]
    Truncated {
        /// The file.
        file: String,
    },
    /// Its compressed part is damaged, or needs more memory than is allowed.
    #[error("{file} cannot be decompressed")]
    Broken {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// It is larger than is allowed once it is decompressed.
    #[error("{file} is larger than {limit} bytes when decompressed")]
    TooLarge {
        /// The file.
        file: String,
        /// What is allowed.
        limit: u64,
    },
    /// What was decompressed is not the database that it should be.
    #[error("{file} does not hold the tables of a .c1z file: {what}")]
    Tables {
        /// The file.
        file: String,
        /// What is wrong with them.
        what: String,
    },
    /// The database in it cannot be read.
    #[error("the database in {file} cannot be used: {what}")]
    Database {
        /// The file.
        file: String,
        /// What SQLite said, of which the first line: it quotes a damaged schema whole.
        what: String,
    },
    /// A row holds no message.
    #[error("row {row} of {table} in {file} cannot be read")]
    Row {
        /// The file.
        file: String,
        /// The table.
        table: &'static str,
        /// The row's number.
        row: i64,
        /// What is wrong with it.
        source: JsonError,
    },
    /// No sync in it is finished.
    #[error("{file} holds no finished sync")]
    NoSync {
        /// The file.
        file: String,
    },
    /// It does not hold that sync.
    #[error("{file} holds no finished sync {sync}")]
    NoSuchSync {
        /// The file.
        file: String,
        /// As asked.
        sync: String,
    },
    /// There are not two syncs to compare.
    #[error("{file} does not hold two finished full syncs to compare")]
    NotTwoSyncs {
        /// The file.
        file: String,
    },
    /// The file cannot be written.
    #[error("cannot write {file}")]
    Write {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something else than a file is in its place, and would be lost.
    #[error("{file} is {what}, and a file is to be written")]
    NoFile {
        /// The place.
        file: String,
        /// What is there.
        what: &'static str,
    },
    /// The database of a new file cannot be made.
    #[error("cannot make the database of a .c1z file in {folder}")]
    Build {
        /// Where it is made.
        folder: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The place for what is needed meanwhile cannot be used.
    #[error("cannot write to the temporary folder {folder}")]
    Aside {
        /// The folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl C1zError {
    /// What the reader of the message can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            C1zError::Version3 { .. } => Some("have it written with --storage-engine sqlite"),
            C1zError::Truncated { .. } | C1zError::Broken { .. } => Some("get the file again"),
            C1zError::NoSync { .. } => Some("its sync was interrupted; let it be written again"),
            C1zError::TooLarge { .. } => {
                Some("if it may be that large, raise BATON_DECODER_MAX_DECODED_SIZE_MB")
            }
            C1zError::Write { .. } | C1zError::Build { .. } | C1zError::Aside { .. } => {
                Some("check the room on the disk and the permissions; the file is as it was")
            }
            _ => None,
        }
    }
}
