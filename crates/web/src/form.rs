//! What a form sent: names and values, of which a name may come several times.

use crate::error::PageError;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};

/// More than any form of ours sends, a long list of accounts included.
const MOST_BYTES: usize = 1_000_000;

/// The fields of a form.
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of a field without spaces around it; the empty text when it was not sent.
    pub fn one(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The values of a field that may come several times.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(found, _)| found == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The value of a field, unless it is empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.one(name)).filter(|value| !value.is_empty())
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = PageError;

    async fn from_request(request: Request, _: &S) -> Result<Fields, PageError> {
        let bytes = to_bytes(request.into_body(), MOST_BYTES)
            .await
            .map_err(|_| PageError::refused("The form is too long", "Send less at once."))?;
        Ok(Fields(
            url::form_urlencoded::parse(&bytes)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        ))
    }
}
