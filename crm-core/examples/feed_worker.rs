//! Sends a message for what happened, from the feed of a shop on PostgreSQL: each at least once, in the order of the commits, whatever is
//! killed meanwhile. Beside any number of processes of `service`; one of these is enough.
//!
//! ```text
//! cargo run -p crm-core --features postgres --example feed_worker -- postgres://crm:secret@localhost/shop place.txt messages.jsonl
//! ```
//!
//! Here a message is a line of a file, and the place in the feed is a file, too. A shop would call its provider of messages, and keep the place
//! in its own database, in the transaction that also notes what was sent.

use crm_core::effect::{Entry, What};
use crm_core::store::{Offset, PostgresOptions, PostgresStore};
use crm_core::{AsyncEngine, Retry};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// How many entries are dealt with before their place is kept: as many messages may be sent again after a crash.
const PAGE: usize = 100;
/// How long one wait takes at most, in milliseconds.
const WAIT_MS: u32 = 30_000;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, place, messages] = arguments.as_slice() else {
        return Err("usage: feed_worker POSTGRES PLACE MESSAGES".into());
    };
    let mut file = OpenOptions::new().create(true).append(true).open(messages)?;
    let mut send = |message: &Value| file.write_all(format!("{message}\n").as_bytes()).and_then(|()| file.sync_data());
    follow(address, PostgresOptions::default(), Path::new(place), &mut send).await
}

/// Sends messages until the process is stopped. It only reads the database, so a role that may read is enough.
pub async fn follow(
    address: &str,
    options: PostgresOptions,
    place: &Path,
    send: &mut dyn FnMut(&Value) -> std::io::Result<()>,
) -> Outcome<()> {
    let options = PostgresOptions { read_only: true, ..options };
    let engine = AsyncEngine::open(PostgresStore::open_async(address, &options).await?).await?;
    let mut after = kept(place)?;
    loop {
        match next(&engine, after).await {
            Ok(page) => {
                for (_, entry) in &page {
                    if let Some(message) = message(entry) {
                        send(&message)?;
                    }
                }
                if let Some((last, _)) = page.last() {
                    // Only after what it stands for. The other way round, a message could be lost.
                    keep(place, *last)?;
                    after = *last;
                }
            }
            // The server restarts, or is busy: later the same question has an answer.
            Err(error) if error.retry() == Retry::Later => {
                eprintln!("feed: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The next entries, waiting for them if there are none.
async fn next(engine: &AsyncEngine, after: Offset) -> crm_core::Result<Vec<(Offset, Entry)>> {
    if engine.wait_for_entries(after, WAIT_MS).await? { engine.feed(after, PAGE).await } else { Ok(Vec::new()) }
}

/// What the customer is told, if anything. Its id is that of the entry, so that whoever sends it can drop one that comes again.
fn message(entry: &Entry) -> Option<Value> {
    let text = match &entry.what {
        What::Registered => "Welcome!".to_owned(),
        What::Tier { change, .. } => format!("You are {} now.", change.to),
        What::Order { order_id, .. } => format!("Thank you for order {order_id}."),
        _ => return None,
    };
    let id = format!("{}/{}", entry.customer_id, entry.seq);
    Some(json!({ "id": id, "to": entry.customer_id, "text": text }))
}

/// The place that was kept, or the start.
fn kept(place: &Path) -> Outcome<Offset> {
    match std::fs::read_to_string(place) {
        Ok(text) => Ok(text.parse()?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Offset::START),
        Err(error) => Err(error.into()),
    }
}

/// Keeps a place, as a whole: the old file is there until the new one is.
fn keep(place: &Path, offset: Offset) -> Outcome<()> {
    let fresh = place.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(offset.to_string().as_bytes())?;
    file.sync_data()?;
    Ok(std::fs::rename(fresh, place)?)
}
