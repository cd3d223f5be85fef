//! The connector's command line, made from its table of flags: the same below `orgwarden connector` and for a program
//! that is called `baton-atlassian`.

use baton::options::Typed;
use baton::options::flags::{FLAGS, Flag, Kind};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use std::path::PathBuf;

/// What was typed.
#[derive(Debug, Default)]
pub struct ConnectorArgs {
    /// Values by the names of flags.
    pub typed: Typed,
    /// What is to be done besides what the flags say.
    pub command: Option<ConnectorCommand>,
}

/// What can be done besides what the flags say.
#[derive(Debug)]
pub enum ConnectorCommand {
    /// Print what the connector can do.
    Capabilities,
    /// Print what the connector can be told.
    Config,
    /// Print a script for a shell.
    Completion(Shell),
    /// Ask a running connector whether it is well.
    HealthCheck {
        /// What to ask.
        endpoint: String,
        /// How many seconds to wait.
        timeout_s: u64,
    },
    /// Print the version.
    Version,
}

/// Adds the connector's flags and commands.
pub fn augment(command: Command) -> Command {
    let mut command = command
        .disable_version_flag(true)
        .args_override_self(true)
        .arg(
            Arg::new("version")
                .long("version")
                .short('v')
                .action(ArgAction::SetTrue)
                .help("Print the version"),
        )
        .args(FLAGS.iter().map(arg));
    for (name, about) in [
        ("capabilities", "Print what the connector can do, as JSON"),
        ("config", "Print what the connector can be told, as JSON"),
    ] {
        command = command.subcommand(with_flags(Command::new(name).about(about)));
    }
    let shell = Arg::new("shell")
        .required(true)
        .value_parser(value_parser!(Shell));
    let completion = Command::new("completion").about("Print a script with which a shell completes flags");
    let endpoint = Arg::new("endpoint")
        .long("endpoint")
        .value_parser(["health", "ready", "live"])
        .default_value("health")
        .help("What to ask");
    let timeout = Arg::new("timeout")
        .long("timeout")
        .value_name("SECONDS")
        .value_parser(value_parser!(u64).range(1..=300))
        .default_value("5")
        .help("How long to wait for an answer");
    let health = Command::new("health-check").about("Ask a running connector whether it is well");
    command
        .subcommand(completion.arg(shell))
        .subcommand(with_flags(health).arg(endpoint).arg(timeout))
}

/// The flags again, unseen: they may come before or after the command.
fn with_flags(command: Command) -> Command {
    command
        .args_override_self(true)
        .args(FLAGS.iter().map(|flag| arg(flag).hide(true)))
}

fn arg(flag: &'static Flag) -> Arg {
    let arg = Arg::new(flag.name)
        .long(flag.name)
        .help(match flag.default {
            "" => flag.help.to_owned(),
            default => format!("{} [default: {default}]", flag.help),
        })
        .hide(flag.is_hidden)
        .action(ArgAction::Append);
    let arg = match flag.name {
        "file" => arg.short('f'),
        "provisioning" => arg.short('p'),
        _ => arg,
    };
    match flag.kind {
        Kind::Switch => arg
            .num_args(0..=1)
            .require_equals(true)
            .value_name("true|false")
            .default_missing_value("true"),
        Kind::Whole { .. } => arg.num_args(1).value_name("NUMBER").allow_negative_numbers(true),
        Kind::List => arg.num_args(1).value_name("LIST"),
        Kind::Text | Kind::Secret => arg.num_args(1).value_name("TEXT"),
    }
}

/// What was typed on a command line that [`augment`] made.
pub fn read(matches: &ArgMatches) -> ConnectorArgs {
    let mut args = ConnectorArgs::default();
    take(matches, &mut args.typed);
    if matches.get_flag("version") {
        args.command = Some(ConnectorCommand::Version);
    }
    if let Some((name, below)) = matches.subcommand() {
        args.command = match name {
            "capabilities" => Some(ConnectorCommand::Capabilities),
            "config" => Some(ConnectorCommand::Config),
            "completion" => below
                .get_one::<Shell>("shell")
                .copied()
                .map(ConnectorCommand::Completion),
            _ => {
                take(below, &mut args.typed);
                Some(ConnectorCommand::HealthCheck {
                    endpoint: below.get_one::<String>("endpoint").cloned().unwrap_or_default(),
                    timeout_s: below.get_one::<u64>("timeout").copied().unwrap_or(5),
                })
            }
        };
    }
    args
}

/// Takes what was typed for each flag; of several values of one the last, but all of a list.
fn take(matches: &ArgMatches, typed: &mut Typed) {
    for flag in FLAGS {
        let Some(values) = matches.get_many::<String>(flag.name) else {
            continue;
        };
        let mut values: Vec<String> = values.cloned().collect();
        if flag.kind != Kind::List {
            values = values.pop().into_iter().collect();
        }
        typed.insert(flag.name, values);
    }
}

impl clap::FromArgMatches for ConnectorArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<ConnectorArgs, clap::Error> {
        Ok(read(matches))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = read(matches);
        Ok(())
    }
}

impl clap::Args for ConnectorArgs {
    fn augment_args(command: Command) -> Command {
        // The other commands' settings are refused here with a sentence of their own; help is not to offer them.
        let unseen = |name: &'static str| Arg::new(name).hide(true);
        augment(command)
            .arg(unseen("database").long("database"))
            .arg(
                unseen("config")
                    .long("config")
                    .value_parser(value_parser!(PathBuf)),
            )
            .arg(
                unseen("master_key_file")
                    .long("master-key-file")
                    .value_parser(value_parser!(PathBuf)),
            )
            .arg(unseen("log").long("log"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        ConnectorArgs::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Result<ConnectorArgs, clap::Error> {
        let words = ["baton-atlassian"].iter().chain(words);
        augment(Command::new("baton-atlassian"))
            .try_get_matches_from(words)
            .map(|matches| read(&matches))
    }

    #[test]
    fn flags_are_typed_as_for_the_peer() {
        let args = typed(&[
            "-f",
            "x.c1z",
            "-p",
            "--access-token",
            "k",
            "--workers",
            "-1",
            "--health-check=false",
        ])
        .unwrap();
        assert_eq!(args.typed["file"], ["x.c1z"]);
        assert_eq!(args.typed["provisioning"], ["true"]);
        assert_eq!(args.typed["workers"], ["-1"]);
        assert_eq!(args.typed["health-check"], ["false"]);
        assert!(!args.typed.contains_key("organization-id"));
    }

    #[test]
    fn of_several_values_the_last_counts_but_all_of_a_list() {
        let args = typed(&["--file", "a", "--file=b", "--log-path", "a,b", "--log-path", "c"]).unwrap();
        assert_eq!(args.typed["file"], ["b"]);
        assert_eq!(args.typed["log-path"], ["a,b", "c"]);
    }

    #[test]
    fn flags_may_come_before_or_after_a_command() {
        let args = typed(&["--access-token", "k", "capabilities", "--organization-id", "o"]).unwrap();
        assert!(matches!(args.command, Some(ConnectorCommand::Capabilities)));
        let args = typed(&["health-check", "--endpoint", "live", "--health-check-port", "9"]).unwrap();
        assert_eq!(args.typed["health-check-port"], ["9"]);
        assert!(
            matches!(args.command, Some(ConnectorCommand::HealthCheck { endpoint, timeout_s: 5 }) if endpoint == "live")
        );
    }

    #[test]
    fn what_is_no_flag_is_refused() {
        assert!(typed(&["--acess-token", "k"]).is_err());
        assert!(typed(&["sync"]).is_err());
    }

    #[test]
    fn the_command_line_is_sound() {
        augment(Command::new("baton-atlassian")).debug_assert();
    }
}
