//! What a view is, and its SQL for one organization as of one run.
//!
//! A view is written once, as templates: `{…}` stands for what the databases say differently or what many columns
//! share. `{told f.status}`, `{flag f.x}`, `{number f.x}`: an attribute of a fact as text, as 0 or 1, as a number ·
//! `{time EXPRESSION}`: milliseconds as text · `{id f.c}`: the text of an id · `{person f.a name}` · `{group f.a}`,
//! `{workspace f.b type_key}`: what is told of a group or workspace, the latest there is as of the run · `{shown m}`:
//! the condition under which a fact is shown · `{organization}`, `{run}`: our numbers for them.

use super::cage::Dialect;
use crate::views::Snapshot;
use std::sync::LazyLock;

/// The tables that the views are made of, and no others: none holds a secret.
pub(super) const TABLES: [&str; 8] = [
    "fact",
    "term",
    "person",
    "activity",
    "run",
    "organization",
    "event",
    "cause",
];

/// A column of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub about: &'static str,
    pub(super) sql: &'static str,
    /// Whether it is of the moment, so that it is no part of a change.
    pub(super) is_restless: bool,
}

/// What a view is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The facts of a kind, called `f`; the texts of the first so many parts of their key are `ta`, `tb`.
    Facts { kind: i64, keys: usize },
    /// The beginnings and endings of such facts.
    Changes { kind: i64, keys: usize },
    /// Effective access, by its one definition: holdings `h`, their texts `ta` and `tb`, grants `g`, memberships `m`,
    /// methods `w`.
    EffectiveAccess,
    /// Events of the audit archive, called `v`.
    Events,
    /// Something else, from FROM on.
    From(&'static str),
}

/// A view that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: &'static str,
    /// What a row of it is.
    pub about: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    pub(super) source: Source,
}

static VIEWS: LazyLock<Vec<View>> = LazyLock::new(super::views::all);

/// Every view, in the order in which they are described.
pub fn views() -> &'static [View] {
    &VIEWS
}

pub(super) fn view_named(name: &str) -> Option<&'static View> {
    VIEWS.iter().find(|view| view.name == name)
}

pub(super) fn names() -> Vec<&'static str> {
    VIEWS.iter().map(|view| view.name).collect()
}

/// Where views are made, and of what.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub dialect: Dialect,
    /// The schema of our own tables.
    pub own: &'a str,
    /// The schema of the audit archive; `None` where there is none yet.
    pub archive: Option<&'a str>,
    pub at: Snapshot,
}

/// The archive before its first event.
const NO_EVENTS: &str = "(SELECT '' AS id, '' AS organization, 0 AS processed_at, 0 AS happened_at, '' AS action, '' AS actor, '' AS body WHERE 1 = 0)";

impl View {
    /// The SELECT that the view stands for.
    pub(super) fn select(&self, place: Place<'_>) -> String {
        let columns = |extra: &str| {
            let own = self.columns.iter().filter(|column| !column.sql.is_empty());
            let own = own.map(|column| format!("{} AS {}", column.sql, column.name));
            let all: Vec<String> = own.collect();
            format!("SELECT {extra}{}", all.join(",\n  "))
        };
        let template = match self.source {
            Source::Facts { kind, keys } => format!(
                "{}\nFROM fact f{}\nWHERE f.kind = {kind} AND {{shown f}}",
                columns(""),
                joins("f", keys)
            ),
            Source::Changes { kind, keys } => {
                let half = |word: &str, run: &str, after: &str, by: &str, condition: &str| {
                    let is_end = i32::from(word == "ended");
                    let extra = format!(
                        "'{word}' AS change, 'run_' || CAST(f.{run} AS TEXT) AS run_id,
  (SELECT {{time COALESCE(r.ended_at, r.started_at)}} FROM {{own}}run r WHERE r.id = f.{run}) AS run_at,
  {{time f.{after}}} AS earliest_at, {{time f.{by}}} AS latest_at,
  (SELECT {{time k.at}} FROM cause k WHERE k.fact_id = f.id AND k.is_end = {is_end}) AS exact_at,
  (SELECT k.action FROM cause k WHERE k.fact_id = f.id AND k.is_end = {is_end}) AS action,
  (SELECT k.actor FROM cause k WHERE k.fact_id = f.id AND k.is_end = {is_end}) AS actor,\n  "
                    );
                    format!(
                        "{}\nFROM fact f{}\nWHERE +f.kind = {kind} AND f.organization_id = {{organization}} AND f.{run} <= {{run}}{condition}",
                        columns(&extra),
                        joins("f", keys)
                    )
                };
                let began = half(
                    "began",
                    "begun_run",
                    "unseen_at",
                    "seen_at",
                    // What the first reading showed is most, and no change: the index by run passes it over.
                    " AND f.unseen_at IS NOT NULL AND f.begun_run >
  (SELECT MIN(r.id) FROM {own}run r WHERE r.organization_id = {organization} AND r.state = 'published')",
                );
                let ended = half("ended", "ended_run", "last_seen_at", "ended_at", "");
                format!("{began}\nUNION ALL\n{ended}")
            }
            Source::EffectiveAccess => format!(
                "{}\nFROM fact h{}{}WHERE h.kind = 7 AND {{shown h}}",
                columns(""),
                joins("h", 2),
                crate::views::effective_access::JOINS_OF_HOLDINGS
                    .choose(place.dialect)
                    .replace("$1", "{organization}")
                    .replace("$2", "{run}")
            ),
            Source::Events => {
                let table = match place.archive {
                    Some(schema) => format!("{schema}.event"),
                    None => NO_EVENTS.to_owned(),
                };
                format!(
                    "{}\nFROM {table} v JOIN {{own}}organization o ON o.atlassian_id = v.organization
WHERE o.id = {{organization}} AND (o.published_run = {{run}}
  OR v.happened_at <= (SELECT COALESCE(r.ended_at, r.started_at) FROM {{own}}run r WHERE r.id = {{run}}))",
                    columns("")
                )
            }
            Source::From(from) => format!("{}\n{from}", columns("")),
        };
        place.fill(&template)
    }
}

fn joins(fact: &str, keys: usize) -> String {
    let parts = ["a", "b"].into_iter().take(keys);
    parts
        .map(|part| format!("\nJOIN term t{part} ON t{part}.id = {fact}.{part}"))
        .collect()
}

impl Place<'_> {
    /// Fills the braces, from the inside out.
    fn fill(&self, template: &str) -> String {
        let mut text = template.to_owned();
        while let Some(end) = text.find('}') {
            let Some(start) = text.get(..end).and_then(|before| before.rfind('{')) else {
                break;
            };
            let inside = text.get(start + 1..end).unwrap_or_default().to_owned();
            let (word, rest) = inside.split_once(' ').unwrap_or((&inside, ""));
            let filled = self.one(word, rest);
            text.replace_range(start..=end, &filled);
        }
        text
    }

    fn one(&self, word: &str, rest: &str) -> String {
        let is_sqlite = self.dialect == Dialect::Sqlite;
        let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
        let (fact, name) = first.split_once('.').unwrap_or((first, ""));
        match word {
            "organization" => self.at.organization.to_string(),
            "run" => self.at.run.to_string(),
            "own" => format!("{}.", self.own),
            "shown" => format!(
                "{rest}.organization_id = {{organization}} AND +{rest}.begun_run <= {{run}} AND ({rest}.ended_run IS NULL OR +{rest}.ended_run > {{run}})"
            ),
            "told" if is_sqlite => format!("CAST(json_extract({fact}.attributes, '$.{name}') AS TEXT)"),
            "told" => format!("({fact}.attributes::json ->> '{name}')"),
            "flag" if is_sqlite => format!("CAST(json_extract({fact}.attributes, '$.{name}') AS INTEGER)"),
            "flag" => format!(
                "CASE {fact}.attributes::json ->> '{name}' WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"
            ),
            "number" if is_sqlite => format!("CAST(json_extract({fact}.attributes, '$.{name}') AS INTEGER)"),
            "number" => format!(
                "CASE json_typeof({fact}.attributes::json -> '{name}') WHEN 'number' THEN ({fact}.attributes::json ->> '{name}')::numeric::bigint END"
            ),
            "time" if is_sqlite => format!("strftime('%Y-%m-%dT%H:%M:%fZ', ({rest}) / 1000.0, 'unixepoch')"),
            "time" => format!(
                "to_char(to_timestamp(({rest}) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
            ),
            "id" => format!("(SELECT i.text FROM term i WHERE i.id = {first})"),
            "person" => format!("(SELECT p.{second} FROM person p WHERE p.account = {first})"),
            "group" => self.latest(4, first, "name"),
            "workspace" => self.latest(6, first, second),
            "directory" => self.latest(2, first, "name"),
            _ => String::new(),
        }
    }

    /// What was last told of a thing, whether it is still there or not.
    fn latest(&self, kind: i64, key: &str, attribute: &str) -> String {
        format!(
            "(SELECT {{told n.{attribute}}} FROM fact n WHERE n.organization_id = {{organization}} AND n.kind = {kind} AND n.a = {key} AND +n.begun_run <= {{run}} ORDER BY +n.begun_run DESC LIMIT 1)"
        )
    }
}
