//! Runs one process tree with limits, and leaves none of it behind.
//!
//! Promise: a process that is [`hold`]ed lives until it is let go; [`run`] ends when the process ends, its time is up, somebody cancels, or the caller
//! itself dies; and in each case the whole tree is gone: children, grandchildren, and those that
//! left the process group or still hold the pipe open.
//! Invariants: (1) the process sees the environment it was given and nothing of ours; (2) memory
//! held for its output is bounded by `output_limit_bytes`; (3) no zombie of ours is left.
//! Deliberately absent, for now: walls. [`Outcome::tier`] says which were in force, so that the
//! evidence of a run never claims more than was so. No policy either: the caller decides what to run.

mod cancel;
mod held;
mod output;
mod run;
mod spec;
mod tree;
mod watchdog;

pub use cancel::Cancel;
pub use held::{Held, Pipes, hold};
pub use output::Output;
pub use run::{Ended, Failure, Outcome, Tier, run};
pub use spec::{Program, Spec};
