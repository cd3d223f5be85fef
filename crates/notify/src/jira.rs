//! Issues in Jira. The message's id is a label of its issue; an issue with it is looked for first, so that an answer
//! that was lost does not make a second one.

use crate::Reach;
use crate::channel::Jira;
use crate::error::DeliveryError;
use crate::http::Target;
use crate::message::Message;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

/// What Jira takes as a summary.
const SUMMARY_LETTERS: usize = 250;

pub(crate) async fn send(
    jira: &Jira,
    secret: Option<&SecretString>,
    reach: Reach,
    message: &Message,
) -> Result<(), DeliveryError> {
    let token = secret.ok_or(DeliveryError::NoSecret)?;
    let target = Target::of(&jira.url, None, reach, false).await?;
    let address = |path: &str| {
        let base = jira.url.trim_end_matches('/');
        format!("{base}/rest/api/3/{path}")
    };
    let label = format!("orgwarden-{}", message.id);
    let search = target
        .client
        .get(address("search/jql"))
        .basic_auth(&jira.user, Some(token.expose_secret()))
        .query(&[
            ("jql", format!("labels = \"{label}\"").as_str()),
            ("maxResults", "1"),
            ("fields", "id"),
        ]);
    let found = target.send(search).await?;
    let found: Value = serde_json::from_slice(&found).unwrap_or_default();
    if found
        .get("issues")
        .and_then(Value::as_array)
        .is_some_and(|issues| !issues.is_empty())
    {
        return Ok(());
    }
    let create = target
        .client
        .post(address("issue"))
        .basic_auth(&jira.user, Some(token.expose_secret()))
        .json(&issue(jira, message, &label));
    target.send(create).await.map(|_| ())
}

fn issue(jira: &Jira, message: &Message, label: &str) -> Value {
    let summary: String = message
        .title
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(SUMMARY_LETTERS)
        .collect();
    let text = message.text();
    let paragraphs: Vec<Value> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| json!({"type": "paragraph", "content": [{"type": "text", "text": line}]}))
        .collect();
    json!({"fields": {
        "project": {"key": jira.project},
        "issuetype": {"name": jira.issue_type},
        "summary": summary,
        "labels": ["orgwarden", label],
        "description": {"type": "doc", "version": 1, "content": paragraphs},
    }})
}
