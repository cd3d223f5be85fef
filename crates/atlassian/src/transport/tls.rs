//! Making the HTTPS client: which certificates are trusted.
//!
//! The machine's own store is used where there is one, and Mozilla's roots, which are compiled in, where there is
//! none. A plain-http address (the twin) needs neither.

use crate::error::ApiError;
use reqwest::{Certificate, Client, ClientBuilder};
use std::path::Path;
use url::Url;

/// Finishes the builder for one address.
pub(super) fn client(builder: ClientBuilder, base: &Url, ca_file: Option<&Path>) -> Result<Client, ApiError> {
    // Fails only when a provider is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if let Some(file) = ca_file {
        let certificates = certificates_of(file)?;
        return builder
            .tls_certs_merge(certificates)
            .build()
            .map_err(ApiError::Client);
    }
    if base.scheme() == "http" || !machine_has_certificates() {
        return builder
            .tls_certs_only(compiled_in())
            .build()
            .map_err(ApiError::Client);
    }
    builder.build().map_err(ApiError::Client)
}

fn certificates_of(file: &Path) -> Result<Vec<Certificate>, ApiError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ApiError::Certificates {
        file: file.display().to_string(),
        source,
    };
    let pem = std::fs::read(file).map_err(|error| failed(Box::new(error)))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| failed(Box::new(error)))?;
    if certificates.is_empty() {
        return Err(failed("it holds no certificate".into()));
    }
    Ok(certificates)
}

fn compiled_in() -> Vec<Certificate> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    roots
        .iter()
        .filter_map(|root| Certificate::from_der(root).ok())
        .collect()
}

/// Whether one of the usual places of a Unix machine's certificate store is there; elsewhere it always is.
fn machine_has_certificates() -> bool {
    const PLACES: [&str; 5] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ];
    let is_named = std::env::var_os("SSL_CERT_FILE").is_some() || std::env::var_os("SSL_CERT_DIR").is_some();
    !cfg!(target_os = "linux") || is_named || PLACES.iter().any(|place| Path::new(place).exists())
}
