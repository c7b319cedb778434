//! The cast: an agent that does as it is told, with what every agent has: a worktree, git and `weir`.

use super::stage::{Ran, Stage, git_as, surprise};
use crate::error::CommandError;
use serde_json::Value;
use std::path::PathBuf;

/// An agent that holds, or held, a task.
pub(super) struct Agent<'s> {
    stage: &'s Stage,
    pub(super) name: &'static str,
    pub(super) task: String,
    pub(super) session: String,
    /// Its fencing token.
    pub(super) token: String,
    worktree: PathBuf,
}

impl<'s> Agent<'s> {
    /// Claims a task for an agent, as its person would.
    pub(super) fn claims(
        stage: &'s Stage,
        name: &'static str,
        task: &str,
        lease: &str,
    ) -> Result<Self, CommandError> {
        let args = ["task", "claim", task, "--agent", name, "--lease", lease];
        let claim = stage.ask(&stage.river, &args)?;
        Ok(Self {
            stage,
            name,
            task: task.to_owned(),
            session: text(&claim, "/session")?,
            token: text(&claim, "/token")?,
            worktree: text(&claim, "/worktree")?.into(),
        })
    }

    /// Writes files and commits them.
    pub(super) fn commits(
        &self,
        message: &str,
        files: &[(&str, &str)],
    ) -> Result<(), CommandError> {
        self.writes(files)?;
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", message]).map(drop)
    }

    /// Writes files.
    pub(super) fn writes(&self, files: &[(&str, &str)]) -> Result<(), CommandError> {
        for (name, text) in files {
            let path = self.worktree.join(name);
            std::fs::write(&path, text)
                .map_err(CommandError::doing(format!("write `{}`", path.display())))?;
        }
        Ok(())
    }

    /// Runs git in its worktree.
    pub(super) fn git(&self, args: &[&str]) -> Result<String, CommandError> {
        git_as(&self.worktree, self.name, args)
    }

    /// Runs `weir submit` in its worktree.
    pub(super) fn submits(&self, more: &[&str]) -> Result<Ran, CommandError> {
        let args: Vec<&str> = ["submit"].iter().chain(more).copied().collect();
        self.stage.weir(&self.worktree, &args)
    }

    /// Submits and waits for the landing.
    pub(super) fn lands(&self) -> Result<Change, CommandError> {
        Change::read(&self.submits(&["--wait"])?.expect(0)?.out)?.landed()
    }

    /// Submits and waits for a repair contract with this code.
    pub(super) fn is_sent_back(&self, code: &str) -> Result<Value, CommandError> {
        let change = self.submits(&["--wait"])?.expect(6)?.out;
        let contract = change.get("repair").cloned().unwrap_or_default();
        if text(&contract, "/code")? != code {
            return Err(surprise(format!("{} got another contract: {contract}", self.name)));
        }
        Ok(change)
    }

    /// Submits, and is refused by a rule of this kind (`push`) or by exactly this one (`push.secret`).
    pub(super) fn is_refused(&self, code: &str) -> Result<Value, CommandError> {
        let refusal = self.submits(&[])?.expect(3)?.err;
        let given = text(&refusal, "/code")?;
        if given == code || given.split('.').next() == Some(code) {
            return Ok(refusal);
        }
        Err(surprise(format!("{} was refused by another rule: {refusal}", self.name)))
    }

    /// The change that its pushes became.
    pub(super) fn change(&self) -> Result<Change, CommandError> {
        let task = self.stage.ask(&self.stage.river, &["task", "show", &self.task])?;
        let id = text(&task, "/change")?;
        Change::read(&self.stage.ask(&self.stage.river, &["change", "show", &id])?)
    }
}

/// What the tour tells about a change.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) id: String,
    state: String,
    pub(super) revision: String,
    pub(super) landing: Option<String>,
}

impl Change {
    pub(super) fn read(change: &Value) -> Result<Self, CommandError> {
        let revisions = change.get("revisions").and_then(Value::as_array);
        let latest = revisions.and_then(|all| all.last()).cloned().unwrap_or_default();
        Ok(Self {
            id: text(change, "/id")?,
            state: text(change, "/state")?,
            revision: text(&latest, "/id")?,
            landing: text(change, "/landing").ok(),
        })
    }

    /// Whether nothing more happens by itself.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self.state.as_str(), "landed" | "returned" | "abandoned")
    }

    /// This, if it landed.
    pub(super) fn landed(self) -> Result<Self, CommandError> {
        if self.state == "landed" && self.landing.is_some() {
            return Ok(self);
        }
        Err(surprise(format!("{} is {} and not landed", self.id, self.state)))
    }
}

/// A text in an answer.
pub(super) fn text(value: &Value, pointer: &str) -> Result<String, CommandError> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
        surprise(format!("an answer has no `{}`: {value}", pointer.trim_start_matches('/')))
    })
}
