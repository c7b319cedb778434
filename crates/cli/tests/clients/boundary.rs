//! What an agent does that no hook holds is held at the git boundary. The reason reaches its model, so that it can
//! mend its change and bring it.

use super::space::Space;
use super::{BOUNDARY, Shown, with_each};
use serde_json::json;
use std::time::{Duration, Instant};
use weir_clients::Programs;
use weir_clients::drive::{Client, Mode, Run};
use weir_clients::model::{Call, Script, Step, Turn};
use weir_clients::trial::{Trial, Wire};

/// Longer than any check here takes, on a machine under load.
const LANDING: Duration = Duration::from_secs(60);

/// Nothing attaches the client: it has the tools of Weir and the worktree of its claim, but no hook.
struct Unattached;

impl Wire for Unattached {
    fn attach(&self, _run: &mut Run<'_>) -> Result<(), String> {
        Ok(())
    }
}

#[test]
#[ignore = "needs the agent clients: cargo xtask test --clients"]
fn what_no_hook_holds_is_held_at_the_git_boundary() {
    with_each("boundary::what_no_hook_holds_is_held_at_the_git_boundary", bring_a_change);
}

/// Its adapter keeps a sandbox of its own, in which nothing can be committed.
fn commits(client: Client, mode: Mode) -> bool {
    (client, mode) != (Client::Codex, Mode::Acp)
}

/// An agent goes outside of its task, is refused, mends its change and brings it. What went otherwise.
fn bring_a_change(programs: &Programs, client: Client, mode: Mode) -> Shown {
    let mut faults = Vec::new();
    if !commits(client, mode) {
        return Shown::default();
    }
    let space = Space::of(client.name());
    let push = "git push weir HEAD:refs/for/main 2>&1";
    let outside = format!(
        "echo x > outside.md && git add --all && git commit --quiet -m 'Go outside' && {push}"
    );
    let mended = format!(
        "git reset --quiet --hard HEAD~1 && echo b > docs/b.md && git add --all && \
         git commit --quiet -m 'Write b' && {push}"
    );
    let turns = [
        Turn::from(Step::Mcp("weir".into(), "task_list".into(), json!({}))),
        Turn::from(Step::Shell(outside)),
        Turn::from(Step::Shell(mended)),
        Turn::say("done"),
    ];
    let mut trial = Trial::saying(client, mode, Script::new(turns));
    trial.is_confined = false;
    trial.servers = vec![space.weir.clone()];
    let held = trial.hold(programs, &Unattached, space.place()).expect("the client runs");

    faults.extend(held.faults.iter().cloned());
    let told = |index: usize| held.calls.get(index).map_or("", Call::told);
    if !told(0).contains("total") {
        faults.push(format!("task_list told it {:?}", told(0)));
    }
    if !["push.outside_mandate", "outside.md"].iter().all(|word| told(1).contains(word)) {
        faults.push(format!("the first push told it {:?}", told(1)));
    }
    let lands = has_landed(&space);
    if !lands {
        faults.push(format!("the second push told it {:?}, and nothing landed", told(2)));
    }
    let is_refused = space.has_recorded("push.refused.v1");
    if !is_refused {
        faults.push("the refused push is not recorded".to_owned());
    }
    if !faults.is_empty() {
        eprintln!("{held:#?}");
    }
    let cell = match (is_refused, lands) {
        (true, true) => "refused, on record; mended, it lands",
        (true, false) => "refused, on record",
        (false, _) => "**not refused**",
    };
    Shown { cells: vec![(BOUNDARY, cell.to_owned())], faults }
}

/// Whether the change lands.
fn has_landed(space: &Space) -> bool {
    let end = Instant::now() + LANDING;
    while Instant::now() < end {
        let done = space.repo.json(&["task", "list", "--state", "done"]);
        if done["items"].as_array().is_some_and(|items| !items.is_empty()) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    false
}
