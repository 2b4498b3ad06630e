//! What customers have stated about being written to.

use crate::columns::{Head, Is, Rows};
use crm_core::Result;
use crm_core::customer::{ConsentSource, ConsentState};
use crm_core::engine::CustomerSummary;
use crm_core::value::Timestamp;

pub(super) const CONSENTS: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("as_of", Is::Time, false),
    ("purpose", Is::Word, false),
    ("channel", Is::Word, false),
    ("state", Is::Word, false),
    ("holds", Is::Flag, false),
    ("stated_at", Is::Time, false),
    ("source", Is::Word, false),
    ("actor", Is::Word, true),
    ("notice", Is::Word, true),
];

/// Every statement that was made by then, and which of them held.
pub(super) fn consents(rows: &mut Rows, who: &CustomerSummary, at: Timestamp) -> Result<()> {
    if who.record.consents.is_empty() {
        return Ok(());
    }
    let mut record = who.record.clone();
    record.consents.retain(|consent| consent.stated_at <= at);
    let held = record.effective_consents();
    record.consents.iter().try_for_each(|consent| {
        let holds = held.contains(consent);
        let state = match consent.state {
            ConsentState::Granted => "granted",
            ConsentState::Withdrawn => "withdrawn",
        };
        let (source, actor) = match &consent.source {
            ConsentSource::Customer => ("customer", None),
            ConsentSource::Operator { actor } => ("operator", Some(actor.as_str())),
            ConsentSource::Import => ("import", None),
        };
        rows.add(|row| {
            row.text(who.id.as_str())
                .time(who.as_of)
                .text(consent.purpose.as_str())
                .text(consent.channel.as_str())
                .text(state)
                .flag(holds)
                .time(consent.stated_at)
                .text(source)
                .text(actor)
                .text(consent.notice.as_ref().map(|notice| notice.as_str()));
            Ok(())
        })
    })
}
