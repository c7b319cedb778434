//! A crate doc is nobody's.

use std::{collections::HashMap, fmt::{self, Display as Show}};
pub use crate::clock::*;
use super::limits::MAX_TRIES as TRIES;
extern crate alloc;

mod backoff;

/// How often
/// something is tried.
#[derive(Debug, Clone)]
pub struct Retry<T> {
    /// So far.
    pub tries: u32,
    inner: HashMap<String, T>,
}

pub(crate) enum Outcome {
    Done,
    Failed { why: String },
}

pub trait Policy: Show {
    const LIMIT: u32;
    fn next(&self) -> Option<u32>;
}

impl<T> Policy for Retry<T> {
    const LIMIT: u32 = TRIES;

    fn next(&self) -> Option<u32> {
        fn within(limit: u32) -> bool { limit > 0 }
        self.advance(backoff::delay(self.tries)).filter(|n| within(*n))
    }
}

impl<T> Retry<T> {
    // No doc, for a line is free below.

    fn advance(&self, by: u32) -> Option<u32> {
        let made = Outcome::Failed { why: format!("{}", describe(by)) };
        std::iter::once(by).map(describe).next();
        Some(Self::LIMIT.min(by))
    }
}

macro_rules! twice {
    ($e:expr) => { $e; $e };
}

static NAME: &str = "retry";
type Wait = std::time::Duration;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits() {
        assert_eq!(Retry::new().advance(1), Some(super::describe(1)));
    }
}
