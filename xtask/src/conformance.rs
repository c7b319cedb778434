//! The official conformance suite of the protocol, against both doors, in both eras.
//!
//! The suite is installed from its public package, at a pinned version, below the target folder; so is a Node that is
//! new enough for it, where there is none. What a door is known not to pass stands in `xtask/conformance/*.yml`, check
//! by check, each with its reason. The suite itself fails on a failure that is not listed, and on a listed one that
//! passes, so that a list hides nothing new.

use crate::failure::Failure;
use crate::needs;
use crate::run::{cargo, root, shown, works};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const SUITE: &str = "@modelcontextprotocol/conformance";
const SUITE_VERSION: &str = "0.2.0-alpha.12";
/// For machines with an older one: the suite needs 22.
const NODE_VERSION: &str = "24.21.0";

/// Each door, and its path.
const DOORS: [(&str, &str); 2] = [("mcp", "/mcp"), ("tools", "/mcp/tools")];
const ERAS: [&str; 2] = ["2025-11-25", "2026-07-28"];

/// Runs the suite four times. A run that fails does not stop the next, so that one call tells the whole truth.
pub(crate) fn run() -> Result<(), Failure> {
    let path = needs::search_path()?;
    let build = ["build", "--workspace", "--bin", "weir-toolserver", "--example", "conformance"];
    shown(cargo(&build).env("PATH", &path))?;
    let built = built_folder()?;
    let home = built.parent().unwrap_or(&built).join("conformance");
    let suite = Suite::install(&home)?;
    let server = Server::start(&built)?;
    let mut account = String::new();
    let mut failed = Vec::new();
    for (door, at) in DOORS {
        for era in ERAS {
            let list = format!("xtask/conformance/{door}-{era}.yml");
            let known = root().join(&list);
            let url = format!("{}{at}", server.address);
            let outcome = shown(&mut suite.against(&url, era, &known, &home.join(door)));
            let word = match (&outcome, listed(&known)?) {
                (Err(_), _) => "FAILED".to_owned(),
                (Ok(()), 0) => "passed, all that it requires".to_owned(),
                (Ok(()), known) => format!("passed, but for {known} checks in `{list}`"),
            };
            account += &format!("Conformance of {at:<10} in {era}: {word}\n");
            if let Err(failure) = outcome {
                eprintln!("{failure}");
                failed.push(format!("{at} in {era}"));
            }
        }
    }
    eprint!("\n{account}");
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::chore(format!("conformance failed: {}", failed.join(", "))))
}

/// How many checks a list names.
fn listed(known: &Path) -> Result<usize, Failure> {
    let text = std::fs::read_to_string(known)
        .map_err(|error| Failure::chore(format!("{}: {error}", known.display())))?;
    Ok(text.lines().filter(|line| line.trim_start().starts_with("- ")).count())
}

struct Suite {
    node: PathBuf,
    script: PathBuf,
}

impl Suite {
    fn install(home: &Path) -> Result<Self, Failure> {
        let modules = home.join("node_modules");
        let script = modules.join(SUITE).join("dist/index.js");
        let own_node = modules.join("node/bin/node");
        let new_enough = "process.exit(+process.versions.node.split('.')[0] >= 22 ? 0 : 1)";
        let has_node = works(Command::new("node").args(["-e", new_enough]));
        let node = if has_node { PathBuf::from("node") } else { own_node };
        let suite = format!("{SUITE}@{SUITE_VERSION}");
        // What was installed is told by the folder's own note: a version that changes is installed anew.
        let wanted = format!("{suite} {}", node.display());
        let note = home.join("installed");
        let has_node = has_node || works(Command::new(&node).arg("--version"));
        if script.is_file()
            && has_node
            && std::fs::read_to_string(&note).is_ok_and(|is| is == wanted)
        {
            return Ok(Self { node, script });
        }
        if !works(Command::new("npm").arg("--version")) {
            return Err(Failure::chore("the conformance suite needs `npm`: install Node with it"));
        }
        std::fs::create_dir_all(home)
            .map_err(|error| Failure::chore(format!("{}: {error}", home.display())))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"])
            .arg(home)
            .arg(suite);
        if node.is_absolute() {
            npm.arg(format!("node@{NODE_VERSION}"));
        }
        shown(&mut npm)?;
        std::fs::write(&note, wanted)
            .map_err(|error| Failure::chore(format!("{}: {error}", note.display())))?;
        Ok(Self { node, script })
    }

    fn against(&self, url: &str, era: &str, known: &Path, results: &Path) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(&self.script).args(["server", "--url", url, "--requirements", era]);
        command.arg("--expected-failures").arg(known).arg("--output-dir").arg(results);
        command
    }
}

/// The server that is tried. It ends with its standard input, and so with us.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(built: &Path) -> Result<Self, Failure> {
        let program = built.join("examples/conformance");
        let sorry =
            |error| Failure::chore(format!("`{}` did not start: {error}", program.display()));
        let mut child = Command::new(&program)
            .arg(built.join("weir-toolserver"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(sorry)?;
        let mut address = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut address).map_err(sorry)?;
        }
        let server = Self { child, address: address.trim().to_owned() };
        match server.address.is_empty() {
            true => Err(Failure::chore(format!("`{}` ended at once", program.display()))),
            false => Ok(server),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Where cargo puts what it builds: the folder of this very program.
fn built_folder() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().ok();
    let folder = own.as_deref().and_then(Path::parent).map(Path::to_owned);
    folder.ok_or_else(|| Failure::chore("this program does not know where it was built"))
}
