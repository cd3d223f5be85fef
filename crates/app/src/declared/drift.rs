//! How far what is so is from what is declared, as lines that a reviewer reads.

use crate::views::{AccountRef, At, GroupRef};
use model::Action;
use serde::Serialize;

/// Whether a line is missing at Atlassian or too much there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Sign {
    /// Declared, and not so.
    #[serde(rename = "+")]
    Missing,
    /// So, and not declared.
    #[serde(rename = "-")]
    Extra,
}

/// One thing that differs.
#[derive(Debug, Clone, Serialize)]
pub struct DriftLine {
    /// Missing or too much.
    pub sign: Sign,
    /// `group`, `member` or `role`.
    pub what: &'static str,
    /// Where it belongs in the file, such as `groups/confluence-users/members/ana@acme.example`.
    pub path: String,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountRef>,
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupRef>,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The line of the file that declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why it is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when it is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// What should be known besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What would end the difference.
    #[serde(skip)]
    pub(super) action: Option<Action>,
}

/// What differs about one group or resource.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// `group` or `resource`.
    pub kind: &'static str,
    /// What it is called.
    pub name: String,
    /// Its id as Atlassian spells it; `None` for a group that is not there.
    pub id: Option<String>,
    /// The line of the file where it begins.
    pub line: usize,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The lines, missing ones first.
    pub lines: Vec<DriftLine>,
}

/// How far what is so is from what is declared.
#[derive(Debug, Clone, Serialize)]
pub struct Drift {
    /// When what is compared was read.
    pub read_at: Option<At>,
    /// Lines that are missing at Atlassian.
    pub missing: usize,
    /// Lines that are too many there.
    pub extra: usize,
    /// Declared roles of which it is not known whether the account holds them itself.
    pub unclear: Vec<String>,
    /// What would be done about what is unclear, if it is not so.
    #[serde(skip)]
    pub(super) ask: Vec<Action>,
    /// What differs, in the order of the file.
    pub differences: Vec<Difference>,
}

impl Drift {
    /// Whether anything differs.
    pub fn is_none(&self) -> bool {
        self.missing + self.extra == 0
    }

    /// What would end the differences: what is given first, so that who moves from one group to another keeps access.
    pub(super) fn actions(&self) -> Vec<Action> {
        let lines = || self.differences.iter().flat_map(|difference| &difference.lines);
        let is_group = |line: &&DriftLine| line.what == "group";
        let of = |sign: Sign, groups: bool| {
            let some = lines().filter(move |line| line.sign == sign && is_group(line) == groups);
            some.filter_map(|line| line.action.clone())
        };
        of(Sign::Missing, true)
            .chain(of(Sign::Missing, false))
            .chain(of(Sign::Extra, false))
            .chain(of(Sign::Extra, true))
            .collect()
    }
}
