//! Requests by number, always the same, so that another process knows what one that was killed was doing.

use crm_core::Engine;
use crm_core::command::{Command, Request};
use crm_core::effect::Outcome;
use crm_core::value::{RequestId, Timestamp};
use serde_json::json;

pub(crate) const PEOPLE: u64 = 5;
pub(crate) const PROGRAM: &str = r#"{ "version": 1, "program": "kill", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
    "points": [{ "id": "points", "expiry": { "type": "days", "days": 30 } }],
    "earn": [{ "id": "base", "currency": "points", "on": { "type": "order" },
               "gives": { "type": "per_amount", "points": "1", "per": "1.00" } }],
    "tiers": [{ "id": "main", "metric": { "type": "net_spend" }, "window": { "type": "rolling_days", "days": 30 },
                "tiers": [{ "id": "basic", "threshold": "0" }, { "id": "gold", "threshold": "200.00" }] }],
    "lifecycle": { "type": "preset", "name": "retail" } }"#;

/// The request with this number, always the same: orders, refunds of the order before, spends, transfers.
pub(crate) fn numbered(number: u64) -> Request {
    let at = Timestamp::from_millis(1_767_225_600_000 + i64::try_from(number).unwrap() * 600_000).unwrap();
    let who = format!("m{}", number % PEOPLE);
    let command = match number % 7 {
        _ if number < PEOPLE => json!({ "type": "register_customer", "customer_id": who }),
        0..=3 => json!({ "type": "record_order", "buyer": { "type": "customer", "id": who },
            "order": { "id": format!("o{number}"), "paid_at": at.to_string(), "currency": "EUR",
                       "lines": [{ "sku": "a", "unit_price": "19.99", "quantity": 3 }, { "sku": "b", "unit_price": "5.01" }] } }),
        4 => {
            json!({ "type": "record_refund", "refund": { "id": format!("f{number}"), "order": format!("o{}", number - 1),
            "refunded_at": at.to_string(), "what": { "type": "amount", "amount": "20.00" } } })
        }
        5 => json!({ "type": "spend_points", "customer_id": who, "currency": "points", "points": 5 }),
        _ => {
            json!({ "type": "transfer_points", "from": who, "to": format!("m{}", (number + 1) % PEOPLE), "currency": "points", "points": 3 })
        }
    };
    let command: Command = serde_json::from_value(command).unwrap();
    Request {
        request_id: RequestId::new(format!("r{number}")).unwrap(),
        at,
        actor: None,
        reason: None,
        batch: None,
        command,
    }
}

/// Another engine that nobody killed is told the same, once: every request up to this one is there, and has the same receipt.
pub(crate) fn everything_is_there(engine: &Engine, last: u64) {
    let calm = Engine::open(crm_core::store::MemoryStore::new()).unwrap();
    calm.publish_json(PROGRAM, Timestamp::from_millis(1_767_225_600_000).unwrap()).unwrap();
    for number in 0..=last {
        // What was refused left nothing behind and may succeed later, so it is not sent again.
        let Ok(first) = calm.execute(numbered(number)) else { continue };
        let again = engine.execute(numbered(number)).unwrap();
        assert_ne!(again.outcome, Outcome::Applied, "request {number} was acknowledged and was not there");
        assert_eq!(again.receipt, first.receipt, "request {number}");
    }
}
