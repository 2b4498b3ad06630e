//! Walks over everybody: pages of customers, orders and entries.

use super::sync::Engine;
use crate::decide::offers::answer::claim_view;
use crate::decide::rows::{claim_of, customer_of, entry_of, gift_card_of, group_of, order_of};
use crate::decide::view;
use crate::effect::Entry;
use crate::error::Result;
use crate::giftcard::GiftCard;
use crate::group::Group;
use crate::order::OrderRecord;
use crate::points::Account;
use crate::program::Program;
use crate::query::{ClaimView, CustomerSummary};
use crate::store::{Read, Row, Table};
use crate::value::{CustomerId, Timestamp};
use std::sync::Arc;

/// The accounts of a customer exactly as they are stored, without time having passed.
#[derive(Clone, Debug)]
pub struct StoredCustomer {
    /// Who.
    pub id: CustomerId,
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The last entry of the journal.
    pub seq: u64,
}

/// Rows per page.
const PAGE: usize = 1_000;

fn each_row(engine: &Engine, table: Table, each: &mut dyn FnMut(&Row) -> Result<()>) -> Result<()> {
    let mut after = None;
    loop {
        let read = Read::Prefix { table, prefix: Vec::new(), after: after.take(), limit: PAGE };
        let rows = engine.store().load(&[read])?.pop().unwrap_or_default();
        for row in &rows {
            each(row)?;
        }
        match rows.last() {
            Some(last) if PAGE <= rows.len() => after = Some(last.key().to_vec()),
            _ => return Ok(()),
        }
    }
}

/// Every registered customer as they stand at an instant.
pub(crate) fn all_customers(
    engine: &Engine,
    program: &Program,
    at: Timestamp,
    each: &mut dyn FnMut(CustomerSummary) -> Result<()>,
) -> Result<()> {
    each_row(engine, Table::Customer, &mut |row| {
        let customer = customer_of(row)?;
        if customer.state.unregistered {
            return Ok(());
        }
        let seen = view::stands(program, &customer, at)?;
        each(seen)
    })
}

impl Engine {
    /// Walks over the accounts of all customers as they are stored, for checks of the books.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_stored(&self, each: &mut dyn FnMut(StoredCustomer) -> Result<()>) -> Result<()> {
        each_row(self, Table::Customer, &mut |row| {
            let customer = Arc::unwrap_or_clone(customer_of(row)?);
            each(StoredCustomer { id: customer.id, accounts: customer.state.accounts, seq: customer.state.seq })
        })
    }

    /// Walks over all gift cards as they are stored, without time having passed.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_gift_card(&self, each: &mut dyn FnMut(GiftCard) -> Result<()>) -> Result<()> {
        each_row(self, Table::GiftCard, &mut |row| each(gift_card_of(row)?.thing))
    }

    /// Walks over all groups as they are stored, without time having passed.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_group(&self, each: &mut dyn FnMut(Group) -> Result<()>) -> Result<()> {
        each_row(self, Table::Group, &mut |row| each(group_of(row)?.thing))
    }

    /// Walks over all entries, customer by customer, each journal in its order.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_entry(&self, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
        each_row(self, Table::Entry, &mut |row| each(Arc::unwrap_or_clone(entry_of(row)?)))
    }

    /// Walks over all claims of checkouts as they are stored, customer by customer.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_claim(&self, each: &mut dyn FnMut(ClaimView) -> Result<()>) -> Result<()> {
        each_row(self, Table::Claim, &mut |row| {
            let (customer, claim, record) = claim_of(row)?;
            each(claim_view(&customer, &claim, &record)?)
        })
    }

    /// Walks over all orders, customer by customer.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_order(&self, each: &mut dyn FnMut(CustomerId, OrderRecord) -> Result<()>) -> Result<()> {
        each_row(self, Table::Order, &mut |row| {
            let id = row.cells().get(1).and_then(crate::store::Value::as_text).unwrap_or_default();
            each(CustomerId::new(id)?, order_of(row)?)
        })
    }
}
