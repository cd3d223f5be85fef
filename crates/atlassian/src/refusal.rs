//! What a refusal means for the person who reads it: one sentence that says what to do.
//!
//! User management and SCIM refuse with words for machines. The published ones are all here; of those in
//! `conflict.lifecycleErrors` only the place is published, so the likely ones are here and the rest keep their own
//! name.

/// Each reason that is known, and what to do about it.
pub const KNOWN: [(&str, &str); 39] = [
    // Why a privilege is not given (user management).
    (
        "administrative",
        "only Atlassian's own support can change this account; write to them with the account id",
    ),
    (
        "administrative.notMyself",
        "a key cannot do this to the account of its own maker; let another organization admin do it with a key of theirs",
    ),
    (
        "authPolicy.saml",
        "the account signs in by SAML; change this at the identity provider, or move the account to an authentication policy without single sign-on first",
    ),
    (
        "blocked.exportControl",
        "the account is blocked by export control; only Atlassian's support can lift that",
    ),
    (
        "externalDirectory.scim",
        "the identity provider owns this account (SCIM); change it there, and the next provisioning brings it here",
    ),
    (
        "externalDirectory.google",
        "Google Workspace owns this account; change it there, and the next synchronization brings it here",
    ),
    (
        "myselfOnly",
        "only the person can change this, in the profile of their own account",
    ),
    (
        "managedAccount",
        "this belongs to the organization that manages the account; use the call made for it, such as the change of the e-mail address",
    ),
    // What user management answers to a call.
    (
        "unauthorized",
        "user management needs an API key without scopes that is still valid; make one in admin.atlassian.com under Settings, API keys",
    ),
    (
        "forbidden",
        "user management needs an API key without scopes, and an organization that manages accounts; check the key's kind and the organization's plan",
    ),
    (
        "forbidden.action",
        "the account may not be changed in this way; ask with: orgwarden privileges ACCOUNT",
    ),
    (
        "forbidden.fieldMutation",
        "one of these fields may not be changed; ask with: orgwarden privileges ACCOUNT, and leave it out",
    ),
    (
        "forbidden.targetUnverified",
        "the organization does not manage this account; verify its e-mail domain and claim the account in admin.atlassian.com first",
    ),
    (
        "forbidden.unclaimedDomain",
        "the new address is in a domain that the organization has not verified; verify the domain first or choose another address",
    ),
    (
        "accountNotFound",
        "there is no such account in this organization; check the account id",
    ),
    (
        "notFound",
        "what this is about is not there any more; read the organization again",
    ),
    (
        "bodyParseFailure",
        "Atlassian could not read what was sent; this is a mistake of ours, please report it",
    ),
    (
        "fieldConstraintsViolated",
        "one of the values is not allowed: too long, of the wrong form or taken; correct it",
    ),
    (
        "conflict.lifecycleErrors",
        "the account's state does not allow this now; look at its state in admin.atlassian.com, and try again",
    ),
    (
        "alreadyInUse",
        "another account has this e-mail address; change that one first or choose another address",
    ),
    // Likely codes of the life cycle: only their place is published.
    (
        "ACCOUNT_CLOSED",
        "the account was deleted for good, and nothing can be done with it any more",
    ),
    (
        "ACCOUNT_FOR_DELETION",
        "the account is about to be deleted; cancel the deletion first, which is possible for 14 days",
    ),
    (
        "ALREADY_FOR_DELETION",
        "the account is about to be deleted already; there is nothing left to do",
    ),
    (
        "NOT_FOR_DELETION",
        "the account is not about to be deleted; there is nothing to cancel",
    ),
    (
        "ALREADY_DEACTIVATED",
        "the account is deactivated already; there is nothing left to do",
    ),
    (
        "ALREADY_ACTIVE",
        "the account is active already; there is nothing left to do",
    ),
    (
        "EXPORT_CONTROL",
        "the account is blocked by export control; only Atlassian's support can lift that",
    ),
    // Why SCIM refuses.
    (
        "invalidFilter",
        "SCIM finds users by userName or externalId and groups by displayName only, each by eq; ask for one of these",
    ),
    (
        "tooMany",
        "a SCIM directory holds 150,000 users and a group 35,000 members; split the group, or remove who is not needed",
    ),
    (
        "uniqueness",
        "there is a user or group of this name already, perhaps one that SCIM does not own; use that one or choose another name",
    ),
    (
        "mutability",
        "this cannot be changed once it is made; for a group's name make a new group, move its members and roles, and delete the old one",
    ),
    (
        "invalidSyntax",
        "Atlassian could not read what was sent; this is a mistake of ours, please report it",
    ),
    (
        "invalidPath",
        "the change names a field that is not there; this is a mistake of ours, please report it",
    ),
    (
        "noTarget",
        "what is to be changed is not there; read the user or group again and change what it has",
    ),
    (
        "invalidValue",
        "one of the values is missing or not allowed, such as an address outside verified domains; correct it",
    ),
    (
        "invalidVers",
        "Atlassian does not speak this version of SCIM; please report it",
    ),
    (
        "sensitive",
        "Atlassian does not take personal data in the address of a request; this is a mistake of ours, please report it",
    ),
    ("type", "one of the values is of the wrong kind; correct it"),
    ("length", "one of the values is too long or empty; correct it"),
];

/// What to do about a reason; also one that is not known.
pub fn advice(reason: &str) -> String {
    let known = KNOWN.iter().find(|(name, _)| *name == reason);
    known.map_or_else(
        || format!("Atlassian calls the reason \"{reason}\", which is not described; look the account up in admin.atlassian.com, and report the word to us"),
        |(_, advice)| (*advice).to_owned(),
    )
}

/// What to do about an error with these reasons, the nearest to the cause first: the first that is known counts.
pub(crate) fn advice_on(reasons: &[String]) -> Option<String> {
    let known = reasons.iter().find(|reason| is_known(reason));
    known.or(reasons.first()).map(|reason| advice(reason))
}

fn is_known(reason: &str) -> bool {
    KNOWN.iter().any(|(name, _)| *name == reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_reason_is_one_sentence_that_says_what_to_do() {
        let published = [
            "administrative",
            "administrative.notMyself",
            "authPolicy.saml",
            "blocked.exportControl",
            "externalDirectory.scim",
            "externalDirectory.google",
            "myselfOnly",
            "managedAccount",
            "unauthorized",
            "forbidden",
            "forbidden.action",
            "forbidden.fieldMutation",
            "forbidden.targetUnverified",
            "forbidden.unclaimedDomain",
            "accountNotFound",
            "notFound",
            "bodyParseFailure",
            "fieldConstraintsViolated",
            "conflict.lifecycleErrors",
            "invalidFilter",
            "tooMany",
            "uniqueness",
            "mutability",
            "invalidSyntax",
            "invalidPath",
            "noTarget",
            "invalidValue",
            "invalidVers",
            "sensitive",
        ];
        for reason in published {
            assert!(is_known(reason), "{reason}");
        }
        for (reason, advice) in KNOWN {
            assert!(
                advice.len() > 30 && !advice.ends_with('.') && !advice.contains(". "),
                "{reason}"
            );
            assert_eq!(
                KNOWN.iter().filter(|(name, _)| *name == reason).count(),
                1,
                "{reason}"
            );
        }
    }

    #[test]
    fn an_unknown_reason_keeps_its_name() {
        assert!(advice("moon.phase").contains("\"moon.phase\""));
        assert_eq!(
            advice_on(&["moon.phase".into(), "forbidden".into()]),
            Some(advice("forbidden"))
        );
        assert_eq!(advice_on(&["moon.phase".into()]), Some(advice("moon.phase")));
        assert_eq!(advice_on(&[]), None);
    }
}
