//! `weir attach`, `weir detach`: a real client is wired to Weir, and taken off to the byte.

use super::hook::alone::Alone;
use crate::client::Client;
use crate::error::CommandError;
use crate::here::Here;
use crate::ui::Ui;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use weir_courier::{
    LeaveFolder, SessionFile, Speaker, config_folder, git_dir, key_of, read_private, speaker_name,
};
use weir_hook::wire::{self, Existing, FileEdit, Kept, Scope, Wiring};
use weir_model::act::Client as Agent;
use weir_model::{Lease, Refusal, SessionId};
use weir_server::wire::{Attachment, Done, NewSession, OpenedSession};

/// The variable by which clients name the session's token in their settings.
pub(super) const TOKEN_ENV: &str = "WEIR_TOKEN";

/// Wire a coding agent to Weir: every tool call is decided before it happens
///
/// Writes the hooks and the MCP server into the client's own settings, in the way that client honours best, opens a
/// session for it unless the folder has one, and says what the client cannot guarantee. `weir detach` undoes it to
/// the byte.
#[derive(Debug, clap::Args)]
pub(crate) struct AttachArgs {
    /// The client: claude, codex, gemini, antigravity, cursor, copilot, opencode
    client: Agent,
    /// Where it is wired: worktree, user or managed [default: what that client honours best]
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// The folder in which the client will work [default: this one]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// The client's program [default: the one on the path]
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// How long a session that is opened for it lives [default: as long as the space says]
    #[arg(long, value_name = "DURATION")]
    length: Option<Lease>,
}

/// Take a coding agent off Weir: its settings are as they were before
#[derive(Debug, clap::Args)]
pub(crate) struct DetachArgs {
    /// The client
    client: Agent,
    /// The folder in which it was attached [default: this one]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

/// What is remembered of an attachment, beside the client's files as they were.
#[derive(Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) session: SessionId,
    pub(super) version: String,
    pub(super) program: PathBuf,
    pub(super) worktree: PathBuf,
    pub(super) kept: Kept,
}

#[derive(Serialize)]
struct Told {
    client: Agent,
    version: String,
    session: SessionId,
    scope: &'static str,
    worktree: PathBuf,
    files: Vec<String>,
    environment: Vec<(&'static str, String)>,
    notes: Vec<String>,
    limits: Vec<String>,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: AttachArgs) -> Result<(), CommandError> {
    let weir = here.client()?;
    let client = args.client;
    let scope = scope(client, args.scope.as_deref())?;
    let worktree = top_of(&args.dir.unwrap_or_else(|| here.dir.clone()))?;
    if let Some(memory) = remembered(client, &worktree)? {
        let sentence =
            format!("{} is attached in `{}` already", client.title(), worktree.display());
        return Err(Refusal::new("attach.twice", sentence)
            .hint(format!("take it off first: `weir detach {client}` (session {})", memory.session))
            .into());
    }
    let program = program(client, args.program)?;
    let version = version(client, &program)?;
    let wiring = wiring(&weir, scope, &worktree)?;
    let existing = existing(&wire::files(client, &wiring)?)?;
    let wire::Attached { edits, kept } = wire::attach(client, &wiring, &existing)?;

    let (session, speaker) = speaker(&weir, client, &worktree, args.length)?;
    let ask = Attachment {
        client,
        version: version.to_string(),
        worktree: worktree.display().to_string(),
    };
    let _: Done = weir.post(&format!("/v1/sessions/{session}/attach"), &ask)?;
    // What undoes it is kept before anything is written: a run that is killed half way can be taken back.
    let memory =
        Memory { session, version: version.to_string(), program, worktree: worktree.clone(), kept };
    write_private(&memory_path(client, &worktree)?, &to_json(&memory)?)?;
    write_private(&speaker_path(client, &worktree)?, &to_json(&speaker)?)?;
    apply(&edits)?;

    let told = Told {
        client,
        version: version.to_string(),
        session,
        scope: scope.name(),
        worktree,
        files: edits.into_iter().map(|edit| edit.path).collect(),
        environment: vec![("WEIR_URL", speaker.url.clone()), (TOKEN_ENV, speaker.token.clone())],
        notes: version.note.into_iter().collect(),
        limits: weir_hook::limits(client)
            .iter()
            .map(|limit| format!("{}: {}", limit.sentence, limit.remedy))
            .collect(),
    };
    ui.answer(&told, |told, page| {
        page.line(format!(
            "{} {} is attached to Weir as {}, for `{}`.",
            client.title(),
            told.version,
            told.session,
            told.worktree.display()
        ));
        page.heading("Written");
        told.files.iter().for_each(|file| page.line(format!("  {file}")));
        page.heading("Start it with");
        let set = told.environment.iter().map(|(name, value)| format!("export {name}={value}"));
        page.block(&set.collect::<Vec<_>>().join("\n"));
        for note in &told.notes {
            page.line(note);
        }
        page.heading(format!("What {} cannot guarantee", client.title()));
        told.limits.iter().for_each(|limit| page.line(format!("  - {limit}")));
    })?;
    ui.status(format_args!(
        "`weir doctor` proves that it holds; `weir detach {client}` undoes it."
    ));
    Ok(())
}

pub(crate) fn detach(ui: &mut Ui, here: &Here, args: DetachArgs) -> Result<(), CommandError> {
    let client = args.client;
    let worktree = top_of(&args.dir.unwrap_or_else(|| here.dir.clone()))?;
    let Some(memory) = remembered(client, &worktree)? else {
        let sentence = format!("{} is not attached in `{}`", client.title(), worktree.display());
        return Err(Refusal::new("attach.none", sentence)
            .hint("name the folder in which it was attached: `--dir FOLDER`")
            .into());
    };
    let existing = existing(&wire::files(client, &memory.kept.wiring)?)?;
    let wire::Detached { edits, notes } = wire::detach(&memory.kept, &existing)?;
    apply(&edits)?;
    for path in [memory_path(client, &worktree)?, speaker_path(client, &worktree)?] {
        remove(&path)?;
    }
    // The client is off whether or not the server can be told.
    let ask = Attachment { client, version: memory.version, worktree: String::new() };
    let path = format!("/v1/sessions/{}/detach", memory.session);
    let weir = here.client();
    let told = weir
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|weir| weir.post::<_, Done>(&path, &ask).map_err(|error| error.to_string()));
    if let Some(folder) = LeaveFolder::of(client, &worktree, memory.session) {
        if let Ok(weir) = &weir {
            bring(ui, &folder, weir);
        }
        folder.clear();
    }
    let files: Vec<_> = edits.iter().map(|edit| edit.path.clone()).collect();
    ui.answer(&files, |files, page| {
        page.line(format!("{} is off Weir.", client.title()));
        files.iter().for_each(|file| page.line(format!("  {file}")));
        notes.iter().for_each(|note| page.line(format!("  {note}")));
    })?;
    if let Err(error) = told {
        ui.status(format_args!("The server was not told: {error}."));
    }
    Ok(())
}

/// Puts on record what a hook decided without a server, as far as anybody listens.
pub(super) fn bring(ui: &mut Ui, folder: &LeaveFolder, weir: &Client) {
    let (url, token) = (weir.url().to_owned(), weir.token().unwrap_or_default().to_owned());
    let brought =
        Alone::new(folder.clone()).bring(&Speaker { url, token, session: None, key: None });
    if let (Err(_), Some(list)) = (brought, folder.waits()) {
        ui.warn(format_args!(
            "what the hook decided without Weir is not on record yet: it waits in `{}`",
            list.display()
        ));
    }
}

fn scope(client: Agent, named: Option<&str>) -> Result<Scope, CommandError> {
    let known = wire::scopes(client);
    let Some(named) = named else {
        // Managed files are root's to write; nobody is surprised by them.
        return Ok(known.first().copied().unwrap_or(Scope::User));
    };
    let all = [Scope::Worktree, Scope::User, Scope::Managed];
    all.into_iter().find(|scope| scope.name() == named).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|scope| scope.name()).collect();
        let sentence = format!("no scope is called `{}`", named.escape_debug());
        let hint = format!("there are `{}`", names.join("`, `"));
        Refusal::new("attach.scope", sentence).hint(hint).into()
    })
}

pub(super) fn wiring(weir: &Client, scope: Scope, worktree: &Path) -> Result<Wiring, CommandError> {
    let own = std::env::current_exe().and_then(|own| own.canonicalize());
    let own = own.map_err(CommandError::doing("find this program"))?;
    // Where only `weir` was put, it carries the events itself.
    let small = own.with_file_name(weir_courier::program::NAME);
    let program = if small.is_file() { small } else { own };
    let home = std::env::home_dir()
        .ok_or_else(|| Refusal::new("attach.path", "there is no home folder: `HOME` is not set"))?;
    let text = |path: &Path| path.display().to_string();
    Ok(Wiring {
        program: text(&program),
        mcp: format!("{}/mcp", weir.url()),
        token_env: TOKEN_ENV.to_owned(),
        scope,
        home: text(&home),
        worktree: text(worktree),
    })
}

/// As whom the client's hooks will speak: the session whose worktree this is, or a new one.
fn speaker(
    weir: &Client,
    client: Agent,
    worktree: &Path,
    length: Option<Lease>,
) -> Result<(SessionId, Speaker), CommandError> {
    // What the server signs for the hook counts only under this key, which no later message can change.
    let key = Some(super::audit::read_text(weir, "/v1/audit/key")?.trim().to_owned());
    let file = git_dir(&worktree.join(".git")).map(|git| git.join(SessionFile::NAME));
    if let Some((_, text)) = file.map(|file| read_private(&file)).transpose()?.flatten()
        && let Ok(SessionFile { url, token, session, .. }) = serde_json::from_str(&text)
        && url == weir.url()
    {
        return Ok((session, Speaker { url, token, session: Some(session), key }));
    }
    let new = NewSession { agent: client.to_string(), paths: None, length };
    let opened: OpenedSession = weir.post("/v1/sessions", &new)?;
    let (url, token, session) = (weir.url().to_owned(), opened.secret, opened.session);
    Ok((session, Speaker { url, token, session: Some(session), key }))
}

/// The client's program: the one that was named, or the first on the path.
fn program(client: Agent, named: Option<PathBuf>) -> Result<PathBuf, CommandError> {
    if let Some(named) = named {
        return Ok(named);
    }
    let names: &[&str] = match client {
        Agent::Claude => &["claude"],
        Agent::Codex => &["codex"],
        Agent::Gemini => &["gemini"],
        Agent::Antigravity => &["agy"],
        Agent::Cursor => &["cursor-agent", "cursor"],
        Agent::Copilot => &["copilot"],
        Agent::OpenCode => &["opencode"],
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = names.iter().find_map(|name| {
        folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    });
    found.ok_or_else(|| {
        let sentence =
            format!("{} is not on the path: no `{}`", client.title(), names.join("`, `"));
        Refusal::new("client.not_found", sentence)
            .hint("install it, or name its program: `--program PATH`")
            .into()
    })
}

/// What the client says of its version; refused when it cannot be made to fail closed.
pub(super) fn version(client: Agent, program: &Path) -> Result<weir_hook::Version, CommandError> {
    let said = std::process::Command::new(program)
        .arg("--version")
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(CommandError::doing(format!("run `{}`", program.display())))?;
    let text = [said.stdout, said.stderr].concat();
    Ok(weir_hook::check_version(client, &String::from_utf8_lossy(&text))?)
}

/// The top of the work tree around a folder, links followed; the folder itself where there is none.
pub(super) fn top_of(folder: &Path) -> Result<PathBuf, CommandError> {
    let folder = folder
        .canonicalize()
        .map_err(CommandError::doing(format!("find `{}`", folder.display())))?;
    let top = folder.ancestors().find(|folder| folder.join(".git").exists());
    Ok(top.map_or_else(|| folder.clone(), Path::to_owned))
}

/// The files as they are. A link is followed, so that it stays one.
pub(super) fn existing(paths: &[String]) -> Result<Vec<Existing>, CommandError> {
    let read = |path: &String| match std::fs::read(path) {
        Ok(bytes) => Ok((path.clone(), Some(bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((path.clone(), None)),
        Err(error) => Err(CommandError::failed(format!("read `{path}`"), error)),
    };
    paths.iter().map(read).collect()
}

/// Writes each file in one step, or removes it.
fn apply(edits: &[FileEdit]) -> Result<(), CommandError> {
    for FileEdit { path, bytes } in edits {
        let path = Path::new(path);
        match bytes {
            Some(bytes) => replace(path, bytes, None)?,
            None => remove(path)?,
        }
    }
    Ok(())
}

fn replace(path: &Path, bytes: &[u8], mode: Option<u32>) -> Result<(), CommandError> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let failed = |error| CommandError::failed(format!("write `{}`", real.display()), error);
    let folder = real.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let before = std::fs::metadata(&real).ok().map(|found| found.permissions().mode() & 0o777);
    let new = folder.join(format!(
        ".{}.weir-{}",
        real.file_name().unwrap_or_default().to_string_lossy(),
        std::process::id()
    ));
    let write = || {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(mode.or(before).unwrap_or(0o644));
        let mut file = options.open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, &real)
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&new);
        failed(error)
    })
}

fn write_private(path: &Path, text: &str) -> Result<(), CommandError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)))
            .map_err(CommandError::doing(format!("make `{}`", folder.display())))?;
    }
    replace(path, text.as_bytes(), Some(0o600))
}

fn remove(path: &Path) -> Result<(), CommandError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CommandError::failed(format!("remove `{}`", path.display()), error)),
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, CommandError> {
    serde_json::to_string_pretty(value).map_err(CommandError::doing("write JSON"))
}

/// What is remembered of a client in a worktree.
pub(super) fn remembered(client: Agent, worktree: &Path) -> Result<Option<Memory>, CommandError> {
    let Some((path, text)) = read_private(&memory_path(client, worktree)?)? else {
        return Ok(None);
    };
    let doing = format!("understand `{}`", path.display());
    serde_json::from_str(&text).map(Some).map_err(CommandError::doing(doing))
}

/// Everything that is attached on this machine, for this user.
pub(super) fn all_remembered() -> Result<Vec<Memory>, CommandError> {
    let Ok(folder) = std::fs::read_dir(attached_folder()?) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in folder.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "memory")
            && let Some((path, text)) = read_private(&path)?
        {
            let doing = format!("understand `{}`", path.display());
            found.push(serde_json::from_str(&text).map_err(CommandError::doing(doing))?);
        }
    }
    Ok(found)
}

fn attached_folder() -> Result<PathBuf, CommandError> {
    let folder = config_folder()
        .ok_or_else(|| Refusal::new("attach.path", "there is no home folder: `HOME` is not set"))?;
    Ok(folder.join("attached"))
}

fn memory_path(client: Agent, worktree: &Path) -> Result<PathBuf, CommandError> {
    Ok(attached_folder()?.join(format!("{client}-{}.memory", key_of(worktree))))
}

fn speaker_path(client: Agent, worktree: &Path) -> Result<PathBuf, CommandError> {
    Ok(attached_folder()?.join(speaker_name(client, worktree)))
}
