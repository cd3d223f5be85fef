//! Sending over HTTP: to the addresses that were looked at, following nothing.

use crate::Reach;
use crate::error::DeliveryError;
use crate::reach;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, Response};
use std::path::Path;
use std::time::Duration;
use url::Url;

/// The most that is read of an answer.
const MOST_BYTES: usize = 64 * 1024;
/// The most that is told of what an answer says.
const MOST_TOLD: usize = 200;

/// A host that may be sent to, and the client that reaches nothing else.
pub(crate) struct Target {
    pub url: Url,
    pub host: String,
    pub client: Client,
}

/// An address that may be sent to, its host and its port. `is_secret` keeps the address itself out of errors.
pub(crate) fn address(
    text: &str,
    reach: Reach,
    is_secret: bool,
) -> Result<(Url, String, u16), DeliveryError> {
    let none = || DeliveryError::Address {
        what: if is_secret {
            "the secret".into()
        } else {
            format!("\"{text}\"")
        },
    };
    let url = Url::parse(text.trim()).map_err(|_| none())?;
    // In the clear only where the channel was allowed to stay in one's own network.
    let may_be_clear = reach == Reach::Private;
    if !(url.scheme() == "https" || url.scheme() == "http" && may_be_clear) {
        return Err(none());
    }
    let host = url.host_str().ok_or_else(none)?.to_owned();
    let port = url.port_or_known_default().ok_or_else(none)?;
    Ok((url, host, port))
}

impl Target {
    /// Looks at an address and where it leads. `is_secret` keeps the address itself out of errors.
    pub async fn of(
        url: &str,
        ca_file: Option<&Path>,
        reach: Reach,
        is_secret: bool,
    ) -> Result<Target, DeliveryError> {
        let (url, host, port) = address(url, reach, is_secret)?;
        let addresses = reach::resolve(&host, port, reach).await?;
        // Fails only when a provider is installed already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_millis(crate::DELIVERY_MS))
            .user_agent("orgwarden")
            .resolve_to_addrs(&host, &addresses);
        let builder = match ca_file {
            Some(file) => builder.tls_certs_merge(certificates(file)?),
            None => builder,
        };
        let client = match builder.build() {
            Ok(client) => client,
            // A machine without a certificate store: what everybody trusts is compiled in.
            Err(_) => Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .timeout(Duration::from_millis(crate::DELIVERY_MS))
                .user_agent("orgwarden")
                .resolve_to_addrs(&host, &addresses)
                .tls_certs_only(compiled_in())
                .build()
                .map_err(|error| DeliveryError::Unreachable {
                    host: host.clone(),
                    what: error.to_string(),
                })?,
        };
        Ok(Target { url, host, client })
    }

    /// Sends a request and answers the body of a good answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Vec<u8>, DeliveryError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(DeliveryError::Redirect {
                host: self.host.clone(),
            });
        }
        let body = self.body(response).await;
        if status.is_success() {
            return body;
        }
        let said = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
        let said: String = said
            .chars()
            .filter(|letter| !letter.is_control())
            .take(MOST_TOLD)
            .collect();
        Err(DeliveryError::Refused {
            host: self.host.clone(),
            status: status.as_u16(),
            said: Some(said).filter(|said| !said.is_empty()),
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, DeliveryError> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            body.extend_from_slice(&part);
            if body.len() >= MOST_BYTES {
                break;
            }
        }
        Ok(body)
    }

    fn unreachable(&self, error: &reqwest::Error) -> DeliveryError {
        // The error's own text holds the address, which may be secret; its causes do not.
        let mut what = String::from("the connection failed");
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            what = error.to_string();
            cause = error.source();
        }
        DeliveryError::Unreachable {
            host: self.host.clone(),
            what,
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<Certificate>, DeliveryError> {
    let failed = || DeliveryError::Certificates {
        file: file.display().to_string(),
    };
    let pem = std::fs::read(file).map_err(|_| failed())?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|_| failed())?;
    if found.is_empty() {
        Err(failed())
    } else {
        Ok(found)
    }
}

fn compiled_in() -> Vec<Certificate> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    roots
        .iter()
        .filter_map(|root| Certificate::from_der(root).ok())
        .collect()
}
