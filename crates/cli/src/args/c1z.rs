//! Looking into files of the connector protocol.

use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum C1zCommand {
    /// List the syncs in a file
    Show {
        #[command(flatten)]
        file: C1zFile,
    },
    /// List resources with their types
    Resources(C1zList),
    /// List what can be granted
    Entitlements(C1zList),
    /// List who has what
    Grants(C1zList),
    /// What somebody has
    Access {
        #[command(flatten)]
        file: C1zFile,
        /// The type of who has it, such as user
        #[arg(long, value_name = "TYPE")]
        resource_type: String,
        /// The id of who has it
        #[arg(long, value_name = "ID")]
        resource: String,
        /// Look at this sync instead of the latest finished one
        #[arg(long, value_name = "ID")]
        sync: Option<String>,
    },
    /// What is different between the two latest full syncs
    Diff {
        #[command(flatten)]
        file: C1zFile,
    },
    /// How much is in a sync
    Stats {
        #[command(flatten)]
        file: C1zFile,
        /// Look at this sync instead of the latest finished one
        #[arg(long, value_name = "ID")]
        sync: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub struct C1zFile {
    /// The file
    pub file: PathBuf,
    /// Print JSON, as the protocol's own tool does
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, clap::Args)]
pub struct C1zList {
    #[command(flatten)]
    pub file: C1zFile,
    /// Only what is on resources of this type
    #[arg(long, value_name = "TYPE")]
    pub resource_type: Option<String>,
    /// Look at this sync instead of the latest finished one
    #[arg(long, value_name = "ID")]
    pub sync: Option<String>,
    /// At most so many rows; with --json always all
    #[arg(long, default_value_t = 200)]
    pub limit: usize,
}
