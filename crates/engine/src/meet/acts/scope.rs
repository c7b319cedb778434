//! What is known of who acts, gathered from the pillars for the policies.

use crate::{Engine, Folds};
use weir_guard::policy::{Enforcement, Scope, Spent};
use weir_model::config;
use weir_model::{Refusal, SessionId, Timestamp};

impl Engine {
    /// The scope of a session that may act.
    ///
    /// # Errors
    /// `session.*` when it may not (any more).
    pub(super) fn scope_of(&self, session: SessionId, now: Timestamp) -> Result<Scope, Refusal> {
        let mut scope = self.read(|folds| gathered(folds, session, now))?;
        // In a tree that Weir made a plain `git push` goes to Weir; in any other it goes wherever that is set up.
        let plain = self.made_tree(session).is_some().then(String::new);
        scope.worktree = self.tree_of(session);
        scope.home =
            std::env::home_dir().map(|home| real(home.display().to_string())).unwrap_or_default();
        let temporary = std::env::temp_dir().display().to_string();
        if !scope.temporary.contains(&temporary) {
            scope.temporary.push(temporary);
        }
        scope.trunk = self.trunk().name().to_owned();
        scope.entrances = ["weir".to_owned(), self.remote()].into_iter().chain(plain).collect();
        scope.tools.insert("weir".to_owned());
        let rules = self.rules().guard;
        scope.spent.cents =
            scope.spent.tokens.saturating_mul(rules.cents_per_million_tokens) / 1_000_000;
        scope.enforcement = match rules.enforcement {
            config::Enforcement::On => Enforcement::On,
            config::Enforcement::Shadow => Enforcement::Shadow,
        };
        Ok(scope)
    }

    /// The folder that the session works in, as far as anybody told.
    pub(crate) fn tree_of(&self, session: SessionId) -> Option<String> {
        self.made_tree(session).or_else(|| self.attached_folder(session)).map(real)
    }

    /// The tree that Weir made for the session's task.
    fn made_tree(&self, session: SessionId) -> Option<String> {
        let task = self.read(|folds| folds.work.last_claimed_by(session))?;
        let folder = self.worktrees().join(format!("{task}-{session}"));
        folder.is_dir().then(|| folder.display().to_string())
    }

    /// The folder that its client was attached in.
    fn attached_folder(&self, session: SessionId) -> Option<String> {
        let attached =
            self.read(|folds| folds.acts.session(session).map(|doing| doing.worktree.clone()))?;
        attached.starts_with('/').then_some(attached)
    }
}

/// Policies compare with paths whose links were followed.
fn real(folder: String) -> String {
    std::fs::canonicalize(&folder).map(|real| real.display().to_string()).unwrap_or(folder)
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
        spent: Spent {
            tokens: folds.acts.session(session).map_or(0, |doing| doing.tokens),
            ..Spent::default()
        },
        ..Scope::default()
    })
}
