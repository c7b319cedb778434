//! The statements of the SQLite store, one function a question.

use crate::lease::LeaseRow;
use crate::merkle::Frontier;
use crate::record::{Stream, Version};
use crate::store::{Group, Head, Line, StoreError};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Result, ToSql, params};
use std::collections::BTreeMap;
use weir_model::{Digest, FencingToken, Position, Timestamp};

/// SQLite counts to 2^63, which no ledger reaches.
struct Count(u64);

impl FromSql for Count {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let count = i64::column_result(value)?;
        u64::try_from(count).map(Self).map_err(|_| FromSqlError::OutOfRange(count))
    }
}

impl ToSql for Count {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(i64::try_from(self.0).unwrap_or(i64::MAX).into())
    }
}

struct Hash(Digest);

impl FromSql for Hash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = <[u8; 32]>::column_result(value)?;
        Ok(Self(Digest::from_bytes(bytes)))
    }
}

/// The bytes of a text as they stand in the file, be they UTF-8 or not: what is hashed.
struct Exact(Vec<u8>);

impl FromSql for Exact {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(value.as_bytes()?.to_vec()))
    }
}

/// What stands in the header of the file.
pub(super) struct Header {
    pub(super) tables: i32,
    pub(super) application: i32,
    pub(super) layout: i32,
}

impl Header {
    /// Is it that of a ledger of this release?
    pub(super) fn is_ours(&self) -> bool {
        self.application == super::APPLICATION_ID && self.layout == super::LAYOUT
    }
}

pub(super) fn header(db: &Connection) -> Result<Header> {
    let ask = |pragma: &str| db.query_row(pragma, [], |row| row.get(0));
    Ok(Header {
        tables: ask("SELECT count(*) FROM sqlite_schema")?,
        application: ask("PRAGMA application_id")?,
        layout: ask("PRAGMA user_version")?,
    })
}

pub(super) fn head(db: &Connection) -> Result<Option<std::result::Result<Head, StoreError>>> {
    let mut ask = db.prepare_cached("SELECT size, frontier, clock, checkpoint FROM head")?;
    let row = ask.query_row([], |row| {
        let (Count(size), peaks) = (row.get(0)?, row.get::<_, Vec<u8>>(1)?);
        let clock = row.get::<_, Option<i64>>(2)?.map(Timestamp::from_millis);
        Ok((size, peaks, clock, row.get::<_, String>(3)?))
    });
    Ok(row.optional()?.map(|(size, peaks, clock, checkpoint)| {
        let frontier = Frontier::from_bytes(size, &peaks).ok_or_else(|| {
            StoreError::damaged(format!("the frontier does not fit {size} records"))
        })?;
        Ok(Head { frontier, clock, checkpoint })
    }))
}

/// A page holds at most this much, so that a reader of long records keeps a bounded memory.
const PAGE_BYTES: usize = 8 << 20;

pub(super) fn lines(db: &Connection, after: Position, limit: usize) -> Result<Vec<Line>> {
    let mut ask = db.prepare_cached(
        "SELECT position, line, hash FROM records WHERE position > ? ORDER BY position LIMIT ?",
    )?;
    let mut rows = ask.query(params![Count(after.0), i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let (mut lines, mut bytes) = (Vec::new(), 0);
    while bytes < PAGE_BYTES
        && let Some(row) = rows.next()?
    {
        let (Count(position), Exact(line), Hash(hash)) = (row.get(0)?, row.get(1)?, row.get(2)?);
        bytes += line.len();
        lines.push(Line { position: Position(position), bytes: line, hash });
    }
    Ok(lines)
}

pub(super) fn nodes(db: &Connection, level: u32, first: u64, count: u64) -> Result<Vec<Digest>> {
    let mut ask = db.prepare_cached(if level == 0 {
        "SELECT hash FROM records WHERE ?1 = 0 AND position > ?2 AND position <= ?3 ORDER BY position"
    } else {
        "SELECT hash FROM nodes WHERE level = ?1 AND place >= ?2 AND place < ?3 ORDER BY place"
    })?;
    let rows = ask.query_map(params![level, Count(first), Count(first + count)], |row| {
        row.get(0).map(|Hash(hash)| hash)
    })?;
    rows.collect()
}

pub(super) fn checkpoints(db: &Connection, after: u64, limit: usize) -> Result<Vec<(u64, String)>> {
    let mut ask = db.prepare_cached(
        "SELECT size, note FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?",
    )?;
    let rows =
        ask.query_map(params![Count(after), i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            let (Count(size), Exact(note)) = (row.get(0)?, row.get(1)?);
            Ok((size, String::from_utf8_lossy(&note).into_owned()))
        })?;
    rows.collect()
}

pub(super) fn streams(db: &Connection) -> Result<BTreeMap<String, Version>> {
    let mut ask = db.prepare_cached("SELECT name, version FROM streams")?;
    let rows = ask.query_map([], |row| {
        let Count(version) = row.get(1)?;
        Ok((row.get(0)?, Version(version)))
    })?;
    rows.collect()
}

pub(super) fn versions(db: &Connection, streams: &[Stream]) -> Result<Vec<(Stream, Version)>> {
    let mut ask = db.prepare_cached("SELECT version FROM streams WHERE name = ?")?;
    let mut found = Vec::new();
    for stream in streams {
        if let Some(Count(version)) =
            ask.query_row([stream.as_str()], |row| row.get(0)).optional()?
        {
            found.push((stream.clone(), Version(version)));
        }
    }
    Ok(found)
}

pub(super) fn lease(db: &Connection, name: &str) -> Result<Option<LeaseRow>> {
    let mut ask =
        db.prepare_cached("SELECT holder, token, expires_at FROM leases WHERE name = ?")?;
    let row = ask.query_row([name], |row| {
        let Count(token) = row.get(1)?;
        Ok(LeaseRow {
            holder: row.get(0)?,
            token: FencingToken(token),
            expires_at: Timestamp::from_millis(row.get(2)?),
        })
    });
    row.optional()
}

pub(super) fn write(db: &Connection, group: &Group) -> Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO records (position, line, hash) VALUES (?, CAST(? AS TEXT), ?)",
    )?;
    for line in &group.lines {
        insert.execute(params![Count(line.position.0), line.bytes, line.hash.as_bytes()])?;
    }
    let mut insert =
        db.prepare_cached("INSERT INTO nodes (level, place, hash) VALUES (?, ?, ?)")?;
    for (level, place, hash) in &group.nodes {
        insert.execute(params![level, Count(*place), hash.as_bytes()])?;
    }
    let mut upsert = db.prepare_cached(
        "INSERT INTO streams (name, version) VALUES (?, ?)
         ON CONFLICT (name) DO UPDATE SET version = excluded.version",
    )?;
    for (stream, version) in &group.versions {
        upsert.execute(params![stream.as_str(), Count(version.0)])?;
    }
    let mut upsert = db.prepare_cached(
        "INSERT INTO leases (name, holder, token, expires_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET
             holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at",
    )?;
    for (name, row) in &group.leases {
        upsert.execute(params![
            name,
            row.holder,
            Count(row.token.0),
            row.expires_at.as_millis()
        ])?;
    }
    let Some(head) = &group.head else { return Ok(()) };
    let size = Count(head.frontier.size());
    let mut upsert = db.prepare_cached(
        "INSERT INTO head (one, size, frontier, clock, checkpoint) VALUES (1, ?, ?, ?, ?)
         ON CONFLICT (one) DO UPDATE SET size = excluded.size, frontier = excluded.frontier,
             clock = excluded.clock, checkpoint = excluded.checkpoint",
    )?;
    let clock = head.clock.map(Timestamp::as_millis);
    upsert.execute(params![size, head.frontier.to_bytes(), clock, head.checkpoint])?;
    if group.is_milestone {
        let mut insert = db.prepare_cached("INSERT INTO checkpoints (size, note) VALUES (?, ?)")?;
        insert.execute(params![size, head.checkpoint])?;
    }
    Ok(())
}
