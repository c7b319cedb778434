//! Edits of JSON as people keep it: with comments, trailing commas and a layout of their own, all of which stay.
//!
//! The text is read into spans, and an edit replaces as few bytes as it can. Settings are never written anew.

use serde_json::Value;
use weir_model::Refusal;

/// Deeper than any settings, and shallow enough for a stack.
const DEPTH_MAX: usize = 64;

/// A text that was read, and where in it things are.
pub(super) struct Jsonc<'a> {
    text: &'a str,
    root: Node,
}

#[derive(Debug, Clone)]
struct Node {
    start: usize,
    end: usize,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Scalar,
}

#[derive(Debug, Clone)]
struct Member {
    key: String,
    key_start: usize,
    value: Node,
}

impl<'a> Jsonc<'a> {
    /// Reads `text`, which must be one object; an empty text is an empty one. `path` names it in refusals.
    pub(super) fn read(text: &'a str, path: &str) -> Result<Self, Refusal> {
        let mut reader = Reader { text, at: 0 };
        let root = reader.whole().map_err(|(at, what)| {
            let before = &text[..text.floor_char_boundary(at)];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            let sentence =
                format!("`{path}` cannot be read at line {line}, column {column}: {what}");
            Refusal::new("attach.unreadable", sentence)
                .hint("put it right, or set it aside, and try again")
        })?;
        Ok(Self { text, root })
    }

    /// The value at `at`, as far as it is there.
    pub(super) fn value(&self, at: &[&str]) -> Option<Value> {
        let mut node = &self.root;
        for key in at {
            node = node.member(key)?;
        }
        Some(self.value_of(node))
    }

    /// The text with `value` under the key `at`, in objects that are made where they miss. An array that is
    /// there gets it as a new last item when `as_item`.
    ///
    /// Refuses where something of another shape stands in the way.
    pub(super) fn with(
        &self,
        at: &[&str],
        value: &Value,
        as_item: bool,
        path: &str,
    ) -> Result<String, Refusal> {
        let in_the_way = |key: &str, wanted: &str| {
            let sentence = format!("`{}` in `{path}` is not {wanted}", printable(key));
            Refusal::new("attach.in_the_way", sentence).hint("put it right by hand, then try again")
        };
        let mut node = &self.root;
        for (depth, key) in at.iter().enumerate() {
            if !matches!(node.kind, Kind::Object(_)) {
                let key = depth.checked_sub(1).and_then(|above| at.get(above)).copied();
                return Err(in_the_way(key.unwrap_or("the whole"), "an object"));
            }
            match node.member(key) {
                Some(found) => node = found,
                None => {
                    // What misses is made from the inside out.
                    let leaf =
                        if as_item { Value::Array(vec![value.clone()]) } else { value.clone() };
                    let missing = at.get(depth + 1..).unwrap_or_default();
                    let made = missing.iter().rev().fold(leaf, |inner, key| {
                        Value::Object([((*key).to_owned(), inner)].into_iter().collect())
                    });
                    return Ok(self.inserted(node, Some(key), &made));
                }
            }
        }
        match (&node.kind, as_item) {
            (Kind::Array(_), true) => Ok(self.inserted(node, None, value)),
            (_, true) => Err(in_the_way(at.last().copied().unwrap_or_default(), "a list")),
            (_, false) => {
                let indent = self.indent_at(node.start);
                let written = pretty(value, &indent, &self.unit());
                Ok(format!("{}{written}{}", &self.text[..node.start], &self.text[node.end..]))
            }
        }
    }

    /// The text without the item `value` of the list at `at`, or without the member at `at` when it is `value`;
    /// lists and objects that this leaves empty go, too. `None` when it is not there.
    pub(super) fn without(&self, at: &[&str], value: &Value, is_item: bool) -> Option<String> {
        let mut way = vec![&self.root];
        for key in at {
            way.push(way.last()?.member(key)?);
        }
        let leaf = way.pop()?;
        let mut keys = at.to_vec();
        if is_item {
            let Kind::Array(items) = &leaf.kind else { return None };
            let index = items.iter().position(|item| self.value_of(item) == *value)?;
            if items.len() > 1 {
                let spans: Vec<(usize, usize)> =
                    items.iter().map(|item| (item.start, item.end)).collect();
                return Some(self.cut(&spans, index));
            }
        } else if self.value_of(leaf) != *value {
            return None;
        }
        // The list is empty now, or the member goes: climb while this was the only one.
        while let (Some(parent), Some(key)) = (way.pop(), keys.pop()) {
            let Kind::Object(members) = &parent.kind else { return None };
            let index = members.iter().position(|member| member.key == key)?;
            if members.len() > 1 || way.is_empty() {
                let spans: Vec<(usize, usize)> =
                    members.iter().map(|member| (member.key_start, member.value.end)).collect();
                return Some(self.cut(&spans, index));
            }
        }
        None
    }

    /// The text without the span at `index` and the comma that parts it from its neighbour.
    fn cut(&self, spans: &[(usize, usize)], index: usize) -> String {
        let (start, end) = spans[index];
        let next = spans.get(index + 1).map(|(start, _)| *start);
        let before = index.checked_sub(1).and_then(|index| spans.get(index)).map(|(_, end)| *end);
        let (from, to) = match (before, next) {
            (_, Some(next)) => (start, next),
            (Some(before), None) => (before, end),
            (None, None) => {
                // The last one: what stays is `{}`, with whatever comment follows.
                let open = self.text[..start].trim_end().len();
                let comma = self.text[end..].trim_start();
                let end =
                    if comma.starts_with(',') { self.text.len() - comma.len() + 1 } else { end };
                let closes = self.text[end..].trim_start();
                let end = if closes.starts_with(['}', ']']) {
                    self.text.len() - closes.len()
                } else {
                    end
                };
                (open, end)
            }
        };
        format!("{}{}", &self.text[..from], &self.text[to..])
    }

    /// The text with one more member, or item, at the end of `node`.
    fn inserted(&self, node: &Node, key: Option<&str>, value: &Value) -> String {
        let inner = &self.text[node.start + 1..node.end - 1];
        let is_one_line = !inner.contains('\n') && !inner.trim().is_empty();
        let (last, first) = match &node.kind {
            Kind::Object(members) => (
                members.last().map(|member| member.value.end),
                members.first().map(|member| member.key_start),
            ),
            Kind::Array(items) => {
                (items.last().map(|item| item.end), items.first().map(|item| item.start))
            }
            Kind::Scalar => (None, None),
        };
        let outer = self.indent_at(node.start);
        let indent = match first {
            Some(first) if !is_one_line => self.indent_at(first),
            _ => format!("{outer}{}", self.unit()),
        };
        let name =
            key.map(|key| format!("{}: ", Value::String(key.to_owned()))).unwrap_or_default();
        let close = node.end - 1;
        let end = node.start + 1 + inner.trim_end().len();
        let Some(last) = last else {
            let written = pretty(value, &indent, &self.unit());
            return format!(
                "{}\n{indent}{name}{written}\n{outer}{}",
                &self.text[..end],
                &self.text[close..]
            );
        };
        // A comma may stand after the last one already, among comments.
        let comma = if has_comma(&self.text[last..end]) { "" } else { "," };
        let (kept, rest) = (&self.text[last..end], &self.text[end..]);
        if is_one_line && !kept.contains("//") {
            return format!("{}{comma}{kept} {name}{value}{rest}", &self.text[..last]);
        }
        let written = pretty(value, &indent, &self.unit());
        let rest = if is_one_line { &self.text[close..] } else { rest };
        let gap = if is_one_line { format!("\n{outer}") } else { String::new() };
        format!("{}{comma}{kept}\n{indent}{name}{written}{gap}{rest}", &self.text[..last])
    }

    /// The blanks at the start of the line that `at` stands on.
    fn indent_at(&self, at: usize) -> String {
        let line = self.text[..at].rsplit('\n').next().unwrap_or_default();
        line.chars().take_while(|c| *c == ' ' || *c == '\t').collect()
    }

    /// One step of indentation in this text.
    fn unit(&self) -> String {
        let Kind::Object(members) = &self.root.kind else { return "  ".into() };
        let indent =
            members.first().map(|member| self.indent_at(member.key_start)).unwrap_or_default();
        if indent.is_empty() { "  ".into() } else { indent }
    }

    fn value_of(&self, node: &Node) -> Value {
        match &node.kind {
            Kind::Object(members) => {
                let entry = |member: &Member| (member.key.clone(), self.value_of(&member.value));
                Value::Object(members.iter().map(entry).collect())
            }
            Kind::Array(items) => {
                Value::Array(items.iter().map(|item| self.value_of(item)).collect())
            }
            Kind::Scalar => {
                serde_json::from_str(&self.text[node.start..node.end]).unwrap_or(Value::Null)
            }
        }
    }
}

impl Node {
    fn member(&self, key: &str) -> Option<&Node> {
        let Kind::Object(members) = &self.kind else { return None };
        members.iter().find(|member| member.key == key).map(|member| &member.value)
    }
}

/// `value` over several lines, below a line that is indented by `indent`.
fn pretty(value: &Value, indent: &str, unit: &str) -> String {
    let deeper = format!("{indent}{unit}");
    match value {
        Value::Object(object) if !object.is_empty() => {
            let members = object.iter().map(|(key, value)| {
                let key = Value::String(key.clone());
                format!("{deeper}{key}: {}", pretty(value, &deeper, unit))
            });
            format!("{{\n{}\n{indent}}}", members.collect::<Vec<_>>().join(",\n"))
        }
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter().map(|item| format!("{deeper}{}", pretty(item, &deeper, unit)));
            format!("[\n{}\n{indent}]", items.collect::<Vec<_>>().join(",\n"))
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Array(_) => value.to_string(),
    }
}

/// Whether a comma stands outside comments.
fn has_comma(trivia: &str) -> bool {
    let mut reader = Reader { text: trivia, at: 0 };
    reader.blanks().is_ok() && reader.peek() == Some(b',')
}

fn printable(key: &str) -> String {
    key.escape_debug().take(60).collect()
}

type Fault = (usize, &'static str);

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn whole(&mut self) -> Result<Node, Fault> {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
        }
        self.blanks()?;
        if self.peek() != Some(b'{') {
            return Err((self.at, "an object was expected"));
        }
        let root = self.value(0)?;
        self.blanks()?;
        if self.at < self.text.len() {
            Err((self.at, "something follows its end"))
        } else {
            Ok(root)
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over blanks and comments.
    fn blanks(&mut self) -> Result<(), Fault> {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            let rest = &self.text[self.at..];
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").ok_or((self.at, "a comment has no end"))? + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        if depth > DEPTH_MAX {
            return Err((self.at, "it is nested too deep"));
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.members(depth)?,
            Some(b'[') => self.items(depth)?,
            Some(b'"') => {
                self.string()?;
                Kind::Scalar
            }
            Some(_) => {
                let rest = &self.text[self.at..];
                let ends =
                    |c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']' | '/' | ':' | '"');
                self.at += rest.find(ends).unwrap_or(rest.len());
                if serde_json::from_str::<Value>(&self.text[start..self.at]).is_err() {
                    return Err((start, "a value was expected"));
                }
                Kind::Scalar
            }
            None => return Err((start, "it ends in the middle")),
        };
        Ok(Node { start, end: self.at, kind })
    }

    fn members(&mut self, depth: usize) -> Result<Kind, Fault> {
        let mut members: Vec<Member> = Vec::new();
        self.at += 1;
        loop {
            self.blanks()?;
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Kind::Object(members));
                }
                Some(b'"') => {}
                Some(_) => return Err((self.at, "a key in double quotes was expected")),
                None => return Err((self.at, "it ends in the middle")),
            }
            let key_start = self.at;
            let key = self.string()?;
            // The client would take one of the two, and which is anybody's guess.
            if members.iter().any(|member| member.key == key) {
                return Err((key_start, "this key stands twice"));
            }
            self.blanks()?;
            if self.peek() != Some(b':') {
                return Err((self.at, "a colon was expected"));
            }
            self.at += 1;
            self.blanks()?;
            let value = self.value(depth + 1)?;
            members.push(Member { key, key_start, value });
            self.comma(b'}')?;
        }
    }

    fn items(&mut self, depth: usize) -> Result<Kind, Fault> {
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.blanks()?;
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return Ok(Kind::Array(items));
                }
                Some(_) => {}
                None => return Err((self.at, "it ends in the middle")),
            }
            items.push(self.value(depth + 1)?);
            self.comma(b']')?;
        }
    }

    /// A comma, or the end that is looked at next.
    fn comma(&mut self, close: u8) -> Result<(), Fault> {
        self.blanks()?;
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(())
            }
            Some(byte) if byte == close => Ok(()),
            Some(_) => Err((self.at, "a comma or the end was expected")),
            None => Err((self.at, "it ends in the middle")),
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => return Err((start, "a text has no end")),
            }
        }
        self.at = at + 1;
        serde_json::from_str(&self.text[start..self.at])
            .map_err(|_| (start, "a text cannot be read"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn with(text: &str, at: &[&str], value: Value, as_item: bool) -> String {
        Jsonc::read(text, "f").expect(text).with(at, &value, as_item, "f").expect(text)
    }

    #[test]
    fn an_insertion_keeps_the_layout_and_the_comments() {
        for (before, at, as_item, after) in [
            ("{}", vec!["a"], false, "{\n  \"a\": 1\n}"),
            ("{\n}\n", vec!["a"], false, "{\n  \"a\": 1\n}\n"),
            ("{\n    \"x\": 0\n}\n", vec!["a"], false, "{\n    \"x\": 0,\n    \"a\": 1\n}\n"),
            ("{\"x\": 0}", vec!["a"], false, "{\"x\": 0, \"a\": 1}"),
            ("{ \"x\": 0, }", vec!["a"], false, "{ \"x\": 0, \"a\": 1 }"),
            (
                "{\n\t\"x\": 0 // zero\n\t// end\n}",
                vec!["a"],
                false,
                "{\n\t\"x\": 0, // zero\n\t// end\n\t\"a\": 1\n}",
            ),
            ("{\n  \"l\": []\n}", vec!["l"], true, "{\n  \"l\": [\n    1\n  ]\n}"),
            (
                "{\n  \"l\": [\n    0\n  ]\n}",
                vec!["l"],
                true,
                "{\n  \"l\": [\n    0,\n    1\n  ]\n}",
            ),
            ("{\"l\": [0]}", vec!["l"], true, "{\"l\": [0, 1]}"),
            (
                "{\n  \"h\": {}\n}",
                vec!["h", "e"],
                true,
                "{\n  \"h\": {\n    \"e\": [\n      1\n    ]\n  }\n}",
            ),
            (
                "{\n  \"a\": 0, // x\n  \"b\": 2\n}",
                vec!["a"],
                false,
                "{\n  \"a\": 1, // x\n  \"b\": 2\n}",
            ),
        ] {
            assert_eq!(with(before, &at, json!(1), as_item), after, "{before}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        for (text, words) in [
            ("", "line 1, column 1"),
            ("[]", "an object was expected"),
            ("{\n  \"a\": 1,\n  \"a\": 2\n}", "line 3, column 3: this key stands twice"),
            ("{\"a\": }", "a value was expected"),
            ("{\"a\" 1}", "a colon"),
            ("{\"a\": 1 \"b\": 2}", "a comma"),
            ("{\"a\": 1", "ends in the middle"),
            ("{\"a\": \"", "a text has no end"),
            ("{ /* }", "a comment has no end"),
            ("{a: 1}", "a key in double quotes"),
            ("{} {}", "something follows"),
        ] {
            let refusal = Jsonc::read(text, "f").err().unwrap_or_else(|| panic!("read {text}"));
            assert!(refusal.sentence.contains(words), "{text}: {refusal}");
        }
        assert!(Jsonc::read(&"{\"a\":".repeat(100_000), "f").is_err());
        let refusal = Jsonc::read("{\"hooks\": 1}", "f").expect("read").with(
            &["hooks", "e"],
            &json!(1),
            true,
            "f",
        );
        assert_eq!(refusal.expect_err("a number").code, "attach.in_the_way");
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<i32>().prop_map(|n| json!(n)),
            "[a-z/*,\"}{]{0,6}".prop_map(|s| json!(s))
        ];
        let inner = leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
                proptest::collection::btree_map("[a-c]", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        });
        proptest::collection::btree_map("[a-c]", inner, 0..4)
            .prop_map(|map| Value::Object(map.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn what_was_put_in_can_be_taken_out_and_nothing_else_changes(
            document in documents(), style in 0u8..3, as_item: bool, at in proptest::collection::vec("[a-d]", 1..3),
        ) {
            let text = match style {
                0 => document.to_string(),
                1 => serde_json::to_string_pretty(&document).expect("JSON"),
                _ => serde_json::to_string_pretty(&document).expect("JSON").replace('\n', " // x, }\n") + "\n",
            };
            let at: Vec<&str> = at.iter().map(String::as_str).collect();
            let read = Jsonc::read(&text, "f").expect("a document");
            prop_assert_eq!(read.value(&[]), Some(document.clone()));
            let ours = json!({"ours": ["it is"]});
            if !as_item && read.value(&at).is_some() { return Ok(()); }
            let Ok(with) = read.with(&at, &ours, as_item, "f") else { return Ok(()); };
            let there = Jsonc::read(&with, "f").expect("still a document");
            let found = there.value(&at).expect("put in");
            if as_item { prop_assert_eq!(found.as_array().and_then(|l| l.last()), Some(&ours)); } else { prop_assert_eq!(&found, &ours); }
            let out = there.without(&at, &ours, as_item).expect("it is there");
            let out = Jsonc::read(&out, "f").map_err(|e| TestCaseError::fail(format!("{e}\n{with}\n{out}")))?;
            prop_assert_eq!(emptied(out.value(&[]).expect("all")), emptied(document));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:/* a1\\\\\n]{0,60}") {
            if let Ok(read) = Jsonc::read(&text, "f") {
                let _ = read.with(&["a", "b"], &json!({"x": 1}), true, "f");
                let _ = read.without(&["a"], &json!(1), false);
            }
        }
    }

    /// Without objects and lists that hold nothing: what a removal leaves empty goes with it.
    fn emptied(value: Value) -> Value {
        match value {
            Value::Object(object) => Value::Object(
                object
                    .into_iter()
                    .map(|(key, value)| (key, emptied(value)))
                    .filter(|(_, value)| *value != json!({}) && *value != json!([]))
                    .collect(),
            ),
            other => other,
        }
    }
}
