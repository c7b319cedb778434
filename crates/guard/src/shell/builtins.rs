//! What the shell itself does: folders, variables, functions, words; and the programs that only say something.

use weir_model::act::{Effect, Extent, RunKind};

use super::marks::{SOME, UNKNOWN, is_pattern, is_unknown, unmarked};
use super::walk::{Stream, Walk, some};
use super::{Thing, poison};

/// Runs a builtin.
pub(super) fn call(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &[String],
    stdin: &Stream,
) -> Option<Stream> {
    let said = || Stream::Text(String::new());
    match name {
        ":" | "true" | "false" | "test" | "\u{10fffe}[" | "[" | "wait" | "shift" | "return"
        | "break" | "continue" | "jobs" | "times" | "getopts" | "let" | "ulimit" | "umask"
        | "hash" | "disown" | "bg" | "fg" | "bind" | "compgen" | "complete" | "compopt"
        | "shopt" | "setopt" | "unsetopt" | "unalias" | "dirs" | "caller" | "logout"
        | "suspend" | "rehash" | "autoload" | "zmodload" => {
            if matches!(name, "return") {
                walk.state.ended = true;
            }
            if name == "let" || name == "test" {
                for argument in arguments {
                    walk.arithmetic(&[super::syntax::Part::Quoted(argument.clone())]);
                }
            }
            if name == "zmodload"
                || (name == "shopt" && arguments.iter().any(|a| a == "expand_aliases"))
            {
                walk.opaque("the shell's own rules are changed");
            }
            if matches!(name, "bind" | "complete")
                && arguments.iter().any(|a| a.starts_with("-x") || a.starts_with("-C"))
            {
                walk.opaque("the shell is told what to run later");
            }
        }
        "exit" => walk.state.ended = true,
        "echo" | "print" => {
            walk.runs(name, RunKind::Known);
            return Some(echo(arguments));
        }
        "printf" => {
            walk.runs(name, RunKind::Known);
            return Some(printf(walk, arguments));
        }
        "cd" | "pushd" | "chdir" => walk.change_folder(arguments),
        "popd" => walk.state.folders.clear(),
        "pwd" => {
            walk.runs(name, RunKind::Known);
            return Some(match walk.state.folder() {
                Some(folder) => Stream::Text(folder.to_owned()),
                None => Stream::Unknown,
            });
        }
        "export" | "declare" | "typeset" | "local" | "readonly" | "integer" | "float" => {
            let mut tells = arguments.iter().all(|argument| argument.starts_with('-'));
            for argument in arguments {
                match argument.split_once('=') {
                    Some((name, value)) if !argument.starts_with('-') => {
                        let name = name.trim_end_matches('+');
                        if is_unknown(name) {
                            walk.opaque("a variable is set whose name is known only when it runs");
                        }
                        poison::assigned(walk, name, value);
                        walk.set(name, vec![value.to_owned()]);
                    }
                    _ if argument == "-n" || argument.starts_with("-i") => {
                        walk.opaque("a variable stands for another");
                    }
                    _ => {}
                }
            }
            tells &=
                !arguments.iter().any(|argument| argument.contains('f') || argument.contains('F'));
            if tells {
                walk.reads("/proc/self/environ", Extent::One);
            }
        }
        "set" => {
            if arguments.is_empty() {
                walk.reads("/proc/self/environ", Extent::One);
            }
            let values = arguments.iter().position(|argument| argument == "--");
            if let Some(at) = values {
                walk.state.arguments = arguments[at + 1..].to_vec();
            }
        }
        "unset" => {
            for argument in arguments {
                walk.state.variables.remove(argument);
                walk.state.functions.remove(argument);
            }
        }
        "read" | "mapfile" | "readarray" => {
            let value = match stdin {
                Stream::Paths(paths) if paths.len() == 1 => paths[0].clone(),
                Stream::Text(text) if !text.trim_end().contains(char::is_whitespace) => {
                    text.trim_end().to_owned()
                }
                Stream::None | Stream::Paths(_) | Stream::Text(_) | Stream::Unknown => {
                    UNKNOWN.to_string()
                }
            };
            for name in arguments.iter().filter(|argument| !argument.starts_with('-')) {
                poison::assigned(walk, name, UNKNOWN.encode_utf8(&mut [0; 4]));
                walk.set(name, vec![value.clone()]);
            }
            walk.set("REPLY", vec![value]);
        }
        "alias" => {
            for argument in arguments {
                if let Some((name, value)) = argument.split_once('=') {
                    // It may count from the next line on; it is walked when it is used, and here.
                    walk.apart(|walk| walk.script(value, &Stream::None));
                    walk.state.aliases.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        "trap" => {
            if let Some(command) = arguments.iter().find(|argument| !argument.starts_with('-')) {
                walk.apart(|walk| walk.script(command, &Stream::None));
            }
        }
        "enable" if arguments.iter().any(|argument| argument.starts_with("-f")) => {
            walk.opaque("a builtin is loaded from a file");
        }
        "enable" => {}
        "history" | "fc" => {
            walk.runs(name, RunKind::Known);
            if name == "fc" && !arguments.iter().any(|argument| argument.starts_with("-l")) {
                walk.opaque("a command of the past is run again");
            }
            if arguments
                .iter()
                .any(|argument| matches!(&argument[..], "-w" | "-a" | "-c" | "-d" | "-r" | "-n"))
            {
                walk.opaque("the history of the shell is changed or kept in a file");
            }
            return Some(Stream::Unknown);
        }
        "type" | "which" | "whereis" | "whence" | "where" => {
            walk.runs(name, RunKind::Known);
            return Some(match arguments {
                [only] if name == "which" && !only.starts_with('-') => Stream::Text(only.clone()),
                _ => Stream::Unknown,
            });
        }
        "seq" | "nproc" | "whoami" | "uname" | "hostname" | "arch" | "tty" | "logname" | "id"
        | "groups"
            if arguments.iter().all(|argument| {
                argument.starts_with('-')
                    && !argument.starts_with("-F")
                    && !argument.starts_with("--file")
                    || name != "hostname" && name != "tty"
            }) =>
        {
            walk.runs(name, RunKind::Known);
            return Some(some());
        }
        "basename" => {
            walk.runs(name, RunKind::Known);
            return Some(match arguments {
                [path] if !is_unknown(path) && !is_pattern(path) => Stream::Text(
                    path.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned(),
                ),
                _ => some(),
            });
        }
        "dirname" => {
            walk.runs(name, RunKind::Known);
            return Some(match arguments {
                [path] if !is_unknown(path) => {
                    Stream::Text(path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned())
                }
                _ => Stream::Unknown,
            });
        }
        "mktemp" => {
            walk.runs(name, RunKind::Known);
            walk.find(Effect::Writes {
                path: "/tmp".to_owned(),
                how: weir_model::act::WriteHow::Change,
                extent: Extent::Many,
            });
            return Some(Stream::Text(format!("/tmp/{SOME}")));
        }
        _ => return None,
    }
    Some(said())
}

impl Walk<'_> {
    fn change_folder(&mut self, arguments: &[String]) {
        let mut operands =
            arguments.iter().filter(|argument| !argument.starts_with('-') || *argument == "-");
        let before = self.state.clone();
        if self.state.variables.contains_key("CDPATH") {
            self.opaque("where `cd` leads is known only when it runs");
            self.state.folders.clear();
            return;
        }
        let (home, target) = (self.variable("HOME").join(" "), operands.next().cloned());
        let target = match target.as_deref() {
            Some("-") => self.state.before.clone().unwrap_or_else(|| UNKNOWN.to_string()),
            Some(folder) => folder.to_owned(),
            None => home,
        };
        self.state.before = self.state.folder().map(str::to_owned);
        self.state.folders = if is_pattern(&target) { Vec::new() } else { self.paths(&target) };
        // It may have failed, and then everything behind it happens here.
        let known = self.state.folders.iter().all(|folder| {
            self.place.files.thing(folder) == Some(Thing::Folder) || before.folders.contains(folder)
        });
        if !known || self.state.folders.is_empty() {
            self.failed = Some(before);
        }
    }
}

fn echo(arguments: &[String]) -> Stream {
    let is_option = |text: &&String| matches!(&text[..], "-n" | "-e" | "-E" | "-ne" | "-en");
    let escapes = arguments.iter().take_while(is_option).any(|option| option.contains('e'));
    let words: Vec<&str> = arguments.iter().skip_while(is_option).map(String::as_str).collect();
    let text = words.join(" ");
    if is_unknown(&text) {
        return Stream::Unknown;
    }
    if is_pattern(&text) && words.len() == 1 {
        return Stream::Paths(vec![text]);
    }
    Stream::Text(if escapes { escaped(&text) } else { unmarked(&text) } + "\n")
}

fn printf(walk: &mut Walk<'_>, arguments: &[String]) -> Stream {
    if let [option, name, ..] = arguments
        && option == "-v"
    {
        walk.set(name, vec![UNKNOWN.to_string()]);
        poison::assigned(walk, name, UNKNOWN.encode_utf8(&mut [0; 4]));
        return Stream::Text(String::new());
    }
    let Some((format, values)) = arguments.split_first() else { return Stream::Unknown };
    let format = escaped(format);
    let plain = |text: &str| !is_unknown(text) && !is_pattern(text);
    if !plain(&format) || !values.iter().all(|value| plain(value)) {
        return Stream::Unknown;
    }
    match (format.matches('%').count(), values.len()) {
        (0, _) => Stream::Text(format),
        (1, _) if format.contains("%s") => {
            Stream::Text(values.iter().map(|value| format.replacen("%s", value, 1)).collect())
        }
        (holes, count) if holes == count && format.matches("%s").count() == holes => {
            let mut text = format;
            for value in values {
                text = text.replacen("%s", value, 1);
            }
            Stream::Text(text)
        }
        _ => Stream::Unknown,
    }
}

/// Undoes the escapes that `echo -e` and `printf` know.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        let (radix, most) = match chars.peek() {
            Some('x') => (16, 2),
            Some('0') => (8, 3),
            Some('1'..='7') => (8, 3),
            _ => (0, 0),
        };
        if radix > 0 {
            if chars.peek().is_some_and(|char| matches!(char, 'x' | '0')) {
                chars.next();
            }
            let mut code = 0;
            let mut count = 0;
            while let Some(digit) =
                chars.peek().and_then(|char| char.to_digit(radix)).filter(|_| count < most)
            {
                code = code * radix + digit;
                count += 1;
                chars.next();
            }
            // A byte that is no character of its own is not put together here.
            out.push(char::from_u32(code).filter(char::is_ascii).unwrap_or(UNKNOWN));
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('\\') => out.push('\\'),
            Some(char) => out.extend(['\\', char]),
            None => out.push('\\'),
        }
    }
    out
}
