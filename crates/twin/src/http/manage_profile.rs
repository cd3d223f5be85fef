//! The profile and the e-mail of a managed account.

use serde_json::{Map, Value, json};

use super::manage::{account_at, field_rules, refusal_of_field, require, violated};
use super::write::about_account;
use super::{Call, Problem, Reply};
use crate::state::{Account, Change, ProfileEdit, ProfileField};

/// The longest name, and the longest text of the rest.
const MOST_LETTERS: usize = 255;
const MOST_NICKNAME_LETTERS: usize = 30;

pub(crate) fn one(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let (_, account) = account_at(call, &world)?;
    Ok(Reply::ok(&json!({ "account": model(account) })))
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (index, account) = account_at(call, &world)?;
    let body: Map<String, Value> = call.json()?;
    let edit = edit_of(&body)?;
    let written = written_fields(&body);
    if let Some(field) = written
        .iter()
        .find(|field| refusal_of_field(account, field).is_some())
    {
        // The answer tells the rules of what was to be written, not of everything.
        let mut rules = field_rules(account);
        if let Some(map) = rules.as_object_mut() {
            map.retain(|name, _| written.contains(&name.as_str()) || name == field);
        }
        return Err(Problem::keyed(403, "forbidden.fieldMutation", Some(rules)));
    }
    let mut shown = account.clone();
    let reply = {
        apply_to(&mut shown, &edit);
        Reply::ok(&json!({ "account": model(&shown) }))
    };
    let about = vec![about_account(&world, index)];
    let change = Change::ProfileSet {
        account: index,
        edit: Box::new(edit),
    };
    call.accept(&mut world, change, "user_profile_updated", about);
    Ok(reply)
}

pub(crate) fn set_email(call: &Call<'_>) -> Result<Reply, Problem> {
    let mut world = call.world_mut();
    let (index, account) = account_at(call, &world)?;
    let body: Map<String, Value> = call.json()?;
    let email = body
        .get("email")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim();
    let (name, domain) = email.split_once('@').unwrap_or_default();
    if name.is_empty() || !domain.contains('.') || domain.contains('@') {
        return Err(violated("email", "invalid"));
    }
    require(call, &world, account, "email.set")?;
    if !world.is_claimed(email) {
        return Err(Problem::keyed(
            403,
            "forbidden.unclaimedDomain",
            Some(json!({ "domain": domain })),
        ));
    }
    if world
        .account_with_email(email)
        .is_some_and(|other| other != index)
    {
        return Err(violated("email", "alreadyInUse"));
    }
    let edit = ProfileEdit {
        email: Some(email.to_owned()),
        ..ProfileEdit::default()
    };
    let about = vec![about_account(&world, index)];
    let change = Change::ProfileSet {
        account: index,
        edit: Box::new(edit),
    };
    call.accept(&mut world, change, "user_email_changed", about);
    Ok(Reply::no_content())
}

const TEXTS: [(&str, ProfileField); 4] = [
    ("job_title", ProfileField::JobTitle),
    ("organization", ProfileField::Organization),
    ("department", ProfileField::Department),
    ("location", ProfileField::Location),
];

/// The fields a body writes, as the rules name them.
fn written_fields(body: &Map<String, Value>) -> Vec<&'static str> {
    let in_profile = |name: &str| {
        body.get("extended_profile")
            .is_some_and(|profile| profile.get(name).is_some())
    };
    super::manage::FIELDS
        .into_iter()
        .filter(|field| match field.strip_prefix("extended_profile.") {
            Some(name) => in_profile(name),
            None => body.contains_key(*field),
        })
        .collect()
}

fn edit_of(body: &Map<String, Value>) -> Result<ProfileEdit, Problem> {
    let text = |holder: &Map<String, Value>, key: &str, most: usize, may_be_empty: bool| {
        let Some(value) = holder.get(key) else {
            return Ok(None);
        };
        let text = match value {
            Value::Null if may_be_empty => "",
            Value::String(text) => text.as_str(),
            _ => return Err(violated(key, "type")),
        };
        if text.chars().count() > most || (text.is_empty() && !may_be_empty) {
            return Err(violated(key, "length"));
        }
        Ok(Some(text.to_owned()))
    };
    let mut edit = ProfileEdit {
        name: text(body, "name", MOST_LETTERS, false)?,
        nickname: text(body, "nickname", MOST_NICKNAME_LETTERS, false)?,
        ..ProfileEdit::default()
    };
    for (key, field) in [
        ("zoneinfo", ProfileField::TimeZone),
        ("locale", ProfileField::Locale),
    ] {
        edit.texts
            .extend(text(body, key, MOST_LETTERS, true)?.map(|text| (field, text)));
    }
    let nothing = Map::new();
    let profile = match body.get("extended_profile") {
        None | Some(Value::Null) => &nothing,
        Some(Value::Object(profile)) => profile,
        Some(_) => return Err(violated("extended_profile", "type")),
    };
    for (key, field) in TEXTS {
        edit.texts
            .extend(text(profile, key, MOST_LETTERS, true)?.map(|text| (field, text)));
    }
    Ok(edit)
}

fn apply_to(account: &mut Account, edit: &ProfileEdit) {
    if let Some(name) = &edit.name {
        account.name = Some(name.as_str().into());
    }
    if let Some(nickname) = &edit.nickname {
        account.nickname = Some(nickname.as_str().into());
    }
    for (field, text) in &edit.texts {
        account.set_profile_text(*field, text);
    }
}

fn model(account: &Account) -> Value {
    let name = account.name.as_deref().unwrap_or_default();
    let mut item = json!({
        "account_id": account.id,
        "account_type": account.account_type.unwrap_or("atlassian"),
        "account_status": account.account_status.unwrap_or("active"),
        "name": name,
        "picture": "https://avatar.example.com/none.png",
        "email": account.email,
        "characteristics": { "not_mentionable": account.account_type == Some("app") },
        "nickname": account.nickname.as_deref().unwrap_or(name),
    });
    let Some(map) = item.as_object_mut() else {
        return item;
    };
    for (key, field) in [
        ("zoneinfo", ProfileField::TimeZone),
        ("locale", ProfileField::Locale),
    ] {
        if let Some(text) = account.profile_text(field) {
            map.insert(key.to_owned(), json!(text));
        }
    }
    let texts = TEXTS
        .iter()
        .filter_map(|(key, field)| Some(((*key).to_owned(), json!(account.profile_text(*field)?))));
    map.insert("extended_profile".to_owned(), Value::Object(texts.collect()));
    item
}
