//! Writes down what was asked and answered, replaced, and puts it into a folder at the end.
//!
//! The client that reads sees replacements only, and asks about replacements; so what it asks needs no replacing, and
//! whoever replays the folder to another client is asked the same.

use super::mask::Mask;
use super::scrub;
use atlassian::{Heard, Interpreter, Question};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file of the answers, one a line.
pub(super) const ANSWERS: &str = "answers.ndjson";
/// The file that says what the capture is.
pub(super) const MANIFEST: &str = "manifest.json";
/// Media types that are written down as they are; others as the last.
const MEDIA: [&str; 4] = [
    "application/scim+json",
    "application/json",
    "text/html",
    "application/octet-stream",
];

/// How often each status came, by operation.
pub(super) type Counts = BTreeMap<String, BTreeMap<u16, u64>>;

#[derive(Debug)]
pub(super) struct Recorder {
    mask: Mask,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    /// In the order of the answers.
    file: BufWriter<File>,
    length: u64,
    /// What sorts an answer, and where it is in the file.
    places: Vec<(String, u64, u64)>,
    counts: Counts,
    failure: Option<io::Error>,
}

/// One question with its answer, as it is written.
#[derive(Serialize)]
struct Exchange<'a> {
    operation: &'a str,
    method: &'a str,
    path: &'a str,
    query: &'a [(String, String)],
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a Value>,
    status: u16,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a Value>,
    /// The length of an answer that is no JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_bytes: Option<usize>,
}

impl Recorder {
    /// Writes into a new file of this folder until the end.
    pub fn new(mask: Mask, folder: &Path) -> io::Result<Recorder> {
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(folder.join("in-order"))?;
        Ok(Recorder {
            mask,
            written: Mutex::new(Written {
                file: BufWriter::new(file),
                length: 0,
                places: Vec::new(),
                counts: Counts::new(),
                failure: None,
            }),
        })
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn mask(&self) -> &Mask {
        &self.mask
    }

    fn record(&self, question: &Question, heard: &Heard, answer: Option<&Value>) {
        let other_bytes = (answer.is_none() && !heard.body.is_empty()).then_some(heard.body.len());
        let exchange = Exchange {
            operation: question.operation,
            method: &question.method,
            path: &question.path,
            query: &question.query,
            body: question.body.as_ref(),
            status: heard.status,
            headers: kept_headers(heard),
            answer,
            other_bytes,
        };
        let question_key = serde_json::to_string(&json!([
            question.operation,
            question.method,
            question.path,
            question.query,
            question.body
        ]));
        let line = serde_json::to_vec(&exchange);
        let mut written = self.written();
        match (question_key, line) {
            (Ok(key), Ok(line)) => written.append(key, &line),
            (Err(error), _) | (_, Err(error)) => written.failure = Some(error.into()),
        }
        let counts = written.counts.entry(question.operation.to_owned()).or_default();
        *counts.entry(heard.status).or_default() += 1;
    }

    /// Writes the answers sorted by question, those to the same question in the order in which they came, and removes
    /// the file that was written meanwhile.
    pub fn finish(&self, folder: &Path) -> io::Result<Counts> {
        let mut written = self.written();
        if let Some(error) = written.failure.take() {
            return Err(error);
        }
        written.file.flush()?;
        let mut places = std::mem::take(&mut written.places);
        places.sort();
        let mut sorted = BufWriter::new(File::create_new(folder.join(ANSWERS))?);
        let source = written.file.get_mut();
        for (_, start, length) in places {
            source.seek(SeekFrom::Start(start))?;
            io::copy(&mut source.take(length), &mut sorted)?;
        }
        sorted.flush()?;
        sorted.get_ref().sync_all()?;
        std::fs::remove_file(folder.join("in-order"))?;
        Ok(written.counts.clone())
    }
}

impl Written {
    fn append(&mut self, key: String, line: &[u8]) {
        let result = self
            .file
            .write_all(line)
            .and_then(|()| self.file.write_all(b"\n"));
        if let Err(error) = result {
            self.failure.get_or_insert(error);
            return;
        }
        let length = line.len() as u64 + 1;
        self.places.push((key, self.length, length));
        self.length += length;
    }
}

impl Interpreter for Recorder {
    fn asks(&self, question: &Question) -> Question {
        scrub::meant(&self.mask, question)
    }

    fn answers(&self, question: &Question, heard: &Heard) -> Bytes {
        let answer = serde_json::from_slice::<Value>(&heard.body).ok();
        let scrubbed = answer.map(|answer| scrub::scrubbed(&self.mask, &answer));
        self.record(question, heard, scrubbed.as_ref());
        match scrubbed {
            Some(answer) => answer.to_string().into(),
            None if heard.body.is_empty() => Bytes::new(),
            // It stays what it was to the client: no JSON.
            None => "this was no JSON".into(),
        }
    }
}

/// Those headers whose values cannot tell anything.
fn kept_headers(heard: &Heard) -> BTreeMap<&'static str, String> {
    let known_media = |value: &str| {
        let found = MEDIA.iter().find(|known| value.starts_with(*known));
        (*found.unwrap_or(&"application/octet-stream")).to_owned()
    };
    let is_plain = |value: &str| {
        let is_number =
            !value.is_empty() && value.len() <= 12 && value.bytes().all(|byte| byte.is_ascii_digit());
        is_number || super::words::is_time(value)
    };
    let kept = heard.headers.iter().filter_map(|(name, value)| match *name {
        "content-type" => Some((*name, known_media(value))),
        _ => is_plain(value).then(|| (*name, value.clone())),
    });
    kept.collect()
}
