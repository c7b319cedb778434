//! The hook without its server: it decides by what the server signed for it, keeps a list of that, and brings the list
//! as soon as somebody listens again.
//!
//! Promise: what cannot be verified, read or written is a refusal; an act is in the list, on the disk, before it is
//! allowed. Nothing here is touched while the server answers, but for a look at the date of two files.
//! Deliberately absent: rules. What a leave is good for, `weir_guard::offline` knows.

use super::agent;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::{Duration, Instant, SystemTime};
use weir_courier::{Event, LeaveFolder, Speaker, read_private};
use weir_engine::Disk;
use weir_guard::offline::{ACTS_MAX, Kept, LINE_BYTES_MAX, LIST_BYTES_MAX, Leave, Open};
use weir_hook::{Reply, Words};
use weir_ledger::{VerifierKey, open_note};
use weir_model::act::{Client, Moment, Ruling};
use weir_model::{SessionId, Timestamp};

/// A hook that may have to do without its server.
pub(crate) struct Alone {
    folder: LeaveFolder,
}

/// Another hook has the list for as long as it takes to decide one act, or to bring it.
const LOCK: Duration = Duration::from_secs(2);
/// A server that answers at all takes a list in much less.
const BRING: Duration = Duration::from_secs(8);

impl Alone {
    pub(crate) fn new(folder: LeaveFolder) -> Self {
        Self { folder }
    }

    /// Where it keeps what it has.
    pub(crate) fn folder(&self) -> &LeaveFolder {
        &self.folder
    }

    /// Brings the list of what was decided without a server, if there is one.
    ///
    /// # Errors
    /// In words, when it could not be put on record: then nothing may be asked, for the server would not know what
    /// was met.
    pub(crate) fn bring(&self, speaker: &Speaker) -> Result<(), Unbrought> {
        if self.folder.waits().is_none() {
            return Ok(());
        }
        let kept = |error: String| Unbrought::Kept(error);
        let _lock = self.lock().map_err(kept)?;
        let Some((path, text)) =
            read_private(&self.folder.list()).map_err(|error| kept(error.to_string()))?
        else {
            return Ok(());
        };
        let url = speaker.url.trim_end_matches('/');
        let sent = agent(url, BRING)
            .post(format!("{url}/v1/sessions/{}/alone", self.folder.session()))
            .header("Authorization", format!("Bearer {}", speaker.token))
            .header("Content-Type", "application/x-ndjson")
            .send(text.as_bytes());
        let status = sent.map_err(Unbrought::Unreachable)?.status();
        if !status.is_success() {
            return Err(kept(format!(
                "what was decided without Weir could not be put on record ({status}): a person runs `weir doctor`"
            )));
        }
        let gone = std::fs::remove_file(&path);
        gone.map_err(|error| kept(format!("`{}` cannot be removed: {error}", path.display())))
    }

    /// Answers an event by what was kept; `None` when nothing is.
    ///
    /// # Errors
    /// In words, why nothing can be decided.
    pub(super) fn answer(&self, key: &str, event: &Event) -> Result<Option<Reply>, String> {
        let kept = read_private(&self.folder.leave()).map_err(|error| error.to_string())?;
        let Some((_, note)) = kept else { return Ok(None) };
        let (now, client, name) = (now(), event.client, &event.name);
        let open = opened(&note, key, (self.folder.session(), client), now)?;
        let act = match weir_hook::read(client, name, &event.payload) {
            Ok(act) => act,
            Err(refusal) => return Ok(Some(event.refuse(&refusal.to_string()))),
        };
        if !act.moment.is_decided() {
            let context = (act.moment == Moment::SessionStart).then(|| CONTEXT.to_owned());
            let words = Words { context, ..Words::default() };
            return Ok(Some(weir_hook::answer(client, name, &Ruling::allow(), &words)));
        }
        let _lock = self.lock()?;
        let (before, mut list) = self.read()?;
        let disk = Disk { tree: open.tree() };
        let decided = open.decide(&before, &act, &disk, now);
        let line = decided.to_line();
        if line.len() > LINE_BYTES_MAX {
            return Err("it is too large to be decided without Weir".to_owned());
        }
        let written =
            list.write_all(format!("{line}\n").as_bytes()).and_then(|()| list.sync_data());
        written.map_err(|error| format!("it cannot be written down: {error}"))?;
        Ok(Some(weir_hook::answer(client, name, &decided.alone.ruling, &Words::default())))
    }

    /// What was decided so far, and the file to go on with.
    fn read(&self) -> Result<(Vec<Kept>, File), String> {
        let text = read_private(&self.folder.list()).map_err(|error| error.to_string())?;
        let text = text.map(|(_, text)| text).unwrap_or_default();
        // A line without its end was never answered.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let lines = text.get(..whole).unwrap_or_default().lines();
        let before = lines.map(Kept::from_line).collect::<Result<Vec<_>, _>>();
        let before = before.map_err(|refusal| refusal.sentence)?;
        if before.len() >= ACTS_MAX || whole + LINE_BYTES_MAX > LIST_BYTES_MAX {
            return Err("more was decided without Weir already than anybody should".to_owned());
        }
        let mut options = OpenOptions::new();
        let list = options.append(true).create(true).mode(0o600).open(self.folder.list());
        let list = list.and_then(|list| list.set_len(whole as u64).map(|()| list));
        let list = list.map_err(|error| format!("the list of acts cannot be opened: {error}"))?;
        Ok((before, list))
    }

    /// One hook at a time.
    fn lock(&self) -> Result<File, String> {
        let failed = |error: std::io::Error| format!("the list of acts cannot be locked: {error}");
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).mode(0o600);
        let lock = lock.open(self.folder.lock()).map_err(failed)?;
        let started = Instant::now();
        while let Err(error) = flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            let error = std::io::Error::from(error);
            if error.kind() != ErrorKind::WouldBlock || started.elapsed() > LOCK {
                return Err(failed(error));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(lock)
    }
}

/// What an agent should know as its session begins.
const CONTEXT: &str = "\
Weir's server does not answer. What its policies allow without asking still goes; nothing else does, and nothing can \
be brought until a person runs `weir up`.";

/// Why a list is not on record.
pub(crate) enum Unbrought {
    /// Nobody listens.
    Unreachable(ureq::Error),
    /// Somebody does, and it is not taken.
    Kept(String),
}

/// The leave in a signed note, when it counts here and now.
fn opened(
    note: &str,
    key: &str,
    whose: (SessionId, Client),
    now: Timestamp,
) -> Result<Open, String> {
    let key: VerifierKey = key.parse().map_err(|_| "the key that was kept is none".to_owned())?;
    let text = open_note(note, &key).map_err(|error| error.to_string())?;
    Leave::open(text, whose, now).map_err(|refusal| refusal.sentence)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_guard::policy::{Bundle, Scope};
    use weir_ledger::Signer;

    #[test]
    fn only_what_the_pinned_key_signed_counts() {
        let (ours, theirs) = (Signer::draw("weir/a"), Signer::draw("weir/a"));
        let (ours, theirs) = (ours.expect("randomness"), theirs.expect("randomness"));
        let (whose, now) = ((SessionId(1), Client::Claude), now());
        let until = |minutes: u64| now + Duration::from_secs(60 * minutes);
        let text = |life| Leave::new(whose, Scope::default(), &Bundle::shipped(), life).to_text();
        let fresh = text((now, until(60)));
        let note = ours.sign_note(&fresh);
        let key = ours.key().to_string();
        let rows = [
            (note.clone(), key.as_str(), "counts"),
            (theirs.sign_note(&fresh), &key, "signed by `weir/a+"),
            (note.replacen("S1", "S2", 1), &key, "does not fit its text"),
            (note.trim_end().to_owned(), &key, "not a signed note"),
            (fresh.clone(), &key, "not a signed note"),
            (String::new(), &key, "not a signed note"),
            (ours.sign_note(&text((now, now))), &key, "it held until"),
            (ours.sign_note(&text((until(5), until(60)))), &key, "this clock is behind"),
            (ours.sign_note("weir leave\n{}\n"), &key, "cannot be read"),
            (note.clone(), "", "the key that was kept is none"),
            (note, theirs.key().to_string().leak(), "signed by `weir/a+"),
        ];
        for (nth, (note, key, expected)) in rows.into_iter().enumerate() {
            let found = opened(&note, key, whose, now);
            let found = found.map_or_else(|why| why, |_| "counts".to_owned());
            assert!(found.contains(expected), "row {nth}: {found}");
        }
    }
}
