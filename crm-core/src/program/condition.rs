//! Conditions: a small closed tree over typed fields. No scripts, bounded depth.

use crate::value::{Amount, Attribute, AttributeName, Channel, LadderId, LineScope, StoreId, Tag, TierId, Weekday};
use serde::{Deserialize, Serialize};

/// What must hold for a rule to fire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// Each of them holds; true when empty.
    All {
        /// The parts.
        of: Vec<Condition>,
    },
    /// At least one of them holds; false when empty.
    Any {
        /// The parts.
        of: Vec<Condition>,
    },
    /// It does not hold.
    Not {
        /// The part.
        of: Box<Condition>,
    },
    /// The customer holds one of these tiers at the instant of the fact.
    Tier {
        /// Of this ladder.
        ladder: LadderId,
        /// Any of these.
        any: Vec<TierId>,
    },
    /// The customer is in one of these stages before the fact.
    Stage {
        /// Any of these.
        any: Vec<String>,
    },
    /// The customer's activity before the fact is one of these.
    Activity {
        /// Any of these.
        any: Vec<String>,
    },
    /// The customer has one of these tags.
    CustomerTag {
        /// Any of these.
        any: Vec<Tag>,
    },
    /// A custom attribute of the customer compares so; a missing one never does.
    CustomerAttribute {
        /// Which.
        name: AttributeName,
        /// How.
        is: Comparison,
        /// With what; of the same type.
        value: Attribute,
    },
    /// The order was made over one of these channels.
    Channel {
        /// Any of these.
        any: Vec<Channel>,
    },
    /// The order was made in one of these shops.
    Store {
        /// Any of these.
        any: Vec<StoreId>,
    },
    /// The order has one of these tags.
    OrderTag {
        /// Any of these.
        any: Vec<Tag>,
    },
    /// The goods of the order come to at least this much after discounts.
    OrderAmount {
        /// In the order's currency.
        at_least: Amount,
    },
    /// It is the customer's n-th valid order, counting from 1, in order of arrival.
    OrderNumber {
        /// From here.
        from: u32,
        /// To here, inclusive.
        to: u32,
    },
    /// Some line of the order is in this scope.
    HasLine {
        /// The scope.
        lines: LineScope,
    },
    /// The local day of the fact is the birthday, or within so many days of it.
    Birthday {
        /// Days before it, at most 182.
        #[serde(default)]
        #[cfg_attr(test, schemars(range(min = 0, max = 182)))]
        days_before: u32,
        /// Days after it, at most 182.
        #[serde(default)]
        #[cfg_attr(test, schemars(range(min = 0, max = 182)))]
        days_after: u32,
    },
    /// The local month of the fact is the month of the birthday.
    BirthdayMonth,
    /// The local day of the fact is one of these weekdays.
    Weekday {
        /// `mon` … `sun`.
        any: Vec<Weekday>,
    },
    /// The local time of day of the fact is in `[from, to)`; past midnight when `to` is before `from`.
    TimeOfDay {
        /// `HH:MM`, from `00:00` to `23:59`.
        #[cfg_attr(test, schemars(with = "super::ClockTime"))]
        from: String,
        /// `HH:MM`, from `00:00` to `23:59`.
        #[cfg_attr(test, schemars(with = "super::ClockTime"))]
        to: String,
    },
    /// A custom attribute of the event compares so.
    EventAttribute {
        /// Which.
        name: AttributeName,
        /// How.
        is: Comparison,
        /// With what; of the same type.
        value: Attribute,
    },
}

impl Condition {
    /// Whether it looks at tiers, stages or activity anywhere.
    pub(crate) fn asks_standing(&self) -> bool {
        match self {
            Self::All { of } | Self::Any { of } => of.iter().any(Self::asks_standing),
            Self::Not { of } => of.asks_standing(),
            Self::Tier { .. } | Self::Stage { .. } | Self::Activity { .. } => true,
            _ => false,
        }
    }
}

/// How two values of one type compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The same.
    Equal,
    /// Less.
    Below,
    /// Less or the same.
    AtMost,
    /// More or the same.
    AtLeast,
    /// More.
    Above,
}
