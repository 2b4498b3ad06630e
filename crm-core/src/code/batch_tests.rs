//! Batches: distinct, resumable, recognised; and signed codes.

use super::secret::authenticate;
use super::{Batch, Code, CodeForm, Secret, TillKey};
use crate::limits;
use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn batch(length: usize, serials: std::ops::Range<u64>) -> Batch {
    Batch::new(&Secret::new([7; 32]), CodeForm::new(length).unwrap(), serials).unwrap()
}

fn refused<T: std::fmt::Debug>(result: crate::Result<T>) -> &'static str {
    result.unwrap_err().code().as_str()
}

/// Invariant 15 where one can count; [`super::permute_tests`] has why it holds for any count. To see it fail: make codes of `serial / 2`.
#[test]
fn hundreds_of_thousands_of_codes_are_distinct_and_read_back() {
    let batch = batch(10, 5_000..255_000);
    let mut seen = BTreeSet::new();
    for ((serial, code), expected) in batch.codes().zip(5_000..) {
        assert_eq!(serial, expected);
        assert!(seen.insert(code), "{code} comes twice");
        if serial.is_multiple_of(997) {
            assert_eq!(Code::parse(&code.to_string()).unwrap(), code);
            assert_eq!(batch.serial(&code), Some(serial));
        }
    }
    assert_eq!(seen.len(), 250_000);
}

/// What was issued stays valid: these codes are the same in every release, and anybody with an FF1 of their own gets them too. To see it fail: name
/// another purpose of the derived key.
#[test]
fn the_codes_of_a_secret_never_change() {
    let form = CodeForm::with_prefix("SPRING", 12).unwrap();
    let batch = Batch::new(&Secret::new([7; 32]), form, 0..10_000_000).unwrap();
    let shown: Vec<String> =
        [0, 1, 9_999_999].map(|serial| batch.form().show(&batch.code(serial).unwrap())).into_iter().collect();
    assert_eq!(shown, ["SPRING-ZW8G-7PH0-7T45", "SPRING-504Z-4Z5G-YHVY", "SPRING-WTHX-QDYN-K6RY"]);

    let key = authenticate(&[7; 32], "crm code batch 1", &[b"SPRING"]);
    let ff1 = FF1::<Aes256>::new(&key, 29).unwrap();
    let moved: Vec<u16> =
        ff1.encrypt(&[], &FlexibleNumeralString::from([vec![0; 10], vec![1]].concat())).unwrap().into();
    let digits = b"0123456789BCDFGHJKMNPQRTVWXYZ";
    let payload: String = moved.iter().map(|numeral| char::from(digits[usize::from(*numeral)])).collect();
    assert_eq!(batch.code(1).unwrap().as_str().get(6..17), Some(payload.as_str()));

    let till = TillKey::new(&Secret::new([7; 32]), "", 42).unwrap();
    assert_eq!(till.sign(1_000).unwrap().to_string(), "01F0-0015-GQYZ-1XKR-PMXY");
}

#[test]
fn a_run_goes_on_where_it_was_stopped() {
    let batch = batch(12, 100..1_000);
    let all: Vec<_> = batch.codes().collect();
    assert_eq!((all.len(), all[0].0, all[899].0), (900, 100, 999));
    for from in [0, 100, 101, 131, 132, 133, 500, 998, 999, 1_000, 5_000, u64::MAX] {
        let rest: Vec<_> = batch.codes_from(from).collect();
        assert_eq!(rest, all[usize::try_from(from.clamp(100, 1_000) - 100).unwrap()..], "from {from}");
    }
    for steps in [[0, 0, 0], [1, 31, 1], [5, 100, 31], [40, 3, 3], [899, 0, 0], [2_000, 1, 0]] {
        let (mut skipping, mut plain) = (batch.codes(), all.iter().copied());
        for step in steps {
            assert_eq!(skipping.nth(step), plain.nth(step), "{steps:?}");
            assert_eq!(skipping.size_hint(), plain.size_hint());
        }
    }
}

#[test]
fn a_code_of_something_else_is_not_recognised() {
    let small = batch(12, 100..200);
    let code = |serial| batch(12, 0..1_000).code(serial).unwrap();
    assert_eq!((small.serial(&code(100)), small.serial(&code(199))), (Some(100), Some(199)));
    assert_eq!((small.serial(&code(99)), small.serial(&code(200))), (None, None));
    assert_eq!((refused(small.code(99)), refused(small.code(200))), ("code.serial", "code.serial"));
    let with = |secret: u8, prefix: &str| {
        Batch::new(&Secret::new([secret; 32]), CodeForm::with_prefix(prefix, 12).unwrap(), 0..1_000).unwrap()
    };
    let foreign =
        [with(7, "A").code(100), with(8, "A").code(100), batch(11, 0..1_000).code(100), batch(13, 0..1_000).code(100)];
    for foreign in foreign {
        assert_eq!(small.serial(&foreign.unwrap()), None);
    }
    assert_eq!(with(7, "B").serial(&with(7, "A").code(1).unwrap()), None);
    assert_eq!(with(8, "A").serial(&with(7, "A").code(1).unwrap()), None);
    let vowel = Code::parse("AAAAAAAAAAAH").or_else(|_| {
        (0..31)
            .find_map(|value| Code::parse(&format!("AAAAAAAAAAA{}", char::from(super::alphabet::symbol(value)))).ok())
            .ok_or(())
    });
    assert_eq!(batch(12, 0..29_u64.pow(10)).serial(&vowel.unwrap()), None, "no random part has an `A`");
}

#[test]
fn a_space_can_be_used_to_its_last_code() {
    let space = 29_u64.pow(5);
    let last = batch(6, space - 40..space);
    assert_eq!(last.codes().count(), 40);
    assert!(last.codes().all(|(serial, code)| last.serial(&code) == Some(serial)));
    let too_many = Batch::new(&Secret::new([7; 32]), CodeForm::new(6).unwrap(), 0..space + 1);
    let error = too_many.unwrap_err();
    assert_eq!((error.code().as_str(), &error.details()["limit"]), ("code.space", &space.into()));
    let end = limits::CODE_SERIALS_MAX;
    assert_eq!(refused(Batch::new(&Secret::new([7; 32]), CodeForm::new(20).unwrap(), 0..end + 1)), "code.space");
    let huge = batch(20, end - 40..end);
    assert_eq!(huge.codes().count(), 40);
    assert!(huge.codes().all(|(serial, code)| huge.serial(&code) == Some(serial)));
    assert_eq!(batch(8, 5..5).codes().count(), 0);
    #[allow(clippy::reversed_empty_ranges, reason = "that is what is tested")]
    let backwards = batch(8, 9..5);
    assert_eq!(backwards.codes().count(), 0);
    assert_eq!(refused(backwards.code(7)), "code.serial");
}

/// No proof of randomness, but a serial number that shines through would show. To see it fail: leave the rounds out.
#[test]
fn every_symbol_is_as_likely_at_every_place() {
    let batch = batch(9, 0..29_000);
    let mut counts = [[0_u32; 128]; 9];
    for (_, code) in batch.codes() {
        for (counts, symbol) in counts.iter_mut().zip(code.as_str().bytes()) {
            counts[usize::from(symbol)] += 1;
        }
    }
    for (place, counts) in counts.iter().enumerate().take(8) {
        let seen: Vec<u32> = counts.iter().copied().filter(|count| 0 < *count).collect();
        assert_eq!(seen.len(), 29, "place {place}");
        // 1,000 expected, with a standard deviation of 31.
        assert!(seen.iter().all(|count| (800..1_200).contains(count)), "place {place}: {seen:?}");
    }
}

#[test]
fn a_till_knows_its_codes_from_all_others() {
    let secret = Secret::new([7; 32]);
    let till = TillKey::new(&secret, "till", 3).unwrap();
    for serial in [0, 1, 29, limits::CODE_SIGNED_SERIAL_MAX] {
        let code = till.sign(serial).unwrap();
        assert_eq!((till.verify(&code).unwrap(), TillKey::batch_of("TILL", &code).unwrap()), (serial, 3));
    }
    assert_eq!(refused(till.sign(limits::CODE_SIGNED_SERIAL_MAX + 1)), "code.serial");
    assert!(TillKey::new(&secret, "", limits::CODE_BATCH_MAX).is_ok());
    assert_eq!(refused(TillKey::new(&secret, "", limits::CODE_BATCH_MAX + 1)), "code.form");
    assert_eq!(refused(TillKey::new(&secret, "a b", 1)), "code.form");
    let code = till.sign(17).unwrap();
    for other in [
        TillKey::new(&secret, "till", 4),
        TillKey::new(&secret, "tell", 3),
        TillKey::new(&secret, "", 3),
        TillKey::new(&Secret::new([8; 32]), "till", 3),
    ] {
        assert_eq!(refused(other.unwrap().verify(&code)), "code.forged");
    }
    assert_eq!(refused(TillKey::batch_of("", &code)), "code.forged");
    assert_eq!(refused(till.verify(&batch(20, 0..1).code(0).unwrap())), "code.forged");
    assert!(!format!("{till:?}").contains("key"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Invariant 14, the round trip. To see it fail: take the digits of the halves apart in another order than they were written.
    #[test]
    fn codes_lead_back_to_their_serial_numbers(
        secret in any::<[u8; 32]>(), length in 6_usize..=20, serial: u64, prefix in "[A-Za-z0-9]{0,12}",
    ) {
        let form = if prefix.is_empty() { CodeForm::new(length) } else { CodeForm::with_prefix(&prefix, length) }.unwrap();
        let serial = serial % u64::try_from(form.space()).unwrap_or(u64::MAX).min(limits::CODE_SERIALS_MAX);
        let batch = Batch::new(&Secret::new(secret), form, serial..serial + 1).unwrap();
        let code = batch.code(serial).unwrap();
        let typed = Code::parse(&batch.form().show(&code).to_lowercase()).unwrap();
        prop_assert_eq!(batch.serial(&typed), Some(serial));
    }

    /// To see it fail: compare the first five characters of the signature.
    #[test]
    fn a_signed_code_with_another_part_is_forged(secret in any::<[u8; 32]>(), serial in 0..594_823_321_u64, at in 0..19_usize, step in 1..29_u64) {
        let till = TillKey::new(&Secret::new(secret), "", 7).unwrap();
        let code = till.sign(serial).unwrap();
        let digits: Vec<u64> = code.as_str().bytes().take(19)
            .map(|symbol| super::alphabet::digit_of_value(super::alphabet::value(symbol).unwrap()).unwrap()).collect();
        let mut parts = [(0, 1); 19];
        for (place, (part, digit)) in parts.iter_mut().zip(digits).enumerate() {
            part.0 = if place == at { (digit + step) % 29 } else { digit };
        }
        let forged = till.form().assemble(parts);
        prop_assert_ne!(forged, code);
        prop_assert_eq!(refused(till.verify(&forged)), "code.forged");
    }
}
