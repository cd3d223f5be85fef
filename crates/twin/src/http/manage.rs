//! User management of one managed account: whom it takes, what may be done with them, and why not.

use serde_json::{Map, Value, json};

use super::{Call, Problem, Reply};
use crate::options::{OnOff, ProfilePrivileges};
use crate::roles::RoleSet;
use crate::state::{Account, Restriction, World};

/// The privileges there are, in the order in which they are told.
const PRIVILEGES: [&str; 8] = [
    "profile",
    "profile.write",
    "profile.read",
    "email.set",
    "lifecycle.enablement",
    "lifecycle.delete",
    "apiToken.read",
    "apiToken.delete",
];

/// The fields of a profile, as the rules by field name them.
pub(super) const FIELDS: [&str; 10] = [
    "name",
    "nickname",
    "zoneinfo",
    "locale",
    "extended_profile.job_title",
    "extended_profile.organization",
    "extended_profile.department",
    "extended_profile.location",
    "email",
    "picture",
];

/// The managed account in the path.
pub(super) fn account_at<'a>(call: &Call<'_>, world: &'a World) -> Result<(u32, &'a Account), Problem> {
    let not_found = || Problem::keyed(404, "accountNotFound", None);
    let index = world.account_known(call.param(0)).ok_or_else(not_found)?;
    let account = world.account(index).ok_or_else(not_found)?;
    if account.is_managed() {
        Ok((index, account))
    } else {
        Err(Problem::keyed(403, "forbidden.targetUnverified", None))
    }
}

pub(crate) fn permissions(call: &Call<'_>) -> Result<Reply, Problem> {
    let world = call.world();
    let (_, account) = account_at(call, &world)?;
    let asked = call
        .query_list("privileges")
        .or_else(|| call.query_list("privileges[]"));
    if let Some(unknown) = asked
        .iter()
        .flatten()
        .find(|name| !PRIVILEGES.contains(&name.as_str()))
    {
        return Err(violated("privileges", &format!("unknown privilege {unknown}")));
    }
    let is_asked = |name: &str| {
        asked
            .as_ref()
            .is_none_or(|asked| asked.iter().any(|it| it == name))
    };
    let mut body = Map::new();
    for name in PRIVILEGES.into_iter().filter(|name| is_asked(name)) {
        let by_field = matches!(name, "profile" | "profile.write");
        let rule = if by_field && call.hub.options.profile_privileges == ProfilePrivileges::Map {
            field_rules(account)
        } else if by_field {
            rule(refusal_of_field(account, "name"))
        } else {
            rule(refusal(call, &world, account, name))
        };
        body.insert(name.to_owned(), rule);
    }
    Ok(Reply::ok(&body))
}

/// One rule for each field of the profile.
pub(super) fn field_rules(account: &Account) -> Value {
    let rules = FIELDS
        .iter()
        .map(|field| ((*field).to_owned(), rule(refusal_of_field(account, field))));
    Value::Object(rules.collect())
}

pub(super) fn rule(refused: Option<&str>) -> Value {
    match refused {
        None => json!({ "allowed": true }),
        Some(key) => json!({ "allowed": false, "reason": { "key": key } }),
    }
}

/// Why a field of the profile cannot be written.
pub(super) fn refusal_of_field(account: &Account, field: &str) -> Option<&'static str> {
    match field {
        "picture" => Some("myselfOnly"),
        "email" => Some("managedAccount"),
        _ => refusal_of_profile(account),
    }
}

fn refusal_of_profile(account: &Account) -> Option<&'static str> {
    match account.restriction() {
        Some(Restriction::Administrative) => Some("administrative"),
        _ if account.account_status == Some("closed") => Some("administrative"),
        Some(Restriction::Google) => Some("externalDirectory.google"),
        _ if account.is_synced => Some("externalDirectory.scim"),
        _ => None,
    }
}

/// Why a privilege other than those of the profile is not given.
pub(super) fn refusal(
    call: &Call<'_>,
    world: &World,
    account: &Account,
    privilege: &str,
) -> Option<&'static str> {
    let is_lifecycle = privilege.starts_with("lifecycle.");
    let scim_forbids = call.hub.options.scim_lifecycle == OnOff::Off;
    match privilege {
        "profile.read" | "apiToken.read" | "apiToken.delete" => None,
        "email.set" if account.restriction() == Some(Restriction::Saml) => Some("authPolicy.saml"),
        "email.set" => refusal_of_profile(account),
        _ if is_lifecycle && *account.id == *world.key_owner.0 => Some("administrative.notMyself"),
        _ if account.account_status == Some("closed") => Some("administrative"),
        _ if is_lifecycle && account.restriction() == Some(Restriction::Administrative) => {
            Some("administrative")
        }
        "lifecycle.delete" if world.platform_roles(account).meets(RoleSet::ORG_ADMIN) => {
            Some("administrative")
        }
        "lifecycle.enablement" if account.restriction() == Some(Restriction::ExportControl) => {
            Some("blocked.exportControl")
        }
        _ if is_lifecycle && account.is_synced && scim_forbids => Some("externalDirectory.scim"),
        _ => None,
    }
}

/// Refuses an action whose privilege is not given.
pub(super) fn require(
    call: &Call<'_>,
    world: &World,
    account: &Account,
    privilege: &str,
) -> Result<(), Problem> {
    match refusal(call, world, account, privilege) {
        None => Ok(()),
        refused => Err(Problem::keyed(403, "forbidden.action", Some(rule(refused)))),
    }
}

/// A body that is well formed and says what cannot be.
pub(super) fn violated(field: &str, violation: &str) -> Problem {
    let violations = json!([{ "field": field, "violations": [{ "key": violation }] }]);
    Problem::keyed(
        400,
        "fieldConstraintsViolated",
        Some(json!({ "fieldViolations": violations })),
    )
}
