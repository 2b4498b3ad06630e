//! Imports of tables at hand, and of refunds and events by their column maps.
#![cfg(feature = "import")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use crm_core::import::{
    AttributeColumn, AttributeKind, CellColumn, CellType, Cells, ColumnMap, Counts, DryRun, EventColumnMap, Format,
    ImportOptions, ImportReport, OnIssue, Source, batches, import, revert,
};
use crm_core::query::{Answer, Query};
use crm_core::store::MemoryStore;
use crm_core::value::{BatchId, CustomerId, EventName, Timestamp};
use crm_core::{Engine, ErrorCode, Result};
use std::ops::ControlFlow;
use std::sync::Arc;

const PROGRAM: &str = r#"{ "version": 1, "program": "corner shop", "revision": 1, "zone": "Europe/Berlin",
    "currencies": ["EUR"], "points": [{ "id": "points" }],
    "earn": [
        { "id": "base", "currency": "points", "on": { "type": "order" },
          "gives": { "type": "per_amount", "points": "1", "per": "1.00" } },
        { "id": "review", "currency": "points", "on": { "type": "event", "name": "review" },
          "gives": { "type": "fixed", "points": 3 } }
    ] }"#;

fn engine() -> Engine {
    let engine = Engine::open(MemoryStore::new()).unwrap();
    engine.publish_json(PROGRAM, time("2026-01-01T00:00:00Z")).unwrap();
    engine
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A table of texts, whose columns say what they are.
struct Grid {
    columns: Vec<CellColumn>,
    rows: Vec<Vec<&'static str>>,
}

impl Cells for Grid {
    fn columns(&self) -> &[CellColumn] {
        &self.columns
    }

    fn rows(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap()
    }

    fn read(&self, row: u64, columns: &[usize], each: &mut dyn FnMut(&str)) -> Result<()> {
        let row = &self.rows[usize::try_from(row).unwrap()];
        columns.iter().for_each(|place| each(row[*place]));
        Ok(())
    }
}

fn grid(columns: &[(&str, CellType)], rows: &[&[&'static str]]) -> Arc<Grid> {
    let column = |(name, cells): &(&str, CellType)| CellColumn {
        name: (*name).to_owned(),
        cells: *cells,
        called: format!("{cells:?}"),
    };
    let rows = rows.iter().map(|row| row.to_vec()).collect();
    Arc::new(Grid { columns: columns.iter().map(column).collect(), rows })
}

const ORDERS: [(&str, CellType); 5] = [
    ("order_id", CellType::Whole),
    ("paid_at", CellType::Local),
    ("email", CellType::Text),
    ("quantity", CellType::Whole),
    ("unit_price", CellType::Decimal),
];

fn plain() -> Format {
    Format::Plain { columns: Box::default() }
}

fn run(engine: &Engine, cells: Arc<Grid>, options: &ImportOptions) -> Result<ImportReport> {
    import(engine, Source::table("table", cells), options, &mut |_| ())
}

fn run_text(engine: &Engine, text: &str, format: Format) -> Result<ImportReport> {
    import(engine, Source::new("file.csv", text.as_bytes()), &ImportOptions::new(format), &mut |_| ())
}

/// Usable points of everybody, in the order of their registration.
fn points(engine: &Engine) -> Vec<i64> {
    let mut found = Vec::new();
    engine
        .each_customer(time("2026-06-01T00:00:00Z"), &mut |who| {
            found.push((who.registered_at, who.accounts.iter().map(|a| a.balances.available.get()).sum()));
            Ok(())
        })
        .unwrap();
    found.sort();
    found.into_iter().map(|(_, points)| points).collect()
}

const ROWS: [&[&str]; 3] = [
    &["2", "2026-02-03 11:00:00.000", "bob@example.org", "1", "3.50"],
    &["1", "2026-02-01 11:00:00.000", "ann@example.org", "2", "3.50"],
    &["1", "2026-02-01 11:00:00.000", "ann@example.org", "1", "2.7500"],
];

#[test]
fn a_table_is_what_the_same_file_is() {
    let (table, file) = (engine(), engine());
    let report = run(&table, grid(&ORDERS, &ROWS), &ImportOptions::new(plain())).unwrap();
    let header = ORDERS.map(|(name, _)| name).join(",");
    let lines: Vec<_> = ROWS.iter().map(|row| row.join(",")).collect();
    let told = run_text(&file, &format!("{header}\n{}\n", lines.join("\n")), plain()).unwrap();
    assert_eq!(ImportReport { batch: told.batch.clone(), ..report }, told);
    // Two teas and a cake are 9.75, a tea is 3.50.
    assert_eq!((points(&table), points(&file)), (vec![9, 3], vec![9, 3]));
    // 11:00 in Berlin in winter.
    assert_eq!(told.first_at, Some(time("2026-02-01T10:00:00Z")));
}

#[test]
fn typed_cells_have_one_form_whatever_the_map_says() {
    let columns = ColumnMap {
        date_formats: vec!["%d.%m.%Y".to_owned()],
        decimal_mark: crm_core::import::DecimalMark::Comma,
        ..ColumnMap::default()
    };
    let engine = engine();
    let options = ImportOptions::new(Format::Plain { columns: Box::new(columns) });
    assert_eq!(run(&engine, grid(&ORDERS, &ROWS), &options).unwrap().issues_total, 0);
    assert_eq!(points(&engine), [9, 3]);
    let mut typed = ORDERS;
    (typed[1].1, typed[4].1) = (CellType::Text, CellType::Text);
    let texts: [&[&'static str]; 1] = [&["3", "05.02.2026", "ann@example.org", "1", "1,50"]];
    assert_eq!(run(&engine, grid(&typed, &texts), &options).unwrap().orders.applied, 1);
    assert_eq!(points(&engine), [10, 3]);
}

#[test]
fn columns_of_the_wrong_kind_are_refused_before_anything_is_written() {
    for (place, cells) in [
        (0, CellType::Float),
        (0, CellType::Decimal),
        (0, CellType::Instant),
        (1, CellType::Whole),
        (1, CellType::Flag),
        (3, CellType::Float),
        (4, CellType::Float),
        (4, CellType::Day),
        (4, CellType::Other),
    ] {
        let engine = engine();
        let mut columns = ORDERS;
        columns[place].1 = cells;
        let error = run(&engine, grid(&columns, &ROWS), &ImportOptions::new(plain())).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ValueType, "{place} {cells:?}");
        assert_eq!(error.details()["field"], ORDERS[place].0);
        assert!(error.message().contains("cast it to"), "{error}");
        assert!(batches(&engine).unwrap().is_empty());
    }
}

#[test]
fn what_no_map_names_may_be_anything_and_what_has_no_values_is_empty() {
    let columns = [ORDERS.as_slice(), &[("weight", CellType::Float), ("store", CellType::Nothing)]].concat();
    let row = [ROWS[0], &["0.1", ""]].concat();
    let report = run(&engine(), grid(&columns, &[&row]), &ImportOptions::new(plain())).unwrap();
    assert_eq!((report.orders.applied, report.issues_total), (1, 0));
}

#[test]
fn rows_of_a_table_count_from_zero() {
    let rows: [&[&'static str]; 3] = [
        ROWS[0],
        &["1", "2026-02-01 11:00:00.000", "ann@example.org", "2", ""],
        &["3", "2026-02-01 11:00:00.000", "nobody", "2", "1"],
    ];
    let report = run(&engine(), grid(&ORDERS, &rows), &ImportOptions::new(plain())).unwrap();
    let told: Vec<_> = report.issues.iter().map(|issue| (issue.row, issue.column.as_deref().unwrap_or(""))).collect();
    assert_eq!(told, [(1, "unit_price"), (2, "email")]);
}

#[test]
fn a_missing_column_is_told_with_what_is_near() {
    let mut columns = ORDERS;
    columns[1].0 = "paid_att";
    let error = run(&engine(), grid(&columns, &ROWS), &ImportOptions::new(plain())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ImportHeader);
    assert_eq!(error.details()["similar"], serde_json::json!({ "paid_at": "paid_att" }));
    let error = run_text(&engine(), "order_id,payed_at,email,unit_price\n", plain()).unwrap_err();
    assert_eq!(error.details()["similar"], serde_json::json!({ "paid_at": "payed_at" }));
    let error = run(&engine(), grid(&[("x", CellType::Text)], &[]), &ImportOptions::new(plain())).unwrap_err();
    assert!(error.message().ends_with("; it has `x`"), "{error}");
}

#[test]
fn a_table_needs_a_column_map() {
    let error = run(&engine(), grid(&ORDERS, &ROWS), &ImportOptions::new(Format::Shopify)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ImportHeader);
    let columns = [
        ("Name", CellType::Text),
        ("Financial Status", CellType::Text),
        ("Paid at", CellType::Text),
        ("Created at", CellType::Text),
        ("Total", CellType::Text),
        ("Subtotal", CellType::Text),
        ("Shipping", CellType::Text),
        ("Taxes", CellType::Text),
        ("Currency", CellType::Text),
        ("Email", CellType::Text),
        ("Lineitem quantity", CellType::Text),
        ("Lineitem name", CellType::Text),
        ("Lineitem price", CellType::Text),
    ];
    let error = run(&engine(), grid(&columns, &[]), &ImportOptions::new(Format::Shopify)).unwrap_err();
    assert!(matches!(error.code(), ErrorCode::ImportFile | ErrorCode::ImportHeader), "{error}");
}

#[test]
fn one_bad_row_refuses_everything_where_that_is_asked_for() {
    let rows: [&[&'static str]; 2] = [ROWS[0], &["1", "2026-02-01 11:00:00.000", "ann@example.org", "2", "x"]];
    for dry_run in [DryRun::No, DryRun::Yes] {
        let engine = engine();
        let mut options = ImportOptions { on_issue: OnIssue::Refuse, dry_run, ..ImportOptions::new(plain()) };
        let error = run(&engine, grid(&ORDERS, &rows), &options).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ImportIssues);
        assert_eq!(error.details()["issues_total"], 1);
        assert_eq!(error.details()["issues"][0]["row"], 1);
        assert!(batches(&engine).unwrap().is_empty() && points(&engine).is_empty());
        options.batch = Some(BatchId::new("b").unwrap());
        let mut ends = Vec::new();
        let source = Source::table("table", grid(&ORDERS, &ROWS));
        let report = import(&engine, source, &options, &mut |now| ends.push((now.rows_done, now.rows_total))).unwrap();
        assert_eq!((report.orders.applied, report.dry_run), (2, dry_run));
        // Finding out is one half of the way, writing the other.
        let halves = if dry_run == DryRun::Yes { [(3, 3), (3, 3)] } else { [(3, 6), (6, 6)] };
        assert_eq!([ends[0], ends[ends.len() - 1]], halves);
        assert!(ends.is_sorted());
    }
}

/// Every row that the engine walks over, as text.
fn books(engine: &Engine) -> Vec<String> {
    let mut told = Vec::new();
    for page in engine.walk_entries() {
        told.extend(page.unwrap().iter().map(|entry| format!("{entry:?}")));
    }
    for page in engine.walk_orders() {
        told.extend(page.unwrap().iter().map(|order| format!("{order:?}")));
    }
    told.extend(batches(engine).unwrap().iter().map(|batch| format!("{batch:?}")));
    told
}

/// What was decided while problems were looked for is written as it is. To see it fail: leave a commit out.
#[test]
fn what_was_tried_is_what_is_written() {
    let (refusing, reporting) = (engine(), engine());
    let options = ImportOptions { chunk_orders: 1, ..ImportOptions::new(plain()) };
    let report = run(&reporting, grid(&ORDERS, &ROWS), &options).unwrap();
    let refuse = ImportOptions { on_issue: OnIssue::Refuse, ..options };
    assert_eq!(run(&refusing, grid(&ORDERS, &ROWS), &refuse).unwrap(), report);
    assert_eq!(books(&refusing), books(&reporting));
    assert_eq!(points(&refusing), [9, 3]);
}

/// Between finding out and writing somebody else gives Ann points, and again between two commits: nothing is lost, nothing counts twice. To see
/// it fail: write without guards, or give up at a conflict.
#[test]
fn what_others_do_meanwhile_stays() {
    for moment in [1, 2] {
        let engine = engine();
        run(&engine, grid(&ORDERS, &ROWS[1..]), &ImportOptions::new(plain())).unwrap();
        let mut ann = None;
        engine
            .each_customer(time("2026-06-01T00:00:00Z"), &mut |who| {
                ann = Some(who.id);
                Ok(())
            })
            .unwrap();
        let request = serde_json::json!({ "request_id": "gift", "at": "2026-03-01T00:00:00Z",
            "do": { "type": "earn_points", "customer_id": ann.unwrap(), "currency": "points", "points": 100 } });
        let more: [&[&'static str]; 3] = [
            &["7", "2026-03-03 11:00:00.000", "bob@example.org", "1", "20.00"],
            &["8", "2026-03-02 11:00:00.000", "ann@example.org", "1", "30.00"],
            &["9", "2026-03-04 11:00:00.000", "ann@example.org", "1", "40.00"],
        ];
        let options = ImportOptions { on_issue: OnIssue::Refuse, chunk_orders: 1, ..ImportOptions::new(plain()) };
        let mut writing = 0;
        let source = Source::table("table", grid(&ORDERS, &more));
        let report = import(&engine, source, &options, &mut |now| {
            writing += u64::from(now.rows_total <= now.rows_done * 2);
            if writing == moment {
                engine.execute(crm_core::command::Request::from_value(&request).unwrap()).unwrap();
            }
        });
        assert_eq!(report.unwrap().issues_total, 0);
        assert_eq!(points(&engine), [9 + 100 + 30 + 40, 20], "{moment}");
        let again = run(&engine, grid(&ORDERS, &more), &options).unwrap();
        assert_eq!((again.orders.applied, again.orders.unchanged), (0, 3));
    }
}

/// To see it fail: forget the answer of the function that is told.
#[test]
fn an_import_stops_where_it_is_told_to() {
    for on_issue in [OnIssue::Report, OnIssue::Refuse] {
        let engine = engine();
        let options = ImportOptions { chunk_orders: 1, on_issue, ..ImportOptions::new(plain()) };
        let mut told = 0;
        let error = import(&engine, Source::table("table", grid(&ORDERS, &ROWS)), &options, &mut |now| {
            told += 1;
            // The first half of a way that refuses writes nothing.
            if on_issue == OnIssue::Report || now.rows_total < now.rows_done * 2 {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
        .unwrap_err();
        assert_eq!(error.code(), ErrorCode::Stopped, "{error}");
        assert!(told > 0 && error.details()["batch"].is_string());
        assert!(points(&engine).len() < 2, "what came after is not written");
        let rest = run(&engine, grid(&ORDERS, &ROWS), &options).unwrap();
        assert_eq!(rest.orders.applied + rest.orders.unchanged, 2);
        assert_eq!(points(&engine), [9, 3]);
    }
}

fn refunds() -> Format {
    Format::Refunds { columns: Box::default() }
}

#[test]
fn refunds_are_a_sheet_of_their_own() {
    let engine = engine();
    run(&engine, grid(&ORDERS, &ROWS), &ImportOptions::new(plain())).unwrap();
    // Of order 1 one tea (line 1, 3.50) and half of the cake's price come back; of order 2 one euro.
    let text = "refund_id,order_id,refunded_at,line_no,quantity,amount\nr1,1,2026-02-05 10:00,1,-1,\nr1,1,2026-02-05 10:00,2,,1.25\n\
                r1,2,2026-02-06 10:00,,,1.00\n";
    let report = run_text(&engine, text, refunds()).unwrap();
    assert_eq!((report.refunds.applied, report.issues_total), (2, 0), "{:?}", report.issues);
    // 9.75 - 3.50 - 1.25 = 5.00, and 3.50 - 1.00 = 2.50.
    assert_eq!(points(&engine), [5, 2]);
    let again = run_text(&engine, text, refunds()).unwrap();
    assert_eq!((again.refunds.applied, again.refunds.unchanged), (0, 2));
    // Without a column of amounts everything comes back that is left.
    run_text(&engine, "refund_id,order_id,refunded_at\nr9,2,2026-02-07 10:00\n", refunds()).unwrap();
    assert_eq!(points(&engine), [5, 0]);
}

#[test]
fn refunds_that_cannot_be_meant_are_issues() {
    let engine = engine();
    run(&engine, grid(&ORDERS, &ROWS), &ImportOptions::new(plain())).unwrap();
    let text = "refund_id,order_id,refunded_at,line_no,amount\n\
                none,1,2026-02-05 10:00,,\n\
                two,1,2026-02-05 10:00,,1\ntwo,1,2026-02-05 10:00,,1\n\
                line,1,2026-02-05 10:00,first,1\n\
                when,1,,,1\n\
                who,,2026-02-05 10:00,,1\n\
                ,1,2026-02-05 10:00,,1\n";
    let report = run_text(&engine, text, refunds()).unwrap();
    let told: Vec<_> = report.issues.iter().map(|issue| (issue.row, issue.column.as_deref().unwrap_or(""))).collect();
    let expected =
        [(2, "amount"), (4, "line_no"), (5, "line_no"), (6, "refunded_at"), (7, "order_id"), (8, "refund_id")];
    assert_eq!(told, expected);
    assert_eq!((report.refunds.refused, report.refunds.skipped, report.refunds.applied), (4, 1, 0));
    assert_eq!(points(&engine), [9, 3]);
}

#[test]
fn a_refund_waits_for_its_order() {
    let engine = engine();
    let text = "refund_id,order_id,refunded_at,amount\nr1,1,2026-02-05 10:00,2.75\n";
    assert_eq!(run_text(&engine, text, refunds()).unwrap().refunds.waiting, 1);
    run(&engine, grid(&ORDERS, &ROWS), &ImportOptions::new(plain())).unwrap();
    assert_eq!(points(&engine), [7, 3]);
}

#[test]
fn more_refunds_than_one_commit_takes_come_in() {
    let engine = engine();
    let mut text = String::from("refund_id,order_id,refunded_at,amount\n");
    for number in 0..12_000 {
        text.push_str(&format!("r{number},o{number},2026-02-05 10:00,1\n"));
    }
    assert_eq!(run_text(&engine, &text, refunds()).unwrap().refunds.waiting, 12_000);
    // Refunds by prefix, all of them after the last order.
    let mut text = String::from("order_id,paid_at,email,sku,unit_price\n1,2026-02-01 10:00,ann@example.org,tea,3\n");
    for number in 0..12_000 {
        text.push_str(&format!("C{number},2026-02-05 10:00,ann@example.org,cup,1\n"));
    }
    let columns = ColumnMap { refund_prefix: Some("C".to_owned()), ..ColumnMap::default() };
    let report = run_text(&engine, &text, Format::Plain { columns: Box::new(columns) }).unwrap();
    let counts = report.refunds;
    assert_eq!(counts.applied + counts.refused, 12_000);
}

fn events(attributes: Vec<AttributeColumn>) -> EventColumnMap {
    EventColumnMap { attributes, register: true, ..EventColumnMap::default() }
}

#[test]
fn events_are_a_sheet_of_their_own() {
    let engine = engine();
    let column = |column: &str, kind| AttributeColumn { column: column.to_owned(), name: None, kind };
    let map = events(vec![column("stars", AttributeKind::Number), column("verified", AttributeKind::Flag)]);
    let text = "event_id,happened_at,name,email,stars,verified\n\
                e1,2026-02-04 10:00,review,ann@example.org,5,yes\n\
                e1,2026-02-05 10:00,review,bob@example.org,,\n\
                e2,2026-02-05 10:00,visit,ann@example.org,,no\n\
                e3,2026-02-05 10:00,review,ann@example.org,many,no\n\
                e4,2026-02-05 10:00,review,,1,\n\
                e5,2026-02-05 10:00,review,ann@example.org,1,perhaps\n";
    let format = || Format::Events { columns: Box::new(map.clone()) };
    let report = run_text(&engine, text, format()).unwrap();
    // One id at two customers is two events.
    assert_eq!(
        report.events,
        Counts { applied: 3, skipped: 1, refused: 2, ..Counts::default() },
        "{:?}",
        report.issues
    );
    let told: Vec<_> = report.issues.iter().map(|issue| (issue.row, issue.code.as_str())).collect();
    assert_eq!(told, [(5, "money.text"), (6, "identity.missing"), (7, "import.row")]);
    assert_eq!(points(&engine), [3, 3]);
    let again = run_text(&engine, text, format()).unwrap();
    assert_eq!((again.events.applied, again.events.unchanged), (0, 3));
    let kept = revert(&engine, &report.batch, time("2026-03-01T00:00:00Z"), &mut |_| ()).unwrap();
    assert_eq!(kept.events_kept, 3);
}

#[test]
fn events_of_strangers_register_nobody_unless_asked_to() {
    let engine = engine();
    let map = EventColumnMap { name: Some(EventName::new("review").unwrap()), ..EventColumnMap::default() };
    let text =
        "event_id,happened_at,customer_id,email\ne1,2026-02-04 10:00,,ann@example.org\ne2,2026-02-04 10:00,ghost,\n";
    let format = || Format::Events { columns: Box::new(map.clone()) };
    let report = run_text(&engine, text, format()).unwrap();
    assert_eq!(report.issues_by_code, [("customer.unknown".to_owned(), 2)].into());
    let request = r#"{ "request_id": "r", "at": "2026-02-01T00:00:00Z", "do": { "type": "register_customer", "customer_id": "ghost" } }"#;
    engine.execute(crm_core::command::Request::from_json(request).unwrap()).unwrap();
    assert_eq!(run_text(&engine, text, format()).unwrap().events.applied, 1);
    let asked = Query::Wallet { customer_id: CustomerId::new("ghost").unwrap(), at: time("2026-03-01T00:00:00Z") };
    let answer = engine.ask(&asked).unwrap();
    assert!(matches!(&answer, Answer::Wallet(held) if held.accounts[0].balances.available.get() == 3), "{answer:?}");
}
