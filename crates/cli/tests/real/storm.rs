//! The storm: a server under load, killed again and again, and then judged.

use super::api::{Answer, Api};
use super::chance::Chance;
use super::judge::{self, Verdict};
use super::load::{Client, Shared};
use super::place::Place;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How hard it blows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wind {
    /// Decides when and how to kill. The same seed makes the same choices, on threads that never run the same.
    pub(crate) seed: u64,
    /// How many kills, clean stops not counted.
    pub(crate) kills: u64,
    /// How many clients.
    pub(crate) clients: u64,
}

impl Wind {
    /// `WEIR_KILL_SEED` and `WEIR_KILL_ROUNDS` go before what is given; the seed is new each time unless said.
    pub(crate) fn from_env(kills: u64) -> Self {
        let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let fresh = || now.map_or(0, |now| u64::from(now.subsec_nanos()) ^ now.as_secs());
        let seed = number("WEIR_KILL_SEED").unwrap_or_else(fresh);
        Self { seed, kills: number("WEIR_KILL_ROUNDS").unwrap_or(kills), clients: 3 }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) kills: Kills,
    /// From the start of the process to the first answer, of every restart that was let to answer.
    pub(crate) restarts: Vec<Duration>,
    pub(crate) unknown: u64,
    pub(crate) records: u64,
    pub(crate) landings: u64,
    pub(crate) elapsed: Duration,
    pub(crate) verdict: Verdict,
}

impl Outcome {
    /// How long restarts took to answer: the median, the 95th percentile, the longest.
    pub(crate) fn restart_quantiles(&self) -> [Duration; 3] {
        let mut sorted = self.restarts.clone();
        sorted.sort();
        let at = |part: usize| {
            let index = (sorted.len() * part / 100).min(sorted.len().saturating_sub(1));
            sorted.get(index).copied().unwrap_or_default()
        };
        [at(50), at(95), at(100)]
    }
}

/// How often and how it was ended.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Kills {
    /// The server alone.
    pub(crate) alone: u64,
    /// The server with all that it had started.
    pub(crate) family: u64,
    /// Of both: before it had answered anybody.
    pub(crate) unanswered: u64,
    /// Of both: just after something had landed.
    pub(crate) after_landing: u64,
    /// Asked to end, which it did.
    pub(crate) stops: u64,
}

impl Kills {
    pub(crate) fn total(self) -> u64 {
        self.alone + self.family
    }
}

/// When to kill.
enum When {
    /// So long after the process began, whether or not it answers.
    Started(Duration),
    /// So long after its first answer.
    Answered(Duration),
    /// So long after it landed something.
    Landed(Duration),
}

/// Blows over the program at `bin`.
pub(crate) fn blow(bin: &Path, wind: Wind) -> Outcome {
    let begun = Instant::now();
    let place = Place::new(bin);
    let check = "[[check]]\nname = \"fast\"\nrun = \"read -r line < README.md\"\n";
    place.commit("begin", &[("README.md", "a pool\n"), ("weir.toml", check)]);
    let before = judge::bystander(&place);
    let mut chance = Chance::new(wind.seed);
    let shared = Shared::new();
    let (_, _, owner) = place.up().answer();

    let mut outcome = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..wind.clients)
            .map(|n| {
                let (owner, shared, chance) = (owner.clone(), &shared, chance.fork());
                let client = Client { name: format!("w{n}"), owner, shared, chance };
                scope.spawn(|| client.work())
            })
            .collect();
        // Otherwise the clients of a storm that failed would go on for ever, and nobody would hear why.
        let _abandon = AbandonOnPanic(&shared);
        let mut outcome = storm(&place, &owner, &shared, &mut chance, wind.kills);
        shared.stop();
        let mut server = place.up();
        let _ = server.answer();
        for client in clients {
            client.join().unwrap_or_else(|why| std::panic::resume_unwind(why));
        }
        wait_until_settled(&owner);
        judge_replay(&place, server, &mut outcome.verdict);
        outcome
    });

    // By then the lock of a git that was killed is old enough to be known as one, and this start sweeps it away.
    std::thread::sleep(Duration::from_secs(6));
    let mut server = place.up();
    let (_, _, owner) = server.answer();
    outcome.unknown = shared.unknown.load(Ordering::SeqCst);
    let acknowledged = shared.noted().clone();
    let judged = judge::judge(&place, &owner, &acknowledged, &mut outcome.verdict);
    (outcome.records, outcome.landings) = (judged.records, judged.landings);
    server.stop();
    judge::judge_at_rest(&place, &before, &mut outcome.verdict);
    outcome.elapsed = begun.elapsed();
    outcome
}

struct AbandonOnPanic<'s>(&'s Shared);

impl Drop for AbandonOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.abandon();
        }
    }
}

/// How often a storm says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(30);

fn storm(place: &Place, owner: &Api, shared: &Shared, chance: &mut Chance, kills: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut usual, mut told) = (Duration::from_millis(200), Duration::ZERO);
    let begun = Instant::now();
    while outcome.kills.total() < kills {
        if begun.elapsed() >= told + TELL_EVERY {
            told = begun.elapsed();
            println!("{} kills in {told:.0?}", outcome.kills.total());
        }
        let when = match chance.below(100) {
            0..15 => When::Started(usual.mul_f64(chance.below(1000) as f64 / 1000.0)),
            15..60 => When::Answered(chance.millis(0, 150)),
            60..92 => When::Answered(chance.millis(150, 500)),
            _ => When::Landed(chance.millis(0, 60)),
        };
        // Before the server is there: what its first clients are told meanwhile may come after its first answer.
        let noted = shared.noted().clone();
        let mut server = place.up();
        match when {
            When::Started(wait) => {
                std::thread::sleep(wait);
                outcome.kills.unanswered += 1;
            }
            When::Answered(wait) => {
                let (status, took, _) = server.answer();
                judge::judge_status(&status, &noted, &mut outcome.verdict);
                outcome.restarts.push(took);
                usual = took;
                judge::judge_sample(owner, shared, chance, &mut outcome.verdict);
                std::thread::sleep(wait);
            }
            When::Landed(wait) => {
                let (status, took, _) = server.answer();
                judge::judge_status(&status, &noted, &mut outcome.verdict);
                outcome.restarts.push(took);
                wait_for_landing(place, owner, shared, &status);
                std::thread::sleep(wait);
                outcome.kills.after_landing += 1;
            }
        }
        match chance.below(100) {
            0..75 => {
                outcome.kills.alone += 1;
                server.kill();
            }
            75..92 => {
                outcome.kills.family += 1;
                server.kill_family();
            }
            _ if matches!(when, When::Started(_)) => {
                // It may not listen for signals yet.
                outcome.kills.alone += 1;
                server.kill();
            }
            _ => {
                outcome.kills.stops += 1;
                let status = server.stop();
                if !status.success() {
                    outcome.verdict.apart.push(format!("asked to stop, it ended with {status}"));
                }
            }
        }
    }
    outcome
}

/// Waits until more landed than when the server began: a queue that never comes to land anything between two kills
/// would make the storm look harmless.
fn wait_for_landing(place: &Place, owner: &Api, shared: &Shared, first: &Value) {
    let landings = |status: &Value| status["counts"]["landings"].as_u64().unwrap_or(0);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Answer::Done(status) = owner.get("/v1/status") {
            shared.saw(&status);
            if landings(&status) > landings(first) {
                return;
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("nothing landed within a minute of a restart, with clients at work: {}", place.said());
}

/// Waits until the gate has nothing left to do.
fn wait_until_settled(owner: &Api) {
    let begun = Instant::now();
    loop {
        let status = owner.must("/v1/status");
        if status["counts"]["tasks_submitted"].as_u64() == Some(0) {
            return;
        }
        let queue = &status["queue"];
        assert!(begun.elapsed() < Duration::from_secs(120), "the queue does not end: {queue}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The folds read from their snapshot must be those that the ledger gives without one.
fn judge_replay(place: &Place, server: super::server::Server, verdict: &mut Verdict) {
    server.stop();
    let view = || {
        let mut server = place.up();
        let (_, _, owner) = server.answer();
        let paths = ["/v1/tasks?limit=100000", "/v1/changes", "/v1/sessions", "/v1/people"];
        let seen = paths.map(|path| owner.must(path));
        server.kill();
        json!(seen)
    };
    let with = view();
    let snapshots = place.home().join("ledger/snapshots");
    let removed = std::fs::read_dir(&snapshots).into_iter().flatten().flatten();
    let removed = removed.filter(|file| std::fs::remove_file(file.path()).is_ok()).count();
    if removed == 0 {
        verdict.apart.push("a server that was asked to stop left no snapshot".to_owned());
    }
    if with != view() {
        verdict.apart.push("the folds differ with and without their snapshot".to_owned());
    }
}
