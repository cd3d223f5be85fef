//! Fixed one-minute windows on the twin's clock: the general limit and the documented ones of single paths.

use std::collections::HashMap;

const WINDOW_MS: i64 = 60_000;

/// How much of a window is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    pub(crate) resets_ms: i64,
    pub(crate) is_exceeded: bool,
}

/// Counts of the current windows, by name.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    windows: HashMap<&'static str, (i64, u32)>,
}

impl Limits {
    /// Counts one request against a limit.
    pub(crate) fn take(&mut self, name: &'static str, limit: u32, now_ms: i64) -> Budget {
        let window = now_ms.div_euclid(WINDOW_MS);
        let (at, used) = self.windows.entry(name).or_insert((window, 0));
        if *at != window {
            (*at, *used) = (window, 0);
        }
        let is_exceeded = *used >= limit;
        if !is_exceeded {
            *used += 1;
        }
        Budget {
            limit,
            remaining: limit - *used,
            resets_ms: (window + 1) * WINDOW_MS,
            is_exceeded,
        }
    }
}
