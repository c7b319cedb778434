//! What the model will say: turns, in one lane or in several.

use super::ask::Ask;
use super::step::Step;

/// One message of the model: words, then tool calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// What it says.
    pub say: String,
    /// The tools it calls, all at once.
    pub steps: Vec<Step>,
}

impl Turn {
    /// A message without a tool call: clients take it for the end.
    pub fn say(words: impl Into<String>) -> Self {
        Self { say: words.into(), steps: Vec::new() }
    }
}

impl From<Step> for Turn {
    fn from(step: Step) -> Self {
        Self { say: String::new(), steps: vec![step] }
    }
}

/// The turns of one conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// What it is called in the record.
    pub name: String,
    /// A lane with a mark is for conversations whose instructions or user messages contain it: a sub-agent is told
    /// the mark in its prompt. A lane without one is for all others.
    pub mark: Option<String>,
    /// What is said in it, in this order.
    pub turns: Vec<Turn>,
}

/// Everything that the model will say.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    lanes: Vec<(Lane, usize)>,
}

/// What a request gets.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// A turn: its lane, its place in the lane, itself.
    Turn(String, usize, Turn),
    /// The lane of this name has been said to its end.
    Exhausted(String),
    /// No lane is for this conversation.
    Nobody,
}

impl Script {
    /// One conversation.
    pub fn new(turns: impl IntoIterator<Item = Turn>) -> Self {
        let turns = turns.into_iter().collect();
        Self { lanes: vec![(Lane { name: "main".to_owned(), mark: None, turns }, 0)] }
    }

    /// Adds a conversation for the sub-agent whose prompt contains `mark`.
    #[must_use]
    pub fn with_sub_agent(mut self, mark: &str, turns: impl IntoIterator<Item = Turn>) -> Self {
        let turns = turns.into_iter().collect();
        let lane = Lane { name: "sub-agent".to_owned(), mark: Some(mark.to_owned()), turns };
        self.lanes.push((lane, 0));
        self
    }

    /// Takes the next turn of the conversation that asks.
    pub(crate) fn next(&mut self, ask: &Ask) -> Next {
        let is_for = |lane: &Lane| lane.mark.as_deref().is_some_and(|mark| ask.says(mark));
        let marked = self.lanes.iter().position(|(lane, _)| is_for(lane));
        let found = marked.or_else(|| self.lanes.iter().position(|(lane, _)| lane.mark.is_none()));
        let Some((lane, said)) = found.and_then(|index| self.lanes.get_mut(index)) else {
            return Next::Nobody;
        };
        let Some(turn) = lane.turns.get(*said) else {
            return Next::Exhausted(lane.name.clone());
        };
        *said += 1;
        Next::Turn(lane.name.clone(), *said - 1, turn.clone())
    }

    /// Puts the turn that was just taken back: a tool had to be looked up before it can be said.
    pub(crate) fn put_back(&mut self, name: &str) {
        if let Some((_, said)) = self.lanes.iter_mut().find(|(lane, _)| lane.name == name) {
            *said = said.saturating_sub(1);
        }
    }

    /// How many turns nobody asked for.
    pub(crate) fn left(&self) -> usize {
        self.lanes.iter().map(|(lane, said)| lane.turns.len() - said).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_takes_the_turns_of_its_own_lane() {
        let script = Script::new([Turn::say("one"), Turn::say("two")]);
        let mut script = script.with_sub_agent("MARK", [Turn::say("sub")]);
        let main = Ask { users: vec!["do it".to_owned()], ..Ask::default() };
        let sub = Ask { users: vec!["you are MARK".to_owned()], ..Ask::default() };
        let turn = |lane: &str, at, words| Next::Turn(lane.to_owned(), at, Turn::say(words));
        assert_eq!(script.next(&main), turn("main", 0, "one"));
        assert_eq!(script.next(&sub), turn("sub-agent", 0, "sub"));
        assert_eq!(script.left(), 1);
        script.put_back("main");
        assert_eq!(script.next(&main), turn("main", 0, "one"));
        assert_eq!(script.next(&main), turn("main", 1, "two"));
        assert_eq!(script.next(&main), Next::Exhausted("main".to_owned()));
        assert_eq!(script.left(), 0);
    }
}
