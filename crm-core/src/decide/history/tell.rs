//! From a journal back to the facts behind it.

use super::{Deed, Fact, History, ToldOrder};
use crate::command::{
    ActivatePoints, AdjustPoints, CaptureHold, Command, EarnPoints, HoldPoints, LockTier, ReleaseHold, Request,
    ReverseRedemption, SpendPoints, TransferPoints, UnlockTier, Unregister,
};
use crate::customer::CustomerRecord;
use crate::decide::facts::corrects;
use crate::effect::{Entry, PointsChange, What};
use crate::error::Result;
use crate::order::{Event, OrderRecord};
use crate::points::{Book, Dates, ExpiryPolicy, Lot, LotId, MovementKind, PendingPolicy, Shortfall, dates};
use crate::program::Program;
use crate::value::{CalendarDate, CustomerId, HoldId, OrderId, PointCurrency, Points, RequestId, Timestamp};
use crate::workspace::rows::extra_of;
use crate::workspace::state::Customer;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the books have of one customer.
pub(crate) struct Journal<'b> {
    pub(crate) customer: &'b Arc<Customer>,
    pub(crate) entries: &'b [Arc<Entry>],
    /// In the order of their ids.
    pub(crate) orders: Vec<OrderRecord>,
    /// Lots that are closed, where [`gave_by_hand`] asks for them.
    pub(crate) closed: Vec<(PointCurrency, Lot)>,
}

/// Whether points were given by hand: their dates are those of their lots.
pub(crate) fn gave_by_hand(entries: &[Arc<Entry>]) -> bool {
    entries.iter().any(|entry| entry.what == What::Points && entry.points.iter().any(is_grant))
}

fn is_grant(change: &PointsChange) -> bool {
    let given = matches!(change.kind, MovementKind::Earn | MovementKind::Adjust);
    given && change.rule.is_none() && sum(change, Book::Issued) < 0
}

fn sum(change: &PointsChange, book: Book) -> i64 {
    change.postings.iter().filter(|posting| posting.book == book).map(|posting| posting.points.get()).sum()
}

/// The facts recorded up to an instant. The program is the one in force: a date that it would give is one that a policy gave.
pub(crate) fn tell(program: &Program, journal: Journal<'_>, until: Timestamp) -> Result<History> {
    let Journal { customer, entries, orders, closed } = journal;
    // The rewards for somebody who was brought may pass from one order to another.
    let kept = customer.record()?.referred_by.is_some();
    let mut told = Vec::with_capacity(orders.len());
    for mut record in orders {
        let pieces = record.unwind();
        let lacks = pieces.iter().any(|piece| piece.record().what.is_none());
        let in_pieces = !pieces.is_empty() && (lacks || extra_of(&record)?.claim.is_some());
        told.push(ToldOrder { record, pieces, in_pieces, kept });
    }
    let mut teller = Teller {
        program,
        customer,
        closed,
        orders: told,
        facts: Vec::with_capacity(entries.len().min(64)),
        ends: ends_of_holds(entries),
        waiting: BTreeMap::new(),
        activated: BTreeSet::new(),
        record: as_registered(customer.record()?, entries),
        meets: BTreeSet::new(),
    };
    for (place, entry) in entries.iter().enumerate().take_while(|(_, entry)| entry.recorded_at <= until) {
        teller.entry(entry, entries.get(place.saturating_add(1)..).unwrap_or_default())?;
    }
    let Teller { facts, orders, meets, .. } = teller;
    let books = Some(customer).filter(|customer| customer.state.recorded_at <= until).cloned();
    Ok(History { id: customer.id.clone(), facts, orders, meets, books })
}

/// When holds ended that are over.
fn ends_of_holds(entries: &[Arc<Entry>]) -> BTreeMap<HoldId, Timestamp> {
    let mut ends = BTreeMap::new();
    for entry in entries {
        for change in &entry.points {
            let end = match change.kind {
                MovementKind::TimeOut => entry.effective_at,
                MovementKind::Capture | MovementKind::Release => entry.recorded_at.plus_millis(1),
                _ => continue,
            };
            ends.extend(change.hold.clone().map(|hold| (hold, end)));
        }
    }
    ends
}

/// What was told later is taken off, as far as the journal names it.
fn as_registered(now: &CustomerRecord, entries: &[Arc<Entry>]) -> CustomerRecord {
    let mut record = now.clone();
    // Nobody is looked for by a name, or written to, while a history is told.
    record.identifiers.clear();
    record.consents.clear();
    for field in entries.iter().rev().flat_map(|entry| fields(entry)) {
        match field.split_once(':') {
            Some(("tags.add", tag)) => record.tags.retain(|known| known.as_str() != tag),
            Some(("tags.remove", tag)) => record.tags.extend(tag.parse().ok()),
            Some(("attributes.set", name)) => record.attributes.retain(|known, _| known.as_str() != name),
            _ if tells_birthday(field) => record.profile.birthday = None,
            _ => {}
        }
    }
    record
}

fn fields(entry: &Entry) -> &[String] {
    match &entry.what {
        What::Updated { fields } => fields,
        _ => &[],
    }
}

/// An order that fills gaps of a profile says no more than that.
fn tells_birthday(field: &str) -> bool {
    field == "birthday" || field == "profile"
}

struct Teller<'b> {
    program: &'b Program,
    customer: &'b Customer,
    closed: Vec<(PointCurrency, Lot)>,
    orders: Vec<ToldOrder>,
    facts: Vec<Fact>,
    ends: BTreeMap<HoldId, Timestamp>,
    /// Lots that wait for the event of an order.
    waiting: BTreeMap<(PointCurrency, LotId), OrderId>,
    /// Orders whose event was told, by the request that did.
    activated: BTreeSet<(RequestId, OrderId)>,
    /// Who the customer is at this place of the journal.
    record: CustomerRecord,
    meets: BTreeSet<CustomerId>,
}

impl Teller<'_> {
    fn entry(&mut self, entry: &Entry, later: &[Arc<Entry>]) -> Result<()> {
        match &entry.what {
            What::Registered => {
                let mut record = self.record.clone();
                record.registered_at = entry.effective_at;
                let again = later.iter().any(|later| later.what == What::Registered);
                let implicit = self.customer.state.implicit && !again;
                self.push(entry, Deed::Register { record: Box::new(record), implicit });
            }
            What::Updated { fields } => self.updated(entry, fields),
            What::Order { order_id, .. } => {
                if let Some(place) = self.place(order_id) {
                    self.push(entry, Deed::Order(place));
                }
                self.note_waiting(entry, order_id);
            }
            // Follows from what is told of the others.
            what if corrects(what) => {}
            What::Refund { refund_id, order_id, .. } => {
                if let Some(place) = self.place(order_id)
                    && let Some(order) = self.orders.get_mut(place)
                    && let Some(piece) = order.pieces.iter().position(|piece| piece.record().id == *refund_id)
                {
                    order.kept = true;
                    self.push(entry, Deed::Back { order: place, piece });
                }
            }
            What::Cancelled { order_id, reverted, .. } => {
                self.keep(order_id);
                let (order, at, reverted) = (order_id.clone(), entry.effective_at, *reverted);
                self.push(entry, Deed::TakenOut { order, at, reverted });
            }
            What::Event { event_id, name } => {
                let event = Event {
                    id: event_id.clone(),
                    name: name.clone(),
                    happened_at: entry.effective_at,
                    attributes: BTreeMap::new(),
                };
                self.push(entry, Deed::Event(Box::new(event)));
            }
            What::Points => self.points(entry)?,
            What::TierLocked { ladder, tier, until } => {
                let (customer_id, ladder, tier) = (entry.customer_id.clone(), ladder.clone(), tier.clone());
                let through = self.program.zone().date(until.plus_millis(-1));
                self.command(entry, Command::LockTier(LockTier { customer_id, ladder, tier, through }));
            }
            What::TierUnlocked { ladder } => {
                let (customer_id, ladder) = (entry.customer_id.clone(), ladder.clone());
                self.command(entry, Command::UnlockTier(UnlockTier { customer_id, ladder }));
            }
            What::Unregistered => {
                self.command(entry, Command::Unregister(Unregister { customer_id: entry.customer_id.clone() }));
            }
            // Consequences, and what neither points nor tiers nor stages know of.
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, entry: &Entry, deed: Deed) {
        self.facts.push(Fact { at: entry.recorded_at, request_id: entry.request_id.clone(), deed });
    }

    fn command(&mut self, entry: &Entry, command: Command) {
        let request = Request {
            request_id: entry.request_id.clone(),
            at: entry.recorded_at,
            actor: entry.actor.clone(),
            reason: entry.reason.clone(),
            batch: None,
            command,
        };
        self.push(entry, Deed::Command(Box::new(request)));
    }

    fn place(&self, order: &OrderId) -> Option<usize> {
        self.orders.binary_search_by(|told| told.record.id().cmp(order)).ok()
    }

    fn keep(&mut self, order: &OrderId) {
        if let Some(order) = self.place(order).and_then(|place| self.orders.get_mut(place)) {
            order.kept = true;
        }
    }

    fn updated(&mut self, entry: &Entry, fields: &[String]) {
        let Ok(now) = self.customer.record() else { return };
        let before = self.record.clone();
        for field in fields {
            match field.split_once(':') {
                Some(("tags.add", tag)) => self.record.tags.extend(tag.parse().ok()),
                Some(("tags.remove", tag)) => self.record.tags.retain(|known| known.as_str() != tag),
                Some(("attributes.set", name)) => {
                    let set = now.attributes.iter().find(|(known, _)| known.as_str() == name);
                    self.record.attributes.extend(set.map(|(name, value)| (name.clone(), value.clone())));
                }
                _ if tells_birthday(field) => self.record.profile.birthday = now.profile.birthday,
                _ => {}
            }
        }
        if self.record != before {
            self.push(entry, Deed::Change(Box::new(self.record.clone())));
        }
    }

    /// Remembers which lots of an order wait for an event.
    fn note_waiting(&mut self, entry: &Entry, order: &OrderId) {
        let waits = |short: &Shortfall| matches!(short, Shortfall::Pending { activates_at: None });
        for change in entry.points.iter().filter(|change| change.shortfall.iter().any(waits)) {
            for lot in change.postings.iter().filter_map(|posting| posting.lot) {
                self.waiting.insert((change.currency.clone(), lot), order.clone());
            }
        }
    }

    /// Points that moved by a command of their own. Rules name themselves, and time is not a fact.
    fn points(&mut self, entry: &Entry) -> Result<()> {
        let customer_id = entry.customer_id.clone();
        for change in &entry.points {
            let currency = change.currency.clone();
            let command = match change.kind {
                MovementKind::Earn | MovementKind::Adjust if is_grant(change) => {
                    self.grant(entry, change)?;
                    continue;
                }
                MovementKind::Adjust => {
                    let points = Points::new(sum(change, Book::Revoked))?.negated();
                    Command::AdjustPoints(AdjustPoints {
                        customer_id: customer_id.clone(),
                        currency,
                        points,
                        usable_through: None,
                    })
                }
                MovementKind::Spend => Command::SpendPoints(SpendPoints {
                    customer_id: customer_id.clone(),
                    currency,
                    points: Points::new(sum(change, Book::Redeemed))?,
                    redemption_id: change.redemption.clone(),
                    order_id: None,
                }),
                MovementKind::Hold => {
                    let Some(hold_id) = change.hold.clone() else { continue };
                    let open = self.customer.state.accounts.iter().flat_map(|account| &account.holds);
                    let deadline = open.clone().find(|hold| hold.id == hold_id).map(|hold| hold.deadline);
                    let until = self.ends.get(&hold_id).copied().or(deadline);
                    let until = until.unwrap_or(entry.recorded_at).max(entry.recorded_at.plus_millis(1));
                    let points = Points::new(sum(change, Book::Held))?;
                    Command::HoldPoints(HoldPoints {
                        customer_id: customer_id.clone(),
                        currency,
                        points,
                        hold_id,
                        until,
                    })
                }
                MovementKind::Capture => {
                    let Some(hold_id) = change.hold.clone() else { continue };
                    let points = Some(Points::new(sum(change, Book::Redeemed))?);
                    Command::CaptureHold(CaptureHold { customer_id: customer_id.clone(), hold_id, points })
                }
                // What a capture leaves is released with it.
                MovementKind::Release if entry.points.iter().all(|other| other.kind != MovementKind::Capture) => {
                    let Some(hold_id) = change.hold.clone() else { continue };
                    Command::ReleaseHold(ReleaseHold { customer_id: customer_id.clone(), hold_id })
                }
                MovementKind::Restore => {
                    let Some(redemption_id) = change.redemption.clone() else { continue };
                    let points = Points::new(sum(change, Book::Redeemed))?.negated();
                    let points = Some(points).filter(|points| points.is_positive());
                    Command::ReverseRedemption(ReverseRedemption {
                        customer_id: customer_id.clone(),
                        redemption_id,
                        points,
                    })
                }
                MovementKind::TransferOut => {
                    let Some(to) = change.other.clone() else { continue };
                    self.meets.insert(to.clone());
                    let points = Points::new(sum(change, Book::Transferred))?;
                    Command::TransferPoints(TransferPoints { from: customer_id.clone(), to, currency, points })
                }
                MovementKind::TransferIn => {
                    self.meets.extend(change.other.clone());
                    // A transfer of several lots has several movements.
                    let known = self
                        .facts
                        .last()
                        .is_some_and(|fact| matches!(fact.deed, Deed::Arrived) && fact.request_id == entry.request_id);
                    if !known {
                        self.push(entry, Deed::Arrived);
                    }
                    continue;
                }
                MovementKind::Activate => {
                    self.activation(entry, change);
                    continue;
                }
                _ => continue,
            };
            self.command(entry, command);
        }
        Ok(())
    }

    /// The event that an order waited for: time alone does not make such points usable.
    fn activation(&mut self, entry: &Entry, change: &PointsChange) {
        let lots = change.postings.iter().filter_map(|posting| posting.lot);
        let orders: BTreeSet<OrderId> =
            lots.filter_map(|lot| self.waiting.get(&(change.currency.clone(), lot)).cloned()).collect();
        for order_id in orders {
            if self.activated.insert((entry.request_id.clone(), order_id.clone())) {
                self.keep(&order_id);
                self.command(entry, Command::ActivatePoints(ActivatePoints { order_id }));
            }
        }
    }

    /// Points given by hand. Dates that are not those of the policies were named.
    fn grant(&mut self, entry: &Entry, change: &PointsChange) -> Result<()> {
        let (customer_id, currency) = (entry.customer_id.clone(), change.currency.clone());
        let points = Points::new(sum(change, Book::Issued))?.negated();
        let adjusts = change.kind == MovementKind::Adjust;
        let lot = change.postings.iter().find_map(|posting| posting.lot);
        let (usable_from, usable_through) = lot
            .and_then(|lot| self.lot(&currency, lot))
            .map_or((None, None), |lot| self.named(&currency, lot, adjusts));
        self.command(
            entry,
            if adjusts {
                Command::AdjustPoints(AdjustPoints { customer_id, currency, points, usable_through })
            } else {
                let earned_at = Some(entry.effective_at);
                Command::EarnPoints(EarnPoints {
                    customer_id,
                    currency,
                    points,
                    earned_at,
                    usable_from,
                    usable_through,
                })
            },
        );
        Ok(())
    }

    fn lot(&self, currency: &PointCurrency, lot: LotId) -> Option<&Lot> {
        let account = self.customer.state.accounts.iter().find(|account| account.currency == *currency);
        let closed = self.closed.iter().find(|(of, closed)| of == currency && closed.id == lot);
        account.and_then(|account| account.lot(lot)).or(closed.map(|(_, lot)| lot))
    }

    /// The first and the last day of a lot, where they are not those of the policies.
    fn named(
        &self,
        currency: &PointCurrency,
        lot: &Lot,
        adjusts: bool,
    ) -> (Option<CalendarDate>, Option<CalendarDate>) {
        let Some(rules) = self.program.point_currency(currency) else { return (None, None) };
        let zone = self.program.zone();
        let pending = match (&rules.pending, adjusts) {
            (PendingPolicy::UntilEvent, _) | (_, true) => &PendingPolicy::None,
            (pending, false) => pending,
        };
        let policy: Dates = dates(pending, &rules.expiry, zone, lot.earned_at);
        let from = lot.activates_at.filter(|from| Some(*from) != policy.activates_at).map(|from| zone.date(from));
        let slides = matches!(lot.expiry, Some(ExpiryPolicy::Sliding { .. }));
        let by_policy = crate::points::expires_at(&rules.expiry, zone, lot.activates_at.unwrap_or(lot.earned_at));
        let through = lot.expires_at.filter(|end| !slides && Some(*end) != by_policy);
        (from.filter(|_| !adjusts), through.map(|end| zone.date(end.plus_millis(-1))))
    }
}
