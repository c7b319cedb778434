//! The script: what happens, in order, and what each agent may count on.

use super::cast::{Agent, Change, text};
use super::stage::{Stage, git, surprise};
use crate::error::CommandError;
use crate::page::Page;
use crate::table::Look;
use crate::ui::Ui;
use crate::words;
use serde::Serialize;
use serde_json::Value;
use std::time::{Duration, Instant};

/// One line of the story.
#[derive(Debug, Serialize)]
struct Step {
    who: &'static str,
    did: String,
}

/// How it ended for one agent.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Ending {
    pub(super) agent: &'static str,
    pub(super) task: String,
    pub(super) session: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) landing: Option<String>,
    pub(super) story: String,
}

/// A story in the making.
struct Tale<'u> {
    ui: &'u mut Ui,
    endings: Vec<Ending>,
}

impl Tale<'_> {
    fn tell(&mut self, who: &'static str, did: impl Into<String>) -> Result<(), CommandError> {
        self.ui.item(&Step { who, did: did.into() }, |step, page: &mut Page| {
            let who = Look::Strong.paint(&format!("{:<5}", step.who));
            page.line(format!("  {who} {}", words::line(&step.did)));
        })
    }

    fn ends(&mut self, agent: &Agent<'_>, change: Option<&Change>, story: impl Into<String>) {
        self.endings.push(Ending {
            agent: agent.name,
            task: agent.task.clone(),
            session: agent.session.clone(),
            change: change.map(|change| change.revision.clone()),
            landing: change.and_then(|change| change.landing.clone()),
            story: story.into(),
        });
    }

    fn claims<'s>(
        &mut self,
        stage: &'s Stage,
        name: &'static str,
        task: &str,
        lease: &str,
    ) -> Result<Agent<'s>, CommandError> {
        let agent = Agent::claims(stage, name, task, lease)?;
        let Agent { session, token, .. } = &agent;
        self.tell(name, format!("claims {task} as {session}, under {token}, for {lease}"))?;
        Ok(agent)
    }
}

/// The tasks: title, paths.
const TASKS: [(&str, &[&str]); 6] = [
    ("Add the station beech", &["stations.txt", "levels/**"]),
    ("Say how often a level is read", &["docs/**"]),
    ("Add the station willow", &["stations.txt", "levels/**"]),
    ("Say in the README where to start", &["README.md"]),
    ("Say in the README who reads the levels", &["README.md"]),
    ("Read the level at oak again", &["levels/oak.txt"]),
];

/// The seventh, which tempts its agent to more than it may.
const TEMPTING: (&str, &[&str]) = ("Say what a level is measured from", &["docs/**"]);

const LEASE: &str = "10m";
/// Short enough to watch it run out.
const SHORT: &str = "1s";

/// Plays it all.
pub(super) fn play(ui: &mut Ui, stage: &Stage) -> Result<Vec<Ending>, CommandError> {
    let mut tale = Tale { ui, endings: Vec::new() };
    let before = checkout(stage)?;
    let page = stage.door("page");
    tale.tell("weir", format!("is up at {page} and holds `main`; its check is `sh check.sh`"))?;
    let mut tasks = Vec::new();
    for (title, paths) in TASKS.into_iter().chain([TEMPTING]) {
        let mut args = vec!["task", "create", title];
        args.extend(paths.iter().flat_map(|path| ["--paths", path]));
        let task = text(&stage.ask(&stage.river, &args)?, "/id")?;
        tale.tell("ann", format!("cuts {task}: {title}; it may touch {}", paths.join(" ")))?;
        tasks.push(task);
    }
    let [one, two, three, four, five, six, seven] = tasks.as_slice() else {
        return Err(surprise("there are not seven tasks"));
    };
    two_land(&mut tale, stage, one, two)?;
    one_is_repaired(&mut tale, stage, three)?;
    two_conflict(&mut tale, stage, four, five)?;
    one_is_stale(&mut tale, stage, six)?;
    one_goes_too_far(&mut tale, stage, seven)?;
    if checkout(stage)? != before {
        return Err(surprise("ann's own checkout was touched"));
    }
    tale.tell("ann", "finds her own checkout as she left it: what landed is in Weir's trunk")?;
    prove(&mut tale, stage)?;
    Ok(tale.endings)
}

fn two_land(tale: &mut Tale<'_>, stage: &Stage, one: &str, two: &str) -> Result<(), CommandError> {
    let ada = tale.claims(stage, "ada", one, LEASE)?;
    let ben = tale.claims(stage, "ben", two, LEASE)?;
    ada.commits(
        "Add the station beech",
        &[("stations.txt", "ash\nbeech\nbirch\nelm\noak\n"), ("levels/beech.txt", "9\n")],
    )?;
    let daily = "# Reading a level\n\nA level is a whole number of centimetres, read once a day.\n";
    ben.commits("Say how often a level is read", &[("docs/reading.md", daily)])?;
    // With plain git, and both at once.
    for agent in [&ada, &ben] {
        agent.git(&["push", "--quiet", "weir", "HEAD:refs/for/main"])?;
        let change = agent.change()?;
        tale.tell(agent.name, format!("pushes {} with `git push weir`", change.revision))?;
    }
    for agent in [&ada, &ben] {
        let change = settled(agent)?.landed()?;
        let landing = change.landing.clone().unwrap_or_default();
        tale.tell(
            "weir",
            format!("merges {}, tests the merge, and lands it as {landing}", change.id),
        )?;
        tale.ends(agent, Some(&change), "landed");
    }
    Ok(())
}

/// Waits for a change that was pushed with plain git.
fn settled(agent: &Agent<'_>) -> Result<Change, CommandError> {
    let started = Instant::now();
    loop {
        let change = agent.change()?;
        if change.is_settled() {
            return Ok(change);
        }
        if started.elapsed() > Duration::from_secs(60) {
            return Err(surprise(format!("{} was not tested within a minute", change.id)));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn one_is_repaired(tale: &mut Tale<'_>, stage: &Stage, three: &str) -> Result<(), CommandError> {
    let cleo = tale.claims(stage, "cleo", three, LEASE)?;
    // On top of beech, or it would be a conflict and not a failure.
    let stations = "ash\nbeech\nbirch\nelm\noak\nwillow\n";
    cleo.commits("Add the station willow", &[("stations.txt", stations)])?;
    let change = cleo.is_sent_back("check.failed")?;
    let contract = change.get("repair").cloned().unwrap_or_default();
    let log = text(&contract, "/log")?;
    tale.tell("cleo", format!("submits {}", Change::read(&change)?.revision))?;
    tale.tell("weir", format!("sends it back: {}: {}", text(&contract, "/sentence")?, last(&log)))?;
    if !log.contains("levels/willow.txt is missing") {
        return Err(surprise(format!("the contract does not show what failed: {log}")));
    }
    cleo.commits("Add the level of willow", &[("levels/willow.txt", "18\n")])?;
    let change = cleo.lands()?;
    let landing = change.landing.clone().unwrap_or_default();
    tale.tell("cleo", format!("adds the level and submits {}", change.revision))?;
    tale.tell("weir", format!("lands it as {landing}"))?;
    tale.ends(&cleo, Some(&change), "failed its check, was repaired, landed");
    Ok(())
}

fn last(log: &str) -> &str {
    log.trim_end().lines().last().unwrap_or_default()
}

fn readme(line: &str) -> String {
    format!("# River\n\n{line}\n\nStart with `stations.txt`.\n")
}

fn two_conflict(
    tale: &mut Tale<'_>,
    stage: &Stage,
    four: &str,
    five: &str,
) -> Result<(), CommandError> {
    let dan = tale.claims(stage, "dan", four, LEASE)?;
    let eve = tale.claims(stage, "eve", five, LEASE)?;
    let (dans, eves) = (
        "Stations along a river, from the source down, and the level each of them reads.",
        "Stations along a river, and the level that ann reads at each.",
    );
    dan.commits("Say where to start", &[("README.md", &readme(dans))])?;
    eve.commits("Say who reads the levels", &[("README.md", &readme(eves))])?;
    let change = dan.lands()?;
    let landing = change.landing.clone().unwrap_or_default();
    tale.tell("dan", format!("submits {}, which lands as {landing}", change.revision))?;
    tale.ends(&dan, Some(&change), "landed first of two that conflict");
    let change = eve.is_sent_back("merge.conflict")?;
    let sentence = text(&change, "/repair/sentence")?;
    tale.tell("eve", format!("submits {}, for the same line", Change::read(&change)?.revision))?;
    tale.tell("weir", format!("sends it back untested: {sentence}"))?;
    eve.git(&["fetch", "--quiet", "weir"])?;
    if eve.git(&["rebase", "--quiet", "weir/main"]).is_ok() {
        return Err(surprise("eve's change does not conflict after all"));
    }
    let both =
        "Stations along a river, from the source down, and the level that ann reads at each.";
    eve.writes(&[("README.md", &readme(both))])?;
    eve.git(&["add", "README.md"])?;
    eve.git(&["rebase", "--continue"])?;
    let change = eve.lands()?;
    let landing = change.landing.clone().unwrap_or_default();
    tale.tell("eve", format!("rebases, keeps what both meant, and submits {}", change.revision))?;
    tale.tell("weir", format!("lands it as {landing}"))?;
    tale.ends(&eve, Some(&change), "conflicted, was rebased, landed");
    Ok(())
}

fn one_is_stale(tale: &mut Tale<'_>, stage: &Stage, six: &str) -> Result<(), CommandError> {
    let fred = tale.claims(stage, "fred", six, SHORT)?;
    fred.commits("Read the level at oak again", &[("levels/oak.txt", "16\n")])?;
    // The lease ends at the instant it names; a little more, for clocks that are read apart.
    std::thread::sleep(Duration::from_millis(1200));
    let gwen = tale.claims(stage, "gwen", six, LEASE)?;
    let refusal = fred.is_refused("claim")?;
    tale.tell("fred", format!("comes back late and submits what he has for {six}"))?;
    tale.tell("weir", format!("refuses the push: {}", said(&refusal)))?;
    tale.ends(&fred, None, format!("refused: {}", text(&refusal, "/code")?));
    gwen.commits("Read the level at oak again", &[("levels/oak.txt", "17\n")])?;
    let change = gwen.lands()?;
    let landing = change.landing.clone().unwrap_or_default();
    tale.tell("gwen", format!("submits {}, which lands as {landing}", change.revision))?;
    tale.ends(&gwen, Some(&change), "took over a task whose owner was late, landed");
    Ok(())
}

fn one_goes_too_far(tale: &mut Tale<'_>, stage: &Stage, seven: &str) -> Result<(), CommandError> {
    let hal = tale.claims(stage, "hal", seven, LEASE)?;
    let zero = "# Reading a level\n\nA level is measured from the bed of the river.\n";
    let files = [("docs/reading.md", zero), ("check.sh", "exit 0\n")];
    hal.commits("Say what a level is measured from, and make the check pass", &files)?;
    let refusal = hal.is_refused("push.outside_mandate")?;
    tale.tell("hal", "submits a change to the docs that also empties check.sh")?;
    tale.tell("weir", format!("refuses the push: {}", said(&refusal)))?;
    tale.ends(&hal, None, format!("refused: {}", text(&refusal, "/code")?));
    Ok(())
}

/// A refusal in one line.
fn said(refusal: &Value) -> String {
    let part = |name: &str| refusal.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{} ({})", part("sentence"), part("code"))
}

/// The user's own checkout: where it stands, and what is changed in it.
fn checkout(stage: &Stage) -> Result<(String, String), CommandError> {
    let head = git(&stage.river, &["rev-parse", "HEAD"])?;
    Ok((head, git(&stage.river, &["status", "--porcelain"])?))
}

/// Takes the ledger out of the house and proves it with the public key alone; then breaks a copy.
fn prove(tale: &mut Tale<'_>, stage: &Stage) -> Result<(), CommandError> {
    let at = |name: &str| stage.folder.join(name).to_string_lossy().into_owned();
    let (export, broken, key_file) = (at("ledger.export"), at("ledger.broken"), at("ledger.key"));
    let key = text(&stage.ask(&stage.river, &["audit", "key"])?, "/key")?;
    let doing = || CommandError::doing(format!("write to `{}`", stage.folder.display()));
    std::fs::write(&key_file, format!("{key}\n")).map_err(doing())?;
    stage.ask(&stage.river, &["audit", "export", &export])?;
    let verify = ["audit", "verify", &export, "--key", &key_file];
    let proven = stage.ask(&stage.folder, &verify)?;
    let records = proven.get("records").and_then(Value::as_u64).unwrap_or_default();
    tale.tell("ann", format!("exports the ledger; offline, {records} records are verified"))?;
    let text = std::fs::read_to_string(&export).map_err(doing())?;
    std::fs::write(&broken, text.replacen("fred", "hugo", 1)).map_err(doing())?;
    let verify = ["audit", "verify", &broken, "--key", &key_file];
    let found = stage.weir(&stage.folder, &verify)?.expect(6)?.err;
    tale.tell("ann", format!("writes `hugo` for `fred` in a copy: {}", said(&found)))
}
