//! The attributes of users and groups: one table, from which the schema documents are written and documents are
//! checked.

use serde_json::{Map, Value, json};

use super::{ENTERPRISE, invalid};
use crate::http::Problem;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Reference(&'static str),
    Complex(&'static [Attribute]),
}

/// Who may write an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutability {
    ReadWrite,
    Immutable,
    ReadOnly,
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_list: bool,
    pub(super) is_required: bool,
    pub(super) mutability: Mutability,
    pub(super) is_unique: bool,
    /// The values it takes, if they are few.
    pub(super) only: &'static [&'static str],
    pub(super) about: &'static str,
}

const fn text(name: &'static str, about: &'static str) -> Attribute {
    Attribute {
        name,
        kind: Kind::Text,
        is_list: false,
        is_required: false,
        mutability: Mutability::ReadWrite,
        is_unique: false,
        only: &[],
        about,
    }
}

const fn required(attribute: Attribute) -> Attribute {
    Attribute {
        is_required: true,
        ..attribute
    }
}

const fn flag(name: &'static str, about: &'static str) -> Attribute {
    Attribute {
        kind: Kind::Flag,
        ..text(name, about)
    }
}

const fn written_by(attribute: Attribute, mutability: Mutability) -> Attribute {
    Attribute {
        mutability,
        ..attribute
    }
}

const fn of(
    name: &'static str,
    parts: &'static [Attribute],
    is_list: bool,
    about: &'static str,
) -> Attribute {
    Attribute {
        kind: Kind::Complex(parts),
        is_list,
        ..text(name, about)
    }
}

const fn reference(name: &'static str, to: &'static str, about: &'static str) -> Attribute {
    Attribute {
        kind: Kind::Reference(to),
        ..text(name, about)
    }
}

const NAME: [Attribute; 6] = [
    text("formatted", "The whole name"),
    text("familyName", "Family name"),
    text("givenName", "Given name"),
    text("middleName", "Middle name"),
    text("honorificPrefix", "Title before the name"),
    text("honorificSuffix", "Title after the name"),
];

const VALUES: [Attribute; 3] = [
    required(text("value", "The value itself")),
    text("type", "What it is for"),
    flag("primary", "Whether it is the one to use"),
];

const GROUPS_OF_USER: [Attribute; 4] = [
    written_by(text("value", "Id of the group"), Mutability::ReadOnly),
    written_by(
        reference("$ref", "Group", "Address of the group"),
        Mutability::ReadOnly,
    ),
    written_by(text("display", "Name of the group"), Mutability::ReadOnly),
    written_by(text("type", "How the membership came"), Mutability::ReadOnly),
];

const MEMBERS: [Attribute; 4] = [
    written_by(text("value", "Id of the member"), Mutability::Immutable),
    written_by(
        reference("$ref", "User", "Address of the member"),
        Mutability::Immutable,
    ),
    written_by(text("display", "Name of the member"), Mutability::ReadOnly),
    Attribute {
        only: &["User"],
        ..written_by(text("type", "Kind of the member"), Mutability::Immutable)
    },
];

/// The attributes of a user.
pub(super) const USER_ATTRIBUTES: [Attribute; 13] = [
    Attribute {
        is_unique: true,
        ..required(text("userName", "Name by which the directory knows the user"))
    },
    of("name", &NAME, false, "Parts of the name"),
    text("displayName", "Name for display"),
    text("nickName", "Casual name"),
    text("title", "Job title"),
    text("preferredLanguage", "Language"),
    text("timezone", "Time zone"),
    text("department", "Department"),
    text("organization", "Organization"),
    flag("active", "Whether the user may log in"),
    required(of("emails", &VALUES, true, "Addresses, one of them primary")),
    of("phoneNumbers", &VALUES, true, "Telephone numbers"),
    written_by(
        of("groups", &GROUPS_OF_USER, true, "Groups of the user"),
        Mutability::ReadOnly,
    ),
];

/// The attributes of a group.
pub(super) const GROUP_ATTRIBUTES: [Attribute; 2] = [
    Attribute {
        is_unique: true,
        ..written_by(
            required(text("displayName", "Name, which stays")),
            Mutability::Immutable,
        )
    },
    of("members", &MEMBERS, true, "Users in the group"),
];

/// The attributes of the enterprise extension.
pub(super) const ENTERPRISE_ATTRIBUTES: [Attribute; 2] = [
    text("organization", "Organization"),
    text("department", "Department"),
];

/// The attribute every resource can have beside its own.
pub(super) const EXTERNAL_ID: Attribute = text("externalId", "Id in the identity provider");

pub(super) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|it| it.name.eq_ignore_ascii_case(name))
}

/// An attribute of a user by its name.
pub(super) fn of_user(name: &str) -> Option<&'static Attribute> {
    if EXTERNAL_ID.name.eq_ignore_ascii_case(name) {
        return Some(&EXTERNAL_ID);
    }
    find(&USER_ATTRIBUTES, name)
}

/// Takes what can be written out of a user as it was sent, with names as the schema spells them.
pub(super) fn writable_user(sent: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let mut document = Map::new();
    for (name, value) in sent {
        if name.eq_ignore_ascii_case(ENTERPRISE) {
            if let Some(parts) = shape_parts(&ENTERPRISE_ATTRIBUTES, ENTERPRISE, value)? {
                document.insert(ENTERPRISE.to_owned(), parts);
            }
        } else if let Some(attribute) = of_user(name)
            && let Some(value) = shape(attribute, value)?
        {
            document.insert(attribute.name.to_owned(), value);
        }
    }
    Ok(document)
}

/// A value in the form of its attribute; nothing for what cannot be written or is empty.
pub(super) fn shape(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Problem> {
    if attribute.mutability == Mutability::ReadOnly || value.is_null() {
        return Ok(None);
    }
    if !attribute.is_list {
        return shape_one(attribute, value);
    }
    let single = std::slice::from_ref(value);
    let values = value.as_array().map_or(single, Vec::as_slice);
    let mut shaped = Vec::new();
    for value in values {
        shaped.extend(shape_one(attribute, value)?);
    }
    Ok((!shaped.is_empty()).then_some(Value::Array(shaped)))
}

/// One value of an attribute, which may be a list.
pub(super) fn shape_one(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Problem> {
    let name = attribute.name;
    match attribute.kind {
        Kind::Complex(parts) => shape_parts(parts, name, value),
        Kind::Flag if value.is_boolean() => Ok(Some(value.clone())),
        Kind::Text | Kind::Reference(_) if value.is_string() => Ok(Some(value.clone())),
        Kind::Flag => Err(invalid("invalidValue", &format!("{name} is true or false"))),
        Kind::Text | Kind::Reference(_) => Err(invalid("invalidValue", &format!("{name} is a string"))),
    }
}

fn shape_parts(parts: &'static [Attribute], name: &str, value: &Value) -> Result<Option<Value>, Problem> {
    let Some(sent) = value.as_object() else {
        return match value {
            Value::Null => Ok(None),
            _ => Err(invalid("invalidValue", &format!("{name} has parts"))),
        };
    };
    let mut shaped = Map::new();
    for (key, value) in sent {
        if let Some(part) = find(parts, key)
            && let Some(value) = shape(part, value)?
        {
            shaped.insert(part.name.to_owned(), value);
        }
    }
    let missing = parts
        .iter()
        .find(|part| part.is_required && !shaped.contains_key(part.name));
    if let (Some(part), false) = (missing, shaped.is_empty()) {
        return Err(invalid("invalidValue", &format!("{name} lacks {}", part.name)));
    }
    Ok((!shaped.is_empty()).then_some(Value::Object(shaped)))
}

/// Attributes as a schema document describes them.
pub(super) fn described(attributes: &[Attribute]) -> Vec<Value> {
    attributes.iter().map(describe).collect()
}

fn describe(attribute: &Attribute) -> Value {
    let kind = match attribute.kind {
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Reference(_) => "reference",
        Kind::Complex(_) => "complex",
    };
    let mutability = match attribute.mutability {
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
        Mutability::ReadOnly => "readOnly",
    };
    let mut item = json!({
        "name": attribute.name,
        "type": kind,
        "multiValued": attribute.is_list,
        "description": attribute.about,
        "required": attribute.is_required,
        "mutability": mutability,
        "returned": "default",
    });
    if let Some(map) = item.as_object_mut() {
        match attribute.kind {
            Kind::Complex(parts) => {
                map.insert("subAttributes".to_owned(), json!(described(parts)));
            }
            Kind::Reference(to) => {
                map.insert("caseExact".to_owned(), json!(true));
                map.insert("referenceTypes".to_owned(), json!([to]));
            }
            Kind::Text => {
                if !attribute.only.is_empty() {
                    map.insert("canonicalValues".to_owned(), json!(attribute.only));
                }
                let uniqueness = if attribute.is_unique { "server" } else { "none" };
                map.insert("caseExact".to_owned(), json!(false));
                map.insert("uniqueness".to_owned(), json!(uniqueness));
            }
            Kind::Flag => {}
        }
    }
    item
}
