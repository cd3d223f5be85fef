//! What one can ask of the product: each use case once. Pages and commands ask only here.
//!
//! - [`views`]: questions – accounts, groups, workspaces, changes, connections, who and why.
//! - [`plans`]: changes to Atlassian, proposed, approved, carried out and undone.
//! - [`rehearsal`]: carrying a plan out where it changes nothing.
//! - [`schedule`]: when connections are read, and doing what is due.
//! - [`alerts`]: what is told to whom, and whether it arrived.
//! - [`declared`]: access as code – a file that says who is to have what.
//! - `privileges`: what may be changed on a managed account, asked now.
//! - `hooks`: deliveries of Atlassian's, which only say that it is time to look.
//! - `capture`: recording the answers of one reading, with everything replaced that tells of people.
//! - [`query`]: questions that people write in SQL. [`csv`]: lines of tables as files.
//! - [`findings`]: what rules find, and what people decide about it.
//! - `connections`, `probe`, `reading`, `care`, `export`: what one can have done – adding and testing connections,
//!   reading an organization and deciding about held runs, erasing and backing up, exporting facts.

pub mod alerts;
mod capture;
mod care;
mod connections;
pub mod csv;
pub mod declared;
mod error;
mod export;
pub mod findings;
mod guards;
mod hooks;
pub mod plans;
mod privileges;
mod probe;
pub mod query;
mod reading;
pub mod rehearsal;
pub mod schedule;
pub mod views;

pub use atlassian::Options;
pub use capture::{CaptureRequest, Captured};
pub use care::Finding;
pub use connections::{ConnectionAdded, ConnectionRequest};
pub use error::{AppError, Trouble};
pub use export::ExportOptions;
pub use guards::{GuardView, TripView, WritesChange, WritesView};
pub use hooks::{HookKey, HookKind, HookView};
pub use privileges::{PrivilegeLine, PrivilegesError, PrivilegesView};
pub use probe::OperationTest;
pub use provision::ProvisionError;
pub use store::{Guards, ScimCredential};
pub use sync::{Estimate, Followed, Outcome, Progress, Silent, Status, SyncError};

use model::Clock;
use std::path::PathBuf;
use std::sync::Arc;
use store::{MasterKey, Store};
use tokio::sync::Notify;

/// Who acts, until there is a log-in.
pub const LOCAL_ADMINISTRATOR: &str = "local administrator";

/// The product, as its surfaces see it.
pub struct App {
    /// Where everything is kept.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Answers that cannot change, because a published run does not.
    pub memo: views::Memo,
    /// Wakes those in this process who wait for work: something may be due. Those of other processes look now and then.
    pub stirred: Notify,
    pub(crate) paces: views::Paces,
    pub(crate) cages: query::Cages,
    master_key: Option<Arc<MasterKey>>,
    /// Where rules of one's own lie.
    rules_folder: Option<PathBuf>,
    /// Whether rules are asked after each reading.
    pub asks_rules: bool,
    /// For how many days the audit archive keeps events; for ever if it is not said.
    pub keep_events_days: Option<u32>,
}

impl App {
    /// Puts the product together. Without a master key everything works that needs no credential.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> App {
        App {
            store,
            clock,
            memo: views::Memo::default(),
            stirred: Notify::new(),
            paces: views::Paces::default(),
            cages: query::Cages::default(),
            master_key: None,
            rules_folder: None,
            asks_rules: true,
            keep_events_days: None,
        }
    }

    /// Says in which folder rules of one's own lie: its files that end in `.toml`.
    #[must_use]
    pub fn with_rules(mut self, folder: Option<PathBuf>) -> App {
        self.rules_folder = folder;
        self
    }

    /// Gives the product the key that opens its credentials, after checking that it is the right one.
    pub async fn with_master_key(mut self, key: MasterKey) -> Result<App, AppError> {
        self.store.master_key_check(&key).await?;
        self.master_key = Some(Arc::new(key));
        Ok(self)
    }

    /// Whether the database answers.
    pub async fn is_ready(&self) -> bool {
        match self.store.read().await {
            Ok(mut tx) => tx.connection_list().await.is_ok(),
            Err(_) => false,
        }
    }
}
