//! Keys as bytes whose order is the order of the cells, so that one comparison of memory decides, and a prefix of cells is
//! a prefix of bytes.

use crate::store::row::Peek;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

const NULL: u8 = 0x01;
/// The tag of zero; numbers above and below add or take away how many bytes they need.
const INT_ZERO: u8 = 0x20;
const TEXT: u8 = 0x30;
const BLOB: u8 = 0x31;
/// Ends a text or blob. A zero byte inside is followed by `ZERO_INSIDE`, which is larger.
const END: [u8; 2] = [0x00, 0x00];
const ZERO_INSIDE: u8 = 0xFF;

/// The bytes of a key; so many of them have their place without the heap.
#[derive(Clone)]
pub(super) enum Key<const INLINE: usize> {
    Inline {
        len: u8,
        bytes: [u8; INLINE],
    },
    /// Always longer than an inline one.
    Heap(Vec<u8>),
}

impl<const INLINE: usize> Key<INLINE> {
    pub(super) const fn new() -> Self {
        Self::Inline { len: 0, bytes: [0; INLINE] }
    }

    /// The key of some cells.
    pub(super) fn of<'a>(cells: impl IntoIterator<Item = Peek<'a>>) -> Self {
        let mut key = Self::new();
        for cell in cells {
            key.push(cell);
        }
        key
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, cell: Peek<'_>) {
        match cell {
            Peek::Null => self.extend(&[NULL]),
            Peek::Int(number) => self.push_int(number),
            Peek::Text(text) => self.push_bytes(TEXT, text.as_bytes()),
            Peek::Blob(bytes) => self.push_bytes(BLOB, bytes),
        }
    }

    /// Whether it has no cells.
    pub(super) const fn is_empty(&self) -> bool {
        matches!(self, Self::Inline { len: 0, .. })
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

    fn push_bytes(&mut self, tag: u8, text: &[u8]) {
        if text.contains(&0) {
            self.extend(&[tag]);
            for byte in text {
                self.extend(&[*byte]);
                if *byte == 0 {
                    self.extend(&[ZERO_INSIDE]);
                }
            }
            return self.extend(&END);
        }
        // Nearly always: everything in one go.
        if let Self::Inline { len, bytes } = self {
            let end = usize::from(*len) + text.len() + 3;
            let place = bytes.get_mut(usize::from(*len)..end).and_then(<[u8]>::split_first_mut);
            let place = place.and_then(|(head, rest)| Some((head, rest.split_at_mut_checked(text.len())?)));
            if let (Some((head, (middle, tail))), Ok(end)) = (place, u8::try_from(end)) {
                *head = tag;
                middle.copy_from_slice(text);
                tail.copy_from_slice(&END);
                *len = end;
                return;
            }
        }
        self.extend(&[tag]);
        self.extend(text);
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

impl<const INLINE: usize> PartialEq for Key<INLINE> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<const INLINE: usize> Eq for Key<INLINE> {}

impl<const INLINE: usize> Hash for Key<INLINE> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // All bytes in one go; every cell says where it ends, so no length is needed.
        state.write(self.as_slice());
    }
}

impl<const INLINE: usize> PartialOrd for Key<INLINE> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const INLINE: usize> Ord for Key<INLINE> {
    fn cmp(&self, other: &Self) -> Ordering {
        // The bucket and the start of the id decide nearly always, and comparing them as a number is much cheaper.
        self.head().cmp(&other.head()).then_with(|| self.as_slice().cmp(other.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn key(cells: &[Value]) -> Key<30> {
        Key::of(cells.iter().map(Value::peek))
    }

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
            prop_assert_eq!(key(&left).cmp(&key(&right)), left.cmp(&right));
        }

        /// A key begins with the key of its first cells, and with no other.
        #[test]
        fn prefixes_are_cells(cells in proptest::collection::vec(value(), 1..5), other in proptest::collection::vec(value(), 0..4)) {
            let cells_start = cells.starts_with(&other);
            prop_assert_eq!(key(&cells).starts_with(&key(&other)), cells_start);
        }
    }

    #[test]
    fn extremes_of_numbers() {
        let numbers = [i64::MIN, i64::MIN + 1, -(1 << 56), -65_536, -257, -256, -255, -2, -1, 0, 1, 255, 256, i64::MAX];
        let keys: Vec<_> = numbers.iter().map(|n| key(&[Value::Int(*n)])).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
