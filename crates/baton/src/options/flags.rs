//! Every flag that the connector knows, once: name, environment variables, default, what it means and whether it has an
//! effect here. The command line, `.baton.yaml`, the environment and the `config` output are all made from this table.

/// A flag.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// Its name, without dashes before it; also its key in `.baton.yaml`.
    pub name: &'static str,
    /// What kind of value it takes.
    pub kind: Kind,
    /// Its default as text; empty for none.
    pub default: &'static str,
    /// What it means, in one line.
    pub help: &'static str,
    /// Whether it is left out of the help.
    pub is_hidden: bool,
    /// Whether it has an effect here.
    pub effect: Effect,
    /// A name under which it is known besides: published for the peer, though the peer never read it.
    pub published: Option<&'static str>,
}

/// What kind of value a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// A whole number from `least` to `most`.
    Whole {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// On when it is there, or when its value says so.
    Switch,
    /// Several texts, with commas between them or the flag given several times.
    List,
}

/// Whether a flag has an effect here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It does what it says.
    Works,
    /// It is accepted so that nothing needs to be changed, and changes nothing; why.
    None(&'static str),
    /// It would change what is done, and is refused; why.
    Refused(&'static str),
}

const fn flag(name: &'static str, kind: Kind, help: &'static str) -> Flag {
    Flag {
        name,
        kind,
        default: "",
        help,
        is_hidden: false,
        effect: Effect::Works,
        published: None,
    }
}

impl Flag {
    const fn or(mut self, default: &'static str) -> Flag {
        self.default = default;
        self
    }

    const fn hidden(mut self) -> Flag {
        self.is_hidden = true;
        self
    }

    const fn published_as(mut self, name: &'static str) -> Flag {
        self.published = Some(name);
        self
    }

    /// Accepted and without effect.
    const fn idle(mut self, why: &'static str) -> Flag {
        self.is_hidden = true;
        self.effect = Effect::None(why);
        self
    }

    const fn refused(mut self, why: &'static str) -> Flag {
        self.is_hidden = true;
        self.effect = Effect::Refused(why);
        self
    }
}

const ANY: i64 = i64::MAX;
const NO_TRACES: &str = "logs go to standard error and no traces are kept";
const NO_TICKETS: &str = "Atlassian's administration has no tickets to make";
const NO_EVENTS: &str = "this connector has no event feed";
const NO_CREDENTIALS: &str = "this connector makes no credentials that could be rotated";
const NO_TOOLS: &str = "comparing files is done by orgwarden c1z diff";
const NO_OTHERS: &str = "this connector reads no other connector's file";
const TEXT: Kind = Kind::Text;
const SWITCH: Kind = Kind::Switch;

/// The flags, those of running the connector first, in the order in which `config` lists them.
pub const FLAGS: &[Flag] = &[
    flag("log-level", TEXT, "What to log: debug, info, warn or error").or("info"),
    flag(
        "log-level-debug-expires-at",
        TEXT,
        "Until when debug lines are logged, such as 2026-11-22T18:00:00Z; info afterwards",
    ),
    flag(
        "session-store-maximum-size",
        Kind::Whole { least: 0, most: ANY },
        "Bytes that a session store may hold",
    )
    .or("15728640")
    .idle("this connector keeps nothing in a session store"),
    flag("otel-collector-endpoint", TEXT, "Where an OpenTelemetry collector is").idle(NO_TRACES),
    flag(
        "otel-collector-endpoint-tls-cert-path",
        TEXT,
        "File of the certificate that the OpenTelemetry collector's is checked against",
    )
    .idle(NO_TRACES),
    flag(
        "otel-collector-endpoint-tls-cert",
        TEXT,
        "The certificate that the OpenTelemetry collector's is checked against",
    )
    .idle(NO_TRACES),
    flag(
        "otel-collector-endpoint-tls-insecure",
        SWITCH,
        "Whether the OpenTelemetry collector is spoken to without TLS",
    )
    .idle(NO_TRACES),
    flag("otel-tracing-disabled", SWITCH, "Whether no traces are sent").idle(NO_TRACES),
    flag("otel-logging-disabled", SWITCH, "Whether no logs are sent").idle(NO_TRACES),
    flag("health-check", SWITCH, "Serve /health, /ready and /live in service mode"),
    flag(
        "health-check-port",
        Kind::Whole { least: 0, most: 65535 },
        "Where they are served: the port",
    )
    .or("8081"),
    flag("health-check-bind-address", TEXT, "Where they are served: the address")
        .or("127.0.0.1")
        .hidden(),
    flag(
        "http-timeout-seconds",
        Kind::Whole { least: 1, most: 1800 },
        "Seconds that a request may take",
    )
    .or("300")
    .idle("a request may take 60 s and is then asked again, within a counted budget"),
    flag(
        "access-token",
        Kind::Secret,
        "The organization's API key, made without scopes [env: BATON_ACCESS_TOKEN, BATON_API_TOKEN]",
    )
    .published_as("api-token"),
    flag(
        "organization-id",
        TEXT,
        "The organization's id; found when the key sees exactly one [env: BATON_ORGANIZATION_ID, BATON_ORG]",
    )
    .published_as("org"),
    flag(
        "scim-token",
        Kind::Secret,
        "The token of the SCIM directory in which accounts are made",
    ),
    flag("scim-base-url", TEXT, "The address of that SCIM directory"),
    // What only the command line knows.
    flag("base-url", TEXT, "Where the API is, with or without /admin at its end")
        .or("https://api.atlassian.com/admin")
        .hidden(),
    flag("file", TEXT, "The file to write, or to look things up in").or("sync.c1z"),
    flag("provisioning", SWITCH, "Allow changes: grant, revoke, create and delete accounts"),
    flag("client-id", TEXT, "Get tasks from the server that gave out this client id"),
    flag("client-secret", Kind::Secret, "The secret of the client id"),
    flag("log-format", TEXT, "json or console; console on a terminal, otherwise json"),
    flag("log-path", Kind::List, "Where to log: stderr, stdout or a file").or("stderr"),
    flag(
        "workers",
        Kind::Whole {
            least: -1,
            most: 1_000_000,
        },
        "Most requests at the same time, up to 256; 0 or -1 for as many as Atlassian lets through",
    )
    .or("0"),
    flag(
        "sync-resource-types",
        Kind::List,
        "Write only these: user, group, workspace, organization, api_token",
    ),
    flag(
        "skip-entitlements-and-grants",
        SWITCH,
        "Write resources without what they grant and to whom",
    ),
    flag("skip-grants", SWITCH, "Write resources and entitlements without grants").hidden(),
    flag("skip-full-sync", SWITCH, "Write a finished reading that holds nothing"),
    flag("storage-engine", TEXT, "Which kind of file to write: sqlite").or("sqlite"),
    flag("c1z-temp-dir", TEXT, "Folder for what is needed for a while [env: BATON_C1Z_TEMP_DIR, BATON_TMPDIR]")
        .hidden(),
    flag(
        "task-concurrency",
        Kind::Whole { least: 1, most: 100 },
        "Most tasks of the server at the same time",
    )
    .or("3"),
    flag(
        "keep-previous-sync-c1z",
        SWITCH,
        "Keep the file before; --state does more",
    )
    .idle("what was read is kept with --state"),
    flag("parallel-sync", SWITCH, "Read in parallel").idle("reading is always parallel"),
    flag("ticketing", SWITCH, "Allow tickets").idle(NO_TICKETS),
    flag("auth-method", TEXT, "How to authenticate").idle("there is one way: an API key"),
    flag("log-event-log", SWITCH, "Log to the event log of Windows").idle("logs go to --log-path"),
    // On demand.
    flag("grant-entitlement", TEXT, "Grant this entitlement").hidden(),
    flag("grant-principal", TEXT, "To this account or group").hidden(),
    flag("grant-principal-type", TEXT, "Which is of this type").or("user").hidden(),
    flag("revoke-grant", TEXT, "Take this grant away").hidden(),
    flag("create-account-profile", TEXT, "Make the account that this JSON describes").hidden(),
    flag("create-account-login", TEXT, "Make an account with this user name").hidden(),
    flag("create-account-email", TEXT, "And this e-mail address").hidden(),
    flag("create-account-resource-type", TEXT, "As a resource of this type").hidden(),
    flag("invoke-action", TEXT, "Carry out this action").hidden(),
    flag("invoke-action-args", TEXT, "With these arguments, as JSON").or("{}").hidden(),
    flag("invoke-action-resource-type", TEXT, "On resources of this type").hidden(),
    flag("list-action-schemas", SWITCH, "Say which actions there are").hidden(),
    flag("list-action-schemas-resource-type", TEXT, "For resources of this type").hidden(),
    flag("delete-resource", TEXT, "Delete the resource with this id").hidden(),
    flag("delete-resource-type", TEXT, "Which is of this type").or("user").hidden(),
    // Ours.
    flag(
        "state",
        TEXT,
        "Keep what was read, and the journal of changes, in this file between runs",
    ),
    flag("indexes", SWITCH, "Write the indexes too that readers of the file add when they open it"),
    flag(
        "protect-account",
        Kind::List,
        "Accounts that nothing is taken from: ids, e-mail addresses or patterns with *",
    ),
    flag(
        "changes-per-hour",
        Kind::Whole { least: 0, most: ANY },
        "How many changes may be sent within an hour",
    ),
    // Refused: each would make something else than was asked for.
    flag("sync-resources", Kind::List, "Read only these resources")
        .refused("a reading is always of the whole organization: leave it out, or choose types with --sync-resource-types"),
    flag("external-resource-c1z", TEXT, "Look principals up in this file").refused(NO_OTHERS),
    flag("external-resource-entitlement-id-filter", TEXT, "Only those with this").refused(NO_OTHERS),
    flag("external-resource-traits", Kind::List, "Only those of these traits").refused(NO_OTHERS),
    flag("rotate-credentials", TEXT, "Rotate this credential").refused(NO_CREDENTIALS),
    flag("rotate-credentials-type", TEXT, "Which is of this type").refused(NO_CREDENTIALS),
    flag("event-feed", TEXT, "Print events").refused(NO_EVENTS),
    flag("event-feed-id", TEXT, "Of this feed").refused(NO_EVENTS),
    flag("event-feed-start-at", TEXT, "From then on").refused(NO_EVENTS),
    flag("event-feed-cursor", TEXT, "From there on").refused(NO_EVENTS),
    flag("list-resource-actions", TEXT, "Say which actions a type has").refused("ask with --list-action-schemas"),
    flag("invoke-resource-action", TEXT, "Carry out an action of a type").refused("ask with --invoke-action"),
    flag("invoke-resource-action-resource-type", TEXT, "Of this type").refused("ask with --invoke-action"),
    flag("invoke-resource-action-args", TEXT, "With these arguments").refused("ask with --invoke-action"),
    flag("create-ticket", SWITCH, "Make a ticket").refused(NO_TICKETS),
    flag("bulk-create-ticket", SWITCH, "Make tickets").refused(NO_TICKETS),
    flag("ticket-template-path", TEXT, "From this file").refused(NO_TICKETS),
    flag("bulk-ticket-template-path", TEXT, "From this file").refused(NO_TICKETS),
    flag("get-ticket", SWITCH, "Print a ticket").refused(NO_TICKETS),
    flag("ticket-id", TEXT, "This one").refused(NO_TICKETS),
    flag("list-ticket-schemas", SWITCH, "Say which tickets there are").refused(NO_TICKETS),
    flag("diff-syncs", SWITCH, "Compare two readings").refused(NO_TOOLS),
    flag("base-sync-id", TEXT, "The earlier").refused(NO_TOOLS),
    flag("applied-sync-id", TEXT, "The later").refused(NO_TOOLS),
    flag("compact-syncs", SWITCH, "Put readings together").refused(NO_TOOLS),
    flag("compact-output-path", TEXT, "Into this file").refused(NO_TOOLS),
    flag("compact-file-paths", Kind::List, "From these files").refused(NO_TOOLS),
    flag("compact-sync-ids", Kind::List, "These readings").refused(NO_TOOLS),
];

/// Variables of the environment that are no flag, and what they do.
pub const VARIABLES: &[(&str, &str)] = &[
    (
        "BATON_CONFIG_PATH",
        "the configuration file, instead of .baton.yaml in the working folder",
    ),
    ("BATON_HOST_ID", "the name by which the server knows this machine"),
    (
        "BATON_C1_API_HOST",
        "the server's host and port, instead of those in the client id",
    ),
    ("BATON_TMPDIR", "folder for what is needed for a while"),
    (
        "BATON_KEEP_SYNC_COUNT",
        "how many full readings a file keeps; 2 at first",
    ),
    ("BATON_SKIP_CLEANUP", "keep all readings in the file"),
    (
        "BATON_DECODER_MAX_DECODED_SIZE_MB",
        "the largest database in a file that is read; 10240 at first",
    ),
    (
        "BATON_DECODER_MAX_MEMORY_MB",
        "the most memory that decompressing a file may look back over; 128 at first",
    ),
    (
        "SSL_CERT_FILE",
        "certificates to trust besides the machine's, in PEM form",
    ),
    ("HTTPS_PROXY", "the proxy for whatever is reached by HTTPS"),
    ("NO_PROXY", "names and addresses that are reached without it"),
];

/// Variables of the peer that have no effect here, and why.
pub const IDLE_VARIABLES: &[(&str, &str)] = &[
    ("BATON_GET_TASKS", "tasks are always asked for one by one"),
    ("BATON_DISABLE_HTTP_CACHE", NO_CACHE),
    ("BATON_HTTP_CACHE_BACKEND", NO_CACHE),
    ("BATON_HTTP_CACHE_TTL", NO_CACHE),
    ("BATON_HTTP_CACHE_MAX_SIZE", NO_CACHE),
    ("BATON_DEBUG_PRINT_RESPONSE_BODY", "answers are never logged"),
    (
        "BATON_C1Z_FINALIZE_TIMEOUT",
        "a file may take as long as it needs",
    ),
    ("BATON_GRAPH_EXPAND_MAX_DEPTH", "no grant is expanded"),
    ("BATON_DONT_FIX_CYCLES", "no grant is expanded"),
];

const NO_CACHE: &str = "no answers are cached";

/// The flag of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Flag> {
    FLAGS
        .iter()
        .find(|flag| flag.name == name || flag.published == Some(name))
}

/// The variable of the environment that belongs to a flag's name.
#[must_use]
pub fn variable(name: &str) -> String {
    format!("BATON_{}", name.to_uppercase().replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_is_there_twice() {
        let names = FLAGS
            .iter()
            .flat_map(|flag| [Some(flag.name), flag.published])
            .flatten();
        let mut seen = BTreeSet::new();
        assert!(
            names.clone().all(|name| seen.insert(name)),
            "{:?}",
            names.collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_has_no_effect_is_not_in_the_help() {
        assert!(
            FLAGS
                .iter()
                .all(|flag| flag.effect == Effect::Works || flag.is_hidden)
        );
    }

    #[test]
    fn variables_are_named_after_flags() {
        assert_eq!(variable("scim-base-url"), "BATON_SCIM_BASE_URL");
    }
}
