//! Acts: what an agent is about to do, in one form for every client, and the answer it gets.
//!
//! A client's hook or the tool gateway says an [`Act`] in the client's own words. Analysis turns it into
//! [`Effect`]s, which are what policies see, and a [`Ruling`] answers it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::Refusal;

/// A coding agent that Weir knows how to attach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Client {
    /// Claude Code.
    Claude,
    /// Codex CLI.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// Antigravity CLI, the `agy` program.
    Antigravity,
    /// Cursor.
    Cursor,
    /// GitHub Copilot CLI.
    Copilot,
    /// opencode.
    OpenCode,
}

impl Client {
    /// All of them, in the order people read them.
    pub const ALL: [Self; 7] = [
        Self::Claude,
        Self::Codex,
        Self::Gemini,
        Self::Antigravity,
        Self::Cursor,
        Self::Copilot,
        Self::OpenCode,
    ];

    /// The name that commands and the API use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Antigravity => "antigravity",
            Self::Cursor => "cursor",
            Self::Copilot => "copilot",
            Self::OpenCode => "opencode",
        }
    }

    /// The name that its makers use.
    pub fn title(self) -> &'static str {
        match self {
            Self::Claude => "Claude Code",
            Self::Codex => "Codex",
            Self::Gemini => "Gemini CLI",
            Self::Antigravity => "Antigravity",
            Self::Cursor => "Cursor",
            Self::Copilot => "GitHub Copilot CLI",
            Self::OpenCode => "opencode",
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Client {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|client| client.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join("`, `");
            let sentence = format!("no client is called `{}`", text.escape_debug());
            Refusal::new("client.unknown", sentence).hint(format!("there are `{known}`"))
        })
    }
}

/// When in a session the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// A tool is about to be called: what Weir says decides.
    BeforeTool,
    /// The client is about to ask its user for permission: what Weir says decides.
    Permission,
    /// A person's prompt is about to reach the model.
    Prompt,
    /// A tool was called and came to an end.
    AfterTool,
    /// A tool was called and failed.
    ToolFailed,
    /// The client's session began.
    SessionStart,
    /// The client's session ended.
    SessionEnd,
    /// A sub-agent began.
    SubagentStart,
    /// A sub-agent ended.
    SubagentEnd,
    /// The agent believes that it is done.
    Stop,
    /// The client's own settings are about to change.
    Configure,
    /// Anything else that a client tells: recorded, never decided on.
    Other,
}

impl Moment {
    /// Whether the client waits for a yes or a no.
    pub fn is_decided(self) -> bool {
        match self {
            Self::BeforeTool | Self::Permission | Self::Prompt | Self::Configure => true,
            Self::AfterTool
            | Self::ToolFailed
            | Self::SessionStart
            | Self::SessionEnd
            | Self::SubagentStart
            | Self::SubagentEnd
            | Self::Stop
            | Self::Other => false,
        }
    }
}

/// What an agent is about to do, or did, as its client tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Which client tells it; none for a call that came to the tool gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
    /// When.
    pub moment: Moment,
    /// What the client calls its session.
    pub conversation: String,
    /// The sub-agent that acts, when it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent: Option<Subagent>,
    /// What the client calls this call of a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The folder it is done in, as the client tells it; empty when it does not.
    pub cwd: String,
    /// The client's own mode of permission, such as `bypassPermissions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// What is done.
    pub tool: Tool,
}

/// Who acts below the client's main agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subagent {
    /// What the client calls it.
    pub id: String,
    /// Its kind, such as `Explore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A tool and what it is called with, in one form for every client. Paths are as the client wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tool", rename_all = "snake_case")]
pub enum Tool {
    /// A command line for a shell.
    Shell {
        /// The text that the shell gets.
        command: String,
    },
    /// A look at files: reading, listing, searching.
    Read {
        /// Files or folders.
        paths: Vec<String>,
    },
    /// A change of files by the client's own tools.
    Write {
        /// What happens to which file.
        files: Vec<FileChange>,
    },
    /// The web: a page or a search.
    Web {
        /// The address, when there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// What is searched for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        query: Option<String>,
    },
    /// A tool of a tool server.
    Mcp {
        /// The server's name.
        server: String,
        /// The tool's name at that server.
        name: String,
        /// Its arguments, JSON.
        arguments: String,
    },
    /// A sub-agent is started.
    Subagent {
        /// Its kind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        /// What it is told.
        prompt: String,
    },
    /// A person's prompt.
    Prompt {
        /// Its text.
        text: String,
    },
    /// A tool of the client that touches nothing outside the conversation (a list of things to do, a plan).
    Inward {
        /// Its name.
        name: String,
    },
    /// A tool that Weir does not know.
    Unknown {
        /// Its name.
        name: String,
        /// Its arguments, JSON.
        arguments: String,
    },
    /// No tool: a moment that stands for itself.
    None,
}

/// What a tool server offers under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offer {
    /// Called with arguments.
    Tool,
    /// A text for the model, with arguments.
    Prompt,
}

impl Offer {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
        }
    }
}

/// Why a tool or prompt is kept from agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quarantine {
    /// It does not describe itself as was approved.
    Changed,
    /// Nobody has approved a description yet.
    Unapproved,
    /// Its description holds characters that people do not see.
    Hidden,
    /// Its server lists two of that name.
    Twice,
}

impl Quarantine {
    /// Whether a person's yes ends it. What people cannot see, or tell apart, they cannot approve.
    pub fn can_be_approved(self) -> bool {
        match self {
            Self::Changed | Self::Unapproved => true,
            Self::Hidden | Self::Twice => false,
        }
    }
}

impl fmt::Display for Quarantine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changed => "its description has changed since it was approved",
            Self::Unapproved => "nobody has approved its description yet",
            Self::Hidden => "its description holds characters that people do not see",
            Self::Twice => "its server lists two of that name",
        })
    }
}

/// A change of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// The file, as the client wrote it.
    pub path: String,
    /// What happens to it.
    pub how: WriteHow,
    /// What a person is shown of it: the new text, or the edit, as far as the client tells.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub preview: String,
}

/// What happens to a path that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteHow {
    /// It is made, replaced or edited.
    Change,
    /// It is removed.
    Delete,
    /// Its permissions, owner or times change.
    Attributes,
    /// It becomes a link to somewhere else.
    Link,
}

/// How much of the tree a path stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// This file or folder itself.
    One,
    /// Several, by a pattern: the path is the folder that holds them.
    Many,
    /// Everything below.
    Tree,
}

/// What an act comes to: the words that policies judge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Reads a path.
    Reads {
        /// Absolute, without `.` and `..`, symbolic links followed.
        path: String,
        /// How much of it.
        extent: Extent,
    },
    /// Writes a path.
    Writes {
        /// Absolute, without `.` and `..`, symbolic links followed.
        path: String,
        /// What happens to it.
        how: WriteHow,
        /// How much of it.
        extent: Extent,
    },
    /// Runs a program whose own effects are known or harmless, or are listed beside it.
    Runs {
        /// Its name without folders, or its path when it is not a system program.
        program: String,
        /// What kind of run that is.
        kind: RunKind,
    },
    /// Sends to, or fetches from, a host.
    Sends {
        /// The host in lower case, without port; `*` when it cannot be told.
        host: String,
        /// Whether data of ours goes out with it (an upload, a body), more than the request itself.
        carries: bool,
    },
    /// Does something with git beyond what its reads and writes of files say.
    Git {
        /// What.
        operation: GitOperation,
    },
    /// Installs packages, from a registry or a folder.
    Installs {
        /// The program that does it, such as `npm`.
        manager: String,
        /// The packages that are named; none means those of a manifest or a lock file.
        packages: Vec<String>,
        /// Whether exactly a lock file is installed.
        locked: bool,
    },
    /// Calls a tool of a tool server.
    Calls {
        /// The server.
        server: String,
        /// The tool.
        name: String,
    },
    /// Starts a sub-agent.
    Spawns {
        /// Its kind; empty when it has none.
        kind: String,
    },
    /// Says something to the model, as a person.
    Prompts,
    /// Changes what holds this machine or other processes: services, users, mounts, killing, rights of root.
    Controls {
        /// What, such as `kill` or `sudo`.
        what: String,
    },
    /// Cannot be understood, and is never guessed to be safe.
    Opaque {
        /// What, and why, in a few words.
        why: String,
    },
}

/// What kind of program is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// A tool whose effects are known and are listed beside this one.
    Known,
    /// Code of the work tree: its builds, tests, scripts.
    Project,
    /// A program that is not known, or code given on the command line.
    Foreign,
}

/// What is done with a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "git", rename_all = "snake_case")]
pub enum GitOperation {
    /// Looks.
    Look,
    /// Commits, stages, stashes, merges, switches: what can be undone from the repository alone.
    Record,
    /// Throws uncommitted work away: `reset --hard`, `clean`, `checkout -- .`.
    Discard,
    /// Rewrites commits of a local branch: `rebase`, `commit --amend`, `filter-branch`.
    Rewrite,
    /// Drops refs or what only a reflog holds: `branch -D`, `tag -d`, `update-ref -d`, `reflog expire`, `gc --prune`.
    Drop,
    /// Fetches.
    Fetch {
        /// From where: a remote's name or an address.
        remote: String,
    },
    /// Pushes.
    Push {
        /// To where: a remote's name or an address; empty when it is left to configuration.
        remote: String,
        /// The refs that are written over there; none when it is left to configuration.
        refs: Vec<String>,
        /// Whether history over there may be rewritten.
        force: bool,
        /// Whether a ref over there is deleted.
        delete: bool,
    },
    /// Goes around hooks: `--no-verify`, `core.hooksPath`.
    SkipHooks,
    /// Changes configuration, remotes or what else runs code later.
    Configure {
        /// The key or the name.
        key: String,
    },
}

/// What a session carries on from what it met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taint {
    /// It read what anybody may have written: a page of the web, the answer of a tool server.
    Untrusted,
    /// It read what must not leave: a secret, private data.
    Secrets,
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Untrusted => "untrusted",
            Self::Secrets => "secrets",
        })
    }
}

/// What an act gets. Ordered: of several, the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It may happen.
    Allow,
    /// A person must say so first.
    Ask,
    /// It may not happen.
    Deny,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        })
    }
}

/// Why an act got its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The policy's name, such as `default.outside_worktree`, or the rule's when none of a policy's.
    pub policy: String,
    /// What that policy answers.
    pub answer: Answer,
    /// What is so: no capital, no full stop.
    pub sentence: String,
    /// The next thing to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The effect it is about, as a place in the act's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<usize>,
}

/// An answer and its grounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// What holds.
    pub answer: Answer,
    /// What decided it, strongest first; every reason has the answer above.
    pub reasons: Vec<Reason>,
    /// What policies in shadow mode would have said, were it more than the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadow: Vec<Reason>,
}

impl Ruling {
    /// Allowed, for reasons that nobody needs to be told.
    pub fn allow() -> Self {
        Self { answer: Answer::Allow, reasons: Vec::new(), shadow: Vec::new() }
    }

    /// One answer for one reason.
    pub fn because(reason: Reason) -> Self {
        Self { answer: reason.answer, reasons: vec![reason], shadow: Vec::new() }
    }

    /// Of two rulings, the stricter; of two alike, the reasons of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.shadow.extend(other.shadow);
        match self.answer.cmp(&other.answer) {
            std::cmp::Ordering::Less => {
                self.answer = other.answer;
                self.reasons = other.reasons;
            }
            std::cmp::Ordering::Equal => self.reasons.extend(other.reasons),
            std::cmp::Ordering::Greater => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruling(answer: Answer, policy: &str) -> Ruling {
        let (policy, sentence) = (policy.to_owned(), String::new());
        Ruling::because(Reason { policy, answer, sentence, hint: None, effect: None })
    }

    #[test]
    fn every_client_reads_back_and_no_other_name_does() {
        for client in Client::ALL {
            assert_eq!(client.name().parse::<Client>().expect("its name"), client);
        }
        for text in ["", "Claude", "claude ", "cline"] {
            assert_eq!(text.parse::<Client>().expect_err(text).code, "client.unknown");
        }
    }

    #[test]
    fn the_stricter_ruling_holds_whichever_comes_first() {
        use Answer::{Allow, Ask, Deny};
        for (a, b, holds) in [(Allow, Ask, Ask), (Ask, Deny, Deny), (Allow, Deny, Deny)] {
            assert_eq!(ruling(a, "a").and(ruling(b, "b")).answer, holds);
            assert_eq!(ruling(b, "b").and(ruling(a, "a")).answer, holds);
            assert_eq!(ruling(a, "a").and(ruling(b, "b")).reasons.len(), 1);
        }
        assert_eq!(ruling(Deny, "a").and(ruling(Deny, "b")).reasons.len(), 2);
    }
}
