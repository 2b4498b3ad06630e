//! Rows of the store and the things they stand for.

#[cfg(feature = "conformance")]
mod again;
mod offers;
mod shared;
mod things;

#[cfg(feature = "conformance")]
pub(crate) use again::again;
pub(crate) use offers::{
    claim_of, claim_record_of, counter_of, coupon_of, hold_of, read_all_holds, read_claim, read_counter, read_coupon,
    read_hold, read_holds,
};
pub(crate) use shared::{gift_card_of, group_of, read_gift_card, read_group};
pub(crate) use things::Filed;

use super::lazy::Lazy;
use super::state::{Customer, OrderExtra, RedemptionRecord, Shown, decode, encode};
use super::{Identity, Mark, Workspace, cell};
use crate::effect::{Entry, PointsChange, What};
use crate::error::{Error, ErrorCode, Result};
use crate::order::OrderRecord;
use crate::points::{Account, Book, Lot, LotId};
use crate::store::{Commit, Guard, Read, Row, Table, Thing, Value, Write};
use crate::value::{
    Actor, BatchId, ClaimId, CouponId, CustomerId, GiftCardId, GroupId, OrderId, PointCurrency, Points, Reason,
    RedemptionId, RequestId, Timestamp, bucket_of,
};
use minicbor::Decode;
use std::sync::Arc;

fn int(n: u64) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}

fn owner(customer: &CustomerId) -> [Value; 2] {
    owner_in(bucket_of(customer.as_str()), customer)
}

fn owner_in(bucket: u16, customer: &CustomerId) -> [Value; 2] {
    [Value::Int(i64::from(bucket)), Value::Text(customer.shared())]
}

fn key_of<const N: usize>(customer: &CustomerId, rest: [Value; N]) -> Vec<Value> {
    let mut key = Vec::with_capacity(2 + N);
    key.extend(owner(customer));
    key.extend(rest);
    key
}

fn identity_key(name: &str) -> Vec<Value> {
    vec![Value::Int(i64::from(bucket_of(name))), Value::text(name)]
}

pub(crate) fn counter_key(name: &Arc<str>) -> Vec<Value> {
    vec![Value::Int(i64::from(bucket_of(name))), Value::Text(name.clone())]
}

pub(crate) fn read_customer(id: &CustomerId) -> Read {
    Read::Row { table: Table::Customer, key: key_of(id, []) }
}

pub(crate) fn read_order(key: &(CustomerId, OrderId)) -> Read {
    Read::Row { table: Table::Order, key: key_of(&key.0, [Value::Text(key.1.shared())]) }
}

pub(crate) fn read_orders(id: &CustomerId) -> Read {
    Read::Prefix { table: Table::Order, prefix: key_of(id, []), after: None, limit: usize::MAX }
}

#[allow(clippy::ptr_arg, reason = "the key type of the map")]
pub(crate) fn read_identity(name: &String) -> Read {
    Read::Row { table: Table::Identity, key: identity_key(name) }
}

pub(crate) fn read_lot(key: &(CustomerId, PointCurrency, LotId)) -> Read {
    Read::Row { table: Table::Lot, key: key_of(&key.0, [Value::Text(key.1.shared()), int(key.2.0)]) }
}

/// The closed lots of a customer, for a history.
pub(crate) fn read_closed_lots(id: &CustomerId) -> Read {
    Read::Prefix { table: Table::Lot, prefix: key_of(id, []), after: None, limit: usize::MAX }
}

pub(crate) fn closed_lot_of(row: &Row) -> Result<(PointCurrency, Lot)> {
    Ok((PointCurrency::new(text_cell(row, 2)?)?, decode(blob(row, 4)?, "lot")?))
}

pub(crate) fn read_redemption(key: &(CustomerId, RedemptionId)) -> Read {
    Read::Row { table: Table::Redemption, key: key_of(&key.0, [Value::Text(key.1.shared())]) }
}

pub(crate) fn read_mark(customer: &CustomerId, request: &RequestId) -> Read {
    Read::Index { table: Table::Entry, index: 0, cells: key_of(customer, [Value::Text(request.shared())]) }
}

pub(crate) fn read_journal(customer: &CustomerId) -> Read {
    Read::Prefix { table: Table::Entry, prefix: key_of(customer, []), after: None, limit: usize::MAX }
}

/// What a read of this room asks for.
#[derive(Debug, PartialEq)]
pub(crate) enum Want {
    Customer(CustomerId),
    Order((CustomerId, OrderId)),
    Identity(String),
    Lot((CustomerId, PointCurrency, LotId)),
    Redemption((CustomerId, RedemptionId)),
    Mark((CustomerId, RequestId)),
    Journal(CustomerId),
    Orders(CustomerId),
    Coupon((CustomerId, CouponId)),
    Claim((CustomerId, ClaimId)),
    Counter(Arc<str>),
    /// Of a counter; all of them, or those that end first.
    Holds(Arc<str>, bool),
    GiftCard(GiftCardId),
    Group(GroupId),
}

impl Want {
    pub(crate) fn of(read: &Read) -> Option<Self> {
        // Reads are made from names that were checked.
        fn text(cells: &[Value], place: usize) -> Option<Arc<str>> {
            match cells.get(place) {
                Some(Value::Text(text)) => Some(text.clone()),
                _ => None,
            }
        }
        let customer = |cells: &[Value]| text(cells, 1).map(CustomerId::trusted);
        match read {
            Read::Row { table, key } => match table {
                Table::Customer => Some(Self::Customer(customer(key)?)),
                Table::Order => Some(Self::Order((customer(key)?, OrderId::trusted(text(key, 2)?)))),
                Table::Identity => Some(Self::Identity(text(key, 1)?.to_string())),
                Table::Lot => {
                    let lot = u64::try_from(key.get(3).and_then(Value::as_int)?).ok()?;
                    Some(Self::Lot((customer(key)?, PointCurrency::trusted(text(key, 2)?), LotId(lot))))
                }
                Table::Redemption => Some(Self::Redemption((customer(key)?, RedemptionId::trusted(text(key, 2)?)))),
                Table::Coupon => Some(Self::Coupon((customer(key)?, CouponId::trusted(text(key, 2)?)))),
                Table::Claim => Some(Self::Claim((customer(key)?, ClaimId::trusted(text(key, 2)?)))),
                Table::Counter => Some(Self::Counter(text(key, 1)?)),
                Table::GiftCard => Some(Self::GiftCard(GiftCardId::trusted(text(key, 1)?))),
                Table::Group => Some(Self::Group(GroupId::trusted(text(key, 1)?))),
                _ => None,
            },
            Read::Index { table: Table::Entry, index: 0, cells } => {
                Some(Self::Mark((customer(cells)?, RequestId::trusted(text(cells, 2)?))))
            }
            Read::Prefix { table: Table::Entry, prefix, .. } => Some(Self::Journal(customer(prefix)?)),
            Read::Prefix { table: Table::Order, prefix, .. } => Some(Self::Orders(customer(prefix)?)),
            Read::Prefix { table: Table::CounterHold, prefix, limit, .. } => {
                Some(Self::Holds(text(prefix, 1)?, *limit == usize::MAX))
            }
            _ => None,
        }
    }
}

fn corrupt(table: Table, what: &str) -> Error {
    Error::new(ErrorCode::StoreCorrupt, format!("a row of `{}` has no readable {what}", table.describe().name))
}

fn int_cell(row: &Row, place: usize) -> Result<i64> {
    cell(row, place)?.as_int().ok_or_else(|| corrupt(row.table, "number"))
}

fn text_cell(row: &Row, place: usize) -> Result<&str> {
    cell(row, place)?.as_text().ok_or_else(|| corrupt(row.table, "text"))
}

pub(crate) fn blob(row: &Row, place: usize) -> Result<&[u8]> {
    cell(row, place)?.as_blob().ok_or_else(|| corrupt(row.table, "body"))
}

fn instant(row: &Row, place: usize) -> Result<Timestamp> {
    Timestamp::from_millis(int_cell(row, place)?).map_err(|_| corrupt(row.table, "instant"))
}

fn shared(row: &Row, place: usize) -> Option<Arc<str>> {
    match row.cells().get(place) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

pub(crate) fn customer_of(row: &Row) -> Result<Arc<Customer>> {
    if let Some(customer) = row.shared() {
        return Ok(customer);
    }
    let Value::Blob(profile) = cell(row, 9)? else { return Err(corrupt(row.table, "profile")) };
    let points = Points::new(int_cell(row, 7)?).map_err(|_| corrupt(row.table, "points"))?;
    let due = cell(row, 8)?.as_int().map(|_| instant(row, 8)).transpose()?;
    Ok(Arc::new(Customer {
        id: shared(row, 1).map(CustomerId::trusted).ok_or_else(|| corrupt(row.table, "text"))?,
        bucket: u16::try_from(int_cell(row, 0)?).map_err(|_| corrupt(row.table, "bucket"))?,
        version: int_cell(row, 2)?,
        registered_at: instant(row, 3)?,
        profile: Lazy::stored(profile.clone()),
        state: decode(blob(row, 10)?, "customer")?,
        shown: Shown { stage: shared(row, 4), activity: shared(row, 5), tier: shared(row, 6), points, due },
    }))
}

pub(crate) fn order_of(row: &Row) -> Result<OrderRecord> {
    OrderRecord::from_bytes(blob(row, 10)?)
}

pub(crate) fn identity_of(row: &Row) -> Result<Identity> {
    Ok(Identity {
        version: int_cell(row, 2)?,
        customer: cell(row, 3)?.as_text().map(CustomerId::new).transpose()?,
        body: cell(row, 4)?.as_blob().map(<[u8]>::to_vec),
    })
}

pub(crate) fn mark_of(row: &Row) -> Result<Option<(u64, Mark)>> {
    if let Some(filed) = row.thing::<Filed>() {
        return Ok(filed.mark.clone().map(|mark| (filed.entry.seq, mark)));
    }
    let Some(bytes) = cell(row, 12)?.as_blob() else { return Ok(None) };
    let seq = u64::try_from(int_cell(row, 2)?).map_err(|_| corrupt(row.table, "place"))?;
    Ok(Some((seq, decode(bytes, "mark")?)))
}

/// The part of an entry that has no column of its own.
#[derive(Decode)]
struct EntryBody {
    #[n(0)]
    what: What,
    #[n(1)]
    points: Vec<PointsChange>,
    #[n(2)]
    actor: Option<Actor>,
    #[n(3)]
    reason: Option<Reason>,
    #[n(4)]
    batch: Option<BatchId>,
    /// On entries other than the first of their request: its id.
    #[n(5)]
    request_id: Option<RequestId>,
}

pub(crate) fn entry_of(row: &Row) -> Result<Arc<Entry>> {
    if let Some(filed) = row.thing::<Filed>() {
        return Ok(filed.entry.clone());
    }
    let body: EntryBody = decode(blob(row, 11)?, "entry")?;
    let request_id = match (cell(row, 6)?.as_text(), body.request_id) {
        (Some(text), _) => RequestId::new(text)?,
        (None, Some(id)) => id,
        (None, None) => return Err(corrupt(row.table, "request id")),
    };
    Ok(Arc::new(Entry {
        seq: u64::try_from(int_cell(row, 2)?).map_err(|_| corrupt(row.table, "place"))?,
        customer_id: CustomerId::new(text_cell(row, 1)?)?,
        effective_at: instant(row, 4)?,
        recorded_at: instant(row, 5)?,
        request_id,
        revision: u32::try_from(int_cell(row, 10)?).map_err(|_| corrupt(row.table, "revision"))?,
        what: body.what,
        points: body.points,
        actor: body.actor,
        reason: body.reason,
        batch: body.batch,
    }))
}

/// The word for an entry in the `kind` column, and what it is about.
pub(crate) fn kind_and_subject(entry: &Entry) -> (&'static str, Option<&str>) {
    let first = entry.points.first();
    match &entry.what {
        What::Registered => ("registered", None),
        What::Updated { .. } => ("updated", None),
        What::Consent { subject, .. } => ("consent", Some(subject)),
        What::Order { order_id, .. } => ("order", Some(order_id.as_str())),
        What::Refund { refund_id, .. } => ("refund", Some(refund_id.as_str())),
        What::Cancelled { order_id, .. } => ("cancelled", Some(order_id.as_str())),
        What::UnmatchedRefund { refund_id, .. } => ("unmatched_refund", Some(refund_id.as_str())),
        What::Event { event_id, .. } => ("event", Some(event_id.as_str())),
        What::Points => (
            first.map_or("points", |change| change.kind.as_str()),
            first.and_then(|c| {
                c.redemption.as_ref().map(RedemptionId::as_str).or(c.hold.as_ref().map(|hold| hold.as_str()))
            }),
        ),
        What::Tier { .. } => ("tier", None),
        What::TierLocked { .. } => ("tier_locked", None),
        What::TierUnlocked { .. } => ("tier_unlocked", None),
        What::Lifecycle { .. } => ("lifecycle", None),
        What::BenefitUsed { benefit, .. } => ("benefit_used", Some(benefit.as_str())),
        What::Unregistered => ("unregistered", None),
        What::CouponIssued { coupon_id, .. } => ("coupon_issued", Some(coupon_id.as_str())),
        What::CouponClosed { coupon_id, .. } => ("coupon_closed", Some(coupon_id.as_str())),
        What::CouponRestored { coupon_id, .. } => ("coupon_restored", Some(coupon_id.as_str())),
        What::Claimed { claim_id, .. } => ("claimed", Some(claim_id.as_str())),
        What::ClaimEnded { claim_id, .. } => ("claim_ended", Some(claim_id.as_str())),
        What::ClaimReturned { claim_id, .. } => ("claim_returned", Some(claim_id.as_str())),
        What::GiftCardIssued(_)
        | What::GiftCardHeld(_)
        | What::GiftCardReleased(_)
        | What::GiftCardRedeemed(_)
        | What::GiftCardRestored(_)
        | What::GiftCardExpired(_)
        | What::GiftCardFrozen(_)
        | What::GiftCardUnfrozen(_)
        | What::GroupOpened(_)
        | What::SeatTaken(_)
        | What::SeatPaid(_)
        | What::SeatLeft(_)
        | What::SeatTimedOut(_)
        | What::SeatRefunded(_)
        | What::GroupFormed(_)
        | What::GroupExpired(_)
        | What::CodeTried { .. } => shared::kind_and_subject(&entry.what),
    }
}

/// What a change does to the points a customer holds: pending, available and held, less debt.
pub(crate) fn holding_change(change: &PointsChange) -> i64 {
    change
        .postings
        .iter()
        .filter(|posting| matches!(posting.book, Book::Pending | Book::Available | Book::Held | Book::Debt))
        .map(|posting| posting.points.get())
        .sum()
}

/// Makes a customer ready to be stored: the next version, packed.
fn seal(customer: &mut Customer) -> Result<()> {
    customer.version += 1;
    customer.state.accounts.iter_mut().for_each(Account::pack);
    // Here, where a failure can be told: the row has its bytes from now on.
    customer.profile.bytes().map(drop)
}

fn order_row(customer: &CustomerId, order: &OrderRecord) -> Result<Row> {
    let mut cells = Vec::with_capacity(11);
    cells.extend(owner(customer));
    cells.extend([
        Value::text(order.id().as_str()),
        Value::Int(order.paid_at().millis()),
        Value::text(order.currency().code()),
        Value::Int(order.total_minor()),
        Value::Int(order.refunded_minor()),
        Value::text(order.status().as_str()),
        order.channel().map_or(Value::Null, |c| Value::text(c.as_str())),
        order.store().map_or(Value::Null, |s| Value::text(s.as_str())),
        Value::Blob(order.to_bytes()?.into()),
    ]);
    Ok(Row::new(Table::Order, cells))
}

pub(crate) fn identity_row(name: &str, identity: &Identity) -> Row {
    let mut cells = identity_key(name);
    cells.extend([
        Value::Int(identity.version + 1),
        identity.customer.as_ref().map_or(Value::Null, |id| Value::text(id.as_str())),
        identity.body.as_ref().map_or(Value::Null, |bytes| Value::Blob(bytes.as_slice().into())),
    ]);
    Row::new(Table::Identity, cells)
}

fn guard(version: i64) -> Guard {
    if version == 0 { Guard::New } else { Guard::Version(version) }
}

impl Workspace {
    /// Everything that changed, as one commit; and who owns each write, so that a conflict can be laid at somebody's door.
    /// The order is fixed, so that equal decisions make equal commits. What the columns of a customer show is brought up to date by `show`.
    pub(crate) fn flush(&mut self, show: impl Fn(&mut Customer) -> Result<()>) -> Result<Commit> {
        let mut writes = Vec::with_capacity(4 + self.filed.len() + self.customers.len());
        let mut customers: Vec<_> = self.customers.iter_mut().filter(|(_, slot)| slot.dirty).collect();
        customers.sort_by(|a, b| a.0.cmp(b.0));
        for (_, slot) in customers {
            // The working set is of no use after its commit, so nothing has to stay here.
            let Some(mut stored) = slot.value.take() else { continue };
            let customer = Arc::make_mut(&mut stored);
            let guard = guard(customer.version);
            show(customer)?;
            seal(customer)?;
            writes.push(Write::Put { row: Row::of(Table::Customer, stored), guard });
        }
        let mut names: Vec<_> = self.identities.iter().filter(|(_, slot)| slot.dirty).collect();
        names.sort_by(|a, b| a.0.cmp(b.0));
        for (name, slot) in names {
            let Some(identity) = &slot.value else { continue };
            writes.push(Write::Put { row: identity_row(name, identity), guard: guard(identity.version) });
        }
        self.flush_owned(&mut writes)?;
        let entries = std::mem::take(&mut self.filed);
        let put = |filed| Write::Put { row: Row::of(Table::Entry, filed), guard: Guard::New };
        writes.extend(entries.into_iter().map(|filed| put(filed as Arc<dyn Thing>)));
        Ok(Commit { writes })
    }

    fn flush_owned(&mut self, writes: &mut Vec<Write>) -> Result<()> {
        let mut orders: Vec<_> = self.orders.iter().filter(|(_, slot)| slot.dirty).collect();
        orders.sort_by(|a, b| a.0.cmp(b.0));
        for ((customer, _), slot) in orders {
            if let Some(order) = &slot.value {
                writes.push(Write::Put { row: order_row(customer, order)?, guard: Guard::Any });
            }
        }
        let mut lots: Vec<_> = self.lots.iter().filter(|(_, slot)| slot.dirty).collect();
        lots.sort_by(|a, b| a.0.cmp(b.0));
        for ((customer, currency, id), slot) in lots {
            let key = key_of(customer, [Value::text(currency.as_str()), int(id.0)]);
            writes.push(write_body(Table::Lot, key, slot.value.as_ref().map(encode::<Lot>)));
        }
        let mut redemptions: Vec<_> = self.redemptions.iter().filter(|(_, slot)| slot.dirty).collect();
        redemptions.sort_by(|a, b| a.0.cmp(b.0));
        for ((customer, id), slot) in redemptions {
            let key = key_of(customer, [Value::text(id.as_str())]);
            writes.push(write_body(Table::Redemption, key, slot.value.as_ref().map(encode::<RedemptionRecord>)));
        }
        self.flush_offers(writes);
        self.flush_shared(writes);
        Ok(())
    }
}

fn write_body(table: Table, mut key: Vec<Value>, body: Option<Vec<u8>>) -> Write {
    match body {
        Some(bytes) => {
            key.push(Value::Blob(bytes.into()));
            Write::Put { row: Row::new(table, key), guard: Guard::Any }
        }
        None => Write::Delete { table, key },
    }
}

/// The extra part of an order.
pub(crate) fn extra_of(order: &OrderRecord) -> Result<OrderExtra> {
    if order.extra.is_empty() { Ok(OrderExtra::default()) } else { decode(&order.extra, "order") }
}
