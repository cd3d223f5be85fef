//! Each channel against somebody who really listens, and against those who do not behave.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use notify::{Channel, DeliveryError, Email, Jira, MailTls, Message, Reach, Webhook, deliver, signature};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use twin::{MailServer, Mailbox, TalkEnd};

const NOW: i64 = 1_795_348_800_000;

fn message() -> Message {
    Message {
        id: "msg_7_19f".into(),
        at: "2026-11-22T20:00:00Z".into(),
        alert: "new administrators".into(),
        kind: "change".into(),
        organization: Some("Acmé".into()),
        run: Some("run_7".into()),
        title: "3,000 changes – Zoë <!channel>\r\nBcc: evil@example.org".into(),
        count: 3_000,
        counts: BTreeMap::from([("membership began".into(), 3_000)]),
        items: vec!["Ana joined admins".into(), "Łukasz joined admins".into()],
    }
}

// --- HTTP ---

#[derive(Clone)]
struct Sink {
    asked: Arc<Mutex<Vec<(Uri, HeaderMap, String)>>>,
    answers: Arc<dyn Fn(&Uri) -> Response + Send + Sync>,
    address: SocketAddr,
}

impl Sink {
    async fn start(answers: impl Fn(&Uri) -> Response + Send + Sync + 'static) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Sink {
            asked: Arc::default(),
            answers: Arc::new(answers),
            address: listener.local_addr().unwrap(),
        };
        let take = |State(sink): State<Sink>, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            let text = String::from_utf8_lossy(&body).into_owned();
            sink.asked.lock().unwrap().push((uri.clone(), headers, text));
            (sink.answers)(&uri)
        };
        let router = Router::new().fallback(take).with_state(sink.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        sink
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn asked(&self) -> Vec<(Uri, HeaderMap, String)> {
        self.asked.lock().unwrap().clone()
    }
}

fn webhook(url: String) -> Channel {
    Channel::Webhook(Webhook { url, ca_file: None })
}

#[tokio::test]
async fn a_webhook_carries_its_id_and_a_signature_over_its_id_time_and_body() {
    let sink = Sink::start(|_| StatusCode::NO_CONTENT.into_response()).await;
    let secret = SecretString::from("whsec_c2VjcmV0IG9mIGEgdGVzdA==");
    let channel = webhook(sink.url("/in?a=b"));
    deliver(&channel, Some(&secret), Reach::Private, &message(), NOW)
        .await
        .unwrap();
    let (uri, headers, body) = sink.asked().remove(0);
    assert_eq!(uri, "/in?a=b");
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("webhook-id"), "msg_7_19f");
    let timestamp: i64 = header("webhook-timestamp").parse().unwrap();
    assert_eq!(timestamp, NOW / 1000);
    let expected = signature(&secret, "msg_7_19f", timestamp, &body).unwrap();
    assert_eq!(header("webhook-signature"), expected);
    let read: Message = serde_json::from_str(&body).unwrap();
    assert_eq!(read, message());
    let other = signature(&secret, "msg_7_19f", timestamp + 1, &body).unwrap();
    assert_ne!(expected, other);
}

#[tokio::test]
async fn nothing_is_sent_to_a_private_address_unless_the_channel_may() {
    let sink = Sink::start(|_| StatusCode::OK.into_response()).await;
    let secret = SecretString::from("secret");
    for url in [
        format!("https://127.0.0.1:{}/", sink.address.port()),
        format!("https://localhost:{}/", sink.address.port()),
        format!("https://[::ffff:127.0.0.1]:{}/", sink.address.port()),
        "https://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        let refused = deliver(
            &webhook(url.clone()),
            Some(&secret),
            Reach::Public,
            &message(),
            NOW,
        )
        .await;
        assert!(
            matches!(refused, Err(DeliveryError::Private { .. })),
            "{url}: {refused:?}"
        );
    }
    for url in [
        "http://example.org/",
        "file:///etc/passwd",
        "gopher://x/",
        "no address",
    ] {
        let refused = deliver(
            &webhook(url.to_owned()),
            Some(&secret),
            Reach::Public,
            &message(),
            NOW,
        )
        .await;
        assert!(
            matches!(refused, Err(DeliveryError::Address { .. })),
            "{url}: {refused:?}"
        );
    }
    let mail = email("127.0.0.1", 25, MailTls::None, None);
    let refused = deliver(&mail, None, Reach::Public, &message(), NOW).await;
    assert!(
        matches!(refused, Err(DeliveryError::Private { .. })),
        "{refused:?}"
    );
    assert!(sink.asked().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_an_error_tells_the_status_and_no_secret() {
    let sink = Sink::start(|uri| match uri.path() {
        "/away" => (StatusCode::TEMPORARY_REDIRECT, [("location", "/inside")]).into_response(),
        "/busy" => (StatusCode::SERVICE_UNAVAILABLE, "come\nlater").into_response(),
        _ => StatusCode::OK.into_response(),
    })
    .await;
    let away = SecretString::from(sink.url("/away"));
    let refused = deliver(&Channel::Slack, Some(&away), Reach::Private, &message(), NOW).await;
    assert!(
        matches!(refused, Err(DeliveryError::Redirect { .. })),
        "{refused:?}"
    );
    assert_eq!(sink.asked().len(), 1);
    let busy = SecretString::from(sink.url("/busy"));
    let refused = deliver(&Channel::Slack, Some(&busy), Reach::Private, &message(), NOW).await;
    let said = refused.unwrap_err().to_string();
    assert_eq!(said, "127.0.0.1 answered 503: comelater");
    // Nobody listens there any more.
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let gone = SecretString::from(format!("http://127.0.0.1:{port}/services/T0/B0/s3cret"));
    let refused = deliver(&Channel::Slack, Some(&gone), Reach::Private, &message(), NOW).await;
    let error = refused.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(
        matches!(error, DeliveryError::Unreachable { .. }) && !said.contains("s3cret"),
        "{said}"
    );
}

#[tokio::test]
async fn a_slack_message_says_it_all_and_mentions_nobody() {
    let sink = Sink::start(|_| "ok".into_response()).await;
    let url = SecretString::from(sink.url("/services/x"));
    deliver(&Channel::Slack, Some(&url), Reach::Private, &message(), NOW)
        .await
        .unwrap();
    let body: serde_json::Value = serde_json::from_str(&sink.asked()[0].2).unwrap();
    let text = body["text"].as_str().unwrap();
    assert!(
        text.contains("Łukasz joined admins") && text.contains("and 2998 more"),
        "{text}"
    );
    assert!(!text.contains("<!channel>"), "{text}");
}

#[tokio::test]
async fn a_jira_issue_is_made_once() {
    let made = Arc::new(Mutex::new(false));
    let is_made = Arc::clone(&made);
    let sink = Sink::start(move |uri| {
        let mut made = is_made.lock().unwrap();
        if uri.path().ends_with("/search/jql") {
            let issues = if *made {
                r#"{"issues":[{"id":"1"}]}"#
            } else {
                r#"{"issues":[]}"#
            };
            return issues.into_response();
        }
        *made = true;
        // It is made, and the answer is lost.
        StatusCode::BAD_GATEWAY.into_response()
    })
    .await;
    let channel = Channel::Jira(Jira {
        url: sink.url(""),
        user: "me@example.org".into(),
        project: "SEC".into(),
        issue_type: "Task".into(),
    });
    let token = SecretString::from("token");
    assert!(
        deliver(&channel, Some(&token), Reach::Private, &message(), NOW)
            .await
            .is_err()
    );
    deliver(&channel, Some(&token), Reach::Private, &message(), NOW)
        .await
        .unwrap();
    let asked = sink.asked();
    let creations: Vec<_> = asked
        .iter()
        .filter(|(uri, ..)| uri.path().ends_with("/issue"))
        .collect();
    assert_eq!(creations.len(), 1);
    let issue: serde_json::Value = serde_json::from_str(&creations[0].2).unwrap();
    assert_eq!(issue["fields"]["project"]["key"], "SEC");
    assert!(!issue["fields"]["summary"].as_str().unwrap().contains('\n'));
    assert!(
        creations[0].1["authorization"]
            .to_str()
            .unwrap()
            .starts_with("Basic ")
    );
}

// --- e-mail ---

fn email(host: &str, port: u16, tls: MailTls, ca_file: Option<PathBuf>) -> Channel {
    Channel::Email(Email {
        host: host.to_owned(),
        port,
        tls,
        ca_file,
        user: None,
        from: "Orgwarden <orgwarden@example.org>".into(),
        to: vec![
            "Security <security@example.org>".into(),
            "other@example.org".into(),
        ],
    })
}

fn with_user(channel: Channel) -> Channel {
    match channel {
        Channel::Email(email) => Channel::Email(Email {
            user: Some("orgwarden".into()),
            ..email
        }),
        other => other,
    }
}

/// A mail server with a certificate of its own for `localhost`, and the file of that certificate.
async fn tls_server(is_wrapped: bool) -> (Mailbox, u16, tempfile::TempDir) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mailbox = Mailbox::default();
    let into = mailbox.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (into, acceptor) = (into.clone(), acceptor.clone());
            tokio::spawn(async move {
                if is_wrapped {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = into.talk(stream, false).await;
                    }
                } else if let Ok(TalkEnd::StartTls(stream)) = into.talk(stream, true).await
                    && let Ok(stream) = acceptor.accept(stream).await
                {
                    let _ = into.go_on(stream, false).await;
                }
            });
        }
    });
    (mailbox, port, folder)
}

#[tokio::test]
async fn a_letter_says_it_all_to_everybody_and_its_title_adds_no_header() {
    let server = MailServer::start().await.unwrap();
    let channel = email("127.0.0.1", server.address.port(), MailTls::None, None);
    deliver(&channel, None, Reach::Private, &message(), NOW)
        .await
        .unwrap();
    deliver(&channel, None, Reach::Private, &message(), NOW)
        .await
        .unwrap();
    let letters = server.mailbox.letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0].to, ["security@example.org", "other@example.org"]);
    assert!(
        letters[0].subject.contains("3,000 changes – Zoë"),
        "{:?}",
        letters[0].subject
    );
    assert!(
        letters[0].text.contains("- Łukasz joined admins"),
        "{}",
        letters[0].text
    );
    assert_eq!(letters[0].message_id, "<msg_7_19f@example.org>");
    assert_eq!(letters[0].message_id, letters[1].message_id);
}

#[tokio::test]
async fn mail_goes_over_tls_whose_certificate_is_trusted_and_for_the_name() {
    for (is_wrapped, tls) in [(true, MailTls::Tls), (false, MailTls::Starttls)] {
        let (mailbox, port, folder) = tls_server(is_wrapped).await;
        let ca_file = Some(folder.path().join("ca.pem"));
        let password = SecretString::from("s3cret");
        let trusted = with_user(email("localhost", port, tls, ca_file.clone()));
        deliver(&trusted, Some(&password), Reach::Private, &message(), NOW)
            .await
            .unwrap();
        assert_eq!(mailbox.letters().len(), 1);
        let unknown = email("localhost", port, tls, None);
        let other_name = email("127.0.0.1", port, tls, ca_file);
        for channel in [unknown, other_name] {
            let refused = deliver(&channel, None, Reach::Private, &message(), NOW).await;
            assert!(matches!(refused, Err(DeliveryError::Mail { .. })), "{refused:?}");
        }
        assert_eq!(mailbox.letters().len(), 1);
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing_and_a_password_is_never_sent_in_the_clear() {
    let server = MailServer::start().await.unwrap();
    let port = server.address.port();
    let password = SecretString::from("s3cret");
    let starttls = with_user(email("127.0.0.1", port, MailTls::Starttls, None));
    assert!(
        deliver(&starttls, Some(&password), Reach::Private, &message(), NOW)
            .await
            .is_err()
    );
    let clear = with_user(email("127.0.0.1", port, MailTls::None, None));
    let refused = deliver(&clear, Some(&password), Reach::Private, &message(), NOW).await;
    assert!(
        matches!(refused, Err(DeliveryError::Secret { .. })),
        "{refused:?}"
    );
    assert!(server.mailbox.letters().is_empty());
}

#[tokio::test]
async fn an_address_that_is_none_is_an_error_and_no_letter() {
    let server = MailServer::start().await.unwrap();
    let Channel::Email(good) = email("127.0.0.1", server.address.port(), MailTls::None, None) else {
        unreachable!("it is an e-mail channel")
    };
    for from in ["", "nobody", "a@b\r\nBcc: c@d.example"] {
        let channel = Channel::Email(Email {
            from: from.to_owned(),
            ..good.clone()
        });
        let refused = deliver(&channel, None, Reach::Private, &message(), NOW).await;
        assert!(
            matches!(refused, Err(DeliveryError::Letter { .. })),
            "{from:?}: {refused:?}"
        );
    }
    assert!(server.mailbox.letters().is_empty());
}
