//! Laws of the feed.

use super::Factory;
use super::sample::*;
use crate::store::{Fed, Guard, Offset, Row, Store, Table};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn fed(store: &dyn Store, after: Offset, limit: usize) -> Check<Vec<Fed>> {
    store.feed(after, limit).map_err(|error| format!("feed failed: {error}"))
}

fn name_of(row: &Row) -> String {
    let cell = |place: usize| row.cells().get(place);
    let who = cell(1).and_then(crate::store::Value::as_text).unwrap_or("?");
    format!("{who} {}", cell(2).and_then(crate::store::Value::as_int).unwrap_or(0))
}

/// Entries come in the order of their commits, whatever their keys are, page by page from any place; refused commits leave nothing.
pub fn feed_is_in_order_of_commits(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    ensure_eq("an empty feed", &fed(&*store, Offset::START, 10)?.len(), &0)?;
    done(&*store, vec![put(customer("zoe", 1, None), Guard::New), put(entry("zoe", 1, Some("r1")), Guard::New)])?;
    done(&*store, vec![put(entry("anna", 1, Some("r1")), Guard::New), put(entry("anna", 2, None), Guard::New)])?;
    conflict(&*store, vec![put(entry("bob", 1, None), Guard::New), put(entry("anna", 1, None), Guard::New)], &[1])?;
    done(&*store, vec![put(lot("zoe", "points", 1), Guard::New)])?;
    done(&*store, vec![put(entry("zoe", 2, None), Guard::New)])?;
    // On a server others may be at work: what they began before has to end first.
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut all = fed(&*store, Offset::START, 10)?;
    while all.len() < 4 && Instant::now() < deadline {
        all = fed(&*store, Offset::START, 10)?;
    }
    let names: Vec<String> = all.iter().map(|(_, row)| name_of(row)).collect();
    ensure_eq("the feed", &names, &["zoe 1", "anna 1", "anna 2", "zoe 2"].map(str::to_owned).to_vec())?;
    for limit in 1..5 {
        let (mut after, mut pages) = (Offset::START, Vec::new());
        loop {
            let page = fed(&*store, after, limit)?;
            let Some((last, _)) = page.last() else { break };
            if *last <= after {
                return Err(format!("{last} does not lie behind {after}"));
            }
            after = *last;
            pages.extend(page);
        }
        ensure_eq("the feed in pages", &pages, &all)?;
    }
    for (place, (offset, _)) in all.iter().enumerate() {
        let rest = fed(&*store, *offset, 10)?;
        ensure_eq("the feed behind a place", &rest, &all.get(place + 1..).unwrap_or_default().to_vec())?;
        ensure_eq("the place in words", &offset.to_string().parse().ok(), &Some(*offset))?;
    }
    Ok(())
}

/// While threads write, whoever follows the feed sees every entry once, and those of a customer in their order.
pub fn feed_misses_nothing_while_writing(factory: &Factory<'_>) -> Result<(), String> {
    const WRITERS: usize = 5;
    const EACH: i64 = 120;
    let store = factory();
    let (turn, deadline) = (AtomicUsize::new(0), Instant::now() + Duration::from_secs(120));
    super::threads::on_threads(|_| {
        let number = turn.fetch_add(1, Ordering::Relaxed);
        if number < WRITERS {
            let who = format!("c{number}");
            for seq in 1..=EACH {
                let guard = if seq == 1 { Guard::New } else { Guard::Version(seq - 1) };
                done(&*store, vec![put(customer(&who, seq, None), guard), put(entry(&who, seq, None), Guard::New)])?;
            }
            return Ok(());
        }
        let (mut after, mut seen) = (Offset::START, BTreeMap::new());
        while seen.values().sum::<i64>() < EACH * i64::try_from(WRITERS).unwrap_or(0) {
            if deadline < Instant::now() {
                return Err(format!("entries are missing: {seen:?}"));
            }
            for (offset, row) in fed(&*store, after, 7 * number)? {
                let last = seen.entry(row.key().get(..2).unwrap_or_default().to_vec()).or_insert(0);
                *last += 1;
                ensure_eq("the next entry of a customer", &row.key().get(2), &Some(&int(*last)))?;
                after = offset;
            }
        }
        Ok(())
    })?;
    let rows = rows(&*store, prefix(Table::Entry, vec![]))?.len();
    ensure_eq("the feed", &fed(&*store, Offset::START, 10_000)?.len(), &rows)
}
