//! Walks over everybody: pages of customers, orders and entries.

use super::sync::Engine;
use crate::coupon::{Coupon, Wallet};
use crate::decide::ask::{bring, has_due};
use crate::decide::offers::answer::claim_view;
use crate::decide::rows::{
    claim_of, coupon_of, customer_of, entry_of, gift_card_of, group_of, order_of, read_customer,
};
use crate::decide::state::Customer;
use crate::decide::view;
use crate::decide::workspace::{Stop, Workspace};
use crate::effect::Entry;
use crate::error::{Error, Result};
use crate::giftcard::GiftCard;
use crate::group::Group;
use crate::order::OrderRecord;
use crate::points::Account;
use crate::program::Program;
use crate::query::{ClaimView, CustomerSummary};
use crate::store::{Read, Row, Table, Value};
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

/// The rows of a table, page by page in the order of their keys.
struct Pages {
    engine: Engine,
    table: Table,
    after: Option<Vec<Value>>,
    done: bool,
}

impl Pages {
    fn new(engine: &Engine, table: Table) -> Self {
        Self { engine: engine.clone(), table, after: None, done: false }
    }

    fn page(&mut self) -> Result<Vec<Row>> {
        let read = Read::Prefix { table: self.table, prefix: Vec::new(), after: self.after.take(), limit: PAGE };
        let rows = self.engine.store().load(&[read])?.pop().unwrap_or_default();
        match rows.last() {
            Some(last) if PAGE <= rows.len() => self.after = Some(last.key().to_vec()),
            _ => self.done = true,
        }
        Ok(rows)
    }
}

impl Iterator for Pages {
    type Item = Result<Vec<Row>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let page = self.page();
        self.done |= page.is_err();
        Some(page)
    }
}

fn each_row(engine: &Engine, table: Table, each: &mut dyn FnMut(&Row) -> Result<()>) -> Result<()> {
    for page in Pages::new(engine, table) {
        page?.iter().try_for_each(&mut *each)?;
    }
    Ok(())
}

/// A walk over everything of a kind, page by page, for hosts that take things when they want them: an iterator over pages, each at most a
/// thousand rows of the store. After an error it is over. What is written meanwhile is seen or not, row by row.
pub struct Walk<T> {
    pages: Pages,
    make: Make<T>,
}

/// Adds what a row stands for.
type Make<T> = Box<dyn Fn(&Row, &mut Vec<T>) -> Result<()> + Send + Sync>;

impl<T> Walk<T> {
    fn new(
        engine: &Engine,
        table: Table,
        make: impl Fn(&Row, &mut Vec<T>) -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self { pages: Pages::new(engine, table), make: Box::new(make) }
    }
}

impl<T> Iterator for Walk<T> {
    type Item = Result<Vec<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        let made = self.pages.next()?.and_then(|rows| {
            let mut things = Vec::with_capacity(rows.len());
            rows.iter().try_for_each(|row| (self.make)(row, &mut things))?;
            Ok(things)
        });
        self.pages.done |= made.is_err();
        Some(made)
    }
}

/// The word for an entry, as the store keeps it beside it, and the id of what it is about.
#[must_use]
pub fn kind_and_subject(entry: &Entry) -> (&'static str, Option<&str>) {
    crate::decide::rows::kind_and_subject(entry)
}

/// Every registered customer as they stand at an instant.
pub(crate) fn all_customers(
    engine: &Engine,
    at: Timestamp,
    each: &mut dyn FnMut(CustomerSummary) -> Result<()>,
) -> Result<()> {
    for page in engine.walk_customers(at)? {
        page?.into_iter().try_for_each(&mut *each)?;
    }
    Ok(())
}

/// Somebody at an instant, and the coupons that time has closed for them since their last entry.
type Brought = (Arc<Customer>, Vec<Coupon>);

/// A customer with all that time has done to them by an instant, in memory only: what it gives, such as points for a birthday, as well as
/// what it takes. None for somebody whose registration was reverted.
fn brought(engine: &Engine, program: &Program, row: &Row, at: Timestamp) -> Result<Option<Brought>> {
    let customer = customer_of(row)?;
    if customer.state.unregistered {
        return Ok(None);
    }
    // Rules may have changed since the last entry, even where that is the later one.
    let at = at.max(customer.state.recorded_at);
    if !has_due(program, &customer, at)? {
        return Ok(Some((customer, Vec::new())));
    }
    let mut wanted = vec![read_customer(&customer.id)];
    let mut found = vec![vec![row.clone()]];
    for _ in 0..16 {
        let mut workspace = Workspace::new(false);
        workspace.absorb(&wanted, found.clone())?;
        match bring(program, &mut workspace, &customer.id, at) {
            Ok(seen) => {
                let closed = workspace.closed_coupons(&customer.id).into_iter().cloned().collect();
                return Ok(Some((Arc::new(seen), closed)));
            }
            Err(Stop::Refuse(error)) => return Err(error),
            Err(Stop::Need(more)) => {
                found.extend(engine.store().load(&more)?);
                wanted.extend(more);
            }
        }
    }
    Err(Error::internal("a walk asks for the same thing again"))
}

impl Engine {
    /// All customers as they stand at an instant, in key order.
    ///
    /// # Errors
    /// `program.missing`; pages: `store.*`.
    pub fn walk_customers(&self, at: Timestamp) -> Result<Walk<CustomerSummary>> {
        let (program, engine) = (self.program()?, self.clone());
        Ok(Walk::new(self, Table::Customer, move |row, made| {
            if let Some((customer, _)) = brought(&engine, &program, row, at)? {
                made.push(view::stands(&program, &customer, at)?);
            }
            Ok(())
        }))
    }

    /// The open coupons of all customers at an instant, and those that time alone has closed by then.
    ///
    /// # Errors
    /// `program.missing`; pages: `store.*`.
    pub fn walk_open_coupons(&self, at: Timestamp) -> Result<Walk<(CustomerId, Coupon)>> {
        let (program, engine) = (self.program()?, self.clone());
        Ok(Walk::new(self, Table::Customer, move |row, made| {
            let Some((customer, closed)) = brought(&engine, &program, row, at)? else { return Ok(()) };
            let open = customer.wallet()?.map(Wallet::coupons).unwrap_or_default();
            made.extend(closed.into_iter().map(|coupon| (customer.id.clone(), coupon)));
            made.extend(open.iter().map(|coupon| (customer.id.clone(), coupon.clone())));
            Ok(())
        }))
    }

    /// The coupons of all customers that are used, revoked, given away or written down as out of time.
    #[must_use]
    pub fn walk_closed_coupons(&self) -> Walk<(CustomerId, Coupon)> {
        Walk::new(self, Table::Coupon, |row, made| {
            made.push(coupon_of(row)?);
            Ok(())
        })
    }

    /// All claims of checkouts as they are stored, customer by customer.
    #[must_use]
    pub fn walk_claims(&self) -> Walk<ClaimView> {
        Walk::new(self, Table::Claim, |row, made| {
            let (customer, claim, record) = claim_of(row)?;
            made.push(claim_view(&customer, &claim, &record)?);
            Ok(())
        })
    }

    /// All entries, customer by customer, each journal in its order.
    #[must_use]
    pub fn walk_entries(&self) -> Walk<Entry> {
        Walk::new(self, Table::Entry, |row, made| {
            made.push(Arc::unwrap_or_clone(entry_of(row)?));
            Ok(())
        })
    }

    /// All orders, customer by customer.
    #[must_use]
    pub fn walk_orders(&self) -> Walk<(CustomerId, OrderRecord)> {
        Walk::new(self, Table::Order, |row, made| {
            made.push((owner_of(row)?, order_of(row)?));
            Ok(())
        })
    }

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
        each_row(self, Table::Order, &mut |row| each(owner_of(row)?, order_of(row)?))
    }
}

fn owner_of(row: &Row) -> Result<CustomerId> {
    CustomerId::new(row.cells().get(1).and_then(Value::as_text).unwrap_or_default())
}
