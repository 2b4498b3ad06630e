//! A row in one piece of memory: one allocation instead of one per text and blob, half the bytes, and nothing to follow
//! when it is replaced.

use crate::store::contract::Value;
use std::sync::Arc;

const NULL: u8 = 0;
const INT: u8 = 1;
const TEXT: u8 = 2;
const BLOB: u8 = 3;

/// The cells of a row, one after the other: a tag, for texts and blobs their length, the bytes.
#[derive(Clone)]
pub(super) struct Packed(Box<[u8]>);

impl Packed {
    pub(super) fn of(cells: &[Value]) -> Self {
        let size = |cell: &Value| match cell {
            Value::Null => 1,
            Value::Int(_) => 9,
            Value::Text(text) => 9 + text.len(),
            Value::Blob(bytes) => 9 + bytes.len(),
        };
        let mut packed = Vec::with_capacity(cells.iter().map(size).sum());
        for cell in cells {
            match cell {
                Value::Null => packed.push(NULL),
                Value::Int(number) => {
                    packed.push(INT);
                    packed.extend_from_slice(&number.to_le_bytes());
                }
                Value::Text(text) => push_bytes(&mut packed, TEXT, text.as_bytes()),
                Value::Blob(bytes) => push_bytes(&mut packed, BLOB, bytes),
            }
        }
        Self(packed.into_boxed_slice())
    }

    /// All cells.
    pub(super) fn unpack(&self, count: usize) -> Vec<Value> {
        let mut cells = Vec::with_capacity(count);
        cells.extend(Cells(&self.0).map(|cell| cell.value()));
        cells
    }

    /// One cell.
    pub(super) fn cell(&self, place: usize) -> Value {
        Cells(&self.0).nth(place).map_or(Value::Null, |cell| cell.value())
    }
}

fn push_bytes(packed: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    packed.push(tag);
    // A length fits 64 bits on every machine.
    packed.extend_from_slice(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
    packed.extend_from_slice(bytes);
}

#[derive(Clone, Copy)]
enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

impl Cell<'_> {
    fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(number),
            // It was a text when it was packed.
            Self::Text(bytes) => std::str::from_utf8(bytes).map_or(Value::Null, |text| Value::Text(Arc::from(text))),
            Self::Blob(bytes) => Value::Blob(Arc::from(bytes)),
        }
    }
}

/// The cells that are left.
struct Cells<'a>(&'a [u8]);

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let (tag, rest) = self.0.split_first()?;
        if *tag == NULL {
            self.0 = rest;
            return Some(Cell::Null);
        }
        let (word, rest) = rest.split_first_chunk::<8>()?;
        if *tag == INT {
            self.0 = rest;
            return Some(Cell::Int(i64::from_le_bytes(*word)));
        }
        let length = usize::try_from(u64::from_le_bytes(*word)).ok()?;
        let (bytes, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(if *tag == TEXT { Cell::Text(bytes) } else { Cell::Blob(bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out() {
        let cells = vec![
            Value::Null,
            Value::Int(i64::MIN),
            Value::text(""),
            Value::Blob(Arc::from([])),
            Value::text("a\0张"),
            Value::Int(7),
            Value::Blob(vec![1; 300].into()),
        ];
        let packed = Packed::of(&cells);
        assert_eq!(packed.unpack(cells.len()), cells);
        for (place, cell) in cells.iter().enumerate() {
            assert_eq!(packed.cell(place), *cell);
        }
    }
}
