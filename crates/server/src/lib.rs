//! The doors of Weir: the HTTP API, git, MCP and the pages. Transports only.
//!
//! Invariants: (1) who asks comes from the door, never from a body; (2) a refusal leaves through every door with its
//! three parts unchanged; (3) nothing is answered to a request whose `Host` or `Origin` is not ours.
//! Deliberately absent: rules. What may be done is decided behind [`weir_engine`], for all doors alike.

mod api;
mod door;
mod git;
mod mcp;
mod pages;
mod reply;
mod see;
mod serve;
mod walls;
pub mod webhook;
mod weir;
pub mod wire;

pub use api::openapi;
pub use serve::{Serving, router, serve};
