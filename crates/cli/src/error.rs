//! Why a command did not do what was asked, and how that is shown.

use crate::exit::Exit;
use crate::here::NOT_RUNNING;
use serde::Serialize;
use std::error::Error;
use std::fmt;
use std::io;
use weir_courier::NotPrivate;
use weir_model::Refusal;

/// Why a command ended without its answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The caller may not do this, or asked for what is not there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody answers where the server should be.
    #[error("no server answers at {url}")]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What the network said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// What was looked at does not hold. The refusal says what is wrong with it.
    #[error("{0}")]
    NotPassed(Refusal),
    /// The server failed, and says so.
    #[error("{0}")]
    ServerFailed(Refusal),
    /// A failure that is nobody's rule.
    #[error("could not {doing}")]
    Failed {
        /// What we were doing, so that "could not …" reads as a sentence.
        doing: String,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Stdout is closed: the reader has seen enough.
    #[error("nobody reads the output any more")]
    Unread,
}

/// The three parts that every door shows.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) code: String,
    pub(crate) sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

impl From<NotPrivate> for CommandError {
    fn from(error: NotPrivate) -> Self {
        match error {
            NotPrivate::Shared(refusal) => refusal.into(),
            NotPrivate::Unread { path, source } => {
                Self::failed(format!("read `{}`", path.display()), source)
            }
        }
    }
}

impl CommandError {
    /// A failure while `doing` something: "read `weir.toml`".
    pub(crate) fn failed(
        doing: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Failed { doing: doing.into(), source: source.into() }
    }

    /// For `map_err`: a failure while `doing` something.
    pub(crate) fn doing<E: Into<Box<dyn Error + Send + Sync>>>(
        doing: impl Into<String>,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::failed(doing, source)
    }

    /// What clap could not read.
    pub(crate) fn usage(error: &clap::Error) -> Self {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let sentence = first.strip_prefix("error: ").unwrap_or(first).to_owned();
        Self::Refused(Refusal::new("usage.malformed", sentence).hint("read `weir help`"))
    }

    /// How the process ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Refused(refusal) if refusal.code == NOT_RUNNING => Exit::Unreachable,
            Self::Refused(refusal) if is_unknown(refusal) => Exit::NotFound,
            Self::Refused(_) => Exit::Refused,
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::NotPassed(_) => Exit::NotPassed,
            Self::ServerFailed(_) | Self::Failed { .. } => Exit::Failed,
            Self::Unread => Exit::Ok,
        }
    }

    /// What to show; nothing when nobody reads.
    pub(crate) fn shown(&self) -> Option<Shown> {
        match self {
            Self::Refused(refusal) | Self::NotPassed(refusal) | Self::ServerFailed(refusal) => {
                Some(Shown {
                    code: refusal.code.to_string(),
                    sentence: refusal.sentence.clone(),
                    hint: refusal.hint.clone(),
                })
            }
            Self::Unreachable { .. } => Some(Shown {
                code: "server.unreachable".to_owned(),
                sentence: Chain(self).to_string(),
                hint: Some("start it with `weir up`".to_owned()),
            }),
            Self::Failed { .. } => Some(Shown {
                code: "weir.failed".to_owned(),
                sentence: Chain(self).to_string(),
                hint: None,
            }),
            Self::Unread => None,
        }
    }
}

/// `task.unknown`, `repo.not_found`: what was named is not there.
fn is_unknown(refusal: &Refusal) -> bool {
    refusal.code.ends_with(".unknown") || refusal.code.ends_with(".not_found")
}

impl From<weir_engine::Error> for CommandError {
    fn from(error: weir_engine::Error) -> Self {
        match error {
            weir_engine::Error::Refused(refusal) => Self::Refused(refusal),
            weir_engine::Error::Failed(failure) => Self::failed("open the space", failure),
        }
    }
}

impl From<io::Error> for CommandError {
    /// For writing answers, the only input and output that is not wrapped where it happens.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::failed("write the answer", error),
        }
    }
}

/// An error and what caused it, in one sentence. A cause that its effect already quotes is left out.
struct Chain<'e>(&'e (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let words = cause.to_string();
            if !said.contains(&words) {
                write!(f, ": {words}")?;
            }
            said = words;
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_ending_has_its_code() {
        let refused = |code: &'static str| CommandError::Refused(Refusal::new(code, "no"));
        let rows = [
            (refused("claim.held"), 3, Some("claim.held")),
            (refused("task.unknown"), 4, Some("task.unknown")),
            (refused("repo.not_found"), 4, Some("repo.not_found")),
            (refused("server.not_running"), 5, Some("server.not_running")),
            (CommandError::NotPassed(Refusal::new("check.failed", "no")), 6, Some("check.failed")),
            (
                CommandError::Unreachable { url: "http://x".into(), source: "refused".into() },
                5,
                Some("server.unreachable"),
            ),
            (CommandError::ServerFailed(Refusal::new("disk.full", "no")), 1, Some("disk.full")),
            (CommandError::failed("read it", "disk"), 1, Some("weir.failed")),
            (CommandError::Unread, 0, None),
        ];
        for (error, exit, code) in rows {
            assert_eq!(error.exit() as u8, exit, "{error}");
            assert_eq!(error.shown().map(|shown| shown.code).as_deref(), code);
        }
    }

    #[test]
    fn a_failure_names_its_causes_once() {
        let inner = io::Error::other("disk is full");
        let error = CommandError::failed("write `weir.toml`", inner);
        let shown = error.shown().expect("a failure is shown");
        assert_eq!(shown.sentence, "could not write `weir.toml`: disk is full");
    }
}
