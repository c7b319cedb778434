//! Texts of blobs that were asked for lately: git would unpack them again for every answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use weir_git::BlobId;

/// Two generations: what is asked for again while it is of the older one is taken into the younger. When that is full
/// it becomes the older one, and what was in that is forgotten.
#[derive(Default)]
pub(super) struct Texts(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    young: HashMap<BlobId, Arc<str>>,
    old: HashMap<BlobId, Arc<str>>,
    young_bytes: usize,
}

/// Half of what is kept at most.
const YOUNG_BYTES_MAX: usize = 24 << 20;

impl Texts {
    /// The text of a blob, which is `read` unless it is known; `None` when that gives none, and it is asked again.
    pub(super) fn of(
        &self,
        blob: BlobId,
        read: impl FnOnce() -> Option<String>,
    ) -> Option<Arc<str>> {
        if let Some(text) = self.lock(|kept| kept.find(blob)) {
            return Some(text);
        }
        // Outside the lock: this is what takes long.
        let text: Arc<str> = read()?.into();
        self.lock(|kept| kept.put(blob, Arc::clone(&text)));
        Some(text)
    }

    fn lock<T>(&self, with: impl FnOnce(&mut Kept) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn find(&mut self, blob: BlobId) -> Option<Arc<str>> {
        if let Some(text) = self.young.get(&blob) {
            return Some(Arc::clone(text));
        }
        let text = self.old.remove(&blob)?;
        self.put(blob, Arc::clone(&text));
        Some(text)
    }

    fn put(&mut self, blob: BlobId, text: Arc<str>) {
        if self.young_bytes + text.len() > YOUNG_BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += text.len();
        if let Some(was) = self.young.insert(blob, text) {
            self.young_bytes -= was.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_git::blob_of;

    #[test]
    fn what_is_asked_for_again_is_kept_and_the_rest_forgotten() {
        let texts = Texts::default();
        let large = "x".repeat(10 << 20);
        let id = |number: u8| blob_of(&[number]);
        let reads = std::cell::Cell::new(0);
        let ask = |number: u8| {
            let read = || {
                reads.set(reads.get() + 1);
                Some(large.clone())
            };
            assert_eq!(texts.of(id(number), read).map(|text| text.len()), Some(large.len()));
        };
        for number in 0..20 {
            ask(number);
            ask(0);
        }
        assert_eq!(reads.get(), 20, "the first was never forgotten");
        let held = texts.lock(|kept| kept.young.len() + kept.old.len());
        assert!(held <= 4, "{held}");
        assert_eq!(texts.of(id(99), || None), None, "what cannot be read is no empty text");
        let read = || Some("there again".to_owned());
        assert_eq!(texts.of(id(99), read).as_deref(), Some("there again"));
    }
}
