//! Where time and randomness come in. Everything else is told.

use std::sync::Mutex;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use weir_model::{Clock, Timestamp};

/// Draws secrets.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with what nobody can guess.
    ///
    /// # Errors
    /// When the system has none to give: then no secret is made.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String>;
}

/// The system's clock, held to one rule: it may run ahead (a laptop that slept), and never turns back. Where the
/// wall clock is behind what was told before, time goes on at the pace of the monotonic clock.
#[derive(Debug)]
pub struct SystemClock {
    told: Mutex<(Timestamp, Instant)>,
}

impl SystemClock {
    /// A clock that tells nothing earlier than `after`: the time of the last record.
    pub fn after(after: Timestamp) -> Self {
        Self { told: Mutex::new((after.max(wall()), Instant::now())) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let mut told = self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let instant = Instant::now();
        let paced = told.0 + instant.duration_since(told.1);
        // A millisecond is the grain: keep the anchor until the pace shows, or fast calls would stop time.
        let now = paced.max(wall());
        if now > told.0 {
            *told = (now, instant);
        }
        now
    }
}

fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The system's source of randomness.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String> {
        getrandom::fill(bytes).map_err(|error| error.to_string())
    }
}
