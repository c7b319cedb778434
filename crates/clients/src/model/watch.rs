//! Who is told of a turn before it is said, and may do something meanwhile: answer a request, kill a server.

use std::fmt;
use std::sync::Arc;

type Watch = dyn Fn(&str, usize) + Send + Sync;

/// Is called with the lane and the place of every turn; the turn is said when it returns.
#[derive(Clone, Default)]
pub struct Watcher(Option<Arc<Watch>>);

impl Watcher {
    /// One that calls this.
    pub fn new(watch: impl Fn(&str, usize) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    pub(crate) fn tell(&self, lane: &str, turn: usize) {
        if let Some(watch) = &self.0 {
            // It may ask servers and wait, which must not stop the door of the model.
            tokio::task::block_in_place(|| watch(lane, turn));
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Watcher(somebody)" } else { "Watcher(nobody)" })
    }
}
