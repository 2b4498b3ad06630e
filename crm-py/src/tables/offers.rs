//! Coupons and claims.

use crate::columns::{Head, Is, Rows};
use crm_core::Result;
use crm_core::coupon::{ClaimState, Coupon};
use crm_core::offer::Source;
use crm_core::query::ClaimView;
use crm_core::value::{CustomerId, Timestamp};

pub(super) const COUPONS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("coupon_id", Is::Text, false),
    ("offer", Is::Word, false),
    ("code", Is::Text, true),
    ("state", Is::Word, false),
    ("origin", Is::Word, false),
    ("issued_at", Is::Time, false),
    ("valid_from", Is::Time, false),
    ("valid_until", Is::Time, true),
    ("uses", Is::Int, false),
    ("used", Is::Int, false),
    ("held", Is::Int, false),
];

pub(super) const CLAIMS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("claim_id", Is::Text, false),
    ("state", Is::Word, false),
    ("claimed_at", Is::Time, false),
    ("deadline", Is::Time, false),
    ("order_id", Is::Text, true),
    ("returned", Is::Flag, false),
    ("currency", Is::Word, false),
    ("offer", Is::Word, true),
    ("campaign", Is::Word, true),
    ("by", Is::Word, true),
    ("coupon_id", Is::Text, true),
    ("code", Is::Text, true),
    ("group_id", Is::Text, true),
    ("off", Is::Money, true),
    ("off_shipping", Is::Money, true),
];

pub(super) fn coupon(rows: &mut Rows, who: &CustomerId, held: &Coupon) -> Result<()> {
    rows.add(|row| {
        row.text(who.as_str())
            .text(held.id.as_str())
            .text(held.offer.as_str())
            .text(held.code.as_deref())
            .text(held.state.as_str())
            .text(held.origin.as_str())
            .time(held.issued_at)
            .time(held.valid_from)
            .time(held.valid_until)
            .int(i64::from(held.uses))
            .int(i64::from(held.used))
            .count(u64::try_from(held.held_by.len()).unwrap_or(u64::MAX));
        Ok(())
    })
}

/// One row for each offer that was applied; a claim without one has one row all the same.
pub(super) fn claim(rows: &mut Rows, seen: &ClaimView, at: Timestamp) -> Result<()> {
    let quote = &seen.receipt.quote;
    // Whether time has passed since the last command does not depend on a sweep.
    let over = seen.state == ClaimState::Held && seen.deadline <= at;
    let state = if over { ClaimState::Expired } else { seen.state };
    let mut applied = quote.applied.iter();
    let mut next = applied.next();
    loop {
        rows.add(|row| {
            row.text(seen.customer_id.as_str())
                .text(seen.claim_id.as_str())
                .text(state.as_str())
                .time(seen.claimed_at)
                .time(seen.deadline)
                .text(seen.order_id.as_ref().map(|id| id.as_str()))
                .flag(seen.returned)
                .text(quote.currency.code());
            let Some(one) = next else {
                row.text(None).text(None).text(None).text(None).text(None).text(None).no_amount().no_amount();
                return Ok(());
            };
            let (by, coupon, code, group) = match &one.by {
                Source::Automatic => ("automatic", None, None, None),
                Source::Coupon { coupon } => ("coupon", Some(coupon.as_str()), None, None),
                Source::Code { code } => ("code", None, Some(code.as_str()), None),
                Source::Group { group } => ("group", None, None, Some(group.as_str())),
            };
            row.text(one.offer.as_str())
                .text(one.campaign.as_ref().map(|id| id.as_str()))
                .text(by)
                .text(coupon)
                .text(code)
                .text(group)
                .amount(quote.currency, one.off)?
                .amount(quote.currency, one.shipping)?;
            Ok(())
        })?;
        next = applied.next();
        if next.is_none() {
            return Ok(());
        }
    }
}
