//! Changes of documents: add, replace and remove, with and without path, in both spellings of the list.

use serde_json::{Map, Value};

use super::path::{Condition, Target, of_user};
use super::schema::{self, Attribute, Mutability};
use super::{ENTERPRISE, PATCH, invalid};
use crate::http::{Call, Problem};

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Replace,
    Remove,
}

/// One change of a request.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) verb: Verb,
    pub(super) path: Option<String>,
    pub(super) value: Value,
}

/// Reads the changes of a request.
pub(super) fn operations(call: &Call<'_>) -> Result<Vec<Operation>, Problem> {
    let body: Map<String, Value> = call.json()?;
    let schemas = member(&body, "schemas").and_then(Value::as_array);
    let is_patch = schemas.is_some_and(|it| {
        it.iter()
            .any(|urn| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(PATCH)))
    });
    if !is_patch {
        return Err(invalid("invalidSyntax", "schemas names PatchOp"));
    }
    let list = member(&body, "operations").and_then(Value::as_array);
    let list = list.filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| invalid("invalidSyntax", "there are no operations"))?;
    list.iter().map(operation).collect()
}

fn operation(value: &Value) -> Result<Operation, Problem> {
    let map = value
        .as_object()
        .ok_or_else(|| invalid("invalidSyntax", "an operation is an object"))?;
    let verb = member(map, "op").and_then(Value::as_str).unwrap_or_default();
    let verb = match verb.to_ascii_lowercase().as_str() {
        "add" => Verb::Add,
        "replace" => Verb::Replace,
        "remove" => Verb::Remove,
        other => {
            return Err(invalid(
                "invalidSyntax",
                &format!("op is add, replace or remove, not {other:?}"),
            ));
        }
    };
    let path = match member(map, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.trim().is_empty() => None,
        Some(Value::String(path)) => Some(path.trim().to_owned()),
        Some(_) => return Err(invalid("invalidPath", "path is a string")),
    };
    let value = member(map, "value").cloned().unwrap_or(Value::Null);
    match (&path, verb) {
        (None, Verb::Remove) => Err(invalid("noTarget", "remove needs a path")),
        (None, _) if !value.is_object() => {
            Err(invalid("invalidValue", "without path the value is an object"))
        }
        (Some(_), Verb::Add) if value.is_null() => Err(invalid("invalidValue", "add needs a value")),
        _ => Ok(Operation { verb, path, value }),
    }
}

/// A member of an object, whatever the case of its name.
pub(super) fn member<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let exact = map.get(name);
    exact.or_else(|| {
        map.iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// Changes the document of a user.
pub(super) fn change_user(document: &mut Map<String, Value>, operation: &Operation) -> Result<(), Problem> {
    let Some(path) = &operation.path else {
        // Without a path each name of the value is one.
        for (name, value) in operation.value.as_object().into_iter().flatten() {
            let is_told_only = ["id", "meta", "schemas", "groups"]
                .iter()
                .any(|it| it.eq_ignore_ascii_case(name));
            if is_told_only || super::path::within(name, super::ATLASSIAN).is_some() {
                continue;
            }
            change_at(document, operation.verb, of_user(name)?, value)?;
        }
        return Ok(());
    };
    change_at(document, operation.verb, of_user(path)?, &operation.value)
}

fn change_at(
    document: &mut Map<String, Value>,
    verb: Verb,
    target: Target,
    value: &Value,
) -> Result<(), Problem> {
    match target {
        Target::Extension if verb == Verb::Remove => {
            document.remove(ENTERPRISE);
            Ok(())
        }
        Target::Extension => {
            let sent = value
                .as_object()
                .ok_or_else(|| invalid("invalidValue", "an extension has parts"))?;
            for (name, value) in sent {
                if let Some(attribute) = schema::find(&schema::ENTERPRISE_ATTRIBUTES, name) {
                    change_extension(document, verb, attribute, value)?;
                }
            }
            Ok(())
        }
        Target::OfExtension(attribute) => change_extension(document, verb, attribute, value),
        Target::Of(attribute, ..) if attribute.mutability == Mutability::ReadOnly => Err(invalid(
            "mutability",
            &format!("{} cannot be written", attribute.name),
        )),
        Target::Of(attribute, conditions, part) => match (conditions, part) {
            (None, None) => change_whole(document, verb, attribute, value),
            (None, Some(part)) if !attribute.is_list => change_part(document, verb, attribute, part, value),
            (conditions, part) => {
                change_values(document, verb, attribute, conditions.as_deref(), part, value)
            }
        },
    }
}

fn change_extension(
    document: &mut Map<String, Value>,
    verb: Verb,
    attribute: &Attribute,
    value: &Value,
) -> Result<(), Problem> {
    let mut extension = match document.remove(ENTERPRISE) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let changed = set(&mut extension, verb, attribute, value);
    if !extension.is_empty() {
        document.insert(ENTERPRISE.to_owned(), Value::Object(extension));
    }
    changed
}

/// Sets or takes away an attribute that is not a list.
fn set(
    map: &mut Map<String, Value>,
    verb: Verb,
    attribute: &Attribute,
    value: &Value,
) -> Result<(), Problem> {
    let shaped = if verb == Verb::Remove {
        None
    } else {
        schema::shape(attribute, value)?
    };
    match shaped {
        Some(value) => map.insert(attribute.name.to_owned(), value),
        None => map.remove(attribute.name),
    };
    Ok(())
}

fn change_whole(
    document: &mut Map<String, Value>,
    verb: Verb,
    attribute: &Attribute,
    value: &Value,
) -> Result<(), Problem> {
    let name = attribute.name;
    if verb == Verb::Remove && attribute.is_list && !value.is_null() {
        // Some providers name the values to remove instead of choosing them in the path.
        let gone = schema::shape(attribute, value)?.unwrap_or_default();
        let gone = gone.as_array().cloned().unwrap_or_default();
        if let Some(Value::Array(values)) = document.get_mut(name) {
            values.retain(|held| !gone.iter().any(|it| it.get("value") == held.get("value")));
        }
        return Ok(());
    }
    if verb == Verb::Add && attribute.is_list {
        let Some(Value::Array(more)) = schema::shape(attribute, value)? else {
            return Ok(());
        };
        let held = document.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(held) = held {
            for value in more {
                if !held.contains(&value) {
                    put_primary_first(held, &value);
                    held.push(value);
                }
            }
        }
        return Ok(());
    }
    if let (Verb::Add | Verb::Replace, Some(Value::Object(held)), schema::Kind::Complex(_)) =
        (verb, document.get(name), attribute.kind)
    {
        // The parts that are not sent stay.
        let mut merged = held.clone();
        if let Some(Value::Object(sent)) = schema::shape(attribute, value)? {
            merged.extend(sent);
        }
        document.insert(name.to_owned(), Value::Object(merged));
        return Ok(());
    }
    set(document, verb, attribute, value)
}

/// Only one value is primary: a new one takes that from the others.
fn put_primary_first(held: &mut [Value], added: &Value) {
    if added.get("primary") != Some(&Value::Bool(true)) {
        return;
    }
    for value in held {
        if let Some(map) = value.as_object_mut().filter(|map| map.contains_key("primary")) {
            map.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

fn change_part(
    document: &mut Map<String, Value>,
    verb: Verb,
    attribute: &Attribute,
    part: &Attribute,
    value: &Value,
) -> Result<(), Problem> {
    let mut held = match document.remove(attribute.name) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let changed = set(&mut held, verb, part, value);
    if !held.is_empty() {
        document.insert(attribute.name.to_owned(), Value::Object(held));
    }
    changed
}

/// Changes chosen values of a list, or a part of them.
fn change_values(
    document: &mut Map<String, Value>,
    verb: Verb,
    attribute: &Attribute,
    conditions: Option<&[Condition]>,
    part: Option<&Attribute>,
    value: &Value,
) -> Result<(), Problem> {
    let mut values = match document.remove(attribute.name) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    let is_chosen = |value: &Value| conditions.is_none_or(|all| all.iter().all(|it| it.holds(value)));
    let changed = change_chosen(
        &mut values,
        verb,
        attribute,
        (&is_chosen, conditions),
        part,
        value,
    );
    if !values.is_empty() {
        document.insert(attribute.name.to_owned(), Value::Array(values));
    }
    changed
}

type Choice<'a> = (&'a dyn Fn(&Value) -> bool, Option<&'a [Condition]>);

fn change_chosen(
    values: &mut Vec<Value>,
    verb: Verb,
    attribute: &Attribute,
    (is_chosen, conditions): Choice<'_>,
    part: Option<&Attribute>,
    value: &Value,
) -> Result<(), Problem> {
    if !values.iter().any(is_chosen) {
        if verb != Verb::Add {
            return Err(invalid("noTarget", "the path chooses no value"));
        }
        // Adding to a value that is not there makes it, as its conditions say.
        let mut made = Map::new();
        for condition in conditions.into_iter().flatten() {
            made.insert(condition.part.clone(), condition.value.clone());
        }
        match part {
            Some(part) => {
                made.insert(part.name.to_owned(), value.clone());
            }
            None => made.extend(value.as_object().cloned().unwrap_or_default()),
        }
        values.extend(schema::shape_one(attribute, &Value::Object(made))?);
        return Ok(());
    }
    match (verb, part) {
        (Verb::Remove, None) => values.retain(|value| !is_chosen(value)),
        (_, Some(part)) => {
            for held in values.iter_mut().filter(|value| is_chosen(value)) {
                if let Some(map) = held.as_object_mut() {
                    set(map, verb, part, value)?;
                }
            }
        }
        (_, None) => {
            let shaped = schema::shape_one(attribute, value)?.unwrap_or_default();
            for held in values.iter_mut().filter(|value| is_chosen(value)) {
                match (verb, held.as_object_mut(), shaped.as_object()) {
                    (Verb::Add, Some(map), Some(more)) => map.extend(more.clone()),
                    _ => *held = shaped.clone(),
                }
            }
        }
    }
    Ok(())
}
