//! Laws of commits: atomic, guarded, in order.

use super::sample::*;
use super::{Factory, LAWS};
use crate::error::ErrorCode;
use crate::store::{Commit, CommitReply, Guard, Read, Row, Store, Table, Value, Write};
use std::sync::Arc;

/// A commit with one broken guard leaves no trace, whatever stands before and after it.
pub fn commit_is_all_or_nothing(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let before = customer("anna", 1, Some(5));
    done(
        &*store,
        vec![put(before.clone(), Guard::New), put(entry("anna", 1, Some("r1")), Guard::New), within("c", 3, 9)],
    )?;
    let writes = vec![
        put(customer("anna", 2, Some(9)), Guard::Version(1)),
        put(entry("anna", 2, Some("r2")), Guard::New),
        within("c", 1, 9),
        Write::Delete { table: Table::Entry, key: entry_key("anna", 1) },
        put(customer("bert", 2, None), Guard::Version(1)),
        put(identity("phone:1", 1, Some("anna"), None), Guard::New),
    ];
    conflict(&*store, writes, &[4])?;
    ensure_eq("customer", &row(&*store, Table::Customer, customer_key("anna"))?, &Some(before.clone()))?;
    ensure_eq("entries", &ints(&rows(&*store, prefix(Table::Entry, vec![]))?, 2), &vec![1])?;
    ensure_eq("counter", &used(&*store, "c")?, &Some(3))?;
    ensure_eq("identities", &rows(&*store, prefix(Table::Identity, vec![]))?, &vec![])?;
    ensure_eq("due", &rows(&*store, due(100))?, &vec![before])?;
    done(&*store, vec![put(entry("anna", 2, Some("r2")), Guard::New)])
}

/// What a commit wrote is there for the next load, whole.
pub fn own_commit_is_read(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let written = [customer("anna", 1, None), entry("anna", 1, Some("r1")), lot("anna", "points", 1)];
    done(&*store, written.iter().map(|row| put(row.clone(), Guard::New)).collect())?;
    for expected in written {
        let found = row(&*store, expected.table, expected.key().to_vec())?;
        ensure_eq("row", &found, &Some(expected))?;
    }
    Ok(())
}

/// A commit without writes is done.
pub fn empty_commit_is_done(factory: &Factory<'_>) -> Result<(), String> {
    done(&*factory(), vec![])
}

/// A version guard refuses a row of another version, newer or older, and a missing row.
pub fn stale_version_is_refused(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    conflict(&*store, vec![put(customer("anna", 2, None), Guard::Version(1))], &[0])?;
    done(&*store, vec![put(customer("anna", 1, None), Guard::New)])?;
    done(&*store, vec![put(customer("anna", 2, None), Guard::Version(1))])?;
    conflict(&*store, vec![put(customer("anna", 2, None), Guard::Version(1))], &[0])?;
    conflict(&*store, vec![put(customer("anna", 9, None), Guard::Version(3))], &[0])?;
    done(&*store, vec![put(customer("anna", 7, None), Guard::Version(2))])?;
    let found = row(&*store, Table::Customer, customer_key("anna"))?;
    ensure_eq("version", &found.and_then(|row| row.version()), &Some(7))
}

/// A row guarded as new is refused where one with its key exists, even an equal one.
pub fn new_row_must_be_new(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    done(&*store, vec![put(customer("anna", 1, None), Guard::New)])?;
    conflict(&*store, vec![put(customer("anna", 1, None), Guard::New)], &[0])?;
    conflict(&*store, vec![put(customer("anna", 8, Some(3)), Guard::New)], &[0])?;
    ensure_eq("row", &row(&*store, Table::Customer, customer_key("anna"))?, &Some(customer("anna", 1, None)))
}

/// A check holds for the version that is stored, or for a row that is absent, and for nothing else.
pub fn check_holds_or_refuses(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let check = |id: &str, version| Write::Check { table: Table::Customer, key: customer_key(id), version };
    done(&*store, vec![put(customer("anna", 4, None), Guard::New), check("bert", None)])?;
    done(&*store, vec![check("anna", Some(4)), check("bert", None)])?;
    conflict(&*store, vec![check("anna", Some(3))], &[0])?;
    conflict(&*store, vec![check("anna", None)], &[0])?;
    conflict(&*store, vec![check("bert", Some(1))], &[0])?;
    let absent_lot = Write::Check { table: Table::Lot, key: lot("anna", "points", 1).key().to_vec(), version: None };
    done(&*store, vec![absent_lot.clone(), put(lot("anna", "points", 1), Guard::New)])?;
    conflict(&*store, vec![absent_lot], &[0])
}

/// A second row with the same cells in a unique index is a conflict under every guard; nulls are never equal.
pub fn unique_index_is_guarded(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    done(&*store, vec![put(entry("anna", 1, Some("r1")), Guard::New)])?;
    for guard in [Guard::New, Guard::Any] {
        conflict(&*store, vec![put(entry("anna", 2, Some("r1")), guard)], &[0])?;
    }
    conflict(
        &*store,
        vec![put(entry("anna", 2, Some("r2")), Guard::New), put(entry("anna", 3, Some("r2")), Guard::New)],
        &[1],
    )?;
    done(&*store, vec![put(entry("anna", 2, None), Guard::New), put(entry("anna", 3, None), Guard::New)])?;
    conflict(&*store, vec![put(entry("anna", 3, Some("r1")), Guard::Any)], &[0])?;
    done(&*store, vec![put(entry("bert", 1, Some("r1")), Guard::New)])?;
    done(&*store, vec![put(entry("anna", 1, Some("r1")), Guard::Any)])?;
    done(&*store, vec![put(entry("anna", 1, Some("r0")), Guard::Any)])?;
    done(&*store, vec![put(entry("anna", 2, Some("r1")), Guard::Any)])
}

/// A row without a guard is written whether there was one or not.
pub fn any_guard_replaces(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    for version in [1, 2, 2, 1] {
        let written = customer("anna", version, Some(version));
        done(&*store, vec![put(written.clone(), Guard::Any)])?;
        ensure_eq("rows", &rows(&*store, prefix(Table::Customer, vec![]))?, &vec![written])?;
    }
    Ok(())
}

/// A deleted row is gone from its table and from every index; deleting a missing row is fine.
pub fn deleted_row_is_gone(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let delete = || Write::Delete { table: Table::Customer, key: customer_key("anna") };
    done(&*store, vec![delete()])?;
    done(&*store, vec![put(customer("anna", 1, Some(5)), Guard::New), put(customer("bert", 1, Some(6)), Guard::New)])?;
    done(&*store, vec![delete(), Write::Delete { table: Table::Entry, key: entry_key("anna", 1) }])?;
    ensure_eq("row", &row(&*store, Table::Customer, customer_key("anna"))?, &None)?;
    ensure_eq("due", &texts(&rows(&*store, due(9))?, 1), &vec!["bert".to_owned()])?;
    conflict(&*store, vec![put(customer("anna", 2, None), Guard::Version(1))], &[0])?;
    done(&*store, vec![put(customer("anna", 1, None), Guard::New)])?;
    let entries = vec![put(entry("anna", 1, Some("r1")), Guard::New)];
    done(&*store, entries)?;
    let moved = vec![
        Write::Delete { table: Table::Entry, key: entry_key("anna", 1) },
        put(entry("anna", 2, Some("r1")), Guard::New),
    ];
    done(&*store, moved)
}

/// Writes take effect in their order, and a guard sees the writes before it: two commits in one are as good as in turn.
pub fn writes_take_effect_in_order(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let check = |version| Write::Check { table: Table::Customer, key: customer_key("anna"), version };
    let writes = vec![
        check(None),
        put(customer("anna", 1, Some(1)), Guard::New),
        check(Some(1)),
        put(customer("anna", 2, Some(2)), Guard::Version(1)),
        put(customer("anna", 3, Some(3)), Guard::Version(2)),
        Write::Delete { table: Table::Customer, key: customer_key("anna") },
        check(None),
        put(customer("anna", 5, Some(5)), Guard::New),
    ];
    done(&*store, writes)?;
    ensure_eq("due", &rows(&*store, due(9))?, &vec![customer("anna", 5, Some(5))])?;
    let twice =
        vec![put(customer("anna", 6, None), Guard::Version(5)), put(customer("anna", 6, None), Guard::Version(5))];
    conflict(&*store, twice, &[1])?;
    ensure_eq("due", &rows(&*store, due(9))?, &vec![customer("anna", 5, Some(5))])
}

/// A conflict names every write whose guard is broken, in order, so that a batch decides again only those.
pub fn all_broken_guards_are_named(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    done(&*store, vec![put(customer("anna", 3, None), Guard::New), put(entry("anna", 1, Some("r1")), Guard::New)])?;
    let writes = vec![
        put(customer("bert", 1, None), Guard::New),
        put(customer("anna", 3, None), Guard::Version(2)),
        put(entry("anna", 2, Some("r1")), Guard::New),
        put(entry("bert", 1, Some("r1")), Guard::New),
        put(entry("anna", 1, None), Guard::New),
        Write::Check { table: Table::Customer, key: customer_key("anna"), version: None },
        put(identity("phone:1", 1, None, None), Guard::Any),
    ];
    conflict(&*store, writes, &[1, 2, 4, 5])
}

/// Where guards and limits are both broken, the commit is a conflict, because the limit may be met after another load.
pub fn conflict_goes_before_limit(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let writes = vec![within("c", 2, 1), put(customer("anna", 2, None), Guard::Version(1))];
    conflict(&*store, writes, &[1])
}

/// A row, key, guard or read that does not fit its table is refused as `internal`, and nothing is written.
pub fn misfits_are_refused(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    let row_of = |cells: Vec<Value>| Row::new(Table::Counter, cells);
    let misfits = [
        put(row_of(vec![int(1), text("c")]), Guard::Any),
        put(row_of(vec![int(1), text("c"), int(1), int(1)]), Guard::Any),
        put(row_of(vec![int(1), text("c"), text("1")]), Guard::Any),
        put(row_of(vec![int(1), text("c"), Value::Null]), Guard::Any),
        put(row_of(vec![int(1), text("c"), int(2)]), Guard::Version(1)),
        put(customer("bert", 1, None), Guard::Version(1)),
        Write::Delete { table: Table::Counter, key: vec![int(1)] },
        Write::Check { table: Table::Counter, key: vec![int(1), text("c")], version: Some(1) },
        Write::Within { key: vec![text("c"), int(1)], add: 1, limit: 1 },
    ];
    for misfit in misfits {
        let writes = vec![put(customer("anna", 1, None), Guard::New), misfit.clone()];
        let refused = store.commit(&Commit { writes }).err().map(|error| error.code());
        ensure_eq(&format!("{misfit:?}"), &refused, &Some(ErrorCode::Internal))?;
    }
    let reads = [
        Read::Row { table: Table::Counter, key: vec![int(1)] },
        Read::Index { table: Table::Customer, index: 1, cells: vec![int(1)] },
        Read::Index { table: Table::Customer, index: 0, cells: vec![] },
        prefix(Table::Program, vec![int(1), int(1)]),
    ];
    for read in reads {
        let refused = store.load(std::slice::from_ref(&read)).err().map(|error| error.code());
        ensure_eq(&format!("{read:?}"), &refused, &Some(ErrorCode::Internal))?;
    }
    ensure_eq("rows", &rows(&*store, prefix(Table::Customer, vec![]))?, &vec![])
}

/// A counter never exceeds its limit nor falls below zero; what several writes of one commit add, adds up.
pub fn counter_stays_within(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    done(&*store, vec![within("c", 4, 10), within("c", 4, 10), within("d", 0, 0)])?;
    let over = reply(&*store, vec![within("c", 1, 10), within("c", 2, 10), within("d", 1, 1), within("c", 1, 10)])?;
    ensure_eq("over", &over, &CommitReply::OverLimit { writes: vec![1] })?;
    ensure_eq("counter", &(used(&*store, "c")?, used(&*store, "d")?), &(Some(8), Some(0)))?;
    let below =
        reply(&*store, vec![put(customer("anna", 1, None), Guard::New), within("c", -9, 10), within("e", -1, 10)])?;
    ensure_eq("below", &below, &CommitReply::OverLimit { writes: vec![1, 2] })?;
    ensure_eq("customer", &row(&*store, Table::Customer, customer_key("anna"))?, &None)?;
    done(&*store, vec![within("c", 2, 10), within("c", -10, 10)])?;
    ensure_eq("counter", &(used(&*store, "c")?, used(&*store, "e")?), &(Some(0), None))
}

/// A counter takes the largest numbers without wrapping around, and a limit below what is used only lets it fall.
pub fn counter_takes_extremes(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    done(&*store, vec![within("c", i64::MAX, i64::MAX)])?;
    for (add, limit) in
        [(1, i64::MAX), (i64::MIN, i64::MAX), (i64::MAX, i64::MAX), (0, 5), (-1, 5), (0, -1), (i64::MIN, i64::MIN)]
    {
        let over = reply(&*store, vec![within("c", add, limit)])?;
        ensure_eq(&format!("{add} within {limit}"), &over, &CommitReply::OverLimit { writes: vec![0] })?;
    }
    done(&*store, vec![within("c", -i64::MAX, 0)])?;
    ensure_eq("counter", &used(&*store, "c")?, &Some(0))
}

/// After `close`, loads and commits are refused with `store.closed`; closing again is fine.
pub fn closed_store_refuses(factory: &Factory<'_>) -> Result<(), String> {
    let store = factory();
    done(&*store, vec![put(customer("anna", 1, None), Guard::New)])?;
    for _ in 0..2 {
        store.close().map_err(|error| format!("close failed: {error}"))?;
        let load = store.load(&[due(1)]).err().map(|error| error.code());
        let commit = store.commit(&Commit { writes: vec![within("c", 1, 1)] }).err().map(|error| error.code());
        ensure_eq("codes", &(load, commit), &(Some(ErrorCode::StoreClosed), Some(ErrorCode::StoreClosed)))?;
    }
    Ok(())
}

/// A store behind `Arc<dyn Store>` keeps every law.
pub fn shared_store_keeps_the_laws(factory: &Factory<'_>) -> Result<(), String> {
    let shared = || Box::new(Arc::<dyn Store>::from(factory())) as Box<dyn Store>;
    let this = "shared_store_keeps_the_laws";
    LAWS.iter()
        .filter(|(name, _)| *name != this)
        .try_for_each(|(name, law)| law(&shared).map_err(|broken| format!("{name}: {broken}")))
}
