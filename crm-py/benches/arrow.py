"""What tables cost: rows in from a DataFrame, and rows out against making the batches and dropping them.

    maturin develop --release -m crm-py/Cargo.toml && python crm-py/benches/arrow.py [ROWS]

The goal for rows out is 1.2 times what Rust needs to make the batches (`Table._native.drain`).
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import crm_core as crm
import duckdb
import polars as pl
import pyarrow as pa

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
LINES = 200
"""Lines per order: as many rows as are wanted, of a store that fits into memory."""
CUSTOMERS = 1_000
BAD = 3

PROGRAM = {
    "version": 1,
    "program": "bench",
    "revision": 1,
    "zone": "UTC",
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
}


def frame(rows: int) -> pl.DataFrame:
    """Orders of many lines, and a few rows at the end that cannot be taken."""
    number = pl.int_range(rows, eager=True)
    order = number // LINES
    made = pl.DataFrame(
        {
            "order_id": order,
            "paid_at": START + order * timedelta(seconds=30),
            "member_no": "m" + (order % CUSTOMERS + 1).cast(pl.String),
            "sku": pl.Series(("s" + (number % 500).cast(pl.String)), dtype=pl.Categorical),
            "quantity": number % 3 + 1,
            "unit_price": ((number % 900 + 100).cast(pl.Decimal(18, 0)) / 100).cast(pl.Decimal(18, 2)),
        }
    )
    bad = pl.DataFrame(
        {
            "order_id": [-1 - n for n in range(BAD)],
            "paid_at": [START] * BAD,
            "member_no": ["m1"] * BAD,
            "sku": ["x"] * BAD,
            "quantity": [0] * BAD,
            "unit_price": [Decimal("1.00")] * BAD,
        },
        schema_overrides=made.schema,
    )
    return pl.concat([made, bad])


def seconds(run: Callable[[], object]) -> float:
    """CPU time of all threads: on a shared machine the clock says little."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def beside(run: Callable[[], object], alone: Callable[[], object], rounds: int = 5) -> tuple[float, float]:
    """Medians of both, in rounds that alternate."""
    both = [(seconds(run), seconds(alone)) for _ in range(rounds)]
    return statistics.median(one for one, _ in both), statistics.median(other for _, other in both)


def drained(table: crm.Table) -> int:
    return sum(batch.num_rows for batch in pa.RecordBatchReader.from_stream(table))


def peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB at most so far"


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    orders = frame(rows)
    print(f"{orders.height:,} rows, {orders.estimated_size('mb'):,.0f} MB; {peak()}")
    shop = crm.Engine.in_memory()
    shop.publish(PROGRAM, at=START)
    begun = time.perf_counter()
    report = shop.ingest_orders(orders, batch="bench")
    took = time.perf_counter() - begun
    assert report.orders.applied == rows // LINES and report.issues_total == BAD, report
    assert [issue.row for issue in report.issues] == [rows + n for n in range(BAD)]
    print(f"in: {took:.1f} s, {orders.height / took:,.0f} rows/s, {report.issues_total} bad rows told; {peak()}")
    del orders
    for name in ("order_lines", "entries"):
        table = shop.table(name)
        print(f"{name}: {table._native.drain():,} rows; {peak()}")
        ways: dict[str, Callable[[], object]] = {
            "pyarrow, batch by batch": lambda: drained(table),
            "duckdb, count": lambda: duckdb.from_arrow(pa.RecordBatchReader.from_stream(table)).count("*").fetchall(),
            "pyarrow, all of it": table.to_pyarrow,
            "polars, all of it": table.to_polars,
        }
        for way, run in ways.items():
            took, alone = beside(run, table._native.drain)
            print(f"  {way:<24} {took:6.2f} s, made and dropped {alone:6.2f} s: {took / alone:.2f} x; {peak()}")


if __name__ == "__main__":
    main()
