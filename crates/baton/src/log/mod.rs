//! Log lines as those who watch the peer expect them: objects with `level`, `ts`, `caller` and `msg`, on standard
//! error, with the messages that people search for.
//!
//! [`Lines`] tells the progress of a reading. Nothing here shows a key, a name or an e-mail address.

mod capture;

pub use capture::{Capture, Capturing};

use crate::options::{Format, Level, Logging};
use app::{Estimate, Progress};
use model::{Clock, Family};
use serde_json::{Map, Value};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{DynFilterFn, LevelFilter};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// Crates of ours, whose lines are logged; those of others only from `warn` on.
const OURS: [&str; 9] = [
    "app",
    "atlassian",
    "baton",
    "cli",
    "orgwarden",
    "provision",
    "rules",
    "store",
    "sync",
];

/// Starts logging. Fails when a log file cannot be opened. What comes back can keep debug lines in a file for a while.
pub fn start(logging: &Logging, clock: Arc<dyn Clock>) -> io::Result<Arc<Capture>> {
    let capture = Arc::new(Capture::default());
    let places = Places::open(&logging.paths)?;
    let format = logging.format.unwrap_or_else(|| {
        if places.is_terminal() {
            Format::Console
        } else {
            Format::Json
        }
    });
    let layer = tracing_subscriber::fmt::layer()
        .event_format(Line {
            format,
            clock: Arc::clone(&clock),
        })
        .with_writer(places)
        .with_filter(which(logging, Arc::clone(&clock)));
    let subscriber = tracing_subscriber::registry()
        .with(layer)
        .with(captured(&capture, clock));
    // Fails only when logging was started before, which is just as well.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(capture)
}

/// A layer that keeps debug lines while somebody wants them.
fn captured<S>(capture: &Arc<Capture>, clock: Arc<dyn Clock>) -> impl tracing_subscriber::Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let wanted = Arc::clone(capture);
    let filter = DynFilterFn::new(move |metadata, _| is_ours(metadata.target()) && wanted.is_on());
    tracing_subscriber::fmt::layer()
        .event_format(Line {
            format: Format::Json,
            clock,
        })
        .with_writer(Arc::clone(capture))
        .with_filter(filter.with_max_level_hint(LevelFilter::DEBUG))
}

fn is_ours(target: &str) -> bool {
    OURS.contains(&target.split("::").next().unwrap_or_default())
}

/// Which lines are logged: those of the level, debug lines only until they expire.
fn which<S: Subscriber>(
    logging: &Logging,
    clock: Arc<dyn Clock>,
) -> impl tracing_subscriber::layer::Filter<S> + use<S> {
    let level = match logging.level {
        Level::Debug => LevelFilter::DEBUG,
        Level::Info => LevelFilter::INFO,
        Level::Warn => LevelFilter::WARN,
        Level::Error => LevelFilter::ERROR,
    };
    let debug_until_ms = logging.debug_until_ms;
    let filter = DynFilterFn::new(move |metadata, _| {
        let least = if !is_ours(metadata.target()) {
            LevelFilter::WARN.min(level)
        } else if debug_until_ms.is_some_and(|until| clock.now_ms() >= until) {
            LevelFilter::INFO.min(level)
        } else {
            level
        };
        *metadata.level() <= least
    });
    filter.with_max_level_hint(level)
}

/// Where lines go.
struct Places(Mutex<Vec<Place>>);

enum Place {
    Stderr,
    Stdout,
    File(File),
}

impl Places {
    fn open(paths: &[String]) -> io::Result<Places> {
        let mut places = Vec::new();
        for path in paths {
            places.push(match path.as_str() {
                "stderr" => Place::Stderr,
                "stdout" => Place::Stdout,
                file => {
                    let opened = OpenOptions::new().create(true).append(true).open(file);
                    let named = |error: io::Error| io::Error::new(error.kind(), format!("{file}: {error}"));
                    Place::File(opened.map_err(named)?)
                }
            });
        }
        Ok(Places(Mutex::new(places)))
    }

    fn is_terminal(&self) -> bool {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.iter().all(|place| match place {
            Place::Stderr => io::stderr().is_terminal(),
            Place::Stdout => io::stdout().is_terminal(),
            Place::File(_) => false,
        })
    }
}

/// One line on its way to all places.
struct Out<'a>(&'a Places);

impl Write for Out<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut places = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        for place in places.iter_mut() {
            match place {
                Place::Stderr => io::stderr().write_all(line)?,
                Place::Stdout => io::stdout().write_all(line)?,
                Place::File(file) => file.write_all(line)?,
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Places {
    type Writer = Out<'a>;

    fn make_writer(&'a self) -> Out<'a> {
        Out(self)
    }
}

/// How a line looks.
struct Line {
    format: Format,
    clock: Arc<dyn Clock>,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let mut said = Said::default();
        event.record(&mut said);
        let level = metadata.level().as_str().to_lowercase();
        let now_ms = self.clock.now_ms();
        let caller = format!(
            "{}:{}",
            metadata.file().map_or(metadata.target(), short),
            metadata.line().unwrap_or_default()
        );
        match self.format {
            Format::Json => {
                let quoted = |text: &str| Value::from(text).to_string();
                write!(
                    line,
                    "{{\"level\":{},\"ts\":{}.{:03},\"caller\":{},\"msg\":{}",
                    quoted(&level),
                    now_ms.div_euclid(1000),
                    now_ms.rem_euclid(1000),
                    quoted(&caller),
                    quoted(&said.message)
                )?;
                for (name, value) in &said.fields {
                    write!(line, ",{}:{value}", quoted(name))?;
                }
                writeln!(line, "}}")
            }
            Format::Console => {
                let at = jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default();
                write!(line, "{at:.3}\t{level}\t{caller}\t{}", said.message)?;
                if !said.fields.is_empty() {
                    write!(line, "\t{}", Value::Object(said.fields))?;
                }
                writeln!(line)
            }
        }
    }
}

/// The last two parts of a path, as the peer shows a place in its code.
fn short(path: &str) -> &str {
    let mut slashes = path.rmatch_indices(['/', '\\']).map(|(at, _)| at + 1);
    slashes.nth(1).and_then(|from| path.get(from..)).unwrap_or(path)
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    fields: Map<String, Value>,
}

impl Said {
    fn put(&mut self, field: &Field, value: Value) {
        if field.name() == "message" {
            self.message = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        } else {
            self.fields.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

/// Tells how a reading goes on. The messages that people search for come when a file is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lines;

impl Progress for Lines {
    fn estimate(&self, estimate: &Estimate) {
        tracing::info!(
            accounts = estimate.accounts,
            groups = estimate.groups,
            requests = estimate.requests,
            "the organization is read; about so much"
        );
    }

    fn ended(&self, family: Family) {
        tracing::info!(listing = family.title(), "a listing was read");
    }

    fn note(&self, text: &str) {
        tracing::info!("{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    fn logged(logging: &Logging, say: impl FnOnce(&AtomicI64)) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        let places = Places::open(&[file.display().to_string()]).unwrap();
        let now = Arc::new(AtomicI64::new(1_700_000_000_250));
        let told = Arc::clone(&now);
        let clock: Arc<dyn Clock> = Arc::new(move || told.load(Ordering::Relaxed));
        let layer = tracing_subscriber::fmt::layer()
            .event_format(Line {
                format: logging.format.unwrap(),
                clock: Arc::clone(&clock),
            })
            .with_writer(places)
            .with_filter(which(logging, clock));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || say(&now));
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn logging(format: Format, level: Level) -> Logging {
        Logging {
            level,
            debug_until_ms: None,
            format: Some(format),
            paths: Vec::new(),
        }
    }

    #[test]
    fn a_line_is_an_object_with_the_keys_that_people_search_by() {
        let lines = logged(&logging(Format::Json, Level::Info), |_| {
            tracing::info!(task_id = "t", count = 3, "Sync complete.");
            tracing::debug!("not this");
        });
        assert_eq!(lines.len(), 1);
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["level"], "info");
        assert_eq!(line["ts"], 1_700_000_000.25);
        assert_eq!(line["msg"], "Sync complete.");
        assert_eq!((&line["task_id"], &line["count"]), (&"t".into(), &3.into()));
        assert!(
            line["caller"].as_str().unwrap().starts_with("log/mod.rs:"),
            "{line}"
        );
        assert!(
            lines[0].starts_with("{\"level\":\"info\",\"ts\":"),
            "{}",
            lines[0]
        );
    }

    #[test]
    fn a_person_sees_columns() {
        let lines = logged(&logging(Format::Console, Level::Warn), |_| {
            tracing::warn!(attempt = 2, "asking again");
            tracing::info!("not this");
        });
        assert_eq!(lines.len(), 1);
        assert!(
            lines[0].starts_with("2023-11-14T22:13:20.250Z\twarn\t"),
            "{}",
            lines[0]
        );
        assert!(
            lines[0].ends_with("\tasking again\t{\"attempt\":2}"),
            "{}",
            lines[0]
        );
    }

    #[test]
    fn debug_lines_end_when_they_expire() {
        let mut logging = logging(Format::Json, Level::Debug);
        logging.debug_until_ms = Some(1_700_000_001_000);
        let lines = logged(&logging, |now| {
            tracing::debug!("early");
            now.store(1_700_000_001_000, Ordering::Relaxed);
            tracing::debug!("late");
            tracing::info!("still");
        });
        assert_eq!(lines.len(), 2);
        assert!(
            lines[0].contains("early") && lines[1].contains("still"),
            "{lines:?}"
        );
    }

    #[test]
    fn lines_of_others_are_left_out_unless_they_warn() {
        let lines = logged(&logging(Format::Json, Level::Debug), |_| {
            tracing::info!(target: "hyper::client", "not this");
            tracing::warn!(target: "hyper::client", "this");
        });
        assert_eq!(lines.len(), 1);
    }
}
