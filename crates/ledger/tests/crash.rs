//! The process is killed in the middle of its work, again and again: nothing that it had acknowledged is
//! lost, nothing stands twice, and the ledger verifies after every start.

mod conformance;

use conformance::{all, append, one, signer};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use weir_ledger::{Body, Ledger, Snapshot, SqliteStore, verify_store};
use weir_model::{Digest, Position};

/// Tells the child where to write; in the parent it is not set.
const FOLDER: &str = "WEIR_LEDGER_CRASH_TEST";

const KILLS: u32 = 25;
const WRITERS: u32 = 4;

/// What a child said it had done, before it was killed.
#[derive(Default)]
struct Said {
    records: BTreeMap<Position, String>,
    bodies: BTreeSet<Digest>,
    snapshot: Position,
}

#[test]
fn no_kill_loses_what_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut said, mut recovered, mut slowest) = (Said::default(), 0, Duration::ZERO);
    for round in 0..KILLS {
        run_and_kill(folder.path(), round, &mut said);
        let since = Instant::now();
        let store = SqliteStore::open(folder.path()).expect("opened");
        let (ledger, opened) = Ledger::open(Box::new(store), signer()).expect("sound");
        slowest = slowest.max(since.elapsed());
        recovered += u32::from(opened.recovery.recovered);
        check(&ledger, &said);
        verify_store(folder.path(), ledger.key()).expect("sound");
    }
    println!(
        "{KILLS} kills, {} records and {} bodies acknowledged, {recovered} recoveries, slowest start {slowest:?}",
        said.records.len(),
        said.bodies.len()
    );
    assert!(said.records.len() > 10 * KILLS as usize, "too little was under way");
    assert!(recovered > KILLS / 2, "the kills came too late to matter: {recovered}");
}

fn run_and_kill(folder: &Path, round: u32, said: &mut Said) {
    let mut child = Command::new(std::env::current_exe().expect("ourselves"))
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let (tell, told) = mpsc::channel();
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let listener = std::thread::spawn(move || {
        let mut line = String::new();
        // A line that the kill cut short was not said.
        while out.read_line(&mut line).is_ok_and(|read| read > 0) && line.ends_with('\n') {
            let said = line.trim_end().to_owned();
            line.clear();
            if tell.send(said).is_err() {
                return;
            }
        }
    });
    let mut lines = vec![told.recv_timeout(Duration::from_secs(60)).expect("it speaks")];
    while !lines.iter().any(|line| line.starts_with("ack ")) {
        lines.push(told.recv_timeout(Duration::from_secs(60)).expect("it appends"));
    }
    std::thread::sleep(Duration::from_micros(u64::from(round * 7919 % 97) * 1000));
    child.kill().expect("killed");
    child.wait().expect("gone");
    listener.join().expect("no panic");
    lines.extend(told.try_iter());
    lines.iter().for_each(|line| said.note(line));
}

impl Said {
    fn note(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["ack", at, text] => {
                let before = self.records.insert(at.parse().expect(line), text.to_owned());
                assert_eq!(before, None, "acknowledged twice: {line}");
            }
            ["body", digest] => assert!(self.bodies.insert(digest.parse().expect(line)), "{line}"),
            ["snapshot", at] => self.snapshot = at.parse().expect(line),
            _ => {} // What the test harness prints.
        }
    }
}

fn check(ledger: &Ledger, said: &Said) {
    let records = all(ledger);
    let positions: Vec<_> = records.iter().map(|record| record.position.0).collect();
    assert_eq!(positions, (1..=records.len() as u64).collect::<Vec<_>>());
    for (at, text) in &said.records {
        let found = &records[usize::try_from(at.0).expect("small") - 1];
        assert!(found.body.contains(&format!("\"{text}\"")), "{at} was {text}, is {}", found.body);
    }
    let texts: BTreeSet<_> = records.iter().map(|record| &record.body).collect();
    assert_eq!(texts.len(), records.len(), "nothing stands twice");
    for digest in &said.bodies {
        assert!(matches!(ledger.body(digest), Ok(Some(Body::Kept(_)))), "{digest}");
    }
    match ledger.snapshot("state").expect("read") {
        Snapshot::Absent => assert_eq!(said.snapshot, Position(0)),
        Snapshot::Whole { at, bytes } => {
            assert!(at >= said.snapshot, "{at} {}", said.snapshot);
            assert_eq!(bytes, at.to_string().repeat(1000).into_bytes());
        }
        Snapshot::Damaged { found } => panic!("{found}"),
    }
}

/// Not a test: what is killed. Appends, keeps bodies and snapshots, and says what was acknowledged.
#[test]
#[ignore = "the process that the test above kills"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = SqliteStore::open(Path::new(&folder)).expect("opened");
    let (ledger, _) = Ledger::open(Box::new(store), signer()).expect("opened");
    let run = std::process::id();
    std::thread::scope(|threads| {
        for writer in 0..WRITERS {
            let ledger = &ledger;
            threads.spawn(move || {
                for turn in 0.. {
                    let text = format!("{run}-{writer}-{turn}");
                    let at = append(ledger, one(&format!("s{writer}"), &text)).first;
                    say(&format!("ack {at} {text}"));
                    if turn % 5 == writer {
                        say(&format!("body {}", ledger.put_body(text.as_bytes()).expect("kept")));
                    }
                    if writer == 0 && turn % 7 == 0 {
                        let bytes = at.to_string().repeat(1000);
                        ledger.put_snapshot("state", at, bytes.as_bytes()).expect("put");
                        say(&format!("snapshot {at}"));
                    }
                }
            });
        }
    });
}

/// A whole line at once, and out of this process before the next thing is done.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}
