//! Whether to ask again, and after how long. Pure.
//!
//! Only reads come here. The wait grows, with full jitter; a wait that the server asks for is honoured and bounded.

use super::Failure;
use std::time::Duration;

/// How often one call is tried in all.
pub(crate) const MAX_ATTEMPTS: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// A server that wants us to wait longer than this gets no further attempt.
const LONGEST_ASKED_WAIT: Duration = Duration::from_secs(180);

#[derive(Debug, PartialEq)]
pub(crate) enum Decision {
    Again { wait: Duration },
    GiveUp,
}

pub(crate) fn decide(failure: &Failure, attempt: u32) -> Decision {
    decide_with(failure, attempt, rand::random::<f64>())
}

/// `chance` is from 0 to 1.
fn decide_with(failure: &Failure, attempt: u32, chance: f64) -> Decision {
    if attempt >= MAX_ATTEMPTS {
        return Decision::GiveUp;
    }
    let asked = match failure {
        Failure::RateLimited(wait) | Failure::Server { wait, .. } => *wait,
        Failure::Connection(_) | Failure::NotUnderstood(_) | Failure::RepeatedCursor => None,
    };
    if let Some(asked) = asked {
        if asked > LONGEST_ASKED_WAIT {
            return Decision::GiveUp;
        }
        return Decision::Again { wait: asked };
    }
    let ceiling = FIRST_WAIT.saturating_mul(1 << attempt.min(16)).min(LONGEST_WAIT);
    Decision::Again {
        wait: ceiling.mul_f64(chance.clamp(0.0, 1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_that_the_server_asks_for_is_honoured_and_bounded() {
        let asked = |seconds| Failure::RateLimited(Some(Duration::from_secs(seconds)));
        assert_eq!(
            decide_with(&asked(7), 1, 0.5),
            Decision::Again {
                wait: Duration::from_secs(7)
            }
        );
        assert_eq!(decide_with(&asked(3600), 1, 0.5), Decision::GiveUp);
    }

    #[test]
    fn attempts_are_bounded_and_waits_grow_to_a_ceiling() {
        let broken = || Failure::NotUnderstood("x".into());
        assert_eq!(decide_with(&broken(), MAX_ATTEMPTS, 1.0), Decision::GiveUp);
        assert_eq!(
            decide_with(&broken(), 1, 1.0),
            Decision::Again {
                wait: Duration::from_millis(100)
            }
        );
        assert_eq!(
            decide_with(&broken(), 5, 1.0),
            Decision::Again {
                wait: Duration::from_millis(1600)
            }
        );
    }
}
