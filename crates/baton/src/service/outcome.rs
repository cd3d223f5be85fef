//! From a task to how it ended: which kinds are carried out, which are refused, and what the server is told.

use crate::describe;
use crate::ids;
use crate::proto::c1::connector::v2::{
    CreateAccountRequest, GetActionSchemaResponse, ListActionSchemasResponse,
};
use crate::proto::c1::connectorapi::baton::v1::baton_service_finish_task_request::{
    Error, FinalState, Success,
};
use crate::proto::c1::connectorapi::baton::v1::task::TaskType;
use crate::proto::c1::connectorapi::baton::v1::{BatonServiceFinishTaskRequest, task};
use crate::proto::google::rpc;
use crate::work::{Refusal, Work};
use prost::{Message, Name};
use prost_types::{Any, Struct};
use tonic::Code;

/// How a task ended: with a response, if its kind has one, or with a reason.
pub(super) type Outcome = Result<Option<Any>, Refusal>;

/// What the server is told about how a task ended.
pub(super) fn finish(task_id: &str, outcome: &Outcome) -> BatonServiceFinishTaskRequest {
    let (status, final_state) = match outcome {
        Ok(response) => (
            None,
            FinalState::Success(Success {
                response: response.clone(),
                ..Success::default()
            }),
        ),
        Err(refusal) => (
            Some(rpc::Status {
                code: refusal.code.into(),
                message: refusal.sentence.clone(),
                ..rpc::Status::default()
            }),
            FinalState::Error(Error {
                non_retryable: !refusal.is_retryable,
                ..Error::default()
            }),
        ),
    };
    BatonServiceFinishTaskRequest {
        task_id: task_id.to_owned(),
        status,
        final_state: Some(final_state),
        ..BatonServiceFinishTaskRequest::default()
    }
}

/// Carries out a task that is no reading. `may_change` is whether changes are switched on.
pub(super) async fn carry(kind: TaskType, work: &dyn Work, may_change: bool) -> Outcome {
    match kind {
        TaskType::Grant(task) => {
            allowed(may_change)?;
            let entitlement = needed(task.entitlement, "entitlement")?;
            let principal = needed(task.principal, "principal")?;
            packed(&work.grant(&entitlement, &principal).await?)
        }
        TaskType::Revoke(task) => {
            allowed(may_change)?;
            packed(&work.revoke(&needed(task.grant, "grant")?).await?)
        }
        TaskType::CreateAccount(task) => {
            allowed(may_change)?;
            of_type(&task.resource_type_id, ids::USER)?;
            packed(&work.create_account(&request(task)).await?)
        }
        TaskType::DeleteResource(task) => {
            allowed(may_change)?;
            packed(
                &work
                    .delete_resource(&needed(task.resource_id, "resource")?)
                    .await?,
            )
        }
        // No action is of a type of resources.
        TaskType::ActionListSchemas(task) if !task.resource_type_id.is_empty() => {
            packed(&ListActionSchemasResponse::default())
        }
        TaskType::ActionListSchemas(_) => packed(&describe::action_schemas()),
        TaskType::ActionGetSchema(task) => {
            let schemas = describe::action_schemas().schemas;
            let schema = schemas.into_iter().find(|schema| schema.name == task.name);
            packed(&GetActionSchemaResponse {
                schema: Some(schema.ok_or_else(|| no_action(&task.name))?),
                ..GetActionSchemaResponse::default()
            })
        }
        TaskType::ActionInvoke(task) => {
            of_type(&task.resource_type_id, "")?;
            let arguments = task.args.unwrap_or_else(Struct::default);
            packed(&work.invoke_action(&task.name, &arguments).await?)
        }
        // An action is over when it is answered, so there is none whose state could be asked.
        TaskType::ActionStatus(task) => Err(Refusal::new(
            Code::NotFound,
            format!(
                "no action {} is under way: each is over when it is answered",
                task.id
            ),
        )),
        TaskType::RotateCredentials(_) if !may_change => Err(switched_off()),
        other => Err(Refusal::new(
            Code::Unimplemented,
            format!(
                "unsupported task type: this connector does not do {}",
                name_of(Some(&other))
            ),
        )),
    }
}

fn allowed(may_change: bool) -> Result<(), Refusal> {
    if may_change { Ok(()) } else { Err(switched_off()) }
}

fn switched_off() -> Refusal {
    Refusal::new(
        Code::FailedPrecondition,
        "provisioning is not enabled: start the connector with --provisioning or BATON_PROVISIONING=true",
    )
}

fn needed<T>(part: Option<T>, name: &str) -> Result<T, Refusal> {
    part.ok_or_else(|| Refusal::new(Code::InvalidArgument, format!("the task names no {name}")))
}

/// Refuses what is asked for another type of resources than there is.
fn of_type(asked: &str, there_is: &str) -> Result<(), Refusal> {
    if asked.is_empty() || asked == there_is {
        return Ok(());
    }
    Err(Refusal::new(
        Code::InvalidArgument,
        format!(
            "this cannot be done for resources of type \"{}\"",
            super::presentable(asked)
        ),
    ))
}

fn no_action(name: &str) -> Refusal {
    Refusal::new(
        Code::NotFound,
        format!("there is no action \"{}\"", super::presentable(name)),
    )
}

fn request(task: task::CreateAccount) -> CreateAccountRequest {
    CreateAccountRequest {
        account_info: task.account_info,
        credential_options: task.credential_options,
        encryption_configs: task.encryption_configs,
        resource_type_id: task.resource_type_id,
    }
}

fn packed<M: Message + Name>(response: &M) -> Outcome {
    Ok(Some(Any {
        type_url: M::type_url(),
        value: response.encode_to_vec(),
    }))
}

/// What a kind of task is called in the log.
pub(super) fn name_of(kind: Option<&TaskType>) -> &'static str {
    match kind {
        None => "a kind of task that is not known here",
        Some(TaskType::None(_)) => "none",
        Some(TaskType::Hello(_)) => "hello",
        Some(TaskType::SyncFull(_)) => "sync_full",
        Some(TaskType::Grant(_)) => "grant",
        Some(TaskType::Revoke(_)) => "revoke",
        Some(TaskType::CreateAccount(_)) => "create_account",
        Some(TaskType::CreateResource(_)) => "create_resource",
        Some(TaskType::DeleteResource(_)) => "delete_resource",
        Some(TaskType::RotateCredentials(_)) => "rotate_credentials",
        Some(TaskType::EventFeed(_)) => "event_feed",
        Some(TaskType::CreateTicketTask(_)) => "create_ticket",
        Some(TaskType::ListTicketSchemas(_)) => "list_ticket_schemas",
        Some(TaskType::GetTicket(_)) => "get_ticket",
        Some(TaskType::BulkCreateTickets(_)) => "bulk_create_tickets",
        Some(TaskType::BulkGetTickets(_)) => "bulk_get_tickets",
        Some(TaskType::ActionListSchemas(_)) => "action_list_schemas",
        Some(TaskType::ActionGetSchema(_)) => "action_get_schema",
        Some(TaskType::ActionInvoke(_)) => "action_invoke",
        Some(TaskType::ActionStatus(_)) => "action_status",
        Some(TaskType::CreateSyncDiff(_)) => "create_sync_diff",
        Some(TaskType::CompactSyncs(_)) => "compact_syncs",
        Some(TaskType::ListEventFeeds(_)) => "list_event_feeds",
        Some(TaskType::ListEvents(_)) => "list_events",
        Some(TaskType::IssueCredential(_)) => "issue_credential",
    }
}
