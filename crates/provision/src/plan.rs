//! What a plan is to do, as one number that changes when anything of it does.

use model::Action;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// SHA-256 over the organization, the policy after a failure and the actions in order, in hexadecimal.
pub fn hash(organization: &str, goes_on: bool, actions: &[Action]) -> String {
    let mut hasher = Sha256::new();
    // Each part ends with a byte that no JSON text holds, so that no two plans have the same parts.
    let mut part = |bytes: &[u8]| {
        hasher.update(bytes);
        hasher.update([0]);
    };
    part(b"orgwarden plan 1");
    part(organization.as_bytes());
    part(if goes_on { b"goes on" } else { b"stops" });
    for action in actions {
        // Our own shapes hold only text keys, which always serialize.
        part(&serde_json::to_vec(action).unwrap_or_default());
    }
    let mut text = String::with_capacity(64);
    for byte in hasher.finalize() {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::AccountId;

    #[test]
    fn the_hash_changes_with_each_part_and_with_nothing_else() {
        let deactivate = |id: &str| Action::Deactivate {
            account: AccountId::new(id),
        };
        let two = [deactivate("a"), deactivate("b")];
        let first = hash("o", false, &two);
        assert_eq!(first.len(), 64);
        assert_eq!(first, hash("o", false, &two));
        assert_ne!(first, hash("p", false, &two));
        assert_ne!(first, hash("o", true, &two));
        assert_ne!(first, hash("o", false, &[deactivate("b"), deactivate("a")]));
    }
}
