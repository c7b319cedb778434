//! The command line: what can be typed. Each command's own words stand beside the command.

use crate::commands::{
    agents, approval, attach, audit, change, completions, doctor, guard, hook, init, log, mcp,
    person, queue, runner, session, show, sign_in, sign_in_link, status, submit, task, token, tool,
    tour, up, view,
};
use clap::{Parser, Subcommand};

const GLOBAL: &str = "Options of every command";

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
pub(crate) struct Args {
    /// Print JSON: one document, or one line an item for what never ends
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,
    /// Leave out the words for people
    #[arg(long, short, global = true, help_heading = GLOBAL)]
    pub(crate) quiet: bool,
    /// Ask this server, by the name that `weir sign-in` stored it under
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "NAME", env = "WEIR_SERVER", hide_env_values = true)]
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
    Attach(attach::AttachArgs),
    Detach(attach::DetachArgs),
    Doctor(doctor::DoctorArgs),
    #[command(hide = true)]
    Hook(hook::HookArgs),
    #[command(subcommand)]
    View(view::ViewCommand),
    #[command(subcommand)]
    Guard(guard::GuardCommand),
    #[command(subcommand)]
    Approval(approval::ApprovalCommand),
    #[command(subcommand)]
    Tool(tool::ToolCommand),
    /// Show what every agent is doing, what it was refused, who is held
    Agents,
    Pause(agents::PauseArgs),
    Resume(agents::ResumeArgs),
    Submit(submit::SubmitArgs),
    Queue(queue::QueueArgs),
    #[command(subcommand)]
    Runner(runner::RunnerCommand),
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn what_can_be_read_and_what_not() {
        let fine = [
            "up",
            "up --accept-loss E120",
            "up --listen 127.0.0.1:0 --trunk main --store postgres://x --detach",
            "down --json",
            "init --print --quiet",
            "--server team status --watch",
            "log -f --about T1 -n 5",
            "show sha256:0",
            "task create Title --paths src/** --paths docs/ --after T1 --text - --key k",
            "task list --state ready",
            "task next --agent ada --lease 30m",
            "task claim T1",
            "task release T1",
            "task withdraw T1",
            "session open claude --paths src/** --length 2h",
            "session end S1 --why done",
            "submit --wait --task T1",
            "queue",
            "queue explain C1",
            "queue trace",
            "queue simulate",
            "queue simulate --from f --workers 8 --arrivals x10 --policy ours,bors --flakes 5%",
            "queue freeze --why release",
            "queue thaw",
            "queue class C1 express -m outage",
            "runner start",
            "runner start --places 4 --environment ci-7 --name a --token-file t --folder f --lease 30s",
            "runner token build-1 --lease 30d",
            "runner list --json",
            "change approve C1.2",
            "change reject C1.2 -m no",
            "person add ann --role auditor",
            "person role P1 owner",
            "token issue laptop --right read --right task --lease 90d",
            "token revoke K1",
            "sign-in https://weir.example --token x --name team",
            "sign-out team",
            "sign-in-link --person P2",
            "audit export -",
            "audit verify file --key k",
            "audit verify",
            "audit checkpoint",
            "audit proof E17",
            "audit proof --since file",
            "mcp",
            "tour --folder x --keep-running",
            "completions zsh",
        ];
        for line in fine {
            let words = std::iter::once("weir").chain(line.split(' '));
            if let Err(error) = Args::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
        let not = [
            ("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
            ("task", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
            ("tusk", ErrorKind::InvalidSubcommand),
            ("task claim C1", ErrorKind::ValueValidation),
            ("up --accept-loss 120", ErrorKind::ValueValidation),
            ("up --accept-loss E1 --store postgres://x", ErrorKind::ArgumentConflict),
            ("task claim T01", ErrorKind::ValueValidation),
            ("task create Title", ErrorKind::MissingRequiredArgument),
            ("task next --lease soon", ErrorKind::ValueValidation),
            ("task list --state lost", ErrorKind::InvalidValue),
            ("change approve C1", ErrorKind::ValueValidation),
            ("change reject C1.1", ErrorKind::MissingRequiredArgument),
            ("person add ann --role king", ErrorKind::ValueValidation),
            ("token issue x --right fly", ErrorKind::ValueValidation),
            ("audit verify file", ErrorKind::MissingRequiredArgument),
            ("audit proof", ErrorKind::MissingRequiredArgument),
            ("audit proof T1", ErrorKind::ValueValidation),
            ("runner", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
            ("runner start --places 0", ErrorKind::ValueValidation),
            ("runner start --lease 1s", ErrorKind::ValueValidation),
            ("queue simulate --policy best", ErrorKind::ValueValidation),
            ("queue simulate --arrivals often", ErrorKind::ValueValidation),
            ("up --listen nowhere", ErrorKind::ValueValidation),
            ("up --colour", ErrorKind::UnknownArgument),
        ];
        for (line, kind) in not {
            let words =
                std::iter::once("weir").chain(line.split(' ').filter(|word| !word.is_empty()));
            let error = Args::try_parse_from(words).expect_err(line);
            assert_eq!(error.kind(), kind, "{line}: {error}");
        }
    }
}
