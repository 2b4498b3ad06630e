//! Walks over everybody: pages of customers, orders and entries.

use super::drive::Drive;
use super::reach::{AtHand, Away, Reach, now};
use super::sync::Engine;
use super::waits::AsyncEngine;
use crate::coupon::{Coupon, Wallet};
use crate::decide::ask::{bring, has_due};
use crate::decide::giftcards::answer::stands as card_stands;
use crate::decide::groups::answer::stands as group_stands;
use crate::decide::offers::answer::claim_view;
use crate::decide::view;
use crate::effect::Entry;
use crate::error::{Error, Result};
use crate::giftcard::GiftCard;
use crate::group::Group;
use crate::order::OrderRecord;
use crate::points::Account;
use crate::program::Program;
use crate::query::{ClaimView, CustomerSummary, GiftCardView, GroupView};
use crate::store::{Coming, Offset, Read, Row, Table, Value};
use crate::value::{CustomerId, Timestamp};
use crate::workspace::rows::{
    claim_of, coupon_of, customer_of, entry_of, gift_card_of, group_of, order_of, read_customer,
};
use crate::workspace::state::Customer;
use crate::workspace::{Stop, Workspace};
use std::future::ready;
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
struct Pages<S> {
    store: S,
    table: Table,
    after: Option<Vec<Value>>,
    done: bool,
}

impl<S: Reach> Pages<S> {
    fn new(store: &S, table: Table) -> Self {
        Self { store: store.clone(), table, after: None, done: false }
    }

    async fn page(&mut self) -> Result<Vec<Row>> {
        let read = Read::Prefix { table: self.table, prefix: Vec::new(), after: self.after.take(), limit: PAGE };
        let rows = self.store.load(&[read]).await?.pop().unwrap_or_default();
        match rows.last() {
            Some(last) if PAGE <= rows.len() => self.after = Some(last.key().to_vec()),
            _ => self.done = true,
        }
        Ok(rows)
    }
}

/// What pages of rows stand for, on a store of either kind.
pub(crate) struct Things<S, T> {
    pages: Pages<S>,
    make: Make<T>,
}

/// Makes what the rows of a page stand for.
type Make<T> = Box<dyn Fn(Vec<Row>) -> Coming<'static, Vec<T>> + Send + Sync>;

impl<S: Reach, T: Send + 'static> Things<S, T> {
    pub(super) fn new(store: &S, table: Table, make: impl Fn(&Row) -> Result<T> + Send + Sync + 'static) -> Self {
        let make: Make<T> = Box::new(move |rows| Box::pin(ready(rows.iter().map(&make).collect())));
        Self { pages: Pages::new(store, table), make }
    }

    /// The next page; none after the last one, or after an error.
    pub(super) async fn next(&mut self) -> Option<Result<Vec<T>>> {
        if self.pages.done {
            return None;
        }
        let made = match self.pages.page().await {
            Ok(rows) => (self.make)(rows).await,
            Err(error) => Err(error),
        };
        self.pages.done |= made.is_err();
        Some(made)
    }
}

/// A walk over everything of a kind, page by page, for hosts that take things when they want them: an iterator over pages, each at most a
/// thousand rows of the store. After an error it is over. What is written meanwhile is seen or not, row by row.
pub struct Walk<T>(Things<AtHand, T>);

impl<T: Send + 'static> Iterator for Walk<T> {
    type Item = Result<Vec<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        now(async { Ok(self.0.next().await) }).unwrap_or_else(|error| Some(Err(error)))
    }
}

/// A [`Walk`] for hosts that must not block.
pub struct AsyncWalk<T>(Things<Away, T>);

impl<T: Send + 'static> AsyncWalk<T> {
    /// The next page; none after the last one, or after an error.
    pub async fn next(&mut self) -> Option<Result<Vec<T>>> {
        self.0.next().await
    }
}

/// The word for an entry, as the store keeps it beside it, and the id of what it is about.
#[must_use]
pub fn kind_and_subject(entry: &Entry) -> (&'static str, Option<&str>) {
    crate::workspace::rows::kind_and_subject(entry)
}

/// Somebody at an instant, and the coupons that time has closed for them since their last entry.
type Brought = (Arc<Customer>, Vec<Coupon>);

/// A customer with all that time has done to them by an instant, in memory only: what it gives, such as points for a birthday, as well as
/// what it takes. None for somebody whose registration was reverted.
async fn brought<S: Reach>(store: &S, program: &Program, row: &Row, at: Timestamp) -> Result<Option<Brought>> {
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
                drop(workspace);
                found.extend(store.load(&more).await?);
                wanted.extend(more);
            }
        }
    }
    Err(Error::internal("a walk asks for the same thing again"))
}

impl<S: Reach> Drive<S> {
    /// What the rows of all customers stand for at an instant.
    fn of_customers<T: Send + 'static>(
        &self,
        at: Timestamp,
        each: impl Fn(&Program, Brought, &mut Vec<T>) -> Result<()> + Clone + Send + Sync + 'static,
    ) -> Result<Things<S, T>> {
        let (program, store) = (self.program()?, self.store.clone());
        let make: Make<T> = Box::new(move |rows| {
            let (program, store, each) = (program.clone(), store.clone(), each.clone());
            Box::pin(async move {
                let mut made = Vec::with_capacity(rows.len());
                for row in &rows {
                    if let Some(customer) = brought(&store, &program, row, at).await? {
                        each(&program, customer, &mut made)?;
                    }
                }
                Ok(made)
            })
        });
        Ok(Things { pages: Pages::new(&self.store, Table::Customer), make })
    }

    pub(super) fn customers(&self, at: Timestamp) -> Result<Things<S, CustomerSummary>> {
        self.of_customers(at, move |program, (customer, _), made| {
            made.push(view::stands(program, &customer, at)?);
            Ok(())
        })
    }

    fn open_coupons(&self, at: Timestamp) -> Result<Things<S, (CustomerId, Coupon)>> {
        self.of_customers(at, |_, (customer, closed), made| {
            let open = customer.wallet()?.map(Wallet::coupons).unwrap_or_default();
            made.extend(closed.into_iter().map(|coupon| (customer.id.clone(), coupon)));
            made.extend(open.iter().map(|coupon| (customer.id.clone(), coupon.clone())));
            Ok(())
        })
    }

    fn closed_coupons(&self) -> Things<S, (CustomerId, Coupon)> {
        Things::new(&self.store, Table::Coupon, coupon_of)
    }

    fn claims(&self) -> Things<S, ClaimView> {
        Things::new(&self.store, Table::Claim, |row| {
            let (customer, claim, record) = claim_of(row)?;
            claim_view(&customer, &claim, &record)
        })
    }

    fn entries(&self) -> Things<S, Entry> {
        Things::new(&self.store, Table::Entry, |row| Ok(Arc::unwrap_or_clone(entry_of(row)?)))
    }

    fn orders(&self) -> Things<S, (CustomerId, OrderRecord)> {
        Things::new(&self.store, Table::Order, |row| Ok((owner_of(row)?, order_of(row)?)))
    }

    pub(super) async fn feed(&self, after: Offset, limit: usize) -> Result<Vec<(Offset, Entry)>> {
        let fed = self.store.feed(after, limit).await?.into_iter();
        fed.map(|(offset, row)| Ok((offset, Arc::unwrap_or_clone(entry_of(&row)?)))).collect()
    }

    pub(super) fn gift_cards(&self) -> Things<S, GiftCard> {
        Things::new(&self.store, Table::GiftCard, |row| Ok(gift_card_of(row)?.thing))
    }

    fn groups(&self) -> Things<S, Group> {
        Things::new(&self.store, Table::Group, |row| Ok(group_of(row)?.thing))
    }

    fn card_views(&self, at: Timestamp) -> Things<S, GiftCardView> {
        Things::new(&self.store, Table::GiftCard, move |row| card_stands(gift_card_of(row)?.thing, at))
    }

    fn group_views(&self, at: Timestamp) -> Things<S, GroupView> {
        Things::new(&self.store, Table::Group, move |row| group_stands(group_of(row)?.thing, at))
    }

    fn stored(&self) -> Things<S, StoredCustomer> {
        Things::new(&self.store, Table::Customer, |row| {
            let customer = Arc::unwrap_or_clone(customer_of(row)?);
            Ok(StoredCustomer { id: customer.id, accounts: customer.state.accounts, seq: customer.state.seq })
        })
    }
}

/// Hands over what a walk meets, one by one.
pub(super) fn each_of<T: Send + 'static>(walk: Things<AtHand, T>, each: &mut dyn FnMut(T) -> Result<()>) -> Result<()> {
    for page in Walk(walk) {
        page?.into_iter().try_for_each(&mut *each)?;
    }
    Ok(())
}

impl Engine {
    /// All customers as they stand at an instant, in key order.
    ///
    /// # Errors
    /// `program.missing`; pages: `store.*`.
    pub fn walk_customers(&self, at: Timestamp) -> Result<Walk<CustomerSummary>> {
        self.drive.customers(at).map(Walk)
    }

    /// The open coupons of all customers at an instant, and those that time alone has closed by then.
    ///
    /// # Errors
    /// `program.missing`; pages: `store.*`.
    pub fn walk_open_coupons(&self, at: Timestamp) -> Result<Walk<(CustomerId, Coupon)>> {
        self.drive.open_coupons(at).map(Walk)
    }

    /// The coupons of all customers that are used, revoked, given away or written down as out of time.
    #[must_use]
    pub fn walk_closed_coupons(&self) -> Walk<(CustomerId, Coupon)> {
        Walk(self.drive.closed_coupons())
    }

    /// All claims of checkouts as they are stored, customer by customer.
    #[must_use]
    pub fn walk_claims(&self) -> Walk<ClaimView> {
        Walk(self.drive.claims())
    }

    /// All entries, customer by customer, each journal in its order.
    #[must_use]
    pub fn walk_entries(&self) -> Walk<Entry> {
        Walk(self.drive.entries())
    }

    /// All orders, customer by customer.
    #[must_use]
    pub fn walk_orders(&self) -> Walk<(CustomerId, OrderRecord)> {
        Walk(self.drive.orders())
    }

    /// All gift cards as they stand at an instant; one that was written later, as it was then.
    #[must_use]
    pub fn walk_card_views(&self, at: Timestamp) -> Walk<GiftCardView> {
        Walk(self.drive.card_views(at))
    }

    /// All groups as they stand at an instant; one that was written later, as it was then.
    #[must_use]
    pub fn walk_group_views(&self, at: Timestamp) -> Walk<GroupView> {
        Walk(self.drive.group_views(at))
    }

    /// Walks over all customers, as they stand at an instant, in key order.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_customer(&self, at: Timestamp, each: &mut dyn FnMut(CustomerSummary) -> Result<()>) -> Result<()> {
        each_of(self.drive.customers(at)?, each)
    }

    /// Walks over the accounts of all customers as they are stored, for checks of the books.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_stored(&self, each: &mut dyn FnMut(StoredCustomer) -> Result<()>) -> Result<()> {
        each_of(self.drive.stored(), each)
    }

    /// Walks over all gift cards as they are stored, without time having passed.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_gift_card(&self, each: &mut dyn FnMut(GiftCard) -> Result<()>) -> Result<()> {
        each_of(self.drive.gift_cards(), each)
    }

    /// Walks over all groups as they are stored, without time having passed.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_group(&self, each: &mut dyn FnMut(Group) -> Result<()>) -> Result<()> {
        each_of(self.drive.groups(), each)
    }

    /// Walks over all entries, customer by customer, each journal in its order.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_entry(&self, each: &mut dyn FnMut(Entry) -> Result<()>) -> Result<()> {
        each_of(self.drive.entries(), each)
    }

    /// Walks over all claims of checkouts as they are stored, customer by customer.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_claim(&self, each: &mut dyn FnMut(ClaimView) -> Result<()>) -> Result<()> {
        each_of(self.drive.claims(), each)
    }

    /// Walks over all orders, customer by customer.
    ///
    /// # Errors
    /// `store.*`, or what `each` returns.
    pub fn each_order(&self, each: &mut dyn FnMut(CustomerId, OrderRecord) -> Result<()>) -> Result<()> {
        each_of(self.drive.orders(), &mut |(customer, order)| each(customer, order))
    }
}

impl AsyncEngine {
    /// As [`Engine::walk_customers`].
    ///
    /// # Errors
    /// `program.missing`; pages: `store.*`.
    pub fn walk_customers(&self, at: Timestamp) -> Result<AsyncWalk<CustomerSummary>> {
        self.drive.customers(at).map(AsyncWalk)
    }

    /// As [`Engine::walk_open_coupons`].
    ///
    /// # Errors
    /// `program.missing`; pages: `store.*`.
    pub fn walk_open_coupons(&self, at: Timestamp) -> Result<AsyncWalk<(CustomerId, Coupon)>> {
        self.drive.open_coupons(at).map(AsyncWalk)
    }

    /// As [`Engine::walk_closed_coupons`].
    #[must_use]
    pub fn walk_closed_coupons(&self) -> AsyncWalk<(CustomerId, Coupon)> {
        AsyncWalk(self.drive.closed_coupons())
    }

    /// As [`Engine::walk_claims`].
    #[must_use]
    pub fn walk_claims(&self) -> AsyncWalk<ClaimView> {
        AsyncWalk(self.drive.claims())
    }

    /// As [`Engine::walk_entries`].
    #[must_use]
    pub fn walk_entries(&self) -> AsyncWalk<Entry> {
        AsyncWalk(self.drive.entries())
    }

    /// As [`Engine::walk_orders`].
    #[must_use]
    pub fn walk_orders(&self) -> AsyncWalk<(CustomerId, OrderRecord)> {
        AsyncWalk(self.drive.orders())
    }

    /// All gift cards as they are stored, without time having passed.
    #[must_use]
    pub fn walk_gift_cards(&self) -> AsyncWalk<GiftCard> {
        AsyncWalk(self.drive.gift_cards())
    }

    /// All groups as they are stored, without time having passed.
    #[must_use]
    pub fn walk_groups(&self) -> AsyncWalk<Group> {
        AsyncWalk(self.drive.groups())
    }

    /// As [`Engine::walk_card_views`].
    #[must_use]
    pub fn walk_card_views(&self, at: Timestamp) -> AsyncWalk<GiftCardView> {
        AsyncWalk(self.drive.card_views(at))
    }

    /// As [`Engine::walk_group_views`].
    #[must_use]
    pub fn walk_group_views(&self, at: Timestamp) -> AsyncWalk<GroupView> {
        AsyncWalk(self.drive.group_views(at))
    }

    /// The accounts of all customers as they are stored, for checks of the books.
    #[must_use]
    pub fn walk_stored(&self) -> AsyncWalk<StoredCustomer> {
        AsyncWalk(self.drive.stored())
    }
}

fn owner_of(row: &Row) -> Result<CustomerId> {
    CustomerId::new(row.cells().get(1).and_then(Value::as_text).unwrap_or_default())
}
