//! Aligned columns, calm enough to read and regular enough to cut.

use crate::words;
use std::fmt::Write as _;

/// How a cell looks on a terminal; elsewhere all look plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Look {
    /// As it is.
    #[default]
    Plain,
    /// What the eye should find first: ids, headings.
    Strong,
    /// What may be overlooked: times, headers.
    Dim,
    /// It went well.
    Good,
    /// It needs somebody.
    Bad,
    /// It waits.
    Wait,
}

impl Look {
    /// `text` in this look, in escape codes that the output strips where they are not wanted.
    pub(crate) fn paint(self, text: &str) -> String {
        let code = match self {
            Self::Plain => return text.to_owned(),
            Self::Strong => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Wait => "33",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    look: Look,
}

impl Cell {
    /// A cell in a look of its own.
    pub(crate) fn new(text: impl ToString, look: Look) -> Self {
        Self { text: words::line(&text.to_string()), look }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Look::Plain)
    }
}

/// Rows under a header. The last column takes what room is left.
#[derive(Debug, Default)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// Between two columns.
const GAP: usize = 2;

/// However narrow the terminal, the last column keeps this much.
const LAST_MIN: usize = 20;

impl Table {
    /// A table with these columns.
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.rows.push(cells.into());
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, each line indented by `indent`, and cut to `width` if there is one.
    pub(crate) fn render(&self, indent: usize, width: Option<usize>) -> String {
        let header: Vec<Cell> = self.header.iter().map(|name| Cell::new(name, Look::Dim)).collect();
        let lines: Vec<&Vec<Cell>> =
            std::iter::once(&header).filter(|cells| !cells.is_empty()).chain(&self.rows).collect();
        let columns = lines.iter().map(|cells| cells.len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|at| lines.iter().filter_map(|cells| cells.get(at)).map(columns_of).max())
            .map(Option::unwrap_or_default)
            .collect();
        let mut text = String::new();
        for cells in lines {
            let _ = writeln!(text, "{}{}", " ".repeat(indent), line(cells, &widths, indent, width));
        }
        text
    }
}

/// How many columns a cell takes. Wide letters count as one: titles end the line, so nothing shifts.
fn columns_of(cell: &Cell) -> usize {
    cell.text.chars().count()
}

fn line(cells: &[Cell], widths: &[usize], indent: usize, width: Option<usize>) -> String {
    let mut text = String::new();
    let mut used = indent;
    for (at, cell) in cells.iter().enumerate() {
        if at + 1 == cells.len() {
            let room = width.map(|width| width.saturating_sub(used).max(LAST_MIN));
            text.push_str(&cell.look.paint(&cut(&cell.text, room)));
        } else {
            let wide = widths.get(at).copied().unwrap_or_default();
            let space = wide.saturating_sub(columns_of(cell)) + GAP;
            text.push_str(&cell.look.paint(&cell.text));
            text.push_str(&" ".repeat(space));
            used += wide + GAP;
        }
    }
    text.trim_end().to_owned()
}

/// `text`, or as much of it as fits with an ellipsis.
pub(crate) fn cut(text: &str, room: Option<usize>) -> String {
    match room {
        Some(room) if text.chars().count() > room => {
            let kept: String = text.chars().take(room.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
        Some(_) | None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(&["task", "state", "title"]);
        table.row([Cell::from("T1"), Cell::from("claimed"), Cell::from("Parse dates")]);
        table.row([Cell::from("T12"), Cell::from("done"), Cell::from("A much longer title here")]);
        table
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn columns_align() {
        let expected = "\
task  state    title
T1    claimed  Parse dates
T12   done     A much longer title here
";
        assert_eq!(plain(&sample().render(0, None)), expected);
    }

    #[test]
    fn the_last_column_is_cut_to_the_terminal() {
        let text = plain(&sample().render(2, Some(40)));
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
        assert!(text.contains("A much longer title he…"), "{text}");
    }
}
