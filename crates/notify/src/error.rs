//! Why a delivery did not come about. None of it carries a secret: addresses are named by their host only.

use thiserror::Error;

/// Why a delivery did not come about.
#[derive(Debug, Error)]
pub enum DeliveryError {
    /// It took too long.
    #[error("no answer within 30 seconds")]
    TooSlow,
    /// The address is none.
    #[error(
        "{what} is no address that can be sent to: it needs https, or http where private addresses are allowed"
    )]
    Address {
        /// What was given, in quotes; "the secret" where it may not be told.
        what: String,
    },
    /// The name does not resolve.
    #[error("the name {host} cannot be resolved")]
    Name {
        /// The name.
        host: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The address is not public.
    #[error("{host} is at a private address ({address}), and this channel may reach public ones only")]
    Private {
        /// The name.
        host: String,
        /// Where it is.
        address: std::net::IpAddr,
    },
    /// The secret is needed.
    #[error("the channel has no secret")]
    NoSecret,
    /// The secret cannot be used.
    #[error("the channel's secret cannot be used: {what}")]
    Secret {
        /// What is wrong, without the secret.
        what: &'static str,
    },
    /// Certificates to trust cannot be read.
    #[error("the certificates of {file} cannot be used")]
    Certificates {
        /// The file.
        file: String,
    },
    /// Nobody answered.
    #[error("{host} cannot be reached: {what}")]
    Unreachable {
        /// Where.
        host: String,
        /// What went wrong.
        what: String,
    },
    /// The other side refused.
    #[error("{host} answered {status}{}", said.as_ref().map(|said| format!(": {said}")).unwrap_or_default())]
    Refused {
        /// Who.
        host: String,
        /// The status.
        status: u16,
        /// The beginning of what was said.
        said: Option<String>,
    },
    /// The other side sends us elsewhere.
    #[error("{host} redirects elsewhere, which is not followed: give the address itself")]
    Redirect {
        /// Who.
        host: String,
    },
    /// The mail server did not take it.
    #[error("the mail server {host} did not take it: {what}")]
    Mail {
        /// Who.
        host: String,
        /// What it said.
        what: String,
    },
    /// The mail cannot be put together.
    #[error("the mail cannot be put together: {what}")]
    Letter {
        /// Why.
        what: String,
    },
    /// The file cannot be written.
    #[error("the file {file} cannot be written")]
    File {
        /// Which.
        file: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
