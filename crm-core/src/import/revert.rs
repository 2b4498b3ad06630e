//! Taking an import back.

use super::batch::{self, BatchState};
use crate::command::{Command, Request, RevertOrder, Unregister};
use crate::effect::{Outcome, What};
use crate::engine::{Engine, ProgressAnswer, heeded};
use crate::error::{Error, ErrorCode, Result};
use crate::limits;
use crate::value::{BatchId, CustomerId, OrderId, RefundId, RequestId, Timestamp, fingerprint};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What taking an import back did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RevertReport {
    /// The import.
    pub batch: BatchId,
    /// Orders that are gone, as if they had never been there.
    pub orders: u64,
    /// Customers that are gone.
    pub customers: u64,
    /// Customers it had registered who stay, because they have orders from elsewhere.
    pub customers_kept: u64,
    /// Refunds and cancellations that it brought for orders from elsewhere; they stay. So do those that wait for their order, uncounted: also
    /// what became known otherwise of the orders that are gone waits for them to come again.
    pub refunds_kept: u64,
    /// Events that it brought; they stay.
    #[serde(default)]
    pub events_kept: u64,
    /// Orders and customers that could not be taken back; run it again.
    pub failed: u64,
}

/// Takes an import back: its orders are treated as if they had never been there, and customers whom it registered and who have
/// no other orders are unregistered. Events and refunds of other orders stay. Customers who stay keep what it taught about them: an identifier or a name they lacked, an earlier
/// first day. Safe to stop and to run again; an import that is taken back already stays so. Afterwards
/// the same files can be imported again.
///
/// # Errors
/// `batch.unknown`; `stopped` where `progress` says so, or `store.*`: what was taken back before stays so; run it again.
pub fn revert<A: ProgressAnswer>(
    engine: &Engine,
    batch: &BatchId,
    at: Timestamp,
    progress: &mut dyn FnMut(&RevertReport) -> A,
) -> Result<RevertReport> {
    let unknown = || Error::new(ErrorCode::BatchUnknown, format!("no import has the id `{batch}`")).field("batch");
    let mut record = batch::find(engine, batch)?.ok_or_else(unknown)?;
    let mut report = RevertReport {
        batch: batch.clone(),
        orders: 0,
        customers: 0,
        customers_kept: 0,
        refunds_kept: 0,
        events_kept: 0,
        failed: 0,
    };
    if record.state == BatchState::Reverted {
        return Ok(report);
    }
    let brought = scan(engine, batch)?;
    (report.refunds_kept, report.events_kept) = (brought.refunds_elsewhere, brought.events);
    let mut told = heeded(progress);
    let revert = |order: &OrderId| Command::RevertOrder(RevertOrder { order_id: order.clone() });
    let orders: Vec<_> = brought.orders.iter().map(|order| ('-', order.as_str(), revert(order))).collect();
    for part in orders.chunks(CHUNK) {
        let (done, failed, _) = send(engine, batch, at, part)?;
        report.orders += done;
        report.failed += failed;
        told(&report)?;
    }
    let unregister = |id: &CustomerId| Command::Unregister(Unregister { customer_id: id.clone() });
    let customers: Vec<_> = brought.customers.iter().map(|id| ('?', id.as_str(), unregister(id))).collect();
    for part in customers.chunks(CHUNK) {
        let (done, failed, unchanged) = send(engine, batch, at, part)?;
        report.customers += done;
        report.customers_kept += unchanged;
        report.failed += failed;
        told(&report)?;
    }
    if report.failed == 0 {
        record.state = BatchState::Reverted;
        batch::save(engine, &mut record)?;
    }
    Ok(report)
}

/// Commands per commit.
const CHUNK: usize = 1_000;

/// What an import brought, as the journals tell.
#[derive(Default)]
struct Brought {
    orders: BTreeSet<OrderId>,
    customers: BTreeSet<CustomerId>,
    refunds_elsewhere: u64,
    events: u64,
}

fn scan(engine: &Engine, batch: &BatchId) -> Result<Brought> {
    let mut brought = Brought::default();
    let mut refunds: BTreeSet<(OrderId, Option<RefundId>)> = BTreeSet::new();
    engine.each_entry(&mut |entry| {
        if entry.batch.as_ref() != Some(batch) {
            return Ok(());
        }
        match entry.what {
            What::Order { order_id, .. } => drop(brought.orders.insert(order_id)),
            What::Event { .. } => brought.events += 1,
            What::Registered => drop(brought.customers.insert(entry.customer_id)),
            What::Refund { order_id, refund_id, .. } => drop(refunds.insert((order_id, Some(refund_id)))),
            What::Cancelled { order_id, reverted: false, .. } => drop(refunds.insert((order_id, None))),
            _ => {}
        }
        Ok(())
    })?;
    let elsewhere = refunds.iter().filter(|(order, _)| !brought.orders.contains(order)).count();
    brought.refunds_elsewhere = u64::try_from(elsewhere).unwrap_or(u64::MAX);
    Ok(brought)
}

/// Sends commands in one commit; how many changed something (now or before), failed, and found nothing to do.
fn send(
    engine: &Engine,
    batch: &BatchId,
    at: Timestamp,
    commands: &[(char, &str, Command)],
) -> Result<(u64, u64, u64)> {
    let request = |(mark, name, command): &(char, &str, Command)| -> Result<Request> {
        Ok(Request {
            request_id: request_id(batch, *mark, name)?,
            at,
            actor: None,
            reason: None,
            batch: Some(batch.clone()),
            command: command.clone(),
        })
    };
    let requests = commands.iter().map(request).collect::<Result<Vec<_>>>()?;
    let (mut done, mut failed, mut unchanged) = (0, 0, 0);
    for outcome in engine.execute_many(requests)? {
        match outcome {
            Ok(result) if result.outcome == Outcome::Unchanged => unchanged += 1,
            Ok(_) => done += 1,
            // Unregistered before, by an earlier try.
            Err(error) if error.code() == ErrorCode::CustomerUnknown => done += 1,
            Err(_) => failed += 1,
        }
    }
    Ok((done, failed, unchanged))
}

fn request_id(batch: &BatchId, mark: char, name: &str) -> Result<RequestId> {
    let whole = format!("{batch}{mark}{name}");
    if whole.len() <= limits::ID_BYTES_MAX {
        return RequestId::new(whole);
    }
    RequestId::new(fingerprint(&whole).0.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
