//! The little of YAML that an access file needs, with the place of everything: texts, lists and maps.
//!
//! Every scalar is a text, quoted or not, so `no`, `null` and `007` are what they look like. Anchors, aliases and tags
//! are refused: a file of few bytes could stand for very many with them, and a reviewer sees what is written.

use super::wrong::{Place, Wrong};
use saphyr_parser::{Event, Marker, Parser, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// Containers within each other; an access file needs five.
const DEEPEST: usize = 20;

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub node: Node,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A scalar, quoted or not.
    Text(String),
    /// A sequence.
    List(Vec<Spot>),
    /// Keys in their order, each once.
    Map(Vec<(Key, Spot)>),
}

/// A key and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it begins.
    pub place: Place,
    /// What it says.
    pub text: String,
}

/// A container that is not closed yet.
enum Open {
    List {
        place: Place,
        items: Vec<Spot>,
    },
    Map {
        place: Place,
        entries: Vec<(Key, Spot)>,
        /// The lines of the keys so far.
        lines: HashMap<String, usize>,
        key: Option<Key>,
    },
}

/// Reads a document; `None` when there is nothing but comments.
pub fn read(text: &str) -> Result<Option<Spot>, Wrong> {
    if let Some(before) = text.find('\0').and_then(|at| text.get(..at)) {
        let place = Place {
            line: before.lines().count().max(1),
            column: before.lines().last().map_or(0, |line| line.chars().count()) + 1,
        };
        return Err(Wrong::new(place, "a NUL character is not text", None));
    }
    let mut open: Vec<Open> = Vec::new();
    let mut root: Option<Spot> = None;
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let what = format!("this is no YAML: {}", error.info());
            Wrong::new(place(error.marker()), what, None)
        })?;
        let place = place(&span.start);
        let done = match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    let hint = "leave out --- and what follows it".to_owned();
                    return Err(Wrong::new(place, "a file holds one document", Some(hint)));
                }
                None
            }
            Event::Alias(_) => return Err(no_alias(place)),
            Event::Scalar(text, _, anchor, tag) => {
                plain(place, anchor, tag.as_ref())?;
                Some(Spot {
                    place,
                    node: Node::Text(text.into_owned()),
                })
            }
            Event::SequenceStart(anchor, tag) => {
                plain(place, anchor, tag.as_ref())?;
                open.push(Open::List {
                    place,
                    items: Vec::new(),
                });
                None
            }
            Event::MappingStart(anchor, tag) => {
                plain(place, anchor, tag.as_ref())?;
                open.push(Open::Map {
                    place,
                    entries: Vec::new(),
                    lines: HashMap::new(),
                    key: None,
                });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(close),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => None,
        };
        if open.len() > DEEPEST {
            return Err(Wrong::new(place, "this is nested too deeply", None));
        }
        if let Some(spot) = done {
            match open.last_mut() {
                Some(open) => put(open, spot)?,
                None => root = Some(spot),
            }
        }
    }
    // An empty document is told as an empty text.
    let is_nothing = |spot: &Spot| spot.node == Node::Text(String::new());
    Ok(root.filter(|spot| !is_nothing(spot)))
}

fn place(marker: &Marker) -> Place {
    Place {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}

fn no_alias(place: Place) -> Wrong {
    let hint = "write out what it stands for".to_owned();
    Wrong::new(place, "anchors and aliases are not used here", Some(hint))
}

fn plain(place: Place, anchor: usize, tag: Option<&Cow<'_, Tag>>) -> Result<(), Wrong> {
    if anchor > 0 {
        return Err(no_alias(place));
    }
    match tag {
        Some(tag) => {
            let hint = format!("leave {} out", tag.as_ref());
            Err(Wrong::new(place, "tags are not used here", Some(hint)))
        }
        None => Ok(()),
    }
}

fn close(open: Open) -> Spot {
    match open {
        Open::List { place, items } => Spot {
            place,
            node: Node::List(items),
        },
        Open::Map { place, entries, .. } => Spot {
            place,
            node: Node::Map(entries),
        },
    }
}

fn put(open: &mut Open, spot: Spot) -> Result<(), Wrong> {
    match open {
        Open::List { items, .. } => items.push(spot),
        Open::Map {
            entries, lines, key, ..
        } => match key.take() {
            Some(key) => entries.push((key, spot)),
            None => {
                let Node::Text(text) = spot.node else {
                    return Err(Wrong::new(spot.place, "a key is a text", None));
                };
                if let Some(line) = lines.insert(text.clone(), spot.place.line) {
                    let what = format!("\"{text}\" is there already, in line {line}");
                    return Err(Wrong::new(spot.place, what, None));
                }
                *key = Some(Key {
                    place: spot.place,
                    text,
                });
            }
        },
    }
    Ok(())
}

/// A text as YAML: plain where nobody could read it as anything else, otherwise in double quotes.
pub(super) fn write(text: &str) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_.@/+-".contains(letter);
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.ends_with(is_word)
        && text.chars().all(|letter| is_word(letter) || letter == ' ')
        && !words.contains(&text.to_lowercase().as_str());
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            letter if is_printable(letter) => quoted.push(letter),
            letter => {
                let number = u32::from(letter);
                quoted.push_str(&if number > 0xffff {
                    format!("\\U{number:08x}")
                } else {
                    format!("\\u{number:04x}")
                });
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character stands for itself: what breaks lines, hides or turns text around is written by its number.
fn is_printable(letter: char) -> bool {
    let hides = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{ffff}');
    !letter.is_control() && !hides && (u32::from(letter) & 0xfffe) != 0xfffe
}

/// A text as a comment at the end of a line.
pub(super) fn comment(text: &str) -> String {
    let visible = |letter: char| if is_printable(letter) { letter } else { ' ' };
    text.chars().map(visible).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(spot: &Spot) -> &str {
        match &spot.node {
            Node::Text(text) => text,
            other => panic!("{other:?} is no text"),
        }
    }

    #[test]
    fn every_scalar_is_a_text_and_knows_its_place() {
        let root = read("a: no\nb:\n  - 007\n  - \"x: y\" # why\n").unwrap().unwrap();
        let Node::Map(entries) = root.node else {
            panic!("no map")
        };
        assert_eq!(text(&entries[0].1), "no");
        let Node::List(items) = &entries[1].1.node else {
            panic!("no list")
        };
        assert_eq!([text(&items[0]), text(&items[1])], ["007", "x: y"]);
        assert_eq!(items[1].place, Place { line: 4, column: 5 });
    }

    #[test]
    fn what_would_stand_for_more_than_is_written_is_refused() {
        for (file, line, what) in [
            ("a: &x [1]\nb: *x", 1, "anchors"),
            ("a: !!str b", 1, "tags"),
            ("a: 1\nb: 2\na: 3", 3, "already, in line 1"),
            ("a: b\n---\nc: d", 2, "one document"),
            ("a: [b\nc: d", 2, "no YAML"),
            ("[a]: b", 1, "a key is a text"),
            ("a: b\nc: \0", 2, "NUL"),
        ] {
            let wrong = read(file).unwrap_err();
            assert!(wrong.what.contains(what), "{file}: {}", wrong.what);
            assert_eq!(wrong.place.line, line, "{file}");
        }
        assert!(read(&"[".repeat(100)).unwrap_err().what.contains("deep"));
    }

    #[test]
    fn nothing_but_comments_is_nothing() {
        assert_eq!(read("# nothing\n").unwrap(), None);
        assert_eq!(read("").unwrap(), None);
    }

    proptest! {
        #[test]
        fn a_text_reads_back_as_it_was_written(key in any::<String>(), value in any::<String>()) {
            prop_assume!(!value.contains('\0') || write(&value).contains("\\u0000"));
            let file = format!("- {}: {} # {}\n", write(&key), write(&value), comment(&value));
            let root = read(&file).unwrap().unwrap();
            let Node::List(items) = root.node else { panic!("no list") };
            let Node::Map(entries) = &items[0].node else { panic!("no map") };
            prop_assert_eq!(&entries[0].0.text, &key);
            prop_assert_eq!(text(&entries[0].1), &value);
        }

        #[test]
        fn any_text_is_read_or_told_to_be_wrong(file in "[-a-c:\\[\\]{},&*!|>'\"#%@`?\\n\\t \u{85}\u{0}]{0,60}") {
            let _ = read(&file);
        }
    }
}
