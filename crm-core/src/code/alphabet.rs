//! The 31 symbols of a code and its check character.
//!
//! Of the 36 Latin letters and digits the five go whose look-alike stays: `O` is read as `0`, `I` and `L` as `1`, `S` as `5`, `U` as `V`. What
//! is left are 31 symbols, and 31 is prime: a weighted sum modulo 31 then catches every single wrong symbol and every swap of neighbours.
//! The random part of a code has no `A` and no `E` either: without vowels it hardly ever spells a word, so no list of rude words is needed,
//! which would never be complete and would cost the bijection between serial numbers and codes.

/// Every symbol, in the order of its value.
pub(super) const SYMBOLS: &[u8; 31] = b"0123456789ABCDEFGHJKMNPQRTVWXYZ";
/// How many symbols the random part is written with.
pub(super) const RADIX: u32 = 29;
/// The modulus of the check.
const MODULUS: u64 = 31;
/// The weight from one symbol to the next: a primitive root of 31, so that neighbours, and symbols one apart, never weigh the same, and two
/// equal neighbours cannot become two others unnoticed.
pub(super) const WEIGHT: u64 = 3;

/// The weighted sum before the first symbol. Not zero, so that a leading `0` too many or too few changes the sum.
pub(super) const START: u64 = 1;

/// The weighted sum with one more symbol. Is not reduced: 32 symbols stay below 2^58.
pub(super) const fn step(sum: u64, value: u64) -> u64 {
    sum * WEIGHT + value
}

/// Whether the sum over a whole code, its check character included, is that of a valid one.
pub(super) const fn is_valid(sum: u64) -> bool {
    sum.is_multiple_of(MODULUS)
}

/// The value of the check character behind the symbols that were summed.
pub(super) const fn check_value(sum: u64) -> u64 {
    (MODULUS - sum * WEIGHT % MODULUS) % MODULUS
}

/// The value of a symbol: 0 to 30.
pub(super) const fn value(symbol: u8) -> Option<u64> {
    let value = match symbol {
        b'0'..=b'9' => symbol - b'0',
        b'A'..=b'H' => symbol - b'A' + 10,
        b'J'..=b'K' => symbol - b'J' + 18,
        b'M'..=b'N' => symbol - b'M' + 20,
        b'P'..=b'R' => symbol - b'P' + 22,
        b'T' => 25,
        b'V'..=b'Z' => symbol - b'V' + 26,
        _ => return None,
    };
    Some(value as u64)
}

/// The symbol of a value.
pub(super) fn symbol(value: u64) -> u8 {
    usize::try_from(value).ok().and_then(|value| SYMBOLS.get(value)).copied().unwrap_or(b'0')
}

/// The symbols of the random part and their values: all but `A` (10) and `E` (14). A table, because it is asked eleven times for a code.
#[rustfmt::skip]
const DIGITS: [(u8, u64); RADIX as usize] = [
    (b'0', 0), (b'1', 1), (b'2', 2), (b'3', 3), (b'4', 4), (b'5', 5), (b'6', 6), (b'7', 7), (b'8', 8), (b'9', 9), (b'B', 11), (b'C', 12),
    (b'D', 13), (b'F', 15), (b'G', 16), (b'H', 17), (b'J', 18), (b'K', 19), (b'M', 20), (b'N', 21), (b'P', 22), (b'Q', 23), (b'R', 24),
    (b'T', 25), (b'V', 26), (b'W', 27), (b'X', 28), (b'Y', 29), (b'Z', 30),
];

/// The symbol of a digit of the random part, and its value.
pub(super) fn digit(digit: u64) -> (u8, u64) {
    usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit)).copied().unwrap_or((b'0', 0))
}

/// The digit that a value stands for in the random part; none for `A` and `E`.
pub(super) const fn digit_of_value(value: u64) -> Option<u64> {
    match value {
        0..=9 => Some(value),
        11..=13 => Some(value - 1),
        15..=30 => Some(value - 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_and_digits_have_their_values() {
        let of = |symbol: u8| value(symbol);
        for (place, symbol) in (0_u64..).zip(SYMBOLS) {
            assert_eq!(of(*symbol), Some(place));
            assert_eq!(super::symbol(place), *symbol);
        }
        for other in (0..=u8::MAX).filter(|byte| !SYMBOLS.contains(byte)) {
            assert_eq!(of(other), None);
        }
        for (digit, (symbol, value)) in (0..).zip(DIGITS) {
            assert_eq!((super::digit(digit), super::symbol(value)), ((symbol, value), symbol));
            assert_eq!(digit_of_value(value), Some(digit));
        }
        let wordy = (0..31).filter(|value| digit_of_value(*value).is_none()).map(super::symbol);
        assert_eq!(wordy.collect::<Vec<_>>(), b"AE");
    }
}
