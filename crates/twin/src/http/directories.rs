//! The directories of the organization.

use serde_json::{Value, json};

use super::pages::{PageAsk, Size};
use super::{Call, Problem, Reply};

pub(crate) fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let (account, ids, term) = (
        call.query_one("accountId"),
        call.query_list("directoryIds"),
        call.query_one("searchTerm"),
    );
    let cursor = call.query_one("cursor");
    // With a cursor, other parameters are discarded: the cursor's question has to be theirs or nobody's.
    let question = call.plain_question(&format!("{account:?} {ids:?} {term:?}"));
    let row = account
        .as_deref()
        .and_then(|id| world.account_index(id))
        .and_then(|index| world.account(index));
    let list: Vec<u32> = (0u32..)
        .zip(&world.directories)
        .filter(|(index, _)| {
            let directory = u16::try_from(*index).ok();
            account.is_none() || row.is_some_and(|account| account.place(directory).is_some())
        })
        .filter(|(_, directory)| ids.as_ref().is_none_or(|ids| ids.contains(&directory.id)))
        .filter(|(_, directory)| {
            let contains = |term: &String| directory.name.to_lowercase().contains(&term.to_lowercase());
            term.as_ref().is_none_or(contains)
        })
        .map(|(index, _)| index)
        .collect();
    let limit = call.query_number("limit")?;
    let size = Size::Strict {
        default: 20,
        most: 100,
    };
    let page = call.page(
        &world,
        &list,
        PageAsk {
            is_by_key: true,
            question,
            sent: cursor.as_deref(),
            asked: limit,
            size,
            style: call.hub.options.next,
        },
    )?;
    let data: Vec<Value> = page
        .rows
        .iter()
        .filter_map(|index| world.directories.get(*index as usize))
        .map(|directory| json!({ "directoryId": directory.id, "name": directory.name, "icon": "default" }))
        .collect();
    Ok(Reply::ok(
        &json!({ "data": data, "links": page.links_or_absent(None) }),
    ))
}
