use super::*;
use std::collections::BTreeSet;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Instant;

pub(crate) fn records_read_back_as_they_were_appended(home: &dyn Home) {
    let ledger = open(home);
    assert_eq!(ledger.head(), Position(0));
    let body = r#"{"kind":"noted.v1","text":"Grüße \"\\ \u0000 𝄞","n":[1.5e300,-0,{"a":null}]}"#;
    let new =
        NewRecord { by: "S4 «x»".into(), body: body.into(), at: second(7), ..record("work", "") };
    let batch = Append {
        records: vec![new, record("flow", "b"), record("work", "c")],
        ..Append::default()
    };
    assert_eq!(append(&ledger, batch), Appended { first: Position(1), last: Position(3) });

    let records = ledger.read(Position(0), 10).expect("read");
    let first = &records[0];
    assert_eq!(
        (first.position, &first.stream, first.version),
        (Position(1), &stream("work"), Version(1))
    );
    assert_eq!((first.at, first.by.as_str(), first.body.as_str()), (second(7), "S4 «x»", body));
    assert!(first.leaf.contains(body));
    assert_eq!(records[1].version, Version(1), "its own stream");
    assert_eq!(records[2].version, Version(2));
    assert_eq!(ledger.read(Position(1), 1).expect("read")[0].position, Position(2));
    assert!(ledger.read(Position(3), 10).expect("read").is_empty());
    assert_eq!(ledger.head(), Position(3));
}

pub(crate) fn an_append_is_written_whole_or_not_at_all(home: &dyn Home) {
    let ledger = open(home);
    let mut batch =
        Append { records: vec![record("work", "a"), record("work", "b")], ..Append::default() };
    batch.expect = vec![(stream("work"), Version(0)), (stream("flow"), Version(1))];
    let error = ledger.append_wait(batch).expect_err("flow is empty");
    assert_eq!(error.to_string(), "stream `flow` is at version 0, not 1");
    assert_eq!(told(&ledger), "");
    append(&ledger, one("work", "c"));
    assert_eq!(told(&ledger), "E1 work.1 c\n");
}

pub(crate) fn a_conflict_is_refused_and_its_neighbours_are_not(home: &dyn Home) {
    let ledger = open(home);
    let results = at_once(
        &ledger,
        vec![
            expecting("work", 0, one("work", "a")),
            expecting("work", 0, one("work", "late")),
            expecting("work", 1, one("work", "b")),
            expecting("flow", 0, one("flow", "c")),
            expecting("work", 9, one("flow", "early")),
            one("flow", "d"),
        ],
    );
    let told_of: Vec<_> = results
        .iter()
        .map(|result| match result {
            Ok(appended) => appended.first.to_string(),
            Err(error) => error.to_string(),
        })
        .collect();
    assert_eq!(
        told_of,
        [
            "E1",
            "stream `work` is at version 1, not 0",
            "E2",
            "E3",
            "stream `work` is at version 2, not 9",
            "E4"
        ]
    );
    assert_eq!(told(&ledger), "E1 work.1 a\nE2 work.2 b\nE3 flow.1 c\nE4 flow.2 d\n");
}

/// Two that were decided upon one another, while others wrote exactly as much as the first of them would have: by
/// the versions alone the second would pass.
pub(crate) fn what_rests_on_a_refused_append_is_refused(home: &dyn Home) {
    let ledger = open(home);
    append(&ledger, one("work", "theirs"));
    let piped = |pipeline, version, text| Append {
        pipeline,
        ..expecting("work", version, one("work", text))
    };
    let late = vec![piped(1, 0, "a"), piped(1, 1, "b"), expecting("work", 1, one("work", "c"))];
    let results = at_once(&ledger, late);
    assert!(matches!(results[0], Err(AppendError::Conflict { .. })), "{results:?}");
    assert!(matches!(results[1], Err(AppendError::Orphaned)), "{results:?}");
    assert!(results[2].is_ok(), "{results:?}");
    assert!(matches!(ledger.append_wait(piped(1, 2, "d")), Err(AppendError::Orphaned)));
    assert!(ledger.append_wait(piped(2, 2, "e")).is_ok());
    assert_eq!(told(&ledger), "E1 work.1 theirs\nE2 work.2 c\nE3 work.3 e\n");
}

pub(crate) fn answers_come_in_the_order_of_the_queue(home: &dyn Home) {
    let ledger = open(home);
    let order = Arc::new(Mutex::new(Vec::new()));
    for n in 0..300u64 {
        let (order, head) = (Arc::clone(&order), ledger.clone());
        ledger.append(one("work", "x"), move |result| {
            let at = result.expect("appended").first;
            // Whoever hears of a record can also read it.
            assert!(head.head() >= at);
            order.lock().expect("alone").push((n + 1, at.0));
        });
    }
    append(&ledger, one("work", "last"));
    let order = order.lock().expect("alone");
    assert_eq!(order.len(), 300);
    assert!(order.iter().all(|(n, at)| n == at), "{order:?}");
}

pub(crate) fn many_writers_leave_no_gaps_and_no_doubles(home: &dyn Home) {
    let ledger = open(home);
    let acknowledged = Mutex::new(BTreeSet::new());
    std::thread::scope(|threads| {
        for writer in 0..8 {
            let (ledger, acknowledged) = (ledger.clone(), &acknowledged);
            threads.spawn(move || {
                for n in 0..25 {
                    let text = format!("{writer}-{n}");
                    let at = append(&ledger, one(&format!("s{}", writer % 3), &text)).first;
                    assert!(acknowledged.lock().expect("sound").insert((at, text)), "{at} twice");
                }
            });
        }
    });
    let records = all(&ledger);
    let positions: Vec<_> = records.iter().map(|record| record.position.0).collect();
    assert_eq!(positions, (1..=200).collect::<Vec<_>>());
    for (at, text) in acknowledged.into_inner().expect("sound") {
        assert!(records[at.0 as usize - 1].body.contains(&format!("\"{text}\"")), "{at} is {text}");
    }
    for name in ["s0", "s1", "s2"] {
        let of = records.iter().filter(|record| record.stream.as_str() == name);
        assert!(of.zip(1..).all(|(record, version)| record.version == Version(version)), "{name}");
    }
}

pub(crate) fn of_racing_decisions_one_wins(home: &dyn Home) {
    let ledger = open(home);
    for round in 0..10 {
        let barrier = Barrier::new(6);
        let won = std::thread::scope(|threads| {
            let racers: Vec<_> = (0..6)
                .map(|racer| {
                    let (ledger, barrier) = (ledger.clone(), &barrier);
                    threads.spawn(move || {
                        let batch =
                            expecting("work", round, one("work", &format!("{round}-{racer}")));
                        barrier.wait();
                        ledger.append_wait(batch).is_ok()
                    })
                })
                .collect();
            racers
                .into_iter()
                .map(|racer| racer.join().expect("no panic"))
                .filter(|won| *won)
                .count()
        });
        assert_eq!(won, 1, "round {round}");
    }
    assert_eq!(ledger.head(), Position(10));
}

pub(crate) fn whoever_waits_wakes_when_the_head_grows(home: &dyn Home) {
    let ledger = open(home);
    assert_eq!(
        ledger.wait_past(Position(0), Duration::from_millis(20)),
        Position(0),
        "nothing came"
    );
    append(&ledger, one("work", "a"));
    assert_eq!(ledger.wait_past(Position(0), Duration::from_secs(60)), Position(1), "at once");
    let waiter = ledger.clone();
    let waiting = std::thread::spawn(move || {
        let since = Instant::now();
        (waiter.wait_past(Position(1), Duration::from_secs(60)), since.elapsed())
    });
    std::thread::sleep(Duration::from_millis(50));
    append(&ledger, one("work", "b"));
    let (woke_at, after) = waiting.join().expect("no panic");
    assert_eq!(woke_at, Position(2));
    assert!(after < Duration::from_secs(30), "{after:?}");
}

pub(crate) fn what_could_not_be_read_back_is_not_taken(home: &dyn Home) {
    let ledger = open(home);
    let bad = |body: &str| Append {
        records: vec![
            record("work", "good"),
            NewRecord { body: body.into(), ..record("work", "") },
        ],
        ..Append::default()
    };
    let batches = vec![
        one("work", "a"),
        bad("{}"),
        bad("no"),
        bad("{\"kind\":\n\"x\"}"),
        Append::default(),
        one("work", "b"),
    ];
    let results = at_once(&ledger, batches);
    assert!(results[0].is_ok() && results[5].is_ok());
    for result in &results[1..5] {
        assert!(matches!(result, Err(AppendError::Malformed(_))), "{result:?}");
    }
    assert_eq!(told(&ledger), "E1 work.1 a\nE2 work.2 b\n");
}

pub(crate) fn a_panic_in_an_answer_harms_nobody_else(home: &dyn Home) {
    let ledger = open(home);
    ledger.append(one("work", "a"), |_| panic!("a defect of the caller, on purpose"));
    append(&ledger, one("work", "b"));
    assert_eq!(told(&ledger), "E1 work.1 a\nE2 work.2 b\n");
}
