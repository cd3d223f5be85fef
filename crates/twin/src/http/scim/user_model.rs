//! A provisioned user as a document, and what of the document the account gets.

use serde_json::{Map, Value, json};

use super::{ATLASSIAN, ENTERPRISE, USER, invalid, location};
use crate::clock::iso_ms;
use crate::http::{Call, Problem};
use crate::state::{ProfileEdit, ProfileField, ScimUser, World};

/// What can be written of a user, as it is now.
pub(super) fn document(world: &World, user: &ScimUser) -> Map<String, Value> {
    if let Some(document) = &user.document {
        return (**document).clone();
    }
    let mut map = Map::new();
    map.insert("userName".to_owned(), json!(user.user_name));
    let Some(account) = user.account.and_then(|index| world.account(index)) else {
        return map;
    };
    map.insert(
        "emails".to_owned(),
        json!([{ "value": account.email, "type": "work", "primary": true }]),
    );
    let mut put = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            map.insert(name.to_owned(), json!(value));
        }
    };
    put("displayName", account.name.as_deref());
    put("nickName", account.nickname.as_deref());
    put("title", account.profile_text(ProfileField::JobTitle));
    put("timezone", account.profile_text(ProfileField::TimeZone));
    put("preferredLanguage", account.profile_text(ProfileField::Locale));
    if let Some(name) = account.name.as_deref() {
        let (given, family) = name.split_once(' ').unwrap_or((name, ""));
        let mut parts = json!({ "formatted": name, "givenName": given });
        if let (Some(parts), false) = (parts.as_object_mut(), family.is_empty()) {
            parts.insert("familyName".to_owned(), json!(family));
        }
        map.insert("name".to_owned(), parts);
    }
    let texts = [
        ("organization", ProfileField::Organization),
        ("department", ProfileField::Department),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(name, field)| Some((name.to_owned(), json!(account.profile_text(field)?))));
    let extension: Map<String, Value> = texts.collect();
    if !extension.is_empty() {
        map.insert(ENTERPRISE.to_owned(), Value::Object(extension));
    }
    map
}

/// A user as answers tell it.
pub(super) fn resource(call: &Call<'_>, world: &World, user: &ScimUser) -> Value {
    let mut map = Map::new();
    let document = document(world, user);
    let mut schemas = vec![USER];
    if document.contains_key(ENTERPRISE) {
        schemas.push(ENTERPRISE);
    }
    let account = user.account.and_then(|index| world.account(index));
    if account.is_some() {
        schemas.push(ATLASSIAN);
    }
    map.insert("schemas".to_owned(), json!(schemas));
    map.insert("id".to_owned(), json!(user.id));
    map.extend(document);
    map.insert("active".to_owned(), json!(world.scim_is_active(user)));
    let groups: Vec<Value> = user
        .account
        .map(|index| world.scim_groups_of(index))
        .unwrap_or_default()
        .into_iter()
        .filter_map(|row| {
            let group = world.group(row.group)?;
            let address = location(call, &format!("Groups/{}", row.id));
            Some(json!({ "value": row.id, "display": group.name, "type": "direct", "$ref": address }))
        })
        .collect();
    if !groups.is_empty() {
        map.insert("groups".to_owned(), Value::Array(groups));
    }
    if let Some(account) = account {
        map.insert(ATLASSIAN.to_owned(), json!({ "atlassianAccountId": account.id }));
    }
    map.insert(
        "meta".to_owned(),
        json!({
            "resourceType": "User",
            "location": location(call, &format!("Users/{}", user.id)),
            "created": iso_ms(user.created_ms),
            "lastModified": iso_ms(user.modified_ms),
        }),
    );
    Value::Object(map)
}

/// Checks what a user has to have: a name, and addresses of which one is primary.
///
/// A change may leave none primary; then the first counts.
pub(super) fn check(document: &Map<String, Value>, is_change: bool) -> Result<(), Problem> {
    if user_name(document).trim().is_empty() {
        return Err(invalid("invalidValue", "userName is required"));
    }
    let emails = document
        .get("emails")
        .and_then(Value::as_array)
        .map(Vec::as_slice);
    let emails = emails.unwrap_or_default();
    if emails.is_empty() {
        return Err(invalid("invalidValue", "emails are required"));
    }
    let primaries = emails
        .iter()
        .filter(|it| it["primary"] == Value::Bool(true))
        .count();
    if primaries > 1 || (primaries == 0 && !is_change) {
        return Err(invalid("invalidValue", "one of the emails is primary"));
    }
    let address = primary_email(document);
    let (name, domain) = address.split_once('@').unwrap_or_default();
    if name.is_empty() || domain.is_empty() {
        return Err(invalid("invalidValue", "the primary email is no address"));
    }
    Ok(())
}

pub(super) fn user_name(document: &Map<String, Value>) -> &str {
    document
        .get("userName")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(super) fn primary_email(document: &Map<String, Value>) -> &str {
    let emails = document
        .get("emails")
        .and_then(Value::as_array)
        .map(Vec::as_slice);
    let primary = emails
        .unwrap_or_default()
        .iter()
        .find(|it| it["primary"] == Value::Bool(true))
        .or(emails.and_then(<[Value]>::first));
    primary.and_then(|it| it["value"].as_str()).unwrap_or_default()
}

/// What the account gets of a document; texts that are not there are taken away.
pub(super) fn edit(document: &Map<String, Value>) -> ProfileEdit {
    let text = |name: &str| {
        document
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let part = |name: &str| {
        document
            .get("name")
            .and_then(|it| it[name].as_str())
            .filter(|text| !text.is_empty())
    };
    let extension = |name: &str| document.get(ENTERPRISE).and_then(|it| it[name].as_str());
    let parts = [part("givenName"), part("familyName")];
    let joined = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = text("displayName")
        .or(part("formatted"))
        .or(Some(joined.as_str()).filter(|text| !text.is_empty()))
        .unwrap_or(user_name(document));
    let organization = extension("organization").or(text("organization"));
    let department = extension("department").or(text("department"));
    let texts = [
        (ProfileField::JobTitle, text("title")),
        (ProfileField::TimeZone, text("timezone")),
        (ProfileField::Locale, text("preferredLanguage")),
        (ProfileField::Organization, organization),
        (ProfileField::Department, department),
    ];
    ProfileEdit {
        name: Some(name.to_owned()),
        nickname: text("nickName").map(str::to_owned),
        email: Some(primary_email(document).to_owned()),
        texts: texts
            .into_iter()
            .map(|(field, text)| (field, text.unwrap_or_default().to_owned()))
            .collect(),
    }
}
