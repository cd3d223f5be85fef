//! Whom we believe to be the server: the machine's certificates, Mozilla's, and those of `SSL_CERT_FILE`.

use super::ServiceError;
use reqwest::Certificate;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::transport::ClientTlsConfig;

/// Certificates to trust.
pub(super) struct Trust {
    /// A file of certificates in PEM form, and what it holds.
    file: Option<(PathBuf, Vec<u8>)>,
}

impl Trust {
    /// Reads the file, if there is one.
    pub fn load(file: Option<&Path>) -> Result<Trust, ServiceError> {
        // Fails only when a provider is installed already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let Some(file) = file else {
            return Ok(Trust { file: None });
        };
        let pem = std::fs::read(file).map_err(|source| ServiceError::Certificates {
            file: file.display().to_string(),
            what: source.to_string(),
        })?;
        let trust = Trust {
            file: Some((file.to_owned(), pem)),
        };
        if trust.named()?.is_empty() {
            return Err(trust.unusable("it holds no certificate"));
        }
        Ok(trust)
    }

    fn unusable(&self, what: &str) -> ServiceError {
        let file = self.file.as_ref().map(|(file, _)| file.display().to_string());
        ServiceError::Certificates {
            file: file.unwrap_or_default(),
            what: what.to_owned(),
        }
    }

    fn named(&self) -> Result<Vec<Certificate>, ServiceError> {
        match &self.file {
            None => Ok(Vec::new()),
            Some((_, pem)) => {
                Certificate::from_pem_bundle(pem).map_err(|_| self.unusable("it is no file of certificates"))
            }
        }
    }

    /// A client for the token endpoint.
    pub fn http(&self, timeout: Duration) -> Result<reqwest::Client, ServiceError> {
        let mut certificates = self.named()?;
        let machines = rustls_native_certs::load_native_certs().certs;
        let all = machines.iter().map(|der| der.as_ref());
        let all = all.chain(
            webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .map(|der| der.as_ref()),
        );
        certificates.extend(all.filter_map(|der| Certificate::from_der(der).ok()));
        reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .https_only(true)
            .user_agent(concat!("orgwarden/", env!("CARGO_PKG_VERSION")))
            .tls_certs_only(certificates)
            .build()
            .map_err(|error| ServiceError::Client(error.to_string()))
    }

    /// The same for calls.
    pub fn calls(&self) -> ClientTlsConfig {
        let tls = ClientTlsConfig::new().with_enabled_roots();
        match &self.file {
            None => tls,
            Some((_, pem)) => tls.ca_certificate(tonic::transport::Certificate::from_pem(pem)),
        }
    }
}
