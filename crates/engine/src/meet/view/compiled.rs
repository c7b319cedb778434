//! Compilers' indexes, imported: what they say holds in every view that has the same files.

use super::is_shown;
use crate::{Engine, Error, Failure};
use bstr::BString;
use std::sync::Arc;
use weir_git::{Blob, CommitId};
use weir_guard::Caller;
use weir_model::Refusal;
use weir_model::event::guard::Right;
use weir_view::answer::{ImportAnswer, ImportedIndex};
use weir_view::compiled::{Compiled, Taken};
use weir_view::shelf::{Kept, Shelf};

/// A longer file is in no index that anybody needs.
const FILE_BYTES_MAX: u64 = 16 << 20;

impl Engine {
    /// Whether the caller may import an index. What one says is believed, so that it is for people and their tokens: an
    /// agent could raise what it only guesses.
    ///
    /// # Errors
    /// `right.*`, and what makes a caller nobody any more.
    pub fn may_import(&self, caller: &Caller) -> Result<(), Refusal> {
        let now = self.now();
        self.read(|folds| {
            folds.guard.still_valid(caller, now)?;
            folds.guard.require(caller, Right::Task)
        })
    }

    /// Takes a compiler's index of a commit in, whose paths are below `root`: uses that it knows are then known by it.
    ///
    /// # Errors
    /// `right.*`; `commit.unknown`; `view.index_unreadable`, and `view.index_foreign` when it is of other files; failures
    /// of the disk.
    pub async fn view_import(
        &self,
        caller: &Caller,
        index: Vec<u8>,
        commit: Option<String>,
        root: String,
    ) -> Result<ImportAnswer, Error> {
        self.may_import(caller)?;
        let now = self.now();
        let (engine, by) = (self.clone(), caller.actor.to_string());
        let imported = tokio::task::spawn_blocking(move || {
            let objects = engine.trunk().objects();
            let commit: CommitId = match commit {
                Some(commit) => objects.commit_by_prefix(&commit)?,
                None => engine.trunk().tip()?,
            };
            let files = objects.files(commit)?;
            let root = root.trim_matches('/').to_owned();
            let file = |path: &str| {
                let path = match root.is_empty() {
                    true => BString::from(path),
                    false => BString::from(format!("{root}/{path}")),
                };
                let blob = *files.get(&path).filter(|_| is_shown(path.as_ref()))?;
                match objects.blob(blob, FILE_BYTES_MAX).ok()? {
                    Blob::Whole(bytes) => Some((blob, Arc::from(bytes))),
                    Blob::TooLarge { .. } => None,
                }
            };
            let (index, taken) =
                Compiled::read(&index, &commit.to_string(), &file).map_err(|why| {
                    Refusal::new("view.index_unreadable", format!("the index was not read: {why}"))
                        .hint("it is what `scip-typescript index`, `scip-python index` or `rust-analyzer scip` writes")
                })?;
            let Taken { files, unknown, otherwise, words } = taken;
            if files == 0 {
                let sentence = format!(
                    "none of its documents is a file of commit `{commit}`: {unknown} have paths that it does not have, \
                     and {otherwise} were not indexed as they are there"
                );
                let refusal = Refusal::new("view.index_foreign", sentence);
                return Err(refusal
                    .hint("name the commit that was indexed: `--commit`; and the folder that its paths start from: `--root`")
                    .into());
            }
            let tool = index.tool.clone();
            let kept = engine.shelf().put(index, by, now.as_millis());
            kept.map_err(|error| Failure::Other(format!("could not keep the index: {error}")))?;
            engine.publish_all();
            let (commit, words) = (commit.to_string(), words as u64);
            Ok(ImportAnswer { tool, commit, files, unknown, otherwise, words })
        });
        imported.await.map_err(|error| Failure::Other(format!("could not import: {error}")))?
    }

    /// The indexes that are asked, the newest first.
    pub fn view_indexes(&self) -> Vec<ImportedIndex> {
        let told = |kept: &Arc<Kept>| ImportedIndex {
            tool: kept.index.tool.clone(),
            commit: kept.index.commit.clone(),
            files: kept.index.files().count() as u32,
            by: kept.by.clone(),
            at: weir_model::Timestamp::from_millis(kept.at).to_string(),
        };
        self.shelf().all().iter().map(told).collect()
    }

    /// Read when it is first asked: a server that nobody asks has no memory of it.
    pub(super) fn shelf(&self) -> &Shelf {
        self.0.seeing.shelf.get_or_init(|| Shelf::open(&self.trunk().home().join("view/compiled")))
    }
}
