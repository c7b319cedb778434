//! Where pillars meet: a file for each kind of command, and no rule in any.

pub(crate) mod acts;
pub(crate) mod people;
pub(crate) mod push;
mod queue;
pub(crate) mod review;
pub(crate) mod runners;
pub(crate) mod sessions;
pub(crate) mod stack;
mod tasks;
pub(crate) mod trees;
pub(crate) mod view;
