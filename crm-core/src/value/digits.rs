//! Numbers in plain notation, written without an allocation: receipts, fingerprints and answers are full of them.

use rust_decimal::Decimal;

/// The longest number: a sign, `0.`, and the 28 places of a decimal.
const LONGEST: usize = 32;

/// A number in plain notation.
pub(crate) struct Digits {
    bytes: [u8; LONGEST],
    start: usize,
}

impl Digits {
    /// As [`Decimal`] writes it; none for one whose digits need more than 64 bits.
    pub(crate) fn of(decimal: Decimal) -> Option<Self> {
        let units = u64::try_from(decimal.mantissa().unsigned_abs()).ok()?;
        Some(Self::new(decimal.is_sign_negative(), units, decimal.scale()))
    }

    /// So many units, of which the last few digits follow the point.
    pub(crate) fn new(negative: bool, units: u64, scale: u32) -> Self {
        let mut bytes = [b'0'; LONGEST];
        let (mut left, mut start) = (units, LONGEST);
        let mut places = bytes.iter_mut().rev();
        let mut put = |byte: u8| {
            if let Some(place) = places.next() {
                *place = byte;
                start -= 1;
            }
        };
        let mut written = 0;
        while left != 0 || written <= scale {
            if written == scale && 0 < scale {
                put(b'.');
            }
            put(b'0' | u8::try_from(left % 10).unwrap_or(0));
            left /= 10;
            written += 1;
        }
        if negative {
            put(b'-');
        }
        Self { bytes, start }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.bytes.get(self.start..).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// The two digits of a number below 100.
pub(crate) fn two(n: u32) -> [u8; 2] {
    let digit = |n: u32| b'0' | u8::try_from(n % 10).unwrap_or(0);
    [digit(n / 10), digit(n)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        // Seen to fail with `written < scale` as the condition of the loop: `0.05` lost its zero.
        #[test]
        fn digits_are_those_of_the_decimal(mantissa: i64, zeros in 0..19_u32, scale in 0..=28_u32, negative: bool) {
            let mut decimal = Decimal::from_i128_with_scale(i128::from(mantissa / 10_i64.pow(zeros)), scale);
            for _ in 0..2 {
                let digits = Digits::of(decimal).unwrap();
                prop_assert_eq!(digits.as_str(), decimal.to_string());
                decimal = decimal.normalize();
                decimal.set_sign_negative(negative);
            }
        }
    }

    #[test]
    fn the_largest_decimal_has_more_digits_than_fit() {
        assert!(Digits::of(Decimal::MAX).is_none());
        assert_eq!(Digits::of(Decimal::from(u64::MAX)).unwrap().as_str(), "18446744073709551615");
    }
}
