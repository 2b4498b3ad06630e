//! `crm demo`: from sample exports to members, points and a report, in one go.

use crate::args::{Demo, Global};
use crate::checkout::Checkout;
use crate::import;
use crate::members;
use crate::output::{NewFile, Out};
use crate::problem::{Finished, Problem};
use crate::report;
use crate::shop::Shop;
use crate::words;
use crm_core::Error;
use crm_core::import::{Format, ImportOptions, ImportReport, Source};
use crm_core::program::sample;
use crm_core::store::OpenMode;
use crm_core::value::{CustomerId, OrderId, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// A file that comes with the program.
type Sample = (&'static str, &'static [u8]);

/// Orders, items and refunds of a Taobao shop, in GB18030 as its back office writes them.
const TAOBAO: [Sample; 3] = [
    ("taobao_orders.csv", include_bytes!("samples/taobao_orders.csv")),
    ("taobao_items.csv", include_bytes!("samples/taobao_items.csv")),
    ("taobao_refunds.csv", include_bytes!("samples/taobao_refunds.csv")),
];
/// Orders of the same shop on Shopify, some of them by the same people.
const SHOPIFY: [Sample; 1] = [("shopify_orders.csv", include_bytes!("samples/shopify_orders.csv"))];

/// Customers in the table.
const SHOWN: usize = 15;

pub(crate) fn demo(global: &Global, task: &Demo, out: &mut Out) -> Finished {
    let folder = &task.dir;
    std::fs::create_dir_all(folder).map_err(|error| Problem::file("make", folder, error))?;
    for (name, bytes) in TAOBAO.iter().chain(&SHOPIFY) {
        let path = folder.join(name);
        let mut file = NewFile::create(&path)?;
        file.write_all(bytes).map_err(|error| Problem::file("write", &path, error))?;
        file.finish()?;
    }
    let database = folder.join("crm.db");
    let shop = Shop::at(&database, OpenMode::CreateOrOpen)?;
    let program = sample("supermarket").ok_or_else(|| Error::internal("the sample program is missing"))?;
    shop.engine.publish_json(program, crate::clock::now())?;
    if !out.is_json() {
        out.line(format!("Program `{}` is in force; importing the exports of two shops.", shop.program()?.name()))?;
    }
    let taobao = run(&shop, Format::Taobao, &TAOBAO, out)?;
    let shopify = run(&shop, Format::Shopify, &SHOPIFY, out)?;
    // The samples are of a certain time, and are looked at when it ends, so that a demo tells the same story on every day; or at the last
    // entry, where somebody has gone on from there.
    let last = taobao.last_at.max(shopify.last_at).unwrap_or_else(crate::clock::now);
    let end = shop.program()?.zone().end_of(shop.program()?.zone().date(last)).plus_millis(-1);
    let at = match global.at {
        Some(at) => shop.instant_for_all(Some(at))?,
        None => shop.last_recorded()?.map_or(end, |last| last.max(end)),
    };
    let best = best(&shop)?;
    let checkout = match &best {
        Some((customer, _)) if end <= at => Some(Checkout::run(&shop, customer, end, at)?),
        _ => None,
    };
    let counter = out.counter("customers settled:");
    let swept = shop.engine.sweep(at, &mut |report| counter.set_position(report.settled));
    counter.finish_and_clear();
    let swept = swept?;
    let page = folder.join("report.html");
    report::write(&shop, at, &page)?;
    let seen = members::collect(&shop, at, SHOWN, out.is_json())?;
    if out.is_json() {
        return out.json(&json!({
            "database": database.display().to_string(), "report": page.display().to_string(), "at": at,
            "imports": [taobao, shopify], "checkout": checkout, "sweep": swept, "customers": seen.values, "count": seen.count,
        }));
    }
    let day = shop.program()?.zone().date(at);
    out.heading(format!("Members at the end of {day}"))?;
    seen.print(out)?;
    if let Some(checkout) = &checkout {
        checkout.print(&shop, out)?;
    }
    out.heading(format!("Report: {}", page.display()))?;
    out.line("open it in a browser")?;
    next_steps(&shop, best, at, &database, out)?;
    shop.engine.close()?;
    Ok(())
}

fn run(shop: &Shop, format: Format, files: &'static [Sample], out: &mut Out) -> Result<ImportReport, Problem> {
    let name = format.name();
    let mut source = Source { name: format!("demo {name}"), files: Vec::new() };
    for (name, bytes) in files {
        source = source.with(*name, *bytes);
    }
    let report = import::run(shop, source, &ImportOptions::new(format), out)?;
    if !out.is_json() {
        out.heading(format!("From {name}"))?;
        import::print(&*shop.program()?, &report, None, out)?;
    }
    Ok(report)
}

/// The customer with the most orders, the first of several, and one of their orders.
fn best(shop: &Shop) -> Result<Option<(CustomerId, OrderId)>, Problem> {
    let mut orders: BTreeMap<CustomerId, (u32, OrderId)> = BTreeMap::new();
    shop.engine.each_order(&mut |customer, order| {
        orders.entry(customer).or_insert_with(|| (0, order.id().clone())).0 += 1;
        Ok(())
    })?;
    let best = orders.into_iter().rev().max_by_key(|(_, (count, _))| *count);
    Ok(best.map(|(customer, (_, order))| (customer, order)))
}

/// What to try next, with a customer and an order of the samples.
fn next_steps(
    shop: &Shop,
    best: Option<(CustomerId, OrderId)>,
    at: Timestamp,
    database: &Path,
    out: &mut Out,
) -> Finished {
    let Some((customer, order)) = best else { return Ok(()) };
    let (customer, order) = (quoted(customer.as_str()), quoted(order.as_str()));
    let day = shop.program()?.zone().date(at);
    let folder = database.parent().unwrap_or(Path::new("."));
    let in_folder = |name: &str| quoted(&folder.join(name).display().to_string());
    out.heading("Try next")?;
    out.line(format!("  export CRM_DB={}", quoted(&database.display().to_string())))?;
    let steps = [
        (format!("crm show {customer} --at {day}"), "a customer on one screen"),
        (format!("crm explain tier {customer} --at {day}"), "why this tier, and what is missing to the next"),
        (format!("crm explain points {customer} --at {day}"), "how the balance came about"),
        (format!("crm explain order {order}"), "what an order earned, rule by rule"),
        (format!("crm import {} --format shopify", in_folder("shopify_orders.csv")), "once more: nothing changes"),
        ("crm sweep".to_owned(), "brings the books to today"),
        ("crm export customers --out customers.csv".to_owned(), "a table for a spreadsheet"),
        ("crm revert".to_owned(), "the list of imports, and the way back"),
    ];
    let width = steps.iter().map(|(command, _)| words::width(command)).max().unwrap_or(0);
    for (command, why) in steps {
        let room = " ".repeat(width - words::width(&command));
        out.line(format!("  {command}{room}  # {why}"))?;
    }
    Ok(())
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn shells_take_words_as_they_are_meant() {
        assert_eq!(quoted("crm-demo/crm.db"), "crm-demo/crm.db");
        assert_eq!(quoted("#1001"), "'#1001'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
