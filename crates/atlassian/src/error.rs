//! What can go wrong with a request, what the caller should do, and what a person should.

use crate::refusal;
use crate::wire::ErrorDetail;
use std::time::Duration;
use thiserror::Error;

fn times(attempts: &u32) -> String {
    match attempts {
        1 => "once".to_owned(),
        many => format!("{many} times"),
    }
}

/// A request that did not end well. Carries Atlassian's own code, title and detail where it gave them.
#[derive(Debug, Error)]
pub enum ApiError {
    /// The address of the API is no http(s) URL.
    #[error("\"{url}\" is not the address of an API")]
    Address {
        /// As given.
        url: String,
    },
    /// The HTTP client cannot be made.
    #[error("cannot prepare HTTPS")]
    Client(#[source] reqwest::Error),
    /// A file of certificates cannot be used.
    #[error("cannot use the certificates in {file}")]
    Certificates {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No connection, or it broke before an answer was complete, each time it was tried.
    #[error("{host} cannot be reached ({operation}, tried {})", times(.attempts))]
    Unreachable {
        /// Whom.
        host: String,
        /// What was asked.
        operation: &'static str,
        /// How often.
        attempts: u32,
        /// The last cause.
        #[source]
        source: reqwest::Error,
    },
    /// 401: the key is wrong, expired or revoked.
    #[error("Atlassian does not accept the {} ({operation}: {detail})", credential(.operation))]
    Unauthorized {
        /// What was asked.
        operation: &'static str,
        /// What Atlassian said.
        detail: ErrorDetail,
    },
    /// 403: the key is valid and may not do this.
    #[error("the {} may not do this ({operation}: {detail})", credential(.operation))]
    Forbidden {
        /// What was asked.
        operation: &'static str,
        /// What Atlassian said.
        detail: ErrorDetail,
    },
    /// 404.
    #[error("Atlassian does not know this ({operation}: {detail})")]
    NotFound {
        /// What was asked.
        operation: &'static str,
        /// What Atlassian said.
        detail: ErrorDetail,
    },
    /// Another 4xx.
    #[error("Atlassian refused this with {status} ({operation}: {detail})")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// What Atlassian said.
        detail: ErrorDetail,
    },
    /// 429, each time it was tried, or with a wait longer than we are ready for.
    #[error("Atlassian's request limit is used up ({operation}, tried {})", times(.attempts))]
    RateLimited {
        /// What was asked.
        operation: &'static str,
        /// How often.
        attempts: u32,
        /// What Atlassian asked to wait.
        wait: Option<Duration>,
    },
    /// 5xx, each time it was tried.
    #[error("Atlassian answered {status} ({operation}, tried {}: {detail})", times(.attempts))]
    Server {
        /// What was asked.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// How often.
        attempts: u32,
        /// What Atlassian said.
        detail: ErrorDetail,
    },
    /// The answer is no JSON of the documented shape.
    #[error("the answer is not what the API documents ({operation}, tried {}: {what})", times(.attempts))]
    NotUnderstood {
        /// What was asked.
        operation: &'static str,
        /// How often.
        attempts: u32,
        /// What is wrong with it; no content of the answer.
        what: String,
    },
    /// The server gave the cursor of the page we asked for as that of the next.
    #[error(
        "the listing goes round in circles: a page names itself or an earlier one as the next ({operation})"
    )]
    RepeatedCursor {
        /// What was asked.
        operation: &'static str,
    },
    /// A write was sent and it is not known whether it landed. It is not repeated: read back.
    #[error("it is not known whether this was done ({operation}: {what})")]
    OutcomeUnknown {
        /// What was asked.
        operation: &'static str,
        /// Why that is not known.
        what: String,
    },
    /// The call that revokes the tokens of everybody at once: we never send it.
    #[error("this is never sent ({operation})")]
    NeverSent {
        /// What was asked.
        operation: &'static str,
    },
    /// A write, while answers are only recorded.
    #[error("nothing is written while answers are recorded ({operation})")]
    OnlyReads {
        /// What was asked.
        operation: &'static str,
    },
    /// An id that would change which thing the call is about.
    #[error("\"{id}\" is no id ({operation})")]
    NotAnId {
        /// What was asked.
        operation: &'static str,
        /// As given.
        id: String,
    },
    /// The bound on requests is reached.
    #[error("the bound of {max} requests is reached")]
    RequestsSpent {
        /// The bound.
        max: u64,
    },
}

impl ApiError {
    /// Whether Atlassian said that this key, plan or tenant does not allow the operation.
    pub fn is_refusal(&self) -> bool {
        matches!(self, ApiError::Forbidden { .. } | ApiError::NotFound { .. })
    }

    /// Whether the page's cursor itself was refused, so that the listing must begin anew.
    pub fn is_cursor_refused(&self) -> bool {
        matches!(
            self,
            ApiError::Refused { status: 400, .. } | ApiError::RepeatedCursor { .. }
        )
    }

    /// What Atlassian said, if it refused with words of its own.
    pub fn detail(&self) -> Option<&ErrorDetail> {
        match self {
            ApiError::Unauthorized { detail, .. }
            | ApiError::Forbidden { detail, .. }
            | ApiError::NotFound { detail, .. }
            | ApiError::Refused { detail, .. } => Some(detail),
            _ => None,
        }
    }

    /// What the reader of the message can do.
    pub fn hint(&self) -> String {
        if let Some(advice) = self
            .detail()
            .and_then(|detail| refusal::advice_on(&detail.reasons))
        {
            return advice;
        }
        match self {
            ApiError::OutcomeUnknown { .. } => "look whether it was done before doing it again".into(),
            ApiError::NeverSent { .. } => {
                "it would lock every program of every person out at once; revoke tokens one by one".into()
            }
            ApiError::OnlyReads { .. } => "a capture reads; write through a connection of its own".into(),
            ApiError::NotAnId { .. } => "give the id as Atlassian spells it".into(),
            ApiError::Unauthorized { operation, .. } if is_scim(operation) => {
                "make a new token in admin.atlassian.com under Security, Identity providers, and give it with: \
                 orgwarden connection set NAME --scim-url URL --scim-token-file FILE"
                    .into()
            }
            ApiError::Forbidden { operation, .. } | ApiError::NotFound { operation, .. } if is_scim(operation) => {
                "check that the address is that of the directory whose token this is, and that the plan has \
                 user provisioning (Guard Standard)"
                    .into()
            }
            ApiError::Address { .. } => "use an address such as https://api.atlassian.com".into(),
            ApiError::Client(_) => "name a file of certificates with ORGWARDEN_CA_FILE".into(),
            ApiError::Certificates { .. } => "the file must hold certificates in PEM form".into(),
            ApiError::Unreachable { operation, .. } if is_scim(operation) => {
                "check the address of the SCIM directory, the network and the proxy; nothing was lost, run this again"
                    .into()
            }
            ApiError::Unreachable { .. } => {
                "check the address (--base-url), the network and the proxy; nothing was lost, run this again"
                    .into()
            }
            ApiError::Unauthorized { .. } => {
                "make a key in admin.atlassian.com under Settings, API keys, and add the connection with it; \
                 API tokens of a user and OAuth tokens do not work here"
                    .into()
            }
            ApiError::Forbidden { detail, .. } if detail.mentions("scope") => {
                "use a key without scopes, or one with the scope that Atlassian names".into()
            }
            ApiError::Forbidden { .. } => {
                "use a key without scopes, made by an organization admin of this organization".into()
            }
            ApiError::NotFound { .. } => {
                "check the organization id; a key sees only its own organization".into()
            }
            ApiError::Refused { .. } => "see Atlassian's own words above".into(),
            ApiError::RateLimited { wait: Some(wait), .. } => {
                format!("run this again in {} s; nothing was lost", wait.as_secs().max(1))
            }
            ApiError::RateLimited { wait: None, .. } => "run this again in a minute; nothing was lost".into(),
            ApiError::Server { .. } => {
                "Atlassian has a problem; run this again later, nothing was lost".into()
            }
            ApiError::NotUnderstood { .. } => {
                "check that the address is that of the API and not of a proxy's page; nothing was lost".into()
            }
            ApiError::RepeatedCursor { .. } => {
                "run this again; if it stays so, report it to Atlassian".into()
            }
            ApiError::RequestsSpent { .. } => {
                "run this again to go on from here, or raise --max-requests".into()
            }
        }
    }
}

fn is_scim(operation: &str) -> bool {
    operation.starts_with("scim")
}

/// What opens the door for an operation, in words.
fn credential(operation: &str) -> &'static str {
    if is_scim(operation) {
        "SCIM token"
    } else {
        "API key"
    }
}
