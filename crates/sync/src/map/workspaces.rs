//! Workspaces.

use atlassian::Page;
use atlassian::wire::Workspace;
use model::{Attributes, Fact, ResourceId};
use store::Observation;

/// What a page of workspaces says. Seats in use are restless and no attribute of the fact.
pub(crate) fn workspaces_page(page: &Page<Workspace>) -> Observation {
    let workspaces = page.items.iter().filter(|workspace| !workspace.id.is_empty());
    let facts = workspaces.map(|workspace| {
        let told = &workspace.attributes;
        let attributes = Attributes::new()
            .with("name", told.name.clone())
            .with("type_key", told.type_key.clone())
            .with("type", told.product.clone())
            .with("owner", told.owner.clone())
            .with("status", told.status.clone())
            .with("sandbox", told.sandbox.clone())
            .with("capacity", told.capacity)
            .with("created_at", told.created_at.clone())
            .with("created_by", told.created_by.clone())
            .with("host_url", told.host_url.clone())
            .with("realm", told.realm.clone())
            .with("regions", told.regions.clone())
            .with("directory_id", told.directory.clone());
        Fact::workspace(&ResourceId::new(&workspace.id), attributes)
    });
    Observation {
        sent_at: page.sent_at,
        facts: facts.collect(),
        ..Observation::default()
    }
}
