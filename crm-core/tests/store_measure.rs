//! Measures, not tests: bytes per row and time per commit. Run with
//! `cargo test --release --features sqlite --test store_measure -- --ignored --nocapture`.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::float_arithmetic, reason = "helpers of tests")]

use crm_core::store::{
    Commit, CommitReply, Durability, Guard, MemoryStore, Read, Row, SqliteOptions, SqliteStore, Store, Table, Value,
    Write,
};
use std::path::Path;
use std::time::Instant;

fn number(name: &str, default: i64) -> i64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn blob(len: i64, seed: i64) -> Value {
    Value::Blob((0..len).map(|n| (n * 31 + seed * 17).to_le_bytes()[0]).collect())
}

fn bucket_of(customer: i64) -> Value {
    Value::Int(customer.wrapping_mul(2_654_435_761) % 1_024)
}

fn id_of(customer: i64) -> Value {
    Value::text(&format!("C{:09}", customer))
}

/// Another order of the numbers below `count`, the same in each run.
fn scattered(n: i64, count: i64) -> i64 {
    (n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 20).rem_euclid(count)
}

fn customer(number_of: i64, version: i64, state: i64) -> Row {
    let cells = vec![
        bucket_of(number_of),
        id_of(number_of),
        Value::Int(version),
        Value::Int(1_700_000_000_000),
        Value::text("active"),
        Value::text("engaged"),
        Value::text("gold"),
        Value::Int(120),
        Value::Int(1_800_000_000_000 + scattered(number_of + version, 365) * 86_400_000),
        blob(200, number_of),
        blob(state, version),
    ];
    Row::new(Table::Customer, cells)
}

/// What recording an order writes: the customer, the order, its entry with the mark of the request, its name.
fn command(number_of: i64, version: i64, n: i64, state: i64, body: i64) -> Commit {
    let (bucket, id, at) = (bucket_of(number_of), id_of(number_of), Value::Int(1_700_000_000_000 + n));
    let order_id = Value::text(&format!("O{n:012}"));
    let order = vec![
        bucket.clone(),
        id.clone(),
        order_id.clone(),
        at.clone(),
        Value::text("CNY"),
        Value::Int(12_850),
        Value::Int(0),
        Value::text("valid"),
        Value::text("web"),
        Value::Null,
        blob(body, n),
    ];
    let entry = vec![
        bucket,
        id.clone(),
        Value::Int(version),
        Value::text("order"),
        at.clone(),
        at,
        Value::text(&format!("01890a5d-ac96-774b-bcce-{n:012}")),
        Value::text("points"),
        Value::Int(128),
        order_id,
        Value::Int(1),
        blob(body, n + 1),
        blob(body / 2, n + 2),
    ];
    let name = format!("order:O{n:012}");
    let identity = vec![Value::Int(scattered(n, 1_024)), Value::text(&name), Value::Int(1), id, Value::Null];
    let put = |table, cells, guard| Write::Put { row: Row::new(table, cells), guard };
    let writes = vec![
        Write::Put { row: customer(number_of, version, state), guard: Guard::Version(version - 1) },
        put(Table::Order, order, Guard::New),
        put(Table::Entry, entry, Guard::New),
        put(Table::Identity, identity, Guard::New),
    ];
    Commit { writes }
}

fn cpu_us() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e3
}

fn fill(store: &dyn Store, customers: i64, state: i64) {
    for start in (0..customers).step_by(1_000) {
        let range = start..(start + 1_000).min(customers);
        let writes = range.map(|n| Write::Put { row: customer(n, 0, state), guard: Guard::New }).collect();
        assert_eq!(store.commit(&Commit { writes }).unwrap(), CommitReply::Done);
    }
}

/// Returns CPU and wall microseconds per command of commits that hold so many commands.
fn drive(
    store: &dyn Store,
    customers: i64,
    from: i64,
    count: i64,
    per_commit: i64,
    state: i64,
    body: i64,
) -> (f64, f64) {
    let (mut cpu, mut wall) = (0.0, 0.0);
    let mut commits = Vec::new();
    for chunk in (from..from + count).step_by(10_000) {
        commits.clear();
        for first in (chunk..(chunk + 10_000).min(from + count)).step_by(usize::try_from(per_commit).unwrap()) {
            // Customers in a scattered order; their versions by how often the round came past them.
            let commands = (first..first + per_commit).flat_map(|n| {
                let (round, place) = (n / customers, n % customers);
                command((place * 7_919) % customers, round + 1, n, state, body).writes
            });
            commits.push(Commit { writes: commands.collect() });
        }
        let (cpu_before, before) = (cpu_us(), Instant::now());
        for commit in &commits {
            assert_eq!(store.commit(commit).unwrap(), CommitReply::Done);
        }
        cpu += cpu_us() - cpu_before;
        wall += before.elapsed().as_secs_f64() * 1e6;
    }
    (cpu / count as f64, wall / count as f64)
}

fn sizes(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let list =
        "SELECT name, sum(pgsize), sum(unused) FROM dbstat GROUP BY name HAVING sum(pgsize) > 8192 ORDER BY 2 DESC";
    let mut statement = connection.prepare(list).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (name, bytes, unused): (String, i64, i64) = (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        println!("    {name:32} {bytes:>12} bytes, {} % unused", unused * 100 / bytes);
    }
}

#[test]
#[ignore = "a measure, not a test"]
fn sqlite() {
    let (customers, count) = (number("CUSTOMERS", 20_000), number("COUNT", 60_000));
    for (state, body) in [(300, 120), (600, 300), (2_000, 600)] {
        let folder = tempfile::tempdir_in(std::env::var("FOLDER").unwrap_or_else(|_| "/tmp".to_owned())).unwrap();
        let path = folder.path().join("crm.db");
        let options = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
        let store = SqliteStore::open(&path, options).unwrap();
        fill(&store, customers, state);
        let (cpu, wall) = drive(&store, customers, 0, count, 1, state, body);
        println!("state {state}, body {body}: 1 per commit: {cpu:.1} us cpu, {wall:.1} us wall");
        let (cpu, wall) = drive(&store, customers, count, count, 1_000, state, body);
        println!("state {state}, body {body}: 1,000 per commit: {cpu:.1} us cpu, {wall:.1} us wall");
        let reads: Vec<Read> = (0..1_000)
            .map(|n| (n * 7_919) % customers)
            .map(|n| Read::Prefix {
                table: Table::Entry,
                prefix: vec![bucket_of(n), id_of(n)],
                after: None,
                limit: 100,
            })
            .collect();
        let before = cpu_us();
        let rows: usize = store.load(&reads).unwrap().iter().map(Vec::len).sum();
        println!("  journals: {:.2} us cpu per row of {rows}", (cpu_us() - before) / rows as f64);
        store.close().unwrap();
        println!("  {} bytes per order", path.metadata().unwrap().len() / u64::try_from(2 * count).unwrap());
        sizes(&path);
    }
}

#[test]
#[ignore = "a measure, not a test"]
fn memory() {
    let (customers, count) = (number("CUSTOMERS", 100_000), number("COUNT", 100_000));
    let store = MemoryStore::new();
    fill(&store, customers, 300);
    let (cpu, wall) = drive(&store, customers, 0, count, 1, 300, 120);
    println!("{customers} customers: {cpu:.2} us cpu, {wall:.2} us wall per commit of 4 rows");
    let before = cpu_us();
    for n in 0..count {
        let customer = scattered(n, customers);
        let key = vec![bucket_of(customer), id_of(customer)];
        let request = Value::text(&format!("01890a5d-ac96-774b-bcce-{n:012}"));
        let cells = [key.clone(), vec![request]].concat();
        let mark = Read::Index { table: Table::Entry, index: 0, cells };
        assert!(!store.load(&[Read::Row { table: Table::Customer, key }, mark]).unwrap().is_empty());
    }
    println!("  {:.2} us cpu per load of a customer and a mark", (cpu_us() - before) / count as f64);
    bare(customers, count);
}

/// The same rows in plain maps of bytes: what a program without a store would pay in the same run.
fn bare(customers: i64, count: i64) {
    let mut maps: [std::collections::HashMap<String, Vec<u8>>; 4] = Default::default();
    for n in 0..customers {
        maps[0].insert(format!("C{n:09}"), vec![1; 560]);
    }
    let keys: Vec<[String; 4]> = (0..count)
        .map(|n| {
            [format!("C{:09}", (n * 7_919) % customers), format!("O{n:012}"), format!("E{n:012}"), format!("I{n:012}")]
        })
        .collect();
    let before = cpu_us();
    for (n, keys) in keys.into_iter().enumerate() {
        for ((map, key), bytes) in maps.iter_mut().zip(keys).zip([560_usize, 180, 300, 40]) {
            map.insert(key, vec![n.to_le_bytes()[0]; bytes]);
        }
    }
    println!("  {:.2} us cpu per 4 inserts into plain maps", (cpu_us() - before) / count as f64);
}
