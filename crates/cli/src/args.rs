//! The command line: what can be typed. Each command's own words stand beside the command.

use crate::commands::{
    audit, change, completions, init, log, mcp, person, session, show, sign_in, sign_in_link,
    status, submit, task, token, tour, up,
};
use clap::{Parser, Subcommand};

/// The coordination layer between coding agents, the people who answer for them, and a git repository
///
/// Data goes to stdout and words for people to stderr. Every command takes `--json`; an error is then one JSON
/// document on stderr, `{"code","sentence","hint"}`. Every id that is printed can be passed to `weir show`.
///
/// Weir is found and signed in to by the first of: `--server NAME`, a server stored by `weir sign-in`; the
/// variables `WEIR_URL` and `WEIR_TOKEN`; the session file of a worktree that Weir made for an agent; the server
/// that `weir up` started for this repository; the only stored server.
#[derive(Debug, Parser)]
#[command(name = "weir", version, after_long_help = crate::exit::table(), max_term_width = 100)]
#[command(propagate_version = true, disable_help_subcommand = false)]
pub(crate) struct Args {
    /// Print JSON: one document, or one line an item for what never ends
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Leave out the words for people
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Ask this server, by the name that `weir sign-in` stored it under
    #[arg(long, global = true, value_name = "NAME", env = "WEIR_SERVER")]
    pub(crate) server: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Up(up::UpArgs),
    /// Stop the server that `weir up` started for this repository
    Down,
    Init(init::InitArgs),
    Status(status::StatusArgs),
    Log(log::LogArgs),
    Show(show::ShowArgs),
    #[command(subcommand)]
    Task(task::TaskCommand),
    #[command(subcommand)]
    Session(session::SessionCommand),
    Submit(submit::SubmitArgs),
    #[command(subcommand)]
    Change(change::ChangeCommand),
    #[command(subcommand)]
    Person(person::PersonCommand),
    #[command(subcommand)]
    Token(token::TokenCommand),
    SignInLink(sign_in_link::SignInLinkArgs),
    SignIn(sign_in::SignInArgs),
    SignOut(sign_in::SignOutArgs),
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Speak MCP on stdin and stdout, for clients that cannot speak it over HTTP
    ///
    /// Each line of stdin is a JSON-RPC message, sent to the server with the token of this session; what comes
    /// back is written to stdout, one message a line. `weir session open` prints how to attach a client.
    Mcp(mcp::McpArgs),
    Tour(tour::TourArgs),
    Completions(completions::CompletionsArgs),
    /// What the exit codes mean
    #[command(hide = true, after_help = crate::exit::table())]
    ExitCodes,
}
