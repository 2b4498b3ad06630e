"""A small shop for tests."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import crm_core as crm

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)

PROGRAM: dict[str, Any] = {
    "version": 1,
    "program": "corner shop",
    "revision": 1,
    "zone": "Europe/Berlin",
    "currencies": ["EUR"],
    "points": [{"id": "points", "expiry": {"type": "end_of", "period": "year", "after": 1}}],
    "earn": [{"id": "base", "currency": "points", "on": {"type": "order"}, "gives": {"type": "per_amount", "points": "1", "per": "1.00"}}],
}


def open_shop(shop: crm.Engine) -> crm.Engine:
    """With a program and one customer."""
    shop.publish(PROGRAM, at=NOON)
    shop.execute(crm.RegisterCustomer(customer_id="ann"), request_id="ann", at=NOON)
    return shop


def order(number: int, price: str = "10.00", customer: str = "ann") -> crm.RecordOrder:
    """An order of one line."""
    line = crm.OrderLine(sku="tea", unit_price=Decimal(price))
    return crm.RecordOrder(
        buyer=crm.BuyerCustomer(id=customer),
        order=crm.Order(id=f"o{number}", paid_at=NOON, currency="EUR", lines=[line]),
    )


def earn(number: int, points: int = 1) -> crm.Request:
    """A request that gives points."""
    command = crm.EarnPoints(customer_id="ann", currency="points", points=points)
    return crm.Request(request_id=f"r{number}", at=NOON, do=command)


def available(shop: crm.Engine, customer: str = "ann") -> int:
    """What the customer may spend."""
    return shop.wallet(customer, at=NOON).accounts[0].balances.available
