//! The audit: anyone who holds the public key can prove a ledger whole, or learn where it is not.
//!
//! Every record is hashed again and added to a tree; at each signed checkpoint the root must be the
//! signed one. What is wrong is named by its position: exactly when a record does not fit its own hash,
//! place or version; otherwise as the span between the last checkpoint that held and the first that did
//! not. Memory does not grow with the ledger, but for one counter a stream.
//!
//! Deliberately absent: freshness. A complete export of last week is a true one. Keep the checkpoint that
//! you saw last and ask for a consistency proof from it.

use crate::checkpoint::Checkpoint;
use crate::export::{Announced, CheckpointLine, Item, header, walk};
use crate::merkle::{Frontier, LEVELS_A_ROW, empty_root, leaf_hash};
use crate::record::{LINE_BYTES_MAX, Parts, Version};
use crate::signer::VerifierKey;
use crate::sqlite::SqliteArchive;
use crate::store::{Archive, StoreError};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Read as _};
use std::path::Path;
use weir_model::{Digest, Position};

/// What was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last checkpoint, over everything.
    pub checkpoint: Checkpoint,
    /// How many streams the records belong to.
    pub streams: usize,
    /// How many signed checkpoints held, with the last.
    pub checkpoints: u64,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tampered {
    /// The first position that is wrong; with `last`, the span in which it stands. 0 is the file's head.
    pub first: Position,
    /// The last position of the span, `first` when it is known exactly.
    pub last: Position,
    /// Every record up to here is proven by a signed checkpoint.
    pub proven: Position,
    /// What is wrong, in words.
    pub found: String,
}

impl fmt::Display for Tampered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, proven, found } = self;
        match (first.0, first == last) {
            (0, _) => write!(f, "not a sound export: {found}")?,
            (_, true) => write!(f, "tampered at {first}: {found}")?,
            (_, false) => write!(f, "tampered between {first} and {last}: {found}")?,
        }
        match proven.0 {
            0 => f.write_str("; nothing before it is proven by a checkpoint"),
            _ => write!(f, "; everything up to {proven} is proven"),
        }
    }
}

impl std::error::Error for Tampered {}

/// Why a ledger is not verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not what was signed.
    #[error(transparent)]
    Tampered(#[from] Tampered),
    /// It could not be read, so nothing is known.
    #[error("the export could not be read")]
    Unreadable(#[source] io::Error),
    /// The store could not be read, or is not a ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Verifies an export, given the public key alone.
///
/// # Errors
/// Where it is not what was signed, or when it cannot be read.
pub fn verify(export: impl BufRead, key: &VerifierKey) -> Result<Verified, VerifyError> {
    verify_since(export, key, None)
}

/// As [`verify`], and that the ledger still holds all that it held at a checkpoint that was `kept` elsewhere: one
/// that was rolled back, or written anew by the holder of its key, does not.
///
/// # Errors
/// As [`verify`], and where it is not what was kept.
pub fn verify_since(
    mut export: impl BufRead,
    key: &VerifierKey,
    kept: Option<&Checkpoint>,
) -> Result<Verified, VerifyError> {
    let mut audit = Audit { kept, ..Audit::new(key) };
    audit.compare_with_kept()?;
    let records = announced(&read_line(&mut export)?, key)?;
    loop {
        let line = read_line(&mut export)?;
        if line.is_empty() {
            return Err(audit.cut_short(records).into());
        }
        let Some(line) = line.strip_suffix(b"\n") else {
            return Err(audit
                .at_next(format!("the line at {} is cut, or too long", audit.next()))
                .into());
        };
        if line.starts_with(CheckpointLine::START) {
            let note = CheckpointLine::read(line);
            let checkpoint = audit.checkpoint(note.as_deref())?;
            if checkpoint.size == records {
                if !read_line(&mut export)?.is_empty() {
                    let found = "something stands after the last checkpoint, which nobody signed";
                    return Err(audit.at_next(found.into()).into());
                }
                audit.reaches_kept()?;
                return Ok(audit.verified(checkpoint));
            }
        } else {
            let (hash, record) = split(line).ok_or_else(|| {
                audit.at_next(format!("what stands at {} is no record", audit.next()))
            })?;
            audit.record(&hash, record, |_, _, _| ())?;
        }
    }
}

/// Verifies the SQLite ledger in `folder` without a server and without changing it, also while one runs.
///
/// # Errors
/// Where it is not what was signed, or when it cannot be read.
pub fn verify_store(folder: &Path, key: &VerifierKey) -> Result<Verified, VerifyError> {
    verify_stored(&SqliteArchive::open(folder)?, key)
}

/// Verifies any store, row by row, with the tree that is kept beside the records.
pub(crate) fn verify_stored(
    store: &dyn Archive,
    key: &VerifierKey,
) -> Result<Verified, VerifyError> {
    audit_stored(store, key).map(|(verified, _)| verified)
}

/// As [`verify_stored`], with the versions that the streams of its records have.
pub(crate) fn audit_stored(
    store: &dyn Archive,
    key: &VerifierKey,
) -> Result<(Verified, BTreeMap<String, Version>), VerifyError> {
    let mut audit = Audit::new(key);
    let head = store.head()?.ok_or_else(|| StoreError::damaged("its head is gone"))?;
    let streams = store.streams()?;
    walk(store, &head, |item| -> Result<(), VerifyError> {
        match item {
            Item::Record(line) if line.position == audit.next() => {
                let mut completed = Vec::new();
                audit.record(&line.hash, &line.bytes, |level, place, hash| {
                    if level % LEVELS_A_ROW == 0 {
                        completed.push((level, place, hash));
                    }
                })?;
                for (level, place, hash) in completed {
                    if store.nodes(level, place, 1)?.first() != Some(&hash) {
                        let found = "the stored tree does not fit the records below it";
                        return Err(audit.at(line.position, found.into()).into());
                    }
                }
            }
            Item::Record(line) => {
                let found = format!("{} is missing: {} follows", audit.next(), line.position);
                return Err(audit.at_next(found).into());
            }
            Item::Milestone(_, note) => {
                audit.checkpoint(Some(&note))?;
            }
        }
        Ok(())
    })?;
    let checkpoint = audit.checkpoint(Some(&head.checkpoint))?;
    if audit.frontier != head.frontier {
        return Err(audit.at_next("the stored frontier does not fit the records".into()).into());
    }
    // While a server appends, its records come with a head that covers them.
    if let Some(line) = store.lines(head.position(), 1)?.first()
        && store.head()?.is_none_or(|now| now.position() < line.position)
    {
        let found = format!("{} stands after the end, and nobody signed for it", line.position);
        return Err(audit.at_next(found).into());
    }
    // And the streams may be ahead of the head that was read before them.
    let behind = audit.versions.iter().find(|(name, version)| streams.get(*name) < Some(version));
    if let Some((name, version)) = behind {
        let found = format!("stream `{name}` is kept as shorter than its {version} records");
        return Err(audit.at_next(found).into());
    }
    Ok((audit.verified(checkpoint), audit.versions))
}

/// What is known while records go by.
struct Audit<'k> {
    key: &'k VerifierKey,
    frontier: Frontier,
    last: Digest,
    versions: BTreeMap<String, Version>,
    proven: Position,
    checkpoints: u64,
    kept: Option<&'k Checkpoint>,
}

impl<'k> Audit<'k> {
    fn new(key: &'k VerifierKey) -> Self {
        Self {
            key,
            frontier: Frontier::default(),
            last: empty_root(),
            versions: BTreeMap::new(),
            proven: Position(0),
            checkpoints: 0,
            kept: None,
        }
    }

    /// The position that must come next.
    fn next(&self) -> Position {
        Position(self.frontier.size() + 1)
    }

    fn record(
        &mut self,
        claimed: &Digest,
        line: &[u8],
        completed: impl FnMut(u32, u64, Digest),
    ) -> Result<(), Tampered> {
        let expected = self.next();
        let hash = leaf_hash(line);
        if hash != *claimed {
            return Err(self.at(expected, format!("the bytes of {expected} do not fit their hash")));
        }
        let Some(parts) = Parts::of(line) else {
            return Err(self.at(expected, format!("what stands at {expected} is no record")));
        };
        let position = parts.position;
        if position > expected {
            return Err(self.at(expected, format!("{expected} is missing: {position} follows")));
        }
        if position.next() == expected && hash != self.last {
            return Err(self.at(position, format!("two different records claim to be {position}")));
        }
        if position < expected {
            return Err(
                self.at(expected, format!("{position} stands again, where {expected} belongs"))
            );
        }
        let version = self.versions.get(&*parts.stream).copied().unwrap_or_default().next();
        if parts.version != version {
            let found = format!(
                "{expected} counts itself as version {} of `{}`, where {version} is due",
                parts.version, parts.stream
            );
            return Err(self.at(expected, found));
        }
        self.versions.insert(parts.stream.into_owned(), version);
        self.frontier.push(hash, completed);
        self.last = hash;
        self.compare_with_kept()
    }

    /// Where the kept checkpoint ends, the ledger must have its root.
    fn compare_with_kept(&self) -> Result<(), Tampered> {
        let due = self.kept.filter(|kept| kept.size == self.frontier.size());
        if due.is_some_and(|kept| kept.root != self.frontier.root()) {
            let last = Position(self.frontier.size());
            let found = "this is another history than the one whose checkpoint was kept".into();
            return Err(Tampered {
                first: self.proven.next().min(last),
                last,
                proven: self.proven,
                found,
            });
        }
        Ok(())
    }

    fn reaches_kept(&self) -> Result<(), Tampered> {
        match self.kept.filter(|kept| kept.size > self.frontier.size()) {
            Some(kept) => Err(self.at_next(format!(
                "{} is missing: the checkpoint that was kept covers {} records",
                self.next(),
                kept.size
            ))),
            None => Ok(()),
        }
    }

    fn checkpoint(&mut self, note: Option<&str>) -> Result<Checkpoint, Tampered> {
        let at = Position(self.frontier.size());
        let malformed = crate::NoteError::Malformed;
        let opened = note.ok_or(malformed).and_then(|note| Checkpoint::open(note, self.key));
        let checkpoint = opened.map_err(|error| {
            self.at_next(format!("the checkpoint after {at} does not hold: {error}"))
        })?;
        let covers = Position(checkpoint.size);
        if covers > at {
            let found =
                format!("the checkpoint over {covers} stands after {at}: {} is missing", at.next());
            return Err(self.at(at.next(), found));
        }
        if covers < at {
            let found =
                format!("{} stands before a checkpoint that does not cover it", covers.next());
            return Err(self.at(covers.next(), found));
        }
        if checkpoint.root != self.frontier.root() {
            let (first, proven) = (self.proven.next(), self.proven);
            let found =
                "each record fits its hash, but together they are not what was signed".into();
            return Err(Tampered { first: first.min(at), last: at, proven, found });
        }
        self.proven = at;
        self.checkpoints += 1;
        Ok(checkpoint)
    }

    fn verified(&self, checkpoint: Checkpoint) -> Verified {
        Verified { checkpoint, streams: self.versions.len(), checkpoints: self.checkpoints }
    }

    fn at(&self, position: Position, found: String) -> Tampered {
        Tampered { first: position, last: position, proven: self.proven, found }
    }

    fn at_next(&self, found: String) -> Tampered {
        self.at(self.next(), found)
    }

    fn cut_short(&self, records: u64) -> Tampered {
        let (next, size) = (self.next(), self.frontier.size());
        self.at_next(if size < records {
            format!("{next} is missing: the export ends after {size} of {records} records")
        } else {
            format!("the checkpoint over all {records} records is missing")
        })
    }
}

/// One line with its end; nothing at the end of the file; without its end if it was cut or is too long.
fn read_line(export: &mut impl BufRead) -> Result<Vec<u8>, VerifyError> {
    // Hash, space, record, end: what is longer cannot be ours, and is not read into memory.
    let longest = LINE_BYTES_MAX as u64 + 66;
    let mut line = Vec::new();
    let read = export.by_ref().take(longest).read_until(b'\n', &mut line);
    read.map_err(VerifyError::Unreadable)?;
    Ok(line)
}

fn announced(line: &[u8], key: &VerifierKey) -> Result<u64, Tampered> {
    let fault = |found: String| {
        let none = Position(0);
        Tampered { first: none, last: none, proven: none, found }
    };
    let line = line.strip_suffix(b"\n").unwrap_or_default();
    let announced: Announced = serde_json::from_slice(line)
        .map_err(|_| fault("its first line is not that of an export".into()))?;
    if announced.key != key.to_string() {
        return Err(fault(format!(
            "it is of the key `{}`, not of `{key}`",
            announced.key.escape_debug()
        )));
    }
    if header(key, announced.records).as_bytes() != line {
        return Err(fault("its first line is not that of an export of this release".into()));
    }
    Ok(announced.records)
}

/// `<64 hexadecimal digits> <record>`
fn split(line: &[u8]) -> Option<(Digest, &[u8])> {
    let (hash, rest) = line.split_at_checked(64)?;
    let hash = str::from_utf8(hash).ok()?.parse().ok()?;
    Some((hash, rest.strip_prefix(b" ")?))
}
