//! Imports of the sample exports that the project ships, and of files as they go wrong.
#![cfg(feature = "import")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use crm_core::import::{
    BatchState, ColumnMap, DryRun, Format, ImportOptions, ImportReport, Source, batches, import, revert,
};
use crm_core::store::{MemoryStore, Read, Store, Table};
use crm_core::value::{BatchId, OrderId, Timestamp};
use crm_core::{Engine, query};
use std::collections::BTreeMap;

const PROGRAM: &str = include_str!("../../docs/programs/supermarket.json");
const TAOBAO: [(&str, &[u8]); 3] = [
    ("taobao_orders.csv", include_bytes!("../../docs/samples/taobao_orders.csv")),
    ("taobao_items.csv", include_bytes!("../../docs/samples/taobao_items.csv")),
    ("taobao_refunds.csv", include_bytes!("../../docs/samples/taobao_refunds.csv")),
];
const SHOPIFY: [(&str, &[u8]); 1] = [("shopify_orders.csv", include_bytes!("../../docs/samples/shopify_orders.csv"))];
const YOUZAN: [(&str, &[u8]); 2] = [
    ("youzan_orders.csv", include_bytes!("../../docs/samples/youzan_orders.csv")),
    ("youzan_lines.csv", include_bytes!("../../docs/samples/youzan_lines.csv")),
];
const PLAIN: [(&str, &[u8]); 1] = [("plain_orders.csv", include_bytes!("../../docs/samples/plain_orders.csv"))];

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn engine() -> Engine {
    let engine = Engine::open(MemoryStore::new()).unwrap();
    engine.publish_json(PROGRAM, time("2025-01-01T00:00:00Z")).unwrap();
    engine
}

fn plain() -> Format {
    Format::Plain { columns: Box::default() }
}

fn source<'a>(files: &[(&str, &'a [u8])]) -> Source<'a> {
    let empty = Source { name: "test".to_owned(), files: Vec::new() };
    files.iter().fold(empty, |source, (name, bytes)| source.with(*name, *bytes))
}

fn run(engine: &Engine, format: Format, files: &[(&str, &[u8])]) -> ImportReport {
    import(engine, source(files), &ImportOptions::new(format), &mut |_| ()).unwrap()
}

/// What customers have and where they stand; nothing of how it came about.
fn books(engine: &Engine) -> BTreeMap<String, String> {
    let at = time("2026-06-30T00:00:00Z");
    let mut books = BTreeMap::new();
    engine
        .each_customer(at, &mut |who| {
            let four = |account: &crm_core::points::Account| {
                let held = account.balances;
                (account.currency.clone(), held.pending, held.available, held.held, held.debt)
            };
            let balances: Vec<_> = who.accounts.iter().map(four).collect();
            let facts = (balances, who.tiers, who.stage, who.orders, who.registered_at, who.record.identifiers);
            books.insert(who.id.to_string(), format!("{facts:?}"));
            Ok(())
        })
        .unwrap();
    engine
        .each_order(&mut |who, order| {
            if order.status().as_str() != "reverted" {
                let facts = (who, order.status(), order.total_minor(), order.refunded_minor());
                books.insert(format!("order {}", order.id()), format!("{facts:?}"));
            }
            Ok(())
        })
        .unwrap();
    books
}

#[track_caller]
fn same(left: &BTreeMap<String, String>, right: &BTreeMap<String, String>, when: &str) {
    for key in left.keys().chain(right.keys()) {
        assert_eq!(left.get(key), right.get(key), "{key} {when}");
    }
}

fn rows(engine: &Engine) -> usize {
    let read = |table: &Table| Read::Prefix { table: *table, prefix: Vec::new(), after: None, limit: usize::MAX };
    let reads: Vec<_> = Table::ALL.iter().map(read).collect();
    engine.store().load(&reads).unwrap().iter().map(Vec::len).sum()
}

fn order(engine: &Engine, id: &str) -> Option<query::OrderExplained> {
    match engine.ask(&query::Query::Order { order_id: OrderId::new(id).unwrap() }) {
        Ok(query::Answer::Order(order)) => Some(order),
        _ => None,
    }
}

fn summary(report: &ImportReport) -> String {
    let counts = |c: &crm_core::import::Counts| {
        format!("{}/{}/{}/{}/{}", c.applied, c.unchanged, c.skipped, c.refused, c.waiting)
    };
    let (orders, refunds, closings) = (counts(&report.orders), counts(&report.refunds), counts(&report.closings));
    let new = report.customers_new;
    format!(
        "rows {} orders {orders} refunds {refunds} closings {closings} new {new} issues {}",
        report.rows, report.issues_total
    )
}

/// Every sample, run once, run again, and compared with its dry run.
#[track_caller]
fn check(format: &Format, files: &[(&str, &[u8])], expected: &str) -> ImportReport {
    let engine = engine();
    let before = rows(&engine);
    let dry = ImportOptions { dry_run: DryRun::Yes, ..ImportOptions::new(format.clone()) };
    let dry = import(&engine, source(files), &dry, &mut |_| ()).unwrap();
    assert_eq!(rows(&engine), before, "a dry run writes nothing");
    let report = run(&engine, format.clone(), files);
    assert_eq!(summary(&report), expected, "{:#?} {:?}", report.issues, report.skipped);
    assert_eq!(ImportReport { dry_run: DryRun::No, ..dry }, report, "the dry run told the truth");
    let written = rows(&engine);
    let once = books(&engine);
    let again = run(&engine, format.clone(), files);
    assert!(!again.changed(), "{}", summary(&again));
    assert_eq!(again.orders.unchanged, report.orders.applied);
    assert_eq!((rows(&engine), books(&engine)), (written + 1, once), "only the second batch's own row is new");
    report
}

/// The figures were counted from the files with a script of its own: applied, unchanged, skipped, refused, waiting.
#[test]
fn the_samples_import_and_a_second_time_change_nothing() {
    check(&plain(), &PLAIN, "rows 7 orders 4/0/1/1/0 refunds 1/0/0/0/0 closings 0/0/0/0/0 new 3 issues 2");
    check(&Format::Shopify, &SHOPIFY, "rows 56 orders 25/0/1/0/0 refunds 5/0/0/0/0 closings 0/0/4/0/0 new 5 issues 0");
    check(&Format::Taobao, &TAOBAO, "rows 200 orders 53/0/7/0/0 refunds 6/0/5/0/0 closings 0/0/2/0/2 new 10 issues 2");
    check(&Format::Youzan, &YOUZAN, "rows 69 orders 21/0/4/0/0 refunds 4/0/0/0/0 closings 0/0/1/0/0 new 4 issues 4");
}

#[test]
fn one_person_in_three_channels_is_one_customer() {
    let engine = engine();
    run(&engine, Format::Taobao, &TAOBAO);
    run(&engine, Format::Shopify, &SHOPIFY);
    run(&engine, Format::Youzan, &YOUZAN);
    let mut seen = Vec::new();
    engine
        .each_customer(time("2026-06-30T00:00:00Z"), &mut |who| {
            let keys: Vec<_> = who.record.identifiers.iter().map(|(key, _)| key.to_string()).collect();
            if keys.contains(&"phone:+8613800138001".to_owned()) {
                seen.push(keys);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(seen.len(), 1, "{seen:?}");
    for key in ["tb_nick:茶香满园", "email:lin.xiao@example.com"] {
        assert!(seen[0].contains(&key.to_owned()), "{seen:?}");
    }
}

#[test]
fn the_order_of_rows_and_files_does_not_matter() {
    let forwards = engine();
    run(&forwards, Format::Taobao, &TAOBAO);
    let backwards = engine();
    let (text, ..) = encoding_rs::GB18030.decode(TAOBAO[0].1);
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let reversed = lines.join("\n");
    let files = [TAOBAO[2], TAOBAO[1], ("orders.csv", reversed.as_bytes())];
    run(&backwards, Format::Taobao, &files);
    same(&books(&forwards), &books(&backwards), "backwards");
}

#[test]
fn a_reverted_import_leaves_nobody_and_can_be_imported_again() {
    let clean = engine();
    run(&clean, Format::Taobao, &TAOBAO);
    let engine = engine();
    let report = run(&engine, Format::Taobao, &TAOBAO);
    let late = time("2026-06-01T00:00:00Z");
    let back = revert(&engine, &report.batch, late, &mut |_| ()).unwrap();
    assert_eq!((back.orders, back.failed, back.customers_kept), (report.orders.applied, 0, 0), "{back:?}");
    assert_eq!(back.customers, report.customers_new);
    assert_eq!(books(&engine), BTreeMap::new());
    let nothing = revert(&engine, &report.batch, late, &mut |_| ()).unwrap();
    assert_eq!((nothing.orders, nothing.customers), (0, 0), "reverting twice is reverting once");
    let again = run(&engine, Format::Taobao, &TAOBAO);
    assert_eq!(summary(&again), summary(&report));
    same(&books(&engine), &books(&clean), "after a revert");
    let states: Vec<_> = batches(&engine).unwrap().into_iter().map(|batch| batch.state).collect();
    assert_eq!(states, [BatchState::Reverted, BatchState::Done]);
    let unknown = revert(&engine, &BatchId::new("nobody").unwrap(), late, &mut |_| ()).unwrap_err();
    assert_eq!(unknown.code().as_str(), "batch.unknown");
}

/// What the shop itself told of a refund stays known, and is in the sum of the file. To see it fail: let `Run::refunded_to` not flush.
#[test]
fn a_refund_told_otherwise_is_in_the_sum_of_a_file_that_comes_again() {
    let csv = "order_id,paid_at,email,sku,unit_price,refunded_amount,refunded_at\no1,2025-03-01,ann@example.org,tea,100.00,50.00,2025-03-09\n";
    let files = [("orders.csv", csv.as_bytes())];
    let engine = engine();
    let report = run(&engine, plain(), &files);
    let refund = r#"{ "request_id": "till", "at": "2025-03-10T00:00:00Z", "do": { "type": "record_refund",
        "refund": { "id": "till", "order": "o1", "refunded_at": "2025-03-05T00:00:00Z", "what": { "type": "amount", "amount": "20.00" } } } }"#;
    engine.execute(crm_core::command::Request::from_json(refund).unwrap()).unwrap();
    let refunded = || match engine.ask(&query::Query::Order { order_id: OrderId::new("o1").unwrap() }).unwrap() {
        query::Answer::Order(order) => order
            .refunds
            .iter()
            .map(|refund| (refund.refund_id.to_string(), refund.amount.to_string()))
            .collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let told = |id: &str, amount: &str| (id.to_owned(), amount.to_owned());
    assert_eq!(refunded(), [told("till", "20.00"), told("plain:o1:refund", "50.00")]);
    revert(&engine, &report.batch, time("2026-06-01T00:00:00Z"), &mut |_| ()).unwrap();
    run(&engine, plain(), &files);
    assert_eq!(refunded(), [told("till", "20.00"), told("plain:o1:refund:50", "30.00")]);
}

/// To see it fail: let an order that was taken back stay with whom it was recorded for (`orders::recorded`).
#[test]
fn a_file_that_was_read_with_the_wrong_column_is_put_right() {
    let csv = "order,paid,buyer,seller,price\no1,2025-03-01,ann,tom,10.00\no2,2025-03-02,bob,tom,20.00\n\
               o3,2025-03-03,tom,ann,30.00\n";
    let by = |column: &str| {
        let map = format!(
            r#"{{ "order_id": "order", "paid_at": "paid", "unit_price": "price", "customer": [{{ "column": "{column}", "type": "member_no" }}] }}"#
        );
        Format::Plain { columns: Box::new(ColumnMap::from_json(&map).unwrap()) }
    };
    let files = [("orders.csv", csv.as_bytes())];
    let clean = engine();
    run(&clean, by("buyer"), &files);
    let engine = engine();
    let wrong = run(&engine, by("seller"), &files);
    assert_eq!((wrong.orders.applied, wrong.customers_new), (3, 2));
    let at = time("2026-06-01T00:00:00Z");
    revert(&engine, &wrong.batch, at, &mut |_| ()).unwrap();
    let right = run(&engine, by("buyer"), &files);
    assert_eq!((right.orders.applied, right.customers_new, right.issues_total), (3, 3, 0), "{right:?}");
    same(&books(&engine), &books(&clean), "after the right column");
    // Taken back once more, the first import has nothing of the second one.
    revert(&engine, &wrong.batch, at, &mut |_| ()).unwrap();
    same(&books(&engine), &books(&clean), "after another revert");
    revert(&engine, &right.batch, at, &mut |_| ()).unwrap();
    assert_eq!(books(&engine), BTreeMap::new());
}

/// A store that fails for good after some commits, as a killed process does.
struct Dying {
    below: MemoryStore,
    left: std::sync::atomic::AtomicI64,
}

impl Store for Dying {
    fn abilities(&self) -> crm_core::store::Abilities {
        self.below.abilities()
    }
    fn load(&self, reads: &[Read]) -> crm_core::Result<Vec<Vec<crm_core::store::Row>>> {
        self.below.load(reads)
    }
    fn commit(&self, commit: &crm_core::store::Commit) -> crm_core::Result<crm_core::store::CommitReply> {
        if self.left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) <= 0 {
            return Err(crm_core::Error::new(crm_core::ErrorCode::StoreFailed, "killed"));
        }
        self.below.commit(commit)
    }
    fn close(&self) -> crm_core::Result<()> {
        self.below.close()
    }
}

#[test]
fn an_import_or_a_revert_that_dies_anywhere_is_finished_by_running_it_again() {
    let clean = engine();
    run(&clean, Format::Taobao, &TAOBAO);
    for deaths in 1..24 {
        let below = MemoryStore::new();
        Engine::open(below.clone()).unwrap().publish_json(PROGRAM, time("2025-01-01T00:00:00Z")).unwrap();
        let dying = Dying { below: below.clone(), left: deaths.into() };
        let options = ImportOptions { chunk_orders: 4, ..ImportOptions::new(Format::Taobao) };
        let died = import(&Engine::open(dying).unwrap(), source(&TAOBAO), &options, &mut |_| ());
        let whole = Engine::open(below.clone()).unwrap();
        let report = import(&whole, source(&TAOBAO), &options, &mut |_| ()).unwrap();
        same(&books(&whole), &books(&clean), &format!("after {deaths} commits"));
        assert_eq!(batches(&whole).unwrap().len(), if died.is_err() { 1 } else { 2 });
        if died.is_err() {
            let dying = Dying { below, left: (deaths % 3).into() };
            let at = time("2026-06-01T00:00:00Z");
            let _ = revert(&Engine::open(dying).unwrap(), &report.batch, at, &mut |_| ());
            revert(&whole, &report.batch, at, &mut |_| ()).unwrap();
            assert_eq!(books(&whole), BTreeMap::new(), "reverted after {deaths} commits");
        }
    }
}

/// Six hundred orders of forty customers, with refunds.
fn many_orders() -> String {
    let mut csv = "order_id,paid_at,member_no,sku,quantity,unit_price,refunded_amount,refunded_at\n".to_owned();
    for n in 0..600 {
        let (day, month, who) = (n % 28 + 1, n / 28 % 12 + 1, n * 7 % 40);
        let refund = if n % 9 == 0 { format!("{}.50,2026-01-{day:02}", n % 20 + 1) } else { ",".to_owned() };
        csv.push_str(&format!("{n},2025-{month:02}-{day:02} 10:00,m{who},sku{},{},33.30,{refund}\n", n % 5, n % 3 + 1));
    }
    csv
}

/// What the child process of the kill test does: imports slowly enough to be killed, and says so after every commit.
#[cfg(feature = "sqlite")]
#[test]
#[ignore = "a part of the kill test"]
fn child_that_is_killed() {
    use std::io::Write;
    let Some(file) = std::env::var_os("CRM_KILL_FILE") else { return };
    let store = crm_core::store::SqliteStore::open(file.as_ref(), crm_core::store::SqliteOptions::default()).unwrap();
    let engine = Engine::open(store).unwrap();
    let csv = many_orders();
    let options = ImportOptions { chunk_orders: 5, ..ImportOptions::new(plain()) };
    let mut tell = |_: &crm_core::import::ImportProgress| {
        let _ = writeln!(std::io::stderr(), "committed");
    };
    import(&engine, source(&[("a.csv", csv.as_bytes())]), &options, &mut tell).unwrap();
}

#[cfg(feature = "sqlite")]
#[test]
fn kill_9_in_mid_import_loses_nothing() {
    use crm_core::store::{SqliteOptions, SqliteStore};
    use std::io::{BufRead, BufReader};
    let csv = many_orders();
    let clean = engine();
    run(&clean, plain(), &[("a.csv", csv.as_bytes())]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crm.db");
    let open = || Engine::open(SqliteStore::open(&file, SqliteOptions::default()).unwrap()).unwrap();
    open().publish_json(PROGRAM, time("2025-01-01T00:00:00Z")).unwrap();
    for commits in [1, 4, 9, 17] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["child_that_is_killed", "--exact", "--ignored", "--nocapture"])
            .env("CRM_KILL_FILE", &file)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        for _ in 0..commits {
            said.next();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let engine = open();
    let report = run(&engine, plain(), &[("a.csv", csv.as_bytes())]);
    assert!(0 < report.orders.unchanged && 0 < report.orders.applied, "{}", summary(&report));
    same(&books(&engine), &books(&clean), "after four kills");
    assert_eq!(batches(&engine).unwrap().len(), 1, "every try went on with the same import");
}

#[test]
fn a_closing_cancels_what_was_imported_before() {
    let engine = engine();
    let head =
        "订单编号,买家会员名,联系手机,买家应付邮费,买家实际支付金额,订单状态,订单创建时间,订单付款时间,宝贝标题\n";
    let row = |status: &str, paid: &str| {
        format!("{head}21800001,小明,13800138001,0,{paid},{status},2026-01-01 10:00:00,2026-01-01 10:01:00,茶\n")
    };
    let paid = row("买家已付款，等待卖家发货", "88.00");
    assert_eq!(run(&engine, Format::Taobao, &[("a.csv", paid.as_bytes())]).orders.applied, 1);
    let closed = row("交易关闭", "88.00");
    let report = run(&engine, Format::Taobao, &[("b.csv", closed.as_bytes())]);
    assert_eq!((report.closings.applied, report.orders.applied), (1, 0));
    assert_eq!(order(&engine, "21800001").unwrap().status, "cancelled");
    let report = run(&engine, Format::Taobao, &[("b.csv", closed.as_bytes())]);
    assert_eq!((report.closings.unchanged, report.changed()), (1, false));
}

/// Refund rows of Taobao name the article; Youzan tells of each line what went back of it in all so far. Neither takes anything from the others.
#[test]
fn what_a_shop_says_went_back_of_an_article_comes_from_its_lines() {
    let back = |engine: &Engine, id: &str| -> Vec<(String, String)> {
        let lines = order(engine, id).unwrap().lines;
        lines.iter().map(|line| (line.sku.to_string(), line.refunded.decimal().normalize().to_string())).collect()
    };
    let is = |lines: [(&str, &str); 2]| lines.map(|(sku, back)| (sku.to_owned(), back.to_owned())).to_vec();
    let orders = "订单编号,买家会员名,买家实际支付金额,订单状态,订单创建时间,订单付款时间,宝贝标题\n\
                  1,小明,150.00,交易成功,2026-01-01 10:00:00,2026-01-01 10:01:00,茶\n";
    let items = "订单编号,标题,价格,购买数量,商家编码\n1,茶,100.00,1,T1\n1,杯,50.00,1,\n";
    let refunds = "订单编号,退款编号,退款完结时间,买家退款金额,商家编码,宝贝标题\n1,R1,2026-01-05 09:00:00,20.00,T1,茶\n\
                   1,R2,2026-01-06 09:00:00,7.50,,杯\n";
    let (orders, items, refunds) =
        (("orders.csv", orders.as_bytes()), ("items.csv", items.as_bytes()), ("refunds.csv", refunds.as_bytes()));
    let all = engine();
    assert_eq!(run(&all, Format::Taobao, &[orders, items, refunds]).refunds.applied, 2);
    assert_eq!(back(&all, "1"), is([("T1", "20"), ("杯", "7.5")]));
    // Refunds that come without their order wait, and know their article all the same.
    let apart = engine();
    assert_eq!(run(&apart, Format::Taobao, &[refunds]).refunds.waiting, 2);
    run(&apart, Format::Taobao, &[orders, items]);
    same(&books(&apart), &books(&all), "with the refunds first");

    let sheet = |refunded: &str| {
        format!(
            "订单号,订单状态,订单创建时间,买家付款时间,订单实付金额,买家手机号,全部商品名称,订单已退款金额\nE1,已发货,2026-01-01 10:00:00,2026-01-01 10:01:00,150.00,13800138001,茶,{refunded}\n"
        )
    };
    let lines = |tea: &str, cup: &str| {
        format!(
            "订单号,商品名称,商品编码,商品单价,商品数量,商品已退款金额\nE1,茶,T1,100.00,1,{tea}\nE1,杯,C1,50.00,1,{cup}\n"
        )
    };
    let engine = engine();
    let exports = [
        ("0.00", ("0.00", "0.00"), 0, [("T1", "0"), ("C1", "0")]),
        ("30.00", ("30.00", "0.00"), 1, [("T1", "30"), ("C1", "0")]),
        ("30.00", ("30.00", "0.00"), 0, [("T1", "30"), ("C1", "0")]),
        ("80.00", ("30.00", "50.00"), 1, [("T1", "30"), ("C1", "50")]),
        // Ten more than the lines say: what is left of them is the tea's.
        ("100.00", ("40.00", "50.00"), 1, [("T1", "50"), ("C1", "50")]),
    ];
    for (in_all, (tea, cup), applied, expected) in exports {
        let (sheet, lines) = (sheet(in_all), lines(tea, cup));
        let report = run(&engine, Format::Youzan, &[("o.csv", sheet.as_bytes()), ("l.csv", lines.as_bytes())]);
        assert_eq!((report.refunds.applied, report.issues_total), (applied, 0), "{in_all}: {:?}", report.issues);
        assert_eq!(back(&engine, "E1"), is(expected), "{in_all}");
    }
    // An orders export without that column: what the lines say is all.
    let engine = self::engine();
    let (sheet, lines) = (sheet("").replace(",订单已退款金额", "").replace(",\n", "\n"), lines("40.00", "0.50"));
    let report = run(&engine, Format::Youzan, &[("o.csv", sheet.as_bytes()), ("l.csv", lines.as_bytes())]);
    assert_eq!((report.refunds.applied, report.issues_total), (1, 0), "{:?}", report.issues);
    assert_eq!(back(&engine, "E1"), is([("T1", "40"), ("C1", "0.5")]));
}

#[test]
fn a_shop_that_refunds_more_later_is_followed() {
    let engine = engine();
    let sheet = |back: &str| {
        format!(
            "order_id,paid_at,member_no,sku,unit_price,refunded_amount,refunded_at\n1,2026-01-01,m1,tea,100,{back},2026-01-05\n"
        )
    };
    for (back, applied, total) in [("", 0, "0"), ("10.00", 1, "10"), ("10.00", 0, "10"), ("35.50", 1, "35.5")] {
        let text = sheet(back);
        let report = run(&engine, plain(), &[("a.csv", text.as_bytes())]);
        assert_eq!(report.refunds.applied, applied, "{back} {:?}", report.issues);
        assert_eq!(order(&engine, "1").unwrap().refunded.amount.decimal().normalize().to_string(), total);
    }
}

/// Order 1 was paid, then closed; order 2 got 10.00 back; order 3 was closed before anybody paid. Whichever export comes first, 1 is cancelled,
/// 2 keeps 20.00 and 3 is nobody's.
#[test]
fn exports_in_any_order_give_the_same_books() {
    let head = "订单编号,买家会员名,买家实际支付金额,订单状态,订单创建时间,订单付款时间,宝贝标题\n";
    let one = |status: &str, paid: &str| format!("1,小明,{paid},{status},2026-01-01 10:00:00,2026-01-01 10:01:00,茶\n");
    let two = |status: &str| format!("2,小明,30.00,{status},2026-01-02 10:00:00,2026-01-02 10:01:00,茶\n");
    let old = format!("{head}{}{}", one("卖家已发货，等待买家确认", "50.00"), two("买家已付款，等待卖家发货"));
    // A closed order may well say that nothing was paid.
    let three = "3,小红,9.00,交易关闭,2026-01-03 10:00:00,,茶\n";
    let new = format!("{head}{}{}{three}", one("交易关闭", "0.00"), two("交易成功"));
    let back =
        "订单编号,退款编号,退款完结时间,买家退款金额\n1,R1,2026-01-05 09:00:00,50.00\n2,R2,2026-01-06 09:00:00,10.00\n";
    let old: [(&str, &[u8]); 1] = [("old.csv", old.as_bytes())];
    let new: [(&str, &[u8]); 2] = [("new.csv", new.as_bytes()), ("back.csv", back.as_bytes())];
    let told = |exports: &[&[(&str, &[u8])]]| {
        let engine = engine();
        for files in exports {
            run(&engine, Format::Taobao, files);
        }
        engine
    };
    let right = told(&[&old, &new]);
    let status = |engine: &Engine| ["1", "2", "3"].map(|id| order(engine, id).map(|order| order.status));
    let expected = [Some("cancelled".to_owned()), Some("partly_refunded".to_owned()), None];
    assert_eq!(status(&right), expected);
    let left = told(&[&new]);
    let again = run(&left, Format::Taobao, &new);
    assert_eq!((again.closings.waiting, again.closings.skipped, again.changed()), (1, 1, false), "it waits, once");
    run(&left, Format::Taobao, &old);
    assert_eq!(status(&left), expected);
    same(&books(&left), &books(&right), "with the newer export first");
    for files in [&new[..], &old[..]] {
        let again = run(&left, Format::Taobao, files);
        assert_eq!((again.changed(), again.issues_total), (false, 0), "{:?}", again.issues);
    }
    // What waits stays when the import that told of it is reverted, as refunds do.
    let left = told(&[]);
    let batch = run(&left, Format::Taobao, &new).batch;
    revert(&left, &batch, time("2026-06-01T00:00:00Z"), &mut |_| ()).unwrap();
    run(&left, Format::Taobao, &old);
    assert_eq!(order(&left, "1").unwrap().status, "cancelled");
    // An order that is taken back with its import is not there: what closes it waits for it to come again.
    let left = told(&[]);
    let batch = run(&left, Format::Taobao, &old).batch;
    run(&left, Format::Taobao, &new);
    revert(&left, &batch, time("2026-06-01T00:00:00Z"), &mut |_| ()).unwrap();
    run(&left, Format::Taobao, &new);
    run(&left, Format::Taobao, &old);
    assert_eq!(order(&left, "1").unwrap().status, "cancelled");
}

/// The same for the shops whose closings say nothing of refunds.
#[test]
fn a_closing_waits_for_its_order() {
    let check = |format: Format, paid: &str, closed: &str, never: &str, id: &str| {
        let engine = engine();
        let report = run(&engine, format.clone(), &[("closed.csv", closed.as_bytes())]);
        assert_eq!((report.closings.waiting, report.closings.skipped), (1, 0), "{}", summary(&report));
        run(&engine, format.clone(), &[("paid.csv", paid.as_bytes())]);
        assert_eq!(order(&engine, id).unwrap().status, "cancelled", "{}", format.name());
        let report = run(&self::engine(), format, &[("never.csv", never.as_bytes())]);
        assert_eq!((report.closings.waiting, report.closings.skipped), (0, 1), "{}", summary(&report));
    };
    let youzan = |status: &str, paid_at: &str| {
        format!(
            "订单号,订单状态,订单创建时间,买家付款时间,订单实付金额,买家手机号,全部商品名称\nE1,{status},2026-01-01 10:00:00,{paid_at},50.00,13800138001,茶\n"
        )
    };
    let at = "2026-01-01 10:01:00";
    check(Format::Youzan, &youzan("已发货", at), &youzan("已关闭", at), &youzan("已关闭", ""), "E1");
    let shopify = |status: &str, paid_at: &str| {
        format!(
            "Name,Email,Financial Status,Paid at,Created at,Currency,Total,Lineitem quantity,Lineitem name,Lineitem price\n#1,ann@example.org,{status},{paid_at},{at},CNY,50.00,1,tea,50.00\n"
        )
    };
    check(Format::Shopify, &shopify("paid", at), &shopify("voided", at), &shopify("voided", ""), "#1");
}

/// Goods that nobody bought, and more of them than were bought: the report says how many refunds that were.
#[test]
fn refunds_that_find_no_order_are_counted() {
    let text = "order_id,paid_at,member_no,sku,quantity,unit_price\n\
        1,2026-01-01,m1,tea,1,5.00\n\
        C2,2026-01-02,m1,tea,-1,5.00\n\
        C3,2026-01-03,m1,coat,-1,50.00\n\
        C4,2026-01-04,m1,tea,-1,5.00\n";
    let columns = Box::new(ColumnMap { refund_prefix: Some("C".to_owned()), ..ColumnMap::default() });
    let report = run(&engine(), Format::Plain { columns }, &[("a.csv", text.as_bytes())]);
    assert_eq!((report.refunds.applied, report.refunds_unmatched, report.issues_total), (3, 2, 0), "{report:?}");
}

/// One row that is wrong does not stop the rows around it.
#[track_caller]
fn check_row(row: &str, column: Option<&str>, code: &str, words: &str) {
    let engine = engine();
    let head = "order_id,paid_at,member_no,phone,sku,quantity,unit_price";
    let good = |id: &str| format!("{id},2026-01-01 10:00:00,m1,,tea,1,5.00");
    let text = format!("{head}\n{}\n{row}\n{}\n", good("g1"), good("g2"));
    let report = run(&engine, plain(), &[("a.csv", text.as_bytes())]);
    assert_eq!(report.orders.applied, 2, "{row}: {:?}", report.issues);
    let issue = &report.issues[0];
    let found = (issue.row, issue.column.as_deref(), issue.code.as_str());
    assert_eq!(found, (3, column, code), "{row}: {issue:?}");
    assert!(issue.message.contains(words), "{issue:?}");
    assert!(!issue.help.is_empty());
}

#[test]
fn problems_of_rows_are_named_and_never_stop_the_file() {
    // Not five yuan.
    check_row("b1,2026-01-01 10:00:00,m1,,tea,1,$5.00", Some("unit_price"), "order.currency", "`$5.00` is not in CNY");
    check_row("b1,2026-01-01 10:00:00,m1,,tea,¥1,5.00", Some("quantity"), "order.quantity", "`¥1` is not a quantity");
    check_row("b,2026-13-01 10:00:00,m2,,tea,1,5.00", Some("paid_at"), "time.range", "2026-13-01");
    check_row("b,tomorrow,m2,,tea,1,5.00", Some("paid_at"), "time.text", "tomorrow");
    check_row("b,,m2,,tea,1,5.00", Some("paid_at"), "import.row", "missing");
    check_row(",2026-01-01,m2,,tea,1,5.00", Some("order_id"), "import.row", "no order id");
    check_row("2E+18,2026-01-01,m2,,tea,1,5.00", Some("order_id"), "import.row", "sci_notation");
    check_row("2.18E+18,2026-01-01,m2,,tea,1,5.00", Some("order_id"), "import.row", "sci_notation");
    check_row("b,2026-01-01,,,tea,1,5.00", Some("member_no"), "identity.missing", "no customer");
    check_row("b,2026-01-01,,138****0000,tea,1,5.00", Some("phone"), "identity.text", "masked");
    check_row("b,2026-01-01,,1.38E+10,tea,1,5.00", Some("phone"), "identity.text", "sci_notation");
    check_row("b,2026-01-01,,13800000000,tea,1,5.00", Some("phone"), "identity.text", "placeholder");
    check_row("b,2026-01-01,m2,,tea,1,NaN", Some("unit_price"), "money.text", "NaN");
    check_row("b,2026-01-01,m2,,tea,1,-5.00", Some("unit_price"), "money.negative", "below zero");
    check_row("b,2026-01-01,m2,,tea,-1,5.00", Some("quantity"), "order.quantity", "above zero");
    check_row("b,2026-01-01,m2,,tea,1e3,5.00", Some("quantity"), "order.quantity", "1e3");
    check_row("b,2026-01-01,m2,,tea,1,99999999999999999999999999999", Some("unit_price"), "money.range", "28 digits");
    check_row("b,2026-01-01,m2,,tea,1,0.001", Some("unit_price"), "money.precision", "0.001");
    check_row("b,2026-01-01,m2,,tea,1,5.00,surplus", None, "import.row", "8 cells");
    let long = "x".repeat(200);
    check_row(&format!("b,2026-01-01,m2,,{long},1,5.00"), Some("sku"), "value.too_long", "200 bytes");
    check_row(&format!("b,2026-01-01,m2,,\"{}\",1,5.00", "x".repeat(70_000)), None, "import.row", "quote");
}

/// A quote that is not closed takes the rows behind it for one cell. Those orders must not be gone without a word.
#[test]
fn a_lone_quote_is_told_wherever_it_stands() {
    let check = |rows: &str, applied: u64| {
        let text = format!("order_id,paid_at,member_no,unit_price,name\n{rows}");
        let report = run(&engine(), plain(), &[("a.csv", text.as_bytes())]);
        let told: Vec<_> = report.issues.iter().map(|issue| (issue.row, issue.message.contains("quote"))).collect();
        assert_eq!((report.orders.applied, told), (applied, vec![(3, true)]), "{rows}");
    };
    let row = |id: &str, name: &str| format!("{id},2026-01-01,m{id},5.00,{name}\n");
    let all =
        |names: [&str; 4]| ["1", "2", "3", "4"].iter().zip(names).map(|(id, name)| row(id, name)).collect::<String>();
    check(&all(["a", "\"b", "c", "d"]), 1);
    check(&all(["a", "\"b", "c", "\"d\""]), 1);
    check(&all(["a", "\"b", "\"c", "d"]), 2);
    let fine = all(["\"a\nof \"\"two\"\" lines\"", "5\" b", "c\"", "\"d\""]);
    let text = format!("order_id,paid_at,member_no,unit_price,name\n{fine}");
    let report = run(&engine(), plain(), &[("a.csv", text.as_bytes())]);
    assert_eq!((report.orders.applied, report.issues_total), (4, 0), "{:?}", report.issues);
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_does() {
    for end in ["\n", "\r\n", "\r"] {
        let lines = [
            "",
            "order_id,paid_at,member_no,unit_price",
            "1,2026-01-01,m1,5",
            "",
            "",
            "2,2026-01-01,m2,x",
            ",,,",
            "",
            "3,2026-01-01,m3,y",
            "4,2026-01-01,m4,5",
        ];
        let text = lines.join(end);
        let report = run(&engine(), plain(), &[("a.csv", text.as_bytes())]);
        let told: Vec<_> = report.issues.iter().map(|issue| issue.row).collect();
        assert_eq!((report.orders.applied, report.rows, told), (2, 5, vec![6, 9]), "{end:?} {:?}", report.issues);
    }
}

#[test]
fn a_note_on_the_separator_is_heeded() {
    let text = "sep=;\r\norder_id;paid_at;member_no;unit_price;name\r\n1;2026-01-01;m1;5;a,b,c,d,e,f\r\n2;2026-01-01;m1;x;\r\n";
    let report = run(&engine(), plain(), &[("a.csv", text.as_bytes())]);
    assert_eq!((report.orders.applied, report.issues[0].row), (1, 3), "{:?}", report.issues);
}

/// What the engine refuses is told by the column of the file, and problems come in the order of the rows however they were found.
#[test]
fn a_refusal_of_the_engine_names_the_column_of_the_file() {
    let text = "order_id,paid_at,member_no,unit_price,currency,refunded_amount\n\
                1,2026-01-02,m1,5,USD,\n2,2026-01-01,m2,x,CNY,\n3,2026-01-01,m3,5,CNY,7.00\n";
    let report = run(&engine(), plain(), &[("a.csv", text.as_bytes())]);
    let told: Vec<_> = report
        .issues
        .iter()
        .map(|issue| {
            (issue.row, issue.column.as_deref().unwrap(), issue.code.as_str(), issue.value.as_deref().unwrap())
        })
        .collect();
    let expected = [
        (2, "currency", "order.currency", "USD"),
        (3, "unit_price", "money.text", "x"),
        (4, "refunded_amount", "refund.exceeds", "7.00"),
    ];
    assert_eq!(told, expected);
}

/// A price with too many digits stands in the item sheet, not where the order says what was paid.
#[test]
fn a_wrong_price_of_an_item_is_told_where_it_stands() {
    let orders =
        "订单编号,买家会员名,买家实际支付金额,订单状态,订单付款时间\n1,小明,10.00,交易成功,2026-01-01 10:00:00\n";
    let items = "订单编号,标题,价格,购买数量\n1,茶,2.00,1\n1,米,8.001,1\n";
    let files: [(&str, &[u8]); 2] = [("orders.csv", orders.as_bytes()), ("items.csv", items.as_bytes())];
    let report = run(&engine(), Format::Taobao, &files);
    let issue = &report.issues[0];
    assert_eq!((issue.file.as_str(), issue.row, issue.column.as_deref()), ("items.csv", 3, Some("价格")));
    assert_eq!((issue.code.as_str(), report.orders.refused), ("money.precision", 1));
}

/// The refund sheet comes again next month, without the orders of the last one.
#[test]
fn a_refund_is_the_same_with_its_order_and_without() {
    let orders =
        "订单编号,买家会员名,买家实际支付金额,订单状态,订单付款时间\n1,小明,10.00,交易成功,2026-01-01 10:00:00\n";
    let refunds = "订单编号,退款编号,退款完结时间,买家退款金额\n1,R1,2026-01-05 10:00:00,10.00\n";
    let engine = engine();
    let both: [(&str, &[u8]); 2] = [("orders.csv", orders.as_bytes()), ("refunds.csv", refunds.as_bytes())];
    assert_eq!(run(&engine, Format::Taobao, &both).refunds.applied, 1);
    assert_eq!(order(&engine, "1").unwrap().status, "fully_refunded");
    let again = run(&engine, Format::Taobao, &[("refunds.csv", refunds.as_bytes())]);
    assert_eq!((again.refunds.unchanged, again.issues_total), (1, 0), "{:?}", again.issues);
}

/// Every refund of the sheet is counted somewhere, also where its order is left out.
#[test]
fn refunds_of_orders_that_are_left_out_are_counted() {
    let orders = "订单编号,买家会员名,买家实际支付金额,订单状态,订单付款时间\n1,,10.00,交易成功,2026-01-01 10:00:00\n2,小明,x,交易成功,2026-01-01 10:00:00\n";
    let refunds = "订单编号,退款编号,退款完结时间,买家退款金额\n1,R1,2026-01-05,10.00\n2,R2,2026-01-05,1.00\n";
    let both: [(&str, &[u8]); 2] = [("orders.csv", orders.as_bytes()), ("refunds.csv", refunds.as_bytes())];
    let report = run(&engine(), Format::Taobao, &both);
    let expected = [("no_customer".to_owned(), 2), ("order_refused".to_owned(), 1)];
    assert_eq!((report.refunds.skipped, report.skipped), (2, BTreeMap::from(expected)));
}

/// How many orders go into one commit must not show: a new customer's refund finds the order that came in the same commit.
#[test]
fn the_size_of_a_commit_changes_nothing() {
    let text = "order_id,paid_at,member_no,sku,unit_price,quantity\n1,2026-01-05,m1,tea,20,3\nC2,2026-01-06,m1,tea,20,1\n3,2026-01-07,m2,cup,9,1\nC4,2026-01-08,m2,cup,9,-1\n";
    let columns = Box::new(ColumnMap { refund_prefix: Some("C".to_owned()), ..ColumnMap::default() });
    let format = Format::Plain { columns };
    let books_of = |chunk_orders: usize| {
        let engine = engine();
        let options = ImportOptions { chunk_orders, ..ImportOptions::new(format.clone()) };
        import(&engine, source(&[("a.csv", text.as_bytes())]), &options, &mut |_| ()).unwrap();
        assert_eq!(order(&engine, "1").unwrap().status, "partly_refunded", "{chunk_orders} per commit");
        books(&engine)
    };
    let one = books_of(1);
    for chunk_orders in [2, 3, 1_000] {
        same(&books_of(chunk_orders), &one, "in larger commits");
    }
    check_commits(&plain(), &PLAIN);
    check_commits(&Format::Shopify, &SHOPIFY);
    check_commits(&Format::Taobao, &TAOBAO);
    check_commits(&Format::Youzan, &YOUZAN);
}

#[track_caller]
fn check_commits(format: &Format, files: &[(&str, &[u8])]) {
    let books_of = |chunk_orders: usize| {
        let engine = engine();
        let options = ImportOptions { chunk_orders, ..ImportOptions::new(format.clone()) };
        import(&engine, source(files), &options, &mut |_| ()).unwrap();
        books(&engine)
    };
    same(&books_of(1), &books_of(1_000), "in one commit each");
}

/// A slip of the year in one row must not bring a customer into the next century.
#[test]
fn a_fact_of_the_future_is_a_slip() {
    let text = "order_id,paid_at,member_no,unit_price,refunded_amount,refunded_at\n1,2026-01-05 10:00:00,m1,5,,\n2,2206-01-05 10:00:00,m1,5,,\n\
                3,2026-01-06,m1,5,5,2206-01-05\n";
    let options = ImportOptions { now: Some(time("2026-02-01T00:00:00Z")), ..ImportOptions::new(plain()) };
    let report = import(&engine(), source(&[("a.csv", text.as_bytes())]), &options, &mut |_| ()).unwrap();
    let told: Vec<_> = report.issues.iter().map(|i| (i.row, i.column.as_deref().unwrap(), i.code.as_str())).collect();
    assert_eq!(told, [(3, "paid_at", "time.future"), (4, "refunded_at", "time.future")]);
    assert_eq!((report.orders.applied, report.orders.refused), (1, 2));
}

/// Receipts that are numbered anew every day share ids; together they would all be the first customer's order.
#[test]
fn rows_of_one_order_name_one_customer() {
    let text = "order_id,paid_at,member_no,phone,unit_price\n1,2026-01-05,m1,,5\n1,2026-01-05,,,6\n1,2026-01-06,m2,,7\n2,2026-01-05,m3,,5\n2,2026-01-05,m3,,5\n";
    let report = run(&engine(), plain(), &[("a.csv", text.as_bytes())]);
    let told: Vec<_> = report.issues.iter().map(|i| (i.row, i.column.as_deref().unwrap(), i.code.as_str())).collect();
    assert_eq!(told, [(4, "member_no", "import.row")]);
    assert_eq!((report.orders.applied, report.orders.refused), (1, 1));
}

/// The same customer, as two people type them: blanks, full-width digits, a country code, capitals.
#[test]
fn a_customer_written_in_two_ways_is_one() {
    for (column, one, other) in [
        ("phone", "138 0013 8001", "13800138001"),
        ("phone", "+86 138 0013 8001", "１３８００１３８００１"),
        ("email", "Ann@Example.com", "ann@example.com"),
        ("member_no", "1002", "１００２"),
    ] {
        let sheet = format!("order_id,paid_at,{column},unit_price\nO1,2026-01-02,{one},5\nO1,2026-01-02,{other},7\n");
        let engine = engine();
        let report = run(&engine, plain(), &[("orders.csv", sheet.as_bytes())]);
        assert_eq!(
            (report.orders.applied, report.customers_new, report.issues.len()),
            (1, 1, 0),
            "{other}: {report:?}"
        );
        assert_eq!(order(&engine, "O1").unwrap().lines.len(), 2);
    }
}

/// Only the first row of an order counts in a sheet with one row per order; another one that differs is not dropped in silence.
#[test]
fn an_order_that_stands_twice_in_a_sheet_counts_once() {
    let head = "订单编号,买家会员名,买家实际支付金额,订单状态,订单付款时间\n";
    let row = |paid: &str| format!("1,小明,{paid},交易成功,2026-01-01 10:00:00\n");
    for (second, issues) in [("10.00", 0), ("99.00", 1)] {
        let text = format!("{head}{}{}", row("10.00"), row(second));
        let report = run(&engine(), Format::Taobao, &[("a.csv", text.as_bytes())]);
        let told: Vec<_> = report.issues.iter().map(|issue| (issue.row, issue.column.as_deref().unwrap())).collect();
        assert_eq!((report.orders.applied, told), (1, vec![(3, "买家实际支付金额"); issues]), "{second}");
    }
    let shopify = std::str::from_utf8(SHOPIFY[0].1).unwrap();
    let twice = format!("{shopify}{}", shopify.split_once('\n').unwrap().1);
    let (one, two) = (engine(), engine());
    run(&one, Format::Shopify, &SHOPIFY);
    let report = run(&two, Format::Shopify, &[("shopify_orders.csv", twice.as_bytes())]);
    assert_eq!((report.orders.applied, report.issues_total), (25, 0));
    let lines = |engine: &Engine| {
        let mut lines = BTreeMap::new();
        engine
            .each_order(&mut |_, order| {
                lines.insert(order.id().to_string(), order.lines().len());
                Ok(())
            })
            .unwrap();
        lines
    };
    assert_eq!(lines(&one), lines(&two));
}

/// A European file: semicolons, days first, decimal commas.
#[test]
fn a_file_with_decimal_commas_is_read_by_its_map() {
    let map = r#"{"order_id":"Bestellung","paid_at":"Datum","date_formats":["%d.%m.%Y %H:%M"],"decimal_mark":"comma",
        "sku":"Artikel","quantity":"Menge","unit_price":"Preis","customer":[{"column":"Kunde","type":"member_no"}]}"#;
    let columns = Box::new(ColumnMap::from_json(map).unwrap());
    let text = "Bestellung;Kunde;Datum;Artikel;Menge;Preis\n1;K1;05.01.2026 10:00;Öl;0,750;1.234,00\n1;K1;;Tee;2;12,50\n2;K1;06.01.2026 10:00;Tee;1;12.50\n";
    let engine = engine();
    let report = run(&engine, Format::Plain { columns }, &[("a.csv", text.as_bytes())]);
    let issue = &report.issues[0];
    assert_eq!((issue.row, issue.code.as_str(), report.issues_total), (4, "money.text", 1));
    assert_eq!(order(&engine, "1").unwrap().total.amount.decimal().normalize().to_string(), "950.5");
}

#[track_caller]
/// A price that is a number and no amount of money is an issue of its row: price times quantity is beyond 28 digits.
#[test]
fn a_price_beyond_every_amount_is_an_issue_of_its_row() {
    let spoil = |bytes: &[u8], words: &[(&str, &str)]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        words.iter().fold(text, |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replacen(from, to, 1)
        })
    };
    let named =
        |report: &ImportReport| report.issues.iter().any(|issue| issue.message.contains("beyond the largest amount"));
    let price = ",1,花生油 5L,129.00,";
    let spoiled = [(price, ",1000000000,花生油 5L,9999999999999999999999999999,"), (",web,0.00,", ",web,1.00,")];
    let shopify = spoil(SHOPIFY[0].1, &spoiled);
    let report = run(&engine(), Format::Shopify, &[("shopify_orders.csv", shopify.as_bytes())]);
    assert!(named(&report), "{report:?}");
    let lines = String::from_utf8(YOUZAN[1].1.to_vec()).unwrap();
    let rows = lines.lines().enumerate().map(|(row, text)| {
        let mut cells: Vec<&str> = text.split(',').collect();
        if 0 < row {
            (cells[10], cells[13]) = ("9999999999999999999999999999", "1000000000");
        }
        cells.join(",") + "\n"
    });
    let youzan: String = rows.collect();
    let files = [(YOUZAN[0].0, YOUZAN[0].1), (YOUZAN[1].0, youzan.as_bytes())];
    let report = run(&engine(), Format::Youzan, &files);
    assert!(named(&report), "{report:?}");
}

fn check_file(format: Format, bytes: &[u8], code: &str, words: &str) {
    let engine = engine();
    let before = rows(&engine);
    let error = import(&engine, source(&[("a.csv", bytes)]), &ImportOptions::new(format), &mut |_| ()).unwrap_err();
    assert_eq!(error.code().as_str(), code, "{error}");
    assert!(error.message().contains(words), "{error}");
    assert_eq!(rows(&engine), before, "nothing is written");
}

#[test]
fn problems_of_files_are_found_before_anything_is_written() {
    check_file(plain(), b"", "import.file", "empty");
    check_file(plain(), b"PK\x03\x04 and so on", "import.file", "Excel");
    check_file(plain(), b"a\xff\xff", "import.encoding", "GB18030");
    check_file(plain(), b"a,b\n1,2\n", "import.header", "`order_id`, `paid_at`, `unit_price`");
    check_file(plain(), b"order_id,paid_at,unit_price\n", "import.header", "member_no");
    check_file(plain(), SHOPIFY[0].1, "import.header", "looks like `shopify`");
    check_file(Format::Shopify, TAOBAO[0].1, "import.header", "looks like `taobao`");
    check_file(Format::Taobao, YOUZAN[0].1, "import.header", "looks like `youzan`");
    check_file(Format::Youzan, PLAIN[0].1, "import.header", "looks like `plain`");
    check_file(Format::Taobao, TAOBAO[1].1, "import.file", "order sheet");
    let map = r#"{"order_id":"id","paid_at":"at","unit_price":"price","sku":"article","customer":[{"column":"who","type":"member_no"}]}"#;
    let columns = Box::new(ColumnMap::from_json(map).unwrap());
    check_file(
        Format::Plain { columns },
        b"id,at,price,who\n",
        "import.header",
        "a column of format `plain`: `article`",
    );
    assert!(ColumnMap::from_json(r#"{"order_id":"id","paid_at":"at","unit_price":"price","customer":[]}"#).is_err());
    assert!(ColumnMap::from_json(r#"{"order":"id"}"#).is_err());
    let columns = Box::new(ColumnMap { date_formats: vec!["%d.%m.%Y %&".to_owned()], ..ColumnMap::default() });
    check_file(Format::Plain { columns }, PLAIN[0].1, "import.header", "`%d.%m.%Y %&` is not a form of dates");
}

#[test]
fn a_batch_id_is_used_once() {
    let engine = engine();
    let batch = Some(BatchId::new("spring").unwrap());
    let options = ImportOptions { batch, ..ImportOptions::new(plain()) };
    assert_eq!(import(&engine, source(&PLAIN), &options, &mut |_| ()).unwrap().batch.as_str(), "spring");
    let error = import(&engine, source(&PLAIN), &options, &mut |_| ()).unwrap_err();
    assert_eq!(error.code().as_str(), "batch.exists");
}

#[test]
fn a_format_is_recognised_by_its_header() {
    let header = |bytes: &[u8]| {
        let (text, ..) = if std::str::from_utf8(bytes).is_ok() {
            encoding_rs::UTF_8.decode(bytes)
        } else {
            encoding_rs::GB18030.decode(bytes)
        };
        Format::detect(text.lines().next().unwrap()).map(|format| format.name())
    };
    assert_eq!(header(TAOBAO[0].1), Some("taobao"));
    assert_eq!(header(SHOPIFY[0].1), Some("shopify"));
    assert_eq!(header(YOUZAN[0].1), Some("youzan"));
    assert_eq!(header(PLAIN[0].1), Some("plain"));
    assert_eq!(header(b"a,b,c"), None);
}
