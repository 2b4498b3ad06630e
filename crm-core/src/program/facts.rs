//! What a condition looks at: borrowed facts about the moment, the customer, and the order or event.

use crate::value::{
    Attribute, AttributeName, CalendarDate, Category, Channel, Currency, LadderId, Sku, StoreId, Tag, TierId, Timestamp,
};
use chrono::NaiveDateTime;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that conditions may look at. What is not known is `None` or empty; a condition on it does not hold.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The instant of the fact.
    pub at: Timestamp,
    /// Wall-clock time of the fact in the program's zone: [`Zone::local`](crate::value::Zone::local) of `at`.
    pub local: NaiveDateTime,
    /// The customer as they were just before the fact.
    pub customer: CustomerFacts<'a>,
    /// The order, when the fact is one.
    pub order: Option<OrderFacts<'a>>,
    /// Attributes of the event, when the fact is one.
    pub event: Option<&'a BTreeMap<AttributeName, Attribute>>,
}

/// The customer just before the fact.
#[derive(Clone, Copy, Debug, Default)]
pub struct CustomerFacts<'a> {
    /// Labels.
    pub tags: Option<&'a BTreeSet<Tag>>,
    /// Custom attributes.
    pub attributes: Option<&'a BTreeMap<AttributeName, Attribute>>,
    /// Birthday; only month and day are looked at.
    pub birthday: Option<CalendarDate>,
    /// The tier held on each ladder.
    pub tiers: &'a [(&'a LadderId, &'a TierId)],
    /// The stage of the lifecycle.
    pub stage: Option<&'a str>,
    /// The activity of the lifecycle.
    pub activity: Option<&'a str>,
}

/// The order of the fact.
#[derive(Clone, Copy, Debug)]
pub struct OrderFacts<'a> {
    /// Where it was made.
    pub channel: Option<&'a Channel>,
    /// In which shop.
    pub store: Option<&'a StoreId>,
    /// Labels.
    pub tags: Option<&'a BTreeSet<Tag>>,
    /// Its currency.
    pub currency: Currency,
    /// Its goods after discounts, in minor units.
    pub goods_minor: i64,
    /// Which valid order of the customer it is, from 1, in order of arrival.
    pub number: Option<u32>,
    /// Its lines.
    pub lines: &'a [LineFacts<'a>],
}

/// A line of the order.
#[derive(Clone, Copy, Debug)]
pub struct LineFacts<'a> {
    /// The article.
    pub sku: &'a Sku,
    /// Its category.
    pub category: Option<&'a Category>,
    /// Its brand.
    pub brand: Option<&'a Category>,
    /// Its labels.
    pub tags: &'a BTreeSet<Tag>,
}
