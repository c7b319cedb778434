//! How much a server may say that nobody asked for.

use std::time::Instant;

/// A bucket of tokens: what is said unasked takes one. Generous for progress, and soon empty for a flood.
pub(super) struct Rate {
    tokens: f64,
    since: Instant,
}

/// What may come at once: the log of a start, a burst of progress.
const BURST: f64 = 500.0;
/// What may come for ever, a second.
const A_SECOND: f64 = 50.0;

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self { tokens: BURST, since: now }
    }

    /// Whether one more is within the rate.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.since).as_secs_f64();
        self.since = now;
        self.tokens = (self.tokens + passed * A_SECOND).min(BURST);
        let allows = self.tokens >= 1.0;
        self.tokens -= if allows { 1.0 } else { 0.0 };
        allows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_passes_and_a_flood_does_not() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        let passed = (0..10_000).filter(|_| rate.allows(start)).count();
        assert_eq!(passed, 500);
        let later = start + Duration::from_secs(2);
        assert_eq!((0..10_000).filter(|_| rate.allows(later)).count(), 100);
    }
}
