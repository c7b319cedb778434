//! `awk`: what its program runs, reads and writes.

use weir_model::act::{Extent, RunKind, WriteHow};

use crate::shell::marks::{is_unknown, unmarked};
use crate::shell::tables::Spec;
use crate::shell::walk::{Stream, Walk};

pub(super) fn run(walk: &mut Walk<'_>, name: &str, arguments: &[String], stdin: &Stream) -> Stream {
    let spec = Spec::read(
        "awk | x r* | -F: -v: -f:r^ -E:! -i:! -l:! -e:x^ -W: -bcCghnNOPrsStV -d?w -o?w -p?w -D? --field-separator: --assign: --file:r^ \
         --posix --traditional --re-interval --csv --sandbox --source:x^ --include:! --load:! --exec:! --characters-as-bytes --lint? --profile?w --pretty-print?w --dump-variables?w --version",
    );
    let sorted = spec.sort(arguments);
    let from_file = sorted.has(&["-f", "--file"]);
    let mut code: Vec<String> = sorted
        .options
        .iter()
        .filter(|(name, ..)| matches!(&name[..], "-e" | "--source"))
        .filter_map(|(_, value, _)| value.clone())
        .collect();
    if code.is_empty() && !from_file {
        code.extend(sorted.operands.first().cloned());
    }
    // `name=value` among the operands sets a variable.
    walk.by(&spec, name, arguments, stdin);
    if from_file {
        walk.runs(name, RunKind::Project);
    }
    for code in code {
        if is_unknown(&code) {
            walk.opaque("`awk` runs a program that is known only when it runs");
        }
        look(walk, &unmarked(&code));
    }
    Stream::Unknown
}

/// What stands in a program outside of texts and patterns.
fn look(walk: &mut Walk<'_>, code: &str) {
    let mut bare = String::new();
    let mut texts: Vec<String> = Vec::new();
    let mut chars = code.chars().peekable();
    let mut before = ' ';
    while let Some(char) = chars.next() {
        match char {
            '"' => texts.push(quoted(&mut chars, '"', &mut bare)),
            '/' if !before.is_alphanumeric() && !matches!(before, ')' | ']' | '_' | '"') => {
                quoted(&mut chars, '/', &mut bare);
                bare.pop();
                bare.push('/');
            }
            '#' => while chars.next_if(|char| *char != '\n').is_some() {},
            char => bare.push(char),
        }
        if !char.is_whitespace() {
            before = char;
        }
    }
    let words: Vec<&str> =
        bare.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '@').collect();
    if words.iter().any(|word| matches!(*word, "system" | "@load" | "@include"))
        || words.iter().any(|word| word.starts_with('@'))
    {
        let runs = texts.iter().find(|text| !text.is_empty());
        walk.opaque(&format!("`awk` runs a command: `{}`", runs.map_or("", String::as_str)));
    }
    let single: String = bare.replace("||", "");
    if single.contains('|') {
        walk.opaque("`awk` pipes to or from a command");
    }
    if words.contains(&"getline") && single.contains('<') {
        walk.opaque("`awk` reads a file that its program names");
    }
    if words.contains(&"ENVIRON") {
        walk.reads("/proc/self/environ", Extent::One);
    }
    // Behind `print`, outside of brackets, `>` writes a file.
    for statement in single.split([';', '}', '\n']) {
        let Some(at) = statement.find("print") else { continue };
        let mut level = 0;
        for (here, char) in statement[at..].char_indices() {
            match char {
                '(' => level += 1,
                ')' => level -= 1,
                '>' if level <= 0 => {
                    let target = statement[at + here..].trim_start_matches(['>', ' ']);
                    let number =
                        target.strip_prefix('\u{1}').and_then(|rest| rest.split('\u{2}').next());
                    match number
                        .and_then(|number| number.parse::<usize>().ok())
                        .and_then(|number| texts.get(number))
                    {
                        Some(path) => walk.writes(&path.clone(), WriteHow::Change, Extent::One),
                        None => walk.opaque("`awk` writes a file that its program names"),
                    }
                    break;
                }
                _ => {}
            }
        }
    }
}

/// Reads a text to its end; leaves its number in its place.
fn quoted(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    end: char,
    bare: &mut String,
) -> String {
    let mut text = String::new();
    while let Some(char) = chars.next() {
        if char == end {
            break;
        }
        if char == '\\' {
            text.extend(chars.next());
        } else {
            text.push(char);
        }
    }
    let number = bare.matches('\u{1}').count();
    if end == '"' {
        bare.push_str(&format!("\u{1}{number}\u{2}"));
    } else {
        bare.push(' ');
    }
    text
}
