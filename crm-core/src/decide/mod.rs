//! The only room where areas meet: a request, the rules and what was loaded go in; changes and a receipt come out.
//!
//! Everything here is pure: no clock, no randomness, no I/O. What is missing is asked for ([`Stop::Need`]) and the decision starts again.

pub(crate) mod ask;
mod award;
mod benefits;
mod caps;
mod context;
mod customers;
mod explain;
mod facts;
pub(crate) mod giftcards;
pub(crate) mod groups;
pub(crate) mod history;
pub(crate) mod offers;
mod orders;
mod points;
mod referrals;
mod refunds;
mod returned;
pub(crate) mod settle;
mod standing;
mod tiers;
pub(crate) mod view;

use crate::command::{Command, RecordOrder, Request, Settle};
use crate::effect::{CurrencyBalance, Done, Outcome, Receipt, What};
use crate::error::{Error, ErrorCode};
use crate::program::Program;
use crate::value::{CustomerId, fingerprint};
use crate::workspace::rows;
use crate::workspace::{Decided, Mark, MarkPart, Workspace};
use context::Context;
use std::sync::Arc;

/// What came of one request.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) done: Done,
    /// Whether the working set holds something new to commit.
    pub(crate) changed: bool,
}

/// Decides one request against the working set.
pub(crate) fn decide(program: &Program, ws: &mut Workspace, request: &Request) -> Decided<Verdict> {
    let mut context = Context::new(program, request);
    let print = match &request.command {
        // Most of an order's command is the order, which is recorded with a fingerprint of its own.
        Command::RecordOrder(command) => {
            let RecordOrder { buyer, order, claim_id } = command;
            let order = fingerprint(order);
            context.order_print = Some(order);
            match claim_id {
                None => fingerprint(&(buyer, order.0)),
                Some(claim) => fingerprint(&(buyer, order.0, claim)),
            }
        }
        command => fingerprint(command),
    };
    if let Some(id) = context.subject(ws)?
        && let Some((seq, mark)) = ws.mark(&id, &request.request_id)?
    {
        return replay(ws, request, &id, seq, mark, print);
    }
    let Some(id) = carry_out(&context, ws)? else {
        let receipt = Receipt {
            request_id: request.request_id.clone(),
            customer_id: None,
            entries: Vec::new(),
            balances: Vec::new(),
            parked: true,
        };
        return Ok(Verdict { done: Done { receipt, outcome: Outcome::Applied }, changed: true });
    };
    finish(&context, ws, id, print)
}

/// Carries the command out; the customer it was about, or none for a refund or cancellation that waits for its order.
fn carry_out(context: &Context<'_>, ws: &mut Workspace) -> Decided<Option<CustomerId>> {
    let some = |result: Decided<CustomerId>| result.map(Some);
    match &context.request.command {
        Command::RegisterCustomer(command) => some(customers::register(context, ws, command)),
        Command::UpdateCustomer(command) => some(customers::update(context, ws, command)),
        Command::RecordConsent(command) => some(customers::consent(context, ws, command)),
        Command::RecordOrder(command) => some(orders::record(context, ws, command)),
        Command::RecordRefund(command) => refunds::record(context, ws, command),
        Command::CancelOrder(command) => refunds::cancel(context, ws, command),
        Command::RecordEvent(command) => some(orders::event(context, ws, command)),
        Command::EarnPoints(command) => some(points::earn(context, ws, command)),
        Command::SpendPoints(command) => some(points::spend(context, ws, command)),
        Command::HoldPoints(command) => some(points::hold(context, ws, command)),
        Command::CaptureHold(command) => some(points::capture(context, ws, command)),
        Command::ReleaseHold(command) => some(points::release(context, ws, command)),
        Command::ReverseRedemption(command) => some(points::reverse(context, ws, command)),
        Command::AdjustPoints(command) => some(points::adjust(context, ws, command)),
        Command::TransferPoints(command) => some(points::transfer(context, ws, command)),
        Command::ActivatePoints(command) => some(points::activate(context, ws, command)),
        Command::LockTier(command) => some(tiers::lock(context, ws, command)),
        Command::UnlockTier(command) => some(tiers::unlock(context, ws, command)),
        Command::UseBenefit(command) => some(benefits::use_once(context, ws, command)),
        Command::RevertOrder(command) => {
            some(refunds::take_out(context, ws, &command.order_id, context.request.at, true))
        }
        Command::Unregister(command) => some(customers::unregister(context, ws, &command.customer_id)),
        Command::IssueCoupon(command) => some(offers::coupons::issue(context, ws, command)),
        Command::RevokeCoupon(command) => some(offers::coupons::revoke(context, ws, command)),
        Command::TransferCoupon(command) => some(offers::coupons::transfer(context, ws, command)),
        Command::BuyCoupon(command) => some(offers::coupons::buy(context, ws, command)),
        Command::ClaimOffers(command) => some(offers::claims::claim(context, ws, command)),
        Command::ConfirmClaim(command) => some(offers::claims::confirm(context, ws, command)),
        Command::ReleaseClaim(command) => some(offers::claims::release(context, ws, command)),
        Command::TryCode(command) => some(offers::tries::try_code(context, ws, command)),
        Command::Settle(command) => some(shared_settle(context, ws, command)),
        Command::IssueGiftCard(command) => some(giftcards::commands::issue(context, ws, command)),
        Command::HoldGiftCard(command) => some(giftcards::commands::hold(context, ws, command)),
        Command::CaptureGiftCard(command) => some(giftcards::commands::capture(context, ws, command)),
        Command::ReleaseGiftCard(command) => some(giftcards::commands::release(context, ws, command)),
        Command::SpendGiftCard(command) => some(giftcards::commands::spend(context, ws, command)),
        Command::RestoreGiftCard(command) => some(giftcards::commands::restore(context, ws, command)),
        Command::FreezeGiftCard(command) => some(giftcards::commands::freeze(context, ws, command)),
        Command::UnfreezeGiftCard(command) => some(giftcards::commands::unfreeze(context, ws, command)),
        Command::OpenGroup(command) => some(groups::commands::open(context, ws, command)),
        Command::JoinGroup(command) => some(groups::commands::join(context, ws, command)),
        Command::PaySeat(command) => some(groups::commands::pay(context, ws, command)),
        Command::LeaveGroup(command) => some(groups::commands::leave(context, ws, command)),
        Command::RefundSeat(command) => some(groups::commands::refund(context, ws, command)),
    }
}

/// Lets time pass for a customer, and for a card or a group of theirs where the command names one.
fn shared_settle(context: &Context<'_>, ws: &mut Workspace, command: &Settle) -> Decided<CustomerId> {
    let id = &command.customer_id;
    if command.card_id.is_none() && command.group_id.is_none() {
        settle::settle(context, ws, id)?;
    } else {
        settle::stand_by(context, ws, id)?;
    }
    if let Some(card) = &command.card_id {
        giftcards::pass(context, ws, card, context.request.at)?;
    }
    if let Some(group) = &command.group_id {
        groups::pass(context, ws, group, context.request.at)?;
    }
    Ok(id.clone())
}

/// Follows the facts through tiers and lifecycle, checks the books, and makes the receipt.
fn finish(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: CustomerId,
    print: crate::value::Fingerprint,
) -> Decided<Verdict> {
    let mut others: Vec<CustomerId> = Vec::new();
    for entry in ws.fresh() {
        if entry.customer_id != id && !others.contains(&entry.customer_id) {
            others.push(entry.customer_id.clone());
        }
    }
    for customer in std::iter::once(&id).chain(&others) {
        standing::follow(context, ws, customer)?;
        settle::check_books(ws, customer)?;
    }
    let balances = balances(context, ws, &id)?;
    // A settling that finds nothing to write still moves the customer's next due instant.
    let settles = matches!(context.request.command, Command::Settle(_));
    let changed = settles || !ws.fresh().is_empty();
    let mark = (!ws.fresh().is_empty()).then(|| {
        let count = |whose: &CustomerId| {
            let theirs = ws.fresh().iter().filter(|entry| entry.customer_id == *whose);
            u64::try_from(theirs.count()).unwrap_or(0)
        };
        let parts = others.iter().filter_map(|other| {
            let first = ws.fresh().iter().find(|entry| entry.customer_id == *other)?.seq;
            Some(MarkPart { customer: other.clone(), first, count: count(other) })
        });
        Mark { fingerprint: print, count: count(&id), balances: balances.clone(), others: parts.collect() }
    });
    let mut entries = ws.file(&id, mark);
    if !others.is_empty() {
        // Journal by journal, as a replay reads them back: the customer's own first.
        entries.sort_by_key(|entry| others.iter().position(|id| *id == entry.customer_id));
    }
    let remembered = |what: &What| matches!(what, What::Updated { fields } if fields.is_empty());
    let unchanged = entries.iter().all(|entry| remembered(&entry.what));
    let outcome = if unchanged { Outcome::Unchanged } else { Outcome::Applied };
    let receipt = Receipt {
        request_id: context.request.request_id.clone(),
        customer_id: Some(id),
        entries,
        balances,
        parked: false,
    };
    Ok(Verdict { done: Done { receipt, outcome }, changed })
}

/// The four figures of every currency that the customer ever touched, in the program's order.
fn balances(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<Vec<CurrencyBalance>> {
    let Some(customer) = ws.customer(id)? else { return Ok(Vec::new()) };
    let accounts = &customer.state.accounts;
    let now = customer.state.recorded_at.max(context.request.at);
    let known =
        context.program.point_currencies().iter().filter_map(|rules| accounts.iter().find(|a| a.currency == rules.id));
    let mut balances = Vec::with_capacity(accounts.len());
    balances.extend(known.map(|account| match account.next_due() {
        // Nothing had to be written, so time has not passed either.
        Some(due) if due <= now => CurrencyBalance::of(&account.currency, &account.view_at(now).balances),
        _ => CurrencyBalance::of(&account.currency, &account.balances),
    }));
    Ok(balances)
}

/// The stored receipt of a request that was carried out before.
fn replay(
    ws: &mut Workspace,
    request: &Request,
    id: &CustomerId,
    seq: u64,
    mark: Mark,
    print: crate::value::Fingerprint,
) -> Decided<Verdict> {
    if mark.fingerprint != print {
        let message = format!("request `{}` was used before with another payload", request.request_id);
        return Err(Error::new(ErrorCode::RequestReused, message).field("request_id").into());
    }
    let mut entries = journal_part(ws, id, seq, mark.count)?;
    for part in &mark.others {
        entries.extend(journal_part(ws, &part.customer, part.first, part.count)?);
    }
    let receipt = Receipt {
        request_id: request.request_id.clone(),
        customer_id: Some(id.clone()),
        entries,
        balances: mark.balances,
        parked: false,
    };
    Ok(Verdict { done: Done { receipt, outcome: Outcome::Replayed }, changed: false })
}

fn journal_part(
    ws: &mut Workspace,
    id: &CustomerId,
    first: u64,
    count: u64,
) -> Decided<Vec<Arc<crate::effect::Entry>>> {
    let journal = ws.journal(id)?;
    Ok(journal.into_iter().filter(|entry| first <= entry.seq && entry.seq < first.saturating_add(count)).collect())
}

/// The reads that a request is sure to need; with its mark, unless it is assumed to be new.
pub(crate) fn scope(program: &Program, request: &Request, marks: bool, reads: &mut Vec<crate::store::Read>) {
    Context::new(program, request).scope(marks, reads);
}

/// The reads that a request will need once the names in it are known: asked for together for many requests, they cost one load.
/// Leaving one out, or asking for one too many, changes nothing but the time it takes.
pub(crate) fn foresee(
    program: &Program,
    ws: &mut Workspace,
    request: &Request,
    marks: bool,
) -> Vec<crate::store::Read> {
    let context = Context::new(program, request);
    if let (Some(id), _) = request.command.customers()
        && !matches!(request.command, Command::RecordOrder(_) | Command::RecordRefund(_))
    {
        // The scope has the rest already.
        return if marks { vec![rows::read_mark(id, &request.request_id)] } else { Vec::new() };
    }
    let known = context.subject(ws).ok().flatten();
    let new = || customers::id_of(&context, request.command.identifiers()?).ok();
    let Some(id) = known.or_else(new) else { return Vec::new() };
    let mut reads = vec![rows::read_customer(&id)];
    if marks {
        reads.push(rows::read_mark(&id, &request.request_id));
    }
    let order = match &request.command {
        Command::RecordOrder(command) => {
            reads.extend(command.order.redemptions().map(|name| rows::read_redemption(&(id.clone(), name.clone()))));
            Some(&command.order.id)
        }
        Command::RecordRefund(command) => {
            if command.refund.order.is_none() {
                reads.extend(refunds::foresee(&id, &command.refund));
            }
            command.refund.order.as_ref()
        }
        Command::CancelOrder(command) => Some(&command.order_id),
        Command::RevertOrder(command) => Some(&command.order_id),
        _ => None,
    };
    if let Some(order) = order
        && let Ok(Some(name)) = ws.identity(&context::order_name(order))
        && let Some(owner) = &name.customer
    {
        reads.push(rows::read_order(&(owner.clone(), order.clone())));
    }
    reads
}
