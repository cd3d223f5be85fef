//! Groups, with their counts.

use atlassian::Page;
use atlassian::wire::Group;
use model::{Attributes, Fact, GroupId};
use store::{Hint, HintRow, Observation};

/// What a page of groups says.
pub(crate) fn groups_page(page: &Page<Group>) -> Observation {
    let mut observation = Observation {
        sent_at: page.sent_at,
        ..Observation::default()
    };
    for group in page.items.iter().filter(|group| !group.id.is_empty()) {
        observation
            .facts
            .push(Fact::group(&GroupId::new(&group.id), attributes(group)));
        let counts = group.counts.as_ref();
        let mut hint = |hint, number: Option<i64>| {
            if let Some(number) = number {
                observation.hints.push(HintRow {
                    hint,
                    key: [group.id.clone(), String::new()],
                    number,
                });
            }
        };
        hint(Hint::GroupMembers, counts.and_then(|counts| counts.users));
        hint(Hint::GroupResources, counts.and_then(|counts| counts.resources));
    }
    observation
}

fn attributes(group: &Group) -> Attributes {
    let access = group.management_access.as_ref();
    Attributes::new()
        .with("directory_id", group.directory_id.clone())
        .with("name", group.name.clone())
        .with("description", group.description.clone())
        .with("external_synced", group.external_synced)
        .with("managed_by", group.managed_by.clone())
        .with("modifiable", access.and_then(|access| access.modifiable))
        .with("deletable", access.and_then(|access| access.deletable))
}
