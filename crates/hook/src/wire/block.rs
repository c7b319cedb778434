//! Lines of TOML at the end of a file that is otherwise the user's.

use super::plan::MARK;
use weir_model::Refusal;

/// The lines, marked at both ends.
pub(super) fn marked(lines: &str) -> String {
    format!("# >>> {MARK}; `weir detach` takes it back\n{}\n# <<< {MARK}\n", lines.trim_end())
}

/// `text` with `block` at its end. Refuses what is not TOML, and what would not be afterwards: a table cannot
/// stand in a file twice.
pub(super) fn with(text: &str, block: &str, path: &str) -> Result<String, Refusal> {
    let toml = |text: &str| text.parse::<toml::Table>().map(|_| ());
    toml(text).map_err(|error| {
        let sentence = format!("`{path}` cannot be read as TOML: {}", one_line(&error));
        Refusal::new("attach.unreadable", sentence)
            .hint("put it right, or set it aside, and try again")
    })?;
    let gap = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let with = format!("{text}{gap}{block}");
    toml(&with).map_err(|error| {
        let sentence = format!(
            "`{path}` says something of its own where Weir's lines belong: {}",
            one_line(&error)
        );
        Refusal::new("attach.in_the_way", sentence).hint(format!("add these by hand:\n{block}"))
    })?;
    Ok(with)
}

/// `text` without `block`, and without the empty line before it; `None` when it is not there.
pub(super) fn without(text: &str, block: &str) -> Option<String> {
    let start = text.find(block)?;
    let (before, after) = (&text[..start], &text[start + block.len()..]);
    let before = before.strip_suffix("\n\n").map_or(before, |_| &before[..before.len() - 1]);
    Some(format!("{before}{after}"))
}

fn one_line(error: &toml::de::Error) -> String {
    error
        .to_string()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
