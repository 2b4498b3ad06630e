//! Points commands: give, take, reserve, give back, correct, move.

use super::context::{Context, part};
use super::orders::find_order;
use super::refunds::give_to;
use super::settle::{filed, keep_books, settle};
use crate::command::{
    ActivatePoints, AdjustPoints, CaptureHold, EarnPoints, HoldPoints, ReleaseHold, ReverseRedemption, SpendPoints,
    TransferPoints,
};
use crate::effect::What;
use crate::error::{Error, ErrorCode};
use crate::limits::HOLD_SECONDS_MAX;
use crate::points::{
    Allocation, Credit, CurrencyRules, Dates, ExpiryPolicy, MovementKind, PendingPolicy, Redemption, RedemptionKind,
    RedemptionStatus, Source, SourceKind, dates,
};
use crate::value::{CalendarDate, CustomerId, HoldId, PointCurrency, Points, RedemptionId, Timestamp};
use crate::workspace::state::RedemptionRecord;
use crate::workspace::{Decided, Stop, Workspace};

fn rules<'a>(context: &Context<'a>, currency: &PointCurrency) -> Decided<&'a CurrencyRules> {
    context.program.point_currency(currency).ok_or_else(|| {
        let known: Vec<&str> = context.program.point_currencies().iter().map(|rules| rules.id.as_str()).collect();
        let message = format!("the program has no point currency `{currency}`");
        Stop::Refuse(Error::new(ErrorCode::PointsCurrency, message).field("currency").with("known", known))
    })
}

fn redeemable<'a>(context: &Context<'a>, currency: &PointCurrency) -> Decided<&'a CurrencyRules> {
    let rules = rules(context, currency)?;
    if rules.redeemable {
        return Ok(rules);
    }
    let message = format!("`{currency}` is counted, not spent");
    Err(Error::new(ErrorCode::PointsNotRedeemable, message).field("currency").into())
}

fn positive(points: Points) -> Decided<Points> {
    if points.is_positive() {
        return Ok(points);
    }
    Err(Error::new(ErrorCode::PointsAmount, format!("`{points}` is not a positive number of points"))
        .field("points")
        .into())
}

/// An earn or a spend at an instant is activity: sliding points last from it.
fn slide(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    currency: &PointCurrency,
    active_at: Timestamp,
    log: &mut Vec<crate::points::Movement>,
) -> Decided<()> {
    let customer = ws.customer_mut(id)?;
    let now = customer.state.recorded_at;
    customer.account(currency)?.slide(context.zone(), active_at, now, log);
    Ok(())
}

/// The dates of a credit: by policy, or as the host says.
fn own_dates(
    context: &Context<'_>,
    rules: &CurrencyRules,
    earned_at: Timestamp,
    from: Option<CalendarDate>,
    through: Option<CalendarDate>,
) -> Decided<Dates> {
    let zone = context.zone();
    let mut dates = dates(&rules.pending, &rules.expiry, zone, earned_at);
    if let Some(from) = from {
        let activates_at = zone.start_of(from).max(earned_at);
        let by_policy = crate::points::expires_at(&rules.expiry, zone, activates_at);
        dates = Dates { activates_at: Some(activates_at), waiting: false, expires_at: by_policy, ..dates };
    }
    if let Some(through) = through {
        dates.expires_at = Some(zone.end_of(through));
    }
    let starts = dates.activates_at.unwrap_or(earned_at);
    if dates.expires_at.is_some_and(|end| end <= starts) {
        let message = "points would end before they can be used";
        return Err(Error::new(ErrorCode::PointsDates, message).field("usable_through").into());
    }
    Ok(dates)
}

pub(crate) fn earn(context: &Context<'_>, ws: &mut Workspace, command: &EarnPoints) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let rules = rules(context, &command.currency)?;
    let points = positive(command.points)?;
    let earned_at = command.earned_at.unwrap_or(context.request.at);
    context.check_time(earned_at, "earned_at")?;
    // What is given by hand belongs to no order, so it cannot wait for one.
    let rules = match rules.pending {
        PendingPolicy::UntilEvent => &at_once(rules),
        _ => rules,
    };
    let dates = own_dates(context, rules, earned_at, command.usable_from, command.usable_through)?;
    let expiry = kept_expiry(rules, command.usable_through);
    give(context, ws, id, rules, points, (MovementKind::Earn, SourceKind::Grant), dates, expiry)?;
    Ok(id.clone())
}

/// The same rules without a waiting time.
fn at_once(rules: &CurrencyRules) -> CurrencyRules {
    CurrencyRules { pending: PendingPolicy::None, ..rules.clone() }
}

/// The policy that may date a credit again; none where the host has named the last day.
fn kept_expiry(rules: &CurrencyRules, through: Option<CalendarDate>) -> ExpiryPolicy {
    if through.is_some() { ExpiryPolicy::Never } else { rules.expiry.clone() }
}

#[allow(clippy::too_many_arguments, reason = "one credit is that much")]
fn give(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    rules: &CurrencyRules,
    points: Points,
    (kind, source): (MovementKind, SourceKind),
    dates: Dates,
    expiry: ExpiryPolicy,
) -> Decided<()> {
    let now = settle(context, ws, id)?;
    let earned_at = dates.earned_at;
    let account = ws.customer_mut(id)?.account(&rules.id)?;
    let dates = account.slid(dates, &expiry, context.zone());
    let source = Source { kind: source, id: context.request.request_id.shared() };
    let credit = Credit { source, rule: None, points, kind, dates, expiry };
    let mut log = Vec::new();
    account.credit(credit, now, &mut log)?;
    slide(context, ws, id, &rules.id, earned_at, &mut log)?;
    let (direct, own) = filed(context, ws, id, &rules.id, log, earned_at)?;
    context.write(ws, id, earned_at, What::Points, direct)?;
    context.write_own(ws, id, own)
}

pub(crate) fn spend(context: &Context<'_>, ws: &mut Workspace, command: &SpendPoints) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let rules = redeemable(context, &command.currency)?;
    let points = positive(command.points)?;
    let name = match &command.redemption_id {
        Some(name) => name.clone(),
        None => RedemptionId::new(context.request.request_id.as_str())?,
    };
    let now = settle(context, ws, id)?;
    free_name(ws, id, &name, ErrorCode::PointsRedemptionExists, "redemption_id")?;
    let mut log = Vec::new();
    let allocations = ws.customer_mut(id)?.account(&rules.id)?.spend(points, now, &mut log)?;
    slide(context, ws, id, &rules.id, now, &mut log)?;
    let (mut direct, own) = filed(context, ws, id, &rules.id, log, now)?;
    for change in direct.iter_mut().filter(|change| change.kind == MovementKind::Spend) {
        change.redemption = Some(name.clone());
    }
    file(ws, id, &rules.id, name, RedemptionKind::Spend, RedemptionStatus::Spent, allocations, now)?;
    context.write(ws, id, now, What::Points, direct)?;
    context.write_own(ws, id, own)?;
    Ok(id.clone())
}

/// A redemption or hold id may be used once.
fn free_name(ws: &mut Workspace, id: &CustomerId, name: &RedemptionId, code: ErrorCode, field: &str) -> Decided<()> {
    if ws.redemption(&(id.clone(), name.clone()))?.is_none() {
        return Ok(());
    }
    Err(Error::new(code, format!("`{name}` was used before")).field(field).into())
}

#[allow(clippy::too_many_arguments, reason = "one redemption is that much")]
fn file(
    ws: &mut Workspace,
    id: &CustomerId,
    currency: &PointCurrency,
    name: RedemptionId,
    kind: RedemptionKind,
    status: RedemptionStatus,
    allocations: Vec<Allocation>,
    at: Timestamp,
) -> Decided<()> {
    let redemption = Redemption::new(name.clone(), kind, status, allocations, at)?;
    let record = RedemptionRecord { currency: currency.clone(), redemption, order: None };
    ws.put_redemption((id.clone(), name), Some(record));
    Ok(())
}

pub(crate) fn hold(context: &Context<'_>, ws: &mut Workspace, command: &HoldPoints) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let rules = redeemable(context, &command.currency)?;
    let points = positive(command.points)?;
    let now = settle(context, ws, id)?;
    let longest = now.plus_millis(HOLD_SECONDS_MAX * 1000);
    if command.until <= now || longest < command.until {
        let message =
            format!("a hold ends after now and at most {HOLD_SECONDS_MAX} seconds later, `{}` does not", command.until);
        return Err(Error::new(ErrorCode::PointsHoldDuration, message).field("until").limit(HOLD_SECONDS_MAX).into());
    }
    let name = RedemptionId::new(command.hold_id.as_str())?;
    free_name(ws, id, &name, ErrorCode::PointsHoldExists, "hold_id")?;
    let customer = ws.customer_mut(id)?;
    if customer.state.accounts.iter().any(|account| account.holds.iter().any(|hold| hold.id == command.hold_id)) {
        return Err(Error::new(ErrorCode::PointsHoldExists, format!("hold `{name}` is open")).field("hold_id").into());
    }
    let mut log = Vec::new();
    customer.account(&rules.id)?.hold(command.hold_id.clone(), points, command.until, now, &mut log)?;
    let (direct, own) = filed(context, ws, id, &rules.id, log, now)?;
    context.write(ws, id, now, What::Points, direct)?;
    context.write_own(ws, id, own)?;
    Ok(id.clone())
}

/// What a hold held that has timed out, if so much is available now.
pub(crate) fn held_too_long(
    ws: &mut Workspace,
    id: &CustomerId,
    hold: &HoldId,
) -> Decided<Option<(PointCurrency, Points)>> {
    let key = (id.clone(), RedemptionId::new(hold.as_str())?);
    let Some(RedemptionRecord { currency, redemption, .. }) = ws.redemption(&key)?.cloned() else { return Ok(None) };
    let points = redemption.points;
    let has = |account: &crate::points::Account| account.currency == currency && points <= account.balances.available;
    let free = redemption.status == RedemptionStatus::TimedOut && ws.known(id)?.state.accounts.iter().any(has);
    Ok(free.then_some((currency, points)))
}

/// The currency of an open hold; a resolved or unknown one is refused.
fn open_hold(ws: &mut Workspace, id: &CustomerId, hold: &HoldId) -> Decided<PointCurrency> {
    let customer = ws.known(id)?;
    let open = customer.state.accounts.iter().find(|account| account.holds.iter().any(|open| open.id == *hold));
    if let Some(account) = open {
        return Ok(account.currency.clone());
    }
    let name = RedemptionId::new(hold.as_str())?;
    match ws.redemption(&(id.clone(), name))? {
        Some(record) if record.redemption.kind == RedemptionKind::Hold => {
            let message = format!("hold `{hold}` is resolved already");
            let error = Error::new(ErrorCode::PointsHoldResolved, message).field("hold_id");
            Err(error.with("status", record.redemption.status).into())
        }
        _ => Err(Error::new(ErrorCode::PointsHoldUnknown, format!("no hold `{hold}`")).field("hold_id").into()),
    }
}

pub(crate) fn capture(context: &Context<'_>, ws: &mut Workspace, command: &CaptureHold) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let currency = open_hold(ws, id, &command.hold_id)?;
    let mut log = Vec::new();
    let account = ws.customer_mut(id)?.account(&currency)?;
    let allocations = account.capture(&command.hold_id, command.points, now, &mut log)?;
    let name = RedemptionId::new(command.hold_id.as_str())?;
    slide(context, ws, id, &currency, now, &mut log)?;
    let (mut direct, own) = filed(context, ws, id, &currency, log, now)?;
    for change in direct.iter_mut().filter(|change| change.kind == MovementKind::Capture) {
        change.redemption = Some(name.clone());
    }
    file(ws, id, &currency, name, RedemptionKind::Hold, RedemptionStatus::Captured, allocations, now)?;
    context.write(ws, id, now, What::Points, direct)?;
    context.write_own(ws, id, own)?;
    Ok(id.clone())
}

pub(crate) fn release(context: &Context<'_>, ws: &mut Workspace, command: &ReleaseHold) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let currency = open_hold(ws, id, &command.hold_id)?;
    let mut log = Vec::new();
    let hold = ws.customer_mut(id)?.account(&currency)?.release(&command.hold_id, now, &mut log)?;
    let (direct, own) = filed(context, ws, id, &currency, log, now)?;
    let name = RedemptionId::new(hold.id.as_str())?;
    file(ws, id, &currency, name, RedemptionKind::Hold, RedemptionStatus::Released, hold.allocations, now)?;
    context.write(ws, id, now, What::Points, direct)?;
    context.write_own(ws, id, own)?;
    Ok(id.clone())
}

pub(crate) fn reverse(context: &Context<'_>, ws: &mut Workspace, command: &ReverseRedemption) -> Decided<CustomerId> {
    let id = &command.customer_id;
    let now = settle(context, ws, id)?;
    let key = (id.clone(), command.redemption_id.clone());
    let left = ws.redemption(&key)?.map_or(Points::ZERO, |record| record.redemption.reversible());
    let points = match command.points {
        Some(points) => positive(points)?,
        None if left.is_positive() => left,
        None => match ws.redemption(&key)? {
            Some(_) => {
                let message = format!("nothing of `{}` is left to reverse", command.redemption_id);
                return Err(Error::new(ErrorCode::PointsRedemptionReversed, message).field("redemption_id").into());
            }
            None => Points::ZERO,
        },
    };
    let (direct, own) = give_to(context, ws, id, &command.redemption_id, points)?;
    context.write(ws, id, now, What::Points, direct)?;
    context.write_own(ws, id, own)?;
    Ok(id.clone())
}

/// A correction by hand needs somebody and a reason.
pub(crate) fn signed(context: &Context<'_>) -> Decided<()> {
    let missing = match (&context.request.actor, &context.request.reason) {
        (None, _) => "actor",
        (_, None) => "reason",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorCode::CustomerField, format!("a change by hand names its {missing}")).field(missing).into())
}

pub(crate) fn adjust(context: &Context<'_>, ws: &mut Workspace, command: &AdjustPoints) -> Decided<CustomerId> {
    signed(context)?;
    let id = &command.customer_id;
    let rules = rules(context, &command.currency)?;
    if command.points.is_zero() {
        positive(command.points)?;
    }
    if command.points.is_positive() {
        let at = context.request.at;
        // A correction is usable at once, whatever the currency's waiting time.
        let dates = own_dates(context, &at_once(rules), at, None, command.usable_through)?;
        let expiry = kept_expiry(rules, command.usable_through);
        let kind = (MovementKind::Adjust, SourceKind::Adjustment);
        give(context, ws, id, rules, command.points, kind, dates, expiry)?;
        return Ok(id.clone());
    }
    let now = settle(context, ws, id)?;
    let mut log = Vec::new();
    ws.customer_mut(id)?.account(&rules.id)?.debit(command.points.negated(), now, &mut log)?;
    let (direct, own) = filed(context, ws, id, &rules.id, log, now)?;
    context.write(ws, id, now, What::Points, direct)?;
    context.write_own(ws, id, own)?;
    Ok(id.clone())
}

pub(crate) fn transfer(context: &Context<'_>, ws: &mut Workspace, command: &TransferPoints) -> Decided<CustomerId> {
    let rules = redeemable(context, &command.currency)?;
    let points = positive(command.points)?;
    if command.from == command.to {
        let message = "points cannot be transferred to the same customer";
        return Err(Error::new(ErrorCode::PointsSameCustomer, message).field("to").into());
    }
    let now = settle(context, ws, &command.from)?;
    let there = settle(context, ws, &command.to)?;
    let mut log = Vec::new();
    let slices = ws.customer_mut(&command.from)?.account(&rules.id)?.transfer_out(points, now, &mut log)?;
    let (mut direct, own) = part(&rules.id, log, now);
    direct.iter_mut().for_each(|change| change.other = Some(command.to.clone()));
    context.write(ws, &command.from, now, What::Points, direct)?;
    context.write_own(ws, &command.from, own)?;
    let mut log = Vec::new();
    ws.customer_mut(&command.to)?.account(&rules.id)?.transfer_in(&slices, &command.from, there, &mut log)?;
    let (mut direct, own) = part(&rules.id, log, there);
    direct.iter_mut().for_each(|change| change.other = Some(command.from.clone()));
    context.write(ws, &command.to, there, What::Points, direct)?;
    context.write_own(ws, &command.to, own)?;
    keep_books(context, ws, &command.from)?;
    keep_books(context, ws, &command.to)?;
    Ok(command.from.clone())
}

pub(crate) fn activate(context: &Context<'_>, ws: &mut Workspace, command: &ActivatePoints) -> Decided<CustomerId> {
    let order_id = &command.order_id;
    let Some((id, _, extra)) = find_order(ws, order_id)? else {
        let message = format!("order `{order_id}` is not recorded");
        return Err(Error::new(ErrorCode::OrderUnknown, message).field("order_id").into());
    };
    let now = settle(context, ws, &id)?;
    let source = Source::new(SourceKind::Order, order_id.as_str());
    let mut changes = Vec::new();
    for currency in context.program.point_currencies() {
        let mine = extra.awards.iter().any(|award| award.currency == currency.id && award.to.is_none());
        if !mine {
            continue;
        }
        let mut log = Vec::new();
        match ws.customer_mut(&id)?.account(&currency.id)?.activate_source(&source, context.zone(), now, &mut log) {
            Ok(_) => changes.push(filed(context, ws, &id, &currency.id, log, now)?),
            Err(error) if error.code() == ErrorCode::PointsNothingPending => {}
            Err(error) => return Err(error.into()),
        }
    }
    if changes.is_empty() {
        let message = format!("no points of order `{order_id}` wait for an event");
        return Err(Error::new(ErrorCode::PointsNothingPending, message).field("order_id").into());
    }
    for (direct, own) in changes {
        context.write(ws, &id, now, What::Points, direct)?;
        context.write_own(ws, &id, own)?;
    }
    Ok(id)
}
