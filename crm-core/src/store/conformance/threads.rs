//! Laws under threads.

use super::Factory;
use super::sample::*;
use crate::store::{Commit, CommitReply, Guard, Read, Row, Store, Table};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const THREADS: usize = 8;

/// Runs the same work on several threads; the first broken law wins, and a panic is one.
pub(super) fn on_threads<T: Send>(work: impl Fn(usize) -> Check<T> + Sync) -> Check<Vec<T>> {
    thread::scope(|scope| {
        let handles: Vec<_> = (0..THREADS).map(|n| (n, &work)).map(|(n, work)| scope.spawn(move || work(n))).collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap_or_else(|_| Err("a thread panicked".to_owned())))
            .collect()
    })
}

/// 8 threads that each add one 200 times under a version guard, again after each conflict, add 1,600.
pub fn no_update_is_lost(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    done(&*store, vec![put(customer("anna", 0, None), Guard::New)])?;
    on_threads(|_| {
        let mut left = 200;
        while 0 < left {
            let found = row(&*store, Table::Customer, customer_key("anna"))?;
            let version = found.and_then(|row| row.version()).ok_or("the row is gone")?;
            match reply(&*store, vec![put(customer("anna", version + 1, None), Guard::Version(version))])? {
                CommitReply::Done => left -= 1,
                CommitReply::Conflict { .. } => {}
                CommitReply::OverLimit { .. } => return Err("there is no limit".to_owned()),
            }
        }
        Ok(())
    })?;
    let found = row(&*store, Table::Customer, customer_key("anna"))?;
    ensure_eq("version", &found.and_then(|row| row.version()), &Some(1_600))
}

/// Of 10,000 tries by 8 threads against a limit of 5,000, exactly 5,000 succeed, and each leaves its row.
pub fn limit_holds_under_threads(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let granted = on_threads(|thread| {
        let mut granted = 0;
        for number in 0..1_250 {
            let row = lot(&format!("c{thread}"), "uses", number);
            match reply(&*store, vec![within("coupon", 1, 5_000), put(row, Guard::New)])? {
                CommitReply::Done => granted += 1,
                CommitReply::OverLimit { writes } => ensure_eq("over", &writes, &vec![0])?,
                CommitReply::Conflict { .. } => return Err("a counter is never a conflict".to_owned()),
            }
        }
        Ok(granted)
    })?;
    ensure_eq("granted", &granted.into_iter().sum::<usize>(), &5_000)?;
    ensure_eq("counter", &used(&*store, "coupon")?, &Some(5_000))?;
    ensure_eq("rows", &rows(&*store, prefix(Table::Lot, vec![]))?.len(), &5_000)
}

/// Several threads work on the store while one writes; stops the writer when they are done.
fn beside_a_writer<T: Send>(
    store: &dyn Store,
    writes: impl Fn(i64) -> Commit + Sync,
    work: impl FnOnce() -> Check<T>,
) -> Check<T> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                done(store, writes(round).writes)?;
            }
            Ok(())
        });
        let outcome = work();
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap_or_else(|_| Err("the writer panicked".to_owned()))?;
        outcome
    })
}

/// All reads of one load see the same point in time: two rows that are always written together are never seen apart.
pub fn load_is_one_point_in_time(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let pair = |round| Commit {
        writes: ["left", "right"].map(|id| put(customer(id, round, Some(round)), Guard::Any)).to_vec(),
    };
    done(&*store, pair(0).writes)?;
    let reads = [
        Read::Row { table: Table::Customer, key: customer_key("left") },
        due(i64::MAX),
        prefix(Table::Customer, vec![int(BUCKET)]),
        Read::Row { table: Table::Customer, key: customer_key("right") },
    ];
    beside_a_writer(&*store, pair, || {
        let versions = |store: &dyn Store| Ok::<_, String>(ints(&load(store, &reads)?.concat(), 2));
        on_threads(|_| {
            (0..200).try_for_each(|_| {
                let seen = versions(&*store)?;
                ensure(seen.len() == 6, "both rows are always there, in each read")?;
                ensure(seen.iter().min() == seen.iter().max(), format!("one load saw different times: {seen:?}"))
            })
        })
        .map(drop)
    })
}

/// Pages read while others write give every row that was there all the time, once and in order.
pub fn pages_are_stable_while_writing(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let even: Vec<Row> = (0..500).map(|n| customer(&format!("c{:04}", n * 2), 1, Some(n * 2))).collect();
    done(&*store, even.iter().map(|row| put(row.clone(), Guard::New)).collect())?;
    let odd = |round: i64| {
        let n = (round * 37) % 500 * 2 + 1;
        let id = format!("c{n:04}");
        let there = put(customer(&id, 1, Some(n)), Guard::Any);
        let gone = crate::store::Write::Delete { table: Table::Customer, key: customer_key(&id) };
        Commit { writes: vec![if round % 3 == 0 { gone } else { there }] }
    };
    beside_a_writer(&*store, odd, || {
        for limit in [7, 64] {
            let (mut by_key, mut by_due): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
            loop {
                let after = by_key.last().map(|row| row.key().to_vec());
                let page = rows(&*store, Read::Prefix { table: Table::Customer, prefix: vec![], after, limit })?;
                let after = by_due
                    .last()
                    .map(|row| (int(*ints(std::slice::from_ref(row), 8).first().unwrap_or(&0)), row.key().to_vec()));
                let due =
                    rows(&*store, Read::UpTo { table: Table::Customer, index: 0, up_to: int(9_999), after, limit })?;
                if page.is_empty() && due.is_empty() {
                    break;
                }
                by_key.extend(page);
                by_due.extend(due);
            }
            for seen in [by_key, by_due] {
                ensure(seen.iter().map(Row::key).is_sorted_by(|a, b| a < b), "a page repeated or mixed up rows")?;
                let kept: Vec<Row> = seen
                    .into_iter()
                    .filter(|row| ints(std::slice::from_ref(row), 8).first().is_some_and(|n| n % 2 == 0))
                    .collect();
                ensure(kept == even, format!("pages of {limit} lost rows that were there all the time"))?;
            }
        }
        Ok(())
    })
}

/// Of 8 threads that write the same new row, exactly one is done, each time.
pub fn one_new_row_wins(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let won = on_threads(|thread| {
        let mut won = 0;
        for number in 0..100 {
            let owner = format!("c{thread}");
            let row = identity(&format!("phone:{number}"), 1, Some(&owner), None);
            if reply(&*store, vec![put(row, Guard::New)])? == CommitReply::Done {
                won += 1;
            }
        }
        Ok(won)
    })?;
    ensure_eq("won", &won.into_iter().sum::<usize>(), &100)
}
