//! The code, as everybody sees it: most answers are the view's own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use weir_engine::view::{
    AlsoHere, Author, Breaks, Defined, Difference, Differs, Envelope, FileOutline, GrepAnswer,
    GrepFile, HistoryAnswer, ImpactAnswer, ImportAnswer, ImportedIndex, MapAnswer, Meets,
    NotCovered, OutlineAnswer, PastCommit, SearchAnswer, SearchHit, SymbolAnswer, Together, UsedAt,
    Users,
};

/// The answer to `who`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhoAnswer {
    /// Who changes what.
    pub here: Vec<AlsoHere>,
    /// What it was answered from.
    pub envelope: Envelope,
}
