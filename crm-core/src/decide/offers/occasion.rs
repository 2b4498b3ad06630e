//! Coupons that rules issue when something happens.

use super::super::award::standing_of;
use super::super::context::Context;
use super::coupons::{Wish, give, print_of};
use crate::coupon::Origin;
use crate::error::ErrorCode;
use crate::order::Event;
use crate::points::ReferralSide;
use crate::program::{IssueOn, IssueRule};
use crate::value::{CouponId, CustomerId, LadderId, TierId, Timestamp};
use crate::workspace::{Decided, Missing, Stop, Workspace};
use std::ops::RangeInclusive;

/// What happened.
pub(crate) enum Occasion<'a> {
    SignUp,
    /// Of a year.
    Birthday(i32),
    /// On which side, and who the other is.
    Referral(ReferralSide, CustomerId),
    Event(&'a Event),
    Tier(LadderId, TierId),
    Stage(String),
}

impl Occasion<'_> {
    fn fires(&self, on: &IssueOn) -> bool {
        match (on, self) {
            (IssueOn::SignUp, Self::SignUp) | (IssueOn::Birthday, Self::Birthday(_)) => true,
            (IssueOn::Referral { side }, Self::Referral(which, _)) => side == which,
            (IssueOn::Event { name }, Self::Event(event)) => *name == event.name,
            (IssueOn::Tier { ladder, any }, Self::Tier(of, tier)) => ladder == of && any.contains(tier),
            (IssueOn::Stage { any }, Self::Stage(stage)) => any.contains(stage),
            _ => false,
        }
    }

    fn origin(&self) -> Origin {
        match self {
            Self::SignUp => Origin::SignUp,
            Self::Birthday(year) => Origin::Birthday { year: *year },
            Self::Referral(_, other) => Origin::Referral { other: other.clone() },
            Self::Event(event) => Origin::Event { event: event.id.clone() },
            Self::Tier(ladder, tier) => Origin::Tier { ladder: ladder.clone(), tier: tier.clone() },
            Self::Stage(stage) => Origin::Stage { stage: stage.clone() },
        }
    }

    /// What tells one coupon of a rule from the next.
    fn name(&self, seq: u64) -> String {
        match self {
            Self::SignUp => "sign_up".to_owned(),
            Self::Birthday(year) => year.to_string(),
            Self::Referral(_, other) => other.to_string(),
            Self::Event(event) => event.id.to_string(),
            Self::Tier(..) | Self::Stage(_) => seq.to_string(),
        }
    }
}

/// Issues what the rules say. What cannot be issued (the offer is over, the wallet is full) is left out: nobody asked for it, so nobody is
/// refused.
pub(crate) fn issue(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    occasion: &Occasion<'_>,
    at: Timestamp,
) -> Decided<()> {
    let program = context.program;
    for rule in program.issue_rules().iter().filter(|rule| occasion.fires(&rule.on)) {
        let in_force = rule.valid.from.is_none_or(|from| from <= at) && rule.valid.until.is_none_or(|until| at < until);
        if !in_force || !holds(context, ws, id, rule, occasion, at)? {
            continue;
        }
        let name = occasion.name(ws.known(id)?.state.seq);
        let mut missing = Missing::default();
        look_at(ws, id, rule, &name, &mut missing)?;
        missing.ask()?;
        for number in 1..=rule.coupons {
            let coupon = coupon_id(rule, &name, number)?;
            match give(context, ws, id, (&coupon, &rule.offer), occasion.origin(), &Wish::default(), at) {
                Err(Stop::Refuse(error))
                    if matches!(
                        error.code(),
                        ErrorCode::CouponDates | ErrorCode::CouponExists | ErrorCode::CouponTooMany
                    ) => {}
                done => done?,
            }
        }
    }
    Ok(())
}

/// Asks at once for what the birthdays of some years will look at: somebody may have been away for many.
pub(crate) fn foresee_birthdays(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    years: RangeInclusive<i32>,
) -> Decided<()> {
    let mut missing = Missing::default();
    for rule in context.program.issue_rules().iter().filter(|rule| rule.on == IssueOn::Birthday) {
        for year in years.clone() {
            look_at(ws, id, rule, &year.to_string(), &mut missing)?;
        }
    }
    missing.ask()
}

/// Looks whether the customer had the coupons of a rule before, under a name.
fn look_at(ws: &mut Workspace, id: &CustomerId, rule: &IssueRule, name: &str, missing: &mut Missing) -> Decided<()> {
    for number in 1..=rule.coupons {
        let key = (id.clone(), coupon_id(rule, name, number)?);
        missing.note(ws.closed_coupon(&key).map(|_| ()))?;
    }
    Ok(())
}

fn coupon_id(rule: &IssueRule, name: &str, number: u32) -> crate::Result<CouponId> {
    let text = if rule.coupons == 1 { format!("{}:{name}", rule.id) } else { format!("{}:{name}:{number}", rule.id) };
    // Two long names make one that is too long; its fingerprint tells it from others as well.
    CouponId::new(&text).or_else(|_| CouponId::new(print_of(&text)))
}

fn holds(
    context: &Context<'_>,
    ws: &mut Workspace,
    id: &CustomerId,
    rule: &IssueRule,
    occasion: &Occasion<'_>,
    at: Timestamp,
) -> Decided<bool> {
    let Some(when) = &rule.when else { return Ok(true) };
    let standing = standing_of(context, ws, id, at)?;
    let event = match occasion {
        Occasion::Event(event) => Some(*event),
        _ => None,
    };
    let tiers = standing.tiers();
    Ok(when.holds(&standing.facts(&tiers, context.zone(), at, None, event)))
}
