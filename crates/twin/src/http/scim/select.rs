//! Which resources, which page of them, and which of their attributes.

use serde_json::{Map, Value, json};

use super::{GROUP, LIST, USER, invalid};
use crate::http::{Call, Problem, Reply};

/// Without `count`, so many resources come at once.
const DEFAULT_ITEMS: i64 = 100;
/// More never do.
pub(super) const MOST_ITEMS: i64 = 1000;

/// A filter `attribute eq "value"`, the only form there is.
pub(super) struct Filter {
    /// As one of the attributes that may be asked for.
    pub(super) attribute: &'static str,
    pub(super) value: String,
}

pub(super) fn filter(call: &Call<'_>, allowed: &[&'static str]) -> Result<Option<Filter>, Problem> {
    let Some(text) = call.query_one("filter") else {
        return Ok(None);
    };
    let refused = || {
        invalid(
            "invalidFilter",
            &format!("filter is one of {} with eq", allowed.join(", ")),
        )
    };
    let mut words = text.trim().splitn(3, ' ');
    let (name, operator, value) = (words.next(), words.next(), words.next());
    let name = name.unwrap_or_default();
    let name = [USER, GROUP]
        .iter()
        .find_map(|urn| name.strip_prefix(urn)?.strip_prefix(':'))
        .unwrap_or(name);
    let attribute = allowed
        .iter()
        .find(|it| it.eq_ignore_ascii_case(name))
        .ok_or_else(refused)?;
    let is_eq = operator.is_some_and(|operator| operator.eq_ignore_ascii_case("eq"));
    let value: Option<String> = value.and_then(|value| serde_json::from_str(value.trim()).ok());
    match value.filter(|_| is_eq) {
        Some(value) => Ok(Some(Filter { attribute, value })),
        None => Err(refused()),
    }
}

/// The page that is asked for: how many to skip, and how many to tell.
pub(super) fn window(call: &Call<'_>) -> Result<(usize, usize), Problem> {
    let number = |name: &str| {
        let value = call.query_one(name).map(|text| text.parse::<i64>());
        value
            .transpose()
            .map_err(|_| invalid("invalidValue", &format!("{name} is a number")))
    };
    let start = number("startIndex")?.unwrap_or(1).max(1);
    let count = number("count")?.unwrap_or(DEFAULT_ITEMS).clamp(0, MOST_ITEMS);
    Ok((
        usize::try_from(start - 1).unwrap_or(usize::MAX),
        usize::try_from(count).unwrap_or(0),
    ))
}

pub(super) fn page(skipped: usize, total: usize, items: Vec<Value>) -> Reply {
    Reply::ok(&json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": skipped + 1,
        "itemsPerPage": items.len(),
        "Resources": items,
    }))
}

/// The attributes an answer is to have.
#[derive(Debug)]
pub(super) enum Wanted {
    All,
    Only(Vec<String>),
    Without(Vec<String>),
}

impl Wanted {
    pub(super) fn of(call: &Call<'_>) -> Result<Wanted, Problem> {
        match (
            call.query_list("attributes"),
            call.query_list("excludedAttributes"),
        ) {
            (Some(_), Some(_)) => Err(invalid(
                "invalidValue",
                "attributes and excludedAttributes exclude each other",
            )),
            (Some(names), None) => Ok(Wanted::Only(lower(names))),
            (None, Some(names)) => Ok(Wanted::Without(lower(names))),
            (None, None) => Ok(Wanted::All),
        }
    }

    /// True when an attribute of the resource itself has to be told.
    pub(super) fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        match self {
            Wanted::All => true,
            Wanted::Only(names) => names.iter().any(|it| *it == name || is_part(it, &name)),
            Wanted::Without(names) => !names.contains(&name),
        }
    }

    /// Takes out of a resource what is not wanted; `schemas` and `id` always are.
    pub(super) fn apply(&self, resource: Value) -> Value {
        let Value::Object(map) = resource else {
            return resource;
        };
        if matches!(self, Wanted::All) {
            return Value::Object(map);
        }
        let mut kept = Map::new();
        for (name, value) in map {
            if ["schemas", "id"].contains(&name.as_str()) {
                kept.insert(name, value);
            } else if let Some(value) = self.part_of(&name, value) {
                kept.insert(name, value);
            }
        }
        Value::Object(kept)
    }

    fn part_of(&self, name: &str, value: Value) -> Option<Value> {
        let lower = name.to_lowercase();
        let part = |it: &String| -> Option<String> {
            let rest = it.strip_prefix(&lower)?;
            rest.strip_prefix(['.', ':']).map(str::to_owned)
        };
        match self {
            Wanted::All => Some(value),
            Wanted::Only(names) if names.contains(&lower) => Some(value),
            Wanted::Only(names) => {
                let parts: Vec<String> = names.iter().filter_map(part).collect();
                if parts.is_empty() {
                    None
                } else {
                    keep(value, &|it| parts.contains(&it.to_lowercase()))
                }
            }
            Wanted::Without(names) if names.contains(&lower) => None,
            Wanted::Without(names) => {
                let parts: Vec<String> = names.iter().filter_map(part).collect();
                if parts.is_empty() {
                    Some(value)
                } else {
                    keep(value, &|it| !parts.contains(&it.to_lowercase()))
                }
            }
        }
    }
}

fn is_part(wanted: &str, name: &str) -> bool {
    wanted
        .strip_prefix(name)
        .is_some_and(|rest| rest.starts_with(['.', ':']))
}

fn keep(value: Value, is_kept: &dyn Fn(&str) -> bool) -> Option<Value> {
    match value {
        Value::Object(map) => {
            let kept: Map<String, Value> = map.into_iter().filter(|(name, _)| is_kept(name)).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(values) => {
            let kept: Vec<Value> = values
                .into_iter()
                .filter_map(|value| keep(value, is_kept))
                .collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        other => Some(other),
    }
}

/// Names in lower case, without the schemas of the resources themselves.
fn lower(names: Vec<String>) -> Vec<String> {
    let plain = |name: String| {
        let name = name.trim().to_lowercase();
        let of_core = [USER, GROUP].iter().find_map(|urn| {
            name.strip_prefix(&urn.to_lowercase())?
                .strip_prefix(':')
                .map(str::to_owned)
        });
        of_core.unwrap_or(name)
    };
    names.into_iter().map(plain).collect()
}
