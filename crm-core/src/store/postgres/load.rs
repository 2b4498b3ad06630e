//! Reads, at one point in time and in one round trip.

use super::cells::{Bound, Found, Param};
use super::connect::{Session, pipelined};
use super::fault::{self, no_statement};
use super::sql::{self, BEGIN_LOAD, COMMIT, TableSql};
use crate::error::{Error, Result};
use crate::store::contract::{Read, Value};
use crate::store::row::Row;
use crate::store::table::Table;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use tokio_postgres::Statement;

/// One statement of a load.
struct Query<'a> {
    table: Table,
    sql: &'static str,
    params: Vec<Param<'a>>,
    /// Which reads it answers: one, or many whose rows come with their places in this list, from 1.
    reads: Reads,
}

enum Reads {
    One(usize),
    Many(Vec<usize>),
}

/// Carries out all reads: one statement is one point in time, several are one transaction.
pub(super) async fn load(session: &mut Session, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
    let queries = plan(reads)?;
    let mut lists = vec![Vec::new(); reads.len()];
    let mut statements = Vec::with_capacity(queries.len());
    for query in &queries {
        statements.push(session.prepared(query.sql).await?);
    }
    let answers = match queries.as_slice() {
        [] => return Ok(lists),
        [query] => {
            let statement = statements.first().ok_or_else(no_statement)?;
            vec![ask(session, statement, &query.params).await]
        }
        _ => {
            let begin = session.prepared(BEGIN_LOAD).await?;
            let commit = session.prepared(COMMIT).await?;
            let each = queries.iter().zip(&statements).map(|(query, statement)| (statement, query.params.as_slice()));
            let all = std::iter::once((&begin, &[][..])).chain(each).chain([(&commit, &[][..])]);
            let session = &*session;
            let answers = pipelined(all.map(|(statement, params)| ask(session, statement, params))).await;
            let mut answers = answers.into_iter();
            match answers.next() {
                Some(Err(failure)) => vec![Err(failure)],
                _ => answers.collect(),
            }
        }
    };
    for (query, answer) in queries.iter().zip(answers) {
        take(query, &answer.map_err(fault::doing("read rows"))?, &mut lists)?;
    }
    Ok(lists)
}

type Answer = std::result::Result<Vec<tokio_postgres::Row>, tokio_postgres::Error>;

/// Sends a statement and collects its rows.
pub(super) async fn ask(session: &Session, statement: &Statement, params: &[Param<'_>]) -> Answer {
    let params: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = params.iter().map(|param| param as _).collect();
    session.client.query(statement, &params).await
}

/// Puts the rows of an answer where they belong.
fn take(query: &Query<'_>, answer: &[tokio_postgres::Row], lists: &mut [Vec<Row>]) -> Result<()> {
    let columns = query.table.describe().columns.len();
    let cell = |row: &tokio_postgres::Row, place: usize| -> Result<Value> {
        let found: Found = row.try_get(place).map_err(fault::doing("read a cell"))?;
        Ok(found.0)
    };
    let unknown = || Error::internal("a row answers no read");
    for row in answer {
        let (read, first) = match &query.reads {
            Reads::One(read) => (*read, 0),
            Reads::Many(reads) => {
                let place = cell(row, 0)?.as_int().and_then(|place| usize::try_from(place).ok());
                let read = place.and_then(|place| reads.get(place.wrapping_sub(1)));
                (*read.ok_or_else(unknown)?, 1)
            }
        };
        let cells = (first..first + columns).map(|place| cell(row, place)).collect::<Result<Vec<_>>>()?;
        lists.get_mut(read).ok_or_else(unknown)?.push(Row::new(query.table, cells));
    }
    Ok(())
}

fn of(table: Table) -> Result<&'static TableSql> {
    sql::of(table).ok_or_else(no_statement)
}

/// How a row is found: by its key, or by an index and so many of its cells.
type By = Option<(usize, usize)>;
/// The place of a read, and its cells.
type Asked<'a> = (usize, &'a [Value]);

/// The statements for some reads: one for all that differ in their cells only.
fn plan(reads: &[Read]) -> Result<Vec<Query<'_>>> {
    let mut queries = Vec::new();
    let mut alike: BTreeMap<(Table, By), Vec<Asked<'_>>> = BTreeMap::new();
    for (place, read) in reads.iter().enumerate() {
        match read {
            Read::Row { table, key } => alike.entry((*table, None)).or_default().push((place, key)),
            Read::Index { cells, .. } if cells.contains(&Value::Null) => {}
            Read::Index { table, index, cells } => {
                alike.entry((*table, Some((*index, cells.len())))).or_default().push((place, cells));
            }
            Read::Prefix { table, prefix, after, limit } => {
                queries.extend(by_prefix(place, *table, prefix, after.as_deref(), *limit)?);
            }
            Read::UpTo { table, index, up_to, after, limit } => {
                let [from_start, resumed] = &of(*table)?.indexes.get(*index).ok_or_else(no_statement)?.up_to;
                let (sql, after): (_, Vec<&Value>) = match after {
                    None => (from_start, vec![up_to]),
                    Some((cell, key)) => (resumed, [up_to, cell].into_iter().chain(key).collect()),
                };
                queries.push(single(place, *table, sql, after, Some(*limit)));
            }
        }
    }
    for ((table, by), reads) in alike {
        let statements = of(table)?;
        let [one, many] = match by {
            None => [&statements.row, &statements.rows],
            Some((index, cells)) => {
                let index = statements.indexes.get(index).ok_or_else(no_statement)?;
                let [one, many] = index.equal.get(cells.wrapping_sub(1)).ok_or_else(no_statement)?;
                [one, many]
            }
        };
        queries.push(match reads.as_slice() {
            [(place, cells)] => single(place.to_owned(), table, one, cells.iter().collect(), None),
            all => {
                let width = all.first().map_or(0, |(_, cells)| cells.len());
                let column = |n: usize| all.iter().filter_map(move |(_, cells)| cells.get(n)).map(Bound::Cell);
                let params = (0..width).map(|n| Param::Cells(column(n).collect())).collect();
                Query { table, sql: many, params, reads: Reads::Many(all.iter().map(|(place, _)| *place).collect()) }
            }
        });
    }
    Ok(queries)
}

fn single<'a>(place: usize, table: Table, sql: &'static str, cells: Vec<&'a Value>, limit: Option<usize>) -> Query<'a> {
    let limit = limit.map(|limit| Param::Number(i64::try_from(limit).unwrap_or(i64::MAX)));
    let params = cells.into_iter().map(Param::Cell).chain(limit).collect();
    Query { table, sql, params, reads: Reads::One(place) }
}

fn by_prefix<'a>(
    place: usize,
    table: Table,
    prefix: &'a [Value],
    after: Option<&'a [Value]>,
    limit: usize,
) -> Result<Option<Query<'a>>> {
    let [from_start, resumed] = of(table)?.prefix.get(prefix.len()).ok_or_else(no_statement)?;
    // A cursor from elsewhere is before all rows of the prefix or behind them.
    let cursor = after.map(|key| (key.get(..prefix.len()).unwrap_or(key).cmp(prefix), key));
    Ok(match cursor {
        None | Some((Ordering::Less, _)) => {
            Some(single(place, table, from_start, prefix.iter().collect(), Some(limit)))
        }
        Some((Ordering::Equal, key)) if prefix.len() < key.len() => {
            Some(single(place, table, resumed, key.iter().collect(), Some(limit)))
        }
        Some(_) => None,
    })
}
