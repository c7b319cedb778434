//! `weir tour`
//!
//! Promise: nothing is pretended. The server is this very binary, started as `weir up`; the agents speak to it through
//! this very binary and real git; and whatever goes differently from the script ends the tour with exit code 6.

mod account;
mod cast;
mod sample;
mod script;
mod stage;

use crate::error::CommandError;
use crate::here::Here;
use crate::ui::Ui;
use stage::Stage;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use weir_model::Refusal;

/// Show the whole way of a change on a sample repository, in a minute
///
/// Scripted agents take tasks and push with real git: two changes land, one fails its check and is repaired, two
/// conflict, one comes from a stale owner, one writes outside its mandate. The repository is left for you to look
/// around in.
#[derive(Debug, clap::Args)]
pub(crate) struct TourArgs {
    /// Where to put the sample; must not exist, or be empty [default: a new folder for temporary files]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Leave the server running at the end
    #[arg(long)]
    keep_running: bool,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, args: &TourArgs) -> Result<(), CommandError> {
    let folder = match &args.folder {
        Some(folder) => empty_folder(&here.dir.join(folder))?,
        None => temporary_folder()?,
    };
    let river = sample::make(&folder)?;
    ui.status(format_args!("A sample repository is in {}.", river.display()));
    let mut stage = Stage::open(&folder, &river)?;
    let played = script::play(ui, &stage)?;
    if args.keep_running {
        stage.leave_open();
    } else {
        stage.close()?;
    }
    let account = account::Account::new(played, &stage, args.keep_running);
    ui.item(&account, account::show)
}

/// A folder of our own that nobody else writes to.
fn empty_folder(folder: &Path) -> Result<PathBuf, CommandError> {
    let doing = || CommandError::doing(format!("make `{}`", folder.display()));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(doing())?;
    if std::fs::read_dir(folder).map_err(doing())?.next().is_some() {
        let sentence = format!("`{}` is not empty", folder.display());
        let hint = "name a folder that does not exist yet, or leave `--folder` out";
        return Err(Refusal::new("tour.not_empty", sentence).hint(hint).into());
    }
    folder.canonicalize().map_err(doing())
}

fn temporary_folder() -> Result<PathBuf, CommandError> {
    let base = std::env::temp_dir();
    let process = std::process::id();
    for number in 0..1000 {
        let folder = base.join(format!("weir-tour-{process}-{number}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return folder.canonicalize().map_err(CommandError::doing("make a folder")),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(CommandError::failed(format!("make `{}`", folder.display()), error));
            }
        }
    }
    Err(CommandError::failed("make a folder", "a thousand names are taken"))
}
