//! The permutation against its standard, against another implementation, and against what a bijection is.

use super::permute::{LANES, Permutation};
use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};
use proptest::prelude::*;

fn forth(permutation: &Permutation, number: u64) -> u64 {
    let mut lanes = [permutation.halves(number); LANES];
    permutation.forth(&mut lanes);
    assert!(lanes.iter().all(|lane| *lane == lanes[0]), "a lane does not depend on the others");
    permutation.number(lanes[0]).unwrap()
}

/// The same by the crate `fpe`, digit by digit.
fn by_another(key: &[u8; 32], radix: u32, digits: u32, number: u64) -> u128 {
    let mut rest = number;
    let mut numerals: Vec<u16> = Vec::new();
    for _ in 0..digits {
        numerals.insert(0, u16::try_from(rest % u64::from(radix)).unwrap());
        rest /= u64::from(radix);
    }
    let ff1 = FF1::<Aes256>::new(key, radix).unwrap();
    let moved: Vec<u16> = ff1.encrypt(&[], &FlexibleNumeralString::from(numerals)).unwrap().into();
    moved.iter().fold(0, |number, numeral| number * u128::from(radix) + u128::from(*numeral))
}

#[test]
fn the_sample_of_the_standard() {
    // NIST, FF1 samples, number 7: AES-256, radix 10, no tweak.
    let hex = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94";
    let mut key = [0; 32];
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2).unwrap(), 16).unwrap();
    }
    let permutation = Permutation::new(&key, 10, 10);
    assert_eq!(forth(&permutation, 123_456_789), 6_657_667_009);
    assert_eq!(permutation.number(permutation.back(permutation.halves(6_657_667_009))), Some(123_456_789));
}

/// Every number of a small space is hit once. To see it fail: let a round add to the half that it has just used.
#[test]
fn nothing_is_hit_twice_in_whole_spaces() {
    for (radix, digits) in [(10, 2), (10, 3), (10, 4), (29, 2), (29, 3), (31, 3), (2, 13)] {
        let permutation = Permutation::new(&[3; 32], radix, digits);
        let space = u64::from(radix).pow(digits);
        let mut hit = vec![false; usize::try_from(space).unwrap()];
        for first in (0..space).step_by(LANES) {
            let mut lanes = [(0, 0); LANES];
            for (lane, number) in lanes.iter_mut().zip(first..) {
                *lane = permutation.halves(number);
            }
            permutation.forth(&mut lanes);
            for (lane, number) in lanes.into_iter().zip(first..space) {
                let place = usize::try_from(permutation.number(lane).unwrap()).unwrap();
                assert!(!hit[place], "radix {radix}, {digits} digits: {place} is hit twice");
                hit[place] = true;
                assert_eq!(permutation.number(permutation.back(lane)), Some(number));
            }
        }
        assert!(hit.iter().all(|hit| *hit), "as many places as numbers");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// To see it fail: count the bytes of the longer half by the shorter one, or leave the round number out of the block.
    #[test]
    fn it_is_the_ff1_of_the_standard(key in any::<[u8; 32]>(), digits in 5_u32..=19, number: u64, radix in 20_u32..=36) {
        let number = number % u64::from(radix).checked_pow(digits).unwrap_or(u64::MAX);
        let permutation = Permutation::new(&key, radix, digits);
        let mut lanes = [permutation.halves(number); LANES];
        permutation.forth(&mut lanes);
        let (upper, lower) = lanes[0];
        let size = u128::from(u64::from(radix).pow(digits - digits / 2));
        prop_assert_eq!(u128::from(upper) * size + u128::from(lower), by_another(&key, radix, digits, number));
    }

    /// To see it fail: begin the way back with the first round.
    #[test]
    fn the_way_back_leads_back(key in any::<[u8; 32]>(), digits in 5_u32..=19, number: u64) {
        let number = number % 29_u64.checked_pow(digits).unwrap_or(u64::MAX);
        let permutation = Permutation::new(&key, 29, digits);
        let mut lanes = [permutation.halves(number); LANES];
        permutation.forth(&mut lanes);
        prop_assert_eq!(permutation.number(permutation.back(lanes[1])), Some(number));
    }
}
