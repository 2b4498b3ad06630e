//! Orders, refunds and events: what was bought, what came back, what is left.

mod articles;
mod basis;
mod book;
mod check;
mod codec;
mod derive;
mod facts;
mod lines;
mod record;
mod refund;
mod tender;
mod unwind;
mod view;

pub use crate::value::TaxMode;
pub use articles::{ArticleMatch, match_articles};
pub use basis::{BasisRules, Counted, LineAmount, LinesSeen};
pub use facts::{ArticleAmount, Event, Order, OrderLine, Refund, RefundArticle, RefundLine, RefundWhat, Tender};
pub use record::{BookedLine, BookedTender, OrderRecord, OrderStatus, RefundRecord};
pub(crate) use refund::Reach;
pub use refund::RefundEffect;
pub use tender::{TenderBack, TenderOrder};
pub(crate) use unwind::Piece;
pub use view::LineBack;

#[cfg(test)]
mod book_tests;
#[cfg(test)]
mod law_tests;
#[cfg(test)]
mod refund_tests;
