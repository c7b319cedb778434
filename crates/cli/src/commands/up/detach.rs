//! `weir up --detach`: the same start in a process of its own.

use super::doors::{self, Doors};
use super::{START, answering};
use crate::error::CommandError;
use crate::here::Here;
use crate::ui::Ui;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};
use weir_model::Refusal;

/// The same command again, on its own, with its words in a file of the space.
pub(super) fn detach(ui: &mut Ui, here: &Here) -> Result<(), CommandError> {
    let repository = here.repository()?;
    let doing = || CommandError::doing("start the server in the background");
    let words = Words::of(&repository.home()).map_err(doing())?;
    let arguments = std::env::args_os().skip(1).filter(|argument| argument != "--detach");
    let mut child = std::process::Command::new(std::env::current_exe().map_err(doing())?)
        .args(arguments)
        .current_dir(&here.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(words.file.try_clone().map_err(doing())?)
        // A group of its own: the Ctrl-C of this terminal is not for it.
        .process_group(0)
        .spawn()
        .map_err(doing())?;
    ui.progress(format_args!("waiting for the server"));
    let started = Instant::now();
    while started.elapsed() < START {
        if let Some(weir) = answering(&repository)? {
            let doors = Doors::of_running(&weir)?;
            ui.answer(&doors, doors::show)?;
            ui.status(format_args!(
                "It runs in the background until `weir down`; what it says is in {}.",
                words.path.display()
            ));
            return Ok(());
        }
        if let Some(status) = child.try_wait().map_err(doing())?
            && !status.success()
        {
            return Err(repeat(&words.take_back(), status));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(CommandError::failed("start the server in the background", "it does not answer"))
}

/// The file with the words of a server in the background. Only its user may read it: a proxy's address or a path may
/// stand in it.
struct Words {
    path: PathBuf,
    file: File,
    /// Whether the folder was made for it: then it goes again when there is no space after all.
    is_first: bool,
}

impl Words {
    fn of(home: &Path) -> std::io::Result<Self> {
        let is_first = match DirBuilder::new().mode(0o700).create(home) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error),
        };
        let path = home.join("up.log");
        let mut options = OpenOptions::new();
        let file = options.create(true).write(true).truncate(true).mode(0o600).open(&path)?;
        Ok(Self { path, file, is_first })
    }

    /// What was said, by a server that did not start.
    fn take_back(self) -> String {
        let said = std::fs::read_to_string(&self.path).unwrap_or_default();
        if self.is_first {
            let _ = std::fs::remove_file(&self.path);
            // Stays when there is more in it than the words.
            let _ = self.path.parent().map(std::fs::remove_dir);
        }
        said
    }
}

/// What a child said before it ended, as our own error.
fn repeat(said: &str, ended: ExitStatus) -> CommandError {
    let mut lines = said.lines();
    let error = lines.find_map(|line| {
        let (code, sentence) = line.strip_prefix("error[")?.split_once("]: ")?;
        Some((code.to_owned(), sentence.to_owned()))
    });
    let json = said.lines().find_map(|line| serde_json::from_str::<Refusal>(line).ok());
    match (json, error) {
        (Some(refusal), _) => refusal.into(),
        (None, Some((code, sentence))) => {
            let hint = lines.find_map(|line| line.strip_prefix("hint: ").map(str::to_owned));
            Refusal { code: code.into(), sentence, hint }.into()
        }
        // Where the disk is full, its words find no room either.
        (None, None) if said.trim().is_empty() => CommandError::failed(
            "start the server in the background",
            format!("it ended ({ended}) without a word: `weir up` shows why"),
        ),
        (None, None) => CommandError::failed("start the server in the background", said.trim()),
    }
}
