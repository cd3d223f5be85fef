//! Errors at the edge: one sentence, what to do, and an exit code. A bug says that it is one.

use crate::config::ConfigError;
use app::query::Refusal;
use app::views::{Candidate, ViewError};
use app::{AppError, ProvisionError};
use atlassian::ApiError;
use baton::c1z::C1zError;
use std::process::ExitCode;
use store::StoreError;
use sync::SyncError;
use twin::TwinError;

/// Exit codes, as the help lists them.
pub mod code {
    pub const USAGE: u8 = 2;
    pub const INCOMPLETE: u8 = 3;
    pub const HELD: u8 = 4;
    pub const UNKNOWN_NAME: u8 = 5;
    pub const KEY_REFUSED: u8 = 6;
    pub const ATLASSIAN: u8 = 7;
    pub const STORE: u8 = 8;
    pub const CONFIGURATION: u8 = 9;
    pub const BUSY: u8 = 10;
    pub const NOT_CHANGED: u8 = 11;
    pub const NOT_DELIVERED: u8 = 12;
}

/// An error that is the person's to solve, with nothing more behind it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Told {
    pub message: String,
    pub hint: Option<String>,
    pub code: u8,
}

/// Prints the error with its causes and hint, and answers the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    let mut sentence = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if sentence.is_empty() {
            sentence = text;
        } else if !sentence.ends_with(&text) {
            sentence = format!("{sentence}: {text}");
        }
    }
    eprintln!("orgwarden: {sentence}");
    if let Some(hint) = error.chain().find_map(hint) {
        eprintln!("  {hint}");
    }
    match error.chain().find_map(exit_code) {
        Some(code) => ExitCode::from(code),
        None => {
            eprintln!("  this is not foreseen; please report it with the command that you typed");
            ExitCode::FAILURE
        }
    }
}

type Cause<'a> = &'a (dyn std::error::Error + 'static);

fn hint(cause: Cause<'_>) -> Option<String> {
    if let Some(error) = cause.downcast_ref::<Told>() {
        return error.hint.clone();
    }
    if let Some(TwinError::Capture(_)) = cause.downcast_ref::<TwinError>() {
        return Some("a capture is a folder that orgwarden capture wrote; ask for a whole copy of it".into());
    }
    if let Some(AppError::View(error)) = cause.downcast_ref::<AppError>() {
        return view_hint(error);
    }
    if let Some(error) = cause.downcast_ref::<AppError>() {
        return error.hint();
    }
    if let Some(error) = cause.downcast_ref::<ViewError>() {
        return view_hint(error);
    }
    if let Some(error) = cause.downcast_ref::<SyncError>() {
        return error.hint();
    }
    if let Some(error) = cause.downcast_ref::<ApiError>() {
        return Some(error.hint());
    }
    if let Some(error) = cause.downcast_ref::<C1zError>() {
        return error.hint().map(str::to_owned);
    }
    cause
        .downcast_ref::<StoreError>()
        .and_then(|error| error.hint().map(str::to_owned))
}

fn view_hint(error: &ViewError) -> Option<String> {
    let list = |candidates: &[Candidate]| {
        let named = candidates.iter().map(|candidate| match candidate {
            Candidate { id, name } if id == name => id.clone(),
            Candidate { id, name } => format!("{name} ({id})"),
        });
        named.collect::<Vec<_>>().join("; ")
    };
    match error {
        ViewError::Unknown { nearest, .. } if nearest.is_empty() => Some("nothing is called like it".into()),
        ViewError::Unknown { nearest, .. } => Some(format!("did you mean: {}", list(nearest))),
        ViewError::Ambiguous { candidates, .. } => Some(list(candidates)),
        ViewError::WhichOrganization { candidates } => {
            Some(format!("name one with --org: {}", list(candidates)))
        }
        ViewError::NothingConnected => {
            Some("add a connection with: orgwarden connection add --name NAME --api-key-file FILE".into())
        }
        ViewError::Store(error) => error.hint().map(str::to_owned),
        ViewError::BeforeFirstReading => Some("ask for a later time, or leave --as-of out".into()),
    }
}

fn store_code(error: &StoreError) -> u8 {
    match error {
        StoreError::Taken { .. } => code::USAGE,
        _ => code::STORE,
    }
}

fn exit_code(cause: Cause<'_>) -> Option<u8> {
    if let Some(error) = cause.downcast_ref::<Told>() {
        return Some(error.code);
    }
    if let Some(TwinError::Capture(_)) = cause.downcast_ref::<TwinError>() {
        return Some(code::USAGE);
    }
    if cause.is::<ConfigError>() {
        return Some(code::CONFIGURATION);
    }
    if let Some(error) = cause.downcast_ref::<StoreError>() {
        return Some(store_code(error));
    }
    if let Some(error) = cause.downcast_ref::<ApiError>() {
        return Some(api_code(error));
    }
    if let Some(error) = cause.downcast_ref::<C1zError>() {
        return Some(c1z_code(error));
    }
    if let Some(error) = cause.downcast_ref::<SyncError>() {
        return Some(sync_code(error));
    }
    if let Some(error) = cause.downcast_ref::<ViewError>() {
        return (!matches!(error, ViewError::Store(_))).then_some(code::UNKNOWN_NAME);
    }
    match cause.downcast_ref::<AppError>()? {
        AppError::Store(error) => Some(store_code(error)),
        AppError::Question(Refusal::Database(_) | Refusal::NoRole { .. }) => Some(code::STORE),
        AppError::Question(_) => Some(code::USAGE),
        AppError::Api(error) => Some(api_code(error)),
        AppError::Sync(error) => Some(sync_code(error)),
        AppError::View(error) => (!matches!(error, ViewError::Store(_))).then_some(code::UNKNOWN_NAME),
        AppError::Provision(error) => match error {
            ProvisionError::Store(_) => Some(code::STORE),
            ProvisionError::Read(error) => Some(api_code(error)),
            ProvisionError::Busy { .. } => Some(code::BUSY),
            ProvisionError::NoPlan(_) => Some(code::UNKNOWN_NAME),
            ProvisionError::NotApproved { .. } => Some(code::NOT_CHANGED),
        },
        AppError::NotRead { .. }
        | AppError::NoDirectory { .. }
        | AppError::Contradiction { .. }
        | AppError::PlanState { .. }
        | AppError::OtherHash { .. }
        | AppError::PlanExpired { .. }
        | AppError::OwnPlan { .. }
        | AppError::NoComment { .. }
        | AppError::Guarded { .. }
        | AppError::NotApproved { .. }
        | AppError::WritesOff { .. }
        | AppError::NothingToUndo { .. } => Some(code::NOT_CHANGED),
        AppError::WrongSchedule { .. } | AppError::WrongAlert { .. } | AppError::WrongHook { .. } => {
            Some(code::USAGE)
        }
        AppError::NoMasterKey | AppError::AccessFile(_) | AppError::Rules { .. } => Some(code::CONFIGURATION),
        AppError::Decision { .. } => Some(code::USAGE),
        AppError::FindingClosed { .. } => Some(code::NOT_CHANGED),
        AppError::BackupElsewhere
        | AppError::FileExists { .. }
        | AppError::FolderNotEmpty { .. }
        | AppError::Capture { .. }
        | AppError::Aside { .. } => Some(code::STORE),
        _ => Some(code::UNKNOWN_NAME),
    }
}

fn sync_code(error: &SyncError) -> u8 {
    match error {
        SyncError::Busy { .. } => code::BUSY,
        SyncError::Store(_) => code::STORE,
        SyncError::NotTold { .. } => code::INCOMPLETE,
        SyncError::Read { source, .. } | SyncError::Events { source } => api_code(source),
    }
}

fn c1z_code(error: &C1zError) -> u8 {
    match error {
        C1zError::NoSync { .. } | C1zError::NoSuchSync { .. } | C1zError::NotTwoSyncs { .. } => {
            code::UNKNOWN_NAME
        }
        C1zError::Write { .. } | C1zError::Build { .. } | C1zError::Aside { .. } => code::STORE,
        _ => code::CONFIGURATION,
    }
}

fn api_code(error: &ApiError) -> u8 {
    match error {
        ApiError::Unauthorized { .. } | ApiError::Forbidden { .. } | ApiError::NotFound { .. } => {
            code::KEY_REFUSED
        }
        ApiError::Address { .. } | ApiError::Certificates { .. } => code::CONFIGURATION,
        ApiError::RequestsSpent { .. } => code::INCOMPLETE,
        _ => code::ATLASSIAN,
    }
}
