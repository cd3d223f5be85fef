//! Where settings come from: flags, then the environment, then the configuration file, then the defaults.
//!
//! A key of the file that is not known is refused with the nearest one that is.

use crate::args::Settings;
use anyhow::Context as _;
use atlassian::Options;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use store::MasterKey;

/// The settings of one run of the program.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database's address.
    pub database: String,
    /// Where the master key comes from.
    pub master_key: MasterKeySource,
    /// What to log.
    pub log: String,
    /// Where `serve` listens.
    pub listen: Option<SocketAddr>,
    /// Where rules of one's own lie.
    pub rules_folder: Option<PathBuf>,
    /// For how many days the audit archive keeps events; for ever if it is not said.
    pub keep_events_days: Option<u32>,
    /// How Atlassian is called; the address is a connection's own.
    pub api: Options,
}

/// Where the master key comes from.
#[derive(Debug, Clone)]
pub enum MasterKeySource {
    /// A file, made if it is missing.
    File(PathBuf),
    /// The environment variable `ORGWARDEN_MASTER_KEY`.
    Environment,
    /// What a command prints.
    Command(String),
}

/// A setting that is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// The keys of the configuration file, with what they mean. `docs/configuration.md` is checked against this list.
pub const KEYS: [(&str, &str); 11] = [
    (
        "database",
        "address of the database, sqlite:FILE or postgres://USER@HOST/NAME",
    ),
    ("master_key_file", "file of the master key, made if it is missing"),
    ("master_key_command", "a command that prints the master key"),
    ("log", "what to log, such as info or sync=debug"),
    ("listen", "where serve listens"),
    ("rules_folder", "folder with rules of your own"),
    (
        "keep_events_days",
        "for how many days the audit archive keeps events, for ever if it is not said",
    ),
    (
        "rate_share",
        "largest share of Atlassian's announced request budget to use, 0 to 1",
    ),
    ("max_concurrency", "most requests at the same time"),
    ("max_requests", "most requests of one reading"),
    (
        "ca_file",
        "file of certificates to trust besides the machine's, in PEM form",
    ),
];

impl Config {
    /// Puts the settings together.
    pub fn load(settings: &Settings) -> anyhow::Result<Config> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Config::from_parts(settings, &variable)
    }

    fn from_parts(
        settings: &Settings,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> anyhow::Result<Config> {
        let text = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
        let file = settings
            .config
            .clone()
            .or_else(|| variable("ORGWARDEN_CONFIG").map(PathBuf::from));
        let table = match &file {
            Some(file) => read(file)?,
            None => {
                let usual = config_folder(variable).join("config.toml");
                if usual.exists() {
                    read(&usual)?
                } else {
                    toml::Table::new()
                }
            }
        };
        let in_file = |key: &str| -> anyhow::Result<Option<String>> {
            match table.get(key) {
                None => Ok(None),
                Some(toml::Value::String(text)) => Ok(Some(text.clone())),
                Some(other) => wrong(format!("{key} in the configuration must be a text, not {other}")),
            }
        };
        let number = |key: &str| -> anyhow::Result<Option<f64>> {
            match table.get(key) {
                None => Ok(None),
                Some(toml::Value::Integer(number)) => Ok(Some(*number as f64)),
                Some(toml::Value::Float(number)) => Ok(Some(*number)),
                Some(other) => wrong(format!(
                    "{key} in the configuration must be a number, not {other}"
                )),
            }
        };
        let database = settings
            .database
            .clone()
            .or_else(|| text("ORGWARDEN_DATABASE"))
            .or(in_file("database")?)
            .unwrap_or_else(|| format!("sqlite:{}", data_folder(variable).join("orgwarden.db").display()));
        let key_file = settings
            .master_key_file
            .clone()
            .or_else(|| variable("ORGWARDEN_MASTER_KEY_FILE").map(PathBuf::from));
        let master_key = match (
            key_file,
            in_file("master_key_file")?,
            in_file("master_key_command")?,
        ) {
            (Some(file), _, _) => MasterKeySource::File(file),
            (None, _, _) if variable("ORGWARDEN_MASTER_KEY").is_some() => MasterKeySource::Environment,
            (None, Some(_), Some(_)) => {
                return wrong(
                    "the configuration names both master_key_file and master_key_command; keep one".into(),
                );
            }
            (None, Some(file), None) => MasterKeySource::File(file.into()),
            (None, None, Some(command)) => MasterKeySource::Command(command),
            (None, None, None) => MasterKeySource::File(config_folder(variable).join("master.key")),
        };
        let log = settings
            .log
            .clone()
            .or_else(|| text("ORGWARDEN_LOG"))
            .or(in_file("log")?);
        let listen = match text("ORGWARDEN_LISTEN").or(in_file("listen")?) {
            None => None,
            Some(text) => match text.parse() {
                Ok(address) => Some(address),
                Err(_) => {
                    return wrong(format!(
                        "listen is \"{text}\", which is no address such as 127.0.0.1:8080"
                    ));
                }
            },
        };
        let mut api = Options::new("");
        if let Some(share) = number("rate_share")? {
            if !(share > 0.0 && share <= 1.0) {
                return wrong(format!("rate_share is {share}; it must be above 0 and at most 1"));
            }
            api.rate_share = share;
        }
        if let Some(most) = number("max_concurrency")? {
            if !(1.0..=256.0).contains(&most) {
                return wrong(format!("max_concurrency is {most}; it must be from 1 to 256"));
            }
            api.max_concurrency = most as u32;
        }
        if let Some(most) = number("max_requests")? {
            if most < 1.0 {
                return wrong(format!("max_requests is {most}; it must be at least 1"));
            }
            api.max_requests = Some(most as u64);
        }
        api.ca_file = variable("ORGWARDEN_CA_FILE")
            .map(PathBuf::from)
            .or(in_file("ca_file")?.map(PathBuf::from));
        let rules_folder = variable("ORGWARDEN_RULES_FOLDER")
            .map(PathBuf::from)
            .or(in_file("rules_folder")?.map(PathBuf::from));
        let keep_events_days = match number("keep_events_days")? {
            None => None,
            Some(days) if (1.0..=36_500.0).contains(&days) && days.fract() == 0.0 => Some(days as u32),
            Some(days) => {
                return wrong(format!(
                    "keep_events_days is {days}; it must be a whole number from 1 to 36500, or be left out"
                ));
            }
        };
        Ok(Config {
            rules_folder,
            keep_events_days,
            database,
            master_key,
            log: log.unwrap_or_else(|| "warn".into()),
            listen,
            api,
        })
    }
}

impl MasterKeySource {
    /// Gets the key.
    pub fn load(&self) -> anyhow::Result<MasterKey> {
        match self {
            MasterKeySource::File(file) => Ok(MasterKey::from_file(file)?),
            MasterKeySource::Environment => {
                let text = std::env::var("ORGWARDEN_MASTER_KEY").unwrap_or_default();
                Ok(MasterKey::from_hex(&text)?)
            }
            MasterKeySource::Command(command) => {
                let output = std::process::Command::new("sh").arg("-c").arg(command).output();
                let output = output.context("cannot run master_key_command")?;
                if !output.status.success() {
                    return wrong(format!("master_key_command ended with {}", output.status));
                }
                Ok(MasterKey::from_hex(&String::from_utf8_lossy(&output.stdout))?)
            }
        }
    }
}

fn wrong<T>(what: String) -> anyhow::Result<T> {
    Err(ConfigError(what).into())
}

fn read(file: &Path) -> anyhow::Result<toml::Table> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| ConfigError(format!("cannot read the configuration {name}: {error}")))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        ConfigError(format!("{name} is not valid TOML: {}", error.message()))
    })?;
    for key in table.keys() {
        if !KEYS.iter().any(|(known, _)| known == key) {
            let near = KEYS
                .iter()
                .map(|(known, _)| *known)
                .max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
            let near = near.unwrap_or_default();
            return wrong(format!(
                "{name}: there is no setting \"{key}\"; the nearest is \"{near}\""
            ));
        }
    }
    Ok(table)
}

fn home(variable: &dyn Fn(&str) -> Option<OsString>) -> PathBuf {
    variable("HOME").map_or_else(|| PathBuf::from("."), PathBuf::from)
}

fn config_folder(variable: &dyn Fn(&str) -> Option<OsString>) -> PathBuf {
    let base = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    base.unwrap_or_else(|| home(variable).join(".config"))
        .join("orgwarden")
}

fn data_folder(variable: &dyn Fn(&str) -> Option<OsString>) -> PathBuf {
    let base = variable("XDG_DATA_HOME").map(PathBuf::from);
    base.unwrap_or_else(|| home(variable).join(".local/share"))
        .join("orgwarden")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: Option<impl AsRef<[u8]>>, variables: &[(&str, &str)]) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        if let Some(text) = file {
            let path = folder.path().join("c.toml");
            std::fs::write(&path, text).unwrap();
            settings.config = Some(path);
        }
        let home = folder.path().as_os_str().to_owned();
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found
                .map(|(_, value)| OsString::from(value))
                .or_else(|| (name == "HOME").then(|| home.clone()))
        };
        Config::from_parts(&settings, &variable)
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = Some("database = \"sqlite:file.db\"\nrate_share = 0.25");
        let config = load(file, &[("ORGWARDEN_DATABASE", "sqlite:env.db")]).unwrap();
        assert_eq!(config.database, "sqlite:env.db");
        assert_eq!(config.api.rate_share, 0.25);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest() {
        let error = load(Some("databse = \"sqlite:x\""), &[]).unwrap_err().to_string();
        assert!(
            error.contains("\"databse\"") && error.contains("\"database\""),
            "{error}"
        );
    }

    #[test]
    fn a_share_above_one_is_refused() {
        assert!(load(Some("rate_share = 2"), &[]).is_err());
    }

    #[test]
    fn events_are_kept_for_whole_days_or_for_ever() {
        assert_eq!(
            load(Some("keep_events_days = 400"), &[])
                .unwrap()
                .keep_events_days,
            Some(400)
        );
        assert_eq!(load(Some(""), &[]).unwrap().keep_events_days, None);
        for wrong in ["0", "-1", "1.5", "1e9"] {
            assert!(
                load(Some(format!("keep_events_days = {wrong}")), &[]).is_err(),
                "{wrong}"
            );
        }
    }

    /// Whether a file is a configuration; if not, the error must be one sentence about the configuration.
    fn is_understood(file: &[u8]) -> bool {
        match load(Some(file), &[]) {
            Ok(_) => true,
            Err(error) => {
                let said = error.to_string();
                assert!(error.is::<ConfigError>(), "{said}");
                assert!(!said.trim().contains('\n') && said.len() < 600, "{said:?}");
                false
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

        #[test]
        fn any_bytes_are_a_configuration_or_one_sentence(file in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120)) {
            is_understood(&file);
        }

        #[test]
        fn any_value_of_a_known_key_is_a_configuration_or_one_sentence(
            key in proptest::sample::select(KEYS.map(|(key, _)| key).to_vec()),
            value in "(\"[^\"\\\\]{0,20}\"|-?[0-9]{1,22}|[0-9]{1,3}\\.[0-9]{1,3}|nan|-inf|true|\\[[0-9, ]{0,8}\\]|\\{ a = 1 \\}|.{0,12})",
        ) {
            is_understood(format!("{key} = {value}\n").as_bytes());
        }
    }

    #[test]
    fn a_file_nested_without_end_is_refused() {
        assert!(!is_understood(
            format!("log = {}", "[".repeat(200_000)).as_bytes()
        ));
        assert!(!is_understood(format!("{}x = 1", "a.".repeat(20_000)).as_bytes()));
        assert!(is_understood(b""));
    }
}
