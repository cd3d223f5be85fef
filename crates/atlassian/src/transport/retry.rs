//! Whether to ask again, and after how long. Pure.
//!
//! Only reads come here. The wait grows, and half of it is left to chance; a wait that the server asks for is honoured
//! and bounded. Together the waits outlast a passing trouble of some 15 seconds, and a limit that is told without a time
//! for the minute that such limits are counted by.

use super::Failure;
use std::time::Duration;

/// How often one call is tried in all.
const MAX_ATTEMPTS: u32 = 10;
/// The same before the first answer: then nothing that was read is at stake, and the address may be wrong.
const FIRST_ATTEMPTS: u32 = 6;
/// Half of the first wait after a failure, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(8));
/// The same after a refusal for too many requests that names no time.
const LIMITED_WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(20));
/// A server that wants us to wait longer than this gets no further attempt.
const LONGEST_ASKED_WAIT: Duration = Duration::from_secs(180);

#[derive(Debug, PartialEq)]
pub(crate) enum Decision {
    Again { wait: Duration },
    GiveUp,
}

/// `attempt` is the number of those made, `has_answered` whether any question was answered before.
pub(crate) fn decide(failure: &Failure, attempt: u32, has_answered: bool) -> Decision {
    if !has_answered && attempt >= FIRST_ATTEMPTS && !matches!(failure, Failure::RateLimited(_)) {
        return Decision::GiveUp;
    }
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
    let (first, longest) = match failure {
        Failure::RateLimited(_) => LIMITED_WAITS,
        _ => WAITS,
    };
    let ceiling = first.saturating_mul(1 << attempt.min(16)).min(longest);
    Decision::Again {
        wait: ceiling.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0)),
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

    #[test]
    fn who_never_answered_is_given_up_sooner() {
        let broken = Failure::NotUnderstood("x".into());
        assert_eq!(decide(&broken, FIRST_ATTEMPTS, false), Decision::GiveUp);
        assert_ne!(decide(&broken, FIRST_ATTEMPTS, true), Decision::GiveUp);
    }

    #[test]
    fn the_waits_outlast_passing_trouble_and_the_minute_of_a_limit() {
        let least = |failure: &Failure| -> Duration {
            let waits = (1..MAX_ATTEMPTS).map(|attempt| match decide_with(failure, attempt, 0.0) {
                Decision::Again { wait } => wait,
                Decision::GiveUp => Duration::ZERO,
            });
            waits.sum()
        };
        assert!(least(&Failure::NotUnderstood("x".into())) > Duration::from_secs(14));
        assert!(least(&Failure::RateLimited(None)) > Duration::from_secs(60));
    }
}
