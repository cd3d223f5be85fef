//! Replaces what tells of people and of an organization, the same by the same, and knows the way back.
//!
//! A replacement is drawn from a stream that the capture's secret and the original choose together; the secret is never
//! stored, so nobody can try a list of names. It has the shape of the original: a UUID stays a UUID, an address an
//! address, letters stay letters of their script. The way back is known only while the capture runs, because the client
//! that sees replacements asks about them.

use super::words;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Fewer letters and digits than this, and two originals could get the same replacement by chance.
const SHORT: usize = 12;

/// The replacements of one capture.
pub(super) struct Mask {
    secret: [u8; 32],
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Replacement to original, of what may be asked about.
    back: HashMap<String, String>,
    /// Originals too short to be told apart by chance, and their replacements.
    short: HashMap<String, String>,
    taken: HashSet<String>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mask").finish_non_exhaustive()
    }
}

impl Mask {
    pub fn new(secret: [u8; 32]) -> Mask {
        Mask {
            secret,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The replacement of something that may be asked about: an id, a cursor, a role.
    pub fn id(&self, original: &str) -> String {
        let replacement = self.text(original);
        if replacement != original {
            self.known().back.insert(replacement.clone(), original.to_owned());
        }
        replacement
    }

    /// The original of a replacement; what is none stays as it is.
    pub fn original<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.known().back.get(text) {
            Some(original) => Cow::Owned(original.clone()),
            None => Cow::Borrowed(text),
        }
    }

    /// The replacement of any text, by its shape.
    pub fn text(&self, original: &str) -> String {
        if original.starts_with("https://") || original.starts_with("http://") {
            return self.address(original);
        }
        if original.starts_with('/') {
            let whole = self.address(&format!("https://api.atlassian.com{original}"));
            return whole.replacen("https://api.atlassian.com", "", 1);
        }
        if original.starts_with("ari:") {
            return self.resource(original);
        }
        if original.contains(char::is_whitespace) {
            return self.drawn(original);
        }
        if let Some((local, domain)) = original.rsplit_once('@') {
            return format!("{}@{}", self.drawn(local), self.domain(domain));
        }
        if let Some((shard, rest)) = original.split_once(':')
            && is_uuid(rest)
        {
            let is_for_everybody = matches!(shard, "712020" | "557058");
            let shard = if is_for_everybody {
                shard.to_owned()
            } else {
                self.drawn(shard)
            };
            return format!("{shard}:{}", self.drawn(rest));
        }
        if is_domain(original) {
            return self.domain(original);
        }
        self.drawn(original)
    }

    /// A sentence: ordinary words stay.
    pub fn sentence(&self, original: &str) -> String {
        let words = original.split(' ').map(|word| {
            if words::is_ordinary(word) {
                word.to_owned()
            } else {
                self.text(word)
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// The id of a resource: its kinds stay.
    fn resource(&self, original: &str) -> String {
        let mut replaced = String::with_capacity(original.len());
        for piece in original.split_inclusive([':', '/']) {
            let part = piece.trim_end_matches([':', '/']);
            let end = piece.get(part.len()..).unwrap_or_default();
            if words::is_resource_part(part) {
                replaced.push_str(part);
            } else {
                replaced.push_str(&self.drawn(part));
            }
            replaced.push_str(end);
        }
        replaced
    }

    /// A URL: documented parts of its path and names of parameters stay.
    fn address(&self, original: &str) -> String {
        let Ok(url) = url::Url::parse(original) else {
            return self.drawn(original);
        };
        let host = url.host_str().unwrap_or_default();
        let is_local =
            host.parse::<std::net::IpAddr>().is_ok() || host == "localhost" || host.starts_with('[');
        let host = if is_local {
            "api.atlassian.com".to_owned()
        } else {
            self.domain(host)
        };
        let mut replaced = format!("https://{host}");
        for segment in url.path().split('/').skip(1) {
            replaced.push('/');
            replaced.push_str(&self.segment(segment));
        }
        for (at, (name, value)) in url.query_pairs().enumerate() {
            replaced.push(if at == 0 { '?' } else { '&' });
            let name = if words::is_field(&name) {
                name.into_owned()
            } else {
                self.drawn(&name)
            };
            let is_kept = words::is_count(&name) || words::is_value(&value);
            let value = match name.as_str() {
                _ if is_kept => value.into_owned(),
                _ => self.id(&value),
            };
            let mut pair = url::form_urlencoded::Serializer::new(String::new());
            replaced.push_str(&pair.append_pair(&name, &value).finish());
        }
        replaced
    }

    /// One part of a path.
    fn segment(&self, segment: &str) -> String {
        if segment.is_empty() || words::is_path_word(segment) {
            return segment.to_owned();
        }
        let plain = percent_decoded(segment);
        escaped(&self.id(&plain))
    }

    /// A host or the domain of an address: what belongs to everybody stays.
    fn domain(&self, original: &str) -> String {
        let lower = original.to_lowercase();
        if words::is_host(&lower) || words::is_mail_for_everybody(&lower) {
            return lower;
        }
        match lower.strip_suffix(".atlassian.net") {
            Some(site) => format!("{}.atlassian.net", self.drawn(site)),
            None => format!("{}.example", self.drawn(&lower).replace('.', "-")),
        }
    }

    /// A replacement of the same shape, letter by letter.
    fn drawn(&self, original: &str) -> String {
        let size = original.chars().filter(|char| char.is_alphanumeric()).count();
        if size == 0 {
            return original.to_owned();
        }
        if size >= SHORT || original.contains(char::is_whitespace) {
            return self.draw(original, 0);
        }
        let mut known = self.known();
        if let Some(replacement) = known.short.get(original) {
            return replacement.clone();
        }
        let mut replacement = String::new();
        for attempt in 0..64 {
            replacement = self.draw(original, attempt);
            if attempt > 8 {
                // All of this length may be taken.
                let more = self.draw("0000", attempt);
                replacement.push_str(&more);
            }
            if !known.taken.contains(&replacement) {
                break;
            }
        }
        known.taken.insert(replacement.clone());
        known.short.insert(original.to_owned(), replacement.clone());
        replacement
    }

    fn draw(&self, original: &str, attempt: u8) -> String {
        for round in 0..=u8::MAX {
            let mut rng = self.stream(original, [attempt, round]);
            let drawn = if is_uuid(original) {
                uuid(&mut rng)
            } else {
                like(original, &mut rng)
            };
            let means_something =
                words::is_value(&drawn) || words::is_path_word(&drawn) || words::is_ordinary(&drawn);
            if drawn != original && !means_something {
                return drawn;
            }
        }
        "x".repeat(original.len() + 1)
    }

    /// What only who knows the secret can compute.
    fn stream(&self, original: &str, round: [u8; 2]) -> StdRng {
        let inner = Sha256::new()
            .chain_update(self.secret)
            .chain_update(round)
            .chain_update(original)
            .finalize();
        let seed = Sha256::new()
            .chain_update(self.secret)
            .chain_update(inner)
            .finalize();
        StdRng::from_seed(seed.into())
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let is_label =
        |label: &&str| !label.is_empty() && label.chars().all(|char| char.is_alphanumeric() || char == '-');
    let last = labels.last().copied().unwrap_or_default();
    labels.len() >= 2
        && labels.iter().all(is_label)
        && last.len() >= 2
        && last.chars().all(char::is_alphabetic)
}

fn uuid(rng: &mut StdRng) -> String {
    let mut digits = String::with_capacity(36);
    for at in 0..36 {
        digits.push(match at {
            8 | 13 | 18 | 23 => '-',
            14 => '4',
            _ => one_of(rng, b"0123456789abcdef"),
        });
    }
    digits
}

fn one_of(rng: &mut StdRng, letters: &[u8]) -> char {
    let at = rng.random_range(0..letters.len());
    letters.get(at).copied().map_or('x', char::from)
}

fn like(original: &str, rng: &mut StdRng) -> String {
    let letters = original.chars().filter(|char| char.is_alphanumeric());
    let is_hex = original.len() >= 16 && letters.clone().all(|char| matches!(char, '0'..='9' | 'a'..='f'));
    let mut is_first = true;
    let replaced = original.chars().map(|char| {
        let drawn = match char {
            '0'..='9' | 'a'..='f' if is_hex => one_of(rng, b"0123456789abcdef"),
            '0'..='9' if is_first => one_of(rng, b"123456789"),
            '0'..='9' => one_of(rng, b"0123456789"),
            'a'..='z' => one_of(rng, b"abcdefghijklmnopqrstuvwxyz"),
            'A'..='Z' => one_of(rng, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            _ if char.is_ascii() => char,
            _ if char.is_alphanumeric() => of_script(char, rng),
            _ => char,
        };
        is_first = false;
        drawn
    });
    replaced.collect()
}

/// Another letter from the neighbourhood of this one in Unicode, which is mostly its script.
fn of_script(original: char, rng: &mut StdRng) -> char {
    let base = u32::from(original) & !0x3F;
    for _ in 0..32 {
        let drawn = char::from_u32(base + rng.random_range(0..0x40));
        if let Some(drawn) = drawn.filter(|drawn| drawn.is_alphanumeric() && *drawn != original) {
            return drawn;
        }
    }
    'é'
}

/// A part of a path without its escapes.
pub(super) fn percent_decoded(segment: &str) -> String {
    let query = format!("p={}", segment.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(query.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// A text as one part of a path.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:|".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask() -> Mask {
        Mask::new([7; 32])
    }

    #[test]
    fn the_same_is_replaced_by_the_same_and_found_back() {
        let mask = mask();
        for id in [
            "712020:6f0c0b0e-1d2f-4d07-9a55-0e2f9b3f5a11",
            "5b10ac8d82e05b22cc7d4ef5",
            "a",
            "b",
            "17",
        ] {
            let replacement = mask.id(id);
            assert_ne!(replacement, id);
            assert_eq!(replacement, mask.id(id));
            assert_eq!(mask.original(&replacement), id);
        }
        assert_ne!(
            mask.id("a"),
            Mask::new([8; 32]).text("712020:6f0c0b0e-1d2f-4d07-9a55-0e2f9b3f5a11")
        );
        assert_ne!(
            mask.text("5b10ac8d82e05b22cc7d4ef5"),
            Mask::new([8; 32]).text("5b10ac8d82e05b22cc7d4ef5")
        );
    }

    #[test]
    fn short_ids_never_share_a_replacement() {
        let mask = mask();
        let ids: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        let replacements: HashSet<String> = ids.iter().map(|id| mask.id(id)).collect();
        assert_eq!(replacements.len(), ids.len());
    }

    #[test]
    fn shapes_stay_and_an_id_is_the_same_wherever_it_is() {
        let mask = mask();
        let site = "6f0c0b0e-1d2f-4d07-9a55-0e2f9b3f5a11";
        let replaced = mask.text(site);
        assert_eq!(
            mask.text(&format!("ari:cloud:confluence::site/{site}")),
            format!("ari:cloud:confluence::site/{replaced}")
        );
        assert_eq!(
            mask.text(&format!(
                "https://api.atlassian.com/admin/v1/orgs/{site}/users?limit=20"
            )),
            format!("https://api.atlassian.com/admin/v1/orgs/{replaced}/users?limit=20")
        );
        let address = mask.text("ana.lima@acme.example");
        assert!(
            address.ends_with(".example") && address.contains('@') && !address.contains("acme"),
            "{address}"
        );
        assert!(mask.text("ana@gmail.com").ends_with("@gmail.com"));
        let host = mask.text("acme.atlassian.net");
        assert_eq!(
            mask.text("https://acme.atlassian.net"),
            format!("https://{host}/")
        );
        assert_eq!(mask.text("Анна Лима").chars().count(), 9);
    }

    #[test]
    fn a_sentence_keeps_its_ordinary_words_only() {
        let said = mask().sentence("Account Ana is already in the group Secret-Plans");
        assert!(
            said.starts_with("Account ") && said.contains(" is already in the group "),
            "{said}"
        );
        assert!(!said.contains("Ana") && !said.contains("Secret"), "{said}");
    }
}
