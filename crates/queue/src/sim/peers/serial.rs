//! One change at a time.

use super::{again, built, eject, has_failed, is_to_repeat, land, start};
use crate::plan::{Snapshot, Step};
use crate::sim::Policy;

/// The first that waits is built on the tip; nothing else is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serial;

impl Policy for Serial {
    fn name(&self) -> &'static str {
        "serial"
    }

    fn steps(&mut self, snapshot: &Snapshot) -> Vec<Step> {
        let Some(first) = snapshot.items.first() else { return Vec::new() };
        let step = match built(snapshot, &[first.revision]) {
            None => start(vec![first.revision]),
            Some(build) if build.has_passed() => land(build),
            Some(build) if has_failed(build) => eject(first.revision, build),
            Some(build) if is_to_repeat(build) => again(build.id),
            Some(_) => return Vec::new(),
        };
        vec![step]
    }
}
