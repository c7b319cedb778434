//! A store in memory that keeps what a store promises, until it is told to be full or to take its time.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use weir_ledger::{
    Archive, Body, Group, Head, LeaseRow, Line, Recovery, Store, StoreError, Stream, Transaction,
    Version,
};
use weir_model::{Digest, Position};

/// See the module. Clones are one store.
#[derive(Clone, Default)]
pub(crate) struct MemoryStore(Arc<Shared>);

#[derive(Default)]
struct Shared {
    rows: Mutex<Rows>,
    trouble: Mutex<Trouble>,
    eased: Condvar,
}

#[derive(Default)]
struct Rows {
    head: Option<Head>,
    lines: Vec<Line>,
    nodes: BTreeMap<(u32, u64), Digest>,
    versions: BTreeMap<Stream, Version>,
    leases: BTreeMap<String, LeaseRow>,
    checkpoints: Vec<(u64, String)>,
    files: BTreeMap<String, Vec<u8>>,
}

#[derive(Default)]
struct Trouble {
    /// So many commits to come do not fit.
    full_for: u32,
    /// Commits wait.
    is_held: bool,
}

impl MemoryStore {
    /// The next `commits` do not fit on the disk.
    pub(crate) fn fill(&self, commits: u32) {
        held(&self.0.trouble).full_for = commits;
    }

    /// Commits wait until they are let go.
    pub(crate) fn hold(&self) {
        held(&self.0.trouble).is_held = true;
    }

    pub(crate) fn let_go(&self) {
        held(&self.0.trouble).is_held = false;
        self.0.eased.notify_all();
    }

    fn meet_trouble(&self) -> Result<(), StoreError> {
        let trouble = held(&self.0.trouble);
        let mut trouble = self
            .0
            .eased
            .wait_while(trouble, |trouble| trouble.is_held)
            .unwrap_or_else(PoisonError::into_inner);
        if trouble.full_for == 0 {
            return Ok(());
        }
        trouble.full_for -= 1;
        Err(StoreError::Full { doing: "append records", source: "no space is left".into() })
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Archive for MemoryStore {
    fn head(&self) -> Result<Option<Head>, StoreError> {
        Ok(held(&self.0.rows).head.clone())
    }

    fn lines(&self, after: Position, limit: usize) -> Result<Vec<Line>, StoreError> {
        let rows = held(&self.0.rows);
        Ok(rows.lines.iter().skip(after.0 as usize).take(limit).cloned().collect())
    }

    fn nodes(&self, level: u32, first: u64, count: u64) -> Result<Vec<Digest>, StoreError> {
        let rows = held(&self.0.rows);
        if level == 0 {
            let lines = rows.lines.iter().skip(first as usize).take(count as usize);
            return Ok(lines.map(|line| line.hash).collect());
        }
        Ok((first..first + count).filter_map(|at| rows.nodes.get(&(level, at)).copied()).collect())
    }

    fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<(u64, String)>, StoreError> {
        let rows = held(&self.0.rows);
        let later = rows.checkpoints.iter().filter(|(size, _)| *size > after);
        Ok(later.take(limit).cloned().collect())
    }

    fn streams(&self) -> Result<BTreeMap<String, Version>, StoreError> {
        let rows = held(&self.0.rows);
        Ok(rows.versions.iter().map(|(name, version)| (name.to_string(), *version)).collect())
    }
}

impl Store for MemoryStore {
    fn recovery(&self) -> Recovery {
        Recovery::default()
    }

    fn begin(&self) -> Result<Box<dyn Transaction + '_>, StoreError> {
        Ok(Box::new(Writing { store: self, rows: held(&self.0.rows), staged: Group::default() }))
    }

    fn put_snapshot(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        held(&self.0.rows).files.insert(format!("snapshot {name}"), bytes.to_vec());
        Ok(())
    }

    fn snapshot(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(held(&self.0.rows).files.get(&format!("snapshot {name}")).cloned())
    }

    fn put_body(&self, digest: &Digest, bytes: &[u8]) -> Result<bool, StoreError> {
        held(&self.0.rows).files.insert(digest.to_string(), bytes.to_vec());
        Ok(true)
    }

    fn body(&self, digest: &Digest) -> Result<Option<Body>, StoreError> {
        Ok(held(&self.0.rows).files.get(&digest.to_string()).cloned().map(Body::Kept))
    }

    fn erase_body(&self, digest: &Digest) -> Result<(), StoreError> {
        held(&self.0.rows).files.remove(&digest.to_string());
        Ok(())
    }

    fn hint(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn follow(&self, timeout: Duration) -> Result<Position, StoreError> {
        std::thread::sleep(timeout);
        Ok(held(&self.0.rows).head.as_ref().map_or(Position(0), Head::position))
    }
}

struct Writing<'a> {
    store: &'a MemoryStore,
    rows: MutexGuard<'a, Rows>,
    staged: Group,
}

impl Transaction for Writing<'_> {
    fn head(&mut self) -> Result<Option<Head>, StoreError> {
        Ok(self.rows.head.clone())
    }

    fn versions(&mut self, streams: &[Stream]) -> Result<Vec<(Stream, Version)>, StoreError> {
        let known = |stream: &Stream| Some((stream.clone(), *self.rows.versions.get(stream)?));
        Ok(streams.iter().filter_map(known).collect())
    }

    fn lease(&mut self, name: &str) -> Result<Option<LeaseRow>, StoreError> {
        Ok(self.rows.leases.get(name).cloned())
    }

    fn write(&mut self, group: &Group) -> Result<(), StoreError> {
        self.staged = Group {
            lines: group.lines.clone(),
            nodes: group.nodes.clone(),
            versions: group.versions.clone(),
            leases: group.leases.clone(),
            head: group.head.clone(),
            is_milestone: group.is_milestone,
        };
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.store.meet_trouble()?;
        let Self { mut rows, staged, .. } = *self;
        rows.lines.extend(staged.lines);
        rows.nodes.extend(staged.nodes.into_iter().map(|(level, at, hash)| ((level, at), hash)));
        rows.versions.extend(staged.versions);
        rows.leases.extend(staged.leases);
        if let Some(head) = staged.head {
            if staged.is_milestone {
                let kept = (head.position().0, head.checkpoint.clone());
                rows.checkpoints.push(kept);
            }
            rows.head = Some(head);
        }
        Ok(())
    }
}
