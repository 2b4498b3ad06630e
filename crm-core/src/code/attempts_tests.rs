//! How often somebody may try.

use super::{Attempt, AttemptCosts, AttemptRules, Attempts};
use crate::value::Timestamp;
use proptest::prelude::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_772_000_000_000 + millis).unwrap()
}

fn rules(allowance: u32, window_ms: i64) -> AttemptRules {
    AttemptRules::new(allowance, window_ms, AttemptCosts::default()).unwrap()
}

fn retry_at(error: &crate::Error) -> Timestamp {
    Timestamp::parse(error.details()["retry_at"].as_str().unwrap()).unwrap()
}

#[test]
fn wrong_check_characters_cost_more_and_found_codes_nothing() {
    let rules = AttemptRules::default();
    for (attempt, allowed) in [(Attempt::Unknown, 10), (Attempt::Checksum, 4)] {
        let mut tried = Attempts::default();
        let count = (0..20).filter(|_| tried.attempt(at(0), &rules, attempt).is_ok()).count();
        assert_eq!(count, allowed, "{attempt:?}: the last one may cost more than is left");
    }
    let mut tried = Attempts::default();
    assert!((0..100).all(|_| tried.attempt(at(0), &rules, Attempt::Found).is_ok()));
    assert!(tried.is_idle(at(0)));
}

#[test]
fn what_was_spent_comes_back_evenly() {
    let rules = rules(4, 4_000);
    let mut tried = Attempts::default();
    for millis in [0, 10, 20, 30] {
        tried.attempt(at(millis), &rules, Attempt::Unknown).unwrap();
    }
    let refused = tried.attempt(at(40), &rules, Attempt::Unknown).unwrap_err();
    assert_eq!((refused.code().as_str(), refused.retry()), ("code.rate_limited", crate::Retry::Later));
    assert_eq!(retry_at(&refused), at(1_000));
    assert_eq!(retry_at(&tried.allows(at(999), &rules).unwrap_err()), at(1_000), "knocking changes nothing");
    tried.attempt(at(1_000), &rules, Attempt::Unknown).unwrap();
    assert!(tried.allows(at(1_999), &rules).is_err());
    assert!(!tried.is_idle(at(4_999)) && tried.is_idle(at(5_000)));
}

#[test]
fn a_clock_that_goes_wrong_shuts_nobody_out_for_ever() {
    let rules = rules(4, 4_000);
    let mut tried = Attempts::default();
    tried.attempt(Timestamp::MAX, &rules, Attempt::Checksum).unwrap();
    let refused = tried.allows(at(0), &rules).unwrap_err();
    assert!(retry_at(&refused) <= at(4_000));
    tried.attempt(retry_at(&refused).plus_millis(4_000), &rules, Attempt::Unknown).unwrap_err();
    let mut back = Attempts::default();
    (0..4).for_each(|_| back.attempt(at(10_000), &rules, Attempt::Unknown).unwrap());
    assert!(back.allows(at(9_000), &rules).is_err(), "going back in time gives nothing back");
}

#[test]
fn rules_have_bounds() {
    let costs = AttemptCosts::default();
    for (allowance, window, fine) in [
        (0, 1_000, false),
        (1, 0, false),
        (1, 1, true),
        (1_000, 1_000, true),
        (1_001, 1_000, false),
        (1_000_000, 31 * 86_400_000, true),
        (1_000_001, 31 * 86_400_000, false),
        (10, 31 * 86_400_000 + 1, false),
    ] {
        let made = AttemptRules::new(allowance, window, costs);
        assert_eq!(made.is_ok(), fine, "{allowance} {window}");
        assert!(made.is_ok() || made.unwrap_err().code().as_str() == "code.rules");
    }
    let dear = AttemptCosts { unknown: 1_000_001, ..costs };
    assert_eq!(AttemptRules::new(1, 1, dear).unwrap_err().details()["field"], "costs");
}

#[test]
fn rules_and_attempts_are_kept() {
    let rules: AttemptRules = serde_json::from_str(r#"{ "allowance": 3, "window_ms": 1000 }"#).unwrap();
    assert_eq!(rules, self::rules(3, 1_000));
    assert_eq!(serde_json::from_value::<AttemptRules>(serde_json::to_value(rules).unwrap()).unwrap(), rules);
    let wrong = serde_json::from_str::<AttemptRules>(r#"{ "allowance": 0, "window_ms": 1000 }"#).unwrap_err();
    assert_eq!(crate::Error::from(wrong).code().as_str(), "code.rules");
    let mut tried = Attempts::default();
    assert_eq!(serde_json::to_string(&tried).unwrap(), "{}");
    tried.attempt(at(0), &rules, Attempt::Unknown).unwrap();
    assert_eq!(serde_json::from_value::<Attempts>(serde_json::to_value(tried).unwrap()).unwrap(), tried);
    assert_eq!(minicbor::decode::<Attempts>(&minicbor::to_vec(tried).unwrap()).unwrap(), tried);
}

proptest! {
    /// In no span of time more is spent than was allowed at once and came back in it; only the last attempt may cost more than is left.
    /// To see it fail: let a unit come back in the window divided by the allowance, rounded down; or charge nothing for a wrong check character.
    #[test]
    fn no_span_has_more_than_is_allowed(
        allowance in 1_u32..8, window in 8_i64..1_000, steps in prop::collection::vec((0_i64..300, 0..3_usize), 1..60),
    ) {
        let costs = AttemptCosts { found: 0, unknown: 1, checksum: 3 };
        let rules = AttemptRules::new(allowance, window, costs).unwrap();
        let (mut tried, mut now, mut spent) = (Attempts::default(), 0, Vec::new());
        for (step, kind) in steps {
            now += step;
            let (attempt, cost) = [(Attempt::Found, 0), (Attempt::Unknown, 1), (Attempt::Checksum, 3)][kind];
            match tried.attempt(at(now), &rules, attempt) {
                Ok(()) => spent.push((now, cost)),
                Err(error) => {
                    let retry_at = retry_at(&error);
                    prop_assert!(at(now) < retry_at);
                    prop_assert!(tried.allows(retry_at, &rules).is_ok());
                    prop_assert!(tried.allows(retry_at.plus_millis(-1), &rules).is_err(), "not a moment too late");
                }
            }
        }
        for (place, (begin, _)) in spent.iter().enumerate() {
            let mut before = 0;
            for (end, cost) in &spent[place..] {
                // At every attempt one unit was there, of those at the beginning and those that came back.
                let missing = before + 1 - i64::from(allowance);
                prop_assert!(missing * window <= (end - begin) * i64::from(allowance), "{missing} units too many from {begin} to {end}");
                before += cost;
            }
        }
    }
}
