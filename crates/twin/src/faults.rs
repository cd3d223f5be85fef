//! Scheduled damage to answers: seeded, so that a run can be repeated.

use serde_json::Value;

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
}

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
    random: Random,
}

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
        if let Some(unknown) = map
            .keys()
            .find(|key| !["probability", "seed", "kinds"].contains(&key.as_str()))
        {
            return Err(format!(
                "unknown key {unknown:?}; known are probability, seed and kinds"
            ));
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
            random: Random::new(seed, "faults"),
        }))
    }

    /// Decides about one request. Kinds that need a cursor are drawn only for requests that send one.
    pub(crate) fn draw(&mut self, has_cursor: bool) -> Option<Drawn> {
        let is_hit = self.random.chance(self.probability);
        let needs_cursor = |fault: &Fault| matches!(fault, Fault::RepeatedCursor | Fault::RefusedCursor);
        let possible: Vec<Fault> = self
            .kinds
            .iter()
            .copied()
            .filter(|fault| has_cursor || !needs_cursor(fault))
            .collect();
        let fault = self.random.pick(&possible).copied();
        let is_after_work = self.random.chance(0.5);
        let slow_ms = self.random.between(20, 300) as u64;
        fault.filter(|_| is_hit).map(|fault| Drawn {
            fault,
            is_after_work,
            slow_ms,
        })
    }
}

fn kinds_named(names: &Value) -> Result<Vec<Fault>, String> {
    let names = names.as_array().ok_or("kinds is a list of names")?;
    let known = || KINDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let find = |name: &Value| {
        let found = KINDS
            .iter()
            .find(|(known, _)| Some(*known) == name.as_str())
            .map(|(_, fault)| *fault);
        found.ok_or_else(|| format!("unknown kind {name}; known are {}", known()))
    };
    names.iter().map(find).collect()
}
