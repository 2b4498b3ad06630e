//! `crm sweep`: writes what time alone has done.

use crate::cli::args::{Global, Sweep};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::Shop;
use crate::cli::words;
use serde_json::json;

pub(crate) fn sweep(global: &Global, task: &Sweep, out: &mut Out) -> Finished {
    let shop = Shop::open(global)?;
    let program = shop.program()?;
    let until = shop.instant(task.until.or(global.at))?;
    let interrupt = Interrupt::watch();
    let counter = out.counter("customers settled:");
    let report = shop.engine.sweep(until, &mut |report| {
        counter.set_position(report.settled);
        interrupt.goes_on()
    });
    counter.finish_and_clear();
    let report = report?;
    let next_due = shop.engine.next_due()?;
    shop.engine.close()?;
    if out.is_json() {
        out.json(&json!({
            "until": until, "settled": report.settled, "entries": report.entries, "failed": report.failed,
            "next_due": next_due,
        }))?;
    } else {
        let (customers, entries) = (words::some(report.settled, "customers"), words::number(report.entries));
        out.line(format!(
            "{customers} settled up to {}; entries written: {entries}",
            words::local(program.zone(), until)
        ))?;
        match next_due {
            Some(at) => out.line(format!("next due: {}", words::local(program.zone(), at)))?,
            None => out.line("nothing is due after that")?,
        }
        if report.failed > 0 {
            let failed = words::some(report.failed, "customers");
            out.line(format!("{failed} could not be settled; `crm do` with a settle command says why"))?;
        }
    }
    if report.failed == 0 { Ok(()) } else { Err(Problem::Told) }
}
