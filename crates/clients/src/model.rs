//! The scripted model: a server on the loopback that answers as a script says.
//!
//! It speaks four APIs, streaming and not: Anthropic Messages, OpenAI Responses, OpenAI Chat Completions and Gemini
//! generateContent. A request that offers tools takes the next turn of its lane. One that offers none (a title, a
//! summary, a question of which model to take) is answered in passing and takes no turn.

mod answer;
mod anthropic;
mod ask;
mod chat;
mod gemini;
mod record;
mod responses;
mod script;
mod server;
mod step;
mod watch;

pub use record::Call;
pub use script::{Lane, Script, Turn};
pub use server::Model;
pub use step::Step;
pub use watch::Watcher;
