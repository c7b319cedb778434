//! How each real client is configured, started and driven: from its command line, or over the Agent Client Protocol.

mod acp;
mod claude;
mod codex;
mod gemini;
mod opencode;
mod process;

use crate::model::Model;
use crate::{Place, Programs};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

pub use acp::Question;

/// The clients, at the versions in `xtask/clients/package.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Gemini CLI.
    Gemini,
    /// OpenCode.
    OpenCode,
}

/// How a client is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// From its command line, with nobody to ask.
    Headless,
    /// From an editor, over the Agent Client Protocol.
    Acp,
}

/// What the person in the editor answers when the client asks for leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// Yes, this once.
    Allows,
    /// No.
    Rejects,
}

/// An MCP server that the client is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolServerAt {
    /// What the client calls it.
    pub name: String,
    /// Its endpoint, streamable HTTP.
    pub url: String,
    /// The bearer token that it wants.
    pub token: Option<String>,
}

impl ToolServerAt {
    /// The headers that a request to it bears.
    fn headers(&self) -> Vec<(&'static str, String)> {
        self.token.iter().map(|token| ("Authorization", format!("Bearer {token}"))).collect()
    }

    /// The same, as most clients write them in their settings.
    fn header_object(&self) -> serde_json::Value {
        let pairs = self.headers().into_iter();
        serde_json::Value::Object(pairs.map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// One run of a client.
#[derive(Debug)]
pub struct Run<'r> {
    /// Which.
    pub client: Client,
    /// How.
    pub mode: Mode,
    /// Where the programs are.
    pub programs: &'r Programs,
    /// Its home and its work tree.
    pub place: &'r Place,
    /// Its model.
    pub model: &'r Model,
    /// Its tool servers.
    pub tool_servers: &'r [ToolServerAt],
    /// Added to its environment, over what is there.
    pub environment: Vec<(String, OsString)>,
    /// Added to its command line when it is driven headless.
    pub arguments: Vec<String>,
    /// Whether a sandbox of the client's own stays on, where it has one. It may keep an agent from committing.
    pub is_confined: bool,
    /// Who answers in the editor.
    pub person: Person,
    /// After this long it is killed.
    pub patience: Duration,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code, headless; whether the prompt was answered (0) or not (1), over the protocol. None if it was
    /// killed.
    pub code: Option<i32>,
    /// What it printed on stdout; over the protocol, its messages.
    pub out: String,
    /// What it printed on stderr.
    pub err: String,
    /// What it asked the person in the editor.
    pub questions: Vec<Question>,
}

/// A program to be started.
#[derive(Debug)]
struct Start {
    program: PathBuf,
    arguments: Vec<String>,
}

/// What a client needs beyond what all have.
trait Driver {
    /// Writes its configuration below home: the model, the tool servers, no updates, no telemetry.
    fn configure(&self, run: &Run<'_>) -> io::Result<()>;
    /// Variables of its own.
    fn environment(&self, run: &Run<'_>) -> Vec<(&'static str, OsString)>;
    /// Its command line for one prompt.
    fn headless(&self, run: &Run<'_>, prompt: &str) -> Start;
    /// The program that speaks the Agent Client Protocol for it.
    fn acp(&self, run: &Run<'_>) -> Start;
    /// The mode that its session must be set to, so that it asks for leave.
    fn acp_mode(&self) -> Option<&'static str> {
        None
    }
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Claude, Self::Codex, Self::Gemini, Self::OpenCode];

    /// What `weir attach` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::OpenCode => "opencode",
        }
    }

    /// The name that its makers use.
    pub fn title(self) -> &'static str {
        match self {
            Self::Claude => "Claude Code",
            Self::Codex => "Codex",
            Self::Gemini => "Gemini CLI",
            Self::OpenCode => "opencode",
        }
    }

    /// The package that it is installed from.
    pub fn package(self) -> &'static str {
        match self {
            Self::Claude => "@anthropic-ai/claude-code",
            Self::Codex => "@openai/codex",
            Self::Gemini => "@google/gemini-cli",
            Self::OpenCode => "opencode-linux-x64",
        }
    }

    /// Its program, as whoever attaches it needs to know. Those that are scripts find Node on the path of a run.
    pub fn program(self, programs: &Programs) -> PathBuf {
        match self {
            Self::Claude => programs.of("@anthropic-ai/claude-code-linux-x64", "claude"),
            Self::Codex => programs.of("@openai/codex", "bin/codex.js"),
            Self::Gemini => programs.of("@google/gemini-cli", "bundle/gemini.js"),
            Self::OpenCode => programs.of("opencode-linux-x64", "bin/opencode"),
        }
    }

    /// Whether it lets sub-agents run when it is driven so. Gemini CLI asks for leave in the editor, but refuses a
    /// sub-agent without asking.
    pub fn delegates(self, mode: Mode) -> bool {
        (self, mode) != (Self::Gemini, Mode::Acp)
    }

    fn driver(self) -> &'static dyn Driver {
        match self {
            Self::Claude => &claude::Claude,
            Self::Codex => &codex::Codex,
            Self::Gemini => &gemini::Gemini,
            Self::OpenCode => &opencode::OpenCode,
        }
    }
}

impl Mode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Headless, Self::Acp];

    /// What it is called in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Headless => "headless",
            Self::Acp => "ACP",
        }
    }
}

impl Run<'_> {
    /// Writes the configuration of the client. What attaches it to something comes after this.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn configure(&self) -> io::Result<()> {
        self.client.driver().configure(self)
    }

    /// Gives the client a prompt and waits until it is done.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn prompt(&self, prompt: &str) -> io::Result<Ended> {
        let driver = self.client.driver();
        match self.mode {
            Mode::Headless => {
                let mut start = driver.headless(self, prompt);
                start.arguments.extend(self.arguments.iter().cloned());
                process::to_its_end(self, &start)
            }
            Mode::Acp => acp::prompt(self, &driver.acp(self), driver.acp_mode(), prompt),
        }
    }

    /// The whole environment of the client.
    pub fn whole_environment(&self) -> Vec<(String, OsString)> {
        let mut variables = self.place.environment();
        let own = self.client.driver().environment(self);
        variables.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
        variables.extend(self.environment.iter().cloned());
        // Node first, for the clients that are scripts look for it on the path.
        let node = self.programs.node();
        if let (Some(folder), Some((_, path))) =
            (node.parent(), variables.iter_mut().rev().find(|(name, _)| name == "PATH"))
        {
            let mut with_node = folder.as_os_str().to_owned();
            with_node.push(":");
            with_node.push(&path);
            *path = with_node;
        }
        variables
    }
}
