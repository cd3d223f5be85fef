//! What goes wrong with the audit log: events that are never told, told hours late and so out of order, or told twice.

use serde_json::Value;

use crate::random::Random;

/// How late a late event is at most, in minutes.
const LATEST_MINUTES: usize = 360;
const MINUTE_MS: i64 = 60_000;
const KEYS: [&str; 4] = ["lost", "late", "repeated", "seed"];

/// Shares of events with which something goes wrong.
#[derive(Debug)]
pub(crate) struct LogFaults {
    lost: f64,
    late: f64,
    repeated: f64,
    random: Random,
}

/// What goes wrong with one event.
#[derive(Debug, Default)]
pub(crate) struct Errs {
    pub(crate) is_lost: bool,
    pub(crate) late_ms: i64,
    /// It is told again, so much later.
    pub(crate) repeated_after_ms: Option<i64>,
}

impl LogFaults {
    /// Reads the shares; an empty object means that nothing goes wrong.
    pub(crate) fn parse(json: &Value) -> Result<Option<LogFaults>, String> {
        let map = json
            .as_object()
            .ok_or("what goes wrong with the log is a JSON object")?;
        if let Some(unknown) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("unknown key {unknown:?}; known are {}", KEYS.join(", ")));
        }
        let share = |name: &str| {
            let share = json.get(name).and_then(Value::as_f64).unwrap_or(0.0);
            let fits = (0.0..=1.0).contains(&share);
            fits.then_some(share)
                .ok_or(format!("{name} lies between 0 and 1"))
        };
        let seed = json.get("seed").and_then(Value::as_u64).unwrap_or(0);
        let faults = LogFaults {
            lost: share("lost")?,
            late: share("late")?,
            repeated: share("repeated")?,
            random: Random::new(seed, "log faults"),
        };
        Ok((!map.is_empty()).then_some(faults))
    }

    /// Decides about one event.
    pub(crate) fn draw(&mut self) -> Errs {
        let random = &mut self.random;
        let is_lost = random.chance(self.lost);
        let is_late = random.chance(self.late);
        let is_repeated = random.chance(self.repeated);
        let mut minutes = || random.between(1, LATEST_MINUTES) as i64 * MINUTE_MS;
        let (late_ms, later_ms) = (minutes(), minutes());
        Errs {
            is_lost,
            late_ms: if is_late { late_ms } else { 0 },
            repeated_after_ms: is_repeated.then_some(later_ms),
        }
    }
}
