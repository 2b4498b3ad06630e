//! What a working set takes over of what was loaded.

use super::rows;
use super::state::decode;
use super::{Counter, Slot, Workspace};
use crate::error::{Error, Result};
use crate::store::{Read, Row};

impl Workspace {
    /// Whether a read has been answered already.
    pub(crate) fn has(&self, read: &Read) -> bool {
        rows::Want::of(read).is_some_and(|want| self.knows(&want))
    }

    fn knows(&self, want: &rows::Want) -> bool {
        match want {
            rows::Want::Customer(id) => self.customers.contains_key(id),
            rows::Want::Order(key) => self.orders.contains_key(key),
            rows::Want::Identity(name) => self.identities.contains_key(name),
            rows::Want::Lot(key) => self.lots.contains_key(key),
            rows::Want::Redemption(key) => self.redemptions.contains_key(key),
            rows::Want::Mark(key) => self.marks.contains_key(key),
            rows::Want::Journal(id) => self.journals.contains_key(id),
            rows::Want::Orders(id) => self.all_orders.contains_key(id),
            rows::Want::Coupon(key) => self.coupons.contains_key(key),
            rows::Want::Claim(key) => self.claims.contains_key(key),
            rows::Want::Counter(name) => self.counters.contains_key(name),
            rows::Want::Holds(name, all) => self.all_holds.get(name).is_some_and(|loaded| *loaded || !all),
            rows::Want::GiftCard(id) => self.cards.contains_key(id),
            rows::Want::Group(id) => self.groups.contains_key(id),
        }
    }

    /// Takes over what was loaded. Things that this working set has already are left as they are.
    pub(crate) fn absorb(&mut self, reads: &[Read], found: Vec<Vec<Row>>) -> Result<()> {
        self.customers.reserve(reads.len());
        for (read, rows) in reads.iter().zip(found) {
            let want = rows::Want::of(read).ok_or_else(|| Error::internal("a read that nobody asked for"))?;
            if !self.knows(&want) {
                self.absorb_one(want, rows)?;
            }
        }
        Ok(())
    }

    fn absorb_one(&mut self, want: rows::Want, mut found: Vec<Row>) -> Result<()> {
        fn slot<T>(value: Option<T>) -> Slot<T> {
            Slot { value, dirty: false, touched: 0 }
        }
        match want {
            rows::Want::Customer(id) => {
                let value = found.pop().map(|row| rows::customer_of(&row)).transpose()?;
                self.customers.insert(id, slot(value));
            }
            rows::Want::Order(key) => {
                let value = found.pop().map(|row| rows::order_of(&row)).transpose()?;
                self.orders.insert(key, slot(value));
            }
            rows::Want::Identity(name) => {
                let value = found.pop().map(|row| rows::identity_of(&row)).transpose()?;
                self.identities.insert(name, slot(value));
            }
            rows::Want::Lot(key) => {
                let value = found.pop().map(|row| decode(rows::blob(&row, 4)?, "lot")).transpose()?;
                self.lots.insert(key, slot(value));
            }
            rows::Want::Redemption(key) => {
                let value = found.pop().map(|row| decode(rows::blob(&row, 3)?, "redemption")).transpose()?;
                self.redemptions.insert(key, slot(value));
            }
            rows::Want::Mark(key) => {
                let value = found.pop().map(|row| rows::mark_of(&row)).transpose()?.flatten();
                self.marks.insert(key, value);
            }
            rows::Want::Journal(id) => {
                let entries = found.iter().map(rows::entry_of).collect::<Result<Vec<_>>>()?;
                self.journals.insert(id, entries);
            }
            rows::Want::Coupon(key) => {
                let value = found.pop().map(|row| decode(rows::blob(&row, 7)?, "coupon")).transpose()?;
                self.coupons.insert(key, slot(value));
            }
            rows::Want::Claim(key) => {
                let value = found.pop().map(|row| rows::claim_record_of(&row)).transpose()?;
                self.claims.insert(key, slot(value));
            }
            rows::Want::Counter(name) => {
                let stored = found.pop().map(|row| rows::counter_of(&row)).transpose()?.unwrap_or(0);
                self.counters.insert(name, slot(Some(Counter { stored, ..Counter::default() })));
            }
            rows::Want::Holds(name, all) => {
                for row in &found {
                    let (key, amount) = rows::hold_of(row)?;
                    self.holds.entry(key).or_insert_with(|| slot(Some(amount)));
                }
                self.all_holds.insert(name, all);
            }
            rows::Want::GiftCard(id) => {
                let value = found.pop().map(|row| rows::gift_card_of(&row)).transpose()?;
                self.cards.insert(id, slot(value));
            }
            rows::Want::Group(id) => {
                let value = found.pop().map(|row| rows::group_of(&row)).transpose()?;
                self.groups.insert(id, slot(value));
            }
            rows::Want::Orders(id) => {
                let mut ids = Vec::with_capacity(found.len());
                for row in &found {
                    let order = rows::order_of(row)?;
                    ids.push(order.id().clone());
                    let key = (id.clone(), order.id().clone());
                    self.orders.entry(key).or_insert_with(|| slot(Some(order)));
                }
                self.all_orders.insert(id, ids);
            }
        }
        Ok(())
    }
}
