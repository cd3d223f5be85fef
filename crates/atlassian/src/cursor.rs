//! Pages and the cursors between them.
//!
//! `links.next` is an opaque cursor on some endpoints and a URL that carries one on others (API facts, 2.1), and
//! which is not settled for all of them; both are accepted everywhere. Only its absence ends a listing.

use url::Url;

/// Where the next page of a listing begins; opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Takes up a cursor that was kept.
    pub fn kept(text: impl Into<String>) -> Cursor {
        Cursor(text.into())
    }

    /// Reads a `next` value: a bare cursor, or a URL or path with a `cursor` parameter.
    pub fn from_next(next: &str) -> Option<Cursor> {
        if next.is_empty() {
            return None;
        }
        let looks_like_url =
            next.starts_with("http://") || next.starts_with("https://") || next.starts_with('/');
        let parsed = if looks_like_url {
            let base = Url::parse("https://api.atlassian.com").ok()?;
            base.join(next).ok()
        } else {
            None
        };
        let inside = parsed.and_then(|url| {
            url.query_pairs()
                .find(|(name, _)| name == "cursor")
                .map(|(_, value)| value.into_owned())
        });
        Some(Cursor(inside.unwrap_or_else(|| next.to_owned())))
    }

    /// The cursor as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One page of a listing.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it; may be empty in the middle of a listing.
    pub items: Vec<T>,
    /// Where the next begins; `None` exactly when the server said that there is none.
    pub next: Option<Cursor>,
    /// When its request was sent, in milliseconds since the epoch, by the transport's clock.
    pub sent_at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cursor_is_found_in_all_its_spellings() {
        let cursor = |text: &str| Cursor::from_next(text).map(|cursor| cursor.as_str().to_owned());
        assert_eq!(cursor("eyJvIjo1MH0"), Some("eyJvIjo1MH0".into()));
        assert_eq!(
            cursor("https://api.atlassian.com/admin/v1/orgs?cursor=a%2Bb&limit=2"),
            Some("a+b".into())
        );
        assert_eq!(cursor("/admin/v1/orgs?cursor=abc"), Some("abc".into()));
        assert_eq!(
            cursor("https://api.atlassian.com/nothing"),
            Some("https://api.atlassian.com/nothing".into())
        );
        assert_eq!(cursor(""), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".*") {
            prop_assert_eq!(Cursor::from_next(&text).is_none(), text.is_empty());
        }

        #[test]
        fn a_cursor_in_an_address_comes_out_as_it_went_in(text in ".{1,60}", is_whole in any::<bool>(), before in "[a-z&=%+]{0,12}") {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            let query = query.append_pair("before", &before).append_pair("cursor", &text).finish();
            let host = if is_whole { "https://api.atlassian.com" } else { "" };
            let next = format!("{host}/admin/v1/orgs?{query}");
            let found = Cursor::from_next(&next).map(|cursor| cursor.as_str().to_owned());
            prop_assert_eq!(found, Some(text));
        }

        #[test]
        fn a_kept_cursor_is_sent_as_it_was_told(text in ".{1,60}") {
            let told = Cursor::from_next(&text).map(|cursor| cursor.as_str().to_owned());
            let kept = told.clone().map(Cursor::kept);
            prop_assert_eq!(kept.map(|cursor| cursor.as_str().to_owned()), told);
        }
    }
}
