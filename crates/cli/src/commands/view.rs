//! `weir view`

use crate::error::CommandError;
use crate::here::Here;
use crate::render;
use crate::ui::Ui;
use clap::{Args, Subcommand};
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::path::PathBuf;
use weir_model::Refusal;
use weir_server::wire::{
    GrepAnswer, HistoryAnswer, ImpactAnswer, ImportAnswer, ImportedIndex, MapAnswer, OutlineAnswer,
    SearchAnswer, SymbolAnswer, WhoAnswer,
};

/// Look at the code as everybody sees it: search, symbols, what a change reaches, who is where
///
/// Indexed once, by content, and shared by every session. A session sees its own worktree with what it has not committed;
/// everybody is told who else is changing what they look at. Each answer says what it was answered from and what it
/// leaves out.
#[derive(Debug, Subcommand)]
pub(crate) enum ViewCommand {
    /// Search the code by words, or by what is meant
    Search {
        /// What is looked for
        #[arg(required = true)]
        words: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Find a text in the code, exactly as it is written, or a regular expression
    Grep {
        /// The text, or the expression
        pattern: String,
        /// Read it as a regular expression, in the syntax of Rust's `regex`; a match lies within one line
        #[arg(long)]
        regex: bool,
        /// Take capitals and small letters for the same
        #[arg(long, short)]
        ignore_case: bool,
        /// Look in these paths only: `src/**`, `**/*.rs`
        #[arg(long, value_name = "PATTERN")]
        paths: Option<String>,
        /// Show so many lines before and after each match, 20 at most
        #[arg(long, short = 'C', value_name = "LINES", default_value_t = 0)]
        context: usize,
        #[command(flatten)]
        how: How,
    },
    /// Show where a symbol is defined, its text, and how many uses are known
    Symbol {
        /// Its name, with as much of what stands around it as tells it apart: `Retry::next`
        name: String,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        compared: Compared,
    },
    /// List what a file, or every file below a folder, defines
    Outline {
        /// A path in the repository [default: all of it]
        path: Option<String>,
        #[command(flatten)]
        how: How,
    },
    /// Show what a change would reach: who uses it, which tests, who owns it, which open changes touch it
    Impact {
        /// A symbol, the path of a file, or a change, `C2`: all that its latest revision touches
        what: String,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        compared: Compared,
    },
    /// Show who is changing a symbol, a path, or anything, right now, and who wrote it
    Who {
        /// A symbol, or the path of a file [default: everything]
        what: Option<String>,
    },
    /// Show which commits changed a symbol or a path, who wrote it, and what changes with it
    History {
        /// A symbol, or a path
        what: String,
        #[command(flatten)]
        how: How,
    },
    /// Import a compiler's index in the form SCIP: the uses that it knows are then known by it
    ///
    /// Made by `scip-typescript index`, `scip-python index`, `rust-analyzer scip` and others. It counts in every view that
    /// has the same files, and for no file that has changed since. For people, and for CI with a person's token.
    Import {
        /// The file: `index.scip`
        file: PathBuf,
        /// The commit that was indexed [default: the trunk's tip]
        #[arg(long)]
        commit: Option<String>,
        /// The folder that its paths start from [default: the root of the repository]
        #[arg(long, value_name = "FOLDER")]
        root: Option<String>,
    },
    /// List the compilers' indexes that are asked
    Indexes,
    /// Map the repository on a page: the most used first, and before all what belongs to the named paths
    Map {
        /// Paths, or parts of them, that matter to the work at hand
        near: Vec<String>,
        #[command(flatten)]
        how: How,
    },
}

#[derive(Debug, Args)]
pub(crate) struct How {
    /// From where to look: `mine`, your session's worktree; `base`, the commit it stands on; `tip`, the trunk
    #[arg(long, value_name = "PLACE", default_value = "mine")]
    from: String,
    /// How long the answer may be, in tokens of about four characters [default: 2000]
    #[arg(long, value_name = "NUMBER")]
    tokens: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct Compared {
    /// Also show what differs: since `base`, who came and went and what changed since you branched; since `tip`, in your
    /// worktree beside the trunk
    #[arg(long, value_name = "PLACE")]
    since: Option<String>,
}

pub(crate) fn run(ui: &mut Ui, here: &Here, command: ViewCommand) -> Result<(), CommandError> {
    match command {
        ViewCommand::Search { words, how } => {
            let found: SearchAnswer = ask(here, "search", &words.join(" "), Some(&how))?;
            ui.answer(&found, |found, page| render::searched(page, found))
        }
        ViewCommand::Grep { pattern, regex, ignore_case, paths, context, how } => {
            let mut asked = asked("grep", &pattern, Some(&how));
            let _ = write!(asked, "&regex={regex}&ignore_case={ignore_case}&context={context}");
            if let Some(paths) = paths {
                let _ = write!(asked, "&paths={}", escaped(&paths));
            }
            let found: GrepAnswer = here.client()?.get(&asked)?;
            ui.answer(&found, |found, page| render::grepped(page, found))
        }
        ViewCommand::Symbol { name, how, compared } => {
            let found: SymbolAnswer = compare(here, "symbol", &name, &how, &compared)?;
            ui.answer(&found, |found, page| render::symbols(page, found))
        }
        ViewCommand::Outline { path, how } => {
            let path = path.unwrap_or_default();
            let found: OutlineAnswer = ask(here, "outline", &path, Some(&how))?;
            ui.answer(&found, |found, page| render::outline(page, found))
        }
        ViewCommand::Impact { what, how, compared } => {
            let found: ImpactAnswer = compare(here, "impact", &what, &how, &compared)?;
            ui.answer(&found, |found, page| render::impact(page, found))
        }
        ViewCommand::Who { what } => {
            let found: WhoAnswer = ask(here, "who", &what.unwrap_or_default(), None)?;
            ui.answer(&found, |found, page| render::also_here(page, found))
        }
        ViewCommand::History { what, how } => {
            let found: HistoryAnswer = ask(here, "history", &what, Some(&how))?;
            ui.answer(&found, |found, page| render::history(page, found))
        }
        ViewCommand::Import { file, commit, root } => {
            let bytes = std::fs::read(&file).map_err(|why| {
                let sentence = format!("`{}` cannot be read: {why}", file.display());
                Refusal::new("file.unreadable", sentence)
            })?;
            let mut path = format!("/v1/view/indexes?root={}", escaped(&root.unwrap_or_default()));
            if let Some(commit) = commit {
                let _ = write!(path, "&commit={}", escaped(&commit));
            }
            let taken: ImportAnswer = here.client()?.send(&path, &bytes)?;
            ui.answer(&taken, |taken, page| render::imported(page, taken))
        }
        ViewCommand::Indexes => {
            let all: Vec<ImportedIndex> = here.client()?.get("/v1/view/indexes")?;
            ui.answer(&all, |all, page| render::indexes(page, all))
        }
        ViewCommand::Map { near, how } => {
            let found: MapAnswer = ask(here, "map", &near.join(" "), Some(&how))?;
            ui.answer(&found, |found, page| render::map(page, found))
        }
    }
}

fn ask<T: DeserializeOwned>(
    here: &Here,
    of: &str,
    what: &str,
    how: Option<&How>,
) -> Result<T, CommandError> {
    here.client()?.get(&asked(of, what, how))
}

fn compare<T: DeserializeOwned>(
    here: &Here,
    of: &str,
    what: &str,
    how: &How,
    Compared { since }: &Compared,
) -> Result<T, CommandError> {
    let mut path = asked(of, what, Some(how));
    if let Some(since) = since {
        let _ = write!(path, "&since={}", escaped(since));
    }
    here.client()?.get(&path)
}

fn asked(of: &str, what: &str, how: Option<&How>) -> String {
    let mut path = format!("/v1/view/{of}?what={}", escaped(what));
    if let Some(How { from, tokens }) = how {
        let _ = write!(path, "&from={}", escaped(from));
        if let Some(tokens) = tokens {
            let _ = write!(path, "&tokens={tokens}");
        }
    }
    path
}

/// As a value of a query.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                escaped.push(char::from(byte));
            }
            other => {
                let _ = write!(escaped, "%{other:02X}");
            }
        }
    }
    escaped
}
