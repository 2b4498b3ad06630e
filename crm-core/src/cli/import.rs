//! `crm import` and `crm revert`: order exports of shops, in and out again.

use crate::cli::args::{Global, Import, Revert, ShopFormat};
use crate::cli::cells::Cell;
use crate::cli::clock;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::{NewFile, Out};
use crate::cli::problem::{Finished, Problem};
use crate::cli::programs;
use crate::cli::shop::{self, Shop};
use crate::cli::words;
use crm_core::import::{
    self, BatchState, ColumnMap, Content, Counts, DryRun, EventColumnMap, Format, ImportOptions, ImportReport, Issue,
    RefundColumnMap, Source, SourceFile,
};
use crm_core::program::Program;
use crm_core::store::SqliteStore;
use crm_core::value::Zone;
use crm_core::{Engine, Error, ErrorCode};
use flate2::read::MultiGzDecoder;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Issues that are printed; all of them go to `--issues`.
const ISSUES_SHOWN: usize = 20;

pub(crate) fn import(global: &Global, task: &Import, out: &mut Out) -> Finished {
    let format = format(task)?;
    let source = open(&task.files)?;
    let shop = shop_for(global, task)?;
    let mut options = ImportOptions::new(format);
    options.batch.clone_from(&task.batch);
    options.dry_run = if task.dry_run { DryRun::Yes } else { DryRun::No };
    options.recorded_at = global.at.map(|at| shop.instant(Some(at))).transpose()?;
    options.now = Some(clock::now());
    options.id_prefix.clone_from(&task.id_prefix);
    let report = run(&shop, source, &options, out)?;
    let program = shop.program()?;
    shop.engine.close()?;
    if let Some(path) = &task.issues {
        write_issues(path, &report.issues)?;
    }
    if out.is_json() {
        out.json(&report)?;
    } else {
        print(&program, &report, task.issues.as_deref(), out)?;
    }
    if report.issues_total == 0 { Ok(()) } else { Err(Problem::Told) }
}

/// Imports with a bar.
pub(crate) fn run(
    shop: &Shop,
    source: Source<'_>,
    options: &ImportOptions,
    out: &Out,
) -> Result<ImportReport, Problem> {
    let interrupt = Interrupt::watch();
    let bar = out.bar(0, "importing");
    let report = import::import(&shop.engine, source, options, &mut |progress| {
        bar.set_length(progress.rows_total);
        bar.set_position(progress.rows_done);
        interrupt.goes_on()
    });
    bar.finish_and_clear();
    Ok(report?)
}

fn format(task: &Import) -> Result<Format, Problem> {
    let path = task.columns.as_deref();
    Ok(match task.format {
        ShopFormat::Plain => Format::Plain { columns: columns(path, ColumnMap::from_json)? },
        ShopFormat::Refunds => Format::Refunds { columns: columns(path, RefundColumnMap::from_json)? },
        ShopFormat::Events => Format::Events { columns: columns(path, EventColumnMap::from_json)? },
        _ if path.is_some() => {
            let message = "`--columns` is for `--format plain`, `refunds` and `events`; the others know their columns";
            return Err(Problem::Usage(message.to_owned()));
        }
        ShopFormat::Shopify => Format::Shopify,
        ShopFormat::Taobao => Format::Taobao,
        ShopFormat::Youzan => Format::Youzan,
    })
}

/// The column map of a file; our own form without one.
fn columns<T: Default>(path: Option<&Path>, read: impl FnOnce(&str) -> Result<T, Error>) -> Result<Box<T>, Problem> {
    let Some(path) = path else { return Ok(Box::default()) };
    let text = std::fs::read(path).map_err(|error| Problem::file("read", path, error))?;
    let text = String::from_utf8(text).map_err(|error| Problem::file("read", path, io::Error::other(error)))?;
    // Of the library's form, with the name of the file: there are several on this command line.
    let map = read(text.trim_start_matches('\u{feff}')).map_err(|error| {
        Error::new(error.code(), format!("`{}`: {}", path.display(), error.message())).with("path", path)
    })?;
    Ok(Box::new(map))
}

/// Opens the files; those that are packed with gzip are unpacked on the way, whatever they are called.
fn open(paths: &[PathBuf]) -> Result<Source<'static>, Problem> {
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let mut files = Vec::new();
    for path in paths {
        let unreadable = |error| Problem::file("read", path, error);
        let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
        let packed = reader.fill_buf().map_err(unreadable)?.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) };
        files.push(SourceFile { name: name(path), content: Content::Bytes(reader) });
    }
    let names: Vec<_> = paths.iter().map(|path| name(path)).collect();
    Ok(Source { name: names.join(", "), files })
}

/// The database with a program in force. A dry run on a database that is not there yet happens in memory.
fn shop_for(global: &Global, task: &Import) -> Result<Shop, Problem> {
    let path = shop::path(global)?;
    let text = task.program.as_deref().map(programs::read).transpose()?;
    if let Some(text) = &text
        && let Err(findings) = Program::from_json(text)
    {
        let message = format!("the program has {} findings; `crm check-program` lists them", findings.len());
        return Err(Error::new(ErrorCode::ProgramInvalid, message).with("findings", findings).into());
    }
    let no_program = || {
        Problem::Usage(
            "no program is in force; give `--program` a file, or a sample: supermarket, cafe or mall".to_owned(),
        )
    };
    let shop = match (&text, task.dry_run && !shop::exists(&path)) {
        (None, _) if !shop::exists(&path) => return Err(no_program()),
        (_, true) => {
            let store = Arc::new(SqliteStore::in_memory()?);
            Shop { engine: Engine::open_shared(store.clone())?, file: Some(store) }
        }
        (Some(_), false) => Shop::open_or_make(global)?,
        (None, false) => Shop::open(global)?,
    };
    let Some(text) = text else {
        return match shop.engine.program() {
            Err(error) if error.code() == ErrorCode::ProgramMissing => Err(no_program()),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(shop),
        };
    };
    if task.dry_run && shop::exists(&path) && !same(&shop, &text) {
        let message = "a dry run puts no program into force; publish it first, or leave `--program` out";
        return Err(Problem::Usage(message.to_owned()));
    }
    shop.engine.publish_json(&text, clock::or_now(global.at, &Zone::UTC))?;
    Ok(shop)
}

/// Whether this very program is in force.
fn same(shop: &Shop, text: &str) -> bool {
    let given = Program::from_json(text).ok();
    shop.engine.program().is_ok_and(|program| given.is_some_and(|given| given.document() == program.document()))
}

/// What an import did, in words.
pub(crate) fn print(program: &Program, report: &ImportReport, issues: Option<&Path>, out: &mut Out) -> Finished {
    let verb = if report.dry_run == DryRun::Yes { "read, nothing is written" } else { "read" };
    let span = match (report.first_at, report.last_at) {
        (Some(first), Some(last)) => {
            format!(", {} to {}", program.zone().date(first), program.zone().date(last))
        }
        _ => String::new(),
    };
    let (rows, customers) = (words::some(report.rows, "rows"), words::some(report.customers_new, "new customers"));
    out.line(format!("{rows} {verb}{span}; {customers}; import `{}`", report.batch))?;
    let row = |name: &str, counts: &Counts| {
        let counts = [counts.applied, counts.unchanged, counts.skipped, counts.refused, counts.waiting];
        std::iter::once(name.to_owned()).chain(counts.map(words::number)).collect()
    };
    let kinds = [
        ("orders", &report.orders),
        ("refunds", &report.refunds),
        ("cancellations", &report.closings),
        ("events", &report.events),
    ];
    let kinds = kinds.iter().filter(|(_, counts)| **counts != Counts::default());
    let heads = ["", ">recorded", ">known before", ">left out", ">refused", ">waiting for their order"];
    out.table(&heads, kinds.map(|(name, counts)| row(name, counts)).collect())?;
    if 0 < report.refunds_unmatched {
        let refunds = words::some(report.refunds_unmatched, "refunds");
        out.line(format!("{refunds} found no order of their customer for some or all of their goods: noted, no order is changed by that part"))?;
    }
    let reasons = |reasons: &BTreeMap<String, u64>| {
        let told = reasons.iter().map(|(reason, count)| format!("{} {reason}", words::number(*count)));
        told.collect::<Vec<_>>().join(", ")
    };
    if !report.skipped.is_empty() {
        out.line(format!("left out: {}", reasons(&report.skipped)))?;
    }
    if !report.skipped_lines.is_empty() {
        out.line(format!("lines left out: {}", reasons(&report.skipped_lines)))?;
    }
    print_issues(report, issues, out)
}

fn print_issues(report: &ImportReport, written: Option<&Path>, out: &mut Out) -> Finished {
    if report.issues_total == 0 {
        return Ok(());
    }
    out.heading(words::some(report.issues_total, "issues"))?;
    let several = report.issues.iter().any(|issue| report.issues.first().is_some_and(|first| first.file != issue.file));
    let rows = report.issues.iter().take(ISSUES_SHOWN).map(|issue| {
        let place = if several { format!("{}:{}", issue.file, issue.row) } else { issue.row.to_string() };
        let cell = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![place, cell(&issue.column), cell(&issue.value), issue.message.clone(), issue.code.clone()]
    });
    out.table(&["row", "column", "cell", "what", "code"], rows.collect())?;
    let shown = report.issues.iter().take(ISSUES_SHOWN);
    let helps: BTreeMap<_, _> = shown.map(|issue| (issue.code.as_str(), issue.help.as_str())).collect();
    for (code, help) in helps {
        out.line(format!("{code}: {help}"))?;
    }
    let kept = u64::try_from(report.issues.len()).unwrap_or(u64::MAX);
    let shown = kept.min(u64::try_from(ISSUES_SHOWN).unwrap_or(u64::MAX));
    match written {
        Some(path) if kept < report.issues_total => {
            out.line(format!("the first {} are in {}", words::number(kept), path.display()))
        }
        Some(path) => out.line(format!("all of them are in {}", path.display())),
        None if shown < report.issues_total => {
            out.line(format!("these are the first {shown}; `--issues FILE.csv` writes more of them"))
        }
        None => Ok(()),
    }
}

fn write_issues(path: &Path, issues: &[Issue]) -> Finished {
    let unwritten = |error: csv::Error| Problem::file("write", path, std::io::Error::other(error));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(NewFile::create(path)?);
    writer.write_record(["file", "row", "column", "code", "value", "message", "help"]).map_err(unwritten)?;
    for issue in issues {
        let cells = [
            Cell::text(&issue.file),
            Cell::count(issue.row),
            Cell::maybe(issue.column.as_deref()),
            Cell::text(&issue.code),
            Cell::maybe(issue.value.as_deref()),
            Cell::text(&issue.message),
            Cell::text(&issue.help),
        ];
        writer.write_record(cells.iter().map(|cell| cell.to_csv().into_owned())).map_err(unwritten)?;
    }
    writer.into_inner().map_err(|error| Problem::file("write", path, error.into_error()))?.finish()
}

pub(crate) fn revert(global: &Global, task: &Revert, out: &mut Out) -> Finished {
    let shop = Shop::open(global)?;
    let Some(batch) = &task.batch else { return list(&shop, out) };
    let at = shop.instant(global.at)?;
    let interrupt = Interrupt::watch();
    let counter = out.counter("orders taken back:");
    let report = import::revert(&shop.engine, batch, at, &mut |report| {
        counter.set_position(report.orders);
        interrupt.goes_on()
    });
    counter.finish_and_clear();
    let report = report?;
    shop.engine.close()?;
    if out.is_json() {
        out.json(&report)?;
    } else {
        let (orders, customers) = (words::some(report.orders, "orders"), words::some(report.customers, "customers"));
        out.line(format!("import `{batch}`: {orders} and {customers} taken back"))?;
        if report.customers_kept > 0 {
            let kept = words::some(report.customers_kept, "customers");
            out.line(format!("kept for their orders from elsewhere: {kept}"))?;
        }
        if report.refunds_kept > 0 {
            let kept = words::some(report.refunds_kept, "refunds");
            out.line(format!("kept of orders from elsewhere: {kept}"))?;
        }
        if report.failed > 0 {
            out.line(format!("{} could not be taken back; run it again", words::number(report.failed)))?;
        }
    }
    if report.failed == 0 { Ok(()) } else { Err(Problem::Told) }
}

/// The imports so far, for those who look for an id.
fn list(shop: &Shop, out: &mut Out) -> Finished {
    let batches = import::batches(&shop.engine)?;
    if out.is_json() {
        return out.json(&json!({ "imports": batches }));
    }
    if batches.is_empty() {
        return out.line("there are no imports");
    }
    let program = shop.program()?;
    let rows = batches.iter().map(|batch| {
        let state = match batch.state {
            BatchState::Running => "not finished",
            BatchState::Done => "done",
            BatchState::Reverted => "reverted",
        };
        vec![
            batch.batch.to_string(),
            state.to_owned(),
            words::local(program.zone(), batch.started_at),
            batch.source.clone(),
            words::number(batch.orders.applied),
            words::number(batch.refunds.applied),
            words::number(batch.customers_new),
            words::number(batch.issues),
        ]
    });
    let heads = ["!import", "state", "from", "source", ">orders", ">refunds", ">new customers", ">issues"];
    out.table(&heads, rows.collect())?;
    out.line("`crm revert IMPORT` takes one of them back")
}
