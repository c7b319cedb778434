//! A switch that ends a run from another thread.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Wake = Box<dyn Fn() + Send>;

/// Cancels what runs under it. Clones are the same switch; once thrown it stays thrown, so a run that
/// starts after the fact ends at once.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    thrown: bool,
    next: u64,
    listeners: Vec<(u64, Wake)>,
}

impl Cancel {
    /// A switch that nobody has thrown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends everything that runs under this switch, and whatever will be started under it.
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.thrown = true;
        state.listeners.iter().for_each(|(_, wake)| wake());
    }

    /// Whether somebody threw it.
    pub fn is_cancelled(&self) -> bool {
        self.lock().thrown
    }

    /// Calls `wake` when the switch is thrown (at once if it was), until the listener is dropped.
    pub(crate) fn listen(&self, wake: impl Fn() + Send + 'static) -> Listener {
        let mut state = self.lock();
        if state.thrown {
            wake();
        }
        let id = state.next;
        state.next += 1;
        state.listeners.push((id, Box::new(wake)));
        Listener { switch: self.clone(), id }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere must not take away the means to stop a process.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

/// Someone who wants to know; gone when dropped.
pub(crate) struct Listener {
    switch: Cancel,
    id: u64,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let id = self.id;
        self.switch.lock().listeners.retain(|(other, _)| *other != id);
    }
}
