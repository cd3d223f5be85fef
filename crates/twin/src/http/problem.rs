//! What a handler gives back when it refuses, in the envelope of its operation.

use serde_json::{Value, json};

use super::{Envelope, Reply};
use crate::random::Random;

/// A refusal.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) detail: String,
}

impl Problem {
    pub(crate) fn new(status: u16, code: &'static str, title: &'static str, detail: &str) -> Problem {
        Problem {
            status,
            code,
            title,
            detail: detail.to_owned(),
        }
    }

    pub(crate) fn bad(detail: &str) -> Problem {
        Problem::new(400, "ADMIN-UAM-400-1", "Bad Request", detail)
    }

    pub(crate) fn bad_cursor() -> Problem {
        Problem::new(
            400,
            "ADMIN-UAM-400-3",
            "Bad Request",
            "the cursor does not belong to this request",
        )
    }

    pub(crate) fn unauthorized() -> Problem {
        Problem::new(
            401,
            "ADMIN-401-2",
            "Unauthorized",
            "the credentials are not those of this organization",
        )
    }

    pub(crate) fn forbidden(detail: &str) -> Problem {
        Problem::new(403, "ADMIN-UAM-403-1", "Forbidden", detail)
    }

    pub(crate) fn unknown(kind: &str, id: &str) -> Problem {
        let code = match kind {
            "organization" => "ADMIN-UAM-404-2",
            "group" => "ADMIN-UAM-404-3",
            _ => "ADMIN-UAM-404-1",
        };
        Problem::new(404, code, "Not Found", &format!("there is no such {kind}: {id}"))
    }

    pub(crate) fn too_many() -> Problem {
        Problem::new(
            429,
            "ADMIN-429-1",
            "Too Many Requests",
            "the limit of requests is reached",
        )
    }

    pub(crate) fn internal(detail: &str) -> Problem {
        Problem::new(500, "ADMIN-UAM-500-1", "Internal Server Error", detail)
    }

    /// Writes the refusal as this operation's clients get it.
    pub(crate) fn reply(&self, envelope: Envelope, numeric_status: bool, at: u64) -> Reply {
        let gateway = matches!(self.status, 401 | 429) && envelope != Envelope::Errors;
        if gateway {
            return Reply::with(
                self.status,
                &json!({ "code": self.status, "message": self.title }),
            );
        }
        let status = if numeric_status {
            json!(self.status)
        } else {
            json!(self.status.to_string())
        };
        let id = Random::new(at, "error").uuid();
        let one = json!({ "id": id, "status": status, "code": self.code, "title": self.title, "detail": self.detail });
        match envelope {
            Envelope::Bare => Reply::with(self.status, &one),
            Envelope::Errors | Envelope::GatewayErrors => {
                Reply::with(self.status, &json!({ "errors": [one] }))
            }
        }
    }
}

/// The flat form of answers that never reached an operation.
pub(crate) fn flat_message(status: u16, message: &str) -> Reply {
    let body: Value = json!({ "message": message });
    Reply::with(status, &body)
}
