//! The books of everybody, customer by customer: three tables that lie in the same order.

use crate::decide::history::{History, Journal, gave_by_hand, tell};
use crate::engine::Engine;
use crate::error::Result;
use crate::program::Program;
use crate::store::{Read, Row, Table, Value};
use crate::value::{CustomerId, Timestamp};
use crate::workspace::rows::{closed_lot_of, customer_of, entry_of, order_of, read_closed_lots};
use crate::workspace::state::Customer;
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows per page.
const PAGE: usize = 1_000;

/// Rows of one table in the order of their keys, page by page.
struct Pages<'e> {
    engine: &'e Engine,
    table: Table,
    rows: VecDeque<Row>,
    after: Option<Vec<Value>>,
    over: bool,
}

impl<'e> Pages<'e> {
    fn new(engine: &'e Engine, table: Table) -> Self {
        Self { engine, table, rows: VecDeque::new(), after: None, over: false }
    }

    fn next(&mut self) -> Result<Option<Row>> {
        self.fill()?;
        Ok(self.rows.pop_front())
    }

    fn fill(&mut self) -> Result<()> {
        if !self.rows.is_empty() || self.over {
            return Ok(());
        }
        let read = Read::Prefix { table: self.table, prefix: Vec::new(), after: self.after.take(), limit: PAGE };
        let rows = self.engine.store().load(&[read])?.pop().unwrap_or_default();
        self.over = rows.len() < PAGE;
        self.after = rows.last().map(|row| row.key().to_vec());
        self.rows = rows.into();
        Ok(())
    }

    /// The rows of one owner. Rows of others before it belong to nobody.
    fn of(&mut self, owner: &[Value]) -> Result<Vec<Row>> {
        let mut found = Vec::new();
        loop {
            self.fill()?;
            let Some(row) = self.rows.front() else { return Ok(found) };
            let theirs = row.key().get(..owner.len()).unwrap_or_default();
            if owner < theirs {
                return Ok(found);
            }
            let is_theirs = owner == theirs;
            if let Some(row) = self.rows.pop_front().filter(|_| is_theirs) {
                found.push(row);
            }
        }
    }
}

/// Every registered customer.
pub(super) fn each_customer(engine: &Engine, each: &mut dyn FnMut(&Customer) -> Result<()>) -> Result<()> {
    let mut customers = Pages::new(engine, Table::Customer);
    while let Some(row) = customers.next()? {
        let customer = customer_of(&row)?;
        if !customer.state.unregistered {
            each(&customer)?;
        }
    }
    Ok(())
}

/// The history of every registered customer up to an instant, and when it begins.
pub(super) fn each_history(
    engine: &Engine,
    program: &Program,
    until: Timestamp,
    each: &mut dyn FnMut(History, Option<Timestamp>) -> Result<()>,
) -> Result<()> {
    let mut customers = Pages::new(engine, Table::Customer);
    let (mut orders, mut entries) = (Pages::new(engine, Table::Order), Pages::new(engine, Table::Entry));
    while let Some(row) = customers.next()? {
        let customer: Arc<Customer> = customer_of(&row)?;
        let owner = row.key().get(..2).unwrap_or_default();
        let orders = orders.of(owner)?;
        let entries = entries.of(owner)?;
        if customer.state.unregistered {
            continue;
        }
        let entries = entries.iter().map(entry_of).collect::<Result<Vec<_>>>()?;
        let orders = orders.iter().map(order_of).collect::<Result<Vec<_>>>()?;
        let closed = if gave_by_hand(&entries) { closed_lots(engine, &customer.id)? } else { Vec::new() };
        let first = entries.first().map(|entry| entry.recorded_at);
        let journal = Journal { customer: &customer, entries: &entries, orders, closed };
        each(tell(program, journal, until)?, first)?;
    }
    Ok(())
}

fn closed_lots(engine: &Engine, id: &CustomerId) -> Result<Vec<(crate::value::PointCurrency, crate::points::Lot)>> {
    let rows = engine.store().load(&[read_closed_lots(id)])?.pop().unwrap_or_default();
    rows.iter().map(closed_lot_of).collect()
}
