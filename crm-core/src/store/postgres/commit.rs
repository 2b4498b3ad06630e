//! Commits, in one round trip: one statement for what is usual, the function on the server for a few other writes, statements over many
//! rows for many.

use super::cells::{Bound, Param};
use super::connect::{Session, pipelined};
use super::fault::{self, no_statement};
use super::listen::TELL;
use super::load::ask;
use super::profile::has_bucket;
use super::routine::{Kind, number};
use super::sql::{self, APPLY, APPLY_IN, BEGIN_COMMIT, COMMIT};
use super::usual;
use crate::error::{Error, ErrorCode, Result};
use crate::store::contract::{Commit, CommitReply, Guard, Value, Write};
use crate::store::row::Row;
use crate::store::table::{ColumnType, Table};
use foldhash::{HashSet, HashSetExt};
use std::collections::BTreeMap;
use tokio_postgres::Statement;

/// From how many writes on they are written many at once. Below, the function is faster.
const MANY: usize = 24;
/// From how many writes of one kind on a statement of their own is worth it.
const ALIKE: usize = 4;
/// How often a commit is sent again that the server took back for the sake of another one.
const TRIES: u32 = 8;

/// Writes everything or nothing.
pub(super) async fn commit(session: &mut Session, commit: &Commit) -> Result<CommitReply> {
    if commit.writes.is_empty() {
        return Ok(CommitReply::Done);
    }
    let word = word(session, commit).await?;
    // Servers of many machines pay dearly for it.
    if !session.delegates
        && let Some(usual) = usual::of(&commit.writes)
    {
        match usual.write(session, word.as_ref()).await? {
            Ok(true) => return Ok(CommitReply::Done),
            // The function says what was in the way; or writes it now, if that was only for a moment.
            Ok(false) => {}
            Err(failure) if fault::is_not_all(&failure) || fault::is_again(&failure) => {}
            Err(failure) => return Err(fault::error("commit", failure)),
        }
    }
    let mut tried = 0;
    loop {
        let groups = if MANY <= commit.writes.len() { groups(commit) } else { None };
        let outcome = match groups {
            Some(groups) => many(session, &groups, word.as_ref()).await?,
            None => in_order(session, commit, word.as_ref()).await?,
        };
        let Err(failure) = outcome else { return Ok(CommitReply::Done) };
        // Row by row it turns out which guards were broken; or none, if somebody else was only faster for a moment.
        let failure = match fault::is_not_all(&failure) && MANY <= commit.writes.len() {
            true => match in_order(session, commit, word.as_ref()).await? {
                Ok(()) => return Ok(CommitReply::Done),
                Err(failure) => failure,
            },
            false => failure,
        };
        if let Some(reply) = fault::reply(&failure) {
            return Ok(reply);
        }
        tried += 1;
        if !fault::is_again(&failure) || TRIES <= tried {
            return Err(fault::error("commit", failure));
        }
    }
}

type Outcome = std::result::Result<(), tokio_postgres::Error>;

/// A statement with its parameters.
pub(super) type Call<'a> = (Statement, Vec<Param<'a>>);

/// The word for those who wait for entries, if there are some and it is time.
async fn word<'a>(session: &mut Session, commit: &Commit) -> Result<Option<Call<'a>>> {
    let is_entry = |write: &Write| matches!(write, Write::Put { row, .. } if row.table == Table::Entry);
    let Some(teller) = session.teller.clone() else { return Ok(None) };
    if !commit.writes.iter().any(is_entry) || !teller.is_due() {
        return Ok(None);
    }
    Ok(Some((session.prepared(TELL).await?, vec![Param::Text(teller.channel.clone())])))
}

/// Sends all calls at once, and the word behind them. What becomes of that makes no difference: whoever waits looks in any case.
async fn send(session: &Session, calls: &[Call<'_>], word: Option<&Call<'_>>) -> Outcome {
    let all = calls.iter().chain(word);
    let answers = pipelined(all.map(|(statement, params)| ask(session, statement, params))).await;
    // After a failure the others only say that there was one, and the commit says nothing.
    answers.into_iter().take(calls.len()).try_for_each(|answer| answer.map(drop))
}

/// One call of the function, which is a transaction.
async fn in_order(session: &mut Session, commit: &Commit, word: Option<&Call<'_>>) -> Result<Outcome> {
    let bucket = if session.delegates { one_bucket(&commit.writes) } else { None };
    let apply = session.prepared(if bucket.is_some() { APPLY_IN } else { APPLY }).await?;
    let mut params = Packed::of(commit.writes.iter())?.params();
    if let Some(bucket) = bucket {
        params.insert(0, Param::Number(bucket));
    }
    Ok(send(session, &[(apply, params)], word).await)
}

/// The bucket of all these rows, if it is one.
fn one_bucket(writes: &[Write]) -> Option<i64> {
    let mut buckets = writes.iter().map(|write| {
        let (table, cells) = match write {
            Write::Put { row, .. } => (row.table, row.key()),
            Write::Delete { table, key } | Write::Check { table, key, .. } => (*table, key.as_slice()),
            Write::Within { key, .. } => (Table::Counter, key.as_slice()),
        };
        cells.first().filter(|_| has_bucket(table.describe())).and_then(Value::as_int)
    });
    let first = buckets.next()??;
    buckets.all(|bucket| bucket == Some(first)).then_some(first)
}

/// Writes that go well together, and those that go row by row.
struct Groups<'a> {
    alike: BTreeMap<(Table, Kind), Vec<&'a Write>>,
    rest: Vec<&'a Write>,
}

/// The writes of a commit by table and kind, where their order makes no difference: no row is named twice.
fn groups(commit: &Commit) -> Option<Groups<'_>> {
    let mut named = HashSet::with_capacity(commit.writes.len());
    let mut alike: BTreeMap<(Table, Kind), Vec<&Write>> = BTreeMap::new();
    for write in &commit.writes {
        let (table, kind, key) = match write {
            Write::Put { row, guard } => (row.table, kind_of(*guard), row.key()),
            Write::Delete { table, key } => (*table, Kind::Delete, key.as_slice()),
            Write::Check { table, key, .. } => (*table, Kind::Check, key.as_slice()),
            Write::Within { key, .. } => (Table::Counter, Kind::Within, key.as_slice()),
        };
        // What one row gives up in a unique index, another may take: that is a matter of order.
        let moves = matches!(kind, Kind::Any | Kind::Version | Kind::Delete);
        if !named.insert((table, key)) || moves && table.describe().indexes.iter().any(|index| index.unique) {
            return None;
        }
        alike.entry((table, kind)).or_default().push(write);
    }
    let goes_alone = |(_, kind): &(Table, Kind), writes: &Vec<&Write>| {
        matches!(kind, Kind::Check | Kind::Within) || writes.len() < ALIKE
    };
    let mut rest = Vec::new();
    alike.retain(|group, writes| {
        let alone = goes_alone(group, writes);
        if alone {
            rest.append(writes);
        }
        !alone
    });
    Some(Groups { alike, rest })
}

const fn kind_of(guard: Guard) -> Kind {
    match guard {
        Guard::New => Kind::New,
        Guard::Any => Kind::Any,
        Guard::Version(_) => Kind::Version,
    }
}

/// A transaction of a few statements, all sent at once. The first that fails takes the others back.
async fn many(session: &mut Session, groups: &Groups<'_>, word: Option<&Call<'_>>) -> Result<Outcome> {
    let mut calls = vec![(session.prepared(BEGIN_COMMIT).await?, Vec::new())];
    for ((table, kind), writes) in &groups.alike {
        let statements = &sql::of(*table).ok_or_else(no_statement)?.many;
        let sql = match kind {
            Kind::New => &statements.insert,
            Kind::Any => &statements.upsert,
            Kind::Version => statements.update.as_ref().ok_or_else(no_statement)?,
            Kind::Delete => &statements.delete,
            Kind::Check | Kind::Within => return Err(no_statement()),
        };
        calls.push((session.prepared(sql).await?, columns(*table, *kind, writes)));
    }
    // Counters come last, so that others wait for them as briefly as can be.
    if !groups.rest.is_empty() {
        let packed = Packed::of(groups.rest.iter().copied())?;
        calls.push((session.prepared(APPLY).await?, packed.params()));
    }
    calls.push((session.prepared(COMMIT).await?, Vec::new()));
    Ok(send(session, &calls, word).await)
}

/// An array per column.
fn columns<'a>(table: Table, kind: Kind, writes: &[&'a Write]) -> Vec<Param<'a>> {
    let cells: Vec<&[Value]> = writes.iter().map(|write| cells_of(write)).collect();
    let described = table.describe();
    let width = if kind == Kind::Delete { described.key } else { described.columns.len() };
    let column = |n: usize| cells.iter().filter_map(move |cells| cells.get(n)).map(Bound::Cell).collect();
    let mut params: Vec<Param<'a>> = (0..width).map(|n| Param::Cells(column(n))).collect();
    if kind == Kind::Version {
        let guards = writes.iter().filter_map(|write| match write {
            Write::Put { guard: Guard::Version(version), .. } => Some(*version),
            _ => None,
        });
        params.push(Param::Numbers(guards.collect()));
    }
    if matches!(kind, Kind::New | Kind::Version) {
        params.push(Param::Number(i64::try_from(writes.len()).unwrap_or(i64::MAX)));
    }
    params
}

fn cells_of(write: &Write) -> &[Value] {
    match write {
        Write::Put { row, .. } => row.cells(),
        Write::Delete { key, .. } | Write::Check { key, .. } | Write::Within { key, .. } => key,
    }
}

/// Writes as the function takes them.
#[derive(Default)]
struct Packed<'a> {
    ops: Vec<i64>,
    ints: Vec<Bound<'a>>,
    texts: Vec<Bound<'a>>,
    blobs: Vec<Bound<'a>>,
}

impl<'a> Packed<'a> {
    fn of(writes: impl Iterator<Item = &'a Write>) -> Result<Self> {
        let mut packed = Self::default();
        writes.for_each(|write| packed.push(write));
        if packed.ops.is_empty() { Err(Error::new(ErrorCode::Internal, "nothing to write")) } else { Ok(packed) }
    }

    fn push(&mut self, write: &'a Write) {
        match write {
            Write::Put { row, guard } => self.put(row, *guard),
            Write::Delete { table, key } => self.cells(*table, Kind::Delete, key),
            Write::Check { table, key, version } => {
                self.cells(*table, Kind::Check, key);
                self.ints.push(version.map_or(Bound::Null, Bound::Number));
            }
            Write::Within { key, add, limit } => {
                self.cells(Table::Counter, Kind::Within, key);
                // What may be used before is worked out here, where it cannot overflow.
                let (least, most) = match add.checked_neg() {
                    Some(negated) => (negated.max(0), limit.saturating_sub(*add)),
                    None => (1, 0),
                };
                let starts = i64::from(0 <= *add && add <= limit);
                self.ints.extend([*add, least, most, starts].map(Bound::Number));
            }
        }
    }

    fn put(&mut self, row: &'a Row, guard: Guard) {
        self.cells(row.table, kind_of(guard), row.cells());
        if let Guard::Version(version) = guard {
            self.ints.push(Bound::Number(version));
        }
    }

    fn cells(&mut self, table: Table, kind: Kind, cells: &'a [Value]) {
        self.ops.push(number(table, kind));
        for (column, cell) in table.describe().columns.iter().zip(cells) {
            let list = match column.kind {
                ColumnType::Int => &mut self.ints,
                ColumnType::Text => &mut self.texts,
                ColumnType::Blob => &mut self.blobs,
            };
            list.push(Bound::Cell(cell));
        }
    }

    fn params(self) -> Vec<Param<'a>> {
        vec![Param::Numbers(self.ops), Param::Cells(self.ints), Param::Cells(self.texts), Param::Cells(self.blobs)]
    }
}
