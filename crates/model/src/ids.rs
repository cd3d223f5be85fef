//! Ids as newtypes. Atlassian's ids are opaque text and are kept exactly as they came; ours are numbers
//! that carry a prefix when shown (`run_12`), so that a pasted id says what it is.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes an id as Atlassian spells it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as Atlassian spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id! {
    /// An Atlassian organization.
    OrganizationId
}
text_id! {
    /// A directory of an organization.
    DirectoryId
}
text_id! {
    /// A person, app or portal customer known to Atlassian.
    AccountId
}
text_id! {
    /// A group of accounts in one directory.
    GroupId
}
/// How the id of a group begins that is not there yet.
const MADE: &str = "made:";

impl GroupId {
    /// A group that the same plan makes, by where and what it is called: it gets its real id once it is there.
    pub fn made(directory: &DirectoryId, name: &str) -> GroupId {
        GroupId(format!("{MADE}{directory}/{name}"))
    }

    /// The directory and the name of a group that the same plan makes; `None` for one that has its real id.
    pub fn made_as(&self) -> Option<(DirectoryId, &str)> {
        let (directory, name) = self.0.strip_prefix(MADE)?.split_once('/')?;
        Some((DirectoryId::new(directory), name))
    }
}

text_id! {
    /// What a role is held on: a workspace, a site, the organization – an ARI, opaque after its owner part.
    ResourceId
}
text_id! {
    /// A role, such as `atlassian/user`. The set is open: unknown roles are data.
    RoleId
}
text_id! {
    /// An API token of a managed account.
    TokenId
}
text_id! {
    /// A domain that the organization claimed or tries to.
    DomainId
}
text_id! {
    /// A policy of the organization.
    PolicyId
}
text_id! {
    /// An API key of the organization: its id, never the key.
    ApiKeyId
}
text_id! {
    /// A directory of SCIM, which is another thing than a directory of the organization.
    ScimDirectoryId
}
text_id! {
    /// The record of a user in a SCIM directory. It changes when the user is made anew there.
    ScimUserId
}
text_id! {
    /// The record of a group in a SCIM directory.
    ScimGroupId
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = text.strip_prefix(concat!($prefix, "_")).unwrap_or(text);
                digits.parse().map($name).map_err(|_| {
                    format!(concat!("\"{}\" is not the id of ", $what, ", such as ", $prefix, "_12"), text)
                })
            }
        }
    };
}

number_id! {
    /// One reading of an organization. Numbers grow; a later run has a larger number.
    RunId, "run", "a run"
}
number_id! {
    /// A proposed set of changes.
    PlanId, "plan", "a plan"
}
number_id! {
    /// One change of a plan.
    ActionId, "act", "an action"
}
number_id! {
    /// What a rule found, for as long as it is known.
    FindingId, "finding", "a finding"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_reads_back_as_it_is_shown() {
        assert_eq!("run_12".parse::<RunId>(), Ok(RunId(12)));
        assert_eq!("12".parse::<RunId>(), Ok(RunId(12)));
        assert!("run_x".parse::<RunId>().is_err());
    }
}
