//! What compilers' indexes say of one definition.

use crate::compiled::{Compiled, Verdict};
use crate::fact::Use;
use crate::pool::Blob;
use std::collections::BTreeSet;
use std::sync::Arc;
use weir_git::BlobId;
use weir_grammar::Language;

/// Of each pair of files, the newest index that speaks for both counts.
pub(super) struct Told<'a>(Vec<(&'a Compiled, BTreeSet<u32>)>);

impl<'a> Told<'a> {
    pub(super) fn of(compiled: &'a [Arc<Compiled>], blob: &Blob, nth: u32) -> Self {
        let speak = compiled.iter().filter(|index| index.covers(blob.id));
        let all = speak.map(|index| (&**index, index.symbols_of(blob.id, &blob.fact, nth)));
        Self(all.filter(|(_, symbols)| !symbols.is_empty()).collect())
    }

    /// What is said of a word that was taken for a use.
    pub(super) fn says(&self, from: BlobId, it: &Use) -> Verdict {
        let index = self.0.iter().find(|(index, _)| index.covers(from));
        index.map_or(Verdict::Silent, |(index, all)| index.says(from, it.line, &it.name, all))
    }

    /// All uses, in files of which no newer index says otherwise.
    pub(super) fn uses(&self) -> Vec<(BlobId, Option<Language>, u32)> {
        let mut uses = Vec::new();
        for (nth, (index, symbols)) in self.0.iter().enumerate() {
            let newer = &self.0[..nth];
            let all = index.uses_of(symbols).into_iter();
            let all = all.filter(|(blob, _)| !newer.iter().any(|(index, _)| index.covers(*blob)));
            uses.extend(all.map(|(blob, line)| (blob, index.language(blob), line)));
        }
        uses
    }
}
