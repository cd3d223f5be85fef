//! Users and groups of a SCIM directory (RFC 7643), as far as they say who owns what. Names of attributes are taken as
//! the vendor spells them; everything may be missing.

use serde::Deserialize;

/// A page of a SCIM list.
#[derive(Debug, Clone, Deserialize)]
pub struct ScimList<T> {
    /// How many there are in all.
    #[serde(rename = "totalResults", default)]
    pub total: i64,
    /// Those on this page; an absent list is an empty one.
    #[serde(rename = "Resources", default = "Vec::new")]
    pub resources: Vec<T>,
}

/// A user of a SCIM directory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScimUser {
    /// The id of the record, which is not that of the account.
    pub id: String,
    /// The name it is known by, mostly an e-mail address.
    pub user_name: Option<String>,
    /// Whether the account may be used.
    pub active: Option<bool>,
    /// Which account it is linked to.
    #[serde(rename = "urn:scim:schemas:extension:atlassian-external:1.0")]
    pub atlassian: Option<AtlassianExtension>,
}

impl ScimUser {
    /// The linked account, if there is one.
    pub fn account_id(&self) -> Option<&str> {
        let told = self.atlassian.as_ref()?.atlassian_account_id.as_deref();
        told.filter(|id| !id.is_empty())
    }
}

/// What Atlassian adds to a user.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AtlassianExtension {
    /// The linked account.
    pub atlassian_account_id: Option<String>,
}

/// A group of a SCIM directory, without its members.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScimGroup {
    /// The id of the record, which is not that of the group.
    pub id: String,
    /// Its name, which never changes.
    pub display_name: Option<String>,
}
