//! The statements of the PostgreSQL store, one function a question.

use crate::lease::LeaseRow;
use crate::merkle::Frontier;
use crate::record::{Stream, Version};
use crate::store::{Body, Group, Head, Line, StoreError};
use postgres::{Client, Error, Row, SimpleQueryMessage, SimpleQueryRow, Statement};
use std::collections::BTreeMap;
use weir_model::{Digest, FencingToken, Position, Timestamp};

type Result<T> = std::result::Result<T, Error>;

/// PostgreSQL counts to 2^63, which no ledger reaches.
fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What was written by [`count`]; a negative number, which no code of ours wrote, fits nothing.
fn counted(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

pub(super) fn hash(bytes: &[u8]) -> std::result::Result<Digest, StoreError> {
    let bytes = <[u8; 32]>::try_from(bytes);
    bytes.map(Digest::from_bytes).map_err(|_| StoreError::damaged("a stored hash has not 32 bytes"))
}

const HEAD: &str = "SELECT size, frontier, clock, checkpoint FROM head";

/// Begins a transaction with the head locked, in one round trip; as text, because only a query without
/// parameters may hold two statements.
const BEGIN: &str =
    "BEGIN; SELECT size, encode(frontier, 'hex'), clock, checkpoint FROM head FOR UPDATE";

pub(super) fn begin(client: &mut Client) -> Result<Option<std::result::Result<Head, StoreError>>> {
    let answers = client.simple_query(BEGIN)?;
    let row = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row.map(|row| head_of_text(row).ok_or_else(|| StoreError::damaged("its head is no head"))))
}

fn head_of_text(row: &SimpleQueryRow) -> Option<Head> {
    let (peaks, rest) = row.get(1)?.as_bytes().as_chunks::<64>();
    let peaks: Option<_> =
        peaks.iter().map(|peak| str::from_utf8(peak).ok()?.parse().ok()).collect();
    let frontier = Frontier::from_peaks(row.get(0)?.parse().ok()?, peaks?)?;
    let clock =
        row.get(2).map(|clock| clock.parse().map(Timestamp::from_millis)).transpose().ok()?;
    rest.is_empty().then(|| Some(Head { frontier, clock, checkpoint: row.get(3)?.to_owned() }))?
}

/// The head of a ledger that had none a moment ago: there was no row to lock, so whoever founds it first
/// holds the table.
pub(super) fn lock_unfounded(
    client: &mut Client,
) -> Result<Option<std::result::Result<Head, StoreError>>> {
    client.batch_execute("LOCK TABLE head IN SHARE ROW EXCLUSIVE MODE")?;
    head(client)
}

pub(super) fn head(client: &mut Client) -> Result<Option<std::result::Result<Head, StoreError>>> {
    Ok(client.query_opt(HEAD, &[])?.map(|row| read_head(&row)))
}

fn read_head(row: &Row) -> std::result::Result<Head, StoreError> {
    let size = counted(row.get(0));
    let frontier = Frontier::from_bytes(size, row.get(1))
        .ok_or_else(|| StoreError::damaged(format!("the frontier does not fit {size} records")))?;
    let clock = row.get::<_, Option<i64>>(2).map(Timestamp::from_millis);
    Ok(Head { frontier, clock, checkpoint: row.get(3) })
}

/// Lets those who listen know that the head has grown.
pub(super) fn notify(client: &mut Client) -> Result<()> {
    client.batch_execute("SELECT pg_notify('weir_' || current_schema(), '')")
}

pub(super) fn size(client: &mut Client) -> Result<u64> {
    let row = client.query_opt("SELECT size FROM head", &[])?;
    Ok(row.map_or(0, |row| counted(row.get(0))))
}

/// A page holds at most this much, so that a reader of long records keeps a bounded memory.
const PAGE_BYTES: i64 = 8 << 20;

pub(super) fn lines(
    client: &mut Client,
    after: Position,
    limit: usize,
) -> Result<Vec<std::result::Result<Line, StoreError>>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = client.query(
        "SELECT position, line, hash FROM (
             SELECT position, line, hash, sum(octet_length(line)) OVER (ORDER BY position) AS bytes
             FROM (SELECT * FROM records WHERE position > $1 ORDER BY position LIMIT $2) AS page
         ) AS page WHERE bytes - octet_length(line) < $3 ORDER BY position",
        &[&count(after.0), &limit.min(4096), &PAGE_BYTES],
    )?;
    let line = |row: &Row| {
        let (position, bytes) =
            (Position(counted(row.get(0))), row.get::<_, String>(1).into_bytes());
        Ok(Line { position, bytes, hash: hash(row.get(2))? })
    };
    Ok(rows.iter().map(line).collect())
}

pub(super) fn nodes(
    client: &mut Client,
    level: u32,
    first: u64,
    wanted: u64,
) -> Result<Vec<Vec<u8>>> {
    let (from, to) = (count(first), count(first + wanted));
    let rows = match i32::try_from(level).unwrap_or(i32::MAX) {
        0 => {
            let ask =
                "SELECT hash FROM records WHERE position > $1 AND position <= $2 ORDER BY position";
            client.query(ask, &[&from, &to])?
        }
        level => {
            let ask = "SELECT hash FROM nodes WHERE level = $1 AND place >= $2 AND place < $3 ORDER BY place";
            client.query(ask, &[&level, &from, &to])?
        }
    };
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

pub(super) fn checkpoints(
    client: &mut Client,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, String)>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ask = "SELECT size, note FROM checkpoints WHERE size > $1 ORDER BY size LIMIT $2";
    let rows = client.query(ask, &[&count(after), &limit])?;
    Ok(rows.iter().map(|row| (counted(row.get(0)), row.get(1))).collect())
}

pub(super) fn streams(client: &mut Client) -> Result<BTreeMap<String, Version>> {
    let rows = client.query("SELECT name, version FROM streams", &[])?;
    Ok(rows.iter().map(|row| (row.get(0), Version(counted(row.get(1))))).collect())
}

pub(super) fn versions(client: &mut Client, streams: &[Stream]) -> Result<Vec<(Stream, Version)>> {
    let names: Vec<&str> = streams.iter().map(Stream::as_str).collect();
    let ask = "SELECT name, version FROM streams WHERE name = ANY($1)";
    let rows = client.query(ask, &[&names])?;
    let found = rows.iter().filter_map(|row| {
        let stream = streams.iter().find(|stream| stream.as_str() == row.get::<_, &str>(0))?;
        Some((stream.clone(), Version(counted(row.get(1)))))
    });
    Ok(found.collect())
}

pub(super) fn lease(client: &mut Client, name: &str) -> Result<Option<LeaseRow>> {
    let ask = "SELECT holder, token, expires_at FROM leases WHERE name = $1";
    let row = client.query_opt(ask, &[&name])?;
    Ok(row.map(|row| LeaseRow {
        holder: row.get(0),
        token: FencingToken(counted(row.get(1))),
        expires_at: Timestamp::from_millis(row.get(2)),
    }))
}

/// A whole group in one statement: one round trip, and one plan that is made once.
pub(super) const WRITE: &str = "
    WITH new_records AS (
        INSERT INTO records (position, line, hash)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[])
    ), new_nodes AS (
        INSERT INTO nodes (level, place, hash)
        SELECT * FROM unnest($4::int[], $5::bigint[], $6::bytea[])
    ), new_versions AS (
        INSERT INTO streams (name, version) SELECT * FROM unnest($7::text[], $8::bigint[])
        ON CONFLICT (name) DO UPDATE SET version = excluded.version
    ), milestone AS (
        INSERT INTO checkpoints (size, note) SELECT $9::bigint, $10::text WHERE $11::bool
    )
    UPDATE head SET size = $9, checkpoint = $10, frontier = $12::bytea, clock = $13::bigint";

pub(super) fn write(
    client: &mut Client,
    statement: &Statement,
    group: &Group,
    head: &Head,
) -> Result<()> {
    let lines = &group.lines;
    let positions: Vec<i64> = lines.iter().map(|line| count(line.position.0)).collect();
    // A line was a `String` until it was hashed.
    let texts: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(&line.bytes)).collect();
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    let hashes: Vec<&[u8]> = lines.iter().map(|line| &line.hash.as_bytes()[..]).collect();
    let levels: Vec<i32> =
        group.nodes.iter().map(|node| i32::try_from(node.0).unwrap_or(i32::MAX)).collect();
    let places: Vec<i64> = group.nodes.iter().map(|node| count(node.1)).collect();
    let nodes: Vec<&[u8]> = group.nodes.iter().map(|node| &node.2.as_bytes()[..]).collect();
    let streams: Vec<&str> = group.versions.keys().map(Stream::as_str).collect();
    let versions: Vec<i64> = group.versions.values().map(|version| count(version.0)).collect();
    let (size, clock) = (count(head.frontier.size()), head.clock.map(Timestamp::as_millis));
    let frontier = head.frontier.to_bytes();
    client.execute(
        statement,
        &[
            &positions,
            &texts,
            &hashes,
            &levels,
            &places,
            &nodes,
            &streams,
            &versions,
            &size,
            &head.checkpoint,
            &group.is_milestone,
            &frontier,
            &clock,
        ],
    )?;
    Ok(())
}

/// The first head of a ledger, which has no records yet.
pub(super) fn found(client: &mut Client, head: &Head) -> Result<()> {
    let (size, clock) = (count(head.frontier.size()), head.clock.map(Timestamp::as_millis));
    let insert =
        "INSERT INTO head (one, size, frontier, clock, checkpoint) VALUES (1, $1, $2, $3, $4)";
    client.execute(insert, &[&size, &head.frontier.to_bytes(), &clock, &head.checkpoint])?;
    Ok(())
}

pub(super) fn write_leases(client: &mut Client, group: &Group) -> Result<()> {
    for (name, row) in &group.leases {
        client.execute(
            "INSERT INTO leases (name, holder, token, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE SET
                 holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at",
            &[name, &row.holder, &count(row.token.0), &row.expires_at.as_millis()],
        )?;
    }
    Ok(())
}

pub(super) fn put_snapshot(client: &mut Client, name: &str, bytes: &[u8]) -> Result<()> {
    let upsert = "INSERT INTO snapshots (name, bytes) VALUES ($1, $2)
                  ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes";
    client.execute(upsert, &[&name, &bytes]).map(|_| ())
}

pub(super) fn snapshot(client: &mut Client, name: &str) -> Result<Option<Vec<u8>>> {
    let row = client.query_opt("SELECT bytes FROM snapshots WHERE name = $1", &[&name])?;
    Ok(row.map(|row| row.get(0)))
}

pub(super) fn put_body(client: &mut Client, digest: &Digest, bytes: &[u8]) -> Result<bool> {
    let digest = &digest.as_bytes()[..];
    // Written anew only where it differs: what stands may be damaged, and this heals it.
    let upsert = "INSERT INTO bodies (digest, bytes) VALUES ($1, $2)
                  ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes
                  WHERE bodies.bytes <> excluded.bytes";
    client.execute(upsert, &[&digest, &bytes])?;
    let row =
        client.query_one("SELECT bytes IS NOT NULL FROM bodies WHERE digest = $1", &[&digest])?;
    Ok(row.get(0))
}

pub(super) fn body(client: &mut Client, digest: &Digest) -> Result<Option<Body>> {
    let row = client
        .query_opt("SELECT bytes FROM bodies WHERE digest = $1", &[&&digest.as_bytes()[..]])?;
    let body = |bytes: Option<Vec<u8>>| bytes.map_or(Body::Erased, Body::Kept);
    Ok(row.map(|row| body(row.get(0))))
}

/// The bytes leave the table at once, and the disk when the server next vacuums it.
pub(super) fn erase_body(client: &mut Client, digest: &Digest) -> Result<()> {
    let erase = "INSERT INTO bodies (digest, bytes) VALUES ($1, NULL)
                 ON CONFLICT (digest) DO UPDATE SET bytes = NULL";
    client.execute(erase, &[&&digest.as_bytes()[..]]).map(|_| ())
}
