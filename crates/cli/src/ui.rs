//! Where output goes: data to stdout, words for people to stderr.

use crate::error::CommandError;
use crate::page::Page;
use crate::table::Look;
use crate::words;
use anstream::AutoStream;
use serde::Serialize;
use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::time::{SystemTime, UNIX_EPOCH};
use weir_model::Timestamp;

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// People: aligned text.
    People,
    /// Programs: JSON on stdout, and on stderr nothing but the one document of an error.
    Json,
}

/// The two streams of a command.
pub(crate) struct Ui {
    form: Form,
    quiet: bool,
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    width: Option<usize>,
    /// Whether stderr can show a line and take it back.
    live: bool,
    pending: bool,
    clock: fn() -> Timestamp,
}

impl Ui {
    /// On this process's streams. Colour only where a terminal shows it and `NO_COLOR` is not set.
    pub(crate) fn stdio(form: Form, quiet: bool) -> Self {
        let live = io::stderr().is_terminal() && form == Form::People && !quiet;
        Self {
            form,
            quiet,
            out: Box::new(AutoStream::auto(io::stdout())),
            err: Box::new(AutoStream::auto(io::stderr())),
            width: terminal_width(),
            live,
            pending: false,
            clock: now,
        }
    }

    /// On streams of a test, at a time of its own.
    #[cfg(test)]
    pub(crate) fn test(
        form: Form,
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        clock: fn() -> Timestamp,
    ) -> Self {
        let (out, err) = (AutoStream::never(out), AutoStream::never(err));
        let (out, err) = (Box::new(out), Box::new(err));
        Self { form, quiet: false, out, err, width: None, live: false, pending: false, clock }
    }

    /// Who reads.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// The answer of a command: one JSON document, or a page.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(crate) fn answer<T: Serialize>(
        &mut self,
        value: &T,
        show: impl FnOnce(&T, &mut Page),
    ) -> Result<(), CommandError> {
        self.clear();
        match self.form {
            Form::Json => {
                let json = serde_json::to_string_pretty(value)
                    .map_err(CommandError::doing("write the answer as JSON"))?;
                writeln!(self.out, "{json}")?;
            }
            Form::People => {
                let mut page = Page::new((self.clock)(), self.width);
                show(value, &mut page);
                self.out.write_all(page.into_text().as_bytes())?;
            }
        }
        Ok(self.out.flush()?)
    }

    /// One item of a stream: one line of JSON, or a few lines for people.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(crate) fn item<T: Serialize>(
        &mut self,
        value: &T,
        show: impl FnOnce(&T, &mut Page),
    ) -> Result<(), CommandError> {
        match self.form {
            Form::Json => {
                let json = serde_json::to_string(value)
                    .map_err(CommandError::doing("write the answer as JSON"))?;
                writeln!(self.out, "{json}")?;
                Ok(self.out.flush()?)
            }
            Form::People => self.answer(value, show),
        }
    }

    /// Bytes that are data by themselves: a file, a completion script.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.out.write_all(bytes)?;
        Ok(self.out.flush()?)
    }

    /// Makes room for a page that replaces the last one. Only on a terminal.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(crate) fn clear_screen(&mut self) -> Result<(), CommandError> {
        if self.width.is_some() {
            self.out.write_all(b"\x1b[2J\x1b[H")?;
        }
        Ok(())
    }

    /// Words about what was done. Programs and those who asked for quiet do not get them.
    pub(crate) fn status(&mut self, words: fmt::Arguments<'_>) {
        if self.form == Form::People && !self.quiet {
            self.clear();
            // When stderr is gone, there is nobody to tell.
            let _ = writeln!(self.err, "{words}");
        }
    }

    /// Something that a person should know though nothing failed.
    pub(crate) fn warn(&mut self, words: fmt::Arguments<'_>) {
        if self.form == Form::People {
            self.clear();
            let _ = writeln!(self.err, "{}: {words}", Look::Wait.paint("warning"));
        }
    }

    /// What is going on right now. Only on a terminal, where the next words replace it.
    pub(crate) fn progress(&mut self, words: fmt::Arguments<'_>) {
        if self.live {
            self.clear();
            let text = crate::table::cut(&words.to_string(), self.width);
            let _ = write!(self.err, "{}", Look::Dim.paint(&text));
            let _ = self.err.flush();
            self.pending = true;
        }
    }

    /// Shows why a command ended without its answer.
    pub(crate) fn error(&mut self, error: &CommandError) {
        self.clear();
        let Some(shown) = error.shown() else { return };
        let _ = match self.form {
            Form::Json => {
                serde_json::to_string(&shown).map(|json| writeln!(self.err, "{json}")).is_ok()
            }
            Form::People => {
                let head = Look::Bad.paint(&format!("error[{}]", words::line(&shown.code)));
                let _ = writeln!(self.err, "{head}: {}", words::block(&shown.sentence));
                if let Some(hint) = &shown.hint {
                    let head = Look::Strong.paint("hint");
                    let _ = writeln!(self.err, "{head}: {}", words::block(hint));
                }
                true
            }
        };
    }

    /// Takes back the line of progress.
    fn clear(&mut self) {
        if self.pending {
            let _ = write!(self.err, "\r\x1b[K");
            self.pending = false;
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The columns of the terminal on stdout, if it is one.
fn terminal_width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}
