//! One organization, reached with the credentials of the connector's command line.
//!
//! Behind it is the whole product on a store that `cli` made: one that is thrown away, or one that is kept between
//! runs. The product knows the organization through one connection, [`CONNECTION`].

use app::{App, AppError, ConnectionRequest, Options, ScimCredential};
use secrecy::SecretString;
use tokio::sync::Mutex;

/// What the connection is called in the connector's store.
pub const CONNECTION: &str = "connector";
/// Who acts, in the journal of a store that is kept.
pub const ACTOR: &str = "connector";
/// Nothing reads the connector's store by itself, so this is for show only: the hour that the other side usually takes.
const SYNC_INTERVAL_MS: i64 = 60 * 60 * 1000;

/// Whose organization, and how to reach it.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The key of the organization.
    pub access_token: SecretString,
    /// The organization's id; found when the key sees exactly one.
    pub organization: Option<String>,
    /// Its SCIM directory, without which no account can be made.
    pub scim: Option<ScimCredential>,
    /// How Atlassian is called, and where it is.
    pub api: Options,
    /// Whether the store is kept: then what was read is brought up to date by the audit log's events where that is
    /// enough.
    pub follows: bool,
}

/// One organization, reached.
pub struct Connector {
    /// The product.
    pub app: App,
    /// The organization's id: what is held on the platform is held on it.
    pub organization: String,
    /// How Atlassian is called.
    pub api: Options,
    /// Whether what was read is brought up to date by events.
    pub(crate) follows: bool,
    /// Whether there is a SCIM directory to make accounts in.
    pub(crate) has_scim: bool,
    /// Held while something is changed: changes of an organization exclude each other.
    pub(crate) one_change: Mutex<()>,
}

impl Connector {
    /// Checks that the key reads the organization, which costs one request, and one more for a SCIM directory that is
    /// new to the store.
    ///
    /// `app` has a master key. Fails when the key is refused, when Atlassian cannot be reached, and when the store was
    /// made for another organization.
    pub async fn open(mut app: App, reach: &Reach) -> Result<Connector, AppError> {
        // Whoever takes the file has rules of their own.
        app.asks_rules = false;
        let request = ConnectionRequest {
            name: CONNECTION,
            organization: reach.organization.as_deref(),
            key: reach.access_token.clone(),
            actor: ACTOR,
            sync_interval_ms: SYNC_INTERVAL_MS,
            scim: reach.scim.clone(),
        };
        let organization = app.connection_keep(&request, &reach.api).await?;
        Ok(Connector {
            app,
            organization,
            api: reach.api.clone(),
            follows: reach.follows,
            has_scim: reach.scim.is_some(),
            one_change: Mutex::default(),
        })
    }
}
