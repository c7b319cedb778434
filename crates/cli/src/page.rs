//! What one answer looks like to a person.

use crate::ago;
use crate::table::{Look, Table};
use crate::words;
use std::fmt::Write as _;
use weir_model::Timestamp;

/// An answer in the making. Written at once, so that a failure leaves nothing half said.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    now: Timestamp,
    width: Option<usize>,
}

impl Page {
    /// An empty page, read at `now` on a terminal `width` columns wide, if it is one.
    pub(crate) fn new(now: Timestamp, width: Option<usize>) -> Self {
        Self { text: String::new(), now, width }
    }

    /// The text, with escape codes for a terminal.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// One line of our own words. What others wrote goes through [`words::line`] first.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        let _ = writeln!(self.text, "{}", text.as_ref());
    }

    /// A heading, with space above unless it opens the page.
    pub(crate) fn heading(&mut self, text: impl AsRef<str>) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(Look::Strong.paint(&words::line(text.as_ref())));
    }

    /// Names and values, aligned. A value without words is left out.
    pub(crate) fn pairs<const N: usize>(&mut self, pairs: [(&str, String); N]) {
        let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let widest = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in pairs {
            let name = Look::Dim.paint(&format!("{name:widest$}"));
            let _ = writeln!(self.text, "  {name}  {}", words::line(&value));
        }
    }

    /// A table, or `otherwise` when it has no rows.
    pub(crate) fn table(&mut self, table: &Table, otherwise: &str) {
        if table.is_empty() {
            self.line(format!("  {}", Look::Dim.paint(otherwise)));
        } else {
            self.text.push_str(&table.render(2, self.width));
        }
    }

    /// Somebody's words over several lines, set in.
    pub(crate) fn block(&mut self, text: &str) {
        for line in words::block(text).trim_end().lines() {
            let _ = writeln!(self.text, "{}", format!("    {line}").trim_end());
        }
    }

    /// A point in time, as people say it.
    pub(crate) fn ago(&self, at: Timestamp) -> String {
        ago::relative(self.now, at)
    }

    /// When it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }
}
