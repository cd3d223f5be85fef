//! One fact as it is written.

use serde::Deserialize;

/// A fact, as a line of the truth tells it.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line {
    Account {
        account_id: String,
        account_type: Option<String>,
        account_status: Option<String>,
        claim_status: Option<String>,
        name: Option<String>,
        email: Option<String>,
        /// No part of a truth, but may be given.
        mfa_enabled: Option<bool>,
    },
    DirectoryMembership {
        directory_id: String,
        account_id: String,
        status: String,
    },
    Group {
        group_id: String,
        directory_id: String,
        name: String,
    },
    Membership {
        group_id: String,
        account_id: String,
    },
    Workspace {
        workspace_id: String,
        type_key: String,
        name: String,
    },
    RoleHolding {
        account_id: String,
        resource_id: String,
        role: String,
    },
    GroupRoleGrant {
        group_id: String,
        resource_id: String,
        role: String,
    },
    PlatformRole {
        account_id: String,
        role: String,
    },
    Domain {
        domain_id: String,
        name: String,
        claim_type: String,
        claim_status: String,
    },
    Policy {
        policy_id: String,
        policy_type: String,
        name: Option<String>,
        status: Option<String>,
    },
    ApiToken {
        token_id: String,
        account_id: String,
        label: String,
        /// No part of a truth, but may be given; both or neither.
        created_at: Option<String>,
        expires_at: Option<String>,
    },
    Method {
        account_id: String,
        resource_id: String,
        role: String,
        methods: Vec<String>,
    },
}

impl Line {
    pub(super) fn parse(text: &str) -> Result<Line, String> {
        serde_json::from_str(text).map_err(|error| {
            // The position within the line says little, and the number of the line is told beside it.
            let why = error.to_string();
            why.split(" at line ").next().unwrap_or(&why).to_owned()
        })
    }
}
