//! How often somebody may try codes.

use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::Timestamp;
use serde::{Deserialize, Serialize};

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Attempt {
    /// The code is known and may be used.
    #[n(0)]
    Found,
    /// Anything that a public look-up answers with "no such code": never issued, expired, revoked, used up, somebody else's.
    #[n(1)]
    Unknown,
    /// The check character was wrong. A page can check it before it asks, so that mostly machines send such codes.
    #[n(2)]
    Checksum,
}

/// How many attempts are allowed in which time, in units: each attempt costs some, and units come back evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RulesAsWritten", into = "RulesAsWritten")]
pub struct AttemptRules {
    allowance: u32,
    /// In how many milliseconds one unit comes back.
    unit_ms: i64,
    window_ms: i64,
    costs: AttemptCosts,
}

/// What an attempt costs, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptCosts {
    /// A code that was found; 0 by default.
    pub found: u32,
    /// A code that nobody knows; 1 by default.
    pub unknown: u32,
    /// A wrong check character; 3 by default.
    pub checksum: u32,
}

impl Default for AttemptCosts {
    fn default() -> Self {
        Self { found: 0, unknown: 1, checksum: 3 }
    }
}

impl Default for AttemptRules {
    /// Ten units in ten minutes.
    fn default() -> Self {
        Self { allowance: 10, unit_ms: 60_000, window_ms: 600_000, costs: AttemptCosts::default() }
    }
}

impl AttemptRules {
    /// So many units at once, all of which come back within a window of so many milliseconds.
    ///
    /// # Errors
    /// `code.rules` for no or more than a million units, for a window that is not 1 ms to 31 days, for fewer milliseconds than units, and for a cost above a million.
    pub fn new(allowance: u32, window_ms: i64, costs: AttemptCosts) -> Result<Self> {
        let wrong = |field: &str, message: String| Err(Error::new(ErrorCode::CodeRules, message).field(field));
        let (most, longest) = (limits::CODE_ATTEMPT_UNITS_MAX, limits::CODE_ATTEMPT_WINDOW_MS_MAX);
        if !(1..=most).contains(&allowance) {
            return wrong("allowance", format!("1 to {most} units can be allowed, not {allowance}"));
        }
        if !(i64::from(allowance)..=longest).contains(&window_ms) {
            return wrong(
                "window_ms",
                format!("a window for {allowance} units has {allowance} to {longest} ms, not {window_ms}"),
            );
        }
        if most < costs.found.max(costs.unknown).max(costs.checksum) {
            return wrong("costs", format!("an attempt costs at most {most} units"));
        }
        // Rounded up: nobody gets more than was allowed.
        let unit_ms = window_ms / i64::from(allowance) + i64::from(window_ms % i64::from(allowance) != 0);
        Ok(Self { allowance, unit_ms, window_ms, costs })
    }

    fn cost_ms(&self, attempt: Attempt) -> i64 {
        let units = match attempt {
            Attempt::Found => self.costs.found,
            Attempt::Unknown => self.costs.unknown,
            Attempt::Checksum => self.costs.checksum,
        };
        i64::from(units) * self.unit_ms
    }

    /// What can be spent at once, in the milliseconds in which it comes back.
    fn room_ms(&self) -> i64 {
        i64::from(self.allowance) * self.unit_ms
    }

    /// The deepest that attempts can go: the last allowed one may cost more than is left.
    fn deepest_ms(&self) -> i64 {
        let costs = [Attempt::Found, Attempt::Unknown, Attempt::Checksum].map(|attempt| self.cost_ms(attempt));
        self.room_ms() + costs.into_iter().max().unwrap_or(0)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesAsWritten {
    allowance: u32,
    window_ms: i64,
    #[serde(default)]
    costs: AttemptCosts,
}

impl TryFrom<RulesAsWritten> for AttemptRules {
    type Error = Error;
    fn try_from(written: RulesAsWritten) -> Result<Self> {
        Self::new(written.allowance, written.window_ms, written.costs)
    }
}

impl From<AttemptRules> for RulesAsWritten {
    fn from(rules: AttemptRules) -> Self {
        Self { allowance: rules.allowance, window_ms: rules.window_ms, costs: rules.costs }
    }
}

/// What one actor has tried: a customer, an address, a till, or all guesses at one prefix. The engine keeps one for each customer, where the
/// program limits attempts (`try_code`); for others the host keeps one each, and may forget those that are [idle](Self::is_idle).
///
/// A bucket of units that fills up evenly, told by one instant: when it will be full again. A window of single attempts would have to
/// remember each of them, and would let all of them come again at once.
///
/// An answer must not tell more than the limit hides: a public look-up says the same, and as fast, for codes that never were, are expired, revoked or
/// somebody else's. Seeing to that is up to whoever answers; here all of them are [`Attempt::Unknown`].
///
/// ```
/// use crm_core::code::{Attempt, AttemptRules, Attempts};
/// use crm_core::value::Timestamp;
/// let (rules, mut tried) = (AttemptRules::default(), Attempts::default());
/// let at = Timestamp::parse("2026-03-01T10:00:00Z")?;
/// for _ in 0..10 {
///     tried.attempt(at, &rules, Attempt::Unknown)?;
/// }
/// let refused = tried.attempt(at, &rules, Attempt::Unknown).unwrap_err();
/// assert_eq!(refused.code().as_str(), "code.rate_limited");
/// assert_eq!(refused.details()["retry_at"], "2026-03-01T10:01:00Z");
/// assert!(tried.allows(at.plus_millis(60_000), &rules).is_ok());
/// # Ok::<(), crm_core::Error>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, minicbor::Encode, minicbor::Decode,
)]
#[serde(deny_unknown_fields)]
pub struct Attempts {
    /// When everything that was spent will have come back.
    #[n(0)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    full_at: Option<Timestamp>,
}

impl Attempts {
    /// Whether an attempt is allowed: to be asked before a code is looked up.
    ///
    /// # Errors
    /// `code.rate_limited` with `retry_at`, the first instant at which one is.
    pub fn allows(&self, at: Timestamp, rules: &AttemptRules) -> Result<()> {
        let free_at = self.free_at(at, rules);
        if free_at <= at {
            return Ok(());
        }
        let error = Error::new(ErrorCode::CodeRateLimited, "too many codes were tried");
        Err(error.with("retry_at", free_at))
    }

    /// The first instant at which an attempt is allowed: `at` or an earlier one, if it is now.
    #[must_use]
    pub fn free_at(&self, at: Timestamp, rules: &AttemptRules) -> Timestamp {
        self.full_at(at, rules).plus_millis(rules.unit_ms - rules.room_ms())
    }

    /// Writes down what came of an attempt. One that is refused costs nothing, so that waiting until `retry_at` is enough however often somebody knocks.
    ///
    /// # Errors
    /// As [`allows`](Self::allows); nothing has changed then.
    pub fn attempt(&mut self, at: Timestamp, rules: &AttemptRules, attempt: Attempt) -> Result<()> {
        self.allows(at, rules)?;
        self.full_at = Some(self.full_at(at, rules).plus_millis(rules.cost_ms(attempt)));
        Ok(())
    }

    /// Whether everything has come back, so that nothing is lost by forgetting it.
    #[must_use]
    pub fn is_idle(&self, at: Timestamp) -> bool {
        self.full_at.is_none_or(|full_at| full_at <= at)
    }

    /// When everything will have come back. Never further than a full bucket and one attempt: a clock that once went wrong, or rules that became
    /// milder, must not shut somebody out for ever.
    fn full_at(&self, at: Timestamp, rules: &AttemptRules) -> Timestamp {
        let latest = at.plus_millis(rules.deepest_ms());
        self.full_at.map_or(at, |full_at| full_at.max(at).min(latest))
    }
}
