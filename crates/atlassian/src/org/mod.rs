//! The organizations API (`/admin/v1`, `/admin/v2`) and the lists of the API access API, one file per noun.
//!
//! Paths and parameters follow the vendor's published description as of 2026-10. Reads of a directory take `-` for
//! all directories; what is searched per directory is said at each method.

mod accounts;
mod api_access;
mod directories;
mod domains;
mod events;
mod groups;
mod organizations;
mod policies;
mod probe;
mod role_assignments;
mod workspaces;

pub use accounts::AccountSearch;
pub use events::{StreamFrom, StreamPage};
pub use organizations::organizations;
pub use probe::{Probe, ProbeSubjects};

use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::manage::Manage;
use crate::transport::{Request, Transport, Unusable};
use crate::wire::RawPage;
use model::OrganizationId;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::sync::Arc;

/// Stands for every directory that the key can manage, on reads.
pub const ALL_DIRECTORIES: &str = "-";

/// The largest page that lists of the directory are documented to give.
pub const PAGE: u32 = 100;

/// The organizations API of one organization.
#[derive(Clone)]
pub struct Admin {
    transport: Arc<Transport>,
    organization: OrganizationId,
}

impl Admin {
    /// The API of one organization over a transport.
    pub fn new(transport: Arc<Transport>, organization: OrganizationId) -> Admin {
        Admin {
            transport,
            organization,
        }
    }

    /// The transport underneath, for its counts.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// User management with the same key.
    pub fn manage(&self) -> Manage {
        Manage::new(Arc::clone(&self.transport))
    }

    pub(crate) fn v1(&self, rest: &str) -> String {
        format!("/admin/v1/orgs/{}{rest}", escape(self.organization.as_str()))
    }

    pub(crate) fn v2(&self, rest: &str) -> String {
        format!("/admin/v2/orgs/{}{rest}", escape(self.organization.as_str()))
    }

    pub(crate) fn directory(&self, directory: &str, rest: &str) -> String {
        self.v2(&format!("/directories/{}{rest}", escape(directory)))
    }

    async fn page<T: DeserializeOwned>(
        &self,
        request: Request,
        cursor: Option<&Cursor>,
    ) -> Result<(RawPage, Page<T>), ApiError> {
        read_page(&self.transport, request, cursor).await
    }
}

/// Reads a page and its items. A page that names its own cursor as the next is asked for again.
async fn read_page<T: DeserializeOwned>(
    transport: &Transport,
    request: Request,
    cursor: Option<&Cursor>,
) -> Result<(RawPage, Page<T>), ApiError> {
    let next_of = |page: &RawPage| {
        page.links
            .as_ref()
            .and_then(|links| links.next.as_deref())
            .and_then(Cursor::from_next)
    };
    let check = |page: &RawPage| match (next_of(page), cursor) {
        (Some(next), Some(sent)) if next == *sent => Err(Unusable::RepeatedCursor),
        _ => Ok(()),
    };
    let answer = transport.read_checked::<RawPage>(&request, check).await?;
    let raw = answer.value;
    let items: Result<Vec<T>, _> = raw
        .data
        .iter()
        .map(|item| serde_json::from_str::<T>(item.get()))
        .collect();
    let items = items.map_err(|error| ApiError::NotUnderstood {
        operation: request.operation,
        attempts: 1,
        what: format!("an item that breaks in column {}", error.column()),
    })?;
    let next = next_of(&raw);
    Ok((
        raw,
        Page {
            items,
            next,
            sent_at: answer.sent_at,
        },
    ))
}

/// An id as one segment of a path; refused when it is none and so would be about something else.
pub(crate) fn segment(operation: &'static str, id: &str) -> Result<String, ApiError> {
    if id.is_empty() || id == "." || id == ".." {
        return Err(ApiError::NotAnId {
            operation,
            id: id.to_owned(),
        });
    }
    Ok(escape(id))
}

/// Escapes an id for a path. Account ids hold `:`; nothing that comes from outside may add a path segment.
fn escape(id: &str) -> String {
    let mut escaped = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:|".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn an_id_stays_one_segment_of_the_path() {
        assert_eq!(escape("712020:0a-1b"), "712020:0a-1b");
        assert_eq!(escape("../x?y#z"), "..%2Fx%3Fy%23z");
    }
}
