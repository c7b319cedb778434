//! `weir submit`

use crate::client::Client;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::here::Here;
use crate::render;
use crate::tree::Tree;
use crate::ui::{Form, Ui};
use std::process::{Output, Stdio};
use weir_courier::SessionFile;
use weir_model::{ChangeId, Refusal, TaskId};
use weir_server::wire::{Change, ChangeState, Space, Task};

/// Bring the commit you stand on: push it for review, test and landing
///
/// The same as `git push weir HEAD:refs/for/<trunk>` with the token of your session, but that no program is run which
/// the tree's own configuration names (hooks, filters, monitors): an agent may have written it. What the server says
/// about the push is git's own output. With `--wait`, a change that comes back is printed with what to repair, and the
/// exit code is 6.
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
    let tree = Tree::at(&here.dir)?;
    refuse_uncommitted(&tree)?;
    let space: Space = weir.get("/v1/space")?;
    let head = said(&tree, ["rev-parse", "--verify", "HEAD^{commit}"])?;
    push(ui, &tree, &weir, &space)?;
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
fn refuse_uncommitted(tree: &Tree) -> Result<(), CommandError> {
    let status = ["status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty"];
    let lines = said(tree, status)?;
    let Some(first) = lines.lines().next() else { return Ok(()) };
    let sentence = match lines.lines().count() {
        1 => format!("`{}` is not committed", first.get(3..).unwrap_or(first)),
        more => format!("{more} files are not committed"),
    };
    Err(Refusal::new("worktree.dirty", sentence)
        .hint("commit them, or put them aside with `git stash -u`")
        .into())
}

/// Pushes. Git's words go to the terminal as they come; for programs they become the parts of the refusal.
fn push(ui: &mut Ui, tree: &Tree, weir: &Client, space: &Space) -> Result<(), CommandError> {
    let key = format!("http.{}.extraHeader", space.git);
    let bearer = weir.token().map(|token| format!("Authorization: Bearer {token}"));
    // The empty value takes back what a worktree's own configuration says, or the header would be sent twice.
    let header = bearer.as_deref().map(|bearer| [(key.as_str(), ""), (key.as_str(), bearer)]);
    let mut git = tree.git(header.as_ref().map_or(&[], |header| &header[..]));
    git.args(["push", "--porcelain", &space.git]);
    git.arg(format!("HEAD:refs/for/{}", space.trunk));
    if ui.form() == Form::People {
        git.stderr(Stdio::inherit());
    }
    let output = git.output().map_err(CommandError::doing("run git"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Said::read(&output).refusal().into())
}

/// What git told about a push that failed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    code: Option<String>,
    sentence: Option<String>,
    hint: Option<String>,
}

impl Said {
    /// Git prints the code as the reason of the rejected ref, and the server's lines after `remote: `.
    fn read(output: &Output) -> Self {
        let (report, words) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let rejected = report.lines().find(|line| line.contains("[remote rejected]"));
        let code = rejected.and_then(|line| line.rsplit_once('(')?.1.strip_suffix(')'));
        let mut said = Self { code: code.map(str::to_owned), ..Self::default() };
        for line in words.lines() {
            let remote = line.strip_prefix("remote: ").map(str::trim);
            match (remote, line.strip_prefix("fatal: ")) {
                (Some(text), _) => match text.strip_prefix("hint: ") {
                    Some(hint) => said.hint = Some(hint.to_owned()),
                    None => said.sentence = said.sentence.or(Some(text.to_owned())),
                },
                (None, Some(fatal)) => said.sentence = said.sentence.or(Some(fatal.to_owned())),
                (None, None) => {}
            }
        }
        said
    }

    fn refusal(self) -> Refusal {
        Refusal {
            code: self.code.map_or("push.failed".into(), Into::into),
            // On a terminal the server's words stand above, as git printed them.
            sentence: self.sentence.unwrap_or_else(|| "the push was not taken in".to_owned()),
            hint: self.hint,
        }
    }
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

/// What git printed, as text.
fn said<const N: usize>(tree: &Tree, args: [&str; N]) -> Result<String, CommandError> {
    let output = tree.git(&[]).args(args).output().map_err(CommandError::doing("run git"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().strip_prefix("fatal: ").unwrap_or(said.trim()).to_owned();
    Err(Refusal::new("repo.unreadable", format!("git says: {said}")).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    fn said(stdout: &str, stderr: &str) -> Said {
        let status = ExitStatus::from_raw(256);
        Said::read(&Output { status, stdout: stdout.into(), stderr: stderr.into() })
    }

    #[test]
    fn the_refusal_is_read_back_from_what_git_prints() {
        let stdout = "To http://127.0.0.1:7747/git\n\
            !\tHEAD:refs/for/main\t[remote rejected] (push.outside_mandate)\nDone\n";
        let stderr = "remote: `check.sh` is outside of `docs/**`        \n\
            remote: hint: leave it out\nerror: failed to push some refs to 'http://…'\n";
        let expected = Said {
            code: Some("push.outside_mandate".into()),
            sentence: Some("`check.sh` is outside of `docs/**`".into()),
            hint: Some("leave it out".into()),
        };
        assert_eq!(said(stdout, stderr), expected);
        let nobody = said("", "fatal: unable to access 'http://…': refused\n").refusal();
        assert_eq!(nobody.code, "push.failed");
        assert_eq!(nobody.sentence, "unable to access 'http://…': refused");
    }
}
