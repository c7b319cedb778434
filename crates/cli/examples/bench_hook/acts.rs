//! What the agents of the bench do, in the words of Claude Code.

use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// What an act comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Look,
    Run,
    Edit,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Read, Self::Look, Self::Run, Self::Edit];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Read => "of these, reads (recorded in batches)",
            Self::Look => "of these, commands that only look (in batches)",
            Self::Run => "of these, commands that run the project (durable first)",
            Self::Edit => "of these, edits (durable first)",
        }
    }
}

/// One act.
pub(crate) struct Act {
    pub(crate) kind: Kind,
    payload: String,
}

impl Act {
    /// As agents do: four reads, two looks, a test run and three edits in ten acts, each on another file, so that
    /// nothing looks like a loop.
    pub(crate) fn any(chance: &mut Chance, worktree: &Path) -> Self {
        let n = chance.below(1_000_000_000);
        let file = worktree.join(format!("src/part{}/file{n}.rs", n % 7)).display().to_string();
        let kind = match chance.below(10) {
            0..4 => Kind::Read,
            4..6 => Kind::Look,
            6 => Kind::Run,
            _ => Kind::Edit,
        };
        let (tool, input) = match kind {
            Kind::Read => ("Read", json!({ "file_path": file })),
            Kind::Look => {
                let command =
                    format!("grep -rn \"needle_{n}\" src | head -20 && git status --short");
                ("Bash", json!({ "command": command }))
            }
            Kind::Run => {
                let command = format!("cd src && cargo test --lib part{n}::tests 2>&1 | tail -40");
                ("Bash", json!({ "command": command }))
            }
            Kind::Edit => {
                let (old, new) = ("let level = 1;\n".repeat(6), "let level = 2;\n".repeat(8));
                ("Edit", json!({ "file_path": file, "old_string": old, "new_string": new }))
            }
        };
        let payload = json!({
            "session_id": "c1", "cwd": worktree, "hook_event_name": "PreToolUse",
            "tool_name": tool, "tool_input": input, "tool_use_id": format!("t{n}")
        });
        Self { kind, payload: payload.to_string() }
    }

    /// What the client writes to its hook.
    pub(crate) fn payload(&self) -> &str {
        &self.payload
    }
}

/// The same acts in every run: a multiplicative generator (Lehmer, modulus 2^31 - 1).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed * 7919 % 0x7fff_ffff)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0 * 48271 % 0x7fff_ffff;
        self.0 % n
    }

    /// Somewhere in a span.
    pub(crate) fn within(&mut self, span: Duration) -> Duration {
        Duration::from_micros(self.below(span.as_micros() as u64))
    }
}
