//! Rows: cells, or a thing that gives its cells when somebody asks for them.

use super::contract::Value;
use super::table::Table;
use std::any::Any;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

/// One row of a table, with a cell for each of its columns, key columns first.
///
/// A backend may treat every row as cells. A row that the library made carries the thing that it stands for, and works its cells out when
/// they are asked for; a backend that keeps rows inside the process may keep the thing instead, and never asks.
#[derive(Clone)]
pub struct Row {
    /// Of which table.
    pub table: Table,
    form: Form,
    /// The cells of a thing, once somebody has asked.
    asked: OnceLock<Vec<Value>>,
}

/// What a row is made of.
#[derive(Clone)]
pub(super) enum Form {
    Cells(Vec<Value>),
    Thing(Arc<dyn Thing>),
}

/// Something that can be stored as a row. It never changes once it is one.
pub trait Thing: Any + Debug + Send + Sync {
    /// A cell of the key or of an index, or the version: looked at where it lies. Other places are never asked for.
    fn peek(&self, place: usize) -> Peek<'_>;

    /// All cells, in the order of the table's columns.
    fn cells(&self) -> Vec<Value>;
}

/// A cell, looked at where it lies. Ordered as values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peek<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl Row {
    /// A row of cells, in the order of the table's columns.
    #[must_use]
    pub const fn new(table: Table, cells: Vec<Value>) -> Self {
        Self { table, form: Form::Cells(cells), asked: OnceLock::new() }
    }

    /// A row that stands for a thing.
    #[must_use]
    pub fn of(table: Table, thing: Arc<dyn Thing>) -> Self {
        Self::from_form(table, Form::Thing(thing))
    }

    pub(super) const fn from_form(table: Table, form: Form) -> Self {
        Self { table, form, asked: OnceLock::new() }
    }

    pub(super) const fn form(&self) -> &Form {
        &self.form
    }

    /// All cells.
    #[must_use]
    pub fn cells(&self) -> &[Value] {
        match &self.form {
            Form::Cells(cells) => cells,
            Form::Thing(thing) => self.asked.get_or_init(|| thing.cells()),
        }
    }

    /// The thing that it stands for, if it is of this kind.
    pub(crate) fn thing<T: Thing>(&self) -> Option<&T> {
        match &self.form {
            Form::Thing(thing) => (&**thing as &dyn Any).downcast_ref(),
            Form::Cells(_) => None,
        }
    }

    /// The thing that it stands for, shared.
    pub(crate) fn shared<T: Thing>(&self) -> Option<Arc<T>> {
        match &self.form {
            Form::Thing(thing) => (thing.clone() as Arc<dyn Any + Send + Sync>).downcast().ok(),
            Form::Cells(_) => None,
        }
    }

    /// The key cells.
    #[must_use]
    pub fn key(&self) -> &[Value] {
        let cells = self.cells();
        cells.get(..self.table.describe().key).unwrap_or(cells)
    }

    /// The version, if the table has one.
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        self.table.describe().version.and_then(|place| self.form.peek(place).as_int())
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table && self.cells() == other.cells()
    }
}

impl Eq for Row {}

impl Hash for Row {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.cells().hash(state);
    }
}

impl Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("table", &self.table).field("cells", &self.cells()).finish()
    }
}

impl Form {
    /// A cell of the key or of an index, or the version.
    pub(super) fn peek(&self, place: usize) -> Peek<'_> {
        match self {
            Self::Cells(cells) => cells.get(place).map_or(Peek::Null, Value::peek),
            Self::Thing(thing) => thing.peek(place),
        }
    }
}

impl Value {
    /// The cell, looked at where it lies.
    #[must_use]
    pub fn peek(&self) -> Peek<'_> {
        match self {
            Self::Null => Peek::Null,
            Self::Int(number) => Peek::Int(*number),
            Self::Text(text) => Peek::Text(text),
            Self::Blob(bytes) => Peek::Blob(bytes),
        }
    }
}

impl Peek<'_> {
    /// The number in it, if it is one.
    #[must_use]
    pub const fn as_int(self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(number),
            _ => None,
        }
    }
}
