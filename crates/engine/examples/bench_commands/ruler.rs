//! The ruler of the bench: the policies that Weir ships, asked by an agent in its worktree.

use std::time::{Duration, Instant};
use weir_guard::policy::{Bundle, Scope, ruling};
use weir_guard::shell::{NoFiles, Place};
use weir_model::PathSet;
use weir_model::act::{Act, Answer, Client, Moment, Tool};

const TREE: &str = "/work/tree";
const HOME: &str = "/home/someone";

/// The policies, and who is judged by them.
pub(crate) struct Ruler {
    bundle: Bundle,
    scope: Scope,
}

/// What was said to one act.
pub(crate) struct Said {
    pub(crate) answer: Answer,
    /// The first reason of an answer that is not yes.
    pub(crate) objection: Option<String>,
    /// How long it took to find the effects.
    pub(crate) took: Duration,
}

impl Ruler {
    /// The policies that Weir ships, for a session whose mandate is all of its worktree.
    pub(crate) fn shipped() -> Self {
        let scope = Scope {
            session: "S1".to_owned(),
            agent: "agent".to_owned(),
            person: "person".to_owned(),
            worktree: Some(TREE.to_owned()),
            home: HOME.to_owned(),
            mandate: vec![PathSet::everything()],
            ..Scope::default()
        };
        Self { bundle: Bundle::shipped(), scope }
    }

    /// A command of the client's shell.
    pub(crate) fn of_command(&self, command: &str) -> Said {
        self.of(Tool::Shell { command: command.to_owned() })
    }

    /// A file that the client reads.
    pub(crate) fn of_read(&self, path: &str) -> Said {
        self.of(Tool::Read { paths: vec![path.to_owned()] })
    }

    fn of(&self, tool: Tool) -> Said {
        let act = Act {
            client: Some(Client::Claude),
            moment: Moment::BeforeTool,
            conversation: "bench".to_owned(),
            subagent: None,
            call: None,
            cwd: TREE.to_owned(),
            mode: None,
            tool,
        };
        let place = Place { cwd: TREE, home: HOME, tree: TREE, files: &NoFiles };
        let begin = Instant::now();
        let effects = weir_guard::effects::of(&act, &place);
        let took = begin.elapsed();
        let ruling = ruling(&self.bundle, &self.scope, &act, &effects);
        let objection = (ruling.answer != Answer::Allow).then(|| match ruling.reasons.first() {
            Some(reason) => format!("{}: {}", reason.policy, reason.sentence),
            None => ruling.answer.to_string(),
        });
        Said { answer: ruling.answer, objection, took }
    }
}
