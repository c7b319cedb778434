//! Pins: which descriptions were approved, and what follows for one that is seen.

use crate::listed::Listed;
use crate::registry::Pinning;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use weir_model::Digest;
use weir_model::act::Offer;

/// Which descriptions were approved. The engine keeps them in its ledger.
pub trait Pins: Send + Sync {
    /// The digest that was approved, if one was. Asked for every listing and call, so it must be at hand.
    fn pinned(&self, server: &str, kind: Offer, name: &str) -> Option<Digest>;

    /// Approves `listed` because it is the first of its name and the registry says that the first is taken. It counts
    /// once this is done; on an error the item stays quarantined.
    fn pin<'a>(&'a self, server: &'a str, listed: &'a Listed) -> BoxFuture<'a, Result<(), String>>;
}

/// What a pin says about a description that is seen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// It is the approved one.
    Approved,
    /// None was approved yet, and the first is to be.
    First,
    /// None was approved yet, and a person must.
    Waits,
    /// Another was approved.
    Changed {
        /// Its digest.
        pinned: Digest,
    },
}

/// How a description stands that has the digest `seen`.
pub(crate) fn stands(pinned: Option<Digest>, seen: Digest, pinning: Pinning) -> Stands {
    match (pinned, pinning) {
        (Some(pinned), _) if pinned == seen => Stands::Approved,
        (Some(pinned), _) => Stands::Changed { pinned },
        (None, Pinning::First) => Stands::First,
        (None, Pinning::Person) => Stands::Waits,
    }
}

/// Pins that last as long as the process: for tests, and for who keeps none.
#[derive(Debug, Default)]
pub struct MemoryPins(Mutex<BTreeMap<(String, Offer, String), Digest>>);

impl MemoryPins {
    /// Approves `digest`, as a person does.
    pub fn approve(&self, server: &str, kind: Offer, name: &str, digest: Digest) {
        let mut pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pins.insert((server.to_owned(), kind, name.to_owned()), digest);
    }
}

impl Pins for MemoryPins {
    fn pinned(&self, server: &str, kind: Offer, name: &str) -> Option<Digest> {
        let pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pins.get(&(server.to_owned(), kind, name.to_owned())).copied()
    }

    fn pin<'a>(&'a self, server: &'a str, listed: &'a Listed) -> BoxFuture<'a, Result<(), String>> {
        self.approve(server, listed.kind, &listed.name, listed.digest);
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_approved_description_stands() {
        let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
        let rows = [
            (None, one, Pinning::First, Stands::First),
            (None, one, Pinning::Person, Stands::Waits),
            (Some(one), one, Pinning::First, Stands::Approved),
            (Some(one), one, Pinning::Person, Stands::Approved),
            (Some(one), other, Pinning::First, Stands::Changed { pinned: one }),
            (Some(one), other, Pinning::Person, Stands::Changed { pinned: one }),
        ];
        for (pinned, seen, pinning, expected) in rows {
            assert_eq!(stands(pinned, seen, pinning), expected);
        }
    }
}
