//! A customer as they stand at an instant, for walks over everybody: time passes in memory only.

use super::state::Customer;
use crate::error::Result;
use crate::program::Program;
use crate::query::CustomerSummary;
use crate::value::Timestamp;

/// Lets time pass up to an instant and looks. An instant before the last entry looks at the last entry.
pub(crate) fn stands(program: &Program, customer: &Customer, at: Timestamp) -> Result<CustomerSummary> {
    let at = at.max(customer.state.recorded_at);
    let zone = program.zone();
    let standing = customer.state.standing.get()?;
    let mut tiers = Vec::with_capacity(program.ladders().len());
    for compiled in program.ladders() {
        let Some(slot) = standing.ladders.iter().find(|slot| slot.ladder == *compiled.id()) else { continue };
        let mut view = slot.state.clone();
        compiled.advance(*zone, &mut view, at, &mut Vec::new());
        tiers.push((slot.ladder.clone(), compiled.current(&view).clone()));
    }
    let mut stage = None;
    if let Some((life, slot)) = program.lifecycle().zip(standing.life.as_ref()) {
        let mut view = slot.state.clone();
        let _ = life.advance(zone, &mut view, at, &mut Vec::new());
        let seen = life.view(&view);
        stage = Some((seen.stage, seen.activity, seen.high_water));
    }
    for account in &customer.state.accounts {
        account.verify()?;
    }
    Ok(CustomerSummary {
        id: customer.id.clone(),
        as_of: at,
        registered_at: customer.registered_at,
        accounts: customer.state.accounts.iter().map(|account| account.view_at(at)).collect(),
        tiers,
        stage,
        orders: customer.state.orders,
        record: customer.record()?.clone(),
    })
}
