//! `.weir/tools.toml`: which tool servers there are, how they are reached, and what of them an agent may use.
//!
//! The engine reads it from the trunk, where people approved it, never from what an agent can write. What is not
//! listed is denied: a server without `tools` offers none.

mod read;
mod template;

pub use template::Template;

use globset::GlobSet;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Every tool server there is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Registry {
    /// In the order of the file.
    pub servers: Vec<Server>,
}

impl Registry {
    /// The server of this name.
    pub fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }
}

/// One tool server, and its mandate.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// 1 to 20 of `a`-`z`, `0`-`9`, `-`: the first part of its tools' names.
    pub name: String,
    /// How it is reached.
    pub start: Start,
    /// Which revisions of the protocol may be spoken with it, the newest first.
    pub speaks: Vec<Speaks>,
    /// Which of its tools may be used.
    pub tools: Allowed,
    /// Which of its prompts may be used.
    pub prompts: Allowed,
    /// Which of its resources may be read, by their URI.
    pub resources: Allowed,
    /// How long one request may take, the start of the server included.
    pub time_limit: Duration,
    /// The largest message it may send, in bytes.
    pub output_limit: usize,
    /// Who approves a description that nobody has approved yet.
    pub pinning: Pinning,
    /// Whether sessions share it.
    pub sharing: Sharing,
    /// Whether the agent sees its tools under their own names; only where it is the one server.
    pub plain_names: bool,
    /// Whether its questions to the person (`input_required`) are passed on to the client.
    pub may_ask: bool,
}

/// How a tool server is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// A child process that speaks on its standard input and output.
    Stdio {
        /// The program: a bare name, or an absolute path.
        program: String,
        /// Its arguments.
        args: Vec<String>,
        /// Its environment, beyond what every program needs to find itself.
        env: BTreeMap<String, Template>,
        /// Where it starts.
        dir: Dir,
    },
    /// Streamable HTTP.
    Http {
        /// `https`, or `http` on the loopback.
        url: String,
        /// What is sent with every request.
        headers: BTreeMap<String, Template>,
    },
}

/// Where a tool server's process starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dir {
    /// In an empty folder of its own, which goes when it ends.
    Own,
    /// In the worktree of the agent that calls, where the caller has one.
    Worktree,
    /// In this folder.
    At(PathBuf),
}

/// A revision of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaks {
    /// `2025-06-18`: greets with `initialize`, keeps sessions.
    June2025,
    /// `2025-11-25`: the same.
    November2025,
    /// `2026-07-28`: every request stands alone.
    July2026,
}

impl Speaks {
    /// All, the newest first.
    pub const ALL: [Self; 3] = [Self::July2026, Self::November2025, Self::June2025];

    /// As it is written on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::June2025 => "2025-06-18",
            Self::November2025 => "2025-11-25",
            Self::July2026 => "2026-07-28",
        }
    }

    /// The revision of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|speaks| speaks.as_str() == name)
    }

    /// Whether it greets and keeps sessions.
    pub fn is_legacy(self) -> bool {
        self < Self::July2026
    }
}

/// Who approves a description on first sight. A changed one always waits for a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pinning {
    /// The registry did, by naming the server: the first description is taken as it comes.
    #[default]
    First,
    /// A person does; until then the tool is neither shown nor callable.
    Person,
}

/// Whether sessions share a server's process or connection, and with it whatever it remembers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sharing {
    /// Each session has its own, which ends with it.
    #[default]
    Session,
    /// One for all: for servers that remember nothing.
    All,
}

/// What is allowed, as globs over names.
#[derive(Debug, Clone)]
pub struct Allowed {
    patterns: Vec<String>,
    set: GlobSet,
}

impl Allowed {
    /// Whether `name` is allowed.
    pub fn allows(&self, name: &str) -> bool {
        self.set.is_match(name)
    }

    /// The globs, as they are written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

impl PartialEq for Allowed {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}
