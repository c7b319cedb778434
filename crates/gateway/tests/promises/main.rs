//! What the gateway promises, tried on real tool servers, honest and not.

mod calls;
mod http;
mod lies;
mod pins;
mod support;
