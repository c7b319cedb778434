//! `sed`: scripts that run, read and write.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::marks::{is_unknown, unmarked};
use crate::shell::tables::Spec;
use crate::shell::walk::{Stream, Walk};

pub(super) fn run(walk: &mut Walk<'_>, name: &str, arguments: &[String], stdin: &Stream) -> Stream {
    let spec = Spec::read(
        "sed | x r* | -nEruszbl -i?& -e:x^ -f:r^ -l: --quiet --silent --expression:x^ --file:r^ --in-place?& --regexp-extended \
         --separate --unbuffered --null-data --posix --line-length: --follow-symlinks --debug --sandbox",
    );
    let sorted = spec.sort(arguments);
    let from_file = sorted.has(&["-f", "--file"]);
    let mut scripts: Vec<String> = sorted
        .options
        .iter()
        .filter(|(name, ..)| matches!(&name[..], "-e" | "--expression"))
        .filter_map(|(_, value, _)| value.clone())
        .collect();
    if scripts.is_empty() && !from_file {
        scripts.extend(sorted.operands.first().cloned());
    }
    walk.by(&spec, name, arguments, stdin);
    if from_file {
        walk.runs(name, RunKind::Project);
    }
    let script = scripts.join("\n");
    let text = unmarked(&script);
    let mut commands = Commands { text: text.chars().collect(), at: 0 };
    // A value inside of the replacement of `s` is only text; anywhere else it may be a command.
    if commands.read(walk).is_none() {
        walk.opaque("a script of `sed` is not understood");
    }
    if is_unknown(&script)
        && !script.trim_start().starts_with('s')
        && !script.trim_start().starts_with(|c: char| c.is_ascii_digit())
    {
        walk.opaque("a script of `sed` is known only when it runs");
    }
    Stream::Unknown
}

struct Commands {
    text: Vec<char>,
    at: usize,
}

impl Commands {
    fn next(&mut self) -> Option<char> {
        let char = self.text.get(self.at).copied();
        self.at += usize::from(char.is_some());
        char
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, is: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&is) {
            self.at += 1;
        }
    }

    fn line(&mut self) -> String {
        let begin = self.at;
        self.skip(|char| char != '\n');
        self.text[begin..self.at].iter().collect::<String>().trim().to_owned()
    }

    /// Up to a sign that is not escaped and not in a class; `None` when it never comes.
    fn delimited(&mut self, end: char) -> Option<()> {
        while let Some(char) = self.next() {
            if char == end {
                return Some(());
            }
            if char == '\\' {
                self.next()?;
            }
        }
        None
    }

    /// Reads all commands; `None` for what is no script.
    fn read(&mut self, walk: &mut Walk<'_>) -> Option<()> {
        loop {
            self.skip(|char| char.is_whitespace() || char == ';');
            if self.peek().is_none() {
                return Some(());
            }
            self.addresses()?;
            self.skip(|char| char == ' ' || char == '!' || char == '\t');
            match self.next()? {
                '{' | '}' => {}
                '#' => {
                    self.line();
                }
                's' => {
                    let sign = self.next()?;
                    self.delimited(sign)?;
                    self.delimited(sign)?;
                    self.flags(walk);
                }
                'y' => {
                    let sign = self.next()?;
                    self.delimited(sign)?;
                    self.delimited(sign)?;
                }
                'a' | 'i' | 'c' => loop {
                    let line = self.line();
                    self.next();
                    if !line.ends_with('\\') || self.peek().is_none() {
                        break;
                    }
                },
                'e' => {
                    let command = self.line();
                    walk.opaque("`sed` runs a command");
                    walk.apart(|walk| walk.script(&command, &Stream::Unknown));
                }
                'r' | 'R' => {
                    let path = self.line();
                    walk.reads(&path, Extent::One);
                }
                'w' | 'W' => {
                    let path = self.line();
                    walk.writes(&path, WriteHow::Change, Extent::One);
                }
                'b' | 't' | 'T' | ':' => {
                    self.skip(|char| char != '\n' && char != ';' && char != '}')
                }
                'q' | 'Q' | 'l' | 'L' => self.skip(|char| char.is_ascii_digit() || char == ' '),
                '=' | 'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z'
                | 'F' => {}
                'v' => {
                    self.line();
                }
                _ => return None,
            }
        }
    }

    fn flags(&mut self, walk: &mut Walk<'_>) {
        while let Some(char) = self.peek() {
            match char {
                'g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9' => self.at += 1,
                'e' => {
                    self.at += 1;
                    walk.opaque("`sed` runs what it replaced as a command");
                }
                'w' => {
                    self.at += 1;
                    let path = self.line();
                    walk.writes(&path, WriteHow::Change, Extent::One);
                }
                _ => return,
            }
        }
    }

    fn addresses(&mut self) -> Option<()> {
        loop {
            self.skip(|char| char == ' ');
            match self.peek() {
                Some('/') => {
                    self.at += 1;
                    self.delimited('/')?;
                    self.skip(|char| matches!(char, 'I' | 'M'));
                }
                Some('\\') => {
                    self.at += 1;
                    let sign = self.next()?;
                    self.delimited(sign)?;
                }
                Some('0'..='9' | '$' | '~' | '+' | ',') => self.at += 1,
                // A value that nobody knows, where a line number stands.
                Some(crate::shell::marks::UNKNOWN) => self.at += 1,
                _ => return Some(()),
            }
        }
    }
}
