//! The code, as everybody sees it: the answers are the view's own.

pub use weir_engine::view::{
    AlsoHere, Author, Breaks, Defined, Difference, Differs, Envelope, FileOutline, GrepAnswer,
    GrepFile, HistoryAnswer, ImpactAnswer, ImportAnswer, ImportedIndex, MapAnswer, Meets,
    NotCovered, OutlineAnswer, PastCommit, SearchAnswer, SearchHit, SymbolAnswer, Together, UsedAt,
    Users, WhoAnswer,
};
