//! Somebody who stands between the client and Atlassian: translates what is asked, hears every answer and says what the
//! client is told. That is how answers are recorded without the transport knowing of files, and without the rest of the
//! product ever seeing what was recorded away.

use super::{Request, Transport};
use crate::error::ApiError;
use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

/// What is asked. Never holds the credential.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Name of the operation, as in the vendor's description.
    pub operation: &'static str,
    /// Such as `GET`.
    pub method: String,
    /// Path below the address of the API, escaped.
    pub path: String,
    /// Query, unescaped, in the order of sending.
    pub query: Vec<(String, String)>,
    /// Body.
    pub body: Option<Value>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The status of HTTP.
    pub status: u16,
    /// The few headers that say something: those of the rate limit, `retry-after` and `content-type`.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty where the transport does not read it (429).
    pub body: Bytes,
}

/// Translates between the client and Atlassian.
///
/// Only reads go through it: with an interpreter a transport sends no write.
pub trait Interpreter: std::fmt::Debug + Send + Sync {
    /// What is sent when the client asks this.
    fn asks(&self, question: &Question) -> Question;

    /// What the client is told of an answer, instead of its body.
    fn answers(&self, question: &Question, heard: &Heard) -> Bytes;
}

/// The headers that an interpreter hears of.
const HEARD: [&str; 5] = [
    "content-type",
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

pub(super) fn heard_headers(headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let text = |name: &'static str| Some((name, headers.get(name)?.to_str().ok()?.to_owned()));
    HEARD.into_iter().filter_map(text).collect()
}

impl Transport {
    /// What the client asks, as an interpreter is told.
    pub(super) fn question(&self, request: &Request, url: &Url) -> Question {
        let path = url.path();
        let below = path.strip_prefix(self.root.as_str()).unwrap_or(path);
        Question {
            operation: request.operation,
            method: request.method.to_string(),
            path: below.to_owned(),
            query: request
                .query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            body: request.body.clone(),
        }
    }

    /// The request as it is sent, if somebody translates.
    pub(super) fn translated(&self, question: &Question, url: &mut Url) -> Option<Question> {
        let interpreter = self.interpreter.as_ref()?;
        let translated = interpreter.asks(question);
        url.set_path(&format!("{}{}", self.root, translated.path));
        Some(translated)
    }

    /// The body that the client is told.
    pub(super) fn interpreted(
        &self,
        question: &Question,
        heard: impl FnOnce() -> Heard,
        body: Bytes,
    ) -> Bytes {
        match &self.interpreter {
            Some(interpreter) => interpreter.answers(question, &heard()),
            None => body,
        }
    }

    /// Refuses to write where somebody translates.
    pub(super) fn check_writes(&self, operation: &'static str) -> Result<(), ApiError> {
        if self.interpreter.is_some() {
            return Err(ApiError::OnlyReads { operation });
        }
        Ok(())
    }
}
