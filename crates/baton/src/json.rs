//! Messages as JSON, in the form that the protocol's own tools print: `@type` in annotations, names of enumerations,
//! 64-bit numbers as text, fields without a value left out.
//!
//! An annotation of a type that is not known here, or whose content cannot be read, is shown as an
//! `orgwarden.v1.UnknownAnnotation` with its bytes, so that nothing of other connectors' files is lost.

use crate::proto::DESCRIPTORS;
use crate::proto::orgwarden::v1::UnknownAnnotation;
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage as _, SerializeOptions, Value as Field};
use prost_types::Any;
use serde_json::Value;
use std::sync::LazyLock;
use thiserror::Error;

/// Annotations within annotations deeper than this are not opened.
const DEEPEST: u32 = 8;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap_or_default());

/// Why a message cannot be written as JSON.
#[derive(Debug, Error)]
pub enum JsonError {
    /// The bytes are no such message.
    #[error("not a {message}")]
    NotThatMessage {
        /// The message's full name.
        message: String,
        /// What is wrong with them.
        source: prost::DecodeError,
    },
    /// A value in it has no form in JSON, such as a time after the year 9999.
    #[error("a {message} that has no form in JSON")]
    NoForm {
        /// The message's full name.
        message: String,
        /// Which.
        source: serde_json::Error,
    },
    /// There is no message of this name.
    #[error("there is no message {message}")]
    NoSuchMessage {
        /// As asked.
        message: String,
    },
}

/// A message as JSON.
pub fn to_json<M: Message + Name>(message: &M) -> Result<Value, JsonError> {
    bytes_to_json::<M>(&message.encode_to_vec())
}

/// The message in these bytes.
pub(crate) fn decode<M: Message + Name + Default>(bytes: &[u8]) -> Result<M, JsonError> {
    M::decode(bytes).map_err(|source| JsonError::NotThatMessage {
        message: M::full_name(),
        source,
    })
}

/// The bytes of a message as JSON.
pub fn bytes_to_json<M: Name>(bytes: &[u8]) -> Result<Value, JsonError> {
    dynamic::<M>(bytes)?
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .map_err(|source| JsonError::NoForm {
            message: M::full_name(),
            source,
        })
}

/// A message as text on several lines, its fields in the order of their numbers, without a line's end at the end.
pub fn to_text<M: Message + Name>(message: &M) -> Result<String, JsonError> {
    let mut text = Vec::new();
    dynamic::<M>(&message.encode_to_vec())?
        .serialize_with_options(
            &mut serde_json::Serializer::pretty(&mut text),
            &SerializeOptions::new(),
        )
        .map_err(|source| JsonError::NoForm {
            message: M::full_name(),
            source,
        })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn dynamic<M: Name>(bytes: &[u8]) -> Result<DynamicMessage, JsonError> {
    let name = M::full_name();
    let descriptor = POOL
        .get_message_by_name(&name)
        .ok_or_else(|| JsonError::NoSuchMessage {
            message: name.clone(),
        })?;
    let mut message =
        DynamicMessage::decode(descriptor, bytes).map_err(|source| JsonError::NotThatMessage {
            message: name,
            source,
        })?;
    tame(&mut message, DEEPEST);
    Ok(message)
}

/// Replaces the annotations that cannot be shown.
fn tame(message: &mut DynamicMessage, depth: u32) {
    if message.descriptor().full_name() == Any::full_name() {
        if let Ok(any) = message.transcode_to::<Any>() {
            // Both are an `Any`, so this cannot fail.
            let _ = message.transcode_from(&tame_any(any, depth));
        }
        return;
    }
    for (_, field) in message.fields_mut() {
        tame_field(field, depth);
    }
}

fn tame_field(field: &mut Field, depth: u32) {
    match field {
        Field::Message(message) => tame(message, depth),
        Field::List(items) => items.iter_mut().for_each(|item| tame_field(item, depth)),
        Field::Map(items) => items.values_mut().for_each(|item| tame_field(item, depth)),
        _ => {}
    }
}

fn tame_any(any: Any, depth: u32) -> Any {
    let name = any.type_url.rsplit_once('/').map(|(_, name)| name);
    let descriptor = name.and_then(|name| POOL.get_message_by_name(name));
    let opened = descriptor
        .filter(|_| depth > 0)
        .and_then(|descriptor| DynamicMessage::decode(descriptor, any.value.as_slice()).ok());
    match opened {
        Some(mut message) => {
            tame(&mut message, depth - 1);
            Any {
                type_url: any.type_url,
                value: message.encode_to_vec(),
            }
        }
        None => {
            let unknown = UnknownAnnotation {
                type_url: any.type_url,
                value: any.value,
            };
            Any {
                type_url: UnknownAnnotation::type_url(),
                value: unknown.encode_to_vec(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::c1::connector::v2::{GrantImmutable, LicenseProfileTrait, Resource, ResourceId};
    use serde_json::json;

    fn annotated(annotations: Vec<Any>) -> Resource {
        Resource {
            id: Some(ResourceId {
                resource_type: "user".into(),
                resource: "u".into(),
                ..ResourceId::default()
            }),
            annotations,
            ..Resource::default()
        }
    }

    #[test]
    fn annotations_are_opened_and_large_numbers_are_text() {
        let license = LicenseProfileTrait {
            purchased_seats: 5_000_000_000,
            ..LicenseProfileTrait::default()
        };
        let resource = annotated(vec![Any::from_msg(&license).unwrap()]);
        assert_eq!(
            to_json(&resource).unwrap(),
            json!({
                "id": { "resourceType": "user", "resource": "u" },
                "annotations": [{
                    "@type": "type.googleapis.com/c1.connector.v2.LicenseProfileTrait",
                    "purchasedSeats": "5000000000",
                }],
            })
        );
    }

    #[test]
    fn an_annotation_that_nobody_knows_is_shown_with_its_bytes() {
        let unknown = Any {
            type_url: "type.googleapis.com/somebody.else.Thing".into(),
            value: vec![1, 2, 3],
        };
        let shown = to_json(&annotated(vec![unknown])).unwrap();
        assert_eq!(
            shown["annotations"][0],
            json!({
                "@type": "type.googleapis.com/orgwarden.v1.UnknownAnnotation",
                "typeUrl": "type.googleapis.com/somebody.else.Thing",
                "value": "AQID",
            })
        );
    }

    #[test]
    fn an_annotation_with_broken_content_is_shown_with_its_bytes() {
        let broken = Any {
            type_url: GrantImmutable::type_url(),
            value: vec![255],
        };
        let shown = to_json(&annotated(vec![broken])).unwrap();
        assert_eq!(shown["annotations"][0]["value"], json!("/w=="));
    }

    #[test]
    fn annotations_within_annotations_end_somewhere() {
        let mut inner = Any::from_msg(&GrantImmutable::default()).unwrap();
        for _ in 0..1000 {
            inner = Any::from_msg(&annotated(vec![inner])).unwrap();
        }
        let shown = to_json(&annotated(vec![inner])).unwrap().to_string();
        assert!(shown.contains("UnknownAnnotation"));
    }
}
