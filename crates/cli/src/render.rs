//! How the things of the API look in a terminal: shared by every command that shows them.

mod acts;
mod lists;
mod things;
mod tools;
mod view;

pub(crate) use acts::{agents, approval, approvals};
pub(crate) use lists::{changes, events, landings, queue, rest, runners, sessions, tasks, waits};
pub(crate) use things::{candidate, change, landing, person, revision, session, task};
pub(crate) use tools::{tool_offer, tool_servers};
pub(crate) use view::{
    also_here, grepped, history, impact, imported, indexes, map, outline, searched, symbols,
};

use weir_model::PathSet;
use weir_server::wire::Who;

/// A person or an agent: `ann (P1)`; Weir itself has a name only.
pub(crate) fn who(who: &Who) -> String {
    if who.id == who.name { who.name.clone() } else { format!("{} ({})", who.name, who.id) }
}

/// The start of a commit's name, as long as git prints it.
pub(crate) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// Several things in a row.
pub(crate) fn list<T: ToString>(things: &[T]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Which paths: the patterns in a row.
pub(crate) fn paths(paths: &PathSet) -> String {
    if paths.is_empty() { "nothing".to_owned() } else { paths.patterns().join(" ") }
}

#[cfg(test)]
mod tests;
