//! What tools are called with, put into the words of [`Tool`].

use crate::fields::{Fields, Object, canonical, malformed, object};
use serde_json::Value;
use weir_model::act::{FileChange, Tool, WriteHow};
use weir_model::{Digest, Refusal};

/// What a person is shown of one change, in bytes: a screenful of screens. What is cut is named by its digest, so
/// that two changes that begin alike are still two.
const PREVIEW_MAX: usize = 32 * 1024;

/// A call as a client tells it: the tool's name and its arguments.
pub(crate) struct Call<'a> {
    /// The client's name for the tool.
    pub(crate) name: &'a str,
    /// Its arguments.
    pub(crate) args: Fields<'a>,
}

impl Call<'_> {
    /// A command line, under the first of `keys` that is there.
    pub(crate) fn shell(&self, keys: &[&str]) -> Result<Tool, Refusal> {
        Ok(Tool::Shell { command: self.args.need_any(keys)?.to_owned() })
    }

    /// Looks at the files under `key`.
    pub(crate) fn read(&self, keys: &[&str]) -> Result<Tool, Refusal> {
        Ok(Tool::Read { paths: vec![self.args.need_any(keys)?.to_owned()] })
    }

    /// Looks at the folder under one of `keys`, or at the current one.
    pub(crate) fn list(&self, keys: &[&str]) -> Result<Tool, Refusal> {
        Ok(Tool::Read { paths: vec![self.args.any(keys)?.unwrap_or(".").to_owned()] })
    }

    /// Looks for files whose names fit the pattern, below the folder under one of `folders`.
    pub(crate) fn glob(&self, pattern: &str, folders: &[&str]) -> Result<Tool, Refusal> {
        let folder = self.args.any(folders)?.unwrap_or(".");
        match literal_start(self.args.need(pattern)?) {
            Some(start) => Ok(Tool::Read { paths: vec![below(folder, start)] }),
            None => Ok(self.unknown()),
        }
    }

    /// Looks for text in files below the folders under one of `folders`, where `filters` name the files.
    pub(crate) fn grep(&self, folders: &[&str], filters: &[&str]) -> Result<Tool, Refusal> {
        let mut paths = Vec::new();
        for key in folders {
            paths.extend(self.args.texts(key)?);
        }
        if paths.is_empty() {
            paths.push(".".to_owned());
        }
        let Some(filter) = self.args.any(filters)? else { return Ok(Tool::Read { paths }) };
        if literal_start(filter).is_none() {
            return Ok(self.unknown());
        }
        // A search of everything with a filter for one file is a reading of that file.
        let named: Vec<String> = paths.iter().map(|path| below(path, filter)).collect();
        paths.extend(named);
        Ok(Tool::Read { paths })
    }

    /// Replaces a file, or makes it.
    pub(crate) fn write(&self, path: &[&str], content: &[&str]) -> Result<Tool, Refusal> {
        let path = self.args.need_any(path)?;
        Ok(changed(path, self.args.any(content)?.unwrap_or_default()))
    }

    /// Replaces text in a file.
    pub(crate) fn edit(&self, path: &[&str], old: &[&str], new: &[&str]) -> Result<Tool, Refusal> {
        let path = self.args.need_any(path)?;
        let (old, new) = (self.args.any(old)?, self.args.any(new)?);
        Ok(changed(path, &replaced(old.unwrap_or_default(), new.unwrap_or_default())))
    }

    /// Replaces several texts in a file.
    pub(crate) fn edits(
        &self,
        path: &[&str],
        list: &str,
        old: &[&str],
        new: &[&str],
    ) -> Result<Tool, Refusal> {
        let path = self.args.need_any(path)?;
        let mut preview = String::new();
        for edit in self.args.list(list)? {
            let Value::Object(of) = edit else {
                let whose = self.args.whose;
                return Err(malformed(format!("an entry of `{list}` in {whose} is not an object")));
            };
            let edit = Fields { of, whose: self.args.whose };
            let (old, new) = (edit.any(old)?, edit.any(new)?);
            preview.push_str(&replaced(old.unwrap_or_default(), new.unwrap_or_default()));
        }
        Ok(changed(path, &preview))
    }

    /// A page of the web.
    pub(crate) fn page(&self, keys: &[&str]) -> Result<Tool, Refusal> {
        Ok(Tool::Web { url: Some(self.args.need_any(keys)?.to_owned()), query: None })
    }

    /// A search of the web.
    pub(crate) fn search(&self, keys: &[&str]) -> Result<Tool, Refusal> {
        Ok(Tool::Web { url: None, query: Some(self.args.need_any(keys)?.to_owned()) })
    }

    /// A sub-agent.
    pub(crate) fn subagent(&self, kind: &[&str], prompt: &[&str]) -> Result<Tool, Refusal> {
        let kind = self.args.any(kind)?.map(str::to_owned);
        Ok(Tool::Subagent { kind, prompt: self.args.any(prompt)?.unwrap_or_default().to_owned() })
    }

    /// A tool of a tool server.
    pub(crate) fn mcp(&self, server: &str, name: &str) -> Tool {
        Tool::Mcp { server: server.to_owned(), name: name.to_owned(), arguments: self.arguments() }
    }

    /// A look at a resource of a tool server: what the protocol calls `resources/read` or `resources/list`.
    pub(crate) fn resource(&self, name: &str) -> Result<Tool, Refusal> {
        Ok(self.mcp(self.args.text("server")?.unwrap_or_default(), name))
    }

    /// A tool that touches nothing outside the conversation.
    pub(crate) fn inward(&self) -> Tool {
        Tool::Inward { name: self.name.to_owned() }
    }

    /// A tool that nobody here knows.
    pub(crate) fn unknown(&self) -> Tool {
        Tool::Unknown { name: self.name.to_owned(), arguments: self.arguments() }
    }

    /// `mcp__server__tool`, where `server` is the name that the client told apart, if it did.
    pub(crate) fn double_underscored(&self, server: Option<&str>) -> Option<Tool> {
        let rest = self.name.strip_prefix("mcp__")?;
        // The client writes every other character of a server's name as an underscore.
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let told = server.and_then(|server| {
            let spelled: String = server.chars().map(plain).collect();
            Some((server, rest.strip_prefix(&spelled)?.strip_prefix("__")?))
        });
        let (server, name) = told.or_else(|| rest.split_once("__"))?;
        Some(self.mcp(server, name))
    }

    fn arguments(&self) -> String {
        canonical(&Value::Object(self.args.of.clone()))
    }
}

/// One file, gone.
pub(crate) fn deleted(path: String) -> Tool {
    Tool::Write { files: vec![FileChange { path, how: WriteHow::Delete, preview: String::new() }] }
}

/// One file, changed.
pub(crate) fn changed(path: &str, preview: &str) -> Tool {
    let (path, preview) = (path.to_owned(), cut(preview));
    Tool::Write { files: vec![FileChange { path, how: WriteHow::Change, preview }] }
}

/// An edit as people read it: what goes, what comes.
fn replaced(old: &str, new: &str) -> String {
    let marked = |mark: char, text: &str| -> String {
        text.lines().map(|line| format!("{mark}{line}\n")).collect()
    };
    marked('-', old) + &marked('+', new)
}

/// A preview no longer than [`PREVIEW_MAX`].
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= PREVIEW_MAX {
        return text.to_owned();
    }
    let kept = &text[..text.floor_char_boundary(PREVIEW_MAX)];
    let (more, digest) = (text.len() - kept.len(), Digest::of(text.as_bytes()));
    format!("{kept}\n… {more} more bytes, {digest} in all\n")
}

/// `path` as seen from `folder`.
pub(crate) fn below(folder: &str, path: &str) -> String {
    match (folder, path) {
        (folder, "" | ".") => folder.to_owned(),
        (_, path) if path.starts_with(['/', '~']) => path.to_owned(),
        ("" | ".", path) => path.to_owned(),
        (folder, path) => format!("{}/{path}", folder.trim_end_matches('/')),
    }
}

/// The folders of a pattern before its first wildcard; `None` when what follows may lead out of them.
fn literal_start(pattern: &str) -> Option<&str> {
    let Some(wild) = pattern.find(['*', '?', '[', '{', '!', '(', '\\']) else {
        return Some(pattern);
    };
    let (start, rest) = match pattern[..wild].rfind('/') {
        Some(0) => ("/", pattern),
        Some(slash) => (&pattern[..slash], &pattern[slash + 1..]),
        None => ("", pattern),
    };
    let leads_out = rest.contains("..")
        || rest.contains("{/")
        || rest.contains(",/")
        || rest.contains(['~', '\\']);
    (!leads_out).then_some(start)
}

/// Arguments that stand as JSON in a text.
pub(crate) fn quoted(text: &str, whose: &str) -> Result<Object, Refusal> {
    if text.trim().is_empty() { Ok(Object::new()) } else { object(text.as_bytes(), whose) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_reads_below_its_literal_start_or_is_not_understood() {
        for (pattern, start) in [
            ("*.rs", Some("")),
            ("src/**/*.rs", Some("src")),
            ("/etc/pass*", Some("/etc")),
            ("/*", Some("/")),
            ("src/{a,b}/*.rs", Some("src")),
            ("../x/*.rs", Some("../x")),
            ("plain/file.txt", Some("plain/file.txt")),
            ("*/../../etc/*", None),
            ("{/etc,src}/*", None),
            ("{src,/etc}/*", None),
            ("[.][.]/\\*", None),
        ] {
            assert_eq!(literal_start(pattern), start, "{pattern}");
        }
    }

    #[test]
    fn long_previews_that_begin_alike_stay_two() {
        let long = "é".repeat(PREVIEW_MAX);
        let (one, two) = (cut(&format!("{long}1")), cut(&format!("{long}2")));
        assert!(one.len() < PREVIEW_MAX + 200);
        assert_ne!(one, two);
        assert_eq!(cut("short"), "short");
    }
}
