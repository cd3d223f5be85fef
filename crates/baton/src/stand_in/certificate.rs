//! A certificate authority for one server, made when it starts.

use super::Failure;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

pub(super) struct Certificate {
    /// The authority's certificate.
    pub authority_pem: String,
    /// The server's certificate.
    pub pem: String,
    /// The server's key.
    pub key_pem: String,
}

impl Certificate {
    /// For the names of this machine, and for [`super::HIDDEN_NAME`].
    pub fn new() -> Result<Certificate, Failure> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority
            .distinguished_name
            .push(DnType::CommonName, "a pretend authority");
        let authority_key = KeyPair::generate()?;
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate()?;
        let names = ["localhost", "127.0.0.1", super::HIDDEN_NAME].map(str::to_owned);
        let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        Ok(Certificate {
            authority_pem,
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}
