//! `weir audit`

mod proof;

use crate::client::Client;
use crate::error::CommandError;
use crate::here::Here;
use crate::ui::{Form, Ui};
use clap::Subcommand;
use serde::Serialize;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use weir_ledger::{Checkpoint, Tampered, Verified, VerifierKey, VerifyError};
use weir_model::{Digest, Refusal};

/// Prove the ledger, or hand out what others need to
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Write the whole ledger to a file, with its signed checkpoints
    Export {
        /// The file; `-` is stdout
        file: PathBuf,
    },
    Verify(VerifyArgs),
    Proof(proof::ProofArgs),
    /// Print the signed checkpoint of the ledger as it is now
    ///
    /// Keep it: a later export must contain it.
    Checkpoint,
    /// Print the public key that the ledger is signed with
    Key,
}

/// Verify an export or a proof offline, with the public key alone
///
/// Every record is hashed again and every checkpoint checked. What was flipped, dropped or put elsewhere is named,
/// and the exit code is 6. Without a file, the ledger of the running server is read and verified here.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// An export, as `weir audit export` wrote it, or a proof, as `weir audit proof` printed it
    #[arg(requires = "key")]
    file: Option<PathBuf>,
    /// The public key, as `weir audit key` printed it, or a file that holds it
    #[arg(long)]
    key: Option<String>,
    /// A file with a checkpoint that you kept, from `weir audit checkpoint`: the ledger must still hold all of it
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: AuditCommand) -> Result<(), CommandError> {
    match command {
        AuditCommand::Export { file } => export(ui, &here.client()?, &file),
        AuditCommand::Verify(args) => verify(ui, here, args),
        AuditCommand::Proof(args) => proof::run(ui, &here.client()?, args),
        AuditCommand::Checkpoint => text(ui, &here.client()?, "/v1/audit/checkpoint", "checkpoint"),
        AuditCommand::Key => text(ui, &here.client()?, "/v1/audit/key", "key"),
    }
}

fn text(ui: &mut Ui, weir: &Client, path: &str, name: &str) -> Result<(), CommandError> {
    let text = read_text(weir, path)?;
    match ui.form() {
        Form::People => ui.raw(text.as_bytes()),
        Form::Json => ui.answer(&serde_json::json!({ name: text.trim_end() }), |_, _| ()),
    }
}

pub(super) fn read_text(weir: &Client, path: &str) -> Result<String, CommandError> {
    let mut text = String::new();
    let doing = CommandError::doing("read what the server says");
    weir.stream(path)?.read_to_string(&mut text).map_err(doing)?;
    Ok(text)
}

fn export(ui: &mut Ui, weir: &Client, file: &Path) -> Result<(), CommandError> {
    let mut export = weir.stream("/v1/audit/export")?;
    if file == Path::new("-") {
        let mut stdout = std::io::stdout().lock();
        std::io::copy(&mut export, &mut stdout)?;
        return Ok(stdout.flush()?);
    }
    let doing = || CommandError::doing(format!("write `{}`", file.display()));
    // Beside the file, then in its place: a broken line leaves no half of an export behind.
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let copied = File::create(&part).and_then(|mut out| {
        let bytes = std::io::copy(&mut export, &mut out)?;
        out.sync_all()?;
        std::fs::rename(&part, file)?;
        Ok(bytes)
    });
    let bytes = copied.map_err(|error| {
        let _ = std::fs::remove_file(&part);
        doing()(error)
    })?;
    let written = serde_json::json!({ "file": file, "bytes": bytes });
    ui.answer(&written, |_, page| page.line(format!("wrote  {}, {bytes} bytes", file.display())))?;
    ui.status(format_args!(
        "Anyone verifies it offline: `weir audit verify {} --key KEY`, with the key of `weir audit key`.",
        file.display()
    ));
    Ok(())
}

#[derive(Serialize)]
struct Proven {
    verified: bool,
    records: u64,
    checkpoints: u64,
    streams: usize,
    root: Digest,
}

fn verify(ui: &mut Ui, here: &Here, args: VerifyArgs) -> Result<(), CommandError> {
    let key = args.key.map(|key| key_text(&key)).transpose()?;
    let verified = match args.file {
        Some(file) => {
            let key = read_key(&key.unwrap_or_default())?;
            let doing = || CommandError::doing(format!("read `{}`", file.display()));
            let mut given = BufReader::new(File::open(&file).map_err(doing())?);
            if !is_export(&mut given).map_err(doing())? {
                return proof::verify(ui, given, &file, &key, args.since.as_deref());
            }
            check(given, &key, args.since.as_deref())?
        }
        None => {
            let weir = here.client()?;
            let key = match key {
                Some(key) => key,
                None => read_text(&weir, "/v1/audit/key")?,
            };
            let export = weir.stream("/v1/audit/export")?;
            check(BufReader::new(export), &read_key(&key)?, args.since.as_deref())?
        }
    };
    match verified {
        Ok(verified) => whole(ui, &verified),
        Err(VerifyError::Tampered(tampered)) => Err(broken(&tampered)),
        Err(error @ (VerifyError::Unreadable(_) | VerifyError::Store(_))) => {
            Err(CommandError::failed("verify the ledger", error))
        }
    }
}

/// Whether this is an export, cut short or not; nothing is taken from it.
fn is_export(given: &mut impl BufRead) -> std::io::Result<bool> {
    let start = given.fill_buf()?;
    Ok(start.is_empty() || start.starts_with(EXPORT_START))
}

/// How an export begins, and no proof does.
const EXPORT_START: &[u8] = b"{\"format\":";

/// Verifies, from a kept checkpoint on if one is given.
fn check(
    export: impl BufRead,
    key: &VerifierKey,
    since: Option<&Path>,
) -> Result<Result<Verified, VerifyError>, CommandError> {
    let kept = since.map(|file| kept_checkpoint(file, key)).transpose()?;
    Ok(weir_ledger::verify_since(export, key, kept.as_ref()))
}

fn kept_checkpoint(file: &Path, key: &VerifierKey) -> Result<Checkpoint, CommandError> {
    let doing = CommandError::doing(format!("read the checkpoint `{}`", file.display()));
    let note = std::fs::read_to_string(file).map_err(doing)?;
    Checkpoint::open(&note, key).map_err(|error| {
        Refusal::new(
            "checkpoint.malformed",
            format!("`{}` is no checkpoint of this ledger: {error}", file.display()),
        )
        .hint("pass what `weir audit checkpoint` printed")
        .into()
    })
}

fn whole(ui: &mut Ui, verified: &Verified) -> Result<(), CommandError> {
    let proven = Proven {
        verified: true,
        records: verified.checkpoint.size,
        checkpoints: verified.checkpoints,
        streams: verified.streams,
        root: verified.checkpoint.root,
    };
    ui.answer(&proven, |proven, page| {
        let Proven { records, checkpoints, streams, root, .. } = proven;
        page.line(format!(
            "verified  {records} records in {streams} streams, {checkpoints} signed checkpoints"
        ));
        page.line(format!("root      {root}"));
    })
}

fn broken(tampered: &Tampered) -> CommandError {
    CommandError::NotPassed(
        Refusal::new("ledger.tampered", tampered.to_string())
            .hint("compare with an older export or a checkpoint that you kept"),
    )
}

/// A key as it was given: itself, or the file that holds it.
fn key_text(given: &str) -> Result<String, CommandError> {
    if given.contains('+') && !Path::new(given).exists() {
        return Ok(given.to_owned());
    }
    std::fs::read_to_string(given).map_err(CommandError::doing(format!("read the key `{given}`")))
}

fn read_key(text: &str) -> Result<VerifierKey, CommandError> {
    text.trim().parse().map_err(|error: weir_ledger::KeyError| {
        Refusal::new("key.malformed", error.to_string())
            .hint("pass what `weir audit key` prints, or a file that holds it")
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_itself_or_a_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key+1");
        std::fs::write(&path, "name+id+key\n").expect("written");
        let path = path.to_str().expect("UTF-8");
        assert_eq!(key_text(path).expect("a file"), "name+id+key\n");
        assert_eq!(key_text("name+id+key").expect("a key"), "name+id+key");
        assert!(key_text("no-such-file").is_err());
        assert_eq!(read_key("x").expect_err("no key").exit(), crate::exit::Exit::Refused);
    }
}
