//! People, their tokens, and the sessions of their agents.

use super::Who;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use utoipa::ToSchema;
use weir_model::event::guard::{Right, Role, TokenKind};
use weir_model::{Lease, PathSet, PersonId, SessionId, TaskId, Timestamp, TokenId};

/// A person, present or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Their id.
    #[schema(value_type = String, example = "P1")]
    pub id: PersonId,
    /// What people call them.
    pub name: String,
    /// What they may do.
    #[schema(schema_with = super::schema::role)]
    pub role: Role,
    /// Whether they left.
    pub removed: bool,
}

/// A person to let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// What people call them; unique.
    pub name: String,
    /// What they may do.
    #[schema(schema_with = super::schema::role)]
    pub role: Role,
}

/// A role to give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// What they may do from now on.
    #[schema(schema_with = super::schema::role)]
    pub role: Role,
}

/// A token of a person, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id.
    #[schema(value_type = String, example = "K1")]
    pub id: TokenId,
    /// Whose.
    pub person: Who,
    /// What its owner calls it.
    pub label: String,
    /// Where it is used.
    #[schema(schema_with = super::schema::usage)]
    pub usage: TokenKind,
    /// The most it may do; the role may allow less.
    #[schema(schema_with = super::schema::rights)]
    pub rights: Vec<Right>,
    /// It has ended at the instant it names.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Whether it was revoked, by somebody or with its person.
    pub revoked: bool,
}

/// A token to issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Whose; the caller's own if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "P1")]
    pub person: Option<PersonId>,
    /// What to call it.
    #[schema(example = "laptop")]
    pub label: String,
    /// The most it may do; all that its person may if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = super::schema::rights)]
    pub rights: Option<Vec<Right>>,
    /// How long it lives; the space's own length if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "90d")]
    pub lease: Option<Lease>,
}

/// A token that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedToken {
    /// Its id.
    #[schema(value_type = String, example = "K1")]
    pub token: TokenId,
    /// Its secret. Shown this once.
    #[schema(example = "weir_p_…")]
    pub secret: String,
}

/// Who may sign in with a link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewSignIn {
    /// Who; the caller if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "P1")]
    pub person: Option<PersonId>,
}

/// A link to sign in. It works once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignInLink {
    /// To be opened in a browser. Shown this once.
    #[schema(example = "http://127.0.0.1:4711/sign-in/weir_l_…")]
    pub url: String,
    /// It has ended at the instant it names.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// One run of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Its id.
    #[schema(value_type = String, example = "S1")]
    pub id: SessionId,
    /// What the agent is called.
    pub agent: String,
    /// The person who answers for it.
    pub person: Who,
    /// The session that spawned it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "S1")]
    pub parent: Option<SessionId>,
    /// The sessions it spawned.
    #[schema(value_type = Vec<String>, example = json!([]))]
    pub children: Vec<SessionId>,
    /// The layers of paths of its mandate: every one must allow a path.
    #[schema(value_type = Vec<Vec<String>>, example = json!([["src/**"]]))]
    pub paths: Vec<PathSet>,
    /// The largest push it may make, in bytes as git sends it.
    pub push_bytes_max: u64,
    /// The task it holds, if it holds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "T1")]
    pub task: Option<TaskId>,
    /// Whether it may act now.
    pub alive: bool,
    /// The instant it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Why it was ended, if somebody ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// A session to open. A person opens one of their own; a session opens a child that may do less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// What the agent is called.
    #[schema(example = "claude")]
    pub agent: String,
    /// What it may touch; everything that its opener may if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["src/**"]))]
    pub paths: Option<PathSet>,
    /// How long it lives; the space's own length if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "8h")]
    pub length: Option<Lease>,
}

/// A session that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenedSession {
    /// Its id.
    #[schema(value_type = String, example = "S1")]
    pub session: SessionId,
    /// Its token. Shown this once.
    #[schema(example = "weir_s_…")]
    pub secret: String,
    /// The instant it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// The folder, where the server runs, in which it gets its worktrees. A client that writes only where it may needs
    /// leave for it.
    #[schema(value_type = String)]
    pub worktrees: PathBuf,
}

/// Why something ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Parting {
    /// In words; shown to whoever it hits.
    pub why: String,
}
