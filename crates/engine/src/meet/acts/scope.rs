//! What is known of who acts, gathered from the pillars for the policies.

use crate::{Engine, Folds};
use weir_guard::policy::{Enforcement, Scope};
use weir_model::config;
use weir_model::{Refusal, SessionId, Timestamp};

impl Engine {
    /// The scope of a session that may act.
    ///
    /// # Errors
    /// `session.*` when it may not (any more).
    pub(super) fn scope_of(&self, session: SessionId, now: Timestamp) -> Result<Scope, Refusal> {
        let mut scope = self.read(|folds| gathered(folds, session, now))?;
        scope.worktree = self.worktree_of(session);
        scope.home =
            std::env::home_dir().map(|home| home.display().to_string()).unwrap_or_default();
        let temporary = std::env::temp_dir().display().to_string();
        if !scope.temporary.contains(&temporary) {
            scope.temporary.push(temporary);
        }
        scope.trunk = self.trunk().name().to_owned();
        scope.entrances = [String::new(), "weir".to_owned(), self.remote()].into();
        scope.tools.insert("weir".to_owned());
        scope.enforcement = match self.rules().guard.enforcement {
            config::Enforcement::On => Enforcement::On,
            config::Enforcement::Shadow => Enforcement::Shadow,
        };
        Ok(scope)
    }

    /// Where the session works: the tree that Weir made for its task, or the one it was attached in.
    pub(super) fn worktree_of(&self, session: SessionId) -> Option<String> {
        let (task, attached) = self.read(|folds| {
            let attached = folds.acts.session(session).map(|doing| doing.worktree.clone());
            (folds.work.last_claimed_by(session), attached)
        });
        let attached = attached.filter(|folder| folder.starts_with('/'));
        let made = task.map(|task| self.worktrees().join(format!("{task}-{session}")));
        let made = made.filter(|folder| folder.is_dir()).map(|folder| folder.display().to_string());
        let folder = made.or(attached)?;
        // Policies compare with paths whose links were followed.
        let real = std::fs::canonicalize(&folder).map(|real| real.display().to_string());
        Some(real.unwrap_or(folder))
    }
}

fn gathered(folds: &Folds, session: SessionId, now: Timestamp) -> Result<Scope, Refusal> {
    let known = folds.guard.session_alive(session, now)?;
    let lineage = folds.guard.lineage_of(session);
    let mut mandate = known.mandate.paths.clone();
    // While it holds a task, the task narrows what the session may touch.
    let task = folds.work.held_by(session).and_then(|task| folds.work.task(task));
    mandate.extend(task.map(|task| task.paths.clone()));
    let person = folds.guard.person(known.person).map(|person| person.name.clone());
    Ok(Scope {
        session: session.to_string(),
        parents: lineage.iter().skip(1).rev().map(ToString::to_string).collect(),
        agent: known.agent.clone(),
        person: person.unwrap_or_default(),
        mandate,
        taints: folds.acts.taints(&lineage),
        ..Scope::default()
    })
}
