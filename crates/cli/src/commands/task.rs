//! `weir task`

use crate::client::Client;
use crate::error::CommandError;
use crate::here::Here;
use crate::page::Page;
use crate::render;
use crate::ui::{Form, Ui};
use clap::Subcommand;
use std::io::Read as _;
use weir_model::{Lease, PathSet, TaskId};
use weir_server::wire::{Ask, Claim, Done, List, NewTask, Task};

/// Cut tasks, list them, claim them and give them back
#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    Create(CreateArgs),
    List(ListArgs),
    Next(NextArgs),
    Claim(ClaimArgs),
    /// Give a task back that you hold
    ///
    /// Whoever is next can claim it; what you pushed for it stays where it is.
    Release(OneArgs),
    /// Say that a task is not wanted any more
    Withdraw(OneArgs),
    /// Show a task
    Show(OneArgs),
}

/// Cut a task
#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// What to do, in one line
    title: String,
    /// What it may touch, as patterns from the root of the repository; may be given several times
    #[arg(long = "paths", value_name = "PATTERN", required = true)]
    paths: Vec<String>,
    /// What to do, at length; `-` reads it from stdin
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// A task that must be done first; may be given several times
    #[arg(long, value_name = "TASK")]
    after: Vec<TaskId>,
    /// An idempotency key: asking again under the same one answers with the task that is there
    #[arg(long)]
    key: Option<String>,
}

/// List tasks
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Only those in this state
    #[arg(long, value_parser = ["ready", "blocked", "claimed", "submitted", "done", "withdrawn"])]
    state: Option<String>,
}

/// Claim the next task that is ready
///
/// Which one that is, the server decides.
#[derive(Debug, clap::Args)]
pub(crate) struct NextArgs {
    #[command(flatten)]
    ask: AskArgs,
}

/// Claim a task, or renew a claim you already hold
///
/// Claiming again renews under the same fencing token, so it is safe to repeat after a lost reply. When a person
/// claims, a session is opened for the agent, and its token is printed this once.
#[derive(Debug, clap::Args)]
pub(crate) struct ClaimArgs {
    /// The task to claim
    task: TaskId,
    /// Build upon the change of the task that it waits for, which is with the gate: the two land together, or that one
    /// first; if that one goes back, so does this one
    #[arg(long)]
    stacked: bool,
    #[command(flatten)]
    ask: AskArgs,
}

/// How to claim.
#[derive(Debug, clap::Args)]
struct AskArgs {
    /// What the agent is called, when a person claims
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// How long to hold it without renewing [default: the lease of the space]
    #[arg(long, value_name = "DURATION")]
    lease: Option<Lease>,
}

/// One task.
#[derive(Debug, clap::Args)]
pub(crate) struct OneArgs {
    /// The task
    task: TaskId,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: TaskCommand) -> Result<(), CommandError> {
    let weir = here.client()?;
    match command {
        TaskCommand::Create(args) => create(ui, &weir, args),
        TaskCommand::List(args) => list(ui, &weir, args),
        TaskCommand::Next(args) => claim(ui, &weir, "next", args.ask, false),
        TaskCommand::Claim(args) => {
            claim(ui, &weir, &args.task.to_string(), args.ask, args.stacked)
        }
        TaskCommand::Release(OneArgs { task }) => {
            let done: Done =
                weir.post(&format!("/v1/tasks/{task}/release"), &serde_json::json!({}))?;
            ui.answer(&done, |_, page| page.line(format!("Released {task}.")))
        }
        TaskCommand::Withdraw(OneArgs { task }) => {
            let done: Done =
                weir.post(&format!("/v1/tasks/{task}/withdraw"), &serde_json::json!({}))?;
            ui.answer(&done, |_, page| page.line(format!("Withdrew {task}.")))
        }
        TaskCommand::Show(OneArgs { task }) => {
            let task: Task = weir.get(&format!("/v1/tasks/{task}"))?;
            ui.answer(&task, |task, page| render::task(page, task))
        }
    }
}

fn create(ui: &mut Ui, weir: &Client, args: CreateArgs) -> Result<(), CommandError> {
    let task = NewTask {
        title: args.title,
        text: text(args.text)?,
        paths: PathSet::new(args.paths)?,
        after: args.after,
        key: args.key,
    };
    let task: Task = weir.post("/v1/tasks", &task)?;
    ui.answer(&task, |task, page| render::task(page, task))?;
    ui.status(format_args!("An agent takes it with `weir task claim {}`.", task.id));
    Ok(())
}

fn text(given: Option<String>) -> Result<String, CommandError> {
    match given {
        Some(dash) if dash == "-" => {
            let mut text = String::new();
            let doing = || CommandError::doing("read the text from stdin");
            std::io::stdin().read_to_string(&mut text).map_err(doing())?;
            Ok(text)
        }
        Some(text) => Ok(text),
        None => Ok(String::new()),
    }
}

fn list(ui: &mut Ui, weir: &Client, args: ListArgs) -> Result<(), CommandError> {
    let query = args.state.map(|state| format!("?state={state}")).unwrap_or_default();
    let tasks: List<Task> = weir.get(&format!("/v1/tasks{query}"))?;
    ui.answer(&tasks, |tasks, page| {
        render::tasks(page, &tasks.items, "no tasks: cut one with `weir task create`");
        render::rest(page, tasks);
    })
}

fn claim(
    ui: &mut Ui,
    weir: &Client,
    task: &str,
    ask: AskArgs,
    stacked: bool,
) -> Result<(), CommandError> {
    let ask = Ask { agent: ask.agent, lease: ask.lease, stacked };
    let claim: Claim = weir.post(&format!("/v1/tasks/{task}/claim"), &ask)?;
    ui.answer(&claim, granted)?;
    if claim.secret.is_some() && ui.form() == Form::People {
        ui.status(format_args!("The token is shown this once; a worktree keeps it by itself."));
    }
    Ok(())
}

fn granted(claim: &Claim, page: &mut Page) {
    page.heading(format!("{}  {}", claim.task, claim.title));
    let worktree = claim.worktree.as_ref().map(|path| path.display().to_string());
    page.pairs([
        ("session", claim.session.to_string()),
        ("held under", format!("{}, ends {}", claim.token, page.ago(claim.expires_at))),
        ("may touch", render::paths(&claim.paths)),
        ("worktree", worktree.unwrap_or_default()),
        ("branch", claim.branch.clone()),
        ("token", claim.secret.clone().unwrap_or_default()),
        ("submit with", claim.submit.clone()),
    ]);
    if !claim.text.trim().is_empty() {
        page.line("");
        page.block(&claim.text);
    }
}
