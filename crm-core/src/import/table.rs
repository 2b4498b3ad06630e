//! Tables that are at hand as columns, such as those of an Arrow stream: cells with types instead of text.

use super::text;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;

/// A table that its host holds in memory. The rules of an import are the same as for a file: a cell of text says what it would say in CSV;
/// one with a type is written in the one form of its type, whatever the column map says of dates and decimal marks.
pub trait Cells: Send + Sync {
    /// The columns, in their order.
    fn columns(&self) -> &[CellColumn];

    /// How many rows there are.
    fn rows(&self) -> u64;

    /// Hands the cells of some columns over, in the order in which they are asked for; rows count from 0. An empty text is nothing.
    ///
    /// - `CellType::Whole` and `CellType::Decimal`: plain digits, a sign and a point where they are needed.
    /// - `CellType::Flag`: `true` or `false`.
    /// - `CellType::Instant`: RFC 3339, such as `2026-01-05T02:00:00.250Z`.
    /// - `CellType::Local`: the wall-clock time, such as `2026-01-05 10:00:00`.
    /// - `CellType::Day`: the date, `2026-01-05`.
    ///
    /// # Errors
    /// Whatever keeps the host from reading a row; it ends the import.
    fn read(&self, row: u64, columns: &[usize], each: &mut dyn FnMut(&str)) -> Result<()>;
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellColumn {
    /// Its name.
    pub name: String,
    /// What its cells are.
    pub cells: CellType,
    /// What its host calls that, such as `double`.
    pub called: String,
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    /// Text.
    Text,
    /// Whole numbers.
    Whole,
    /// Exact decimals.
    Decimal,
    /// Yes or no.
    Flag,
    /// Instants.
    Instant,
    /// Times of the wall clock, without a zone.
    Local,
    /// Days.
    Day,
    /// Numbers that are not exact.
    Float,
    /// Nothing at all: a column without a single value, whose type nobody knows.
    Nothing,
    /// Something that no column of an import is.
    Other,
}

/// What a column is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// An id, a word or a name.
    Word,
    /// Money, or a quantity.
    Number,
    /// An instant.
    Time,
    /// Yes or no.
    Flag,
    /// A day.
    Day,
}

impl CellType {
    /// Whether cells of this kind can be read so.
    const fn fits(self, usage: Use) -> bool {
        matches!(
            (self, usage),
            (Self::Text | Self::Nothing, _)
                | (Self::Whole, Use::Word | Use::Number)
                | (Self::Decimal, Use::Number)
                | (Self::Flag, Use::Flag)
                | (Self::Instant | Self::Local, Use::Time)
                | (Self::Day, Use::Time | Use::Day)
        )
    }

    /// Whether the cells are written in the one form of their type, not in one of the column map's.
    pub(super) const fn is_plain(self) -> bool {
        !matches!(self, Self::Text)
    }
}

/// Refuses columns that cannot be read as the column map means them.
pub(super) fn check(name: &str, columns: &[CellColumn], used: &[(usize, Use)]) -> Result<()> {
    for (place, usage) in used {
        let Some(column) = columns.get(*place).filter(|column| !column.cells.fits(*usage)) else { continue };
        let (wanted, way) = match (column.cells, usage) {
            (CellType::Float, Use::Number) => {
                ("an exact number", "cast it to a decimal with the digits that are meant")
            }
            (CellType::Float, Use::Word) => ("a word or an id", "cast it to a whole number or to a text"),
            (_, Use::Word) => ("a word or an id", "cast it to a text"),
            (_, Use::Number) => ("a number", "cast it to a decimal or to a text"),
            (_, Use::Time) => ("a time", "cast it to a timestamp"),
            (_, Use::Flag) => ("yes or no", "cast it to a flag"),
            (_, Use::Day) => ("a day", "cast it to a date"),
        };
        let (shown, called) = (limits::quote(&column.name), limits::quote(&column.called));
        let message = format!("column `{shown}` of `{}` is {called}, not {wanted}; {way}", limits::quote(name));
        return Err(Error::new(ErrorCode::ValueType, message).field(shown).with("found", called));
    }
    Ok(())
}

/// Refuses a table that is too long to number its rows.
pub(super) fn rows(name: &str, cells: &dyn Cells) -> Result<u32> {
    let fits = u32::try_from(cells.rows()).ok().filter(|rows| *rows < u32::MAX);
    fits.ok_or_else(|| text::file(name, "has too many rows; hand it over in parts").limit(u32::MAX))
}
