//! What the answer to a change means. Pure: an answer in, a meaning out.

use atlassian::ApiError;
use std::time::Duration;

/// Why something was not done, and what a person can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// What is the case, as a fragment.
    pub reason: String,
    /// What to do.
    pub next_step: String,
}

/// What the answer to a change means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Atlassian took it; reading will show it.
    Accepted,
    /// Atlassian says that it is so already, or that there is nothing to take away: reading will show whether.
    SaidToBeSo(Why),
    /// It was not done, for this reason.
    Refused(Why),
    /// It was not done and can be asked again after this wait.
    NotNow {
        /// How long; `None` when not told.
        wait: Option<Duration>,
        /// Why.
        why: Why,
    },
    /// Nobody knows whether it was done.
    Unclear(Why),
}

/// Judges an answer. `takes_away` says whether the change removes something, so that *not found* may mean *done*.
pub fn judge(answer: Result<(), ApiError>, takes_away: bool) -> Sent {
    let Err(error) = answer else {
        return Sent::Accepted;
    };
    let why = Why {
        reason: with_causes(&error),
        next_step: next_step(&error),
    };
    match &error {
        ApiError::OutcomeUnknown { .. } | ApiError::NotUnderstood { .. } => Sent::Unclear(why),
        ApiError::RateLimited { wait, .. } => Sent::NotNow { wait: *wait, why },
        ApiError::Unreachable { .. } => Sent::NotNow { wait: None, why },
        ApiError::NotFound { .. } if takes_away => Sent::SaidToBeSo(why),
        ApiError::Refused {
            status: 409, detail, ..
        } if !is_limit(detail.code.as_deref()) => Sent::SaidToBeSo(why),
        _ => Sent::Refused(why),
    }
}

/// The conflict that means that no licence is left (API facts, 2.3).
fn is_limit(code: Option<&str>) -> bool {
    code == Some("ADMIN-UAM-409-3")
}

fn next_step(error: &ApiError) -> String {
    match error {
        ApiError::Refused { status: 409, detail, .. } if is_limit(detail.code.as_deref()) => {
            "no licence is left: free a seat or raise the limit in admin.atlassian.com, then make this plan again".into()
        }
        ApiError::Refused { status: 402, .. } => {
            "this needs a paid subscription: see Billing in admin.atlassian.com".into()
        }
        ApiError::Refused { status: 409, detail, .. } if detail.code.as_deref() == Some("ADMIN-UAM-409-1") => {
            "a default group is not changed this way: choose another default group in admin.atlassian.com first".into()
        }
        ApiError::NotFound { .. } => {
            "what this is about is not there (any more): read the organization again and make the plan anew".into()
        }
        other => other.hint(),
    }
}

fn with_causes(error: &ApiError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use atlassian::wire::ErrorDetail;

    fn refused(status: u16, code: &str) -> ApiError {
        ApiError::Refused {
            operation: "test",
            status,
            detail: ErrorDetail {
                code: Some(code.into()),
                ..ErrorDetail::default()
            },
        }
    }

    #[test]
    fn a_conflict_is_read_back_and_a_licence_limit_is_a_refusal() {
        let already = judge(Err(refused(409, "ADMIN-UAM-409-2")), false);
        assert!(matches!(already, Sent::SaidToBeSo(_)));
        let Sent::Refused(why) = judge(Err(refused(409, "ADMIN-UAM-409-3")), false) else {
            panic!("a licence limit is a refusal");
        };
        assert!(why.next_step.contains("licence"));
    }

    #[test]
    fn not_found_may_mean_done_only_where_something_is_taken_away() {
        let not_found = || ApiError::NotFound {
            operation: "test",
            detail: ErrorDetail::default(),
        };
        assert!(matches!(judge(Err(not_found()), true), Sent::SaidToBeSo(_)));
        assert!(matches!(judge(Err(not_found()), false), Sent::Refused(_)));
    }
}
