//! Tries to break what review promises.

use proptest::prelude::*;
use weir_model::event::review::Event;
use weir_model::{ChangeId, FencingToken, LandingId, PersonId, RevisionId, SessionId, TaskId};
use weir_review::{Command, Review, State, Submission, decide, evolve};

fn submission(task: u64, commit: &str, token: u64, needed: u32) -> Submission {
    Submission {
        task: TaskId(task),
        session: SessionId(1),
        person: PersonId(1),
        token: FencingToken(token),
        trunk: "main".into(),
        commit: commit.into(),
        base: "b".into(),
        title: "t".into(),
        paths: vec![],
        approvals_needed: needed,
        below: None,
    }
}

/// Runs a story, one `command | outcome` a line.
fn check(story: &str) {
    let mut review = Review::default();
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (asked, expected) = line.split_once('|').expect("a line has a bar");
        let words: Vec<&str> = asked.split_whitespace().collect();
        let revision = |word: &str| word.parse::<RevisionId>().expect("a revision");
        let person = |word: &str| word.parse::<PersonId>().expect("a person");
        let command = match words.as_slice() {
            ["submit", task, commit, token] => Command::Submit(submission(
                task.parse::<TaskId>().expect("a task").0,
                commit,
                token.parse().expect("a number"),
                1,
            )),
            ["approve", r, p] => Command::Approve { revision: revision(r), person: person(p) },
            ["reject", r, p, comment @ ..] => Command::Reject {
                revision: revision(r),
                person: person(p),
                comment: comment.join(" "),
            },
            ["land", r] => Command::Land { revision: revision(r), landing: LandingId(1) },
            ["abandon", c] => Command::Abandon { change: c.parse().expect("a change") },
            other => panic!("no such command: {other:?}"),
        };
        let told = match decide(&review, command) {
            Ok(events) => {
                events.iter().for_each(|event| evolve(&mut review, event));
                events.iter().map(tell).collect::<Vec<_>>().join(", ")
            }
            Err(refusal) => format!("refused {}", refusal.code),
        };
        assert_eq!(told, expected.trim(), "in `{line}`");
    }
}

fn tell(event: &Event) -> String {
    match event {
        Event::RevisionSubmitted { revision, commit, .. } => {
            format!("submitted {revision} {commit}")
        }
        Event::RevisionApproved { revision, person } => format!("approved {revision} {person}"),
        Event::RevisionRejected { revision, .. } => format!("rejected {revision}"),
        Event::RepairAsked { revision, repair } => format!("repair {revision} {}", repair.code),
        Event::ChangeLanded { revision, landing } => format!("landed {revision} {landing}"),
        Event::ChangeAbandoned { revision } => format!("abandoned {revision}"),
    }
}

#[test]
fn an_approval_binds_to_one_revision() {
    check(
        "
        submit T1 aaa 1   | submitted C1.1 aaa
        submit T1 aaa 1   |
        approve C1.2 P2   | refused revision.unknown
        approve C2.1 P2   | refused change.unknown
        approve C1.1 P2   | approved C1.1 P2
        approve C1.1 P2   |
        reject C1.1 P2    | refused review.no_comment
        reject C1.1 P2 no | rejected C1.1, repair C1.1 review.rejected
        approve C1.1 P3   | refused revision.returned
        submit T1 bbb 2   | submitted C1.2 bbb
        approve C1.1 P3   | refused revision.superseded
        land C1.1         | refused revision.superseded
        approve C1.2 P3   | approved C1.2 P3
        land C1.2         | landed C1.2 L1
        approve C1.2 P2   | refused change.closed
        abandon C1        | refused change.closed
        submit T2 ccc 3   | submitted C2.1 ccc
        abandon C2        | abandoned C2.1
        abandon C2        |
        submit T2 ccc 3   | submitted C3.1 ccc
        ",
    );
}

proptest! {
    /// However revisions and approvals interleave, a revision counts only the approvals given to itself.
    #[test]
    fn approvals_never_carry_over(steps in proptest::collection::vec((0u8..3, 1u64..5, 1u32..4), 1..40)) {
        let mut review = Review::default();
        let mut given: Vec<(RevisionId, PersonId)> = Vec::new();
        for (turn, (kind, person, number)) in steps.into_iter().enumerate() {
            let revision = RevisionId { change: ChangeId(1), number };
            let command = match kind {
                0 => Command::Submit(submission(1, &format!("c{turn}"), turn as u64, 2)),
                1 => Command::Approve { revision, person: PersonId(person) },
                _ => Command::Reject { revision, person: PersonId(person), comment: "no".into() },
            };
            let Ok(events) = decide(&review, command) else { continue };
            for event in &events {
                evolve(&mut review, event);
                if let Event::RevisionApproved { revision, person } = event {
                    given.push((*revision, *person));
                }
            }
            for change in review.changes() {
                for revision in &change.revisions {
                    let mine = given.iter().filter(|(id, _)| *id == revision.id).count();
                    prop_assert_eq!(revision.approvals.len(), mine);
                    prop_assert_eq!(revision.is_approved(), mine >= 2);
                }
                let returned = matches!(change.state, State::Returned(_));
                prop_assert!(change.is_open() || !returned);
            }
        }
    }
}
