//! Strict JSON, and fields that say whose they are when they are missing.
//!
//! A payload decides what may happen, so two readers must not be able to take it for two things: a key that
//! stands twice is refused, and so is anything after the end.

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;
use weir_model::Refusal;

/// An object of a payload.
pub(crate) type Object = Map<String, Value>;

/// Reads one JSON object, whole. `whose` names it in refusals. Nesting ends at `serde_json`'s limit of 128.
pub(crate) fn object(bytes: &[u8], whose: &str) -> Result<Object, Refusal> {
    match serde_json::from_slice::<Strict>(bytes) {
        Ok(Strict(Value::Object(object))) => Ok(object),
        Ok(_) => Err(malformed(format!("{whose} is JSON, but not an object"))),
        Err(error) => Err(malformed(format!("{whose} cannot be read as JSON: {error}"))),
    }
}

/// A refusal of something that cannot be read.
pub(crate) fn malformed(sentence: String) -> Refusal {
    Refusal::new("hook.malformed", sentence)
        .hint("see whether `weir doctor` knows this version of the client")
}

/// The fields of one object, with words for what is wrong with them.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    /// The object.
    pub(crate) of: &'a Object,
    /// What to call it, such as "the arguments of `Bash`".
    pub(crate) whose: &'a str,
}

impl<'a> Fields<'a> {
    /// A text; `None` when it is absent or null.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, Refusal> {
        match self.of.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(malformed(format!("`{key}` in {} is not a text", self.whose))),
        }
    }

    /// The first of several spellings that is there.
    pub(crate) fn any(&self, keys: &[&str]) -> Result<Option<&'a str>, Refusal> {
        for key in keys {
            if let Some(text) = self.text(key)? {
                return Ok(Some(text));
            }
        }
        Ok(None)
    }

    /// A text that must be there.
    pub(crate) fn need(&self, key: &str) -> Result<&'a str, Refusal> {
        self.text(key)?.ok_or_else(|| self.missing(key))
    }

    /// A text that must be there under one of several spellings.
    pub(crate) fn need_any(&self, keys: &[&str]) -> Result<&'a str, Refusal> {
        self.any(keys)?.ok_or_else(|| self.missing(keys.first().copied().unwrap_or_default()))
    }

    /// An object; `None` when it is absent or null.
    pub(crate) fn object(&self, key: &str) -> Result<Option<&'a Object>, Refusal> {
        match self.of.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(malformed(format!("`{key}` in {} is not an object", self.whose))),
        }
    }

    /// A list; empty when it is absent or null.
    pub(crate) fn list(&self, key: &str) -> Result<&'a [Value], Refusal> {
        match self.of.get(key) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(malformed(format!("`{key}` in {} is not a list", self.whose))),
        }
    }

    /// A list of texts, or one text that stands for a list of one.
    pub(crate) fn texts(&self, key: &str) -> Result<Vec<String>, Refusal> {
        if let Some(Value::String(one)) = self.of.get(key) {
            return Ok(vec![one.clone()]);
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts: Option<Vec<String>> = self.list(key)?.iter().map(text).collect();
        texts.ok_or_else(|| malformed(format!("`{key}` in {} is not a list of texts", self.whose)))
    }

    /// What to say when `key` is not there.
    pub(crate) fn missing(&self, key: &str) -> Refusal {
        Refusal::new("hook.missing", format!("{} has no `{key}`", self.whose))
            .hint("see whether `weir doctor` knows this version of the client")
    }
}

/// JSON in one line with sorted keys, so that the same arguments are the same bytes.
pub(crate) fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => {
            let mut keys: Vec<&String> = object.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::String(key.clone()).to_string());
                out.push(':');
                object.get(key).into_iter().for_each(|value| write(value, out));
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(value, out);
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
        }
    }
}

/// A JSON value in which no object has a key twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let Strict(value) = entries.next_value()?;
            if object.contains_key(&key) {
                let shown: String = key.escape_debug().take(60).collect();
                return Err(de::Error::custom(format!("the key `{shown}` stands twice")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_whole_unambiguous_object_is_read() {
        assert!(object(br#" {"a": [1, -2, 2.5, null, true, {"b": "c"}]} "#, "it").is_ok());
        let deep = format!("{}{}", "{\"a\":".repeat(200), "1");
        for (text, words) in [
            ("", "EOF"),
            ("[]", "not an object"),
            ("{\"a\":", "EOF"),
            ("{} {}", "trailing"),
            ("{\"a\":1,\"a\":2}", "the key `a` stands twice"),
            ("{\"x\":{\"a\":1,\"b\":2,\"a\":1}}", "the key `a` stands twice"),
            ("{\"a\":1e999}", "out of range"),
            ("{\"a\":\"\\ud800\"}", "hex escape"),
            ("{\"a\":NaN}", "expected value"),
            (deep.as_str(), "recursion limit"),
        ] {
            let refusal = object(text.as_bytes(), "it").expect_err(text);
            assert_eq!(refusal.code, "hook.malformed");
            assert!(refusal.sentence.contains(words), "{text}: {}", refusal.sentence);
        }
        assert!(object(b"{\"a\":\"\xff\"}", "it").is_err());
    }

    #[test]
    fn the_same_arguments_are_the_same_bytes() {
        let (one, two) =
            (r#"{"b":[{"z":1,"y":"\n"}],"a":null}"#, r#"{"a":null,"b":[{"y":"\n","z":1}]}"#);
        let canon =
            |text: &str| canonical(&Value::Object(object(text.as_bytes(), "it").expect(text)));
        assert_eq!(canon(one), canon(two));
        assert_eq!(canon(one), two);
    }
}
