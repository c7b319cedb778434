//! A command as people should see it: nothing hidden, nothing folded away.

use super::grammar::{self, literal};
use super::marks::{LIVE, UNKNOWN};
use super::syntax::{Change, Kind, Node, Part, Value, Word};

/// How many lines are shown before the rest is said to be left out.
const LINES_MAX: usize = 200;

/// A character that people cannot see, or that changes the order in which they see others.
pub(super) fn hidden(text: &str) -> Option<char> {
    text.chars().find(|char| is_hidden(*char))
}

fn is_hidden(char: char) -> bool {
    match char {
        '\n' | '\t' => false,
        UNKNOWN | LIVE => true,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180e}' => true,
        '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2028}' | '\u{2029}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        char => char.is_control(),
    }
}

/// Text with what cannot be seen escaped.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        if char == '\n' || char == '\t' || is_hidden(char) || char.is_whitespace() && char != ' ' {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    out
}

/// A field as a shell would have to be given it.
pub(super) fn quoted(field: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./=:,@%+{}".contains(&b) || b >= 0x80;
    if !field.is_empty() && field.bytes().all(plain) {
        field.to_owned()
    } else {
        format!("'{}'", field.replace('\'', "'\\''"))
    }
}

pub(super) fn plainly(command: &str) -> Vec<String> {
    let read = if command.len() > super::TEXT_MAX {
        Err("it is too long")
    } else {
        grammar::read(command, 0)
    };
    let mut lines = Vec::new();
    match read {
        Ok(node) => show(&node, &mut lines),
        Err(_) => lines.push(escaped(command)),
    }
    if lines.len() > LINES_MAX {
        let more = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push(format!("… and {more} more"));
    }
    lines
}

/// Writes down the simple commands of a command, those in its words first.
fn show(node: &Node, lines: &mut Vec<String>) {
    let mut line = Vec::new();
    match &node.kind {
        Kind::Simple { assigns, words } => {
            for assign in assigns {
                let value = match &assign.value {
                    Value::One(word) => shown(word, lines),
                    Value::Many(words) => {
                        let words: Vec<String> =
                            words.iter().map(|word| shown(word, lines)).collect();
                        format!("({})", words.join(" "))
                    }
                };
                line.push(format!(
                    "{}{}{value}",
                    assign.name,
                    if assign.appends { "+=" } else { "=" }
                ));
            }
            line.extend(words.iter().map(|word| shown(word, lines)));
        }
        Kind::Pipeline(nodes) | Kind::List(nodes) => {
            nodes.iter().for_each(|node| show(node, lines))
        }
        Kind::AndOr(nodes) => nodes.iter().for_each(|(_, node)| show(node, lines)),
        Kind::Subshell(node) | Kind::Group(node) => show(node, lines),
        Kind::If { arms, otherwise } => {
            for (condition, body) in arms {
                show(condition, lines);
                show(body, lines);
            }
            otherwise.iter().for_each(|node| show(node, lines));
        }
        Kind::While { condition, body } => {
            show(condition, lines);
            show(body, lines);
        }
        Kind::For { name, words, body } => {
            let words: Vec<String> =
                words.iter().flatten().map(|word| shown(word, lines)).collect();
            lines.push(format!("for {name} in {}", words.join(" ")));
            show(body, lines);
        }
        Kind::Count(_, body) => show(body, lines),
        Kind::Case(word, arms) => {
            shown(word, lines);
            arms.iter().for_each(|(_, body)| show(body, lines));
        }
        Kind::Function(name, body) => {
            lines.push(format!("{name}()"));
            show(body, lines);
        }
        Kind::Test(words) => {
            for word in words {
                shown(word, lines);
            }
        }
        Kind::Arithmetic(parts) => {
            shown(parts, lines);
        }
    }
    for redirect in &node.redirects {
        use super::syntax::How;
        let sign = match redirect.how {
            How::Read => "<",
            How::Write => ">",
            How::Both => "<>",
            How::Copy => continue,
            How::Text | How::Body => "<<<",
        };
        let target = match &redirect.body {
            Some(body) => shown(body.get().unwrap_or(&Word::new()), lines),
            None => shown(&redirect.target, lines),
        };
        line.push(format!("{sign} {target}"));
    }
    if !line.is_empty() {
        // What a shell in the command would read is shown as it would read it.
        let inner = inner_script(node);
        lines.push(line.join(" "));
        if let Some(text) = inner
            && let Ok(node) = grammar::read(&text, super::reader::DEPTH_MAX / 2)
        {
            let begin = lines.len();
            show(&node, lines);
            for line in &mut lines[begin..] {
                line.insert_str(0, "  ");
            }
        }
    }
}

/// The text that `sh -c` and its like are given, when it stands there as it is.
fn inner_script(node: &Node) -> Option<String> {
    let Kind::Simple { words, .. } = &node.kind else { return None };
    let words: Vec<Option<String>> = words.iter().map(literal).collect();
    let shell = words.iter().position(|word| {
        let base = word.as_deref().and_then(|word| word.rsplit('/').next());
        base.is_some_and(|base| {
            matches!(base, "sh" | "bash" | "zsh" | "dash" | "ksh" | "eval" | "su")
        })
    })?;
    let text = words.get(shell + 1..)?.iter().flatten().find(|word| !word.starts_with('-'))?;
    text.contains(' ').then(|| text.clone())
}

/// A word without its quotes; the commands that are substituted in it are shown on lines of their own.
fn shown(word: &[Part], lines: &mut Vec<String>) -> String {
    let mut text = String::new();
    let mut is_plain = true;
    pieces(word, &mut text, &mut is_plain, lines);
    let text = escaped(&text);
    if is_plain
        && (text.is_empty() || text.contains([' ', '\'', '"', '|', ';', '&', '<', '>', '(', ')']))
    {
        quoted(&text)
    } else {
        text
    }
}

fn pieces(word: &[Part], text: &mut String, is_plain: &mut bool, lines: &mut Vec<String>) {
    for part in word {
        match part {
            Part::Bare(piece) | Part::Quoted(piece) => text.push_str(piece),
            Part::Double(parts) => pieces(parts, text, is_plain, lines),
            Part::Parameter(parameter) => {
                *is_plain = false;
                text.push('$');
                match parameter.change {
                    Change::None => text.push_str(&parameter.name),
                    _ => text.push_str(&format!("{{{}…}}", parameter.name)),
                }
            }
            Part::Command(node) | Part::Process { body: node } => {
                *is_plain = false;
                show(node, lines);
                text.push_str("$(…)");
            }
            Part::Arithmetic(parts) => {
                *is_plain = false;
                text.push_str("$((");
                pieces(parts, text, is_plain, lines);
                text.push_str("))");
            }
        }
    }
}
