//! The whole Online Retail file (UCI, 541,909 lines) through the plain format, where the file is there.
#![cfg(all(feature = "import", feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use crm_core::Engine;
use crm_core::import::{ColumnMap, Format, ImportOptions, ImportReport, Source, import};
use crm_core::store::{SqliteOptions, SqliteStore};
use crm_core::value::Timestamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const COLUMNS: &str = include_str!("../../docs/samples/online_retail.columns.json");

/// `CRM_ONLINE_RETAIL`, or the shared data beside the workspace or one of its worktrees.
fn data() -> Option<PathBuf> {
    let file = "online_retail/online_retail.csv.gz";
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let near = ["../../shared/data", "../../../shared/data"].map(|folder| root.join(folder).join(file));
    std::env::var_os("CRM_ONLINE_RETAIL").map(PathBuf::from).into_iter().chain(near).find(|path| path.exists())
}

fn program() -> String {
    let program = include_str!("../../docs/programs/supermarket.json");
    program.replace("Asia/Shanghai", "Europe/London").replace("CNY", "GBP").replace("\"CN\"", "\"GB\"")
}

fn run(engine: &Engine, path: &Path) -> ImportReport {
    let columns = Box::new(ColumnMap::from_json(COLUMNS).unwrap());
    let options = ImportOptions::new(Format::Plain { columns });
    let csv = flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
    import(engine, Source::new("online_retail.csv", csv), &options, &mut |_| ()).unwrap()
}

/// Peak of resident memory so far, where the system tells.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM unknown").to_owned()
}

/// Counted with Python's csv module, not with this library: group rows by InvoiceNo, a group's first row decides
/// customer and kind (`C…` is a cancellation). 3,836 of 25,900 invoices begin with C; of the other 22,064, 18,536 name a customer,
/// and 4 of those have a line at 0.001 GBP, which is no amount of pounds and pence. Of the cancellations 3,654 name a customer. Of the
/// 4,372 customers one has nothing but one of those 4 orders.
#[test]
fn the_whole_file_comes_in() {
    let Some(path) = data() else {
        println!("skipped: online_retail.csv.gz is not here; name it in CRM_ONLINE_RETAIL");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crm.db");
    let engine = Engine::open(SqliteStore::open(&file, SqliteOptions::default()).unwrap()).unwrap();
    engine.publish_json(&program(), Timestamp::parse("2010-01-01T00:00:00Z").unwrap()).unwrap();

    let started = cpu_time::ProcessTime::now();
    let report = run(&engine, &path);
    let milliseconds = started.elapsed().as_millis();
    println!("{milliseconds} ms of CPU, gunzip included; {}", peak());
    assert_eq!(report.rows, 541_909);
    let (orders, refunds) = (report.orders, report.refunds);
    assert_eq!((orders.applied, orders.refused, orders.skipped), (18_532, 4, 3_528), "{:?}", report.issues);
    assert_eq!((refunds.applied, refunds.refused, refunds.skipped), (3_654, 0, 182), "{:?}", report.issues_by_code);
    assert_eq!(report.issues_by_code, BTreeMap::from([("money.precision".to_owned(), 4)]));
    assert_eq!(report.skipped, BTreeMap::from([("no_customer".to_owned(), 3_528 + 182)]));
    assert_eq!(report.customers_new, 4_371);

    engine.close().unwrap();
    let bytes = std::fs::metadata(&file).unwrap().len();
    println!("{bytes} bytes, {} per order", bytes / orders.applied);

    let engine = Engine::open(SqliteStore::open(&file, SqliteOptions::default()).unwrap()).unwrap();
    let again = run(&engine, &path);
    assert!(!again.changed(), "{:?} {:?}", again.orders, again.refunds);
    assert_eq!((again.orders.unchanged, again.refunds.unchanged), (18_532, 3_654));
}
