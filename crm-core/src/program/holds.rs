//! Whether a condition holds. Pure, without allocation; what is unknown does not hold, and `not` of it does.

use super::condition::{Comparison, Condition};
use super::document::EarnRule;
use super::facts::{Facts, OrderFacts};
use crate::points::Validity;
use crate::value::{Attribute, AttributeName, CalendarDate, Weekday};
use chrono::{Datelike, Timelike};
use std::cmp::Ordering;
use std::collections::BTreeMap;

impl Condition {
    /// Whether it holds for these facts.
    ///
    /// ```
    /// use crm_core::program::{Condition, CustomerFacts, Facts, Weekday};
    /// use crm_core::value::{Timestamp, Zone};
    /// let at = Timestamp::parse("2026-03-06T17:00:00Z")?;
    /// let saturday = Zone::new("Asia/Shanghai")?.local(at);
    /// let facts = Facts { at, local: saturday, customer: CustomerFacts::default(), order: None, event: None };
    /// assert!(Condition::Weekday { any: vec![Weekday::Sat, Weekday::Sun] }.holds(&facts));
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    #[must_use]
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        let customer = &facts.customer;
        match self {
            Self::All { of } => of.iter().all(|part| part.holds(facts)),
            Self::Any { of } => of.iter().any(|part| part.holds(facts)),
            Self::Not { of } => !of.holds(facts),
            Self::Tier { ladder, any } => {
                customer.tiers.iter().any(|(held, tier)| *held == ladder && any.contains(tier))
            }
            Self::Stage { any } => customer.stage.is_some_and(|stage| any.iter().any(|name| name == stage)),
            Self::Activity { any } => customer.activity.is_some_and(|band| any.iter().any(|name| name == band)),
            Self::CustomerTag { any } => customer.tags.is_some_and(|tags| any.iter().any(|tag| tags.contains(tag))),
            Self::CustomerAttribute { name, is, value } => compares(customer.attributes, name, *is, value),
            Self::BirthdayMonth => customer.birthday.is_some_and(|day| day.naive().month() == facts.local.month()),
            Self::Birthday { days_before, days_after } => customer.birthday.is_some_and(|birthday| {
                near_birthday(birthday, CalendarDate::from_naive(facts.local.date()), *days_before, *days_after)
            }),
            Self::Weekday { any } => any.contains(&Weekday::of(facts.local.weekday())),
            Self::TimeOfDay { from, to } => in_hours(from, to, facts.local.hour() * 60 + facts.local.minute()),
            Self::EventAttribute { name, is, value } => compares(facts.event, name, *is, value),
            Self::Channel { .. }
            | Self::Store { .. }
            | Self::OrderTag { .. }
            | Self::OrderAmount { .. }
            | Self::OrderNumber { .. }
            | Self::HasLine { .. } => facts.order.as_ref().is_some_and(|order| self.holds_for_order(order)),
        }
    }

    fn holds_for_order(&self, order: &OrderFacts<'_>) -> bool {
        match self {
            Self::Channel { any } => order.channel.is_some_and(|channel| any.contains(channel)),
            Self::Store { any } => order.store.is_some_and(|store| any.contains(store)),
            Self::OrderTag { any } => order.tags.is_some_and(|tags| any.iter().any(|tag| tags.contains(tag))),
            Self::OrderAmount { at_least } => order.currency.amount(order.goods_minor) >= *at_least,
            Self::OrderNumber { from, to } => order.number.is_some_and(|number| (*from..=*to).contains(&number)),
            Self::HasLine { lines } => {
                order.lines.iter().any(|line| lines.admits(line.sku, line.category, line.brand, line.tags))
            }
            _ => false,
        }
    }
}

impl EarnRule {
    /// Whether the rule is in force at the instant of the fact and its condition holds.
    #[must_use]
    pub fn applies(&self, facts: &Facts<'_>) -> bool {
        let Validity { from, until } = self.valid;
        from.is_none_or(|from| from <= facts.at)
            && until.is_none_or(|until| facts.at < until)
            && self.when.as_ref().is_none_or(|when| when.holds(facts))
    }
}

impl Comparison {
    /// Whether an order of two values is what is asked for.
    #[must_use]
    pub const fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Below => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::AtLeast => order.is_ge(),
            Self::Above => order.is_gt(),
        }
    }
}

fn compares(
    attributes: Option<&BTreeMap<AttributeName, Attribute>>,
    name: &AttributeName,
    is: Comparison,
    value: &Attribute,
) -> bool {
    let order = attributes.and_then(|known| known.get(name)).and_then(|given| order_of(given, value));
    order.is_some_and(|order| is.accepts(order))
}

/// How two values compare; none when their types differ.
fn order_of(left: &Attribute, right: &Attribute) -> Option<Ordering> {
    match (left, right) {
        (Attribute::Text { value: a }, Attribute::Text { value: b }) => Some(a.cmp(b)),
        (Attribute::Number { value: a }, Attribute::Number { value: b }) => Some(a.cmp(b)),
        (Attribute::Flag { value: a }, Attribute::Flag { value: b }) => Some(a.cmp(b)),
        (Attribute::Date { value: a }, Attribute::Date { value: b }) => Some(a.cmp(b)),
        (Attribute::Instant { value: a }, Attribute::Instant { value: b }) => Some(a.cmp(b)),
        _ => None,
    }
}

/// Whether `today` is within so many days of the birthday of this year, the last or the next; 29 February is the 28th in other years.
fn near_birthday(birthday: CalendarDate, today: CalendarDate, before: u32, after: u32) -> bool {
    let ((_, month, day), (year, _, _)) = (birthday.ymd(), today.ymd());
    let in_year = |year| CalendarDate::new(year, month, day).or_else(|_| CalendarDate::new(year, month, 28));
    [year - 1, year, year + 1].into_iter().filter_map(|year| in_year(year).ok()).any(|day| {
        let days_since = today.day_number() - day.day_number();
        (-i64::from(before)..=i64::from(after)).contains(&days_since)
    })
}

/// Minutes since midnight of `HH:MM`.
pub(super) fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let part = |digits: &str, below: u32| -> Option<u32> {
        (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| digits.parse().ok())
            .flatten()
            .filter(|number| *number < below)
    };
    Some(part(hours, 24)? * 60 + part(minutes, 60)?)
}

fn in_hours(from: &str, to: &str, now: u32) -> bool {
    match (minutes(from), minutes(to)) {
        (Some(from), Some(to)) if from <= to => (from..to).contains(&now),
        (Some(from), Some(to)) => from <= now || now < to,
        _ => false,
    }
}
