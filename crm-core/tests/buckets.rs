//! How many buckets a command writes to: what a server that spreads rows by bucket pays for it. The guide about such servers has the
//! same table, and this test reads it there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use crm_core::command::Request;
use crm_core::store::{Abilities, Commit, CommitReply, MemoryStore, Read, Row, Store, Table, Write};
use crm_core::value::Timestamp;
use crm_core::{Engine, Result};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const PROGRAM: &str = r#"{ "version": 1, "program": "buckets", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points" }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" }, "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }],
    "offers": [{ "id": "flash", "needs": { "type": "code", "codes": ["FLASH"] }, "effect": { "type": "fixed_off", "amount": "5.00" },
                 "limits": [{ "id": "all", "counts": { "type": "uses", "max": 9 } }] }] }"#;

/// Notes the buckets of the last commit.
struct Noting(MemoryStore, Mutex<BTreeSet<i64>>);

impl Store for Noting {
    fn abilities(&self) -> Abilities {
        self.0.abilities()
    }
    fn load(&self, reads: &[Read]) -> Result<Vec<Vec<Row>>> {
        self.0.load(reads)
    }
    fn commit(&self, commit: &Commit) -> Result<CommitReply> {
        let bucket = |write: &Write| match write {
            Write::Put { row, .. } => row.key()[0].as_int().unwrap(),
            Write::Delete { key, .. } | Write::Check { key, .. } | Write::Within { key, .. } => {
                key[0].as_int().unwrap()
            }
        };
        *self.1.lock().unwrap() = commit.writes.iter().map(bucket).collect();
        self.0.commit(commit)
    }
    fn close(&self) -> Result<()> {
        self.0.close()
    }
}

#[test]
fn the_guide_says_how_many_buckets_a_command_writes_to() {
    let store = Arc::new(Noting(MemoryStore::new(), Mutex::default()));
    let engine = Engine::open_shared(store.clone()).unwrap();
    let at = "2026-03-01T10:00:00Z";
    engine.publish_json(PROGRAM, Timestamp::parse(at).unwrap()).unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut send = |what: &'static str, command: serde_json::Value| {
        let id = format!("r{}", counts.len());
        let request: Request = serde_json::from_value(json!({ "request_id": id, "at": at, "do": command })).unwrap();
        engine.execute(request).unwrap();
        counts.insert(what, store.1.lock().unwrap().len());
    };
    let points = |kind: &str, id: &str, n: i64| json!({ "type": kind, "customer_id": "ann", "currency": "points", "points": n, id: "x" });
    send("register, without identifiers", json!({ "type": "register_customer", "customer_id": "ann" }));
    let bob = json!({ "type": "register_customer", "customer_id": "bob", "identifiers": [{ "type": "email", "value": "bob@example.org" }] });
    send("register, for each identifier", bob);
    send("earn points", json!({ "type": "earn_points", "customer_id": "ann", "currency": "points", "points": 90 }));
    send("spend points", points("spend_points", "redemption_id", 5));
    let hold = json!({ "type": "hold_points", "customer_id": "ann", "currency": "points", "points": 9, "hold_id": "h", "until": "2026-03-01T11:00:00Z" });
    send("hold points", hold);
    send("capture or release a hold", json!({ "type": "capture_hold", "customer_id": "ann", "hold_id": "h" }));
    send(
        "transfer points",
        json!({ "type": "transfer_points", "from": "ann", "to": "bob", "currency": "points", "points": 3 }),
    );
    let lines = json!([{ "sku": "cup", "unit_price": "20.00" }]);
    let order = |id: &str| json!({ "id": id, "paid_at": at, "currency": "EUR", "lines": lines });
    let ann = json!({ "type": "customer", "id": "ann" });
    send("record an order", json!({ "type": "record_order", "buyer": ann, "order": order("o1") }));
    let refund =
        json!({ "id": "f1", "order": "o1", "refunded_at": at, "what": { "type": "amount", "amount": "5.00" } });
    send("record a refund", json!({ "type": "record_refund", "refund": refund }));
    let cart = json!({ "currency": "EUR", "codes": ["flash"], "lines": lines });
    send(
        "claim, for each shared limit",
        json!({ "type": "claim_offers", "customer_id": "ann", "claim_id": "k", "cart": cart }),
    );
    send(
        "confirm a claim, for each shared limit",
        json!({ "type": "confirm_claim", "customer_id": "ann", "claim_id": "k" }),
    );
    let card = json!({ "type": "issue_gift_card", "customer_id": "ann", "card_id": "card", "currency": "EUR", "amount": "10.00" });
    send("issue a gift card", card);
    let spend = json!({ "type": "spend_gift_card", "customer_id": "ann", "card_id": "card", "amount": "1.00", "redemption_id": "g" });
    send("use a gift card", spend);

    let page = include_str!("../../docs/guides/running-on-distributed-sql.md");
    let told: BTreeMap<&str, usize> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit_once(" | "))
        .filter_map(|(what, count)| Some((what, count.parse().ok()?)))
        .collect();
    assert_eq!(counts, told, "{counts:#?}");
    assert_eq!(Table::Identity.describe().columns[0].name, "bucket");
}
