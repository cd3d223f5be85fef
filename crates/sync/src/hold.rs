//! Whether a run's drop is out of proportion, so that a person must look before it is believed. Pure.

use model::FactKind;

/// How much of one kind a run would end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drop {
    pub kind: FactKind,
    /// Known before the run.
    pub known: i64,
    /// Of those, confirmed absent.
    pub ending: i64,
}

/// Fewer than this are never out of proportion, unless they are all: a small organization changes by large shares.
const FEW: i64 = 50;
/// So many gone at once that nothing remains is never believed unseen.
const ALL: i64 = 20;

/// The reasons for holding a run, in words; none if there are none.
pub(crate) fn reasons(drops: &[Drop]) -> Vec<String> {
    let alarming = drops.iter().filter(|drop| is_alarming(drop));
    let words = alarming.map(|drop| {
        let what = drop.kind.name().replace('_', " ");
        format!(
            "{} of {} facts of the kind \"{what}\" would end",
            drop.ending, drop.known
        )
    });
    words.collect()
}

fn is_alarming(drop: &Drop) -> bool {
    // Methods follow the holdings; directories and the like are few by nature.
    let is_counted = !matches!(drop.kind, FactKind::Method);
    let most_go = drop.ending >= FEW && drop.ending * 2 > drop.known;
    let all_go = drop.known >= ALL && drop.ending == drop.known;
    is_counted && (most_go || all_go)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drop(known: i64, ending: i64) -> Drop {
        Drop {
            kind: FactKind::Account,
            known,
            ending,
        }
    }

    #[test]
    fn more_than_half_is_out_of_proportion_and_a_few_are_not() {
        assert!(reasons(&[drop(100, 50)]).is_empty());
        assert_eq!(reasons(&[drop(100, 51)]).len(), 1);
        assert!(reasons(&[drop(40, 39)]).is_empty());
    }

    #[test]
    fn nothing_left_is_out_of_proportion_even_when_few() {
        assert_eq!(reasons(&[drop(20, 20)]).len(), 1);
        assert!(reasons(&[drop(1, 1)]).is_empty());
    }
}
