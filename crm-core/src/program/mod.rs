//! The rules of a merchant as one document: schema, compile, conditions, findings.
//!
//! [`Program::from_json`] reads a document, reports everything that is wrong with it at once, and makes the form that the engine
//! decides with. The fields are described in `docs/reference/program.md`, samples stand in `docs/programs`.

mod check;
mod chronicle;
mod compile;
mod compiled;
mod condition;
mod document;
mod facts;
mod finding;
mod groups;
mod holds;
mod offers;
mod read;
mod salvage;
mod suggest;
mod walk;

#[cfg(test)]
pub(crate) mod tests;

pub use crate::value::{LineScope, Weekday};
pub(crate) use chronicle::{Chronicle, Rules};
pub use compiled::Program;
pub use condition::{Comparison, Condition};
pub use document::{Basis, Document, EarnRule, InOrOut, LifecycleChoice, RefundRules, TenderOrder, WithoutOrder};
pub use facts::{CustomerFacts, Facts, LineFacts, OrderFacts};
pub use finding::{Finding, FindingCode, Severity};
pub use groups::{GiftCardRules, GroupRules};
pub use offers::{
    Campaign, CampaignState, Checkout, CouponTerms, CouponValidity, IssueOn, IssueRule, LateConfirm, Needs, Offer,
    PointPrice,
};
#[cfg(feature = "import")]
pub(crate) use suggest::nearest;
#[cfg(test)]
pub(crate) use tests::schema::{ClockTime, Country, MonthDay};
pub use walk::SCHEMA;

/// A sample program by name: `supermarket`, `cafe`, `mall`; the files of `docs/programs`.
#[must_use]
pub fn sample(name: &str) -> Option<&'static str> {
    match name {
        "supermarket" => Some(include_str!("samples/supermarket.json")),
        "cafe" => Some(include_str!("samples/cafe.json")),
        "mall" => Some(include_str!("samples/mall.json")),
        _ => None,
    }
}
