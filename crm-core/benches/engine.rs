//! The engine beside the bare program that writes the same rows, in one binary, round by round.
//!
//! `cargo bench -p crm-core --features sqlite --bench engine [-- SCENARIO]`. CPU time is what counts; the ratio is bare / engine, so 1.00 is
//! as fast as the bare program and 0.50 needs twice its CPU. `docs/BENCHMARKS.md` says what was measured, where.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "tests and benchmarks"
)]

use cpu_time::ProcessTime;
use crm_core::command::{Command, EarnPoints, RegisterCustomer, Request};
use crm_core::query::Query;
use crm_core::store::{
    Abilities, Commit, CommitReply, Durability, MemoryStore, OpenMode, Read, Row, SqliteOptions, SqliteStore, Store,
    Table, Value, Write,
};
use crm_core::value::{CustomerId, PointCurrency, Points, RequestId, Timestamp};
use crm_core::{Engine, Result};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ToSql, params_from_iter};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ROUNDS: usize = 5;
const START: i64 = 1_772_000_000_000;
const PROGRAM: &str = r#"{ "version": 1, "program": "bench", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points", "expiry": { "type": "months", "months": 12 } }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" },
               "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }],
    "tiers": [{ "id": "main", "metric": { "type": "net_spend" }, "window": { "type": "calendar", "period": "year" },
                "tiers": [{ "id": "basic", "threshold": "0" }, { "id": "gold", "threshold": "1000.00" }] }],
    "lifecycle": { "type": "preset", "name": "retail" } }"#;

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let scenarios: [(&str, fn()); 6] = [
        ("sqlite-1", || sqlite_writes("sqlite-1", 1, 4_000)),
        ("sqlite-1000", || sqlite_writes("sqlite-1000", 1_000, 40_000)),
        ("memory", memory),
        ("read", point_reads),
        ("sweep", sweeps),
        ("flat", flat),
    ];
    for (name, run) in scenarios {
        if only.as_deref().is_none_or(|only| only == name) {
            run();
        }
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(START + seconds * 1_000).unwrap()
}

fn id(n: usize) -> CustomerId {
    CustomerId::new(format!("m{n:07}")).unwrap()
}

fn request(n: usize, seconds: i64, command: Command) -> Request {
    let request_id = RequestId::new(format!("{:012x}-{n:08x}", START + seconds)).unwrap();
    Request { request_id, at: at(seconds), actor: None, reason: None, batch: None, command }
}

fn registrations(customers: usize) -> Vec<Request> {
    let command = |n| RegisterCustomer {
        customer_id: id(n),
        registered_at: None,
        identifiers: Vec::new(),
        profile: Default::default(),
        tags: Default::default(),
        attributes: Default::default(),
        referred_by: None,
    };
    (0..customers).map(|n| request(n, 0, Command::RegisterCustomer(command(n)))).collect()
}

/// Earns spread over customers in a fixed, scattered order.
fn earns(count: usize, customers: usize, from: usize) -> Vec<Request> {
    let command = |n: usize| EarnPoints {
        customer_id: id(n.wrapping_mul(7_919) % customers),
        currency: PointCurrency::new("points").unwrap(),
        points: Points::new(10 + (n % 90) as i64).unwrap(),
        earned_at: None,
        usable_from: None,
        usable_through: None,
    };
    (from..from + count).map(|n| request(n, n as i64 + 1, Command::EarnPoints(command(n)))).collect()
}

fn engine_on(store: impl Store + 'static, customers: usize) -> Engine {
    let engine = Engine::open(store).unwrap();
    engine.publish_json(PROGRAM, at(0)).unwrap();
    for chunk in registrations(customers).chunks(1_000) {
        all_done(engine.execute_many(chunk.to_vec()).unwrap());
    }
    engine
}

fn all_done(outcomes: Vec<Result<crm_core::effect::Done>>) {
    outcomes.into_iter().for_each(|outcome| drop(outcome.unwrap()));
}

fn sqlite(path: &Path) -> SqliteStore {
    let options =
        SqliteOptions { durability: Durability::Normal, open: OpenMode::CreateOrOpen, ..SqliteOptions::default() };
    SqliteStore::open(path, options).unwrap()
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = ProcessTime::now();
    work();
    start.elapsed()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn micros(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / count as f64
}

/// Notes every commit that passes through.
struct Recorder {
    inner: MemoryStore,
    commits: Arc<Mutex<Vec<Commit>>>,
}

impl Store for Recorder {
    fn abilities(&self) -> Abilities {
        self.inner.abilities()
    }
    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        self.inner.load(reads)
    }
    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        self.commits.lock().unwrap().push(commit.clone());
        self.inner.commit(commit)
    }
    fn close(&self) -> Result<()> {
        Ok(())
    }
}

struct Cell<'a>(&'a Value);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::from(rusqlite::types::Null),
            Value::Int(n) => ToSqlOutput::from(*n),
            Value::Text(text) => ToSqlOutput::from(&**text),
            Value::Blob(bytes) => ToSqlOutput::from(&**bytes),
        })
    }
}

/// The bare program: reads the account by its key, then writes the same rows in one immediate transaction.
fn bare(connection: &Connection, commits: &[Commit]) {
    let customer = Table::Customer.describe();
    let set: Vec<String> = customer.columns.iter().map(|column| format!("{} = ?", column.name)).collect();
    let update = format!("UPDATE customer SET {} WHERE bucket = ? AND customer_id = ? AND version = ?", set.join(", "));
    let insert = format!("INSERT INTO entry VALUES ({})", vec!["?"; Table::Entry.describe().columns.len()].join(", "));
    for commit in commits {
        connection.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
        for write in &commit.writes {
            let Write::Put { row, .. } = write else { continue };
            match row.table {
                Table::Customer => {
                    let mut read = connection
                        .prepare_cached(
                            "SELECT version, profile, state FROM customer WHERE bucket = ? AND customer_id = ?",
                        )
                        .unwrap();
                    let key = [Cell(&row.cells()[0]), Cell(&row.cells()[1])];
                    let version: i64 = read
                        .query_row(params_from_iter(key.iter()), |found| {
                            let (_, _): (Vec<u8>, Vec<u8>) = (found.get(1)?, found.get(2)?);
                            found.get(0)
                        })
                        .unwrap();
                    let (cells, version) = (row.cells().iter().map(Cell), Value::Int(version));
                    let guard = [Cell(&row.cells()[0]), Cell(&row.cells()[1]), Cell(&version)];
                    let mut write = connection.prepare_cached(&update).unwrap();
                    assert_eq!(write.execute(params_from_iter(cells.chain(guard))).unwrap(), 1);
                }
                Table::Entry => {
                    let mut write = connection.prepare_cached(&insert).unwrap();
                    write.execute(params_from_iter(row.cells().iter().map(Cell))).unwrap();
                }
                other => panic!("an earn writes no row of {other:?}"),
            }
        }
        connection.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
    }
}

fn sqlite_writes(name: &str, batch: usize, count: usize) {
    const CUSTOMERS: usize = 2_000;
    let commits = Arc::new(Mutex::new(Vec::new()));
    let recording = engine_on(Recorder { inner: MemoryStore::new(), commits: commits.clone() }, CUSTOMERS);
    commits.lock().unwrap().clear();
    for chunk in earns(count, CUSTOMERS, 0).chunks(batch) {
        all_done(recording.execute_many(chunk.to_vec()).unwrap());
    }
    let commits = commits.lock().unwrap().clone();
    let (mut ratios, mut engines, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("engine.db"), folder.path().join("bare.db"));
        let engine = engine_on(sqlite(&ours), CUSTOMERS);
        engine_on(sqlite(&theirs), CUSTOMERS).close().unwrap();
        let chunks: Vec<Vec<Request>> = earns(count, CUSTOMERS, 0).chunks(batch).map(<[Request]>::to_vec).collect();
        let by_engine = timed(|| chunks.into_iter().for_each(|chunk| all_done(engine.execute_many(chunk).unwrap())));
        let connection = Connection::open(&theirs).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;").unwrap();
        connection.set_prepared_statement_cache_capacity(64);
        let by_bare = timed(|| bare(&connection, &commits));
        ratios.push(by_bare.as_secs_f64() / by_engine.as_secs_f64());
        engines.push(micros(by_engine, count));
        bares.push(micros(by_bare, count));
    }
    println!(
        "{name}: {:.2} of bare (engine {:.1} us, bare {:.1} us CPU per earn)",
        median(ratios),
        median(engines),
        median(bares)
    );
}

fn memory() {
    const CUSTOMERS: usize = 10_000;
    const COUNT: usize = 200_000;
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let engine = engine_on(MemoryStore::new(), CUSTOMERS);
        let chunks: Vec<Vec<Request>> = earns(COUNT, CUSTOMERS, 0).chunks(1_000).map(<[Request]>::to_vec).collect();
        let time = timed(|| chunks.into_iter().for_each(|chunk| all_done(engine.execute_many(chunk).unwrap())));
        rates.push(COUNT as f64 / time.as_secs_f64());
    }
    println!("memory: {:.0} earns a second and core (1,000 per call)", median(rates));
}

/// What the bare program makes of an open lot: what the engine's answer says of it.
struct BareLot {
    id: u64,
    source: (u8, String),
    amount: i64,
    earned_at: i64,
    expires_at: i64,
}

/// Walks through the stored state as a program would that knows its layout: `accounts` is the third part, `lots` the third of an account,
/// and behind the sums of the lots they lie in one byte string. Gives the usable points, and as many lots as are wanted.
fn bare_lots(state: &[u8], wanted: u64) -> (i64, Vec<BareLot>) {
    let mut d = minicbor::Decoder::new(state);
    d.array().unwrap();
    (0..2).for_each(|_| d.skip().unwrap());
    d.array().unwrap();
    d.array().unwrap();
    d.skip().unwrap();
    d.array().unwrap();
    d.skip().unwrap();
    let available = d.i64().unwrap();
    (0..9).for_each(|_| d.skip().unwrap());
    let parts = d.array().unwrap().unwrap();
    let count = d.u64().unwrap();
    (2..parts).for_each(|_| d.skip().unwrap());
    let mut d = minicbor::Decoder::new(d.bytes().unwrap());
    let lots = (0..count.min(wanted)).map(|_| {
        let parts = d.array().unwrap().unwrap();
        let id = d.u64().unwrap();
        let source = (d.u8().unwrap(), d.str().unwrap().to_owned());
        let amount = d.i64().unwrap();
        let earned_at = d.i64().unwrap();
        d.skip().unwrap();
        let expires_at = d.i64().unwrap();
        (7..parts).for_each(|_| d.skip().unwrap());
        BareLot { id, source, amount, earned_at, expires_at }
    });
    (available, lots.collect())
}

fn point_reads() {
    const CUSTOMERS: usize = 2_000;
    const COUNT: usize = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("read.db");
    let engine = engine_on(sqlite(&path), CUSTOMERS);
    for chunk in earns(10_000, CUSTOMERS, 0).chunks(1_000) {
        all_done(engine.execute_many(chunk.to_vec()).unwrap());
    }
    let connection = Connection::open(&path).unwrap();
    let (later, currency) = (at(20_000), PointCurrency::new("points").unwrap());
    let ids: Vec<CustomerId> = (0..COUNT).map(|n| id(n * 31 % CUSTOMERS)).collect();
    let bare = |each: &dyn Fn(&[u8])| {
        for id in &ids {
            let key = (i64::from(crm_core::value::bucket_of(id.as_str())), id.as_str());
            let text = "SELECT version, profile, state FROM customer WHERE bucket = ? AND customer_id = ?";
            let mut read = connection.prepare_cached(text).unwrap();
            let take = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let row: (i64, Vec<u8>, Vec<u8>) = read.query_row(key, take).unwrap();
            each(std::hint::black_box(&row).2.as_slice());
        }
    };
    let (mut wallets, mut lots) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let wallet = timed(|| {
            for id in &ids {
                engine.ask(&Query::Wallet { customer_id: id.clone(), at: later }).unwrap();
            }
        });
        let row = timed(|| {
            bare(&|state| {
                let (available, lots) = bare_lots(state, 1);
                std::hint::black_box((available, lots.first().map(|lot| (lot.amount, lot.expires_at))));
            });
        });
        let listed = timed(|| {
            for id in &ids {
                let query = Query::Lots { customer_id: id.clone(), currency: currency.clone(), at: later };
                engine.ask(&query).unwrap();
            }
        });
        let decoded = timed(|| {
            bare(&|state| {
                let (_, lots) = bare_lots(state, u64::MAX);
                for lot in &lots {
                    std::hint::black_box((lot.id, &lot.source, lot.amount, lot.earned_at, lot.expires_at));
                }
            });
        });
        wallets.push((row.as_secs_f64() / wallet.as_secs_f64(), micros(wallet, COUNT), micros(row, COUNT)));
        lots.push((decoded.as_secs_f64() / listed.as_secs_f64(), micros(listed, COUNT), micros(decoded, COUNT)));
    }
    for (name, rounds) in [("wallet", wallets), ("open lots", lots)] {
        let ratio = median(rounds.iter().map(|round| round.0).collect());
        let (ours, theirs) = rounds.iter().fold((f64::MAX, f64::MAX), |(a, b), round| (a.min(round.1), b.min(round.2)));
        println!("read, {name}: {ratio:.2} of bare (engine {ours:.1} us, bare {theirs:.1} us at best)");
    }
}

/// A sweep costs what is due: the same number of due customers among 2,000 and among 20,000.
fn sweeps() {
    for customers in [2_000, 20_000] {
        let engine = engine_on(MemoryStore::new(), customers);
        let due: Vec<Request> = earns(1_000, 1_000, 0);
        all_done(engine.execute_many(due).unwrap());
        let idle = timed(|| assert_eq!(engine.sweep(at(10_000), &mut |_| {}).unwrap().settled, 0));
        let year = at(366 * 86_400 + 10_000);
        let mut report = None;
        let time = timed(|| report = Some(engine.sweep(year, &mut |_| {}).unwrap()));
        println!("sweep: {customers} customers, nothing due {idle:?}, {report:?} in {time:?}");
    }
}

/// Ten times the customers, ten times the history of each: one earn per commit, in alternating rounds.
fn flat() {
    const BASE: usize = 10_000;
    const EARNS: usize = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let build = |name: &str, customers: usize, history: usize| {
        let engine = engine_on(sqlite(&folder.path().join(name)), customers);
        for from in (0..customers * history).step_by(1_000) {
            all_done(engine.execute_many(earns(1_000, customers, from)).unwrap());
        }
        (engine, customers, customers * history)
    };
    let mut shops = [build("base", BASE, 5), build("wide", 10 * BASE, 5), build("deep", BASE, 50)];
    let mut costs = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for ((engine, customers, from), costs) in shops.iter_mut().zip(&mut costs) {
            let more = earns(EARNS, *customers, *from);
            *from += EARNS;
            let time = timed(|| more.into_iter().for_each(|request| drop(engine.execute(request).unwrap())));
            costs.push(micros(time, EARNS));
        }
    }
    let [base, wide, deep] = costs.map(median);
    println!(
        "flat: {base:.1} us per earn; ten times the customers x{:.2}; ten times the history x{:.2}",
        wide / base,
        deep / base
    );
}
