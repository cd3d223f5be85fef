//! What a question is answered with.

/// One value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not told, or nothing.
    Null,
    /// A whole number; flags are 0 and 1.
    Int(i64),
    /// Another number.
    Real(f64),
    /// A text.
    Text(String),
}

impl Cell {
    /// A number as both databases tell it: a whole one is one, wherever it came from.
    pub(super) fn real(number: f64) -> Cell {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() <= EXACT {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "whole and within what both hold exactly"
            )]
            return Cell::Int(number as i64);
        }
        Cell::Real(number)
    }

    /// How many bytes it takes, about.
    pub(super) fn size(&self) -> usize {
        16 + match self {
            Cell::Text(text) => text.len(),
            _ => 0,
        }
    }
}

/// Columns and rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The names of the columns, in order. They may repeat.
    pub columns: Vec<String>,
    /// The rows, each with as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// Whether there were more rows than [`super::Limits::rows`].
    pub is_cut: bool,
}
