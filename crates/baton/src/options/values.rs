//! Looking a flag up: on the command line, in the environment, in the file, in the table of defaults.

use super::flags::{self, Effect, FLAGS, Flag, Kind};
use super::{OptionsError, Typed, file, wrong};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What was said, in all places.
pub(super) struct Values {
    /// By flag, what won.
    said: BTreeMap<&'static str, Said>,
    /// Variables that are no flag.
    variables: BTreeMap<&'static str, String>,
    remarks: Vec<String>,
}

/// A value and where it was said.
struct Said {
    values: Vec<String>,
    place: String,
}

impl Values {
    /// Gathers what was said. An empty variable is as good as none.
    pub fn gather(
        typed: &Typed,
        variable: &dyn Fn(&str) -> Option<OsString>,
        folder: &Path,
    ) -> Result<Values, OptionsError> {
        let text = |name: &str| -> Result<Option<String>, OptionsError> {
            match variable(name)
                .filter(|value| !value.is_empty())
                .map(OsString::into_string)
            {
                None => Ok(None),
                Some(Ok(text)) => Ok(Some(text)),
                Some(Err(_)) => wrong(format!("{name} is not text")),
            }
        };
        let mut variables = BTreeMap::new();
        for (name, _) in flags::VARIABLES {
            if let Some(text) = text(name)? {
                variables.insert(*name, text);
            }
        }
        let named = variables.get("BATON_CONFIG_PATH").map(PathBuf::from);
        let mut file = file::read(named.as_deref(), folder)?;
        let mut remarks = std::mem::take(&mut file.remarks);
        for (name, why) in flags::IDLE_VARIABLES {
            if text(name)?.is_some() {
                remarks.push(format!("{name} has no effect: {why}"));
            }
        }
        let mut said = BTreeMap::new();
        for flag in FLAGS {
            let own = flags::variable(flag.name);
            let published = flag.published.map(flags::variable);
            let in_environment = match text(&own)? {
                Some(value) => Some((value, own)),
                None => match published {
                    Some(name) => text(&name)?.map(|value| (value, name)),
                    None => None,
                },
            };
            let found = if let Some(values) = typed.get(flag.name) {
                Some((values.clone(), format!("--{}", flag.name)))
            } else if let Some((value, place)) = in_environment {
                Some((vec![value], place))
            } else {
                file.values
                    .remove(flag.name)
                    .map(|values| (values, format!("{} in the configuration file", flag.name)))
            };
            if let Some((values, place)) = found {
                said.insert(flag.name, Said { values, place });
            }
        }
        Ok(Values {
            said,
            variables,
            remarks,
        })
    }

    /// Refuses what is refused, what does not go together and what is no value of its kind.
    pub fn check(&self) -> Result<(), OptionsError> {
        for flag in FLAGS {
            let Some(said) = self.said.get(flag.name) else {
                continue;
            };
            if let Effect::Refused(why) = flag.effect
                && !self.is_off(flag)
            {
                return wrong(format!("{} is not possible here: {why}", said.place));
            }
            match flag.kind {
                Kind::Whole { .. } => drop(self.whole(flag.name)?),
                Kind::Switch => drop(self.switch(flag.name)?),
                Kind::Text | Kind::Secret if said.values.len() > 1 => {
                    return wrong(format!(
                        "{} takes one value, not {}",
                        said.place,
                        said.values.len()
                    ));
                }
                Kind::Text | Kind::Secret | Kind::List => {}
            }
        }
        self.one_at_a_time()
    }

    /// Two things that each would be done instead of a reading do not go together.
    fn one_at_a_time(&self) -> Result<(), OptionsError> {
        const VERBS: [[&str; 2]; 6] = [
            ["grant-entitlement", "grant-principal"],
            ["revoke-grant", "revoke-grant"],
            ["create-account-profile", "create-account-login"],
            ["invoke-action", "invoke-action"],
            ["list-action-schemas", "list-action-schemas"],
            ["delete-resource", "delete-resource"],
        ];
        let is_wished = |name: &&str| flags::find(name).is_some_and(|flag| !self.is_off(flag));
        let mut wished = VERBS
            .iter()
            .filter_map(|names| names.iter().find(|name| is_wished(name)));
        if let (Some(first), Some(second)) = (wished.next(), wished.next()) {
            return wrong(format!(
                "{first} and {second} do not go together: one thing is done at a time"
            ));
        }
        Ok(())
    }

    /// Refuses to read where a change was meant: what goes with one was said without it, or it was typed and is empty,
    /// as when a script's own variable is.
    pub fn nothing_half_wished(&self) -> Result<(), OptionsError> {
        const PARTS: [[&str; 2]; 9] = [
            ["grant-entitlement", "grant-entitlement"],
            ["grant-principal-type", "grant-entitlement"],
            ["revoke-grant", "revoke-grant"],
            ["create-account-profile", "create-account-profile"],
            ["create-account-resource-type", "create-account-profile"],
            ["invoke-action", "invoke-action"],
            ["invoke-action-args", "invoke-action"],
            ["delete-resource", "delete-resource"],
            ["delete-resource-type", "delete-resource"],
        ];
        match PARTS.into_iter().find(|[part, _]| self.said.contains_key(part)) {
            None => Ok(()),
            Some([part, whole]) if part == whole => wrong(format!("{} is empty", self.place(part))),
            Some([part, whole]) => wrong(format!("{} needs {whole}", self.place(part))),
        }
    }

    /// Whether a flag says nothing: it was not said, is empty, or is a switch that is off.
    fn is_off(&self, flag: &Flag) -> bool {
        match flag.kind {
            Kind::Switch => matches!(self.switch(flag.name), Ok(false)),
            _ => !self.said.contains_key(flag.name) || self.list(flag.name).is_empty(),
        }
    }

    /// What was said and has no effect, a sentence each.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = self.remarks.clone();
        for flag in FLAGS {
            if let (Effect::None(why), Some(said)) = (flag.effect, self.said.get(flag.name))
                && !self.is_off(flag)
            {
                remarks.push(format!("{} has no effect: {why}", said.place));
            }
        }
        remarks
    }

    /// A variable that is no flag.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    /// What was said, or the default; an empty text is nothing.
    pub fn text(&self, name: &str) -> Option<String> {
        let said = self.said.get(name).and_then(|said| said.values.first());
        let default = || flags::find(name).map(|flag| flag.default.to_owned());
        said.cloned().or_else(default).filter(|text| !text.is_empty())
    }

    /// A number, if one was said or is the default.
    pub fn whole(&self, name: &str) -> Result<Option<i64>, OptionsError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let (least, most) = match flags::find(name).map(|flag| flag.kind) {
            Some(Kind::Whole { least, most }) => (least, most),
            _ => (i64::MIN, i64::MAX),
        };
        match text.trim().parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ if most == i64::MAX => wrong(format!(
                "{} is \"{text}\"; it must be a number from {least} on",
                self.place(name)
            )),
            _ => wrong(format!(
                "{} is \"{text}\"; it must be a number from {least} to {most}",
                self.place(name)
            )),
        }
    }

    /// Whether a switch is on.
    pub fn switch(&self, name: &str) -> Result<bool, OptionsError> {
        self.text(name)
            .map_or(Ok(false), |text| truth(&self.place(name), &text))
    }

    /// Several texts, none of them empty.
    pub fn list(&self, name: &str) -> Vec<String> {
        let default = || self.text(name).into_iter().collect();
        let values = self
            .said
            .get(name)
            .map_or_else(default, |said| said.values.clone());
        let texts = values.iter().flat_map(|value| value.split(','));
        texts
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect()
    }

    fn place(&self, name: &str) -> String {
        self.said
            .get(name)
            .map_or_else(|| name.to_owned(), |said| said.place.clone())
    }
}

/// Whether a text says yes or no.
pub(super) fn truth(place: &str, text: &str) -> Result<bool, OptionsError> {
    match text.trim() {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => wrong(format!("{place} is \"{text}\"; it must be true or false")),
    }
}

/// A text as a JSON object. The text is not shown: it may tell of people.
pub(super) fn object(
    name: &str,
    text: &str,
) -> Result<serde_json::Map<String, serde_json::Value>, OptionsError> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(object)) => Ok(object),
        Ok(_) => wrong(format!("{name} must be a JSON object such as {{\"a\": \"b\"}}")),
        Err(error) => wrong(format!(
            "{name} is no JSON: line {}, column {}",
            error.line(),
            error.column()
        )),
    }
}
