//! The feed: entries in the order of their commits.
//!
//! Each entry carries the number of its transaction. Numbers are given in order, but transactions end in any order; so the feed goes up to
//! the oldest transaction that is still under way, and never further. What lies before it is final, whether it was committed or taken back.
//! One customer's entries are in the order of their journal: a commit relies on the customer's version, so it has begun after the last one
//! was there.

use super::cells::Found;
use super::connect::Session;
use super::fault;
use crate::error::Result;
use crate::store::feed::{Fed, Offset};
use crate::store::row::Row;
use crate::store::table::Table;
use std::sync::LazyLock;

/// What only this file reads. It has no bucket, because it is the order of everybody's commits on one machine; so it is not made where rows
/// are spread over several.
pub(super) const CREATE: &str = "ALTER TABLE crm_schema ADD COLUMN feed_base int8 NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN committed int8 NOT NULL DEFAULT 0;
ALTER TABLE entry ALTER COLUMN committed SET DEFAULT txid_current();
COMMENT ON COLUMN entry.committed IS 'the transaction that wrote it, for the feed';
CREATE INDEX entry_committed ON entry (committed);
";

pub(super) static FEED: LazyLock<String> = LazyLock::new(|| {
    let table = Table::Entry.describe();
    let columns = table.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
    format!(
        "SELECT committed, {columns} FROM {name} WHERE committed >= $1 \
         AND committed < (SELECT feed_base FROM crm_schema) + txid_snapshot_xmin(txid_current_snapshot()) \
         ORDER BY committed, bucket, customer_id, seq OFFSET $2 LIMIT $3",
        name = table.name
    )
});

/// Whether entries have greater numbers than this server gives just now.
pub(super) const IS_ABOVE: &str = "SELECT coalesce((SELECT max(committed) FROM entry), 0) \
    >= feed_base + txid_snapshot_xmax(txid_current_snapshot()) FROM crm_schema";

/// Rows that came from another server, by a dump, may carry greater numbers than this one has reached: it goes on above them.
pub(super) const GO_ON_ABOVE: &str = "DO $$ DECLARE _base int8; BEGIN
    PERFORM 1 FROM crm_schema FOR UPDATE;
    SELECT greatest(feed_base, (SELECT max(committed) FROM entry) + 1 - txid_current()) INTO _base FROM crm_schema;
    UPDATE crm_schema SET feed_base = _base;
    EXECUTE format('ALTER TABLE entry ALTER COLUMN committed SET DEFAULT txid_current() + %s', _base);
END $$";

/// Entries behind a place.
pub(super) async fn feed(session: &mut Session, after: Offset, limit: usize) -> Result<Vec<Fed>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let statement = session.prepared(&FEED).await?;
    let failed = fault::doing("read the feed");
    let found = session.client.query(&statement, &[&after.commit, &after.place, &limit]).await.map_err(&failed)?;
    let columns = Table::Entry.describe().columns.len();
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        let cell = |place: usize| row.try_get::<_, Found>(place).map(|found| found.0).map_err(&failed);
        let cells = (1..=columns).map(cell).collect::<Result<Vec<_>>>()?;
        rows.push((row.try_get(0).map_err(&failed)?, Row::new(Table::Entry, cells)));
    }
    Ok(after.number(rows))
}

/// Makes sure that new entries come behind all that are there.
pub(super) async fn keep_order(session: &Session) -> Result<()> {
    let failed = fault::doing("look at the feed");
    let above: bool = session.client.query_one(IS_ABOVE, &[]).await.and_then(|row| row.try_get(0)).map_err(&failed)?;
    if above {
        session.client.batch_execute(GO_ON_ABOVE).await.map_err(&failed)?;
    }
    Ok(())
}
