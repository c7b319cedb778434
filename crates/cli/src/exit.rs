//! How a command ended, for the shell.

use std::process::ExitCode;

/// The exit codes of `weir`: one a kind of ending, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Ok = 0,
    /// Something failed: disk, network, a defect.
    Failed = 1,
    /// The command line could not be read.
    Usage = 2,
    /// Weir, or the repository, does not allow it.
    Refused = 3,
    /// What was named does not exist.
    NotFound = 4,
    /// No server answers.
    Unreachable = 5,
    /// It was looked at, and it does not hold: an audit, or a change that came back.
    NotPassed = 6,
}

impl Exit {
    /// All of them, in order.
    pub(crate) const ALL: [Self; 7] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Refused,
        Self::NotFound,
        Self::Unreachable,
        Self::NotPassed,
    ];

    /// What it means, for the table in the help.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "it did what was asked",
            Self::Failed => "something failed: a disk, a network, a defect",
            Self::Usage => "the command line could not be read",
            Self::Refused => "refused: the code, the sentence and the hint say why and what to do",
            Self::NotFound => "what was named does not exist",
            Self::Unreachable => "no server answers: start it with `weir up`",
            Self::NotPassed => "looked at, and it does not hold: an audit, or a change sent back",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The table of exit codes, as `weir help exit-codes` prints it.
pub(crate) fn table() -> String {
    let rows = Exit::ALL.map(|exit| format!("  {}  {}\n", exit as u8, exit.meaning()));
    format!("Exit codes:\n{}", rows.concat())
}
