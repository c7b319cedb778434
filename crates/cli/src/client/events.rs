//! Server-sent events, as much of the format as the API and MCP use: `id`, `event`, `data`.

use crate::error::CommandError;
use std::io::{BufRead, BufReader, Read};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Event {
    /// Where to go on after a broken line.
    pub(crate) id: Option<String>,
    /// Its kind; empty for a plain message.
    pub(crate) name: String,
    /// Its data, lines joined.
    pub(crate) data: String,
}

/// The events of one response, as they arrive.
pub(crate) struct Events {
    lines: BufReader<Box<dyn Read + Send>>,
}

/// No event of ours is larger; a line without an end must not fill the memory.
const LINE_BYTES_MAX: u64 = 16 << 20;

impl Events {
    /// The events in `body`.
    pub(crate) fn new(body: Box<dyn Read + Send>) -> Self {
        Self { lines: BufReader::new(body) }
    }

    fn event(&mut self) -> std::io::Result<Option<Event>> {
        let mut event = Event::default();
        let mut has_data = false;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut self.lines).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            // What stands before the end of the stream without an empty line is not whole.
            if read == 0 || line.last() != Some(&b'\n') {
                return Ok(None);
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']);
            if text.is_empty() {
                if has_data {
                    return Ok(Some(event));
                }
                event = Event::default();
                continue;
            }
            let (field, value) = text.split_once(':').unwrap_or((text, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => event.id = Some(value.to_owned()),
                "event" => event.name = value.to_owned(),
                "data" => {
                    if has_data {
                        event.data.push('\n');
                    }
                    event.data.push_str(value);
                    has_data = true;
                }
                // A comment, which keeps the line alive, or a field we do not use.
                _ => {}
            }
        }
    }
}

impl Iterator for Events {
    type Item = Result<Event, CommandError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.event().map_err(CommandError::doing("read on: the line broke")).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<Event> {
        let body = std::io::Cursor::new(text.as_bytes().to_vec());
        Events::new(Box::new(body)).map(|event| event.expect("memory does not fail")).collect()
    }

    fn event(id: Option<&str>, name: &str, data: &str) -> Event {
        Event { id: id.map(str::to_owned), name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_read_as_they_were_sent() {
        let rows = [
            ("", vec![]),
            (": heartbeat\n\n", vec![]),
            (
                "id: E7\nevent: task.created.v1\ndata: {}\n\n",
                vec![event(Some("E7"), "task.created.v1", "{}")],
            ),
            (
                "data: a\r\ndata:b\r\n\r\n:x\n\ndata: c\n\n",
                vec![event(None, "", "a\nb"), event(None, "", "c")],
            ),
            // Cut short: the last one never arrived.
            ("data: a\n\ndata: b\n", vec![event(None, "", "a")]),
            ("retry: 5\nid: E1\n\n", vec![]),
        ];
        for (text, expected) in rows {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            for _ in Events::new(Box::new(std::io::Cursor::new(bytes))) {}
        }
    }
}
