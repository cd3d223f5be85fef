//! Drawings as SVG, made on the server, in the colours of the tokens.

pub(crate) mod bars;
pub(crate) mod calendar;
pub(crate) mod paths;

/// The text, cut so that it fits `width` units at 14 px; estimated, because fonts are the reader's.
pub(crate) fn fit(text: &str, width: f64, unit: f64) -> String {
    let most = (width / unit).floor().max(1.0);
    let mut used = 0.0;
    let mut cut = String::new();
    for letter in text.chars() {
        let size = match letter {
            'i' | 'l' | 'j' | '.' | ',' | '\'' | '|' | 'f' | 't' | 'r' => 0.6,
            'm' | 'w' | 'M' | 'W' => 1.45,
            'A'..='Z' => 1.15,
            '\u{1100}'..='\u{ffdc}' => 2.0,
            _ => 1.0,
        };
        if used + size > most {
            cut.push('…');
            return cut;
        }
        used += size;
        cut.push(letter);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn what_fits_is_not_cut() {
        assert_eq!(fit("jira-users", 200.0, 7.6), "jira-users");
        assert!(fit("a-very-long-name-of-a-group-indeed", 100.0, 7.6).ends_with('…'));
    }
}
