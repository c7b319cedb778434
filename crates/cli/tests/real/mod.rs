//! The real program, met from outside: its process, its HTTP API, real git. Of Weir's own code only the ledger's
//! verifier is used, which an auditor has too.

#![allow(dead_code, reason = "shared by tests and benches, each of which uses a part")]

pub(crate) mod api;
pub(crate) mod chance;
pub(crate) mod judge;
pub(crate) mod load;
pub(crate) mod place;
pub(crate) mod server;
pub(crate) mod storm;
