//! Random requests by number, always the same, so that any process can send what another one has sent.

use crm_core::command::{Command, Request};
use crm_core::value::{RequestId, Timestamp};
use serde_json::{Value, json};

pub(crate) const PROCESSES: u64 = 8;
pub(crate) const PEOPLE: u64 = 24;
/// Customers of whom nobody speaks: what happens to them is the work of sweeps.
pub(crate) const QUIET: u64 = 120;
/// How often each sale may be used.
pub(crate) const LIMIT: i64 = 7;
/// What is on the card that everybody uses, in cents.
pub(crate) const CARD: i64 = 100_000;
const SALES: u64 = 40;
/// For how many numbers a sale lasts.
const SALE: u64 = 300;
const START: i64 = 1_767_225_600_000;
const MINUTE: i64 = 60_000;

/// The instant of a number: a minute each.
pub(crate) fn instant(number: u64) -> Timestamp {
    Timestamp::from_millis(START + i64::try_from(number).unwrap() * MINUTE).unwrap()
}

/// A number that has nothing to do with the first.
pub(crate) fn mixed(number: u64) -> u64 {
    let mut n = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

pub(crate) fn program() -> String {
    let sale = |sale: u64| {
        json!({ "id": format!("sale{sale}"), "needs": { "type": "code", "codes": [format!("SALE{sale}")] },
                "effect": { "type": "fixed_off", "amount": "5.00" },
                "limits": [{ "id": "all", "counts": { "type": "uses", "max": LIMIT } }] })
    };
    json!({
        "version": 1, "program": "history", "revision": 1, "zone": "UTC", "currencies": ["EUR"],
        "points": [{ "id": "points", "expiry": { "type": "days", "days": 2 } }],
        "earn": [
            { "id": "base", "currency": "points", "on": { "type": "order" }, "gives": { "type": "per_amount", "points": "1", "per": "1.00" } },
            { "id": "birthday", "currency": "points", "on": { "type": "birthday" }, "gives": { "type": "fixed", "points": 11 } }],
        "tiers": [{ "id": "main", "metric": { "type": "net_spend" }, "window": { "type": "rolling_days", "days": 2 },
                    "tiers": [{ "id": "basic", "threshold": "0" }, { "id": "gold", "threshold": "500.00" }] }],
        "lifecycle": { "type": "preset", "name": "retail" },
        "offers": (0..SALES).map(sale).collect::<Vec<_>>()
    })
    .to_string()
}

fn name(who: u64) -> String {
    format!("m{who}")
}

/// The start of somebody's birthday: one a day for each two of them, and ten of the quiet ones.
pub(crate) fn birthday(who: u64) -> Timestamp {
    Timestamp::from_millis(
        START + i64::try_from(if who < PEOPLE { who / 2 + 1 } else { who % 12 + 1 }).unwrap() * 24 * 60 * MINUTE,
    )
    .unwrap()
}

fn with(id: String, at: Timestamp, command: Value) -> Request {
    let command: Command = serde_json::from_value(command).unwrap();
    Request { request_id: RequestId::new(id).unwrap(), at, actor: None, reason: None, batch: None, command }
}

/// Everybody registers, and one has a card that all may use.
pub(crate) fn set_up() -> Vec<Request> {
    let register = |who| {
        let day = birthday(who).to_string().get(4..10).unwrap().to_owned();
        let command = json!({ "type": "register_customer", "customer_id": name(who), "profile": { "birthday": format!("1990{day}") } });
        with(format!("join-{who}"), instant(0), command)
    };
    let card = json!({ "type": "issue_gift_card", "customer_id": "m0", "card_id": "card", "currency": "EUR", "amount": "1000.00" });
    let quiet = |who| {
        let command = json!({ "type": "earn_points", "customer_id": name(who), "currency": "points", "points": 10 });
        with("quiet".into(), instant(0), command)
    };
    let everybody = (0..PEOPLE + QUIET).map(register);
    everybody.chain([with("card".into(), instant(0), card)]).chain((PEOPLE..PEOPLE + QUIET).map(quiet)).collect()
}

/// The sale of a number.
pub(crate) fn sale(number: u64) -> u64 {
    (number / SALE).min(SALES - 1)
}

/// What one number is about; the one of the same process after it goes on with that.
enum Opens {
    Order,
    Hold,
    Claim,
    Spend,
    Other(u64),
}

/// Every other number of a process opens something.
fn opens(number: u64) -> Opens {
    match mixed(number) % 13 {
        0..=2 => Opens::Order,
        3 | 4 => Opens::Hold,
        5..=8 => Opens::Claim,
        9 => Opens::Spend,
        other => Opens::Other(other),
    }
}

fn who(number: u64) -> u64 {
    mixed(number ^ 0xabc) % PEOPLE
}

fn cart(number: u64) -> Value {
    json!({ "currency": "EUR", "codes": [format!("sale{}", sale(number))], "lines": [{ "sku": "cup", "unit_price": "20.00" }] })
}

fn opening(number: u64) -> Value {
    let (customer, at) = (name(who(number)), instant(number));
    let other = name((who(number) + 1 + mixed(number) / 100 % (PEOPLE - 1)) % PEOPLE);
    match opens(number) {
        Opens::Order => json!({ "type": "record_order", "buyer": { "type": "customer", "id": customer },
            "order": { "id": format!("o{number}"), "paid_at": at.to_string(), "currency": "EUR",
                       "lines": [{ "sku": "a", "unit_price": "19.99", "quantity": 3 }, { "sku": "b", "unit_price": "5.01" }] } }),
        Opens::Hold => json!({ "type": "hold_points", "customer_id": customer, "currency": "points", "points": 9,
            "hold_id": format!("h{number}"), "until": at.plus_millis(60 * MINUTE).to_string() }),
        Opens::Claim => json!({ "type": "claim_offers", "customer_id": customer, "claim_id": format!("k{number}"),
            "hold_seconds": 3_600, "cart": cart(number) }),
        Opens::Spend => json!({ "type": "spend_points", "customer_id": customer, "currency": "points", "points": 5,
            "redemption_id": format!("s{number}") }),
        Opens::Other(10) => {
            json!({ "type": "transfer_points", "from": customer, "to": other, "currency": "points", "points": 3 })
        }
        Opens::Other(11) => {
            json!({ "type": "spend_gift_card", "customer_id": customer, "card_id": "card", "amount": "1.00",
            "redemption_id": format!("g{number}") })
        }
        Opens::Other(_) => {
            json!({ "type": "earn_points", "customer_id": customer, "currency": "points", "points": 40 })
        }
    }
}

fn going_on(number: u64, with: u64) -> Value {
    let (customer, at) = (name(who(with)), instant(number));
    let choice = mixed(number) % 4;
    match (opens(with), choice) {
        (Opens::Order, 0 | 1) => {
            json!({ "type": "record_refund", "refund": { "id": format!("f{number}"), "order": format!("o{with}"),
            "refunded_at": at.to_string(), "what": { "type": "amount", "amount": "20.00" } } })
        }
        (Opens::Order, 2) => json!({ "type": "cancel_order", "order_id": format!("o{with}") }),
        (Opens::Hold, 0) => {
            json!({ "type": "capture_hold", "customer_id": customer, "hold_id": format!("h{with}"), "points": 4 })
        }
        (Opens::Hold, 1) => json!({ "type": "release_hold", "customer_id": customer, "hold_id": format!("h{with}") }),
        (Opens::Claim, 0) => {
            json!({ "type": "confirm_claim", "customer_id": customer, "claim_id": format!("k{with}") })
        }
        (Opens::Claim, 1) => {
            json!({ "type": "release_claim", "customer_id": customer, "claim_id": format!("k{with}") })
        }
        (Opens::Claim, 2) => {
            json!({ "type": "record_order", "buyer": { "type": "customer", "id": customer }, "claim_id": format!("k{with}"),
            "order": { "id": format!("o{number}"), "paid_at": at.to_string(), "currency": "EUR",
                       "lines": [{ "sku": "cup", "unit_price": "20.00" }] } })
        }
        (Opens::Spend, 0) => {
            json!({ "type": "reverse_redemption", "customer_id": customer, "redemption_id": format!("s{with}"), "points": 2 })
        }
        _ => json!({ "type": "earn_points", "customer_id": customer, "currency": "points", "points": 7 }),
    }
}

/// The request with this number.
pub(crate) fn request(number: u64) -> Request {
    let step = number / PROCESSES;
    let command = if step.is_multiple_of(2) { opening(number) } else { going_on(number, number - PROCESSES) };
    with(format!("r{number}"), instant(number), command)
}

/// Somebody who wants what is left of a sale.
pub(crate) fn late_claim(who: u64, sale: u64, at: u64) -> Request {
    let cart = json!({ "currency": "EUR", "codes": [format!("sale{sale}")], "lines": [{ "sku": "cup", "unit_price": "20.00" }] });
    let id = format!("late{sale}");
    let command = json!({ "type": "claim_offers", "customer_id": name(who), "claim_id": id, "hold_seconds": 360_000, "cart": cart });
    with(id, instant(at), command)
}
