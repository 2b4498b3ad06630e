//! What rows carry besides cells: customers, entries and claims.

use super::super::Mark;
use super::super::state::{ClaimRecord, Customer, encode};
use super::{holding_change, int, kind_and_subject, owner_in};
use crate::effect::{Entry, PointsChange, What};
use crate::store::{Peek, Thing, Value};
use crate::value::{Actor, BatchId, ClaimId, CustomerId, Reason, RequestId};
use minicbor::Encode;
use std::sync::Arc;

fn encoded<T: Encode<()>>(value: &T) -> Value {
    Value::Blob(encode(value).into())
}

/// An entry of the journal as it is stored, with the mark of its request if it is the first one.
#[derive(Debug)]
pub(crate) struct Filed {
    pub(crate) entry: Arc<Entry>,
    /// The bucket of the customer.
    pub(crate) bucket: u16,
    pub(crate) mark: Option<Mark>,
}

/// A claim as it is stored.
#[derive(Debug)]
pub(crate) struct Claimed {
    /// The bucket of the customer.
    pub(crate) bucket: u16,
    pub(crate) customer: CustomerId,
    pub(crate) id: ClaimId,
    pub(crate) record: ClaimRecord,
}

/// What [`super::EntryBody`] reads, made of an entry without copying it.
#[derive(Encode)]
struct EntryBodyOf<'a> {
    #[n(0)]
    what: &'a What,
    #[n(1)]
    points: &'a [PointsChange],
    #[n(2)]
    actor: Option<&'a Actor>,
    #[n(3)]
    reason: Option<&'a Reason>,
    #[n(4)]
    batch: Option<&'a BatchId>,
    #[n(5)]
    request_id: Option<&'a RequestId>,
}

impl Thing for Filed {
    fn peek(&self, place: usize) -> Peek<'_> {
        match place {
            0 => Peek::Int(i64::from(self.bucket)),
            1 => Peek::Text(self.entry.customer_id.as_str()),
            2 => Peek::Int(i64::try_from(self.entry.seq).unwrap_or(i64::MAX)),
            6 if self.mark.is_some() => Peek::Text(self.entry.request_id.as_str()),
            _ => Peek::Null,
        }
    }

    fn cells(&self) -> Vec<Value> {
        let Self { entry, bucket, mark } = self;
        let (kind, subject) = kind_and_subject(entry);
        let body = EntryBodyOf {
            what: &entry.what,
            points: &entry.points,
            actor: entry.actor.as_ref(),
            reason: entry.reason.as_ref(),
            batch: entry.batch.as_ref(),
            request_id: mark.is_none().then_some(&entry.request_id),
        };
        let first = entry.points.first();
        let mut cells = Vec::with_capacity(13);
        cells.extend(owner_in(*bucket, &entry.customer_id));
        cells.extend([
            int(entry.seq),
            Value::text(kind),
            Value::Int(entry.effective_at.millis()),
            Value::Int(entry.recorded_at.millis()),
            mark.as_ref().map_or(Value::Null, |_| Value::Text(entry.request_id.shared())),
            first.map_or(Value::Null, |change| Value::Text(change.currency.shared())),
            first.map_or(Value::Null, |change| Value::Int(holding_change(change))),
            subject.map_or(Value::Null, Value::text),
            Value::Int(i64::from(entry.revision)),
            encoded(&body),
            mark.as_ref().map_or(Value::Null, encoded),
        ]);
        cells
    }
}

impl Thing for Customer {
    fn peek(&self, place: usize) -> Peek<'_> {
        match place {
            0 => Peek::Int(i64::from(self.bucket)),
            1 => Peek::Text(self.id.as_str()),
            2 => Peek::Int(self.version),
            8 => self.shown.due.map_or(Peek::Null, |at| Peek::Int(at.millis())),
            _ => Peek::Null,
        }
    }

    fn cells(&self) -> Vec<Value> {
        let show = |text: &Option<Arc<str>>| text.as_ref().map_or(Value::Null, |text| Value::Text(text.clone()));
        let mut cells = Vec::with_capacity(11);
        cells.extend(owner_in(self.bucket, &self.id));
        cells.extend([
            Value::Int(self.version),
            Value::Int(self.registered_at.millis()),
            show(&self.shown.stage),
            show(&self.shown.activity),
            show(&self.shown.tier),
            Value::Int(self.shown.points.get()),
            self.shown.due.map_or(Value::Null, |at| Value::Int(at.millis())),
            Value::Blob(self.profile.bytes().cloned().unwrap_or_default()),
            encoded(&self.state),
        ]);
        cells
    }
}

impl Thing for Claimed {
    fn peek(&self, place: usize) -> Peek<'_> {
        match place {
            0 => Peek::Int(i64::from(self.bucket)),
            1 => Peek::Text(self.customer.as_str()),
            2 => Peek::Text(self.id.as_str()),
            _ => Peek::Null,
        }
    }

    fn cells(&self) -> Vec<Value> {
        let Self { bucket, customer, id, record } = self;
        let mut cells = Vec::with_capacity(10);
        cells.extend(owner_in(*bucket, customer));
        cells.extend([
            Value::Text(id.shared()),
            Value::text(record.state.as_str()),
            Value::Int(record.at.millis()),
            Value::Int(record.deadline.millis()),
            Value::text(record.currency.code()),
            Value::Int(record.off_minor),
            record.order.as_ref().map_or(Value::Null, |order| Value::Text(order.shared())),
            encoded(record),
        ]);
        cells
    }
}
