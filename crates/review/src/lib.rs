//! Not written yet.

pub mod propose;
pub mod starter;
