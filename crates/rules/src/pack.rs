//! Rules as text: TOML, a `[[rule]]` for each.
//!
//! ```toml
//! [[rule]]
//! id = "token-of-leaver"
//! title = "API token of somebody who left"
//! severity = "high"                      # critical, high, medium, low
//! tags = ["tokens"]
//! sql = """
//! SELECT t.token_id, t.label, a.name FROM api_token t JOIN account a ON a.account_id = t.account_id
//! WHERE a.left_as IS NOT NULL
//! """
//! key = ["token_id"]                     # by which a finding is known again
//! sentence = "{name} left, and the token {label} still works"
//! explanation = "…"
//! remediation = "…"
//! ```
//! Instead of `sql` a change can be named: `on = "platform_role"`, `change = "began"` or `"ended"`, `within_days = 7`
//! and, if need be, `where = "role = 'atlassian/org-admin'"` – its columns are those of the view's changes.
//!
//! Each rule is read by itself, so that a wrong one harms no other.

use crate::rule::{Rule, Severity};
use crate::sentence::Sentence;
use serde::{Deserialize, Serialize};
use toml::Spanned;

/// Why a rule is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}:{line}: {}{reason}", file.as_deref().unwrap_or("the shipped pack"), rule.as_ref().map(|rule| format!("{rule}: ")).unwrap_or_default())]
pub struct Problem {
    /// The file; `None` for the shipped pack.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: usize,
    /// The rule, as far as its id could be read.
    pub rule: Option<String>,
    /// What is wrong, and what would be right.
    pub reason: String,
}

const SHIPPED: &str = include_str!("shipped.toml");

/// The rules that come with the product.
pub fn shipped() -> (Vec<Rule>, Vec<Problem>) {
    read(None, SHIPPED)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: Spanned<String>,
    title: Option<Spanned<String>>,
    severity: Option<Spanned<String>>,
    #[serde(default)]
    tags: Vec<String>,
    sql: Option<Spanned<String>>,
    on: Option<Spanned<String>>,
    change: Option<Spanned<String>>,
    within_days: Option<Spanned<i64>>,
    r#where: Option<Spanned<String>>,
    key: Option<Spanned<Vec<String>>>,
    sentence: Option<Spanned<String>>,
    #[serde(default)]
    explanation: String,
    #[serde(default)]
    remediation: String,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

/// Something wrong at a position of a text.
struct Wrong {
    at: usize,
    reason: String,
}

fn wrong(at: usize, reason: impl Into<String>) -> Wrong {
    Wrong {
        at,
        reason: reason.into(),
    }
}

/// Reads the rules of a text. What is wrong is refused rule by rule.
pub fn read(file: Option<&str>, text: &str) -> (Vec<Rule>, Vec<Problem>) {
    let mut rules: Vec<Rule> = Vec::new();
    let mut problems = Vec::new();
    for part in parts(text) {
        let whole = text.get(part.clone()).unwrap_or_default();
        let mut id = None;
        match one(file, whole, &mut id) {
            Ok(rules_here) => rules.extend(rules_here),
            Err(Wrong { at, reason }) => problems.push(Problem {
                file: file.map(str::to_owned),
                line: line_of(text, part.start + at),
                rule: id,
                reason,
            }),
        }
    }
    (rules, problems)
}

/// The parts of a text that begin with `[[rule]]`, and what is before the first.
fn parts(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("[[rule]]") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect()
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.matches('\n').count() + 1
}

/// The id as it stands in the text, for a rule that cannot be read.
fn id_in(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| {
        line.trim_start()
            .strip_prefix("id")?
            .trim_start()
            .strip_prefix('=')
    })?;
    let quoted = line.trim_start();
    let quote = quoted
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    quoted.split(quote).nth(1).map(str::to_owned)
}

fn one(file: Option<&str>, text: &str, id: &mut Option<String>) -> Result<Vec<Rule>, Wrong> {
    *id = id_in(text);
    let begins = text.trim_start().starts_with("[[rule]]");
    let read = if begins {
        toml::from_str::<File>(text)
    } else {
        // Before the first rule only comments may stand.
        toml::from_str::<Empty>(text).map(|_| File { rule: Vec::new() })
    };
    let file_read = read.map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(at, error.message().trim().replace('\n', ", "))
    })?;
    let mut rules = Vec::new();
    for written in file_read.rule {
        rules.push(checked(file, written)?);
    }
    Ok(rules)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

fn checked(file: Option<&str>, written: Written) -> Result<Rule, Wrong> {
    let start = written.id.span().start;
    let id = written.id.into_inner();
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if id.is_empty() || id.len() > 60 || !id.chars().all(is_plain) {
        return Err(wrong(start, "an id has small letters, digits and -, at most 60"));
    }
    let missing = |name: &str| wrong(start, format!("{name} is missing"));
    if file.is_some() && !written.enabled && written.key.is_none() {
        let shipped = shipped().0.into_iter().find(|rule| rule.id == id);
        return shipped
            .map(|rule| Rule {
                is_enabled: false,
                file: file.map(str::to_owned),
                ..rule
            })
            .ok_or_else(|| missing("key"));
    }
    let severity = written.severity.ok_or_else(|| missing("severity"))?;
    let severity_at = severity.span().start;
    let severity = Severity::from_name(severity.get_ref())
        .ok_or_else(|| wrong(severity_at, "severity is critical, high, medium or low"))?;
    let key = written.key.ok_or_else(|| missing("key"))?;
    if key.get_ref().is_empty() {
        return Err(wrong(key.span().start, "key names at least one column"));
    }
    let sentence = written.sentence.ok_or_else(|| missing("sentence"))?;
    let sentence_at = sentence.span().start;
    let sentence = Sentence::read(sentence.get_ref())
        .map_err(|why| wrong(sentence_at, format!("the sentence {why}")))?;
    let change = Pattern {
        on: written.on,
        change: written.change,
        within_days: written.within_days,
        condition: written.r#where,
    };
    let sql = match (written.sql, change) {
        (
            Some(sql),
            Pattern {
                on: None,
                change: None,
                within_days: None,
                condition: None,
            },
        ) => sql.into_inner(),
        (Some(sql), _) => {
            return Err(wrong(
                sql.span().start,
                "a rule has either sql or on, change, within_days and where",
            ));
        }
        (None, change) => change.sql(start)?,
    };
    Ok(Rule {
        title: written.title.ok_or_else(|| missing("title"))?.into_inner(),
        severity,
        tags: written.tags,
        sql,
        key: key.into_inner(),
        sentence,
        explanation: written.explanation,
        remediation: written.remediation,
        is_enabled: written.enabled,
        file: file.map(str::to_owned),
        id,
    })
}

/// A change that is looked for.
struct Pattern {
    on: Option<Spanned<String>>,
    change: Option<Spanned<String>>,
    within_days: Option<Spanned<i64>>,
    condition: Option<Spanned<String>>,
}

impl Pattern {
    fn sql(self, start: usize) -> Result<String, Wrong> {
        let on = self.on.ok_or_else(|| wrong(start, "sql is missing"))?;
        let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        if on.get_ref().is_empty() || !on.get_ref().chars().all(is_name) {
            return Err(wrong(on.span().start, "on names a view"));
        }
        let change = self.change.ok_or_else(|| wrong(start, "change is missing"))?;
        if !matches!(change.get_ref().as_str(), "began" | "ended") {
            return Err(wrong(change.span().start, "change is began or ended"));
        }
        let days = self
            .within_days
            .ok_or_else(|| wrong(start, "within_days is missing"))?;
        if !(1..=3650).contains(days.get_ref()) {
            return Err(wrong(days.span().start, "within_days is from 1 to 3650"));
        }
        let mut sql = format!(
            "SELECT * FROM {}_changes WHERE change = '{}' AND latest_at > :ago_{}_days",
            on.get_ref(),
            change.get_ref(),
            days.get_ref()
        );
        if let Some(condition) = self.condition {
            // The cage reads the whole as one SELECT, whatever stands here.
            sql.push_str(&format!(" AND (\n{}\n)", condition.get_ref()));
        }
        Ok(sql)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[[rule]]
id = "one"
title = "One"
severity = "low"
sql = "SELECT account_id FROM account"
key = ["account_id"]
sentence = "{account_id} is there"
"#;

    fn problem_of(text: &str) -> (usize, String) {
        let (rules, problems) = read(Some("x.toml"), text);
        assert!(rules.is_empty(), "{rules:?}");
        assert_eq!(problems.len(), 1, "{problems:?}");
        (problems[0].line, problems[0].reason.clone())
    }

    #[test]
    fn a_wrong_rule_is_told_with_its_line_and_harms_no_other() {
        let text = format!("# mine\n{GOOD}\n[[rule]]\nid = \"two\"\nseverity = \"bad\"\n{GOOD}");
        let (rules, problems) = read(Some("x.toml"), &text);
        assert_eq!(rules.len(), 2);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].line, 13);
        assert_eq!(
            problems[0].to_string(),
            "x.toml:13: two: severity is critical, high, medium or low"
        );
    }

    #[test]
    fn what_is_wrong_is_said_where_it_stands() {
        let line = |find: &str, replace: &str| problem_of(&GOOD.replace(find, replace));
        assert_eq!(line("id = \"one\"", "id = \"One!\"").0, 3);
        assert_eq!(
            line("severity = \"low\"\n", ""),
            (3, "severity is missing".to_owned())
        );
        assert_eq!(line("{account_id}", "{account_id").0, 8);
        assert_eq!(line("[\"account_id\"]", "[]").0, 7);
        assert_eq!(line("severity = \"low\"", "severity = low").0, 5);
        assert_eq!(line("severity", "severe").0, 5);
        assert_eq!(
            line("sql = \"SELECT account_id FROM account\"", "on = \"a; b\"").0,
            6
        );
        assert_eq!(line("sql =", "change = \"began\"\nsql =").0, 7);
    }

    #[test]
    fn a_change_becomes_a_question_over_the_changes() {
        let change = "on = \"platform_role\"\nchange = \"began\"\nwithin_days = 7\nwhere = \"role = 'x'\"";
        let (rules, problems) = read(
            None,
            &GOOD.replace("sql = \"SELECT account_id FROM account\"", change),
        );
        assert_eq!(problems, []);
        assert_eq!(
            rules[0].sql,
            "SELECT * FROM platform_role_changes WHERE change = 'began' AND latest_at > :ago_7_days AND (\nrole = 'x'\n)"
        );
    }

    #[test]
    fn the_shipped_rules_are_fifteen_and_right() {
        let (rules, problems) = shipped();
        assert_eq!(problems, []);
        assert_eq!(rules.len(), 15);
        for rule in &rules {
            assert!(
                !rule.explanation.is_empty() && !rule.remediation.is_empty(),
                "{}",
                rule.id
            );
        }
    }
}
