//! What every decision has at hand: the rules, the request, and the ways to write entries.

use super::giftcards::{checkout, use_name};
use super::orders::find_order;
use crate::command::{Command, Request};
use crate::customer::{Buyer, Identifier};
use crate::effect::{Entry, PointsChange, What};
use crate::error::{Error, ErrorCode};
use crate::limits::CLOCK_SKEW_MILLIS_MAX;
use crate::points::{Movement, MovementKind};
use crate::program::Program;
use crate::store::Read;
use crate::value::{CustomerId, Fingerprint, OrderId, PointCurrency, Timestamp, Zone};
use crate::workspace::rows;
use crate::workspace::{Decided, Stop, Workspace};

/// The rules and the request of one decision.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) program: &'a Program,
    pub(crate) request: &'a Request,
    /// The fingerprint of the order that the request records, where it was worked out already.
    pub(crate) order_print: Option<Fingerprint>,
    /// Whether nobody comes back to the order that is recorded: then its awards need not be kept with it.
    pub(crate) passing: bool,
}

/// Under which name an order is found.
pub(crate) fn order_name(order: &OrderId) -> String {
    format!("order:{order}")
}

/// Under which name an event is known to have been recorded.
pub(crate) fn event_name(customer: &CustomerId, event: &str) -> String {
    format!("event:{customer}/{event}")
}

impl<'a> Context<'a> {
    pub(crate) fn new(program: &'a Program, request: &'a Request) -> Self {
        Self { program, request, order_print: None, passing: false }
    }

    pub(crate) fn zone(&self) -> &'a Zone {
        self.program.zone()
    }

    /// The reads that the command is sure to need, so that most decisions load once.
    pub(crate) fn scope(&self, marks: bool, reads: &mut Vec<Read>) {
        let mut customer = |id: &CustomerId| {
            reads.push(rows::read_customer(id));
            if marks {
                reads.push(rows::read_mark(id, &self.request.request_id));
            }
        };
        match self.request.command.customers() {
            (Some(one), Some(other)) => {
                customer(one);
                reads.push(rows::read_customer(other));
            }
            (Some(one), None) => customer(one),
            _ => {}
        }
        match &self.request.command {
            Command::RecordOrder(command) => {
                reads.push(rows::read_identity(&order_name(&command.order.id)));
                if let Buyer::Customer { id } = &command.buyer {
                    reads.push(rows::read_order(&(id.clone(), command.order.id.clone())));
                    reads.extend(command.claim_id.as_ref().map(|claim| rows::read_claim(&(id.clone(), claim.clone()))));
                }
            }
            Command::RecordRefund(command) => {
                reads.extend(command.refund.order.as_ref().map(|id| rows::read_identity(&order_name(id))));
            }
            Command::CancelOrder(command) => reads.push(rows::read_identity(&order_name(&command.order_id))),
            Command::ActivatePoints(command) => reads.push(rows::read_identity(&order_name(&command.order_id))),
            Command::RevertOrder(command) => reads.push(rows::read_identity(&order_name(&command.order_id))),
            Command::ClaimOffers(c) => {
                reads.push(rows::read_claim(&(c.customer_id.clone(), c.claim_id.clone())));
                reads.extend(checkout::foresee(c, self.program.checkout().attempts.is_none()));
            }
            Command::ConfirmClaim(c) => reads.push(rows::read_claim(&(c.customer_id.clone(), c.claim_id.clone()))),
            Command::ReleaseClaim(c) => reads.push(rows::read_claim(&(c.customer_id.clone(), c.claim_id.clone()))),
            Command::IssueGiftCard(c) => {
                reads.push(rows::read_gift_card(&c.card_id));
                reads.extend(c.order_id.as_ref().map(|order| rows::read_identity(&order_name(order))));
            }
            Command::HoldGiftCard(c) => {
                reads.extend(c.card_id.as_ref().map(rows::read_gift_card));
                reads.push(rows::read_identity(&use_name(c.hold_id.as_str())));
            }
            Command::SpendGiftCard(c) => {
                reads.extend(c.card_id.as_ref().map(rows::read_gift_card));
                let name = c.redemption_id.as_ref().map_or(self.request.request_id.as_str(), |id| id.as_str());
                reads.push(rows::read_identity(&use_name(name)));
            }
            Command::CaptureGiftCard(c) => reads.push(rows::read_identity(&use_name(c.hold_id.as_str()))),
            Command::ReleaseGiftCard(c) => reads.push(rows::read_identity(&use_name(c.hold_id.as_str()))),
            Command::RestoreGiftCard(c) => reads.push(rows::read_identity(&use_name(c.redemption_id.as_str()))),
            Command::FreezeGiftCard(c) => reads.push(rows::read_gift_card(&c.card_id)),
            Command::UnfreezeGiftCard(c) => reads.push(rows::read_gift_card(&c.card_id)),
            Command::OpenGroup(c) => reads.push(rows::read_group(&c.group_id)),
            Command::JoinGroup(c) => reads.push(rows::read_group(&c.group_id)),
            Command::PaySeat(c) => {
                reads.extend([rows::read_group(&c.group_id), rows::read_identity(&order_name(&c.order_id))]);
            }
            Command::LeaveGroup(c) => reads.push(rows::read_group(&c.group_id)),
            Command::RefundSeat(c) => reads.push(rows::read_group(&c.group_id)),
            Command::Settle(c) => {
                reads.extend(c.card_id.as_ref().map(rows::read_gift_card));
                reads.extend(c.group_id.as_ref().map(rows::read_group));
            }
            Command::IssueCoupon(c) => reads.push(rows::read_coupon(&(c.customer_id.clone(), c.coupon_id.clone()))),
            _ => {}
        }
        if let Some(identifiers) = self.request.command.identifiers() {
            let keys = identifiers.iter().filter_map(|identifier| identifier.key(self.program.country()).ok());
            reads.extend(keys.map(|key| rows::read_identity(&key.as_str().to_owned())));
        }
    }

    /// The customer that the request is about, if that can be told before it is carried out.
    pub(crate) fn subject(&self, ws: &mut Workspace) -> Decided<Option<CustomerId>> {
        if let (Some(id), _) = self.request.command.customers() {
            return Ok(Some(id.clone()));
        }
        let order = match &self.request.command {
            Command::RecordRefund(command) => command.refund.order.as_ref(),
            Command::CancelOrder(command) => Some(&command.order_id),
            Command::ActivatePoints(command) => Some(&command.order_id),
            Command::RevertOrder(command) => Some(&command.order_id),
            _ => None,
        };
        let owner_of = |ws: &mut Workspace, order| -> Decided<Option<CustomerId>> {
            Ok(ws.identity(&order_name(order))?.and_then(|identity| identity.customer.clone()))
        };
        if let Command::RevertOrder(command) = &self.request.command
            && let Some((_, _, extra)) = find_order(ws, &command.order_id)?
            && let Some(by) = extra.taken_out_by.into_iter().find(|by| by.request == self.request.request_id)
        {
            return Ok(Some(by.customer));
        }
        if let Some(order) = order {
            return owner_of(ws, order);
        }
        // An order stays with whom it was recorded for, whoever has their identifiers since.
        if let Command::RecordOrder(command) = &self.request.command
            && let Some(owner) = owner_of(ws, &command.order.id)?
        {
            return Ok(Some(owner));
        }
        match self.request.command.identifiers() {
            Some(identifiers) => self.find(ws, identifiers),
            None => Ok(None),
        }
    }

    /// Whoever has the first known of these identifiers.
    pub(crate) fn find(&self, ws: &mut Workspace, identifiers: &[Identifier]) -> Decided<Option<CustomerId>> {
        let mut missing = Vec::new();
        let mut found = None;
        for (place, identifier) in identifiers.iter().enumerate() {
            let key = identifier
                .key(self.program.country())
                .map_err(|error| Stop::Refuse(error.within(format!("identifiers[{place}]"))))?;
            match ws.identity(&key.as_str().to_owned()) {
                Ok(Some(identity)) if found.is_none() => found.clone_from(&identity.customer),
                Ok(_) => {}
                Err(Stop::Need(reads)) => missing.extend(reads),
                Err(refusal) => return Err(refusal),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(Stop::Need(missing)) }
    }

    /// Checks that a fact does not lie in the future; clocks may differ by a little.
    pub(crate) fn check_time(&self, at: Timestamp, field: &str) -> Decided<()> {
        if at <= self.request.at.plus_millis(CLOCK_SKEW_MILLIS_MAX) {
            return Ok(());
        }
        let message = format!("`{at}` is after `{}`, the instant at which it is recorded", self.request.at);
        Err(Error::new(ErrorCode::TimeFuture, message).field(field).into())
    }

    /// Writes an entry into a customer's journal.
    pub(crate) fn write(
        &self,
        ws: &mut Workspace,
        id: &CustomerId,
        effective_at: Timestamp,
        what: What,
        points: Vec<PointsChange>,
    ) -> Decided<()> {
        let customer = ws.customer_mut(id)?;
        customer.state.seq += 1;
        // A birthday that nobody looked at is given as of its day, and recorded today.
        let (seq, recorded_at) = (customer.state.seq, customer.state.recorded_at.max(self.request.at));
        if ws.passes_over(&what) {
            return Ok(());
        }
        let entry = Entry {
            seq,
            customer_id: id.clone(),
            effective_at,
            recorded_at,
            request_id: self.request.request_id.clone(),
            revision: self.program.revision(),
            what,
            points,
            actor: self.request.actor.clone(),
            reason: self.request.reason.clone(),
            batch: self.request.batch.clone(),
        };
        ws.write(entry);
        Ok(())
    }

    /// Writes movements that time made, each as an entry dated at its own instant.
    pub(crate) fn write_own(
        &self,
        ws: &mut Workspace,
        id: &CustomerId,
        own: Vec<(Timestamp, PointsChange)>,
    ) -> Decided<()> {
        for (at, change) in own {
            self.write(ws, id, at, What::Points, vec![change])?;
        }
        Ok(())
    }
}

/// The change of one movement.
pub(crate) fn change(currency: &PointCurrency, movement: Movement) -> PointsChange {
    PointsChange {
        currency: currency.clone(),
        kind: movement.kind,
        postings: movement.postings,
        rule: None,
        hold: movement.hold,
        redemption: None,
        shortfall: Vec::new(),
        original_at: None,
        other: None,
    }
}

/// Parts movements into those of the command itself and those that time made at an instant of their own.
pub(crate) fn part(
    currency: &PointCurrency,
    log: Vec<Movement>,
    at: Timestamp,
) -> (Vec<PointsChange>, Vec<(Timestamp, PointsChange)>) {
    let mut direct = Vec::with_capacity(log.len());
    let mut own = Vec::new();
    for movement in log {
        let by_time = matches!(
            movement.kind,
            MovementKind::Activate | MovementKind::Settle | MovementKind::Expire | MovementKind::TimeOut
        );
        if by_time && movement.effective_at != at {
            own.push((movement.effective_at, change(currency, movement)));
        } else {
            direct.push(change(currency, movement));
        }
    }
    (direct, own)
}
