//! What is typed, what is told apart, and what is noticed.

use super::alphabet::{self, SYMBOLS};
use super::{Batch, Code, CodeForm, NormalCode, PublicCode, Secret};
use crate::limits;
use proptest::prelude::*;

/// The symbols of a code as it is read, or why it is not.
fn read(typed: &str) -> String {
    match Code::parse(typed) {
        Ok(code) => code.as_str().to_owned(),
        Err(error) => error.code().as_str().to_owned(),
    }
}

/// A valid code of these symbols and their check character.
fn checked(symbols: &str) -> String {
    let values = symbols.bytes().map(|symbol| alphabet::value(symbol).unwrap());
    let check = alphabet::check_value(values.fold(alphabet::START, alphabet::step));
    format!("{symbols}{}", char::from(alphabet::symbol(check)))
}

#[test]
fn typed_in_many_ways_it_is_one_code() {
    let good = "7K2M94XQ015B";
    for typed in [
        "7K2M-94XQ-015B",
        "7k2m 94xq oi5b",
        " 7K2M94XQOLSB ",
        "７Ｋ２Ｍ－９４ＸＱ－０１５Ｂ",
        "7K2M\u{2013}94XQ\u{2014}0l5b",
        "7K2M\u{ad}94\u{200b}XQ\u{feff}0ı5B",
        "7K2M_94XQ_015B\r\n",
        "\u{3000}7K2M\u{a0}94XQ\t0İ5B",
    ] {
        assert_eq!(read(typed), good, "{typed:?}");
        assert_eq!(NormalCode::of(typed).unwrap().as_str(), good);
    }
}

#[test]
fn what_is_no_code_is_refused_without_being_shown() {
    let long = "2".repeat(33);
    for (typed, code) in [
        ("", "code.text"),
        ("- -", "code.text"),
        ("12", "code.text"),
        ("12345", "code.text"),
        ("1234!678", "code.text"),
        ("春节快乐春节", "code.text"),
        ("1234\u{7}678", "code.text"),
        (long.as_str(), "code.text"),
        ("7K2M94XQ0151", "code.checksum"),
    ] {
        assert_eq!(read(typed), code, "{typed:?}");
        if let Err(error) = Code::parse(typed) {
            assert!(typed.len() < 3 || !format!("{error:?}").contains(typed), "{error:?} shows the code");
        }
    }
    let error = NormalCode::of(&" ".repeat(limits::CODE_TEXT_BYTES_MAX + 1)).unwrap_err();
    assert_eq!((error.code().as_str(), &error.details()["limit"]), ("code.text", &256.into()));
    assert_eq!(Code::parse("1234!678").unwrap_err().details()["character"], "!");
}

#[test]
fn bounds_of_lengths() {
    let at = |count: usize| checked(&"7".repeat(count - 1));
    assert!(Code::parse(&at(limits::CODE_LENGTH_MIN)).is_ok());
    assert!(Code::parse(&at(limits::CODE_CHARS_MAX)).is_ok());
    assert_eq!(Code::parse(&at(limits::CODE_LENGTH_MIN - 1)).unwrap_err().details()["limit"], 6);
    assert_eq!(Code::parse(&at(limits::CODE_CHARS_MAX + 1)).unwrap_err().details()["limit"], 32);
    assert!(NormalCode::of("abc").is_ok() && NormalCode::of("ab").is_err());
    assert!(NormalCode::of(&"春".repeat(32)).is_ok() && NormalCode::of(&"春".repeat(33)).is_err());
    for (length, fine) in [(5, false), (6, true), (20, true), (21, false)] {
        assert_eq!(CodeForm::new(length).is_ok(), fine, "{length}");
    }
    for (prefix, fine) in
        [("A", true), ("ABCDEFGHIJKL", true), ("ABCDEFGHIJKLM", false), ("", false), ("A B", false), ("春", false)]
    {
        assert_eq!(CodeForm::with_prefix(prefix, 8).is_ok(), fine, "{prefix}");
    }
}

#[test]
fn public_codes_keep_their_words() {
    let code = PublicCode::new(" Spring-Sale 10 ").unwrap();
    assert_eq!((code.as_str(), code.normal().as_str()), ("Spring-Sale 10", "5PR1NG5A1E10"));
    assert_eq!(PublicCode::new("SPRINGSALE1O").unwrap().normal(), code.normal());
    assert_eq!(NormalCode::of("CAFE\u{301}10").unwrap(), NormalCode::of("café10").unwrap());
    assert_eq!(NormalCode::of("新年１０％".trim_end_matches('％')).unwrap().as_str(), "新年10");
    assert_eq!(PublicCode::new("50% off").unwrap_err().code().as_str(), "code.text");
}

#[test]
fn groups_are_as_even_as_can_be() {
    for (count, groups) in
        [(6, "3-3"), (7, "4-3"), (8, "4-4"), (9, "3-3-3"), (12, "4-4-4"), (14, "4-4-3-3"), (20, "4-4-4-4-4")]
    {
        let shown = Code::parse(&checked(&"7".repeat(count - 1))).unwrap().to_string();
        let lengths: Vec<String> = shown.split('-').map(|group| group.len().to_string()).collect();
        assert_eq!(lengths.join("-"), groups);
    }
    let form = CodeForm::with_prefix("summer", 8).unwrap();
    let code = Batch::new(&Secret::new([1; 32]), form.clone(), 0..1).unwrap().code(0).unwrap();
    let shown = form.show(&code);
    assert!(shown.starts_with("SUMMER-") && shown.len() == 16, "{shown}");
    assert!(code.as_str().starts_with("5VMMER") && form.fits(&code));
    assert_eq!(Code::parse(&shown).unwrap(), code);
    assert_eq!(
        CodeForm::new(14).unwrap().show(&code),
        code.to_string(),
        "14 characters, but none of this form ends so"
    );
    let other = CodeForm::with_prefix("WINTER", 8).unwrap();
    assert!(!other.fits(&code) && other.show(&code) == code.to_string());
}

#[test]
fn they_cross_borders_as_texts() {
    let code = Code::parse(&checked("7K2M94XQ015")).unwrap();
    let public = PublicCode::new("Spring 10").unwrap();
    assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    assert_eq!(serde_json::from_value::<Code>(code.to_string().into()).unwrap(), code);
    assert_eq!(serde_json::from_str::<PublicCode>("\"Spring 10\"").unwrap(), public);
    assert_eq!(serde_json::from_str::<NormalCode>("\"Spring 10\"").unwrap(), *public.normal());
    let refused = crate::Error::from(serde_json::from_str::<Code>("\"7K2M94XQ0151\"").unwrap_err());
    assert_eq!(refused.code().as_str(), "code.checksum");
    assert_eq!(minicbor::decode::<Code>(&minicbor::to_vec(code).unwrap()).unwrap(), code);
    assert_eq!(minicbor::decode::<PublicCode>(&minicbor::to_vec(&public).unwrap()).unwrap(), public);
    assert_eq!(minicbor::decode::<NormalCode>(&minicbor::to_vec(public.normal()).unwrap()).unwrap(), *public.normal());
    assert!(minicbor::decode::<Code>(&minicbor::to_vec("7K2M94XQ0151").unwrap()).is_err());
}

/// Whether a code is valid depends on a sum to which each place adds its part, whatever stands in the others. So all changes of one place and
/// all swaps of two neighbours, at every place of every length, are all there are. To see it fail: take 30 for the weight.
#[test]
fn every_wrong_symbol_and_every_swap_is_noticed() {
    let sum = |values: &[u64]| values.iter().fold(alphabet::START, |sum, value| alphabet::step(sum, *value));
    let mut seen = 0_u64;
    for count in limits::CODE_LENGTH_MIN..=limits::CODE_CHARS_MAX {
        for place in 0..count {
            for (one, other) in (0..31).flat_map(|one| (0..31).map(move |other| (one, other))).filter(|(a, b)| a != b) {
                // The values that make the sum valid at another place do not matter: only differences do.
                let mut values = vec![0; count];
                values[place] = one;
                let before = sum(&values);
                values[place] = other;
                assert!(!alphabet::is_valid(sum(&values).abs_diff(before)), "{one} for {other} at {place} of {count}");
                for apart in [1, 2].into_iter().filter(|apart| place + apart < count) {
                    let mut values = vec![0; count];
                    (values[place], values[place + apart]) = (one, other);
                    let before = sum(&values);
                    values.swap(place, place + apart);
                    assert!(
                        !alphabet::is_valid(sum(&values).abs_diff(before)),
                        "{one} and {other} at {place} of {count}"
                    );
                }
                // Two equal neighbours that become two others.
                if place + 1 < count {
                    let twins = |value: u64| {
                        let mut values = vec![0; count];
                        (values[place], values[place + 1]) = (value, value);
                        sum(&values)
                    };
                    assert!(
                        !alphabet::is_valid(twins(one).abs_diff(twins(other))),
                        "{one} and {other} twice at {place}"
                    );
                }
                seen += 1;
            }
        }
    }
    assert_eq!(seen, (6..=32).sum::<u64>() * 31 * 30);
}

fn any_code() -> impl Strategy<Value = String> {
    let symbol = proptest::sample::select(SYMBOLS.to_vec()).prop_map(char::from);
    proptest::collection::vec(symbol, 5..=31).prop_map(|symbols| checked(&symbols.into_iter().collect::<String>()))
}

proptest! {
    /// The same with whole codes as they are typed. To see it fail: leave the check character out of the sum.
    #[test]
    fn a_slip_of_the_pen_is_noticed(good in any_code(), place: prop::sample::Index, symbol in prop::sample::select(SYMBOLS.to_vec())) {
        prop_assert_eq!(Code::parse(&good).unwrap().as_str().to_owned(), good.clone());
        let mut bytes = good.clone().into_bytes();
        let place = place.index(bytes.len());
        if bytes[place] != symbol {
            bytes[place] = symbol;
            let error = Code::parse(std::str::from_utf8(&bytes).unwrap()).unwrap_err();
            prop_assert_eq!(error.code().as_str(), "code.checksum");
        }
        let mut bytes = good.clone().into_bytes();
        let place = place.min(bytes.len() - 2);
        if bytes[place] != bytes[place + 1] {
            bytes.swap(place, place + 1);
            let error = Code::parse(std::str::from_utf8(&bytes).unwrap()).unwrap_err();
            prop_assert_eq!(error.code().as_str(), "code.checksum");
        }
    }

    /// A zero in front or lost at the front is no slip that a plain weighted sum sees. To see it fail: start the sum at 0.
    #[test]
    fn a_zero_too_many_in_front_is_noticed(good in any_code()) {
        if good.len() < limits::CODE_CHARS_MAX {
            prop_assert_eq!(Code::parse(&format!("0{good}")).unwrap_err().code().as_str(), "code.checksum");
        }
    }

    /// To see it fail: look at the letters before accents are joined to them, and fold once only.
    #[test]
    fn folding_twice_changes_nothing(typed in "\\PC{0,40}", joined in "[a-zOILSUß\u{301}\u{302}\u{308}\u{327}\u{200b}\u{345}ıİ -]{3,32}") {
        for typed in [typed, joined] {
            if let Ok(normal) = NormalCode::of(&typed) {
                prop_assert_eq!(&NormalCode::of(normal.as_str()).unwrap(), &normal);
                prop_assert!((3..=32).contains(&normal.as_str().chars().count()) && normal.as_str().len() <= limits::ID_BYTES_MAX);
            }
        }
    }

    /// However it is typed, a code is found under its normal form. To see it fail: fold `O` for generated codes only.
    #[test]
    fn look_up_and_parsing_agree(good in any_code(), look in any::<u64>(), dashes in any::<u32>()) {
        let mut typed = String::new();
        for (place, c) in good.chars().enumerate() {
            let swap = look >> place & 1 == 1;
            typed.push(match c {
                '0' if swap => 'o',
                '1' if swap => 'l',
                '5' if swap => 's',
                'V' if swap => 'u',
                c if swap => c.to_ascii_lowercase(),
                c => c,
            });
            if dashes >> place & 1 == 1 {
                typed.push_str(if swap { " - " } else { "\u{2011}" });
            }
        }
        let normal = NormalCode::of(&typed).unwrap();
        prop_assert_eq!(normal.as_str(), &good);
        prop_assert_eq!(Code::parse(&typed).unwrap().normal(), normal);
    }
}
