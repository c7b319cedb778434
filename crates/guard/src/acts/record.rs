//! What is kept of an act: its exact digest, a masked and shortened copy, a line for people.

use crate::secrets::mask;
use weir_model::Digest;
use weir_model::act::{Act, Effect, FileChange, GitOperation, RunKind, Tool};

/// The longest text of an act that a record keeps; its digest tells of the rest.
const TEXT_MAX: usize = 4_096;
/// The longest line that people are shown of an act.
const LINE_MAX: usize = 160;
/// The most files that a record lists of one act.
const FILES_MAX: usize = 100;

/// The exact arguments of an act, as a digest: two acts with the same are the same act, in the same folder. The
/// name of the call, the conversation and who acts are not in it.
pub fn exactly(act: &Act) -> Digest {
    let said = serde_json::to_vec(&(act.client, &act.cwd, &act.tool));
    Digest::of(&said.expect("an act is plain data"))
}

/// What a record keeps of an act: secrets masked, long texts cut.
pub fn for_record(act: &Act) -> Act {
    let text = |text: &str| short(&mask(text), TEXT_MAX);
    let tool = match &act.tool {
        Tool::Shell { command } => Tool::Shell { command: text(command) },
        Tool::Read { paths } => {
            Tool::Read { paths: paths.iter().take(FILES_MAX).map(|path| text(path)).collect() }
        }
        Tool::Write { files } => Tool::Write {
            files: files
                .iter()
                .take(FILES_MAX)
                .map(|file| FileChange {
                    path: text(&file.path),
                    how: file.how,
                    preview: short(&mask(&file.preview), TEXT_MAX / files.len().clamp(1, 16)),
                })
                .collect(),
        },
        Tool::Web { url, query } => {
            Tool::Web { url: url.as_deref().map(text), query: query.as_deref().map(text) }
        }
        Tool::Mcp { server, name, arguments } => {
            Tool::Mcp { server: text(server), name: text(name), arguments: text(arguments) }
        }
        Tool::Subagent { kind, prompt } => {
            Tool::Subagent { kind: kind.as_deref().map(text), prompt: text(prompt) }
        }
        Tool::Prompt { text: said } => Tool::Prompt { text: text(said) },
        Tool::Inward { name } => Tool::Inward { name: text(name) },
        Tool::Unknown { name, arguments } => {
            Tool::Unknown { name: text(name), arguments: text(arguments) }
        }
        Tool::None => Tool::None,
    };
    let conversation = short(&act.conversation, 200);
    Act { tool, conversation, cwd: text(&act.cwd), ..act.clone() }
}

/// An act in one line: what is done, to what. Control characters are shown escaped, so that nothing hides.
pub fn in_short(tool: &Tool) -> String {
    let line = match tool {
        Tool::Shell { command } => command.clone(),
        Tool::Read { paths } => format!("read {}", paths.join(" ")),
        Tool::Write { files } => {
            let names: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
            format!("write {}", names.join(" "))
        }
        Tool::Web { url: Some(url), .. } => format!("fetch {url}"),
        Tool::Web { query, .. } => format!("search the web: {}", query.as_deref().unwrap_or("")),
        Tool::Mcp { server, name, arguments } => format!("{server}: {name} {arguments}"),
        Tool::Subagent { kind, prompt } => {
            format!("sub-agent {}: {prompt}", kind.as_deref().unwrap_or(""))
        }
        Tool::Prompt { text } => format!("prompt: {text}"),
        Tool::Inward { name } => name.clone(),
        Tool::Unknown { name, arguments } => format!("{name} {arguments}"),
        Tool::None => String::new(),
    };
    short(&visible(&line), LINE_MAX)
}

/// Whether an act only looks: it may be recorded in a batch, after it was allowed.
pub fn is_look(tool: &Tool, effects: &[Effect]) -> bool {
    let asks_a_look = match tool {
        Tool::Shell { .. } | Tool::Read { .. } | Tool::Inward { .. } | Tool::None => true,
        Tool::Write { .. }
        | Tool::Web { .. }
        | Tool::Mcp { .. }
        | Tool::Subagent { .. }
        | Tool::Prompt { .. }
        | Tool::Unknown { .. } => false,
    };
    asks_a_look
        && effects.iter().all(|effect| match effect {
            Effect::Reads { .. }
            | Effect::Git { operation: GitOperation::Look }
            | Effect::Runs { kind: RunKind::Known, .. } => true,
            Effect::Writes { .. }
            | Effect::Runs { kind: RunKind::Project | RunKind::Foreign, .. }
            | Effect::Sends { .. }
            | Effect::Git { .. }
            | Effect::Installs { .. }
            | Effect::Calls { .. }
            | Effect::Spawns { .. }
            | Effect::Prompts
            | Effect::Controls { .. }
            | Effect::Opaque { .. } => false,
        })
}

/// The text with everything that does not show, or turns the direction of reading, written out.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('\u{23ce}'),
            '\t' => out.push(' '),
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Format characters of Unicode that hide or reorder text: soft hyphen, joiners, directions, tags, variations.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// At most `max` bytes, with a mark where it was cut.
fn short(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}
