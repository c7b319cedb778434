//! Wiring: the files that make a client ask Weir, how to take them back, and how to see that they still stand.
//!
//! [`files`] names what has to be read, [`attach`] says what to write and what to keep, [`detach`] undoes it from
//! what was kept, [`drift`] compares. All of it is text in, text out. The caller reads and writes, follows
//! symbolic links first (and names what they lead to), writes each file in one step, and keeps [`Kept`] where only
//! the user can read it: it holds the files as they were before, with whatever secrets they had.
//!
//! Nothing that is written holds a secret. Clients name the token by its environment variable.

mod block;
mod claude;
mod codex;
mod gemini;
mod jsonc;
mod kept;
mod opencode;
mod others;
mod plan;

pub use kept::{Attached, Detached, Drift, FileEdit, Kept, attach, detach, drift};

use crate::dialect::moment;
use plan::Put;
use serde::{Deserialize, Serialize};
use weir_model::Refusal;
use weir_model::act::{Client, Moment};

/// How long a client waits for a hook, in seconds. The hook program's own deadline must be shorter: it denies when
/// that ends, while most clients let the tool run when theirs does.
pub const HOOK_TIMEOUT_S: u32 = 30;

/// How long Codex lets a hook on the end of a session take; it cuts whatever else is asked for.
const CODEX_SESSION_END_S: u32 = 3;

/// Where a client is wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// In one worktree.
    Worktree,
    /// For one user, wherever they work.
    User,
    /// For everybody on this machine, in files that only root can write. An agent cannot take it back.
    Managed,
}

impl Scope {
    /// The name that commands use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Worktree => "worktree",
            Self::User => "user",
            Self::Managed => "managed",
        }
    }
}

/// What a client is wired with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wiring {
    /// The program `weir`, absolute.
    pub program: String,
    /// The address of Weir's MCP endpoint.
    pub mcp: String,
    /// The environment variable that holds the token, such as `WEIR_TOKEN`.
    pub token_env: String,
    /// Where.
    pub scope: Scope,
    /// The user's home folder, absolute.
    pub home: String,
    /// The worktree, absolute; empty for the other scopes.
    pub worktree: String,
}

/// A file as it is: where, and what it holds; `None` when it does not exist.
pub type Existing = (String, Option<Vec<u8>>);

/// The scopes that a client can be wired in; the first is the one to take unless told otherwise.
pub fn scopes(client: Client) -> &'static [Scope] {
    match client {
        Client::Claude | Client::Gemini | Client::Cursor => {
            &[Scope::Worktree, Scope::User, Scope::Managed]
        }
        // Codex and Copilot read a folder's hooks only when the user trusts it, and say nothing when they do not.
        Client::Codex | Client::Copilot => &[Scope::User, Scope::Managed],
        Client::Antigravity | Client::OpenCode => &[Scope::Worktree, Scope::User],
    }
}

/// The files to read before [`attach`].
pub fn files(client: Client, wiring: &Wiring) -> Result<Vec<String>, Refusal> {
    let mut files: Vec<String> = Vec::new();
    for put in puts(client, wiring, &[])? {
        if !files.contains(&put.file) {
            files.push(put.file);
        }
    }
    Ok(files)
}

/// What is put into which file.
fn puts(client: Client, wiring: &Wiring, existing: &[Existing]) -> Result<Vec<Put>, Refusal> {
    checked(client, wiring)?;
    match client {
        Client::Claude => Ok(claude::puts(wiring)),
        Client::Codex => codex::puts(wiring, existing),
        Client::Gemini => Ok(gemini::puts(wiring)),
        Client::Antigravity => Ok(others::antigravity(wiring)),
        Client::Cursor => Ok(others::cursor(wiring)),
        Client::Copilot => Ok(others::copilot(wiring)),
        Client::OpenCode => Ok(opencode::puts(wiring)),
    }
}

fn checked(client: Client, wiring: &Wiring) -> Result<(), Refusal> {
    let known = scopes(client);
    if !known.contains(&wiring.scope) {
        let names: Vec<&str> = known.iter().map(|scope| scope.name()).collect();
        let (title, scope) = (client.title(), wiring.scope.name());
        let sentence = format!("{title} cannot be attached in the scope `{scope}`");
        let hint = format!("it can be in `{}`", names.join("`, `"));
        return Err(Refusal::new("attach.scope", sentence).hint(hint));
    }
    let mut paths = vec![("the program", &wiring.program), ("the home folder", &wiring.home)];
    if wiring.scope == Scope::Worktree {
        paths.push(("the worktree", &wiring.worktree));
    }
    for (what, path) in paths {
        if !path.starts_with('/') || path.chars().any(char::is_control) {
            let sentence = format!("{what}, `{}`, is not an absolute path", path.escape_debug());
            return Err(Refusal::new("attach.path", sentence));
        }
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if wiring.token_env.is_empty() || !wiring.token_env.chars().all(plain) {
        let shown = wiring.token_env.escape_debug();
        return Err(Refusal::new(
            "attach.variable",
            format!("`{shown}` names no environment variable"),
        ));
    }
    let is_address = wiring.mcp.starts_with("http://") || wiring.mcp.starts_with("https://");
    if !is_address || wiring.mcp.chars().any(|c| c.is_control() || c.is_whitespace() || c == '"') {
        let shown = wiring.mcp.escape_debug();
        return Err(Refusal::new("attach.address", format!("`{shown}` is not an address of HTTP")));
    }
    Ok(())
}

impl Wiring {
    /// The command line of a hook, for a shell.
    fn command(&self, client: Client, event: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+');
        let program = if self.program.chars().all(plain) {
            self.program.clone()
        } else {
            quoted(&self.program)
        };
        format!("{program} hook {client} {event}")
    }

    /// The same for clients that let a tool run when its hook crashes or is missing: a shell that outlives the
    /// program blocks then, by status 2 and a word on standard error.
    fn closed_command(&self, client: Client, event: &str) -> String {
        let command = self.command(client, event);
        if !moment(client, event).is_some_and(Moment::is_decided) {
            return command;
        }
        let otherwise =
            "{ c=$?; [ $c -eq 2 ] || echo \"the hook program of Weir failed ($c)\" >&2; exit 2; }";
        format!("sh -c {}", quoted(&format!("{command} || {otherwise}")))
    }

    /// `path` in the home folder.
    fn at_home(&self, path: &str) -> String {
        format!("{}/{path}", self.home.trim_end_matches('/'))
    }

    /// `path` in the worktree, or in the home folder where that is the scope.
    fn nearest(&self, in_worktree: &str, at_home: &str, managed: &str) -> String {
        match self.scope {
            Scope::Worktree => format!("{}/{in_worktree}", self.worktree.trim_end_matches('/')),
            Scope::User => self.at_home(at_home),
            Scope::Managed => managed.to_owned(),
        }
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
