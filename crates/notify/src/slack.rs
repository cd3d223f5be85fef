//! Slack-compatible incoming webhooks: `{"text"}`. The address is the secret.

use crate::Reach;
use crate::error::DeliveryError;
use crate::http::Target;
use crate::message::Message;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

pub(crate) async fn send(
    secret: Option<&SecretString>,
    reach: Reach,
    message: &Message,
) -> Result<(), DeliveryError> {
    let url = secret.ok_or(DeliveryError::NoSecret)?;
    let target = Target::of(url.expose_secret(), None, reach, true).await?;
    let text = format!("*{}*\n{}", escaped(&message.title), escaped(&message.text()));
    let request = target
        .client
        .post(target.url.clone())
        .json(&json!({ "text": text }));
    target.send(request).await.map(|_| ())
}

/// Names are told as they are: no mention of everybody, no link, comes from them.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_mentions_nobody() {
        assert_eq!(super::escaped("<!channel> & co"), "&lt;!channel&gt; &amp; co");
    }
}
