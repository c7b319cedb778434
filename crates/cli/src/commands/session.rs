//! `weir session`

use crate::client::Client;
use crate::error::CommandError;
use crate::here::Here;
use crate::page::Page;
use crate::render;
use crate::ui::Ui;
use clap::Subcommand;
use serde::Serialize;
use weir_model::{Lease, PathSet, SessionId};
use weir_server::wire::{Done, List, NewSession, OpenedSession, Parting, Session};

/// Open sessions for agents, list and end them
#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    Open(OpenArgs),
    /// List sessions
    List,
    /// End a session: its token stops working, and what it holds goes back
    End {
        /// The session
        session: SessionId,
        /// Why, in words; the agent is told
        #[arg(long, default_value = "ended by hand")]
        why: String,
    },
}

/// Open a session for an agent, and print how to attach it
///
/// The token is printed this once. A person opens a session of their own agent; a session opens a child, which may
/// do no more than itself.
#[derive(Debug, clap::Args)]
pub(crate) struct OpenArgs {
    /// What the agent is called
    #[arg(default_value = "agent")]
    agent: String,
    /// What it may touch; may be given several times [default: all that you may]
    #[arg(long = "paths", value_name = "PATTERN")]
    paths: Vec<String>,
    /// How long it lives [default: as long as the space says]
    #[arg(long, value_name = "DURATION")]
    length: Option<Lease>,
}

#[derive(Serialize)]
struct Opened {
    #[serde(flatten)]
    session: OpenedSession,
    url: String,
    mcp: String,
    attach: Vec<Attach>,
}

/// How one kind of client is attached.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Attach {
    pub(crate) client: &'static str,
    pub(crate) command: String,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: SessionCommand) -> Result<(), CommandError> {
    let weir = here.client()?;
    match command {
        SessionCommand::Open(args) => open(ui, &weir, args),
        SessionCommand::List => {
            let sessions: List<Session> = weir.get("/v1/sessions")?;
            ui.answer(&sessions, |sessions, page| {
                render::sessions(page, &sessions.items, "no sessions");
                render::rest(page, sessions);
            })
        }
        SessionCommand::End { session, why } => {
            let path = format!("/v1/sessions/{session}/end");
            let done: Done = weir.post(&path, &Parting { why })?;
            ui.answer(&done, |_, page| page.line(format!("Ended {session}.")))
        }
    }
}

fn open(ui: &mut Ui, weir: &Client, args: OpenArgs) -> Result<(), CommandError> {
    let paths = match args.paths.as_slice() {
        [] => None,
        _ => Some(PathSet::new(args.paths)?),
    };
    let ask = NewSession { agent: args.agent, paths, length: args.length };
    let session: OpenedSession = weir.post("/v1/sessions", &ask)?;
    let url = weir.url().to_owned();
    let attach = attach(&url, &session.secret);
    let opened = Opened { session, mcp: format!("{url}/mcp"), url, attach };
    ui.answer(&opened, show)?;
    ui.status(format_args!("The token is shown this once."));
    ui.status(format_args!(
        "It gets its worktrees in {}: a client that writes only where it may (Codex, opencode) needs leave for that, and \
         for the network of `git push`. How, is in docs/agents.md.",
        crate::words::line(&opened.session.worktrees.display().to_string())
    ));
    Ok(())
}

fn show(opened: &Opened, page: &mut Page) {
    let Opened { session, mcp, attach, .. } = opened;
    page.pairs([
        ("session", session.session.to_string()),
        ("token", session.secret.clone()),
        ("ends", page.ago(session.expires_at)),
        ("mcp", mcp.clone()),
    ]);
    for Attach { client, command } in attach {
        page.heading(*client);
        page.block(command);
    }
}

/// How to attach the usual clients to the server at `url` with a session's token.
pub(crate) fn attach(url: &str, token: &str) -> Vec<Attach> {
    vec![
        Attach {
            client: "Claude Code",
            command: format!(
                "claude mcp add --transport http weir {url}/mcp --header \"Authorization: Bearer {token}\""
            ),
        },
        Attach {
            client: "Codex",
            command: format!(
                "export WEIR_TOKEN={token}\n\
                 codex mcp add weir --url {url}/mcp --bearer-token-env-var WEIR_TOKEN"
            ),
        },
        Attach {
            client: "Any client that starts a command and speaks MCP on stdin and stdout",
            command: format!("WEIR_URL={url} WEIR_TOKEN={token} weir mcp"),
        },
        Attach {
            client: "A shell",
            command: format!("export WEIR_URL={url} WEIR_TOKEN={token}\nweir task next"),
        },
    ]
}
