//! Ids: short, typed, sequential within a space, and told apart by their first letter.

use crate::Refusal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $letter:literal $noun:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
            pub struct $name(pub u64);

            impl $name {
                /// The id after this one.
                #[must_use]
                pub fn next(self) -> Self {
                    Self(self.0 + 1)
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!($letter, "{}"), self.0)
                }
            }

            impl FromStr for $name {
                type Err = Refusal;
                fn from_str(text: &str) -> Result<Self, Refusal> {
                    number(text, $letter).map(Self).ok_or_else(|| {
                        Refusal::new(
                            "id.malformed",
                            format!(concat!("`{}` is not ", $noun), text.escape_debug()),
                        )
                        .hint(concat!("write it like `", $letter, "12`"))
                    })
                }
            }

            as_text!($name);
        )*
    };
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(input)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

ids! {
    /// A task: a unit of agent work.
    TaskId "T" "a task";
    /// A session: one run of one agent under one mandate.
    SessionId "S" "a session";
    /// A change: what a task brings to the trunk, in revisions.
    ChangeId "C" "a change";
    /// A person.
    PersonId "P" "a person";
    /// A named token of a person.
    TokenId "K" "a token";
    /// A candidate: the merge of one change onto the tip, built to be tested.
    CandidateId "Q" "a candidate";
    /// A landing: a commit that the queue put on the trunk.
    LandingId "L" "a landing";
    /// A request to a person to let one act happen.
    ApprovalId "A" "a request for approval";
    /// A record's place in the ledger. The first record stands at `E1`.
    Position "E" "a place in the ledger";
    /// Grows by one with every grant of a claim, and never comes back: of two owners of a task, the
    /// one with the smaller token is stale.
    FencingToken "#" "a fencing token";
}

/// Digits only, no sign, no leading zero: one spelling for one id.
fn number(text: &str, letter: &str) -> Option<u64> {
    let digits = text.strip_prefix(letter)?;
    let canonical = digits == "0" || !digits.starts_with('0');
    (canonical && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// A revision of a change: `C5.2` is the second. An approval binds to exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionId {
    /// The change.
    pub change: ChangeId,
    /// Counts from 1.
    pub number: u32,
}

impl fmt::Display for RevisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.change, self.number)
    }
}

impl FromStr for RevisionId {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let parsed = text.split_once('.').and_then(|(change, revision)| {
            let number = u32::try_from(number(revision, "")?).ok()?;
            Some(Self { change: change.parse().ok()?, number })
        });
        parsed.filter(|revision| revision.number > 0).ok_or_else(|| {
            let sentence = format!("`{}` is not a revision", text.escape_debug());
            Refusal::new("id.malformed", sentence).hint("write it like `C12.1`")
        })
    }
}

as_text!(RevisionId);

/// Any id that Weir prints, told apart by its letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyId {
    /// `T12`
    Task(TaskId),
    /// `S12`
    Session(SessionId),
    /// `C12`
    Change(ChangeId),
    /// `C12.1`
    Revision(RevisionId),
    /// `P12`
    Person(PersonId),
    /// `K12`
    Token(TokenId),
    /// `Q12`
    Candidate(CandidateId),
    /// `L12`
    Landing(LandingId),
    /// `A12`
    Approval(ApprovalId),
    /// `E12`
    Event(Position),
    /// A commit, or the start of its name: 7 to 64 hexadecimal digits.
    Commit(String),
    /// The digest of a body, written `sha256:` and 64 digits.
    Body(crate::Digest),
}

impl FromStr for AnyId {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let found = match text.as_bytes().first() {
            Some(b'T') => text.parse().map(Self::Task).ok(),
            Some(b'S') => text.parse().map(Self::Session).ok(),
            Some(b'C') if text.contains('.') => text.parse().map(Self::Revision).ok(),
            Some(b'C') => text.parse().map(Self::Change).ok(),
            Some(b'P') => text.parse().map(Self::Person).ok(),
            Some(b'K') => text.parse().map(Self::Token).ok(),
            Some(b'Q') => text.parse().map(Self::Candidate).ok(),
            Some(b'L') => text.parse().map(Self::Landing).ok(),
            Some(b'A') => text.parse().map(Self::Approval).ok(),
            Some(b'E') => text.parse().map(Self::Event).ok(),
            Some(b's') => {
                text.strip_prefix("sha256:").and_then(|hex| hex.parse().ok()).map(Self::Body)
            }
            Some(_) if (7..=64).contains(&text.len()) && text.bytes().all(hex) => {
                Some(Self::Commit(text.to_owned()))
            }
            Some(_) | None => None,
        };
        found.ok_or_else(|| {
            Refusal::new("id.unknown", format!("`{}` is not an id", text.escape_debug()))
                .hint("pass one as Weir prints it: a task `T1`, a change `C1`, a session `S1`, …")
        })
    }
}

impl fmt::Display for AnyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(id) => id.fmt(f),
            Self::Session(id) => id.fmt(f),
            Self::Change(id) => id.fmt(f),
            Self::Revision(id) => id.fmt(f),
            Self::Person(id) => id.fmt(f),
            Self::Token(id) => id.fmt(f),
            Self::Candidate(id) => id.fmt(f),
            Self::Landing(id) => id.fmt(f),
            Self::Approval(id) => id.fmt(f),
            Self::Event(id) => id.fmt(f),
            Self::Commit(name) => f.write_str(name),
            Self::Body(digest) => write!(f, "sha256:{digest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_is_told_apart() {
        let digest = format!("sha256:{}", crate::Digest::of(b"x"));
        for text in
            ["T1", "S2", "C3", "C3.1", "P4", "K5", "Q6", "L7", "A3", "E8", "0a1b2c3", &digest]
        {
            assert_eq!(text.parse::<AnyId>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn one_spelling_for_one_id() {
        for text in
            ["", "T", "T01", "T+1", "t1", "T1 ", "T99999999999999999999", "C1.0", "C1.", "abc"]
        {
            assert!(text.parse::<AnyId>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_printed_reads_back(number in any::<u64>(), revision in 1u32..) {
            let id = RevisionId { change: ChangeId(number), number: revision };
            prop_assert_eq!(id.to_string().parse::<RevisionId>().expect("printed"), id);
            let id = TaskId(number);
            prop_assert_eq!(id.to_string().parse::<TaskId>().expect("printed"), id);
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in ".*") {
            let _ = text.parse::<AnyId>();
        }
    }
}
