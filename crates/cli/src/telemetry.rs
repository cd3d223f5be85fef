//! Logging: to standard error, filtered, without personal data.

use crate::config::ConfigError;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts logging.
pub fn start(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| ConfigError(format!("log is \"{filter}\", which is no filter: {error}")))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .finish();
    // Fails only when logging was started before, which is just as well.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}
