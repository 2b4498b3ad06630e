"""What the tests of tables share: a shop, orders as rows, and every library that tables come from."""

# The libraries that tables come from are not typed as strictly as ours.
# pyright: basic

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import crm_core as crm
import duckdb
import pandas
import polars
import pyarrow

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
END = datetime(2026, 6, 1, tzinfo=timezone.utc)

ZONE = "Europe/Berlin"


def shop(engine: crm.Engine | None = None) -> crm.Engine:
    """One point for each euro, and three for a review."""
    engine = engine or crm.Engine.in_memory()
    engine.publish(
        {
            "version": 1,
            "program": "corner shop",
            "revision": 1,
            "zone": ZONE,
            "currencies": ["EUR"],
            "points": [{"id": "points"}],
            "earn": [
                {
                    "id": "base",
                    "currency": "points",
                    "on": {"type": "order"},
                    "gives": {"type": "per_amount", "points": "1", "per": "1.00"},
                },
                {
                    "id": "review",
                    "currency": "points",
                    "on": {"type": "event", "name": "review"},
                    "gives": {"type": "fixed", "points": 3},
                },
            ],
        },
        at=START,
    )
    return engine


def at(day: int, hour: int = 10) -> datetime:
    """An hour of a day of February, in UTC."""
    return datetime(2026, 2, day, hour, tzinfo=timezone.utc)


def orders() -> dict[str, list[Any]]:
    """Ann buys tea twice and a cake, Bob a tea: 9.75 and 5.00, and 3.50."""
    return {
        "order_id": ["o1", "o1", "o2", "o3"],
        "paid_at": [at(1), at(1), at(3), at(2)],
        "email": ["ann@example.org", "ann@example.org", "ann@example.org", "bob@example.org"],
        "sku": ["tea", "cake", "pot", "tea"],
        "quantity": [2, 1, 1, 1],
        "unit_price": [Decimal("3.50"), Decimal("2.75"), Decimal("5.00"), Decimal("3.50")],
    }


def of_polars(rows: dict[str, list[Any]]) -> Any:
    return polars.DataFrame(rows)


def of_pyarrow(rows: dict[str, list[Any]]) -> Any:
    return pyarrow.table(rows)


def of_pandas(rows: dict[str, list[Any]]) -> Any:
    return pandas.DataFrame(rows)


def of_duckdb(rows: dict[str, list[Any]]) -> Any:
    return duckdb.from_arrow(pyarrow.table(rows))


MAKERS: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "polars": of_polars,
    "pyarrow": of_pyarrow,
    "pandas": of_pandas,
    "duckdb": of_duckdb,
}


def customer(engine: crm.Engine, email: str) -> str:
    """The id of whoever has this address."""
    return engine.find(crm.Identifier(type=crm.IdentifierKind.EMAIL, value=email)).id


def points(engine: crm.Engine, email: str) -> int:
    """Usable points of one customer."""
    return engine.wallet(customer(engine, email), END).accounts[0].balances.available
