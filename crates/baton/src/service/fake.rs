//! Work that only writes down what was asked of it, and keeps who is a member.

use crate::options::Writing;
use crate::proto::c1::connector::v2::{
    BatonActionStatus, CreateAccountRequest, CreateAccountResponse, DeleteResourceResponse, Entitlement,
    Grant, GrantAlreadyExists, GrantAlreadyRevoked, GrantManagerServiceGrantResponse,
    GrantManagerServiceRevokeResponse, InvokeActionResponse, Resource, ResourceId,
};
use crate::work::{Done, Refusal, Work};
use prost_types::{Any, Struct};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;
use tonic::Code;

/// How large a file is: of several parts, the last of them not full.
pub const FILE_BYTES: usize = 1_300_000;

#[derive(Default)]
pub struct FakeWork {
    done: Mutex<Vec<String>>,
    /// Who is a member of the group.
    pub members: Mutex<BTreeSet<String>>,
    /// Whether readings do not end by themselves.
    pub is_slow: AtomicBool,
    /// Told when a slow reading began.
    pub began: Notify,
    /// Whether readings fail.
    pub fails: AtomicBool,
}

impl FakeWork {
    /// What was asked of it, in order.
    pub fn done(&self) -> Vec<String> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, what: String) {
        self.done
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(what);
    }
}

fn id(resource: &Resource) -> String {
    resource
        .id
        .as_ref()
        .map(|id| id.resource.clone())
        .unwrap_or_default()
}

impl Work for FakeWork {
    fn full_sync<'a>(&'a self, writing: &'a Writing, file: &'a Path) -> Done<'a, ()> {
        Box::pin(async move {
            let without = if writing.skip_grants {
                " without grants"
            } else {
                ""
            };
            self.note(format!("sync {:?}{without}", writing.resource_types));
            std::fs::write(file, vec![7; FILE_BYTES]).unwrap();
            if self.fails.load(Ordering::Relaxed) {
                return Err(Refusal::for_now(Code::Unavailable, "Atlassian cannot be reached"));
            }
            if self.is_slow.load(Ordering::Relaxed) {
                self.began.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }

    fn grant<'a>(
        &'a self,
        entitlement: &'a Entitlement,
        principal: &'a Resource,
    ) -> Done<'a, GrantManagerServiceGrantResponse> {
        Box::pin(async move {
            let account = id(principal);
            self.note(format!("grant {} {account}", entitlement.id));
            let mut response = GrantManagerServiceGrantResponse::default();
            if !self.members.lock().unwrap().insert(account) {
                response.annotations = vec![Any::from_msg(&GrantAlreadyExists {}).unwrap()];
            }
            Ok(response)
        })
    }

    fn revoke<'a>(&'a self, grant: &'a Grant) -> Done<'a, GrantManagerServiceRevokeResponse> {
        Box::pin(async move {
            let account = grant.principal.as_ref().map(id).unwrap_or_default();
            self.note(format!("revoke {account}"));
            let mut response = GrantManagerServiceRevokeResponse::default();
            if !self.members.lock().unwrap().remove(&account) {
                response.annotations = vec![Any::from_msg(&GrantAlreadyRevoked {}).unwrap()];
            }
            Ok(response)
        })
    }

    fn create_account<'a>(&'a self, request: &'a CreateAccountRequest) -> Done<'a, CreateAccountResponse> {
        Box::pin(async move {
            let login = request.account_info.as_ref().map(|info| info.login.clone());
            self.note(format!("create {}", login.unwrap_or_default()));
            Ok(CreateAccountResponse::default())
        })
    }

    fn delete_resource<'a>(&'a self, id: &'a ResourceId) -> Done<'a, DeleteResourceResponse> {
        Box::pin(async move {
            self.note(format!("delete {}", id.resource));
            Ok(DeleteResourceResponse::default())
        })
    }

    fn invoke_action<'a>(&'a self, name: &'a str, _: &'a Struct) -> Done<'a, InvokeActionResponse> {
        Box::pin(async move {
            self.note(format!("invoke {name}"));
            Ok(InvokeActionResponse {
                name: name.to_owned(),
                status: BatonActionStatus::Complete.into(),
                ..InvokeActionResponse::default()
            })
        })
    }
}
