//! Changing the organization for a caller who decided it: from the connector's messages to errands and back.
//!
//! An errand asks whether it is so before it changes anything, so the same request twice is harmless; what is reported
//! as done was seen afterwards.

use crate::connector::{ACTOR, CONNECTION, Connector};
use crate::contents;
use crate::describe;
use crate::ids::{self, EntitlementId};
use crate::options::Limits;
use crate::proto::c1::connector::v2::create_account_response::{
    AlreadyExistsResult, Result as Created, SuccessResult,
};
use crate::proto::c1::connector::v2::{
    BatonActionStatus, CreateAccountRequest, CreateAccountResponse, DeleteResourceResponse, Entitlement,
    Grant, GrantAlreadyExists, GrantAlreadyRevoked, GrantManagerServiceGrantResponse,
    GrantManagerServiceRevokeResponse, InvokeActionResponse, Resource, ResourceId,
};
use crate::work::Refusal;
use app::plans::{Carrying, Errand, ErrandDone, Fate, RealTime, Unwatched};
use app::views::DescribedAccount;
use app::{AppError, Trouble, WritesChange};
use model::{AccountId, Attributes, GroupId, ResourceId as Place, RoleId};
use prost::Name;
use prost_types::value::Kind;
use prost_types::{Any, Struct, Value};
use std::collections::BTreeMap;
use tonic::Code;

impl Connector {
    /// Switches changes on, within the limits that were given. What a kept store says besides stays as it is.
    pub async fn allow_changes(&self, limits: &Limits) -> Result<(), AppError> {
        let change = WritesChange {
            writes: Some(true),
            self_approval: Some(true),
            // Who gives the connector a SCIM directory gives it to make accounts in.
            provisions_scim: Some(true),
            protected_accounts: Some(limits.protected_accounts.clone()).filter(|given| !given.is_empty()),
            changes_per_hour: limits.changes_per_hour,
            ..WritesChange::default()
        };
        self.app.connection_set_writes(CONNECTION, &change, ACTOR).await?;
        Ok(())
    }

    /// Gives an account or a group an entitlement.
    pub async fn grant(
        &self,
        entitlement: &Entitlement,
        principal: &Resource,
    ) -> Result<GrantManagerServiceGrantResponse, Refusal> {
        let principal = principal.id.clone().unwrap_or_default();
        let done = self.run(errand_for(&entitlement.id, &principal, true)?).await?;
        Ok(GrantManagerServiceGrantResponse {
            annotations: note_if(done.was_so(), &GrantAlreadyExists {}),
            ..GrantManagerServiceGrantResponse::default()
        })
    }

    /// Takes a grant away.
    pub async fn revoke(&self, grant: &Grant) -> Result<GrantManagerServiceRevokeResponse, Refusal> {
        let entitlement = grant
            .entitlement
            .as_ref()
            .map(|entitlement| entitlement.id.as_str());
        let principal = grant
            .principal
            .as_ref()
            .and_then(|principal| principal.id.clone());
        let errand = errand_for(
            entitlement.unwrap_or_default(),
            &principal.unwrap_or_default(),
            false,
        )?;
        let done = self.run(errand).await?;
        Ok(GrantManagerServiceRevokeResponse {
            annotations: note_if(done.was_so(), &GrantAlreadyRevoked {}),
        })
    }

    /// Makes an account, or says that one of this user name exists. It has no password of ours: people sign in as their
    /// organization has them sign in.
    pub async fn create_account(
        &self,
        request: &CreateAccountRequest,
    ) -> Result<CreateAccountResponse, Refusal> {
        if !self.has_scim {
            return Err(Refusal::new(
                Code::FailedPrecondition,
                "accounts are made through SCIM: give the connector --scim-token and --scim-base-url",
            ));
        }
        let new = NewAccount::of(request)?;
        let done = self.run(new.errand()).await?;
        let was_so = done.was_so();
        let account = done.account.map(|account| account.to_string());
        let Some(account) = account else {
            return Err(Refusal::new(
                Code::Internal,
                "the account is made, and Atlassian does not say its id yet: the next sync shows it",
            ));
        };
        let resource = new.resource(account, was_so);
        let result = if was_so {
            Created::AlreadyExists(AlreadyExistsResult {
                resource: Some(resource),
                is_create_account_result: true,
            })
        } else {
            Created::Success(SuccessResult {
                resource: Some(resource),
                is_create_account_result: true,
                ..SuccessResult::default()
            })
        };
        Ok(CreateAccountResponse {
            result: Some(result),
            ..CreateAccountResponse::default()
        })
    }

    /// Deletes an account after 14 days; anything else is refused. One that is gone is deleted.
    pub async fn delete_resource(&self, id: &ResourceId) -> Result<DeleteResourceResponse, Refusal> {
        if id.resource_type != ids::USER {
            return Err(Refusal::new(
                Code::Unimplemented,
                format!(
                    "a {} cannot be deleted by this connector, only a {}",
                    id.resource_type,
                    ids::USER
                ),
            ));
        }
        let account = AccountId::new(&id.resource);
        let done = self.run(Errand::DeleteAccount { account }).await?;
        if done.was_so() {
            tracing::warn!(
                id = id.resource,
                "there was nothing to delete: the organization has no such account, or its deletion was asked for before"
            );
        }
        Ok(DeleteResourceResponse::default())
    }

    /// Carries out an action.
    pub async fn invoke_action(
        &self,
        name: &str,
        arguments: &Struct,
    ) -> Result<InvokeActionResponse, Refusal> {
        let restore = match name {
            describe::DISABLE_USER => false,
            describe::ENABLE_USER => true,
            other => {
                return Err(Refusal::new(
                    Code::NotFound,
                    format!(
                        "there is no action \"{other}\": there are {} and {}",
                        describe::DISABLE_USER,
                        describe::ENABLE_USER
                    ),
                ));
            }
        };
        let Some(account) = text(arguments, describe::USER_ID) else {
            return Err(Refusal::new(
                Code::InvalidArgument,
                format!("the action {name} needs the argument {}", describe::USER_ID),
            ));
        };
        let account = AccountId::new(account);
        self.run(Errand::Access { account, restore }).await?;
        let success = Value {
            kind: Some(Kind::BoolValue(true)),
        };
        Ok(InvokeActionResponse {
            name: name.to_owned(),
            status: BatonActionStatus::Complete.into(),
            response: Some(Struct {
                fields: BTreeMap::from([("success".to_owned(), success)]),
            }),
            ..InvokeActionResponse::default()
        })
    }

    /// Runs an errand; only one at a time. What is not so in the end is a refusal.
    async fn run(&self, errand: Errand) -> Result<ErrandDone, Refusal> {
        let _only = self.one_change.lock().await;
        let carrying = Carrying {
            options: &self.api,
            wait: &RealTime,
            watch: &Unwatched,
            actor: ACTOR,
        };
        let done = self
            .app
            .errand(&errand, &carrying)
            .await
            .map_err(|error| refusal(&error))?;
        if done.is_done() {
            Ok(done)
        } else {
            Err(not_done(&done))
        }
    }
}

/// What a grant or its opposite comes to.
fn errand_for(entitlement: &str, principal: &ResourceId, give: bool) -> Result<Errand, Refusal> {
    let entitlement: EntitlementId = entitlement
        .parse()
        .map_err(|error: ids::UnknownEntitlement| Refusal::new(Code::NotFound, error.to_string()))?;
    if principal.resource.is_empty() {
        return Err(Refusal::new(Code::InvalidArgument, "it is not said who is meant"));
    }
    let account = || AccountId::new(&principal.resource);
    match (entitlement, principal.resource_type.as_str()) {
        (EntitlementId::Member { group }, ids::USER) => Ok(Errand::Member {
            group: GroupId::new(group),
            account: account(),
            join: give,
        }),
        (EntitlementId::WorkspaceRole { workspace, role }, ids::USER) => Ok(Errand::Role {
            account: account(),
            resource: Place::new(workspace),
            role: RoleId::new(role),
            give,
        }),
        (EntitlementId::WorkspaceRole { workspace, role }, ids::GROUP) => Ok(Errand::GroupRole {
            group: GroupId::new(&principal.resource),
            resource: Place::new(workspace),
            role: RoleId::new(role),
            give,
        }),
        (EntitlementId::OrganizationRole { .. }, _) => Err(Refusal::new(
            Code::FailedPrecondition,
            "roles of the organization are not given and taken by a connector: do it in admin.atlassian.com",
        )),
        (_, other) => Err(Refusal::new(
            Code::InvalidArgument,
            format!("a {other} cannot hold this entitlement"),
        )),
    }
}

/// Who is to get an account.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NewAccount {
    email: String,
    name: String,
    /// The name in the SCIM directory.
    user_name: String,
    given_and_family: Option<(String, String)>,
}

impl NewAccount {
    fn errand(&self) -> Errand {
        Errand::CreateAccount {
            email: self.email.clone(),
            name: self.name.clone(),
            user_name: Some(self.user_name.clone()).filter(|name| *name != self.email),
            given_and_family: self.given_and_family.clone(),
        }
    }

    /// The account as the next file will have it, as far as that is known. Of one that was there nobody has said whether
    /// it is active.
    fn resource(&self, id: String, was_there: bool) -> Resource {
        let active = Attributes::new().with("composite_status", Some("active"));
        contents::user(&DescribedAccount {
            account: 0,
            id,
            attributes: Attributes::new().with("type", Some("atlassian")),
            person: Attributes::new()
                .with("email", Some(self.email.clone()))
                .with("name", Some(self.name.clone())),
            directories: if was_there { Vec::new() } else { vec![active] },
        })
    }

    fn of(request: &CreateAccountRequest) -> Result<NewAccount, Refusal> {
        let info = request.account_info.clone().unwrap_or_default();
        let profile = info.profile.unwrap_or_default();
        let primary = info
            .emails
            .iter()
            .find(|email| email.is_primary)
            .or(info.emails.first());
        let email = text(&profile, "email")
            .or_else(|| primary.map(|email| email.address.clone()))
            .filter(|email| !email.trim().is_empty());
        let user_name = text(&profile, "userName")
            .or_else(|| Some(info.login.clone()))
            .filter(|name| !name.trim().is_empty());
        let (Some(email), Some(user_name)) = (email, user_name) else {
            return Err(Refusal::new(
                Code::InvalidArgument,
                "an account needs userName and email in its profile",
            ));
        };
        let given_and_family = text(&profile, "givenName").zip(text(&profile, "familyName"));
        let whole = given_and_family
            .as_ref()
            .map(|(given, family)| format!("{given} {family}"));
        let name = text(&profile, "displayName")
            .or(whole)
            .unwrap_or_else(|| email.clone());
        Ok(NewAccount {
            email,
            name,
            user_name,
            given_and_family,
        })
    }
}

fn text(fields: &Struct, name: &str) -> Option<String> {
    match fields.fields.get(name)?.kind.as_ref()? {
        Kind::StringValue(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    }
}

fn note_if<M: Name>(is_so: bool, note: &M) -> Vec<Any> {
    // A message without fields always fits.
    let note = || Any::from_msg(note).ok();
    if is_so {
        note().into_iter().collect()
    } else {
        Vec::new()
    }
}

/// Why what was wanted is not so: every reason, each with what to do.
fn not_done(done: &ErrandDone) -> Refusal {
    let mut sentences = Vec::new();
    let mut is_unclear = false;
    for change in &done.changes {
        let (word, reason, next_step) = match &change.fate {
            Fate::Changed | Fate::WasSo => continue,
            Fate::Unclear { reason, next_step } => {
                is_unclear = true;
                ("unclear", reason, next_step)
            }
            Fate::Refused { reason, next_step } => ("refused", reason, next_step),
            Fate::Failed { reason, next_step } => ("failed", reason, next_step),
        };
        let what = &change.what;
        sentences.push(match next_step.as_str() {
            "" => format!("{word}: {what}: {reason}"),
            next_step => format!("{word}: {what}: {reason} ({next_step})"),
        });
    }
    let code = if is_unclear {
        Code::Unknown
    } else {
        Code::FailedPrecondition
    };
    Refusal::new(code, sentences.join("; "))
}

/// Why something was not begun, or came to no end.
pub fn refusal(error: &AppError) -> Refusal {
    let sentence = sentence(error);
    match error.trouble() {
        Trouble::Credential => Refusal::new(Code::Unauthenticated, sentence),
        Trouble::NotAllowed if matches!(error, AppError::Guarded { .. } | AppError::WritesOff { .. }) => {
            Refusal::new(Code::FailedPrecondition, sentence)
        }
        Trouble::NotAllowed => Refusal::new(Code::PermissionDenied, sentence),
        Trouble::NotFound => Refusal::new(Code::NotFound, sentence),
        Trouble::Refused => Refusal::new(Code::InvalidArgument, sentence),
        Trouble::Passing => Refusal::for_now(Code::Unavailable, sentence),
        Trouble::Unclear => Refusal::new(Code::Unknown, sentence),
        Trouble::Other => Refusal::new(Code::Internal, sentence),
    }
}

/// An error with all its causes and what to do, in one line.
fn sentence(error: &AppError) -> String {
    let mut sentence = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let text = next.to_string();
        if !sentence.ends_with(&text) {
            sentence = format!("{sentence}: {text}");
        }
        cause = next.source();
    }
    // Hints that name commands of the whole product help nobody who runs a connector.
    match error.hint().filter(|hint| !hint.contains("orgwarden ")) {
        Some(hint) => format!("{sentence} ({hint})"),
        None => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(resource_type: &str, resource: &str) -> ResourceId {
        ResourceId {
            resource_type: resource_type.into(),
            resource: resource.into(),
            ..ResourceId::default()
        }
    }

    #[test]
    fn ids_with_colons_name_what_they_mean() {
        let workspace = "ari:cloud:jira::site/1";
        let entitlement = format!("workspace:{workspace}:role:atlassian/user");
        let to_account = errand_for(&entitlement, &id("user", "712020:a"), true);
        assert_eq!(
            to_account,
            Ok(Errand::Role {
                account: AccountId::new("712020:a"),
                resource: Place::new(workspace),
                role: RoleId::new("atlassian/user"),
                give: true,
            })
        );
        let to_group = errand_for(&entitlement, &id("group", "g"), false);
        assert!(
            matches!(to_group, Ok(Errand::GroupRole { give: false, .. })),
            "{to_group:?}"
        );
        let member = errand_for("group:g:member", &id("user", "a"), true);
        assert!(
            matches!(member, Ok(Errand::Member { join: true, .. })),
            "{member:?}"
        );
    }

    #[test]
    fn what_cannot_be_granted_says_why() {
        let code = |entitlement: &str, principal: &ResourceId| {
            errand_for(entitlement, principal, true)
                .err()
                .map(|refusal| refusal.code)
        };
        let user = id("user", "a");
        assert_eq!(code("project:1:admin", &user), Some(Code::NotFound));
        assert_eq!(
            code("group:g:member", &id("group", "h")),
            Some(Code::InvalidArgument)
        );
        assert_eq!(
            code("group:g:member", &id("user", "")),
            Some(Code::InvalidArgument)
        );
        assert_eq!(
            code("organization:o:role:atlassian/org-admin", &user),
            Some(Code::FailedPrecondition)
        );
    }

    #[test]
    fn an_account_needs_a_name_and_an_address() {
        let profile = |fields: &[(&str, &str)]| {
            let value = |text: &str| Value {
                kind: Some(Kind::StringValue(text.into())),
            };
            let fields = fields
                .iter()
                .map(|(name, text)| ((*name).to_owned(), value(text)));
            CreateAccountRequest {
                account_info: Some(crate::proto::c1::connector::v2::AccountInfo {
                    profile: Some(Struct {
                        fields: fields.collect(),
                    }),
                    ..Default::default()
                }),
                ..CreateAccountRequest::default()
            }
        };
        let missing = NewAccount::of(&profile(&[("userName", "zoe")]));
        assert_eq!(
            missing.err().map(|refusal| refusal.code),
            Some(Code::InvalidArgument)
        );
        let whole = [
            ("userName", "zoe"),
            ("email", "zoe@acme.example"),
            ("givenName", "Zoe"),
            ("familyName", "van der Berg"),
        ];
        let new = NewAccount::of(&profile(&whole)).expect("enough");
        assert_eq!(
            new.errand(),
            Errand::CreateAccount {
                email: "zoe@acme.example".into(),
                name: "Zoe van der Berg".into(),
                user_name: Some("zoe".into()),
                given_and_family: Some(("Zoe".into(), "van der Berg".into())),
            }
        );
    }
}
