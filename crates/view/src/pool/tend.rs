//! Keeping the pool small and quick, behind its readers' backs: runs are joined, so that there are few of them, and
//! blobs that no view holds are let go.

use super::run::Run;
use super::{BlobNo, Books, Pool, Runs, Shared, lock};
use crate::store::today;
use roaring::RoaringBitmap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Whoever adds joins runs up to this many blobs; larger ones are joined where nobody waits.
const JOINED_AT_ONCE_MAX: usize = 64;

/// After so much was added, those that nobody holds are let go: what a session's edits cost at most.
const ADDED_BYTES_MAX: usize = 32 << 20;

/// As above, beyond an eighth of what is held: letting go looks at all of it.
const ADDED_BLOBS_MIN: usize = 256;

impl Pool {
    /// Lets go of what no view holds, and joins runs. It is done from time to time without being asked for.
    pub fn tend(&self) {
        self.0.tend();
    }

    /// What is due after something was added.
    pub(super) fn tend_if_due(&self) {
        let shared = &self.0;
        if let Ok(_alone) = shared.tending.try_lock() {
            shared.join_runs(JOINED_AT_ONCE_MAX);
        }
        if shared.is_due() && !shared.is_tended_soon.swap(true, Ordering::AcqRel) {
            let tended = Arc::clone(shared);
            let thread = std::thread::Builder::new().name("view-tend".to_owned());
            if thread.spawn(move || tended.tend()).is_err() {
                // No thread is to be had: the next who adds tries again.
                shared.is_tended_soon.store(false, Ordering::Release);
            }
        }
    }
}

impl Shared {
    fn is_due(&self) -> bool {
        let books = lock(&self.books);
        let runs = self.runs();
        books.added_bytes > ADDED_BYTES_MAX
            || books.added > ADDED_BLOBS_MIN + books.numbers.len() / 8
            || to_join(&runs, &books.reserved, usize::MAX).is_some()
    }

    fn tend(&self) {
        let _alone = lock(&self.tending);
        self.is_tended_soon.store(false, Ordering::Release);
        self.let_go();
        self.join_runs(usize::MAX);
        self.tidy();
    }

    /// Tells the store, once a day, what is held.
    fn tidy(&self) {
        let day = today();
        let Some(disk) = &self.disk else { return };
        if disk.tidied_on.swap(day, Ordering::AcqRel) == day {
            return;
        }
        if let Some(store) = self.store() {
            store.tidy(lock(&self.books).numbers.keys().copied().collect());
        }
    }

    /// Joins neighbours as long as one is not clearly larger than the next: then each blob is moved a logarithmic number
    /// of times.
    fn join_runs(&self, blobs_max: usize) {
        loop {
            let found = {
                let books = lock(&self.books);
                let runs = self.runs();
                let at = to_join(&runs, &books.reserved, blobs_max);
                at.and_then(|at| Some((Arc::clone(runs.get(at)?), Arc::clone(runs.get(at + 1)?))))
            };
            let Some((before, after)) = found else { return };
            let mut joined = Run::clone(&before);
            joined.join(&after);
            if blobs_max == usize::MAX {
                joined.seal();
            }
            self.replace(&[before, after], Some(joined));
        }
    }

    fn let_go(&self) {
        // The books are closed again before anything is copied.
        let found = self.to_let_go(&mut lock(&self.books));
        for (run, gone) in found {
            let left = (gone.len() < run.len() as u64).then(|| run.without(&gone));
            self.replace(&[run], left);
        }
    }

    /// Which blobs of which runs nobody holds. They are struck from the books: nobody can take them from now on, so the
    /// rest needs no lock.
    fn to_let_go(&self, books: &mut Books) -> Vec<(Arc<Run>, RoaringBitmap)> {
        (books.added, books.added_bytes) = (0, 0);
        let held = books.held();
        let mut found = Vec::new();
        for run in self.runs().iter() {
            let gone = run.numbers().iter().copied().collect::<RoaringBitmap>() - &held;
            let few = run.len() > JOINED_AT_ONCE_MAX && gone.len() * 4 < run.len() as u64;
            // What little is not held of a large run may be wanted again, and copying the rest costs more than it gives.
            if gone.is_empty() || few {
                continue;
            }
            for number in &gone {
                let key = run.blob(number).map(|blob| blob.key());
                if let Some(key) = key.filter(|key| books.numbers.get(key) == Some(&number)) {
                    books.numbers.remove(&key);
                }
            }
            found.push((Arc::clone(run), gone));
        }
        found
    }

    /// Publishes one run in the place of some that lie side by side.
    fn replace(&self, old: &[Arc<Run>], new: Option<Run>) {
        let _books = lock(&self.books);
        let mut runs = Runs::clone(&self.runs());
        let is_old = |window: &[Arc<Run>]| {
            window.len() == old.len() && window.iter().zip(old).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        let at = runs.windows(old.len().max(1)).position(is_old);
        assert!(
            at.is_some(),
            "only whoever tends takes runs away, and nothing comes between two of them"
        );
        if let Some(at) = at {
            runs.splice(at..at + old.len(), new.map(Arc::new));
            self.publish(runs);
        }
    }
}

/// The last two neighbours that are worth joining, and between which no numbers are on their way.
fn to_join(runs: &Runs, reserved: &[Range<BlobNo>], blobs_max: usize) -> Option<usize> {
    let joins = |pair: &[Arc<Run>]| {
        let [before, after] = pair else { return false };
        let (Some(last), Some(first)) = (before.last(), after.first()) else { return true };
        before.len() <= 2 * after.len()
            && before.len() + after.len() <= blobs_max
            && !reserved.iter().any(|range| last < range.start && range.start <= first)
    };
    runs.windows(2).rposition(joins)
}
