//! A captured folder, looked through once: where each answer is. The answers themselves stay in the file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use super::question;

/// The form that is understood.
const VERSION: u64 = 1;
const MOST_MANIFEST_BYTES: u64 = 1 << 20;
/// A line holds one answer, of which a client reads 32 MiB.
const MOST_LINE_BYTES: u64 = 64 << 20;
const MOST_LINES: usize = 5_000_000;

/// Why a folder cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// A file of it cannot be read.
    #[error("the capture's {file} cannot be read")]
    Read {
        /// Which file.
        file: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// A file of it is no file.
    #[error("the capture's {file} is no ordinary file")]
    NoFile {
        /// Which.
        file: &'static str,
    },
    /// A file, or a line of it, is larger than any that is written.
    #[error("the capture's {file} is too large ({what})")]
    TooLarge {
        /// Which file.
        file: &'static str,
        /// What is too large.
        what: String,
    },
    /// The manifest is none.
    #[error("manifest.json is not that of a capture: {why}")]
    Manifest {
        /// What is wrong.
        why: String,
    },
    /// The form is another one.
    #[error("this capture has form {found}, and this program reads form {VERSION}")]
    Version {
        /// Its form.
        found: u64,
    },
    /// An answer cannot be understood.
    #[error("line {line} of answers.ndjson is no recorded answer: {why}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// There are fewer or more answers than the manifest says.
    #[error("answers.ndjson has {found} answers and manifest.json says {said}: the capture is not whole")]
    Count {
        /// Counted.
        found: usize,
        /// As the manifest says.
        said: u64,
    },
}

#[derive(Deserialize)]
struct Manifest {
    organization_id: String,
    #[serde(default)]
    scim_directory_id: Option<String>,
    answers: u64,
}

/// One line of the answers; unknown fields are left alone.
#[derive(Deserialize)]
struct Exchange {
    operation: String,
    method: String,
    path: String,
    #[serde(default)]
    query: Vec<(String, String)>,
    #[serde(default)]
    body: Option<Value>,
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    answer: Option<Value>,
    /// The length of an answer that was no JSON.
    #[serde(default)]
    other_bytes: Option<u64>,
}

/// A recorded answer.
pub(super) struct Recorded {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    /// Seconds.
    pub(super) retry_after: Option<u32>,
    pub(super) body: Vec<u8>,
}

/// Where the answers to one question are.
pub(super) struct Place {
    pub(super) operation: String,
    /// Offset and length of each.
    lines: Vec<(u64, u64)>,
    /// How many were given.
    given: usize,
}

/// A captured folder.
pub(super) struct Capture {
    pub(super) organization_id: String,
    pub(super) scim_directory_id: Option<String>,
    places: Mutex<HashMap<String, Place>>,
    file: Mutex<File>,
}

impl Capture {
    /// Looks through a folder.
    pub(super) fn open(folder: &Path) -> Result<Capture, CaptureError> {
        let manifest = read_manifest(folder)?;
        let file = open(folder, ANSWERS)?;
        let (places, count) = look_through(&file)?;
        if count as u64 != manifest.answers {
            return Err(CaptureError::Count {
                found: count,
                said: manifest.answers,
            });
        }
        Ok(Capture {
            organization_id: manifest.organization_id,
            scim_directory_id: manifest.scim_directory_id,
            places: Mutex::new(places),
            file: Mutex::new(file),
        })
    }

    /// The next answer to a question, with the operation's name; `None` if it was never recorded.
    pub(super) fn answer(&self, key: &str) -> Option<(String, io::Result<Recorded>)> {
        let (operation, offset, length) = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            let place = places.get_mut(key)?;
            let at = place.given.min(place.lines.len().saturating_sub(1));
            let (offset, length) = *place.lines.get(at)?;
            place.given += 1;
            (place.operation.clone(), offset, length)
        };
        Some((operation, self.read(offset, length)))
    }

    fn read(&self, offset: u64, length: u64) -> io::Result<Recorded> {
        let mut line = Vec::new();
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(offset))?;
            (&mut *file).take(length).read_to_end(&mut line)?;
        }
        // It was understood when the folder was looked through.
        let exchange: Exchange = serde_json::from_slice(&line)?;
        Ok(exchange.recorded())
    }
}

impl Exchange {
    fn key(&self) -> String {
        question::key(&self.method, &self.path, &self.query, self.body.as_ref())
    }

    fn recorded(self) -> Recorded {
        let told = self.headers.get("content-type").map(String::as_str);
        let content_type = match told {
            Some("application/scim+json") => "application/scim+json",
            Some("text/html") => "text/html",
            Some("application/octet-stream") => "application/octet-stream",
            _ => "application/json",
        };
        let retry_after = self.headers.get("retry-after").and_then(|text| text.parse().ok());
        let body = match (self.answer, self.other_bytes) {
            (Some(answer), _) => answer.to_string().into_bytes(),
            (None, Some(_)) => b"here was an answer that is no JSON".to_vec(),
            (None, None) => Vec::new(),
        };
        Recorded {
            status: self.status,
            content_type,
            retry_after,
            body,
        }
    }

    fn problem(&self) -> Option<String> {
        let is_status = (200..=599).contains(&self.status);
        (!is_status).then(|| format!("its status is {}", self.status))
    }
}

const ANSWERS: &str = "answers.ndjson";
const MANIFEST: &str = "manifest.json";

/// Opens one of the two files; neither may be a link to elsewhere.
fn open(folder: &Path, name: &'static str) -> Result<File, CaptureError> {
    let read = |source| CaptureError::Read { file: name, source };
    let path = folder.join(name);
    if !path.symlink_metadata().map_err(read)?.is_file() {
        return Err(CaptureError::NoFile { file: name });
    }
    File::open(path).map_err(read)
}

fn read_manifest(folder: &Path) -> Result<Manifest, CaptureError> {
    let file = open(folder, MANIFEST)?;
    let mut text = Vec::new();
    let read = |source| CaptureError::Read {
        file: MANIFEST,
        source,
    };
    file.take(MOST_MANIFEST_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(read)?;
    if text.len() as u64 > MOST_MANIFEST_BYTES {
        return Err(CaptureError::TooLarge {
            file: MANIFEST,
            what: "more than 1 MiB".into(),
        });
    }
    let wrong = |why: String| CaptureError::Manifest { why };
    let json: Value = serde_json::from_slice(&text).map_err(|error| wrong(where_it_breaks(&error)))?;
    match json.get("orgwarden_capture").map(Value::as_u64) {
        Some(Some(VERSION)) => {}
        Some(Some(found)) => return Err(CaptureError::Version { found }),
        _ => {
            return Err(wrong(
                "it does not say which form it has (orgwarden_capture)".into(),
            ));
        }
    }
    let manifest: Manifest = serde_json::from_value(json).map_err(|error| wrong(where_it_breaks(&error)))?;
    let ids = std::iter::once(&manifest.organization_id).chain(&manifest.scim_directory_id);
    for id in ids {
        if !is_id(id) {
            return Err(wrong("an id in it is none".into()));
        }
    }
    Ok(manifest)
}

/// Ids are printed and become part of addresses.
fn is_id(text: &str) -> bool {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_:".contains(char);
    !text.is_empty() && text.len() <= 128 && text.chars().all(is_plain)
}

fn look_through(file: &File) -> Result<(HashMap<String, Place>, usize), CaptureError> {
    let mut reader = BufReader::new(file);
    let mut places: HashMap<String, Place> = HashMap::new();
    let mut offset = 0;
    let mut count = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader)
            .take(MOST_LINE_BYTES + 1)
            .read_until(b'\n', &mut line);
        let length = read.map_err(|source| CaptureError::Read {
            file: ANSWERS,
            source,
        })? as u64;
        if length == 0 {
            return Ok((places, count));
        }
        count += 1;
        let too_large = |what: String| CaptureError::TooLarge { file: ANSWERS, what };
        if length > MOST_LINE_BYTES {
            return Err(too_large(format!("line {count} has more than 64 MiB")));
        }
        if count > MOST_LINES {
            return Err(too_large(format!("more than {MOST_LINES} answers")));
        }
        let wrong = |why: String| CaptureError::Line { line: count, why };
        let exchange: Exchange =
            serde_json::from_slice(&line).map_err(|error| wrong(where_it_breaks(&error)))?;
        if let Some(problem) = exchange.problem() {
            return Err(wrong(problem));
        }
        let place = places.entry(exchange.key()).or_insert_with(|| Place {
            operation: exchange.operation,
            lines: Vec::new(),
            given: 0,
        });
        place.lines.push((offset, length));
        offset += length;
    }
}

/// Where JSON breaks, without quoting it: it is a stranger's.
fn where_it_breaks(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Eof => "it ends too early".into(),
        serde_json::error::Category::Data => format!(
            "a field is missing or of another kind (column {})",
            error.column()
        ),
        _ => format!("no JSON (column {})", error.column()),
    }
}
