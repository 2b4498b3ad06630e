//! Commits of the usual form as one statement without a function: a customer under a version, what goes with them, and entries.
//!
//! Everything else in the statement hangs on the customer: where the version is another one by now, or the request was carried out before,
//! nothing is written, and the number of entries says so. What else may be in the way, which is a name that somebody has, is an error and
//! takes everything back. Either way the commit is sent again to the function, which knows what was broken. So this is the same commit,
//! for less: the server makes the expressions of a function ready once per transaction, and these once per connection.
//!
//! No value of a row comes into the server's log: a second row in an index would tell its key there. So names are skipped where they are
//! taken and counted after, and whether the request was carried out before is looked up; the customer's version holds off whoever might
//! carry it out meanwhile.

use super::cells::Bound;
use super::commit::Call;
use super::connect::{Session, pipelined};
use super::load::ask;
use super::routine::Kind;
use super::sql::{columns, type_of};
use crate::error::Result;
use crate::store::contract::{Guard, Write};
use crate::store::table::{ColumnType, Table};
use std::sync::LazyLock;
use tokio_postgres::Statement;

/// What may stand between the customer and the entries, in this order, each once.
const BETWEEN: [(Table, Kind); 4] = [
    (Table::Identity, Kind::New),
    (Table::Order, Kind::Any),
    (Table::Redemption, Kind::Any),
    (Table::Claim, Kind::Any),
];
/// Most entries.
const ENTRIES: usize = 4;

/// By what stands between, as bits, and by the number of entries.
static STATEMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = (0..1_usize << BETWEEN.len()).flat_map(|between| (1..=ENTRIES).map(move |entries| (between, entries)));
    all.map(|(between, entries)| statement(between, entries)).collect()
});

/// A commit of the usual form.
#[derive(Debug)]
pub(super) struct Usual<'a> {
    sql: &'static str,
    writes: &'a [Write],
    guard: i64,
    entries: u64,
}

/// Recognises one.
pub(super) fn of(writes: &[Write]) -> Option<Usual<'_>> {
    let (Write::Put { row, guard: Guard::Version(guard) }, mut rest) = writes.split_first()? else { return None };
    if row.table != Table::Customer {
        return None;
    }
    let mut between = 0;
    for (bit, (table, kind)) in BETWEEN.iter().enumerate() {
        if let Some((first, others)) = rest.split_first()
            && is(first, *table, *kind)
        {
            between |= 1 << bit;
            rest = others;
        }
    }
    let entries = rest.len();
    if !(1..=ENTRIES).contains(&entries) || !rest.iter().all(|write| is(write, Table::Entry, Kind::New)) {
        return None;
    }
    let sql = STATEMENTS.get(between * ENTRIES + entries - 1)?;
    Some(Usual { sql, writes, guard: *guard, entries: u64::try_from(entries).ok()? })
}

fn is(write: &Write, table: Table, kind: Kind) -> bool {
    let Write::Put { row, guard } = write else { return false };
    row.table == table && matches!((guard, kind), (Guard::New, Kind::New) | (Guard::Any, Kind::Any))
}

impl Usual<'_> {
    /// Writes all of it, or says that it could not. A word for those who wait goes behind it.
    pub(super) async fn write(&self, session: &mut Session, word: Option<&Call<'_>>) -> Result<Sent<bool>> {
        let statement = session.prepared(self.sql).await?;
        let mut params: Vec<Bound<'_>> = Vec::with_capacity(statement.params().len());
        for (place, write) in self.writes.iter().enumerate() {
            if let Write::Put { row, .. } = write {
                params.extend(row.cells().iter().map(Bound::Cell));
            }
            if place == 0 {
                params.push(Bound::Number(self.guard));
            }
        }
        let written = match word {
            None => session.client.execute_raw(&statement, params).await,
            Some(word) => {
                let parts = [Part::Rows(&statement, params), Part::Word(word)];
                let answers = pipelined(parts.map(|part| part.send(session))).await;
                answers.into_iter().next().unwrap_or(Ok(0))
            }
        };
        Ok(written.map(|written| written == self.entries))
    }
}

type Sent<T> = std::result::Result<T, tokio_postgres::Error>;

/// What is sent at once.
enum Part<'a> {
    Rows(&'a Statement, Vec<Bound<'a>>),
    Word(&'a Call<'a>),
}

impl Part<'_> {
    /// How many rows were written.
    async fn send(self, session: &Session) -> Sent<u64> {
        match self {
            Self::Rows(statement, params) => session.client.execute_raw(statement, params).await,
            Self::Word((statement, params)) => ask(session, statement, params).await.map(|_| 0),
        }
    }
}

/// All statements, for the rules that they are held to.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    STATEMENTS.iter().map(String::as_str)
}

/// Parameters, numbered as they are taken.
#[derive(Default)]
struct Places(usize);

impl Places {
    fn take(&mut self, kind: ColumnType) -> String {
        self.0 += 1;
        format!("${}::{}", self.0, type_of(kind))
    }

    /// One for each column of a row.
    fn row(&mut self, table: Table) -> Vec<String> {
        table.describe().columns.iter().map(|column| self.take(column.kind)).collect()
    }
}

fn statement(between: usize, entries: usize) -> String {
    let mut places = Places::default();
    let customer = places.row(Table::Customer);
    let version = places.take(ColumnType::Int);
    let mut parts = Vec::new();
    let mut condition = "";
    for (bit, (table, kind)) in BETWEEN.iter().enumerate() {
        if between & 1 << bit == 0 {
            continue;
        }
        let (described, all) = (table.describe(), columns(table.describe()));
        let insert = format!(
            "INSERT INTO {} ({}) SELECT {} FROM guard",
            described.name,
            all.join(", "),
            places.row(*table).join(", ")
        );
        let key = all.get(..described.key).unwrap_or(&all).join(", ");
        parts.push(if *kind == Kind::New {
            // There is one such table, and a division by nothing is an error that tells no value.
            condition = " WHERE 1 / (SELECT count(*) FROM named) = 1";
            format!("named AS ({insert} ON CONFLICT DO NOTHING RETURNING 1)")
        } else {
            let set = all.iter().skip(described.key).map(|column| format!("{column} = excluded.{column}"));
            let set = set.collect::<Vec<_>>().join(", ");
            format!("{}_put AS ({insert} ON CONFLICT ({key}) DO UPDATE SET {set})", described.name)
        });
    }
    let entry = columns(Table::Entry.describe()).join(", ");
    let rows: Vec<Vec<String>> = (0..entries).map(|_| places.row(Table::Entry)).collect();
    let given = match rows.as_slice() {
        [one] => format!("{} FROM guard", one.join(", ")),
        many => {
            let many: Vec<String> = many.iter().map(|row| format!("({})", row.join(", "))).collect();
            format!("given.* FROM guard, (VALUES {}) AS given", many.join(", "))
        }
    };
    // The mark of a request is on the first of its entries, and the only index there that refuses a second one.
    let marks = Table::Entry.describe().indexes.iter().find(|index| index.unique);
    let marks = marks.map_or(&[][..], |index| index.columns);
    let marked = by(Table::Entry, rows.first().map_or(&[][..], Vec::as_slice), marks);
    let guard = format!(
        "guard AS (UPDATE customer SET {} WHERE {} AND version = {version} \
         AND NOT EXISTS (SELECT 1 FROM entry WHERE {marked}) RETURNING 1)",
        set(Table::Customer, &customer),
        by(Table::Customer, &customer, &[0, 1])
    );
    let parts: Vec<String> = std::iter::once(guard).chain(parts).collect();
    format!("WITH {} INSERT INTO entry ({entry}) SELECT {given}{condition}", parts.join(", "))
}

/// Conditions on the columns in these places.
fn by(table: Table, values: &[String], places: &[usize]) -> String {
    let all = columns(table.describe());
    let each = places.iter().filter_map(|place| Some(format!("{} = {}", all.get(*place)?, values.get(*place)?)));
    each.collect::<Vec<_>>().join(" AND ")
}

/// Everything behind the key.
fn set(table: Table, values: &[String]) -> String {
    let described = table.describe();
    let each = columns(described).into_iter().zip(values).skip(described.key);
    each.map(|(column, value)| format!("{column} = {value}")).collect::<Vec<_>>().join(", ")
}
