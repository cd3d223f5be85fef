//! The only place that puts SQL text together: lists of rows and of ids, whose length varies.
//! Nothing that came from outside is ever part of the text; values are always bound.

use std::fmt::Write as _;

/// `head ($1, $2), ($3, $4) … tail`
pub(crate) fn values_statement(
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
            let separator = if column == 0 { "" } else { ", " };
            // Writing to a text cannot fail.
            let _ = write!(sql, "{separator}${number}");
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
        assert_eq!(
            values_statement("INSERT INTO t (a, b) VALUES", 2, 2, ""),
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) "
        );
        assert_eq!(
            list_statement("SELECT a FROM t WHERE a IN", 2, 2, ""),
            "SELECT a FROM t WHERE a IN ($2, $3) "
        );
    }
}
