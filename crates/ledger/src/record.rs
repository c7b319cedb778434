//! Records: what is asked to be appended, and the one line that it becomes.
//!
//! The line is the leaf of the tree: its exact bytes are hashed, stored, exported and verified, and
//! never made a second time from their parts. Its keys stand in alphabetical order and its strings are
//! escaped as RFC 8785 asks, so that whoever writes the same record writes the same bytes. The event
//! stands in it as it was given.

use crate::lease::LeaseProof;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use weir_model::{Position, Refusal, Timestamp};

/// The most that an event may hold, in bytes. What is larger belongs into a body, which can be erased.
pub const EVENT_BYTES_MAX: usize = 1 << 20;

/// The most that the name of an author may hold, in bytes.
const BY_BYTES_MAX: usize = 256;

/// The most that a whole line may hold: an event, an author whose every byte is escaped, and the rest.
pub(crate) const LINE_BYTES_MAX: usize = EVENT_BYTES_MAX + 6 * BY_BYTES_MAX + 512;

/// A sequence of records that belong together and are counted together, as `work`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream(Cow<'static, str>);

impl Stream {
    /// The longest name, in bytes.
    pub const NAME_BYTES_MAX: usize = 64;

    /// A stream that the program knows by name.
    ///
    /// # Panics
    /// At compile time, when used for a constant, if the name is not one.
    pub const fn known(name: &'static str) -> Self {
        assert!(
            is_name(name.as_bytes()),
            "a stream has 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`, `/`"
        );
        Self(Cow::Borrowed(name))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_name(name: &[u8]) -> bool {
    let mut at = 0;
    while at < name.len() {
        if !matches!(name[at], b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/') {
            return false;
        }
        at += 1;
    }
    !name.is_empty() && name.len() <= Stream::NAME_BYTES_MAX
}

impl FromStr for Stream {
    type Err = Refusal;
    fn from_str(name: &str) -> Result<Self, Refusal> {
        if is_name(name.as_bytes()) {
            return Ok(Self(Cow::Owned(name.to_owned())));
        }
        let sentence = format!("`{}` is not a stream", name.escape_debug());
        Err(Refusal::new("stream.malformed", sentence)
            .hint("use 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-` and `/`"))
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many records a stream has; the first record of a stream has version 1.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// The version after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A record to be: position and version are given when it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// The stream it continues.
    pub stream: Stream,
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided, as the door established it.
    pub by: String,
    /// The event: one line of JSON, an object with a text under `kind`.
    pub body: String,
}

/// Records that are written together or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Append {
    /// What the decision rests on: streams that must be at exactly these versions (0: empty).
    pub expect: Vec<(Stream, Version)>,
    /// What to write, in order. At least one.
    pub records: Vec<NewRecord>,
    /// The lease under which this may be written, from [`crate::HeldLease::proof`].
    pub lease: Option<LeaseProof>,
    /// Appends that were queued one upon the other, before the first was durable, bear one number; 0 bears none.
    /// Once one of them is refused, so is every later one of that number. `expect` alone could not tell: others
    /// may have written exactly as many records as the one that was refused would have.
    pub pipeline: u64,
}

/// Where an append now stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Position of its first record.
    pub first: Position,
    /// Position of its last record.
    pub last: Position,
}

/// A record as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the total order of the space.
    pub position: Position,
    /// The stream it continues.
    pub stream: Stream,
    /// Its place in that stream, from 1.
    pub version: Version,
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided.
    pub by: String,
    /// The event, byte for byte as it was appended.
    pub body: String,
    /// The exact line that is stored and hashed.
    pub leaf: String,
}

impl NewRecord {
    /// Why this cannot be written, if it cannot.
    pub(crate) fn fault(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Event<'a> {
            #[serde(borrow, rename = "kind")]
            _kind: Cow<'a, str>,
        }
        let body = self.body.as_str();
        if body.len() > EVENT_BYTES_MAX {
            return Some(format!("an event has {} bytes, more than {EVENT_BYTES_MAX}", body.len()));
        }
        if self.by.len() > BY_BYTES_MAX {
            return Some(format!(
                "an author has {} bytes, more than {BY_BYTES_MAX}",
                self.by.len()
            ));
        }
        if !(body.starts_with('{') && body.ends_with('}')) || body.contains(['\n', '\r']) {
            return Some("an event is not a JSON object on one line".into());
        }
        serde_json::from_str::<Event<'_>>(body)
            .err()
            .map(|error| format!("an event is not sound: {error}"))
    }

    /// The line of this record at its place.
    pub(crate) fn line(&self, position: Position, version: Version) -> String {
        let (stream, at, body) = (&self.stream, self.at, &self.body);
        // The names of streams, positions and times need no escaping.
        let by = serde_json::Value::from(self.by.as_str());
        format!(
            r#"{{"at":"{at}","by":{by},"event":{body},"position":"{position}","stream":"{stream}","version":{version}}}"#
        )
    }
}

/// The parts of a stored line.
#[derive(Deserialize)]
pub(crate) struct Parts<'a> {
    at: Timestamp,
    #[serde(borrow)]
    by: Cow<'a, str>,
    #[serde(borrow)]
    event: &'a RawValue,
    pub(crate) position: Position,
    #[serde(borrow)]
    pub(crate) stream: Cow<'a, str>,
    pub(crate) version: Version,
}

impl<'a> Parts<'a> {
    /// Reads a line back; `None` when it is not the line of a record.
    pub(crate) fn of(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}

impl Record {
    /// The record that `line` holds; `None` when it holds none.
    pub(crate) fn read(line: Vec<u8>) -> Option<Self> {
        let leaf = String::from_utf8(line).ok()?;
        let parts = Parts::of(leaf.as_bytes())?;
        Some(Self {
            position: parts.position,
            stream: parts.stream.parse().ok()?,
            version: parts.version,
            at: parts.at,
            by: parts.by.into_owned(),
            body: parts.event.get().to_owned(),
            leaf,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(by: &str, body: &str) -> NewRecord {
        let at = "2026-11-22T14:00:00.250Z".parse().expect("a time");
        NewRecord { stream: Stream::known("work"), at, by: by.into(), body: body.into() }
    }

    /// Bytes that are read for ever.
    #[test]
    fn the_bytes_of_a_record_never_change() {
        let body = r#"{"kind":"task_created.v1","task":"T3","title":"Räume \"auf\" \u0000"}"#;
        let line = record("P1 \"é\"\u{7}\n", body).line(Position(17), Version(3));
        assert_eq!(format!("{line}\n"), include_str!("../tests/golden/record.txt"));
        let read = Record::read(line.clone().into_bytes()).expect("a record");
        assert_eq!((read.position, read.version), (Position(17), Version(3)));
        assert_eq!((read.by.as_str(), read.body.as_str()), ("P1 \"é\"\u{7}\n", body));
        assert_eq!(read.leaf, line);
    }

    #[test]
    fn keys_stand_in_alphabetical_order() {
        let line = record("P1", r#"{"kind":"x.v1"}"#).line(Position(1), Version(1));
        let keys: std::collections::BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(&line).expect("an object");
        let places: Vec<_> = keys.keys().map(|key| line.find(&format!("\"{key}\":"))).collect();
        assert!(places.is_sorted() && places.iter().all(Option::is_some), "{line}");
    }

    #[test]
    fn only_sound_events_are_taken() {
        for (body, fault) in [
            (r#"{"kind":"x.v1"}"#, None),
            (r#"{"kind":"x.v1","deep":[[{"n":1e400}]]}"#, None),
            ("{\"kind\":\n\"x.v1\"}", Some("one line")),
            (r#" {"kind":"x.v1"}"#, Some("one line")),
            (r#"["kind"]"#, Some("one line")),
            (r#"{"kinds":"x.v1"}"#, Some("missing field `kind`")),
            (r#"{"kind":7}"#, Some("not sound")),
            (r#"{"kind":"x.v1"} {}"#, Some("not sound")),
            (r#"{"kind":"x.v1""#, Some("one line")),
        ] {
            let found = record("P1", body).fault();
            match fault {
                None => assert_eq!(found, None, "{body}"),
                Some(fault) => assert!(
                    found.as_deref().is_some_and(|f| f.contains(fault)),
                    "{body}: {found:?}"
                ),
            }
        }
        let large = format!(r#"{{"kind":"{}"}}"#, "x".repeat(EVENT_BYTES_MAX));
        assert!(record("P1", &large).fault().is_some());
    }

    #[test]
    fn a_stream_has_a_short_plain_name() {
        for name in ["work", "a", "trunk/main", "x.v1_-9"] {
            assert_eq!(name.parse::<Stream>().expect(name).as_str(), name);
        }
        for name in ["", "Work", "a b", "ä", "\"", &"x".repeat(65)] {
            assert_eq!(name.parse::<Stream>().expect_err(name).code, "stream.malformed");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_reads_back(by in ".{0,40}", text in ".*", position in 1u64.., millis in any::<i64>()) {
            let body = serde_json::json!({ "kind": "x.v1", "text": text }).to_string();
            let new = NewRecord { at: Timestamp::from_millis(millis), ..record(&by, &body) };
            prop_assert_eq!(new.fault(), None);
            let line = new.line(Position(position), Version(9));
            prop_assert!(!line.contains(['\n', '\r']));
            let read = Record::read(line.into_bytes()).expect("written");
            prop_assert_eq!((read.by, read.body, read.at), (new.by, new.body, new.at));
        }

        #[test]
        fn no_line_makes_the_parser_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Record::read(line);
        }
    }
}
