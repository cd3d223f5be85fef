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
    /// What user management tells beside the key.
    pub(crate) context: Option<Box<Value>>,
    /// Refused by the gateway, before the operation was reached.
    pub(crate) is_gateway: bool,
}

impl Problem {
    pub(crate) fn new(status: u16, code: &'static str, title: &'static str, detail: &str) -> Problem {
        Problem {
            status,
            code,
            title,
            detail: detail.to_owned(),
            context: None,
            is_gateway: false,
        }
    }

    /// A refusal of user management, by its key.
    pub(crate) fn keyed(status: u16, key: &'static str, context: Option<Value>) -> Problem {
        Problem {
            context: context.map(Box::new),
            ..Problem::new(status, key, key, "")
        }
    }

    /// A refusal of SCIM, by its type.
    pub(crate) fn scim(status: u16, scim_type: &'static str, detail: &str) -> Problem {
        Problem::new(status, scim_type, scim_type, detail)
    }

    /// A refusal that comes in the gateway's form whatever the operation's is.
    pub(crate) fn gateway(status: u16, detail: &str) -> Problem {
        Problem {
            is_gateway: true,
            ..Problem::new(status, "", "", detail)
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
        if self.is_gateway {
            return Reply::with(
                self.status,
                &json!({ "code": self.status, "message": self.detail }),
            );
        }
        match envelope {
            Envelope::Keyed => return self.keyed_reply(),
            Envelope::Scim => return self.scim_reply(at),
            Envelope::Errors | Envelope::GatewayErrors | Envelope::Bare => {}
        }
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
            _ => Reply::with(self.status, &json!({ "errors": [one] })),
        }
    }

    /// The form of user management: a key, and what belongs to it.
    fn keyed_reply(&self) -> Reply {
        let is_shared = self.code.starts_with("ADMIN-");
        let key = match self.status {
            400 if is_shared => "bodyParseFailure",
            401 if is_shared => "unauthorized",
            403 if is_shared => "forbidden",
            404 if is_shared => "notFound",
            _ if is_shared => {
                return Reply::with(
                    self.status,
                    &json!({ "code": self.status, "message": self.title }),
                );
            }
            _ => self.code,
        };
        let mut body = json!({ "key": key });
        if let Some(map) = body.as_object_mut() {
            if let Some(context) = &self.context {
                map.insert("context".to_owned(), (**context).clone());
            } else if !self.detail.is_empty() {
                map.insert("errorDetail".to_owned(), json!(self.detail));
            }
        }
        Reply::with(self.status, &body)
    }

    /// The two forms of SCIM: its own for keys, that of the standard for the rest.
    fn scim_reply(&self, at: u64) -> Reply {
        if matches!(self.status, 401 | 403) {
            let trace_id = Random::new(at, "trace").hex(32);
            return Reply::with(self.status, &json!({ "error": self.detail, "traceId": trace_id }));
        }
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.to_string(),
            "detail": self.detail,
        });
        let scim_type = match (self.code, self.status) {
            ("", _) => None,
            (code, 400) if code.starts_with("ADMIN-") => Some("invalidSyntax"),
            (code, _) if code.starts_with("ADMIN-") => None,
            (code, _) => Some(code),
        };
        if let (Some(scim_type), Some(map)) = (scim_type, body.as_object_mut()) {
            map.insert("scimType".to_owned(), json!(scim_type));
        }
        Reply::with(self.status, &body)
    }
}

/// The flat form of answers that never reached an operation.
pub(crate) fn flat_message(status: u16, message: &str) -> Reply {
    let body: Value = json!({ "message": message });
    Reply::with(status, &body)
}
