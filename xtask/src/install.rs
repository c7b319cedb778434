//! Weir onto this machine, as its users want it: `weir`, and beside it the hook that starts fastest.
//!
//! A hook is started at every tool call, and half of the time that a small program takes to start goes to finding and
//! mapping the C library. So `weir-hook` is linked whole. Cargo cannot say so of one program of many; hence a build of
//! its own, of the few crates that it needs.

use crate::failure::Failure;
use crate::run::{cargo, shown, target};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program of the room `courier`: all that `weir-hook` is.
const COURIER: &str = "courier";

/// Installs both programs, into the folder that `cargo install` would take, or `root`.
pub(crate) fn install(root: Option<&str>) -> Result<(), Failure> {
    let mut weir = cargo(&["install", "--locked", "--path", "crates/cli", "--force"]);
    weir.args(root.map(|root| ["--root", root]).into_iter().flatten());
    shown(&mut weir)?;
    let hook = whole_hook()?;
    let place = bin_folder(root)?.join("weir-hook");
    // In one step: a client may start it at any moment.
    let draft = place.with_extension(std::process::id().to_string());
    let placed = std::fs::copy(&hook, &draft).and_then(|_| std::fs::rename(&draft, &place));
    placed
        .map_err(|error| Failure::chore(format!("could not write {}: {error}", place.display())))?;
    eprintln!("\n{} is linked whole: it starts in half the time", place.display());
    Ok(())
}

/// Puts both programs side by side into a folder below the target folder, as they are installed.
pub(crate) fn side_by_side(release: &Path) -> Result<PathBuf, Failure> {
    let folder = release.join("installed");
    let put = |from: &Path, name: &str| {
        let to = folder.join(name);
        let _ = std::fs::remove_file(&to);
        std::fs::hard_link(from, &to).or_else(|_| std::fs::copy(from, &to).map(drop))
    };
    let hook = whole_hook()?;
    let placed = std::fs::create_dir_all(&folder)
        .and_then(|()| put(&release.join("weir"), "weir"))
        .and_then(|()| put(&hook, "weir-hook"));
    placed
        .map_err(|error| Failure::chore(format!("could not fill {}: {error}", folder.display())))?;
    Ok(folder)
}

/// Builds the hook, linked whole where that can be had, and says where it is.
fn whole_hook() -> Result<PathBuf, Failure> {
    let host = host()?;
    let mut build = cargo(&[
        "build",
        "--release",
        "--package",
        "weir-courier",
        "--bin",
        COURIER,
        "--target",
        &host,
    ]);
    if host.ends_with("-linux-gnu") {
        let mut flags = std::env::var_os("RUSTFLAGS").unwrap_or_default();
        flags.push(OsString::from(" -C target-feature=+crt-static"));
        build.env("RUSTFLAGS", flags);
    }
    shown(&mut build)?;
    Ok(target().join(host).join("release").join(COURIER))
}

/// The triple of this machine.
fn host() -> Result<String, Failure> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(program).arg("-vV").output().ok();
    let said = said.and_then(|said| String::from_utf8(said.stdout).ok()).unwrap_or_default();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Failure::chore("rustc does not say for which machine it builds"))
}

/// Where `cargo install` puts programs.
fn bin_folder(root: Option<&str>) -> Result<PathBuf, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || Some(PathBuf::from(variable("HOME")?).join(".cargo"));
    let root = root
        .map(|root| crate::run::root().join(root))
        .or_else(|| variable("CARGO_INSTALL_ROOT").map(PathBuf::from))
        .or_else(|| variable("CARGO_HOME").map(PathBuf::from))
        .or_else(home);
    root.map(|root| root.join("bin")).ok_or_else(|| Failure::chore("there is no home folder"))
}
