//! Tables as files: UTF-8 without a mark, a row of names first, the whole filtered list.
//!
//! Rows are read and sent part by part, so that a list of any length needs the memory of one part; the reader's pace is
//! kept. How a line is written: [`app::csv`]. The gate is that of the pages.

use crate::error::PageError;
use app::csv::line;
use app::views::{At, ViewError};
use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream;
use std::future::Future;

/// How many rows of a list are read at once.
pub(crate) const PART: i64 = 1_000;

/// One row; its cells in the order of the names.
pub(crate) type Cells = Vec<String>;

/// Whether a file is asked for instead of a page.
pub(crate) fn is_wanted(format: &str) -> bool {
    format == "csv"
}

/// A file of all parts. `part` answers the rows of one part and where the next begins, if there is one.
///
/// The first part is read before the answer begins, so that trouble with it is a page that says so; later trouble
/// breaks the file off, which browsers show as a failed download.
pub(crate) async fn file<S, P, F>(
    name: &str,
    heads: &[&str],
    first: S,
    part: P,
) -> Result<Response, PageError>
where
    S: Send + 'static,
    P: Fn(S) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(Vec<Cells>, Option<S>), ViewError>> + Send + 'static,
{
    let (rows, next) = part(first).await?;
    let mut text = String::new();
    line(&mut text, heads.iter().copied());
    lines(&mut text, &rows);
    let rest = stream::try_unfold(next, move |at| {
        let more = at.map(&part);
        async move {
            let Some(more) = more else { return Ok(None) };
            let (rows, next) = more.await.inspect_err(|error| {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "a file could not be finished"
                );
            })?;
            let mut text = String::new();
            lines(&mut text, &rows);
            Ok::<_, ViewError>(Some((text, next)))
        }
    });
    let all = futures::StreamExt::chain(stream::iter([Ok(text)]), rest);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}.csv\"", file_name(name)),
        ),
    ];
    Ok((headers, Body::from_stream(all)).into_response())
}

/// A file of rows that are at hand.
pub(crate) async fn small(name: &str, heads: &[&str], rows: Vec<Cells>) -> Result<Response, PageError> {
    file(name, heads, (), move |()| {
        let rows = rows.clone();
        async move { Ok((rows, None)) }
    })
    .await
}

/// Where the part after this one begins.
pub(crate) fn after(offset: i64, rows: usize) -> Option<i64> {
    let rows = i64::try_from(rows).unwrap_or(0);
    (rows >= PART).then_some(offset + rows)
}

/// A time as text, or nothing.
pub(crate) fn time(at: Option<At>) -> String {
    at.map_or_else(String::new, |at| at.to_string())
}

/// A text, or nothing.
pub(crate) fn text(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}

/// Letters, digits, `-`, `_` and `.`; the rest becomes `-`, because names come from Atlassian.
fn file_name(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let name: String = name
        .chars()
        .take(80)
        .map(|letter| if plain(letter) { letter } else { '-' })
        .collect();
    format!("orgwarden-{name}")
}

fn lines(text: &mut String, rows: &[Cells]) {
    for row in rows {
        line(text, row.iter().map(String::as_str));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_plain() {
        assert_eq!(file_name("a/b \"c\"é"), "orgwarden-a-b--c--");
    }
}
