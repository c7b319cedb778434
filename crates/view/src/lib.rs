//! The shared view of the code: indexed once, by content, and served to every agent over its own worktree.
//!
//! Invariants: (1) a fact is a function of a blob's bytes and its language alone, so every branch, worktree and session
//! that holds the bytes shares it; (2) an answer says what it was answered from, how each edge is known, and what it
//! does not cover: nothing is invented, and nothing is silently left out; (3) the index can be deleted at any time, and
//! is rebuilt from git.
//! Reading order: [`fact`], what a blob says; [`search`], what is found by words; [`pool`], all blobs that any
//! view holds; `store`, what is kept of them on disk; [`tree`], which of them a view has; [`graph`], who uses what;
//! [`ask`], the questions, with [`grep`]; [`since`], what differs between two views; [`touched`], what edits touch, and
//! [`across`], whom they break.

pub mod across;
pub mod answer;
pub mod ask;
pub mod compiled;
pub mod fact;
pub mod graph;
pub mod grep;
pub mod history;
mod map;
pub mod modules;
pub mod owners;
pub mod pool;
pub mod scip;
pub mod search;
pub mod shelf;
pub mod since;
mod store;
pub mod symbol;
pub mod touched;
pub mod tree;
