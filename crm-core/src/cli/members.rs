//! The table of customers.

use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::Shop;
use crate::cli::words;
use crm_core::engine::CustomerSummary;
use crm_core::program::Program;
use crm_core::value::{Points, Timestamp};
use serde_json::{Value, json};

/// Customers at an instant: the first of them, as rows for people or values for machines, and how many there are.
pub(crate) struct Members {
    rows: Vec<Vec<String>>,
    pub(crate) values: Vec<Value>,
    pub(crate) count: u64,
}

pub(crate) fn collect(shop: &Shop, at: Timestamp, limit: usize, as_values: bool) -> Result<Members, Problem> {
    let program = shop.program()?;
    let mut seen = Members { rows: Vec::new(), values: Vec::new(), count: 0 };
    shop.engine.each_customer(at, &mut |customer| {
        seen.count += 1;
        if seen.rows.len() + seen.values.len() < limit {
            match as_values {
                true => seen.values.push(value(&program, &customer)),
                false => seen.rows.push(row(&program, &customer)),
            }
        }
        Ok(())
    })?;
    Ok(seen)
}

impl Members {
    pub(crate) fn print(self, out: &mut Out) -> Finished {
        if self.count == 0 {
            return out.line("there are no customers");
        }
        let shown = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        let heads = ["!customer", "name", "tier", "stage", "activity", ">orders", ">points", "next to expire"];
        out.table(&heads, self.rows)?;
        if shown < self.count {
            out.line(format!("{} of {} customers", words::number(shown), words::number(self.count)))?;
        }
        Ok(())
    }
}

/// The points that end next, of all accounts.
fn next_to_expire(customer: &CustomerSummary) -> Option<(Timestamp, Points, &str)> {
    let of_account = |account: &'_ crm_core::points::Account| account.expiring().into_iter().next();
    let firsts = customer.accounts.iter().filter_map(|account| {
        let (end, points) = of_account(account)?;
        Some((end, points, account.currency.as_str()))
    });
    firsts.min_by_key(|(end, _, _)| *end)
}

fn row(program: &Program, customer: &CustomerSummary) -> Vec<String> {
    let tiers: Vec<_> = customer.tiers.iter().map(|(_, tier)| tier.to_string()).collect();
    let (stage, activity) =
        customer.stage.as_ref().map_or((String::new(), String::new()), |(s, a, _)| (s.to_string(), a.to_string()));
    let several = program.point_currencies().len() > 1;
    let points: Vec<_> = customer
        .accounts
        .iter()
        .map(|account| {
            let available = account.balances.available.get();
            let mut told =
                if several { words::some(available, account.currency.as_str()) } else { words::number(available) };
            if account.balances.pending.is_positive() {
                told.push_str(&format!(" (+{})", words::number(account.balances.pending.get())));
            }
            told
        })
        .collect();
    let expiry = next_to_expire(customer).map_or_else(String::new, |(end, points, _)| {
        format!("{} after {}", words::number(points.get()), words::through(program.zone(), Some(end)))
    });
    vec![
        customer.id.to_string(),
        customer.record.profile.name.clone().unwrap_or_default(),
        tiers.join(", "),
        stage,
        activity,
        customer.orders.to_string(),
        if points.is_empty() { "0".to_owned() } else { points.join("\n") },
        expiry,
    ]
}

fn value(program: &Program, customer: &CustomerSummary) -> Value {
    let tiers: serde_json::Map<String, Value> =
        customer.tiers.iter().map(|(ladder, tier)| (ladder.to_string(), json!(tier))).collect();
    let points: serde_json::Map<String, Value> =
        customer.accounts.iter().map(|account| (account.currency.to_string(), json!(account.balances))).collect();
    let next = next_to_expire(customer).map(|(end, points, currency)| {
        json!({ "currency": currency, "points": points, "usable_through": program.zone().date(end.plus_millis(-1)) })
    });
    json!({
        "customer_id": customer.id, "name": customer.record.profile.name, "registered_at": customer.registered_at,
        "tiers": tiers, "stage": customer.stage.as_ref().map(|(stage, _, _)| stage),
        "activity": customer.stage.as_ref().map(|(_, activity, _)| activity),
        "orders": customer.orders, "points": points, "next_expiry": next,
    })
}
