//! What time alone does: activation, expiry, time-outs, birthdays; and when it does something next.

use super::award;
use super::context::{Context, change, part};
use super::offers::Occasion;
use super::refunds::Changes;
use super::standing;
use crate::effect::{PointsChange, What};
use crate::error::{Error, Result};
use crate::points::{
    Hold, HoldOutcome, LotId, Movement, Redemption, RedemptionKind, RedemptionStatus, Source, SourceKind,
};
use crate::program::Program;
use crate::value::{CustomerId, PointCurrency, Points, RedemptionId, Timestamp};
use crate::workspace::state::{Customer, RedemptionRecord};
use crate::workspace::{Decided, Workspace};

/// Brings a customer to the instant of the request and says which instant that is: the journal's clock never goes back.
pub(crate) fn settle(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<Timestamp> {
    let now = context.request.at.max(ws.known(id)?.state.recorded_at);
    birthdays(context, ws, id, now)?;
    reach(context, ws, id, now)?;
    Ok(now)
}

/// Lets time alone pass for accounts and wallet up to an instant.
fn reach(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, until: Timestamp) -> Decided<()> {
    let customer = ws.known_mut(id)?;
    customer.state.recorded_at = customer.state.recorded_at.max(until);
    if customer.accounts_due().is_some_and(|due| due <= until) {
        let mut own: Vec<(Timestamp, PointsChange)> = Vec::new();
        for account in &mut customer.state.accounts {
            let mut log = Vec::new();
            account.advance(until, &mut log);
            let currency = account.currency.clone();
            own.extend(log.into_iter().map(|movement| (movement.effective_at, change(&currency, movement))));
        }
        // Stable: at one instant the account's own order (activate, settle debt, time out, expire) stays.
        own.sort_by_key(|(at, _)| *at);
        context.write_own(ws, id, own)?;
        keep_books(context, ws, id)?;
    }
    super::offers::pass(context, ws, id, until)
}

/// Brings somebody to the instant of the request in whose journal something is about to be told, should they still be registered or not.
pub(crate) fn stand_by(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<()> {
    match ws.customer(id)? {
        Some(customer) if !customer.state.unregistered => settle(context, ws, id).map(|_| ()),
        Some(_) => {
            let state = &mut ws.customer_mut(id)?.state;
            state.recorded_at = state.recorded_at.max(context.request.at);
            Ok(())
        }
        None => Err(Error::internal(format!("customer `{id}` is gone")).into()),
    }
}

/// Files what an account operation has finished with: closed lots and resolved holds.
pub(crate) fn keep_books(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId) -> Decided<()> {
    let customer = ws.customer_mut(id)?;
    let mut closed = Vec::new();
    let mut resolved = Vec::new();
    for account in &mut customer.state.accounts {
        let (lots, holds) = (account.take_closed(), account.take_resolved());
        let currency = &account.currency;
        closed.extend(lots.into_iter().map(|lot| (currency.clone(), lot)));
        resolved.extend(holds.into_iter().map(|(hold, outcome)| (currency.clone(), hold, outcome)));
    }
    for (currency, lot) in closed {
        ws.put_lot((id.clone(), currency, lot.id), Some(lot));
    }
    for (currency, hold, outcome) in resolved {
        file_hold(context, ws, id, currency, hold, outcome)?;
    }
    Ok(())
}

/// Files a hold that was resolved, under its own id.
pub(crate) fn file_hold(
    _: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    currency: PointCurrency,
    hold: Hold,
    outcome: HoldOutcome,
) -> Decided<()> {
    let status = match outcome {
        HoldOutcome::Captured => RedemptionStatus::Captured,
        HoldOutcome::Released => RedemptionStatus::Released,
        HoldOutcome::TimedOut => RedemptionStatus::TimedOut,
    };
    let name = RedemptionId::new(hold.id.as_str())?;
    let redemption = Redemption::new(name.clone(), RedemptionKind::Hold, status, hold.allocations, hold.at)?;
    ws.put_redemption((id.clone(), name), Some(RedemptionRecord { currency, redemption, order: None }));
    Ok(())
}

/// Opens lots again that were closed, so that a refund or reversal finds them.
pub(crate) fn reopen(ws: &mut Workspace, id: &CustomerId, currency: &PointCurrency, lots: &[LotId]) -> Decided<()> {
    let closed = ws.customer_mut(id)?.account(currency)?.closed_of(lots);
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for lot in closed {
        let key = (id.clone(), currency.clone(), lot);
        match ws.lot(&key) {
            Ok(Some(lot)) => found.push((key, lot.clone())),
            Ok(None) => return Err(Error::internal(format!("lot {} of an order is gone", key.2)).into()),
            Err(crate::workspace::Stop::Need(reads)) => missing.extend(reads),
            Err(refusal) => return Err(refusal),
        }
    }
    if !missing.is_empty() {
        return Err(crate::workspace::Stop::Need(missing));
    }
    for (key, lot) in found {
        ws.customer_mut(id)?.account(currency)?.reopen(lot)?;
        ws.put_lot(key, None);
    }
    Ok(())
}

/// Gives what birthday rules promise, at the first instant of the local day, once a calendar year, from the day of registration on. Each
/// finds accounts and wallet as they were on that day, however long nobody looked.
fn birthdays(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, now: Timestamp) -> Decided<()> {
    if !context.program.rewards_birthdays() {
        return Ok(());
    }
    let zone = context.zone();
    if let Some((year, at)) = next_birthday(context.program, ws.known(id)?)?
        && at <= now
    {
        super::offers::foresee_birthdays(context, ws, id, year..=zone.date(now).ymd().0)?;
    }
    loop {
        let customer = ws.known_mut(id)?;
        let Some((year, at)) = next_birthday(context.program, customer)? else { return Ok(()) };
        if now < at {
            return Ok(());
        }
        customer.state.birthday_year = Some(year);
        reach(context, ws, id, at)?;
        let source = Source::new(SourceKind::Birthday, &year.to_string());
        let given = award::fixed(context, ws, id, award::Trigger::Birthday, &source, at, zone)?;
        super::offers::issue(context, ws, id, &Occasion::Birthday(year), at)?;
        if given.direct.is_empty() {
            continue;
        }
        context.write(ws, id, at, What::Points, given.direct)?;
        context.write_own(ws, id, given.own)?;
        keep_books(context, ws, id)?;
    }
}

/// A birthday that becomes known or changes is rewarded from the next one on: nobody collects birthdays that have begun already.
pub(crate) fn birthday_told(context: &Context<'_>, ws: &mut Workspace, id: &CustomerId, now: Timestamp) -> Decided<()> {
    let zone = context.zone();
    let year = zone.date(now).ymd().0;
    let customer = ws.customer_mut(id)?;
    let begun = customer.record()?.birthday_in(year).is_some_and(|day| zone.start_of(day) <= now);
    let done = if begun { year } else { year - 1 };
    customer.state.birthday_year = Some(customer.state.birthday_year.map_or(done, |last| last.max(done)));
    Ok(())
}

/// The next birthday that was not rewarded: its year and first instant.
fn next_birthday(program: &Program, customer: &Customer) -> Result<Option<(i32, Timestamp)>> {
    if !program.rewards_birthdays() {
        return Ok(None);
    }
    let zone = *program.zone();
    let registered_on = zone.date(customer.registered_at);
    let last = customer.state.birthday_year;
    let record = customer.record()?;
    let first_year = last.map_or(registered_on.ymd().0, |year| year + 1);
    let mut year = first_year;
    loop {
        let Some(day) = record.birthday_in(year) else { return Ok(None) };
        if registered_on <= day {
            return Ok(Some((year, zone.start_of(day))));
        }
        year += 1;
    }
}

/// When time alone changes something for this customer next.
pub(crate) fn next_due(program: &Program, customer: &Customer) -> Result<Option<Timestamp>> {
    if customer.state.unregistered {
        return Ok(None);
    }
    let accounts = customer.accounts_due();
    let wallet = customer.state.wallet_due;
    let birthday = next_birthday(program, customer)?.map(|(_, at)| at);
    let standing = standing::next_due(program, customer)?;
    Ok([accounts, wallet, birthday, standing].into_iter().flatten().min())
}

/// Brings up to date what the columns of a customer show beside stage and tier: when they are due, and what they have to spend.
pub(crate) fn show(program: &Program, customer: &mut Customer) -> Result<()> {
    customer.shown.due = next_due(program, customer)?;
    let first = program.point_currencies().first();
    customer.shown.points = first
        .and_then(|rules| customer.state.accounts.iter().find(|account| account.currency == rules.id))
        .map_or(Points::ZERO, |account| account.balances.available);
    Ok(())
}

/// Asserts the invariants of every account before anything is committed.
pub(crate) fn check_books(ws: &mut Workspace, id: &CustomerId) -> Decided<()> {
    let Some(customer) = ws.customer(id)? else { return Ok(()) };
    for account in &customer.state.accounts {
        account.check()?;
    }
    Ok(())
}

/// Parts a log of one account and files what it finished.
pub(crate) fn filed(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    currency: &PointCurrency,
    log: Vec<Movement>,
    at: Timestamp,
) -> Decided<Changes> {
    keep_books(context, ws, id)?;
    Ok(part(currency, log, at))
}
