//! A group: many appends and leases, each judged on its own, written as one.
//!
//! Pure: the rows that matter come in, a [`Group`] goes out. So both stores keep one set of rules.

use crate::checkpoint::Checkpoint;
use crate::error::AppendError;
use crate::lease::{self, Ask, LeaseError, LeaseRow};
use crate::merkle::{LEVELS_A_ROW, leaf_hash};
use crate::record::{Append, Appended, Stream, Version};
use crate::signer::Signer;
use crate::store::{Group, Head, Line};
use std::collections::BTreeMap;
use weir_model::Position;

/// The state that a group is judged against, as it changes with each append in it.
pub(crate) struct Judge {
    head: Head,
    versions: BTreeMap<Stream, Version>,
    leases: BTreeMap<String, LeaseRow>,
    group: Group,
}

impl Judge {
    /// `versions` and `leases` must hold those rows that the group speaks of; a missing one is empty.
    pub(crate) fn new(
        head: Head,
        versions: BTreeMap<Stream, Version>,
        leases: BTreeMap<String, LeaseRow>,
    ) -> Self {
        Self { head, versions, leases, group: Group::default() }
    }

    /// Take an append in, or say why not; a refused one leaves no trace.
    pub(crate) fn append(&mut self, append: &Append) -> Result<Appended, AppendError> {
        if let Some(proof) = &append.lease {
            let row = self.leases.get(&proof.name);
            if !append.records.iter().all(|record| lease::covers(row, proof, record.at)) {
                return Err(AppendError::LeaseLost { name: proof.name.clone() });
            }
        }
        for (stream, expected) in &append.expect {
            let actual = self.versions.get(stream).copied().unwrap_or_default();
            if actual != *expected {
                let (stream, expected) = (stream.clone(), *expected);
                return Err(AppendError::Conflict { stream, expected, actual });
            }
        }
        let first = self.head.position().next();
        for record in &append.records {
            let (position, version) = (
                self.head.position().next(),
                self.versions.entry(record.stream.clone()).or_default(),
            );
            *version = version.next();
            self.group.versions.insert(record.stream.clone(), *version);
            let bytes = record.line(position, *version).into_bytes();
            let hash = leaf_hash(&bytes);
            let nodes = &mut self.group.nodes;
            self.head.frontier.push(hash, |level, place, node| {
                if level % LEVELS_A_ROW == 0 {
                    nodes.push((level, place, node));
                    self.group.is_milestone = true;
                }
            });
            self.head.clock = self.head.clock.max(Some(record.at));
            self.group.lines.push(Line { position, bytes, hash });
        }
        Ok(Appended { first, last: self.head.position() })
    }

    /// Change a lease, or say why not.
    pub(crate) fn lease(&mut self, name: &str, ask: Ask) -> Result<LeaseRow, LeaseError> {
        let row = lease::decide(name, self.leases.get(name), ask)?;
        self.leases.insert(name.to_owned(), row.clone());
        self.group.leases.insert(name.to_owned(), row.clone());
        Ok(row)
    }

    /// What to write, under a new checkpoint if records came in; and the versions as they then are.
    pub(crate) fn seal(mut self, signer: &Signer) -> (Group, BTreeMap<Stream, Version>) {
        if !self.group.lines.is_empty() {
            self.head.checkpoint = Checkpoint::sign(&self.head.frontier, signer).note;
            self.group.head = Some(self.head);
        }
        (self.group, self.versions)
    }
}

/// Where a group of lines begins and ends, if it has any.
pub(crate) fn span(group: &Group) -> Option<(Position, Position)> {
    Some((group.lines.first()?.position, group.lines.last()?.position))
}
