//! What is known of who acts: brought by the engine, judged by policies.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use weir_model::PathSet;
use weir_model::act::Taint;

/// Who acts, where, and under what. Recorded beside a decision, it lets the decision be made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// The session, as it is printed.
    pub session: String,
    /// The sessions above it, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    /// What the agent is called.
    pub agent: String,
    /// Who answers for it.
    pub person: String,
    /// The worktree, absolute and with symbolic links followed; `None` before there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worktree: Option<String>,
    /// The home folder of the user that the agent runs as, absolute; empty when there is none.
    pub home: String,
    /// Folders for temporary files, absolute.
    pub temporary: Vec<String>,
    /// The layers of the session's mandate. Without one, nothing was granted.
    pub mandate: Vec<PathSet>,
    /// What the session carries from what it has read.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub taints: BTreeSet<Taint>,
    /// The branch that changes land on, without `refs/heads/`.
    pub trunk: String,
    /// Refs that nobody may push to, in full or as branches; the trunk is always one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<String>,
    /// Names and addresses of Weir's own entrance. The empty name is among them where a plain `git push` goes there.
    pub entrances: BTreeSet<String>,
    /// Tool servers, and single tools as `server/tool`, that the space lists.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tools: BTreeSet<String>,
    /// What the session has used so far.
    #[serde(skip_serializing_if = "Spent::is_nothing")]
    pub spent: Spent,
    /// Whether what policies say holds.
    #[serde(skip_serializing_if = "Enforcement::is_on")]
    pub enforcement: Enforcement,
}

/// What a session has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    /// Tokens of models.
    pub tokens: u64,
    /// Money, in hundredths of the currency that the space counts in.
    pub cents: u64,
}

impl Spent {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether what policies say holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// It holds.
    #[default]
    On,
    /// It is recorded, and everything is allowed.
    Shadow,
}

impl Enforcement {
    fn is_on(&self) -> bool {
        *self == Self::On
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self {
            session: String::new(),
            parents: Vec::new(),
            agent: String::new(),
            person: String::new(),
            worktree: None,
            home: String::new(),
            temporary: vec!["/tmp".to_owned(), "/var/tmp".to_owned(), "/dev/shm".to_owned()],
            mandate: Vec::new(),
            taints: BTreeSet::new(),
            trunk: "main".to_owned(),
            protected: Vec::new(),
            entrances: ["weir".to_owned()].into(),
            tools: BTreeSet::new(),
            spent: Spent::default(),
            enforcement: Enforcement::On,
        }
    }
}
