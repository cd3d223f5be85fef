//! The forms in which answers tell an account.

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::iso_s;
use crate::roles::RoleSet;
use crate::state::{Account, ProfileField, World};

/// What a search adds on request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Expansions {
    pub(super) platform_roles: bool,
    pub(super) counts: bool,
    pub(super) product_access: bool,
    pub(super) groups: bool,
    pub(super) most_groups: Option<usize>,
}

impl Expansions {
    pub(super) fn of(names: &[String], most_groups: Option<usize>) -> Self {
        let has = |name: &str| names.iter().any(|it| it == name);
        Self {
            platform_roles: has("platformRoles"),
            counts: has("counts.resources"),
            product_access: has("productAccess"),
            groups: has("groups"),
            most_groups,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupItem<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProductItem<'a> {
    key: &'a str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_active_timestamp: Option<String>,
}

#[derive(Serialize)]
struct Counts {
    resources: usize,
}

/// An account as search, list and detail tell it; what is absent is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserItem<'a> {
    account_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_type: Option<&'a str>,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_status: Option<&'a str>,
    membership_status: &'a str,
    added_to_org: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_roles: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    management_source: Option<&'static str>,
    mfa_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_access: Option<Vec<ProductItem<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<GroupItem<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deactivated_on: Option<String>,
    for_deletion: bool,
}

/// Tells an account as a search of this directory does.
pub(super) fn item<'a>(
    world: &'a World,
    account: &'a Account,
    directory: Option<u16>,
    expand: Expansions,
) -> Option<UserItem<'a>> {
    let place = account.place(directory)?;
    let email = account.shown_email();
    Some(UserItem {
        account_id: &account.id,
        account_type: account.account_type,
        status: account.status(place),
        account_status: account.account_status,
        membership_status: place.status,
        added_to_org: iso_s(account.added_ms),
        name: account.name.as_deref(),
        nickname: account.nickname.as_deref(),
        email,
        email_verified: email.map(|_| account.email_is_verified),
        claim_status: account.claim_status,
        platform_roles: expand
            .platform_roles
            .then(|| world.platform_roles(account).ids().collect()),
        management_source: Some(if account.is_synced { "synced" } else { "invited" }),
        mfa_enabled: account.has_mfa,
        job_title: account.profile_text(ProfileField::JobTitle),
        department: account.profile_text(ProfileField::Department),
        organization: account.profile_text(ProfileField::Organization),
        location: account.profile_text(ProfileField::Location),
        time_zone: account.profile_text(ProfileField::TimeZone),
        counts: expand.counts.then(|| Counts {
            resources: world.holdings(account).len(),
        }),
        product_access: expand.product_access.then(|| products(world, account)),
        groups: expand
            .groups
            .then(|| groups(world, account, directory, expand.most_groups)),
        deactivated_on: account.deactivated_ms.map(iso_s),
        for_deletion: account.is_for_deletion,
    })
}

fn products<'a>(world: &'a World, account: &'a Account) -> Vec<ProductItem<'a>> {
    seats(world, account)
        .into_iter()
        .filter_map(|resource| {
            let row = world.resource(resource)?;
            let last_active_timestamp = world.last_active_ms(account, resource).map(iso_s);
            Some(ProductItem {
                key: row.owner,
                id: &row.ari,
                last_active_timestamp,
            })
        })
        .collect()
}

/// The workspaces where an account takes a seat.
pub(super) fn seats(world: &World, account: &Account) -> Vec<u32> {
    let takes_seat = |holding: &crate::state::Holding| {
        holding.roles().meets(RoleSet::SEAT)
            && world
                .resource(holding.resource)
                .is_some_and(|row| row.is_workspace())
    };
    world
        .holdings(account)
        .iter()
        .filter(|holding| takes_seat(holding))
        .map(|holding| holding.resource)
        .collect()
}

fn groups<'a>(
    world: &'a World,
    account: &'a Account,
    directory: Option<u16>,
    most: Option<usize>,
) -> Vec<GroupItem<'a>> {
    account
        .groups
        .iter()
        .filter_map(|group| world.group(*group))
        .filter(|group| directory.is_none_or(|wanted| wanted == group.directory))
        .take(most.unwrap_or(usize::MAX))
        .map(|group| GroupItem {
            id: &group.id,
            name: &group.name,
            description: group.description.as_deref(),
        })
        .collect()
}

/// Tells a managed account as the v1 list does.
pub(super) fn managed_item(world: &World, account: &Account, url: &str) -> Value {
    let seats = seats(world, account);
    let products: Vec<Value> = seats
        .iter()
        .filter_map(|resource| {
            let row = world.resource(*resource)?;
            let mut product = json!({ "key": last_active_key(row.owner), "name": row.workspace_name() });
            let map = product.as_object_mut()?;
            if let Some(at_ms) = world.last_active_ms(account, *resource) {
                map.insert("last_active".to_owned(), json!(iso_s(at_ms)));
            }
            Some(product)
        })
        .collect();
    let mut item = json!({
        "account_id": account.id,
        "account_type": account.account_type.unwrap_or("atlassian"),
        "account_status": account.account_status.unwrap_or("active"),
        "name": account.name.as_deref().unwrap_or_default(),
        "picture": "https://avatar.example.com/none.png",
        "access_billable": !seats.is_empty(),
        "product_access": products,
        "links": { "self": format!("{url}/{}", account.id) },
    });
    let last = seats
        .iter()
        .filter_map(|resource| world.last_active_ms(account, *resource))
        .max();
    if let Some(map) = item.as_object_mut() {
        if let Some(email) = account.shown_email() {
            map.insert("email".to_owned(), json!(email));
        }
        if let Some(at_ms) = last {
            map.insert("last_active".to_owned(), json!(iso_s(at_ms)));
        }
    }
    item
}

/// The key of a product in last-active answers, which differs for one product from its resource owner.
pub(super) fn last_active_key(owner: &str) -> &str {
    if owner == "jira-servicedesk" {
        "jira-service-desk"
    } else {
        owner
    }
}
