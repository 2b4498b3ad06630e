"""A checkout from cart to refund: quote, claim while the payment runs, order, and what goes back for one of three.

python crm-py/examples/checkout.py
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import crm_core as crm

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)

PROGRAM = {
    "version": 1,
    "program": "tea house",
    "revision": 1,
    "zone": "Europe/Berlin",
    "currencies": ["EUR"],
    "points": [{"id": "points"}],
    "earn": [
        {
            "id": "base",
            "currency": "points",
            "on": {"type": "order"},
            "gives": {"type": "per_amount", "points": "1", "per": "1.00"},
        }
    ],
    "offers": [
        {
            "id": "tea-3-for-2",
            "lines": {"categories": ["tea"]},
            "phase": "bundle",
            "effect": {"type": "buy_get", "buy": 2, "get": 1},
        },
        {
            "id": "welcome",
            "needs": {"type": "coupon"},
            "phase": "shop_coupon",
            "effect": {"type": "fixed_off", "amount": "5.00"},
            "threshold": {"amount": "30.00"},
        },
    ],
    "issue": [{"id": "hello", "offer": "welcome", "on": {"type": "sign_up"}}],
}


def told(quote: crm.Quote) -> None:
    """Prints a quote as a till would show it."""
    for applied in quote.applied:
        print(f"  {applied.offer:<12} -{applied.off} {quote.currency}")
    for out in quote.rejected:
        print(f"  {out.offer}: not applied, {out.why.code}")
    proven = "proven best" if quote.search.optimal else f"at most {quote.search.gap} from the best"
    print(f"  to pay: {quote.totals.due} {quote.currency} ({proven})")


def main() -> None:
    """Goes through it once."""
    shop = crm.Engine.in_memory()
    shop.publish(PROGRAM, at=NOON)
    shop.execute(crm.RegisterCustomer(customer_id="ann"), request_id="ann", at=NOON)

    tea = crm.CartLine(sku="oolong", category="tea", quantity=Decimal(3), unit_price=Decimal("12.00"))
    cup = crm.CartLine(sku="cup", unit_price=Decimal("9.00"))
    cart = crm.Cart(currency="EUR", lines=[tea, cup])
    quote = shop.quote(cart, NOON, customer_id="ann")
    print("the cart:")
    told(quote)
    assert quote.totals.due == Decimal("28.00")

    # Held for a quarter of an hour; the total is what she was shown.
    claim = crm.ClaimOffers(
        customer_id="ann", claim_id="cart-7", cart=cart, expect_total=quote.totals.total, hold_seconds=900
    )
    shop.execute(claim, request_id="cart-7/claim", at=NOON)

    paid = NOON + timedelta(minutes=2)
    lines = [
        crm.OrderLine(sku=line.sku, category=line.category, quantity=line.quantity, unit_price=line.unit_price)
        for line in (tea, cup)
    ]
    order = crm.RecordOrder(
        buyer=crm.BuyerCustomer(id="ann"),
        order=crm.Order(id="o1", paid_at=paid, currency="EUR", lines=lines),
        claim_id="cart-7",
    )
    done = shop.execute(order, request_id="o1/paid", at=paid)
    print(f"paid; she has {done.receipt.balances[0].available} points")
    assert done.receipt.balances[0].available == 28

    back = [crm.ReturnedLine(line_no=1, quantity=Decimal(1))]
    plan = shop.refund_plan("o1", back)
    print(f"for one tea {plan.amount} EUR go back")
    later = paid + timedelta(days=3)
    refund = crm.Refund(
        id="f1",
        order="o1",
        refunded_at=later,
        what=crm.RefundWhatLines(lines=[crm.RefundLine(line_no=1, quantity=Decimal(1))]),
    )
    done = shop.execute(crm.RecordRefund(refund=refund), request_id="f1", at=later)
    explained = shop.order("o1")
    assert explained.refunds[0].amount == plan.amount
    print(f"{explained.refunds[0].amount} EUR went back; {done.receipt.balances[0].available} points are left")


if __name__ == "__main__":
    main()
