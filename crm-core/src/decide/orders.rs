//! Orders and events: who bought, what it earns, what follows from it.

use super::award::{self, Given, Trigger};
use super::context::{Context, event_name, order_name};
use super::customers;
use super::offers::{self, Occasion};
use super::referrals;
use super::refunds::{self, Parked};
use super::settle::{keep_books, settle};
use crate::command::{RecordEvent, RecordOrder};
use crate::customer::Buyer;
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::order::{Event, LinesSeen, Order, OrderRecord, OrderStatus, Tender};
use crate::points::{Source, SourceKind};
use crate::value::{CustomerId, Fingerprint, Timestamp, fingerprint};
use crate::workspace::rows::extra_of;
use crate::workspace::state::{OrderExtra, TakenOutBy, decode, encode};
use crate::workspace::{Decided, Identity, Workspace, unknown_customer};

/// Whose fact it is; somebody new is registered where the request says so.
pub(crate) fn buyer(context: &Context<'_>, ws: &mut Workspace, buyer: &Buyer, at: Timestamp) -> Decided<CustomerId> {
    match buyer {
        Buyer::Customer { id } => {
            ws.known(id)?;
            Ok(id.clone())
        }
        Buyer::Known { identifiers } => {
            let missing =
                || Error::new(ErrorCode::CustomerUnknown, "nobody is known by these identifiers").field("buyer");
            named(identifiers.is_empty())?;
            context.find(ws, identifiers)?.ok_or_else(|| missing().into())
        }
        Buyer::KnownOrNew { identifiers, profile } => {
            named(identifiers.is_empty())?;
            customers::born(context, profile).map_err(|error| error.within("buyer"))?;
            match context.find(ws, identifiers)? {
                Some(id) => {
                    customers::complete(context, ws, &id, identifiers, profile)?;
                    Ok(id)
                }
                None => customers::register_unknown(context, ws, identifiers, profile, at),
            }
        }
    }
}

fn named(empty: bool) -> Decided<()> {
    if empty {
        return Err(Error::new(ErrorCode::IdentityMissing, "the buyer has no identifier")
            .field("buyer.identifiers")
            .into());
    }
    Ok(())
}

pub(crate) fn record(context: &Context<'_>, ws: &mut Workspace, command: &RecordOrder) -> Decided<CustomerId> {
    let order = &command.order;
    context.check_time(order.paid_at, "order.paid_at")?;
    let print = context.order_print.unwrap_or_else(|| fingerprint(order));
    let record = match &command.claim_id {
        None => Some(order.book_as(print).map_err(|error| error.within("order"))?),
        Some(_) => None,
    };
    if !context.program.accepts(order.currency) {
        let message = format!("orders in {} are not accepted", order.currency);
        return Err(Error::new(ErrorCode::OrderCurrency, message).field("order.currency").into());
    }
    if let Some(owner) = owned_since(context, ws, &command.buyer, order, print)? {
        same_claim(ws, &owner, command)?;
        return Ok(owner);
    }
    let id = buyer(context, ws, &command.buyer, order.paid_at)?;
    if already(ws, &id, order, print)? {
        same_claim(ws, &id, command)?;
        return Ok(id);
    }
    settle(context, ws, &id)?;
    let (record, tenders) = match (record, &command.claim_id) {
        (Some(record), _) => (record, order.tenders.clone()),
        (None, claim_id) => {
            let claim_id = claim_id.as_ref().ok_or_else(|| Error::internal("an order was not booked"))?;
            offers::sale::pay(context, ws, &id, claim_id, &order.id)?;
            // What was late is taken under other names: so the tenders are known now.
            let priced = offers::sale::priced(context, ws, &id, claim_id, order)?;
            (priced.book_as(print).map_err(|error| error.within("order"))?, priced.tenders)
        }
    };
    pay_with_points(context, ws, &id, order, &tenders)?;
    let taken_out_by = taken_out_by(ws, order)?;
    let parked = claim(ws, &id, order)?;
    place(
        context,
        ws,
        &id,
        record,
        OrderExtra { claim: command.claim_id.clone(), taken_out_by, ..OrderExtra::default() },
    )?;
    if let Some(claim) = &command.claim_id {
        offers::sale::pay_seat(context, ws, &id, claim, &order.id)?;
    }
    refunds::apply_parked(context, ws, &id, &order.id, &parked)?;
    Ok(id)
}

/// Notes with each redemption of points that it paid for the order, so that it pays for no other one.
///
/// `tenders` are those that are booked: a claim adds the points that it took.
///
/// An import brings tenders of other systems: what nobody knows here is taken as it is. In any other request it is a mistake that would show
/// only when the points do not come back.
fn pay_with_points(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    order: &Order,
    tenders: &[Tender],
) -> Decided<()> {
    for tender in tenders {
        let Tender::Points { redemption, .. } = tender else { continue };
        // What a claim adds has no place in the order.
        let at = order.tenders.iter().position(|told| told == tender);
        let field = at.map_or("order.tenders".to_owned(), |at| format!("order.tenders[{at}].redemption"));
        let refused = |code, message| Error::new(code, message).field(field.clone());
        let key = (id.clone(), redemption.clone());
        let Some(mut record) = ws.redemption(&key)?.cloned() else {
            if context.request.batch.is_some() {
                continue;
            }
            let message = format!("no redemption `{redemption}` of this customer");
            return Err(refused(ErrorCode::PointsRedemptionUnknown, message).into());
        };
        if let Some(other) = record.order.as_ref().filter(|other| **other != order.id)
            && let Some(known) = ws.order(&(id.clone(), other.clone()))?
            && known.status() != OrderStatus::Reverted
        {
            let message = format!("redemption `{redemption}` paid for order `{other}`");
            return Err(refused(ErrorCode::PointsRedemptionUsed, message).with("order_id", other).into());
        }
        record.order = Some(order.id.clone());
        ws.put_redemption(key, Some(record));
    }
    Ok(())
}

/// Whose order it is already, by its name; none where there is none, or it was taken back with its import.
fn recorded(ws: &mut Workspace, order: &Order) -> Decided<Option<(CustomerId, Fingerprint)>> {
    let Some(owner) = ws.identity(&order_name(&order.id))?.and_then(|identity| identity.customer.clone()) else {
        return Ok(None);
    };
    match ws.order(&(owner.clone(), order.id.clone()))? {
        Some(known) if known.status() == OrderStatus::Reverted => Ok(None),
        Some(known) => Ok(Some((owner, known.fingerprint()))),
        None => Err(Error::internal(format!("order `{}` has a name but no row", order.id)).into()),
    }
}

/// Whether the order is there already, with the same content.
fn already(ws: &mut Workspace, id: &CustomerId, order: &Order, print: Fingerprint) -> Decided<bool> {
    let Some((owner, known)) = recorded(ws, order)? else { return Ok(false) };
    let conflict = || {
        Error::new(ErrorCode::OrderConflict, format!("order `{}` is recorded with other content", order.id))
            .field("order.id")
    };
    if owner != *id {
        return Err(conflict().with("customer_id", owner).into());
    }
    if known == print { Ok(true) } else { Err(conflict().into()) }
}

/// An order that comes again with a claim was recorded with it: prices are not changed behind it.
fn same_claim(ws: &mut Workspace, id: &CustomerId, command: &RecordOrder) -> Decided<()> {
    let Some(claim) = &command.claim_id else { return Ok(()) };
    let Some(order) = ws.order(&(id.clone(), command.order.id.clone()))? else { return Ok(()) };
    if extra_of(order)?.claim.as_ref() == Some(claim) {
        return Ok(());
    }
    let message = format!("order `{}` is recorded, and not with claim `{claim}`", command.order.id);
    Err(Error::new(ErrorCode::OrderConflict, message).field("claim_id").into())
}

/// Whose order it stays when it comes again, although its identifiers are somebody else's by now, or nobody's.
fn owned_since(
    context: &Context<'_>,
    ws: &mut Workspace,
    buyer: &Buyer,
    order: &Order,
    print: Fingerprint,
) -> Decided<Option<CustomerId>> {
    let (Buyer::Known { identifiers } | Buyer::KnownOrNew { identifiers, .. }) = buyer else { return Ok(None) };
    if identifiers.is_empty() {
        return Ok(None);
    }
    let Some((owner, _)) = recorded(ws, order)?.filter(|(_, known)| *known == print) else { return Ok(None) };
    Ok((context.find(ws, identifiers)?.as_ref() != Some(&owner)).then_some(owner))
}

/// What has taken out orders of this number by hand, whoever had them.
fn taken_out_by(ws: &mut Workspace, order: &Order) -> Decided<Vec<TakenOutBy>> {
    let Some(owner) = ws.identity(&order_name(&order.id))?.and_then(|identity| identity.customer.clone()) else {
        return Ok(Vec::new());
    };
    let known = ws.order(&(owner, order.id.clone()))?;
    Ok(known.map(|known| extra_of(known)).transpose()?.map_or_else(Vec::new, |extra| extra.taken_out_by))
}

/// Takes the order's name for the customer, and the refunds that waited under it.
fn claim(ws: &mut Workspace, id: &CustomerId, order: &Order) -> Decided<Vec<Parked>> {
    let name = order_name(&order.id);
    let old = ws.identity(&name)?.cloned();
    let version = old.as_ref().map_or(0, |identity| identity.version);
    let parked = match old.as_ref().and_then(|identity| identity.body.as_ref()) {
        Some(bytes) => decode(bytes, "parked refunds")?,
        None => Vec::new(),
    };
    ws.put_identity(name, Some(Identity { version, customer: Some(id.clone()), body: None }));
    // A row that was never loaded would be asked for again by whoever needs the order next in this working set.
    Ok(parked)
}

/// What of an order counts as spend: orders in the program's first currency do, by the basis of the revision that records them.
fn spend_basis(context: &Context<'_>, order: &OrderRecord) -> Option<u8> {
    (order.currency() == context.program.main_currency()).then(|| award::basis_flags(context))
}

/// What is left of an order's spend, in minor units.
pub(crate) fn spend_left(context: &Context<'_>, order: &OrderRecord, basis: Option<u8>) -> i64 {
    let Some(flags) = basis else { return 0 };
    order.basis_left_minor(award::basis_rules(flags), refunds::tender(context), LinesSeen::All)
}

/// Records a checked order: awards, entry, referral.
fn place(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    mut record: OrderRecord,
    OrderExtra { claim, taken_out_by, .. }: OrderExtra,
) -> Decided<()> {
    let known = OrderExtra { claim, taken_out_by, ..count(context, ws, id, &record)? };
    record.revision = context.program.revision();
    record.batch.clone_from(&context.request.batch);
    record.extra = encode(&known);
    ws.put_order((id.clone(), record.id().clone()), Some(record));
    Ok(())
}

/// Lets an order count, and gives what has to be kept with it.
pub(crate) fn count(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    record: &OrderRecord,
) -> Decided<OrderExtra> {
    let paid_at = record.paid_at();
    known_since(ws, id, paid_at)?;
    let customer = ws.customer_mut(id)?;
    customer.state.orders = customer.state.orders.saturating_add(1);
    let number = customer.state.orders;
    let Given { direct, mut own, mut awards } = award::order(context, ws, id, record, number)?;
    let spend_basis = spend_basis(context, record);
    let spend_minor = spend_left(context, record, spend_basis);
    let what = What::Order { order_id: record.id().clone(), spend_minor };
    context.write(ws, id, paid_at, what, direct)?;
    let mut counts_referral = false;
    if number == 1 {
        let rewarded_before = ws.known(id)?.state.referral_rewarded;
        let referral = referrals::reward(context, ws, id, record, paid_at)?;
        awards.extend(referral.awards);
        own.extend(referral.own);
        counts_referral = ws.known(id)?.state.referral_rewarded && !rewarded_before;
    }
    context.write_own(ws, id, own)?;
    Ok(OrderExtra { awards, number, referral: counts_referral, spend_minor, spend_basis, ..OrderExtra::default() })
}

/// Whoever became known by what they did is known since the first of it.
fn known_since(ws: &mut Workspace, id: &CustomerId, at: Timestamp) -> Decided<()> {
    let customer = ws.customer_mut(id)?;
    if customer.state.implicit && at < customer.registered_at {
        customer.registered_at = at;
        customer.record_mut()?.registered_at = at;
    }
    Ok(())
}

/// Records a custom event and what it earns.
pub(crate) fn event(context: &Context<'_>, ws: &mut Workspace, command: &RecordEvent) -> Decided<CustomerId> {
    let event = &command.event;
    context.check_time(event.happened_at, "event.happened_at")?;
    event.check().map_err(|error| error.within("event"))?;
    let id = buyer(context, ws, &command.buyer, event.happened_at)?;
    let name = event_name(&id, event.id.as_str());
    let print = fingerprint(event);
    if let Some(known) = ws.identity(&name)? {
        let same =
            known.body.as_ref().is_some_and(|bytes| decode::<Fingerprint>(bytes, "event").is_ok_and(|p| p == print));
        if same {
            return Ok(id);
        }
        let message = format!("event `{}` is recorded with other content", event.id);
        return Err(Error::new(ErrorCode::EventConflict, message).field("event.id").into());
    }
    let identity = Identity { version: 0, customer: Some(id.clone()), body: Some(encode(&print)) };
    ws.put_identity(name, Some(identity));
    happened(context, ws, &id, event)?;
    Ok(id)
}

/// What follows from an event.
pub(crate) fn happened(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, event: &Event) -> Decided<()> {
    settle(context, ws, id)?;
    known_since(ws, id, event.happened_at)?;
    let source = Source::of(SourceKind::Event, event.id.shared());
    let given = award::fixed(context, ws, id, Trigger::Event(event), &source, event.happened_at, context.zone())?;
    let what = What::Event { event_id: event.id.clone(), name: event.name.clone() };
    context.write(ws, id, event.happened_at, what, given.direct)?;
    offers::issue(context, ws, id, &Occasion::Event(event), event.happened_at)?;
    context.write_own(ws, id, given.own)?;
    keep_books(context, ws, id)
}

/// The order that a request names, and whose it is.
pub(crate) fn find_order(
    ws: &mut Workspace,
    order_id: &crate::value::OrderId,
) -> Decided<Option<(CustomerId, OrderRecord, OrderExtra)>> {
    let Some(owner) = ws.identity(&order_name(order_id))?.and_then(|identity| identity.customer.clone()) else {
        return Ok(None);
    };
    let Some(order) = ws.order(&(owner.clone(), order_id.clone()))?.cloned() else {
        return Err(Error::internal(format!("order `{order_id}` has a name but no row")).into());
    };
    let extra = extra_of(&order)?;
    if ws.customer(&owner)?.is_none() {
        return Err(unknown_customer(&owner).into());
    }
    Ok(Some((owner, order, extra)))
}
