//! Reading words: quotes, escapes, parameters, substitutions, as bash does.
//!
//! The grammar of commands is in [`super::grammar`], which adds to this reader. A grammar of our own, for every
//! ready one that we weighed lacks a promise that this wall needs: bounded nesting and time on hostile text
//! (`brush-parser` recurses and backtracks without a limit, and keeps a cache for the whole process), a licence
//! that fits (`yash-syntax` is under the GPL and knows no bash), or a refusal instead of a recovery
//! (`tree-sitter-bash` reads on behind an error and guesses).

use super::syntax::{Change, Node, Parameter, Part, Word};

/// How deeply commands, quotes and substitutions may hold each other.
pub(super) const DEPTH_MAX: usize = 48;

/// Why a text is no command that we understand.
pub(super) type Fault = &'static str;

/// A place in a text, and what was promised but not read yet.
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// Here-documents whose body begins behind the next line break.
    pub(super) pending: Vec<super::grammar::Pending>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, depth: usize) -> Self {
        Self { text, at: 0, depth, pending: Vec::new() }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn looking_at(&self, text: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(text.as_bytes())
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let is = self.looking_at(text);
        if is {
            self.at += text.len();
        }
        is
    }

    fn char(&mut self) -> Option<char> {
        let char = self.text[self.at..].chars().next()?;
        self.at += char.len_utf8();
        Some(char)
    }

    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.depth >= DEPTH_MAX {
            return Err("it is nested too deeply");
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// The name of a variable that begins here, perhaps empty.
    pub(super) fn name(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let is_name = |(i, b): (usize, u8)| {
            b == b'_' || b.is_ascii_alphabetic() || i > 0 && b.is_ascii_digit()
        };
        let length = rest.bytes().enumerate().take_while(|pair| is_name(*pair)).count();
        self.at += length;
        &rest[..length]
    }

    /// A word, or `None` where none begins.
    pub(super) fn word(&mut self) -> Result<Option<Word>, Fault> {
        let mut word = Word::new();
        let mut bare = String::new();
        while let Some(byte) = self.peek() {
            let special = match byte {
                b' ' | b'\t' | b'\n' | b'|' | b'&' | b';' | b'(' | b')' => break,
                b'<' | b'>' if self.peek_at(1) != Some(b'(') => break,
                b'\\' | b'\'' | b'"' | b'`' | b'$' | b'<' | b'>' => true,
                _ => false,
            };
            if !special {
                bare.extend(self.char());
                continue;
            }
            let before = self.at;
            let part = self.part()?;
            match part {
                Some(part) => {
                    if !bare.is_empty() {
                        word.push(Part::Bare(std::mem::take(&mut bare)));
                    }
                    word.push(part);
                }
                // A dollar that stands for itself, or a line that goes on.
                None if self.text.as_bytes()[before] == b'$' => bare.push('$'),
                None => {}
            }
        }
        if !bare.is_empty() {
            word.push(Part::Bare(bare));
        }
        Ok((!word.is_empty()).then_some(word))
    }

    /// A quoted or substituted piece of a word outside of quotes; `None` for what comes to nothing.
    pub(super) fn part(&mut self) -> Result<Option<Part>, Fault> {
        match self.peek() {
            Some(b'\\') => {
                self.at += 1;
                match self.char() {
                    Some('\n') => Ok(None),
                    Some(char) => Ok(Some(Part::Quoted(char.to_string()))),
                    None => Err("it ends in a backslash"),
                }
            }
            Some(b'\'') => {
                self.at += 1;
                let rest = &self.text[self.at..];
                let end = rest.find('\'').ok_or("a single quote is not closed")?;
                self.at += end + 1;
                Ok(Some(Part::Quoted(rest[..end].to_owned())))
            }
            Some(b'"') => {
                self.at += 1;
                let parts = self.deeper(|reader| reader.double(Some(b'"')))?;
                Ok(Some(Part::Double(parts)))
            }
            Some(b'<' | b'>') => {
                self.at += 2;
                let body = Box::new(self.substituted()?);
                Ok(Some(Part::Process { body }))
            }
            Some(b'$') if self.peek_at(1) == Some(b'\'') => {
                self.at += 2;
                self.ansi().map(|text| Some(Part::Quoted(text)))
            }
            Some(b'$') if self.peek_at(1) == Some(b'"') => {
                self.at += 2;
                let parts = self.deeper(|reader| reader.double(Some(b'"')))?;
                Ok(Some(Part::Double(parts)))
            }
            Some(b'`') => self.backticks(false).map(Some),
            Some(b'$') => self.dollar(),
            _ => Ok(None),
        }
    }

    /// What stands between double quotes, in a here-document or in arithmetic, up to the byte that ends it.
    pub(super) fn double(&mut self, end: Option<u8>) -> Result<Vec<Part>, Fault> {
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            let Some(byte) = self.peek() else {
                if end.is_some() {
                    return Err("a double quote is not closed");
                }
                break;
            };
            if Some(byte) == end {
                self.at += 1;
                break;
            }
            let part = match byte {
                b'\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some(b'\n') => self.at += 1,
                        Some(b'$' | b'`' | b'\\') => text.extend(self.char()),
                        Some(b'"') if end.is_some() => text.extend(self.char()),
                        _ => text.push('\\'),
                    }
                    continue;
                }
                b'`' => Some(self.backticks(end.is_some())?),
                b'$' => self.dollar()?,
                _ => {
                    text.extend(self.char());
                    continue;
                }
            };
            match part {
                Some(part) => {
                    if !text.is_empty() {
                        parts.push(Part::Quoted(std::mem::take(&mut text)));
                    }
                    parts.push(part);
                }
                None => text.push('$'),
            }
        }
        if !text.is_empty() {
            parts.push(Part::Quoted(text));
        }
        Ok(parts)
    }

    /// `$'...'`, behind its opening quote.
    fn ansi(&mut self) -> Result<String, Fault> {
        let mut text = String::new();
        loop {
            match self.char().ok_or("a quote is not closed")? {
                '\'' => return Ok(text),
                '\\' => {
                    let escape = self.char().ok_or("a quote is not closed")?;
                    match escape {
                        'a' => text.push('\u{7}'),
                        'b' => text.push('\u{8}'),
                        'e' | 'E' => text.push('\u{1b}'),
                        'f' => text.push('\u{c}'),
                        'n' => text.push('\n'),
                        'r' => text.push('\r'),
                        't' => text.push('\t'),
                        'v' => text.push('\u{b}'),
                        'x' => self.coded(16, 2, "", &mut text)?,
                        'u' => self.coded(16, 4, "", &mut text)?,
                        'U' => self.coded(16, 8, "", &mut text)?,
                        'c' => return Err("it quotes a control character"),
                        '0'..='7' => {
                            self.coded(8, 2, escape.encode_utf8(&mut [0; 4]), &mut text)?
                        }
                        other => {
                            if !matches!(other, '\\' | '\'' | '"' | '?') {
                                text.push('\\');
                            }
                            text.push(other);
                        }
                    }
                }
                char => text.push(char),
            }
        }
    }

    fn coded(
        &mut self,
        radix: u32,
        most: usize,
        first: &str,
        text: &mut String,
    ) -> Result<(), Fault> {
        let rest = &self.text[self.at..];
        let length = rest.chars().take(most).take_while(|char| char.is_digit(radix)).count();
        let digits = format!("{first}{}", &rest[..length]);
        self.at += length;
        let code = u32::from_str_radix(&digits, radix).map_err(|_| "an escape has no digits")?;
        // The shell would cut the text here, or put half a character together from bytes.
        if code == 0 || (most == 2 && code > 127) {
            return Err("it quotes a byte that is no character of its own");
        }
        text.push(char::from_u32(code).ok_or("an escape names no character")?);
        Ok(())
    }

    /// A backtick substitution, at its opening.
    fn backticks(&mut self, in_quotes: bool) -> Result<Part, Fault> {
        self.at += 1;
        let mut inner = String::new();
        loop {
            match self.char().ok_or("a backtick is not closed")? {
                '`' => break,
                '\\' => match self.char().ok_or("a backtick is not closed")? {
                    char @ ('`' | '\\' | '$') => inner.push(char),
                    '"' if in_quotes => inner.push('"'),
                    char => inner.extend(['\\', char]),
                },
                char => inner.push(char),
            }
        }
        self.deeper(|reader| {
            let node = Reader::new(&inner, reader.depth).script()?;
            Ok(Part::Command(Box::new(node)))
        })
    }

    /// The body of `$(`, `<(` or `>(`, behind its bracket.
    pub(super) fn substituted(&mut self) -> Result<Node, Fault> {
        let outer = std::mem::take(&mut self.pending);
        let begin = self.at;
        let node = self.deeper(|reader| {
            let node = reader.list_until(&[")"])?;
            reader.blanks();
            if !reader.take(")") {
                return Err("a substitution is not closed");
            }
            Ok(node)
        })?;
        if !self.pending.is_empty() {
            return Err("a here-document in a substitution has no body");
        }
        if !outer.is_empty() && self.text[begin..self.at].contains('\n') {
            return Err("a here-document and a substitution share a line");
        }
        self.pending = outer;
        Ok(node)
    }

    /// Behind nothing but a `$`: a parameter, a substitution, or `None` for a dollar that stands for itself.
    fn dollar(&mut self) -> Result<Option<Part>, Fault> {
        self.at += 1;
        match self.peek() {
            Some(b'(') if self.peek_at(1) == Some(b'(') => {
                if let Some(parts) = self.arithmetic(2)? {
                    return Ok(Some(Part::Arithmetic(parts)));
                }
                self.at += 1;
                self.substituted().map(|node| Some(Part::Command(Box::new(node))))
            }
            Some(b'(') => {
                self.at += 1;
                self.substituted().map(|node| Some(Part::Command(Box::new(node))))
            }
            Some(b'[') => {
                let end = self.text[self.at..].find(']').ok_or("`$[` is not closed")?;
                let inner = &self.text[self.at + 1..self.at + end];
                let parts = self.deeper(|reader| Reader::new(inner, reader.depth).double(None))?;
                self.at += end + 1;
                Ok(Some(Part::Arithmetic(parts)))
            }
            Some(b'{') => {
                self.at += 1;
                let parameter = self.deeper(Self::braced)?;
                Ok(Some(Part::Parameter(Box::new(parameter))))
            }
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'$' | b'!' | b'-') => {
                let name = self.text[self.at..=self.at].to_owned();
                self.at += 1;
                Ok(Some(plain(name)))
            }
            _ => {
                let name = self.name().to_owned();
                Ok((!name.is_empty()).then(|| plain(name)))
            }
        }
    }

    /// `((...))` from its brackets on, when it is one: `brackets` of them open it. Else nothing is taken.
    pub(super) fn arithmetic(&mut self, brackets: usize) -> Result<Option<Vec<Part>>, Fault> {
        let bytes = self.text.as_bytes();
        let begin = self.at + brackets;
        let (mut at, mut open) = (begin, 2usize);
        while open > 0 {
            match bytes.get(at) {
                Some(b'(') => open += 1,
                Some(b')') => open -= 1,
                // What quotes, and what never ends, is no arithmetic that we read.
                None | Some(b'\'' | b'\\' | b'`') => return Ok(None),
                Some(_) => {}
            }
            let closed = bytes[at] == b')';
            at += 1;
            // The last two brackets stand beside each other, or it is a subshell in a substitution.
            if closed && open == 1 && bytes.get(at) != Some(&b')') {
                return Ok(None);
            }
        }
        let inner = &self.text[begin..at - 2];
        let parts = self.deeper(|reader| Reader::new(inner, reader.depth).double(None))?;
        self.at = at;
        Ok(Some(parts))
    }

    /// `${...}` behind its opening brace.
    fn braced(&mut self) -> Result<Parameter, Fault> {
        let indirect = self.looking_at("!") && self.peek_at(1) != Some(b'}') && self.take("!");
        let length = self.looking_at("#")
            && !matches!(self.peek_at(1), Some(b'}' | b':' | b'-' | b'#' | b'%'))
            && self.take("#");
        let mut name = self.name().to_owned();
        if name.is_empty() {
            match self.char().ok_or("`${` is not closed")? {
                char if char.is_ascii_digit() || "@*#?$!-".contains(char) => name.push(char),
                _ => return Err("`${` names no parameter"),
            }
            while name.as_bytes()[0].is_ascii_digit()
                && self.peek().is_some_and(|b| b.is_ascii_digit())
            {
                name.extend(self.char());
            }
        }
        let index = if self.take("[") {
            let index = self.until(b']')?;
            Some(index)
        } else {
            None
        };
        if self.take("}") {
            let change = match (indirect, length) {
                (true, _) => Change::Indirect,
                (_, true) => Change::Length,
                _ => Change::None,
            };
            return Ok(Parameter { name, index, change });
        }
        let begin = self.at;
        for (operator, keeps) in [(":-", false), ("-", false), (":=", true), ("=", true)] {
            if self.take(operator) {
                let word = self.until(b'}')?;
                let change =
                    if indirect { Change::Other(word) } else { Change::Default { word, keeps } };
                return Ok(Parameter { name, index, change });
            }
        }
        if self.take(":+") || self.take("+") {
            let change = Change::Alternative(self.until(b'}')?);
            return Ok(Parameter { name, index, change });
        }
        let rest = self.until(b'}')?;
        let slice = (!indirect).then(|| slice_of(&self.text[begin..self.at - 1])).flatten();
        Ok(Parameter { name, index, change: slice.unwrap_or(Change::Other(rest)) })
    }

    /// Pieces up to a closing byte that is not quoted.
    pub(super) fn until(&mut self, end: u8) -> Result<Word, Fault> {
        let mut word = Word::new();
        let mut bare = String::new();
        loop {
            let byte = self.peek().ok_or("a brace or bracket is not closed")?;
            if byte == end {
                self.at += 1;
                break;
            }
            let special = matches!(byte, b'\\' | b'\'' | b'"' | b'`' | b'$');
            let part = if special { self.part()? } else { None };
            match part {
                Some(part) => {
                    if !bare.is_empty() {
                        word.push(Part::Bare(std::mem::take(&mut bare)));
                    }
                    word.push(part);
                }
                None if special => {
                    if byte == b'$' {
                        bare.push('$');
                    }
                }
                None => bare.extend(self.char()),
            }
        }
        if !bare.is_empty() {
            word.push(Part::Bare(bare));
        }
        Ok(word)
    }
}

fn plain(name: String) -> Part {
    Part::Parameter(Box::new(Parameter { name, index: None, change: Change::None }))
}

/// `:2` and `:2:3`, with plain numbers.
fn slice_of(text: &str) -> Option<Change> {
    let mut numbers = text.strip_prefix(':')?.splitn(2, ':');
    let start = numbers.next()?.trim().parse().ok()?;
    let length = match numbers.next() {
        Some(length) => Some(length.trim().parse().ok()?),
        None => None,
    };
    Some(Change::Slice { start, length })
}
