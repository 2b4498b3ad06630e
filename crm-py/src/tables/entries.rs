//! The journals: what happened.

use crate::columns::{Head, Is, Rows};
use crm_core::Result;
use crm_core::effect::{Entry, PointsChange};
use crm_core::engine::kind_and_subject;
use crm_core::points::Book;

pub(super) const ENTRIES: &[Head] = &[
    ("customer_id", Is::Text, false),
    ("seq", Is::Int, false),
    ("effective_at", Is::Time, false),
    ("recorded_at", Is::Time, false),
    ("request_id", Is::Text, false),
    ("revision", Is::Int, false),
    ("kind", Is::Word, false),
    ("subject", Is::Text, true),
    ("currency", Is::Word, true),
    ("movement", Is::Word, true),
    ("rule", Is::Word, true),
    ("pending", Is::Int, false),
    ("available", Is::Int, false),
    ("held", Is::Int, false),
    ("debt", Is::Int, false),
    ("issued", Is::Int, false),
    ("redeemed", Is::Int, false),
    ("expired", Is::Int, false),
    ("revoked", Is::Int, false),
    ("unrecovered", Is::Int, false),
    ("transferred", Is::Int, false),
    ("actor", Is::Word, true),
    ("reason", Is::Text, true),
    ("batch", Is::Word, true),
];

const BOOKS: [Book; 10] = [
    Book::Pending,
    Book::Available,
    Book::Held,
    Book::Debt,
    Book::Issued,
    Book::Redeemed,
    Book::Expired,
    Book::Revoked,
    Book::Unrecovered,
    Book::Transferred,
];

pub(super) fn entry(rows: &mut Rows, happened: &Entry) -> Result<()> {
    if happened.points.is_empty() {
        return entry_row(rows, happened, None);
    }
    happened.points.iter().try_for_each(|change| entry_row(rows, happened, Some(change)))
}

fn entry_row(rows: &mut Rows, happened: &Entry, change: Option<&PointsChange>) -> Result<()> {
    let (kind, subject) = kind_and_subject(happened);
    let posted = |book: Book| {
        let own = |change: &PointsChange| {
            let own = change.postings.iter().filter(|posting| posting.book == book);
            own.map(|posting| posting.points.get()).sum::<i64>()
        };
        // Nothing moves in an entry without points.
        change.map_or(0, own)
    };
    rows.add(|row| {
        row.text(happened.customer_id.as_str())
            .count(happened.seq)
            .time(happened.effective_at)
            .time(happened.recorded_at)
            .text(happened.request_id.as_str())
            .int(i64::from(happened.revision))
            .text(kind)
            .text(subject)
            .text(change.map(|change| change.currency.as_str()))
            .text(change.map(|change| change.kind.as_str()))
            .text(change.and_then(|change| change.rule.as_ref()).map(|rule| rule.as_str()));
        for book in BOOKS {
            row.int(posted(book));
        }
        row.text(happened.actor.as_ref().map(|actor| actor.as_str()))
            .text(happened.reason.as_ref().map(|reason| reason.as_str()))
            .text(happened.batch.as_ref().map(|batch| batch.as_str()));
        Ok(())
    })
}
