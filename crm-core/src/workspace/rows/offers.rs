//! Rows of coupons, claims and counters.

use super::super::state::{ClaimRecord, decode, encode};
use super::super::{HoldKey, Slot, Workspace};
use super::things::Claimed;
use super::{blob, corrupt, counter_key, instant, int_cell, key_of, shared, text_cell};
use crate::coupon::Coupon;
use crate::error::Result;
use crate::limits::COUNTER_HOLDS_LOOKED_AT;
use crate::store::{Guard, Read, Row, Table, Value, Write};
use crate::value::{ClaimId, CouponId, CustomerId, bucket_of};
use std::sync::Arc;

pub(crate) fn read_coupon(key: &(CustomerId, CouponId)) -> Read {
    Read::Row { table: Table::Coupon, key: key_of(&key.0, [Value::Text(key.1.shared())]) }
}

pub(crate) fn read_claim(key: &(CustomerId, ClaimId)) -> Read {
    Read::Row { table: Table::Claim, key: key_of(&key.0, [Value::Text(key.1.shared())]) }
}

pub(crate) fn read_counter(name: &Arc<str>) -> Read {
    Read::Row { table: Table::Counter, key: counter_key(name) }
}

fn hold_key((counter, deadline, customer, claim): &HoldKey) -> Vec<Value> {
    let mut key = counter_key(counter);
    key.extend([Value::Int(deadline.millis()), Value::Text(customer.shared()), Value::Text(claim.shared())]);
    key
}

pub(crate) fn read_hold(key: &HoldKey) -> Read {
    Read::Row { table: Table::CounterHold, key: hold_key(key) }
}

pub(crate) fn read_holds(counter: &Arc<str>) -> Read {
    let prefix = counter_key(counter);
    Read::Prefix { table: Table::CounterHold, prefix, after: None, limit: COUNTER_HOLDS_LOOKED_AT }
}

/// All of them.
pub(crate) fn read_all_holds(counter: &Arc<str>) -> Read {
    Read::Prefix { table: Table::CounterHold, prefix: counter_key(counter), after: None, limit: usize::MAX }
}

pub(crate) fn claim_record_of(row: &Row) -> Result<ClaimRecord> {
    row.thing::<Claimed>().map_or_else(|| decode(blob(row, 9)?, "claim"), |claimed| Ok(claimed.record.clone()))
}

pub(crate) fn claim_of(row: &Row) -> Result<(CustomerId, ClaimId, ClaimRecord)> {
    if let Some(Claimed { customer, id, record, .. }) = row.thing() {
        return Ok((customer.clone(), id.clone(), record.clone()));
    }
    let (customer, claim) = (CustomerId::new(text_cell(row, 1)?)?, ClaimId::new(text_cell(row, 2)?)?);
    Ok((customer, claim, claim_record_of(row)?))
}

pub(crate) fn coupon_of(row: &Row) -> Result<(CustomerId, Coupon)> {
    Ok((CustomerId::new(text_cell(row, 1)?)?, decode(blob(row, 7)?, "coupon")?))
}

pub(crate) fn counter_of(row: &Row) -> Result<i64> {
    int_cell(row, 2)
}

pub(crate) fn hold_of(row: &Row) -> Result<(HoldKey, i64)> {
    let (customer, claim) = (text_cell(row, 3)?, text_cell(row, 4)?);
    let counter = shared(row, 1).ok_or_else(|| corrupt(row.table, "text"))?;
    let key = (counter, instant(row, 2)?, CustomerId::new(customer)?, ClaimId::new(claim)?);
    Ok((key, int_cell(row, 5)?))
}

impl Workspace {
    /// The coupons of somebody that were closed since the workspace was filled, in the order of their ids.
    pub(crate) fn closed_coupons(&self, customer: &CustomerId) -> Vec<&Coupon> {
        let own = dirty(self.coupons.iter()).into_iter().filter(|((owner, _), _)| owner == customer);
        own.filter_map(|(_, slot)| slot.value.as_ref()).collect()
    }

    /// Closed coupons, claims, and what they hold of counters.
    pub(super) fn flush_offers(&mut self, writes: &mut Vec<Write>) {
        for ((customer, id), slot) in dirty(self.coupons.iter()) {
            writes.push(match &slot.value {
                Some(coupon) => Write::Put { row: coupon_row(customer, coupon), guard: Guard::Any },
                None => Write::Delete { table: Table::Coupon, key: key_of(customer, [Value::Text(id.shared())]) },
            });
        }
        let mut claims: Vec<_> = self.claims.iter_mut().filter(|(_, slot)| slot.dirty).collect();
        claims.sort_by(|a, b| a.0.cmp(b.0));
        for ((customer, id), slot) in claims {
            // As with customers: nothing has to stay.
            let Some(record) = slot.value.take() else { continue };
            let bucket = bucket_of(customer.as_str());
            let claimed = Claimed { bucket, customer: customer.clone(), id: id.clone(), record };
            writes.push(Write::Put { row: Row::of(Table::Claim, Arc::new(claimed)), guard: Guard::Any });
        }
        for (name, slot) in dirty(self.counters.iter()) {
            let Some(counter) = slot.value.as_ref().filter(|counter| counter.added != 0) else { continue };
            let limit = if counter.added < 0 { i64::MAX } else { counter.limit };
            writes.push(Write::Within { key: counter_key(name), add: counter.added, limit });
        }
        for (key, slot) in dirty(self.holds.iter()) {
            writes.push(match slot.value {
                Some(amount) => {
                    let mut cells = hold_key(key);
                    cells.push(Value::Int(amount));
                    Write::Put { row: Row::new(Table::CounterHold, cells), guard: Guard::Any }
                }
                None => Write::Delete { table: Table::CounterHold, key: hold_key(key) },
            });
        }
    }
}

/// What changed of one kind of thing, in the order of its keys.
pub(super) fn dirty<'w, K: Ord, T>(things: impl Iterator<Item = (&'w K, &'w Slot<T>)>) -> Vec<(&'w K, &'w Slot<T>)> {
    let mut found: Vec<_> = things.filter(|(_, slot)| slot.dirty).collect();
    found.sort_by(|a, b| a.0.cmp(b.0));
    found
}

fn coupon_row(customer: &CustomerId, coupon: &Coupon) -> Row {
    let cells = key_of(
        customer,
        [
            Value::Text(coupon.id.shared()),
            Value::Text(coupon.offer.shared()),
            Value::text(coupon.state.as_str()),
            Value::Int(coupon.issued_at.millis()),
            coupon.valid_until.map_or(Value::Null, |at| Value::Int(at.millis())),
            Value::Blob(encode(coupon).into()),
        ],
    );
    Row::new(Table::Coupon, cells)
}
