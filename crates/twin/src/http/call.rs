//! What a handler gets: the request, its path parameters, and the twin.

use std::sync::{PoisonError, RwLockReadGuard, RwLockWriteGuard};

use serde::de::DeserializeOwned;

use super::{Operation, Problem};
use crate::request::Hub;
use crate::state::World;

/// One request to one operation.
pub(crate) struct Call<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) operation: &'static Operation,
    /// Path parameters in order; the organization comes first.
    pub(crate) params: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: &'a [u8],
    pub(crate) now_ms: i64,
    /// The scheduled fault: the next cursor equals the one sent.
    pub(crate) repeats_cursor: bool,
}

impl Call<'_> {
    pub(crate) fn param(&self, index: usize) -> &str {
        self.params.get(index).map_or("", String::as_str)
    }

    pub(crate) fn world(&self) -> RwLockReadGuard<'_, World> {
        self.hub.world.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.hub.world.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory in the path: `None` for `-`, which stands for all.
    pub(crate) fn directory(&self, world: &World) -> Result<Option<u16>, Problem> {
        match self.param(1) {
            "-" => Ok(None),
            id => world
                .directory_index(id)
                .map(Some)
                .ok_or_else(|| Problem::unknown("directory", id)),
        }
    }

    /// The directory in the path of a write, which has to be a real one.
    pub(crate) fn real_directory(&self, world: &World) -> Result<u16, Problem> {
        self.directory(world)?
            .ok_or_else(|| Problem::bad("a write names one directory; '-' is for reads only"))
    }

    pub(crate) fn query_one(&self, name: &str) -> Option<String> {
        self.query
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.clone())
    }

    /// All values of a parameter, which may be repeated or hold a list.
    pub(crate) fn query_list(&self, name: &str) -> Option<Vec<String>> {
        let given = self
            .query
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty());
        let values: Vec<String> = given
            .flat_map(|(_, value)| value.split(',').map(str::to_owned))
            .collect();
        if values.is_empty() { None } else { Some(values) }
    }

    pub(crate) fn query_number(&self, name: &str) -> Result<Option<i64>, Problem> {
        let parse = |text: String| {
            text.parse()
                .map_err(|_| Problem::bad(&format!("{name} is a number")))
        };
        self.query_one(name).map(parse).transpose()
    }

    pub(crate) fn query_flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        let parse = |text: String| {
            text.parse()
                .map_err(|_| Problem::bad(&format!("{name} is true or false")))
        };
        self.query_one(name).map(parse).transpose()
    }

    /// The body as JSON; a missing one reads as an empty object.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let text: &[u8] = if self.body.is_empty() { b"{}" } else { self.body };
        serde_json::from_slice(text)
            .map_err(|_| Problem::bad("the body is not the JSON that this operation takes"))
    }

    /// What makes the question of this call different from that of another path.
    pub(crate) fn scope(&self) -> String {
        format!("{} {}", self.operation.name, self.params.join(" "))
    }

    /// The address of this call, for links.
    pub(crate) fn url(&self) -> String {
        let mut params = self.params.iter();
        let parts: Vec<String> = self
            .operation
            .pattern
            .split('/')
            .map(|part| {
                if part == "*" {
                    params.next().cloned().unwrap_or_default()
                } else {
                    part.to_owned()
                }
            })
            .collect();
        format!("{}/admin/{}", self.hub.base_url, parts.join("/"))
    }
}

/// Takes a query string apart.
pub(crate) fn parse_query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key, true), decode(value, true))
        })
        .collect()
}

/// Takes percent signs (and in queries plus signs) away.
pub(crate) fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = bytes
            .get(at + 1..at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match (
            byte,
            escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()),
        ) {
            (b'%', Some(value)) => {
                out.push(value);
                at += 3;
                continue;
            }
            (b'+', _) if plus_is_space => out.push(b' '),
            (other, _) => out.push(*other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
