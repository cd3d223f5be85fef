//! Accounts: the search that the planner builds on, and its counts.

use super::{Admin, PAGE};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::{Account, AccountStats, CountAnswer};
use serde_json::{Value, json};

/// What to search accounts for. Empty lists do not filter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccountSearch {
    /// Only these accounts; at most 100 in our requests.
    pub accounts: Vec<String>,
    /// Only members of these groups.
    pub groups: Vec<String>,
    /// Only accounts with a role on one of these resources.
    pub resources: Vec<String>,
    /// Only accounts with one of these roles. Whether role and resource must be met by the same assignment is not
    /// settled (API facts, 3.3); the planner probes it.
    pub roles: Vec<String>,
    /// Only accounts with one of these e-mail addresses, as far as they are shown.
    pub emails: Vec<String>,
    /// Whether groups, product activity, platform roles and counts are told.
    pub expanded: bool,
}

impl AccountSearch {
    fn body(&self, cursor: Option<&Cursor>, limit: u32) -> Value {
        let mut body = json!({ "limit": limit });
        let mut set = |name: &str, values: &[String]| {
            if !values.is_empty() {
                body[name] = json!(values);
            }
        };
        set("accountIds", &self.accounts);
        set("groupIds", &self.groups);
        set("resourceIds", &self.resources);
        set("roleIds", &self.roles);
        set("emails", &self.emails);
        if self.expanded {
            body["expand"] = json!(["platformRoles", "counts.resources", "productAccess", "groups"]);
        }
        if let Some(cursor) = cursor {
            body["cursor"] = json!(cursor.as_str());
        }
        body
    }
}

impl Admin {
    /// One page of a search in one directory or in all. Items do not say which directory they are of.
    pub async fn accounts(
        &self,
        directory: &str,
        search: &AccountSearch,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Account>, ApiError> {
        let path = self.directory(directory, "/users/search");
        let request = Request::search("searchDirectoryUsers", path, search.body(cursor, PAGE));
        let (raw, page) = self.page(request, cursor).await?;
        Account::note_drift(&self.transport.drift, &raw, &page.items);
        Ok(page)
    }

    /// How many accounts a search would find.
    pub async fn accounts_count(&self, directory: &str, search: &AccountSearch) -> Result<i64, ApiError> {
        let mut request = Request::get(
            "getDirectoryUsersCount",
            self.directory(directory, "/users/count"),
        );
        let filters = [
            ("accountIds", &search.accounts),
            ("groupIds", &search.groups),
            ("resourceIds", &search.resources),
            ("roleIds", &search.roles),
            ("emails", &search.emails),
        ];
        for (name, values) in filters {
            for value in values {
                request = request.with(name, value);
            }
        }
        Ok(self.transport.read::<CountAnswer>(&request).await?.value.count)
    }

    /// How many accounts hold which role on anything.
    pub async fn accounts_stats(&self, directory: &str) -> Result<AccountStats, ApiError> {
        let request = Request::get("getUserStats", self.directory(directory, "/users/stats"));
        Ok(self.transport.read(&request).await?.value)
    }
}
