//! What an alert is about, and whether a change is it: pure.

use crate::error::AppError;
use crate::plans::matches;
use crate::views::changes::{Change, Turn};
use model::FactKind;
use serde::{Deserialize, Serialize};

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Condition {
    /// A reading showed changes of this sort.
    Change(ChangePattern),
    /// A rule's findings were opened, opened again or closed.
    Rule(RulePattern),
    /// A question in SQL has rows after a reading that it did not have before.
    Query {
        /// The question.
        sql: String,
    },
    /// The readings of a connection failed three times in a row, or go well again after that.
    Reading,
    /// A number of an organization is beyond a limit after a reading, and was not before.
    Threshold {
        /// Which number.
        metric: Metric,
        /// Beyond is above this, …
        above: Option<i64>,
        /// … or below this.
        below: Option<i64>,
    },
}

/// Which changes. Each list that is empty asks nothing; of one that is not, one pattern must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangePattern {
    /// Kinds of facts: `membership`, `role_holding` …
    pub kinds: Vec<String>,
    /// What happened to them: `began`, `ended`, `changed`.
    pub turns: Vec<String>,
    /// Roles that were gained or lost, by id or name; `*` stands for anything.
    pub roles: Vec<String>,
    /// Groups, by id or name.
    pub groups: Vec<String>,
    /// Workspaces that roles were gained or lost on, by id or name.
    pub workspaces: Vec<String>,
    /// Accounts, by id, name or e-mail address.
    pub accounts: Vec<String>,
}

/// Which findings. Each list that is empty asks nothing, but for `transitions`, which then are `opened` and `reopened`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RulePattern {
    /// Rules by their names; `*` stands for anything.
    pub rules: Vec<String>,
    /// `low`, `medium`, `high`, `critical`.
    pub severities: Vec<String>,
    /// `opened`, `reopened`, `closed`.
    pub transitions: Vec<String>,
}

impl RulePattern {
    /// Whether what became of a finding is of this sort.
    pub(super) fn fits(&self, rule: &str, severity: &str, transition: &str) -> bool {
        let told = if self.transitions.is_empty() {
            matches!(transition, "opened" | "reopened")
        } else {
            self.transitions.iter().any(|wanted| wanted == transition)
        };
        told && one_fits(&self.rules, &[rule]) && one_fits(&self.severities, &[severity])
    }
}

/// A number of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Accounts.
    Accounts,
    /// Accounts that the organization does not manage.
    ExternalAccounts,
    /// Groups.
    Groups,
    /// Workspaces.
    Workspaces,
    /// API tokens.
    Tokens,
    /// API tokens that stop working within 30 days.
    TokensExpiring,
    /// Accounts that hold roles and were not active for 90 days.
    Unused,
    /// Organization administrators.
    Administrators,
}

impl Metric {
    /// Every metric with its name.
    pub const ALL: [(&'static str, Metric); 8] = [
        ("accounts", Metric::Accounts),
        ("external_accounts", Metric::ExternalAccounts),
        ("groups", Metric::Groups),
        ("workspaces", Metric::Workspaces),
        ("tokens", Metric::Tokens),
        ("tokens_expiring", Metric::TokensExpiring),
        ("unused", Metric::Unused),
        ("administrators", Metric::Administrators),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let found = Metric::ALL.iter().find(|(_, metric)| *metric == self);
        found.map_or("", |(name, _)| name)
    }
}

impl Condition {
    /// The kind by its name.
    pub fn kind(&self) -> &'static str {
        match self {
            Condition::Change(_) => "change",
            Condition::Rule(_) => "rule",
            Condition::Query { .. } => "query",
            Condition::Reading => "reading",
            Condition::Threshold { .. } => "threshold",
        }
    }

    /// Refuses what could never be told of.
    pub(super) fn check(&self) -> Result<(), AppError> {
        let wrong = |what: String| Err(AppError::WrongAlert { what });
        match self {
            Condition::Change(pattern) => {
                let known = |kind: &String| FactKind::ALL.iter().any(|known| known.name() == kind.as_str());
                if let Some(kind) = pattern.kinds.iter().find(|kind| !known(kind)) {
                    let kinds = FactKind::ALL.map(FactKind::name).join(", ");
                    return wrong(format!("there is no kind of fact \"{kind}\"; there are {kinds}"));
                }
                let turns = ["began", "ended", "changed"];
                if let Some(turn) = pattern.turns.iter().find(|turn| !turns.contains(&turn.as_str())) {
                    return wrong(format!("a change began, ended or changed, not \"{turn}\""));
                }
                Ok(())
            }
            Condition::Rule(pattern) => {
                let check = |list: &[String], known: &[&str], what: &str| {
                    let odd = list.iter().find(|word| !known.contains(&word.as_str()));
                    odd.map_or(Ok(()), |word| {
                        wrong(format!("{what} is one of {}, not \"{word}\"", known.join(", ")))
                    })
                };
                check(
                    &pattern.severities,
                    &["low", "medium", "high", "critical"],
                    "a severity",
                )?;
                check(
                    &pattern.transitions,
                    &["opened", "reopened", "closed"],
                    "what becomes of a finding",
                )
            }
            Condition::Query { sql } => {
                store::sql::Question::read(sql)?;
                Ok(())
            }
            Condition::Threshold {
                above: None,
                below: None,
                ..
            } => wrong("a threshold needs a limit".into()),
            Condition::Threshold {
                above: Some(_),
                below: Some(_),
                ..
            } => wrong("a threshold has one limit".into()),
            _ => Ok(()),
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Condition::Query { sql } => format!("new rows of {sql}"),
            Condition::Rule(pattern) => {
                let list = |list: &[String], else_: &str| {
                    if list.is_empty() {
                        else_.to_owned()
                    } else {
                        list.join(" or ")
                    }
                };
                format!(
                    "findings of {} ({}) {}",
                    list(&pattern.rules, "any rule"),
                    list(&pattern.severities, "any severity"),
                    list(&pattern.transitions, "opened or reopened"),
                )
            }
            Condition::Reading => "readings fail three times in a row".into(),
            Condition::Threshold { metric, above, below } => {
                let limit = match (above, below) {
                    (Some(above), _) => format!("above {above}"),
                    (None, Some(below)) => format!("below {below}"),
                    (None, None) => "beyond a limit".to_owned(),
                };
                format!("{} {limit}", metric.name().replace('_', " "))
            }
            Condition::Change(pattern) => {
                let mut parts = Vec::new();
                let mut part = |name: &str, list: &[String]| {
                    if !list.is_empty() {
                        parts.push(format!("{name} {}", list.join(" or ")));
                    }
                };
                part("kind", &pattern.kinds);
                part("what", &pattern.turns);
                part("role", &pattern.roles);
                part("group", &pattern.groups);
                part("workspace", &pattern.workspaces);
                part("account", &pattern.accounts);
                if parts.is_empty() {
                    "any change".to_owned()
                } else {
                    format!("changes: {}", parts.join(", "))
                }
            }
        }
    }
}

fn one_fits(patterns: &[String], texts: &[&str]) -> bool {
    patterns.is_empty()
        || patterns
            .iter()
            .any(|pattern| texts.iter().any(|text| matches(pattern, text)))
}

impl ChangePattern {
    /// Whether a change is of this sort.
    pub(super) fn fits(&self, change: &Change) -> bool {
        // A role that came with a membership or a grant is told with it, and was gained all the same.
        let is_kind = |kind: &String| {
            kind == change.kind || kind == FactKind::RoleHolding.name() && !change.roles.is_empty()
        };
        let turn = match change.turn {
            Turn::Began => "began",
            Turn::Ended => "ended",
            Turn::Changed => "changed",
        };
        let role = |on: &crate::views::changes::RoleOn| {
            one_fits(&self.roles, &[&on.role.role_id, &on.role.name])
                && one_fits(
                    &self.workspaces,
                    &[&on.workspace.workspace_id, &on.workspace.name],
                )
        };
        let group =
            |group: &crate::views::names::GroupRef| one_fits(&self.groups, &[&group.group_id, &group.name]);
        let account = |account: &crate::views::names::AccountRef| {
            let name = account.name.as_deref().unwrap_or_default();
            let email = account.email.as_deref().unwrap_or_default();
            one_fits(&self.accounts, &[&account.account_id, name, email])
        };
        (self.kinds.is_empty() || self.kinds.iter().any(is_kind))
            && (self.turns.is_empty() || self.turns.iter().any(|wanted| wanted == turn))
            && (self.roles.is_empty() && self.workspaces.is_empty() || change.roles.iter().any(role))
            && (self.groups.is_empty() || change.group.as_ref().is_some_and(group))
            && (self.accounts.is_empty() || change.accounts.iter().any(account))
    }
}
