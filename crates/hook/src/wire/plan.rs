//! What an attachment puts into files, one thing at a time.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The name of our entries: of the tool server, of hooks that have names, of files.
pub(super) const NAME: &str = "weir";

/// The words by which a file or a block is known to be ours.
pub(super) const MARK: &str = "written by `weir attach`";

/// One thing put into one file.
#[derive(Debug, Clone)]
pub(super) struct Put {
    /// Where.
    pub(super) file: String,
    /// What.
    pub(super) entry: Entry,
}

/// What is put, and how it is found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "put", rename_all = "snake_case")]
pub(super) enum Entry {
    /// A member of JSON objects, below these keys.
    Member {
        /// The keys from the outside in.
        at: Vec<String>,
        /// Its value.
        value: Value,
    },
    /// An item of a JSON list, below these keys.
    Item {
        /// The keys from the outside in.
        at: Vec<String>,
        /// The item.
        value: Value,
    },
    /// Lines at the end of a file.
    Block {
        /// The lines, marked at both ends.
        text: String,
    },
    /// A file of its own.
    Whole {
        /// All of it.
        text: String,
    },
}

impl Entry {
    /// Its name in what people are told.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Member { at, .. } => format!("`{}`", at.join(".")),
            Self::Item { at, .. } => format!("an entry of `{}`", at.join(".")),
            Self::Block { .. } => "the block of Weir".to_owned(),
            Self::Whole { .. } => "the file".to_owned(),
        }
    }
}

/// A member below `at`.
pub(super) fn member(file: &str, at: &[&str], value: Value) -> Put {
    let at = at.iter().map(|&key| key.to_owned()).collect();
    Put { file: file.to_owned(), entry: Entry::Member { at, value } }
}

/// An item of the list below `at`.
pub(super) fn item(file: &str, at: &[&str], value: Value) -> Put {
    let at = at.iter().map(|&key| key.to_owned()).collect();
    Put { file: file.to_owned(), entry: Entry::Item { at, value } }
}

/// Lines at the end of `file`.
pub(super) fn block(file: &str, text: String) -> Put {
    Put { file: file.to_owned(), entry: Entry::Block { text } }
}

/// All of `file`.
pub(super) fn whole(file: &str, text: String) -> Put {
    Put { file: file.to_owned(), entry: Entry::Whole { text } }
}
