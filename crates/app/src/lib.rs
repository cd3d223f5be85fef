//! What one can ask of the product: each use case once. Pages and commands ask only here.
//!
//! - [`views`]: questions – accounts, groups, workspaces, changes, connections, who and why.

pub mod views;

use model::Clock;
use std::sync::Arc;
use store::Store;

/// The product, as its surfaces see it.
pub struct App {
    /// Where everything is kept.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Answers that cannot change, because a published run does not.
    pub memo: views::Memo,
}

impl App {
    /// Puts the product together.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> App {
        App {
            store,
            clock,
            memo: views::Memo::default(),
        }
    }
}
