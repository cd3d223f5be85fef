//! What can be asked of the connector, by the command line and by a server alike.

use crate::options::Writing;
use crate::proto::c1::connector::v2::{
    CreateAccountRequest, CreateAccountResponse, DeleteResourceResponse, Entitlement, Grant,
    GrantManagerServiceGrantResponse, GrantManagerServiceRevokeResponse, InvokeActionResponse, Resource,
    ResourceId,
};
use futures::future::BoxFuture;
use prost_types::Struct;
use std::path::Path;
use tonic::Code;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// What kind of reason it is.
    pub code: Code,
    /// The reason, for people: one sentence without secrets.
    pub sentence: String,
    /// Whether asking again later may help.
    pub is_retryable: bool,
}

impl Refusal {
    /// For good: asking again helps nothing.
    pub fn new(code: Code, sentence: impl Into<String>) -> Refusal {
        Refusal {
            code,
            sentence: sentence.into(),
            is_retryable: false,
        }
    }

    /// For now: asking again may help.
    pub fn for_now(code: Code, sentence: impl Into<String>) -> Refusal {
        Refusal {
            is_retryable: true,
            ..Refusal::new(code, sentence)
        }
    }
}

/// What came of something that was asked.
pub type Done<'a, T> = BoxFuture<'a, Result<T, Refusal>>;

/// What can be asked of the connector. Every change is looked up before it is sent and read back afterwards, so that
/// the same request twice is harmless.
pub trait Work: Send + Sync {
    /// Reads the organization and writes the file, whole or not at all.
    fn full_sync<'a>(&'a self, writing: &'a Writing, file: &'a Path) -> Done<'a, ()>;
    /// Gives an account or group an entitlement.
    fn grant<'a>(
        &'a self,
        entitlement: &'a Entitlement,
        principal: &'a Resource,
    ) -> Done<'a, GrantManagerServiceGrantResponse>;
    /// Takes a grant away.
    fn revoke<'a>(&'a self, grant: &'a Grant) -> Done<'a, GrantManagerServiceRevokeResponse>;
    /// Makes an account.
    fn create_account<'a>(&'a self, request: &'a CreateAccountRequest) -> Done<'a, CreateAccountResponse>;
    /// Deletes a resource.
    fn delete_resource<'a>(&'a self, id: &'a ResourceId) -> Done<'a, DeleteResourceResponse>;
    /// Carries out an action.
    fn invoke_action<'a>(&'a self, name: &'a str, arguments: &'a Struct) -> Done<'a, InvokeActionResponse>;
}
