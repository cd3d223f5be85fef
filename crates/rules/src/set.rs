//! The rules that are in force.

use crate::pack::{self, Problem};
use crate::rule::Rule;

/// Rules by id, and what was refused.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    /// The rules, those that are switched off among them.
    pub rules: Vec<Rule>,
    /// What was refused.
    pub problems: Vec<Problem>,
}

impl RuleSet {
    /// The shipped rules, and those of these files (name and text) in their order. A rule of a file replaces the
    /// shipped one of its id; of two files with the same id, the later is refused.
    pub fn new(files: &[(String, String)]) -> RuleSet {
        let (rules, problems) = pack::shipped();
        let mut set = RuleSet { rules, problems };
        for (name, text) in files {
            let (rules, problems) = pack::read(Some(name), text);
            set.problems.extend(problems);
            for rule in rules {
                set.add(rule);
            }
        }
        set
    }

    fn add(&mut self, rule: Rule) {
        match self.rules.iter_mut().find(|known| known.id == rule.id) {
            None => self.rules.push(rule),
            Some(known) if known.file.is_none() => *known = rule,
            Some(known) => self.problems.push(Problem {
                reason: format!(
                    "there is a rule of this id in {} already",
                    known.file.as_deref().unwrap_or_default()
                ),
                file: rule.file,
                line: 1,
                rule: Some(rule.id),
            }),
        }
    }

    /// The rule of this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipped_rule_is_switched_off_by_its_id() {
        let (shipped, _) = pack::shipped();
        let text = format!("[[rule]]\nid = \"{}\"\nenabled = false\n", shipped[0].id);
        let set = RuleSet::new(&[("mine.toml".to_owned(), text)]);
        assert!(set.problems.is_empty(), "{:?}", set.problems);
        let rule = set.rule(&shipped[0].id).unwrap();
        assert!(!rule.is_enabled);
        assert_eq!(rule.sql, shipped[0].sql);
        let strange = "[[rule]]\nid = \"nobody-ships-this\"\nenabled = false\n".to_owned();
        let set = RuleSet::new(&[("mine.toml".to_owned(), strange)]);
        assert_eq!(set.problems.len(), 1, "there is nothing to switch off");
    }

    #[test]
    fn a_rule_of_a_file_replaces_the_shipped_one() {
        let (shipped, _) = pack::shipped();
        let id = &shipped[0].id;
        let text = format!(
            "[[rule]]\nid = \"{id}\"\ntitle = \"Mine\"\nseverity = \"low\"\nsql = \"SELECT 1 AS x\"\nkey = [\"x\"]\nsentence = \"x\"\nenabled = false\n"
        );
        let file = |name: &str| (name.to_owned(), text.clone());
        let set = RuleSet::new(&[file("a.toml"), file("b.toml")]);
        assert_eq!(set.rules.len(), shipped.len());
        assert_eq!(set.rule(id).map(|rule| rule.is_enabled), Some(false));
        assert_eq!(set.problems.len(), 1);
        assert!(set.problems[0].reason.contains("a.toml"));
    }
}
