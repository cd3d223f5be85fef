//! E-mail by SMTP: the addresses of the server are looked at and connected to; its certificate is checked for its name.

use crate::Reach;
use crate::channel::{Email, MailTls};
use crate::error::DeliveryError;
use crate::message::Message;
use crate::reach;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

type Transport = AsyncSmtpTransport<Tokio1Executor>;

const CONNECT_WITHIN: Duration = Duration::from_secs(15);

pub(crate) async fn send(
    email: &Email,
    secret: Option<&SecretString>,
    reach: Reach,
    message: &Message,
) -> Result<(), DeliveryError> {
    let letter = letter(email, message)?;
    let addresses = reach::resolve(&email.host, email.port, reach).await?;
    let mut last = None;
    for address in addresses {
        let transport = transport(email, secret, &address.ip().to_string())?;
        match transport.send(letter.clone()).await {
            Ok(_) => return Ok(()),
            Err(error) => {
                let is_answer = error.status().is_some();
                last = Some(DeliveryError::Mail {
                    host: email.host.clone(),
                    what: said(&error),
                });
                // Another address of the same server is tried when this one does not answer.
                if is_answer {
                    break;
                }
            }
        }
    }
    Err(last.unwrap_or(DeliveryError::TooSlow))
}

fn said(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

fn transport(
    email: &Email,
    secret: Option<&SecretString>,
    address: &str,
) -> Result<Transport, DeliveryError> {
    // Fails only when a provider is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = match email.tls {
        MailTls::None => Tls::None,
        MailTls::Tls => Tls::Wrapper(parameters(email)?),
        MailTls::Starttls => Tls::Required(parameters(email)?),
    };
    let builder = Transport::builder_dangerous(address)
        .port(email.port)
        .tls(tls)
        .timeout(Some(CONNECT_WITHIN));
    let builder = match (&email.user, email.tls) {
        (None, _) => builder,
        (Some(_), MailTls::None) => {
            return Err(DeliveryError::Secret {
                what: "a password is not sent in the clear",
            });
        }
        (Some(user), _) => {
            let password = secret.ok_or(DeliveryError::NoSecret)?;
            builder.credentials(Credentials::new(
                user.clone(),
                password.expose_secret().to_owned(),
            ))
        }
    };
    Ok(builder.build())
}

fn parameters(email: &Email) -> Result<TlsParameters, DeliveryError> {
    let mut builder = TlsParameters::builder(email.host.clone());
    if let Some(file) = &email.ca_file {
        let failed = || DeliveryError::Certificates {
            file: file.display().to_string(),
        };
        let pem = std::fs::read(file).map_err(|_| failed())?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| failed())?);
    }
    builder.build_rustls().map_err(|error| DeliveryError::Mail {
        host: email.host.clone(),
        what: said(&error),
    })
}

pub(crate) fn mailbox(text: &str) -> Result<Mailbox, DeliveryError> {
    let parsed = text.parse::<Mailbox>();
    parsed.map_err(|error| DeliveryError::Letter {
        what: format!("\"{text}\": {error}"),
    })
}

fn letter(email: &Email, message: &Message) -> Result<lettre::Message, DeliveryError> {
    let wrong = |what: String| DeliveryError::Letter { what };
    let from = mailbox(&email.from)?;
    let place = from.email.domain().to_owned();
    let subject: String = message
        .title
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let mut builder = lettre::Message::builder()
        .from(from)
        .subject(subject)
        // The same whenever it is sent again: mail servers and readers then show it once.
        .message_id(Some(format!("<{}@{place}>", message.id)));
    for to in &email.to {
        builder = builder.to(mailbox(to)?);
    }
    let builder = builder.header(lettre::message::header::ContentType::TEXT_PLAIN);
    builder
        .body(message.text())
        .map_err(|error| wrong(error.to_string()))
}
