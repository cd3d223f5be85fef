//! Role assignments: of a group (the roles it gives) and of an account (the roles it holds, and by which method).

use super::{ALL_DIRECTORIES, Admin, PAGE, escape};
use crate::cursor::{Cursor, Page};
use crate::error::ApiError;
use crate::transport::Request;
use crate::wire::{AccountRoleAssignment, GroupRoleAssignment};

impl Admin {
    /// One page of the roles that a group gives.
    pub async fn group_role_assignments(
        &self,
        group: &str,
        cursor: Option<&Cursor>,
    ) -> Result<Page<GroupRoleAssignment>, ApiError> {
        let path = self.directory(
            ALL_DIRECTORIES,
            &format!("/groups/{}/role-assignments", escape(group)),
        );
        let mut request = Request::get("getGroupRoleAssignments", path).with("limit", PAGE.to_string());
        if let Some(cursor) = cursor {
            request = request.with("cursor", cursor.as_str());
        }
        Ok(self.page(request, cursor).await?.1)
    }

    /// One page of the roles that an account holds, each with its methods.
    pub async fn account_role_assignments(
        &self,
        account: &str,
        cursor: Option<&Cursor>,
    ) -> Result<Page<AccountRoleAssignment>, ApiError> {
        let path = self.directory(
            ALL_DIRECTORIES,
            &format!("/users/{}/role-assignments", escape(account)),
        );
        let mut request = Request::get("getUserRoleAssignments", path).with("limit", PAGE.to_string());
        if let Some(cursor) = cursor {
            request = request.with("cursor", cursor.as_str());
        }
        let (raw, page) = self.page(request, cursor).await?;
        AccountRoleAssignment::note_drift(&self.transport.drift, &raw, &page.items);
        Ok(page)
    }
}
