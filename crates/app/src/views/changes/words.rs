//! What one row says, in words.

use super::compose::{Composer, Draft};
use super::{FieldChange, Piece, Sentence, Turn};
use model::FactKind;
use serde_json::Value;
use std::collections::HashSet;
use store::views::changes::ChangeRow;

impl Composer {
    /// A fact that began or ended, in words; roles are told by `attach`.
    pub(super) fn draft(&self, turn: Turn, row: &ChangeRow) -> Option<Draft> {
        let kind = FactKind::from_number(row.kind)?;
        let [a, b, c] = row.key;
        let known = &self.names.known;
        let began = turn == Turn::Began;
        let pick = |begun: &str, ended: &str| Sentence::default().text(if began { begun } else { ended });
        let name = || {
            let told = row
                .attributes
                .text("name")
                .or_else(|| row.attributes.text("label"));
            let text = || self.names.texts.get(&a).cloned().unwrap_or_default();
            Piece::Name(told.map(str::to_owned).unwrap_or_else(text))
        };
        let mut account = None;
        let mut group = None;
        let words = match kind {
            FactKind::Account => {
                account = Some(known.account(a));
                pick(" appeared", " is gone")
            }
            FactKind::DirectoryMembership => {
                account = Some(known.account(b));
                pick(" was added to ", " was removed from ").piece(Piece::Name(self.directory(a)))
            }
            FactKind::Membership => {
                account = Some(known.account(b));
                group = Some(known.group(a));
                pick(" joined ", " left ").piece(Piece::Group(known.group(a)))
            }
            FactKind::PlatformRole => {
                account = Some(known.account(a));
                pick(" became ", " is no longer ").piece(Piece::Role(known.role(b)))
            }
            FactKind::Group => {
                group = Some(known.group(a));
                let words = Sentence::default()
                    .text("Group ")
                    .piece(Piece::Group(known.group(a)));
                words.text(if began { " appeared" } else { " is gone" })
            }
            FactKind::GroupRoleGrant => {
                group = Some(known.group(a));
                let words = Sentence::default().piece(Piece::Group(known.group(a)));
                let words = words.text(if began { " now gives " } else { " no longer gives " });
                words
                    .piece(Piece::Role(known.role(c)))
                    .text(" of ")
                    .piece(Piece::Workspace(known.resource(b)))
            }
            FactKind::Workspace => {
                let words = Sentence::default()
                    .text("Workspace ")
                    .piece(Piece::Workspace(known.resource(a)));
                words.text(if began { " appeared" } else { " is gone" })
            }
            FactKind::ApiToken => {
                account = row
                    .attributes
                    .text("account_id")
                    .and_then(|id| self.names.owners.get(id))
                    .cloned();
                let words = if account.is_some() {
                    pick(" has a new API token, ", " no longer has the API token ")
                } else {
                    pick("New API token ", "Gone is the API token ")
                };
                words.piece(name())
            }
            FactKind::ScimUser => {
                account = (c != 0).then(|| known.account(c));
                if account.is_some() {
                    pick(" is provisioned by SCIM now", " is no longer provisioned by SCIM")
                } else {
                    let words = Sentence::default().text("SCIM user ").piece(name());
                    words.text(if began { " appeared" } else { " is gone" })
                }
            }
            FactKind::Directory
            | FactKind::Domain
            | FactKind::Policy
            | FactKind::ApiKey
            | FactKind::ServiceAccount
            | FactKind::ScimGroup => {
                let what = match kind {
                    FactKind::Directory => "Directory ",
                    FactKind::Domain => "Domain ",
                    FactKind::ApiKey => "API key ",
                    FactKind::ServiceAccount => "Service account ",
                    FactKind::ScimGroup => "SCIM group ",
                    _ => "Policy ",
                };
                let words = Sentence::default().text(what).piece(name());
                words.text(if began { " appeared" } else { " is gone" })
            }
            FactKind::RoleHolding | FactKind::Method => return None,
        };
        let mut draft = self.blank(kind, turn, row, words);
        draft.account = account;
        draft.group = group;
        Some(draft)
    }

    /// A fact of which something told is different, in words.
    pub(super) fn changed(&self, before: &ChangeRow, after: &ChangeRow) -> Option<([i64; 3], Draft)> {
        let mut draft = self.draft(Turn::Began, after)?;
        draft.turn = Turn::Changed;
        draft.after = after.seen.unseen_at.or(before.last_seen_at);
        let names: HashSet<&str> = before
            .attributes
            .iter()
            .chain(after.attributes.iter())
            .map(|(name, _)| name)
            .collect();
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        for name in names {
            let (was, is) = (before.attributes.json(name), after.attributes.json(name));
            if was != is {
                draft.fields.push(FieldChange {
                    field: name.to_owned(),
                    before: was,
                    after: is,
                });
            }
        }
        let first = draft.fields.first()?;
        let status = draft.fields.iter().find(|field| field.field == "status");
        let renamed = draft.fields.iter().find(|field| field.field == "name");
        let known = &self.names.known;
        let words = match (draft.kind, status, renamed) {
            (FactKind::Account, Some(field), _) => {
                let words = match field.after.as_str() {
                    Some("active") => "’s account is active again".to_owned(),
                    Some("inactive") => "’s account was deactivated".to_owned(),
                    Some("closed") => "’s account was closed".to_owned(),
                    _ => format!(
                        "’s account went from {} to {}",
                        plain(&field.before),
                        plain(&field.after)
                    ),
                };
                Sentence::default().text(&words)
            }
            (FactKind::DirectoryMembership, Some(field), _) => {
                let words = match field.after.as_str() {
                    Some("suspended") => " was suspended in ".to_owned(),
                    Some("active") => " is active again in ".to_owned(),
                    _ => format!(
                        " went from {} to {} in ",
                        plain(&field.before),
                        plain(&field.after)
                    ),
                };
                Sentence::default()
                    .text(&words)
                    .piece(Piece::Name(self.directory(after.key[0])))
            }
            (FactKind::Group, _, Some(field)) => Sentence::default()
                .text("Group ")
                .piece(Piece::Name(plain(&field.before)))
                .text(" is now called ")
                .piece(Piece::Group(known.group(after.key[0]))),
            (kind, ..) => {
                let called = after
                    .attributes
                    .text("name")
                    .or_else(|| after.attributes.text("label"));
                let called = called
                    .map(str::to_owned)
                    .or_else(|| self.names.texts.get(&after.key[0]).cloned());
                let called = Piece::Name(called.unwrap_or_default());
                let subject = match kind {
                    FactKind::Directory => Sentence::default().text("Directory ").piece(called),
                    FactKind::Domain => Sentence::default().text("Domain ").piece(called),
                    FactKind::Policy => Sentence::default().text("Policy ").piece(called),
                    FactKind::ApiKey => Sentence::default().text("API key ").piece(called),
                    FactKind::ServiceAccount => Sentence::default().text("Service account ").piece(called),
                    FactKind::ScimGroup => Sentence::default().text("SCIM group ").piece(called),
                    FactKind::ApiToken => Sentence::default().text("’s API token ").piece(called),
                    FactKind::Group => Sentence::default().piece(Piece::Group(known.group(after.key[0]))),
                    FactKind::Workspace => {
                        Sentence::default().piece(Piece::Workspace(known.resource(after.key[0])))
                    }
                    _ => Sentence::default(),
                };
                let what = first.field.replace('_', " ");
                let mut words = format!(
                    ": {what} went from {} to {}",
                    plain(&first.before),
                    plain(&first.after)
                );
                if draft.fields.len() > 1 {
                    words.push_str(&format!(", and {} more", draft.fields.len() - 1));
                }
                let is_named = draft.account.is_some() || !subject.0.is_empty();
                subject.text(if is_named {
                    &words
                } else {
                    words.trim_start_matches(": ")
                })
            }
        };
        draft.words = words;
        Some((after.key, draft))
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}
