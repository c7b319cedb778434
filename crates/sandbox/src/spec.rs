//! What to run, where, with what environment, and within which limits.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A program, found in the `PATH` of the given environment, and its arguments.
    Exec {
        /// Its name or path.
        program: OsString,
        /// Its arguments.
        args: Vec<OsString>,
    },
    /// A line for `/bin/sh -c`, as people write checks.
    Shell(OsString),
}

/// One process tree to run.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What to run.
    pub program: Program,
    /// Where it starts.
    pub dir: PathBuf,
    /// The whole environment: nothing is inherited. [`Spec::shell`] and [`Spec::exec`] start it with
    /// what almost every tool needs to find itself.
    pub env: BTreeMap<OsString, OsString>,
    /// How long it may take, on the wall clock.
    pub time_limit: Duration,
    /// How many bytes of its output are kept, half from the head and half from the tail.
    pub output_limit_bytes: usize,
}

/// Carried over from our own environment, where it is set: names that say where tools and people's
/// caches live and how text is encoded, and that never hold a secret.
const CARRIED: [&str; 8] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME"];

/// Enough for any check that does not hang, and short enough that a hanging one is noticed.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);
/// What a person can still look through: 1 MiB is some 10,000 lines.
const OUTPUT_LIMIT_BYTES: usize = 1 << 20;

impl Spec {
    /// A shell line, in `dir`, with the plain environment and limits that suit a check.
    pub fn shell(line: impl Into<OsString>, dir: impl Into<PathBuf>) -> Self {
        Self::of(Program::Shell(line.into()), dir.into())
    }

    /// A program and its arguments, in `dir`, with the plain environment and limits that suit a check.
    pub fn exec<A: Into<OsString>>(
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = A>,
        dir: impl Into<PathBuf>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self::of(Program::Exec { program: program.into(), args }, dir.into())
    }

    /// The same, with one more variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    fn of(program: Program, dir: PathBuf) -> Self {
        let carried = |name: &&str| Some((OsString::from(name), std::env::var_os(name)?));
        let env = CARRIED.iter().filter_map(carried).collect();
        Self { program, dir, env, time_limit: TIME_LIMIT, output_limit_bytes: OUTPUT_LIMIT_BYTES }
    }
}
