//! Making, changing and deleting the users and groups of a SCIM directory.

use crate::error::ApiError;
use crate::org::segment;
use crate::scim::{MEDIA, Scim};
use crate::transport::Request;
use model::{ScimGroupId, ScimUserId};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// One change of a PATCH.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatchOperation {
    /// `add`, `replace` or `remove`.
    pub op: &'static str,
    /// What of it, such as `active` or `members`; the whole if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The new value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// The writes of SCIM.
pub struct ScimWrites<'a>(pub &'a Scim);

impl ScimWrites<'_> {
    async fn send(
        &self,
        operation: &'static str,
        method: Method,
        path: String,
        body: Option<Value>,
    ) -> Result<Option<Value>, ApiError> {
        let mut request = Request::write(operation, method, path, body);
        request.media = Some(MEDIA);
        self.0.transport().write(&request).await
    }

    /// Makes a user out of a document of RFC 7643; its id, if the answer told it.
    pub async fn user_create(&self, document: &Value) -> Result<Option<ScimUserId>, ApiError> {
        let body = Some(document.clone());
        let made = self
            .send("scimCreateUser", Method::POST, "/Users".into(), body)
            .await?;
        Ok(id(made.as_ref()).map(ScimUserId::new))
    }

    /// Changes a user.
    pub async fn user_patch(&self, user: &ScimUserId, changes: &[PatchOperation]) -> Result<(), ApiError> {
        let operation = "scimPatchUser";
        let path = format!("/Users/{}", segment(operation, user.as_str())?);
        self.send(operation, Method::PATCH, path, Some(patch(changes)))
            .await
            .map(|_| ())
    }

    /// Deletes a user's record for good; a managed account is deactivated with it.
    pub async fn user_delete(&self, user: &ScimUserId) -> Result<(), ApiError> {
        let operation = "scimDeleteUser";
        let path = format!("/Users/{}", segment(operation, user.as_str())?);
        self.send(operation, Method::DELETE, path, None).await.map(|_| ())
    }

    /// Makes a group; its id, if the answer told it.
    pub async fn group_create(&self, document: &Value) -> Result<Option<ScimGroupId>, ApiError> {
        let body = Some(document.clone());
        let made = self
            .send("scimCreateGroup", Method::POST, "/Groups".into(), body)
            .await?;
        Ok(id(made.as_ref()).map(ScimGroupId::new))
    }

    /// Changes the members of a group. Its name stays for good.
    pub async fn group_patch(&self, group: &ScimGroupId, changes: &[PatchOperation]) -> Result<(), ApiError> {
        let operation = "scimPatchGroup";
        let path = format!("/Groups/{}", segment(operation, group.as_str())?);
        self.send(operation, Method::PATCH, path, Some(patch(changes)))
            .await
            .map(|_| ())
    }

    /// Deletes a group; its members lose what it gave.
    pub async fn group_delete(&self, group: &ScimGroupId) -> Result<(), ApiError> {
        let operation = "scimDeleteGroup";
        let path = format!("/Groups/{}", segment(operation, group.as_str())?);
        self.send(operation, Method::DELETE, path, None).await.map(|_| ())
    }
}

/// As the RFC and identity providers spell it.
fn patch(changes: &[PatchOperation]) -> Value {
    json!({ "schemas": [PATCH], "Operations": changes })
}

fn id(made: Option<&Value>) -> Option<&str> {
    made?.get("id")?.as_str()
}
