//! The body of an answer: bounded, and told apart from what a proxy answers.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

/// A single answer may not be larger than this.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Why a body could not be read.
pub(super) enum BodyProblem {
    TooLarge,
    Broken(reqwest::Error),
}

/// Reads a body to its end.
pub(super) async fn read_body(response: reqwest::Response) -> Result<Bytes, BodyProblem> {
    let mut body = BytesMut::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(BodyProblem::Broken)?;
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(BodyProblem::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Whether the body claims to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // An answer without a type is given the benefit of the doubt.
    kind.is_none_or(|kind| kind.contains("json"))
}

/// Where the JSON breaks, without its content: serde's own message can quote values.
pub(super) fn json_problem(error: &serde_json::Error) -> String {
    format!(
        "JSON that breaks in line {}, column {}",
        error.line(),
        error.column()
    )
}
