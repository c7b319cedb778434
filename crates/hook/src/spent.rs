//! What a conversation has cost so far, as the client's own transcript tells it: tokens that were not read from a
//! cache. The client writes the transcript, so that this is what it says, not what its maker bills.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::BufRead;
use weir_model::act::Client;

/// A longer line is a picture or a file, and tells of no tokens.
const LINE_BYTES_MAX: usize = 4 << 20;
/// A conversation with more messages is told of as far as these.
const MESSAGES_MAX: usize = 100_000;

/// Where the client says that its transcript is.
pub fn transcript(payload: &[u8]) -> Option<String> {
    let payload: Value = serde_json::from_slice(payload).ok()?;
    let path = payload.get("transcript_path").or(payload.get("transcriptPath"))?.as_str()?;
    path.starts_with('/').then(|| path.to_owned())
}

/// The tokens that a transcript tells of; `None` where it tells of none, or in a way that is not known. What cannot be
/// read in it is passed over: an account is not worth a refusal.
pub fn spent(client: Client, mut transcript: impl BufRead) -> Option<u64> {
    let count = match client {
        Client::Claude => claude,
        Client::Codex => codex,
        Client::Gemini => gemini,
        Client::Antigravity | Client::Cursor | Client::Copilot | Client::OpenCode => return None,
    };
    // By message: a client writes one again as it grows.
    let mut messages: BTreeMap<String, u64> = BTreeMap::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        match transcript.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) if line.len() > LINE_BYTES_MAX => {}
            Ok(_) => {
                if let Some((message, tokens)) = count(&line)
                    && (messages.len() < MESSAGES_MAX || messages.contains_key(&message))
                {
                    messages.insert(message, tokens);
                }
            }
        }
    }
    let total = messages.values().fold(0_u64, |sum, tokens| sum.saturating_add(*tokens));
    (!messages.is_empty()).then_some(total)
}

/// A message of the model with its own usage.
fn claude(line: &[u8]) -> Option<(String, u64)> {
    #[derive(Deserialize)]
    struct Line {
        message: Message,
    }
    #[derive(Deserialize)]
    struct Message {
        id: String,
        usage: Usage,
    }
    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Usage {
        input_tokens: u64,
        cache_creation_input_tokens: u64,
        output_tokens: u64,
    }
    let Message { id, usage } = serde_json::from_slice::<Line>(line).ok()?.message;
    let tokens = usage.input_tokens.saturating_add(usage.cache_creation_input_tokens);
    Some((id, tokens.saturating_add(usage.output_tokens)))
}

/// What the whole conversation has used; the last one counts.
fn codex(line: &[u8]) -> Option<(String, u64)> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let used = line.pointer("/payload/info/total_token_usage")?;
    let of = |key: &str| used.get(key).and_then(Value::as_u64).unwrap_or(0);
    let fresh = of("input_tokens").saturating_sub(of("cached_input_tokens"));
    Some((String::new(), fresh.saturating_add(of("output_tokens"))))
}

/// A message of the model with its own usage.
fn gemini(line: &[u8]) -> Option<(String, u64)> {
    let line: Value = serde_json::from_slice(line).ok()?;
    let used = line.get("tokens")?;
    let of = |key: &str| used.get(key).and_then(Value::as_u64).unwrap_or(0);
    let fresh = of("input").saturating_sub(of("cached"));
    let tokens = fresh.saturating_add(of("output")).saturating_add(of("thoughts"));
    Some((line.get("id")?.as_str()?.to_owned(), tokens))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_message_counts_once_and_what_a_cache_gave_does_not() {
        let claude = concat!(
            r#"{"type":"user","message":{"role":"user","content":"go"}}"#,
            "\n",
            r#"{"type":"assistant","message":{"id":"m1","usage":{"input_tokens":100,"cache_read_input_tokens":9000,"cache_creation_input_tokens":10,"output_tokens":1}}}"#,
            "\n",
            r#"{"type":"assistant","message":{"id":"m1","usage":{"input_tokens":100,"cache_read_input_tokens":9000,"cache_creation_input_tokens":10,"output_tokens":20}}}"#,
            "\n",
            "no line of JSON\n",
            r#"{"type":"assistant","message":{"id":"m2","usage":{"input_tokens":5,"output_tokens":6}}}"#,
        );
        let codex = concat!(
            r#"{"type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":130,"cached_input_tokens":30,"output_tokens":20}}}}"#,
            "\n",
            r#"{"type":"event_msg","payload":{"type":"token_count","info":null}}"#,
            "\n",
            r#"{"type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":270,"cached_input_tokens":130,"output_tokens":40}}}}"#,
            "\n",
        );
        let gemini = concat!(
            r#"{"id":"a","type":"gemini","tokens":{"input":160,"output":20,"cached":60,"thoughts":3}}"#,
            "\n",
            r#"{"id":"a","type":"gemini","tokens":{"input":160,"output":20,"cached":60,"thoughts":3},"toolCalls":[]}"#,
            "\n",
            r#"{"id":"b","type":"gemini","tokens":{"input":10,"output":1}}"#,
            "\n",
        );
        for (client, text, tokens) in [
            (Client::Claude, claude, Some(141)),
            (Client::Codex, codex, Some(180)),
            (Client::Gemini, gemini, Some(134)),
            (Client::Claude, "", None),
            (Client::Cursor, claude, None),
        ] {
            assert_eq!(spent(client, text.as_bytes()), tokens, "{client}");
        }
    }

    #[test]
    fn a_transcript_is_named_by_a_whole_path() {
        for (payload, path) in [
            (r#"{"transcript_path":"/home/a/t.jsonl"}"#, Some("/home/a/t.jsonl")),
            (r#"{"transcriptPath":"/t"}"#, Some("/t")),
            (r#"{"transcript_path":"t.jsonl"}"#, None),
            (r#"{"transcript_path":null}"#, None),
            ("", None),
        ] {
            assert_eq!(transcript(payload.as_bytes()).as_deref(), path, "{payload}");
        }
    }

    proptest! {
        #[test]
        fn no_transcript_does_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            for client in Client::ALL {
                let _ = spent(client, bytes.as_slice());
            }
            let _ = transcript(&bytes);
        }
    }
}
