//! Values and rows as both databases know them: 64-bit numbers, text and bytes, each possibly NULL.
//!
//! Every statement of this crate is written once for both databases; this is the narrow type system they
//! share. NULLs keep their type, because PostgreSQL wants to know it.

use crate::error::StoreError;

/// A value bound to a statement or read from a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number or its NULL.
    Int(Option<i64>),
    /// A text or its NULL.
    Text(Option<String>),
    /// Bytes or their NULL.
    Bytes(Option<Vec<u8>>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Value::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Int(Some(i64::from(flag)))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::from(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Value::from(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        // PostgreSQL's text cannot hold U+0000, which JSON can carry; what is kept must be the same in both.
        let text = if text.contains('\0') {
            text.replace('\0', "\u{fffd}")
        } else {
            text
        };
        Value::Text(Some(text))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Value::Text(None), Value::from)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Value::from(text.map(str::to_owned))
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Value::Bytes(Some(bytes))
    }
}

/// One row of an answer. Columns are read by position, in the order of the statement.
#[derive(Debug, Clone)]
pub struct Row {
    pub(crate) values: Vec<Value>,
}

impl Row {
    fn wrong(&self, column: usize, wanted: &'static str) -> StoreError {
        StoreError::Row { column, wanted }
    }

    /// The number in this column; NULL or another type is an error.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.int_or_null(column)?
            .ok_or_else(|| self.wrong(column, "a number"))
    }

    /// The number in this column or `None` for NULL.
    pub fn int_or_null(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.values.get(column) {
            Some(Value::Int(number)) => Ok(*number),
            Some(Value::Text(None) | Value::Bytes(None)) => Ok(None),
            _ => Err(self.wrong(column, "a number or NULL")),
        }
    }

    /// The flag in this column.
    pub fn flag(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    /// The text in this column; NULL or another type is an error.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.text_or_null(column)?
            .ok_or_else(|| self.wrong(column, "text"))
    }

    /// The text in this column or `None` for NULL.
    pub fn text_or_null(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self.values.get(column) {
            Some(Value::Text(text)) => Ok(text.clone()),
            Some(Value::Int(None) | Value::Bytes(None)) => Ok(None),
            _ => Err(self.wrong(column, "text or NULL")),
        }
    }

    /// The bytes in this column.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        match self.values.get(column) {
            Some(Value::Bytes(Some(bytes))) => Ok(bytes.clone()),
            _ => Err(self.wrong(column, "bytes")),
        }
    }

    /// The text in this column read as JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| self.wrong(column, "JSON of a known shape"))
    }
}
