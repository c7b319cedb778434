//! The blocks of the payload files.

use weir_model::act::Client;

/// An event, the payload that a client gave its hook for it, and the act it stands for.
pub(crate) struct Block {
    pub(crate) client: Client,
    pub(crate) event: &'static str,
    pub(crate) payload: &'static str,
    #[allow(dead_code, reason = "one of its two readers only mangles payloads")]
    pub(crate) act: &'static str,
}

/// All of them.
pub(crate) fn all() -> Vec<Block> {
    let files = [
        (Client::Claude, include_str!("claude.txt")),
        (Client::Codex, include_str!("codex.txt")),
        (Client::Gemini, include_str!("gemini.txt")),
        (Client::Antigravity, include_str!("antigravity.txt")),
        (Client::Cursor, include_str!("cursor.txt")),
        (Client::Copilot, include_str!("copilot.txt")),
        (Client::OpenCode, include_str!("opencode.txt")),
    ];
    let blocks = files.into_iter().flat_map(|(client, text)| {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lines: Vec<&str> = lines.collect();
        assert!(
            lines.len() >= 9 && lines.len().is_multiple_of(3),
            "blocks of three lines for {client}"
        );
        let block = |line: &[&'static str]| Block {
            client,
            event: line[0],
            payload: line[1],
            act: line[2],
        };
        lines.chunks(3).map(block).collect::<Vec<_>>()
    });
    blocks.collect()
}
