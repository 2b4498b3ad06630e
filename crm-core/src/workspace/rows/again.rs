//! Rows made once more of what they say: whatever differs was changed by somebody else.

use super::super::state::{RedemptionRecord, decode};
use super::things::{Claimed, Filed};
use super::{
    blob, claim_of, closed_lot_of, counter_of, coupon_of, customer_of, entry_of, extra_of, gift_card_of, group_of,
    hold_of, identity_of, mark_of, order_of, order_row,
};
use crate::error::Result;
use crate::points::Account;
use crate::store::{Row, Table, Thing, Value};
use crate::value::{CustomerId, bucket_of};
use std::sync::Arc;

/// The cells of a row, made once more of all that its bodies say; none for tables whose columns only have what is said once, after a look
/// whether it can be read.
///
/// # Errors
/// `store.corrupt` for what cannot be read, `internal` for an account that does not hold together.
pub(crate) fn again(row: &Row) -> Result<Option<Vec<Value>>> {
    match row.table {
        Table::Customer => customer(row).map(Some),
        Table::Entry => {
            let (entry, mark) = (entry_of(row)?, mark_of(row)?.map(|(_, mark)| mark));
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
        Table::Lot => closed_lot_of(row).map(|_| None),
        Table::Redemption => decode::<RedemptionRecord>(blob(row, 3)?, "redemption").map(|_| None),
        Table::Identity => identity_of(row).map(|_| None),
        Table::Coupon => coupon_of(row).map(|_| None),
        Table::Counter => counter_of(row).map(|_| None),
        Table::CounterHold => hold_of(row).map(|_| None),
        Table::GiftCard => gift_card_of(row).map(|_| None),
        Table::Group => group_of(row).map(|_| None),
        // Programs were read when the engine was opened, and batches are read by whoever imports.
        Table::Program | Table::Batch => Ok(None),
    }
}

fn customer(row: &Row) -> Result<Vec<Value>> {
    let mut stored = customer_of(row)?;
    let customer = Arc::make_mut(&mut stored);
    customer.bucket = bucket_of(customer.id.as_str());
    customer.record()?;
    customer.state.accounts.iter().try_for_each(Account::verify)?;
    customer.state.wallet.as_ref().map(|wallet| wallet.get().map(drop)).transpose()?;
    customer.shown.stand(customer.state.standing.get()?);
    Ok(customer.cells())
}
