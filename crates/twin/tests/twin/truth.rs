//! Truth is what reads say.

use twin::{CursorStyle, FilterSemantics, NextStyle, Shape, TwinOptions};

use crate::client::{Case, small};
use crate::naive;

const SHAPES: [Shape; 6] = [
    Shape::Typical,
    Shape::DirectHeavy,
    Shape::Messy,
    Shape::Empty,
    Shape::Single,
    Shape::AllSuspended,
];

#[tokio::test]
async fn truth_equals_a_naive_reading_for_every_shape() {
    for shape in SHAPES {
        let case = Case::start(small(shape)).await;

        let read = naive::read(&case).await;

        assert_eq!(read, case.truth(), "{shape:?}");
    }
}

#[tokio::test]
async fn truth_equals_a_naive_reading_after_changes() {
    for (seed, cursors) in [(1, CursorStyle::Offset), (2, CursorStyle::Keyset)] {
        let case = Case::start(TwinOptions {
            cursors,
            next: NextStyle::Url,
            seed,
            ..small(Shape::Messy)
        })
        .await;
        let before = case.truth();

        case.twin.mutate(300, seed);

        let read = naive::read(&case).await;
        assert_ne!(before, case.truth());
        assert_eq!(read, case.truth(), "seed {seed}");
    }
}

#[tokio::test]
async fn same_options_give_the_same_organization() {
    for shape in SHAPES {
        let first = Case::start(small(shape)).await;
        let second = Case::start(TwinOptions {
            starts_at_ms: Some(0),
            ..small(shape)
        })
        .await;
        first.twin.mutate(50, 9);
        second.twin.mutate(50, 9);

        assert_eq!(first.truth(), second.truth(), "{shape:?}");
        assert_eq!(first.twin.api_key(), second.twin.api_key());
    }
}

#[tokio::test]
async fn another_seed_gives_another_organization() {
    let first = Case::start(small(Shape::Typical)).await;
    let second = Case::start(TwinOptions {
        seed: 8,
        ..small(Shape::Typical)
    })
    .await;

    assert_ne!(first.truth(), second.truth());
    assert_ne!(first.twin.org_id(), second.twin.org_id());
}

#[tokio::test]
async fn filters_do_not_change_the_truth() {
    let joint = Case::start(small(Shape::Typical)).await;
    let independent = Case::start(TwinOptions {
        filters: FilterSemantics::Independent,
        ..small(Shape::Typical)
    })
    .await;

    assert_eq!(joint.truth(), independent.truth());
}
