//! Keys as bytes whose order is the order of the cells, so that one comparison of memory decides, and a prefix of cells is
//! a prefix of bytes.

use crate::store::contract::Value;
use std::cmp::Ordering;

/// Fits a bucket, a UUID as customer and a short rest without a place on the heap; 48 bytes in all.
const INLINE: usize = 46;

const NULL: u8 = 0x01;
/// The tag of zero; numbers above and below add or take away how many bytes they need.
const INT_ZERO: u8 = 0x20;
const TEXT: u8 = 0x30;
const BLOB: u8 = 0x31;
/// Ends a text or blob. A zero byte inside is followed by `ZERO_INSIDE`, which is larger.
const END: [u8; 2] = [0x00, 0x00];
const ZERO_INSIDE: u8 = 0xFF;

/// The bytes of a key.
#[derive(Clone)]
pub(super) enum Key {
    Inline {
        len: u8,
        bytes: [u8; INLINE],
    },
    /// Always longer than an inline one.
    Heap(Vec<u8>),
}

impl Key {
    pub(super) const fn new() -> Self {
        Self::Inline { len: 0, bytes: [0; INLINE] }
    }

    /// The key of some cells.
    pub(super) fn of<'a>(cells: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut key = Self::new();
        for cell in cells {
            key.push(cell);
        }
        key
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, cell: &Value) {
        match cell {
            Value::Null => self.extend(&[NULL]),
            Value::Int(number) => self.push_int(*number),
            Value::Text(text) => self.push_bytes(TEXT, text.as_bytes()),
            Value::Blob(bytes) => self.push_bytes(BLOB, bytes),
        }
    }

    fn push_int(&mut self, number: i64) {
        // Below zero, the bytes of the complement are inverted again, so that larger numbers have larger bytes.
        let flip = if number < 0 { 0xFF } else { 0x00 };
        let bits = if number < 0 { !number } else { number };
        let all = bits.to_be_bytes();
        let skip = all.iter().take_while(|byte| **byte == 0).count();
        let needed = u8::try_from(8_usize.saturating_sub(skip)).unwrap_or(8);
        let tag = if number < 0 { INT_ZERO - 1 - needed } else { INT_ZERO + needed };
        let mut out = [0_u8; 9];
        let mut used = 0;
        let bytes = std::iter::once(tag).chain(all.iter().skip(skip).map(|byte| byte ^ flip));
        for (place, byte) in out.iter_mut().zip(bytes) {
            *place = byte;
            used += 1;
        }
        self.extend(out.get(..used).unwrap_or(&out));
    }

    fn push_bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.extend(&[tag]);
        if bytes.contains(&0) {
            for byte in bytes {
                self.extend(&[*byte]);
                if *byte == 0 {
                    self.extend(&[ZERO_INSIDE]);
                }
            }
        } else {
            self.extend(bytes);
        }
        self.extend(&END);
    }

    /// Adds bytes that are a key already.
    pub(super) fn extend(&mut self, more: &[u8]) {
        if let Self::Inline { len, bytes } = self {
            let start = usize::from(*len);
            let end = start + more.len();
            if let (Some(place), Ok(end)) = (bytes.get_mut(start..end), u8::try_from(end)) {
                place.copy_from_slice(more);
                *len = end;
                return;
            }
            // With room for the cells that usually follow, so that one allocation is enough.
            let mut longer = Vec::with_capacity(2 * end);
            longer.extend_from_slice(self.as_slice());
            *self = Self::Heap(longer);
        }
        if let Self::Heap(bytes) = self {
            bytes.extend_from_slice(more);
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or(bytes),
            Self::Heap(bytes) => bytes,
        }
    }

    /// The first bytes as a number, filled up with zeros: where two of them differ, the keys differ the same way.
    fn head(&self) -> u64 {
        let all = match self {
            Self::Inline { bytes, .. } => bytes.first_chunk::<8>(),
            Self::Heap(bytes) => bytes.first_chunk::<8>(),
        };
        all.map_or(0, |head| u64::from_be_bytes(*head))
    }

    /// Whether it begins with all cells of the other.
    pub(super) fn starts_with(&self, prefix: &Self) -> bool {
        self.as_slice().starts_with(prefix.as_slice())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        // The bucket and the start of the id decide nearly always, and comparing them as a number is much cheaper.
        self.head().cmp(&other.head()).then_with(|| self.as_slice().cmp(other.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            (-300_i64..300).prop_map(Value::Int),
            "[\0\u{1}a-c]{0,60}".prop_map(|text| Value::text(&text)),
            any::<String>().prop_map(|text| Value::text(&text)),
            proptest::collection::vec(0_u8..3, 0..6).prop_map(|bytes| Value::Blob(Arc::from(bytes))),
        ]
    }

    proptest! {
        /// The order of keys is the order of their cells.
        #[test]
        fn order_is_kept(left in proptest::collection::vec(value(), 0..5), right in proptest::collection::vec(value(), 0..5)) {
            prop_assert_eq!(Key::of(&left).cmp(&Key::of(&right)), left.cmp(&right));
        }

        /// A key begins with the key of its first cells, and with no other.
        #[test]
        fn prefixes_are_cells(cells in proptest::collection::vec(value(), 1..5), other in proptest::collection::vec(value(), 0..4)) {
            let cells_start = cells.starts_with(&other);
            prop_assert_eq!(Key::of(&cells).starts_with(&Key::of(&other)), cells_start);
        }
    }

    #[test]
    fn extremes_of_numbers() {
        let numbers = [i64::MIN, i64::MIN + 1, -(1 << 56), -65_536, -257, -256, -255, -2, -1, 0, 1, 255, 256, i64::MAX];
        let keys: Vec<Key> = numbers.iter().map(|n| Key::of(&[Value::Int(*n)])).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
