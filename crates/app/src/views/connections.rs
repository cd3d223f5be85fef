//! Connections and their runs.

use super::error::{Candidate, ViewError, nearest};
use super::time::At;
use crate::App;
use crate::schedule::ScheduleView;
use model::RunId;
use serde::Serialize;
use serde_json::Value;
use store::views::connections::{ConnectionView as ConnectionRow, FamilyTally, RunView as RunRow};
use store::{RunProgress, Tx};

/// A run of any state.
#[derive(Debug, Clone, Serialize)]
pub struct RunItem {
    /// The run.
    pub run: RunId,
    /// `reading`, `merging`, `held`, `published` or `discarded`.
    pub state: String,
    /// Whether it also reads methods.
    pub with_methods: bool,
    /// When it was begun.
    pub started_at: At,
    /// When it ended.
    pub ended_at: Option<At>,
    /// How many requests it made.
    pub requests: i64,
    /// How many facts began with it.
    pub begun: i64,
    /// How many facts ended with it.
    pub ended: i64,
    /// Why it is held, or what of it is not complete.
    pub reasons: Vec<String>,
    /// Fields and values that Atlassian sent and this version does not know, with how often.
    pub drift: Vec<(String, i64)>,
    /// Requests by operation, the most first.
    pub operations: Vec<(String, i64)>,
}

/// How far the listings of one family are.
#[derive(Debug, Clone, Serialize)]
pub struct FamilyView {
    /// The family: `accounts`, `group_members` …
    pub family: String,
    /// How many listings it has so far.
    pub listings: i64,
    /// How many of them were read to an end, good or bad.
    pub done: i64,
    /// How many pages were read.
    pub pages: i64,
    /// How many rows they showed.
    pub rows: i64,
    /// How many rows are expected, as far as that is known.
    pub expected: Option<i64>,
    /// `planned`, `reading`, `ended`, `refused` or `unsure`.
    pub state: String,
    /// How many rows a minute it shows now, when two looks at it tell.
    pub rows_a_minute: Option<i64>,
    /// How long the rest may take at that rate.
    pub left_ms: Option<i64>,
}

/// A listing about which something is to be said.
#[derive(Debug, Clone, Serialize)]
pub struct ListingNote {
    /// Its family and name.
    pub listing: String,
    /// Its state.
    pub state: String,
    /// What is to be said.
    pub note: Option<String>,
}

/// A run with its listings.
#[derive(Debug, Clone, Serialize)]
pub struct RunDetail {
    /// The run.
    #[serde(flatten)]
    pub run: RunItem,
    /// The name of its connection.
    pub connection: String,
    /// Whether it goes on.
    pub is_live: bool,
    /// What the process that reads it said last, while it goes on.
    pub progress: Option<RunProgress>,
    /// Its listings by family.
    pub families: Vec<FamilyView>,
    /// Listings about which something is to be said.
    pub notes: Vec<ListingNote>,
}

/// A connection in a list.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionItem {
    /// What people call it.
    pub name: String,
    /// The organization it reads: id and name.
    pub organization_id: String,
    /// The organization's name, if it was told.
    pub organization_name: Option<String>,
    /// Where it reads.
    pub base_url: String,
    /// When it was added.
    pub created_at: At,
    /// By whom.
    pub created_by: String,
    /// When it is read, and how that went last.
    pub schedule: ScheduleView,
    /// Its latest run.
    pub latest: Option<RunItem>,
    /// Its latest published run.
    pub published: Option<RunItem>,
    /// A run that was held after it and waits for a person.
    pub held: Option<RunItem>,
}

/// One connection.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionDetail {
    /// What a list shows of it.
    #[serde(flatten)]
    pub item: ConnectionItem,
    /// What was learned of the tenant, by name.
    pub semantics: Vec<(String, Value)>,
    /// Its latest runs, the latest first.
    pub runs: Vec<RunItem>,
}

fn counts(value: &Value) -> Vec<(String, i64)> {
    let pairs = value.as_object().into_iter().flatten();
    let mut counts: Vec<(String, i64)> = pairs
        .map(|(name, count)| (name.clone(), count.as_i64().unwrap_or(0)))
        .collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    counts
}

impl From<RunRow> for RunItem {
    fn from(row: RunRow) -> RunItem {
        let reasons = row
            .report
            .get("reasons")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        RunItem {
            run: RunId(row.run),
            with_methods: row.with_methods,
            started_at: At(row.started_at),
            ended_at: row.ended_at.map(At),
            requests: row.requests,
            begun: row.changes_begun,
            ended: row.changes_ended,
            reasons: reasons
                .filter_map(|reason| reason.as_str().map(str::to_owned))
                .collect(),
            drift: row.report.get("drift").map(counts).unwrap_or_default(),
            operations: row.report.get("operations").map(counts).unwrap_or_default(),
            state: row.state,
        }
    }
}

impl From<FamilyTally> for FamilyView {
    fn from(tally: FamilyTally) -> FamilyView {
        let ended = tally.listings > 0 && tally.done == tally.listings;
        let own = tally.state.unwrap_or_default();
        let state = match own.as_str() {
            "ended" | "refused" | "unsure" => own.as_str(),
            _ if tally.refused > 0 => "refused",
            _ if tally.unsure > 0 => "unsure",
            _ if ended && own.is_empty() => "ended",
            _ if tally.reading > 0 || tally.done > 0 || tally.pages > 0 => "reading",
            _ => "planned",
        };
        FamilyView {
            state: state.to_owned(),
            rows_a_minute: None,
            left_ms: None,
            family: tally.family,
            listings: tally.listings,
            done: tally.done,
            pages: tally.pages,
            rows: tally.rows,
            // Counts are taken only of listings with several pages, so they say something only while reading.
            expected: tally
                .expected
                .filter(|expected| *expected > tally.rows && state == "reading"),
        }
    }
}

async fn item(tx: &mut Tx, row: &ConnectionRow, runs: &[RunItem]) -> Result<ConnectionItem, ViewError> {
    let published = runs.iter().find(|run| run.state == "published").cloned();
    let schedule = ScheduleView::of(
        tx.schedule_find(row.connection).await?,
        row.sync_interval_ms,
        tx.run_whole_begun_at(row.organization).await?,
        published.as_ref().and_then(|run| run.ended_at).map(|at| at.0),
        tx.event_stream(row.organization).await?,
    );
    Ok(ConnectionItem {
        schedule,
        name: row.name.clone(),
        organization_id: row.organization_id.clone(),
        organization_name: row.organization_name.clone(),
        base_url: row.base_url.clone(),
        created_at: At(row.created_at),
        created_by: row.created_by.clone(),
        latest: runs.first().cloned(),
        held: runs
            .iter()
            .find(|run| !matches!(run.state.as_str(), "reading" | "merging"))
            .filter(|run| run.state == "held")
            .cloned(),
        published,
    })
}

impl App {
    /// Every connection, by name.
    pub async fn connections(&self) -> Result<Vec<ConnectionItem>, ViewError> {
        let mut tx = self.store.read().await?;
        let mut items = Vec::new();
        for row in tx.connection_views().await? {
            let runs: Vec<RunItem> = tx
                .run_views(Some(row.connection), 50)
                .await?
                .into_iter()
                .map(RunItem::from)
                .collect();
            items.push(item(&mut tx, &row, &runs).await?);
        }
        Ok(items)
    }

    /// One connection with its latest runs.
    pub async fn connection(&self, name: &str) -> Result<ConnectionDetail, ViewError> {
        let mut tx = self.store.read().await?;
        let rows = tx.connection_views().await?;
        let Some(row) = rows.iter().find(|row| row.name == name) else {
            let known = rows.iter().map(|row| Candidate {
                id: row.name.clone(),
                name: row.name.clone(),
            });
            return Err(ViewError::Unknown {
                what: "connection",
                asked: name.to_owned(),
                nearest: nearest(name, known),
            });
        };
        let runs: Vec<RunItem> = tx
            .run_views(Some(row.connection), 50)
            .await?
            .into_iter()
            .map(RunItem::from)
            .collect();
        let semantics = row.semantics.as_object().into_iter().flatten();
        let semantics = semantics.filter(|(name, _)| *name != "version");
        Ok(ConnectionDetail {
            item: item(&mut tx, row, &runs).await?,
            semantics: semantics
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            runs,
        })
    }

    /// One run with its listings.
    pub async fn run(&self, run: RunId) -> Result<RunDetail, ViewError> {
        let mut tx = self.store.read().await?;
        let Some(row) = tx.run_view(run.0).await? else {
            return Err(ViewError::Unknown {
                what: "run",
                asked: run.to_string(),
                nearest: Vec::new(),
            });
        };
        let connections = tx.connection_views().await?;
        let connection = connections
            .into_iter()
            .find(|connection| connection.connection == row.connection);
        let mut families: Vec<FamilyView> = tx
            .family_tally(run.0)
            .await?
            .into_iter()
            .map(FamilyView::from)
            .collect();
        let is_live = matches!(row.state.as_str(), "reading" | "merging");
        let mut progress = None;
        if is_live {
            self.paces.take(run.0, self.clock.now_ms(), &mut families);
            progress = tx.run_progress_view(run.0).await?;
        }
        let notes = tx
            .listing_views(run.0)
            .await?
            .into_iter()
            .map(|listing| ListingNote {
                listing: [listing.family, listing.name].join(" ").trim().to_owned(),
                state: listing.state,
                note: listing.note,
            });
        let notes = notes.collect();
        Ok(RunDetail {
            is_live,
            progress,
            run: row.into(),
            connection: connection.map(|connection| connection.name).unwrap_or_default(),
            families,
            notes,
        })
    }
}
