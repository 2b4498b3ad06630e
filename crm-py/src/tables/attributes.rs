//! The attributes that a host has given its customers.

use crate::columns::{Head, Is, Rows};
use crm_core::Result;
use crm_core::engine::CustomerSummary;
use crm_core::value::Attribute;

pub(super) const ATTRIBUTES: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("name", Is::Word, false),
    ("type", Is::Word, false),
    ("value", Is::Text, false),
];

/// One row for each, its value as text in the one form of its type, so that whoever knows the type casts it without loss.
pub(super) fn attributes(rows: &mut Rows, who: &CustomerSummary) -> Result<()> {
    who.record.attributes.iter().try_for_each(|(name, attribute)| {
        let (kind, value) = match attribute {
            Attribute::Text { value } => ("text", value.clone()),
            Attribute::Number { value } => ("number", value.to_string()),
            Attribute::Flag { value } => ("flag", value.to_string()),
            Attribute::Date { value } => ("date", value.to_string()),
            Attribute::Instant { value } => ("instant", value.to_string()),
        };
        rows.add(|row| {
            row.text(who.id.as_str()).time(who.as_of).text(name.as_str()).text(kind).text(&*value);
            Ok(())
        })
    })
}
