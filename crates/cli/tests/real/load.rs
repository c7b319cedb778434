//! The load: clients that work as agents do, and write down everything that was acknowledged to them.
//!
//! After an outcome that is unknown a client asks again under the same key, token or commit, as any client must.

use super::api::{Answer, Api, number, text};
use super::chance::Chance;
use super::place::{git, try_git};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A task that was answered with.
#[derive(Debug, Clone)]
pub(crate) struct Created {
    pub(crate) key: String,
    pub(crate) task: String,
}

/// A claim that was granted or renewed.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub(crate) task: String,
    pub(crate) session: String,
    pub(crate) token: u64,
    pub(crate) expires_at: String,
}

/// A push that git said was taken.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    pub(crate) task: String,
    pub(crate) session: String,
    pub(crate) commit: String,
    /// As git was told: `refs/weir/changes/C1/1`.
    pub(crate) reference: String,
    pub(crate) file: String,
    pub(crate) blob: String,
}

/// All that was acknowledged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acknowledged {
    pub(crate) created: Vec<Created>,
    pub(crate) sessions: Vec<String>,
    pub(crate) claimed: Vec<Claimed>,
    pub(crate) released: Vec<Claimed>,
    pub(crate) pushed: Vec<Pushed>,
    /// The last event that anybody was shown.
    pub(crate) position: u64,
    /// The most landings that anybody was shown.
    pub(crate) landings: u64,
    /// What should never have been said, in words.
    pub(crate) odd: Vec<String>,
}

/// What the clients share.
pub(crate) struct Shared {
    acknowledged: Mutex<Acknowledged>,
    /// How often nobody knew what had come of a request or a push.
    pub(crate) unknown: AtomicU64,
    stop: AtomicBool,
    abandoned: AtomicBool,
}

impl Shared {
    pub(crate) fn new() -> Self {
        let acknowledged = Mutex::new(Acknowledged::default());
        let (stop, abandoned) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { acknowledged, unknown: AtomicU64::new(0), stop, abandoned }
    }

    pub(crate) fn noted(&self) -> MutexGuard<'_, Acknowledged> {
        self.acknowledged.lock().expect("a client that failed has said why")
    }

    /// Nothing new is begun; what was begun is brought to an end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Nobody will start the server again: what was begun stays as it is.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
        self.stop();
    }

    /// Notes what a status shows.
    pub(crate) fn saw(&self, status: &Value) {
        let mut noted = self.noted();
        noted.position = noted.position.max(number(&status["position"]));
        let landings = status["counts"]["landings"].as_u64().unwrap_or(0);
        noted.landings = noted.landings.max(landings);
    }

    fn is_unknown(&self) {
        self.unknown.fetch_add(1, Ordering::SeqCst);
        assert!(!self.abandoned.load(Ordering::SeqCst), "the storm itself failed: see above");
        // A client that was cut off does not storm the door.
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One client.
pub(crate) struct Client<'s> {
    pub(crate) name: String,
    pub(crate) owner: Api,
    pub(crate) shared: &'s Shared,
    pub(crate) chance: Chance,
}

/// Something that is under way for so long is stuck.
const STUCK: Duration = Duration::from_secs(120);
/// A queue longer than this is load enough: no more changes are pushed until it is shorter.
const QUEUE_MAX: u64 = 12;

impl Client<'_> {
    /// Works until it is told to stop.
    pub(crate) fn work(mut self) {
        for n in 0.. {
            if self.shared.stop.load(Ordering::SeqCst) {
                return;
            }
            let task = self.create(n);
            if self.queue_is_long() {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            }
            let (api, claim) = if self.chance.percent(50) {
                self.claim_in_session(&task)
            } else {
                self.claim_as_person(&task)
            };
            if self.chance.percent(30) {
                self.renew(&api, &task, &claim);
            }
            if self.chance.percent(10) {
                self.release(&api, &claim);
                continue;
            }
            self.push(&claim, n);
        }
    }

    /// Asks until somebody knows the outcome.
    fn settle(&self, what: &str, ask: impl Fn() -> Answer) -> Result<Value, String> {
        let begun = Instant::now();
        loop {
            match ask() {
                Answer::Done(value) => return Ok(value),
                Answer::Refused(code, _) => return Err(code),
                Answer::Unknown(why) => {
                    self.shared.is_unknown();
                    assert!(begun.elapsed() < STUCK, "{}: {what} is stuck: {why}", self.name);
                }
            }
        }
    }

    fn odd(&self, what: String) {
        self.shared.noted().odd.push(format!("{}: {what}", self.name));
    }

    fn create(&mut self, n: u64) -> String {
        let key = format!("{}-{n}", self.name);
        let new = json!({ "title": format!("Write {key}"), "paths": ["work/**"], "key": key });
        let mut known: Option<String> = None;
        // Once, and sometimes again under the same key.
        for _ in 0..=u64::from(self.chance.percent(20)) {
            let made = self.settle("creating a task", || self.owner.post("/v1/tasks", &new));
            let task = match made {
                Ok(task) => text(&task, "id"),
                Err(code) => panic!("{}: a task was refused with {code}", self.name),
            };
            if known.as_ref().is_some_and(|known| *known != task) {
                self.odd(format!("key `{key}` gave {known:?} and then {task}"));
            }
            self.shared.noted().created.push(Created { key: key.clone(), task: task.clone() });
            known = Some(task);
        }
        known.expect("it was made at least once")
    }

    fn queue_is_long(&self) -> bool {
        match self.owner.get("/v1/status") {
            Answer::Done(status) => {
                self.shared.saw(&status);
                status["queue"]["waiting_total"].as_u64().is_some_and(|waiting| waiting > QUEUE_MAX)
            }
            Answer::Refused(code, said) => panic!("{}: no status, {code}: {said}", self.name),
            Answer::Unknown(_) => {
                self.shared.is_unknown();
                false
            }
        }
    }

    /// Opens a session, and claims in it: safe to repeat.
    fn claim_in_session(&self, task: &str) -> (Api, Claim) {
        let new = json!({ "agent": self.name });
        let opened = self.settle("opening a session", || self.owner.post("/v1/sessions", &new));
        let opened = opened.unwrap_or_else(|code| panic!("a session was refused with {code}"));
        self.shared.noted().sessions.push(text(&opened, "session"));
        let api = self.owner.with_token(&text(&opened, "secret"));
        let path = format!("/v1/tasks/{task}/claim");
        let claimed = self.settle("claiming", || api.post(&path, &json!({})));
        let claimed = claimed.unwrap_or_else(|code| panic!("a claim was refused with {code}"));
        (api, self.note(&claimed))
    }

    /// Claims for an agent, which opens its session. When the answer is lost, so is the session's token: the owner
    /// takes the task back, and claims anew.
    fn claim_as_person(&self, task: &str) -> (Api, Claim) {
        let (claim, release) =
            (format!("/v1/tasks/{task}/claim"), format!("/v1/tasks/{task}/release"));
        let ask = json!({ "agent": self.name });
        loop {
            match self.settle("claiming", || self.owner.post(&claim, &ask)) {
                Ok(claimed) => {
                    let secret = text(&claimed, "secret");
                    return (self.owner.with_token(&secret), self.note(&claimed));
                }
                Err(code) if code == "claim.held" => {
                    // Either answer is fine: an earlier one may have done it.
                    let _ = self.settle("releasing", || self.owner.post(&release, &json!({})));
                }
                Err(code) => panic!("{}: a claim of {task} was refused with {code}", self.name),
            }
        }
    }

    fn note(&self, claimed: &Value) -> Claim {
        let granted = Claimed {
            task: text(claimed, "task"),
            session: text(claimed, "session"),
            token: number(&claimed["token"]),
            expires_at: text(claimed, "expires_at"),
        };
        let mut noted = self.shared.noted();
        noted.sessions.push(granted.session.clone());
        noted.claimed.push(granted.clone());
        Claim { granted, worktree: PathBuf::from(text(claimed, "worktree")) }
    }

    fn renew(&self, api: &Api, task: &str, claim: &Claim) {
        let path = format!("/v1/tasks/{task}/claim");
        let renewed = self.settle("renewing", || api.post(&path, &json!({})));
        let renewed = renewed.unwrap_or_else(|code| panic!("renewing was refused with {code}"));
        let renewed = self.note(&renewed);
        if renewed.granted.token != claim.granted.token {
            self.odd(format!("{claim:?} was renewed as {renewed:?}"));
        }
    }

    fn release(&self, api: &Api, claim: &Claim) {
        let path = format!("/v1/tasks/{}/release", claim.granted.task);
        match self.settle("releasing", || api.post(&path, &json!({}))) {
            Ok(_) => self.shared.noted().released.push(claim.granted.clone()),
            // Given back by a request whose answer was lost; maybe taken by nobody since.
            Err(code) if code.starts_with("claim.") => {}
            Err(code) => self.odd(format!("releasing {claim:?} was refused with {code}")),
        }
    }

    /// Commits a file of its own, and pushes it as the task's change.
    fn push(&self, claim: &Claim, n: u64) {
        let tree = &claim.worktree;
        let file = format!("work/{}/{n}.txt", self.name);
        let path = tree.join(&file);
        std::fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder");
        std::fs::write(&path, format!("{file}\n")).expect("a file");
        git(tree, &["add", "--all"]);
        git(tree, &["commit", "-q", "-m", &format!("Write {}-{n}", self.name)]);
        let ids = git(tree, &["rev-parse", "HEAD", &format!("HEAD:{file}")]);
        let (commit, blob) = ids.split_once('\n').expect("two names");
        let begun = Instant::now();
        let reference = loop {
            match push(tree) {
                Ok(reference) => break reference,
                Err(why) => {
                    self.shared.is_unknown();
                    assert!(begun.elapsed() < STUCK, "{}: a push is stuck: {why}", self.name);
                    // Said by Weir itself, and not because something of its own failed: it should not be.
                    if why.contains("[remote rejected]") && !why.contains("weir.failed") {
                        self.odd(format!("{} was rejected: {why}", claim.granted.task));
                        return;
                    }
                }
            }
        };
        self.shared.noted().pushed.push(Pushed {
            task: claim.granted.task.clone(),
            session: claim.granted.session.clone(),
            commit: commit.to_owned(),
            reference,
            file,
            blob: blob.to_owned(),
        });
    }
}

/// A claim, and where to work under it.
#[derive(Debug, Clone)]
struct Claim {
    granted: Claimed,
    worktree: PathBuf,
}

/// Pushes what is checked out; gives the ref it became, or what git said.
fn push(tree: &Path) -> Result<String, String> {
    let done = try_git(tree, &["push", "--porcelain", "weir", "HEAD:refs/for/main"]);
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    let reference = said.split_whitespace().find_map(|word| {
        let at = word.find("refs/weir/changes/")?;
        word.get(at..).map(str::to_owned)
    });
    match (done.status.success(), reference) {
        (true, Some(reference)) => Ok(reference),
        (_, _) => Err(said),
    }
}
