//! The engine on PostgreSQL beside bare programs that write the same rows, in one binary, round by round.
//!
//! `tests/with-postgres cargo bench -p crm-core --features postgres --bench postgres [-- SCENARIO]`. CPU time of client and server together is
//! what counts: the server has to be on this machine. A hot coupon is by the wall clock, since waiting is what combining saves; `coupon-sync`
//! is the same with a server that waits for its disk. `docs/BENCHMARKS.md` says what was measured, where.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "tests and benchmarks"
)]

use cpu_time::ProcessTime;
use crm_core::command::Request;
use crm_core::engine::Combiner;
use crm_core::store::{
    Abilities, Commit, CommitReply, Leased, MemoryStore, PostgresOptions, PostgresStore, Read, Row, Store, Table,
    Value, Write,
};
use crm_core::value::Timestamp;
use crm_core::{Engine, Result};
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{Client, NoTls, Statement};

const ROUNDS: usize = 5;
const CUSTOMERS: usize = 2_000;
const TRIES: usize = 10_000;
const LIMIT: usize = 5_000;
const START: i64 = 1_772_000_000_000;
const PROGRAM: &str = r#"{ "version": 1, "program": "bench", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points", "expiry": { "type": "months", "months": 12 } }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" },
               "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }],
    "tiers": [{ "id": "main", "metric": { "type": "net_spend" }, "window": { "type": "calendar", "period": "year" },
                "tiers": [{ "id": "basic", "threshold": "0" }, { "id": "gold", "threshold": "1000.00" }] }],
    "lifecycle": { "type": "preset", "name": "retail" },
    "offers": [{ "id": "flash", "needs": { "type": "code", "codes": ["FLASH"] }, "effect": { "type": "fixed_off", "amount": "5.00" },
                 "limits": [{ "id": "all", "counts": { "type": "uses", "max": 5000 } }] }] }"#;

fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let scenarios: [(&str, fn()); 4] =
        [("single", single), ("batch", batch), ("coupon", || coupon(false)), ("coupon-sync", || coupon(true))];
    for (name, run) in scenarios {
        if only.as_deref().is_none_or(|only| only == name) {
            run();
        }
    }
}

fn address() -> String {
    std::env::var("CRM_POSTGRES").expect("tests/with-postgres cargo bench …")
}

fn at(seconds: usize) -> Timestamp {
    Timestamp::from_millis(START + seconds as i64 * 1_000).unwrap()
}

fn request(id: &str, at: Timestamp, command: &str) -> Request {
    Request::from_json(&format!(r#"{{ "request_id": "{id}", "at": "{at}", "do": {command} }}"#)).unwrap()
}

fn register(who: usize) -> Request {
    request("reg", at(0), &format!(r#"{{ "type": "register_customer", "customer_id": "c{who}" }}"#))
}

fn earn(n: usize) -> Request {
    let (who, points) = (n * 7_919 % CUSTOMERS, 10 + n % 90);
    let command =
        format!(r#"{{ "type": "earn_points", "customer_id": "c{who}", "currency": "points", "points": {points} }}"#);
    request(&format!("{:012x}-{n:08x}", START), at(n + 1), &command)
}

/// A schema that is made anew.
fn schema(name: &str) -> PostgresStore {
    let server = Server::connect("public");
    server.run(&format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {name} CASCADE"));
    PostgresStore::open(&address(), &PostgresOptions { schema: name.to_owned(), ..PostgresOptions::default() }).unwrap()
}

fn engine_on(store: impl Store + 'static, customers: usize) -> Engine {
    let engine = Engine::open(store).unwrap();
    engine.publish_json(PROGRAM, at(0)).unwrap();
    let everybody: Vec<Request> = (0..customers).map(register).collect();
    everybody.chunks(1_000).for_each(|page| all_done(engine.execute_many(page.to_vec()).unwrap()));
    engine
}

fn all_done(outcomes: Vec<Result<crm_core::effect::Done>>) {
    outcomes.into_iter().for_each(|outcome| drop(outcome.unwrap()));
}

/// A connection as an ordinary program has one.
struct Server {
    runtime: Runtime,
    client: Client,
}

impl Server {
    fn connect(schema: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let (client, driver) = tokio_postgres::connect(&address(), NoTls).await.unwrap();
            tokio::spawn(driver);
            client.batch_execute(&format!("SET search_path = {schema}")).await.unwrap();
            client
        });
        Self { runtime, client }
    }

    fn run(&self, sql: &str) {
        self.runtime.block_on(self.client.batch_execute(sql)).unwrap();
    }

    fn prepare(&self, sql: &str) -> Statement {
        self.runtime.block_on(self.client.prepare(sql)).unwrap()
    }

    fn ask(&self, statement: &Statement, params: &[Cell<'_>]) -> Vec<tokio_postgres::Row> {
        self.runtime.block_on(ask(&self.client, statement, params))
    }

    /// CPU time that all processes of the server have taken.
    fn cpu(&self) -> Duration {
        let rows = self.runtime.block_on(self.client.query("SELECT pid FROM pg_stat_activity", &[])).unwrap();
        let of = |pid: i32| {
            let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
            text.split(' ').next().and_then(|nanos| nanos.parse().ok()).map_or(Duration::ZERO, Duration::from_nanos)
        };
        rows.iter().map(|row| of(row.get(0))).sum()
    }
}

/// What the server wrote to its log of changes so far, in bytes.
fn wal(server: &Server) -> i64 {
    let find = "SELECT (pg_current_wal_insert_lsn() - '0/0')::int8";
    server.runtime.block_on(server.client.query_one(find, &[])).unwrap().get(0)
}

async fn ask(client: &Client, statement: &Statement, params: &[Cell<'_>]) -> Vec<tokio_postgres::Row> {
    let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
    client.query(statement, &params).await.unwrap()
}

#[derive(Debug)]
enum Cell<'a> {
    One(&'a Value),
    Number(i64),
    Many(Vec<&'a Value>),
    Numbers(Vec<i64>),
}

#[derive(Debug)]
struct Bare<'a>(&'a Value);

impl ToSql for Bare<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql(kind, out),
            Value::Text(text) => (&**text).to_sql(kind, out),
            Value::Blob(bytes) => (&**bytes).to_sql(kind, out),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
}

impl ToSql for Cell<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::One(value) => Bare(value).to_sql(kind, out),
            Self::Number(number) => number.to_sql(kind, out),
            Self::Many(values) => values.iter().map(|value| Bare(value)).collect::<Vec<_>>().to_sql(kind, out),
            Self::Numbers(numbers) => numbers.to_sql(kind, out),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    to_sql_checked!();
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

/// The commits of so many earns, each with a customer and an entry.
fn recorded(count: usize) -> Vec<(Row, Row)> {
    let commits = Arc::new(Mutex::new(Vec::new()));
    let engine = engine_on(Recorder { inner: MemoryStore::new(), commits: commits.clone() }, CUSTOMERS);
    commits.lock().unwrap().clear();
    (0..count).for_each(|n| drop(engine.execute(earn(n)).unwrap()));
    let commits = commits.lock().unwrap();
    let rows = |commit: &Commit| {
        let row = |table| {
            commit.writes.iter().find_map(|write| match write {
                Write::Put { row, .. } if row.table == table => Some(row.clone()),
                _ => None,
            })
        };
        assert_eq!(commit.writes.len(), 2, "an earn writes a customer and an entry");
        (row(Table::Customer).unwrap(), row(Table::Entry).unwrap())
    };
    let rows: Vec<_> = commits.iter().map(rows).collect();
    // Cells that are worked out when they are asked for are not the bare program's work.
    assert!(rows.iter().all(|(customer, entry)| !customer.cells().is_empty() && !entry.cells().is_empty()));
    rows
}

fn kind(column: &crm_core::store::Column) -> &'static str {
    match column.kind {
        crm_core::store::ColumnType::Int => "int8",
        crm_core::store::ColumnType::Text => "text",
        crm_core::store::ColumnType::Blob => "bytea",
    }
}

fn names(table: Table) -> Vec<&'static str> {
    table.describe().columns.iter().map(|column| column.name).collect()
}

/// What somebody writes by hand who knows these two tables: read by the key; then one function that writes both rows.
const BARE_FUNCTION: &str = "bare_earn";

fn bare_function() -> String {
    let customer = Table::Customer.describe().columns;
    let both = customer.iter().chain(Table::Entry.describe().columns);
    let arguments: Vec<String> = both.map(kind).chain(["int8"]).map(str::to_owned).collect();
    let place = |n: usize| format!("${}", n + 1);
    let set: Vec<String> =
        customer.iter().enumerate().skip(2).map(|(n, column)| format!("{} = {}", column.name, place(n))).collect();
    let entry: Vec<String> = (0..Table::Entry.describe().columns.len()).map(|n| place(customer.len() + n)).collect();
    format!(
        "CREATE FUNCTION {BARE_FUNCTION}({}) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            UPDATE customer SET {} WHERE bucket = $1 AND customer_id = $2 AND version = ${};
            IF NOT FOUND THEN RAISE EXCEPTION 'somebody was faster'; END IF;
            INSERT INTO entry VALUES ({});
         END $$",
        arguments.join(", "),
        set.join(", "),
        arguments.len(),
        entry.join(", ")
    )
}

/// Customer, ledger, lot, key and outbox, statement by statement.
const NAIVE: &str =
    "CREATE TABLE account (id text PRIMARY KEY, points int8 NOT NULL, lots int8 NOT NULL, seq int8 NOT NULL);
    CREATE TABLE ledger (id bigserial PRIMARY KEY, account text NOT NULL, points int8 NOT NULL, at int8 NOT NULL);
    CREATE INDEX ledger_account ON ledger (account, id);
    CREATE TABLE lots (account text, lot int8, points int8 NOT NULL, expires int8 NOT NULL, PRIMARY KEY (account, lot));
    CREATE TABLE idem (key text PRIMARY KEY, receipt bytea NOT NULL);
    CREATE TABLE outbox (id bigserial PRIMARY KEY, account text NOT NULL, what bytea NOT NULL);
    INSERT INTO account SELECT 'c' || n, 0, 0, 0 FROM generate_series(0, 1999) n";

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn spread(values: &[f64]) -> String {
    let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(*v), b.max(*v)));
    format!("{:.2} ({least:.2} to {most:.2})", median(values.to_vec()))
}

/// CPU of both sides, for each of so many.
fn timed(server: &Server, count: usize, work: impl FnOnce()) -> [f64; 2] {
    let (client, before) = (ProcessTime::now(), server.cpu());
    work();
    let per = |time: Duration| time.as_secs_f64() * 1e6 / count as f64;
    [per(client.elapsed()), per(server.cpu().saturating_sub(before))]
}

fn single() {
    let count = 2_000;
    let rows = recorded(ROUNDS * count + 200);
    let admin = Server::connect("public");
    drop(engine_on(schema("bench_bare"), CUSTOMERS));
    let engine = engine_on(schema("bench_engine"), CUSTOMERS);
    let bare = Server::connect("bench_bare");
    bare.run(&bare_function());
    let select = bare.prepare("SELECT * FROM customer WHERE bucket = $1 AND customer_id = $2");
    let places = (1..=Table::Customer.describe().columns.len() + Table::Entry.describe().columns.len() + 1)
        .map(|n| format!("${n}"));
    let function = bare.prepare(&format!("SELECT {BARE_FUNCTION}({})", places.collect::<Vec<_>>().join(", ")));
    let by_hand = |rows: &[(Row, Row)]| {
        for (customer, entry) in rows {
            let cells = customer.cells();
            let found = bare.ask(&select, &[Cell::One(&cells[0]), Cell::One(&cells[1])]);
            let version: i64 = found[0].get("version");
            let _: (&[u8], &[u8]) = (found[0].get("profile"), found[0].get("state"));
            let params = cells.iter().chain(entry.cells()).map(Cell::One).chain([Cell::Number(version)]);
            bare.ask(&function, &params.collect::<Vec<_>>());
        }
    };
    let naive = Server::connect("bench_naive");
    naive.run(&format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS bench_naive CASCADE; CREATE SCHEMA bench_naive; {NAIVE}"));
    let statements = [
        "BEGIN",
        "SELECT points, lots, seq FROM account WHERE id = $1 FOR UPDATE",
        "INSERT INTO ledger (account, points, at) VALUES ($1, $2, $3)",
        "INSERT INTO lots VALUES ($1, $2, $3, $4)",
        "INSERT INTO idem VALUES ($1, $2)",
        "INSERT INTO outbox (account, what) VALUES ($1, $2)",
        "UPDATE account SET points = $2, lots = $3, seq = $4 WHERE id = $1",
        "COMMIT",
    ]
    .map(|sql| naive.prepare(sql));
    let payload = Value::Blob(vec![7; 96].into());
    let eight = |range: std::ops::Range<usize>| {
        for n in range {
            let who = Value::text(&format!("c{}", n * 7_919 % CUSTOMERS));
            let key = Value::text(&format!("{START:012x}-{n:08x}"));
            naive.ask(&statements[0], &[]);
            let found = naive.ask(&statements[1], &[Cell::One(&who)]);
            let [points, lots, seq] = [0, 1, 2].map(|place| found[0].get::<_, i64>(place));
            naive.ask(&statements[2], &[Cell::One(&who), Cell::Number(10), Cell::Number(START)]);
            naive.ask(&statements[3], &[Cell::One(&who), Cell::Number(lots), Cell::Number(10), Cell::Number(START)]);
            naive.ask(&statements[4], &[Cell::One(&key), Cell::One(&payload)]);
            naive.ask(&statements[5], &[Cell::One(&who), Cell::One(&payload)]);
            naive.ask(
                &statements[6],
                &[Cell::One(&who), Cell::Number(points + 10), Cell::Number(lots + 1), Cell::Number(seq + 1)],
            );
            naive.ask(&statements[7], &[]);
        }
    };
    by_hand(&rows[..200]);
    (0..200).for_each(|n| drop(engine.execute(earn(n)).unwrap()));
    eight(0..200);
    let mut all: [Vec<[f64; 2]>; 3] = Default::default();
    let mut written = [0; 3];
    for round in 0..ROUNDS {
        let range = 200 + round * count..200 + (round + 1) * count;
        let requests: Vec<Request> = range.clone().map(earn).collect();
        let mut note = |who: usize, work: &mut dyn FnMut()| {
            let before = wal(&admin);
            all[who].push(timed(&admin, count, work));
            written[who] += wal(&admin) - before;
        };
        note(0, &mut || by_hand(&rows[range.clone()]));
        note(1, &mut || requests.iter().for_each(|one| drop(engine.execute(one.clone()).unwrap())));
        note(2, &mut || eight(range.clone()));
    }
    for ((name, rounds), written) in
        ["bare: read, then a function", "engine, one command", "naive, eight statements"].iter().zip(&all).zip(written)
    {
        let [client, server] = [0, 1].map(|side| median(rounds.iter().map(|round| round[side]).collect()));
        let written = written / (ROUNDS * count) as i64;
        println!("{name:<32}: {client:>6.1} + {server:>6.1} µs of client and server, {written} bytes of WAL");
    }
    let sum = |round: &[f64; 2]| round[0] + round[1];
    let ratio = |a: usize, b: usize| all[a].iter().zip(&all[b]).map(|(a, b)| sum(a) / sum(b)).collect::<Vec<_>>();
    println!("engine / bare {}, naive / engine {}", spread(&ratio(1, 0)), spread(&ratio(2, 1)));
    println!(
        "of the server alone: engine / bare {}",
        spread(&all[1].iter().zip(&all[0]).map(|(a, b)| a[1] / b[1]).collect::<Vec<_>>())
    );
}

fn batch() {
    let (size, batches) = (1_000, 10);
    let count = size * batches;
    let rows = recorded(ROUNDS * count + size);
    let admin = Server::connect("public");
    drop(engine_on(schema("bench_bare"), CUSTOMERS));
    let engine = engine_on(schema("bench_engine"), CUSTOMERS);
    let bare = Server::connect("bench_bare");
    bare.run("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off");
    let arrays = |table: Table, from: usize| {
        let columns = table.describe().columns.iter();
        columns.zip(from..).map(|(column, n)| format!("${n}::{}[]", kind(column))).collect::<Vec<_>>().join(", ")
    };
    let all = names(Table::Customer);
    let set: Vec<String> = all.iter().skip(2).map(|name| format!("{name} = k.{name}")).collect();
    let select = bare.prepare(
        "SELECT t.* FROM unnest($1::int8[], $2::text[]) AS k(bucket, customer_id) JOIN customer t ON t.bucket = k.bucket AND t.customer_id = k.customer_id",
    );
    let update = bare.prepare(&format!(
        "UPDATE customer t SET {} FROM unnest({}, ${}::int8[]) AS k({}, guarded) WHERE t.bucket = k.bucket AND t.customer_id = k.customer_id AND t.version = k.guarded",
        set.join(", "),
        arrays(Table::Customer, 1),
        all.len() + 1,
        all.join(", ")
    ));
    let insert = bare.prepare(&format!("INSERT INTO entry SELECT * FROM unnest({})", arrays(Table::Entry, 1)));
    let [begin, commit] = ["BEGIN", "COMMIT"].map(|sql| bare.prepare(sql));
    let by_hand = |rows: &[(Row, Row)]| {
        for page in rows.chunks(size) {
            let column = |n: usize| Cell::Many(page.iter().map(|(customer, _)| &customer.cells()[n]).collect());
            let found = bare.ask(&select, &[column(0), column(1)]);
            assert_eq!(found.len(), size);
            assert!(
                found.iter().all(|row| 0 < row.get::<_, i64>("version") && !row.get::<_, &[u8]>("state").is_empty())
            );
            let versions = page.iter().map(|(customer, _)| customer.cells()[2].as_int().unwrap() - 1).collect();
            let customers: Vec<_> = (0..all.len()).map(column).chain([Cell::Numbers(versions)]).collect();
            let entry = |n: usize| Cell::Many(page.iter().map(|(_, entry)| &entry.cells()[n]).collect());
            let entries: Vec<_> = (0..Table::Entry.describe().columns.len()).map(entry).collect();
            bare.ask(&begin, &[]);
            bare.ask(&update, &customers);
            bare.ask(&insert, &entries);
            bare.ask(&commit, &[]);
        }
    };
    let mut rounds: [Vec<[f64; 2]>; 2] = Default::default();
    by_hand(&rows[..size]);
    all_done(engine.execute_many((0..size).map(earn).collect()).unwrap());
    for round in 0..ROUNDS {
        let range = size + round * count..size + (round + 1) * count;
        let requests: Vec<Request> = range.clone().map(earn).collect();
        rounds[0].push(timed(&admin, count, || by_hand(&rows[range])));
        rounds[1].push(timed(&admin, count, || {
            requests.chunks(size).for_each(|page| all_done(engine.execute_many(page.to_vec()).unwrap()));
        }));
    }
    for (name, rounds) in ["bare: unnest of 1,000", "engine, 1,000 commands"].iter().zip(&rounds) {
        let [client, server] = [0, 1].map(|side| median(rounds.iter().map(|round| round[side]).collect()));
        println!("{name:<32}: {client:>6.1} + {server:>6.1} µs of client and server a command");
    }
    let ratio = |sides: &[usize]| {
        let sum = |round: &[f64; 2]| sides.iter().map(|side| round[*side]).sum::<f64>();
        spread(&rounds[0].iter().zip(&rounds[1]).map(|(bare, engine)| sum(bare) / sum(engine)).collect::<Vec<_>>())
    };
    println!("bare / engine {}; of the server alone {}", ratio(&[0, 1]), ratio(&[1]));
}

/// Everybody tries once; how long it took, connecting aside.
fn storm<T>(threads: usize, each: impl Fn() -> T + Sync, go: impl Fn(&T, usize) -> bool + Sync) -> Duration {
    let (next, granted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let ready = std::sync::Barrier::new(threads + 1);
    let begun = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let own = each();
                ready.wait();
                loop {
                    let who = next.fetch_add(1, Ordering::Relaxed);
                    if TRIES <= who {
                        return;
                    }
                    granted.fetch_add(usize::from(go(&own, who)), Ordering::Relaxed);
                }
            });
        }
        ready.wait();
        Instant::now()
    });
    assert_eq!(granted.into_inner(), LIMIT);
    begun.elapsed()
}

fn claim(who: usize) -> Request {
    let cart = r#"{ "currency": "EUR", "codes": ["flash"], "lines": [{ "sku": "cup", "unit_price": "20.00" }] }"#;
    request(
        "k",
        at(1),
        &format!(r#"{{ "type": "claim_offers", "customer_id": "c{who}", "claim_id": "k", "cart": {cart} }}"#),
    )
}

/// What each granted try writes, the customer first; and the key of the counter.
fn recorded_tries() -> (Vec<Vec<Row>>, Vec<Value>) {
    let commits = Arc::new(Mutex::new(Vec::new()));
    let engine = Engine::open(Recorder { inner: MemoryStore::new(), commits: commits.clone() }).unwrap();
    // Everybody's rows are wanted here, whoever is granted later.
    engine.publish_json(&PROGRAM.replace("5000", "10000"), at(0)).unwrap();
    let everybody: Vec<Request> = (0..TRIES).map(register).collect();
    everybody.chunks(1_000).for_each(|page| all_done(engine.execute_many(page.to_vec()).unwrap()));
    commits.lock().unwrap().clear();
    (0..TRIES).for_each(|who| drop(engine.execute(claim(who)).unwrap()));
    let commits = commits.lock().unwrap();
    let mut counter = Vec::new();
    let rows = commits.iter().map(|commit| {
        let rows = commit.writes.iter().filter_map(|write| match write {
            Write::Put { row, .. } => Some(row.clone()),
            Write::Within { key, .. } => {
                counter.clone_from(key);
                None
            }
            _ => panic!("a claim puts and counts"),
        });
        let rows: Vec<Row> = rows.collect();
        assert!(rows[0].table == Table::Customer && rows.iter().all(|row| !row.cells().is_empty()));
        rows
    });
    (rows.collect(), counter)
}

/// Writes the rows of a try, or of many, in one statement, if the counter has room for them, where it is told of one.
fn bare_tries(tables: &[Table], many: bool, counts: bool) -> String {
    let mut next = 0;
    let mut place = |kind: &str| {
        next += 1;
        format!("${next}::{kind}{}", if many { "[]" } else { "" })
    };
    let mut parts = Vec::new();
    for table in tables {
        let mut values: Vec<String> = table.describe().columns.iter().map(|column| place(kind(column))).collect();
        let (name, mut all) = (table.describe().name, names(*table));
        let is_customer = *table == Table::Customer;
        if is_customer {
            values.push(place("int8"));
        }
        let values = values.join(", ");
        let source = if many { format!("unnest({values})") } else { format!("(VALUES ({values}))") };
        let room = if counts { ", room" } else { "" };
        parts.push(if is_customer {
            let set: Vec<String> = all.iter().skip(2).map(|name| format!("{name} = k.{name}")).collect();
            all.push("guarded");
            format!(
                "changed AS (UPDATE customer t SET {} FROM {source} AS k({}){room} WHERE t.bucket = k.bucket AND t.customer_id = k.customer_id AND t.version = k.guarded RETURNING 1)",
                set.join(", "),
                all.join(", ")
            )
        } else {
            format!("{name}_new AS (INSERT INTO {name} ({}) SELECT k.* FROM {source} AS k({}){room})", all.join(", "), all.join(", "))
        });
    }
    if counts {
        let [count, bucket, name] = [1, 2, 3].map(|n| format!("${}", next + n));
        parts.push(format!(
            "room AS (UPDATE counter SET used = used + {count}::int8 WHERE bucket = {bucket}::int8 AND name = {name}::text AND used + {count}::int8 <= {LIMIT} RETURNING 1)"
        ));
        // What others refer to comes first.
        parts.rotate_right(1);
    }
    format!("WITH {} SELECT count(*) FROM changed", parts.join(", "))
}

/// The least that writes the same rows: what combining and leases could reach.
fn bare_coupon(told: &dyn Fn(&str, Duration)) {
    let (rows, counter) = recorded_tries();
    let tables: Vec<Table> = rows[0].iter().map(|row| row.table).collect();
    assert!(rows.iter().all(|rows| rows.iter().map(|row| row.table).eq(tables.iter().copied())));
    let width: usize = rows[0].iter().map(|row| row.cells().iter().map(bytes_of).sum::<usize>()).sum();
    let listed: Vec<&str> = tables.iter().map(|table| table.describe().name).collect();
    println!("a granted try writes {} and the counter, {width} bytes of cells", listed.join(", "));
    let fresh = || {
        drop(engine_on(schema("bench_bare"), TRIES));
        let server = Server::connect("bench_bare");
        server.run("SET plan_cache_mode = force_generic_plan");
        let insert = server.prepare("INSERT INTO counter VALUES ($1, $2, 0)");
        server.ask(&insert, &[Cell::One(&counter[0]), Cell::One(&counter[1])]);
    };
    let connect = || {
        let server = Server::connect("bench_bare");
        server.run("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off");
        server
    };
    let version = |row: &Row| row.cells()[2].as_int().unwrap() - 1;
    for size in [64, 256] {
        fresh();
        let server = connect();
        let select = server.prepare(
            "SELECT t.* FROM unnest($1::int8[], $2::text[]) AS k(bucket, customer_id) JOIN customer t ON t.bucket = k.bucket AND t.customer_id = k.customer_id",
        );
        let write = server.prepare(&bare_tries(&tables, true, true));
        let begun = Instant::now();
        let mut granted = 0;
        for page in rows.chunks(size) {
            let column = |n: usize| Cell::Many(page.iter().map(|rows| &rows[0].cells()[n]).collect());
            let found = server.ask(&select, &[column(0), column(1)]);
            assert_eq!(found.len(), page.len());
            let page = &page[..page.len().min(LIMIT - granted)];
            if page.is_empty() {
                continue;
            }
            let count = i64::try_from(page.len()).unwrap();
            let mut params = Vec::new();
            for (at, table) in tables.iter().enumerate() {
                for n in 0..table.describe().columns.len() {
                    params.push(Cell::Many(page.iter().map(|rows| &rows[at].cells()[n]).collect()));
                }
                if at == 0 {
                    params.push(Cell::Numbers(page.iter().map(|rows| version(&rows[0])).collect()));
                }
            }
            params.extend([Cell::Number(count), Cell::One(&counter[0]), Cell::One(&counter[1])]);
            assert_eq!(server.ask(&write, &params)[0].get::<_, i64>(0), count);
            granted += page.len();
        }
        assert_eq!(granted, LIMIT);
        told(&format!("bare, combined by {size}, 1 connection"), begun.elapsed());
    }
    let took = [true, false].map(|counts| {
        fresh();
        let sold = AtomicUsize::new(0);
        let each = || {
            let server = connect();
            let select = server.prepare("SELECT * FROM customer WHERE bucket = $1 AND customer_id = $2");
            let write = server.prepare(&bare_tries(&tables, false, counts));
            (server, select, write)
        };
        let took = storm(16, each, |(server, select, write), who| {
            let rows = &rows[who];
            let key = rows[0].cells();
            assert_eq!(server.ask(select, &[Cell::One(&key[0]), Cell::One(&key[1])]).len(), 1);
            // Without the counter, it is as if everybody had a lease that never ends before the last coupon.
            if !counts && LIMIT <= sold.fetch_add(1, Ordering::Relaxed) {
                return false;
            }
            let mut params: Vec<Cell<'_>> = key.iter().map(Cell::One).collect();
            params.push(Cell::Number(version(&rows[0])));
            params.extend(rows[1..].iter().flat_map(Row::cells).map(Cell::One));
            if counts {
                params.extend([Cell::Number(1), Cell::One(&counter[0]), Cell::One(&counter[1])]);
            }
            server.ask(write, &params)[0].get::<_, i64>(0) == 1
        });
        let what = if counts { "bare, try by try, 16 connections" } else { "bare without the counter, 16 connections" };
        told(what, took);
        took
    });
    println!("bare, without the counter / with it {:.2}", took[0].as_secs_f64() / took[1].as_secs_f64());
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Int(_) => 8,
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
    }
}

/// As in so many processes that share 16 threads, each with a connection or with a commit that those of a process share.
fn leased(holders: usize, combined: bool) -> Duration {
    drop(engine_on(schema("bench_engine"), TRIES));
    let engine = |own| {
        let connections_max = if combined { 1 } else { 16 / holders };
        let options =
            PostgresOptions { schema: "bench_engine".to_owned(), connections_max, ..PostgresOptions::default() };
        Engine::open(Leased::new(PostgresStore::open(&address(), &options).unwrap(), holders, own).unwrap()).unwrap()
    };
    let next = AtomicUsize::new(0);
    let turn = || next.fetch_add(1, Ordering::Relaxed) % holders;
    if combined {
        let engines: Vec<Combiner> = (0..holders).map(|own| Combiner::new(engine(own))).collect();
        storm(16, || &engines[turn()], |engine, who| engine.execute(claim(who)).is_ok())
    } else {
        let engines: Vec<Engine> = (0..holders).map(engine).collect();
        storm(16, || &engines[turn()], |engine, who| engine.execute(claim(who)).is_ok())
    }
}

fn coupon(syncs: bool) {
    let admin = Server::connect("public");
    if syncs {
        for setting in ["fsync = on", "full_page_writes = on"] {
            admin.run(&format!("ALTER SYSTEM SET {setting}"));
        }
        admin.run("SELECT pg_reload_conf()");
        std::thread::sleep(Duration::from_millis(500));
    }
    let what = if syncs { "with a disk that is waited for" } else { "without waiting for the disk" };
    println!("{TRIES} tries on a limit of {LIMIT}, {what}:");
    let tries = |took: Duration| TRIES as f64 / took.as_secs_f64();
    // What a shop writes by hand: the counter first, and then what follows from it.
    admin.run(
        "SET client_min_messages = warning; DROP SCHEMA IF EXISTS bench_quota CASCADE; CREATE SCHEMA bench_quota; SET search_path = bench_quota;
         CREATE TABLE quota (offer text PRIMARY KEY, used int8 NOT NULL, max int8 NOT NULL); INSERT INTO quota VALUES ('flash', 0, 5000);
         CREATE TABLE redemption (offer text, member text, at int8, PRIMARY KEY (offer, member));
         CREATE TABLE outbox (id bigserial PRIMARY KEY, member text, what bytea)",
    );
    let connect = || {
        let server = Server::connect("bench_quota");
        let statements = [
            "BEGIN",
            "UPDATE quota SET used = used + 1 WHERE offer = 'flash' AND used < max RETURNING 1",
            "INSERT INTO redemption VALUES ('flash', $1, 0)",
            "INSERT INTO outbox (member, what) VALUES ($1, $2)",
            "COMMIT",
            "ROLLBACK",
        ]
        .map(|sql| server.prepare(sql));
        (server, statements)
    };
    let payload = Value::Blob(vec![7; 96].into());
    let naive = storm(16, connect, |(server, statements), who| {
        let member = Value::text(&format!("c{who}"));
        server.ask(&statements[0], &[]);
        if server.ask(&statements[1], &[]).is_empty() {
            server.ask(&statements[5], &[]);
            return false;
        }
        server.ask(&statements[2], &[Cell::One(&member)]);
        server.ask(&statements[3], &[Cell::One(&member), Cell::One(&payload)]);
        server.ask(&statements[4], &[]);
        true
    });
    println!("{:<40}: {:>8.0} tries/s", "naive transaction, 16 connections", tries(naive));
    let told = |name: &str, took: Duration| {
        println!("{name:<40}: {:>8.0} tries/s, {:.1} x naive", tries(took), naive.as_secs_f64() / took.as_secs_f64());
    };
    bare_coupon(&told);
    let engine = engine_on(schema("bench_engine"), TRIES);
    let one_by_one = storm(16, || (), |(), who| engine.execute(claim(who)).is_ok());
    told("engine, try by try, 16 connections", one_by_one);
    for (holders, combined) in [(4, false), (16, false), (4, true)] {
        let took = leased(holders, combined);
        let shared = if combined { ", combined" } else { "" };
        told(&format!("engine, leased, {holders} holders × {} threads{shared}", 16 / holders), took);
        println!("leased / try by try {:.2}", one_by_one.as_secs_f64() / took.as_secs_f64());
    }
    for threads in [64, 256] {
        let combiner = Combiner::new(engine_on(schema("bench_engine"), TRIES));
        let took = storm(threads, || (), |(), who| combiner.execute(claim(who)).is_ok());
        told(&format!("engine, combined from {threads} threads"), took);
    }
    let engine = engine_on(schema("bench_engine"), TRIES);
    let start = Instant::now();
    let requests: Vec<Request> = (0..TRIES).map(claim).collect();
    let outcomes = requests.chunks(1_000).flat_map(|page| engine.execute_many(page.to_vec()).unwrap());
    assert_eq!(outcomes.filter(Result::is_ok).count(), LIMIT);
    told("engine, in batches of 1,000", start.elapsed());
}
