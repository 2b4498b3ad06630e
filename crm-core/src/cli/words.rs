//! Numbers, dates and happenings as people read them.

mod shared;

use crm_core::code::Attempt;
use crm_core::effect::{Entry, PointsChange, What};
use crm_core::lifecycle::{Axis, Transition, TransitionCause};
use crm_core::points::{Book, MovementKind, Shortfall, Source, SourceKind};
use crm_core::program::Program;
use crm_core::tier::{Metric, TierCause, TierChange};
use crm_core::value::{Currency, Money, Timestamp, Zone};
use shared::{of_cards, of_groups};

/// A whole number with its thousands apart: `-1,234,567`.
pub(crate) fn number(value: impl Into<i128>) -> String {
    let value: i128 = value.into();
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(&value.unsigned_abs().to_string()))
}

fn grouped(digits: &str) -> String {
    let mut told = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// Minor units as an amount with its currency: `1,234.50 CNY`.
pub(crate) fn minor(currency: Currency, value: i128) -> String {
    let unit = 10_u128.pow(currency.digits());
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let part = if currency.digits() == 0 {
        String::new()
    } else {
        format!(".{part:0width$}", width = usize::try_from(currency.digits()).unwrap_or(2))
    };
    format!("{sign}{}{part} {currency}", grouped(&whole.to_string()))
}

/// An amount as it stands, with its thousands apart.
pub(crate) fn money(money: &Money) -> String {
    money.currency.minor(money.amount).map_or_else(
        |_| format!("{} {}", money.amount, money.currency),
        |units| minor(money.currency, i128::from(units)),
    )
}

/// `1 point`, `2 points`; the name is that of the currency as the program has it.
pub(crate) fn some(count: impl Into<i128>, name: &str) -> String {
    let count: i128 = count.into();
    let name = if count == 1 { name.strip_suffix('s').unwrap_or(name) } else { name };
    format!("{} {name}", number(count))
}

/// How many letters a text has, as far as columns are concerned.
pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

/// An instant in the zone of the program, to the minute.
pub(crate) fn local(zone: &Zone, at: Timestamp) -> String {
    zone.local(at).format("%Y-%m-%d %H:%M").to_string()
}

/// The last day of something that ends at an instant.
pub(crate) fn through(zone: &Zone, end: Option<Timestamp>) -> String {
    end.map_or_else(|| "no end".to_owned(), |end| zone.date(end.plus_millis(-1)).to_string())
}

/// A value of what a ladder counts, with its unit.
pub(crate) fn metric(program: &Program, metric: &Metric, value: i64) -> String {
    match metric {
        Metric::NetSpend => minor(program.main_currency(), i128::from(value)),
        Metric::QualifyingPoints { currency } => some(value, currency.as_str()),
        Metric::OrderCount => some(value, "orders"),
        Metric::Visits { event } => format!("{} × `{event}`", number(value)),
    }
}

/// What a ladder counts.
pub(crate) fn metric_name(metric: &Metric) -> String {
    match metric {
        Metric::NetSpend => "net spend".to_owned(),
        Metric::QualifyingPoints { currency } => format!("qualifying {currency}"),
        Metric::OrderCount => "valid orders".to_owned(),
        Metric::Visits { event } => format!("events `{event}`"),
    }
}

/// Where points came from.
pub(crate) fn source(source: &Source) -> String {
    let id = &source.id;
    match source.kind {
        SourceKind::Order => format!("order {id}"),
        SourceKind::Event => format!("event {id}"),
        SourceKind::Grant => "grant".to_owned(),
        SourceKind::Referral => format!("referral, order {id}"),
        SourceKind::SignUp => "sign-up".to_owned(),
        SourceKind::Birthday => format!("birthday {id}"),
        SourceKind::Transfer => format!("transfer from {id}"),
        SourceKind::Adjustment => "adjustment".to_owned(),
        SourceKind::Restore => format!("restored from {id}"),
    }
}

/// Why an award is less than the rules alone would give.
pub(crate) fn shortfall(zone: &Zone, shortfall: &Shortfall) -> String {
    match shortfall {
        Shortfall::Capped { cap, points } => format!("{} were cut by the cap `{cap}`", some(points.get(), "points")),
        Shortfall::Excluded => "nothing in it is eligible".to_owned(),
        Shortfall::PaidWithPoints => "it was paid with points, which never earn".to_owned(),
        Shortfall::BelowOnePoint => "the eligible amount is too small for one point".to_owned(),
        Shortfall::NoRule => "no rule's conditions held".to_owned(),
        Shortfall::Pending { activates_at: Some(at) } => format!("the points are usable from {}", local(zone, *at)),
        Shortfall::Pending { activates_at: None } => "the points wait for an event".to_owned(),
        Shortfall::AlreadyExpired => "their last day had passed already".to_owned(),
        Shortfall::Other { reason } => reason.to_string(),
    }
}

/// Why a tier changed.
pub(crate) fn tier_cause(cause: &TierCause) -> String {
    match cause {
        TierCause::Reached { cause } => format!("threshold reached with {cause}"),
        TierCause::Review => "review".to_owned(),
        TierCause::RefundAtOnce { cause } => format!("refund {cause}"),
        TierCause::GraceEnded => "the days of grace ended".to_owned(),
        TierCause::Locked => "set by hand".to_owned(),
        TierCause::LockEnded => "the lock ended".to_owned(),
        TierCause::NextPeriod => "reached in the period before".to_owned(),
        TierCause::Revision { revision } => format!("new rules of revision {revision}"),
    }
}

fn tier_change(change: &TierChange) -> String {
    format!("{}: {} → {} ({})", change.ladder, change.from, change.to, tier_cause(&change.cause))
}

fn transition(transition: &Transition) -> String {
    let axis = match transition.axis {
        Axis::Stage => "stage",
        Axis::Activity => "activity",
    };
    let why = match &transition.cause {
        TransitionCause::Fact { id: Some(id), .. } => id.to_string(),
        TransitionCause::Fact { id: None, .. } => "registration".to_owned(),
        TransitionCause::Timer => "time".to_owned(),
    };
    match &transition.from {
        Some(from) => format!("{axis}: {from} → {} ({why})", transition.to),
        None => format!("{axis}: {} ({why})", transition.to),
    }
}

/// What an entry says, in one line.
pub(crate) fn entry(program: &Program, entry: &Entry) -> String {
    let zone = program.zone();
    // The entry does not name the currency of the order; with one currency in the program there is no doubt.
    let amount = |value: i64| match program.currencies() {
        [only] => minor(*only, i128::from(value)),
        _ => format!("{} minor units", number(value)),
    };
    let mut told = match &entry.what {
        What::Registered => "joined".to_owned(),
        What::Updated { fields } => format!("changed: {}", fields.join(", ")),
        What::Consent { subject, granted } => {
            format!("consent {subject}: {}", if *granted { "given" } else { "not given" })
        }
        What::Order { order_id, spend_minor } => {
            let spend = minor(program.main_currency(), i128::from(*spend_minor));
            format!("order {order_id}, {spend} of spend")
        }
        What::Refund { refund_id, order_id, amount_minor, corrects: true, .. } => {
            format!("refund {refund_id} of order {order_id} put right by {}", amount(*amount_minor))
        }
        What::Refund { refund_id, order_id, amount_minor, full, .. } => {
            let part = if *full { "full refund" } else { "refund" };
            format!("{part} {refund_id} of order {order_id}, {}", amount(*amount_minor))
        }
        What::Cancelled { order_id, reverted: true, .. } => format!("order {order_id} taken back with its import"),
        What::Cancelled { order_id, amount_minor, corrects: true, .. } => {
            format!("cancellation of order {order_id} put right by {}", amount(*amount_minor))
        }
        What::Cancelled { order_id, amount_minor, .. } => {
            format!("order {order_id} cancelled, {}", amount(*amount_minor))
        }
        What::UnmatchedRefund { refund_id, order_id: Some(order), why: Some(why), .. } => {
            format!("refund {refund_id} does not fit order {order}: {why}")
        }
        What::UnmatchedRefund { refund_id, amount_minor, currency, .. } => {
            format!("refund {refund_id} without an order, {}", minor(*currency, i128::from(*amount_minor)))
        }
        What::Event { event_id, name } => format!("event {name} ({event_id})"),
        What::Points => String::new(),
        What::Tier { change } => tier_change(change),
        What::TierLocked { ladder, tier, until } => {
            format!("{ladder}: locked at {tier} through {}", through(zone, Some(*until)))
        }
        What::TierUnlocked { ladder } => format!("{ladder}: unlocked"),
        What::Lifecycle { transition: moved } => transition(moved),
        What::BenefitUsed { ladder, benefit, used } => format!("{ladder}: used {benefit}, {used} in this period"),
        What::Unregistered => "registration taken back with its import".to_owned(),
        What::CouponIssued { .. }
        | What::CouponClosed { .. }
        | What::CouponRestored { .. }
        | What::Claimed { .. }
        | What::ClaimEnded { .. }
        | What::ClaimReturned { .. }
        | What::CodeTried { .. } => of_offers(zone, &entry.what),
        What::GiftCardIssued(_)
        | What::GiftCardHeld(_)
        | What::GiftCardReleased(_)
        | What::GiftCardRedeemed(_)
        | What::GiftCardRestored(_)
        | What::GiftCardExpired(_)
        | What::GiftCardFrozen(_)
        | What::GiftCardUnfrozen(_) => of_cards(zone, &entry.what),
        What::GroupOpened(_)
        | What::SeatTaken(_)
        | What::SeatPaid(_)
        | What::SeatLeft(_)
        | What::SeatTimedOut(_)
        | What::SeatRefunded(_)
        | What::GroupFormed(_)
        | What::GroupExpired(_) => of_groups(zone, &entry.what),
    };
    for change in &entry.points {
        let moved = movement(zone, change);
        told.push_str(if told.is_empty() || moved.is_empty() { "" } else { "; " });
        told.push_str(&moved);
    }
    if let Some(reason) = &entry.reason {
        told.push_str(&format!(" – {reason}"));
    }
    if let Some(actor) = &entry.actor {
        told.push_str(&format!(" [{actor}]"));
    }
    told
}

/// What an entry about coupons and checkouts says.
fn of_offers(zone: &Zone, what: &What) -> String {
    let through_day = |until: Option<Timestamp>| match until {
        Some(_) => format!(", through {}", through(zone, until)),
        None => String::new(),
    };
    match what {
        What::CouponIssued { coupon_id, offer, valid_until, .. } => {
            format!("got coupon {coupon_id} to {offer}{}", through_day(*valid_until))
        }
        What::CouponClosed { coupon_id, offer, state } => format!("coupon {coupon_id} to {offer} {}", state.as_str()),
        What::CouponRestored { coupon_id, offer, valid_until } => {
            format!("coupon {coupon_id} to {offer} came back{}", through_day(*valid_until))
        }
        What::Claimed { claim_id, currency, off_minor, total_minor, offers, .. } => {
            let (off, total) = (minor(*currency, i128::from(*off_minor)), minor(*currency, i128::from(*total_minor)));
            let by = if offers.is_empty() {
                String::new()
            } else {
                let names: Vec<&str> = offers.iter().map(|offer| offer.as_str()).collect();
                format!(" by {}", names.join(", "))
            };
            format!("checkout {claim_id} for {total}, {off} off{by}")
        }
        What::ClaimEnded { claim_id, state, order_id: Some(order) } => {
            format!("checkout {claim_id} {} with order {order}", state.as_str())
        }
        What::ClaimEnded { claim_id, state, order_id: None } => format!("checkout {claim_id} {}", state.as_str()),
        What::ClaimReturned { claim_id, order_id } => {
            format!("what checkout {claim_id} used came back with order {order_id}")
        }
        What::CodeTried { code: Some(code), .. } => format!("typed code {code}"),
        What::CodeTried { attempt: Attempt::Checksum, .. } => "mistyped a code".to_owned(),
        What::CodeTried { .. } => "typed a code that is none".to_owned(),
        _ => String::new(),
    }
}

/// The sum of the postings of one book.
pub(crate) fn posted(change: &PointsChange, book: Book) -> i64 {
    change.postings.iter().filter(|posting| posting.book == book).map(|posting| posting.points.get()).sum()
}

/// What a change did to points, in words.
fn movement(zone: &Zone, change: &PointsChange) -> String {
    let of = |count: i64| some(count, change.currency.as_str());
    let sum = |book: Book| posted(change, book);
    let rule = change.rule.as_ref().map_or_else(String::new, |rule| format!(" by `{rule}`"));
    let other = change.other.as_ref().map_or_else(|| "another customer".to_owned(), ToString::to_string);
    let redemption = change.redemption.as_ref().map_or_else(String::new, |id| format!(" for {id}"));
    let hold = change.hold.as_ref().map_or_else(String::new, |id| format!(" ({id})"));
    let mut told = match change.kind {
        MovementKind::Earn if change.postings.is_empty() => format!("no {} earned", change.currency),
        MovementKind::Earn => format!("earned {}{rule}", of(-sum(Book::Issued))),
        MovementKind::Activate => format!("{} became usable", of(sum(Book::Available))),
        MovementKind::Settle => format!("{} paid a debt", of(sum(Book::Debt))),
        MovementKind::Expire => format!("{} expired", of(sum(Book::Expired))),
        MovementKind::Spend => format!("spent {}{redemption}", of(sum(Book::Redeemed))),
        MovementKind::Hold => format!("held {}{hold}", of(sum(Book::Held))),
        MovementKind::Capture => format!("spent {} that were held{hold}", of(sum(Book::Redeemed))),
        MovementKind::Release => format!("let {} go{hold}", of(-sum(Book::Held))),
        MovementKind::TimeOut => format!("a hold of {} timed out{hold}", of(-sum(Book::Held))),
        MovementKind::Restore => format!("got {} back{redemption}", of(-sum(Book::Redeemed))),
        MovementKind::ClawBack => format!("{} taken back", of(sum(Book::Revoked))),
        MovementKind::Adjust => format!("corrected by {}", of(sum(Book::Available) + sum(Book::Pending))),
        MovementKind::TransferOut => format!("gave {} to {other}", of(sum(Book::Transferred))),
        MovementKind::TransferIn => format!("got {} from {other}", of(-sum(Book::Transferred))),
        MovementKind::Slide => "the validity of points moved".to_owned(),
    };
    let debt = -sum(Book::Debt);
    if change.kind == MovementKind::ClawBack && debt > 0 {
        told.push_str(&format!(", {} of them as debt", number(debt)));
    }
    let unrecovered = -sum(Book::Unrecovered);
    if unrecovered > 0 {
        told.push_str(&format!(", {} of them not recovered", number(unrecovered)));
    }
    let reasons: Vec<_> = change.shortfall.iter().map(|reason| shortfall(zone, reason)).collect();
    if reasons.is_empty() { told } else { format!("{told} ({})", reasons.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(number(0), "0");
        assert_eq!(number(-1_234_567), "-1,234,567");
        assert_eq!(number(9_007_199_254_740_991_i64), "9,007,199,254,740,991");
        let (cny, jpy) = (Currency::new("CNY").unwrap(), Currency::new("JPY").unwrap());
        assert_eq!(minor(cny, 123_456), "1,234.56 CNY");
        assert_eq!(minor(cny, -5), "-0.05 CNY");
        assert_eq!(minor(jpy, 1_500), "1,500 JPY");
        assert_eq!(some(1, "points"), "1 point");
        assert_eq!(some(2, "points"), "2 points");
    }
}
