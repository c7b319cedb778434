//! Expansion: from words to fields, as far as they can be known without running anything.

use super::marks::{LIVE, SOME, UNKNOWN, alive, is_pattern, is_unknown};
use super::syntax::{Change, Parameter, Part, Word};
use super::walk::{Stream, Walk};

/// How many words one word may become by its braces.
const BRACES_MAX: usize = 256;

/// How many braces one word may open.
const OPEN_MAX: usize = 32;

/// Variables whose value is a number or a name without slashes, whoever runs the command.
const PLAIN_VARIABLES: [&str; 14] = [
    "RANDOM",
    "SECONDS",
    "UID",
    "EUID",
    "PPID",
    "LINENO",
    "BASHPID",
    "HOSTNAME",
    "USER",
    "LOGNAME",
    "COLUMNS",
    "EPOCHSECONDS",
    "SRANDOM",
    "LINES",
];

/// Fields that grow piece by piece.
#[derive(Default)]
struct Fields {
    done: Vec<String>,
    current: Option<String>,
}

impl Fields {
    fn push(&mut self, text: &str) {
        self.current.get_or_insert_default().push_str(text);
    }
    fn cut(&mut self) {
        self.done.extend(self.current.take());
    }
    fn finish(mut self) -> Vec<String> {
        self.cut();
        self.done
    }
}

impl Walk<'_> {
    /// The fields of words, as a command gets them.
    pub(super) fn fields(&mut self, words: &[Word]) -> Vec<String> {
        let mut fields = Vec::new();
        for word in words {
            if !self.spend() {
                break;
            }
            match braces(word) {
                Some(words) => {
                    for word in &words {
                        fields.extend(self.split(word));
                    }
                }
                None => fields.push(UNKNOWN.to_string()),
            }
        }
        fields
    }

    /// The fields of one word whose braces are done.
    fn split(&mut self, word: &Word) -> Vec<String> {
        let mut fields = Fields::default();
        for (position, part) in word.iter().enumerate() {
            match part {
                Part::Bare(text) => {
                    let (home, rest) =
                        if position == 0 { self.tilde(text) } else { (None, &text[..]) };
                    if let Some(home) = home {
                        fields.push(&home);
                    }
                    let mut marked = String::new();
                    alive(rest, &mut marked);
                    fields.push(&marked);
                }
                Part::Quoted(text) => fields.push(text),
                Part::Double(parts) => self.double(parts, &mut fields),
                Part::Parameter(parameter) => {
                    for (number, value) in self.parameter(parameter).into_iter().enumerate() {
                        if number > 0 {
                            fields.cut();
                        }
                        self.push_split(&value, &mut fields);
                    }
                }
                Part::Command(node) => match self.output(node) {
                    Stream::Paths(paths) => {
                        for (number, path) in paths.iter().enumerate() {
                            if number > 0 {
                                fields.cut();
                            }
                            fields.push(path);
                        }
                    }
                    Stream::Text(text) => self.push_split(text.trim_end_matches('\n'), &mut fields),
                    Stream::None | Stream::Unknown => fields.push(&UNKNOWN.to_string()),
                },
                Part::Arithmetic(parts) => {
                    self.arithmetic(parts);
                    fields.push(SOME);
                }
                Part::Process { body } => {
                    self.aside(body);
                    fields.push("/dev/fd/63");
                }
            }
        }
        fields.finish()
    }

    fn double(&mut self, parts: &[Part], fields: &mut Fields) {
        fields.push("");
        for part in parts {
            match part {
                Part::Parameter(parameter) if parameter.name == "@" || is_all(parameter) => {
                    for (number, value) in self.parameter(parameter).into_iter().enumerate() {
                        if number > 0 {
                            fields.cut();
                        }
                        fields.push(&value);
                    }
                }
                part => {
                    let text = self.part_text(part);
                    fields.push(&text);
                }
            }
        }
    }

    /// A value outside of quotes: cut where `IFS` says, its patterns alive.
    fn push_split(&mut self, value: &str, fields: &mut Fields) {
        let separators = match self.state.variables.get("IFS").map(Vec::as_slice) {
            Some([one]) if !is_unknown(one) => one.clone(),
            _ => " \t\n".to_owned(),
        };
        let mut marked = String::new();
        if is_pattern(value) {
            marked.push_str(value)
        } else {
            alive(value, &mut marked)
        }
        for char in marked.chars() {
            if separators.contains(char) {
                fields.cut();
            } else {
                fields.push(char.encode_utf8(&mut [0; 4]));
            }
        }
    }

    /// A word as one text: an assigned value, a redirection's target, a word of `case`.
    pub(super) fn text(&mut self, word: &Word) -> String {
        let mut text = String::new();
        for (position, part) in word.iter().enumerate() {
            match part {
                Part::Bare(bare) if position == 0 => {
                    let (home, rest) = self.tilde(bare);
                    text.extend(home);
                    text.push_str(rest);
                }
                part => text.push_str(&self.part_text(part)),
            }
        }
        text
    }

    fn part_text(&mut self, part: &Part) -> String {
        match part {
            Part::Bare(text) | Part::Quoted(text) => text.clone(),
            Part::Double(parts) => parts.iter().map(|part| self.part_text(part)).collect(),
            Part::Parameter(parameter) => self.parameter(parameter).join(" "),
            Part::Command(node) => match self.output(node) {
                Stream::Text(text) => text.trim_end_matches('\n').to_owned(),
                Stream::Paths(paths) if paths.len() == 1 => paths[0].clone(),
                Stream::Paths(_) | Stream::None | Stream::Unknown => UNKNOWN.to_string(),
            },
            Part::Arithmetic(parts) => {
                self.arithmetic(parts);
                SOME.to_owned()
            }
            Part::Process { body } => {
                self.aside(body);
                "/dev/fd/63".to_owned()
            }
        }
    }

    /// Looks into arithmetic: what it runs, and values that would run something when they are counted.
    pub(super) fn arithmetic(&mut self, parts: &[Part]) {
        let text: String = parts.iter().map(|part| self.part_text(part)).collect();
        let names = text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric());
        let runs = |value: &String| value.contains(['[', '$', '`']);
        let hidden = names.filter_map(|name| self.state.variables.get(name)).flatten().any(runs);
        if hidden {
            self.opaque("a value is counted that would run a command");
        }
        // `((x = 3))` sets a variable.
        if text.contains('=') || text.contains("++") || text.contains("--") {
            for name in text.split(|c: char| c != '_' && !c.is_ascii_alphanumeric()) {
                if let Some(value) = self.state.variables.get_mut(name) {
                    *value = vec![SOME.to_owned()];
                }
            }
        }
    }

    /// The folder that a leading tilde stands for, and the rest.
    fn tilde<'t>(&self, text: &'t str) -> (Option<String>, &'t str) {
        let Some(rest) = text.strip_prefix('~') else { return (None, text) };
        let end = rest.find('/').unwrap_or(rest.len());
        let home = match &rest[..end] {
            "" => self.variable("HOME").join(" "),
            "+" => self.variable("PWD").join(" "),
            "-" => self.variable("OLDPWD").join(" "),
            "root" => "/root".to_owned(),
            name if name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)) => {
                match self.place.home.rsplit_once('/') {
                    Some((homes, _)) => format!("{homes}/{name}"),
                    None => return (None, text),
                }
            }
            _ => return (None, text),
        };
        (Some(home), &rest[end..])
    }

    /// The values of a variable, a mark for one that the command did not set.
    pub(super) fn variable(&self, name: &str) -> Vec<String> {
        if let Some(values) = self.state.variables.get(name) {
            return values.clone();
        }
        let number = name.parse::<usize>();
        let value = match (name, number) {
            ("@" | "*", _) => return self.state.arguments.clone(),
            (_, Ok(0)) => "bash".to_owned(),
            (_, Ok(number)) => match self.state.arguments.get(number - 1) {
                Some(value) => value.clone(),
                None => return Vec::new(),
            },
            ("#" | "?" | "$" | "!", _) => SOME.to_owned(),
            ("HOME", _) => self.place.home.to_owned(),
            ("PWD", _) => self.state.folder().map_or_else(|| UNKNOWN.to_string(), str::to_owned),
            ("OLDPWD", _) => self.state.before.clone().unwrap_or_else(|| UNKNOWN.to_string()),
            ("IFS", _) => " \t\n".to_owned(),
            // Wherever it is, it is the folder for temporary files.
            ("TMPDIR", _) => "/tmp".to_owned(),
            ("PATH", _) => "/usr/local/bin:/usr/bin:/bin".to_owned(),
            (name, _) if PLAIN_VARIABLES.contains(&name) => SOME.to_owned(),
            _ => UNKNOWN.to_string(),
        };
        vec![value]
    }

    fn parameter(&mut self, parameter: &Parameter) -> Vec<String> {
        let mut values = self.variable(&parameter.name);
        if let Some(index) = &parameter.index {
            let index = self.text(index);
            values = match index.parse::<usize>() {
                Ok(number) if values.len() > number => vec![values.swap_remove(number)],
                _ if index == "@" || index == "*" => values,
                _ => vec![UNKNOWN.to_string()],
            };
        } else if values.len() > 1 && !matches!(&parameter.name[..], "@" | "*") {
            values.truncate(1);
        }
        let unknown = || vec![UNKNOWN.to_string()];
        match &parameter.change {
            Change::None => values,
            Change::Length => vec![SOME.to_owned()],
            Change::Indirect => match &values[..] {
                [name] if !is_unknown(name) => self.variable(&name.clone()),
                _ => unknown(),
            },
            Change::Default { word, keeps } => {
                let other = self.text(word);
                if values.iter().any(|value| is_unknown(value)) {
                    return unknown();
                }
                if values.iter().any(|value| !value.is_empty()) {
                    return values;
                }
                if *keeps {
                    self.set(&parameter.name, vec![other.clone()]);
                }
                vec![other]
            }
            Change::Alternative(word) => {
                let other = self.text(word);
                if other.is_empty() {
                    Vec::new()
                } else if values.iter().any(|value| is_unknown(value)) {
                    unknown()
                } else if values.iter().any(|value| !value.is_empty()) {
                    vec![other]
                } else {
                    Vec::new()
                }
            }
            Change::Slice { start, length } => match &values[..] {
                [value] if !is_unknown(value) && !is_pattern(value) => {
                    let rest = value.chars().skip(*start);
                    vec![rest.take(length.unwrap_or(usize::MAX)).collect()]
                }
                _ => unknown(),
            },
            Change::Other(word) => {
                let operator = self.text(word);
                if operator.starts_with('@') {
                    self.opaque("a value is expanded a second time");
                    return unknown();
                }
                values.iter().map(|value| changed(value, &operator)).collect()
            }
        }
    }
}

fn is_all(parameter: &Parameter) -> bool {
    matches!(parameter.index.as_deref(), Some([Part::Bare(index)]) if index == "@")
}

/// What `${name<operator>}` makes of a value, as far as it is plain.
fn changed(value: &str, operator: &str) -> String {
    let unknown = || UNKNOWN.to_string();
    if is_unknown(value) || is_unknown(operator) {
        return unknown();
    }
    if is_pattern(value) {
        // A name's ending changes, its folder does not.
        return match value.rsplit_once('/') {
            _ if !operator.starts_with('%') || operator.contains('/') => unknown(),
            Some((folder, _)) if !folder.contains(LIVE) => format!("{folder}/{SOME}"),
            Some(_) => unknown(),
            None => SOME.to_owned(),
        };
    }
    let plain = |pattern: &str| !pattern.contains(['*', '?', '[', '\\']);
    match operator {
        "^^" => value.to_uppercase(),
        ",," => value.to_lowercase(),
        "##*/" => value.rsplit('/').next().unwrap_or(value).to_owned(),
        "%/*" => value.rsplit_once('/').map_or(value, |(folder, _)| folder).to_owned(),
        "%.*" => value.rsplit_once('.').map_or(value, |(stem, _)| stem).to_owned(),
        _ => {
            let end = operator.trim_start_matches('%');
            let begin = operator.trim_start_matches('#');
            if end.len() < operator.len() && plain(end) {
                value.strip_suffix(end).unwrap_or(value).to_owned()
            } else if begin.len() < operator.len() && plain(begin) {
                value.strip_prefix(begin).unwrap_or(value).to_owned()
            } else if let Some(rest) = operator.strip_prefix('/') {
                let (all, rest) = (rest.starts_with('/'), rest.trim_start_matches('/'));
                let (from, to) = rest.split_once('/').unwrap_or((rest, ""));
                match (plain(from) && !from.is_empty(), all) {
                    (true, true) => value.replace(from, to),
                    (true, false) => value.replacen(from, to, 1),
                    (false, _) => unknown(),
                }
            } else {
                unknown()
            }
        }
    }
}

/// A piece of a word while its braces are looked for.
#[derive(Clone)]
enum Bit {
    Char(char),
    Part(Part),
}

/// The words that a word with braces stands for; `None` when they are too many.
fn braces(word: &Word) -> Option<Vec<Word>> {
    let has = word.iter().any(|part| matches!(part, Part::Bare(text) if text.contains('{')));
    if !has {
        return Some(vec![word.clone()]);
    }
    let opens =
        |part: &Part| if let Part::Bare(text) = part { text.matches('{').count() } else { 0 };
    if word.iter().map(opens).sum::<usize>() > OPEN_MAX {
        return None;
    }
    let mut bits = Vec::new();
    for part in word {
        match part {
            Part::Bare(text) => bits.extend(text.chars().map(Bit::Char)),
            part => bits.push(Bit::Part(part.clone())),
        }
    }
    let mut budget = BRACES_MAX;
    let words = spread(&bits, &mut budget, 0)?;
    Some(words.into_iter().map(|bits| joined(&bits)).collect())
}

fn joined(bits: &[Bit]) -> Word {
    let mut word = Word::new();
    for bit in bits {
        match (bit, word.last_mut()) {
            (Bit::Char(char), Some(Part::Bare(text))) => text.push(*char),
            (Bit::Char(char), _) => word.push(Part::Bare(char.to_string())),
            (Bit::Part(part), _) => word.push(part.clone()),
        }
    }
    word
}

fn spread(bits: &[Bit], budget: &mut usize, depth: usize) -> Option<Vec<Vec<Bit>>> {
    if depth > 24 {
        return None;
    }
    for open in 0..bits.len() {
        if !matches!(bits[open], Bit::Char('{')) {
            continue;
        }
        let Some((items, close)) = items(bits, open) else { continue };
        let tails = spread(&bits[close + 1..], budget, depth + 1)?;
        let mut all = Vec::new();
        for item in items {
            for middle in spread(&item, budget, depth + 1)? {
                for tail in &tails {
                    *budget = budget.checked_sub(1)?;
                    all.push([&bits[..open], &middle, tail].concat());
                }
            }
        }
        return Some(all);
    }
    Some(vec![bits.to_vec()])
}

/// What stands between a brace and the one that closes it: items between commas, or a sequence.
fn items(bits: &[Bit], open: usize) -> Option<(Vec<Vec<Bit>>, usize)> {
    let (mut level, mut begin) = (0usize, open + 1);
    let mut items = Vec::new();
    for (at, bit) in bits.iter().enumerate().skip(open + 1) {
        match bit {
            Bit::Char('{') => level += 1,
            Bit::Char(',') if level == 0 => {
                items.push(bits[begin..at].to_vec());
                begin = at + 1;
            }
            Bit::Char('}') if level > 0 => level -= 1,
            Bit::Char('}') => {
                if items.is_empty() {
                    return sequence(&bits[begin..at]).map(|items| (items, at));
                }
                items.push(bits[begin..at].to_vec());
                return Some((items, at));
            }
            Bit::Char(_) | Bit::Part(_) => {}
        }
    }
    None
}

fn sequence(bits: &[Bit]) -> Option<Vec<Vec<Bit>>> {
    let text: Option<String> =
        bits.iter().map(|bit| if let Bit::Char(char) = bit { Some(*char) } else { None }).collect();
    let text = text?;
    let (first, last) = text.split_once("..")?;
    let all = |text: String| text.chars().map(Bit::Char).collect::<Vec<_>>();
    if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
        let (low, high) = (first.min(last), first.max(last));
        // More than a budget's worth is cut off by the budget.
        let numbers = low..=high.min(low.saturating_add(BRACES_MAX as i64 + 1));
        return Some(numbers.map(|number| all(number.to_string())).collect());
    }
    let (mut first, mut last) = (first.chars(), last.chars());
    match (first.next(), first.next(), last.next(), last.next()) {
        (Some(a), None, Some(b), None) if a.is_ascii() && b.is_ascii() => {
            Some((a.min(b)..=a.max(b)).map(|char| all(char.to_string())).collect())
        }
        _ => None,
    }
}
