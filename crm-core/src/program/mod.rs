//! The rules of a merchant as one document: schema, compile, conditions, findings.

mod condition;
mod document;

pub use condition::{Comparison, Condition, LineScope, Weekday};
pub use document::{Basis, Document, EarnRule, InOrOut, LifecycleChoice, RefundRules, TenderOrder, WithoutOrder};
