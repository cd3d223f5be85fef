//! Client id and client secret: what they are made of, and the assertion that proves the secret without sending it.

use super::ServiceError;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::signature::Ed25519KeyPair;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long before and after now an assertion holds, in seconds. The server's clock may differ by as much.
pub(super) const ASSERTION_HOLDS_S: i64 = 120;

/// A client id: `NAME@HOST/REST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId {
    /// The whole of it.
    pub whole: String,
    /// What is before the `@`: the connector's name at the server.
    pub name: String,
    /// The server's host, with a port if there is one.
    pub host: String,
}

impl ClientId {
    /// Takes a client id apart.
    pub fn parse(text: &str) -> Result<ClientId, ServiceError> {
        let parts = || {
            let (name, rest) = text.split_once('@')?;
            let (host, rest) = rest.split_once('/')?;
            let is_host = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '@');
            (!name.is_empty() && is_host && !rest.is_empty()).then_some((name, host))
        };
        // It is printed on every line of a user agent.
        let is_text = text
            .chars()
            .all(|letter| letter.is_ascii_graphic() || letter == ' ');
        match parts() {
            Some((name, host)) if is_text => Ok(ClientId {
                whole: text.to_owned(),
                name: name.to_owned(),
                host: host.to_owned(),
            }),
            _ => Err(ServiceError::ClientId),
        }
    }

    /// The host without its port.
    #[must_use]
    pub fn audience(&self) -> &str {
        host_and_port(&self.host).0
    }
}

/// A host's name and its port, if it has one. The brackets of an IPv6 address stay.
pub(super) fn host_and_port(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (host, None),
        },
        _ => (host, None),
    }
}

/// The key in a client secret.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    id: Option<String>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// A private key as JSON: of it, what an Ed25519 key has.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    /// The public part.
    x: Option<String>,
    /// The private part.
    d: Option<String>,
    kid: Option<String>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    nonce: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl SigningKey {
    /// Takes a client secret apart: four parts with colons between, the third `v1`, the fourth a private Ed25519 key as
    /// a JWK in unpadded base64url. Nothing of it is ever shown.
    pub fn parse(secret: &SecretString) -> Result<SigningKey, ServiceError> {
        let wrong = ServiceError::ClientSecret;
        let parts: Vec<&str> = secret.expose_secret().trim().split(':').collect();
        let [_, _, version, key] = parts.as_slice() else {
            return Err(wrong("it must have four parts with colons between"));
        };
        if *version != "v1" {
            return Err(wrong("its third part must be v1"));
        }
        let key = BASE64.decode(key.trim_end_matches('='));
        let key = key.map_err(|_| wrong("its fourth part must be base64url"))?;
        let key: Jwk =
            serde_json::from_slice(&key).map_err(|_| wrong("its fourth part must hold a key as JSON"))?;
        if key.kty != "OKP" || key.crv.as_deref().is_some_and(|curve| curve != "Ed25519") {
            return Err(wrong("its key must be an Ed25519 key"));
        }
        let bytes = |part: &Option<String>| {
            let text = part.as_deref().map(|text| text.trim_end_matches('='));
            text.and_then(|text| BASE64.decode(text).ok())
        };
        let seed = bytes(&key.d).ok_or_else(|| wrong("its key must be a private one"))?;
        let pair = match bytes(&key.x) {
            Some(public) => Ed25519KeyPair::from_seed_and_public_key(&seed, &public),
            None => Ed25519KeyPair::from_seed_unchecked(&seed),
        };
        Ok(SigningKey {
            pair: pair.map_err(|_| wrong("its key's parts do not belong together"))?,
            id: key.kid,
        })
    }

    /// What proves to the server that we hold the secret, from two minutes ago to in two minutes.
    pub(super) fn assertion(
        &self,
        client: &ClientId,
        now_ms: i64,
        nonce: [u8; 16],
    ) -> Result<SecretString, ServiceError> {
        let now_s = now_ms.div_euclid(1000);
        let header = Header {
            alg: "EdDSA",
            kid: self.id.as_deref(),
            nonce: nonce.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        let claims = Claims {
            iss: &client.whole,
            sub: &client.whole,
            aud: client.audience(),
            iat: now_s,
            nbf: now_s - ASSERTION_HOLDS_S,
            exp: now_s + ASSERTION_HOLDS_S,
        };
        let unreadable = |_| ServiceError::ClientId;
        let header = serde_json::to_vec(&header).map_err(unreadable)?;
        let claims = serde_json::to_vec(&claims).map_err(unreadable)?;
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = BASE64.encode(self.pair.sign(signed.as_bytes()));
        Ok(format!("{signed}.{signature}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ED25519, KeyPair as _, UnparsedPublicKey};

    const SEED: [u8; 32] = [7; 32];

    fn public() -> Vec<u8> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
        pair.public_key().as_ref().to_vec()
    }

    fn secret(jwk: &str) -> SecretString {
        format!("conductor:client:v1:{}", BASE64.encode(jwk)).into()
    }

    fn jwk(more: &str) -> String {
        let (x, d) = (BASE64.encode(public()), BASE64.encode(SEED));
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","d":"{d}"{more}}}"#)
    }

    #[test]
    fn a_client_id_is_taken_apart_once_at_each_sign() {
        let id = ClientId::parse("brave-cat-1@acme.example:8443/ccc/x@y").unwrap();
        assert_eq!(
            (id.name.as_str(), id.host.as_str()),
            ("brave-cat-1", "acme.example:8443")
        );
        assert_eq!(id.audience(), "acme.example");
        for wrong in [
            "", "a", "a@b", "a/b", "@h/r", "a@/r", "a@h/", "a\n@h/r", "a@h h/r",
        ] {
            assert!(ClientId::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn hosts_have_ports_or_not() {
        assert_eq!(host_and_port("a.example"), ("a.example", None));
        assert_eq!(host_and_port("a.example:8443"), ("a.example", Some(8443)));
        assert_eq!(host_and_port("[::1]:8443"), ("[::1]", Some(8443)));
        assert_eq!(host_and_port("[::1]"), ("[::1]", None));
    }

    #[test]
    fn an_assertion_says_who_and_until_when_and_is_signed() {
        let key = SigningKey::parse(&secret(&jwk(r#","kid":"k1""#))).unwrap();
        let id = ClientId::parse("n@acme.example:8443/c").unwrap();
        let assertion = key.assertion(&id, 1_700_000_000_900, [0xab; 16]).unwrap();
        let assertion = assertion.expose_secret();
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let signature = BASE64.decode(signature).unwrap();
        UnparsedPublicKey::new(&ED25519, public())
            .verify(signed.as_bytes(), &signature)
            .unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let read = |text: &str| -> serde_json::Value {
            serde_json::from_slice(&BASE64.decode(text).unwrap()).unwrap()
        };
        let expected = serde_json::json!({"alg": "EdDSA", "kid": "k1", "nonce": "ab".repeat(16)});
        assert_eq!(read(header), expected);
        let expected = serde_json::json!({
            "iss": "n@acme.example:8443/c", "sub": "n@acme.example:8443/c", "aud": "acme.example",
            "iat": 1_700_000_000, "nbf": 1_699_999_880, "exp": 1_700_000_120,
        });
        assert_eq!(read(claims), expected);
    }

    #[test]
    fn what_is_no_secret_is_told_in_one_sentence_that_shows_nothing_of_it() {
        let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
        let mixed = jwk("").replace(
            &BASE64.encode(public()),
            &BASE64.encode(other.public_key().as_ref()),
        );
        for (text, said) in [
            ("top-secret".to_owned(), "four parts"),
            ("a:b:v2:top-secret".to_owned(), "v1"),
            ("a:b:v1:top secret".to_owned(), "base64url"),
            (format!("a:b:v1:{}", BASE64.encode("top-secret")), "as JSON"),
            (
                format!("a:b:v1:{}", BASE64.encode(r#"{"kty":"RSA","d":"top-secret"}"#)),
                "Ed25519",
            ),
            (
                format!(
                    "a:b:v1:{}",
                    BASE64.encode(r#"{"kty":"OKP","crv":"Ed25519","x":"top"}"#)
                ),
                "private",
            ),
            (format!("a:b:v1:{}", BASE64.encode(mixed)), "belong together"),
        ] {
            let error = SigningKey::parse(&text.clone().into()).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
            assert!(!error.contains("top") && !error.contains('\n'), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_secret_or_one_sentence(text in ".{0,60}", key in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            let _ = SigningKey::parse(&text.into());
            let _ = SigningKey::parse(&format!("a:b:v1:{}", BASE64.encode(key)).into());
        }
    }
}
