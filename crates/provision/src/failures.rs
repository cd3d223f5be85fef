//! Failures while one plan is carried out, and when they stop it. Pure.

/// So many failures in a row stop a plan that goes on after failures.
const BREAKER: u32 = 10;

/// Failures while one plan is carried out.
#[derive(Default)]
pub(crate) struct Failures {
    in_a_row: u32,
    all: u32,
}

impl Failures {
    pub(crate) fn add(&mut self, failed: u32) {
        self.in_a_row += failed;
        self.all += failed;
    }

    /// A wave without a failure ends a row of them.
    pub(crate) fn after_wave(&mut self, failed: u32) {
        if failed == 0 {
            self.in_a_row = 0;
        }
        self.add(failed);
    }

    /// Why nothing more is sent after a failure, if so.
    pub(crate) fn stop(&self, goes_on: bool, may_fail: u32) -> Option<String> {
        if !goes_on {
            let reason = "an action failed, and this plan stops then; apply it again to go on with the rest";
            Some(reason.into())
        } else if self.in_a_row >= BREAKER {
            Some(format!("{BREAKER} actions failed in a row"))
        } else if self.all >= may_fail {
            Some("too many actions failed within an hour".into())
        } else {
            None
        }
    }
}
