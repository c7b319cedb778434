//! What both stores must do alike: one case a promise, each on a ledger of its own.

#![allow(dead_code, reason = "each test binary uses its part")]

mod appends;
mod bodies;
mod leases;
mod proofs;
mod restarts;

use std::sync::mpsc;
use std::time::Duration;
use weir_ledger::{
    Append, AppendError, Appended, Ledger, NewRecord, Opened, Record, Signer, Store, Stream,
    Version,
};
use weir_model::{Position, Timestamp};

/// A place that keeps one ledger, which can be opened again after it was closed.
pub(crate) trait Home: Sync {
    fn store(&self) -> Box<dyn Store>;
}

pub(crate) type Case = fn(&dyn Home);

macro_rules! cases {
    ($($module:ident: $($case:ident)*;)*) => {
        pub(crate) const CASES: &[(&str, Case)] = &[$($((stringify!($case), $module::$case),)*)*];
        /// One `#[test]` a case, for a store that is cheap to make.
        #[macro_export]
        macro_rules! conform {
            ($home:expr) => { $($(#[test] fn $case() {
                let (_, case) = conformance::CASES.iter().find(|(name, _)| *name == stringify!($case)).expect("listed");
                case(&$home);
            })*)* };
        }
    };
}

cases! {
    appends:
        records_read_back_as_they_were_appended
        an_append_is_written_whole_or_not_at_all
        a_conflict_is_refused_and_its_neighbours_are_not
        what_rests_on_a_refused_append_is_refused
        answers_come_in_the_order_of_the_queue
        many_writers_leave_no_gaps_and_no_doubles
        of_racing_decisions_one_wins
        whoever_waits_wakes_when_the_head_grows
        what_could_not_be_read_back_is_not_taken
        a_panic_in_an_answer_harms_nobody_else;
    leases:
        a_taken_over_lease_fences_its_old_holder
        a_lease_is_had_by_one_of_many
        a_lease_survives_a_restart
        an_expired_or_returned_lease_covers_nothing;
    bodies:
        a_body_is_found_by_its_digest
        an_erased_body_leaves_its_trace
        a_snapshot_is_found_again_and_replaced
        a_snapshot_of_what_is_not_there_is_not_taken;
    proofs:
        every_checkpoint_is_proven_to_extend_the_last
        every_record_is_proven_to_be_in_it
        a_proof_is_checked_with_the_public_key_alone
        an_export_verifies_with_the_public_key_alone;
    restarts:
        a_ledger_goes_on_where_it_ended
        a_ledger_is_not_continued_with_another_key
        an_empty_ledger_opens_again;
}

/// A key that is the same in every test, so that bytes are.
pub(crate) fn signer() -> Signer {
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
        .parse()
        .expect("a published key")
}

pub(crate) fn open(home: &dyn Home) -> Ledger {
    reopen(home).0
}

pub(crate) fn reopen(home: &dyn Home) -> (Ledger, Opened) {
    Ledger::open(home.store(), signer()).expect("opened")
}

pub(crate) fn second(second: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
}

pub(crate) fn stream(name: &str) -> Stream {
    name.parse().expect("a stream")
}

pub(crate) fn record(name: &str, text: &str) -> NewRecord {
    let body = format!(r#"{{"kind":"noted.v1","text":"{text}"}}"#);
    NewRecord { stream: stream(name), at: second(0), by: "P1".into(), body }
}

pub(crate) fn one(name: &str, text: &str) -> Append {
    Append { records: vec![record(name, text)], ..Append::default() }
}

pub(crate) fn expecting(name: &str, version: u64, append: Append) -> Append {
    let expect = vec![(stream(name), Version(version))];
    Append { expect, ..append }
}

pub(crate) fn append(ledger: &Ledger, append: Append) -> Appended {
    ledger.append_wait(append).expect("appended")
}

pub(crate) fn all(ledger: &Ledger) -> Vec<Record> {
    let mut records = Vec::new();
    loop {
        let after = records.last().map_or(Position(0), |record: &Record| record.position);
        let page = ledger.read(after, 1000).expect("read");
        if page.is_empty() {
            return records;
        }
        records.extend(page);
    }
}

/// `E1 work.1 text`, a record a line.
pub(crate) fn told(ledger: &Ledger) -> String {
    let text = |body: &str| body.split('"').nth_back(1).expect("a text").to_owned();
    let line =
        |r: &Record| format!("{} {}.{} {}\n", r.position, r.stream, r.version, text(&r.body));
    all(ledger).iter().map(line).collect()
}

/// Queues all of them before the first can be committed alone, and gathers the answers in order.
pub(crate) fn at_once(ledger: &Ledger, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
    let (tell, told) = mpsc::channel();
    for append in appends {
        let tell = tell.clone();
        ledger.append(append, move |result| tell.send(result).expect("the test listens"));
    }
    drop(tell);
    told.iter().collect()
}
