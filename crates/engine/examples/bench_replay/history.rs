//! What was merged in a real repository: each pull request's true head, where it began, and what it edits.

use crate::git;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use weir_git::TreeId;

/// So many heads are asked for in one fetch.
const AT_ONCE: usize = 100;

/// A pull request that was merged.
pub(crate) struct Pull {
    pub(crate) number: u64,
    /// When it was merged, in milliseconds since 1970.
    pub(crate) merged_ms: u64,
    /// The tree of the last of its own commits, before anybody squashed or rebased them.
    pub(crate) head_tree: TreeId,
    /// The tree of the trunk's commit from which it went on.
    pub(crate) base_tree: TreeId,
    /// When that commit was made, in milliseconds since 1970: what was merged later is not in it.
    pub(crate) base_ms: u64,
    /// The trunk just before it was merged.
    pub(crate) before: TreeId,
    /// What it edits, by path.
    pub(crate) edits: BTreeMap<String, Edit>,
}

/// What is edited of a file.
#[derive(Default)]
pub(crate) struct Edit {
    /// The definitions in which hunks begin; empty for what stands in none.
    pub(crate) definitions: BTreeSet<String>,
    /// The names in the lines that it writes.
    pub(crate) names: BTreeSet<String>,
}

/// The last pull requests of a repository's trunk, oldest first: `count` of those whose head is known.
pub(crate) fn read(repo: &Path, from: &str, trunk: &str, count: usize) -> Vec<Pull> {
    teach(repo);
    let limit = (count * 4).to_string();
    let listed =
        git(repo, &["log", "--first-parent", "--format=%P%x09%ct%x09%s", "-n", &limit, trunk]);
    let landed = listed.lines().filter_map(|line| {
        let words: Vec<&str> = line.splitn(3, '\t').collect();
        let [parents, at, subject] = words.as_slice() else { return None };
        let parent = parents.split(' ').next().filter(|parent| !parent.is_empty())?;
        let merged_ms = at.parse::<u64>().ok()? * 1000;
        Some((number_of(subject)?, merged_ms, parent))
    });
    let landed: Vec<_> = landed.take(count * 2).collect();
    for some in landed.chunks(AT_ONCE) {
        fetch(repo, from, &some.iter().map(|landed| landed.0).collect::<Vec<_>>());
    }
    let known = landed.iter().filter_map(|(number, merged_ms, parent)| {
        pull(repo, *number, *merged_ms, parent, &format!("refs/pull/{number}/head"))
    });
    let mut pulls: Vec<Pull> = known.take(count).collect();
    pulls.sort_by_key(|pull| (pull.merged_ms, pull.number));
    pulls
}

/// The heads of some requests; one by one if not all of them are there.
fn fetch(repo: &Path, from: &str, numbers: &[u64]) {
    let refs: Vec<String> = numbers
        .iter()
        .map(|number| format!("refs/pull/{number}/head:refs/pull/{number}/head"))
        .collect();
    let mut line = vec!["fetch", "-q", "--no-tags", from];
    line.extend(refs.iter().map(String::as_str));
    match (try_git(repo, &line), numbers) {
        (Some(_), _) | (None, [] | [_]) => {}
        (None, [..]) => numbers.iter().for_each(|number| fetch(repo, from, &[*number])),
    }
}

/// A request whose objects are all here and that brings something.
fn pull(repo: &Path, number: u64, merged_ms: u64, parent: &str, head: &str) -> Option<Pull> {
    let base = try_git(repo, &["merge-base", parent, head])?;
    let tree = |commit: &str| {
        try_git(repo, &["rev-parse", &format!("{commit}^{{tree}}")])?.parse::<TreeId>().ok()
    };
    let edits = edits(repo, &base, head)?;
    Some(Pull {
        number,
        merged_ms,
        head_tree: tree(head)?,
        base_tree: tree(&base)?,
        base_ms: try_git(repo, &["show", "-s", "--format=%ct", &base])?.parse::<u64>().ok()? * 1000,
        before: tree(parent)?,
        edits,
    })
    .filter(|pull| !pull.edits.is_empty() && pull.head_tree != pull.base_tree)
}

/// `Say it well (#12)`, or `Merge pull request #12 from …`, or `Auto merge of #12 - …`.
fn number_of(subject: &str) -> Option<u64> {
    let at = match subject.starts_with("Merge pull request #")
        || subject.starts_with("Auto merge of #")
    {
        true => subject.find('#')?,
        false => subject.rfind("(#")? + 1,
    };
    let digits = subject[at + 1..].chars().take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().ok()
}

/// What is edited between two commits: by path, the definitions and names. Git itself says in which definition a hunk
/// begins, by the patterns that it has for each language.
fn edits(repo: &Path, base: &str, head: &str) -> Option<BTreeMap<String, Edit>> {
    let told = try_git(repo, &["diff", "--no-color", "--no-ext-diff", "-U0", "-M", base, head])?;
    let mut edits: BTreeMap<String, Edit> = BTreeMap::new();
    let mut edit = None;
    for line in told.lines() {
        if let Some(rest) = line.strip_prefix("diff --git a/") {
            // Its old name is what others know it by.
            let old = rest.split(" b/").next().unwrap_or(rest);
            edit = Some(edits.entry(old.to_owned()).or_default());
        } else if let (Some(rest), Some(edit)) = (line.strip_prefix("@@ -"), &mut edit) {
            let around = rest.split_once(" @@").map_or("", |(_, around)| around.trim());
            edit.definitions.insert(name_in(around).to_owned());
        } else if let (Some(written), Some(edit)) = (line.strip_prefix('+'), &mut edit) {
            let words = written.split(|c: char| !c.is_alphanumeric() && c != '_');
            edit.names.extend(words.filter(|word| word.len() > 3).map(str::to_owned));
        }
    }
    Some(edits)
}

/// The name of what a line begins to define: `again` of `pub(crate) fn again(&mut self) {`. The line itself, if that is
/// not to be seen.
fn name_in(line: &str) -> &str {
    const BEFORE: [&str; 9] =
        ["fn", "struct", "enum", "trait", "impl", "mod", "def", "class", "macro_rules"];
    let mut words =
        line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty());
    match words.find(|word| BEFORE.contains(word)) {
        Some(_) => words.next().unwrap_or(line),
        None => line,
    }
}

/// Tells git which patterns find definitions in which files. They are read from the repository's own folder.
fn teach(repo: &Path) {
    let lines = "*.rs diff=rust\n*.py diff=python\n*.md diff=markdown\n";
    std::fs::create_dir_all(repo.join("info")).expect("a folder");
    std::fs::write(repo.join("info/attributes"), lines).expect("a file");
}

fn try_git(repo: &Path, args: &[&str]) -> Option<String> {
    let done = crate::git_in(repo, args).output().ok()?;
    let said = String::from_utf8_lossy(&done.stdout);
    done.status.success().then(|| said.strip_suffix('\n').unwrap_or(&said).to_owned())
}
