//! What was seen, as the table in `docs/agents.md`: the suite writes it, and fails where it differs.

use super::own::Hook;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use weir_clients::drive::{Client, Mode};

const BEGIN: &str = "<!-- Made by the suite of clients. To write it anew: \
                     UPDATE_AGENTS=1 cargo xtask test --clients -->\n";
const END: &str = "<!-- Here ends what the suite made. -->\n";

/// What was seen of a client with a hook.
pub(crate) type Cells = BTreeMap<(Client, Mode, Hook), String>;

/// What the page says otherwise than what was seen. Told to, it writes the page instead, for which everything must
/// have been seen.
pub(crate) fn faults(seen: &Cells) -> Vec<String> {
    let page = std::fs::read_to_string(page()).expect("the page is there");
    let (Some(begin), Some(end)) = (page.find(BEGIN), page.find(END)) else {
        return vec![format!("{} has lost the marks of the table", self::page().display())];
    };
    let said = &page[begin + BEGIN.len()..end];
    if std::env::var_os("UPDATE_AGENTS").is_some() {
        let written = [&page[..begin + BEGIN.len()], &rendered(seen), &page[end..]].concat();
        std::fs::write(self::page(), written).expect("the page can be written");
        return Vec::new();
    }
    let rows: BTreeMap<String, Vec<&str>> = said.lines().filter_map(row).collect();
    let mut faults = Vec::new();
    for ((client, mode, hook), cell) in seen {
        let column = 2 + Hook::ALL.iter().position(|other| other == hook).unwrap_or_default();
        let row = rows.get(&label(*client, *mode));
        let said = row.and_then(|row| row.get(column)).copied().unwrap_or_default();
        if said != cell {
            let (client, mode) = (client.title(), mode.name());
            faults.push(format!(
                "{client}, {mode}, the hook {}: {cell}; docs/agents.md says `{said}`",
                hook.name()
            ));
        }
    }
    faults
}

/// A row of the page: client and mode, and all its cells.
fn row(line: &str) -> Option<(String, Vec<&str>)> {
    let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
    Some((format!("{} {}", cells.first()?, cells.get(1)?), cells))
}

fn label(client: Client, mode: Mode) -> String {
    format!("{} {} {}", client.title(), version(client), mode.name())
}

fn rendered(seen: &Cells) -> String {
    let mut text = "| client | driven |".to_owned();
    for hook in Hook::ALL {
        let _ = write!(text, " {} |", hook.name());
    }
    text += "\n|---|---|";
    text += &"---|".repeat(Hook::ALL.len());
    for client in Client::ALL {
        for mode in Mode::ALL {
            let _ = write!(text, "\n| {} {} | {} |", client.title(), version(client), mode.name());
            for hook in Hook::ALL {
                let cell = seen.get(&(client, mode, hook)).map_or("not tried", String::as_str);
                let _ = write!(text, " {cell} |");
            }
        }
    }
    text + "\n"
}

/// The version that is installed, from the manifest.
fn version(client: Client) -> String {
    let manifest = workspace().join("xtask/clients/package.json");
    let manifest = std::fs::read_to_string(manifest).expect("the manifest is there");
    let manifest: serde_json::Value =
        serde_json::from_str(&manifest).expect("the manifest is JSON");
    let version = manifest["dependencies"][client.package()].as_str();
    version.unwrap_or_else(|| panic!("no {}", client.package())).to_owned()
}

fn page() -> PathBuf {
    workspace().join("docs/agents.md")
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
