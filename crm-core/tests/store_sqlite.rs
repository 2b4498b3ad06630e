//! The SQLite store against bad files, full disks, locks and other processes; backups and their way back.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use crm_core::ErrorCode;
use crm_core::store::{
    Commit, CommitReply, Durability, Guard, OpenMode, Read, Row, SqliteOptions, SqliteStore, Store, Table, Value, Write,
};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tempfile::TempDir;

fn options() -> SqliteOptions {
    SqliteOptions { durability: Durability::Normal, busy_wait_ms: 200, ..SqliteOptions::default() }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    (folder, path)
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, options()).unwrap()
}

fn identity(name: &str, version: i64, bytes: usize) -> Row {
    let body = Value::Blob(vec![7; bytes].into());
    Row::new(Table::Identity, vec![Value::Int(1), Value::text(name), Value::Int(version), Value::Null, body])
}

fn new_rows(names: impl IntoIterator<Item = String>, bytes: usize) -> Commit {
    let put = |name: String| Write::Put { row: identity(&name, 1, bytes), guard: Guard::New };
    Commit { writes: names.into_iter().map(put).collect() }
}

fn write(store: &SqliteStore, names: impl IntoIterator<Item = String>) {
    assert_eq!(store.commit(&new_rows(names, 100)).unwrap(), CommitReply::Done);
}

fn rows(store: &SqliteStore) -> Vec<Row> {
    let read = Read::Prefix { table: Table::Identity, prefix: vec![], after: None, limit: usize::MAX };
    store.load(&[read]).unwrap().remove(0)
}

/// A closed file with a few rows.
fn filled(path: &Path) {
    let store = open(path);
    write(&store, (0..2_000).map(|n| format!("name{n:05}")));
    store.close().unwrap();
}

fn code<T>(outcome: crm_core::Result<T>) -> Option<ErrorCode> {
    outcome.err().map(|error| error.code())
}

fn opened(path: &Path) -> Option<ErrorCode> {
    code(SqliteStore::open(path, options()))
}

fn header(path: &Path, change: &str) {
    Connection::open(path).unwrap().execute_batch(change).unwrap();
}

#[test]
fn damaged_and_foreign_files_are_refused_and_left_as_they_are() {
    let (_folder, path) = folder();
    filled(&path);
    let whole = fs::read(&path).unwrap();
    let damaged: [(&str, Vec<u8>); 6] = [
        ("corrupt header", [b"SQLite format 4\0", &whole[16..]].concat()),
        ("page size of zero", [&whole[..16], &[0, 0], &whole[18..]].concat()),
        ("first page overwritten", [&whole[..100], &[0xA5; 3_996], &whole[4_096..]].concat()),
        ("cut in the middle", whole[..whole.len() / 2].to_vec()),
        ("cut inside the header", whole[..60].to_vec()),
        ("random bytes", (0..50_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()),
    ];
    for (name, bytes) in damaged {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(opened(&path), Some(ErrorCode::StoreCorrupt), "{name}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
        assert_eq!(code(SqliteStore::verify(&path)), Some(ErrorCode::StoreCorrupt), "{name}");
    }
    fs::remove_file(&path).unwrap();
    header(&path, "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1);");
    let theirs = fs::read(&path).unwrap();
    assert_eq!(opened(&path), Some(ErrorCode::StoreCorrupt), "no application id");
    header(&path, "PRAGMA application_id = 77");
    assert_eq!(opened(&path), Some(ErrorCode::StoreCorrupt), "another application id");
    header(&path, "PRAGMA application_id = 0");
    assert_eq!(fs::read(&path).unwrap().len(), theirs.len());
    let mode: String = Connection::open(&path).unwrap().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete", "a foreign file keeps its journal mode");
}

#[test]
fn damage_inside_is_found_when_it_is_read_or_verified() {
    let (_folder, path) = folder();
    filled(&path);
    let page: u32 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'identity'", [], |row| row.get(0))
        .unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let start = usize::try_from(page - 1).unwrap() * 4_096;
    bytes[start..start + 4_096].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    assert_eq!(code(SqliteStore::verify(&path)), Some(ErrorCode::StoreCorrupt));
    let store = open(&path);
    let read = Read::Row { table: Table::Identity, key: vec![Value::Int(1), Value::text("name00001")] };
    assert_eq!(code(store.load(&[read])), Some(ErrorCode::StoreCorrupt));
    assert_eq!(code(store.commit(&new_rows(["new".to_owned()], 1))), Some(ErrorCode::StoreCorrupt));
    assert_eq!(store.load(&[Read::Row { table: Table::Program, key: vec![Value::Int(1)] }]).unwrap(), [vec![]]);
}

#[test]
fn a_missing_table_is_found_at_once() {
    let (_folder, path) = folder();
    filled(&path);
    header(&path, "DROP TABLE counter");
    assert_eq!(opened(&path), Some(ErrorCode::StoreCorrupt));
}

#[test]
fn a_newer_file_is_refused() {
    let (_folder, path) = folder();
    filled(&path);
    header(&path, "PRAGMA user_version = 999");
    let error = SqliteStore::open(&path, options()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::StoreNewer);
    assert_eq!(error.details()["version"], 999);
    assert_eq!(code(SqliteStore::verify(&path)), Some(ErrorCode::StoreNewer));
    header(&path, "PRAGMA user_version = 0");
    assert_eq!(opened(&path), Some(ErrorCode::StoreCorrupt), "a version that never was");
}

#[test]
fn missing_files_and_folders_are_named() {
    let (folder, path) = folder();
    let existing = SqliteOptions { open: OpenMode::OpenExisting, ..options() };
    let nowhere = folder.path().join("no").join("crm.db");
    assert_eq!(code(SqliteStore::open(&path, existing)), Some(ErrorCode::StoreMissing));
    assert!(!path.exists(), "refusing makes no file");
    assert_eq!(opened(&nowhere), Some(ErrorCode::StoreMissing));
    assert_eq!(opened(folder.path()), Some(ErrorCode::StoreCorrupt), "a folder is no database");
    assert_eq!(code(SqliteStore::verify(&path)), Some(ErrorCode::StoreMissing));
    fs::write(&path, "").unwrap();
    assert_eq!(code(SqliteStore::open(&path, existing)), Some(ErrorCode::StoreCorrupt), "an emptied file");
    assert_eq!(opened(&path), None, "an empty file may become a store");
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(opened(&folder.path().join("file").join("crm.db")).is_some());
    let odd = folder.path().join("file:crm.db?mode=ro");
    open(&odd).close().unwrap();
    assert!(odd.exists(), "a name is a name, never a URI");
}

#[test]
fn a_closed_store_leaves_one_file_and_refuses_everything() {
    let (folder, path) = folder();
    let store = open(&path);
    write(&store, ["a".to_owned()]);
    assert_eq!(rows(&store).len(), 1);
    store.close().unwrap();
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["crm.db"]);
    let target = folder.path().join("backup.db");
    assert_eq!(code(store.backup(&target, &mut |_, _| {})), Some(ErrorCode::StoreClosed));
    assert_eq!(code(store.load(&[])), Some(ErrorCode::StoreClosed));
    assert_eq!(code(store.commit(&Commit::default())), Some(ErrorCode::StoreClosed));
    assert_eq!(rows(&open(&path)).len(), 1);
}

#[test]
fn close_waits_for_loads_and_commits() {
    let (folder, path) = folder();
    let store = open(&path);
    let read = Read::Prefix { table: Table::Identity, prefix: vec![], after: None, limit: usize::MAX };
    thread::scope(|scope| {
        for worker in 0..6 {
            let (store, read) = (&store, &read);
            scope.spawn(move || {
                for n in 0.. {
                    let outcome = match worker % 2 {
                        0 => code(store.commit(&new_rows([format!("{worker}/{n}")], 50))),
                        _ => code(store.load(std::slice::from_ref(read))),
                    };
                    match outcome {
                        None => {}
                        Some(code) => return assert_eq!(code, ErrorCode::StoreClosed),
                    }
                }
            });
        }
        thread::sleep(std::time::Duration::from_millis(50));
        store.close().unwrap();
    });
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(!rows(&open(&path)).is_empty());
}

#[test]
fn a_lock_of_another_process_is_waited_for_and_then_told() {
    let (_folder, path) = folder();
    let store = open(&path);
    write(&store, ["a".to_owned()]);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.commit(&new_rows(["b".to_owned(), "c".to_owned()], 10)).unwrap_err();
    assert_eq!((error.code(), error.retry()), (ErrorCode::StoreBusy, crm_core::Retry::Later));
    assert_eq!(rows(&store).len(), 1, "reads do not wait for writers, and nothing is half done");
    other.execute_batch("ROLLBACK").unwrap();
    write(&store, ["b".to_owned()]);
    assert_eq!(rows(&store).len(), 2);
}

#[test]
fn two_stores_of_one_file_see_each_other() {
    let (_folder, path) = folder();
    let patient = SqliteOptions { busy_wait_ms: 30_000, ..options() };
    let stores = [SqliteStore::open(&path, patient).unwrap(), SqliteStore::open(&path, patient).unwrap()];
    thread::scope(|scope| {
        for (place, store) in stores.iter().enumerate() {
            scope.spawn(move || (0..300).for_each(|n| write(store, [format!("{place}/{n}"), format!("{place}/{n}/")])));
        }
    });
    assert!(stores.iter().all(|store| rows(store).len() == 1_200));
    stores[0].close().unwrap();
    write(&stores[1], ["last".to_owned()]);
    stores[1].close().unwrap();
    assert_eq!(SqliteStore::verify(&path).unwrap().rows["identity"], 1_201);
}

/// Seen to fail, in one round of some hundred, when the header of a file is read in several steps: its mark is still missing, its tables are there.
#[test]
fn many_may_make_the_same_file_at_once() {
    let patient = SqliteOptions { busy_wait_ms: 30_000, ..options() };
    for _ in 0..20 {
        let (_folder, path) = folder();
        thread::scope(|scope| {
            for n in 0..8 {
                let path = &path;
                scope.spawn(move || write(&SqliteStore::open(path, patient).unwrap(), [format!("{n}")]));
            }
        });
        assert_eq!(rows(&open(&path)).len(), 8);
    }
}

#[test]
fn a_full_disk_is_told_and_survived() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path, SqliteOptions { pages_max: Some(60), ..options() }).unwrap();
    write(&store, ["first".to_owned()]);
    let mut written = 1;
    let full = loop {
        match store.commit(&new_rows([format!("{written}"), format!("{written}/")], 4_000)) {
            Ok(_) => written += 2,
            Err(error) => break error,
        }
    };
    assert_eq!((full.code(), full.retry()), (ErrorCode::StoreFull, crm_core::Retry::Later));
    assert_eq!(rows(&store).len(), written, "the commit that failed left nothing");
    assert_eq!(code(store.commit(&new_rows([format!("{written}")], 100_000))), Some(ErrorCode::StoreFull));
    store.limit_pages(10_000).unwrap();
    assert_eq!(store.commit(&new_rows([format!("{written}")], 100_000)).unwrap(), CommitReply::Done);
    store.close().unwrap();
    assert_eq!(SqliteStore::verify(&path).unwrap().rows["identity"], u64::try_from(written + 1).unwrap());
}

#[test]
fn the_log_is_carried_over_while_writing() {
    let (_folder, path) = folder();
    let store = open(&path);
    for n in 0..60 {
        let names = (0..100).map(|m| format!("{n}/{m}"));
        assert_eq!(store.commit(&new_rows(names, 4_000)).unwrap(), CommitReply::Done);
    }
    let log = path.with_file_name("crm.db-wal").metadata().unwrap().len();
    assert!(path.metadata().unwrap().len() > 20_000_000, "most pages are in the file");
    assert!(log < 12_000_000, "the log starts over: {log} bytes");
}

#[test]
fn a_backup_is_made_while_writing_and_restored() {
    let (folder, path) = folder();
    let store = open(&path);
    for n in 0..20 {
        assert_eq!(
            store.commit(&new_rows((0..50).map(|m| format!("before/{n}/{m}")), 3_000)).unwrap(),
            CommitReply::Done
        );
    }
    let (backup, restored) = (folder.path().join("backup.db"), folder.path().join("restored.db"));
    let stop = AtomicBool::new(false);
    let (report, progress) = thread::scope(|scope| {
        for worker in 0..3 {
            let (store, stop) = (&store, &stop);
            scope.spawn(move || {
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // Always two at a time: a backup with an odd number of them would have cut a commit in half.
                    write(store, [format!("during/{worker}/{n}/a"), format!("during/{worker}/{n}/b")]);
                }
            });
        }
        let mut progress = Vec::new();
        let report = store.backup(&backup, &mut |done, all| {
            progress.push((done, all));
            let before = rows(&store).len();
            while rows(&store).len() == before {
                thread::yield_now(); // Commits go on between the steps.
            }
        });
        stop.store(true, Ordering::Relaxed);
        (report.unwrap(), progress)
    });
    assert!(1 < progress.len() && progress.is_sorted() && progress.last().is_some_and(|(done, all)| done == all));
    assert_eq!(report.bytes, backup.metadata().unwrap().len());
    let verified = SqliteStore::verify(&backup).unwrap();
    assert_eq!((verified.pages, verified.bytes, verified.schema_version), (report.pages, report.bytes, 1));
    assert!(1_000 <= verified.rows["identity"] && verified.rows["identity"].is_multiple_of(2));
    assert!(verified.rows["identity"] < u64::try_from(rows(&store).len()).unwrap());

    assert_eq!(SqliteStore::restore(&backup, &restored).unwrap().rows, verified.rows);
    let again = open(&restored);
    assert_eq!(u64::try_from(rows(&again).len()).unwrap(), verified.rows["identity"]);
    write(&again, ["after".to_owned()]);

    assert_eq!(code(store.backup(&backup, &mut |_, _| {})), Some(ErrorCode::StoreExists));
    assert_eq!(code(SqliteStore::restore(&backup, &restored)), Some(ErrorCode::StoreExists));
    let nowhere = folder.path().join("no").join("backup.db");
    assert_eq!(code(store.backup(&nowhere, &mut |_, _| {})), Some(ErrorCode::StoreMissing));
    let left = fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("tmp"));
    assert_eq!(left.count(), 0, "no unfinished file stays");
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let (folder, path) = folder();
    filled(&path);
    let (backup, target) = (folder.path().join("backup.db"), folder.path().join("target.db"));
    open(&path).backup(&backup, &mut |_, _| {}).unwrap();
    let mut bytes = fs::read(&backup).unwrap();
    let length = bytes.len();
    bytes[length - 8_192..].fill(0xA5);
    fs::write(&backup, bytes).unwrap();
    assert_eq!(code(SqliteStore::restore(&backup, &target)), Some(ErrorCode::StoreCorrupt));
    assert!(!target.exists());
}

#[test]
fn a_leftover_log_beside_the_target_is_not_adopted() {
    let (folder, path) = folder();
    filled(&path);
    let target = folder.path().join("target.db");
    fs::write(folder.path().join("target.db-wal"), "of another file").unwrap();
    assert_eq!(code(SqliteStore::restore(&path, &target)), Some(ErrorCode::StoreExists));
}

#[test]
fn a_store_in_memory_can_be_saved() {
    let (_folder, path) = folder();
    let store = SqliteStore::in_memory().unwrap();
    write(&store, ["a".to_owned(), "b".to_owned()]);
    store.backup(&path, &mut |_, _| {}).unwrap();
    assert_eq!(rows(&open(&path)), rows(&store));
}

#[test]
fn people_can_read_the_tables() {
    let (_folder, path) = folder();
    let store = open(&path);
    let cells = vec![Value::Int(1), Value::Int(1_700_000_000_000), Value::text("{}")];
    let put = Write::Put { row: Row::new(Table::Program, cells), guard: Guard::New };
    assert_eq!(store.commit(&Commit { writes: vec![put] }).unwrap(), CommitReply::Done);
    let sql = Connection::open(&path).unwrap();
    let at: String = sql.query_row("SELECT published_at FROM program_view", [], |row| row.get(0)).unwrap();
    assert_eq!(at, "2023-11-14T22:13:20.000Z");
    for table in Table::ALL {
        let described = table.describe();
        let find = "SELECT sql FROM sqlite_schema WHERE name = ?1";
        let text: String = sql.query_row(find, [described.name], |row| row.get(0)).unwrap();
        assert!(text.contains(described.meaning), "{text}");
        assert!(described.columns.iter().all(|column| text.contains(column.meaning)), "{text}");
        sql.execute_batch(&format!("SELECT * FROM {}_view", described.name)).unwrap();
    }
}

#[cfg(unix)]
mod permissions {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    const CHILD: &str = "CRM_STORE_READ_ONLY_FOLDER";
    /// A user without rights, because nothing is read-only for root.
    const NOBODY: u32 = 65_534;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// What nobody may write can be looked at all the same, and is not changed.
    fn looked_at(path: &Path) {
        let before = fs::read(path).unwrap();
        let options = SqliteOptions { open: OpenMode::ReadOnly, ..SqliteOptions::default() };
        let store = SqliteStore::open(path, options).unwrap();
        let read = Read::Row { table: Table::Identity, key: vec![Value::Int(1), Value::text("name00007")] };
        assert_eq!(store.load(&[read]).unwrap()[0].len(), 1);
        assert_eq!(rows(&store).len(), 2_000);
        assert_eq!(code(store.commit(&new_rows(["late".to_owned()], 1))), Some(ErrorCode::StoreReadOnly));
        store.close().unwrap();
        assert_eq!(fs::read(path).unwrap(), before);
        // Where the folder allows it, SQLite leaves an empty log of whoever only read.
        for end in ["-wal", "-shm"] {
            fs::remove_file(path.with_file_name(format!("crm.db{end}"))).ok();
        }
    }

    /// Runs only as a child of the next test, perhaps as another user.
    #[test]
    fn child() {
        let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
        let path = folder.join("crm.db");
        filled(&path);
        mode(&path, 0o444);
        assert_eq!(opened(&path), Some(ErrorCode::StoreReadOnly), "a file without write permission");
        looked_at(&path);
        mode(&path, 0o000);
        assert_eq!(opened(&path), Some(ErrorCode::StoreReadOnly), "a file without any permission");
        mode(&path, 0o644);
        mode(&folder, 0o555);
        assert_eq!(opened(&path), Some(ErrorCode::StoreReadOnly), "a folder where no log can be made");
        looked_at(&path);
        mode(&path, 0o444);
        looked_at(&path);
        mode(&path, 0o644);
        assert_eq!(
            opened(&folder.join("new.db")),
            Some(ErrorCode::StoreReadOnly),
            "a folder where no file can be made"
        );
        let target = folder.join("backup.db");
        let store = SqliteStore::in_memory().unwrap();
        assert_eq!(code(store.backup(&target, &mut |_, _| {})), Some(ErrorCode::StoreReadOnly));
        mode(&folder, 0o755);
        assert_eq!(opened(&path), None);
        println!("permissions checked");
    }

    #[test]
    fn read_only_files_and_folders_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "permissions::child", "--nocapture"]).env(CHILD, folder.path());
        // Only root may give a folder away and become another user.
        if chown(folder.path(), Some(NOBODY), Some(NOBODY)).is_ok() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let outcome = command.output().unwrap();
        let told = String::from_utf8_lossy(&outcome.stdout);
        assert!(told.contains("permissions checked"), "{told}{}", String::from_utf8_lossy(&outcome.stderr));
    }
}
