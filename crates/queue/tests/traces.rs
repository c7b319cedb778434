//! A trace comes from anywhere: nothing in it makes the simulator panic, and what it answers adds up.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use weir_model::event::queue::{Event as Queue, Step, Verdict};
use weir_model::event::review::Event as Review;
use weir_model::{CandidateId, ChangeId, Digest, Event, LandingId, RevisionId, Timestamp};
use weir_queue::sim::{Came, Decides, Fate, Recorded, Touching, Trace, WhatIf};

fn what_if() -> WhatIf {
    WhatIf {
        policies: Decides::ALL.to_vec(),
        workers: 2,
        arrivals: 1.0,
        batch_max: None,
        flake: None,
        touching: Touching::All,
        seed: 1,
    }
}

fn came() -> impl Strategy<Value = Came> {
    let fate = prop_oneof![
        4 => Just(Fate::Landed),
        1 => Just(Fate::Failed),
        1 => Just(Fate::Conflict),
        1 => Just(Fate::Withdrawn),
        1 => Just(Fate::Waiting),
    ];
    let moment = prop_oneof![0..10_000_000_u64, 0..=1_000_000_000_000_000_u64];
    let length = prop_oneof![Just(0), 0..3_600_000_u64, Just(604_800_000)];
    let counts = option::of((0..u32::MAX, 0..u32::MAX));
    (moment, length, fate, option::of(0..u64::MAX / 2), counts, vec("[abc]", 0..3)).prop_map(
        |(came_ms, checks_ms, verdict, left, counts, paths)| Came {
            change: String::new(),
            came_ms,
            checks_ms,
            verdict,
            left_ms: left.map(|left| came_ms + left),
            builds: counts.map(|(builds, _)| builds),
            flakes: counts.map(|(_, flakes)| flakes),
            paths,
        },
    )
}

fn trace() -> impl Strategy<Value = Vec<Came>> {
    vec(came(), 1..14).prop_map(|mut all| {
        all.iter_mut().enumerate().for_each(|(nth, came)| came.change = format!("C{nth}.1"));
        all
    })
}

fn lines(all: &[Came]) -> String {
    let lines = all.iter().map(|came| serde_json::to_string(came).expect("JSON") + "\n");
    lines.collect()
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = Trace::read(&bytes);
    }

    #[test]
    fn no_trace_with_a_flaw_makes_the_reader_panic(
        all in trace(),
        flaws in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = lines(&all).into_bytes();
        for (place, byte) in flaws {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(trace) = Trace::read(&bytes) {
            let again = Trace::read(trace.lines().as_bytes());
            prop_assert_eq!(again.as_ref(), Ok(&trace));
        }
    }

    #[test]
    fn every_change_is_accounted_for_and_the_trunk_stays_green(
        all in trace(),
        workers in 1..5_u32,
        arrivals in prop_oneof![Just(1.0), Just(10.0), Just(0.001), Just(100_000.0)],
        batch_max in option::of(1..4_u32),
        flake in prop_oneof![Just(None), Just(Some(0.0)), Just(Some(0.4))],
        touching in prop_oneof![Just(Touching::All), Just(Touching::Paths)],
    ) {
        let trace = Trace::read(lines(&all).as_bytes()).expect("a trace");
        let asked = WhatIf { workers, arrivals, batch_max, flake, touching, ..what_if() };
        let answer = asked.answer(&trace).expect("an answer");
        let came = all.iter().filter(|came| came.verdict != Fate::Withdrawn).count();
        prop_assert_eq!(answer.changes, came);
        prop_assert_eq!(answer.rows.len(), 6);
        for row in &answer.rows {
            prop_assert!(row.red_trunks.unwrap_or(0) == 0, "{:?}", row);
            // Who was sent back wrongly and is not offered again yet is nowhere.
            let known = row.landed + row.back + row.waiting;
            let lost = came.saturating_sub(known);
            prop_assert!(lost <= row.ejected_wrongly.unwrap_or(0) && known <= came, "{:?}", row);
        }
        prop_assert_eq!(asked.answer(&trace).expect("an answer"), answer);
    }
}

#[test]
fn numbers_that_mean_nothing_are_refused() {
    let line = r#"{"change":"C1.1","came_ms":0,"checks_ms":1,"verdict":"landed"}"#;
    let trace = Trace::read(line.as_bytes()).expect("a trace");
    for asked in [
        WhatIf { workers: 0, ..what_if() },
        WhatIf { workers: u32::MAX, ..what_if() },
        WhatIf { arrivals: 0.0, ..what_if() },
        WhatIf { arrivals: f64::NAN, ..what_if() },
        WhatIf { batch_max: Some(0), ..what_if() },
        WhatIf { flake: Some(1.0), ..what_if() },
        WhatIf { flake: Some(f64::NAN), ..what_if() },
    ] {
        assert_eq!(asked.answer(&trace).expect_err("refused").code, "simulate.bounds", "{asked:?}");
    }
}

/// More workers land the same sooner, and what came at once waits longer than what came slowly.
#[test]
fn the_answer_follows_from_what_was_asked() {
    let came = |nth: u64| Came {
        change: format!("C{nth}.1"),
        came_ms: nth * 600_000,
        checks_ms: 540_000,
        verdict: if nth == 7 { Fate::Failed } else { Fate::Landed },
        left_ms: Some(nth * 600_000 + 540_000),
        builds: Some(1),
        flakes: Some(0),
        paths: vec![format!("src/{nth}.rs")],
    };
    let all: Vec<Came> = (0..40).map(came).collect();
    let trace = Trace::read(lines(&all).as_bytes()).expect("a trace");
    let p95 = |asked: WhatIf, decides: Decides| {
        let answer = asked.answer(&trace).expect("an answer");
        let row = answer.rows.into_iter().find(|row| row.policy == Some(decides)).expect("a row");
        assert_eq!((row.landed, row.back, row.waiting), (39, 1, 0), "{row:?}");
        row.turnaround_ms[1]
    };
    let slow = p95(what_if(), Decides::Serial);
    let fast = p95(WhatIf { arrivals: 10.0, ..what_if() }, Decides::Serial);
    assert!(slow < fast / 4, "{slow} {fast}");
    for decides in [Decides::Window, Decides::Ours] {
        let few = p95(WhatIf { arrivals: 10.0, ..what_if() }, decides);
        let many = p95(WhatIf { arrivals: 10.0, workers: 16, ..what_if() }, decides);
        assert!(many < few, "{decides:?}: {many} {few}");
    }
    let really = &what_if().answer(&trace).expect("an answer").rows[0];
    assert_eq!((really.policy, really.builds, really.red_trunks), (None, Some(40), None));
    assert_eq!(really.turnaround_ms, [540_000; 3]);
}

/// A ledger as the queue writes it: what landed on its second run, what went back, what waits, what was taken away.
#[test]
fn a_ledger_is_a_trace() {
    let revision = |change| RevisionId { change: ChangeId(change), number: 1 };
    let queued = |change| Queue::RevisionQueued {
        revision: revision(change),
        task: weir_model::TaskId(change),
        commit: String::new(),
        below: None,
    };
    let built = |candidate, changes: &[u64]| Queue::CandidateBuilt {
        candidate: CandidateId(candidate),
        onto: String::new(),
        steps: changes
            .iter()
            .map(|change| Step { revision: revision(*change), tree: String::new() })
            .collect(),
        commit: String::new(),
        tree: String::new(),
        why: String::new(),
    };
    let checked = |candidate, run, verdict, elapsed_ms| Queue::CheckFinished {
        candidate: CandidateId(candidate),
        run,
        check: "check".to_owned(),
        verdict,
        exit_code: None,
        elapsed_ms,
        log: Digest::of(b""),
        key: Digest::of(b""),
        taken_from: None,
    };
    let events: [(i64, Event); 14] = [
        (0, submitted(revision(1)).into()),
        (1_000, queued(1).into()),
        (2_000, queued(2).into()),
        (2_000, built(1, &[1]).into()),
        (2_000, built(2, &[1, 2]).into()),
        (2_500, queued(3).into()),
        (5_000, checked(1, 1, Verdict::Failed, 3_000).into()),
        (
            5_000,
            Queue::CandidateRepeated { candidate: CandidateId(1), run: 2, why: String::new() }
                .into(),
        ),
        (6_000, checked(2, 1, Verdict::Failed, 4_000).into()),
        (9_000, checked(1, 2, Verdict::Passed, 3_500).into()),
        (
            9_000,
            Queue::LandingStarted {
                landing: LandingId(1),
                candidate: CandidateId(1),
                revisions: vec![revision(1)],
                from: String::new(),
                to: String::new(),
                tree: String::new(),
                why: String::new(),
            }
            .into(),
        ),
        (9_100, Queue::LandingFinished { landing: LandingId(1) }.into()),
        (
            9_200,
            Queue::RevisionEjected {
                revision: revision(2),
                candidate: Some(CandidateId(2)),
                code: "check.failed".to_owned(),
                why: String::new(),
            }
            .into(),
        ),
        (9_300, queued(4).into()),
    ];
    let mut recorded = Recorded::default();
    for (at, event) in &events {
        recorded.take(Timestamp::from_millis(*at), event);
    }
    let gone = Queue::RevisionDequeued { revision: revision(3) };
    recorded.take(Timestamp::from_millis(9_400), &gone.into());
    let expected = r#"{"change":"C1.1","came_ms":1000,"checks_ms":3500,"verdict":"landed","left_ms":9100,"builds":2,"flakes":1,"paths":["src/a.rs"]}
{"change":"C2.1","came_ms":2000,"checks_ms":4000,"verdict":"failed","left_ms":9200,"builds":1,"flakes":0}
{"change":"C3.1","came_ms":2500,"checks_ms":4000,"verdict":"withdrawn","left_ms":9400,"builds":0,"flakes":0}
{"change":"C4.1","came_ms":9300,"checks_ms":4000,"verdict":"waiting","builds":0,"flakes":0}
"#;
    assert_eq!(recorded.trace().lines(), expected);
}

fn submitted(revision: RevisionId) -> Review {
    Review::RevisionSubmitted {
        revision,
        task: weir_model::TaskId(1),
        session: weir_model::SessionId(1),
        person: weir_model::PersonId(1),
        token: weir_model::FencingToken(1),
        trunk: "main".to_owned(),
        commit: String::new(),
        base: String::new(),
        title: String::new(),
        paths: vec!["src/a.rs".to_owned()],
        approvals_needed: 0,
        below: None,
    }
}
