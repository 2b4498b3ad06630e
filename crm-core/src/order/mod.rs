//! Orders, refunds and events: what was bought, what came back, what is left.

mod facts;

pub use facts::{Event, Order, OrderLine, Refund, RefundArticle, RefundLine, RefundWhat, TaxMode, Tender};
