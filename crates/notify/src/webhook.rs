//! A webhook of one's own, signed as the Standard Webhooks describe, so that libraries for it check ours:
//! `webhook-id`, `webhook-timestamp` in seconds, and `webhook-signature: v1,` with the base64 of
//! HMAC-SHA256 over `ID.TIMESTAMP.BODY`. Whoever receives it drops an id that came before and a timestamp that is old.

use crate::Reach;
use crate::channel::Webhook;
use crate::error::DeliveryError;
use crate::http::Target;
use crate::message::Message;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// How a secret that is written in base64 begins; any other text is the key itself.
pub const SECRET_PREFIX: &str = "whsec_";

/// What signs with a secret, if that is a key.
pub(crate) fn keyed(secret: &SecretString) -> Result<Hmac<Sha256>, DeliveryError> {
    let secret = secret.expose_secret().trim();
    let wrong = |what| DeliveryError::Secret { what };
    let key = match secret.strip_prefix(SECRET_PREFIX) {
        Some(text) => STANDARD
            .decode(text)
            .map_err(|_| wrong("what follows whsec_ is not base64"))?,
        None => secret.as_bytes().to_vec(),
    };
    if key.is_empty() {
        return Err(wrong("it is empty"));
    }
    Hmac::<Sha256>::new_from_slice(&key).map_err(|_| wrong("it has no usable length"))
}

/// The signature of a body.
pub fn signature(
    secret: &SecretString,
    id: &str,
    timestamp_s: i64,
    body: &str,
) -> Result<String, DeliveryError> {
    let mut mac = keyed(secret)?;
    mac.update(format!("{id}.{timestamp_s}.").as_bytes());
    mac.update(body.as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

pub(crate) async fn send(
    webhook: &Webhook,
    secret: Option<&SecretString>,
    reach: Reach,
    message: &Message,
    now_ms: i64,
) -> Result<(), DeliveryError> {
    let secret = secret.ok_or(DeliveryError::NoSecret)?;
    let target = Target::of(&webhook.url, webhook.ca_file.as_deref(), reach, false).await?;
    let (id, body) = message.line();
    let timestamp_s = now_ms / 1000;
    let signature = signature(secret, &id, timestamp_s, &body)?;
    let request = target
        .client
        .post(target.url.clone())
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp_s.to_string())
        .header("webhook-signature", signature)
        .body(body);
    target.send(request).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks' own libraries.
    #[test]
    fn the_signature_is_the_one_that_the_standard_shows() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = r#"{"test": 2432232314}"#;
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_that_is_no_key_is_refused_without_being_told() {
        for secret in ["", "whsec_", "whsec_%%%"] {
            let error = signature(&SecretString::from(secret), "a", 1, "{}").unwrap_err();
            assert!(!error.to_string().contains("%%%"));
        }
    }
}
