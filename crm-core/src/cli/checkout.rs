//! The checkout that `crm demo` shows: a cart, its quote, the claim, the order, and one article that comes back.

use crate::cli::offers::{self, amount};
use crate::cli::output::Out;
use crate::cli::problem::{Finished, Problem};
use crate::cli::shop::Shop;
use crate::cli::show::odd;
use crate::cli::words::{self, local};
use crm_core::command::Request;
use crm_core::effect::{Done, Entry};
use crm_core::offer::{RefundPlan, Refunds, ReturnedLine};
use crm_core::query::{Answer, ClaimView, LimitUse, Query};
use crm_core::value::{ClaimId, CustomerId, Quantity, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

const CLAIM: &str = "demo-claim";
const ORDER: &str = "demo-order";
/// The line of the cart of which one comes back.
const RETURNED: u32 = 2;

/// From cart to refund.
#[derive(Serialize)]
pub(crate) struct Checkout {
    claim: ClaimView,
    refund: RefundPlan,
    /// Limits over all customers afterwards.
    limits: Vec<LimitUse>,
    /// What each step wrote, with its instant.
    #[serde(skip)]
    steps: Vec<(Timestamp, Vec<Arc<Entry>>)>,
}

/// What is bought: articles of the sample shop.
fn lines() -> Value {
    json!([
        { "sku": "FM-TEA-250", "category": "茶叶", "unit_price": "268.00" },
        { "sku": "FM-ORA-10", "category": "水果", "quantity": 2, "unit_price": "59.80" },
        { "sku": "FM-TOWEL", "category": "纸品", "quantity": 3, "unit_price": "39.90" },
        { "sku": "FM-OIL-5", "category": "粮油", "unit_price": "129.00" }
    ])
}

impl Checkout {
    /// Carries it out in the last hours of a day; a second time changes nothing and shows the same.
    pub(crate) fn run(shop: &Shop, customer_id: &CustomerId, end: Timestamp, at: Timestamp) -> Result<Self, Problem> {
        let before = |minutes: i64| end.plus_millis(1 - minutes * 60_000);
        let (buy, claim, pay, give_back) = (before(301), before(300), before(298), before(150));
        let mut steps = Vec::new();
        let mut step = |at: Timestamp, name: &str, command: Value| -> Result<(), Problem> {
            let request = json!({ "request_id": format!("demo-checkout/{name}"), "at": at, "do": command });
            let done: Done = shop.engine.execute(Request::from_value(&request)?)?;
            steps.push((at, done.receipt.entries));
            Ok(())
        };
        step(
            buy,
            "coupon",
            json!({ "type": "buy_coupon", "customer_id": customer_id, "coupon_id": "demo-coupon", "offer": "points-30" }),
        )?;
        let cart = json!({ "currency": "CNY", "lines": lines(), "shipping": "12.00", "codes": ["spring-15"] });
        step(
            claim,
            "claim",
            json!({ "type": "claim_offers", "customer_id": customer_id, "claim_id": CLAIM, "cart": cart }),
        )?;
        let order = json!({ "id": ORDER, "paid_at": pay, "currency": "CNY", "lines": lines(), "shipping": "12.00" });
        let buyer = json!({ "type": "customer", "id": customer_id });
        step(pay, "paid", json!({ "type": "record_order", "buyer": buyer, "order": order, "claim_id": CLAIM }))?;
        let what = json!({ "type": "lines", "lines": [{ "line_no": RETURNED, "quantity": 1 }] });
        let refund = json!({ "id": "demo-refund", "order": ORDER, "refunded_at": give_back, "what": what });
        step(give_back, "refund", json!({ "type": "record_refund", "refund": refund }))?;

        let claim_id = ClaimId::new(CLAIM)?;
        let question = Query::Claim { customer_id: customer_id.clone(), claim_id, at };
        let Answer::Claim(claim) = shop.engine.ask(&question)? else { return Err(odd()) };
        // The question would be about the next one that comes back; this one is worked out from the receipt, as it was then.
        let returned = [ReturnedLine { line_no: RETURNED, quantity: Quantity::ONE }];
        let refund = claim.receipt.plan(&returned, &Refunds::default())?;
        let Answer::Limits { limits } = shop.engine.ask(&Query::Limits { at })? else { return Err(odd()) };
        Ok(Self { claim: *claim, refund, limits, steps })
    }

    pub(crate) fn print(&self, shop: &Shop, out: &mut Out) -> Finished {
        let program = shop.program()?;
        let (cart, quote) = (&self.claim.receipt.cart, &self.claim.receipt.quote);
        out.heading(format!("A checkout of {}, from cart to refund", self.claim.customer_id))?;
        offers::print_quote(cart, quote, program.zone(), out)?;
        out.heading("What became of it")?;
        for (at, entries) in &self.steps {
            // What time had done before is written with it, and is no part of this.
            let own = entries.iter().filter(|entry| *at <= entry.effective_at);
            for (place, entry) in own.enumerate() {
                let when = if place == 0 { local(program.zone(), *at) } else { " ".repeat(16) };
                out.line(format!("{when}  {}", words::entry(&program, entry)))?;
            }
        }
        let line = quote.lines.iter().find(|line| line.line_no == RETURNED);
        let bought = cart.lines.get(1).map(|line| (line.sku.to_string(), line.quantity));
        if let (Some(line), Some((sku, quantity))) = (line, bought) {
            let money = |value| amount(quote.currency, value);
            out.line(format!(
                "One of {quantity} {sku} came back: {} were paid for them instead of {}, so {} went back for one.",
                money(line.net),
                money(line.list),
                money(self.refund.amount)
            ))?;
        }
        for limit in self.limits.iter().filter(|limit| limit.used != 0) {
            out.line(offers::limit(limit))?;
        }
        Ok(())
    }
}
