//! Answers, as they are told: what was found, and what it was answered from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an answer was answered from, and what it leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Envelope {
    /// The commit that was looked at.
    pub commit: String,
    /// How many files differ from it in the worktree that was looked at; left out at a commit itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<u32>,
    /// Files that the answer may be missing something of, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_covered: Vec<NotCovered>,
    /// What was left out for want of room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// Why history was not looked at whole, where the answer tells of it: it may be being read still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
    /// Who else is changing what the answer shows, right now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_here: Vec<AlsoHere>,
    /// Whose edits may be seen late, and why; left out where file events tell of them at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<String>,
}

/// Files that were not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotCovered {
    /// Why: `in_part`, `too_costly`, `too_long`, `unread`; `no_text`, when git had it once and has it no more, so that
    /// what it says is known and not shown; where a text is looked for also `binary`, which has it and is not shown, and
    /// `long_lines`, of which an expression saw the beginnings only.
    pub why: String,
    /// How many files.
    pub files: u32,
    /// Some of them.
    pub such_as: Vec<String>,
}

impl NotCovered {
    /// As it is told: `no_text: 2 files, such as src/a.rs`.
    pub fn told(&self) -> String {
        let such_as = match self.such_as.is_empty() {
            true => String::new(),
            false => format!(", such as {}", self.such_as.join(", ")),
        };
        let files = if self.files == 1 { "file" } else { "files" };
        format!("{}: {} {files}{such_as}", self.why, self.files)
    }
}

/// So many files are named for each reason why they were not covered.
const SUCH_AS: usize = 3;

impl Envelope {
    /// Says that these files are not covered, and why.
    pub(crate) fn leaves_out<P: AsRef<str>>(&mut self, why: &str, files: &[P]) {
        if files.is_empty() {
            return;
        }
        let such_as = files.iter().take(SUCH_AS).map(|path| path.as_ref().to_owned());
        match self.not_covered.iter_mut().find(|one| one.why == why) {
            Some(known) => {
                known.files += files.len() as u32;
                known.such_as.extend(such_as);
            }
            None => self.not_covered.push(NotCovered {
                why: why.to_owned(),
                files: files.len() as u32,
                such_as: such_as.collect(),
            }),
        }
    }
}

/// Somebody who changes, in a worktree of their own, what an answer shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlsoHere {
    /// The session, `S1`.
    pub session: String,
    /// What its agent is called.
    pub agent: String,
    /// The task it has, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The file.
    pub path: String,
    /// Which definitions of it, and how: `changed Retry::next`; empty when none of its definitions.
    pub symbols: Vec<String>,
    /// What edits of theirs break in edits of others, or others' in theirs, before anything is committed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<Breaks>,
}

/// What one session's uncommitted edits break in another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Breaks {
    /// What is so, in a sentence: `you removed Retry::next; S2 calls it at src/x.rs:12`.
    pub sentence: String,
    /// The session that touched the definition.
    pub by: String,
    /// How: `removed`, `renamed` or `reshaped`.
    pub touch: String,
    /// The definition.
    pub symbol: String,
    /// Its file.
    pub defined_in: String,
    /// The session that wrote the use.
    pub used_by: String,
    /// The file of the use.
    pub path: String,
    /// Its line, in the worktree of who wrote it.
    pub line: u32,
    /// How it is known to be a use of it: `compiler`, `import` or `name`.
    pub how: String,
}

/// A definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Defined {
    /// What kind: `function`, `struct` …
    pub kind: String,
    /// Its name, with what stands around it.
    pub name: String,
    /// Its file.
    pub path: String,
    /// Its first line, from 1.
    pub first: u32,
    /// Its last line.
    pub last: u32,
    /// Its head.
    pub signature: String,
    /// How many uses of it are known: by import, and by name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Users>,
    /// Its text, where there was room for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// How many uses are known, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Users {
    /// A compiler's index says so.
    pub compiler: u32,
    /// The name resolves.
    pub import: u32,
    /// The name is the same, and that is all.
    pub name: u32,
    /// The name is the same, and a compiler's index says that it is something else: not among the users.
    #[serde(default, skip_serializing_if = "is_none")]
    pub refuted: u32,
    /// Uses of the name that were not followed, for too many have it; `impact` follows them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub not_followed: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none(number: &u32) -> bool {
    *number == 0
}

/// A piece of the code that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchHit {
    /// The file.
    pub path: String,
    /// The first line of the piece, from 1.
    pub first: u32,
    /// Its last line.
    pub last: u32,
    /// What it defines of what was named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defines: Vec<String>,
    /// Words of the question that stand in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Words that stand in it and mean about the same as one of the question that does not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<String>,
    /// By how much it was found. It compares within one answer only.
    pub score: f32,
    /// Its text, where there was room for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The answer to `search`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchAnswer {
    /// The best first, each file once.
    pub hits: Vec<SearchHit>,
    /// Words of the question that stand nowhere in the view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// What it was answered from.
    pub envelope: Envelope,
}

/// The answer to `grep`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrepAnswer {
    /// Sources first, then by path.
    pub files: Vec<GrepFile>,
    /// What it was answered from.
    pub envelope: Envelope,
}

/// A file in which it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrepFile {
    /// The file.
    pub path: String,
    /// Its lines, as grep writes them: `12:` before the 12th if it matches, `13-` if it stands beside, `--` between
    /// lines that are apart.
    pub text: String,
    /// The numbers of the lines that match.
    pub matches: Vec<u32>,
    /// Whether more of its lines match, or were left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// The answer to `symbol`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SymbolAnswer {
    /// What is called so; more than one when the name is ambiguous.
    pub symbols: Vec<Defined>,
    /// What is written alike, when nothing is called so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<String>,
    /// What differs from other places, where it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub since: Vec<Difference>,
    /// What it was answered from.
    pub envelope: Envelope,
}

/// The answer to `outline`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutlineAnswer {
    /// The files, by path.
    pub files: Vec<FileOutline>,
    /// What it was answered from.
    pub envelope: Envelope,
}

/// What one file defines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileOutline {
    /// The file.
    pub path: String,
    /// How many lines it has.
    pub lines: u32,
    /// Its definitions, in its order.
    pub symbols: Vec<Defined>,
}

/// A use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsedAt {
    /// How it is known: `compiler`, `import` or `name`.
    pub how: String,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// What it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// How it is used: `call`, `type` or `mention`.
    pub role: String,
}

/// The answer to `impact`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImpactAnswer {
    /// What was asked about.
    pub of: Vec<Defined>,
    /// Who uses it directly, best known first; tests not among them.
    pub users: Vec<UsedAt>,
    /// Files that use it through others, as far as names resolve.
    pub through: Vec<String>,
    /// Tests that reach it.
    pub tests: Vec<UsedAt>,
    /// Who owns it, by `CODEOWNERS`.
    pub owners: Vec<String>,
    /// Who wrote it, by its history, who knows it best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<Author>,
    /// Files that changed when it did; of a change, those that usually change with its files, and do not in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Together>,
    /// Open changes that touch its files, `C1`.
    pub changes: Vec<String>,
    /// Of a change: what its latest revision touches, `reshaped src/retry.rs pause`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub touches: Vec<String>,
    /// Of a change: other open changes that touch the same definitions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meets: Vec<Meets>,
    /// How many other definitions have the same name: edges by name only may be theirs.
    pub same_name: u32,
    /// What is written alike, when nothing is called so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<String>,
    /// What differs from other places, where it was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub since: Vec<Difference>,
    /// What it was answered from.
    pub envelope: Envelope,
}

/// Who wrote something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Author {
    /// As the newest commit of theirs names them.
    pub name: String,
    /// How many commits that changed it are theirs.
    pub commits: u32,
    /// Their share of all, in percent, where newer commits count for more.
    pub percent: u32,
    /// When the last of them was written.
    pub last: String,
}

/// A file that changes when something else does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Together {
    /// The file.
    pub path: String,
    /// In how many of the commits that changed the other it changed too.
    pub times: u32,
    /// How many those are.
    pub of: u32,
}

/// A commit that changed what was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PastCommit {
    /// The commit.
    pub commit: String,
    /// When it was written.
    pub at: String,
    /// Who wrote it.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
    /// Where it stood then.
    pub path: String,
    /// How a definition was changed: `added`, `changed`, `reshaped`, `removed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
}

/// The answer to `history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryAnswer {
    /// What was asked about: definitions with their files, or a path.
    pub of: Vec<String>,
    /// The commits that changed it, newest first.
    pub commits: Vec<PastCommit>,
    /// Who wrote it, who knows it best first.
    pub authors: Vec<Author>,
    /// Files that change when it does, the most often first.
    pub together: Vec<Together>,
    /// How many commits were looked at.
    pub looked: u32,
    /// What is written alike, when nothing is called so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<String>,
    /// What it was answered from.
    pub envelope: Envelope,
}

/// What became of an index that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportAnswer {
    /// What made it.
    pub tool: String,
    /// Of which commit it is.
    pub commit: String,
    /// How many files it now speaks for, in every view that has them as they are there.
    pub files: u32,
    /// How many of its documents the commit does not have.
    pub unknown: u32,
    /// How many were not indexed as they are there.
    pub otherwise: u32,
    /// How many words of them it knows.
    pub words: u64,
}

/// A compiler's index that is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedIndex {
    /// What made it.
    pub tool: String,
    /// Of which commit it is.
    pub commit: String,
    /// How many files it speaks for.
    pub files: u32,
    /// Who imported it.
    pub by: String,
    /// When.
    pub at: String,
}

/// Another open change that touches what a change touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Meets {
    /// The change, `C2`.
    pub change: String,
    /// What it does to definitions that both touch: `removed src/retry.rs pause`.
    pub touches: Vec<String>,
}

/// What differs between two places, of what was asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// The place before: `base` or `tip`.
    pub from: String,
    /// Its commit.
    pub from_commit: String,
    /// The place after: `tip`, or `mine`, a worktree over its base.
    pub to: String,
    /// Its commit.
    pub to_commit: String,
    /// Definitions that are not as they were.
    pub definitions: Vec<Differs>,
    /// Who uses it after, and did not before.
    pub users_added: Vec<UsedAt>,
    /// Who used it before, and does not after.
    pub users_gone: Vec<UsedAt>,
    /// What was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
}

/// A definition that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Differs {
    /// How: `added`, `changed`, `may have changed` (git has lost one of its texts), `reshaped` (another head) or
    /// `removed`.
    pub touch: String,
    /// As it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Defined>,
    /// As it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Defined>,
}

/// The answer to `who`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhoAnswer {
    /// Who changes what, right now.
    pub here: Vec<AlsoHere>,
    /// Who wrote it, by its history, who knows it best first; of everything, nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<Author>,
    /// What it was answered from.
    pub envelope: Envelope,
}

/// The answer to `map`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MapAnswer {
    /// The map: files by importance, with what they define.
    pub text: String,
    /// How many files are on it, and how many there are.
    pub files: u32,
    /// See `files`.
    pub of: u32,
    /// What it was answered from.
    pub envelope: Envelope,
}
