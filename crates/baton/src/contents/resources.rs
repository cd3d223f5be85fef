//! Accounts, groups, workspaces, the organization and API tokens as the file shows them.
//!
//! Names, profile keys and traits are those of the other program, oddities included: the name of an account is its
//! e-mail address; a suspended account is disabled as a resource and enabled in its older trait.

use crate::ids::{API_TOKEN, GROUP, MEMBER, ORGANIZATION, USER, WORKSPACE, entitlement_id, role_slug};
use crate::proto::c1::connector::v2::entitlement::PurposeValue;
use crate::proto::c1::connector::v2::resource_type::Trait;
use crate::proto::c1::connector::v2::secret_trait::CredentialType;
use crate::proto::c1::connector::v2::status::ResourceStatus;
use crate::proto::c1::connector::v2::user_trait::{AccountType, Email, Status as TraitStatus, status};
use crate::proto::c1::connector::v2::{
    Entitlement, GroupTrait, Resource, ResourceId, ResourceType, SecretTrait, Status, UserTrait,
};
use app::views::{Described, DescribedAccount, TokenRow};
use jiff::Timestamp as Instant;
use prost::{Message, Name};
use prost_types::value::Kind;
use prost_types::{Any, Struct, Timestamp, Value};

/// The roles that can be had on a workspace.
const WORKSPACE_ROLES: [&str; 10] = [
    "atlassian/user",
    "atlassian/user-access-admin",
    "atlassian/admin",
    "atlassian/guest",
    "atlassian/contributor",
    "atlassian/customer",
    "atlassian/basic",
    "atlassian/stakeholder",
    "atlassian/site-admin",
    "atlassian/org-admin",
];
/// The roles that can be had on the organization.
const ORGANIZATION_ROLES: [&str; 4] = [
    "atlassian/org-admin",
    "atlassian/site-admin",
    "atlassian/user-access-admin",
    "atlassian/ai-access",
];

fn resource_type(id: &str, display_name: &str, traits: &[Trait]) -> ResourceType {
    ResourceType {
        id: id.to_owned(),
        display_name: display_name.to_owned(),
        traits: traits.iter().map(|one| i32::from(*one)).collect(),
        ..ResourceType::default()
    }
}

/// The type of accounts.
pub(crate) fn user_type() -> ResourceType {
    resource_type(USER, "User", &[Trait::User])
}

/// The type of groups.
pub(crate) fn group_type() -> ResourceType {
    resource_type(GROUP, "Group", &[Trait::Group])
}

/// The types of everything that a file holds.
pub(crate) fn resource_types() -> [ResourceType; 5] {
    [
        user_type(),
        group_type(),
        resource_type(WORKSPACE, "Workspace", &[]),
        resource_type(ORGANIZATION, "Organization", &[]),
        resource_type(API_TOKEN, "API Token", &[Trait::Secret]),
    ]
}

/// Which resource.
pub(crate) fn resource_id(resource_type: &str, id: &str) -> ResourceId {
    ResourceId {
        resource_type: resource_type.to_owned(),
        resource: id.to_owned(),
        ..ResourceId::default()
    }
}

/// A resource of which only the id is told.
pub(crate) fn stub(id: ResourceId) -> Resource {
    Resource {
        id: Some(id),
        ..Resource::default()
    }
}

fn annotation<M: Message + Name>(message: &M) -> Any {
    Any {
        type_url: M::type_url(),
        value: message.encode_to_vec(),
    }
}

fn text(value: &str) -> Kind {
    Kind::StringValue(value.to_owned())
}

fn profile<const N: usize>(fields: [(&str, Kind); N]) -> Option<Struct> {
    let value = |kind| Value { kind: Some(kind) };
    let fields = fields.map(|(name, kind)| (name.to_owned(), value(kind)));
    Some(Struct {
        fields: fields.into_iter().collect(),
    })
}

fn timestamp(instant: Instant) -> Timestamp {
    Timestamp {
        seconds: instant.as_second(),
        nanos: instant.subsec_nanosecond(),
    }
}

/// A time as Atlassian writes it; what is no such time is left out.
fn told_time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok().map(timestamp)
}

/// What is told of an account in its directories as one word: it is active where any of them says so.
fn status_of(account: &DescribedAccount) -> &str {
    let told = || {
        account
            .directories
            .iter()
            .filter_map(|directory| directory.text("composite_status"))
    };
    told()
        .find(|status| *status == "active")
        .or_else(|| told().next())
        .unwrap_or_default()
}

/// An account.
pub(crate) fn user(account: &DescribedAccount) -> Resource {
    let person = |name| account.person.text(name).unwrap_or_default();
    let email = person("email");
    let details = status_of(account);
    let status = match details {
        "active" => ResourceStatus::Enabled,
        "suspended" | "not_invited" | "deactivated" | "for_deletion" => ResourceStatus::Disabled,
        _ => ResourceStatus::Unspecified,
    };
    let emails = (!email.is_empty()).then(|| Email {
        address: email.to_owned(),
        is_primary: true,
    });
    let user_trait = UserTrait {
        emails: emails.into_iter().collect(),
        status: Some(TraitStatus {
            status: status::Status::Enabled.into(),
            details: String::new(),
        }),
        account_type: AccountType::Human.into(),
        login: email.to_owned(),
        ..UserTrait::default()
    };
    let account_type = account.attributes.text("type").unwrap_or_default();
    let email_verified = account.person.flag("email_verified").unwrap_or(false);
    Resource {
        id: Some(resource_id(USER, &account.id)),
        display_name: email.to_owned(),
        annotations: vec![annotation(&user_trait)],
        profile: profile([
            ("account_id", text(&account.id)),
            ("account_type", text(account_type)),
            ("email_verified", Kind::BoolValue(email_verified)),
            ("username", text(person("name"))),
        ]),
        status: Some(Status {
            status: status.into(),
            details: details.to_owned(),
        }),
        ..Resource::default()
    }
}

/// A group.
pub(crate) fn group(group: &Described) -> Resource {
    let told = |name| group.attributes.text(name).unwrap_or_default();
    Resource {
        id: Some(resource_id(GROUP, &group.id)),
        display_name: told("name").to_owned(),
        annotations: vec![annotation(&GroupTrait::default())],
        profile: profile([
            ("description", text(told("description"))),
            ("name", text(told("name"))),
        ]),
        ..Resource::default()
    }
}

/// A workspace.
pub(crate) fn workspace(workspace: &Described) -> Resource {
    let told = |name| workspace.attributes.text(name).unwrap_or_default();
    Resource {
        id: Some(resource_id(WORKSPACE, &workspace.id)),
        display_name: format!("{}: {}", told("type"), told("name")),
        ..Resource::default()
    }
}

/// The organization, by its id where its name was not told.
pub(crate) fn organization(id: &str, name: Option<&str>) -> Resource {
    Resource {
        id: Some(resource_id(ORGANIZATION, id)),
        display_name: name.filter(|name| !name.is_empty()).unwrap_or(id).to_owned(),
        ..Resource::default()
    }
}

/// An API token.
pub(crate) fn api_token(row: &TokenRow) -> Resource {
    let told = |name| row.token.attributes.text(name).filter(|text| !text.is_empty());
    let last_used = row
        .last_active_at
        .and_then(|at| Instant::from_millisecond(at).ok());
    let secret = SecretTrait {
        expires_at: told_time(told("expires_at")),
        last_used_at: last_used.map(timestamp),
        identity_id: told("account_id").map(|account| resource_id(USER, account)),
        credential_type: CredentialType::StaticSecret.into(),
        credential_detail: "atlassian.api_token".to_owned(),
        ..SecretTrait::default()
    };
    Resource {
        id: Some(resource_id(API_TOKEN, &row.token.id)),
        display_name: told("label").unwrap_or(&row.token.id).to_owned(),
        annotations: vec![annotation(&secret)],
        created_at: told_time(told("created_at")),
        ..Resource::default()
    }
}

/// Being in a group.
pub(crate) fn member(group: &Resource) -> Entitlement {
    let name = &group.display_name;
    let id = group.id.as_ref().map_or("", |id| &id.resource);
    Entitlement {
        resource: Some(group.clone()),
        id: entitlement_id(GROUP, id, MEMBER),
        display_name: format!("{name} member"),
        description: format!("Member of the {name} group"),
        grantable_to: vec![user_type()],
        purpose: PurposeValue::Assignment.into(),
        slug: MEMBER.to_owned(),
        ..Entitlement::default()
    }
}

fn role(on: &Resource, role: &str, description: String, grantable_to: Vec<ResourceType>) -> Entitlement {
    let none = ResourceId::default();
    let id = on.id.as_ref().unwrap_or(&none);
    let slug = role_slug(role);
    Entitlement {
        resource: Some(on.clone()),
        id: entitlement_id(&id.resource_type, &id.resource, &slug),
        display_name: format!("{role} on {}", on.display_name),
        description,
        grantable_to,
        purpose: PurposeValue::Permission.into(),
        slug,
        ..Entitlement::default()
    }
}

/// Every role on a workspace.
pub(crate) fn workspace_roles(workspace: &Resource) -> impl Iterator<Item = Entitlement> {
    let name = &workspace.display_name;
    WORKSPACE_ROLES.iter().map(move |one| {
        let description = format!("Role '{one}' applied in {name}.");
        role(workspace, one, description, vec![user_type(), group_type()])
    })
}

/// Every role on the organization.
pub(crate) fn organization_roles(organization: &Resource) -> impl Iterator<Item = Entitlement> {
    ORGANIZATION_ROLES.iter().map(move |one| {
        let description = format!("Role '{one}' applied at organization level.");
        role(organization, one, description, vec![user_type()])
    })
}

#[cfg(test)]
mod tests {
    //! The same facts are the same bytes as in the file that the other program wrote.

    use super::*;
    use crate::c1z::{C1z, Limits, SyncRun};
    use model::Attributes;
    use serde_json::json;
    use std::path::Path;
    use store::views::Seen;

    fn sample() -> (C1z, SyncRun) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/baton/sample.c1z");
        let file = C1z::open(&file, None, &Limits::default()).unwrap();
        let sync = file.sync(None).unwrap();
        (file, sync)
    }

    fn attributes(told: serde_json::Value) -> Attributes {
        serde_json::from_value(told).unwrap()
    }

    fn described(id: &str, told: serde_json::Value) -> Described {
        Described {
            term: 1,
            id: id.to_owned(),
            attributes: attributes(told),
            seen: Seen {
                unseen_at: None,
                seen_at: 0,
            },
        }
    }

    fn account(number: u32, statuses: &[&str]) -> DescribedAccount {
        let directory = |status: &&str| attributes(json!({ "composite_status": status }));
        DescribedAccount {
            account: 1,
            id: format!("712020:{number:08x}-0000-4000-8000-{number:012x}"),
            attributes: attributes(json!({ "type": "atlassian" })),
            person: attributes(json!({
                "name": format!("User Number {number}"),
                "email": format!("user{number}@example.com"),
                "email_verified": true,
            })),
            directories: statuses.iter().map(directory).collect(),
        }
    }

    /// Asserts that the file has this very resource.
    fn is_in_sample(ours: &Resource) {
        let (file, sync) = sample();
        let id = ours.id.as_ref().unwrap();
        let theirs = file.resource(&sync, &id.resource_type, &id.resource).unwrap();
        assert_eq!(theirs.unwrap().encode_to_vec(), ours.encode_to_vec());
    }

    fn entitlement_is_in_sample(ours: &Entitlement) {
        let (file, sync) = sample();
        let theirs = file.entitlement(&sync, &ours.id).unwrap().unwrap();
        assert_eq!(theirs.encode_to_vec(), ours.encode_to_vec());
    }

    #[test]
    fn accounts_are_the_same_bytes() {
        is_in_sample(&user(&account(29, &["active"])));
        is_in_sample(&user(&account(7, &["suspended"])));
    }

    #[test]
    fn an_account_is_active_where_any_directory_says_so() {
        assert_eq!(
            user(&account(1, &["suspended", "active"])).status,
            user(&account(1, &["active"])).status
        );
        assert_eq!(user(&account(1, &[])).status.unwrap().details, "");
    }

    #[test]
    fn an_account_without_an_address_has_no_login() {
        let mut hidden = account(1, &["active"]);
        hidden.person = Attributes::new();
        let user = user(&hidden);
        let user_trait: UserTrait = user.annotations[0].to_msg().unwrap();
        assert!(user.display_name.is_empty() && user_trait.emails.is_empty() && user_trait.login.is_empty());
    }

    #[test]
    fn groups_and_being_in_them_are_the_same_bytes() {
        let told = json!({ "name": "group-2", "description": "a group" });
        let group = group(&described("00000002-1111-4000-8000-000000000002", told));
        is_in_sample(&group);
        entitlement_is_in_sample(&member(&group));
    }

    #[test]
    fn workspaces_and_their_roles_are_the_same_bytes() {
        let told = json!({ "name": "site-2", "type": "Jira Service Management" });
        let id = "ari:cloud:jira-servicedesk::site/00000002-2222-4000-8000-000000000002";
        let workspace = workspace(&described(id, told));
        is_in_sample(&workspace);
        assert_eq!(workspace_roles(&workspace).count(), 10);
        workspace_roles(&workspace).for_each(|role| entitlement_is_in_sample(&role));
    }

    #[test]
    fn the_organization_and_its_roles_are_the_same_bytes() {
        let whole = organization("org-1", Some("Acme Corp"));
        is_in_sample(&whole);
        assert_eq!(organization_roles(&whole).count(), 4);
        organization_roles(&whole).for_each(|role| entitlement_is_in_sample(&role));
        assert_eq!(organization("org-1", None).display_name, "org-1");
    }

    #[test]
    fn tokens_are_the_same_bytes() {
        let told = json!({
            "account_id": "712020:00000000-0000-4000-8000-000000000000",
            "label": "token 0",
            "created_at": "2025-01-02T03:04:05Z",
            "expires_at": "2027-01-02T03:04:05Z",
        });
        let token = TokenRow {
            token: described("tok-0", told),
            last_active_at: Some(1_767_323_045_000),
        };
        is_in_sample(&api_token(&token));
        let bare = TokenRow {
            token: described("tok-9", json!({ "expires_at": "never" })),
            last_active_at: None,
        };
        let bare = api_token(&bare);
        let secret: SecretTrait = bare.annotations[0].to_msg().unwrap();
        assert_eq!(
            (bare.display_name.as_str(), secret.expires_at, bare.created_at),
            ("tok-9", None, None)
        );
    }

    #[test]
    fn the_types_are_the_same_bytes() {
        let (file, sync) = sample();
        for ours in resource_types() {
            let theirs = file.resource_type(&sync, &ours.id).unwrap().unwrap();
            assert_eq!(theirs.encode_to_vec(), ours.encode_to_vec());
        }
    }
}
