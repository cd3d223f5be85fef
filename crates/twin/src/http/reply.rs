//! What a handler gives back when it worked.

use serde::Serialize;

/// A status and, unless there is none, a JSON body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) content_type: &'static str,
    pub(crate) location: Option<String>,
}

impl Reply {
    pub(crate) fn ok(body: &impl Serialize) -> Reply {
        Reply::with(200, body)
    }

    pub(crate) fn with(status: u16, body: &impl Serialize) -> Reply {
        Reply {
            status,
            body: Some(serde_json::to_vec(body).unwrap_or_default()),
            content_type: "application/json",
            location: None,
        }
    }

    /// 200 without a body.
    pub(crate) fn done() -> Reply {
        Reply {
            status: 200,
            ..Reply::no_content()
        }
    }

    /// 202 without a body.
    pub(crate) fn accepted() -> Reply {
        Reply {
            status: 202,
            ..Reply::no_content()
        }
    }

    pub(crate) fn no_content() -> Reply {
        Reply {
            status: 204,
            body: None,
            content_type: "application/json",
            location: None,
        }
    }
}
