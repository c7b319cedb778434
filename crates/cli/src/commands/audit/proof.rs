//! `weir audit proof`, and what `weir audit verify` makes of what it printed.

use crate::client::Client;
use crate::error::CommandError;
use crate::ui::{Form, Ui};
use serde::Serialize;
use std::io::{BufRead, Read as _};
use std::path::{Path, PathBuf};
use weir_ledger::{Checkpoint, Proof, ProofError, Proven, VerifierKey};
use weir_model::{Digest, Position, Refusal};

/// Print a proof that one record stands in the ledger, for whoever may see that one alone
///
/// It holds the record, its way up the Merkle tree, and the signed checkpoint that the way leads to. Write it to a
/// file: anyone verifies it offline with `weir audit verify FILE --key KEY`.
#[derive(Debug, clap::Args)]
pub(crate) struct ProofArgs {
    /// The record, as `weir log` prints it
    #[arg(value_name = "EVENT", required_unless_present = "since")]
    record: Option<Position>,
    /// A file with a checkpoint that you kept, from `weir audit checkpoint`: prove too that the ledger still begins
    /// with all that it covered
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
}

/// No proof is longer: a record as long as they get, every byte of it escaped, and room for the rest.
const PROOF_BYTES_MAX: u64 = 8 << 20;

pub(super) fn run(ui: &mut Ui, weir: &Client, args: ProofArgs) -> Result<(), CommandError> {
    let record = args.record.map(|record| format!("record={record}"));
    let since = args.since.as_deref().map(|file| kept_size(weir, file)).transpose()?;
    let since = since.map(|size| format!("since={size}"));
    let asked: Vec<String> = record.into_iter().chain(since).collect();
    let proof: Proof = weir.get(&format!("/v1/audit/proof?{}", asked.join("&")))?;
    if ui.form() == Form::Json {
        return ui.answer(&proof, |_, _| ());
    }
    // Whoever reads it, it is one document.
    let json = serde_json::to_string_pretty(&proof);
    let json = json.map_err(CommandError::doing("write the proof as JSON"))?;
    ui.raw(format!("{json}\n").as_bytes())?;
    let since = args.since.map(|file| format!(" --since {}", file.display())).unwrap_or_default();
    ui.status(format_args!(
        "Anyone verifies it offline: `weir audit verify FILE --key KEY{since}`, with the key of `weir audit key`."
    ));
    Ok(())
}

/// How many records a checkpoint covers that was kept. It is read with the server's own key: whether the server may
/// be believed is for the one who verifies.
fn kept_size(weir: &Client, file: &Path) -> Result<u64, CommandError> {
    let key = super::read_key(&super::read_text(weir, "/v1/audit/key")?)?;
    Ok(super::kept_checkpoint(file, &key)?.size)
}

/// Verifies the proof that a file holds.
pub(super) fn verify(
    ui: &mut Ui,
    given: impl BufRead,
    file: &Path,
    key: &VerifierKey,
    since: Option<&Path>,
) -> Result<(), CommandError> {
    let kept = since.map(|file| super::kept_checkpoint(file, key)).transpose()?;
    let mut text = Vec::new();
    let read = given.take(PROOF_BYTES_MAX).read_to_end(&mut text);
    read.map_err(CommandError::doing(format!("read `{}`", file.display())))?;
    let proof: Proof = serde_json::from_slice(&text).map_err(|_| {
        let sentence = format!("`{}` is neither an export nor a proof", file.display());
        CommandError::NotPassed(
            Refusal::new("proof.malformed", sentence)
                .hint("pass what `weir audit export` or `weir audit proof` wrote"),
        )
    })?;
    check(ui, &proof, key, kept.as_ref())
}

#[derive(Serialize)]
struct Checked {
    verified: bool,
    /// The record that was proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Position>,
    /// Up to where nothing was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
    /// How many records the checkpoint covers.
    records: u64,
    root: Digest,
}

/// Checks a proof with the public key alone, and says what it proved.
fn check(
    ui: &mut Ui,
    proof: &Proof,
    key: &VerifierKey,
    kept: Option<&Checkpoint>,
) -> Result<(), CommandError> {
    let Proven { checkpoint, record, since } = proof.check(key, kept).map_err(broken)?;
    let position = record.as_ref().map(|record| record.position);
    let Checkpoint { size: records, root, .. } = checkpoint;
    let checked = Checked { verified: true, record: position, since, records, root };
    ui.answer(&checked, |_, page| {
        if let Some(record) = &record {
            page.line(format!(
                "verified  {} stands in the ledger of {records} records",
                record.position
            ));
            page.line(format!("record    {}", record.leaf));
        }
        if let Some(since) = since {
            page.line(format!("verified  the ledger still begins with the {since} records kept"));
        }
        page.line(format!("root      {root}"));
    })
}

fn broken(error: ProofError) -> CommandError {
    let sentence = error.to_string();
    match error {
        ProofError::Checkpoint(_) | ProofError::Record | ProofError::Consistency(_) => {
            CommandError::NotPassed(
                Refusal::new("proof.broken", sentence).hint(
                    "ask whoever gave it to you for another, and for the key that they trust",
                ),
            )
        }
        ProofError::NeedsKept(_) => Refusal::new("proof.needs_checkpoint", sentence)
            .hint("pass the file with that checkpoint: `--since FILE`")
            .into(),
        ProofError::SaysNothingOf(_) => Refusal::new("proof.other_checkpoint", sentence)
            .hint("ask for one with `weir audit proof --since FILE`, with this checkpoint")
            .into(),
    }
}
