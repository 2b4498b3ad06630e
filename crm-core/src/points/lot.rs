//! Lots: one credit each, with where its points are now.

use super::{ExpiryPolicy, LotId};
use crate::value::{CustomerId, Period, Points, RuleId, Timestamp};
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What kind of thing points came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "PointsSourceKind"))]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum SourceKind {
    /// An order.
    #[n(0)]
    Order,
    /// A custom event.
    #[n(1)]
    Event,
    /// A grant by hand.
    #[n(2)]
    Grant,
    /// A referral; the id is the order that made it count.
    #[n(3)]
    Referral,
    /// Registration.
    #[n(4)]
    SignUp,
    /// A birthday; the id is the year.
    #[n(5)]
    Birthday,
    /// Another account; the id is its customer.
    #[n(6)]
    Transfer,
    /// A correction upwards.
    #[n(7)]
    Adjustment,
    /// A reversed redemption whose points were given new dates; the id is the redemption.
    #[n(8)]
    Restore,
}

impl SourceKind {
    /// The word for it in every language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Event => "event",
            Self::Grant => "grant",
            Self::Referral => "referral",
            Self::SignUp => "sign_up",
            Self::Birthday => "birthday",
            Self::Transfer => "transfer",
            Self::Adjustment => "adjustment",
            Self::Restore => "restore",
        }
    }
}

/// Where points came from. Equal sources are the same thing: all lots of an order share one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "PointsSource"))]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What kind of thing.
    pub kind: SourceKind,
    /// Its id among things of that kind.
    pub id: Arc<str>,
}

impl Source {
    /// A source of a kind.
    #[must_use]
    pub fn new(kind: SourceKind, id: &str) -> Self {
        Self::of(kind, Arc::from(id))
    }

    /// A source of a kind, with an id that somebody else has as well.
    pub(crate) const fn of(kind: SourceKind, id: Arc<str>) -> Self {
        Self { kind, id }
    }
}

impl<C> Encode<C> for Source {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.array(2)?;
        self.kind.encode(e, ctx)?;
        e.str(&self.id)?;
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Source {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, DecodeError> {
        if d.array()? != Some(2) {
            return Err(DecodeError::message("a source has two parts"));
        }
        Ok(Self { kind: SourceKind::decode(d, ctx)?, id: Arc::from(d.str()?) })
    }
}

/// The lot that points were part of before they came into this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "LotOrigin"))]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Whose lot; none for another lot of the same account (points that a grace restore gave new dates).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(0)]
    pub customer: Option<CustomerId>,
    /// Which lot.
    #[n(1)]
    pub lot: LotId,
}

/// One credit and where its points are now. Its amount never changes; its points move between the states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// Its number in the account.
    pub id: LotId,
    /// What the points are for.
    pub source: Source,
    /// The rule that gave them.
    pub rule: Option<RuleId>,
    /// How many were credited.
    pub amount: Points,
    /// Not usable yet.
    pub pending: Points,
    /// Usable.
    pub available: Points,
    /// Reserved by holds.
    pub held: Points,
    /// Spent.
    pub spent: Points,
    /// Ended unused.
    pub expired: Points,
    /// Taken back.
    pub revoked: Points,
    /// Used up by paying debt.
    pub offset: Points,
    /// Moved to other lots: of other accounts, or given new dates by a grace restore.
    pub transferred: Points,
    /// When it was earned; decides the order of consumption among equal ends.
    pub earned_at: Timestamp,
    /// First usable instant; none while it waits for an event.
    pub activates_at: Option<Timestamp>,
    /// Whether it waits for an event.
    pub waiting: bool,
    /// First instant after the last usable one; none for never (or, while waiting, not yet known).
    pub expires_at: Option<Timestamp>,
    /// The policy that dates it again: when its event comes, or at activity if sliding. None for fixed dates.
    pub expiry: Option<ExpiryPolicy>,
    /// The lot that its points came from.
    pub origin: Option<Origin>,
}

impl Lot {
    /// Whether points of it may still move without a reversal: pending, available or held.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.pending.is_positive() || self.available.is_positive() || self.held.is_positive()
    }

    /// Whether the amount equals the sum of the states and no state is below 0.
    #[must_use]
    pub fn balanced(&self) -> bool {
        let states = self.states();
        states.iter().all(|p| p.get() >= 0)
            && states.iter().map(|p| i128::from(p.get())).sum::<i128>() == i128::from(self.amount.get())
    }

    const fn states(&self) -> [Points; 8] {
        [self.pending, self.available, self.held, self.spent, self.expired, self.revoked, self.offset, self.transferred]
    }

    /// What the consumption order compares: end (none last), earned, number. Total, because numbers differ.
    pub(super) fn order_key(&self) -> (bool, Timestamp, Timestamp, LotId) {
        (self.expires_at.is_none(), self.expires_at.unwrap_or(Timestamp::MAX), self.earned_at, self.id)
    }

    /// Whether activity moves its end.
    pub(super) const fn is_sliding(&self) -> bool {
        matches!(self.expiry, Some(ExpiryPolicy::Sliding { .. }))
    }

    /// The next instant at which time alone changes it.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let activates = self.activates_at.filter(|_| self.pending.is_positive());
        let open = self.pending.is_positive() || self.available.is_positive();
        activates.or(self.expires_at.filter(|_| open))
    }
}

// The stored form is an array: id, source kind, source id, amount, earned, a set of bits that says what follows, and what follows.
// `available` is not stored: it is what the other states leave of the amount, so a stored lot cannot be out of balance.

const HAS_EXPIRES: u32 = 1;
const HAS_RULE: u32 = 1 << 1;
const HAS_SPENT: u32 = 1 << 2;
const HAS_PENDING: u32 = 1 << 3;
const HAS_ACTIVATES: u32 = 1 << 4;
const HAS_HELD: u32 = 1 << 5;
const HAS_EXPIRED: u32 = 1 << 6;
const HAS_REVOKED: u32 = 1 << 7;
const HAS_OFFSET: u32 = 1 << 8;
const HAS_TRANSFERRED: u32 = 1 << 9;
const HAS_EXPIRY: u32 = 1 << 10;
const HAS_ORIGIN: u32 = 1 << 11;
const IS_WAITING: u32 = 1 << 12;

impl Lot {
    fn present(&self) -> u32 {
        let mut bits = 0;
        let mut add = |bit: u32, present: bool| bits |= if present { bit } else { 0 };
        add(HAS_EXPIRES, self.expires_at.is_some());
        add(HAS_RULE, self.rule.is_some());
        add(HAS_SPENT, !self.spent.is_zero());
        add(HAS_PENDING, !self.pending.is_zero());
        add(HAS_ACTIVATES, self.activates_at.is_some() && self.activates_at != Some(self.earned_at));
        add(HAS_HELD, !self.held.is_zero());
        add(HAS_EXPIRED, !self.expired.is_zero());
        add(HAS_REVOKED, !self.revoked.is_zero());
        add(HAS_OFFSET, !self.offset.is_zero());
        add(HAS_TRANSFERRED, !self.transferred.is_zero());
        add(HAS_EXPIRY, self.expiry.is_some());
        add(HAS_ORIGIN, self.origin.is_some());
        add(IS_WAITING, self.waiting);
        bits
    }
}

impl<C> Encode<C> for Lot {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), EncodeError<W::Error>> {
        let bits = self.present();
        // Waiting is a bit only; every other bit stands for one more element.
        e.array(6 + u64::from((bits & !IS_WAITING).count_ones()))?;
        e.u64(self.id.0)?;
        self.source.kind.encode(e, ctx)?;
        e.str(&self.source.id)?.i64(self.amount.get())?;
        encode_instant(self.earned_at, e)?;
        e.u32(bits)?;
        if let Some(at) = self.expires_at {
            encode_instant(at, e)?;
        }
        if let Some(rule) = &self.rule {
            e.str(rule.as_str())?;
        }
        encode_points(self.spent, e)?;
        encode_points(self.pending, e)?;
        if let Some(at) = self.activates_at.filter(|at| *at != self.earned_at) {
            encode_instant(at, e)?;
        }
        for points in [self.held, self.expired, self.revoked, self.offset, self.transferred] {
            encode_points(points, e)?;
        }
        if let Some(policy) = &self.expiry {
            encode_expiry(policy, e)?;
        }
        if let Some(origin) = &self.origin {
            origin.encode(e, ctx)?;
        }
        Ok(())
    }
}

impl Lot {
    /// Of a stored lot, its end and its open points, without reading the rest of it.
    pub(super) fn glance(d: &mut Decoder<'_>) -> Result<(Option<Timestamp>, Points), DecodeError> {
        d.array()?;
        (0..2).try_for_each(|_| d.skip())?;
        d.str()?;
        let mut open = d.i64()?;
        d.skip()?;
        let bits = d.u32()?;
        let has = |bit: u32| bits & bit != 0;
        let end = if has(HAS_EXPIRES) { Some(decode_instant(d)?) } else { None };
        // In the order in which they are stored; open points are what is pending, available or held.
        for (bit, goes) in [
            (HAS_RULE, false),
            (HAS_SPENT, true),
            (HAS_PENDING, false),
            (HAS_ACTIVATES, false),
            (HAS_HELD, false),
            (HAS_EXPIRED, true),
            (HAS_REVOKED, true),
            (HAS_OFFSET, true),
            (HAS_TRANSFERRED, true),
            (HAS_EXPIRY, false),
            (HAS_ORIGIN, false),
        ] {
            match (has(bit), goes) {
                (true, true) => open = open.saturating_sub(d.i64()?),
                (true, false) => d.skip()?,
                (false, _) => {}
            }
        }
        let open = Points::new(open).map_err(|_| DecodeError::message("points out of range"))?;
        Ok((end, open))
    }
}

impl<'b, C> Decode<'b, C> for Lot {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, DecodeError> {
        let length = d.array()?;
        let id = LotId(d.u64()?);
        let source = Source { kind: SourceKind::decode(d, ctx)?, id: Arc::from(d.str()?) };
        let amount = Points::decode(d, ctx)?;
        let earned_at = decode_instant(d)?;
        let bits = d.u32()?;
        let has = |bit: u32| bits & bit != 0;
        if length != Some(6 + u64::from((bits & !IS_WAITING).count_ones())) || bits >= IS_WAITING << 1 {
            return Err(DecodeError::message("a lot's parts do not match its bits"));
        }
        let expires_at = if has(HAS_EXPIRES) { Some(decode_instant(d)?) } else { None };
        let rule = if has(HAS_RULE) { Some(RuleId::decode(d, ctx)?) } else { None };
        let mut points =
            |d: &mut Decoder<'b>, bit: u32| if has(bit) { Points::decode(d, ctx) } else { Ok(Points::ZERO) };
        let spent = points(d, HAS_SPENT)?;
        let pending = points(d, HAS_PENDING)?;
        let waiting = has(IS_WAITING);
        let activates_at = match (has(HAS_ACTIVATES), waiting) {
            (true, _) => Some(decode_instant(d)?),
            (false, true) => None,
            (false, false) => Some(earned_at),
        };
        let held = points(d, HAS_HELD)?;
        let expired = points(d, HAS_EXPIRED)?;
        let revoked = points(d, HAS_REVOKED)?;
        let offset = points(d, HAS_OFFSET)?;
        let transferred = points(d, HAS_TRANSFERRED)?;
        let expiry = if has(HAS_EXPIRY) { Some(decode_expiry(d)?) } else { None };
        let origin = if has(HAS_ORIGIN) { Some(Origin::decode(d, ctx)?) } else { None };
        let elsewhere: i128 =
            [spent, pending, held, expired, revoked, offset, transferred].iter().map(|p| i128::from(p.get())).sum();
        let available = i64::try_from(i128::from(amount.get()) - elsewhere)
            .ok()
            .and_then(|left| Points::new(left).ok())
            .filter(|left| left.get() >= 0)
            .ok_or_else(|| DecodeError::message("a lot's states exceed its amount"))?;
        Ok(Self {
            id,
            source,
            rule,
            amount,
            pending,
            available,
            held,
            spent,
            expired,
            revoked,
            offset,
            transferred,
            earned_at,
            activates_at,
            waiting,
            expires_at,
            expiry,
            origin,
        })
    }
}

fn encode_points<W: Write>(points: Points, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
    if !points.is_zero() {
        e.i64(points.get())?;
    }
    Ok(())
}

/// 2020-01-01T00:00:00Z: whole seconds from here, doubled, stay within 32 bits until 2088, so an instant takes 5 bytes.
const EPOCH_MS: i64 = 1_577_836_800_000;

fn encode_instant<W: Write>(at: Timestamp, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
    let since = at.millis() - EPOCH_MS;
    // The lowest bit names the unit: 0 seconds, 1 milliseconds. Instants stay below 2^48, so nothing overflows.
    e.i64(if since % 1000 == 0 { since / 1000 * 2 } else { since * 2 + 1 })?;
    Ok(())
}

fn decode_instant(d: &mut Decoder<'_>) -> Result<Timestamp, DecodeError> {
    let coded = d.i64()?;
    let count = coded.div_euclid(2);
    let since = if coded.rem_euclid(2) == 0 { count.saturating_mul(1000) } else { count };
    Timestamp::from_millis(since.saturating_add(EPOCH_MS))
        .map_err(|_| DecodeError::message("an instant is out of range"))
}

fn encode_expiry<W: Write>(policy: &ExpiryPolicy, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
    match policy {
        ExpiryPolicy::Never => e.array(1)?.u8(0)?,
        ExpiryPolicy::Days { days } => e.array(2)?.u8(1)?.u32(*days)?,
        ExpiryPolicy::Months { months } => e.array(2)?.u8(2)?.u32(*months)?,
        ExpiryPolicy::EndOf { period, after } => {
            let period = match period {
                Period::Day => 0,
                Period::Week => 1,
                Period::Month => 2,
                Period::Quarter => 3,
                Period::Year => 4,
            };
            e.array(3)?.u8(3)?.u8(period)?.u32(*after)?
        }
        ExpiryPolicy::FixedDates { dates, min_days } => e.array(3)?.u8(4)?.u32(*min_days)?.str(&dates.join(","))?,
        ExpiryPolicy::Sliding { months } => e.array(2)?.u8(5)?.u32(*months)?,
    };
    Ok(())
}

fn decode_expiry(d: &mut Decoder<'_>) -> Result<ExpiryPolicy, DecodeError> {
    let length = d.array()?;
    let tag = d.u8()?;
    Ok(match (tag, length) {
        (0, Some(1)) => ExpiryPolicy::Never,
        (1, Some(2)) => ExpiryPolicy::Days { days: d.u32()? },
        (2, Some(2)) => ExpiryPolicy::Months { months: d.u32()? },
        (3, Some(3)) => {
            let period = match d.u8()? {
                0 => Period::Day,
                1 => Period::Week,
                2 => Period::Month,
                3 => Period::Quarter,
                4 => Period::Year,
                _ => return Err(DecodeError::message("unknown period")),
            };
            ExpiryPolicy::EndOf { period, after: d.u32()? }
        }
        (4, Some(3)) => {
            let min_days = d.u32()?;
            ExpiryPolicy::FixedDates { dates: d.str()?.split(',').map(str::to_owned).collect(), min_days }
        }
        (5, Some(2)) => ExpiryPolicy::Sliding { months: d.u32()? },
        _ => return Err(DecodeError::message("unknown expiry policy")),
    })
}
