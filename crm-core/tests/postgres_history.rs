//! A history check: eight processes send random requests to one database, and some of them twice, while connections are cut on either side
//! of a commit, the server takes transactions back for the sake of others, and crashes once. Afterwards every book adds up, every limit is
//! exact, every request was applied once and everything that was due happened once.
//!
//! To see it fail, break the database with statements in `CRM_HISTORY_BREAK`: without the index of marks, `DROP INDEX entry_request`,
//! requests are applied twice; without `BETWEEN`, `DO $$ BEGIN EXECUTE regexp_replace(pg_get_functiondef('apply_1'::regproc),
//! ' AND used BETWEEN [^;]*;', ';', 'g'); END $$`, limits are overrun.
#![cfg(all(unix, feature = "postgres", feature = "conformance"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod history;
mod on_postgres;

use crm_core::effect::{Outcome, What};
use crm_core::points::MovementKind;
use crm_core::store::{PostgresOptions, PostgresStore};
use crm_core::{Engine, Error, Retry, corpus};
use history::{CARD, LIMIT, PEOPLE, PROCESSES, QUIET, instant, program, request, set_up};
use on_postgres::{InSchema, address, number, sql};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SCHEMA: &str = "CRM_HISTORY_SCHEMA";
const PROCESS: &str = "CRM_HISTORY_PROCESS";
const THROUGH: &str = "CRM_HISTORY_THROUGH";
/// How long the processes go on.
const SECONDS: u64 = 20;

/// What a process was answered.
#[derive(Serialize, Deserialize, Debug)]
struct Answered {
    number: u64,
    applied: bool,
    /// Print of the receipt, and the entries in it; none where the request was refused.
    receipt: Option<(String, BTreeSet<(String, u64)>)>,
}

/// What a process saw of the faults.
#[derive(Serialize, Deserialize, Debug, Default)]
struct Seen {
    unreachable: u64,
    busy: u64,
    contended: u64,
    sweeps: u64,
    swept: u64,
}

fn options(schema: &str) -> PostgresOptions {
    PostgresOptions { schema: schema.to_owned(), connections_max: 2, ..PostgresOptions::default() }
}

/// Does something until it is answered; only the promised codes may come instead.
fn until_answered<T>(seen: &mut Seen, work: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    loop {
        match work() {
            Err(error) if error.retry() == Retry::Later => {
                match error.code().as_str() {
                    "store.unreachable" => seen.unreachable += 1,
                    "store.busy" => seen.busy += 1,
                    "store.contended" => seen.contended += 1,
                    _ => panic!("{error:?}"),
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) if error.code().as_str().starts_with("store.") || error.code().as_str() == "internal" => {
                panic!("{error:?}")
            }
            answered => return answered,
        }
    }
}

fn answered(number: u64, outcome: Result<crm_core::effect::Done, Error>) -> Answered {
    match outcome {
        Ok(done) => {
            let entries = done.receipt.entries.iter();
            let entries = entries.map(|entry| (entry.customer_id.as_str().to_owned(), entry.seq)).collect();
            let print = crm_core::value::fingerprint(&done.receipt).0;
            let print = print.iter().map(|byte| format!("{byte:02x}")).collect();
            Answered { number, applied: done.outcome == Outcome::Applied, receipt: Some((print, entries)) }
        }
        Err(_) => Answered { number, applied: false, receipt: None },
    }
}

/// One of the processes: sends its own numbers, now and then somebody else's again, and sweeps.
#[test]
fn child() {
    let (Ok(schema), Ok(process), Ok(through)) =
        (std::env::var(SCHEMA), std::env::var(PROCESS), std::env::var(THROUGH))
    else {
        return;
    };
    let process: u64 = process.parse().unwrap();
    let mut seen = Seen::default();
    let store = until_answered(&mut seen, || PostgresStore::open(&through, &options(&schema))).unwrap();
    let store: Arc<PostgresStore> = Arc::new(store);
    let engine = until_answered(&mut seen, || Engine::open_shared(store.clone())).unwrap();
    let begun = Instant::now();
    let mut out = std::io::stdout().lock();
    let mut step = 0;
    while begun.elapsed() < Duration::from_secs(SECONDS) {
        let own = step * PROCESSES + process;
        // Sent at once with somebody else, sent again long after, and sent again in one batch with something new.
        let again = own.checked_sub([1, 2, 8, 80, 801][usize::try_from(step % 5).unwrap()]);
        let mut numbers = vec![own];
        if step % 4 == 1 {
            numbers.extend(again);
        }
        if step.is_multiple_of(12) {
            numbers.extend(again);
            let requests: Vec<_> = numbers.iter().map(|number| request(*number)).collect();
            let outcomes = until_answered(&mut seen, || engine.execute_many(requests.clone())).unwrap();
            for (number, outcome) in numbers.drain(..).zip(outcomes) {
                writeln!(out, "\n= {}", serde_json::to_string(&answered(number, outcome)).unwrap()).unwrap();
            }
        }
        for number in numbers {
            let outcome = until_answered(&mut seen, || engine.execute(request(number)));
            writeln!(out, "\n= {}", serde_json::to_string(&answered(number, outcome)).unwrap()).unwrap();
        }
        // About the same instant in every process, so that they want to do the same.
        if step % 40 == 39 {
            seen.sweeps += 1;
            let until = instant(step / 40 * 40 * PROCESSES);
            if let Ok(report) = engine.sweep(until, &mut |_| {}) {
                assert_eq!(report.failed, 0);
                seen.swept += report.entries;
            }
        }
        step += 1;
    }
    writeln!(out, "\n! {}", serde_json::to_string(&seen).unwrap()).unwrap();
}

/// Stands between the processes and the server, and cuts a connection now and then: before what was said arrives, or after it has arrived
/// and before the answer does.
fn cutting(cuts: &'static AtomicU64) -> String {
    let server = address().rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let through = address().replace(&server, &listener.local_addr().unwrap().to_string());
    std::thread::spawn(move || {
        for (client, seed) in listener.incoming().zip(1_u64..) {
            let client = client.unwrap();
            // While the server is down, so is this.
            let Ok(server) = TcpStream::connect(&server) else { continue };
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || {
                let (mut bytes, mut chance) = (vec![0; 1 << 16], seed);
                while let Ok(count) = from.read(&mut bytes) {
                    chance = history::mixed(chance);
                    match chance % 300 {
                        0 => {
                            cuts.fetch_add(1, Ordering::Relaxed);
                            break;
                        }
                        // The answer is lost; whether it was a commit, and took effect, nobody at the other end knows.
                        1 => {
                            cuts.fetch_add(1, Ordering::Relaxed);
                            from.shutdown(Shutdown::Both).ok();
                            to.write_all(&bytes[..count]).ok();
                            std::thread::sleep(Duration::from_millis(5));
                            break;
                        }
                        _ if count == 0 || to.write_all(&bytes[..count]).is_err() => break,
                        _ => {}
                    }
                }
                from.shutdown(Shutdown::Both).ok();
                to.shutdown(Shutdown::Both).ok();
            });
            let (mut from, mut to) = (server, client);
            std::thread::spawn(move || {
                std::io::copy(&mut from, &mut to).ok();
                to.shutdown(Shutdown::Both).ok();
            });
        }
    });
    through
}

/// Makes the server take back what it is told now and then, as serializable transactions and deadlocks do, and break a connection within.
/// Claims linger in their commits, so that others meet the counters as they were.
fn inject(schema: &str) {
    sql(&format!(
        "SET search_path = {schema}; CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
         DECLARE chance float8 := random(); BEGIN
            IF chance < 0.006 THEN RAISE EXCEPTION USING ERRCODE = '40001', MESSAGE = 'injected'; END IF;
            IF chance < 0.012 THEN RAISE EXCEPTION USING ERRCODE = '40P01', MESSAGE = 'injected'; END IF;
            IF chance < 0.013 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN new; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION fail();
         CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN new; END $$;
         CREATE TRIGGER linger BEFORE INSERT ON claim FOR EACH ROW EXECUTE FUNCTION linger()"
    ))
    .unwrap();
    if let Ok(harm) = std::env::var("CRM_HISTORY_BREAK") {
        sql(&format!("SET search_path = {schema}; {harm}")).unwrap();
    }
}

fn start(schema: &str, process: u64, through: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env(SCHEMA, schema)
        .env(PROCESS, process.to_string())
        .env(THROUGH, through)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "needs a server: tests/run --only postgres"]
fn eight_processes_and_one_truth() {
    static CUTS: AtomicU64 = AtomicU64::new(0);
    let restart = std::env::var("CRM_POSTGRES_RESTART").expect("tests/with-postgres sets it");
    let store = Arc::new(InSchema::new());
    let engine = Engine::open_shared(store.clone()).unwrap();
    engine.publish_json(&program(), instant(0)).unwrap();
    let made = engine.execute_many(set_up()).unwrap();
    made.into_iter().for_each(|outcome| drop(outcome.unwrap()));
    inject(&store.schema);
    let through = cutting(&CUTS);

    let (ended, mut killed) = (AtomicBool::new(false), 0_u64);
    let children: Vec<_> = (0..PROCESSES).map(|process| start(&store.schema, process, &through)).collect();
    let reports: Vec<(Vec<Answered>, Seen)> = std::thread::scope(|threads| {
        let readers: Vec<_> = children.into_iter().map(|child| threads.spawn(move || hear(child))).collect();
        let chaos = threads.spawn(|| {
            let (begun, mut crashed) = (Instant::now(), false);
            while !ended.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(40));
                let query = "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
                    WHERE application_name = 'crm-core' AND (query LIKE '%apply_1%' OR query LIKE 'WITH guard%') ORDER BY random() LIMIT 1) one";
                killed += u64::try_from(number(query)).unwrap();
                if !crashed && Duration::from_secs(SECONDS / 2) < begun.elapsed() {
                    crashed = true;
                    assert!(Command::new(&restart).status().unwrap().success());
                }
            }
        });
        let reports = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
        ended.store(true, Ordering::Relaxed);
        chaos.join().unwrap();
        reports
    });
    sql(&format!("DROP TRIGGER fail ON {0}.entry; DROP TRIGGER linger ON {0}.claim", store.schema)).unwrap();
    // What a connection that was cut has left with the server ends by itself.
    while 0 < number("SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND application_name = 'crm-core'") {
        std::thread::sleep(Duration::from_millis(20));
    }

    let seen: Vec<&Seen> = reports.iter().map(|(_, seen)| seen).collect();
    let sum = |of: fn(&Seen) -> u64| seen.iter().map(|seen| of(seen)).sum::<u64>();
    let answers: Vec<&Answered> = reports.iter().flat_map(|(answers, _)| answers).collect();
    println!(
        "{} answers, {} cuts, {killed} killed connections; seen: {} unreachable, {} busy, {} contended; {} sweeps wrote {} entries",
        answers.len(),
        CUTS.load(Ordering::Relaxed),
        sum(|seen| seen.unreachable),
        sum(|seen| seen.busy),
        sum(|seen| seen.contended),
        sum(|seen| seen.sweeps),
        sum(|seen| seen.swept)
    );
    assert!(20 < sum(|seen| seen.unreachable), "hardly a fault was seen");
    corpus::add_up(&engine).unwrap();
    let accepted = applied_once(&engine, &answers);
    let last = answers.iter().map(|answer| answer.number).max().unwrap();
    happened_once(&engine, last);
    limits_are_exact(&engine, &store, last);
    sent_again_changes_nothing(&engine, &store.schema, &accepted);
    corpus::add_up(&engine).unwrap();
}

/// What a process says until its end.
fn hear(mut child: Child) -> (Vec<Answered>, Seen) {
    let (mut answers, mut seen) = (Vec::new(), None);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(answer) = line.strip_prefix("= ") {
            answers.push(serde_json::from_str(answer).unwrap());
        } else if let Some(told) = line.strip_prefix("! ") {
            seen = Some(serde_json::from_str(told).unwrap());
        }
    }
    assert!(child.wait().unwrap().success(), "a process failed");
    (answers, seen.expect("a process says what it has seen"))
}

/// No request was carried out twice, all answers to it are the same, and the journals have exactly what the receipts say.
fn applied_once(engine: &Engine, answers: &[&Answered]) -> BTreeMap<u64, String> {
    let mut journal: BTreeMap<String, BTreeSet<(String, u64)>> = BTreeMap::new();
    let each = &mut |entry: crm_core::effect::Entry| {
        let entries = journal.entry(entry.request_id.as_str().to_owned()).or_default();
        assert!(entries.insert((entry.customer_id.as_str().to_owned(), entry.seq)));
        Ok(())
    };
    engine.each_entry(each).unwrap();
    let mut accepted = BTreeMap::new();
    let mut applied = BTreeSet::new();
    for answer in answers {
        assert!(!answer.applied || applied.insert(answer.number), "request {} was applied twice", answer.number);
        let Some((print, entries)) = &answer.receipt else { continue };
        if entries.is_empty() {
            continue;
        }
        let told = accepted.entry(answer.number).or_insert_with(|| print.clone());
        assert_eq!(told, print, "request {} has two receipts", answer.number);
        let written = journal.get(&format!("r{}", answer.number)).cloned().unwrap_or_default();
        assert!(
            entries.is_subset(&written),
            "request {}: {entries:?} in its receipt, {written:?} in the journal",
            answer.number
        );
        // The other side of a transfer is in the journal of the other one.
        let owners =
            |entries: &BTreeSet<(String, u64)>| entries.iter().map(|(who, _)| who.clone()).collect::<BTreeSet<_>>();
        let own = owners(entries);
        let rest = written.iter().filter(|(who, _)| own.contains(who)).count();
        assert_eq!(rest, entries.len(), "request {} was applied twice", answer.number);
    }
    let of_requests = journal.keys().filter_map(|id| id.strip_prefix('r')?.parse::<u64>().ok());
    for number in of_requests {
        assert!(accepted.contains_key(&number), "request {number} took effect and nobody was told");
    }
    println!("{} requests accepted", accepted.len());
    accepted
}

/// Everything that time did, it did once.
fn happened_once(engine: &Engine, last: u64) {
    // Far enough that all claims and holds are out of time, and that everybody's first points have ended, however few requests there were.
    let end = instant((last + 200).max(6 * 24 * 60));
    let mut tried = Seen::default();
    until_answered(&mut tried, || engine.sweep(end, &mut |_| {})).unwrap();
    assert!(engine.next_due().unwrap().is_none_or(|due| end < due));
    let (mut expired, mut names) = (BTreeMap::new(), 0_u64);
    let mut birthdays: BTreeMap<String, u32> = BTreeMap::new();
    let mut holds: BTreeMap<String, [u32; 2]> = BTreeMap::new();
    let mut claims: BTreeMap<String, [u32; 2]> = BTreeMap::new();
    let each = &mut |entry: crm_core::effect::Entry| {
        for change in &entry.points {
            if change.rule.as_ref().is_some_and(|rule| rule.as_str() == "birthday") {
                *birthdays.entry(entry.customer_id.as_str().to_owned()).or_default() += 1;
            }
            let quiet =
                entry.customer_id.as_str().trim_start_matches('m').parse::<u64>().is_ok_and(|who| PEOPLE <= who);
            if quiet && change.kind == MovementKind::Expire {
                *expired.entry(entry.customer_id.clone()).or_default() += 1;
            }
            let Some(hold) = &change.hold else { continue };
            let ends = matches!(change.kind, MovementKind::Capture | MovementKind::Release | MovementKind::TimeOut);
            // A capture of a part is told with the release of the rest.
            let first = entry.points.iter().position(|one| one.hold == change.hold);
            if change.kind == MovementKind::Hold {
                holds.entry(hold.as_str().to_owned()).or_default()[0] += 1;
            } else if ends && first.is_some_and(|first| std::ptr::eq(&entry.points[first], change)) {
                holds.entry(hold.as_str().to_owned()).or_default()[1] += 1;
            }
        }
        match &entry.what {
            What::Registered => names += 1,
            What::Claimed { claim_id, .. } => claims.entry(claim_id.as_str().to_owned()).or_default()[0] += 1,
            What::ClaimEnded { claim_id, .. } => claims.entry(claim_id.as_str().to_owned()).or_default()[1] += 1,
            _ => {}
        }
        Ok(())
    };
    engine.each_entry(each).unwrap();
    for (what, ends) in [("hold", &holds), ("claim", &claims)] {
        let wrong: Vec<_> = ends.iter().filter(|(_, ends)| **ends != [1, 1]).collect();
        assert!(wrong.is_empty(), "a {what} begins once and ends once: {wrong:?}");
        assert!(10 < ends.len(), "hardly a {what}");
    }
    assert_eq!(names, PEOPLE + QUIET);
    let due = (0..PEOPLE + QUIET).filter(|who| history::birthday(*who) <= end).count();
    assert!(20 < due, "hardly a birthday");
    assert_eq!(birthdays.len(), due, "each birthday that came was seen");
    assert!(birthdays.values().all(|times| *times == 1), "a birthday was seen twice: {birthdays:?}");
    // Ten points each, after two days; and those of a birthday, two days after that.
    assert_eq!(expired.len(), usize::try_from(QUIET).unwrap(), "everybody's points ended");
    for (who, times) in &expired {
        let who = who.as_str().trim_start_matches('m').parse().unwrap();
        let gone = history::birthday(who).plus_millis(3 * 24 * 3_600_000) <= end;
        assert!((1 + u32::from(gone)..=2).contains(times), "{times} lots of {who} ended");
    }
    println!("{} holds, {} claims, {due} birthdays, {} quiet ones", holds.len(), claims.len(), expired.len());
}

/// Counters say what claims say; whoever comes now gets what is left, and nothing more; and so with the card.
fn limits_are_exact(engine: &Engine, store: &InSchema, last: u64) {
    let schema = &store.schema;
    let mut confirmed: BTreeMap<u64, i64> = BTreeMap::new();
    let each = &mut |claim: crm_core::query::ClaimView| {
        assert_ne!(claim.state.as_str(), "held");
        if claim.state.as_str() == "confirmed" && !claim.returned {
            let of = claim.claim_id.as_str().trim_start_matches('k').parse::<u64>().unwrap();
            *confirmed.entry(history::sale(of)).or_default() += 1;
        }
        Ok(())
    };
    engine.each_claim(each).unwrap();
    assert_eq!(number(&format!("SELECT count(*) FROM {schema}.counter_hold_view")), 0);
    let mut full = 0;
    for sale in 0..=history::sale(last) {
        let used = |store: &InSchema| {
            let counter = format!("offer:sale{sale}/all");
            let query = "SELECT coalesce(sum(used), 0)::int8 FROM";
            number(&format!("{query} {}.counter WHERE name = '{counter}'", store.schema))
        };
        let confirmed = confirmed.get(&sale).copied().unwrap_or(0);
        assert_eq!(used(store), confirmed, "sale {sale}");
        assert!(confirmed <= LIMIT, "sale {sale}");
        full += i64::from(confirmed == LIMIT);
        let granted =
            (0..PEOPLE).filter(|who| engine.execute(history::late_claim(*who, sale, last + 300)).is_ok()).count();
        assert_eq!(i64::try_from(granted).unwrap(), (LIMIT - confirmed).min(PEOPLE.try_into().unwrap()), "sale {sale}");
        assert_eq!(used(store), confirmed + i64::try_from(granted).unwrap(), "sale {sale}");
    }
    let mut taken = 0;
    let each = &mut |entry: crm_core::effect::Entry| {
        if let What::GiftCardRedeemed(redeemed) = &entry.what {
            taken += redeemed.amount_minor;
        }
        Ok(())
    };
    engine.each_entry(each).unwrap();
    let left = number(&format!("SELECT balance_minor FROM {schema}.gift_card"));
    assert_eq!(left + taken, CARD, "what was on the card");
    println!("{} sales, {full} used up; {left} left on the card", history::sale(last) + 1);
    assert!(0 < full, "no limit was reached");
}

/// All of it once more: the same receipts, and not one row more.
fn sent_again_changes_nothing(engine: &Engine, schema: &str, accepted: &BTreeMap<u64, String>) {
    let rows = || {
        let count = |table: &str| number(&format!("SELECT count(*) FROM {schema}.{table}"));
        [
            count("entry"),
            count("claim"),
            count("orders"),
            number(&format!("SELECT sum(version)::int8 FROM {schema}.customer")),
        ]
    };
    let before = rows();
    let numbers: Vec<u64> = accepted.keys().copied().collect();
    for page in numbers.chunks(500) {
        let outcomes = engine.execute_many(page.iter().map(|number| request(*number)).collect()).unwrap();
        for (number, outcome) in page.iter().zip(outcomes) {
            let again = answered(*number, outcome);
            assert!(!again.applied, "request {number} was acknowledged and was not there");
            assert_eq!(again.receipt.map(|receipt| receipt.0).as_ref(), accepted.get(number), "request {number}");
        }
    }
    assert_eq!(rows(), before);
}
