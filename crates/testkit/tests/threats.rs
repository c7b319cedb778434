//! The table of threats in `docs/threat-model.md` cannot rot: every threat of the list has its row, and every test that
//! a row names is there.

use std::collections::BTreeMap;
use std::path::Path;

/// The list goes from T1 to this.
const LAST: usize = 32;

/// What a row may say of a threat.
const STATES: [&str; 3] = ["met", "in part", "**not met**"];

#[test]
fn every_threat_has_a_row_and_every_test_in_it_is_there() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = workspace.join("docs/threat-model.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let source = |path: &str| std::fs::read_to_string(workspace.join("crates").join(path)).ok();
    let faults = faults(&page, source);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is wrong with the table in `page`; `source` gives the text of a file below `crates/`.
fn faults(page: &str, source: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut rows: BTreeMap<usize, Vec<Vec<&str>>> = BTreeMap::new();
    for cells in page.lines().filter_map(cells) {
        let number = cells.first().and_then(|cell| cell.strip_prefix('T')?.parse().ok());
        if let Some(number) = number {
            rows.entry(number).or_default().push(cells);
        }
    }
    let mut faults = Vec::new();
    for number in 1..=LAST {
        match rows.get(&number).map(Vec::as_slice) {
            Some([row]) => faults.extend(
                of_row(row, &source).into_iter().map(|fault| format!("T{number}: {fault}")),
            ),
            None | Some([]) => faults.push(format!("T{number} has no row")),
            Some(_) => faults.push(format!("T{number} has more than one row")),
        }
    }
    let beyond = rows.keys().filter(|number| !(1..=LAST).contains(*number));
    faults.extend(beyond.map(|number| format!("T{number} is not on the list")));
    faults
}

fn of_row(row: &[&str], source: &impl Fn(&str) -> Option<String>) -> Vec<String> {
    let [_, attempt, state, how, held] = row else {
        return vec![format!("{} cells, not five", row.len())];
    };
    let mut faults = Vec::new();
    if !STATES.contains(state) {
        faults.push(format!("`{state}` is none of the states `{}`", STATES.join("`, `")));
    }
    if attempt.is_empty() || how.is_empty() {
        faults.push("it does not say what is tried, or how it is met".to_owned());
    }
    let named: Vec<(&str, &str)> =
        held.split('`').filter_map(|part| part.split_once("::")).collect();
    if named.is_empty() {
        faults.push("no test is named as `path::name`".to_owned());
    }
    for (path, name) in named {
        match source(path) {
            None => faults.push(format!("there is no `crates/{path}`")),
            Some(text) if !has_test(&text, name) => {
                faults.push(format!("`crates/{path}` has no test `{name}`"));
            }
            Some(_) => {}
        }
    }
    faults
}

/// The cells of a row of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    Some(line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect())
}

/// Whether a function of this name is there, and a test: its attributes stand above it.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let start = format!("fn {name}(");
    let is_it = |line: &str| line.trim_start_matches("async ").starts_with(&start);
    lines.iter().enumerate().any(|(at, line)| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        let mut above = above.copied();
        is_it(line)
            && above
                .any(|attribute| attribute == "#[test]" || attribute.starts_with("#[tokio::test"))
    })
}

#[test]
fn a_table_that_rots_is_seen() {
    let good = "#[test]\n#[ignore = \"x\"]\nfn holds() {\n}\n#[tokio::test(flavor = \"x\")]\nasync fn waits() {}\n\
                #[test]\nfn other() {}\nfn no_test() {}\n";
    let source = |path: &str| (path == "a/b.rs").then(|| good.to_owned());
    let page = |row: &str| {
        let rest: Vec<String> =
            (2..=LAST).map(|n| format!("| T{n} | x | met | so | `a/b.rs::holds` |")).collect();
        faults(&format!("{row}\n{}\n", rest.join("\n")), source)
    };
    let row = |state: &str, held: &str| format!("| T1 | x | {state} | so | {held} |");
    assert_eq!(page(&row("met", "`a/b.rs::holds`, `a/b.rs::waits`")), Vec::<String>::new());
    for (row, told) in [
        (String::new(), "T1 has no row"),
        (row("met", "`a/b.rs::holds`") + "\n| T1 |", "T1 has more than one row"),
        (row("met", "`a/b.rs::holds`") + "\n| T33 |", "T33 is not on the list"),
        (row("will be met", "`a/b.rs::holds`"), "is none of the states"),
        (row("met", "`a/c.rs::holds`"), "there is no `crates/a/c.rs`"),
        (row("met", "`a/b.rs::hold`"), "has no test `hold`"),
        (row("met", "`a/b.rs::no_test`"), "has no test `no_test`"),
        (row("met", "a test"), "no test is named"),
        ("| T1 | x | met |".to_owned(), "3 cells"),
    ] {
        let found = page(&row);
        assert!(found.len() == 1 && found[0].contains(told), "{row}: {found:?}");
    }
}
