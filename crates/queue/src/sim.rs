//! The simulator: what a policy makes of a made-up or recorded history, before it is used.
//!
//! It is a simulation of discrete events without chance: the verdict of a run is a function of the seed, of the tree
//! (which changes are in it, in whatever order) and of how often that tree ran before. So all policies see the same
//! verdicts. Ours decides by [`plan`](crate::plan::plan).
//!
//! What it takes for granted: a build of several takes as long as the longest of them (but see
//! [`Setting::shares_steps`]); a run that fails takes its
//! whole time; bad changes never pass; changes that do not touch never clash; and who is ejected though good is
//! offered again by its author half an hour later, its turnaround counted from when it first came.

mod bounds;
mod measure;
mod peers;
mod recorded;
mod run;
mod trace;
mod what_if;
mod world;

pub use bounds::{builds_min, oracle_ms, oracle_unlimited_ms};
pub use measure::{Outcome, percentile_ms};
pub use peers::{Bors, Optimistic, Serial, SpeculateAll, Window};
pub use recorded::Recorded;
pub use run::{Always, Conflict, Ground, Ours, Policy, Setting, run, run_on};
pub use trace::{Came, Fate, Trace};
pub use what_if::{Answer, Became, Decides, Touching, WhatIf};
pub use world::{Change, Shape, Touched, World};
