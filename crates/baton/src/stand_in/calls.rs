//! The calls of the service.

use super::{Finished, Heard, Shared};
use crate::proto::c1::connectorapi::baton::v1::baton_service_finish_task_request::FinalState;
use crate::proto::c1::connectorapi::baton::v1::baton_service_server::BatonService;
use crate::proto::c1::connectorapi::baton::v1::baton_service_upload_asset_request::Msg;
use crate::proto::c1::connectorapi::baton::v1::{
    BatonServiceFinishTaskRequest, BatonServiceFinishTaskResponse, BatonServiceGetTaskRequest,
    BatonServiceGetTaskResponse, BatonServiceHeartbeatRequest, BatonServiceHeartbeatResponse,
    BatonServiceHelloRequest, BatonServiceHelloResponse, BatonServiceUploadAssetRequest,
    BatonServiceUploadAssetResponse, StartDebuggingRequest, StartDebuggingResponse, Task,
};
use prost_types::Duration as Length;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Response, Status, Streaming};

/// How long somebody who asks for a task waits for others to end, in real time.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

pub(super) struct Calls(pub Arc<Shared>);

/// What is answered.
type Answer<T> = Result<Response<T>, Status>;

impl Calls {
    /// Lets only those in who have a token, and nobody while nobody is there.
    fn admit<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let mut state = self.0.state();
        if state.unavailable > 0 {
            state.unavailable -= 1;
            return Err(Status::unavailable("nobody is here"));
        }
        let sent = request.metadata().get("authorization");
        let token = sent.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let until_ms = token.and_then(|token| state.tokens.get(token)).copied();
        if until_ms.is_some_and(|until_ms| self.0.now_ms() < until_ms) {
            Ok(())
        } else {
            Err(Status::unauthenticated("the token does not work"))
        }
    }

    /// Lets happen what is due; answers how many milliseconds are left to what comes next.
    fn pass_time(&self) -> Option<i64> {
        let now_ms = self.0.clock.now_ms();
        let mut state = self.0.state();
        while let Some(entry) = state.plan.first_entry()
            && *entry.key() <= now_ms
        {
            for event in entry.remove() {
                state.happen(event);
            }
        }
        state.plan.first_key_value().map(|(at_ms, _)| at_ms - now_ms)
    }

    fn next(&self) -> Next {
        let left_ms = self.pass_time();
        let mut state = self.0.state();
        match state.queue.pop_front() {
            Some(task) => {
                state.under_way.insert(task.id.clone());
                Next::Task(Box::new(task))
            }
            None if state.is_planned && !state.under_way.is_empty() => Next::Wait,
            None => Next::Nothing { left_ms },
        }
    }
}

/// What somebody gets who asks for a task.
enum Next {
    Task(Box<Task>),
    /// There is none; what comes next comes in so many milliseconds.
    Nothing {
        left_ms: Option<i64>,
    },
    /// Others have to end first.
    Wait,
}

fn length(ms: i64) -> Option<Length> {
    Some(Length {
        seconds: ms.div_euclid(1000),
        nanos: i32::try_from(ms.rem_euclid(1000) * 1_000_000).unwrap_or_default(),
    })
}

fn valid(id: &str) -> Result<(), Status> {
    if id.len() == 27 && id.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        Ok(())
    } else {
        Err(Status::invalid_argument("that is no id of a task"))
    }
}

fn valid_host(host: &str) -> Result<(), Status> {
    if (1..=256).contains(&host.len()) {
        Ok(())
    } else {
        Err(Status::invalid_argument("that is no host id"))
    }
}

#[tonic::async_trait]
impl BatonService for Calls {
    async fn hello(&self, request: Request<BatonServiceHelloRequest>) -> Answer<BatonServiceHelloResponse> {
        self.admit(&request)?;
        let hello = request.into_inner();
        valid_host(&hello.host_id)?;
        let os = hello.os_info.ok_or_else(|| Status::invalid_argument("os_info"))?;
        let texts = [
            os.hostname,
            os.os,
            os.platform,
            os.platform_version,
            os.platform_family,
            os.kernel_version,
            os.kernel_arch,
            os.virtualization_system,
        ];
        if texts.iter().any(String::is_empty) || hello.build_info.is_none() {
            return Err(Status::invalid_argument("something is empty"));
        }
        let metadata = hello
            .connector_metadata
            .ok_or_else(|| Status::invalid_argument("metadata"))?;
        if metadata.capabilities.is_none() {
            return Err(Status::invalid_argument("capabilities"));
        }
        self.0.state().under_way.remove(&hello.task_id);
        self.0.hear(Heard::Hello(hello.task_id));
        Ok(Response::new(BatonServiceHelloResponse::default()))
    }

    async fn get_task(
        &self,
        request: Request<BatonServiceGetTaskRequest>,
    ) -> Answer<BatonServiceGetTaskResponse> {
        self.admit(&request)?;
        valid_host(&request.get_ref().host_id)?;
        let mut next_poll = Some(Length::default());
        let waited = tokio::time::timeout(LONGEST_WAIT, async {
            loop {
                let changed = self.0.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                match self.next() {
                    Next::Task(task) => return Some(task),
                    Next::Nothing { left_ms } => {
                        next_poll = left_ms.and_then(length).or_else(|| length(0));
                        self.0.changed.notify_waiters();
                        return None;
                    }
                    Next::Wait => {}
                }
                changed.await;
            }
        });
        let task = waited
            .await
            .map_err(|_| Status::unavailable("a task does not end"))?;
        // What is not wanted any more is to hear of it soon.
        let is_cancelled = |task: &Task| self.0.state().cancelled.contains(&task.id);
        let next_heartbeat = task
            .as_ref()
            .filter(|task| is_cancelled(task))
            .and_then(|_| length(1000));
        Ok(Response::new(BatonServiceGetTaskResponse {
            task: task.map(|task| *task),
            next_poll,
            next_heartbeat,
            ..BatonServiceGetTaskResponse::default()
        }))
    }

    async fn heartbeat(
        &self,
        request: Request<BatonServiceHeartbeatRequest>,
    ) -> Answer<BatonServiceHeartbeatResponse> {
        self.admit(&request)?;
        let heartbeat = request.into_inner();
        valid(&heartbeat.task_id)?;
        let cancelled = self.0.state().cancelled.contains(&heartbeat.task_id);
        self.0.hear(Heard::Heartbeat(heartbeat.task_id));
        Ok(Response::new(BatonServiceHeartbeatResponse {
            cancelled,
            ..BatonServiceHeartbeatResponse::default()
        }))
    }

    async fn finish_task(
        &self,
        request: Request<BatonServiceFinishTaskRequest>,
    ) -> Answer<BatonServiceFinishTaskResponse> {
        self.admit(&request)?;
        let finish = request.into_inner();
        valid(&finish.task_id)?;
        let status = finish.status.unwrap_or_default();
        let (is_success, is_final, response) = match finish.final_state {
            Some(FinalState::Success(success)) => (true, true, success.response),
            Some(FinalState::Error(error)) => (false, error.non_retryable, error.response),
            None => return Err(Status::invalid_argument("final_state")),
        };
        if is_success != (status.code == 0) {
            return Err(Status::invalid_argument(
                "a success has no status, an error has one",
            ));
        }
        let mut state = self.0.state();
        state.under_way.remove(&finish.task_id);
        let is_lost = state.lost_ends > 0;
        state.lost_ends = state.lost_ends.saturating_sub(1);
        drop(state);
        self.0.hear(Heard::Finished(Finished {
            task: finish.task_id,
            code: status.code,
            message: status.message,
            is_final,
            response,
        }));
        if is_lost {
            return Err(Status::unavailable("it was not written down"));
        }
        Ok(Response::new(BatonServiceFinishTaskResponse::default()))
    }

    async fn upload_asset(
        &self,
        request: Request<Streaming<BatonServiceUploadAssetRequest>>,
    ) -> Answer<BatonServiceUploadAssetResponse> {
        self.admit(&request)?;
        let mut parts = request.into_inner();
        let wrong = |what: &str| Status::invalid_argument(what);
        let Some(Some(Msg::Metadata(metadata))) = parts.message().await?.map(|part| part.msg) else {
            return Err(wrong("metadata comes first"));
        };
        valid(&metadata.task_id)?;
        let mut bytes = Vec::new();
        while let Some(part) = parts.message().await? {
            match part.msg {
                Some(Msg::Data(data)) if (1..=1 << 20).contains(&data.data.len()) => bytes.extend(data.data),
                Some(Msg::Eof(end)) => {
                    if end.sha256_checksum != Sha256::digest(&bytes).to_vec() {
                        return Err(Status::data_loss("the checksum is another"));
                    }
                    self.0.hear(Heard::Uploaded {
                        task: metadata.task_id,
                        bytes,
                    });
                    return Ok(Response::new(BatonServiceUploadAssetResponse::default()));
                }
                _ => return Err(wrong("parts are of 1 byte to 1 MiB")),
            }
        }
        Err(wrong("there was no end"))
    }

    async fn start_debugging(
        &self,
        request: Request<StartDebuggingRequest>,
    ) -> Answer<StartDebuggingResponse> {
        self.admit(&request)?;
        self.0.hear(Heard::Debugging);
        let status = self.0.state().wants_logs;
        Ok(Response::new(StartDebuggingResponse { status }))
    }
}
