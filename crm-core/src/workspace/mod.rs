//! The working set of decisions: what was loaded, what changed, and what is missing.
//!
//! A decision asks for things; what is not there becomes a [`Stop::Need`], the driver loads it, and the decision starts again.
//! A refused command leaves no trace: every first touch of a thing keeps its old form until the command is accepted.

mod counters;
pub(crate) mod lazy;
mod loaded;
mod missing;
pub(crate) mod rows;
pub(crate) mod state;
mod whole;

pub(crate) use counters::{Counter, HoldKey};
pub(crate) use missing::Missing;

use crate::coupon::Coupon;
use crate::effect::Entry;
use crate::error::{Error, ErrorCode, Result};
use crate::giftcard::GiftCard;
use crate::group::Group;
use crate::order::OrderRecord;
use crate::points::{Lot, LotId};
use crate::store::{Read, Row, Value};
use crate::value::{
    ClaimId, CouponId, CustomerId, GiftCardId, GroupId, OrderId, PointCurrency, RedemptionId, RequestId, bucket_of,
};
use foldhash::{HashMap, HashSet};
use state::{ClaimRecord, Customer, RedemptionRecord, Versioned};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a decision stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It needs more; load this and decide again.
    Need(Vec<Read>),
    /// The command is refused.
    Refuse(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refuse(error)
    }
}

/// What a decision returns.
pub(crate) type Decided<T> = std::result::Result<T, Stop>;

/// A thing that may or may not exist, as it was loaded or as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Slot<T> {
    pub(crate) value: Option<T>,
    pub(crate) dirty: bool,
    /// The command that touched it last; the first touch keeps the old form.
    touched: u64,
}

/// Who has a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) version: i64,
    pub(crate) customer: Option<CustomerId>,
    pub(crate) body: Option<Vec<u8>>,
}

/// The mark of a request: what it was, and where its receipt is.
#[derive(Clone, Debug, PartialEq, minicbor::Encode, minicbor::Decode)]
pub(crate) struct Mark {
    #[n(0)]
    pub(crate) fingerprint: crate::value::Fingerprint,
    /// How many entries of the customer's journal belong to it, the marked one included.
    #[n(1)]
    pub(crate) count: u64,
    #[n(2)]
    pub(crate) balances: Vec<crate::effect::CurrencyBalance>,
    /// Entries in other customers' journals: whose, from which place, how many.
    #[n(3)]
    pub(crate) others: Vec<MarkPart>,
}

/// A part of a receipt in another journal.
#[derive(Clone, Debug, PartialEq, minicbor::Encode, minicbor::Decode)]
pub(crate) struct MarkPart {
    #[n(0)]
    pub(crate) customer: CustomerId,
    #[n(1)]
    pub(crate) first: u64,
    #[n(2)]
    pub(crate) count: u64,
}

type LotKey = (CustomerId, PointCurrency, LotId);

#[derive(Debug)]
enum Undo {
    Customer(CustomerId, Slot<Arc<Customer>>),
    Order((CustomerId, OrderId), Slot<OrderRecord>),
    Identity(String, Slot<Identity>),
    Lot(LotKey, Slot<Lot>),
    Redemption((CustomerId, RedemptionId), Slot<RedemptionRecord>),
    Coupon((CustomerId, CouponId), Slot<Coupon>),
    Claim((CustomerId, ClaimId), Slot<ClaimRecord>),
    Counter(Arc<str>, Slot<Counter>),
    Hold(HoldKey, Slot<i64>),
    GiftCard(GiftCardId, Slot<Versioned<GiftCard>>),
    Group(GroupId, Slot<Versioned<Group>>),
}

/// The working set.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) customers: HashMap<CustomerId, Slot<Arc<Customer>>>,
    pub(crate) orders: HashMap<(CustomerId, OrderId), Slot<OrderRecord>>,
    pub(crate) identities: HashMap<String, Slot<Identity>>,
    pub(crate) lots: HashMap<LotKey, Slot<Lot>>,
    pub(crate) redemptions: HashMap<(CustomerId, RedemptionId), Slot<RedemptionRecord>>,
    pub(crate) coupons: HashMap<(CustomerId, CouponId), Slot<Coupon>>,
    pub(crate) claims: HashMap<(CustomerId, ClaimId), Slot<ClaimRecord>>,
    pub(crate) counters: HashMap<Arc<str>, Slot<Counter>>,
    /// In their order, so that those of a counter that end first are found first.
    pub(crate) holds: BTreeMap<HoldKey, Slot<i64>>,
    pub(crate) cards: HashMap<GiftCardId, Slot<Versioned<GiftCard>>>,
    pub(crate) groups: HashMap<GroupId, Slot<Versioned<Group>>>,
    /// Counters whose holds were loaded: all of them, or those that end first.
    all_holds: HashMap<Arc<str>, bool>,
    /// Marks that were loaded.
    marks: HashMap<(CustomerId, RequestId), Option<(u64, Mark)>>,
    /// The requests of marks that commands of this working set made; perhaps more, where one was refused. The marks are with the entries.
    made: HashSet<(CustomerId, RequestId)>,
    journals: HashMap<CustomerId, Vec<Arc<Entry>>>,
    all_orders: HashMap<CustomerId, Vec<OrderId>>,
    /// Entries of the command under way.
    fresh: Vec<Arc<Entry>>,
    /// The entries of accepted commands, and of the one under way once it is finished.
    pub(crate) filed: Vec<Arc<rows::Filed>>,
    accepted: usize,
    /// The mark of the command under way, once it is finished.
    marked: bool,
    /// Whether a request counts as new when its mark was not loaded. The commit finds out if it is not.
    assumes_new: bool,
    /// The mark that the command under way would have needed.
    assumed: Option<(CustomerId, RequestId)>,
    undo: Vec<Undo>,
    /// Counts commands, from 1.
    turn: u64,
    /// Whether what is not here does not exist: a history is played from its beginning, and nothing is loaded.
    whole: bool,
    /// Whether nobody looks at tiers and stages before the history is over.
    defers: bool,
    /// Whether nobody looks back at what was written: then entries are not even made.
    forgets: bool,
    /// Whether a refusal must be undone: not when the command is the only one of its commit.
    keeps_undo: bool,
}

/// Builds the accessor of one kind of thing: read, change, create; a thing that was never loaded is a need.
macro_rules! things {
    ($map:ident, $key:ty, $value:ty, $undo:ident, $get:ident, $change:ident, $put:ident, $read:expr) => {
        /// What is known of it; a need when it was not loaded.
        #[allow(dead_code, reason = "the macro makes all accessors for every kind")]
        pub(crate) fn $get(&mut self, key: &$key) -> Decided<Option<&mut $value>> {
            match self.$map.get_mut(key) {
                Some(slot) => Ok(slot.value.as_mut()),
                None if self.whole => Ok(None),
                None => Err(Stop::Need(vec![$read(key)])),
            }
        }

        /// The thing for changing, with its old form kept.
        #[allow(dead_code, reason = "the macro makes all accessors for every kind")]
        pub(crate) fn $change(&mut self, key: &$key) -> Decided<&mut $value> {
            let slot = self.$map.get_mut(key).ok_or_else(|| Stop::Need(vec![$read(key)]))?;
            if self.keeps_undo && slot.touched != self.turn {
                self.undo.push(Undo::$undo(key.clone(), slot.clone()));
            }
            slot.touched = self.turn;
            slot.dirty = true;
            slot.value
                .as_mut()
                .ok_or_else(|| Stop::Refuse(Error::internal(concat!(stringify!($map), ": nothing to change"))))
        }

        /// Puts or removes the thing, with its old form kept.
        #[allow(dead_code, reason = "the macro makes all accessors for every kind")]
        pub(crate) fn $put(&mut self, key: $key, value: Option<$value>) {
            let turn = self.turn;
            let old = self.$map.insert(key.clone(), Slot { value, dirty: true, touched: turn });
            if self.keeps_undo && old.as_ref().is_none_or(|slot| slot.touched != turn) {
                self.undo.push(Undo::$undo(key, old.unwrap_or(Slot { value: None, dirty: false, touched: 0 })));
            }
        }
    };
}

impl Workspace {
    pub(crate) fn new(keeps_undo: bool) -> Self {
        Self { keeps_undo, turn: 1, ..Self::default() }
    }

    /// A working set that takes every request for a new one until told otherwise: most are, and a mark that is there breaks the guard of
    /// the commit. What commits nothing has to ask after all, see [`Workspace::assumed`].
    pub(crate) fn assuming_new(keeps_undo: bool) -> Self {
        Self { assumes_new: true, ..Self::new(keeps_undo) }
    }

    /// Whether the command under way leaves a mark.
    pub(crate) fn is_marked(&self) -> bool {
        self.marked
    }

    /// From now on the mark of every request is looked for.
    pub(crate) fn assume_nothing(&mut self) {
        self.assumes_new = false;
    }

    /// Whether the mark of the command under way was only assumed to be missing; the read that tells.
    pub(crate) fn assumed(&mut self) -> Option<Read> {
        self.assumed.take().map(|(customer, request)| rows::read_mark(&customer, &request))
    }

    /// What is known of a customer; a need when they were not loaded.
    pub(crate) fn customer(&self, id: &CustomerId) -> Decided<Option<&Customer>> {
        match self.customers.get(id) {
            Some(slot) => Ok(slot.value.as_deref()),
            None if self.whole => Ok(None),
            None => Err(Stop::Need(vec![rows::read_customer(id)])),
        }
    }

    /// A customer for changing, with the old form kept: it is shared until the first change.
    pub(crate) fn customer_mut(&mut self, id: &CustomerId) -> Decided<&mut Customer> {
        let slot = self.customers.get_mut(id).ok_or_else(|| Stop::Need(vec![rows::read_customer(id)]))?;
        touch(slot, id, self.turn, self.keeps_undo.then_some(&mut self.undo))
    }

    /// Puts a customer in place, with the old form kept.
    pub(crate) fn put_customer(&mut self, id: CustomerId, value: Option<Customer>) {
        let turn = self.turn;
        let slot = Slot { value: value.map(Arc::new), dirty: true, touched: turn };
        let old = self.customers.insert(id.clone(), slot);
        if self.keeps_undo && old.as_ref().is_none_or(|slot| slot.touched != turn) {
            self.undo.push(Undo::Customer(id, old.unwrap_or(Slot { value: None, dirty: false, touched: 0 })));
        }
    }

    things!(orders, (CustomerId, OrderId), OrderRecord, Order, order, order_mut, put_order, rows::read_order);
    things!(identities, String, Identity, Identity, identity, identity_mut, put_identity, rows::read_identity);
    things!(lots, LotKey, Lot, Lot, lot, lot_mut, put_lot, rows::read_lot);
    things!(
        redemptions,
        (CustomerId, RedemptionId),
        RedemptionRecord,
        Redemption,
        redemption,
        redemption_mut,
        put_redemption,
        rows::read_redemption
    );

    things!(
        coupons,
        (CustomerId, CouponId),
        Coupon,
        Coupon,
        closed_coupon,
        closed_coupon_mut,
        put_coupon,
        rows::read_coupon
    );
    things!(claims, (CustomerId, ClaimId), ClaimRecord, Claim, claim, claim_mut, put_claim, rows::read_claim);
    things!(counters, Arc<str>, Counter, Counter, counter, counter_mut, put_counter, rows::read_counter);
    things!(holds, HoldKey, i64, Hold, hold, hold_mut, put_hold, rows::read_hold);
    things!(cards, GiftCardId, Versioned<GiftCard>, GiftCard, card, card_mut, put_card, rows::read_gift_card);
    things!(groups, GroupId, Versioned<Group>, Group, group, group_mut, put_group, rows::read_group);

    /// A customer that must exist.
    pub(crate) fn known(&self, id: &CustomerId) -> Decided<&Customer> {
        match self.customer(id)? {
            Some(customer) if !customer.state.unregistered => Ok(customer),
            _ => Err(Stop::Refuse(unknown_customer(id))),
        }
    }

    /// A customer that must exist, for changing.
    pub(crate) fn known_mut(&mut self, id: &CustomerId) -> Decided<&mut Customer> {
        let slot = match self.customers.get_mut(id) {
            Some(slot) if slot.value.as_ref().is_some_and(|customer| !customer.state.unregistered) => slot,
            None if !self.whole => return Err(Stop::Need(vec![rows::read_customer(id)])),
            _ => return Err(Stop::Refuse(unknown_customer(id))),
        };
        touch(slot, id, self.turn, self.keeps_undo.then_some(&mut self.undo))
    }

    /// The mark of a request, if it was carried out before, and the place of its first entry.
    pub(crate) fn mark(&mut self, customer: &CustomerId, request: &RequestId) -> Decided<Option<(u64, Mark)>> {
        let key = (customer.clone(), request.clone());
        // With their owner: the settlings of a sweep all have one id.
        if self.made.contains(&key) {
            let theirs = |entry: &Entry| entry.customer_id == *customer && entry.request_id == *request;
            let marked = |filed: &&Arc<rows::Filed>| filed.mark.is_some() && theirs(&filed.entry);
            if let Some(filed) = self.filed.iter().find(marked) {
                return Ok(filed.mark.clone().map(|mark| (filed.entry.seq, mark)));
            }
        }
        let known = if self.marks.is_empty() { None } else { self.marks.get(&key) };
        match known {
            Some(mark) => Ok(mark.clone()),
            None if self.assumes_new => {
                self.assumed = Some(key);
                Ok(None)
            }
            None => Err(Stop::Need(vec![rows::read_mark(customer, request)])),
        }
    }

    /// The whole journal of a customer, in order, with what this working set has added.
    pub(crate) fn journal(&mut self, customer: &CustomerId) -> Decided<Vec<Arc<Entry>>> {
        let mut entries = match self.journals.get(customer) {
            Some(stored) => stored.clone(),
            None if self.whole => Vec::new(),
            None => return Err(Stop::Need(vec![rows::read_journal(customer)])),
        };
        let filed = self.filed.iter().map(|filed| &filed.entry);
        let fresh = self.fresh.iter();
        entries.extend(filed.chain(fresh).filter(|entry| entry.customer_id == *customer).cloned());
        Ok(entries)
    }

    /// All orders of a customer, as they are now.
    pub(crate) fn orders_of(&mut self, customer: &CustomerId) -> Decided<Vec<OrderRecord>> {
        // Of somebody who is new in this commit nothing is stored: all their orders are here.
        if !self.whole && !self.known(customer)?.is_new() && !self.all_orders.contains_key(customer) {
            return Err(Stop::Need(vec![rows::read_orders(customer)]));
        }
        let mut found: Vec<_> = self
            .orders
            .iter()
            .filter(|((owner, _), _)| owner == customer)
            .filter_map(|(_, s)| s.value.clone())
            .collect();
        found.sort_by(|a, b| (a.paid_at(), a.id()).cmp(&(b.paid_at(), b.id())));
        Ok(found)
    }

    /// Notes an entry of the command under way.
    pub(crate) fn write(&mut self, entry: Entry) {
        if self.fresh.is_empty() {
            // Most commands write one, and it stays in the receipt.
            self.fresh.reserve_exact(1);
        }
        self.fresh.push(Arc::new(entry));
    }

    /// The entries of the command under way.
    pub(crate) fn fresh(&self) -> &[Arc<Entry>] {
        &self.fresh
    }

    /// Files the entries of the command under way for the commit and hands them over for the receipt; the mark goes with the first one that
    /// is this customer's.
    pub(crate) fn file(&mut self, customer: &CustomerId, mark: Option<Mark>) -> Vec<Arc<Entry>> {
        let entries = std::mem::take(&mut self.fresh);
        let mut mark = mark;
        for entry in &entries {
            let mark = if entry.customer_id == *customer { mark.take() } else { None };
            if mark.is_some() {
                if self.keeps_undo {
                    self.made.insert((entry.customer_id.clone(), entry.request_id.clone()));
                }
                self.marked = true;
            }
            let known = self.customers.get(&entry.customer_id).and_then(|slot| slot.value.as_ref());
            let bucket = known.map_or_else(|| bucket_of(entry.customer_id.as_str()), |customer| customer.bucket);
            self.filed.push(Arc::new(rows::Filed { entry: entry.clone(), bucket, mark }));
        }
        entries
    }

    /// The command is accepted: what it changed stays.
    pub(crate) fn accept(&mut self) {
        self.undo.clear();
        self.turn += 1;
        self.accepted = self.filed.len();
        self.marked = false;
        self.assumed = None;
    }

    /// The command is refused or must be decided again: what it changed goes.
    pub(crate) fn abort(&mut self) {
        for undo in self.undo.drain(..).rev() {
            match undo {
                Undo::Customer(key, slot) => drop(self.customers.insert(key, slot)),
                Undo::Order(key, slot) => drop(self.orders.insert(key, slot)),
                Undo::Identity(key, slot) => drop(self.identities.insert(key, slot)),
                Undo::Lot(key, slot) => drop(self.lots.insert(key, slot)),
                Undo::Redemption(key, slot) => drop(self.redemptions.insert(key, slot)),
                Undo::Coupon(key, slot) => drop(self.coupons.insert(key, slot)),
                Undo::Claim(key, slot) => drop(self.claims.insert(key, slot)),
                Undo::Counter(key, slot) => drop(self.counters.insert(key, slot)),
                Undo::Hold(key, slot) => drop(self.holds.insert(key, slot)),
                Undo::GiftCard(key, slot) => drop(self.cards.insert(key, slot)),
                Undo::Group(key, slot) => drop(self.groups.insert(key, slot)),
            }
        }
        self.turn += 1;
        self.fresh.clear();
        self.filed.truncate(self.accepted);
        self.assumed = None;
        self.marked = false;
    }
}

/// A customer for changing, with the old form kept where somebody may want it back.
fn touch<'s>(
    slot: &'s mut Slot<Arc<Customer>>,
    id: &CustomerId,
    turn: u64,
    undo: Option<&mut Vec<Undo>>,
) -> Decided<&'s mut Customer> {
    if let Some(undo) = undo.filter(|_| slot.touched != turn) {
        undo.push(Undo::Customer(id.clone(), slot.clone()));
    }
    (slot.touched, slot.dirty) = (turn, true);
    let customer = slot.value.as_mut().map(Arc::make_mut);
    customer.ok_or_else(|| Stop::Refuse(Error::internal("customers: nothing to change")))
}

/// The refusal for a customer nobody knows.
pub(crate) fn unknown_customer(id: &CustomerId) -> Error {
    Error::new(ErrorCode::CustomerUnknown, format!("customer `{id}` is not registered")).field("customer_id")
}

/// A cell that must be there.
pub(crate) fn cell(row: &Row, place: usize) -> Result<&Value> {
    row.cells().get(place).ok_or_else(|| {
        Error::new(ErrorCode::StoreCorrupt, format!("a row of `{}` lacks cells", row.table.describe().name))
    })
}
