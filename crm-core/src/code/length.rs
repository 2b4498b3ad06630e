//! How long a code has to be.

use super::alphabet::RADIX;
use crate::error::{Error, ErrorCode, Result};
use crate::limits;

/// The least length, check character included, at which a guess hits one of `live_codes` codes with a chance of at most one in `one_in`.
///
/// The check character does not count: whoever guesses can work it out. Length is what follows a prefix, as in
/// [`CodeForm`](super::CodeForm). The arithmetic is exact.
///
/// ```
/// use crm_core::code::length_for;
/// // A million live codes, and at most one guess in a billion hits.
/// assert_eq!(length_for(1_000_000, 1_000_000_000)?, 12);
/// # Ok::<(), crm_core::Error>(())
/// ```
///
/// # Errors
/// `code.space` where even the longest codes are too few.
pub fn length_for(live_codes: u64, one_in: u64) -> Result<usize> {
    // Below 2^128: the product of two numbers of 64 bits.
    let needed = u128::from(live_codes) * u128::from(one_in);
    let mut space = 1_u128;
    for length in 1..=limits::CODE_LENGTH_MAX {
        if limits::CODE_LENGTH_MIN <= length && needed <= space {
            return Ok(length);
        }
        space *= u128::from(RADIX);
    }
    let message = format!("{live_codes} codes cannot be hidden so that one guess in {one_in} hits");
    Err(Error::new(ErrorCode::CodeSpace, message).field("live_codes").limit(limits::CODE_LENGTH_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::CodeForm;

    #[test]
    fn the_least_length_that_keeps_the_rate() {
        for (live, one_in, length) in [
            (0, 0, 6),
            (1, 1, 6),
            (1, 29_u64.pow(5), 6),
            (1, 29_u64.pow(5) + 1, 7),
            (29_u64.pow(4), 29_u64.pow(6), 11),
            (29_u64.pow(4) + 1, 29_u64.pow(6), 12),
            (1_000_000, 1_000_000, 10),
            (10_000_000, 1_000_000_000_000, 14),
            (29_u64.pow(9), 29_u64.pow(10), 20),
        ] {
            assert_eq!(length_for(live, one_in).unwrap(), length, "{live} {one_in}");
        }
        for (live, one_in) in [(29_u64.pow(9) + 1, 29_u64.pow(10)), (u64::MAX, u64::MAX)] {
            assert_eq!(length_for(live, one_in).unwrap_err().code().as_str(), "code.space");
        }
    }

    #[test]
    fn lengths_and_spaces_agree() {
        for length in limits::CODE_LENGTH_MIN..=13 {
            let space = u64::try_from(CodeForm::new(length).unwrap().space()).unwrap();
            assert_eq!(length_for(space, 1).unwrap(), length);
            assert_eq!(length_for(space + 1, 1).unwrap(), length + 1);
        }
    }
}
