//! Uses as they are found.

use super::{Edge, How};
use crate::fact::Role;
use crate::pool::{At, Blob, BlobNo};
use crate::symbol::is_test;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// A blob, and where it lies.
pub(super) struct Lying<'a> {
    pub(super) blob: Arc<Blob>,
    pub(super) files: Vec<Cow<'a, str>>,
}

/// An edge as it is found. A name may have thousands, of which an answer tells a few, or only how many they are.
pub(super) struct Hit<'a> {
    pub(super) how: How,
    pub(super) number: BlobNo,
    pub(super) lying: Rc<Lying<'a>>,
    /// Which of the blob's files.
    pub(super) file: usize,
    pub(super) line: u32,
    pub(super) within: Option<u32>,
    pub(super) role: Role,
}

impl Hit<'_> {
    pub(super) fn path(&self) -> &str {
        &self.lying.files[self.file]
    }

    fn within(&self) -> Option<String> {
        self.within.map(|nth| qualified(&self.lying.blob, nth))
    }

    /// Whether an answer tells both as one.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.line == other.line
            && self.path() == other.path()
            && (self.within == other.within || self.within() == other.within())
    }

    pub(super) fn told(&self) -> Edge {
        let number = self.number;
        Edge {
            how: self.how,
            path: self.path().to_owned(),
            line: self.line,
            within: self.within(),
            role: self.role,
            is_test: is_test(self.path()),
            from: self.within.map(|nth| At { blob: number, nth }),
        }
    }
}

fn qualified(blob: &Blob, nth: u32) -> String {
    crate::symbol::qualified(&blob.fact, blob.language, nth)
}
