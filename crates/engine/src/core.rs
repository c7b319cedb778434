//! Where deciders meet the ledger: decide on what is known, record it, and only then answer.
//!
//! There are two copies of the folds. *Ahead* has taken in every decision, also those on their way to the disk, so
//! that the next decision need not wait for the last. *Durable* has taken in only what cannot be lost; readers see
//! it, and answers, refusals too, wait until what they rest on is in it. When a write fails, or another node wrote
//! first, what was decided on top of it was decided on sand: the ledger refuses it, for it is of the same pipeline,
//! `ahead` is thrown away for a copy of `durable`, and everybody decides again.
//!
//! Lock order: `ahead`, then `durable`. Nobody waits for the ledger's writer while holding either.

use crate::error::{Error, Failure};
use crate::folds::{Folds, Standing};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::task::{Poll, Wake};
use std::thread::Thread;
use tokio::sync::{oneshot, watch};
use weir_ledger::{Append, AppendError, Appended, LeaseProof, Ledger, NewRecord, Record, Stream};
use weir_model::Clock;
use weir_model::{Actor, Context, Event, Position, Refusal, Timestamp};

/// What a decision says: facts to record, and what to answer once they are.
pub(crate) struct Decided<T> {
    pub(crate) events: Vec<Event>,
    pub(crate) reply: T,
}

impl<T> Decided<T> {
    pub(crate) fn new(events: Vec<Event>, reply: T) -> Self {
        Self { events, reply }
    }
}

pub(crate) struct Core {
    pub(crate) ledger: Ledger,
    pub(crate) clock: Arc<dyn Clock>,
    ahead: Mutex<Ahead>,
    durable: RwLock<Standing>,
    head: watch::Sender<Position>,
}

struct Ahead {
    standing: Standing,
    /// Decisions handed to the ledger, and of those the ones answered.
    sent: u64,
    settled: u64,
    /// Tells what was decided upon this `standing` from what was decided upon those before.
    pipeline: u64,
    /// A write failed: nothing is decided until what was sent is settled and `standing` is made anew.
    doubt: bool,
    /// Who waits until the decision of that number is durable, or until there is a doubt.
    echoes: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// Facts, each with the time it was decided.
type Facts = Vec<(Timestamp, Event)>;

/// How far one attempt at a decision came.
enum Attempt<T> {
    /// The facts are on their way; the answer waits for them.
    Sent(T, oneshot::Receiver<Result<(), AppendError>>),
    /// There is nothing to record, but what the answer rests on may still be on its way.
    Resting(Result<T, Refusal>, oneshot::Receiver<()>),
    /// There is nothing to record, and all that the answer rests on is durable.
    Settled(Result<T, Refusal>),
    /// Not now: decide again after this.
    Later(oneshot::Receiver<()>),
}

/// More conflicts in a row mean that something else is wrong.
const ATTEMPTS_MAX: usize = 100;

impl Core {
    pub(crate) fn new(ledger: Ledger, clock: Arc<dyn Clock>, standing: Standing) -> Self {
        let (head, _) = watch::channel(standing.position);
        let ahead = Ahead {
            standing: standing.clone(),
            sent: 0,
            settled: 0,
            pipeline: 1,
            doubt: false,
            echoes: VecDeque::new(),
        };
        let (ahead, durable) = (Mutex::new(ahead), RwLock::new(standing));
        Self { ledger, clock, ahead, durable, head }
    }

    /// Decides, records, and answers once the record is durable. `decide` may be called several times.
    pub(crate) async fn run<T>(
        self: &Arc<Self>,
        by: Actor,
        decide: impl Fn(&Folds, &Context) -> Result<Decided<T>, Refusal>,
    ) -> Result<T, Error> {
        self.run_under(by, None, decide).await
    }

    /// As [`Core::run`], on a thread that may block, and under a lease if one is given: a holder who lost it
    /// records nothing.
    pub(crate) fn run_blocking<T>(
        self: &Arc<Self>,
        by: Actor,
        lease: Option<&LeaseProof>,
        decide: impl Fn(&Folds, &Context) -> Result<Decided<T>, Refusal>,
    ) -> Result<T, Error> {
        block_on(self.run_under(by, lease, decide))
    }

    async fn run_under<T>(
        self: &Arc<Self>,
        by: Actor,
        lease: Option<&LeaseProof>,
        decide: impl Fn(&Folds, &Context) -> Result<Decided<T>, Refusal>,
    ) -> Result<T, Error> {
        for _ in 0..ATTEMPTS_MAX {
            match self.attempt(by, lease.cloned(), &decide) {
                Attempt::Settled(answer) => return Ok(answer?),
                Attempt::Sent(reply, told) => {
                    match told.await.unwrap_or(Err(AppendError::Closed)) {
                        Ok(()) => return Ok(reply),
                        Err(AppendError::Conflict { .. } | AppendError::Orphaned) => {}
                        Err(error) => return Err(Failure::Record(error).into()),
                    }
                }
                Attempt::Resting(answer, told) => {
                    if told.await.is_ok() {
                        return Ok(answer?);
                    }
                }
                Attempt::Later(told) => drop(told.await),
            }
        }
        Err(Failure::Crowded.into())
    }

    /// Reads what is durable.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Standing) -> T) -> T {
        read(&self.durable.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What time it is; never before the last decision.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now().max(self.read(|standing| standing.last))
    }

    /// Tells of every new durable position.
    pub(crate) fn head(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    /// Takes in what other nodes appended, up to what the ledger holds now.
    pub(crate) fn follow(&self) -> Result<(), Error> {
        while let Some((first, facts)) = self.news()? {
            let mut ahead = self.ahead();
            self.make_durable(first, &facts);
            // What is on its way will be refused, for others wrote first; `ahead` is made anew then. With
            // nothing on its way nobody would notice, and decide for ever on what was.
            if ahead.is_at_rest() {
                ahead.standing.take_all(first, &facts);
            }
        }
        Ok(())
    }

    /// The next records that are not durable here, if the ledger has any, and the position of the first.
    fn news(&self) -> Result<Option<(Position, Facts)>, Error> {
        let position = self.read(|standing| standing.position);
        let records = self.ledger.read(position, 1000)?;
        let Some(first) = records.first() else { return Ok(None) };
        let facts = records.iter().map(fact).collect::<Result<Vec<_>, _>>()?;
        Ok(Some((first.position, facts)))
    }

    fn attempt<T>(
        self: &Arc<Self>,
        by: Actor,
        lease: Option<LeaseProof>,
        decide: &impl Fn(&Folds, &Context) -> Result<Decided<T>, Refusal>,
    ) -> Attempt<T> {
        let mut ahead = self.ahead();
        if ahead.doubt {
            return Attempt::Later(ahead.echo());
        }
        let now = self.clock.now().max(ahead.standing.last);
        let (events, reply) = match decide(&ahead.standing.folds, &Context { now, by }) {
            Ok(Decided { events, reply }) if !events.is_empty() => (events, reply),
            // A refusal as well: what it was refused for may yet be lost.
            answer => return ahead.rest(answer.map(|decided| decided.reply)),
        };
        let record = |event: &Event| NewRecord {
            stream: Stream::known(event.stream()),
            at: now,
            by: by.to_string(),
            body: event.to_json(),
        };
        let records = events.iter().map(record).collect();
        let (expect, pipeline) = (ahead.standing.expectations(), ahead.pipeline);
        let append = Append { expect, records, lease, pipeline };
        for event in &events {
            ahead.standing.take(now, event);
        }
        ahead.sent += 1;
        let (tell, told) = oneshot::channel();
        let core = Arc::clone(self);
        // Still under the lock: the ledger must get decisions in the order in which they were taken.
        self.ledger.append(append, move |result| {
            let facts: Vec<_> = events.into_iter().map(|event| (now, event)).collect();
            let answer = core.settle(result, &facts);
            // Whoever asked may have gone away.
            let _ = tell.send(answer);
        });
        Attempt::Sent(reply, told)
    }

    /// On the writer's thread, in the order of the decisions.
    fn settle(
        &self,
        result: Result<Appended, AppendError>,
        facts: &[(Timestamp, Event)],
    ) -> Result<(), AppendError> {
        let failed = match &result {
            Ok(appended) => {
                self.make_durable(appended.first, facts);
                false
            }
            Err(_) => true,
        };
        let mut ahead = self.ahead();
        ahead.settled += 1;
        ahead.doubt |= failed;
        if !ahead.doubt {
            while let Some((_, tell)) = ahead.next_echo() {
                let _ = tell.send(());
            }
        }
        // Others may have written right after us, and been taken in as durable while this was on its way.
        let is_behind = || ahead.standing.position < self.read(|standing| standing.position);
        if ahead.is_at_rest() && (ahead.doubt || is_behind()) {
            self.begin_again(&mut ahead);
        }
        result.map(|_| ())
    }

    /// Nothing is on its way any more: what is durable is all there is.
    fn begin_again(&self, ahead: &mut Ahead) {
        loop {
            match self.news() {
                Ok(Some((first, facts))) => self.make_durable(first, &facts),
                Ok(None) => break,
                Err(error) => {
                    // The next decision meets the same trouble and tells its caller; here nobody listens.
                    tracing::error!(error = %chain(&error), "could not read what others wrote");
                    break;
                }
            }
        }
        ahead.standing = self.read(Standing::clone);
        ahead.pipeline += 1;
        ahead.doubt = false;
        // Dropping an echo tells its waiter to decide again.
        ahead.echoes.clear();
    }

    fn make_durable(&self, first: Position, facts: &[(Timestamp, Event)]) {
        let mut durable = self.durable.write().unwrap_or_else(PoisonError::into_inner);
        durable.take_all(first, facts);
        self.head.send_replace(durable.position);
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ahead {
    fn is_at_rest(&self) -> bool {
        self.sent == self.settled
    }

    /// An answer that waits for all that was sent before it.
    fn rest<T>(&mut self, answer: Result<T, Refusal>) -> Attempt<T> {
        if self.is_at_rest() {
            return Attempt::Settled(answer);
        }
        Attempt::Resting(answer, self.echo())
    }

    fn echo(&mut self) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        self.echoes.push_back((self.sent, tell));
        told
    }

    fn next_echo(&mut self) -> Option<(u64, oneshot::Sender<()>)> {
        let due = self.echoes.front().is_some_and(|(of, _)| *of <= self.settled);
        if due { self.echoes.pop_front() } else { None }
    }
}

/// Waits for a future on this thread. Tokio's own way refuses on a thread that also drives a runtime; here the one
/// who wakes us is the ledger's writer, which never waits for a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
        std::thread::park();
    }
}

/// Reads a record's fact.
pub(crate) fn fact(record: &Record) -> Result<(Timestamp, Event), Error> {
    let event = Event::from_json(record.stream.as_str(), &record.body);
    event.map(|event| (record.at, event)).map_err(|refusal| {
        Failure::Replay { position: record.position, what: refusal.to_string() }.into()
    })
}

/// An error and its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
