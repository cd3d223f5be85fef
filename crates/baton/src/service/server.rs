//! The server: its calls, each with a token, a limit of time and an error that says which call it was.

use super::credentials::{ClientId, SigningKey, host_and_port};
use super::token::Tokens;
use super::trust::Trust;
use super::{ServiceError, host, presentable, way};
use crate::describe;
use crate::options::Serving;
use crate::proto::c1::connectorapi::baton::v1::baton_service_client::BatonServiceClient;
use crate::proto::c1::connectorapi::baton::v1::baton_service_upload_asset_request::{
    Msg, UploadData, UploadEof, UploadMetadata,
};
use crate::proto::c1::connectorapi::baton::v1::{
    BatonServiceFinishTaskRequest, BatonServiceGetTaskRequest, BatonServiceGetTaskResponse,
    BatonServiceHeartbeatRequest, BatonServiceHeartbeatResponse, BatonServiceHelloRequest,
    BatonServiceUploadAssetRequest, StartDebuggingRequest,
};
use futures::Stream;
use model::Clock;
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// A server takes at most 1 MiB at a time.
const PART_BYTES: usize = 512 * 1024;

/// The server that gives out tasks.
pub struct Server {
    calls: BatonServiceClient<Channel>,
    tokens: Tokens,
    host_id: String,
}

impl Server {
    /// Prepares to call a server; nothing is sent yet.
    pub fn new(serving: &Serving, clock: Arc<dyn Clock>) -> Result<Server, ServiceError> {
        let client = ClientId::parse(&serving.client_id)?;
        let key = SigningKey::parse(&serving.client_secret)?;
        let trust = Trust::load(serving.certificates.as_deref())?;
        let host = serving.server.as_deref().unwrap_or(&client.host);
        let (name, port) = host_and_port(host);
        let authority = format!("{name}:{}", port.unwrap_or(443));
        let unusable = |_| ServiceError::Host(presentable(host));
        let endpoint = Endpoint::from_shared(format!("https://{authority}"))
            .map_err(unusable)?
            .user_agent(format!("{} orgwarden/{}", client.name, env!("CARGO_PKG_VERSION")))
            .map_err(unusable)?
            .tls_config(trust.calls())
            .map_err(|error| ServiceError::Client(error.to_string()))?
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        Ok(Server {
            calls: BatonServiceClient::new(way::channel(&endpoint)?),
            tokens: Tokens::new(client, key, &authority, &trust, clock)?,
            host_id: serving.host_id.clone(),
        })
    }

    /// Says which connector this is. `task` is the task that asked for it; empty at the start.
    pub async fn hello(&self, task: &str) -> Result<(), ServiceError> {
        let request = BatonServiceHelloRequest {
            host_id: self.host_id.clone(),
            task_id: task.to_owned(),
            build_info: Some(host::build_info()),
            os_info: Some(host::os_info()),
            connector_metadata: Some(describe::metadata()),
            annotations: Vec::new(),
        };
        self.call("Hello", CALL_TIMEOUT, request, |mut calls, request| async move {
            calls.hello(request).await
        })
        .await?;
        Ok(())
    }

    /// Asks for the next task.
    pub async fn next_task(&self) -> Result<BatonServiceGetTaskResponse, ServiceError> {
        let request = BatonServiceGetTaskRequest {
            host_id: self.host_id.clone(),
        };
        self.call(
            "GetTask",
            CALL_TIMEOUT,
            request,
            |mut calls, request| async move { calls.get_task(request).await },
        )
        .await
    }

    /// Says that a task is being worked on.
    pub async fn heartbeat(&self, task: &str) -> Result<BatonServiceHeartbeatResponse, ServiceError> {
        let request = BatonServiceHeartbeatRequest {
            host_id: self.host_id.clone(),
            task_id: task.to_owned(),
            ..BatonServiceHeartbeatRequest::default()
        };
        self.call(
            "Heartbeat",
            CALL_TIMEOUT,
            request,
            |mut calls, request| async move { calls.heartbeat(request).await },
        )
        .await
    }

    /// Ends a task.
    pub async fn finish(&self, mut request: BatonServiceFinishTaskRequest) -> Result<(), ServiceError> {
        request.host_id.clone_from(&self.host_id);
        self.call(
            "FinishTask",
            CALL_TIMEOUT,
            request,
            |mut calls, request| async move { calls.finish_task(request).await },
        )
        .await?;
        Ok(())
    }

    /// Asks whether the log of readings is wanted.
    pub async fn wants_debugging(&self) -> Result<bool, ServiceError> {
        let request = StartDebuggingRequest {};
        let call = self.call(
            "StartDebugging",
            CALL_TIMEOUT,
            request,
            |mut calls, request| async move { calls.start_debugging(request).await },
        );
        Ok(call.await?.status)
    }

    /// Sends a file that belongs to a task, part by part and with its checksum at the end.
    pub async fn upload(&self, task: &str, file: &Path) -> Result<(), ServiceError> {
        let opened = File::open(file).await.map_err(ServiceError::Upload)?;
        let failed = Arc::new(Mutex::new(None));
        let parts = parts(self.host_id.clone(), task.to_owned(), opened, Arc::clone(&failed));
        let mut calls = self.calls.clone();
        let mut request = Request::new(parts);
        self.authorize(&mut request).await?;
        let sent = tokio::time::timeout(UPLOAD_TIMEOUT, calls.upload_asset(request)).await;
        if let Some(error) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(ServiceError::Upload(error));
        }
        self.understood("UploadAsset", sent).await?;
        Ok(())
    }

    /// Makes a call with a token. One that the server does not take any more is replaced once.
    async fn call<Q, A, F>(
        &self,
        call: &'static str,
        limit: Duration,
        request: Q,
        send: impl Fn(BatonServiceClient<Channel>, Request<Q>) -> F,
    ) -> Result<A, ServiceError>
    where
        Q: Clone,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let mut is_second = false;
        loop {
            let mut request = Request::new(request.clone());
            self.authorize(&mut request).await?;
            let sent = tokio::time::timeout(limit, send(self.calls.clone(), request)).await;
            match self.understood(call, sent).await {
                Err(ServiceError::Call {
                    code: Code::Unauthenticated,
                    ..
                }) if !is_second => is_second = true,
                answer => return answer,
            }
        }
    }

    async fn authorize<Q>(&self, request: &mut Request<Q>) -> Result<(), ServiceError> {
        let authorization = self.tokens.authorization().await?;
        let value = MetadataValue::<Ascii>::try_from(authorization.expose_secret());
        let mut value = value.map_err(|_| ServiceError::TokenNotUnderstood)?;
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
        Ok(())
    }

    async fn understood<A>(
        &self,
        call: &'static str,
        sent: Result<Result<Response<A>, Status>, tokio::time::error::Elapsed>,
    ) -> Result<A, ServiceError> {
        match sent {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => {
                if status.code() == Code::Unauthenticated {
                    self.tokens.forget().await;
                }
                Err(ServiceError::Call {
                    call,
                    code: status.code(),
                    what: presentable(&told(&status)),
                })
            }
            Err(_) => Err(ServiceError::Call {
                call,
                code: Code::DeadlineExceeded,
                what: "no answer in time".to_owned(),
            }),
        }
    }
}

/// What a status says, with its cause if the call never reached the server.
fn told(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Why a file could not be read to its end.
type ReadFailure = Arc<Mutex<Option<std::io::Error>>>;

/// What is still to be sent of a file.
enum Left {
    Metadata(Sending),
    Data(Sending),
    Nothing,
}

struct Sending {
    host_id: String,
    task_id: String,
    file: File,
    checksum: Sha256,
    failed: ReadFailure,
}

/// The parts of an upload. A file that cannot be read ends them without a checksum, so that the server takes nothing.
fn parts(
    host_id: String,
    task_id: String,
    file: File,
    failed: ReadFailure,
) -> impl Stream<Item = BatonServiceUploadAssetRequest> + Send + 'static {
    let sending = Sending {
        host_id,
        task_id,
        file,
        checksum: Sha256::new(),
        failed,
    };
    futures::stream::unfold(Left::Metadata(sending), next_part)
}

async fn next_part(left: Left) -> Option<(BatonServiceUploadAssetRequest, Left)> {
    let part = |message| BatonServiceUploadAssetRequest { msg: Some(message) };
    match left {
        Left::Metadata(sending) => {
            let metadata = UploadMetadata {
                host_id: sending.host_id.clone(),
                task_id: sending.task_id.clone(),
            };
            Some((part(Msg::Metadata(metadata)), Left::Data(sending)))
        }
        Left::Data(mut sending) => {
            let mut data = Vec::with_capacity(PART_BYTES);
            let limited = (&mut sending.file).take(PART_BYTES as u64);
            let mut limited = limited;
            if let Err(error) = limited.read_to_end(&mut data).await {
                *sending.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return None;
            }
            if data.is_empty() {
                let end = UploadEof {
                    sha256_checksum: sending.checksum.finalize().to_vec(),
                };
                return Some((part(Msg::Eof(end)), Left::Nothing));
            }
            sending.checksum.update(&data);
            Some((part(Msg::Data(UploadData { data })), Left::Data(sending)))
        }
        Left::Nothing => None,
    }
}
