//! Sealing of secrets at rest.
//!
//! XChaCha20-Poly1305 with the place of the secret (table, column, row) as associated data: a sealed value
//! copied to another row does not open. The master key lies apart from the data – in a file, the environment
//! or the output of a command – and is never in the database nor in a backup. There is no "off" mode.

use crate::database::Store;
use crate::error::StoreError;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;
const CHECK_PLACE: &str = "master_key_check/sealed/1";
const CHECK_TEXT: &str = "orgwarden";

/// The key that seals all secrets of a database.
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl MasterKey {
    /// Reads a key of 64 hexadecimal digits; surrounding white space is ignored.
    pub fn from_hex(text: &str) -> Result<MasterKey, StoreError> {
        let digits = text.trim();
        let wrong = || StoreError::MasterKey {
            what: "it must be 64 hexadecimal digits (32 bytes)".into(),
        };
        if digits.len() != KEY_BYTES * 2 || !digits.is_ascii() {
            return Err(wrong());
        }
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(MasterKey(key))
    }

    /// Reads the key file, or makes one that only this user can read.
    pub fn from_file(file: &Path) -> Result<MasterKey, StoreError> {
        let failed = |what: &str, error: std::io::Error| StoreError::MasterKey {
            what: format!("cannot {what} {}: {error}", file.display()),
        };
        match std::fs::read_to_string(file) {
            Ok(text) => MasterKey::from_hex(&Zeroizing::new(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                MasterKey::create(file).map_err(|error| failed("create", error))
            }
            Err(error) => Err(failed("read", error)),
        }
    }

    fn create(file: &Path) -> std::io::Result<MasterKey> {
        use std::io::Write as _;
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let key: Zeroizing<[u8; KEY_BYTES]> = Zeroizing::new(rand::random());
        let text = Zeroizing::new(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut out = options.open(file)?;
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")?;
        out.sync_all()?;
        Ok(MasterKey(key))
    }

    /// Seals a secret for one place, such as `connection/sealed_key/acme`.
    pub fn seal(&self, place: &str, secret: &SecretString) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: place.as_bytes(),
        };
        let cipher = XChaCha20Poly1305::new((&*self.0).into());
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Unseal)?;
        let mut out = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what was sealed for this place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<SecretString, StoreError> {
        let (version, rest) = sealed.split_first().ok_or(StoreError::Unseal)?;
        let (nonce, text) = rest.split_at_checked(NONCE_BYTES).ok_or(StoreError::Unseal)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| StoreError::Unseal)?;
        if *version != VERSION {
            return Err(StoreError::Unseal);
        }
        let cipher = XChaCha20Poly1305::new((&*self.0).into());
        let payload = Payload {
            msg: text,
            aad: place.as_bytes(),
        };
        let opened = cipher
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Unseal)?;
        let opened = String::from_utf8(opened).map_err(|_| StoreError::Unseal)?;
        Ok(SecretString::from(opened))
    }
}

const CHECK_FIND: &str = "SELECT sealed FROM master_key_check WHERE id = 1";
const CHECK_INSERT: &str =
    "INSERT INTO master_key_check (id, sealed) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";

impl Store {
    /// Makes sure that this is the key the database's secrets were sealed with; the first key becomes it.
    pub async fn master_key_check(&self, key: &MasterKey) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        match tx.row(CHECK_FIND, &[]).await? {
            Some(row) => {
                key.open(CHECK_PLACE, &row.bytes(0)?)
                    .map_err(|_| StoreError::WrongMasterKey)?;
            }
            None => {
                let sealed = key.seal(CHECK_PLACE, &SecretString::from(CHECK_TEXT))?;
                tx.execute(CHECK_INSERT, &[sealed.into()]).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(fill: &str) -> MasterKey {
        MasterKey::from_hex(&fill.repeat(32)).unwrap()
    }

    #[test]
    fn a_sealed_secret_opens_only_in_its_place_and_with_its_key() {
        let sealed = key("0a")
            .seal("connection/sealed_key/acme", &SecretString::from("s3cret"))
            .unwrap();
        let opened = key("0a").open("connection/sealed_key/acme", &sealed).unwrap();
        assert_eq!(opened.expose_secret(), "s3cret");
        assert!(key("0a").open("connection/sealed_key/other", &sealed).is_err());
        assert!(key("0b").open("connection/sealed_key/acme", &sealed).is_err());
        assert!(
            key("0a")
                .open("connection/sealed_key/acme", &sealed[..10])
                .is_err()
        );
    }

    #[test]
    fn a_made_key_file_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys/master.key");
        let made = MasterKey::from_file(&file).unwrap();
        let read = MasterKey::from_file(&file).unwrap();
        assert_eq!(*made.0, *read.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }
}
