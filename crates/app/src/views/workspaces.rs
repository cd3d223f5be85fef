//! Workspaces: the list, and what is known of one.

use super::error::ViewError;
use super::scope::Scope;
use crate::App;
use model::role::product_name;

impl App {
    /// The products of the organization's workspaces: key and name, by name.
    pub async fn products(&self, scope: &Scope) -> Result<Vec<(String, String)>, ViewError> {
        let mut tx = self.store.read().await?;
        let workspaces = tx.workspace_list(scope.at).await?;
        let keys = workspaces
            .iter()
            .filter_map(|workspace| workspace.attributes.text("type_key"));
        let mut products: Vec<(String, String)> = keys
            .map(|key| (key.to_owned(), product_name(key).to_owned()))
            .collect();
        products.sort_by(|one, other| one.1.cmp(&other.1));
        products.dedup();
        Ok(products)
    }
}
