//! Indexes that compilers make of a project, in the form SCIP: where each symbol is defined, and where it is used.
//!
//! Read in place, one document after the other, whatever the bytes: an index comes from outside, and is larger than most
//! of what does. The fields that are read, by their numbers, are those of `scip.proto` (sourcegraph/scip, Apache-2.0).

mod wire;

use wire::{Broken, Fields, Value, packed};

/// A longer index is not read: that of a project of some ten million lines.
pub const INDEX_BYTES_MAX: usize = 256 << 20;

/// Why an index cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is too long.
    #[error("it has more than {INDEX_BYTES_MAX} bytes")]
    TooLong,
    /// It is none.
    #[error("its bytes are no index in the form SCIP, or it is cut off")]
    Broken,
    /// It says more than is kept.
    #[error("it holds more than {0} {1}")]
    TooMany(usize, &'static str),
}

impl From<Broken> for Unreadable {
    fn from(_: Broken) -> Self {
        Self::Broken
    }
}

/// An index, before its documents are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Index<'a> {
    bytes: &'a [u8],
    /// Which program made it, as it says: `scip-typescript 0.4.0`.
    pub tool: (&'a str, &'a str),
}

impl<'a> Index<'a> {
    /// An index in these bytes.
    ///
    /// # Errors
    /// When they are too many, or none.
    pub fn of(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        if bytes.len() > INDEX_BYTES_MAX {
            return Err(Unreadable::TooLong);
        }
        let (mut tool, mut told) = (("", ""), false);
        for field in Fields::of(bytes) {
            // All are walked: what breaks off at its end is told before anything of it is used.
            if let (1, Value::Bytes(metadata)) = field? {
                told = true;
                for field in Fields::of(metadata) {
                    if let (2, Value::Bytes(info)) = field? {
                        tool = named(info)?;
                    }
                }
            }
        }
        // The format demands it, and no other bytes have it there by chance.
        if told { Ok(Self { bytes, tool }) } else { Err(Unreadable::Broken) }
    }

    /// Its documents, in their order.
    pub fn documents(self) -> impl Iterator<Item = Result<Document<'a>, Unreadable>> {
        Fields::of(self.bytes).filter_map(|field| match field {
            Ok((2, Value::Bytes(document))) => Some(Document::of(document)),
            Ok(_) => None,
            Err(broken) => Some(Err(broken.into())),
        })
    }
}

/// In what columns are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Bytes of UTF-8.
    Bytes,
    /// Units of UTF-16: what an index means that does not say it.
    Units,
    /// Characters.
    Characters,
}

/// What an index says of one file.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    bytes: &'a [u8],
    /// Where it lies, below the root of what was indexed.
    pub path: &'a str,
    /// Its text, if the index holds it.
    pub text: Option<&'a str>,
    /// How its columns are counted.
    pub columns: Columns,
}

impl<'a> Document<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let mut document = Self { bytes, path: "", text: None, columns: Columns::Units };
        for field in Fields::of(bytes) {
            match field? {
                (1, Value::Bytes(path)) => document.path = utf8(path)?,
                (5, Value::Bytes(text)) if !text.is_empty() => document.text = Some(utf8(text)?),
                (6, Value::Number(1)) => document.columns = Columns::Bytes,
                (6, Value::Number(3)) => document.columns = Columns::Characters,
                _ => {}
            }
        }
        Ok(document)
    }

    /// Where symbols stand in it.
    pub fn occurrences(self) -> impl Iterator<Item = Result<Occurrence<'a>, Unreadable>> {
        Fields::of(self.bytes).filter_map(|field| match field {
            Ok((2, Value::Bytes(occurrence))) => Occurrence::of(occurrence).transpose(),
            Ok(_) => None,
            Err(broken) => Some(Err(broken.into())),
        })
    }

    /// Symbols whose uses count as uses of each other, as a method's and that of the interface it is of.
    pub fn related(self) -> impl Iterator<Item = Result<(&'a str, &'a str), Unreadable>> {
        let symbols = Fields::of(self.bytes).filter_map(|field| match field {
            Ok((3, Value::Bytes(symbol))) => Some(symbol),
            _ => None,
        });
        symbols.flat_map(|symbol| match related(symbol) {
            Ok(pairs) => pairs.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(why) => vec![Err(why)],
        })
    }
}

/// A symbol at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence<'a> {
    /// Its line, from 0.
    pub line: u32,
    /// Its first column.
    pub first: u32,
    /// The column after it; `None` when it ends in another line.
    pub end: Option<u32>,
    /// The symbol.
    pub symbol: &'a str,
    /// Whether it is defined here.
    pub defines: bool,
}

impl<'a> Occurrence<'a> {
    /// `None` for what names no symbol, or stands nowhere.
    fn of(bytes: &'a [u8]) -> Result<Option<Self>, Unreadable> {
        let mut range = [0u32; 4];
        let (mut numbers, mut symbol, mut roles) = (0, "", 0);
        let mut put = |number: u64| {
            if let Some(place) = range.get_mut(numbers) {
                *place = u32::try_from(number).map_err(|_| Broken)?;
            }
            numbers += 1;
            Ok::<_, Broken>(())
        };
        for field in Fields::of(bytes) {
            match field? {
                (1, Value::Bytes(all)) => packed(all).try_for_each(|number| put(number?))?,
                (1, Value::Number(number)) => put(number)?,
                // In their later form: the same numbers with names, of which those that are 0 are left out.
                (8, Value::Bytes(message)) => {
                    spelled(message, 3)?.into_iter().try_for_each(&mut put)?
                }
                (9, Value::Bytes(message)) => {
                    spelled(message, 4)?.into_iter().try_for_each(&mut put)?
                }
                (2, Value::Bytes(name)) => symbol = utf8(name)?,
                (3, Value::Number(number)) => roles = number,
                _ => {}
            }
        }
        let (first, end) = match (numbers, range) {
            (3, [_, first, end, _]) => (first, Some(end)),
            (4, [line, first, last, end]) => (first, (last == line).then_some(end)),
            _ => return Ok(None),
        };
        if symbol.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { line: range[0], first, end, symbol, defines: roles & 1 == 1 }))
    }

    /// What stands there in a file whose lines these are; `None` when the file has no such place.
    pub fn word<'t>(&self, lines: &[&'t str], columns: Columns) -> Option<&'t str> {
        let line = lines.get(self.line as usize)?;
        let first = byte(line, self.first, columns)?;
        line.get(first..byte(line, self.end?, columns)?)
    }
}

/// Where a column is, in bytes.
fn byte(line: &str, column: u32, columns: Columns) -> Option<usize> {
    let column = column as usize;
    // Most lines are of letters that count one in any way.
    if columns == Columns::Bytes || line.is_ascii() {
        return line.is_char_boundary(column).then_some(column);
    }
    let mut at = 0;
    for (byte, letter) in line.char_indices() {
        if at >= column {
            return (at == column).then_some(byte);
        }
        at += if columns == Columns::Units { letter.len_utf16() } else { 1 };
    }
    (at == column).then_some(line.len())
}

/// Name and version of a program.
fn named(info: &[u8]) -> Result<(&str, &str), Unreadable> {
    let mut tool = ("", "");
    for field in Fields::of(info) {
        match field? {
            (1, Value::Bytes(name)) => tool.0 = utf8(name)?,
            (2, Value::Bytes(version)) => tool.1 = utf8(version)?,
            _ => {}
        }
    }
    Ok(tool)
}

fn spelled(message: &[u8], places: usize) -> Result<Vec<u64>, Broken> {
    let mut numbers = vec![0; places];
    for field in Fields::of(message) {
        if let (place, Value::Number(number)) = field?
            && let Some(found) = usize::try_from(place - 1).ok().and_then(|at| numbers.get_mut(at))
        {
            *found = number;
        }
    }
    Ok(numbers)
}

fn related(symbol: &[u8]) -> Result<Vec<(&str, &str)>, Unreadable> {
    let (mut own, mut pairs) = ("", Vec::new());
    for field in Fields::of(symbol) {
        match field? {
            (1, Value::Bytes(name)) => own = utf8(name)?,
            (4, Value::Bytes(relation)) => {
                let (mut other, mut counts) = ("", false);
                for field in Fields::of(relation) {
                    match field? {
                        (1, Value::Bytes(name)) => other = utf8(name)?,
                        (2, Value::Number(is)) => counts = is != 0,
                        _ => {}
                    }
                }
                pairs.extend(counts.then_some(other));
            }
            _ => {}
        }
    }
    Ok(pairs.into_iter().map(|other| (own, other)).collect())
}

fn utf8(bytes: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(bytes).map_err(|_| Unreadable::Broken)
}
