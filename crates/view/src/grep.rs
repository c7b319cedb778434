//! What stands in a view by its very characters: an exact text or a regular expression, proven on the bytes.

use crate::answer::{GrepAnswer, GrepFile};
use crate::ask::{Asked, Budget};
use crate::pool::Blob;
use crate::search::{BlobNo, Matched, MatchedFile, Pattern, Reach, Written};
use std::fmt::Write as _;
use weir_model::{PathSet, Refusal};

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Grep {
    /// The text, or the expression.
    pub pattern: String,
    /// Which of them it is.
    pub written: Written,
    /// Whether capitals and small letters are the same.
    pub any_case: bool,
    /// Files at these paths only.
    pub paths: Option<String>,
    /// So many lines before and after each match, [`CONTEXT_MAX`] at most.
    pub context: usize,
}

/// More lines around a match are never told: they are read in the file itself.
pub const CONTEXT_MAX: usize = 20;

/// In so many files it is found at most.
const FILES_MAX: usize = 200;

impl Asked<'_> {
    /// Where the text or the expression stands. `bytes` gives what a blob holds, `goes_on` says whether there is time.
    ///
    /// # Errors
    /// `view.pattern_*` for a pattern that cannot be looked for, `paths.malformed`, and `view.paths_empty` when no file
    /// lies at the paths.
    pub fn grep(
        &self,
        grep: &Grep,
        bytes: &dyn Fn(&Blob) -> Option<Vec<u8>>,
        goes_on: &dyn Fn() -> bool,
        mut budget: Budget,
    ) -> Result<GrepAnswer, Refusal> {
        let pattern = Pattern::read(&grep.pattern, grep.written, grep.any_case)?;
        let paths = grep.paths.as_deref().filter(|paths| !paths.is_empty());
        let paths = paths.map(|paths| PathSet::new([paths])).transpose()?;
        let reach = Reach {
            paths: paths.as_ref(),
            context: grep.context.min(CONTEXT_MAX),
            files_max: FILES_MAX,
            goes_on,
        };
        let bytes = |blob: BlobNo| bytes(&*self.pool.blob(blob.0)?);
        let found = self.pool.index().matches(&pattern, self.view, &bytes, &reach);
        if let Some(paths) = &paths
            && found == Matched::default()
            && !self.view.files().any(|(path, _)| paths.contains(path))
        {
            let sentence = format!("no file lies at `{}`", paths.to_string().escape_debug());
            return Err(Refusal::new("view.paths_empty", sentence)
                .hint("patterns begin at the root of the repository: `src/**`, `**/*.rs`"));
        }
        let mut envelope = self.envelope();
        for (why, files) in [
            ("unread", &found.unread),
            ("binary", &found.binary),
            ("long_lines", &found.long_lines),
        ] {
            envelope.leaves_out(why, files);
        }
        let all = found.files.len();
        let mut files = Vec::new();
        for file in &found.files {
            let Some(file) = fitting(file, &mut budget) else { break };
            files.push(file);
        }
        envelope.cut = cut(&found, all - files.len());
        Ok(GrepAnswer { files, envelope })
    }
}

/// A file with as many of its lines as there is room for; `None` when there is room for no match of it.
fn fitting(file: &MatchedFile, budget: &mut Budget) -> Option<GrepFile> {
    if !budget.takes(file.path.len() + 40) {
        return None;
    }
    let mut told =
        GrepFile { path: file.path.clone(), text: String::new(), matches: vec![], more: file.more };
    let mut before = None;
    for line in &file.lines {
        if !budget.takes(line.text.len() + 8) {
            told.more = true;
            break;
        }
        if before.is_some_and(|before| before + 1 < line.line) {
            told.text.push_str("--\n");
        }
        before = Some(line.line);
        let mark = if line.is_match { ':' } else { '-' };
        let _ = writeln!(told.text, "{}{mark}{}", line.line, line.text);
        if line.is_match {
            told.matches.push(line.line);
        }
    }
    (!told.matches.is_empty()).then_some(told)
}

fn cut(found: &Matched, not_shown: usize) -> Option<String> {
    let mut cut = Vec::new();
    if not_shown > 0 {
        cut.push(format!("{not_shown} more files have it: ask for more tokens, or name paths"));
    }
    if found.cut > 0 {
        let (files, why) = (found.cut, if found.is_late { ", for the time was over" } else { "" });
        cut.push(format!(
            "{files} files that may have it were not looked at{why}: name paths, or look for a longer text"
        ));
    }
    (!cut.is_empty()).then(|| cut.join("; "))
}
