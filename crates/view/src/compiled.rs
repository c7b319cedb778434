//! What compilers' indexes say, by content: which words of a file name which definition of another. It holds in every
//! view that has both files as they were when the index was made, and says nothing of any file that has changed since.

use crate::fact::{Definition, Fact, Kind, import_spans};
use crate::scip::{Index, Occurrence, Unreadable};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use weir_git::BlobId;
use weir_grammar::Language;

/// More words than these are not kept of one index.
const WORDS_MAX: usize = 8_000_000;

/// A file of which more than one word in so many is none is not the file that was indexed.
const MISFITS: usize = 5;

/// Something that no file of the index defines: of the standard library, of a dependency, or local to a function.
const ELSEWHERE: u32 = 0;

/// One compiler's index, by content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// What made it: `scip-typescript 0.4.0`.
    pub tool: String,
    /// Of which commit it was made.
    pub commit: String,
    names: Vec<String>,
    files: HashMap<BlobId, Said>,
    /// Symbols whose uses count as those of another.
    related: HashMap<u32, Vec<u32>>,
    /// Where each symbol is used.
    used: HashMap<u32, Vec<(BlobId, u32)>>,
}

/// What is said of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    language: Option<Language>,
    /// By line, then by name.
    words: Vec<Word>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Word {
    line: u32,
    name: u32,
    symbol: u32,
    defines: bool,
}

/// What became of an index's documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Files that the index now speaks for.
    pub files: u32,
    /// Documents that the commit does not have.
    pub unknown: u32,
    /// Documents that were not indexed as the commit has them.
    pub otherwise: u32,
    /// Words that are known.
    pub words: usize,
}

/// What an index says of a use that was taken for one of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is one.
    Confirmed,
    /// It is one of something else.
    Refuted,
    /// It does not know the word: code that is not compiled as it was indexed, a value without a type.
    Silent,
}

/// A file of a commit: its name in git, and its bytes.
pub type File = (BlobId, Arc<[u8]>);

impl Compiled {
    /// What an index says of the files of a commit, which `file` gives by their paths in the index.
    ///
    /// # Errors
    /// When the bytes are no index, or it says more than is kept.
    pub fn read(
        bytes: &[u8],
        commit: &str,
        file: &dyn Fn(&str) -> Option<File>,
    ) -> Result<(Self, Taken), Unreadable> {
        let index = Index::of(bytes)?;
        let (mut symbols, mut related) = (HashMap::new(), Vec::new());
        for document in index.documents() {
            let document = document?;
            for found in document.occurrences() {
                let found = found?;
                if found.defines && is_definition(found.symbol) {
                    let next = symbols.len() as u32 + 1;
                    symbols.entry(found.symbol).or_insert(next);
                }
            }
            for pair in document.related() {
                if related.len() >= WORDS_MAX {
                    return Err(Unreadable::TooMany(WORDS_MAX, "relations"));
                }
                let (one, other) = pair?;
                related.extend([(one, other), (other, one)]);
            }
        }
        // Who makes one of a class uses the class.
        for symbol in symbols.keys() {
            related.extend(constructed(symbol).map(|class| (class, *symbol)));
        }
        // scip-python calls a variable with a type one way where it is defined, and another where it is used.
        let stems: HashMap<&str, u32> =
            symbols.iter().map(|(symbol, number)| (stem(symbol), *number)).collect();
        let mut read =
            Reading { symbols, stems, names: HashMap::new(), files: HashMap::new(), words: 0 };
        let mut taken = Taken::default();
        for document in index.documents() {
            let document = document?;
            let Some((blob, bytes)) = file(document.path) else {
                taken.unknown += 1;
                continue;
            };
            let Ok(text) = std::str::from_utf8(&bytes) else {
                taken.otherwise += 1;
                continue;
            };
            let occurrences = document.occurrences().collect::<Result<Vec<_>, _>>()?;
            let language = Language::of(document.path, &bytes);
            let words = match document.text.is_none_or(|indexed| indexed == text) {
                true => read.words(language, text, &occurrences, document.columns),
                false => None,
            };
            match words {
                Some(words) => read.take(blob, language, words)?,
                None => taken.otherwise += 1,
            }
        }
        (taken.files, taken.words) = (read.files.len() as u32, read.words);
        let known = |(one, other): &(&str, &str)| {
            Some((*read.symbols.get(one)?, *read.symbols.get(other)?))
        };
        let related = related.iter().filter_map(known).collect::<Vec<_>>();
        let tool = format!("{} {}", index.tool.0, index.tool.1);
        let tool = tool.trim().chars().filter(|letter| !letter.is_control()).take(80).collect();
        let mut names = vec![String::new(); read.names.len()];
        for (name, at) in read.names {
            names[at as usize] = name;
        }
        Ok((Self::made(tool, commit.to_owned(), names, read.files, &related), taken))
    }

    fn made(
        tool: String,
        commit: String,
        names: Vec<String>,
        mut files: HashMap<BlobId, Said>,
        pairs: &[(u32, u32)],
    ) -> Self {
        let mut related: HashMap<u32, Vec<u32>> = HashMap::new();
        for &(one, other) in pairs {
            related.entry(one).or_default().push(other);
        }
        let mut used: HashMap<u32, Vec<(BlobId, u32)>> = HashMap::new();
        for (blob, said) in &mut files {
            said.words.sort_unstable();
            said.words.dedup();
            for word in said.words.iter().filter(|word| !word.defines && word.symbol != ELSEWHERE) {
                used.entry(word.symbol).or_default().push((*blob, word.line));
            }
        }
        // In one order, whatever the files came in.
        used.values_mut().for_each(|places| places.sort_unstable());
        related.values_mut().for_each(|others| {
            others.sort_unstable();
            others.dedup();
        });
        Self { tool, commit, names, files, related, used }
    }

    /// Whether it speaks for this file.
    pub fn covers(&self, blob: BlobId) -> bool {
        self.files.contains_key(&blob)
    }

    /// Every file that it speaks for.
    pub fn files(&self) -> impl Iterator<Item = (BlobId, Option<Language>)> {
        self.files.iter().map(|(blob, said)| (*blob, said.language))
    }

    /// Where the symbols are defined in a file: symbol, name and line, from 1.
    pub fn defined(&self, blob: BlobId) -> impl Iterator<Item = (u32, &str, u32)> {
        let words = self.files.get(&blob).into_iter().flat_map(|said| &said.words);
        let words = words.filter(|word| word.defines);
        words.map(|word| (word.symbol, self.name(word.name), word.line))
    }

    /// What a definition is to the compiler; several where it knows several under one head.
    pub fn symbols_of(&self, blob: BlobId, fact: &Fact, nth: u32) -> BTreeSet<u32> {
        let Some(definition) = fact.definitions.get(nth as usize) else { return BTreeSet::new() };
        let is_it = |(_, name, line): &(u32, &str, u32)| {
            *name == definition.name && place(fact, name, *line) == Some(nth)
        };
        self.defined(blob).filter(is_it).map(|(symbol, ..)| symbol).collect()
    }

    /// Where these are used, or what counts as them: files, and lines from 1, import statements not among them.
    pub fn uses_of(&self, symbols: &BTreeSet<u32>) -> BTreeSet<(BlobId, u32)> {
        let all = self.with_related(symbols);
        all.iter().filter_map(|symbol| self.used.get(symbol)).flatten().copied().collect()
    }

    /// What it says of the word `name` in a line, which was taken for one of these.
    pub fn says(&self, blob: BlobId, line: u32, name: &str, symbols: &BTreeSet<u32>) -> Verdict {
        let Some(said) = self.files.get(&blob) else { return Verdict::Silent };
        let from = said.words.partition_point(|word| word.line < line);
        let there = said.words[from..].iter().take_while(|word| word.line == line);
        let all = self.with_related(symbols);
        let mut verdict = Verdict::Silent;
        for word in there {
            if all.contains(&word.symbol) {
                return Verdict::Confirmed;
            }
            if self.name(word.name) == name {
                verdict = Verdict::Refuted;
            }
        }
        verdict
    }

    /// Whether another is of the same tool, and speaks for every file that this one does.
    pub fn is_superseded_by(&self, newer: &Self) -> bool {
        let tool = |index: &Self| index.tool.split(' ').next().unwrap_or_default().to_owned();
        tool(self) == tool(newer) && self.files.keys().all(|blob| newer.covers(*blob))
    }

    /// As which language a file was read, of those that it speaks for.
    pub fn language(&self, blob: BlobId) -> Option<Language> {
        self.files.get(&blob)?.language
    }

    fn with_related(&self, symbols: &BTreeSet<u32>) -> BTreeSet<u32> {
        let related = symbols.iter().filter_map(|symbol| self.related.get(symbol)).flatten();
        symbols.iter().chain(related).copied().collect()
    }

    fn name(&self, at: u32) -> &str {
        self.names.get(at as usize).map_or("", String::as_str)
    }
}

/// An index, as it is read.
struct Reading<'a> {
    symbols: HashMap<&'a str, u32>,
    /// The same without what tells of which kind they are, for those that are defined under another kind.
    stems: HashMap<&'a str, u32>,
    names: HashMap<String, u32>,
    files: HashMap<BlobId, Said>,
    words: usize,
}

impl Reading<'_> {
    /// The words of a file, by name; `None` when the file is not the one that was indexed.
    fn words<'t>(
        &self,
        language: Option<Language>,
        text: &'t str,
        occurrences: &[Occurrence<'_>],
        columns: crate::scip::Columns,
    ) -> Option<Vec<(&'t str, Word)>> {
        let lines: Vec<&str> = text.split('\n').collect();
        let starts: Vec<usize> = std::iter::once(0)
            .chain(
                text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1),
            )
            .collect();
        let imports = language.map_or_else(Vec::new, |it| import_spans(it, text.as_bytes()));
        let imported = |at: &Range<usize>| {
            imports.iter().any(|span| span.start <= at.start && at.end <= span.end)
        };
        let (mut words, mut misfits) = (Vec::new(), 0);
        for found in occurrences {
            let line = lines.get(found.line as usize)?;
            if found.end.is_none() {
                continue;
            }
            let word = found.word(&lines, columns)?;
            if word.is_empty() {
                continue;
            }
            let within = word.as_ptr() as usize - line.as_ptr() as usize;
            let (before, after) = (&line[..within], &line[within + word.len()..]);
            let whole = !before.ends_with(is_letter) && !after.starts_with(is_letter);
            // A path between quotation marks names a module, and is no word of ours.
            let plain = word.chars().all(is_letter);
            if !whole && plain {
                misfits += 1;
            }
            let start = starts[found.line as usize] + within;
            if !plain || !whole || (!found.defines && imported(&(start..start + word.len()))) {
                continue;
            }
            let known = self.symbols.get(found.symbol);
            let known = known.or_else(|| self.stems.get(stem(found.symbol)));
            let symbol = known.copied().unwrap_or(ELSEWHERE);
            let defines = found.defines && symbol != ELSEWHERE;
            words.push((word, Word { line: found.line + 1, name: 0, symbol, defines }));
        }
        (misfits * MISFITS <= words.len()).then_some(words)
    }

    fn take(
        &mut self,
        blob: BlobId,
        language: Option<Language>,
        words: Vec<(&str, Word)>,
    ) -> Result<(), Unreadable> {
        self.words += words.len();
        if self.words > WORDS_MAX {
            return Err(Unreadable::TooMany(WORDS_MAX, "words"));
        }
        let said = self.files.entry(blob).or_insert(Said { language, words: Vec::new() });
        for (text, mut word) in words {
            word.name = match self.names.get(text) {
                Some(name) => *name,
                None => {
                    let next = self.names.len() as u32;
                    self.names.insert(text.to_owned(), next);
                    next
                }
            };
            said.words.push(word);
        }
        Ok(())
    }
}

/// Whether a symbol is something that other files may name. Locals, parameters of functions and of types are not.
fn is_definition(symbol: &str) -> bool {
    let parameter = symbol.ends_with(']') || (symbol.ends_with(')') && symbol.contains('('));
    !symbol.starts_with("local ") && !parameter
}

/// The class of a constructor: `Lane#` of ``Lane#`<constructor>`().`` and of `Lane#__init__().`.
fn constructed(symbol: &str) -> Option<&str> {
    ["`<constructor>`().", "__init__()."].iter().find_map(|end| symbol.strip_suffix(end))
}

/// A symbol without the marks of its kind: `m/x` of `m/x#`, of `m/x.` and of `m/x.x.`.
fn stem(symbol: &str) -> &str {
    let plain = symbol.trim_end_matches(['#', '.', '(', ')', ':']);
    match plain.rsplit_once('.') {
        Some((before, last)) if before.rsplit(['/', '#', '.']).next() == Some(last) => before,
        _ => plain,
    }
}

fn is_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

/// The definition that a compiler sees at a line under a name.
pub fn place(fact: &Fact, name: &str, line: u32) -> Option<u32> {
    let fits = |found: &Definition| {
        found.name == name
            && found.kind != Kind::Implementation
            && (found.lines.first..=found.lines.last).contains(&line)
    };
    let all = (0..).zip(&fact.definitions).filter(|(_, found)| fits(found));
    all.max_by_key(|(nth, found)| (found.lines.first, *nth)).map(|(nth, _)| nth)
}

/// Line, name, symbol, and whether it defines it.
type KeptWord = (u32, u32, u32, bool);

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    tool: String,
    commit: String,
    names: Vec<String>,
    related: Vec<(u32, u32)>,
    files: Vec<(String, Option<Language>, Vec<KeptWord>)>,
}

/// What is kept in another form is not read.
const KEPT_VERSION: u32 = 1;

impl Compiled {
    /// As it is kept: the same in every order of its making.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut files: Vec<_> = self
            .files
            .iter()
            .map(|(blob, said)| {
                let words = said.words.iter();
                let words = words.map(|word| (word.line, word.name, word.symbol, word.defines));
                (blob.to_string(), said.language, words.collect())
            })
            .collect();
        files.sort_unstable_by(|(one, ..), (other, ..)| one.cmp(other));
        let related = self.related.iter().flat_map(|(one, all)| all.iter().map(|it| (*one, *it)));
        let kept = Kept {
            version: KEPT_VERSION,
            tool: self.tool.clone(),
            commit: self.commit.clone(),
            names: self.names.clone(),
            related: related.collect::<BTreeSet<_>>().into_iter().collect(),
            files,
        };
        serde_json::to_vec(&kept).unwrap_or_default()
    }

    /// As it was kept; `None` for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(bytes).ok()?;
        let read = |(blob, language, words): (String, _, Vec<(u32, u32, u32, bool)>)| {
            let word = |(line, name, symbol, defines)| Word { line, name, symbol, defines };
            let words = words.into_iter().map(word).collect();
            Some((blob.parse().ok()?, Said { language, words }))
        };
        let files = kept.files.into_iter().map(read).collect::<Option<HashMap<_, _>>>()?;
        (kept.version == KEPT_VERSION)
            .then(|| Self::made(kept.tool, kept.commit, kept.names, files, &kept.related))
    }
}
