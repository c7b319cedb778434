//! A space with one task, claimed by one agent: what each run of a client starts from.

use super::support::{Repo, text};
use std::path::PathBuf;
use weir_clients::Place;
use weir_clients::drive::ToolServerAt;

/// A server that runs, a task on `docs/**`, and an agent that holds it.
pub(crate) struct Space {
    pub(crate) repo: Repo,
    /// Weir's own tools, with the agent's token.
    pub(crate) weir: ToolServerAt,
    worktree: PathBuf,
}

impl Space {
    /// For an agent of this name.
    pub(crate) fn of(agent: &str) -> Self {
        let repo = Repo::new();
        let up = repo.up();
        repo.json(&["task", "create", "Write b", "--paths", "docs/**"]);
        let opened = repo.json(&["session", "open", agent]);
        let (url, secret) = (text(&opened, "/url"), text(&opened, "/secret"));
        let variables = [("WEIR_URL", url.as_str()), ("WEIR_TOKEN", secret.as_str())];
        let claim = ["task", "claim", "T1", "--json"];
        let claim = repo.weir_in(&repo.beside(""), &claim, &variables).expect(0).document();
        let url = text(&up, "/mcp");
        let weir = ToolServerAt { name: "weir".into(), url, token: Some(secret) };
        Self { repo, weir, worktree: PathBuf::from(text(&claim, "/worktree")) }
    }

    /// A place for the client, in the worktree of the claim.
    pub(crate) fn place(&self) -> Place {
        let mut place = Place::below(&std::env::temp_dir()).expect("a place");
        place.tree.clone_from(&self.worktree);
        place
    }

    /// Whether an event of this kind is on record.
    pub(crate) fn has_recorded(&self, kind: &str) -> bool {
        self.repo.weir(&["log", "-n", "500", "--json"]).expect(0).out.contains(kind)
    }
}
