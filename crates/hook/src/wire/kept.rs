//! Writing into files, keeping what was there, and taking it back.

use super::jsonc::Jsonc;
use super::plan::{Entry, MARK, NAME};
use super::{Existing, Wiring, block, puts};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use weir_model::act::Client;
use weir_model::{Digest, Refusal};

/// A file to write, or to remove when `bytes` is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdit {
    /// Where, absolute. Folders on the way may be missing.
    pub path: String,
    /// All of it.
    pub bytes: Option<Vec<u8>>,
}

/// What to write to attach a client, and what to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// The files to write.
    pub edits: Vec<FileEdit>,
    /// What [`detach`] and [`drift`] need. Keep it before the files are written.
    pub kept: Kept,
}

/// What was there before, and what was put in. Keep it private: it holds the files whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The client.
    pub client: Client,
    /// What it was wired with.
    pub wiring: Wiring,
    /// Its files.
    files: Vec<KeptFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptFile {
    path: String,
    /// The bytes before, in base64; absent when there was no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// The digest of what was written.
    after: Digest,
    entries: Vec<Entry>,
}

/// What to write to take an attachment back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detached {
    /// The files to write or remove.
    pub edits: Vec<FileEdit>,
    /// What did not go by itself, or went otherwise than to the byte: sentences for a person.
    pub notes: Vec<String>,
}

/// How an attachment does not stand any more as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "drift", rename_all = "snake_case")]
pub enum Drift {
    /// A file is gone, and its hooks with it.
    Gone {
        /// Which.
        path: String,
    },
    /// An entry of ours is not in the file, or is another.
    Missing {
        /// Where.
        path: String,
        /// What.
        entry: String,
    },
    /// The client is told not to run hooks.
    Disabled {
        /// Where.
        path: String,
        /// By which setting.
        setting: String,
    },
    /// The file cannot be read, and nobody knows what the client makes of it.
    Unreadable {
        /// Which.
        path: String,
    },
    /// Others edited the file; our entries stand.
    Edited {
        /// Which.
        path: String,
    },
}

impl Drift {
    /// Whether the client may run unguarded because of it.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Gone { .. }
            | Self::Missing { .. }
            | Self::Disabled { .. }
            | Self::Unreadable { .. } => true,
            Self::Edited { .. } => false,
        }
    }
}

/// What to write so that `client` asks Weir. `existing` holds every file that [`super::files`] names.
///
/// Layout, comments and everything else in those files stays. Attaching what is attached changes nothing. Refuses
/// a file that cannot be read, and one that says something else where our entries belong.
pub fn attach(client: Client, wiring: &Wiring, existing: &[Existing]) -> Result<Attached, Refusal> {
    let mut files: Vec<(KeptFile, String)> = Vec::new();
    for put in puts(client, wiring, existing)? {
        let at = match files.iter().position(|(file, _)| file.path == put.file) {
            Some(at) => at,
            None => {
                files.push(opened(&put.file, existing)?);
                files.len() - 1
            }
        };
        let (file, text) = &mut files[at];
        if let Some(new) = put_in(text, &put.entry, &put.file)? {
            *text = new;
        }
        file.entries.push(put.entry);
    }
    let mut edits = Vec::new();
    for (file, text) in &mut files {
        file.after = Digest::of(text.as_bytes());
        edits.push(FileEdit { path: file.path.clone(), bytes: Some(text.clone().into_bytes()) });
    }
    let files = files.into_iter().map(|(file, _)| file).collect();
    Ok(Attached { edits, kept: Kept { client, wiring: wiring.clone(), files } })
}

fn opened(path: &str, existing: &[Existing]) -> Result<(KeptFile, String), Refusal> {
    let bytes = existing.iter().find(|(known, _)| known == path).map(|(_, bytes)| bytes);
    let Some(bytes) = bytes else {
        return Err(Refusal::new("attach.unread", format!("nobody has looked at `{path}`")));
    };
    let text = match bytes {
        Some(bytes) => String::from_utf8(bytes.clone()).map_err(|_| {
            Refusal::new("attach.unreadable", format!("`{path}` is not UTF-8"))
                .hint("put it right, or set it aside, and try again")
        })?,
        None => String::new(),
    };
    let before = bytes.as_ref().map(|bytes| STANDARD.encode(bytes));
    Ok((
        KeptFile { path: path.to_owned(), before, after: Digest::of(b""), entries: Vec::new() },
        text,
    ))
}

/// The text with the entry; `None` when it has it already.
fn put_in(text: &str, entry: &Entry, path: &str) -> Result<Option<String>, Refusal> {
    if has(text, entry) {
        return Ok(None);
    }
    let json =
        |text: &str| if text.trim().is_empty() { "{}\n".to_owned() } else { text.to_owned() };
    match entry {
        Entry::Member { at, value } => {
            let (text, keys) = (json(text), keys(at));
            let read = Jsonc::read(&text, path)?;
            if let Some(other) = read.value(&keys) {
                let shown: String = other.to_string().chars().take(80).collect();
                let sentence = format!("{} in `{path}` is `{shown}` already", entry.name());
                return Err(Refusal::new("attach.in_the_way", sentence).hint(
                    "take it out, or `weir detach` an attachment of before, then try again",
                ));
            }
            read.with(&keys, value, false, path).map(Some)
        }
        Entry::Item { at, value } => {
            let text = json(text);
            Jsonc::read(&text, path)?.with(&keys(at), value, true, path).map(Some)
        }
        Entry::Block { text: block } => block::with(text, block, path).map(Some),
        Entry::Whole { text: whole } => {
            if text.is_empty() || text.contains(MARK) {
                return Ok(Some(whole.clone()));
            }
            let sentence = format!("`{path}` is there already and is not Weir's");
            Err(Refusal::new("attach.in_the_way", sentence).hint("set it aside, then try again"))
        }
    }
}

/// Whether the text has the entry, exactly.
fn has(text: &str, entry: &Entry) -> bool {
    let value = |at: &[String]| Jsonc::read(text, "").ok().and_then(|read| read.value(&keys(at)));
    match entry {
        Entry::Member { at, value: ours } => value(at).as_ref() == Some(ours),
        Entry::Item { at, value: ours } => match value(at) {
            Some(Value::Array(items)) => items.contains(ours),
            _ => false,
        },
        Entry::Block { text: block } => text.contains(block.as_str()),
        Entry::Whole { text: whole } => text == whole,
    }
}

fn keys(at: &[String]) -> Vec<&str> {
    at.iter().map(String::as_str).collect()
}

/// What to write to undo an attachment. A file that nobody edited since becomes what it was, to the byte; one that
/// was loses exactly our entries.
pub fn detach(kept: &Kept, existing: &[Existing]) -> Result<Detached, Refusal> {
    let mut detached = Detached { edits: Vec::new(), notes: Vec::new() };
    for file in &kept.files {
        let path = &file.path;
        let Some((_, now)) = existing.iter().find(|(known, _)| known == path) else {
            return Err(Refusal::new("attach.unread", format!("nobody has looked at `{path}`")));
        };
        let Some(now) = now else {
            detached.notes.push(format!("`{path}` was gone already"));
            continue;
        };
        if Digest::of(now) == file.after {
            let before = file.before.as_deref().map(|before| STANDARD.decode(before)).transpose();
            let Ok(before) = before else {
                return Err(Refusal::new(
                    "attach.kept",
                    format!("what was kept of `{path}` is damaged"),
                )
                .hint("take the entries out by hand"));
            };
            detached.edits.push(FileEdit { path: path.clone(), bytes: before });
            continue;
        }
        match taken_out(file, now) {
            Ok((bytes, notes)) => {
                detached
                    .notes
                    .push(format!("`{path}` was edited since: only Weir's entries were taken out"));
                detached.notes.extend(notes);
                detached.edits.push(FileEdit { path: path.clone(), bytes });
            }
            Err(why) => {
                detached.notes.push(format!(
                    "`{path}` was left as it is: {why}; take Weir's entries out by hand"
                ));
            }
        }
    }
    Ok(detached)
}

/// An edited file without our entries; no bytes when nothing is left of a file that we made.
fn taken_out(file: &KeptFile, now: &[u8]) -> Result<(Option<Vec<u8>>, Vec<String>), String> {
    let mut text = String::from_utf8(now.to_vec()).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut notes = Vec::new();
    // Last in, first out: what was put into a list that we made is gone before the list is.
    for entry in file.entries.iter().rev() {
        let without = match entry {
            Entry::Member { at, value } => {
                let read = Jsonc::read(&text, &file.path).map_err(|refusal| refusal.sentence)?;
                read.without(&keys(at), value, false)
            }
            Entry::Item { at, value } => {
                let read = Jsonc::read(&text, &file.path).map_err(|refusal| refusal.sentence)?;
                read.without(&keys(at), value, true)
            }
            Entry::Block { text: block } => block::without(&text, block),
            Entry::Whole { .. } if text.contains(MARK) => return Ok((None, notes)),
            Entry::Whole { .. } => return Err("it is not Weir's any more".to_owned()),
        };
        match without {
            Some(without) => text = without,
            None => notes.push(format!("{} was not in `{}` any more", entry.name(), file.path)),
        }
    }
    let is_empty = match Jsonc::read(&text, "") {
        Ok(read) => {
            read.value(&[]) == Some(json!({}))
                && text.trim().trim_matches(['{', '}']).trim().is_empty()
        }
        Err(_) => text.trim().is_empty(),
    };
    let bytes = (!(is_empty && file.before.is_none())).then(|| text.into_bytes());
    Ok((bytes, notes))
}

/// How the attachment differs from what was made. `existing` holds its files as they are now.
pub fn drift(kept: &Kept, existing: &[Existing]) -> Vec<Drift> {
    let mut drifts = Vec::new();
    for file in &kept.files {
        let path = file.path.clone();
        let now =
            existing.iter().find(|(known, _)| *known == path).and_then(|(_, now)| now.as_ref());
        let Some(now) = now else {
            drifts.push(Drift::Gone { path });
            continue;
        };
        let Ok(text) = std::str::from_utf8(now) else {
            drifts.push(Drift::Unreadable { path });
            continue;
        };
        let is_json = file
            .entries
            .iter()
            .any(|entry| matches!(entry, Entry::Member { .. } | Entry::Item { .. }));
        if is_json && Jsonc::read(text, "").is_err() {
            drifts.push(Drift::Unreadable { path });
            continue;
        }
        if let Some(setting) = disabled(kept.client, text) {
            drifts.push(Drift::Disabled { path: path.clone(), setting });
        }
        let missing = file.entries.iter().filter(|entry| !has(text, entry)).map(Entry::name);
        let missing: Vec<String> = missing.collect();
        if missing.is_empty() && Digest::of(now) != file.after {
            drifts.push(Drift::Edited { path: path.clone() });
        }
        drifts
            .extend(missing.into_iter().map(|entry| Drift::Missing { path: path.clone(), entry }));
    }
    drifts
}

/// The setting in a file of the client by which its hooks do not run.
fn disabled(client: Client, text: &str) -> Option<String> {
    let at = |keys: &[&str]| Jsonc::read(text, "").ok().and_then(|read| read.value(keys));
    match client {
        Client::Claude | Client::Copilot => {
            (at(&["disableAllHooks"]) == Some(json!(true))).then(|| "disableAllHooks".to_owned())
        }
        Client::Gemini => {
            let off = at(&["hooksConfig", "enabled"]) == Some(json!(false));
            let named = at(&["hooksConfig", "disabled"]);
            let by_name =
                named.and_then(|list| list.as_array().map(|list| list.contains(&json!(NAME))));
            match (off, by_name) {
                (true, _) => Some("hooksConfig.enabled".to_owned()),
                (false, Some(true)) => Some("hooksConfig.disabled".to_owned()),
                (false, _) => None,
            }
        }
        Client::Codex => {
            let table = text.parse::<toml::Table>().ok()?;
            let off = !table.get("features")?.get("hooks")?.as_bool()?;
            off.then(|| "features.hooks".to_owned())
        }
        Client::Antigravity | Client::Cursor | Client::OpenCode => None,
    }
}
