//! Leases: who may do a piece of background work, and until when.
//!
//! One rule for both stores, decided over a row while the head of the ledger is locked. A token grows
//! with every change of holder and never comes back, so a holder that slept through its lease is told
//! apart from the one after it, and its appends are refused: in the same transaction, not before it.
//! Deliberately absent: a clock. `now` comes from the caller, and a lease has ended at the instant it names.

use std::fmt;
use weir_model::{FencingToken, Lease, Timestamp};

/// The right to act under a name until a time. Only the ledger makes one; it is not `Clone`.
#[derive(Debug, PartialEq, Eq)]
pub struct HeldLease {
    name: String,
    holder: String,
    token: FencingToken,
    expires_at: Timestamp,
}

impl HeldLease {
    /// What it is a lease on.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who holds it.
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// Tells this holding from every earlier and later one.
    pub fn token(&self) -> FencingToken {
        self.token
    }

    /// When it ends, unless renewed.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// What an append carries to be written only while this lease is held.
    pub fn proof(&self) -> LeaseProof {
        LeaseProof { name: self.name.clone(), token: self.token }
    }
}

/// Names the lease under which an append may be written. Proves nothing by itself: the ledger checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseProof {
    pub(crate) name: String,
    pub(crate) token: FencingToken,
}

/// Why a lease is not had.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else holds it.
    #[error("`{name}` is held by `{holder}` until {until}")]
    Held {
        /// What was asked for.
        name: String,
        /// Who has it.
        holder: String,
        /// Until when, unless renewed.
        until: Timestamp,
    },
    /// It ended, was given back, or somebody else took it since.
    #[error("the lease on `{name}` is lost")]
    Lost {
        /// What was held.
        name: String,
    },
    /// The store failed, so nothing changed.
    #[error("the lease could not be recorded")]
    Store(#[source] std::sync::Arc<crate::StoreError>),
    /// The ledger is closing.
    #[error("the ledger is closed")]
    Closed,
}

/// A lease as it is stored. The row stays when the lease ends: it remembers the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRow {
    /// Who took it last.
    pub holder: String,
    /// The token of that holding.
    pub token: FencingToken,
    /// When it ends; the earliest of times once given back.
    pub expires_at: Timestamp,
}

impl LeaseRow {
    fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    fn is_of(&self, lease: &Ticket) -> bool {
        self.token == lease.token && self.holder == lease.holder
    }
}

/// A held lease, as its holder hands it in to be changed.
#[derive(Debug, Clone)]
pub(crate) struct Ticket {
    holder: String,
    token: FencingToken,
}

/// What a holder may ask.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Take { holder: String, now: Timestamp, length: Lease },
    Renew { ticket: Ticket, now: Timestamp, length: Lease },
    GiveBack { ticket: Ticket },
}

impl Ask {
    pub(crate) fn renew(lease: &HeldLease, now: Timestamp, length: Lease) -> Self {
        Self::Renew { ticket: lease.ticket(), now, length }
    }

    pub(crate) fn give_back(lease: &HeldLease) -> Self {
        Self::GiveBack { ticket: lease.ticket() }
    }
}

impl HeldLease {
    fn ticket(&self) -> Ticket {
        Ticket { holder: self.holder.clone(), token: self.token }
    }

    pub(crate) fn of(name: &str, row: LeaseRow) -> Self {
        let LeaseRow { holder, token, expires_at } = row;
        Self { name: name.to_owned(), holder, token, expires_at }
    }
}

/// The row that an ask leaves behind.
pub(crate) fn decide(name: &str, row: Option<&LeaseRow>, ask: Ask) -> Result<LeaseRow, LeaseError> {
    let lost = || LeaseError::Lost { name: name.to_owned() };
    match ask {
        Ask::Take { holder, now, length } => match row {
            Some(row) if row.is_live(now) && row.holder != holder => Err(LeaseError::Held {
                name: name.to_owned(),
                holder: row.holder.clone(),
                until: row.expires_at,
            }),
            // Asking twice renews: a holder whose reply was lost must be able to ask again.
            Some(row) if row.is_live(now) => Ok(lengthened(row, now, length)),
            Some(LeaseRow { token, .. }) => {
                Ok(LeaseRow { holder, token: token.next(), expires_at: now + length })
            }
            None => Ok(LeaseRow { holder, token: FencingToken(1), expires_at: now + length }),
        },
        Ask::Renew { ticket, now, length } => {
            let row = row.filter(|row| row.is_of(&ticket) && row.is_live(now)).ok_or_else(lost)?;
            Ok(lengthened(row, now, length))
        }
        Ask::GiveBack { ticket } => {
            let row = row.filter(|row| row.is_of(&ticket)).ok_or_else(lost)?;
            Ok(LeaseRow { expires_at: Timestamp::from_millis(i64::MIN), ..row.clone() })
        }
    }
}

/// Renewing never shortens.
fn lengthened(row: &LeaseRow, now: Timestamp, length: Lease) -> LeaseRow {
    LeaseRow { expires_at: row.expires_at.max(now + length), ..row.clone() }
}

/// May something decided at `at` be written under `proof`?
pub(crate) fn covers(row: Option<&LeaseRow>, proof: &LeaseProof, at: Timestamp) -> bool {
    row.is_some_and(|row| row.token == proof.token && row.is_live(at))
}

impl fmt::Display for LeaseProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name, self.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minute(minute: u64) -> Timestamp {
        Timestamp::from_millis(0) + std::time::Duration::from_secs(60 * minute)
    }

    /// `minute verb holder #token length -> what is left behind`
    fn check(story: &str) {
        let mut row: Option<LeaseRow> = None;
        for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (ask, expected) = line.split_once('|').expect(line);
            let words: Vec<_> = ask.split_whitespace().collect();
            let [at, verb, holder, token, length] = words[..] else { panic!("{line}") };
            let now = minute(at.trim_end_matches('m').parse().expect(line));
            let length = length.parse().expect(line);
            let ticket = || Ticket { holder: holder.into(), token: token.parse().expect(line) };
            let ask = match verb {
                "take" => Ask::Take { holder: holder.into(), now, length },
                "renew" => Ask::Renew { ticket: ticket(), now, length },
                "return" => Ask::GiveBack { ticket: ticket() },
                _ => panic!("{line}"),
            };
            let found = match decide("queue", row.as_ref(), ask) {
                Ok(left) => {
                    let until = left.expires_at.as_millis() / 60_000;
                    let told = format!("{} {} until {}m", left.holder, left.token, until.max(0));
                    row = Some(left);
                    told
                }
                Err(error) => error.to_string(),
            };
            assert_eq!(found, expected.trim(), "{line}");
        }
    }

    #[test]
    fn a_lease_has_one_holder() {
        check(
            "
             0m take   a -  10m | a #1 until 10m
             5m take   b -  10m | `queue` is held by `a` until 1970-01-01T00:10:00.000Z
             6m take   a -  2m  | a #1 until 10m
             7m renew  a #1 10m | a #1 until 17m
             8m renew  b #1 10m | the lease on `queue` is lost
            17m renew  a #1 10m | the lease on `queue` is lost
            17m take   b -  10m | b #2 until 27m
            18m renew  a #1 10m | the lease on `queue` is lost
            18m return a #1 1m  | the lease on `queue` is lost
            19m return b #2 1m  | b #2 until 0m
            19m renew  b #2 10m | the lease on `queue` is lost
            19m take   b -  10m | b #3 until 29m
            ",
        );
    }

    proptest! {
        /// Whatever is asked in whatever order: a token only grows, and grows with each new holder.
        #[test]
        fn tokens_only_grow(asks in prop::collection::vec((0u64..50, 0u8..3, 0u64..4, 0u8..3), 1..60)) {
            let mut row: Option<LeaseRow> = None;
            for (at, who, token, verb) in asks {
                let (holder, now) = (who.to_string(), minute(at));
                let ticket = Ticket { holder: holder.clone(), token: FencingToken(token) };
                let ask = match verb {
                    0 => Ask::Take { holder, now, length: Lease::minutes(5) },
                    1 => Ask::Renew { ticket, now, length: Lease::minutes(5) },
                    _ => Ask::GiveBack { ticket },
                };
                let Ok(left) = decide("queue", row.as_ref(), ask) else { continue };
                if let Some(before) = &row {
                    prop_assert!(left.token >= before.token);
                    prop_assert!(left.holder == before.holder || left.token > before.token);
                }
                row = Some(left);
            }
        }
    }
}
