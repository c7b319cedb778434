//! Samples of every event kind: each variant, and each word that can stand in it, at least once.

use weir_model::config::Check;
use weir_model::event::Mandate;
use weir_model::event::act::Event as Act;
use weir_model::event::guard::{Event as Guard, Right, Role, TokenKind};
use weir_model::event::queue::{
    Class, Dropped, Event as Queue, GateSource, Returned, Runner, Step, Verdict,
};
use weir_model::event::review::{Counterpart, Event as Review, Repair};
use weir_model::event::work::{Event as Work, Hold};
use weir_model::{
    CandidateId, ChangeId, Digest, Event, FencingToken, LandingId, Lease, PathSet, PersonId,
    Position, RevisionId, SessionId, TaskId, Timestamp, TokenId,
};

/// Names every variant. A new one does not compile until it is listed, and listed it needs a sample.
macro_rules! kinds {
    ($($pattern:pat => $kind:literal,)*) => {
        pub(crate) const KINDS: &[&str] = &[$($kind),*];

        pub(crate) fn kind(event: &Event) -> &'static str {
            match event { $($pattern => $kind,)* }
        }
    };
}

kinds! {
    Event::Guard(Guard::SpaceOpened { .. }) => "space.opened.v1",
    Event::Guard(Guard::PersonAdded { .. }) => "person.added.v1",
    Event::Guard(Guard::RoleChanged { .. }) => "person.role_changed.v1",
    Event::Guard(Guard::PersonRemoved { .. }) => "person.removed.v1",
    Event::Guard(Guard::TokenIssued { .. }) => "token.issued.v1",
    Event::Guard(Guard::TokenRevoked { .. }) => "token.revoked.v1",
    Event::Guard(Guard::SignInOffered { .. }) => "sign_in.offered.v1",
    Event::Guard(Guard::SignInRedeemed { .. }) => "sign_in.redeemed.v1",
    Event::Guard(Guard::SessionOpened { .. }) => "session.opened.v1",
    Event::Guard(Guard::SessionEnded { .. }) => "session.ended.v1",
    Event::Guard(Guard::PushRefused { .. }) => "push.refused.v1",
    Event::Guard(Guard::RecordsLost { .. }) => "records.lost.v1",
    Event::Act(Act::ClientAttached { .. }) => "client.attached.v1",
    Event::Act(Act::ClientDetached { .. }) => "client.detached.v1",
    Event::Act(Act::HookChecked { .. }) => "hook.checked.v1",
    Event::Act(Act::ActDecided { .. }) => "act.decided.v1",
    Event::Act(Act::ActsLooked { .. }) => "acts.looked.v1",
    Event::Act(Act::ActsAlone { .. }) => "acts.alone.v1",
    Event::Act(Act::ActFinished { .. }) => "act.finished.v1",
    Event::Act(Act::ApprovalAsked { .. }) => "approval.asked.v1",
    Event::Act(Act::ApprovalGiven { .. }) => "approval.given.v1",
    Event::Act(Act::ApprovalRefused { .. }) => "approval.refused.v1",
    Event::Act(Act::SessionTainted { .. }) => "session.tainted.v1",
    Event::Act(Act::SessionCleared { .. }) => "session.cleared.v1",
    Event::Act(Act::BreakerTripped { .. }) => "breaker.tripped.v1",
    Event::Act(Act::Paused { .. }) => "agents.paused.v1",
    Event::Act(Act::Resumed { .. }) => "agents.resumed.v1",
    Event::Act(Act::PolicySet { .. }) => "policy.set.v1",
    Event::Act(Act::ToolPinned { .. }) => "tool.pinned.v1",
    Event::Act(Act::ToolQuarantined { .. }) => "tool.quarantined.v1",
    Event::Act(Act::ToolServerNoticed { .. }) => "tool_server.noticed.v1",
    Event::Act(Act::SpendCounted { .. }) => "spend.counted.v1",
    Event::Act(Act::Unguarded { .. }) => "session.unguarded.v1",
    Event::Work(Work::TaskCreated { .. }) => "task.created.v1",
    Event::Work(Work::TaskClaimed { .. }) => "task.claimed.v1",
    Event::Work(Work::ClaimRenewed { .. }) => "claim.renewed.v1",
    Event::Work(Work::ClaimReleased { .. }) => "claim.released.v1",
    Event::Work(Work::TaskSubmitted { .. }) => "task.submitted.v1",
    Event::Work(Work::TaskReturned { .. }) => "task.returned.v1",
    Event::Work(Work::TaskDone { .. }) => "task.done.v1",
    Event::Work(Work::TaskWithdrawn { .. }) => "task.withdrawn.v1",
    Event::Review(Review::RevisionSubmitted { .. }) => "revision.submitted.v1",
    Event::Review(Review::RevisionApproved { .. }) => "revision.approved.v1",
    Event::Review(Review::RevisionRejected { .. }) => "revision.rejected.v1",
    Event::Review(Review::RepairAsked { .. }) => "repair.asked.v1",
    Event::Review(Review::ChangeLanded { .. }) => "change.landed.v1",
    Event::Review(Review::ChangeAbandoned { .. }) => "change.abandoned.v1",
    Event::Queue(Queue::GateSet { .. }) => "gate.set.v1",
    Event::Queue(Queue::TrunkMoved { .. }) => "trunk.moved.v1",
    Event::Queue(Queue::RevisionQueued { .. }) => "revision.queued.v1",
    Event::Queue(Queue::RevisionDequeued { .. }) => "revision.dequeued.v1",
    Event::Queue(Queue::CandidateBuilt { .. }) => "candidate.built.v1",
    Event::Queue(Queue::CheckFinished { .. }) => "check.finished.v1",
    Event::Queue(Queue::CandidateDropped { .. }) => "candidate.dropped.v1",
    Event::Queue(Queue::RevisionEjected { .. }) => "revision.ejected.v1",
    Event::Queue(Queue::LandingStarted { .. }) => "landing.started.v1",
    Event::Queue(Queue::LandingFinished { .. }) => "landing.finished.v1",
    Event::Queue(Queue::LandingLost { .. }) => "landing.lost.v1",
    Event::Queue(Queue::CandidateRepeated { .. }) => "candidate.repeated.v1",
    Event::Queue(Queue::RunStopped { .. }) => "run.stopped.v1",
    Event::Queue(Queue::RunnerSeen { .. }) => "runner.seen.v1",
    Event::Queue(Queue::RunnerLeft { .. }) => "runner.left.v1",
    Event::Queue(Queue::RunOffered { .. }) => "run.offered.v1",
    Event::Queue(Queue::RunRecalled { .. }) => "run.recalled.v1",
    Event::Queue(Queue::RunTaken { .. }) => "run.taken.v1",
    Event::Queue(Queue::RunRenewed { .. }) => "run.renewed.v1",
    Event::Queue(Queue::RunReturned { .. }) => "run.returned.v1",
    Event::Queue(Queue::ReportRefused { .. }) => "report.refused.v1",
    Event::Queue(Queue::QueueFrozen { .. }) => "queue.frozen.v1",
    Event::Queue(Queue::QueueThawed { .. }) => "queue.thawed.v1",
    Event::Queue(Queue::ClassSet { .. }) => "class.set.v1",
}

#[path = "acts.rs"]
mod acts;

use acts::act;

const COMMIT: &str = "1111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222";
const TREE: &str = "3333333333333333333333333333333333333333";
const REVISION: RevisionId = RevisionId { change: ChangeId(3), number: 2 };
const TASK: TaskId = TaskId(7);
const SESSION: SessionId = SessionId(12);
const PERSON: PersonId = PersonId(2);
const CANDIDATE: CandidateId = CandidateId(5);
const LANDING: LandingId = LandingId(4);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + millis)
}

fn digest(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

fn hold() -> Hold {
    Hold { session: SESSION, token: FencingToken(41), expires_at: at(250) }
}

/// All samples, in no particular order.
pub(crate) fn samples() -> Vec<Event> {
    let guard = guard().into_iter().map(Event::from);
    let act = act().into_iter().map(Event::from);
    let work = work().into_iter().map(Event::from);
    let review = review().into_iter().map(Event::from);
    let queue = queue().into_iter().map(Event::from);
    guard.chain(act).chain(work).chain(review).chain(queue).collect()
}

fn guard() -> Vec<Guard> {
    let rights = vec![Right::Read, Right::Task, Right::Claim, Right::Approve, Right::Admin];
    let token = |usage, rights| Guard::TokenIssued {
        token: TokenId(9),
        person: PERSON,
        label: "laptop".into(),
        usage,
        rights,
        hash: digest("a token"),
        expires_at: at(0),
    };
    let session = |parent, paths: &[&[&str]]| Guard::SessionOpened {
        session: SESSION,
        agent: "agent".into(),
        person: PERSON,
        parent,
        mandate: Mandate {
            paths: paths
                .iter()
                .map(|layer| PathSet::new(layer.iter().copied()).expect("patterns"))
                .collect(),
            push_bytes_max: 50_000_000,
        },
        hash: digest("a session"),
        expires_at: at(1),
    };
    let refused = |session, task| Guard::PushRefused {
        session,
        task,
        target: "refs/for/main".into(),
        code: "claim.held".into(),
        sentence: "task `T7` is held by `S13`".into(),
    };
    let (person, hash) = (PERSON, digest("a link"));
    vec![
        Guard::SpaceOpened { name: "weir".into() },
        Guard::PersonAdded { person, name: "Ada \"ö\" \u{1f30a}".into(), role: Role::Owner },
        Guard::RoleChanged { person, role: Role::Member },
        Guard::RoleChanged { person, role: Role::Auditor },
        Guard::PersonRemoved { person },
        token(TokenKind::Named, rights),
        token(TokenKind::Browser, vec![]),
        token(TokenKind::Named, vec![Right::Run]),
        Guard::TokenRevoked { token: TokenId(9) },
        Guard::SignInOffered { person, hash, expires_at: at(-1) },
        Guard::SignInRedeemed { hash },
        session(None, &[&["**"]]),
        session(Some(SessionId(11)), &[&["src/**", "*.md"], &["src/a/", "{a,b}/?.rs"]]),
        Guard::SessionEnded { session: SESSION, why: "`Ada` left".into() },
        refused(Some(SESSION), Some(TASK)),
        refused(None, None),
        Guard::RecordsLost { left: Position(120), marked: Position(130), root: digest("a tree") },
    ]
}

fn work() -> Vec<Work> {
    let (task, session) = (TASK, SESSION);
    let created = |text: &str, after, key| Work::TaskCreated {
        task,
        title: "say hello".into(),
        text: text.into(),
        paths: PathSet::new(["src/**", "README.md"]).expect("patterns"),
        after,
        person: PERSON,
        key,
    };
    vec![
        created("", vec![], None),
        created("on\ntwo lines\t\u{7f}", vec![TaskId(1), TaskId(6)], Some("key".into())),
        Work::TaskClaimed { task, hold: hold() },
        Work::ClaimRenewed { task, hold: Hold { expires_at: at(60_000), ..hold() } },
        Work::ClaimReleased { task, session },
        Work::TaskSubmitted { task, change: ChangeId(3) },
        Work::TaskReturned { task, hold: Some(hold()) },
        Work::TaskReturned { task, hold: None },
        Work::TaskDone { task, landing: LANDING },
        Work::TaskWithdrawn { task, person: PERSON },
    ]
}

fn review() -> Vec<Review> {
    let (revision, person) = (REVISION, PERSON);
    let repair = |body, reproduce| Repair {
        code: "check.failed".into(),
        sentence: "check `test` failed with exit code 1".into(),
        log: "line 1\nline 2".into(),
        body,
        reproduce,
        hint: "mend it and push again".into(),
        ..Repair::default()
    };
    let beside_another =
        Repair { beside: vec![revision], place_until: Some(at(1000)), ..repair(None, None) };
    let with = Counterpart {
        revision,
        task: TASK,
        title: "a task".into(),
        intent: "so that it is done".into(),
        diff: "-a\n+b\n".into(),
        see: "git diff a b".into(),
    };
    let with_another = Repair { with: vec![with], ..beside_another.clone() };
    vec![
        Review::RevisionSubmitted {
            revision,
            task: TASK,
            session: SESSION,
            person,
            token: FencingToken(41),
            trunk: "main".into(),
            commit: COMMIT.into(),
            base: OTHER.into(),
            title: "say hello".into(),
            paths: vec!["src/a.rs".into(), "caf\u{fffd}".into()],
            approvals_needed: 1,
            below: None,
        },
        Review::RevisionSubmitted {
            revision,
            task: TASK,
            session: SESSION,
            person,
            token: FencingToken(41),
            trunk: "main".into(),
            commit: COMMIT.into(),
            base: OTHER.into(),
            title: "say hello".into(),
            paths: vec!["src/a.rs".into(), "caf\u{fffd}".into()],
            approvals_needed: 1,
            below: Some(revision),
        },
        Review::RevisionApproved { revision, person },
        Review::RevisionRejected { revision, person, comment: "name it better".into() },
        Review::RepairAsked {
            revision,
            repair: repair(Some(digest("a log")), Some("make test".into())),
        },
        Review::RepairAsked { revision, repair: repair(None, None) },
        Review::RepairAsked { revision, repair: beside_another },
        Review::RepairAsked { revision, repair: with_another },
        Review::ChangeLanded { revision, landing: LANDING },
        Review::ChangeAbandoned { revision },
    ]
}

fn queue() -> Vec<Queue> {
    let (revision, candidate, landing) = (REVISION, CANDIDATE, LANDING);
    let check = Check {
        name: "test".into(),
        run: "make test".into(),
        time_limit: Lease::minutes(30),
        output_limit: 1 << 20,
        paths: None,
        toolchain: Vec::new(),
    };
    let covering = Check {
        name: "lint".into(),
        paths: Some(PathSet::new(["docs/**"]).expect("patterns")),
        toolchain: vec!["/usr/bin/cc".into(), "$CC".into()],
        ..check.clone()
    };
    let gate = |checks, source| Queue::GateSet {
        trunk: "main".into(),
        checks,
        approvals_needed: 2,
        source,
    };
    let finished = |verdict, exit_code| Queue::CheckFinished {
        candidate,
        run: 1,
        check: "test".into(),
        verdict,
        exit_code,
        elapsed_ms: 1234,
        log: digest("a log"),
        key: digest("what it looks at"),
        taken_from: None,
    };
    let taken = Queue::CheckFinished {
        candidate,
        run: 1,
        check: "test".into(),
        verdict: Verdict::Passed,
        exit_code: Some(0),
        elapsed_ms: 0,
        log: digest("a log"),
        key: digest("what it looks at"),
        taken_from: Some(candidate),
    };
    let class = |class| Queue::ClassSet {
        change: revision.change,
        class,
        person: PERSON,
        reason: "a customer waits".into(),
    };
    let lease = FencingToken(7);
    let runner = || Runner { token: TokenId(9), name: "build-1".into() };
    let returned =
        |why, said: &str| Queue::RunReturned { candidate, run: 1, lease, why, said: said.into() };
    let dropped = |why| Queue::CandidateDropped { candidate, why };
    let moved = |from| Queue::TrunkMoved { trunk: "main".into(), from, to: OTHER.into() };
    let ejected = |candidate| Queue::RevisionEjected {
        revision,
        candidate,
        code: "check.failed".into(),
        why: "it fails by itself".into(),
    };
    vec![
        gate(vec![check, covering], GateSource::Committed(COMMIT.into())),
        gate(vec![], GateSource::Detected(COMMIT.into())),
        moved(None),
        moved(Some(COMMIT.into())),
        Queue::RevisionQueued { revision, task: TASK, commit: COMMIT.into(), below: None },
        Queue::RevisionQueued {
            revision,
            task: TASK,
            commit: COMMIT.into(),
            below: Some(revision),
        },
        Queue::RevisionDequeued { revision },
        Queue::CandidateBuilt {
            candidate,
            onto: COMMIT.into(),
            steps: vec![Step { revision, tree: TREE.into() }],
            commit: OTHER.into(),
            tree: TREE.into(),
            why: "the first that waits".into(),
        },
        Queue::CandidateRepeated { candidate, run: 2, why: "it failed once".into() },
        Queue::RunStopped { candidate, run: 2, why: Dropped::Unneeded },
        Queue::RunnerSeen {
            runner: runner(),
            environment: "linux-x86_64@build-1".into(),
            places: 4,
            until: at(250),
        },
        Queue::RunnerLeft { runner: runner() },
        Queue::RunOffered { candidate, run: 1 },
        Queue::RunRecalled { candidate, run: 1 },
        Queue::RunTaken {
            candidate,
            run: 1,
            runner: runner(),
            environment: "linux-x86_64@build-1".into(),
            lease,
            until: at(250),
        },
        Queue::RunRenewed { candidate, run: 1, lease, until: at(250) },
        returned(Returned::Expired, ""),
        returned(Returned::Unable, "could not fetch `Q1`"),
        returned(Returned::Stopping, ""),
        returned(Returned::Unheard, ""),
        Queue::ReportRefused {
            candidate,
            run: 1,
            runner: runner(),
            lease,
            check: "test".into(),
            code: "run.lease_lost".into(),
        },
        finished(Verdict::Passed, Some(0)),
        taken,
        finished(Verdict::Failed, Some(1)),
        finished(Verdict::TimedOut, None),
        finished(Verdict::Broken, Some(127)),
        dropped(Dropped::TrunkMoved),
        dropped(Dropped::Interrupted),
        dropped(Dropped::CheckBroken),
        dropped(Dropped::Withdrawn),
        dropped(Dropped::Ejected),
        dropped(Dropped::Overtaken),
        dropped(Dropped::GateChanged),
        dropped(Dropped::Unneeded),
        ejected(Some(candidate)),
        ejected(None),
        Queue::LandingStarted {
            landing,
            candidate,
            revisions: vec![revision],
            from: COMMIT.into(),
            to: OTHER.into(),
            tree: TREE.into(),
            why: "it passed".into(),
        },
        Queue::QueueFrozen { person: PERSON, reason: "a release".into() },
        Queue::QueueThawed { person: PERSON },
        class(Class::Express),
        class(Class::High),
        class(Class::Normal),
        class(Class::Low),
        Queue::LandingFinished { landing },
        Queue::LandingLost { landing, actual: OTHER.into() },
    ]
}
