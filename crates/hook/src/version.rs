//! Versions of clients: which can be made to fail closed, and which were tried.

use std::fmt;
use weir_model::Refusal;
use weir_model::act::Client;

/// A version of a client, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Major, minor, patch.
    pub numbers: [u64; 3],
    /// What a person should know; nothing for the version that was tried.
    pub note: Option<String>,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&dotted(self.numbers))
    }
}

/// A version below which a client lets tools run in a way that a later one can be kept from.
struct Floor {
    numbers: [u64; 3],
    why: &'static str,
}

/// The version whose ways were observed, and are kept as payloads in the tests; `None` where nothing was.
pub fn tried(client: Client) -> Option<[u64; 3]> {
    match client {
        Client::Claude => Some([2, 1, 330]),
        Client::Codex => Some([0, 169, 0]),
        Client::Gemini => Some([0, 61, 0]),
        Client::Copilot => Some([1, 0, 102]),
        Client::OpenCode => Some([1, 18, 33]),
        Client::Antigravity | Client::Cursor => None,
    }
}

fn floor(client: Client) -> Option<Floor> {
    match client {
        Client::Claude => Some(Floor {
            numbers: [2, 1, 295],
            why: "it lets a tool run when its hook fails, and has no `onFailure` to stop that",
        }),
        Client::Codex => {
            Some(Floor { numbers: [0, 144, 3], why: "it is not known to honour a hook's denial" })
        }
        Client::Antigravity => {
            Some(Floor { numbers: [1, 1, 2], why: "it is not known to honour a hook's denial" })
        }
        Client::Gemini | Client::Cursor | Client::Copilot | Client::OpenCode => None,
    }
}

/// The version in what a client prints about itself, such as `2.1.330 (Claude Code)`.
///
/// Refuses a text without a version, and versions that let tools run in ways that later ones can be kept from. A
/// version other than the one that was tried passes with a note.
pub fn check_version(client: Client, text: &str) -> Result<Version, Refusal> {
    let title = client.title();
    let Some(numbers) = numbers(text) else {
        let shown: String = text.trim().escape_debug().take(60).collect();
        return Err(Refusal::new(
            "client.version_unreadable",
            format!("`{shown}` tells no version of {title}"),
        )
        .hint("see whether it starts at all: run it with `--version`"));
    };
    if let Some(floor) = floor(client).filter(|floor| numbers < floor.numbers) {
        let (have, need) = (dotted(numbers), dotted(floor.numbers));
        return Err(Refusal::new(
            "client.too_old",
            format!("{title} {have} cannot be attached: {}", floor.why),
        )
        .hint(format!("bring it to {need} or later")));
    }
    let note = match tried(client) {
        Some(tried) if tried == numbers => None,
        Some(tried) => {
            let age = if numbers > tried { "newer" } else { "older" };
            Some(format!(
                "{title} {} is {age} than {}, which was tried: prove the hook with `weir doctor`",
                dotted(numbers),
                dotted(tried)
            ))
        }
        None => Some(format!("no version of {title} was tried: prove the hook with `weir doctor`")),
    };
    Ok(Version { numbers, note })
}

/// The first three numbers with points between them; a missing third is 0.
fn numbers(text: &str) -> Option<[u64; 3]> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    text.split(|c: char| !is_part(c)).find_map(|word| {
        let mut parts = word.trim_matches('.').split('.').map(|part| part.parse::<u64>().ok());
        let (major, minor) = (parts.next()??, parts.next()??);
        Some([major, minor, parts.next().flatten().unwrap_or(0)])
    })
}

fn dotted([major, minor, patch]: [u64; 3]) -> String {
    format!("{major}.{minor}.{patch}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_version_is_known_noted_or_refused() {
        for (client, text, expected) in [
            (Client::Claude, "2.1.330 (Claude Code)", "2.1.330"),
            (Client::Claude, "2.1.294 (Claude Code)", "client.too_old"),
            (Client::Claude, "1.0.400", "client.too_old"),
            (Client::Claude, "2.1.295", "2.1.295 older than 2.1.330"),
            (Client::Claude, "3.0.0-beta.1", "3.0.0 newer than 2.1.330"),
            (Client::Codex, "codex-cli 0.169.0", "0.169.0"),
            (Client::Codex, "codex-cli 0.100.0", "client.too_old"),
            (Client::Copilot, "GitHub Copilot CLI 1.0.102.\nCommit: abc", "1.0.102"),
            (Client::Cursor, "2.9", "2.9.0 no version of Cursor was tried"),
            (Client::Gemini, "", "client.version_unreadable"),
            (Client::OpenCode, "command not found", "client.version_unreadable"),
            (Client::Claude, "99999999999999999999.1.1", "client.version_unreadable"),
        ] {
            let told = match check_version(client, text) {
                Ok(version) => format!("{version} {}", version.note.clone().unwrap_or_default()),
                Err(refusal) => {
                    assert!(refusal.hint.is_some());
                    refusal.code.to_string()
                }
            };
            let mut at = 0;
            for word in expected.split(' ') {
                let found = told[at..].find(word).unwrap_or_else(|| panic!("{text}: {told}"));
                at += found + word.len();
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            for client in Client::ALL {
                let _ = check_version(client, &text);
            }
        }
    }
}
