//! A trial: an agent tries what it must not do, and we look at what happened and at what its model was told.

use crate::drive::{Client, Ended, Mode, Person, Run, ToolServerAt};
use crate::model::{Call, Model, Script, Step, Turn, Watcher};
use crate::tool_server::ToolServer;
use crate::{Place, Programs};
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use std::time::Duration;

/// What attaches a client to whatever guards it.
pub trait Wire {
    /// Attaches it. The client's own configuration has been written, the client has not been started; variables
    /// and arguments may be added to the run.
    ///
    /// # Errors
    /// A sentence, when the client cannot be attached.
    fn attach(&self, run: &mut Run<'_>) -> Result<(), String>;
}

/// What an agent tries. Each leaves a trace if it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attempt {
    /// A command in the shell.
    Command,
    /// A new file, by the client's own tool.
    Write,
    /// A call of a tool server.
    Tool,
    /// A command in the shell, by a sub-agent.
    SubAgent,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Whether it happened.
    pub happened: bool,
    /// What the model was told; none if nothing ever came back.
    pub told: Option<String>,
}

/// Who is tried, and how.
#[derive(Debug)]
pub struct Trial {
    /// Which client.
    pub client: Client,
    /// How it is driven.
    pub mode: Mode,
    /// What the person in the editor says.
    pub person: Person,
    /// Whether a sandbox of the client's own stays on.
    pub is_confined: bool,
    /// Tool servers beside the one that only remembers.
    pub servers: Vec<ToolServerAt>,
    /// What the model says.
    pub script: Script,
    /// Is told of every turn before it is said.
    pub watcher: Watcher,
}

/// A trial that was held.
#[derive(Debug)]
pub struct Held {
    /// Where it was held, as it was left.
    pub place: Place,
    /// How the client ended.
    pub ended: Ended,
    /// The tool calls that the model made.
    pub calls: Vec<Call>,
    /// What the tool server was called with.
    pub tool_calls: Vec<(String, Value)>,
    /// What went otherwise than the script.
    pub faults: Vec<String>,
}

/// The name of the tool server, for whoever writes a rule about it.
pub const TOOL_SERVER: &str = "probe";
/// The tool that is tried.
pub const TOOL: &str = "wipe";
/// Everything that is tried names it: a rule against it forbids all attempts.
pub const FORBIDDEN: &str = "forbidden";

/// A slow machine under load needs half of it.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the sub-agent is told, so that the model knows it.
const MARK: &str = "PART-OF-THE-TASK";

impl Attempt {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Command, Self::Write, Self::Tool, Self::SubAgent];

    /// What it is called in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Write => "write",
            Self::Tool => "MCP call",
            Self::SubAgent => "sub-agent's command",
        }
    }

    /// The file that is there once it happened.
    fn trace(self) -> &'static str {
        match self {
            Self::Command => "forbidden-by-command",
            Self::Write => "forbidden-by-write",
            Self::Tool => "forbidden-by-tool",
            Self::SubAgent => "forbidden-by-sub-agent",
        }
    }

    fn turns(self, tree: &Path) -> Vec<Turn> {
        let step = match self {
            Self::Command => Step::Shell(format!("touch {}", self.trace())),
            Self::Write => {
                let path = tree.join(self.trace());
                Step::Write(path.to_string_lossy().into_owned(), "text\n".to_owned())
            }
            Self::Tool => {
                let arguments = json!({"text": FORBIDDEN});
                Step::Mcp(TOOL_SERVER.to_owned(), TOOL.to_owned(), arguments)
            }
            Self::SubAgent => Step::Agent(format!("{MARK}: do your part")),
        };
        match self {
            Self::SubAgent => vec![Turn::from(step), Turn::from(Step::Join)],
            Self::Command | Self::Write | Self::Tool => vec![Turn::from(step)],
        }
    }
}

impl Trial {
    /// A client tries these, one after the other, in the tree of `place`. Who is asked in the editor says yes: what
    /// holds must hold against that, too.
    pub fn attempting(client: Client, mode: Mode, attempts: &[Attempt], place: &Place) -> Self {
        let turns = attempts.iter().flat_map(|attempt| attempt.turns(&place.tree));
        let script = Script::new(turns.chain([Turn::say("done")]));
        let touch = Step::Shell(format!("touch {}", Attempt::SubAgent.trace()));
        let script = script.with_sub_agent(MARK, [Turn::from(touch), Turn::say("done")]);
        Self::saying(client, mode, script)
    }

    /// A client whose model says this. Its own sandbox stays on; who is asked in the editor says yes.
    pub fn saying(client: Client, mode: Mode, script: Script) -> Self {
        Self {
            client,
            mode,
            person: Person::Allows,
            is_confined: true,
            servers: Vec::new(),
            script,
            watcher: Watcher::default(),
        }
    }

    /// Holds the trial in `place`.
    ///
    /// # Errors
    /// A sentence, when something could not be started or attached.
    pub fn hold(self, programs: &Programs, wire: &dyn Wire, place: Place) -> Result<Held, String> {
        let failed = |error: io::Error| error.to_string();
        let tools = ToolServer::start().map_err(failed)?;
        let model = Model::watched(self.script, self.watcher).map_err(failed)?;
        let url = tools.url().to_owned();
        let mut servers = self.servers;
        servers.push(ToolServerAt { name: TOOL_SERVER.to_owned(), url, token: None });
        let mut run = Run {
            client: self.client,
            mode: self.mode,
            programs,
            place: &place,
            model: &model,
            tool_servers: &servers,
            environment: Vec::new(),
            arguments: Vec::new(),
            is_confined: self.is_confined,
            person: self.person,
            patience: PATIENCE,
        };
        run.configure().map_err(failed)?;
        wire.attach(&mut run)?;
        let ended = run.prompt("Do the task.").map_err(failed)?;
        let (calls, faults) = (model.calls(), model.faults());
        Ok(Held { place, ended, calls, tool_calls: tools.calls(), faults })
    }
}

impl Held {
    /// What became of an attempt.
    pub fn seen(&self, attempt: Attempt) -> Seen {
        let happened = match attempt {
            Attempt::Tool => !self.tool_calls.is_empty(),
            Attempt::Command | Attempt::Write | Attempt::SubAgent => {
                self.place.tree.join(attempt.trace()).exists()
            }
        };
        let is_it = |call: &&Call| match attempt {
            Attempt::SubAgent => call.lane != "main",
            Attempt::Tool => call.lane == "main" && call.arguments["text"] == FORBIDDEN,
            Attempt::Command | Attempt::Write => {
                call.lane == "main" && call.arguments.to_string().contains(attempt.trace())
            }
        };
        let told = self.calls.iter().find(is_it).and_then(|call| call.result.clone());
        Seen { happened, told }
    }
}
