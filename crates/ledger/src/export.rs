//! The export: the whole ledger as one text that an auditor reads without us.
//!
//! ```text
//! {"format":"weir-ledger-export.v1","key":"weir/acme+8a41…","read":"…","records":2}
//! 5f1c… {"at":"2026-11-22T14:00:00.000Z","by":"P1","event":{…},"position":"E1",…}
//! 09ab… {"at":"2026-11-22T14:00:01.000Z","by":"S4","event":{…},"position":"E2",…}
//! {"checkpoint":"weir/acme\n2\nq8Y…=\n\n— weir/acme …\n"}
//! ```
//!
//! A line of a record is its leaf hash, a space, and its exact bytes: so a changed byte is found at its
//! own line. Signed checkpoints stand after the records they cover: one at least every 256 records and a
//! group, and one at the end, so that even a forger who also rewrote the hashes is found that closely.
//! Digests of bodies stand in the events; the bodies do not, so an export holds nothing that was erased.

use crate::checkpoint::Checkpoint;
use crate::error::LedgerError;
use crate::signer::VerifierKey;
use crate::store::{Archive, Head, Line, StoreError};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use weir_model::Position;

/// How a person or a program without this code can check the file.
const READ: &str = "a line is a record or a signed checkpoint over all records above it; a record's line is \
                    SHA-256(0x00 || record) in hex, a space, and the record; roots are those of RFC 6962, \
                    checkpoints those of https://c2sp.org/tlog-checkpoint";

/// How many records are read from the store at once.
const PAGE: usize = 1024;

/// The first line of an export. Fully determined by key and length, so that no byte of it can change.
#[derive(Serialize)]
struct Header<'a> {
    format: &'static str,
    key: &'a str,
    read: &'static str,
    records: u64,
}

pub(crate) fn header(key: &VerifierKey, records: u64) -> String {
    let key = key.to_string();
    let header = Header { format: "weir-ledger-export.v1", key: &key, read: READ, records };
    json(&header)
}

/// How many records, and whose, the first line of an export announces.
#[derive(Deserialize)]
pub(crate) struct Announced {
    pub(crate) key: String,
    pub(crate) records: u64,
}

/// A checkpoint on one line.
#[derive(Serialize, Deserialize)]
pub(crate) struct CheckpointLine {
    checkpoint: String,
}

impl CheckpointLine {
    /// How such a line begins, and no line of a record does.
    pub(crate) const START: &'static [u8] = b"{\"checkpoint\":";

    pub(crate) fn write(note: &str) -> String {
        json(&Self { checkpoint: note.to_owned() })
    }

    /// The note, if the line is the one spelling of it.
    pub(crate) fn read(line: &[u8]) -> Option<String> {
        let note = serde_json::from_slice::<Self>(line).ok()?.checkpoint;
        (Self::write(&note).as_bytes() == line).then_some(note)
    }
}

fn json(value: &impl Serialize) -> String {
    // Texts and numbers only: there is nothing in them that JSON could not say.
    serde_json::to_string(value).unwrap_or_default()
}

pub(crate) fn open_checkpoint(note: &str, key: &VerifierKey) -> Result<Checkpoint, StoreError> {
    Checkpoint::open(note, key).map_err(|error| {
        StoreError::damaged(format!("the checkpoint of its head does not hold: {error}"))
    })
}

/// One thing after another, as they stand in the ledger.
pub(crate) enum Item {
    Record(Line),
    /// A kept checkpoint over exactly the records before it.
    Milestone(u64, String),
}

/// Walks a store up to `head`, a page at a time.
pub(crate) fn walk<E: From<StoreError>>(
    store: &dyn Archive,
    head: &Head,
    mut visit: impl FnMut(Item) -> Result<(), E>,
) -> Result<(), E> {
    let (mut at, size) = (0, head.frontier.size());
    let mut milestones = store.checkpoints(0, PAGE)?.into_iter().peekable();
    let mut last_milestone = 0;
    while at < size {
        let lines = store.lines(Position(at), PAGE)?;
        if lines.first().is_none_or(|line| line.position.0 > size) {
            return Ok(()); // Whoever visits has counted, and knows what is missing.
        }
        for line in lines.into_iter().take_while(|line| line.position.0 <= size) {
            at = line.position.0;
            visit(Item::Record(line))?;
            if milestones.peek().is_none() {
                milestones = store.checkpoints(last_milestone, PAGE)?.into_iter().peekable();
            }
            while let Some((covers, note)) = milestones.next_if(|(covers, _)| *covers <= at) {
                last_milestone = covers;
                visit(Item::Milestone(covers, note))?;
            }
        }
    }
    Ok(())
}

pub(crate) fn write(
    store: &dyn Archive,
    key: &VerifierKey,
    out: &mut dyn Write,
) -> Result<Checkpoint, LedgerError> {
    let head = store.head()?.ok_or_else(|| StoreError::damaged("its head is gone"))?;
    let checkpoint = open_checkpoint(&head.checkpoint, key)?;
    let mut out = io::BufWriter::new(out);
    writeln!(out, "{}", header(key, checkpoint.size)).map_err(LedgerError::Export)?;
    walk(store, &head, |item| {
        let written = match item {
            Item::Record(line) => write!(out, "{} ", line.hash)
                .and_then(|()| out.write_all(&line.bytes))
                .and_then(|()| out.write_all(b"\n")),
            // The last one is the head's own, written below.
            Item::Milestone(covers, _) if covers == checkpoint.size => Ok(()),
            Item::Milestone(_, note) => writeln!(out, "{}", CheckpointLine::write(&note)),
        };
        written.map_err(LedgerError::Export)
    })?;
    writeln!(out, "{}", CheckpointLine::write(&checkpoint.note)).map_err(LedgerError::Export)?;
    out.flush().map_err(LedgerError::Export)?;
    Ok(checkpoint)
}
