//! What the connector is told: by the command line, the environment, `.baton.yaml` and defaults, in this order.
//!
//! [`flags`] is the table of everything that can be said; `values` looks it up in its places; `resolve` turns it into
//! what is to be done, and refuses in one sentence what does not go together. Nothing here calls anybody.

mod file;
pub mod flags;
mod resolve;
mod values;

pub use resolve::health_address;
pub(crate) use resolve::machine_name;

use crate::ids::API_TOKEN;
use app::ScimCredential;
use model::Family;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Something that was said cannot be done; one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OptionsError(pub String);

/// What was said on the command line: values by the names of flags.
pub type Typed = BTreeMap<&'static str, Vec<String>>;

/// Everything that one run of the connector needs to know.
#[derive(Debug)]
pub struct Options {
    /// How Atlassian is reached.
    pub access: Access,
    /// What is to be done.
    pub wish: Wish,
    /// Whether Atlassian may be changed.
    pub provisioning: bool,
    /// What holds changes back.
    pub limits: Limits,
    /// The file to write, or to look things up in.
    pub file: PathBuf,
    /// How the file is written.
    pub writing: Writing,
    /// Where what was read is kept between runs.
    pub state: Option<PathBuf>,
    /// Folder for what is needed for a while.
    pub temporary_folder: PathBuf,
    /// What a file may ask of this machine.
    pub decoding: crate::c1z::Limits,
    /// What to log, how and where.
    pub logging: Logging,
    /// What is worth a line in the log: things that were said and have no effect.
    pub remarks: Vec<String>,
}

/// How Atlassian is reached.
#[derive(Debug, Clone)]
pub struct Access {
    /// The organization's API key; there is none for what calls nobody.
    pub key: Option<SecretString>,
    /// The organization's id; found when the key sees exactly one.
    pub organization: Option<String>,
    /// Where the API is, with or without `/admin`.
    pub base_url: String,
    /// The SCIM directory in which accounts are made.
    pub scim: Option<ScimCredential>,
    /// Most requests at the same time; `None` for as many as Atlassian lets through.
    pub workers: Option<u32>,
}

/// What holds changes back when there is no state that has guards of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Accounts that nothing is taken from: ids, e-mail addresses or patterns.
    pub protected_accounts: Vec<String>,
    /// How many changes may be sent within an hour.
    pub changes_per_hour: Option<i64>,
}

/// How a file is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Writing {
    /// Only these resource types; empty for all.
    pub resource_types: Vec<String>,
    /// Without entitlements and grants.
    pub skip_entitlements_and_grants: bool,
    /// Without grants.
    pub skip_grants: bool,
    /// A finished reading that holds nothing.
    pub is_empty: bool,
    /// With the indexes that readers add otherwise.
    pub with_indexes: bool,
    /// How many full readings the file keeps; `None` for all.
    pub keep: Option<usize>,
}

impl Writing {
    /// Whether anything of a family is in the file.
    pub(crate) fn holds(&self, family: Family) -> bool {
        match family {
            Family::Domains | Family::Policies | Family::ApiKeys | Family::ServiceAccounts => false,
            Family::ScimUsers | Family::ScimGroups | Family::Methods => false,
            Family::ApiTokens => {
                self.resource_types.is_empty() || self.resource_types.iter().any(|wanted| wanted == API_TOKEN)
            }
            Family::Directories | Family::Accounts | Family::Groups | Family::GroupMembers => true,
            Family::GroupRoleGrants | Family::Workspaces | Family::RoleHoldings => true,
        }
    }
}

/// What is to be done.
#[derive(Debug)]
pub enum Wish {
    /// Read, and write a file.
    Sync,
    /// Give an account or group an entitlement.
    Grant {
        /// The entitlement's id, as in the file.
        entitlement: String,
        /// The account or group.
        principal: String,
        /// Its type.
        principal_type: String,
    },
    /// Take a grant away.
    Revoke {
        /// The grant's id, as in the file.
        grant: String,
    },
    /// Make an account.
    CreateAccount {
        /// What describes it.
        profile: serde_json::Map<String, serde_json::Value>,
        /// Its user name, if it was said apart from the profile.
        login: Option<String>,
        /// Its e-mail address, if it was said apart from the profile.
        email: Option<String>,
    },
    /// Carry out an action.
    InvokeAction {
        /// Which.
        name: String,
        /// With what.
        arguments: serde_json::Map<String, serde_json::Value>,
    },
    /// Say which actions there are.
    ListActions,
    /// Delete a resource.
    Delete {
        /// Its id.
        id: String,
        /// Its type.
        resource_type: String,
    },
    /// Get tasks from a server until told to end.
    Serve(Box<Serving>),
}

/// How tasks are got from a server.
#[derive(Debug)]
pub struct Serving {
    /// The client id as it was given.
    pub client_id: String,
    /// The secret that goes with it.
    pub client_secret: SecretString,
    /// The server's host and port, instead of those in the client id.
    pub server: Option<String>,
    /// The name by which the server knows this machine.
    pub host_id: String,
    /// Most tasks at the same time.
    pub task_concurrency: usize,
    /// Where health is told, if it is.
    pub health: Option<SocketAddr>,
    /// A file of certificates to trust besides the machine's.
    pub certificates: Option<PathBuf>,
}

/// What to log, how and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// The least that is logged.
    pub level: Level,
    /// Until when debug lines are logged, in milliseconds since 1970.
    pub debug_until_ms: Option<i64>,
    /// How lines look; `None` for what fits where they go.
    pub format: Option<Format>,
    /// `stderr`, `stdout` or a file, each once.
    pub paths: Vec<String>,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Everything.
    Debug,
    /// What is done.
    Info,
    /// What should be looked at.
    Warn,
    /// What failed.
    Error,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An object a line.
    Json,
    /// For people.
    Console,
}

/// The types of which a file can have resources.
pub const RESOURCE_TYPES: [&str; 5] = ["user", "group", "workspace", "organization", "api_token"];

/// The flag whose name is most like a text.
#[must_use]
pub fn nearest(name: &str) -> &'static str {
    let likeness = |flag: &flags::Flag| strsim::jaro_winkler(name, flag.name);
    flags::FLAGS
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .map_or("", |flag| flag.name)
}

/// A remark for each variable of the environment that is not read and is most likely one that is, misspelt. Others that
/// begin with `BATON_` say nothing: a cluster sets such for services of its own.
pub fn misspelt(names: impl Iterator<Item = String>) -> Vec<String> {
    const ALIKE: f64 = 0.95;
    let own = flags::FLAGS.iter().flat_map(|flag| {
        let names = std::iter::once(flag.name).chain(flag.published);
        names.map(flags::variable)
    });
    let others = flags::VARIABLES.iter().chain(flags::IDLE_VARIABLES);
    let read: BTreeSet<String> = own
        .chain(others.map(|(name, _)| (*name).to_owned()))
        .filter(|name| name.starts_with("BATON_"))
        .collect();
    let unread = names.filter(|name| name.starts_with("BATON_") && !read.contains(name));
    let likeness = |one: &str, other: &str| strsim::jaro_winkler(one, other);
    let meant = unread.filter_map(|name| {
        let alike = read
            .iter()
            .max_by(|a, b| likeness(&name, a).total_cmp(&likeness(&name, b)))?;
        (likeness(&name, alike) >= ALIKE).then(|| format!("{name} is not read: is {alike} meant?"))
    });
    meant.collect()
}

fn wrong<T>(what: impl Into<String>) -> Result<T, OptionsError> {
    Err(OptionsError(what.into()))
}

#[cfg(test)]
mod tests;
