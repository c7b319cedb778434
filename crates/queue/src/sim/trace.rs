//! Traces: what came to a queue, one change a line, and what became of each. Made of a ledger by [`Recorded`], or by
//! whoever has a history of their own.
//!
//! [`Recorded`]: super::Recorded

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use weir_model::Refusal;

/// A change, as it came to a queue and left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Came {
    /// What it is called; once in a trace.
    pub change: String,
    /// When it came, in milliseconds since a moment that all of a trace share.
    pub came_ms: u64,
    /// How long its checks take, in milliseconds.
    pub checks_ms: u64,
    /// What became of it.
    pub verdict: Fate,
    /// When it left, by the same clock, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
    /// How many builds were begun for it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builds: Option<u32>,
    /// How many of these failed for no reason: the same tree passed later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flakes: Option<u32>,
    /// What it touches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It passed, and landed.
    Landed,
    /// Its checks fail: it went back.
    Failed,
    /// It cannot be merged: it went back.
    Conflict,
    /// Its author took it away, or a newer revision took its place.
    Withdrawn,
    /// It waits still.
    Waiting,
}

/// What came, in the order in which it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    changes: Vec<Came>,
}

/// More would not be simulated before somebody gives up.
const CHANGES_MAX: usize = 20_000;
/// Some thirty thousand years: whatever counts from when it likes fits.
const MOMENT_MAX_MS: u64 = 1_000_000_000_000_000;
/// A week; a check that takes longer gates nothing.
const CHECKS_MAX_MS: u64 = 7 * 24 * 3_600_000;
/// What a line looks like.
const LINE: &str =
    r#"{"change":"C1.1","came_ms":0,"checks_ms":240000,"verdict":"landed","left_ms":300000}"#;

impl Trace {
    /// Of changes, each with a name of its own; in whatever order.
    pub(super) fn of(mut changes: Vec<Came>) -> Self {
        changes.sort_by_key(|came| came.came_ms);
        Self { changes }
    }

    /// Reads JSON lines; empty ones count as none.
    ///
    /// # Errors
    /// `trace.line` says which line is none of a trace, and why; `trace.empty`, `trace.long`.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let (mut changes, mut names) = (Vec::new(), BTreeSet::new());
        let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
        for (number, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
            if changes.len() == CHANGES_MAX {
                let sentence = format!("the trace has more than {CHANGES_MAX} changes");
                return Err(Refusal::new("trace.long", sentence).hint("cut it: `tail -n 20000`"));
            }
            let wrong = |why: String| {
                Refusal::new("trace.line", format!("line {number} of the trace: {why}"))
                    .hint(format!("each line is a change, such as {LINE}"))
            };
            let came: Came =
                serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
            if let Some(why) = wrong_of(&came) {
                return Err(wrong(why));
            }
            if !names.insert(came.change.clone()) {
                let name = came.change.escape_debug();
                return Err(wrong(format!("`{name}` was there before: each change has one line")));
            }
            changes.push(came);
        }
        match changes.is_empty() {
            true => Err(Refusal::new("trace.empty", "the trace has no change in it")
                .hint(format!("each line is a change, such as {LINE}"))),
            false => Ok(Self::of(changes)),
        }
    }

    /// The same as JSON lines.
    pub fn lines(&self) -> String {
        let mut lines = String::new();
        for came in &self.changes {
            let line = serde_json::to_string(came).unwrap_or_default();
            let _ = writeln!(lines, "{line}");
        }
        lines
    }

    /// The changes, as they came.
    pub fn changes(&self) -> &[Came] {
        &self.changes
    }
}

/// What cannot be so of a change.
fn wrong_of(came: &Came) -> Option<String> {
    let Came { change, came_ms, checks_ms, left_ms, .. } = came;
    if change.is_empty() {
        return Some("`change` is empty".to_owned());
    }
    if *came_ms > MOMENT_MAX_MS {
        return Some(format!("`came_ms` is {came_ms}, later than any clock"));
    }
    if *checks_ms > CHECKS_MAX_MS {
        return Some(format!("`checks_ms` is {checks_ms}, more than a week"));
    }
    let early = left_ms.filter(|left_ms| left_ms < came_ms);
    early.map(|left_ms| format!("`left_ms` is {left_ms}, before it came at {came_ms}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, String) {
        let refusal = Trace::read(text.as_bytes()).expect_err("no trace");
        (refusal.sentence, refusal.hint.unwrap_or_default())
    }

    #[test]
    fn what_is_no_trace_is_told_by_its_line_with_what_to_do() {
        let good = LINE;
        for (text, says) in [
            (String::new(), "the trace has no change in it"),
            (format!("{good}\n\nnonsense"), "line 3 of the trace: expected ident"),
            (good.replace("came_ms", "at_ms"), "line 1 of the trace: unknown field `at_ms`"),
            (good.replace("landed", "gone"), "line 1 of the trace: unknown variant `gone`"),
            (good.replace(":0,", ":-1,"), "line 1 of the trace: invalid value: integer `-1`"),
            (good.replace("240000", "604800001"), "`checks_ms` is 604800001, more than a week"),
            (good.replace(":0,", ":1000000000000001,"), "later than any clock"),
            (good.replace(":0,", ":300001,"), "`left_ms` is 300000, before it came at 300001"),
            (good.replace("C1.1", ""), "line 1 of the trace: `change` is empty"),
            (format!("{good}\n{good}"), "line 2 of the trace: `C1.1` was there before"),
        ] {
            let (sentence, hint) = refused(&text);
            assert!(sentence.contains(says), "{sentence}");
            assert!(hint.contains(r#"{"change":"C1.1","came_ms":0"#), "{hint}");
        }
        let many: String = (0..=CHANGES_MAX)
            .map(|number| good.replace("C1.1", &number.to_string()) + "\n")
            .collect();
        assert_eq!(refused(&many).0, "the trace has more than 20000 changes");
    }

    #[test]
    fn a_trace_is_in_the_order_in_which_things_came_and_can_be_written_again() {
        let later = LINE.replace("C1.1", "C2.1").replace(":0,", ":7,");
        let trace = Trace::read(format!("{later}\n{LINE}").as_bytes()).expect("a trace");
        let names: Vec<&str> = trace.changes().iter().map(|came| came.change.as_str()).collect();
        assert_eq!(names, ["C1.1", "C2.1"]);
        assert_eq!(trace.lines(), format!("{LINE}\n{later}\n"));
        assert_eq!(Trace::read(trace.lines().as_bytes()).expect("a trace"), trace);
    }
}
