//! Runs in the hands of runners: taken, told of, lost, told of too late; and what the server's own workers do meanwhile.

use super::*;
use crate::check::{Facts, How, Ran};
use crate::{Asking, Caller, Error, NewToken, Order, Report};
use weir_model::Position;
use weir_model::event::guard::Right;
use weir_queue::{Held, Place, RunState};

const TWO: &str = "[[check]]\nname = \"one\"\nrun = \"false\"\n[[check]]\nname = \"two\"\nrun = \"false\"\n[queue]\nworkers = 0\n";
const NONE: &str = "[[check]]\nname = \"one\"\nrun = \"false\"\n[queue]\nworkers = 0\n";

/// A runner, as its requests show it.
struct Hand<'f> {
    field: &'f Field,
    caller: Caller,
    asking: Asking,
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(future)
}

impl<'f> Hand<'f> {
    /// A runner that has asked once, and so is here.
    fn new(field: &'f Field, name: &str, environment: &str) -> Self {
        let rights = Some(vec![Right::Run]);
        let new = NewToken { person: None, label: name.into(), rights, lease: None };
        let issued = block_on(field.engine.issue_token(&field.owner, new)).expect("issued");
        let caller = field.engine.authenticate(issued.1.reveal()).expect("known");
        let asking = Asking {
            name: name.into(),
            environment: environment.into(),
            places: 1,
            lease: None,
            holds: Vec::new(),
            facts: Facts::new(),
        };
        let mut hand = Self { field, caller, asking };
        assert!(hand.take().is_none(), "nothing waits yet");
        hand
    }

    fn take(&mut self) -> Option<Order> {
        let engine = &self.field.engine;
        let order = block_on(engine.take_run(&self.caller, &self.asking)).expect("asked");
        self.asking.holds = order.iter().map(|order| order.held.lease).collect();
        order
    }

    fn tell(&self, held: Held, check: &str, how: How) -> Result<(), Error> {
        let ran = Ran { how, elapsed: Duration::from_secs(1), log: b"said\n".to_vec() };
        let report = Report { check: check.into(), ran, facts: self.asking.facts.clone() };
        self.field.engine.report_run(&self.caller, &self.asking.name, held, &report)
    }

    fn renew(&self, held: Held) -> String {
        code(&block_on(self.field.engine.renew_run(&self.caller, &self.asking.name, held, None)))
    }
}

fn at_work(field: &Field) -> Drive {
    let mut drive = drive(field, "the one at work");
    drive.hold_lease().expect("free");
    drive
}

/// Works, at a time by which the driver's own lease may have ended.
fn work_on(drive: &mut Drive) {
    drive.lease = None;
    drive.hold_lease().expect("nobody else's");
    work(drive);
}

fn names(order: &Order) -> Vec<&str> {
    order.checks.iter().map(|check| check.name.as_str()).collect()
}

fn kinds(field: &Field) -> Vec<String> {
    let records = field.engine.log(Position(0), 10_000).expect("read");
    let event = |record: &weir_ledger::Record| {
        serde_json::from_str::<serde_json::Value>(&record.body).expect("JSON")["kind"].to_string()
    };
    records.iter().map(event).collect()
}

/// The server has no worker of its own; the check that would fail here is not run here.
#[test]
fn with_runners_alone_what_passed_there_lands() {
    let field = Field::with(MemoryStore::default(), TWO);
    let mut drive = at_work(&field);
    let change = bring(&field, "src/1", "text\n");
    work(&mut drive);
    assert_eq!(field.engine.read(|folds| folds.queue.candidates().count()), 0, "nobody is here");
    let mut runner = Hand::new(&field, "r", "linux");
    work(&mut drive);
    let order = runner.take().expect("it waits");
    let candidate = field.engine.read(|folds| folds.queue.candidates().next().cloned());
    let candidate = candidate.expect("built");
    assert_eq!((&order.commit, &order.tree), (&candidate.commit, &candidate.tree));
    let named = field.engine.trunk().read_ref(&order.name).expect("read").expect("there");
    assert_eq!(named.to_string(), order.commit, "it can be fetched");
    assert_eq!(names(&order), ["one", "two"]);
    assert!(runner.take().is_none(), "it has one place");
    let wrong = runner.tell(order.held, "two", How::Exited(0));
    assert_eq!(code(&wrong), "candidate.wrong_check");
    runner.tell(order.held, "one", How::Exited(0)).expect("taken in");
    assert_eq!(runner.renew(order.held), "ok");
    work(&mut drive);
    runner.tell(order.held, "two", How::Exited(0)).expect("taken in");
    assert_eq!(code(&runner.tell(order.held, "two", How::Exited(1))), "run.over");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[change]);
}

/// It dies in the midst of a check. Another takes over; what the first tells when it comes back is recorded as refused, and
/// counts for nothing: neither that it passed nor that it failed.
#[test]
fn who_comes_back_late_changes_nothing() {
    let field = Field::with(MemoryStore::default(), NONE);
    let mut drive = at_work(&field);
    let (mut first, mut second) =
        (Hand::new(&field, "a", "linux"), Hand::new(&field, "b", "linux"));
    let change = bring(&field, "src/1", "text\n");
    work(&mut drive);
    let lost = first.take().expect("it waits");
    assert!(second.take().is_none(), "it is another's");
    field.clock.forward(Duration::from_secs(40));
    assert_eq!(first.renew(lost.held), "ok");
    field.clock.forward(Duration::from_secs(40));
    work_on(&mut drive);
    assert!(second.take().is_none(), "it was renewed");
    field.clock.forward(Duration::from_secs(61));
    work_on(&mut drive);
    let told = |how| code(&first.tell(lost.held, "one", how));
    assert_eq!(told(How::Exited(0)), "run.lease_lost");
    let order = second.take().expect("it came back");
    assert!(order.held.lease > lost.held.lease);
    assert_eq!(told(How::Exited(0)), "run.lease_lost");
    assert_eq!(told(How::Exited(1)), "run.lease_lost");
    assert_eq!(first.renew(lost.held), "run.lease_lost");
    // Not even by the number of the other's lease.
    assert_eq!(code(&first.tell(order.held, "one", How::Exited(1))), "run.lease_lost");
    let results = |folds: &crate::Folds| {
        let all = folds.queue.candidates().flat_map(|known| &known.runs);
        all.map(|run| run.results.len()).sum::<usize>()
    };
    assert_eq!(field.engine.read(results), 0);
    second.tell(order.held, "one", How::Exited(0)).expect("taken in");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[change]);
    let refused = kinds(&field).iter().filter(|kind| kind.contains("report.refused")).count();
    assert_eq!(refused, 4);
}

/// Another process drives on: what runners run goes on, and counts.
#[test]
fn a_restart_of_the_server_costs_a_runner_nothing() {
    let store = MemoryStore::default();
    let field = Field::with(store.clone(), NONE);
    let mut drive = at_work(&field);
    let mut runner = Hand::new(&field, "r", "linux");
    let change = bring(&field, "src/1", "text\n");
    work(&mut drive);
    let order = runner.take().expect("it waits");
    let (caller, asking) = (runner.caller, runner.asking);
    drive.give_lease_back();
    drop(drive);
    let field = field.restart(store);
    let mut drive = self::drive(&field, "the next one");
    drive.hold_lease().expect("free");
    drive.settle().expect("settled");
    work(&mut drive);
    let runner = Hand { field: &field, caller, asking };
    assert_eq!(runner.renew(order.held), "ok");
    runner.tell(order.held, "one", How::Exited(0)).expect("taken in");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[change]);
    let built = field.engine.read(|folds| folds.queue.candidates().count());
    assert_eq!(built, 1, "nothing was begun anew");
}

/// What one had found out before it was lost is taken over where the environment is the same, and nowhere else.
#[test]
fn a_verdict_is_of_its_environment() {
    let field = Field::with(MemoryStore::default(), TWO);
    let mut drive = at_work(&field);
    let mut runners =
        ["linux", "other", "linux"].map(|environment| Hand::new(&field, environment, environment));
    let change = bring(&field, "src/1", "text\n");
    work(&mut drive);
    let [first, second, third] = &mut runners;
    let order = first.take().expect("it waits");
    first.tell(order.held, "one", How::Exited(0)).expect("taken in");
    let back = |hand: &Hand<'_>, order: &Order| {
        let said = "no room".to_owned();
        let (engine, name) = (&hand.field.engine, &hand.asking.name);
        block_on(engine.return_run(&hand.caller, name, order.held, said)).expect("given back");
    };
    back(first, &order);
    let order = second.take().expect("it came back");
    assert_eq!(names(&order), ["one", "two"], "that was another environment");
    back(second, &order);
    let order = third.take().expect("it came back");
    assert_eq!(names(&order), ["two"], "that was the same");
    third.tell(order.held, "two", How::Exited(0)).expect("taken in");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[change]);
}

/// What a check depends on must be told, for it is a part of what its verdict is about.
#[test]
fn what_a_check_depends_on_is_told() {
    let rules = NONE.replace("run = \"false\"", "run = \"false\"\ntoolchain = [\"$MODEL\"]");
    let field = Field::with(MemoryStore::default(), &rules);
    let mut drive = at_work(&field);
    let mut runner = Hand::new(&field, "r", "linux");
    let change = bring(&field, "src/1", "text\n");
    work(&mut drive);
    let order = runner.take().expect("it waits");
    assert_eq!(order.checks[0].toolchain, ["$MODEL"]);
    assert_eq!(code(&runner.tell(order.held, "one", How::Exited(0))), "run.no_facts");
    runner.asking.facts.insert("$MODEL".into(), None);
    runner.tell(order.held, "one", How::Exited(0)).expect("taken in");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[change]);
}

/// No such program: if the checks are not known to pass on the tip in this very environment, that is the machine's fault.
#[test]
fn a_machine_that_lacks_something_is_no_changes_fault() {
    let field = Field::with(MemoryStore::default(), NONE);
    let mut drive = at_work(&field);
    let mut runner = Hand::new(&field, "r", "linux");
    let change = bring(&field, "src/1", "text\n");
    work(&mut drive);
    let order = runner.take().expect("it waits");
    runner.tell(order.held, "one", How::Exited(0)).expect("taken in");
    work(&mut drive);
    assert_landed(&field, &[change]);
    // The tip has passed there, and nowhere else.
    let mut lacking = Hand::new(&field, "lacking", "other");
    bring(&field, "src/2", "text\n");
    work(&mut drive);
    let order = lacking.take().expect("it waits");
    lacking.tell(order.held, "one", How::Exited(127)).expect("taken in");
    let state = |held: Held| {
        field.engine.read(|folds| {
            let known = folds.queue.candidate(held.candidate).expect("known");
            known.state_of(known.run(held.run).expect("known"))
        })
    };
    assert_eq!(state(order.held), RunState::Void);
    field.clock.forward(Duration::from_secs(10));
    work_on(&mut drive);
    let order = runner.take().expect("it is tried again");
    runner.tell(order.held, "one", How::Exited(127)).expect("taken in");
    assert_eq!(state(order.held), RunState::Failed, "there the program was");
}

/// A run that no runner survives is told to be broken, and tried again by and by; its change is not sent back.
#[test]
fn a_run_that_several_lost_is_broken() {
    let field = Field::with(MemoryStore::default(), NONE);
    let mut drive = at_work(&field);
    let mut runner = Hand::new(&field, "r", "linux");
    let change = bring(&field, "src/1", "text\n");
    work(&mut drive);
    for _ in 0..3 {
        let order = runner.take().expect("it waits");
        let (engine, name) = (&field.engine, &runner.asking.name);
        let back = engine.return_run(&runner.caller, name, order.held, "killed".into());
        block_on(back).expect("given back");
        runner.asking.holds.clear();
        work(&mut drive);
    }
    let states = || {
        field.engine.read(|folds| {
            let known = folds.queue.candidates().next().expect("built");
            known.runs.iter().map(|run| known.state_of(run)).collect::<Vec<_>>()
        })
    };
    assert_eq!(states()[0], RunState::Void);
    field.clock.forward(Duration::from_secs(10));
    work_on(&mut drive);
    let order = runner.take().expect("it is tried again");
    runner.tell(order.held, "one", How::Exited(0)).expect("taken in");
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &[change]);
}

/// One worker here and one runner that takes nothing: what was left for it is run here.
#[test]
fn what_no_runner_takes_is_run_here() {
    let rules = "[[check]]\nname = \"one\"\nrun = \"true\"\n[queue]\nworkers = 1\n";
    let field = Field::with(MemoryStore::default(), rules);
    let mut drive = at_work(&field);
    let _idle = Hand::new(&field, "r", "linux");
    let changes = [1, 2].map(|number| bring(&field, &format!("src/{number}"), "text\n"));
    work(&mut drive);
    drop(drive);
    assert_landed(&field, &changes);
    let kinds = kinds(&field);
    let count = |kind: &str| kinds.iter().filter(|it| it.contains(kind)).count();
    assert!(count("run.offered") >= 1, "{kinds:?}");
    assert_eq!(count("run.offered"), count("run.recalled"));
    assert_eq!(count("run.taken"), 0);
}

/// A runner that goes gives back what it holds; a change that is withdrawn is nobody's; nobody but runners takes anything.
#[test]
fn what_is_given_back_waits_again_and_what_is_withdrawn_does_not() {
    let field = Field::with(MemoryStore::default(), NONE);
    let mut drive = at_work(&field);
    let mut runner = Hand::new(&field, "r", "linux");
    let change = bring(&field, "src/1", "text\n");
    work(&mut drive);
    let order = runner.take().expect("it waits");
    let engine = &field.engine;
    block_on(engine.leave_runner(&runner.caller, "r")).expect("gone");
    assert!(!engine.has_runner(&runner.caller, "r"));
    assert_eq!(runner.renew(order.held), "run.lease_lost");
    let places: Vec<Place> = engine
        .read(|folds| folds.queue.under_way_at().map(|(_, _, place)| place.clone()).collect());
    assert_eq!(places, [Place::Offered]);
    runner.asking.holds.clear();
    let order = runner.take().expect("it waits again");
    block_on(engine.withdraw_task(&field.owner, change.task)).expect("withdrawn");
    assert_eq!(runner.renew(order.held), "run.over");
    assert_eq!(code(&runner.tell(order.held, "one", How::Exited(1))), "run.over");
    work(&mut drive);

    let session = block_on(field.session());
    for caller in [&field.owner, &session] {
        let caller = Caller { token: runner.caller.token, ..caller.clone() };
        let asked = block_on(engine.take_run(&caller, &runner.asking));
        assert!(code(&asked).starts_with("right."), "{}", code(&asked));
    }
    let nobody = Caller { token: None, ..runner.caller.clone() };
    let asked = block_on(engine.take_run(&nobody, &runner.asking));
    assert_eq!(code(&asked), "runner.no_token");
}

/// A log is as long as its check may print, and no longer.
#[test]
fn a_log_is_bounded() {
    let rules = NONE.replace("run = \"false\"", "run = \"false\"\noutput_limit = 1000");
    let field = Field::with(MemoryStore::default(), &rules);
    let mut drive = at_work(&field);
    let mut runner = Hand::new(&field, "r", "linux");
    bring(&field, "src/1", "text\n");
    work(&mut drive);
    let order = runner.take().expect("it waits");
    let told = |length: usize| {
        let ran = Ran { how: How::Exited(1), elapsed: Duration::ZERO, log: vec![b'x'; length] };
        let report = Report { check: "one".into(), ran, facts: Facts::new() };
        code(&field.engine.report_run(&runner.caller, "r", order.held, &report))
    };
    assert_eq!(told(1101), "run.too_large");
    assert_eq!(told(1100), "ok");
}
