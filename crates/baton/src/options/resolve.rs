//! From what was said in all places to [`Options`], or one sentence about what cannot be.

use super::values::{self, Values};
use super::{
    Access, Format, Level, Limits, Logging, Options, OptionsError, RESOURCE_TYPES, Serving, Typed, Wish,
    Writing, wrong,
};
use app::ScimCredential;
use secrecy::SecretString;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// The most requests that are sent at the same time, whatever is asked for.
const MOST_WORKERS: u32 = 256;

impl Options {
    /// Puts together what was said. `folder` is where `.baton.yaml` is looked for.
    pub fn resolve(
        typed: &Typed,
        variable: &dyn Fn(&str) -> Option<OsString>,
        folder: &Path,
    ) -> Result<Options, OptionsError> {
        let values = Values::gather(typed, variable, folder)?;
        values.check()?;
        let wish = wish(&values)?;
        let remarks = values.remarks();
        let calls_nobody = matches!(wish, Wish::ListActions);
        Ok(Options {
            access: access(&values, calls_nobody)?,
            provisioning: values.switch("provisioning")?,
            limits: Limits {
                protected_accounts: values.list("protect-account"),
                changes_per_hour: values.whole("changes-per-hour")?,
            },
            file: file(&values)?,
            writing: writing(&values)?,
            state: values.text("state").map(PathBuf::from),
            temporary_folder: values
                .text("c1z-temp-dir")
                .or_else(|| values.variable("BATON_TMPDIR"))
                .map_or_else(std::env::temp_dir, PathBuf::from),
            decoding: crate::c1z::Limits::told(&|name| values.variable(name)).map_err(OptionsError)?,
            logging: logging(&values)?,
            wish,
            remarks,
        })
    }
}

fn access(values: &Values, calls_nobody: bool) -> Result<Access, OptionsError> {
    let key = values.text("access-token").map(SecretString::from);
    if key.is_none() && !calls_nobody {
        return wrong(
            "there is no access token: give the organization's API key with --access-token or BATON_ACCESS_TOKEN",
        );
    }
    let scim = match (values.text("scim-base-url"), values.text("scim-token")) {
        (Some(url), Some(token)) => Some(ScimCredential {
            url,
            token: token.into(),
        }),
        (None, None) => None,
        (Some(_), None) => {
            return wrong("scim-base-url needs scim-token: accounts are made with the directory's own token");
        }
        (None, Some(_)) => {
            return wrong("scim-token needs scim-base-url: the address is shown together with the token");
        }
    };
    Ok(Access {
        key,
        organization: values.text("organization-id"),
        base_url: values.text("base-url").unwrap_or_default(),
        scim,
        workers: values
            .whole("workers")?
            .and_then(|workers| u32::try_from(workers).ok())
            .filter(|workers| *workers > 0)
            .map(|workers| workers.min(MOST_WORKERS)),
    })
}

fn writing(values: &Values) -> Result<Writing, OptionsError> {
    let engine = values.text("storage-engine").unwrap_or_default();
    if engine != "sqlite" {
        return wrong(format!(
            "storage-engine is \"{engine}\"; this connector writes files that every tool reads, which is sqlite"
        ));
    }
    let resource_types = values.list("sync-resource-types");
    let unknown = resource_types
        .iter()
        .find(|id| !RESOURCE_TYPES.contains(&id.as_str()));
    if let Some(unknown) = unknown {
        return wrong(format!(
            "sync-resource-types names \"{unknown}\"; there are {}",
            RESOURCE_TYPES.join(", ")
        ));
    }
    let keep = match values.variable("BATON_KEEP_SYNC_COUNT") {
        None => 2,
        Some(count) => match count.parse::<usize>() {
            Ok(count) if count > 0 => count,
            _ => {
                return wrong(format!(
                    "BATON_KEEP_SYNC_COUNT is \"{count}\"; it must be at least 1"
                ));
            }
        },
    };
    let keeps_all = match values.variable("BATON_SKIP_CLEANUP") {
        None => false,
        Some(text) => values::truth("BATON_SKIP_CLEANUP", &text)?,
    };
    Ok(Writing {
        resource_types,
        skip_entitlements_and_grants: values.switch("skip-entitlements-and-grants")?,
        skip_grants: values.switch("skip-grants")?,
        is_empty: values.switch("skip-full-sync")?,
        with_indexes: values.switch("indexes")?,
        keep: (!keeps_all).then_some(keep),
    })
}

fn wish(values: &Values) -> Result<Wish, OptionsError> {
    if let Some(client_id) = values.text("client-id") {
        return serving(values, client_id);
    }
    if values.text("client-secret").is_some() {
        return wrong("client-secret needs client-id: both come from the server that gives out tasks");
    }
    let text = |name: &str| values.text(name);
    let or_default = |name: &str| values.text(name).unwrap_or_default();
    if let Some(entitlement) = text("grant-entitlement") {
        let Some(principal) = text("grant-principal") else {
            return wrong(
                "grant-entitlement needs grant-principal: the id of the account or group to give it to",
            );
        };
        return Ok(Wish::Grant {
            entitlement,
            principal,
            principal_type: or_default("grant-principal-type"),
        });
    }
    if text("grant-principal").is_some() {
        return wrong("grant-principal needs grant-entitlement: the id of what is to be given");
    }
    if let Some(grant) = text("revoke-grant") {
        return Ok(Wish::Revoke { grant });
    }
    for name in ["invoke-action-resource-type", "list-action-schemas-resource-type"] {
        if let Some(of) = text(name) {
            return wrong(format!(
                "{name} is \"{of}\"; no action here is of a type of resources: leave it out"
            ));
        }
    }
    if let Some(other) = text("create-account-resource-type").filter(|of| of != "user") {
        return wrong(format!(
            "create-account-resource-type is \"{other}\"; the only accounts are of type user"
        ));
    }
    let (login, email) = (text("create-account-login"), text("create-account-email"));
    if let Some(profile) = text("create-account-profile") {
        return Ok(Wish::CreateAccount {
            profile: values::object("create-account-profile", &profile)?,
            login,
            email,
        });
    }
    match (login, email) {
        (None, None) => {}
        (None, Some(_)) => {
            return wrong(
                "create-account-email needs create-account-login: the user name of the account to make",
            );
        }
        (Some(login), email) => {
            return Ok(Wish::CreateAccount {
                profile: serde_json::Map::new(),
                login: Some(login),
                email,
            });
        }
    }
    if let Some(name) = text("invoke-action") {
        return Ok(Wish::InvokeAction {
            name,
            arguments: values::object("invoke-action-args", &or_default("invoke-action-args"))?,
        });
    }
    if values.switch("list-action-schemas")? {
        return Ok(Wish::ListActions);
    }
    if let Some(id) = text("delete-resource") {
        return Ok(Wish::Delete {
            id,
            resource_type: or_default("delete-resource-type"),
        });
    }
    values.nothing_half_wished()?;
    Ok(Wish::Sync)
}

/// Where a connector of these settings tells its health, whether or not it does.
pub fn health_address(
    typed: &Typed,
    variable: &dyn Fn(&str) -> Option<OsString>,
    folder: &Path,
) -> Result<SocketAddr, OptionsError> {
    health(&Values::gather(typed, variable, folder)?)
}

fn health(values: &Values) -> Result<SocketAddr, OptionsError> {
    let address = values.text("health-check-bind-address").unwrap_or_default();
    let Ok(ip) = address.parse::<IpAddr>() else {
        return wrong(format!(
            "health-check-bind-address is \"{address}\", which is no address such as 127.0.0.1"
        ));
    };
    let port = values.whole("health-check-port")?.unwrap_or_default();
    Ok(SocketAddr::new(ip, u16::try_from(port).unwrap_or_default()))
}

fn serving(values: &Values, client_id: String) -> Result<Wish, OptionsError> {
    let Some(client_secret) = values.text("client-secret") else {
        return wrong("client-id needs client-secret: both come from the server that gives out tasks");
    };
    let health = values
        .switch("health-check")?
        .then(|| health(values))
        .transpose()?;
    let concurrency = values.whole("task-concurrency")?.unwrap_or(1);
    Ok(Wish::Serve(Box::new(Serving {
        client_id,
        client_secret: client_secret.into(),
        server: values.variable("BATON_C1_API_HOST"),
        host_id: host_id(values)?,
        task_concurrency: usize::try_from(concurrency).unwrap_or(1),
        health,
        certificates: values.variable("SSL_CERT_FILE").map(PathBuf::from),
    })))
}

fn file(values: &Values) -> Result<PathBuf, OptionsError> {
    match values.text("file") {
        Some(file) => Ok(file.into()),
        None => wrong("file is empty; name the file to write, or leave it out for sync.c1z"),
    }
}

fn host_id(values: &Values) -> Result<String, OptionsError> {
    let named = values.variable("BATON_HOST_ID").or_else(machine_name);
    let name = named.unwrap_or_else(|| "baton-sdk".to_owned());
    if name.len() > 256 {
        return wrong("BATON_HOST_ID is longer than the 256 characters that a server takes");
    }
    Ok(name)
}

/// The machine's name, where the system tells it without a call of its own.
pub(crate) fn machine_name() -> Option<String> {
    let of_linux = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = of_linux
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .or_else(|| std::env::var("HOSTNAME").ok());
    named
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
}

fn logging(values: &Values) -> Result<Logging, OptionsError> {
    let level = values.text("log-level").unwrap_or_default();
    let level = match level.to_lowercase().as_str() {
        "debug" | "trace" => Level::Debug,
        "info" => Level::Info,
        "warn" | "warning" => Level::Warn,
        "error" => Level::Error,
        _ => {
            return wrong(format!(
                "log-level is \"{level}\"; it must be debug, info, warn or error"
            ));
        }
    };
    let format = match values.text("log-format").as_deref() {
        None => None,
        Some("json") => Some(Format::Json),
        Some("console") => Some(Format::Console),
        Some(other) => return wrong(format!("log-format is \"{other}\"; it must be json or console")),
    };
    let debug_until_ms = match values.text("log-level-debug-expires-at") {
        None => None,
        Some(text) => match text.parse::<jiff::Timestamp>() {
            Ok(at) => Some(at.as_millisecond()),
            Err(_) => {
                return wrong(format!(
                    "log-level-debug-expires-at is \"{text}\", which is no time such as 2026-11-22T18:00:00Z"
                ));
            }
        },
    };
    Ok(Logging {
        level,
        debug_until_ms,
        format,
        paths: values.list("log-path"),
    })
}
