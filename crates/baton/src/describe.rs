//! What the connector says of itself: what it can do, what it can be told, what it is called.

use crate::contents::resource_types;
use crate::ids::{API_TOKEN, GROUP, ORGANIZATION, USER, WORKSPACE};
use crate::json::{self, JsonError};
use crate::options::flags::{self, Kind};
use crate::proto::c1::config::v1::{
    BoolField as ArgumentBool, Field as ArgumentField, StringField as ArgumentString, field as argument_field,
};
use crate::proto::c1::connector::v2::connector_account_creation_schema::{Field, StringField, field};
use crate::proto::c1::connector::v2::{
    ActionType, BatonActionSchema, Capability, CapabilityDetailCredentialOption as Credential,
    CapabilityPermissions, ConnectorAccountCreationSchema, ConnectorCapabilities, ConnectorMetadata,
    CredentialDetails, CredentialDetailsAccountProvisioning, ListActionSchemasResponse,
    ResourceTypeCapability,
};
use prost_types::Any;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the connector is called where people see it.
pub const DISPLAY_NAME: &str = "Atlassian Core";

/// What the connector can do, its resource types sorted by id.
#[must_use]
pub fn capabilities() -> ConnectorCapabilities {
    let of = |id: &str, can: &[Capability]| ResourceTypeCapability {
        resource_type: resource_types().into_iter().find(|known| known.id == id),
        capabilities: can.iter().copied().map(i32::from).collect(),
        permissions: Some(CapabilityPermissions::default()),
        ..ResourceTypeCapability::default()
    };
    let sync = Capability::Sync;
    ConnectorCapabilities {
        resource_type_capabilities: vec![
            of(API_TOKEN, &[sync]),
            of(GROUP, &[sync, Capability::Provision]),
            of(ORGANIZATION, &[sync]),
            of(
                USER,
                &[sync, Capability::AccountProvisioning, Capability::ResourceDelete],
            ),
            of(WORKSPACE, &[sync, Capability::Provision]),
        ],
        connector_capabilities: [
            Capability::Provision,
            sync,
            Capability::AccountProvisioning,
            Capability::ResourceDelete,
            Capability::Actions,
        ]
        .map(i32::from)
        .to_vec(),
        credential_details: Some(CredentialDetails {
            capability_account_provisioning: Some(CredentialDetailsAccountProvisioning {
                supported_credential_options: vec![Credential::NoPassword.into()],
                preferred_credential_option: Credential::NoPassword.into(),
            }),
            ..CredentialDetails::default()
        }),
    }
}

/// The action that takes an account's access to the organization.
pub const DISABLE_USER: &str = "disable_user";
/// The action that gives it back.
pub const ENABLE_USER: &str = "enable_user";
/// The argument of both: whose.
pub const USER_ID: &str = "user_id";

/// The actions there are.
#[must_use]
pub fn action_schemas() -> ListActionSchemasResponse {
    let schema = |name: &str, display_name: &str, description: &str, kind: ActionType| BatonActionSchema {
        name: name.to_owned(),
        display_name: display_name.to_owned(),
        description: description.to_owned(),
        arguments: vec![ArgumentField {
            name: USER_ID.to_owned(),
            display_name: "User ID".to_owned(),
            description: "The Atlassian account id".to_owned(),
            is_required: true,
            field: Some(argument_field::Field::StringField(ArgumentString::default())),
            ..ArgumentField::default()
        }],
        return_types: vec![ArgumentField {
            name: "success".to_owned(),
            display_name: "Success".to_owned(),
            description: "Whether it is so now, in every directory of the account".to_owned(),
            field: Some(argument_field::Field::BoolField(ArgumentBool::default())),
            ..ArgumentField::default()
        }],
        action_type: vec![kind.into()],
        ..BatonActionSchema::default()
    };
    ListActionSchemasResponse {
        schemas: vec![
            schema(
                DISABLE_USER,
                "Disable user",
                "Suspends the account in every directory of the organization; roles and groups are kept",
                ActionType::AccountDisable,
            ),
            schema(
                ENABLE_USER,
                "Enable user",
                "Ends the suspension of the account in every directory of the organization",
                ActionType::AccountEnable,
            ),
        ],
        ..ListActionSchemasResponse::default()
    }
}

/// What the connector says of itself to a server.
#[must_use]
pub fn metadata() -> ConnectorMetadata {
    ConnectorMetadata {
        display_name: DISPLAY_NAME.to_owned(),
        description: "Accounts, groups, workspaces and their roles of an Atlassian organization".to_owned(),
        capabilities: Some(capabilities()),
        account_creation_schema: Some(account_creation_schema()),
        ..ConnectorMetadata::default()
    }
}

/// What must be known to make an account.
fn account_creation_schema() -> ConnectorAccountCreationSchema {
    const FIELDS: [(&str, &str, bool, &str); 5] = [
        ("userName", "User name", true, "The name to log in with"),
        ("email", "E-mail address", true, "The primary e-mail address"),
        ("givenName", "Given name", false, "The given name"),
        ("familyName", "Family name", false, "The family name"),
        ("displayName", "Display name", false, "The name that others see"),
    ];
    let fields = (1..)
        .zip(FIELDS)
        .map(|(order, (name, display_name, required, description))| {
            let field = Field {
                display_name: display_name.to_owned(),
                required,
                description: description.to_owned(),
                placeholder: display_name.to_owned(),
                order,
                field: Some(field::Field::StringField(StringField::default())),
                ..Field::default()
            };
            (name.to_owned(), field)
        });
    ConnectorAccountCreationSchema {
        field_map: fields.collect::<BTreeMap<_, _>>(),
    }
}

/// What `capabilities` prints.
pub fn capabilities_text() -> Result<String, JsonError> {
    let capabilities = capabilities();
    let any = Any::from_msg(&capabilities).map_err(|_| JsonError::NoSuchMessage {
        message: "c1.connector.v2.ConnectorCapabilities".to_owned(),
    })?;
    json::to_text(&any)
}

/// The flags of running the connector that a server may set, in the order in which they are printed.
const OPS: [&str; 13] = [
    "log-level",
    "log-level-debug-expires-at",
    "session-store-maximum-size",
    "otel-collector-endpoint",
    "otel-collector-endpoint-tls-cert-path",
    "otel-collector-endpoint-tls-cert",
    "otel-collector-endpoint-tls-insecure",
    "otel-tracing-disabled",
    "otel-logging-disabled",
    "health-check",
    "health-check-port",
    "health-check-bind-address",
    "http-timeout-seconds",
];

/// The flags of what it connects to, with what they are called and whether they are needed.
const OWN: [(&str, &str, bool); 4] = [
    ("access-token", "Access Token", true),
    ("organization-id", "Organization ID", true),
    ("scim-token", "SCIM Token", false),
    ("scim-base-url", "SCIM Base URL", false),
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    fields: Vec<ConfigurationField>,
    display_name: &'static str,
    help_url: &'static str,
    icon_url: &'static str,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigurationField {
    name: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    display_name: &'static str,
    description: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_required: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_ops: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_secret: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    string_field: Option<ValueOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    int_field: Option<ValueOf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bool_field: Option<ValueOf>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ValueOf {
    #[serde(skip_serializing_if = "str::is_empty")]
    default_value: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Rules>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rules {
    #[serde(skip_serializing_if = "Option::is_none")]
    lte: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gte: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_required: bool,
}

/// What `config` prints.
pub fn configuration_text() -> Result<String, serde_json::Error> {
    let ops = OPS.iter().map(|name| (*name, "", false));
    let configuration = Configuration {
        fields: ops.chain(OWN).filter_map(configuration_field).collect(),
        display_name: "Atlassian",
        help_url: "/docs/baton/atlassian",
        icon_url: "/static/app-icons/atlassian.svg",
    };
    serde_json::to_string_pretty(&configuration)
}

fn configuration_field(listed: (&'static str, &'static str, bool)) -> Option<ConfigurationField> {
    let (name, display_name, is_required) = listed;
    let flag = flags::find(name)?;
    let mut value = ValueOf {
        default_value: flag.default,
        rules: is_required.then(|| Rules {
            is_required,
            ..Rules::default()
        }),
    };
    let mut field = ConfigurationField {
        name,
        display_name,
        // What is in brackets is for the command line.
        description: flag.help.split(" [env:").next().unwrap_or_default().to_owned(),
        is_required,
        is_ops: display_name.is_empty(),
        is_secret: flag.kind == Kind::Secret,
        ..ConfigurationField::default()
    };
    match flag.kind {
        Kind::Switch => field.bool_field = Some(value),
        Kind::Whole { least, most } => {
            // Only where both ends are meant are they told.
            if least > 0 && most < i64::MAX {
                value.rules = Some(Rules {
                    lte: Some(most.to_string()),
                    gte: Some(least.to_string()),
                    ..Rules::default()
                });
            }
            field.int_field = Some(value);
        }
        Kind::Text | Kind::Secret | Kind::List => field.string_field = Some(value),
    }
    Some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text, without what is described in words.
    fn lines(text: &str) -> Vec<String> {
        text.lines()
            .map(|line| match line.split_once("\"description\": ") {
                Some((before, _)) => format!("{before}\"description\""),
                None => line.to_owned(),
            })
            .collect()
    }

    #[test]
    fn capabilities_are_printed_as_the_peer_prints_them() {
        let peer = include_str!("../../../fixtures/baton/capabilities.json");
        assert_eq!(capabilities_text().unwrap(), peer);
    }

    #[test]
    fn the_configuration_is_printed_as_the_peer_prints_it_but_in_our_words() {
        let peer = include_str!("../../../fixtures/baton/config.json");
        let ours = configuration_text().unwrap();
        assert_eq!(lines(&ours), lines(peer));
        assert!(!ours.contains("[env:"), "{ours}");
        let words = |text: &str| -> Vec<String> {
            let described = text.lines().filter(|line| line.contains("\"description\""));
            described.map(str::to_owned).collect()
        };
        let (ours, peers) = (words(&ours), words(peer));
        assert!(ours.iter().all(|line| !peers.contains(line)), "{ours:?}");
    }

    #[test]
    fn a_server_hears_what_an_account_needs() {
        let metadata = metadata();
        let schema = metadata.account_creation_schema.unwrap();
        let needed = schema.field_map.iter().filter(|(_, field)| field.required);
        assert_eq!(
            needed.map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["email", "userName"]
        );
    }
}
