//! A tree for a session to work in: a small repository of its own, from which a plain `git push weir` works.

use crate::{Engine, Error, Failure, Secret};
use std::path::PathBuf;
use weir_git::{Person, Remote, Worktree, WorktreeSpec};
use weir_model::{SessionId, TaskId};

/// Below the folder for all trees.
pub(crate) const WORKTREES: &str = "sessions";

impl Engine {
    /// The folder below which sessions get their trees. The trees of the gate are not in it: whoever may write here
    /// alters nothing that is under test.
    pub fn worktrees(&self) -> PathBuf {
        self.trees().join(WORKTREES)
    }

    /// Makes the session's tree for a task, or gives the one it has a new secret.
    pub(crate) async fn make_tree(
        &self,
        task: TaskId,
        session: SessionId,
        branch: &str,
        bearer: Secret,
    ) -> Result<PathBuf, Error> {
        let folder = self.worktrees().join(format!("{task}-{session}"));
        let (engine, branch) = (self.clone(), branch.to_owned());
        // An agent commits as itself: history must not credit a person for what they never saw. The domain is
        // one that is reserved for being nobody's.
        let agent =
            self.read(|folds| folds.guard.session(session).map(|known| known.agent.clone()));
        let person = agent.map(|name| Person { name, email: format!("{session}@weir.invalid") });
        // Whoever builds upon a change that has not landed begins there.
        let below = self.read(|folds| crate::meet::stack::below(folds, task)).ok().flatten();
        let made = tokio::task::spawn_blocking(move || {
            let trunk = engine.trunk();
            let at = match &below {
                Some((_, commit)) => commit.parse()?,
                None => trunk.tip()?,
            };
            let spec = WorktreeSpec {
                branch,
                at,
                remote: Remote { url: engine.remote(), token: Some(bearer.reveal().to_owned()) },
                person,
                config: Vec::new(),
            };
            let tree = if folder.join(".git").is_dir() {
                Worktree::renew(trunk, &folder, &spec)?
            } else {
                Worktree::create(trunk, &folder, &spec)?
            };
            // What the command line finds when it is run in the tree.
            let session = serde_json::json!({
                "url": engine.remote().trim_end_matches("/git"),
                "token": bearer.reveal(),
                "session": session,
                "task": task,
            });
            let path = tree.folder().join(".git/weir-session.json");
            crate::space::write_private(&path, &session.to_string())?;
            Ok(tree.folder().to_owned())
        });
        made.await.map_err(|error| Failure::Other(format!("could not make a tree: {error}")))?
    }
}
