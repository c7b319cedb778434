//! Lists, pipes, choices and loops: every branch is taken, and what differs behind them is not known.

use super::super::grammar;
use super::super::marks::UNKNOWN;
use super::super::state::State;
use super::super::syntax::{Join, Kind, Node, Word};
use super::{ROUNDS_MAX, Stream, Walk};

impl Walk<'_> {
    pub(super) fn list(&mut self, nodes: &[Node], stdin: &Stream) -> Stream {
        let mut text = Some(String::new());
        let mut output = Stream::Text(String::new());
        for node in nodes {
            if let Some(failed) = self.failed.take() {
                let state = std::mem::replace(&mut self.state, State::new(""));
                self.state = state.or(failed);
            }
            output = self.run(node, stdin);
            text = match (text, &output) {
                (Some(before), Stream::Text(more)) => Some(before + more),
                _ => None,
            };
        }
        match (text, nodes.len()) {
            (Some(text), _) => Stream::Text(text),
            (None, 1) => output,
            (None, _) => Stream::Unknown,
        }
    }

    pub(super) fn pipeline(&mut self, nodes: &[Node], stdin: &Stream) -> Stream {
        let mut flow = stdin.clone();
        let mut last = None;
        for (number, node) in nodes.iter().enumerate() {
            let before = self.branch();
            flow = self.run(node, &flow);
            // What a program reads from is a pipe from here on, whatever it is.
            if number + 1 < nodes.len() && flow == Stream::None {
                flow = Stream::Unknown;
            }
            last = Some(std::mem::replace(&mut self.state, before));
            self.failed = None;
        }
        // Some shells run the last command of a pipeline in place.
        if let Some(last) = last {
            let state = std::mem::replace(&mut self.state, State::new(""));
            self.state = state.or(last);
        }
        flow
    }

    pub(super) fn and_or(&mut self, nodes: &[(Join, Node)], stdin: &Stream) -> Stream {
        let mut skipped: Option<State> = None;
        let mut output = Stream::Unknown;
        let mut before = None;
        for (join, node) in nodes {
            let last = before.replace(node).and_then(|node| self.certainty(node));
            match (join, last) {
                (Join::And, Some(true)) | (Join::Or, Some(false)) => {
                    output = self.run(node, stdin);
                    continue;
                }
                (Join::First | Join::And | Join::Or, _) => {}
            }
            let failed = self.failed.take().unwrap_or_else(|| self.branch());
            match join {
                Join::First => {}
                Join::And => {
                    skipped = Some(match skipped {
                        Some(state) => state.or(failed),
                        None => failed,
                    });
                }
                Join::Or => {
                    let succeeded = std::mem::replace(&mut self.state, State::new(""));
                    self.state = match skipped.take() {
                        Some(state) => failed.or(state),
                        None => failed,
                    };
                    output = self.run(node, stdin);
                    let state = std::mem::replace(&mut self.state, State::new(""));
                    self.state = succeeded.or(state);
                    continue;
                }
            }
            output = self.run(node, stdin);
        }
        if let Some(skipped) = skipped {
            let behind = match self.failed.take() {
                Some(failed) => failed.or(skipped),
                None => skipped,
            };
            if behind != self.state {
                self.failed = Some(behind);
            }
        }
        if nodes.len() > 1 { Stream::Unknown } else { output }
    }

    /// Whether a command that just ran succeeded, where there can be no doubt.
    fn certainty(&self, node: &Node) -> Option<bool> {
        let Kind::Simple { words, .. } = &node.kind else { return None };
        let Some(name) = words.first() else { return Some(true) };
        match grammar::literal(name)?.as_str() {
            "true" | ":" | "echo" | "printf" => Some(true),
            "false" => Some(false),
            "cd" if self.failed.is_none() => Some(true),
            _ => None,
        }
    }

    pub(super) fn choice(
        &mut self,
        arms: &[(Node, Node)],
        otherwise: Option<&Node>,
        stdin: &Stream,
    ) -> Stream {
        let mut after: Option<State> = None;
        let mut join = |walk: &mut Self| {
            let state = std::mem::replace(&mut walk.state, State::new(""));
            after = Some(match after.take() {
                Some(other) => other.or(state),
                None => state,
            });
        };
        for (condition, body) in arms {
            self.run(condition, stdin);
            self.failed = None;
            let before = self.branch();
            self.run(body, stdin);
            join(self);
            self.state = before;
        }
        if let Some(body) = otherwise {
            self.run(body, stdin);
        }
        join(self);
        self.failed = None;
        self.state = after.unwrap_or_else(|| State::new(self.place.cwd));
        Stream::Unknown
    }

    /// A loop whose number of rounds nobody knows: what a round changes is not known in the next.
    pub(super) fn rounds(&mut self, stdin: &Stream, mut round: impl FnMut(&mut Self, &Stream)) {
        let start = self.branch();
        round(self, stdin);
        self.failed = None;
        let folders = self.state.folders.clone();
        let state = std::mem::replace(&mut self.state, State::new(""));
        let moved = folders != start.folders;
        self.state = start.or(state);
        if moved {
            self.state.folders.clear();
        }
        let start = self.branch();
        round(self, stdin);
        self.failed = None;
        let state = std::mem::replace(&mut self.state, State::new(""));
        self.state = start.or(state);
        self.state.ended = false;
    }

    pub(super) fn over_words(
        &mut self,
        name: &str,
        words: Option<&[Word]>,
        body: &Node,
        stdin: &Stream,
    ) -> Stream {
        let values = match words {
            Some(words) => self.fields(words),
            None => self.state.arguments.clone(),
        };
        if values.len() > ROUNDS_MAX {
            self.set(name, vec![UNKNOWN.to_string()]);
            self.rounds(stdin, |walk, stdin| {
                walk.run(body, stdin);
            });
            return Stream::Unknown;
        }
        let before = self.branch();
        for value in values {
            self.set(name, vec![value]);
            self.run(body, stdin);
            self.failed = None;
        }
        let state = std::mem::replace(&mut self.state, State::new(""));
        self.state = before.or(state);
        self.state.ended = false;
        Stream::Unknown
    }
}
