//! Paths of changes: an attribute, perhaps of an extension, perhaps of chosen values, perhaps a part of it.

use serde_json::Value;

use super::schema::{self, Attribute, ENTERPRISE_ATTRIBUTES, Kind, find};
use super::{ATLASSIAN, ENTERPRISE, GROUP, USER, invalid};
use crate::http::Problem;

/// What a path names.
#[derive(Debug)]
pub(super) enum Target {
    /// The whole extension.
    Extension,
    /// An attribute of the extension.
    OfExtension(&'static Attribute),
    /// An attribute, the values that are meant, and the part of them.
    Of(
        &'static Attribute,
        Option<Vec<Condition>>,
        Option<&'static Attribute>,
    ),
}

/// One condition on the parts of a value; all of them have to hold.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) part: String,
    pub(super) value: Value,
}

impl Condition {
    pub(super) fn holds(&self, value: &Value) -> bool {
        let held = value
            .as_object()
            .and_then(|map| map.iter().find(|(name, _)| name.eq_ignore_ascii_case(&self.part)));
        let Some((_, held)) = held else {
            return false;
        };
        match (held, &self.value) {
            (Value::String(held), Value::String(wanted)) => held.eq_ignore_ascii_case(wanted),
            (held, wanted) => held == wanted,
        }
    }
}

/// Reads a path into a user.
pub(super) fn of_user(text: &str) -> Result<Target, Problem> {
    let refused = || invalid("invalidPath", &format!("{text} is no path of a user"));
    if let Some(rest) = within(text, ENTERPRISE) {
        let rest = rest.trim_start_matches([':', '.']);
        if rest.is_empty() {
            return Ok(Target::Extension);
        }
        return find(&ENTERPRISE_ATTRIBUTES, rest)
            .map(Target::OfExtension)
            .ok_or_else(refused);
    }
    if within(text, ATLASSIAN).is_some() {
        return Err(invalid("mutability", "this extension cannot be written"));
    }
    let (name, conditions, part) = parts(without_core(text, USER))?;
    let attribute = schema::of_user(&name);
    let Some(attribute) = attribute else {
        let is_common = ["id", "meta", "schemas"]
            .iter()
            .any(|it| it.eq_ignore_ascii_case(&name));
        return Err(if is_common {
            invalid("mutability", &format!("{name} cannot be written"))
        } else {
            refused()
        });
    };
    let part = match (part, attribute.kind) {
        (None, _) => None,
        (Some(part), Kind::Complex(known)) => Some(find(known, &part).ok_or_else(refused)?),
        (Some(_), _) => return Err(refused()),
    };
    if conditions.is_some() && !attribute.is_list {
        return Err(refused());
    }
    Ok(Target::Of(attribute, conditions, part))
}

/// Name, conditions in brackets, part.
type Parts = (String, Option<Vec<Condition>>, Option<String>);

/// Takes a path apart.
pub(super) fn parts(text: &str) -> Result<Parts, Problem> {
    let (name, rest) = match text.find(['[', '.']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    if name.is_empty()
        || !name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || "$-_".contains(it))
    {
        return Err(invalid("invalidPath", &format!("{text} is no path")));
    }
    let (conditions, rest) = match rest.strip_prefix('[') {
        None => (None, rest),
        Some(inner) => {
            let end = closing(inner).ok_or_else(|| invalid("invalidPath", "a bracket is not closed"))?;
            let (inner, rest) = inner.split_at(end);
            (Some(conditions(inner)?), rest.get(1..).unwrap_or_default())
        }
    };
    let part = match rest.strip_prefix('.') {
        Some(part) if !part.is_empty() => Some(part.to_owned()),
        None if rest.is_empty() => None,
        _ => return Err(invalid("invalidPath", &format!("{text} is no path"))),
    };
    Ok((name.to_owned(), conditions, part))
}

/// Where the bracket closes, which is not inside a quoted value.
fn closing(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ']' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn conditions(text: &str) -> Result<Vec<Condition>, Problem> {
    let refused = || invalid("invalidFilter", "values are chosen by eq, joined by and");
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (part, after) = rest.split_once(' ').ok_or_else(refused)?;
        let (operator, after) = after.trim_start().split_once(' ').ok_or_else(refused)?;
        if !operator.eq_ignore_ascii_case("eq") {
            return Err(refused());
        }
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<Value>();
        let value = values.next().and_then(Result::ok).ok_or_else(refused)?;
        let after = after.get(values.byte_offset()..).unwrap_or_default().trim_start();
        found.push(Condition {
            part: part.to_owned(),
            value,
        });
        rest = match after.split_once(' ') {
            _ if after.is_empty() => "",
            Some((joint, after)) if joint.eq_ignore_ascii_case("and") => after.trim_start(),
            _ => return Err(refused()),
        };
    }
    if found.is_empty() {
        Err(refused())
    } else {
        Ok(found)
    }
}

/// The rest of a path that begins with this schema.
pub(super) fn within<'a>(text: &'a str, urn: &str) -> Option<&'a str> {
    let head = text.get(..urn.len())?;
    head.eq_ignore_ascii_case(urn)
        .then(|| text.get(urn.len()..).unwrap_or_default())
}

/// The path without the schema of the resource itself.
pub(super) fn without_core<'a>(text: &'a str, urn: &str) -> &'a str {
    debug_assert!(urn == USER || urn == GROUP);
    within(text, urn)
        .and_then(|rest| rest.strip_prefix(':'))
        .unwrap_or(text)
}
