//! Laws of the feed. A store that keeps no order of its commits says so, each time and everywhere.

use super::Factory;
use super::sample::*;
use crate::error::ErrorCode;
use crate::store::{Fed, Guard, Offset, Row, Store, Table};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn fed(store: &dyn Store, after: Offset, limit: usize) -> Check<Vec<Fed>> {
    store.feed(after, limit).map_err(|error| format!("feed failed: {error}"))
}

/// Whether there is a feed; where there is none, reading and waiting say so.
fn has_feed(store: &dyn Store) -> Check<bool> {
    if !store.abilities().feed {
        let told = [store.feed(Offset::START, 1).map(drop), store.wait_for_entries(Offset::START, 0).map(drop)];
        let codes = told.map(|told| told.map_err(|error| error.code()));
        ensure_eq("without a feed", &codes, &[Err(ErrorCode::StoreNoFeed), Err(ErrorCode::StoreNoFeed)])?;
        return Ok(false);
    }
    Ok(true)
}

fn waited(store: &dyn Store, after: Offset, wait_ms: u32) -> Check<bool> {
    store.wait_for_entries(after, wait_ms).map_err(|error| format!("waiting failed: {error}"))
}

fn name_of(row: &Row) -> String {
    let cell = |place: usize| row.cells().get(place);
    let who = cell(1).and_then(crate::store::Value::as_text).unwrap_or("?");
    format!("{who} {}", cell(2).and_then(crate::store::Value::as_int).unwrap_or(0))
}

/// Entries come in the order of their commits, whatever their keys are, page by page from any place; refused commits leave nothing.
pub fn feed_is_in_order_of_commits(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    if !has_feed(&*store)? {
        return Ok(());
    }
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
    if !has_feed(&*store)? {
        return Ok(());
    }
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

/// Long enough for any machine, in milliseconds; a wait that takes as long has missed something.
const FOR_EVER: u32 = 60_000;

fn enters(store: &dyn Store, seq: i64) -> Check {
    done(store, vec![put(entry("anna", seq, None), Guard::New)])
}

/// A wait ends at once where there is an entry, with the next one where there is none, and after its time where none comes.
pub fn waiting_ends_with_an_entry(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    if !has_feed(&*store)? {
        return Ok(());
    }
    let begun = Instant::now();
    ensure_eq("nothing comes", &waited(&*store, Offset::START, 150)?, &false)?;
    ensure(Duration::from_millis(150) <= begun.elapsed(), "the wait was over before its time")?;
    let begun = Instant::now();
    std::thread::scope(|threads| {
        let waits = threads.spawn(|| waited(&*store, Offset::START, FOR_EVER));
        std::thread::sleep(Duration::from_millis(300));
        ensure(!waits.is_finished(), "the wait ended without an entry")?;
        // What is no entry wakes nobody, or for a moment only.
        done(&*store, vec![put(lot("anna", "points", 1), Guard::New)])?;
        enters(&*store, 1)?;
        let ended = waits.join().map_err(|_| "a thread panicked".to_owned())?;
        ensure_eq("an entry comes", &ended?, &true)
    })?;
    ensure_eq("an entry is there", &waited(&*store, Offset::START, FOR_EVER)?, &true)?;
    ensure(begun.elapsed() < Duration::from_millis((FOR_EVER / 2).into()), "the wait went on behind the entry")?;
    let last = fed(&*store, Offset::START, 10)?.last().map(|(offset, _)| *offset);
    ensure_eq("behind the last", &waited(&*store, last.unwrap_or_default(), 0)?, &false)
}

/// One writes, one waits and reads, in turns and as fast as both can: no wait sleeps through an entry.
pub fn waiting_misses_no_entry(factory: &Factory<'_>) -> Result<(), String> {
    const ENTRIES: i64 = 60;
    let store = factory();
    if !has_feed(&*store)? {
        return Ok(());
    }
    let (reached, begun) = (AtomicUsize::new(0), Instant::now());
    std::thread::scope(|threads| {
        let reads = threads.spawn(|| -> Check {
            let mut after = Offset::START;
            for seq in 1..=ENTRIES {
                ensure_eq(&format!("entry {seq} comes"), &waited(&*store, after, FOR_EVER)?, &true)?;
                let page = fed(&*store, after, 10)?;
                let seen: Vec<String> = page.iter().map(|(_, row)| name_of(row)).collect();
                ensure_eq("the next entry", &seen, &vec![format!("anna {seq}")])?;
                after = page.last().map_or(after, |(offset, _)| *offset);
                reached.fetch_add(1, Ordering::SeqCst);
            }
            Ok(())
        });
        for seq in 1..=ENTRIES {
            enters(&*store, seq)?;
            while i64::try_from(reached.load(Ordering::SeqCst)).unwrap_or(0) < seq && !reads.is_finished() {
                std::thread::sleep(Duration::from_micros(50));
            }
        }
        reads.join().map_err(|_| "a thread panicked".to_owned())?
    })?;
    ensure(begun.elapsed() < Duration::from_millis(FOR_EVER.into()), "a wait slept through an entry")
}

/// Closing ends a wait with `store.closed`, soon.
pub fn closing_ends_waiting(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    if !has_feed(&*store)? {
        return Ok(());
    }
    let begun = Instant::now();
    std::thread::scope(|threads| {
        let waits = threads.spawn(|| store.wait_for_entries(Offset::START, FOR_EVER).map_err(|error| error.code()));
        std::thread::sleep(Duration::from_millis(100));
        store.close().map_err(|error| format!("closing failed: {error}"))?;
        let ended = waits.join().map_err(|_| "a thread panicked".to_owned())?;
        ensure_eq("the end of a wait", &ended, &Err(ErrorCode::StoreClosed))
    })?;
    ensure(begun.elapsed() < Duration::from_millis((FOR_EVER / 2).into()), "the wait went on")
}
