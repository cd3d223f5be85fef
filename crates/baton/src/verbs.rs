//! What is asked for on demand: something is looked up in a file, given to [`Work`], and what came of it is logged.

use crate::c1z::{C1z, C1zError, Limits};
use crate::describe;
use crate::json;
use crate::options::Wish;
use crate::proto::c1::connector::v2::{
    AccountInfo, BatonActionStatus, CreateAccountRequest, CredentialOptions, Entitlement, Grant, Resource,
    ResourceId, account_info::Email, create_account_response::Result as Created, credential_options,
};
use crate::work::{Refusal, Work};
use prost::{Message, Name};
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde_json::Value as Json;
use std::path::Path;
use tonic::Code;

/// Carries out what is asked for on demand; `false` if it is something else that is wished. `aside` is a folder for
/// what is needed for a while, `limits` what the file may ask of this machine.
pub async fn on_demand(
    wish: &Wish,
    file: &Path,
    (aside, limits): (&Path, Limits),
    work: &dyn Work,
) -> Result<bool, Refusal> {
    let place = (file, aside, limits);
    match wish {
        Wish::Grant {
            entitlement,
            principal,
            principal_type,
        } => {
            let (id, principal) = (entitlement.clone(), (principal_type.clone(), principal.clone()));
            let found = look_up(place, move |file| granting(file, &id, &principal)).await?;
            let response = work.grant(&found.0, &found.1).await?;
            let was_so = !response.annotations.is_empty();
            tracing::info!(entitlement, was_so, "the entitlement is granted");
        }
        Wish::Revoke { grant } => {
            let id = grant.clone();
            let found = look_up(place, move |file| revoking(file, &id)).await?;
            let response = work.revoke(&found).await?;
            let was_so = !response.annotations.is_empty();
            tracing::info!(was_so, "the grant is revoked");
        }
        Wish::CreateAccount {
            profile,
            login,
            email,
        } => {
            let response = work.create_account(&new_account(profile, login, email)).await?;
            let (account, what) = match &response.result {
                Some(Created::AlreadyExists(there)) => (
                    there.resource.as_ref(),
                    "an account of this user name exists already",
                ),
                Some(Created::Success(made)) => (made.resource.as_ref(), "the account is made"),
                _ => (None, "the account is made"),
            };
            let id = account
                .and_then(|account| account.id.as_ref())
                .map(|id| id.resource.as_str());
            tracing::info!(id, "{what}");
        }
        Wish::InvokeAction { name, arguments } => {
            let response = work.invoke_action(name, &structure(arguments)).await?;
            if response.status() == BatonActionStatus::Failed {
                return Err(Refusal::new(Code::Unknown, format!("the action {name} failed")));
            }
            told("the action is carried out", &response);
        }
        Wish::Delete { id, resource_type } => {
            work.delete_resource(&resource_id(resource_type, id)).await?;
            tracing::info!(resource_type, "the resource is deleted");
        }
        Wish::Sync | Wish::Serve(_) | Wish::ListActions => return Ok(false),
    }
    Ok(true)
}

/// Says which actions there are; asks nobody.
pub fn list_actions() {
    for schema in describe::action_schemas().schemas {
        told("action schema", &schema);
    }
}

/// Logs a message with what it says as a field.
fn told<M: Message + Name>(what: &'static str, message: &M) {
    match json::to_json(message) {
        Ok(response) => tracing::info!(response = %response, "{what}"),
        Err(error) => tracing::warn!(%error, "{what}, and the answer cannot be shown"),
    }
}

fn resource_id(resource_type: &str, id: &str) -> ResourceId {
    ResourceId {
        resource_type: resource_type.to_owned(),
        resource: id.to_owned(),
        ..ResourceId::default()
    }
}

/// Looks something up in a file.
async fn look_up<T: Send + 'static>(
    (file, aside, limits): (&Path, &Path, Limits),
    find: impl FnOnce(&C1z) -> Result<Result<T, String>, C1zError> + Send + 'static,
) -> Result<T, Refusal> {
    let (path, aside) = (file.to_owned(), aside.to_owned());
    let look = move || find(&C1z::open(&path, Some(&aside), &limits)?);
    let found = tokio::task::spawn_blocking(look).await;
    let found = found.map_err(|_| Refusal::new(Code::Internal, "looking it up was given up"))?;
    match found {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(what)) => Err(Refusal::new(
            Code::NotFound,
            format!(
                "{what} is not found in {}; sync first, and take ids from there",
                file.display()
            ),
        )),
        Err(error) => Err(Refusal::new(Code::FailedPrecondition, in_words(&error))),
    }
}

/// An error with its causes and what to do.
pub(crate) fn in_words(error: &C1zError) -> String {
    let mut sentence = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        sentence = format!("{sentence}: {next}");
        cause = next.source();
    }
    match error.hint() {
        Some(hint) => format!("{sentence} ({hint})"),
        None => sentence,
    }
}

/// An entitlement and whom it is for, or what was not found.
type Granting = Result<(Entitlement, Resource), String>;

fn granting(file: &C1z, id: &str, principal: &(String, String)) -> Result<Granting, C1zError> {
    let sync = file.sync(None)?;
    let Some(mut entitlement) = file.entitlement(&sync, id)? else {
        return Ok(Err(format!("the entitlement {id}")));
    };
    whole(file, &mut entitlement)?;
    let found = file.resource(&sync, &principal.0, &principal.1)?;
    let Some(principal) = found else {
        return Ok(Err(format!("the {} {}", principal.0, principal.1)));
    };
    Ok(Ok((entitlement, principal)))
}

fn revoking(file: &C1z, id: &str) -> Result<Result<Grant, String>, C1zError> {
    let sync = file.sync(None)?;
    let Some(mut grant) = file.grant(&sync, id)? else {
        return Ok(Err(format!("the grant {id}")));
    };
    let on = grant
        .entitlement
        .as_ref()
        .map(|entitlement| entitlement.id.clone());
    if let Some(entitlement) = file.entitlement(&sync, &on.unwrap_or_default())? {
        grant.entitlement = Some(entitlement);
    }
    if let Some(entitlement) = grant.entitlement.as_mut() {
        whole(file, entitlement)?;
    }
    let to = grant
        .principal
        .as_ref()
        .and_then(|principal| principal.id.clone());
    let to = to.unwrap_or_default();
    if let Some(principal) = file.resource(&sync, &to.resource_type, &to.resource)? {
        grant.principal = Some(principal);
    }
    Ok(Ok(grant))
}

/// Gives an entitlement its whole resource, where the file has it.
fn whole(file: &C1z, entitlement: &mut Entitlement) -> Result<(), C1zError> {
    let sync = file.sync(None)?;
    let on = entitlement
        .resource
        .as_ref()
        .and_then(|resource| resource.id.clone());
    let on = on.unwrap_or_default();
    if let Some(resource) = file.resource(&sync, &on.resource_type, &on.resource)? {
        entitlement.resource = Some(resource);
    }
    Ok(())
}

/// What is said of an account on the command line, as a server would say it.
fn new_account(
    profile: &serde_json::Map<String, Json>,
    login: &Option<String>,
    email: &Option<String>,
) -> CreateAccountRequest {
    let said = |name: &str| profile.get(name).and_then(Json::as_str).map(str::to_owned);
    let login = login.clone().or_else(|| said("userName")).unwrap_or_default();
    let email = email
        .clone()
        .or_else(|| said("email"))
        .unwrap_or_else(|| login.clone());
    let mut profile = profile.clone();
    profile.entry("userName").or_insert_with(|| login.clone().into());
    profile.entry("email").or_insert_with(|| email.clone().into());
    CreateAccountRequest {
        account_info: Some(AccountInfo {
            emails: vec![Email {
                address: email,
                is_primary: true,
            }],
            login,
            profile: Some(structure(&profile)),
            ..AccountInfo::default()
        }),
        credential_options: Some(CredentialOptions {
            options: Some(credential_options::Options::NoPassword(
                credential_options::NoPassword {},
            )),
            ..CredentialOptions::default()
        }),
        ..CreateAccountRequest::default()
    }
}

fn structure(object: &serde_json::Map<String, Json>) -> Struct {
    let fields = object.iter().map(|(name, json)| (name.clone(), value(json)));
    Struct {
        fields: fields.collect(),
    }
}

fn value(json: &Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(is_so) => Kind::BoolValue(*is_so),
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Json::String(text) => Kind::StringValue(text.clone()),
        Json::Array(items) => Kind::ListValue(ListValue {
            values: items.iter().map(value).collect(),
        }),
        Json::Object(object) => Kind::StructValue(structure(object)),
    };
    Value { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::fake::FakeWork;
    use std::path::PathBuf;

    /// A file of the peer's.
    fn sample() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/baton/sample.c1z")
    }

    async fn ask(wish: Wish, file: &Path) -> Result<Vec<String>, Refusal> {
        let work = FakeWork::default();
        let aside = tempfile::tempdir().unwrap();
        on_demand(&wish, file, (aside.path(), Limits::default()), &work).await?;
        assert_eq!(std::fs::read_dir(aside.path()).unwrap().count(), 0);
        Ok(work.done())
    }

    fn a_grant() -> Grant {
        let file = C1z::open(&sample(), None, &Limits::default()).unwrap();
        let listed = include_str!("../../../fixtures/baton/sample-grants.json");
        let listed: Json = serde_json::from_str(listed).unwrap();
        let id = listed["grants"][0]["grant"]["id"].as_str().unwrap();
        file.grant(&file.sync(None).unwrap(), id).unwrap().unwrap()
    }

    #[tokio::test]
    async fn what_is_granted_and_revoked_is_looked_up_in_a_file() {
        let grant = a_grant();
        let (entitlement, principal) = (grant.entitlement.unwrap(), grant.principal.unwrap().id.unwrap());
        let wish = Wish::Grant {
            entitlement: entitlement.id.clone(),
            principal: principal.resource.clone(),
            principal_type: principal.resource_type.clone(),
        };
        let done = ask(wish, &sample()).await.unwrap();
        assert_eq!(done, [format!("grant {} {}", entitlement.id, principal.resource)]);
        let done = ask(Wish::Revoke { grant: grant.id }, &sample()).await.unwrap();
        assert_eq!(done, [format!("revoke {}", principal.resource)]);
    }

    #[tokio::test]
    async fn what_is_not_in_the_file_is_not_found_and_nothing_is_asked() {
        let entitlement = a_grant().entitlement.unwrap().id;
        let grant = |entitlement: &str| Wish::Grant {
            entitlement: entitlement.to_owned(),
            principal: "nobody".to_owned(),
            principal_type: "user".to_owned(),
        };
        for (wish, said) in [
            (
                grant("group:none:member"),
                "the entitlement group:none:member is not found in ",
            ),
            (grant(&entitlement), "the user nobody is not found in "),
            (
                Wish::Revoke {
                    grant: "none".to_owned(),
                },
                "the grant none is not found in ",
            ),
        ] {
            let refusal = ask(wish, &sample()).await.unwrap_err();
            assert_eq!(refusal.code, Code::NotFound);
            assert!(refusal.sentence.starts_with(said), "{refusal}");
        }
    }

    #[tokio::test]
    async fn what_is_no_file_of_a_connector_is_told_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other.c1z");
        std::fs::write(&other, "something else").unwrap();
        for file in [other, folder.path().join("missing.c1z")] {
            let wish = Wish::Revoke {
                grant: "g".to_owned(),
            };
            let refusal = ask(wish, &file).await.unwrap_err();
            assert_eq!(refusal.code, Code::FailedPrecondition);
            assert!(!refusal.sentence.contains('\n'), "{refusal}");
        }
    }

    #[test]
    fn a_login_alone_makes_an_account_with_name_and_address() {
        let request = new_account(&serde_json::Map::new(), &Some("n@x.example".to_owned()), &None);
        let info = request.account_info.unwrap();
        assert_eq!(
            (info.login.as_str(), info.emails[0].address.as_str()),
            ("n@x.example", "n@x.example")
        );
        let fields = info.profile.unwrap().fields;
        assert!(fields.contains_key("userName") && fields.contains_key("email"));
    }

    #[tokio::test]
    async fn the_other_wishes_need_no_file() {
        let missing = Path::new("/nowhere/at/all.c1z");
        let delete = Wish::Delete {
            id: "u".to_owned(),
            resource_type: "user".to_owned(),
        };
        assert_eq!(ask(delete, missing).await.unwrap(), ["delete u"]);
        let invoke = Wish::InvokeAction {
            name: "enable_user".to_owned(),
            arguments: serde_json::Map::new(),
        };
        assert_eq!(ask(invoke, missing).await.unwrap(), ["invoke enable_user"]);
    }
}
