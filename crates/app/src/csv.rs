//! Lines of tables as files: RFC 4180.
//!
//! A cell that a spreadsheet would take for a formula – it begins with `=`, `+`, `-`, `@`, a tab or a line end – gets
//! an apostrophe in front, which spreadsheets do not show.

/// Adds a line of these cells.
pub fn line<'c>(text: &mut String, cells: impl Iterator<Item = &'c str>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        push(text, cell);
    }
    text.push_str("\r\n");
}

fn push(text: &mut String, cell: &str) {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let must_quote = cell.contains([',', '"', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ');
    if must_quote {
        text.push('"');
    }
    if is_formula {
        text.push('\'');
    }
    for letter in cell.chars() {
        if letter == '"' {
            text.push('"');
        }
        text.push(letter);
    }
    if must_quote {
        text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: &[&str]) -> String {
        let mut text = String::new();
        line(&mut text, cells.iter().copied());
        text
    }

    #[test]
    fn commas_quotes_and_line_ends_are_quoted() {
        assert_eq!(
            written(&["a,b", "say \"x\"", "two\nlines", "é"]),
            "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",é\r\n"
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(written(&["=1+1", "@x", "-2", "+3"]), "'=1+1,'@x,'-2,'+3\r\n");
        assert_eq!(written(&["\t=1", "\r=1"]), "'\t=1,\"'\r=1\"\r\n");
        assert_eq!(written(&["=a,b"]), "\"'=a,b\"\r\n");
    }
}
