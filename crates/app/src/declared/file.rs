//! An access file as it was written: its shape is checked here, what its names mean is not.

use super::wrong::{Place, Wrong};
use super::yaml::{self, Key, Node, Spot};
use crate::views::{At, Candidate, nearest};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub place: Place,
    pub text: String,
}

/// What an access file says.
#[derive(Debug, Default)]
pub(super) struct AccessFile {
    pub organization: Option<Text>,
    pub ignore_accounts: Vec<String>,
    pub ignore_groups: Vec<String>,
    pub groups: Vec<GroupEntry>,
    pub resources: Vec<ResourceEntry>,
}

/// A group that the file names.
#[derive(Debug)]
pub(super) struct GroupEntry {
    pub place: Place,
    pub name: Option<Text>,
    pub id: Option<Text>,
    pub directory: Option<Text>,
    pub description: Option<String>,
    pub about: About,
    /// Whether it is made where it is not there.
    pub create: bool,
    /// Whether it is not to be.
    pub absent: bool,
    pub ignore: Vec<String>,
    /// Everybody who is to be in it; `None` says nothing about that.
    pub members: Option<Vec<Holder>>,
}

/// A workspace or other resource that the file names.
#[derive(Debug)]
pub(super) struct ResourceEntry {
    pub place: Place,
    pub name: Option<Text>,
    pub id: Option<Text>,
    pub about: About,
    pub ignore: Vec<String>,
    /// Every group that gives roles on it; `None` says nothing about that.
    pub groups: Option<Vec<Holder>>,
    /// Every account that has roles on it itself; `None` says nothing about that.
    pub accounts: Option<Vec<Holder>>,
}

/// Somebody who is to have something.
#[derive(Debug)]
pub(super) struct Holder {
    /// The account or group.
    pub who: Text,
    /// The role; a member has none.
    pub role: Option<Text>,
    pub about: About,
}

/// Why something is as it is, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct About {
    pub owner: Option<String>,
    pub reason: Option<String>,
    /// The day or instant as it was written, and when it is over.
    pub expires: Option<(String, At)>,
}

/// Reads a file; what is wrong with its shape is told all at once.
pub(super) fn read(text: &str) -> Result<AccessFile, Vec<Wrong>> {
    let Some(root) = yaml::read(text).map_err(|wrong| vec![wrong])? else {
        let place = Place { line: 1, column: 1 };
        let hint = "see what one looks like with: orgwarden export access".to_owned();
        return Err(vec![Wrong::new(place, "the file says nothing", Some(hint))]);
    };
    let mut shape = Shape { wrong: Vec::new() };
    let file = shape.file(root);
    shape.wrong.sort_by_key(|wrong| wrong.place);
    if shape.wrong.is_empty() {
        Ok(file)
    } else {
        Err(shape.wrong)
    }
}

/// Reads the shape and collects what is wrong with it.
struct Shape {
    wrong: Vec<Wrong>,
}

impl Shape {
    fn wrong(&mut self, place: Place, what: impl Into<String>, hint: Option<&str>) {
        self.wrong.push(Wrong::new(place, what, hint.map(str::to_owned)));
    }

    fn file(&mut self, root: Spot) -> AccessFile {
        let mut file = AccessFile::default();
        for (key, value) in self.map(root, "the file is a map, which begins with groups: or resources:") {
            match key.text.as_str() {
                "version" => {
                    if let Some(version) = self.text(value)
                        && version.text != "1"
                    {
                        self.wrong(version.place, "this version is not known", Some("write 1"));
                    }
                }
                "organization" => file.organization = self.text(value),
                "ignore" => {
                    for (key, value) in self.map(value, "ignore is a map of accounts: and groups:") {
                        match key.text.as_str() {
                            "accounts" => file.ignore_accounts = self.texts(value),
                            "groups" => file.ignore_groups = self.texts(value),
                            _ => self.unknown(&key, &["accounts", "groups"]),
                        }
                    }
                }
                "groups" => file.groups = self.entries(value, Shape::group),
                "resources" => file.resources = self.entries(value, Shape::resource),
                _ => self.unknown(
                    &key,
                    &["version", "organization", "ignore", "groups", "resources"],
                ),
            }
        }
        file
    }

    fn group(&mut self, spot: Spot) -> Option<GroupEntry> {
        let place = spot.place;
        let mut entry = GroupEntry {
            place,
            name: None,
            id: None,
            directory: None,
            description: None,
            about: About::default(),
            create: false,
            absent: false,
            ignore: Vec::new(),
            members: None,
        };
        for (key, value) in self.map(spot, "a group is a map, such as - name: NAME") {
            match key.text.as_str() {
                "name" => entry.name = self.text(value),
                "id" => entry.id = self.text(value),
                "directory" => entry.directory = self.text(value),
                "description" => entry.description = self.text(value).map(|text| text.text),
                "owner" => entry.about.owner = self.text(value).map(|text| text.text),
                "reason" => entry.about.reason = self.text(value).map(|text| text.text),
                "create" => entry.create = self.flag(value),
                "absent" => entry.absent = self.flag(value),
                "ignore" => entry.ignore = self.texts(value),
                "members" => entry.members = Some(self.entries(value, Shape::member)),
                _ => self.unknown(
                    &key,
                    &[
                        "name",
                        "id",
                        "directory",
                        "description",
                        "owner",
                        "reason",
                        "create",
                        "absent",
                        "ignore",
                        "members",
                    ],
                ),
            }
        }
        if entry.name.is_none() && entry.id.is_none() {
            self.wrong(place, "a group has a name or an id", None);
            return None;
        }
        if entry.absent && (entry.create || entry.members.as_ref().is_some_and(|all| !all.is_empty())) {
            self.wrong(
                place,
                "a group that is to be absent is not made and has no members",
                None,
            );
        }
        if entry.create && entry.name.is_none() {
            self.wrong(place, "a group that is made has a name", None);
        }
        Some(entry)
    }

    fn resource(&mut self, spot: Spot) -> Option<ResourceEntry> {
        let place = spot.place;
        let mut entry = ResourceEntry {
            place,
            name: None,
            id: None,
            about: About::default(),
            ignore: Vec::new(),
            groups: None,
            accounts: None,
        };
        for (key, value) in self.map(spot, "a resource is a map, such as - name: NAME") {
            match key.text.as_str() {
                "name" => entry.name = self.text(value),
                "id" => entry.id = self.text(value),
                "owner" => entry.about.owner = self.text(value).map(|text| text.text),
                "reason" => entry.about.reason = self.text(value).map(|text| text.text),
                "ignore" => entry.ignore = self.texts(value),
                "groups" => {
                    entry.groups = Some(self.entries(value, |shape, spot| shape.holder(spot, "group")))
                }
                "accounts" => {
                    entry.accounts = Some(self.entries(value, |shape, spot| shape.holder(spot, "account")));
                }
                _ => self.unknown(
                    &key,
                    &["name", "id", "owner", "reason", "ignore", "groups", "accounts"],
                ),
            }
        }
        if entry.name.is_none() && entry.id.is_none() {
            self.wrong(place, "a resource has a name or an id", None);
            return None;
        }
        Some(entry)
    }

    fn member(&mut self, spot: Spot) -> Option<Holder> {
        let place = spot.place;
        if let Node::Text(text) = spot.node {
            return self.told(Text { place, text }).map(|who| Holder {
                who,
                role: None,
                about: About::default(),
            });
        }
        let holder = self.map_of_holder(spot, "account", &["account", "owner", "reason", "expires"]);
        if holder.is_none() {
            self.wrong(place, "a member is an account, or a map with account:", None);
        }
        holder
    }

    fn holder(&mut self, spot: Spot, who: &'static str) -> Option<Holder> {
        let place = spot.place;
        let is_map = matches!(spot.node, Node::Map(_));
        let holder = is_map
            .then(|| self.map_of_holder(spot, who, &[who, "role", "owner", "reason", "expires"]))
            .flatten();
        match holder {
            Some(holder) if holder.role.is_some() => Some(holder),
            _ => {
                let what = format!("this is a map with {who}: and role:");
                let hint = format!("such as {{ {who}: NAME, role: user }}");
                self.wrong(place, what, Some(&hint));
                None
            }
        }
    }

    fn map_of_holder(&mut self, spot: Spot, who: &str, known: &[&str]) -> Option<Holder> {
        let (mut found, mut role, mut about) = (None, None, About::default());
        for (key, value) in self.map(spot, "this is a text or a map") {
            match key.text.as_str() {
                name if name == who => found = self.text(value),
                "role" if known.contains(&"role") => role = self.text(value),
                "owner" => about.owner = self.text(value).map(|text| text.text),
                "reason" => about.reason = self.text(value).map(|text| text.text),
                "expires" => about.expires = self.expiry(value),
                _ => self.unknown(&key, known),
            }
        }
        found.map(|who| Holder { who, role, about })
    }

    fn expiry(&mut self, spot: Spot) -> Option<(String, At)> {
        let text = self.text(spot)?;
        let is_day = text.text.len() == "2026-12-31".len();
        match At::parse(&text.text) {
            // The day is the last one.
            Some(At(begins)) if is_day => Some((text.text, At(begins + DAY_MS))),
            Some(at) => Some((text.text, at)),
            None => {
                let hint = "write a day such as 2026-12-31, which is the last one, or a time such as 2026-12-31T18:00:00Z";
                self.wrong(text.place, format!("\"{}\" is no day", text.text), Some(hint));
                None
            }
        }
    }

    fn map(&mut self, spot: Spot, what: &str) -> Vec<(Key, Spot)> {
        match spot.node {
            Node::Map(entries) => entries,
            _ => {
                self.wrong(spot.place, what, None);
                Vec::new()
            }
        }
    }

    fn entries<T>(&mut self, spot: Spot, read: impl Fn(&mut Shape, Spot) -> Option<T>) -> Vec<T> {
        match spot.node {
            Node::List(items) => items.into_iter().filter_map(|item| read(self, item)).collect(),
            _ => {
                self.wrong(spot.place, "this is a list", Some("an empty one is written []"));
                Vec::new()
            }
        }
    }

    fn texts(&mut self, spot: Spot) -> Vec<String> {
        let texts = self.entries(spot, Shape::text);
        texts.into_iter().map(|text| text.text).collect()
    }

    fn text(&mut self, spot: Spot) -> Option<Text> {
        let place = spot.place;
        match spot.node {
            Node::Text(text) => self.told(Text { place, text }),
            _ => {
                self.wrong(place, "this is a text", None);
                None
            }
        }
    }

    fn told(&mut self, text: Text) -> Option<Text> {
        if text.text.is_empty() {
            self.wrong(text.place, "a text is missing here", None);
            return None;
        }
        Some(text)
    }

    fn flag(&mut self, spot: Spot) -> bool {
        let Some(text) = self.text(spot) else { return false };
        match text.text.as_str() {
            "true" => true,
            "false" => false,
            other => {
                self.wrong(text.place, format!("\"{other}\" is neither true nor false"), None);
                false
            }
        }
    }

    fn unknown(&mut self, key: &Key, known: &[&str]) {
        let candidates = known.iter().map(|name| Candidate {
            id: (*name).to_owned(),
            name: (*name).to_owned(),
        });
        let near = nearest(&key.text, candidates);
        let hint = match near.first() {
            Some(near) => format!("did you mean {}?", near.id),
            None => format!("known here: {}", known.join(", ")),
        };
        self.wrong(
            key.place,
            format!("\"{}\" is not known here", key.text),
            Some(&hint),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Everything that can be said.
    const WHOLE: &str = "version: 1\norganization: acme\nignore:\n  accounts: ['svc-*']\n  groups: [a, b]\ngroups:\n- name: x\n  create: true\n  owner: o\n  members:\n  - ana\n  - account: bob\n    reason: r\n    expires: 2026-12-31\n- id: i\n  absent: true\nresources:\n- name: acme (Jira)\n  groups:\n  - { group: x, role: user }\n  accounts: []\n";

    fn wrong(text: &str) -> Vec<String> {
        let told = |wrong: Wrong| {
            let hint = wrong.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            format!(
                "{}:{}: {}{hint}",
                wrong.place.line, wrong.place.column, wrong.what
            )
        };
        read(text).unwrap_err().into_iter().map(told).collect()
    }

    #[test]
    fn everything_that_can_be_said_is_read() {
        let file = read(WHOLE).unwrap();
        assert_eq!(file.ignore_groups, ["a", "b"]);
        let members = file.groups[0].members.as_ref().unwrap();
        assert_eq!(members[1].who.text, "bob");
        let (_, over) = members[1].about.expires.clone().unwrap();
        assert_eq!(over.to_string(), "2027-01-01T00:00:00Z");
        assert!(file.groups[1].absent && file.groups[1].members.is_none());
        assert_eq!(file.resources[0].groups.as_ref().unwrap().len(), 1);
        assert_eq!(file.resources[0].accounts.as_ref().unwrap().len(), 0);
    }

    proptest! {
        #[test]
        fn any_text_is_a_file_or_told_to_be_wrong_within_it(text in any::<String>()) {
            if let Err(wrong) = read(&text) {
                prop_assert!(!wrong.is_empty());
                let lines = text.lines().count().max(1) + 1;
                prop_assert!(wrong.iter().all(|wrong| wrong.place.line <= lines));
            }
        }

        #[test]
        fn a_damaged_file_is_a_file_or_told_to_be_wrong(at in 0..400_usize, letter in any::<char>(), gone in 0..9_usize) {
            let mut text: Vec<char> = WHOLE.chars().collect();
            let at = at.min(text.len());
            let end = (at + gone).min(text.len());
            text.splice(at..end, [letter]);
            let _ = read(&text.into_iter().collect::<String>());
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place_and_what_was_meant() {
        let told = wrong(
            "gruops: []\ngroups:\n- nam: x\n- name: y\n  members:\n  - {}\n  - account: a\n    expires: soon\nresources:\n- name: z\n  groups: [x]\n  accounts:\n",
        );
        assert_eq!(
            told,
            [
                "1:1: \"gruops\" is not known here; did you mean groups?",
                "3:3: \"nam\" is not known here; did you mean name?",
                "3:3: a group has a name or an id",
                "6:5: a member is an account, or a map with account:",
                "8:14: \"soon\" is no day; write a day such as 2026-12-31, which is the last one, or a time such as 2026-12-31T18:00:00Z",
                "11:12: this is a map with group: and role:; such as { group: NAME, role: user }",
                "12:11: this is a list; an empty one is written []",
            ]
        );
        assert_eq!(
            wrong(""),
            ["1:1: the file says nothing; see what one looks like with: orgwarden export access"]
        );
    }
}
