//! A history that is told again: the facts of one customer as the books have them, and what comes of them under the rules of a program.
//!
//! What happened is a fact and stays: who registered, bought, gave back, spent. What rules made of it is a consequence and is worked out anew:
//! awards, dates, expiry, debt, tiers, stages, coupons. The rules are those of every command; here is only who carries them out.

mod play;
mod tell;

pub(crate) use play::{Played, Player};
pub(crate) use tell::{Journal, gave_by_hand, tell};

use crate::command::Request;
use crate::customer::CustomerRecord;
use crate::order::{Event, OrderRecord, Piece};
use crate::value::{CustomerId, OrderId, RequestId, Timestamp};
use crate::workspace::state::Customer;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The facts of one customer, in the order of the journal.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) id: CustomerId,
    pub(crate) facts: Vec<Fact>,
    pub(crate) orders: Vec<ToldOrder>,
    /// Customers whose facts meet these: on the other side of a transfer.
    pub(crate) meets: BTreeSet<CustomerId>,
    /// How the books have the customer, where nothing in them is younger than what is told.
    pub(crate) books: Option<Arc<Customer>>,
}

/// One thing that happened, and when it was recorded.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) at: Timestamp,
    pub(crate) request_id: RequestId,
    pub(crate) deed: Deed,
}

/// An order as it was before anything came back.
#[derive(Debug)]
pub(crate) struct ToldOrder {
    pub(crate) record: OrderRecord,
    pub(crate) pieces: Vec<Piece>,
    /// Whether only the pieces say what came back: offers had planned it, or an earlier release did not keep what was told.
    pub(crate) in_pieces: bool,
    /// Whether something happens to it later, so that it has to be at hand.
    pub(crate) kept: bool,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Deed {
    /// Somebody joined: who they were then, since when, and whether their first order registered them.
    Register { record: Box<CustomerRecord>, implicit: bool },
    /// Who they are changed.
    Change(Box<CustomerRecord>),
    /// An order, by its place among the orders.
    Order(usize),
    /// A piece of an order came back.
    Back { order: usize, piece: usize },
    /// An order was cancelled, or taken out with its import.
    TakenOut { order: OrderId, at: Timestamp, reverted: bool },
    /// Something else; what it had of attributes is not kept.
    Event(Box<Event>),
    /// Points came from somebody else, by the request of theirs with the same id.
    Arrived,
    /// A command that stands in the journal as it was.
    Command(Box<Request>),
}
