//! Opaque cursors, each bound to the question it continues.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::hash;

/// Where a listing goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The hash of the question.
    pub(crate) question: u64,
    /// Rows told so far, or the key after which to go on.
    pub(crate) position: u64,
    /// True after an empty page was given at this position.
    pub(crate) is_after_gap: bool,
}

impl Cursor {
    /// Writes the cursor; `seed` keeps out the cursors of other organizations.
    pub(crate) fn encode(self, seed: u64) -> String {
        let text = format!(
            "{:x}.{:x}.{}",
            self.question,
            self.position,
            u8::from(self.is_after_gap)
        );
        let seal = hash(seed, text.as_bytes()) as u32;
        URL_SAFE_NO_PAD.encode(format!("{text}.{seal:x}"))
    }

    /// Reads a cursor, or a URL that contains one; `None` if it is not one of ours.
    pub(crate) fn decode(text: &str, seed: u64) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(bare(text)).ok()?;
        let whole = String::from_utf8(bytes).ok()?;
        let (text, seal) = whole.rsplit_once('.')?;
        if u32::from_str_radix(seal, 16).ok()? != hash(seed, text.as_bytes()) as u32 {
            return None;
        }
        let mut parts = text.split('.');
        let question = u64::from_str_radix(parts.next()?, 16).ok()?;
        let position = u64::from_str_radix(parts.next()?, 16).ok()?;
        Some(Cursor {
            question,
            position,
            is_after_gap: parts.next()? == "1",
        })
    }
}

/// Takes the cursor out of a URL; our cursors need no percent signs.
pub(crate) fn bare(text: &str) -> &str {
    let after = text.split_once("cursor=").map_or(text, |(_, after)| after);
    after.split('&').next().unwrap_or(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_comes_back_bare_and_inside_a_url() {
        let cursor = Cursor {
            question: 77,
            position: 20,
            is_after_gap: true,
        };
        let text = cursor.encode(7);

        assert_eq!(Cursor::decode(&text, 7), Some(cursor));
        assert_eq!(
            Cursor::decode(&format!("https://x.test/admin?limit=2&cursor={text}&a=b"), 7),
            Some(cursor)
        );
    }

    #[test]
    fn garbage_and_foreign_cursors_are_refused() {
        let text = Cursor {
            question: 77,
            position: 20,
            is_after_gap: false,
        }
        .encode(7);

        assert_eq!(Cursor::decode(&text, 8), None);
        assert_eq!(Cursor::decode("garbage", 7), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_no_cursor_of_ours_or_one_that_is_written_the_same(text in ".{0,80}", seed in 0_u64..4) {
            if let Some(cursor) = Cursor::decode(&text, seed) {
                proptest::prop_assert!(text.contains(&cursor.encode(seed)));
            }
        }

        #[test]
        fn a_cursor_that_was_tampered_with_is_refused_or_unchanged(at in 0_usize..40, byte in b'A'..=b'z') {
            let cursor = Cursor { question: 77, position: 20, is_after_gap: false };
            let mut text = cursor.encode(7).into_bytes();
            let at = at % text.len();
            text[at] = byte;
            let text = String::from_utf8(text).unwrap();
            let read = Cursor::decode(&text, 7);
            proptest::prop_assert!(read.is_none() || read == Some(cursor), "{text}");
        }
    }
}
