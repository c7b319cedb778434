//! The engine: opens the ledger, hosts the folds, runs commands and background work. Where pillars meet.
//!
//! Invariants: (1) nothing is done, and nothing answered, before its record is durable; (2) a reader sees what it
//! was told of, and nothing that could still be lost; (3) what runs in the background runs under a lease, and
//! records under its fencing token; (4) time, ids and randomness come in through [`weir_model::Clock`] and [`Entropy`] alone.
//! Deliberately absent: rules. Each file in `meet` joins pillars for one kind of command and has no opinion.

mod ask;
pub mod check;
mod clock;
mod core;
mod driver;
mod error;
mod folds;
mod meet;
mod outlook;
mod policies;
mod rules;
mod secret;
#[cfg(test)]
mod simulation;
mod space;
#[cfg(test)]
mod testing;
mod tools;

pub use ask::{Ask, Claim, NewSession, NewTask, NewToken, Opened};
pub use clock::{Entropy, SystemClock, SystemEntropy};
pub use error::{Error, Failure};
pub use folds::Folds;
pub use meet::acts::{Answered, Disk, Explained, Files, Holds, Otherwise, Proved};
pub use meet::push::PushReply;
pub use meet::runners::{Asking, Order, Report};
pub use meet::view::{Since, Where};
pub use rules::Found as Checks;
pub use secret::Secret;
pub use space::{ClockSource, Found, Options, Space, Store, write_private};
pub use tools::{SECRETS, check_secret_name};
pub use weir_guard::Caller;
pub use weir_queue::{Held, Outlook};
/// The answers of the view.
pub use weir_view::answer as view;
pub use weir_view::grep::Grep;
pub use weir_view::scip::INDEX_BYTES_MAX;
pub use weir_view::search::Written;

use crate::core::{Core, Decided};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::watch;
use weir_ledger::{Body, Checkpoint, Ledger, LedgerError, Proof, Record};
use weir_model::config::Config;
use weir_model::event::guard::Event as GuardEvent;
use weir_model::{CandidateId, Context, Digest, Event, Position, Refusal, Timestamp};
use weir_queue::RunState;

/// A running space. Clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

pub(crate) struct Inner {
    core: Arc<Core>,
    trunk: weir_git::Trunk,
    entropy: Arc<dyn Entropy>,
    /// `weir.toml` of the trunk, as it was last read.
    rules: RwLock<Config>,
    /// The commit at which it was read.
    rules_at: Mutex<Option<weir_git::CommitId>>,
    /// Where trees for sessions and checks are made.
    trees: PathBuf,
    /// The address that git clients push to.
    remote: RwLock<String>,
    /// The policies in force.
    policies: policies::Policies,
    /// The tool servers.
    tools: tools::Tools,
    /// What was looked at and is not written yet.
    looks: meet::acts::Looks,
    /// Where looking at a path may take long.
    mounts: meet::acts::Mounts,
    /// The code, as everybody sees it.
    seeing: meet::view::Seeing,
    /// What hooks were given to decide by without a server.
    leaves: meet::acts::Leaves,
    /// Held by the analysis that has a solver: it takes a processor for as long as it may.
    proving: Mutex<()>,
    /// What waits in the queue, and what is expected of it.
    outlook: outlook::Known,
    /// Stops the checks of candidates under test, by the number of their run.
    tests: Mutex<BTreeMap<(CandidateId, u32), weir_sandbox::Cancel>>,
}

impl Engine {
    /// Who shows this secret, and what they may do.
    ///
    /// # Errors
    /// `token.*` and `session.*`, when it opens nothing (any more).
    pub fn authenticate(&self, secret: &str) -> Result<Caller, Refusal> {
        let hash = Digest::of(secret.as_bytes());
        let now = self.now();
        self.read(|folds| folds.guard.authenticate(&hash, now))
    }

    /// Reads what is durable: everything that was answered is in it.
    pub fn read<T>(&self, read: impl FnOnce(&Folds) -> T) -> T {
        self.0.core.read(|standing| read(&standing.folds))
    }

    /// Reads what is durable, with its place in the ledger.
    pub fn read_at<T>(&self, read: impl FnOnce(Position, &Folds) -> T) -> T {
        self.0.core.read(|standing| read(standing.position, &standing.folds))
    }

    /// What time it is, for the space: never before the last record.
    pub fn now(&self) -> Timestamp {
        self.0.core.now()
    }

    /// Tells of every new record, once it is durable.
    pub fn head(&self) -> watch::Receiver<Position> {
        self.0.core.head()
    }

    /// Records after a place, in order. Fewer than `limit` do not mean the end: ask until none come.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn log(&self, after: Position, limit: usize) -> Result<Vec<Record>, Error> {
        Ok(self.ledger().read(after, limit)?)
    }

    /// A body by its digest.
    ///
    /// # Errors
    /// When the store fails.
    pub fn body(&self, digest: &Digest) -> Result<Option<Body>, Error> {
        Ok(self.ledger().body(digest)?)
    }

    /// Writes what a third party needs to verify the whole ledger.
    ///
    /// # Errors
    /// When the ledger cannot be read or `out` not written.
    pub fn export(&self, out: &mut dyn Write) -> Result<(), Error> {
        self.ledger().export(out)?;
        Ok(())
    }

    /// The latest signed checkpoint.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn checkpoint(&self) -> Result<Checkpoint, Error> {
        Ok(self.ledger().checkpoint()?)
    }

    /// Proof that one record stands in the ledger, and that it still begins with the first `since` records.
    ///
    /// # Errors
    /// When there is no such record, or the ledger cannot be read.
    pub fn proof(&self, record: Option<Position>, since: Option<u64>) -> Result<Proof, Error> {
        self.ledger().proof(record, since).map_err(|error| match error {
            LedgerError::OutOfRange { asked, head } => {
                let sentence = format!("there is no event `{asked}`: the ledger ends at `{head}`");
                let refusal = Refusal::new("event.unknown", sentence);
                refusal
                    .hint(
                        "if a checkpoint covers it, keep that: the ledger has lost what it signed",
                    )
                    .into()
            }
            other => other.into(),
        })
    }

    /// The public key that verifies the ledger, as text.
    pub fn verifier_key(&self) -> String {
        self.ledger().key().to_string()
    }

    /// The ledger, for proofs.
    pub fn ledger(&self) -> &Ledger {
        &self.0.core.ledger
    }

    /// Where changes land, for doors that move git's bytes.
    pub fn trunk(&self) -> &weir_git::Trunk {
        &self.0.trunk
    }

    /// `weir.toml` of the trunk, as it was last read.
    pub fn rules(&self) -> Config {
        self.0.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The address that git clients push to.
    pub fn remote(&self) -> String {
        self.0.remote.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says where git clients reach this space, once the door knows its address.
    pub fn set_remote(&self, url: impl Into<String>) {
        *self.0.remote.write().unwrap_or_else(PoisonError::into_inner) = url.into();
    }

    /// The folder under which trees for sessions and checks are made.
    pub fn trees(&self) -> &Path {
        &self.0.trees
    }

    async fn run<T>(
        &self,
        caller: &Caller,
        decide: impl Fn(&Folds, &Context) -> Result<Decided<T>, Refusal>,
    ) -> Result<T, Error> {
        let still = |folds: &Folds, ctx: &Context| {
            // The door let the caller in a moment ago; what counts is now.
            folds.guard.still_valid(caller, ctx.now)?;
            decide(folds, ctx)
        };
        self.0.core.run(caller.actor, still).await
    }

    /// A command for the guard. Where sessions end with it, the tasks they hold are free at once.
    async fn run_guard<T>(
        &self,
        caller: &Caller,
        command: weir_guard::Command,
        reply: impl Fn(&[GuardEvent]) -> T,
    ) -> Result<T, Error> {
        self.run(caller, |folds, ctx| {
            let decided = weir_guard::decide(&folds.guard, command.clone(), caller, ctx)?;
            let reply = reply(&decided);
            let mut events: Vec<Event> = Vec::new();
            for event in decided {
                if let GuardEvent::SessionEnded { session, .. } = &event
                    && let Some(task) = folds.work.held_by(*session)
                {
                    let release = weir_work::Command::Release { task, session: *session };
                    let released = weir_work::decide(&folds.work, release, ctx)?;
                    events.extend(released.into_iter().map(Event::from));
                }
                events.push(event.into());
            }
            Ok(Decided::new(events, reply))
        })
        .await
    }

    /// Stops the checks of which nobody wants to know any more.
    fn stop_idle_tests(&self) {
        let tests = self.0.tests.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(|folds| {
            for ((candidate, run), cancel) in tests.iter() {
                let known = folds.queue.testing().find(|open| open.id == *candidate);
                let run = known.and_then(|known| known.run(*run).map(|run| (known, run)));
                if run.is_none_or(|(known, run)| known.state_of(run) == RunState::Stopped) {
                    cancel.cancel();
                }
            }
        });
    }
}
