//! The only place that puts SQL text together: lists of rows and of ids, whose length varies.
//! Nothing that came from outside is ever part of the text; values are always bound.

use std::fmt::Write as _;

/// How a statement names its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placeholders {
    /// `$1`, `$2` …: PostgreSQL.
    Numbered,
    /// `?` in order: SQLite, which looks every named one up among all before it.
    InOrder,
}

/// `head ($1, $2), ($3, $4) … tail`, or the same with `?`.
pub(crate) fn values_statement(
    placeholders: Placeholders,
    head: &'static str,
    rows: usize,
    columns: usize,
    tail: &'static str,
) -> String {
    let mut sql = String::with_capacity(head.len() + tail.len() + rows * (columns * 6 + 4));
    sql.push_str(head);
    let mut number = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { " (" } else { ", (" });
        for column in 0..columns {
            number += 1;
            sql.push_str(if column == 0 { "" } else { ", " });
            match placeholders {
                // Writing to a text cannot fail.
                Placeholders::Numbered => _ = write!(sql, "${number}"),
                Placeholders::InOrder => sql.push('?'),
            }
        }
        sql.push(')');
    }
    sql.push(' ');
    sql.push_str(tail);
    sql
}

/// `head ($first, $first+1, …) tail`
pub(crate) fn list_statement(head: &str, first: usize, count: usize, tail: &str) -> String {
    let mut sql = format!("{head} (");
    for index in 0..count {
        let separator = if index == 0 { "" } else { ", " };
        let _ = write!(sql, "{separator}${}", first + index);
    }
    let _ = write!(sql, ") {tail}");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_through() {
        let head = "INSERT INTO t (a, b) VALUES";
        let numbered = values_statement(Placeholders::Numbered, head, 2, 2, "");
        assert_eq!(numbered, "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ");
        let in_order = values_statement(Placeholders::InOrder, head, 2, 2, "");
        assert_eq!(in_order, "INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ");
        assert_eq!(
            list_statement("SELECT a FROM t WHERE a IN", 2, 2, ""),
            "SELECT a FROM t WHERE a IN ($2, $3) "
        );
    }
}
