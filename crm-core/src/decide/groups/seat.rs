//! What a seat of a group brings into a checkout.

use super::super::context::Context;
use super::pass;
use crate::coupon::Wallet;
use crate::error::{Error, ErrorCode};
use crate::group::{Group, SeatState};
use crate::offer::{OfferRules, Source, Why};
use crate::program::Offer;
use crate::value::{CustomerId, GroupId, OfferId, Timestamp};
use crate::workspace::{Decided, Workspace};

/// The offer of a group in a cart, or why it is out.
#[derive(Debug)]
pub(crate) struct SeatOffer {
    pub(crate) by: Source,
    pub(crate) found: Result<Box<Found>, (Option<OfferId>, Why)>,
}

/// The offer that a seat brings in.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) offer: Offer,
    pub(crate) rules: OfferRules,
    /// When the seat is out of time.
    pub(crate) until: Timestamp,
}

impl SeatOffer {
    pub(crate) fn id(&self) -> Option<&OfferId> {
        self.found.as_ref().ok().map(|found| &found.offer.id)
    }
}

/// What a customer's seat brings in, after time has passed for the group.
pub(crate) fn offer(
    context: &Context<'_>,
    ws: &mut Workspace,
    customer: Option<&CustomerId>,
    group_id: &GroupId,
    at: Timestamp,
) -> Decided<SeatOffer> {
    let by = Source::Group { group: group_id.clone() };
    if ws.group(group_id)?.is_none() {
        return Ok(SeatOffer { by, found: Err((None, Why::GroupUnknown)) });
    }
    pass(context, ws, group_id, at)?;
    let holder = match customer {
        Some(id) => holder_of(ws.known(id)?.wallet()?, group_id),
        None => None,
    };
    let group = super::known(ws, group_id)?;
    let found = match (held_until(group, customer), holder) {
        (Err(why), _) => Err((offer_id(group), why)),
        (Ok(_), Some(until)) => Err((offer_id(group), Why::HeldElsewhere { until })),
        (Ok(until), None) => match of_group(context, group)? {
            Some((offer, rules)) => Ok(Box::new(Found { offer, rules, until })),
            None => Err((offer_id(group), Why::NotRunning)),
        },
    };
    Ok(SeatOffer { by, found })
}

/// Until when an open claim of the customer has the seat already.
fn holder_of(wallet: Option<&Wallet>, group: &GroupId) -> Option<Timestamp> {
    let claims = wallet.map_or(&[][..], Wallet::claims);
    claims.iter().find(|claim| claim.group.as_ref() == Some(group)).map(|claim| claim.deadline)
}

fn held_until(group: &Group, customer: Option<&CustomerId>) -> Result<Timestamp, Why> {
    let seat = customer.and_then(|id| group.seat(id)).ok_or(Why::SeatUnknown)?;
    match seat.state {
        SeatState::Held => Ok(seat.until),
        SeatState::Paid => Err(Why::SeatPaid),
        SeatState::Left | SeatState::TimedOut | SeatState::ToRefund | SeatState::Refunded => Err(Why::SeatLapsed),
    }
}

/// Under which name the price of a group is applied: an offer's, or that of its rules.
fn offer_id(group: &Group) -> Option<OfferId> {
    group.terms.offer.clone().or_else(|| OfferId::new(group.terms.rules.as_str()).ok())
}

/// The offer of a group: of the program, or the price that was promised when the group was opened.
fn of_group(context: &Context<'_>, group: &Group) -> Decided<Option<(Offer, OfferRules)>> {
    if let Some(id) = &group.terms.offer {
        return Ok(context.program.offer(id).map(|(offer, rules)| (offer.clone(), rules.clone())));
    }
    let Some(promised) = &group.terms.promise else { return Ok(None) };
    let offer: Offer = serde_json::from_str(promised).map_err(|error| {
        Error::new(ErrorCode::StoreCorrupt, "the stored price of a group cannot be read").caused_by(error)
    })?;
    let rules = context.program.rules_of(&offer)?;
    Ok(Some((offer, rules)))
}

/// Whether a customer has a seat that waits for its payment.
pub(crate) fn is_held(
    context: &Context<'_>,
    ws: &mut Workspace,
    customer: &CustomerId,
    group_id: &GroupId,
) -> Decided<bool> {
    let now = ws.known(customer)?.state.recorded_at;
    pass(context, ws, group_id, now)?;
    Ok(held_until(super::known(ws, group_id)?, Some(customer)).is_ok())
}
