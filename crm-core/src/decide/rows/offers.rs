//! Rows of coupons, claims and counters.

use super::super::state::{ClaimRecord, decode, encode};
use super::super::workspace::{HoldKey, Slot, Workspace};
use super::{blob, identity_key, instant, int_cell, key_of, text_cell};
use crate::coupon::Coupon;
use crate::error::Result;
use crate::limits::COUNTER_HOLDS_LOOKED_AT;
use crate::store::{Guard, Read, Row, Table, Value, Write};
use crate::value::{ClaimId, CouponId, CustomerId};

pub(crate) fn read_coupon(key: &(CustomerId, CouponId)) -> Read {
    Read::Row { table: Table::Coupon, key: key_of(&key.0, [Value::Text(key.1.shared())]) }
}

pub(crate) fn read_claim(key: &(CustomerId, ClaimId)) -> Read {
    Read::Row { table: Table::Claim, key: key_of(&key.0, [Value::Text(key.1.shared())]) }
}

#[allow(clippy::ptr_arg, reason = "the key type of the map")]
pub(crate) fn read_counter(name: &String) -> Read {
    Read::Row { table: Table::Counter, key: identity_key(name) }
}

fn hold_key((counter, deadline, customer, claim): &HoldKey) -> Vec<Value> {
    let mut key = identity_key(counter);
    key.extend([Value::Int(deadline.millis()), Value::Text(customer.shared()), Value::Text(claim.shared())]);
    key
}

pub(crate) fn read_hold(key: &HoldKey) -> Read {
    Read::Row { table: Table::CounterHold, key: hold_key(key) }
}

pub(crate) fn read_holds(counter: &str) -> Read {
    let prefix = identity_key(counter);
    Read::Prefix { table: Table::CounterHold, prefix, after: None, limit: COUNTER_HOLDS_LOOKED_AT }
}

/// All of them.
pub(crate) fn read_all_holds(counter: &str) -> Read {
    Read::Prefix { table: Table::CounterHold, prefix: identity_key(counter), after: None, limit: usize::MAX }
}

pub(crate) fn claim_of(row: &Row) -> Result<(CustomerId, ClaimId, ClaimRecord)> {
    let (customer, claim) = (CustomerId::new(text_cell(row, 1)?)?, ClaimId::new(text_cell(row, 2)?)?);
    Ok((customer, claim, decode(blob(row, 9)?, "claim")?))
}

pub(crate) fn coupon_of(row: &Row) -> Result<(CustomerId, Coupon)> {
    Ok((CustomerId::new(text_cell(row, 1)?)?, decode(blob(row, 7)?, "coupon")?))
}

pub(crate) fn counter_of(row: &Row) -> Result<i64> {
    int_cell(row, 2)
}

pub(crate) fn hold_of(row: &Row) -> Result<(HoldKey, i64)> {
    let (counter, customer, claim) = (text_cell(row, 1)?, text_cell(row, 3)?, text_cell(row, 4)?);
    let key = (counter.to_owned(), instant(row, 2)?, CustomerId::new(customer)?, ClaimId::new(claim)?);
    Ok((key, int_cell(row, 5)?))
}

impl Workspace {
    /// The coupons of somebody that were closed since the workspace was filled, in the order of their ids.
    pub(crate) fn closed_coupons(&self, customer: &CustomerId) -> Vec<&Coupon> {
        let own = dirty(self.coupons.iter()).into_iter().filter(|((owner, _), _)| owner == customer);
        own.filter_map(|(_, slot)| slot.value.as_ref()).collect()
    }

    /// Closed coupons, claims, and what they hold of counters.
    pub(super) fn flush_offers(&self, writes: &mut Vec<Write>) {
        for ((customer, id), slot) in dirty(self.coupons.iter()) {
            writes.push(match &slot.value {
                Some(coupon) => Write::Put { row: coupon_row(customer, coupon), guard: Guard::Any },
                None => Write::Delete { table: Table::Coupon, key: key_of(customer, [Value::Text(id.shared())]) },
            });
        }
        for ((customer, id), slot) in dirty(self.claims.iter()) {
            if let Some(claim) = &slot.value {
                writes.push(Write::Put { row: claim_row(customer, id, claim), guard: Guard::Any });
            }
        }
        for (name, slot) in dirty(self.counters.iter()) {
            let Some(counter) = slot.value.as_ref().filter(|counter| counter.added != 0) else { continue };
            let limit = if counter.added < 0 { i64::MAX } else { counter.limit };
            writes.push(Write::Within { key: identity_key(name), add: counter.added, limit });
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

fn claim_row(customer: &CustomerId, id: &ClaimId, claim: &ClaimRecord) -> Row {
    let cells = key_of(
        customer,
        [
            Value::Text(id.shared()),
            Value::text(claim.state.as_str()),
            Value::Int(claim.at.millis()),
            Value::Int(claim.deadline.millis()),
            Value::text(claim.currency.code()),
            Value::Int(claim.off_minor),
            claim.order.as_ref().map_or(Value::Null, |order| Value::Text(order.shared())),
            Value::Blob(encode(claim).into()),
        ],
    );
    Row::new(Table::Claim, cells)
}
