//! Directories, domains, policies and API tokens.

use atlassian::Page;
use atlassian::wire::{ApiToken, Directory, Domain, Policy};
use model::{Attributes, DirectoryId, DomainId, Fact, PolicyId, TokenId};
use store::{ActivityRow, Observation, TOKEN_USE};

/// What a page of directories says.
pub(crate) fn directories_page(page: &Page<Directory>) -> Observation {
    let directories = page
        .items
        .iter()
        .filter(|directory| !directory.directory_id.is_empty());
    let facts = directories.map(|directory| {
        let attributes = Attributes::new().with("name", directory.name.clone());
        Fact::directory(&DirectoryId::new(&directory.directory_id), attributes)
    });
    Observation {
        sent_at: page.sent_at,
        facts: facts.collect(),
        ..Observation::default()
    }
}

/// What a page of domains says.
pub(crate) fn domains_page(page: &Page<Domain>) -> Observation {
    let facts = page
        .items
        .iter()
        .filter(|domain| !domain.id.is_empty())
        .map(|domain| {
            let claim = domain.attributes.claim.as_ref();
            let attributes = Attributes::new()
                .with("name", domain.attributes.name.clone())
                .with("claim_type", claim.and_then(|claim| claim.method.clone()))
                .with("claim_status", claim.and_then(|claim| claim.status.clone()));
            Fact::domain(&DomainId::new(&domain.id), attributes)
        });
    Observation {
        sent_at: page.sent_at,
        facts: facts.collect(),
        ..Observation::default()
    }
}

/// What a page of policies says.
pub(crate) fn policies_page(page: &Page<Policy>) -> Observation {
    let facts = page
        .items
        .iter()
        .filter(|policy| !policy.id.is_empty())
        .map(|policy| {
            let told = &policy.attributes;
            let attributes = Attributes::new()
                .with("type", told.policy_type.clone())
                .with("name", told.name.clone())
                .with("status", told.status.clone())
                .with("rule", told.rule.clone())
                .with("resources", told.resources.clone());
            Fact::policy(&PolicyId::new(&policy.id), attributes)
        });
    Observation {
        sent_at: page.sent_at,
        facts: facts.collect(),
        ..Observation::default()
    }
}

/// What a page of API tokens says. The last use is restless and so no attribute of the fact.
pub(crate) fn api_tokens_page(page: &Page<ApiToken>) -> Observation {
    let mut observation = Observation {
        sent_at: page.sent_at,
        ..Observation::default()
    };
    for token in page.items.iter().filter(|token| !token.id.is_empty()) {
        let owner = token
            .user
            .as_ref()
            .map(|user| user.id.clone())
            .filter(|id| !id.is_empty());
        let attributes = Attributes::new()
            .with("account_id", owner)
            .with("label", token.label.clone())
            .with("status", token.status.clone())
            .with("created_at", token.created_at.clone())
            .with("expires_at", token.expires_at.clone())
            .with("scopes", token.scopes.clone());
        observation
            .facts
            .push(Fact::api_token(&TokenId::new(&token.id), attributes));
        observation.activity.push(ActivityRow {
            account: token.id.clone(),
            resource: TOKEN_USE.to_owned(),
            last_active_at: token
                .last_active_at
                .as_deref()
                .and_then(super::accounts::instant_ms),
        });
    }
    observation
}
