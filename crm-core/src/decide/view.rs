//! A customer as they stand at an instant, for walks over everybody: time passes in memory only.

use crate::error::Result;
use crate::program::Program;
use crate::query::CustomerSummary;
use crate::value::Timestamp;
use crate::workspace::state::Customer;

/// Lets time pass up to an instant and looks. An instant before the last entry looks at the last entry.
pub(crate) fn stands(program: &Program, customer: &Customer, at: Timestamp) -> Result<CustomerSummary> {
    let at = at.max(customer.state.recorded_at);
    let zone = program.zone();
    let standing = customer.state.standing.get()?;
    let mut tiers = Vec::with_capacity(program.ladders().len());
    for (place, compiled) in program.ladders().iter().enumerate() {
        let Some(slot) = standing.ladders.iter().find(|slot| slot.ladder == *compiled.id()) else { continue };
        let timeline = program.timeline(place).filter(|timeline| timeline.vouches(slot.stamp, &slot.state));
        let mut view = slot.state.clone();
        // What the state does not know enough for has been told, see `brought`.
        let tier = timeline.filter(|timeline| timeline.advance(&mut view, at, &mut Vec::new()));
        let tier = tier.and_then(|timeline| timeline.at(view.clock())).map(|ladder| ladder.current(&view));
        tiers.push((slot.ladder.clone(), tier.unwrap_or(&slot.told).clone()));
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
