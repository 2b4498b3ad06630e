//! Rows made once more of what they say: whatever differs was changed by somebody else.

use super::super::Mark;
use super::things::{Claimed, Filed};
use super::{claim_of, customer_of, entry_of, extra_of, mark_of, order_of, order_row};
use crate::error::Result;
use crate::points::Account;
use crate::store::{Row, Table, Thing, Value};
use crate::value::{CustomerId, bucket_of};
use std::sync::Arc;

/// The cells of a row, made once more of all that its bodies say; none for tables whose columns only have what is said once.
///
/// # Errors
/// `store.corrupt` for what cannot be read, `internal` for an account that does not hold together.
pub(crate) fn again(row: &Row) -> Result<Option<Vec<Value>>> {
    match row.table {
        Table::Customer => customer(row).map(Some),
        Table::Entry => {
            let (entry, mark) = (entry_of(row)?, mark_of(row)?.map(|(_, mark): (u64, Mark)| mark));
            Ok(Some(Filed { bucket: bucket_of(entry.customer_id.as_str()), entry, mark }.cells()))
        }
        Table::Order => {
            let order = order_of(row)?;
            let _ = extra_of(&order)?;
            let owner = row.cells().get(1).and_then(Value::as_text).unwrap_or_default();
            Ok(Some(order_row(&CustomerId::new(owner)?, &order)?.cells().to_vec()))
        }
        Table::Claim => {
            let (customer, id, record) = claim_of(row)?;
            record.receipt.get()?;
            Ok(Some(Claimed { bucket: bucket_of(customer.as_str()), customer, id, record }.cells()))
        }
        _ => Ok(None),
    }
}

fn customer(row: &Row) -> Result<Vec<Value>> {
    let mut stored = customer_of(row)?;
    let customer = Arc::make_mut(&mut stored);
    customer.bucket = bucket_of(customer.id.as_str());
    customer.record()?;
    customer.state.accounts.iter().try_for_each(Account::verify)?;
    customer.state.wallet.as_ref().map(|wallet| wallet.get().map(drop)).transpose()?;
    let standing = customer.state.standing.get()?;
    customer.shown.stage = standing.life.as_ref().map(|slot| slot.told_stage.clone());
    customer.shown.activity = standing.life.as_ref().map(|slot| slot.told_activity.clone());
    customer.shown.tier = standing.ladders.first().map(|slot| slot.told.shared());
    Ok(customer.cells())
}
