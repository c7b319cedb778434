//! The grammar of commands: lists, pipelines, compound commands, redirections, here-documents.

use std::cell::OnceCell;
use std::rc::Rc;

use super::reader::{Fault, Reader};
use super::syntax::{Assign, How, Join, Kind, Node, Part, Redirect, Value, Word};

/// A here-document whose body is still to come.
pub(super) struct Pending {
    /// Where the body goes.
    body: Rc<OnceCell<Word>>,
    /// The line that ends it.
    end: String,
    /// Whether its text is taken as it stands.
    quoted: bool,
    /// Whether tabs before its lines go: `<<-`.
    stripped: bool,
}

/// Words that mean something where a command begins.
const RESERVED: [&str; 15] = [
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for",
    "function", "select", "coproc",
];

/// Reads a whole text.
///
/// # Errors
///
/// Why it is no command that we understand.
pub(super) fn read(text: &str, depth: usize) -> Result<Node, Fault> {
    Reader::new(text, depth).script()
}

impl Reader<'_> {
    /// A whole text.
    pub(super) fn script(&mut self) -> Result<Node, Fault> {
        let node = self.list_until(&[])?;
        self.breaks()?;
        match self.peek() {
            None => Ok(node),
            Some(_) => Err("a word or a sign stands where none can"),
        }
    }

    /// Blanks, lines that go on, and comments.
    pub(super) fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.at += 2,
                Some(b'#') => {
                    let rest = &self.text[self.at..];
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// Blanks and line breaks, and the bodies of here-documents behind them.
    fn breaks(&mut self) -> Result<(), Fault> {
        self.blanks();
        while self.take("\n") {
            self.here_documents()?;
            self.blanks();
        }
        Ok(())
    }

    fn here_documents(&mut self) -> Result<(), Fault> {
        for pending in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            while self.peek().is_some() {
                let rest = &self.text[self.at..];
                let length = rest.find('\n').unwrap_or(rest.len());
                let line = &rest[..length];
                self.at += (length + 1).min(rest.len());
                let line = if pending.stripped { line.trim_start_matches('\t') } else { line };
                if line == pending.end {
                    break;
                }
                body.push_str(line);
                body.push('\n');
            }
            let body = if pending.quoted {
                vec![Part::Quoted(body)]
            } else {
                self.deeper(|reader| Reader::new(&body, reader.depth).double(None))?
            };
            let _ = pending.body.set(vec![Part::Double(body)]);
        }
        Ok(())
    }

    /// Whether this reserved word stands here, as a word of its own.
    fn at_reserved(&self, word: &str) -> bool {
        let ends = |byte: Option<u8>| byte.is_none_or(|byte| b" \t\n;&|()<>".contains(&byte));
        self.looking_at(word)
            && (word == ")" || word.starts_with(';') || ends(self.peek_at(word.len())))
    }

    fn reserved(&mut self, word: &str, fault: Fault) -> Result<(), Fault> {
        self.breaks()?;
        if !self.at_reserved(word) {
            return Err(fault);
        }
        self.at += word.len();
        Ok(())
    }

    /// Commands up to one of these words, which is left.
    pub(super) fn list_until(&mut self, ends: &[&str]) -> Result<Node, Fault> {
        let mut nodes = Vec::new();
        loop {
            self.breaks()?;
            if self.peek().is_none() || ends.iter().any(|end| self.at_reserved(end)) {
                break;
            }
            nodes.push(self.and_or()?);
            self.blanks();
            match self.peek() {
                Some(b';') if matches!(self.peek_at(1), Some(b';' | b'&')) => {}
                Some(b';') => self.at += 1,
                Some(b'&') if self.peek_at(1) != Some(b'&') => self.at += 1,
                Some(b'\n') | None => {}
                Some(_) if ends.iter().any(|end| self.at_reserved(end)) => {}
                Some(_) => return Err("a word or a sign stands where none can"),
            }
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { bare(Kind::List(nodes)) })
    }

    /// A list that has at least one command.
    fn body_until(&mut self, ends: &[&str]) -> Result<Node, Fault> {
        let node = self.deeper(|reader| reader.list_until(ends))?;
        match &node.kind {
            Kind::List(nodes) if nodes.is_empty() => Err("a command is missing"),
            _ => Ok(node),
        }
    }

    fn and_or(&mut self) -> Result<Node, Fault> {
        let mut nodes = vec![(Join::First, self.pipeline()?)];
        loop {
            self.blanks();
            let join = if self.take("&&") {
                Join::And
            } else if self.take("||") {
                Join::Or
            } else {
                break;
            };
            self.breaks()?;
            nodes.push((join, self.pipeline()?));
        }
        Ok(if nodes.len() == 1 { nodes.remove(0).1 } else { bare(Kind::AndOr(nodes)) })
    }

    fn pipeline(&mut self) -> Result<Node, Fault> {
        loop {
            self.blanks();
            // `!` changes what a pipeline answers, and `time` what it prints: nothing for us.
            if self.at_reserved("!") {
                self.at += 1;
            } else if self.at_reserved("time") {
                self.at += 4;
                self.blanks();
                if self.at_reserved("-p") {
                    self.at += 2;
                }
            } else {
                break;
            }
        }
        let mut nodes = vec![self.command()?];
        loop {
            self.blanks();
            if self.looking_at("||") || !self.take("|") {
                break;
            }
            self.take("&");
            self.breaks()?;
            nodes.push(self.command()?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { bare(Kind::Pipeline(nodes)) })
    }

    fn command(&mut self) -> Result<Node, Fault> {
        self.blanks();
        let kind = match self.peek() {
            Some(b'(') if self.peek_at(1) == Some(b'(') => match self.arithmetic(2)? {
                Some(parts) => Kind::Arithmetic(parts),
                None => self.subshell()?,
            },
            Some(b'(') => self.subshell()?,
            _ if self.at_reserved("{") => {
                self.at += 1;
                let body = self.body_until(&["}"])?;
                self.reserved("}", "a `{` is not closed")?;
                Kind::Group(Box::new(body))
            }
            _ if self.at_reserved("[[") => self.test()?,
            _ => match RESERVED.iter().find(|word| self.at_reserved(word)) {
                Some(word) => {
                    self.at += word.len();
                    self.compound(word)?
                }
                None => return self.simple(),
            },
        };
        let mut redirects = Vec::new();
        while self.redirect(&mut redirects)? {}
        Ok(Node { kind, redirects })
    }

    fn subshell(&mut self) -> Result<Kind, Fault> {
        self.at += 1;
        let body = self.body_until(&[")"])?;
        self.reserved(")", "a `(` is not closed")?;
        Ok(Kind::Subshell(Box::new(body)))
    }

    fn compound(&mut self, word: &str) -> Result<Kind, Fault> {
        match word {
            "if" => self.condition(),
            "while" | "until" => {
                let condition = Box::new(self.body_until(&["do"])?);
                Ok(Kind::While { condition, body: self.round()? })
            }
            "for" | "select" => self.over(),
            "case" => self.case(),
            "function" => {
                self.blanks();
                let name =
                    self.word()?.and_then(|word| literal(&word)).ok_or("a function has no name")?;
                self.blanks();
                if self.take("(") {
                    self.blanks();
                    if !self.take(")") {
                        return Err("`(` behind a function's name is not closed");
                    }
                }
                self.function(name)
            }
            "coproc" => Ok(Kind::Group(Box::new(self.deeper(Self::command)?))),
            _ => Err("a reserved word stands where a command begins"),
        }
    }

    fn condition(&mut self) -> Result<Kind, Fault> {
        let mut arms = Vec::new();
        loop {
            let condition = self.body_until(&["then"])?;
            self.reserved("then", "`if` has no `then`")?;
            arms.push((condition, self.body_until(&["elif", "else", "fi"])?));
            if self.at_reserved("elif") {
                self.at += 4;
                continue;
            }
            let mut otherwise = None;
            if self.at_reserved("else") {
                self.at += 4;
                otherwise = Some(Box::new(self.body_until(&["fi"])?));
            }
            self.reserved("fi", "`if` has no `fi`")?;
            return Ok(Kind::If { arms, otherwise });
        }
    }

    fn round(&mut self) -> Result<Box<Node>, Fault> {
        self.breaks()?;
        if self.at_reserved("{") {
            self.at += 1;
            let body = self.body_until(&["}"])?;
            self.reserved("}", "a `{` is not closed")?;
            return Ok(Box::new(body));
        }
        self.reserved("do", "a loop has no `do`")?;
        let body = self.body_until(&["done"])?;
        self.reserved("done", "a loop has no `done`")?;
        Ok(Box::new(body))
    }

    fn over(&mut self) -> Result<Kind, Fault> {
        self.blanks();
        if self.looking_at("((") {
            let parts = self.arithmetic(2)?.ok_or("`for ((` is not closed")?;
            self.blanks();
            self.take(";");
            return Ok(Kind::Count(parts, self.round()?));
        }
        let name = self.name().to_owned();
        if name.is_empty() {
            return Err("`for` has no variable");
        }
        self.breaks()?;
        let mut words = None;
        if self.at_reserved("in") {
            self.at += 2;
            let mut list = Vec::new();
            loop {
                self.blanks();
                match self.word()? {
                    Some(word) => list.push(word),
                    None => break,
                }
            }
            words = Some(list);
        }
        self.blanks();
        self.take(";");
        Ok(Kind::For { name, words, body: self.round()? })
    }

    fn case(&mut self) -> Result<Kind, Fault> {
        self.blanks();
        let word = self.word()?.ok_or("`case` has no word")?;
        self.reserved("in", "`case` has no `in`")?;
        let mut arms = Vec::new();
        loop {
            self.breaks()?;
            if self.at_reserved("esac") {
                self.at += 4;
                return Ok(Kind::Case(word, arms));
            }
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?.ok_or("an arm of `case` has no pattern")?);
                self.blanks();
                if !self.take("|") {
                    break;
                }
            }
            if !self.take(")") {
                return Err("an arm of `case` has no `)`");
            }
            let body = self.deeper(|reader| reader.list_until(&[";;", ";&", "esac"]))?;
            arms.push((patterns, body));
            let _ = self.take(";;&") || self.take(";;") || self.take(";&");
        }
    }

    fn function(&mut self, name: String) -> Result<Kind, Fault> {
        self.breaks()?;
        let body = self.deeper(Self::command)?;
        Ok(Kind::Function(name, Rc::new(body)))
    }

    /// `[[ ... ]]`. What is asked is nothing to us; what its words run is.
    fn test(&mut self) -> Result<Kind, Fault> {
        self.at += 2;
        let mut words = Vec::new();
        loop {
            self.breaks()?;
            if self.at_reserved("]]") {
                self.at += 2;
                return Ok(Kind::Test(words));
            }
            match self.word()? {
                Some(word) => words.push(word),
                None => match self.peek() {
                    Some(b'(' | b')' | b'<' | b'>' | b'&' | b'|') => self.at += 1,
                    _ => return Err("`[[` is not closed"),
                },
            }
        }
    }

    fn simple(&mut self) -> Result<Node, Fault> {
        let (mut assigns, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.blanks();
            if self.redirect(&mut redirects)? {
                continue;
            }
            if words.is_empty()
                && let Some(assign) = self.assign()?
            {
                assigns.push(assign);
                continue;
            }
            let begin = self.at;
            let Some(word) = self.word()? else {
                // A word that comes to nothing, such as a line that goes on, is read and gone.
                if self.at > begin {
                    continue;
                }
                break;
            };
            words.push(word);
            // Builtins that declare take arrays as their arguments.
            if words.len() > 1
                && self.looking_at("(")
                && ends_in_equals(words.last())
                && declares(&words[0])
            {
                let last = words.pop().unwrap_or_default();
                let name = literal(&last).unwrap_or_default();
                let value = Value::Many(self.array()?);
                let name = name.trim_end_matches('=').to_owned();
                assigns.push(Assign { name, index: None, appends: false, value });
                continue;
            }
            if words.len() == 1 && assigns.is_empty() && redirects.is_empty() {
                self.blanks();
                if self.looking_at("(") {
                    self.at += 1;
                    self.blanks();
                    let name = literal(&words[0]).ok_or("a function has a strange name")?;
                    if !self.take(")") {
                        return Err("a bracket stands where none can");
                    }
                    let kind = self.function(name)?;
                    return Ok(bare(kind));
                }
            }
        }
        if assigns.is_empty() && words.is_empty() && redirects.is_empty() {
            return Err("a command is missing");
        }
        Ok(Node { kind: Kind::Simple { assigns, words }, redirects })
    }

    /// `name=`, `name+=`, `name[i]=` and what is assigned; takes nothing when it is none.
    fn assign(&mut self) -> Result<Option<Assign>, Fault> {
        let begin = self.at;
        let name = self.name().to_owned();
        let mut index = None;
        if !name.is_empty() && self.take("[") {
            match self.deeper(|reader| reader.until(b']')) {
                Ok(word) => index = Some(word),
                Err(_) => {
                    self.at = begin;
                    return Ok(None);
                }
            }
        }
        let appends = !name.is_empty() && self.take("+=");
        if name.is_empty() || !appends && !self.take("=") {
            self.at = begin;
            return Ok(None);
        }
        let value = if self.looking_at("(") {
            Value::Many(self.array()?)
        } else {
            Value::One(self.word()?.unwrap_or_default())
        };
        Ok(Some(Assign { name, index, appends, value }))
    }

    fn array(&mut self) -> Result<Vec<Word>, Fault> {
        self.at += 1;
        let mut words = Vec::new();
        loop {
            self.breaks()?;
            match self.word()? {
                Some(word) => words.push(word),
                None if self.take(")") => return Ok(words),
                None => return Err("a list of values is not closed"),
            }
        }
    }

    /// A redirection, when one stands here.
    fn redirect(&mut self, into: &mut Vec<Redirect>) -> Result<bool, Fault> {
        self.blanks();
        let begin = self.at;
        if self.take("{") {
            // `{name}>file` opens a descriptor under a name.
            let named = !self.name().is_empty() && self.take("}");
            if !named || !matches!(self.peek(), Some(b'<' | b'>')) {
                self.at = begin;
                return Ok(false);
            }
        }
        let digits = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        let descriptor = self.text[self.at..self.at + digits].parse().ok();
        self.at += digits;
        let is_process = matches!(self.peek(), Some(b'<' | b'>')) && self.peek_at(1) == Some(b'(');
        let both = digits == 0 && self.looking_at("&>");
        if is_process || !both && !matches!(self.peek(), Some(b'<' | b'>')) {
            self.at = begin;
            return Ok(false);
        }
        let operators = [
            ("<<<", How::Text),
            ("<<-", How::Text),
            ("<<", How::Text),
            ("<>", How::Both),
            ("<&", How::Copy),
            ("<", How::Read),
            ("&>>", How::Write),
            ("&>", How::Write),
            (">>", How::Write),
            (">|", How::Write),
            (">&", How::Copy),
            (">", How::Write),
        ];
        let Some((operator, mut how)) = operators.into_iter().find(|(text, _)| self.take(text))
        else {
            self.at = begin;
            return Ok(false);
        };
        self.blanks();
        let target = self.word()?.ok_or("a redirection goes nowhere")?;
        if operator == ">&"
            && literal(&target).is_some_and(|to| to.parse::<u32>().is_err() && !to.ends_with('-'))
        {
            how = How::Write;
        }
        if operator == "<<" || operator == "<<-" {
            let body = Rc::new(OnceCell::new());
            let quoted = !matches!(&target[..], [Part::Bare(_)]);
            let end = literal(&target).ok_or("a here-document ends in a strange word")?;
            let stripped = operator == "<<-";
            self.pending.push(Pending { body: Rc::clone(&body), end, quoted, stripped });
            into.push(Redirect {
                descriptor,
                how: How::Body,
                target: Vec::new(),
                body: Some(body),
            });
            return Ok(true);
        }
        into.push(Redirect { descriptor, how, target, body: None });
        Ok(true)
    }
}

/// A command of this kind without redirections.
pub(super) fn bare(kind: Kind) -> Node {
    Node { kind, redirects: Vec::new() }
}

/// The text of a word that nothing has to be expanded in.
pub(super) fn literal(word: &Word) -> Option<String> {
    let mut text = String::new();
    for part in word {
        match part {
            Part::Bare(piece) | Part::Quoted(piece) => text.push_str(piece),
            Part::Double(parts) => text.push_str(&literal(parts)?),
            Part::Parameter(_) | Part::Command(_) | Part::Arithmetic(_) | Part::Process { .. } => {
                return None;
            }
        }
    }
    Some(text)
}

fn ends_in_equals(word: Option<&Word>) -> bool {
    matches!(word.and_then(|word| word.last()), Some(Part::Bare(text)) if text.ends_with('='))
}

fn declares(word: &Word) -> bool {
    let known = ["declare", "typeset", "local", "export", "readonly"];
    literal(word).is_some_and(|name| known.contains(&name.as_str()))
}
