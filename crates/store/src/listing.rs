//! Listings of a run: how far each is read, and the proof that a family was read to its end.

use crate::database::Tx;
use crate::error::StoreError;
use crate::staged::PageOf;
use crate::value::{Row, Value};
use model::{FactKind, Family, RunId};

const PLAN: &str = "INSERT INTO listing (run_id, family, name, state) VALUES";
const PLAN_TAIL: &str = "ON CONFLICT (run_id, family, name) DO NOTHING";
const UNPLAN: &str = "DELETE FROM listing WHERE run_id = $1 AND name <> '' AND state = 'planned'";
const COVER: &str = "INSERT INTO listing_kind (run_id, family, kind) VALUES ($1, $2, $3)
    ON CONFLICT (run_id, kind, family) DO NOTHING";
const FIND: &str = "SELECT family, name, state, cursor, pages, rows_seen, expected, note
    FROM listing WHERE run_id = $1 AND family = $2 AND name = $3";
const ALL: &str = "SELECT family, name, state, cursor, pages, rows_seen, expected, note
    FROM listing WHERE run_id = $1 ORDER BY family, name";
const ADVANCE: &str = "INSERT INTO listing (run_id, family, name, state, cursor, pages, rows_seen) VALUES";
const ADVANCE_TAIL: &str =
    "ON CONFLICT (run_id, family, name) DO UPDATE SET state = excluded.state, cursor = excluded.cursor,
    pages = listing.pages + excluded.pages, rows_seen = listing.rows_seen + excluded.rows_seen";
const RESTART: &str = "UPDATE listing SET state = 'planned', cursor = NULL, pages = 0, rows_seen = 0, expected = NULL WHERE run_id = $1 AND family = $2 AND name = $3";
const EXPECT: &str = "UPDATE listing SET expected = $4 WHERE run_id = $1 AND family = $2 AND name = $3";
const SET_STATE: &str =
    "UPDATE listing SET state = $4, note = $5 WHERE run_id = $1 AND family = $2 AND name = $3";
const UNFINISHED: &str =
    "SELECT COUNT(*) FROM listing WHERE run_id = $1 AND family = $2 AND name <> '' AND state <> 'ended'";
const COVERED: &str = "SELECT COUNT(*) FROM listing_kind k
    JOIN listing l ON l.run_id = k.run_id AND l.family = k.family AND l.name = ''
    WHERE k.run_id = $1 AND k.kind = $2 AND l.state = 'ended'";
const LOOKED: &str = "SELECT 1 FROM looked WHERE run_id = $1 AND kind = $2 LIMIT 1";
const COVERING: &str = "SELECT COUNT(*) FROM listing_kind WHERE run_id = $1 AND kind = $2";

/// How far a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingState {
    /// Not begun, or to be read again from its start.
    Planned,
    /// Some pages were read; the cursor tells which is next.
    Reading,
    /// The server itself said that there is no next page.
    Ended,
    /// Atlassian does not let this key read it.
    Refused,
    /// It kept changing while it was read, or did not agree with the counts.
    Unsure,
}

impl ListingState {
    fn name(self) -> &'static str {
        match self {
            ListingState::Planned => "planned",
            ListingState::Reading => "reading",
            ListingState::Ended => "ended",
            ListingState::Refused => "refused",
            ListingState::Unsure => "unsure",
        }
    }

    fn from_name(name: &str) -> Option<ListingState> {
        use ListingState::{Ended, Planned, Reading, Refused, Unsure};
        [Planned, Reading, Ended, Refused, Unsure]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// One listing of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct ListingRow {
    /// Its family's name.
    pub family: String,
    /// Which of the family; empty for the family as a whole.
    pub name: String,
    /// How far it is.
    pub state: ListingState,
    /// Where the next page begins.
    pub cursor: Option<String>,
    /// Pages read.
    pub pages: i64,
    /// Rows those pages held.
    pub rows_seen: i64,
    /// Rows by Atlassian's count, once the listing was found to agree with it.
    pub expected: Option<i64>,
    /// Why it is refused or unsure.
    pub note: Option<String>,
}

/// Proof that in this run every listing that could show facts of this kind was read to the server's own end, or, in a
/// run of what events named, that some of them were asked for and all of the answer was read.
/// Only the store makes it, and without it no fact ends.
#[derive(Debug)]
pub struct CompleteRun {
    pub(crate) run: RunId,
    pub(crate) organization_id: i64,
    pub(crate) kind: FactKind,
    pub(crate) seen: SeenAll,
}

/// What a run has seen all of, of one kind of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeenAll {
    /// All there are.
    OfTheKind,
    /// Those within what it [looked](crate::Looked) at.
    WhereItLooked,
}

impl CompleteRun {
    /// The kind of facts that was read completely.
    pub fn kind(&self) -> FactKind {
        self.kind
    }
}

fn listing(row: &Row) -> Result<ListingRow, StoreError> {
    let (family, name, state) = (row.text(0)?, row.text(1)?, row.text(2)?);
    let unknown = || StoreError::Corrupt {
        table: "listing",
        id: format!("{family}/{name}"),
        what: format!("state is {state}"),
    };
    let state = ListingState::from_name(&state).ok_or_else(unknown)?;
    Ok(ListingRow {
        family,
        name,
        state,
        cursor: row.text_or_null(3)?,
        pages: row.int(4)?,
        rows_seen: row.int(5)?,
        expected: row.int_or_null(6)?,
        note: row.text_or_null(7)?,
    })
}

impl Tx {
    /// Makes the family part of the run: from now on its kinds are complete only when it ended.
    pub async fn family_plan(&mut self, run: RunId, family: Family) -> Result<(), StoreError> {
        self.listings_plan(run, family, [""]).await?;
        for kind in family.kinds() {
            self.execute(COVER, &[run.0.into(), family.name().into(), kind.number().into()])
                .await?;
        }
        Ok(())
    }

    /// Makes listings part of the run; those that are stay as far as they are.
    pub async fn listings_plan<'a>(
        &mut self,
        run: RunId,
        family: Family,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), StoreError> {
        let planned = ListingState::Planned.name();
        let row = |name: &str| vec![run.0.into(), family.name().into(), name.into(), planned.into()];
        let rows = names.into_iter().map(row).collect();
        self.insert_many(PLAN, rows, PLAN_TAIL).await?;
        Ok(())
    }

    /// Forgets listings of a run that is gone on with that were planned and not begun: what is to be read is found out
    /// anew, and what is no longer asked for would keep its family from ending.
    pub async fn listings_unplan(&mut self, run: RunId) -> Result<(), StoreError> {
        self.execute(UNPLAN, &[run.0.into()]).await?;
        Ok(())
    }

    /// How far a listing is.
    pub async fn listing_find(
        &mut self,
        run: RunId,
        family: Family,
        name: &str,
    ) -> Result<Option<ListingRow>, StoreError> {
        let key = [run.0.into(), family.name().into(), name.into()];
        self.row(FIND, &key).await?.as_ref().map(listing).transpose()
    }

    /// All listings of a run.
    pub async fn listing_all(&mut self, run: RunId) -> Result<Vec<ListingRow>, StoreError> {
        self.rows(ALL, &[run.0.into()])
            .await?
            .iter()
            .map(listing)
            .collect()
    }

    /// Notes that the listing agrees with Atlassian's count, so that an interrupted run need not count again.
    pub async fn listing_agrees(
        &mut self,
        run: RunId,
        family: Family,
        name: &str,
        expected: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            EXPECT,
            &[run.0.into(), family.name().into(), name.into(), expected.into()],
        )
        .await?;
        Ok(())
    }

    /// Keeps the positions after some pages, in the transaction that keeps the pages.
    pub(crate) async fn listings_advance(
        &mut self,
        run: RunId,
        pages: impl Iterator<Item = &PageOf>,
    ) -> Result<(), StoreError> {
        let row = |page: &PageOf| -> Vec<Value> {
            let state = match page.next {
                Some(_) => ListingState::Reading,
                None => ListingState::Ended,
            };
            vec![
                run.0.into(),
                page.family.name().into(),
                page.name.as_str().into(),
                state.name().into(),
                page.next.as_deref().into(),
                1.into(),
                page.rows.into(),
            ]
        };
        let rows: Vec<Vec<Value>> = pages.map(row).collect();
        self.insert_many(ADVANCE, rows, ADVANCE_TAIL).await?;
        Ok(())
    }

    /// Sends a listing back to its first page.
    pub async fn listing_restart(
        &mut self,
        run: RunId,
        family: Family,
        name: &str,
    ) -> Result<(), StoreError> {
        self.execute(RESTART, &[run.0.into(), family.name().into(), name.into()])
            .await?;
        Ok(())
    }

    /// Marks a listing or (with an empty name) a family that cannot be complete in this run.
    pub async fn listing_fail(
        &mut self,
        run: RunId,
        family: Family,
        name: &str,
        state: ListingState,
        note: &str,
    ) -> Result<(), StoreError> {
        let values = [
            run.0.into(),
            family.name().into(),
            name.into(),
            state.name().into(),
            note.into(),
        ];
        self.execute(SET_STATE, &values).await?;
        Ok(())
    }

    /// Ends the family if every listing of it ended; answers whether it did.
    pub async fn family_end(&mut self, run: RunId, family: Family) -> Result<bool, StoreError> {
        let unfinished = self
            .row(UNFINISHED, &[run.0.into(), family.name().into()])
            .await?;
        if unfinished.map_or(Ok(0), |row| row.int(0))? > 0 {
            return Ok(false);
        }
        let none: Option<&str> = None;
        let values = [
            run.0.into(),
            family.name().into(),
            "".into(),
            ListingState::Ended.name().into(),
            none.into(),
        ];
        self.execute(SET_STATE, &values).await?;
        Ok(true)
    }

    /// The proof that facts of this kind were read completely in this run, or where it looked, if they were.
    pub async fn run_complete(
        &mut self,
        run: RunId,
        organization_id: i64,
        kind: FactKind,
    ) -> Result<Option<CompleteRun>, StoreError> {
        let key = [run.0.into(), kind.number().into()];
        let covering = self.row(COVERING, &key).await?.map_or(Ok(0), |row| row.int(0))?;
        let covered = self.row(COVERED, &key).await?.map_or(Ok(0), |row| row.int(0))?;
        let seen = if covering > 0 && covering == covered {
            SeenAll::OfTheKind
        } else if self.row(LOOKED, &key).await?.is_some() {
            SeenAll::WhereItLooked
        } else {
            return Ok(None);
        };
        Ok(Some(CompleteRun {
            run,
            organization_id,
            kind,
            seen,
        }))
    }
}
