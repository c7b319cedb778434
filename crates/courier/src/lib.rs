//! The hook program: it carries a client's event to the server, and the answer back. Small, for it is started at every
//! tool call.
//!
//! Promise: whatever goes wrong here (no server, no credentials, a payload that is too large, an answer that is no
//! answer, too little time) is said to the client as a refusal in its own words, wherever it waits for a yes or a no.
//! What is rare is not done here: with a server behind TLS or one that does not answer, with a list of acts to bring
//! or a transcript to count, it becomes `weir hook`, which takes the same words and the same event and can do
//! everything ([`program`]).
//! Deliberately absent: decisions. The server reads the event and answers; this carries both.

mod event;
mod leave;
mod post;
mod private;
pub mod program;
mod speaker;

pub use event::{Carried, DEADLINE, Event};
pub use leave::LeaveFolder;
pub use post::{Unsent, loopback, post};
pub use private::{NotPrivate, read_private};
pub use speaker::{
    Attached, SessionFile, Speaker, Speaking, config_folder, git_dir, key_of, speaker_name,
};
