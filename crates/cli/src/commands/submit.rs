//! `weir submit`

use crate::client::Client;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::here::{Here, SessionFile};
use crate::render;
use crate::ui::{Form, Ui};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use weir_model::{ChangeId, Refusal, TaskId};
use weir_server::wire::{Change, ChangeState, Space, Task};

/// Bring the commit you stand on: push it for review, test and landing
///
/// The same as `git push weir HEAD:refs/for/<trunk>` with the token of your session. What the server says about the
/// push is git's own output. With `--wait`, a change that comes back is printed with what to repair, and the exit
/// code is 6.
#[derive(Debug, clap::Args)]
pub(crate) struct SubmitArgs {
    /// Wait until the change has landed, or came back
    #[arg(long, short)]
    wait: bool,
    /// The task it is for [default: the one this worktree was made for]
    #[arg(long, value_name = "TASK")]
    task: Option<TaskId>,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: &SubmitArgs) -> Result<Exit, CommandError> {
    let repository = here.repository()?;
    let session = repository.session()?;
    let weir = here.client()?;
    refuse_uncommitted(&here.dir)?;
    let space: Space = weir.get("/v1/space")?;
    let head = git_line(&here.dir, ["rev-parse", "--verify", "HEAD^{commit}"])?;
    push(ui, here, &weir, &space)?;
    let task = args.task.or(session.as_ref().and_then(|SessionFile { task, .. }| *task));
    let change = find(&weir, task, &head)?;
    let change = if args.wait { wait(ui, &weir, change)? } else { change };
    ui.answer(&change, |change, page| render::change(page, change))?;
    Ok(match change.state {
        ChangeState::Returned | ChangeState::Abandoned => Exit::NotPassed,
        ChangeState::InReview
        | ChangeState::Queued
        | ChangeState::Testing
        | ChangeState::Landed => Exit::Ok,
    })
}

/// What is not committed is not brought, and whoever forgot to commit should hear it now.
fn refuse_uncommitted(dir: &Path) -> Result<(), CommandError> {
    let changed = git(dir, ["status", "--porcelain", "--untracked-files=normal"])?;
    let lines = String::from_utf8_lossy(&changed.stdout);
    let Some(first) = lines.lines().next() else { return Ok(()) };
    let sentence = match lines.lines().count() {
        1 => format!("`{}` is not committed", first.get(3..).unwrap_or(first)),
        more => format!("{more} files are not committed"),
    };
    Err(Refusal::new("worktree.dirty", sentence)
        .hint("commit them, or put them aside with `git stash -u`")
        .into())
}

/// Pushes, with the token in git's environment, where no process list shows it.
fn push(ui: &mut Ui, here: &Here, weir: &Client, space: &Space) -> Result<(), CommandError> {
    let mut git = Command::new("git");
    git.current_dir(&here.dir)
        .args(["push", &space.git, &format!("HEAD:refs/for/{}", space.trunk)])
        .env("GIT_TERMINAL_PROMPT", "0");
    if let Some(token) = weir.token() {
        let key = format!("http.{}.extraHeader", space.git);
        git.env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", key)
            .env("GIT_CONFIG_VALUE_0", format!("Authorization: Bearer {token}"));
    }
    let (status, said) = match ui.form() {
        Form::People => {
            git.stdout(Stdio::null());
            (git.status().map_err(CommandError::doing("run git"))?, String::new())
        }
        Form::Json => {
            let output = git.output().map_err(CommandError::doing("run git"))?;
            (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    if status.success() {
        return Ok(());
    }
    let sentence = match said.trim() {
        "" => "git could not push: what the server said stands above".to_owned(),
        said => format!("git could not push: {said}"),
    };
    Err(Refusal::new("push.refused", sentence)
        .hint("do what the refusal says, then submit again")
        .into())
}

/// The change that the push opened or added to.
fn find(weir: &Client, task: Option<TaskId>, commit: &str) -> Result<Change, CommandError> {
    if let Some(task) = task {
        let task: Task = weir.get(&format!("/v1/tasks/{task}"))?;
        if let Some(change) = task.change {
            return weir.get(&format!("/v1/changes/{change}"));
        }
    }
    let changes: weir_server::wire::List<Change> = weir.get("/v1/changes")?;
    let ours = |change: &Change| change.revisions.iter().any(|each| each.commit == commit);
    changes.items.into_iter().find(ours).ok_or_else(|| {
        let sentence = format!("no change holds the commit `{}`", render::short(commit));
        Refusal::new("change.unknown", sentence).hint("look at `weir status`").into()
    })
}

/// Follows a change until nothing more happens by itself.
fn wait(ui: &mut Ui, weir: &Client, change: Change) -> Result<Change, CommandError> {
    let id: ChangeId = change.id;
    let mut change = change;
    while !change.state.is_settled() {
        // Listening before reading, so that nothing falls in between.
        let mut events = weir.events(None)?;
        loop {
            change = weir.get(&format!("/v1/changes/{id}"))?;
            if change.state.is_settled() {
                return Ok(change);
            }
            ui.progress(format_args!("{id} is {}", change.state.word().replace('_', " ")));
            match events.next() {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            }
        }
    }
    Ok(change)
}

fn git<const N: usize>(dir: &Path, args: [&str; N]) -> Result<Output, CommandError> {
    let args = args.map(OsStr::new);
    let output = Command::new("git")
        .current_dir(dir)
        .args(args)
        .output()
        .map_err(CommandError::doing("run git"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().strip_prefix("fatal: ").unwrap_or(said.trim()).to_owned();
    Err(Refusal::new("repo.unreadable", format!("git says: {said}")).into())
}

fn git_line<const N: usize>(dir: &Path, args: [&str; N]) -> Result<String, CommandError> {
    Ok(String::from_utf8_lossy(&git(dir, args)?.stdout).trim().to_owned())
}
