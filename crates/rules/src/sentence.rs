//! Words with the cells of a row in them.

use serde::{Serialize, Serializer};

/// A text in which `{column}` stands for a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    text: String,
    columns: Vec<String>,
}

impl Serialize for Sentence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl Sentence {
    /// Reads a text. A brace that is not closed, or an empty one, is refused.
    pub fn read(text: &str) -> Result<Sentence, String> {
        let mut columns = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once('{') {
            let Some((column, after)) = after.split_once('}') else {
                return Err("has a { without its }".to_owned());
            };
            if column.is_empty()
                || !column
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            {
                return Err(format!("has {{{column}}}, which is no name of a column"));
            }
            columns.push(column.to_owned());
            rest = after;
        }
        Ok(Sentence {
            text: text.to_owned(),
            columns,
        })
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The columns that it names.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The text with cells in it; nothing told becomes "–".
    pub fn filled<'c>(&self, cell: impl Fn(&str) -> Option<&'c str>) -> String {
        let mut filled = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (column, after) = after.split_once('}').unwrap_or((after, ""));
            let told = cell(column).filter(|text| !text.is_empty());
            filled.push_str(told.unwrap_or("–"));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_where_their_columns_are_named() {
        let sentence = Sentence::read("{name} has {role} since {since}").unwrap();
        assert_eq!(sentence.columns(), ["name", "role", "since"]);
        let cell = |column: &str| match column {
            "name" => Some("Ada {role}"),
            "role" => Some("admin"),
            _ => None,
        };
        // What is in a cell is never read as a column.
        assert_eq!(sentence.filled(cell), "Ada {role} has admin since –");
    }

    #[test]
    fn braces_that_name_nothing_are_refused() {
        for text in ["{", "a {b", "{}", "{a b}", "{{a}}"] {
            assert!(Sentence::read(text).is_err(), "{text}");
        }
    }
}
