//! Scheduled damage to answers: seeded, so that a run can be repeated.

use serde_json::Value;

use crate::http::is_operation;
use crate::random::Random;

/// One kind of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    TooMany,
    TooManySilent,
    Internal,
    Unavailable,
    Reset,
    Cut,
    Slow,
    ContentType,
    Malformed,
    RepeatedCursor,
    RefusedCursor,
    /// A list of nothing, with nothing after it. Scheduled by name only.
    Empty,
    /// A refusal, by its place in [`REFUSALS`]. Scheduled by name only.
    Refused(usize),
}

/// Refusals that can be scheduled: name, status, code, title.
pub(crate) const REFUSALS: [(&str, u16, &str, &str); 9] = [
    ("400", 400, "ADMIN-UAM-400-1", "Bad Request"),
    ("401", 401, "ADMIN-401-2", "Unauthorized"),
    ("402", 402, "ADMIN-UAM-402-1", "Payment Required"),
    ("403", 403, "ADMIN-UAM-403-1", "Forbidden"),
    ("404", 404, "ADMIN-UAM-404-1", "Not Found"),
    ("409-1", 409, "ADMIN-UAM-409-1", "Conflict"),
    ("409-2", 409, "ADMIN-UAM-409-2", "Conflict"),
    ("409-3", 409, "ADMIN-UAM-409-3", "Conflict"),
    ("415", 415, "ADMIN-UAM-415-1", "Unsupported Media Type"),
];

/// The kinds by the names under which they are scheduled.
const KINDS: [(&str, Fault); 11] = [
    ("429", Fault::TooMany),
    ("429-no-retry-after", Fault::TooManySilent),
    ("500", Fault::Internal),
    ("503", Fault::Unavailable),
    ("reset", Fault::Reset),
    ("cut", Fault::Cut),
    ("slow", Fault::Slow),
    ("content-type", Fault::ContentType),
    ("malformed", Fault::Malformed),
    ("repeated-cursor", Fault::RepeatedCursor),
    ("refused-cursor", Fault::RefusedCursor),
];

/// A schedule of faults.
#[derive(Debug)]
pub(crate) struct Faults {
    probability: f64,
    kinds: Vec<Fault>,
    /// Only these operations are hit; all if there are none.
    operations: Vec<String>,
    /// How many requests are hit at most.
    left: Option<u64>,
    /// Whether a write is hit after it landed, where that is not left to chance.
    after_work: Option<bool>,
    random: Random,
}

const KEYS: [&str; 6] = [
    "probability",
    "seed",
    "kinds",
    "operations",
    "times",
    "after_work",
];

/// A fault that was drawn for a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawn {
    pub(crate) fault: Fault,
    /// For writes: whether the fault hits after the work was done.
    pub(crate) is_after_work: bool,
    /// How slow a slow answer is.
    pub(crate) slow_ms: u64,
}

impl Faults {
    /// Reads a schedule; an empty object means none.
    pub(crate) fn parse(json: &Value) -> Result<Option<Faults>, String> {
        let Some(map) = json.as_object() else {
            return Err("faults are a JSON object".to_owned());
        };
        if map.is_empty() {
            return Ok(None);
        }
        if let Some(unknown) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("unknown key {unknown:?}; known are {}", KEYS.join(", ")));
        }
        let probability = json.get("probability").and_then(Value::as_f64).unwrap_or(0.0);
        if !(0.0..=1.0).contains(&probability) {
            return Err("probability lies between 0 and 1".to_owned());
        }
        let seed = json.get("seed").and_then(Value::as_u64).unwrap_or(0);
        let kinds = match json.get("kinds") {
            None | Some(Value::Null) => KINDS.iter().map(|(_, fault)| *fault).collect(),
            Some(names) => kinds_named(names)?,
        };
        Ok(Some(Faults {
            probability,
            kinds,
            operations: operations_named(json.get("operations"))?,
            left: json.get("times").and_then(Value::as_u64),
            after_work: json.get("after_work").and_then(Value::as_bool),
            random: Random::new(seed, "faults"),
        }))
    }

    /// Decides about one request. Kinds that need a cursor are drawn only for requests that send one.
    pub(crate) fn draw(&mut self, operation: &str, has_cursor: bool) -> Option<Drawn> {
        let is_meant = self.operations.is_empty() || self.operations.iter().any(|name| name == operation);
        if !is_meant || self.left == Some(0) {
            return None;
        }
        let is_hit = self.random.chance(self.probability);
        let needs_cursor = |fault: &Fault| matches!(fault, Fault::RepeatedCursor | Fault::RefusedCursor);
        let possible: Vec<Fault> = self
            .kinds
            .iter()
            .copied()
            .filter(|fault| has_cursor || !needs_cursor(fault))
            .collect();
        let fault = self.random.pick(&possible).copied();
        let by_chance = self.random.chance(0.5);
        let slow_ms = self.random.between(20, 300) as u64;
        let fault = fault.filter(|_| is_hit)?;
        self.left = self.left.map(|left| left - 1);
        // What is refused was not done, unless somebody wants to see what comes of that.
        let is_refused = matches!(fault, Fault::Refused(_));
        Some(Drawn {
            fault,
            is_after_work: self.after_work.unwrap_or(by_chance && !is_refused),
            slow_ms,
        })
    }
}

fn operations_named(names: Option<&Value>) -> Result<Vec<String>, String> {
    let Some(names) = names else {
        return Ok(Vec::new());
    };
    let list = names.as_array().ok_or("operations is a list of names")?;
    let mut operations = Vec::with_capacity(list.len());
    for name in list {
        let name = name.as_str().unwrap_or_default();
        if !is_operation(name) {
            return Err(format!(
                "unknown operation {name:?}; /_twin/stats names those that were called"
            ));
        }
        operations.push(name.to_owned());
    }
    Ok(operations)
}

fn kinds_named(names: &Value) -> Result<Vec<Fault>, String> {
    let names = names.as_array().ok_or("kinds is a list of names")?;
    let all = || {
        let refusals = REFUSALS
            .iter()
            .enumerate()
            .map(|(index, refusal)| (refusal.0, Fault::Refused(index)));
        KINDS.into_iter().chain([("empty", Fault::Empty)]).chain(refusals)
    };
    let known = || all().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
    let find = |name: &Value| {
        let found = all()
            .find(|(known, _)| Some(*known) == name.as_str())
            .map(|(_, fault)| fault);
        found.ok_or_else(|| format!("unknown kind {name}; known are {}", known()))
    };
    names.iter().map(find).collect()
}
