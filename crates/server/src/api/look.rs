//! `GET /v1/space`, `/v1/status`, `/v1/show/{id}`, `/v1/bodies/{digest}`: looking.

use super::events;
use crate::door::{Door, Named};
use crate::reply::{Problem, Reply};
use crate::see::unknown_on_disk;
use crate::wire::{Body, Commit, Link, Refused, Shown, Space, Status, Thing};
use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use weir_engine::{Engine, Error};
use weir_model::{AnyId, Digest, Position, Refusal};

/// Which space this is
///
/// And where its doors are: the page, this API, MCP, git.
#[utoipa::path(get, path = "/v1/space", tag = "look",
    responses((status = 200, body = Space), (status = "default", body = Refused)))]
pub(crate) async fn space(door: Door) -> Reply<Space> {
    door.tell(|see| Ok(see.space(&door.weir.place, &door.caller)))
}

/// What is going on
///
/// What waits, for whom and since when; the queue; tasks, changes, sessions; what happened last. Longest waits
/// come first. Long lists are cut: `counts` says how much there is.
#[utoipa::path(get, path = "/v1/status", tag = "look",
    responses((status = 200, body = Status), (status = "default", body = Refused)))]
pub(crate) async fn status(door: Door) -> Reply<Status> {
    Ok(Json(now(&door).await?))
}

/// The status, for this door and for the page alike.
pub(crate) async fn now(door: &Door) -> Result<Status, Problem> {
    let position = door.position();
    let events = events::latest(door, EVENTS_SHOWN).await?;
    door.read(|see| Ok(see.status(&door.weir.place, &door.caller, position, events)))
}

const EVENTS_SHOWN: usize = 30;

/// Everything known about an id
///
/// Any id that Weir prints: `T1`, `S1`, `C1`, `C1.1`, `P1`, `K1`, `Q1`, `L1`, `E1`, a commit or the start of its
/// name, `sha256:…`. With what it hangs together with, and what happened to it, newest first.
#[utoipa::path(get, path = "/v1/show/{id}", tag = "look",
    params(("id" = String, Path, description = "Any id", example = "T1")),
    responses((status = 200, body = Shown), (status = "default", body = Refused)))]
pub(crate) async fn show(door: Door, Named(id): Named<AnyId>) -> Reply<Shown> {
    Ok(Json(shown(&door, id).await?))
}

/// Everything known about an id, for this door, for MCP and for the page alike.
pub(crate) async fn shown(door: &Door, id: AnyId) -> Result<Shown, Problem> {
    let (known, mut links) = door.read(|see| Ok((see.thing(&id)?, see.links(&id))))?;
    let thing = match (known, &id) {
        (known, AnyId::Commit(name)) => Thing::Commit(commit(door, known, name).await?),
        (Some(thing), _) => thing,
        (None, AnyId::Event(position)) => event(door, *position, &mut links).await?,
        (None, AnyId::Body(digest)) => Thing::Body(body_as_text(door, *digest).await?),
        (None, other) => return Err(unknown_on_disk(other).into()),
    };
    let events = match id {
        AnyId::Event(_) => Vec::new(),
        _ => events::about(door, &id).await?,
    };
    let id = match &thing {
        Thing::Commit(commit) => commit.commit.clone(),
        Thing::Task(_)
        | Thing::Session(_)
        | Thing::Change(_)
        | Thing::Revision(_)
        | Thing::Person(_)
        | Thing::Token(_)
        | Thing::Candidate(_)
        | Thing::Landing(_)
        | Thing::Approval(_)
        | Thing::Event(_)
        | Thing::Body(_) => id.to_string(),
    };
    Ok(Shown { id, thing, links, events })
}

async fn event(door: &Door, at: Position, links: &mut Vec<Link>) -> Result<Thing, Problem> {
    let entry = events::one(door, at).await?;
    let entry = entry.ok_or_else(|| unknown_on_disk(&AnyId::Event(at)))?;
    links.extend(ids_in(&entry.event).map(|id| Link {
        id,
        how: "named in it".into(),
        title: None,
    }));
    Ok(Thing::Event(entry))
}

/// A commit, with what git says of it. Only what is on the trunk or went through here is told: beside the trunk lie
/// the objects of the whole repository, and somebody's branch is their own.
async fn commit(door: &Door, known: Option<Thing>, name: &str) -> Result<Commit, Problem> {
    let known = match known {
        Some(Thing::Commit(commit)) => Some(commit),
        Some(_) | None => None,
    };
    let (wanted, is_known) = (name.to_owned(), known.is_some());
    let found = door.ask_disk(move |engine| in_git(engine, &wanted, is_known)).await?;
    let commit = match (known, &found) {
        (Some(known), _) => known,
        (None, Some(found)) => Commit { commit: found.id.to_string(), ..Commit::default() },
        (None, None) => return Err(unknown_on_disk(&AnyId::Commit(name.to_owned())).into()),
    };
    Ok(match found {
        Some(found) => Commit {
            title: Some(found.subject),
            author: Some(found.author.person.name),
            at: Some(found.committer.at),
            ..commit
        },
        None => commit,
    })
}

fn in_git(engine: &Engine, name: &str, is_known: bool) -> Result<Option<weir_git::Commit>, Error> {
    let objects = engine.trunk().objects();
    let id = match objects.commit_by_prefix(name) {
        Ok(id) => id,
        Err(error) if error.refusal().is_some_and(|why| why.code == "commit.unknown") => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let shown = is_known || objects.contains(engine.trunk().tip()?, id)?;
    if shown { Ok(Some(objects.commit(id)?)) } else { Ok(None) }
}

/// The ids that an event names, each as it can be shown.
fn ids_in(event: &serde_json::Value) -> impl Iterator<Item = String> {
    let fields = event.as_object().into_iter().flatten();
    let texts = fields.flat_map(|(name, value)| {
        let texts = value.as_array().map_or_else(|| vec![value], |all| all.iter().collect());
        texts.into_iter().filter_map(move |text| Some((name.as_str(), text.as_str()?)))
    });
    texts.filter_map(|(name, text)| match name {
        // Digests of bodies stand bare in an event; those of secrets and trees name nothing that can be shown.
        "log" | "body" => Some(format!("sha256:{text}")),
        "hash" | "tree" => None,
        // A commit has 40 digits, and any other digest 64: it is of what only a program compares.
        _ if text.parse::<Digest>().is_ok() => None,
        _ => text.parse::<AnyId>().is_ok().then(|| text.to_owned()),
    })
}

/// How much of a body is shown as text: 64 KiB, half from each end.
const SHOWN_BYTES_MAX: usize = 64 << 10;

async fn body_as_text(door: &Door, digest: Digest) -> Result<Body, Problem> {
    let kept = door.ask_disk(move |engine| engine.body(&digest)).await?;
    let digest_text = format!("sha256:{digest}");
    match kept {
        Some(weir_ledger::Body::Kept(bytes)) => Ok(Body {
            digest: digest_text,
            bytes: Some(bytes.len() as u64),
            text: Some(shortened(&bytes)),
            erased: false,
        }),
        Some(weir_ledger::Body::Erased) => {
            Ok(Body { digest: digest_text, bytes: None, text: None, erased: true })
        }
        None => Err(unknown_on_disk(&AnyId::Body(digest)).into()),
    }
}

fn shortened(bytes: &[u8]) -> String {
    let half = SHOWN_BYTES_MAX / 2;
    if bytes.len() <= SHOWN_BYTES_MAX {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let (start, end) = (bytes.get(..half), bytes.get(bytes.len() - half..));
    let text = |part: Option<&[u8]>| String::from_utf8_lossy(part.unwrap_or_default()).into_owned();
    let left_out = bytes.len() - SHOWN_BYTES_MAX;
    format!("{}\n… {left_out} bytes left out …\n{}", text(start), text(end))
}

/// A body, byte for byte
///
/// The output of a check, and whatever else events speak of by its digest.
#[utoipa::path(get, path = "/v1/bodies/{digest}", tag = "look",
    params(("digest" = String, Path, description = "64 hexadecimal digits, with or without `sha256:`")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = "default", body = Refused)))]
pub(crate) async fn body(
    door: Door,
    Named(DigestText(digest)): Named<DigestText>,
) -> Result<impl IntoResponse, Problem> {
    let kept = door.ask_disk(move |engine| engine.body(&digest)).await?;
    match kept {
        Some(weir_ledger::Body::Kept(bytes)) => {
            // Never as a page: whoever wrote a check's output could otherwise speak in our name.
            Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes))
        }
        Some(weir_ledger::Body::Erased) => {
            let sentence = format!("the body `sha256:{digest}` was erased");
            Err(Refusal::new("body.erased", sentence).into())
        }
        None => Err(unknown_on_disk(&AnyId::Body(digest)).into()),
    }
}

/// A digest, with or without `sha256:`.
pub(crate) struct DigestText(Digest);

impl std::str::FromStr for DigestText {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        text.strip_prefix("sha256:").unwrap_or(text).parse().map(Self)
    }
}
