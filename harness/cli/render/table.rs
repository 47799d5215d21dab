//! Renders a table as text, without borders and with two blanks between columns.

use super::style::DIM;
use anstyle::Style;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement};

/// The alignment of a cell in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Left, for words.
    Left,
    /// Right, for numbers.
    Right,
}

/// A cell: one line of text with its style.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell with a style.
    pub(crate) fn styled(text: impl ToString, style: Style) -> Self {
        Self { text: text.to_string().replace('\n', " ").trim_end().to_owned(), style }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

/// One line for each row.
pub(crate) fn lines(sides: &[Side], rows: &[Vec<Cell>]) -> Vec<String> {
    let mut table = comfy_table::Table::new();
    // Lines are never wrapped, because a line that a person copies must be complete.
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    for row in rows {
        table.add_row(row.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>());
    }
    for (column, side) in table.column_iter_mut().zip(sides) {
        column.set_padding((0, 2));
        column.set_cell_alignment(match side {
            Side::Left => CellAlignment::Left,
            Side::Right => CellAlignment::Right,
        });
    }
    table.lines().zip(rows).map(|(line, row)| coloured(line.trim_end(), row)).collect()
}

/// The same, below a dimmed line of titles.
pub(crate) fn titled(columns: &[(&str, Side)], rows: Vec<Vec<Cell>>) -> Vec<String> {
    let sides: Vec<Side> = columns.iter().map(|(_, side)| *side).collect();
    let titles = columns.iter().map(|(title, _)| Cell::from(title)).collect();
    let rows: Vec<Vec<Cell>> = std::iter::once(titles).chain(rows).collect();
    let mut lines = lines(&sides, &rows);
    lines[0] = format!("{DIM}{}{DIM:#}", lines[0]);
    lines
}

/// Colours the cells of a finished line. Escape sequences have no width, which the layout cannot know.
fn coloured(line: &str, row: &[Cell]) -> String {
    let (mut text, mut rest) = (String::new(), line);
    for Cell { text: cell, style } in row {
        // Only blanks precede a cell, so the first match is the cell.
        let Some(at) = rest.find(cell.as_str()) else { continue };
        let (blanks, from) = rest.split_at(at);
        text.push_str(&format!("{blanks}{style}{cell}{style:#}"));
        rest = &from[cell.len()..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::super::style::RED;
    use super::{Cell, Side, lines, titled};

    #[test]
    fn words_keep_left_and_numbers_right() {
        let rows = vec![vec!["a".into(), 1.into(), "x".into()], vec!["longer".into(), 100.into(), "".into()]];
        assert_eq!(lines(&[Side::Left, Side::Right, Side::Left], &rows), ["a         1  x", "longer  100"]);
    }

    #[test]
    fn colours_take_no_room() {
        let columns = [("group", Side::Left), ("diverge", Side::Right), ("stale", Side::Right)];
        let rows = vec![
            vec!["1".into(), Cell::styled(1, RED), 1.into()],
            vec!["ü".into(), Cell::styled(11, RED), Cell::styled(11, RED)],
        ];
        let coloured = titled(&columns, rows).join("\n");
        assert!(coloured.contains(&format!("{RED}11{RED:#}     {RED}11{RED:#}")), "{coloured}");
        let plain = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(plain, "group  diverge  stale\n1            1      1\nü           11     11");
    }

    #[test]
    fn a_row_is_one_line_however_long() {
        let rows = vec![vec![Cell::from("two\nlines"), Cell::from("x".repeat(500))]];
        let lines = lines(&[Side::Left, Side::Left], &rows);
        assert_eq!(lines, [format!("two lines  {}", "x".repeat(500))]);
    }
}
