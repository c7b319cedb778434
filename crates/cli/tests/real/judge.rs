//! The judgement: is everything that was acknowledged there, once, and are the ledger and git of one mind?

use super::api::{Answer, Api, number, text};
use super::chance::Chance;
use super::load::{Acknowledged, Shared};
use super::place::{Place, git, try_git};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What is wrong, one sentence each.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Acknowledged, and not there.
    pub(crate) lost: Vec<String>,
    /// There more than once.
    pub(crate) doubled: Vec<String>,
    /// The ledger says one thing and git, or another part of it, says another.
    pub(crate) apart: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.apart.is_empty()
    }
}

/// What was found besides.
pub(crate) struct Judged {
    pub(crate) records: u64,
    pub(crate) landings: u64,
}

/// What the first answer of a restart must show: nothing that anybody saw before is gone.
pub(crate) fn judge_status(status: &Value, noted: &Acknowledged, verdict: &mut Verdict) {
    let position = number(&status["position"]);
    if position < noted.position {
        let sentence = format!("the log ended at E{position}, and E{} was shown", noted.position);
        verdict.lost.push(sentence);
    }
    let counts = status["counts"].as_object();
    let of = |start: &str| -> u64 {
        let counts = counts.into_iter().flatten();
        counts.filter(|(name, _)| name.starts_with(start)).filter_map(|(_, n)| n.as_u64()).sum()
    };
    let (landings, tasks) = (of("landings"), of("tasks_"));
    if landings < noted.landings {
        verdict.lost.push(format!("{landings} landings, and {} were shown", noted.landings));
    }
    let created: BTreeSet<_> = noted.created.iter().map(|created| &created.task).collect();
    if tasks < created.len() as u64 {
        verdict.lost.push(format!("{tasks} tasks, and {} were acknowledged", created.len()));
    }
}

/// One acknowledged push after a restart, looked up by the one who pushed it.
pub(crate) fn judge_sample(
    owner: &Api,
    shared: &Shared,
    chance: &mut Chance,
    verdict: &mut Verdict,
) {
    let sample = {
        let noted = shared.noted();
        let pushed = noted.pushed.len() as u64;
        // The latest are those that a crash could have taken.
        let back = chance.below(pushed.min(4)) + 1;
        let at = pushed.checked_sub(back).and_then(|at| usize::try_from(at).ok());
        at.and_then(|at| noted.pushed.get(at).cloned())
    };
    let Some(pushed) = sample else { return };
    // `refs/weir/changes/C1/1`
    let change = pushed.reference.split('/').nth(3).unwrap_or_default();
    if let Answer::Refused(code, _) = owner.get(&format!("/v1/changes/{change}")) {
        verdict.lost.push(format!("{pushed:?} was acknowledged, and asking for it gives {code}"));
    }
}

/// Everything, over the API of a server at rest.
pub(crate) fn judge(
    place: &Place,
    owner: &Api,
    noted: &Acknowledged,
    verdict: &mut Verdict,
) -> Judged {
    verdict.apart.extend(noted.odd.iter().cloned());
    let log = owner.log();
    gapless(&log, verdict);
    tasks(&log, noted, verdict);
    claims(&log, noted, verdict);
    let trunk = place.home().join("trunk.git");
    revisions(&log, &trunk, noted, verdict);
    let landings = landed(&log, &trunk, noted, verdict);
    proven(owner, log.len() as u64, verdict);
    Judged { records: log.len() as u64, landings }
}

fn of<'l>(log: &'l [Value], kind: &'l str) -> impl Iterator<Item = &'l Value> {
    log.iter().filter(move |entry| entry["kind"] == kind).map(|entry| &entry["event"])
}

fn gapless(log: &[Value], verdict: &mut Verdict) {
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for (entry, expected) in log.iter().zip(1..) {
        let position = number(&entry["position"]);
        if position != expected {
            verdict.lost.push(format!("where E{expected} belongs stands E{position}"));
        }
        let version = versions.entry(text(entry, "stream")).or_default();
        *version += 1;
        if entry["version"].as_u64() != Some(*version) {
            verdict.apart.push(format!("E{position} should be version {version} of its stream"));
        }
    }
}

fn tasks(log: &[Value], noted: &Acknowledged, verdict: &mut Verdict) {
    let (mut by_key, mut ids) = (BTreeMap::new(), BTreeSet::new());
    for event in of(log, "task.created.v1") {
        let (key, task) = (text(event, "key"), text(event, "task"));
        if !ids.insert(task.clone()) {
            verdict.doubled.push(format!("{task} was created twice"));
        }
        if let Some(other) = by_key.insert(key.clone(), task.clone()) {
            verdict.doubled.push(format!("key `{key}` made {other} and {task}"));
        }
    }
    for created in &noted.created {
        if by_key.get(&created.key) != Some(&created.task) {
            verdict.lost.push(format!("{created:?} was acknowledged"));
        }
    }
    let sessions: BTreeSet<_> =
        of(log, "session.opened.v1").map(|event| text(event, "session")).collect();
    for session in noted.sessions.iter().filter(|session| !sessions.contains(*session)) {
        verdict.lost.push(format!("session {session} was acknowledged"));
    }
}

fn claims(log: &[Value], noted: &Acknowledged, verdict: &mut Verdict) {
    let (mut granted, mut until, mut released) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut held: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut last = 0;
    for entry in log {
        let (event, at) = (&entry["event"], text(entry, "at"));
        let kind = entry["kind"].as_str().unwrap_or_default();
        let task = event["task"].as_str().unwrap_or_default().to_owned();
        match kind {
            "task.claimed.v1" | "claim.renewed.v1" => {
                let hold = &event["hold"];
                let (session, token) = (text(hold, "session"), number(&hold["token"]));
                let expires_at = text(hold, "expires_at");
                let owner = held.insert(task.clone(), (session.clone(), expires_at.clone()));
                // Times are all of one form and so in the order of their letters.
                let live = owner.filter(|(_, expires_at)| at < *expires_at);
                if let Some((other, _)) = live.filter(|(other, _)| *other != session) {
                    verdict.doubled.push(format!("{task} was held by {other} and {session}"));
                }
                if kind == "task.claimed.v1" {
                    if token <= last {
                        verdict.doubled.push(format!("token #{token} came after #{last}"));
                    }
                    last = token;
                }
                granted.insert((task.clone(), session.clone(), token));
                until.insert((task, session, token, expires_at));
            }
            "claim.released.v1" => {
                held.remove(&task);
                released.insert((task, text(event, "session")));
            }
            "task.submitted.v1" | "task.withdrawn.v1" | "task.returned.v1" => {
                held.remove(&task);
            }
            _ => {}
        }
    }
    for claim in &noted.claimed {
        let (task, session) = (claim.task.clone(), claim.session.clone());
        if !granted.contains(&(task.clone(), session.clone(), claim.token)) {
            verdict.lost.push(format!("{claim:?} was acknowledged"));
        } else if !until.contains(&(task, session, claim.token, claim.expires_at.clone())) {
            verdict.lost.push(format!("{claim:?} was acknowledged, and not for so long"));
        }
    }
    for claim in &noted.released {
        if !released.contains(&(claim.task.clone(), claim.session.clone())) {
            verdict.lost.push(format!("{claim:?} was given back"));
        }
    }
}

fn revisions(log: &[Value], trunk: &Path, noted: &Acknowledged, verdict: &mut Verdict) {
    let listed = git(trunk, &["for-each-ref", "--format=%(refname) %(objectname)", "refs/weir"]);
    let refs: BTreeMap<&str, &str> =
        listed.lines().filter_map(|line| line.split_once(' ')).collect();
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    let mut commits: BTreeMap<String, String> = BTreeMap::new();
    for event in of(log, "revision.submitted.v1") {
        let (revision, commit) = (text(event, "revision"), text(event, "commit"));
        let name = format!("refs/weir/changes/{}", revision.replace('.', "/"));
        if refs.get(name.as_str()) != Some(&commit.as_str()) {
            let found = refs.get(name.as_str());
            verdict.apart.push(format!("{revision} is {commit}, and `{name}` is {found:?}"));
        }
        if let Some(other) = commits.insert(commit.clone(), revision.clone()) {
            verdict.doubled.push(format!("{commit} is {other} and {revision}"));
        }
        if expected.insert(name, commit).is_some() {
            verdict.doubled.push(format!("{revision} was submitted twice"));
        }
    }
    for event in of(log, "candidate.built.v1") {
        let name = format!("refs/weir/candidates/{}", text(event, "candidate"));
        expected.insert(name, text(event, "commit"));
    }
    for (name, commit) in &refs {
        if expected.get(*name).map(String::as_str) != Some(commit) {
            verdict.apart.push(format!("`{name}` is {commit}, and the ledger knows nothing of it"));
        }
    }
    for pushed in &noted.pushed {
        let known = commits.get(&pushed.commit);
        let said = pushed.reference.trim_start_matches("refs/weir/changes/").replace('/', ".");
        match known {
            Some(revision) if *revision == said => {}
            Some(revision) => {
                verdict.apart.push(format!("{pushed:?} was acknowledged, and is {revision}"));
            }
            None => verdict.lost.push(format!("{pushed:?} was acknowledged")),
        }
    }
}

/// Landings against the trunk's own history; gives how many there were.
fn landed(log: &[Value], trunk: &Path, noted: &Acknowledged, verdict: &mut Verdict) -> u64 {
    let finished: BTreeSet<_> =
        of(log, "landing.finished.v1").map(|event| text(event, "landing")).collect();
    let lost: BTreeSet<_> =
        of(log, "landing.lost.v1").map(|event| text(event, "landing")).collect();
    let trees: BTreeMap<_, _> = of(log, "candidate.built.v1")
        .map(|event| (text(event, "candidate"), text(event, "tree")))
        .collect();
    let passed: BTreeSet<_> = of(log, "check.finished.v1")
        .filter(|event| event["verdict"] == "passed")
        .map(|event| text(event, "candidate"))
        .collect();

    // The trunk from its beginning: commit, tree, first parent.
    let history =
        git(trunk, &["log", "--first-parent", "--reverse", "--format=%H %T %P", "refs/heads/main"]);
    let mut history = history.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let start = history.next().and_then(|words| words.first().map(|id| (*id).to_owned()));
    let mut tip = start.unwrap_or_default();
    let (mut landings, mut brought) = (0, 0);
    for event in of(log, "landing.started.v1") {
        let (landing, candidate) = (text(event, "landing"), text(event, "candidate"));
        let (from, to, tree) = (text(event, "from"), text(event, "to"), text(event, "tree"));
        if lost.contains(&landing) {
            verdict.apart.push(format!("{landing} was lost, and nobody else moves this trunk"));
            continue;
        }
        if !finished.contains(&landing) {
            verdict.apart.push(format!("{landing} was started, and neither finished nor lost"));
        }
        if trees.get(&candidate) != Some(&tree) || !passed.contains(&candidate) {
            verdict.apart.push(format!("{landing} is not of what {candidate} was tested with"));
        }
        if from != tip {
            verdict
                .apart
                .push(format!("{landing} went on from {from}, and the trunk was at {tip}"));
        }
        let revisions = event["revisions"].as_array().into_iter().flatten();
        let revisions: Vec<_> = revisions.filter_map(|one| one.as_str()).collect();
        brought += revisions.len() as u64;
        match history.next().as_deref() {
            Some([commit, its_tree, parent, others @ ..])
                if *commit == to
                    && *its_tree == tree
                    && *parent == from
                    && others.len() == revisions.len() => {}
            other => verdict.apart.push(format!("{landing} is to {to}, the trunk has {other:?}")),
        }
        tip = to;
        landings += 1;
    }
    if let Some(more) = history.next() {
        verdict.apart.push(format!("the trunk has {more:?}, which no landing brought"));
    }
    if finished.len() as u64 != landings {
        verdict.apart.push(format!("{landings} landings began and {} ended", finished.len()));
    }

    let mut changes = BTreeSet::new();
    for event in of(log, "change.landed.v1") {
        let revision = text(event, "revision");
        let change = revision.split('.').next().unwrap_or_default().to_owned();
        if !changes.insert(change) {
            verdict.doubled.push(format!("the change of {revision} landed twice"));
        }
    }
    if changes.len() as u64 != brought {
        verdict
            .apart
            .push(format!("{brought} came with landings, {} changes landed", changes.len()));
    }

    let files = git(trunk, &["ls-tree", "-r", "refs/heads/main"]);
    let files: BTreeMap<&str, &str> = files
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(meta, path)| Some((path, meta.split(' ').nth(2)?)))
        .collect();
    for pushed in &noted.pushed {
        if files.get(pushed.file.as_str()) != Some(&pushed.blob.as_str()) {
            verdict.lost.push(format!("{pushed:?} was acknowledged, and is not on the trunk"));
        }
    }
    landings
}

/// As an auditor would see it: the export and the public key, and nothing else.
fn proven(owner: &Api, records: u64, verdict: &mut Verdict) {
    let key = String::from_utf8(owner.bytes("/v1/audit/key")).expect("a key is text");
    let key = key.trim().parse().expect("a key");
    let export = owner.bytes("/v1/audit/export");
    match weir_ledger::verify(export.as_slice(), &key) {
        Ok(verified) if verified.checkpoint.size >= records => {}
        Ok(verified) => {
            let size = verified.checkpoint.size;
            verdict.lost.push(format!("{records} records are served and {size} exported"));
        }
        Err(error) => verdict.apart.push(format!("the export does not verify: {error}")),
    }
}

/// What must not change beside Weir: the user's branches, index and files.
pub(crate) fn bystander(place: &Place) -> String {
    let refs = place.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
    let own = refs.lines().filter(|line| !line.starts_with("refs/weir/keep/"));
    let own: Vec<_> = own.collect();
    let status = place.git(&["status", "--porcelain=v2", "--branch"]);
    let head = place.git(&["rev-parse", "HEAD"]);
    format!("{}\n{status}\n{head}", own.join("\n"))
}

/// What can be judged when no server runs.
pub(crate) fn judge_at_rest(place: &Place, before: &str, verdict: &mut Verdict) {
    let trunk = place.home().join("trunk.git");
    let checked = try_git(&trunk, &["fsck", "--connectivity-only", "--no-dangling"]);
    if !checked.status.success() {
        let said = String::from_utf8_lossy(&checked.stderr);
        verdict.apart.push(format!("git finds fault with the trunk: {said}"));
    }
    let locks = leftover_locks(&trunk);
    if !locks.is_empty() {
        verdict.apart.push(format!("locks that nobody holds: {locks:?}"));
    }
    if bystander(place) != before {
        verdict.apart.push("the user's own repository was touched".to_owned());
    }
    let incoming = place.home().join("incoming");
    let quarantines = std::fs::read_dir(incoming).into_iter().flatten().count();
    if quarantines > 0 {
        verdict.apart.push(format!("{quarantines} pushes were left half taken in"));
    }
}

/// Lock files below a git directory: what a git leaves that was killed while it wrote.
fn leftover_locks(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "lock") {
                found.push(path.display().to_string());
            }
        }
    }
    found
}
