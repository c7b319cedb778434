//! `git` as a subprocess, in an environment that nobody but us has a say in.
//!
//! The user's and the system's configuration, hooks, templates, prompts, monitors and replacement
//! refs all change what git does. What Weir lands must not depend on whose machine it runs on, and
//! nothing found in a repository may run.

use crate::Error;
use crate::error::io_failed;
use rustix::process::Signal;
use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use weir_model::Refusal;

/// The oldest git that knows `merge-tree --write-tree` with a stable `-z` output.
pub const GIT_OLDEST: (u32, u32) = (2, 40);

/// Configuration that wins over every file, the repository's own included.
const CONFIG: [&str; 20] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.useReplaceRefs=false",
    // Packs, loose objects and refs reach the disk before git says that it is done.
    "core.fsync=committed,pack-metadata",
    // Two landings at once: the second waits for the first, to be told that the trunk moved.
    "core.filesRefLockTimeout=10000",
    "core.packedRefsTimeout=10000",
    // We pack when we choose to: never while objects lie about that no ref names yet.
    "gc.auto=0",
    "maintenance.auto=false",
    "receive.autogc=false",
    // We are told by name which directories to work in, and run nothing that we find there.
    "safe.directory=*",
    "safe.bareRepository=all",
    "credential.helper=",
    // A merge must give one tree on every machine.
    "merge.renames=true",
    "merge.directoryRenames=false",
    "merge.renameLimit=1000",
    "merge.renormalize=false",
    "merge.conflictStyle=merge",
    "diff.algorithm=histogram",
];

/// A `git` command on the repository at `git_dir`, hardened, with stdin closed.
pub(crate) fn git(git_dir: &Path) -> Command {
    let mut command = bare_git();
    command.arg("--git-dir").arg(git_dir);
    command
}

/// A hardened `git` command on no repository in particular.
pub(crate) fn bare_git() -> Command {
    let mut command = Command::new("git");
    command.env_clear();
    for name in ["PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("HOME", "/dev/null")
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "false")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        // Not as a setting: a repository can make a closer one, for each protocol.
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_TEMPLATE_DIR", "")
        .stdin(Stdio::null());
    for setting in CONFIG {
        command.arg("-c").arg(setting);
    }
    command
}

/// The version of the `git` on this machine, asked for once.
///
/// # Errors
/// `git.missing` and `git.too_old`, with what to install.
pub fn git_version() -> Result<(u32, u32), Error> {
    static VERSION: OnceLock<(u32, u32)> = OnceLock::new();
    if let Some(version) = VERSION.get() {
        return Ok(*version);
    }
    let said = output(bare_git().arg("version"), None, "ask git for its version")?.stdout;
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    let (major, minor) = GIT_OLDEST;
    let too_old = || {
        Refusal::new(
            "git.too_old",
            format!("Weir needs git {major}.{minor} or newer, not `{said}`"),
        )
        .hint("install a newer git, from your system's packages or https://git-scm.com")
    };
    let version =
        parse_version(&said).filter(|version| *version >= GIT_OLDEST).ok_or_else(too_old)?;
    Ok(*VERSION.get_or_init(|| version))
}

fn parse_version(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.strip_prefix("git version ")?.split(['.', ' ']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Runs to the end, whatever its exit code; `input` is written to its stdin.
pub(crate) fn output(
    command: &mut Command,
    input: Option<&[u8]>,
    doing: &str,
) -> Result<Output, Error> {
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| not_started(source, doing))?;
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        match stdin.write_all(input) {
            // It ended before it read all: its exit code and stderr tell why.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other.map_err(io_failed(doing))?,
        }
    }
    let output = child.wait_with_output().map_err(io_failed(doing))?;
    not_cut_off(output.status, doing)?;
    Ok(output)
}

/// A git that writes past the limit on the size of files (`ulimit -f`) is ended by a signal, and cannot say why.
pub(crate) fn not_cut_off(status: ExitStatus, doing: &str) -> Result<(), Error> {
    match status.signal() {
        Some(signal) if signal == Signal::XFSZ.as_raw() => {
            Err(io_failed(doing)(io::ErrorKind::FileTooLarge.into()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Runs to the end; anything but success is a failure with git's own words.
pub(crate) fn succeed(
    command: &mut Command,
    input: Option<&[u8]>,
    doing: &str,
) -> Result<Vec<u8>, Error> {
    let output = output(command, input, doing)?;
    if output.status.success() { Ok(output.stdout) } else { Err(said(doing, &output.stderr)) }
}

pub(crate) fn not_started(source: io::Error, doing: &str) -> Error {
    if source.kind() == io::ErrorKind::NotFound {
        let (major, minor) = GIT_OLDEST;
        Refusal::new("git.missing", "`git` is not in the `PATH`")
            .hint(format!("install git {major}.{minor} or newer"))
            .into()
    } else {
        io_failed(doing)(source)
    }
}

/// A failure of git with the end of its words, which is where the reason stands.
pub(crate) fn said(doing: &str, stderr: &[u8]) -> Error {
    const SAID_MAX: usize = 2000;
    let text = String::from_utf8_lossy(&stderr[stderr.len().saturating_sub(SAID_MAX)..]);
    Error::Git { doing: doing.to_owned(), said: text.trim().to_owned() }
}

/// The one object name that a command printed.
pub(crate) fn printed_id(stdout: &[u8], doing: &str) -> Result<gix::ObjectId, Error> {
    let line = stdout.split(|byte| matches!(byte, b'\n' | b'\0')).next().unwrap_or_default();
    gix::ObjectId::from_hex(line).map_err(crate::error::read_failed(doing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_git_prints_them() {
        let table = [
            ("git version 2.47.3", Some((2, 47))),
            ("git version 2.39.5 (Apple Git-154)", Some((2, 39))),
            ("git version 2.53.0.rc1.5.g0a1b2c3", Some((2, 53))),
            ("git version 3.0.0", Some((3, 0))),
            ("git", None),
            ("git version x.y", None),
        ];
        for (said, version) in table {
            assert_eq!(parse_version(said), version, "{said}");
        }
    }
}
