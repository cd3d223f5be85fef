//! What is so, as an access file.

use super::held::own_roles;
use super::known::{Known, KnownGroup, KnownResource};
use super::yaml::{comment, write as text};
use crate::App;
use crate::error::AppError;
use crate::views::{AccountRef, Scope};
use std::fmt::Write as _;
use store::Tx;
use store::views::Part;

impl App {
    /// Writes groups with their members, and resources with the roles that groups and accounts hold there, as an access
    /// file; in parts, each of whole lines. Compared with the same scope it shows no drift.
    pub async fn export_access<E: From<AppError>>(
        &self,
        scope: &Scope,
        mut write: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut tx = self.store.read().await.map_err(AppError::from)?;
        let known = Known::look_up(&mut tx, scope).await?;
        write(&head(scope))?;
        let groups = known.groups();
        write(if groups.is_empty() {
            "groups: []\n"
        } else {
            "groups:\n"
        })?;
        for group in groups {
            write(&one_group(&mut tx, scope, &known, group).await?)?;
        }
        write(if known.resources.is_empty() {
            "\nresources: []\n"
        } else {
            "\nresources:\n"
        })?;
        for resource in &known.resources {
            write(&one_resource(&mut tx, scope, &known, resource).await?)?;
        }
        Ok(())
    }
}

fn head(scope: &Scope) -> String {
    let read = scope
        .read_at
        .map(|at| format!(" as read at {at}"))
        .unwrap_or_default();
    let methods = match scope.methods_read_at {
        Some(_) => "",
        None => {
            "\
# How roles came about was not read (orgwarden sync --methods reads it): an account is taken to hold itself what neither
# a group nor an administrator's role gives it.
"
        }
    };
    format!(
        "# Who has what in {}{read}.\n{methods}version: 1\norganization: {}\n\n",
        comment(&scope.organization_name),
        text(&scope.organization_id),
    )
}

async fn one_group(
    tx: &mut Tx,
    scope: &Scope,
    known: &Known,
    group: &KnownGroup,
) -> Result<String, AppError> {
    let mut out = String::new();
    let name = &group.named.name;
    // Writing to a text cannot fail.
    let _ = writeln!(out, "  - name: {}", text(name));
    if known.group_reference(group) != *name {
        let _ = writeln!(out, "    id: {}", text(&group.named.group_id));
    }
    if group.is_synced == Some(true) {
        out.push_str("    # An identity provider owns this group: change it there.\n");
    }
    let all = Part::first(i64::from(i32::MAX));
    let members = tx
        .group_members(scope.snapshot(), group.term, "", all, false)
        .await?;
    out.push_str(if members.is_empty() {
        "    members: []\n"
    } else {
        "    members:\n"
    });
    for member in members {
        let account = AccountRef::from(member.account);
        let (who, note) = account_text(known, &account);
        let _ = writeln!(out, "      - {who}{note}");
    }
    Ok(out)
}

async fn one_resource(
    tx: &mut Tx,
    scope: &Scope,
    known: &Known,
    resource: &KnownResource,
) -> Result<String, AppError> {
    let mut out = String::new();
    match known.resource_name(resource) {
        Some(name) => {
            let _ = writeln!(out, "  - name: {}", text(&name));
        }
        None => {
            let _ = writeln!(out, "  - name: {}", text(&resource.named.label()));
            let _ = writeln!(out, "    id: {}", text(&resource.named.workspace_id));
        }
    }
    let mut given = Vec::new();
    for grant in tx.grant_list(scope.snapshot(), None, Some(resource.term)).await? {
        if let (Some(group), Some(role)) = (known.group_of(grant.group), known.role_of(grant.role)) {
            let reference = known.group_reference(group);
            let note = if reference == group.named.name {
                String::new()
            } else {
                format!(" # {}", comment(&group.named.name))
            };
            given.push((group.named.name.clone(), reference, role.to_owned(), note));
        }
    }
    given.sort();
    out.push_str(if given.is_empty() {
        "    groups: []\n"
    } else {
        "    groups:\n"
    });
    for (_, group, role, note) in given {
        let role = known.role_reference(&role);
        let _ = writeln!(
            out,
            "      - {{ group: {}, role: {} }}{note}",
            text(&group),
            text(&role)
        );
    }
    let own = own_roles(tx, scope, known, resource.term).await?;
    let mut held: Vec<(String, String, String)> = own
        .into_iter()
        .filter(|(_, own)| own.is_certain)
        .map(|((_, role), own)| {
            let (_, note) = account_text(known, &own.account);
            (known.account_reference(&own.account), role, note)
        })
        .collect();
    held.sort();
    out.push_str(if held.is_empty() {
        "    accounts: []\n"
    } else {
        "    accounts:\n"
    });
    for (account, role, note) in held {
        let role = known.role_reference(&role);
        let _ = writeln!(
            out,
            "      - {{ account: {}, role: {} }}{note}",
            text(&account),
            text(&role)
        );
    }
    Ok(out)
}

/// What an account is called in the file, and a comment with its name where that is an id.
fn account_text(known: &Known, account: &AccountRef) -> (String, String) {
    let reference = known.account_reference(account);
    let note = match &account.name {
        Some(name) if reference == account.account_id && !comment(name).is_empty() => {
            format!(" # {}", comment(name))
        }
        _ => String::new(),
    };
    (text(&reference), note)
}
