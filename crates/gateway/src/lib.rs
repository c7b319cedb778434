//! The tool gateway: one MCP endpoint before any number of tool servers.
//!
//! Promise: an agent sees the tools of the servers that the registry names, each under a name of its own, and calls
//! them as if they were one server's. What it may not do, no tool server ever hears of.
//! Invariants: (1) a server, tool, prompt or resource that the registry does not list is refused; (2) a call reaches
//! its server only after [`Decide`] allowed it; (3) a description that was not approved, or has changed since, is
//! neither shown nor callable; (4) secrets are handed to servers by the gateway and masked in all that comes back; (5)
//! no server costs more than its limits: time, sizes, rate; and when a session is forgotten, nothing of its servers is
//! left running.
//! Deliberately absent: rules ([`Decide`]), the record ([`Decide::note`], [`Pins`]), secrets ([`Secrets`]); the engine
//! brings them. And the protocol's side towards agents, which is a door of the server.

mod canonical;
mod decide;
mod gateway;
mod listed;
mod mask;
mod names;
mod pins;
mod registry;
mod upstream;

pub use decide::{Act, Call, Caller, Decide, Note, Outcome, Secrets, Verdict};
pub use gateway::{Answer, Gateway, Happening, Manner, Parts, Sink};
pub use listed::Listed;
pub use mask::SECRET_BYTES_MIN;
pub use names::for_agent;
pub use pins::{MemoryPins, Pins};
pub use registry::{Allowed, Dir, Pinning, Registry, Server, Sharing, Speaks, Start, Template};
