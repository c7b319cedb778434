//! Real agent clients, driven end to end by a scripted model: what the suite of clients is made of.
//!
//! Promise: a client that others wrote runs here as it runs at a user's, except for its model. The model is a
//! server on the loopback that says what a script says, in whichever of four APIs it is asked; it remembers every
//! tool result that the client sent back. A run has a home, a repository and an environment of its own, a dummy key
//! and no network.
//! Deliberately absent: Weir. What attaches a client to it, and what is then asserted, stand with the suite in
//! `crates/cli/tests/clients.rs`. Only tests may import this.

pub mod drive;
pub mod enclosure;
pub mod model;
mod place;
mod programs;
pub mod suite;
pub mod table;
pub mod tool_server;
pub mod trial;

pub use place::Place;
pub use programs::Programs;
