//! Server-sent events, as far as the protocol uses them: the data of each event.

/// Takes bytes as they come and gives the data of every event that is complete.
#[derive(Default)]
pub(super) struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    after_cr: bool,
}

impl Events {
    /// How many bytes wait for the end of their event.
    pub(super) fn held(&self) -> usize {
        self.line.len() + self.data.len()
    }

    /// Takes `bytes`; `each` gets the data of every event that they complete.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Vec<u8>)) {
        for &byte in bytes {
            let after_cr = std::mem::take(&mut self.after_cr);
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    if let Some(event) = self.end_line() {
                        each(event);
                    }
                }
                byte => self.line.push(byte),
            }
        }
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            // An event without data is a sign of life.
            return (std::mem::take(&mut self.has_data) && !data.is_empty()).then_some(data);
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(at) => (&line[..at], line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..])),
            None => (line.as_slice(), &[][..]),
        };
        if field == b"data" {
            if std::mem::replace(&mut self.has_data, true) {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let (mut events, mut all) = (Events::default(), Vec::new());
        for piece in pieces {
            events.push(piece, |data| all.push(String::from_utf8_lossy(&data).into_owned()));
        }
        all
    }

    #[test]
    fn the_data_of_every_event_is_given() {
        let rows: [(&str, &[&str]); 8] = [
            ("data: a\n\n", &["a"]),
            ("data:a\r\n\r\ndata: b\r\r", &["a", "b"]),
            ("event: message\nid: 1\nretry: 10\ndata: a\ndata: b\n\n", &["a\nb"]),
            (": comment\n\n", &[]),
            ("data: \n\n", &[]),
            ("data\n\n", &[]),
            ("data: unfinished\n", &[]),
            ("data:  two\n\n", &[" two"]),
        ];
        for (text, expected) in rows {
            assert_eq!(events(&[text.as_bytes()]), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_bytes_arrive(text in "(data: ?|[a-c]|\r|\n|\r\n|:|id: 1\n){0,40}", at in any::<prop::sample::Index>()) {
            let bytes = text.as_bytes();
            let at = at.index(bytes.len() + 1);
            prop_assert_eq!(events(&[bytes]), events(&[&bytes[..at], &bytes[at..]]));
        }
    }
}
