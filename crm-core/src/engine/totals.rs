//! Questions about everybody: what the merchant owes in points.

use super::sync::Engine;
use crate::decide::ask::past;
use crate::error::Result;
use crate::points::Balances;
use crate::program::Program;
use crate::query::{Answer, Liability, LiabilityMonth};
use crate::value::{Points, Timestamp};
use std::collections::BTreeMap;

#[derive(Default)]
struct Sum {
    balances: Balances,
    months: BTreeMap<Option<String>, Points>,
}

/// Outstanding points of every currency by the month in which they end; reconciles with the balances of all accounts.
pub(crate) fn liability(engine: &Engine, program: &Program, at: Timestamp) -> Result<Answer> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let mut last = at;
    engine.each_customer(at, &mut |customer| {
        last = last.max(customer.as_of);
        for account in &customer.accounts {
            let sum = sums.entry(account.currency.as_str().to_owned()).or_default();
            sum.balances = sum.balances.plus(&account.balances)?;
            for (month, points) in account.outstanding() {
                let month = month.map(|end| {
                    let (year, month, _) = program.zone().date(end.plus_millis(-1)).ymd();
                    format!("{year:04}-{month:02}")
                });
                let slot = sum.months.entry(month).or_default();
                *slot = slot.plus(points)?;
            }
        }
        Ok(())
    })?;
    if at < last {
        return Err(past(at, last));
    }
    let mut currencies = Vec::new();
    for rules in program.point_currencies() {
        let sum = sums.remove(rules.id.as_str()).unwrap_or_default();
        let outstanding = sum.balances.pending.plus(sum.balances.available)?.plus(sum.balances.held)?;
        let value = rules.value.map(|value| program.main_currency().worth_of(outstanding, value));
        let mut by_month: Vec<LiabilityMonth> =
            sum.months.into_iter().map(|(month, points)| LiabilityMonth { month, points }).collect();
        by_month.sort_by_key(|month| (month.month.is_none(), month.month.clone()));
        currencies.push(Liability {
            currency: rules.id.clone(),
            outstanding,
            value,
            debt: sum.balances.debt,
            issued: sum.balances.issued,
            redeemed: sum.balances.redeemed,
            expired: sum.balances.expired,
            revoked: sum.balances.revoked,
            offset: sum.balances.offset,
            by_month,
        });
    }
    Ok(Answer::Liability { currencies })
}
