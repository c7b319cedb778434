//! What came of it, held against what was true.

use crate::branches::{Plan, Truth};
use crate::lay_out;
use crate::real::api::{Api, text};
use crate::real::place::{Place, git};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;
use weir_model::Timestamp;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    landed: usize,
    /// Sent back, and rightly so.
    rightly: usize,
    /// Sent back for nothing, in words.
    wrongly: Vec<String>,
    /// Should have been sent back, and was not.
    missed: usize,
    /// Should have been sent back.
    culprits: usize,
    /// Commits of the trunk, its first parents.
    commits: usize,
    /// Of those, which fail when they are tested again.
    red: Vec<String>,
    /// Landings whose tree is not the one that was tested.
    apart: Vec<String>,
    candidates: usize,
    checks: usize,
    /// From the push to the landing, sorted.
    waits: Vec<Duration>,
}

/// Looks at everything.
pub(crate) fn judge(
    place: &Place,
    owner: &Api,
    plan: &Plan,
    changes: &[String],
    base: &str,
) -> Judged {
    let mut judged = Judged::default();
    let states: Vec<Value> =
        changes.iter().map(|change| owner.must(&format!("/v1/changes/{change}"))).collect();
    blame(plan, &states, &mut judged);
    let log = owner.log();
    landings(place, &log, &mut judged);
    waits(&log, &mut judged);
    test_again(place, base, &mut judged);
    judged
}

fn blame(plan: &Plan, states: &[Value], judged: &mut Judged) {
    let is = |at: usize, state: &str| states[at]["state"] == state;
    let mut excused = BTreeSet::new();
    for (at, branch) in plan.branches.iter().enumerate() {
        match branch.truth {
            Truth::Good => {}
            Truth::Broken => {
                judged.culprits += 1;
                excused.insert(at);
                judged.missed += usize::from(is(at, "landed"));
            }
            Truth::Clashes(other) | Truth::Breaks(other) => {
                judged.culprits += 1;
                // Whichever came second.
                if is(other, "landed") {
                    excused.insert(at);
                } else if is(at, "landed") {
                    excused.insert(other);
                }
                judged.missed += usize::from(is(at, "landed") && is(other, "landed"));
            }
        }
    }
    for (at, (branch, state)) in plan.branches.iter().zip(states).enumerate() {
        match state["state"].as_str() {
            Some("landed") => judged.landed += 1,
            Some("returned") if excused.contains(&at) => judged.rightly += 1,
            found => {
                let (code, truth) = (&state["repair"]["code"], branch.truth);
                judged.wrongly.push(format!("branch {at}, {truth:?}: {found:?} with {code}"));
            }
        }
    }
}

fn of<'l>(log: &'l [Value], kind: &'l str) -> impl Iterator<Item = &'l Value> {
    log.iter().filter(move |entry| entry["kind"] == kind).map(|entry| &entry["event"])
}

/// Each landing against git: the tree that landed is the tree whose checks passed.
fn landings(place: &Place, log: &[Value], judged: &mut Judged) {
    let trunk = place.home().join("trunk.git");
    let built: BTreeMap<String, String> = of(log, "candidate.built.v1")
        .map(|event| (text(event, "candidate"), text(event, "tree")))
        .collect();
    let passed: BTreeSet<String> = of(log, "check.finished.v1")
        .filter(|event| event["verdict"] == "passed")
        .map(|event| text(event, "candidate"))
        .collect();
    judged.candidates = built.len();
    judged.checks = of(log, "check.finished.v1").count();
    for event in of(log, "landing.started.v1") {
        let candidate = text(event, "candidate");
        let tree = git(&trunk, &["rev-parse", &format!("{}^{{tree}}", text(event, "to"))]);
        if built.get(&candidate) != Some(&tree) || !passed.contains(&candidate) {
            judged.apart.push(format!("{} of {candidate}", text(event, "landing")));
        }
    }
}

fn waits(log: &[Value], judged: &mut Judged) {
    let mut queued: BTreeMap<String, Timestamp> = BTreeMap::new();
    for entry in log {
        let at = || serde_json::from_value::<Timestamp>(entry["at"].clone()).expect("a time");
        let revision = || text(&entry["event"], "revision");
        match entry["kind"].as_str() {
            Some("revision.submitted.v1") => drop(queued.insert(revision(), at())),
            Some("change.landed.v1") => {
                judged.waits.extend(queued.get(&revision()).map(|since| at().since(*since)));
            }
            _ => {}
        }
    }
    judged.waits.sort_unstable();
}

/// Every commit of the trunk, once more, with nothing that fails by chance.
fn test_again(place: &Place, base: &str, judged: &mut Judged) {
    let trunk = place.home().join("trunk.git");
    let range = format!("{base}..refs/heads/main");
    let commits = git(&trunk, &["rev-list", "--first-parent", "--reverse", &range]);
    for commit in commits.lines() {
        judged.commits += 1;
        let tree = lay_out(place, commit);
        let mut check = Command::new("sh");
        check.arg("check.sh").current_dir(tree).env_remove("WEIR_CHECK");
        let done = check.output().expect("a shell");
        if !done.status.success() {
            judged.red.push(format!("{commit}: {}", String::from_utf8_lossy(&done.stdout)));
        }
    }
}

impl Judged {
    pub(crate) fn is_clean(&self) -> bool {
        self.red.is_empty() && self.apart.is_empty() && self.missed == 0
    }

    pub(crate) fn table(&self, took: Duration) -> String {
        let at = |percent: usize| {
            let last = self.waits.len().saturating_sub(1);
            let wait = self.waits.get(last * percent / 100).copied().unwrap_or_default();
            format!("{:.1}", wait.as_secs_f64())
        };
        let part = |some: usize, all: usize| {
            if all == 0 { "-".to_owned() } else { format!("{:.3}", some as f64 / all as f64) }
        };
        let returned = self.rightly + self.wrongly.len();
        let mut told = String::from(
            "| landed | an hour | wait s p50 / p95 / p99 | candidates a landed change | checks run | trunk commits | red when tested again | trees apart | sent back | precision | recall |\n\
             |---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        );
        told += &format!(
            "| {} | {:.0} | {} / {} / {} | {} | {} | {} | {} | {} | {returned} | {} | {} |\n",
            self.landed,
            self.landed as f64 * 3600.0 / took.as_secs_f64().max(0.001),
            at(50),
            at(95),
            at(99),
            part(self.candidates, self.landed),
            self.checks,
            self.commits,
            self.red.len(),
            self.apart.len(),
            part(self.rightly, returned),
            part(self.culprits - self.missed.min(self.culprits), self.culprits),
        );
        for line in self.wrongly.iter().chain(&self.red).chain(&self.apart) {
            told += &format!("- {line}\n");
        }
        told
    }
}
