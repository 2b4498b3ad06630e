//! Tables for people, at the width of their terminal: whole if they fit, else with cells over several lines, else one row below the
//! other. Words are not broken for it.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

/// The longest words of text that are not broken; some are longer than a line.
const WORD_WIDTH: u16 = 16;
/// Width of the padding of a column and the line beside it.
const BESIDE: u16 = 3;

/// Columns whose heading begins with `>` hold numbers and are aligned to the right, those with `!` hold ids; their cells are never
/// broken over lines. Without a width there is no limit.
pub(crate) fn draw(heads: &[&str], rows: &[Vec<String>], width: Option<u16>) -> String {
    let names: Vec<&str> = heads.iter().map(|head| head.trim_start_matches(['>', '!'])).collect();
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(&names).add_rows(rows);
    for (column, head) in table.column_iter_mut().zip(heads) {
        if head.starts_with('>') {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let Some(width) = width.filter(|width| *width < span(&table.column_max_content_widths())) else {
        table.set_content_arrangement(ContentArrangement::Disabled);
        return table.trim_fmt();
    };
    let least = least(heads, &names, rows);
    if width < span(&least) {
        return below_each_other(&names, rows, width);
    }
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    for (column, least) in table.column_iter_mut().zip(least) {
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least.saturating_add(BESIDE - 1))));
    }
    table.trim_fmt()
}

/// Width of a table with columns of these widths.
fn span(columns: &[u16]) -> u16 {
    columns.iter().fold(1, |sum, column| sum.saturating_add(*column).saturating_add(BESIDE))
}

/// The least width of each column that breaks no word, and nothing of numbers and ids.
fn least(heads: &[&str], names: &[&str], rows: &[Vec<String>]) -> Vec<u16> {
    let widest = |parts: Vec<&str>| {
        let mut scale = Table::new();
        scale.add_rows(parts.into_iter().map(|part| [part]));
        scale.column_max_content_widths().first().copied().unwrap_or(0)
    };
    let of_column = |place: usize| {
        let head = heads.get(place).copied().unwrap_or_default();
        let cells = rows.iter().filter_map(|row| row.get(place)).flat_map(|cell| cell.lines());
        let name = widest(names.get(place).map_or_else(Vec::new, |name| name.split(' ').collect()));
        match head.starts_with(['>', '!']) {
            true => widest(cells.collect()).max(name),
            false => widest(cells.flat_map(|cell| cell.split(' ')).collect()).min(WORD_WIDTH).max(name),
        }
    };
    (0..heads.len()).map(of_column).collect()
}

/// Each row as lines of its own, headings in front.
fn below_each_other(names: &[&str], rows: &[Vec<String>], width: u16) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    for (place, row) in rows.iter().enumerate() {
        if 0 < place {
            table.add_row(["", ""]);
        }
        for (name, cell) in names.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            table.add_row([*name, cell]);
        }
    }
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, 2)).set_constraint(ColumnConstraint::ContentWidth);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_padding((0, 0));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(width: Option<u16>) -> String {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["c-6496d4cd1570dd92", "first_purchase", "2,747 (+633)", "2,482 after 2026-12-31"]),
            row(["c-5302db616b0061f9", "", "0", ""]),
        ];
        draw(&["!customer", "stage", ">points", "next to expire"], &rows, width)
    }

    #[test]
    fn a_wide_terminal_shows_every_cell_on_one_line() {
        assert_eq!(drawn(None), drawn(Some(200)));
        assert!(
            drawn(None).contains("│ c-6496d4cd1570dd92 ┆ first_purchase ┆ 2,747 (+633) ┆ 2,482 after 2026-12-31 │")
        );
    }

    #[test]
    fn words_numbers_and_ids_are_whole_at_any_width() {
        for width in 40..120 {
            let drawn = drawn(Some(width));
            for whole in ["c-6496d4cd1570dd92", "first_purchase", "2,747 (+633)", "2026-12-31", "customer", "expire"] {
                assert!(drawn.contains(whole), "{whole} at {width}\n{drawn}");
            }
            let widest = drawn.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= usize::from(width), "{widest} at {width}\n{drawn}");
        }
    }

    #[test]
    fn a_narrow_terminal_shows_one_row_below_the_other() {
        let expected = "customer        c-6496d4cd1570dd92\n\
                        stage           first_purchase\n\
                        points          2,747 (+633)\n\
                        next to expire  2,482 after 2026-12-31\n\
                        \n\
                        customer        c-5302db616b0061f9\n\
                        points          0";
        assert_eq!(drawn(Some(50)).lines().map(str::trim_end).collect::<Vec<_>>().join("\n"), expected);
    }
}
