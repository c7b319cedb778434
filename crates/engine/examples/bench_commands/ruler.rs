//! The ruler of the bench: the policies that Weir ships, asked by an agent whose mandate is everything.

use weir_guard::policy::{Bundle, Scope, ruling};
use weir_guard::shell::Place;
use weir_model::PathSet;
use weir_model::act::{Act, Answer, Client, Effect, Moment, Tool};

/// The policies.
pub(crate) struct Ruler(Bundle);

impl Ruler {
    /// Those that Weir ships.
    pub(crate) fn shipped() -> Self {
        Self(Bundle::shipped())
    }

    /// What is objected to these effects of a command, if anything is.
    pub(crate) fn objection(
        &self,
        command: &str,
        effects: &[Effect],
        place: &Place<'_>,
    ) -> Option<String> {
        let scope = Scope {
            session: "S1".to_owned(),
            agent: "agent".to_owned(),
            person: "person".to_owned(),
            worktree: Some(place.tree.to_owned()),
            home: place.home.to_owned(),
            mandate: vec![PathSet::everything()],
            ..Scope::default()
        };
        let act = Act {
            client: Some(Client::Claude),
            moment: Moment::BeforeTool,
            conversation: "bench".to_owned(),
            subagent: None,
            call: None,
            cwd: place.cwd.to_owned(),
            mode: None,
            tool: Tool::Shell { command: command.to_owned() },
        };
        let ruling = ruling(&self.0, &scope, &act, effects);
        (ruling.answer != Answer::Allow).then(|| match ruling.reasons.first() {
            Some(reason) => format!("{}: {}", reason.policy, reason.sentence),
            None => ruling.answer.to_string(),
        })
    }
}
