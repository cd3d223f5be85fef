//! What a twin can be asked to be; every unverified line of the vendor's behaviour is a switch here.
//!
//! The defaults are the likelier reading. `docs/twin.md` says what each switch stands for.

use std::net::SocketAddr;

use clap::ValueEnum;

/// The kind of organization that is generated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// What most organizations look like; access comes mostly from groups.
    #[default]
    Typical,
    /// Like typical, but every account holds three direct roles.
    DirectHeavy,
    /// Awkward data everywhere: scripts, gaps, unknown values, empty pages.
    Messy,
    /// A directory and nothing in it.
    Empty,
    /// One of everything.
    Single,
    /// Like typical, but every membership is suspended.
    AllSuspended,
}

/// How a role filter and a resource filter combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FilterSemantics {
    /// One and the same assignment has to match both.
    #[default]
    Joint,
    /// Some assignment matches the one, some assignment the other.
    Independent,
}

/// What a cursor remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CursorStyle {
    /// A position in the live list: rows shift when the list changes.
    #[default]
    Offset,
    /// The last key: rows that stay are told exactly once.
    Keyset,
}

/// The form of `links.next` where the vendor's is not settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum NextStyle {
    /// A bare cursor.
    #[default]
    Cursor,
    /// A URL that contains the cursor.
    Url,
}

/// The form of `roles` in a group's role assignments, on which published descriptions disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GroupRolesStyle {
    /// A list of role ids.
    #[default]
    Flat,
    /// A list of lists of role ids.
    Nested,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// On.
    On,
    /// Off.
    Off,
}

/// The form of `Retry-After` in a 429 answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RetryAfterStyle {
    /// A number of seconds.
    #[default]
    Seconds,
    /// An HTTP date on the twin's clock.
    Date,
    /// No header.
    None,
}

/// The form of the privileges `profile` and `profile.write`, on which published descriptions disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProfilePrivileges {
    /// One rule for each field.
    #[default]
    Map,
    /// One rule for all fields.
    Rule,
}

/// Whom the counts of accounts count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Counts {
    /// Everybody whom the search would list.
    #[default]
    All,
    /// Those of them who are not suspended.
    Active,
}

/// What deactivating an inactive account, or activating an active one, answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RepeatLifecycle {
    /// Done, as if it were the first time.
    #[default]
    #[value(name = "204")]
    Done,
    /// A conflict.
    #[value(name = "409")]
    Conflict,
}

/// The kind of credential that is printed as `api_key`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// An organization key without scopes, which can do everything.
    #[default]
    Unscoped,
    /// An organization key with scopes, which the user management API refuses.
    Scoped,
    /// A personal token of a site, which no admin API takes.
    SiteToken,
    /// An organization key that has expired.
    AdminExpired,
}

/// The addresses that SCIM takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ScimDomains {
    /// Any.
    #[default]
    Any,
    /// Those of verified domains.
    Verified,
}

/// The media type of SCIM answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ScimMedia {
    /// `application/scim+json`.
    #[default]
    Scim,
    /// `application/json`.
    Json,
}

/// The options of a twin, usable as command-line arguments.
#[derive(clap::Args, Clone, Debug)]
pub struct TwinOptions {
    /// Address to listen on; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Number of accounts
    #[arg(long, default_value_t = 2000)]
    pub users: usize,
    /// Number of groups
    #[arg(long, default_value_t = 100)]
    pub groups: usize,
    /// Number of workspaces
    #[arg(long, default_value_t = 10)]
    pub workspaces: usize,
    /// Number of directories [default: what the shape has]
    #[arg(long)]
    pub directories: Option<usize>,
    /// Seed of the generator; the same options give the same organization
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Kind of organization
    #[arg(long, value_enum, default_value_t)]
    pub shape: Shape,
    /// Members of the largest group
    #[arg(long)]
    pub largest_group: Option<usize>,
    /// How role and resource filters combine
    #[arg(long, value_enum, default_value_t)]
    pub filters: FilterSemantics,
    /// Largest page of the users search
    #[arg(long, default_value_t = 100)]
    pub search_max: usize,
    /// Cut the groups array of a search item at this many, without saying so
    #[arg(long)]
    pub expand_groups_max: Option<usize>,
    /// What cursors remember
    #[arg(long, value_enum, default_value_t)]
    pub cursors: CursorStyle,
    /// Form of links.next
    #[arg(long, value_enum, default_value_t)]
    pub next: NextStyle,
    /// Form of the roles in a group's role assignments
    #[arg(long, value_enum, default_value_t)]
    pub group_roles: GroupRolesStyle,
    /// Whether the removed v1 operations still answer
    #[arg(long, value_enum, default_value_t = OnOff::On)]
    pub legacy_v1: OnOff,
    /// Operations this key may not call, for instance roles-assign,roles-revoke,invite
    #[arg(long, value_delimiter = ',')]
    pub disabled_endpoints: Vec<String>,
    /// Status a disabled operation answers
    #[arg(long, default_value_t = 403, value_parser = clap::value_parser!(u16).range(403..=404))]
    pub disabled_answer: u16,
    /// Whether the audit log answers; off stands for a plan without it
    #[arg(long, value_enum, default_value_t = OnOff::On)]
    pub audit_log: OnOff,
    /// Whether the user management API answers; off stands for an organization on the old user management
    #[arg(long, value_enum, default_value_t = OnOff::On)]
    pub user_management: OnOff,
    /// Whether domains are verified; off leaves no managed account
    #[arg(long, value_enum, default_value_t = OnOff::On)]
    pub verified_domains: OnOff,
    /// Kind of the credential that is printed as api_key
    #[arg(long, value_enum, default_value_t)]
    pub key: KeyKind,
    /// Form of the privileges of the profile
    #[arg(long, value_enum, default_value_t)]
    pub profile_privileges: ProfilePrivileges,
    /// Whom the counts of accounts count
    #[arg(long, value_enum, default_value_t)]
    pub counts: Counts,
    /// What deactivating or activating a second time answers
    #[arg(long, value_enum, default_value_t)]
    pub repeat_lifecycle: RepeatLifecycle,
    /// Whether accounts synced by SCIM may be activated, deactivated and deleted through user management
    #[arg(long, value_enum, default_value_t = OnOff::On)]
    pub scim_lifecycle: OnOff,
    /// Addresses that SCIM takes
    #[arg(long, value_enum, default_value_t)]
    pub scim_domains: ScimDomains,
    /// Media type of SCIM answers
    #[arg(long, value_enum, default_value_t)]
    pub scim_media: ScimMedia,
    /// Form of Retry-After
    #[arg(long, value_enum, default_value_t)]
    pub retry_after: RetryAfterStyle,
    /// Wait before each answer, in milliseconds
    #[arg(long, default_value_t = 0)]
    pub latency_ms: u64,
    /// Requests a minute the organization may make, as 300 or 300/min
    #[arg(long, value_parser = per_minute)]
    pub rate_limit: Option<u32>,
    /// The first reading of the twin's clock, in milliseconds since 1970; the machine's time when absent.
    #[arg(skip)]
    pub starts_at_ms: Option<i64>,
    /// The id of an organization that is given and not generated; one that belongs to the seed when absent.
    #[arg(skip)]
    pub organization_id: Option<String>,
    /// The clock moves only when it is pushed, so that a slow machine cannot make a delay pass.
    #[arg(skip)]
    pub clock_stands: bool,
}

/// Reads a number of requests a minute, with or without its unit.
fn per_minute(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/min").unwrap_or(text);
    number
        .parse()
        .map_err(|_| "a number of requests a minute, such as 300 or 300/min".to_owned())
}

impl Default for TwinOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            users: 2000,
            groups: 100,
            workspaces: 10,
            directories: None,
            seed: 7,
            shape: Shape::default(),
            largest_group: None,
            filters: FilterSemantics::default(),
            search_max: 100,
            expand_groups_max: None,
            cursors: CursorStyle::default(),
            next: NextStyle::default(),
            group_roles: GroupRolesStyle::default(),
            legacy_v1: OnOff::On,
            disabled_endpoints: Vec::new(),
            disabled_answer: 403,
            audit_log: OnOff::On,
            user_management: OnOff::On,
            verified_domains: OnOff::On,
            key: KeyKind::default(),
            profile_privileges: ProfilePrivileges::default(),
            counts: Counts::default(),
            repeat_lifecycle: RepeatLifecycle::default(),
            scim_lifecycle: OnOff::On,
            scim_domains: ScimDomains::default(),
            scim_media: ScimMedia::default(),
            retry_after: RetryAfterStyle::default(),
            latency_ms: 0,
            rate_limit: None,
            starts_at_ms: None,
            organization_id: None,
            clock_stands: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        twin: TwinOptions,
    }

    #[test]
    fn command_line_defaults_equal_the_default_value() {
        let parsed = Line::parse_from(["twin"]).twin;

        assert_eq!(format!("{parsed:?}"), format!("{:?}", TwinOptions::default()));
    }

    #[test]
    fn command_line_takes_every_switch() {
        let line = "twin --users 5 --shape direct-heavy --filters independent --cursors keyset --next url --group-roles nested --legacy-v1 off \
                    --disabled-endpoints roles-assign,invite --disabled-answer 404 --retry-after date --rate-limit 300/min \
                    --audit-log off --user-management off --verified-domains off --key site-token --profile-privileges rule \
                    --repeat-lifecycle 409 --scim-lifecycle off --scim-domains verified --scim-media json";
        let parsed = Line::parse_from(line.split_whitespace()).twin;

        assert_eq!(parsed.rate_limit, Some(300));
        assert_eq!(
            (
                parsed.audit_log,
                parsed.user_management,
                parsed.verified_domains,
                parsed.scim_lifecycle
            ),
            (OnOff::Off, OnOff::Off, OnOff::Off, OnOff::Off)
        );
        assert_eq!(
            (parsed.key, parsed.profile_privileges, parsed.repeat_lifecycle),
            (
                KeyKind::SiteToken,
                ProfilePrivileges::Rule,
                RepeatLifecycle::Conflict
            )
        );
        assert_eq!(
            (parsed.scim_domains, parsed.scim_media),
            (ScimDomains::Verified, ScimMedia::Json)
        );
        assert_eq!(
            Line::parse_from(["twin", "--rate-limit", "20"]).twin.rate_limit,
            Some(20)
        );
        assert!(Line::try_parse_from(["twin", "--rate-limit", "20/s"]).is_err());
        assert_eq!(parsed.disabled_endpoints, ["roles-assign", "invite"]);
        assert_eq!(
            (parsed.shape, parsed.filters),
            (Shape::DirectHeavy, FilterSemantics::Independent)
        );
        assert_eq!(
            (parsed.next, parsed.legacy_v1, parsed.disabled_answer),
            (NextStyle::Url, OnOff::Off, 404)
        );
    }
}
