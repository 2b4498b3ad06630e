//! A customer as they stand at an instant, for walks over everybody: time passes in memory only.

use super::state::Customer;
use crate::error::Result;
use crate::program::Program;
use crate::query::CustomerSummary;
use crate::value::Timestamp;

/// Lets time pass up to an instant and looks. An instant before the last entry looks at the last entry.
pub(crate) fn stands(program: &Program, customer: &mut Customer, at: Timestamp) -> Result<CustomerSummary> {
    let at = at.max(customer.state.recorded_at);
    let zone = program.zone();
    let tiers = program.ladders().iter().filter_map(|compiled| {
        let slot = customer.state.ladders.iter().find(|slot| slot.ladder == *compiled.id())?;
        let mut view = slot.state.clone();
        compiled.advance(*zone, &mut view, at, &mut Vec::new());
        Some((slot.ladder.clone(), compiled.current(&view).clone()))
    });
    let tiers = tiers.collect();
    let stage = program.lifecycle().zip(customer.state.life.as_ref()).map(|(life, slot)| {
        let mut view = slot.state.clone();
        let _ = life.advance(zone, &mut view, at, &mut Vec::new());
        let seen = life.view(&view);
        (seen.stage, seen.activity, seen.high_water)
    });
    Ok(CustomerSummary {
        id: customer.id.clone(),
        registered_at: customer.registered_at,
        accounts: customer.state.accounts.iter().map(|account| account.view_at(at)).collect(),
        tiers,
        stage,
        orders: customer.state.orders,
        record: customer.record()?.clone(),
    })
}
