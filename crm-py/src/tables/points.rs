//! Points: how many, in which lots.

use crate::columns::{Head, Is, Rows};
use crm_core::Result;
use crm_core::engine::CustomerSummary;

pub(super) const BALANCES: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("currency", Is::Word, false),
    ("available", Is::Int, false),
    ("pending", Is::Int, false),
    ("held", Is::Int, false),
    ("debt", Is::Int, false),
    ("issued", Is::Int, false),
    ("redeemed", Is::Int, false),
    ("expired", Is::Int, false),
    ("revoked", Is::Int, false),
    ("unrecovered", Is::Int, false),
    ("offset", Is::Int, false),
    ("next_expiry_at", Is::Time, true),
    ("next_expiry_points", Is::Int, false),
];

pub(super) const LOTS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("currency", Is::Word, false),
    ("lot", Is::Int, false),
    ("source", Is::Word, false),
    ("source_id", Is::Text, false),
    ("rule", Is::Word, true),
    ("amount", Is::Int, false),
    ("pending", Is::Int, false),
    ("available", Is::Int, false),
    ("held", Is::Int, false),
    ("spent", Is::Int, false),
    ("expired", Is::Int, false),
    ("revoked", Is::Int, false),
    ("offset", Is::Int, false),
    ("transferred", Is::Int, false),
    ("earned_at", Is::Time, false),
    ("activates_at", Is::Time, true),
    ("expires_at", Is::Time, true),
    ("waiting", Is::Flag, false),
];

pub(super) fn balances(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    who.accounts.iter().try_for_each(|account| {
        let sums = account.balances;
        let next = account.expiring().into_iter().next();
        rows.add(|row| {
            row.text(who.id.as_str()).time(who.as_of).text(account.currency.as_str());
            let states = [sums.available, sums.pending, sums.held, sums.debt, sums.issued, sums.redeemed];
            let ends = [sums.expired, sums.revoked, sums.unrecovered, sums.offset];
            for points in states.into_iter().chain(ends) {
                row.points(points);
            }
            row.time(next.map(|(end, _)| end)).int(next.map_or(0, |(_, points)| points.get()));
            Ok(())
        })
    })
}

pub(super) fn lots(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    for account in &who.accounts {
        for lot in account.lots.iter().filter(|lot| lot.is_open()) {
            rows.add(|row| {
                row.text(who.id.as_str())
                    .text(account.currency.as_str())
                    .count(lot.id.0)
                    .text(lot.source.kind.as_str())
                    .text(&*lot.source.id)
                    .text(lot.rule.as_ref().map(|rule| rule.as_str()));
                let states = [lot.amount, lot.pending, lot.available, lot.held, lot.spent];
                for points in states.into_iter().chain([lot.expired, lot.revoked, lot.offset, lot.transferred]) {
                    row.points(points);
                }
                row.time(lot.earned_at).time(lot.activates_at).time(lot.expires_at).flag(lot.waiting);
                Ok(())
            })?;
        }
    }
    Ok(())
}
