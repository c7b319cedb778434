//! Starting other programs from the root of the workspace, above all cargo.

use crate::failure::Failure;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the workspace: that of the checkout in which `cargo xtask` was typed.
pub(crate) fn root() -> PathBuf {
    // Cargo says it at run time; what was compiled in may be another checkout that shares the target folder.
    let own = std::env::var("CARGO_MANIFEST_DIR");
    let own = own.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let own = Path::new(&own);
    own.parent().unwrap_or(own).to_owned()
}

/// Where cargo puts what it builds, and chores what they install.
pub(crate) fn target() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    named.map_or_else(|| root().join("target"), |named| root().join(named))
}

/// Cargo, with these arguments, as if it had been typed at the root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    // `cargo run` describes this package in the environment. Build scripts that watch these variables would
    // run again, and half the graph be built again, on every change between `cargo xtask` and `cargo`.
    let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
    for (name, _) in std::env::vars_os() {
        let is_ours = |text: &str| ours.iter().any(|prefix| text.starts_with(prefix));
        if name.to_str().is_some_and(is_ours) {
            cargo.env_remove(name);
        }
    }
    cargo.args(arguments).current_dir(root());
    cargo
}

/// Shows the command and runs it to its end, without input.
pub(crate) fn shown(command: &mut Command) -> Result<(), Failure> {
    let line = spelled(command);
    eprintln!("\n$ {line}");
    let status = command.stdin(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::chore(format!("`{line}` ended with {status}"))),
        Err(error) => Err(Failure::chore(format!("`{line}` did not start: {error}"))),
    }
}

/// Whether the command can be started and succeeds; what it prints is nobody's business.
pub(crate) fn works(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// The command as one would type it.
fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+".contains(c);
    let quoted = |word: std::borrow::Cow<'_, str>| {
        if word.chars().all(plain) { word.into_owned() } else { format!("'{word}'") }
    };
    words.map(|word| quoted(word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}
