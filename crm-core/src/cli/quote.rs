//! `crm quote`: what a cart costs and why, with the offers of a database or of a program alone.

use crate::cli::args::{Global, Quote};
use crate::cli::clock;
use crate::cli::offers;
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::programs;
use crate::cli::shop::Shop;
use crate::cli::show::{journal, odd};
use crm_core::Engine;
use crm_core::offer::Cart;
use crm_core::query::{Answer, Query};
use crm_core::store::MemoryStore;
use crm_core::value::{CustomerId, Timestamp, Zone, read_text};
use std::io::Read;
use std::path::Path;

pub(crate) fn quote(global: &Global, task: &Quote, out: &mut Out) -> Finished {
    // A cart with a fault is told before a database is looked for.
    let cart = cart(&task.cart)?;
    let asked = Asked::of(global, task)?;
    let coupons = (!task.coupons.is_empty()).then(|| task.coupons.clone());
    let question = Query::Quote { customer_id: asked.customer, cart: cart.clone(), coupons, at: asked.at };
    let answer = asked.engine.ask(&question)?;
    if out.is_json() {
        return out.json(&answer);
    }
    let Answer::Quote { quote } = answer else { return Err(odd()) };
    offers::print_quote(&cart, &quote, &asked.zone, out)
}

/// Whom to ask, about whom, for which instant.
struct Asked {
    engine: Engine,
    customer: Option<CustomerId>,
    at: Timestamp,
    zone: Zone,
}

impl Asked {
    fn of(global: &Global, task: &Quote) -> Result<Self, Problem> {
        if let Some(program) = &task.program {
            let engine = Engine::open(MemoryStore::new())?;
            engine.publish_json(&programs::read(program)?, Timestamp::MIN)?;
            let zone = *engine.program()?.zone();
            return Ok(Self { engine, customer: None, at: clock::or_now(global.at, &zone), zone });
        }
        let shop = Shop::look(global).map_err(|problem| match problem {
            Problem::Usage(message) => {
                Problem::Usage(format!("{message}, or `--program FILE|SAMPLE` for offers alone"))
            }
            other => other,
        })?;
        let zone = *shop.program()?.zone();
        let (customer, at) = match &task.customer {
            None => (None, shop.instant(global.at)?),
            Some(name) => {
                let id = shop.find(name)?.id;
                let last = journal(&shop.engine, &id)?.last().map(|entry| entry.recorded_at);
                (Some(id), shop.instant_for(global.at, last)?)
            }
        };
        Ok(Self { engine: shop.engine, customer, at, zone })
    }
}

/// The cart of a file, or of stdin.
fn cart(path: &Path) -> Result<Cart, Problem> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| Problem::file("read", path, error))?;
    Ok(read_text(text.trim_start_matches('\u{feff}'))?)
}
