//! What the model did, and what came of it.

use super::answer::Called;
use super::ask::ToolResult;
use serde_json::Value;
use std::collections::BTreeSet;

/// A tool call that the model made.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The lane that it stood in.
    pub lane: String,
    /// The turn of the lane.
    pub turn: usize,
    /// The tool, as the client calls it.
    pub tool: String,
    /// What it was called with.
    pub arguments: Value,
    /// What the client sent back; none while it did not.
    pub result: Option<String>,
    id: String,
}

impl Call {
    pub(crate) fn new(lane: &str, turn: usize, called: &Called) -> Self {
        Self {
            lane: lane.to_owned(),
            turn,
            tool: called.offer.name.clone(),
            arguments: called.arguments.clone(),
            result: None,
            id: called.id.clone(),
        }
    }

    /// What the client sent back, or an empty text.
    pub fn told(&self) -> &str {
        self.result.as_deref().unwrap_or_default()
    }
}

/// Everything that a model server remembers.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) calls: Vec<Call>,
    /// Steps that could not be said, requests beyond the script, paths that nobody knows.
    pub(crate) faults: Vec<String>,
    /// The turns, by lane and place, whose tools were looked up.
    pub(crate) looked_up: BTreeSet<(String, usize)>,
    /// The last user message of every request.
    pub(crate) prompts: Vec<String>,
}

impl Record {
    /// The ids of the sub-agents that were started in a lane, where the client tells them.
    pub(crate) fn agents(&self, lane: &str) -> Vec<String> {
        let told = self.calls.iter().filter(|call| call.lane == lane).map(Call::told);
        let read = told.filter_map(|text| serde_json::from_str::<Value>(text).ok());
        let ids = read.filter_map(|told| told.get("agent_id")?.as_str().map(str::to_owned));
        ids.collect()
    }

    /// Takes in the results that stand in a request. A request repeats the whole conversation, so most were seen
    /// before: the first text counts, for some clients shorten old results.
    pub(crate) fn note(&mut self, results: &[ToolResult]) {
        for (index, result) in results.iter().enumerate() {
            let nth = || results[..index].iter().filter(|other| other.tool == result.tool).count();
            let call = match result.call.as_str() {
                // An id was dropped: the n-th result of a tool belongs to the n-th call of it.
                "" => self.calls.iter_mut().filter(|call| call.tool == result.tool).nth(nth()),
                id => self.calls.iter_mut().find(|call| call.id == id),
            };
            if let Some(call) = call {
                call.result.get_or_insert_with(|| result.text.clone());
            }
        }
    }
}
