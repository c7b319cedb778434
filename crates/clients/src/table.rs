//! What was seen of each client, as tables in `docs/agents.md`: the suite writes them, and fails where they differ.

use crate::drive::{Client, Mode};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// What was seen: a cell for a client, how it was driven, and a column.
pub type Cells = BTreeMap<(Client, Mode, &'static str), String>;

/// A table of the page. Several tests may each fill some of its columns.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// What its place in the page is called.
    pub name: &'static str,
    /// Its columns, after the client and how it is driven.
    pub columns: &'static [&'static str],
}

const END: &str = "<!-- Here ends what the suite made. -->\n";
const NOT_TRIED: &str = "not tried";

impl Table {
    /// What the page says otherwise than what was seen. With `UPDATE_AGENTS` set, what was seen is written into the
    /// page instead; what was not seen this time stays as long as its row is of the same version.
    ///
    /// # Panics
    /// When the page or the manifest of the clients cannot be read or written.
    pub fn faults(&self, seen: &Cells) -> Vec<String> {
        let path = workspace().join("docs/agents.md");
        let file = File::open(&path).expect("the page is there");
        // Another test may be at its columns.
        file.lock().expect("the page can be locked");
        let page = fs::read_to_string(&path).expect("the page is there");
        let Some((before, said, after)) = self.split(&page) else {
            return vec![format!("{} has lost the marks of `{}`", path.display(), self.name)];
        };
        let rows = rows(said);
        if std::env::var_os("UPDATE_AGENTS").is_some() {
            let made = self.rendered(seen, &rows, version);
            fs::write(&path, [before, &made, after].concat()).expect("the page can be written");
            return Vec::new();
        }
        self.differences(seen, &rows, version)
    }

    /// The page up to the table, the table, and what comes after it.
    fn split<'p>(&self, page: &'p str) -> Option<(&'p str, &'p str, &'p str)> {
        let begin = format!(
            "<!-- {}: made by the suite of clients. To write it anew: UPDATE_AGENTS=1 cargo xtask test --clients -->\n",
            self.name
        );
        let start = page.find(&begin)? + begin.len();
        let end = start + page[start..].find(END)?;
        Some((&page[..start], &page[start..end], &page[end..]))
    }

    fn differences(
        &self,
        seen: &Cells,
        rows: &BTreeMap<String, Vec<&str>>,
        version: impl Fn(Client) -> String,
    ) -> Vec<String> {
        let differs = seen.iter().filter_map(|((client, mode, column), cell)| {
            let said = self.said(rows, &label(*client, &version(*client), *mode), column);
            let (name, client, mode) = (self.name, client.title(), mode.name());
            (said != Some(cell.as_str())).then(|| {
                let said = said.unwrap_or("nothing");
                format!(
                    "{client}, {mode}, {column}: {cell}; `{name}` in docs/agents.md says {said}"
                )
            })
        });
        differs.collect()
    }

    fn said<'p>(
        &self,
        rows: &BTreeMap<String, Vec<&'p str>>,
        label: &str,
        column: &str,
    ) -> Option<&'p str> {
        let at = self.columns.iter().position(|known| *known == column)?;
        rows.get(label)?.get(2 + at).copied()
    }

    fn rendered(
        &self,
        seen: &Cells,
        rows: &BTreeMap<String, Vec<&str>>,
        version: impl Fn(Client) -> String,
    ) -> String {
        let columns = self.columns.join(" | ");
        let mut text = format!("| client | driven | {columns} |\n|---|---|");
        text += &"---|".repeat(self.columns.len());
        for client in Client::ALL {
            let version = version(client);
            for mode in Mode::ALL {
                let _ = write!(text, "\n| {} {version} | {} |", client.title(), mode.name());
                let label = label(client, &version, mode);
                for column in self.columns {
                    let now = seen.get(&(client, mode, *column)).map(String::as_str);
                    let cell = now.or_else(|| self.said(rows, &label, column)).unwrap_or(NOT_TRIED);
                    let _ = write!(text, " {cell} |");
                }
            }
        }
        text + "\n"
    }
}

/// The rows of a table: client and mode, and all cells.
fn rows(table: &str) -> BTreeMap<String, Vec<&str>> {
    table.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<(String, Vec<&str>)> {
    let cells = line.strip_prefix('|')?.strip_suffix('|')?.split('|');
    let cells: Vec<&str> = cells.map(str::trim).collect();
    Some((format!("{} {}", cells.first()?, cells.get(1)?), cells))
}

fn label(client: Client, version: &str, mode: Mode) -> String {
    format!("{} {version} {}", client.title(), mode.name())
}

/// The version that is installed, from the manifest.
fn version(client: Client) -> String {
    let manifest = workspace().join("xtask/clients/package.json");
    let manifest = fs::read_to_string(manifest).expect("the manifest is there");
    let manifest: serde_json::Value =
        serde_json::from_str(&manifest).expect("the manifest is JSON");
    let version = manifest["dependencies"][client.package()].as_str();
    version.unwrap_or_else(|| panic!("no {}", client.package())).to_owned()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table { name: "made up", columns: &["one", "two"] };

    fn seen(column: &'static str, cell: &str) -> Cells {
        Cells::from([((Client::Codex, Mode::Acp, column), cell.to_owned())])
    }

    #[test]
    fn a_table_says_what_was_seen_and_a_difference_is_told() {
        let version = |_: Client| "1".to_owned();
        let first = TABLE.rendered(&seen("one", "held"), &BTreeMap::new(), version);
        let kept = rows(&first);
        assert_eq!(kept["Codex 1 ACP"], ["Codex 1", "ACP", "held", NOT_TRIED]);
        // Another test fills its own column, and a new version begins anew.
        let second = TABLE.rendered(&seen("two", "open"), &kept, version);
        assert_eq!(rows(&second)["Codex 1 ACP"], ["Codex 1", "ACP", "held", "open"]);
        let third = TABLE.rendered(&seen("two", "open"), &kept, |_| "2".to_owned());
        assert_eq!(rows(&third)["Codex 2 ACP"], ["Codex 2", "ACP", NOT_TRIED, "open"]);

        let both = rows(&second);
        assert_eq!(TABLE.differences(&seen("two", "open"), &both, version), Vec::<String>::new());
        let told = TABLE.differences(&seen("two", "closed"), &both, version);
        assert!(told[0].contains("Codex, ACP, two: closed") && told[0].contains("says open"));
        assert_eq!(TABLE.differences(&seen("one", "held"), &both, |_| "2".to_owned()).len(), 1);
    }

    #[test]
    fn a_table_is_found_by_its_name() {
        let made = |name: &str| {
            let how = "made by the suite of clients. To write it anew: UPDATE_AGENTS=1 cargo xtask test --clients";
            format!("<!-- {name}: {how} -->\n| {name} |\n{END}")
        };
        let page = format!("a\n{}b\n{}c\n", made("other"), made("made up"));
        let (before, table, after) = TABLE.split(&page).expect("there");
        assert_eq!(table, "| made up |\n");
        assert!(before.contains("| other |") && after.ends_with("c\n"));
        assert_eq!(TABLE.split(&made("other")), None);
    }
}
