//! `/v1/log` and `/v1/events`: what happened, page by page and as it happens.

use super::tasks::malformed;
use crate::door::Door;
use crate::reply::{Problem, Reply};
use crate::see::{See, names};
use crate::wire::{Log, LogEntry, Refused};
use axum::Json;
use axum::extract::{Query, rejection::QueryRejection};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use weir_engine::{Engine, Error};
use weir_ledger::Record;
use weir_model::{AnyId, Position, Refusal};

/// Records read at once.
const BATCH: usize = 500;
/// How far back is looked for what happened to one id. Some tens of milliseconds; older ones: `/v1/log?about=`.
const LOOK_BACK: u64 = 50_000;
/// How many events of one id are shown.
const ABOUT_MAX: usize = 100;

/// The latest events, newest first.
pub(crate) async fn latest(door: &Door, count: usize) -> Result<Vec<LogEntry>, Problem> {
    let after = Position(door.position().0.saturating_sub(count as u64));
    let records = door.ask_disk(move |engine| engine.log(after, count)).await?;
    door.read(|see| Ok(records.iter().rev().map(|record| see.entry(record)).collect()))
}

/// One event.
pub(crate) async fn one(door: &Door, at: Position) -> Result<Option<LogEntry>, Problem> {
    let Some(before) = at.0.checked_sub(1) else { return Ok(None) };
    let records = door.ask_disk(move |engine| engine.log(Position(before), 1)).await?;
    let found = records.first().filter(|record| record.position == at);
    door.read(|see| Ok(found.map(|record| see.entry(record))))
}

/// What the queue recorded lately about any of these, oldest first.
pub(crate) async fn of_queue(door: &Door, ids: Vec<AnyId>) -> Result<Vec<LogEntry>, Problem> {
    let head = door.position();
    let records = door
        .ask_disk(move |engine| {
            let is_about = |record: &Record| {
                record.stream.as_str() == "queue" && ids.iter().any(|id| names(record, id))
            };
            look_back(engine, is_about, head)
        })
        .await?;
    door.read(|see| Ok(records.iter().rev().map(|record| see.entry(record)).collect()))
}

/// What happened to one id lately, newest first.
pub(crate) async fn about(door: &Door, id: &AnyId) -> Result<Vec<LogEntry>, Problem> {
    let (id, head) = (id.clone(), door.position());
    let records =
        door.ask_disk(move |engine| look_back(engine, |record| names(record, &id), head)).await?;
    door.read(|see| Ok(records.iter().map(|record| see.entry(record)).collect()))
}

fn look_back(
    engine: &Engine,
    is_about: impl Fn(&Record) -> bool,
    head: Position,
) -> Result<Vec<Record>, Error> {
    let mut found: Vec<Record> = Vec::new();
    let oldest = head.0.saturating_sub(LOOK_BACK);
    let mut end = head.0;
    while end > oldest && found.len() < ABOUT_MAX {
        let start = end.saturating_sub(BATCH as u64).max(oldest);
        let mut batch = between(engine, start, end)?;
        batch.retain(|record| is_about(record));
        found.extend(batch.into_iter().rev());
        end = start;
    }
    found.truncate(ABOUT_MAX);
    Ok(found)
}

/// The records after `start`, up to and with `end`.
fn between(engine: &Engine, start: u64, end: u64) -> Result<Vec<Record>, Error> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(start, |last| last.position.0);
        let more = engine.log(Position(after), BATCH)?;
        let done = more.is_empty();
        records.extend(more.into_iter().take_while(|record| record.position.0 <= end));
        if done || records.last().is_none_or(|last| last.position.0 >= end) {
            return Ok(records);
        }
    }
}

/// Which part of the log.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Only what came after this event. The latest events, if left out.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "E1")]
    after: Option<Position>,
    /// How many at most: 50 if left out, and no more than 500.
    #[serde(default)]
    limit: Option<usize>,
    /// Only what happened to this id.
    #[serde(default)]
    #[param(example = "T1")]
    about: Option<String>,
}

/// What happened
///
/// In order. Without `after`, the latest. To go on, ask again with `after` set to `next`, until there is none.
#[utoipa::path(get, path = "/v1/log", tag = "log", params(Part),
    responses((status = 200, body = Log), (status = "default", body = Refused)))]
pub(crate) async fn log(door: Door, part: Result<Query<Part>, QueryRejection>) -> Reply<Log> {
    let Query(part) = part.map_err(|rejection| malformed(&rejection))?;
    let id = part.about.map(|id| id.parse::<AnyId>()).transpose()?;
    let limit = part.limit.unwrap_or(50).clamp(1, BATCH);
    let head = door.position();
    let (records, next) = door
        .ask_disk(move |engine| match (part.after, id) {
            (Some(after), id) => forward(engine, after, limit, id.as_ref()),
            (None, Some(id)) => {
                let mut records = look_back(engine, |record| names(record, &id), head)?;
                records.truncate(limit);
                records.reverse();
                Ok((records, None))
            }
            (None, None) => {
                let start = head.0.saturating_sub(limit as u64);
                Ok((between(engine, start, head.0)?, None))
            }
        })
        .await?;
    let items = door.read(|see| Ok(records.iter().map(|record| see.entry(record)).collect()))?;
    Ok(Json(Log { items, next, head }))
}

type Found = (Vec<Record>, Option<Position>);

/// Looks forward, at most as far as one look back goes, and tells where to go on.
fn forward(
    engine: &Engine,
    after: Position,
    limit: usize,
    id: Option<&AnyId>,
) -> Result<Found, Error> {
    let (mut found, mut at) = (Vec::new(), after);
    while at.0 < after.0.saturating_add(LOOK_BACK) {
        let batch = engine.log(at, BATCH)?;
        if batch.is_empty() {
            return Ok((found, None));
        }
        for record in batch {
            at = record.position;
            if id.is_none_or(|id| names(&record, id)) {
                found.push(record);
            }
            if found.len() == limit {
                return Ok((found, Some(at)));
            }
        }
    }
    Ok((found, Some(at)))
}

/// Where a stream of events begins.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Since {
    /// Only what came after this event. What is new from now on, if left out; `Last-Event-ID` goes before it.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "E1")]
    after: Option<Position>,
}

/// What happens, as it happens
///
/// Server-sent events: the id is the place in the log, the event its kind, the data a `LogEntry`. A client that
/// was cut off goes on after `Last-Event-ID` and misses nothing. A comment comes every 15 seconds.
#[utoipa::path(get, path = "/v1/events", tag = "log", params(Since),
    responses((status = 200, body = LogEntry, content_type = "text/event-stream"),
        (status = "default", body = Refused)))]
pub(crate) async fn stream(
    door: Door,
    since: Result<Query<Since>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    door.read(|_| Ok(()))?;
    let Query(since) = since.map_err(|rejection| malformed(&rejection))?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let resumed = last.filter(|id| !id.is_empty()).map(resume_after).transpose()?;
    let after = resumed.or(since.after).unwrap_or_else(|| door.position());
    let closing = door.weir.closing.clone();
    let events = follow(door, after).take_until(closing.cancelled_owned());
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn resume_after(id: &str) -> Result<Position, Refusal> {
    id.parse()
}

/// Everything after `after`, for ever: until the caller's token ends, or the ledger cannot be read.
fn follow(door: Door, after: Position) -> impl Stream<Item = Result<Event, Infallible>> {
    let head = door.engine().head();
    stream::unfold((door, head, after), async |(door, mut head, after)| {
        loop {
            head.mark_unchanged();
            let read = door.ask_disk(move |engine| engine.log(after, BATCH)).await.ok()?;
            if let Some(last) = read.last().map(|last| last.position) {
                let told = door.read(|see| Ok(tell(see, &read))).ok()?;
                return Some((stream::iter(told), (door, head, last)));
            }
            // Nobody writes any more when this fails: the engine is gone.
            head.changed().await.ok()?;
        }
    })
    .flatten()
}

fn tell(see: &See<'_>, records: &[Record]) -> Vec<Result<Event, Infallible>> {
    let entries = records.iter().map(|record| see.entry(record));
    entries
        .filter_map(|entry| {
            let event = Event::default().id(entry.position.to_string()).event(entry.kind.clone());
            event.json_data(&entry).ok().map(Ok)
        })
        .collect()
}
