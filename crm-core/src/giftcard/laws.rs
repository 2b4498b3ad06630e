//! Laws of cards, over random histories.

use super::tests::{at, card, name, taking};
use super::*;
use proptest::prelude::*;

/// What happens, loosely: `kind`, a name, an amount, seconds since the last deed.
type Deed = (u8, u8, i64, i64);

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    prop::collection::vec((0_u8..10, 0_u8..6, 1_i64..60, 0_i64..20), 1..40)
}

/// Does one thing; many are refused, and that is part of it.
fn act(card: &mut GiftCard, deed: Deed, number: usize, now: i64) {
    let (kind, pick, minor, gap) = deed;
    let new = format!("u{number}");
    let old = card.uses.get(usize::from(pick)).map_or_else(|| name("none"), |usage| usage.id.clone());
    let refused = match kind {
        0 | 1 => card.hold(taking(&new, minor), at(now + 1 + gap), at(now)).err(),
        2 | 3 => card.spend(taking(&new, minor), at(now)).err(),
        4 => card.capture(&old, (gap < 10).then_some(minor), None, at(now)).err(),
        5 => card.release(&old, at(now)).err(),
        6 | 7 => card.restore(&old, minor, (gap < 10).then(|| at(now + gap)), at(now)).err(),
        8 if gap < 10 => card.freeze(at(now)).err(),
        8 => card.unfreeze(at(now)).err(),
        _ if gap < 2 && !card.returned => {
            if !card.frozen {
                card.freeze(at(now)).unwrap();
            }
            card.take_back(at(now));
            None
        }
        _ => None,
    };
    drop(refused);
}

proptest! {
    /// Whatever happens, every cent is in one book, no book is below zero, and what is held and redeemed is what the uses say.
    /// Seen to fail: with `self.balance_minor += asked` instead of `asked - minor` in `capture`; without the line that lowers
    /// `unrecovered_minor` in `restore`; without the check of the balance in `usable`.
    #[test]
    fn books_add_up(issued in 1_i64..200, ends in prop::option::of(1_i64..200), deeds in deeds()) {
        let mut card = card(issued, ends);
        let mut now = 0;
        for (number, deed) in deeds.into_iter().enumerate() {
            now += deed.3;
            card.advance(at(now));
            let before = card.clone();
            act(&mut card, deed, number, now);
            card.check().map_err(|error| TestCaseError::fail(format!("{error} after {deed:?} of {before:?}")))?;
            card.advance(at(now));
            card.check().map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(!card.has_ended(at(now)) || card.balance_minor == 0, "what ended is not usable");
        }
    }

    /// It makes no difference how often somebody looks: time in one go is time in pieces.
    /// Seen to fail: with `at: now` instead of the instant of the deadline in `advance`.
    #[test]
    fn time_in_pieces_is_time_in_one_go(
        ends in prop::option::of(1_i64..100),
        holds in prop::collection::vec((1_i64..30, 1_i64..120), 0..6),
        looks in prop::collection::vec(0_i64..150, 0..6),
    ) {
        let mut one = card(100, ends);
        for (number, (minor, until)) in holds.into_iter().enumerate() {
            let _ = one.hold(taking(&format!("h{number}"), minor), at(until), at(0));
        }
        let mut pieces = one.clone();
        let whole = one.advance(at(200));
        let mut looks = looks;
        looks.sort_unstable();
        let mut told = Vec::new();
        for look in looks {
            told.extend(pieces.advance(at(look)));
        }
        told.extend(pieces.advance(at(200)));
        prop_assert_eq!(told, whole);
        prop_assert_eq!(pieces, one);
    }
}
