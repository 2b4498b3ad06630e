"""The books of every member, worked out inside Spark: what they hold, what ends soon, their tier, and what a changed program would have given.

    python crm-py/examples/spark_books.py ORDERS.csv.gz

Members do not share points, tiers or stages, so each partition of members is a shop of its own: `mapInArrow` hands its order lines to the
kernel in Arrow batches, an engine in memory takes them in, and its tables go back as Arrow. The same kernel runs in this process over
everything at once, and the script ends with 1 unless both say the same, row for row. What looks at all members together (limits of a
campaign, transfers, referrals) has to be in one partition.

Needs `pip install pyspark pyarrow pandas` and Java 17 or later.
"""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import gzip
import io
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import crm_core as crm
import pyarrow as pa
import pyarrow.csv

AT = datetime(2011, 12, 10, tzinfo=timezone.utc)
SOON = timedelta(days=90)

PROGRAM: dict[str, Any] = {
    "version": 1,
    "program": "gifts",
    "revision": 1,
    "zone": "Europe/London",
    "currencies": ["GBP"],
    "points": [{"id": "points", "expiry": {"type": "months", "months": 6}}],
    "earn": [
        {
            "id": "base",
            "currency": "points",
            "on": {"type": "order"},
            "gives": {"type": "per_amount", "points": "1", "per": "1.00"},
        }
    ],
    "tiers": [
        {
            "id": "club",
            "metric": {"type": "net_spend"},
            "window": {"type": "rolling_months", "months": 12},
            "tiers": [{"id": "member", "threshold": "0"}, {"id": "gold", "threshold": "1000"}],
        }
    ],
}
"""One point a pound, good for six months; gold from a thousand pounds in twelve months."""

GENEROUS: dict[str, Any] = {**PROGRAM, "points": [{"id": "points", "expiry": {"type": "months", "months": 12}}]}
"""What if points were good for a year?"""

COLUMNS = crm.ColumnMap.from_dict(
    {
        "order_id": "InvoiceNo",
        "paid_at": "InvoiceDate",
        "zone": "Europe/London",
        "currency": "GBP",
        "customer": [{"column": "CustomerID", "type": "member_no", "strip_suffix": ".0"}],
        "sku": "StockCode",
        "quantity": "Quantity",
        "unit_price": "UnitPrice",
        "refund_prefix": "C",
        "without_customer": "skip",
    }
)

LINES = ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]

KINDS: dict[str, pa.DataType] = {
    "customer_id": pa.string(),
    "available": pa.int64(),
    "ends_soon": pa.int64(),
    "tier": pa.string(),
    "what_if": pa.int64(),
}

BOOKS = pa.schema(KINDS)


def kernel(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """From the order lines of some members to their books."""
    lines = pa.Table.from_batches(list(batches), pa.schema({name: pa.string() for name in LINES}))
    if lines.num_rows == 0:
        return
    with crm.Engine.in_memory() as shop:
        shop.publish(PROGRAM, at=AT - timedelta(days=800))
        report = shop.ingest_orders(lines, columns=COLUMNS, now=AT)
        if report.issues:
            raise ValueError(f"{len(report.issues)} rows cannot be read, the first: {report.issues[0]}")

        def held(at: datetime) -> dict[str, int]:
            rows: list[dict[str, Any]] = shop.table("balances", at=at).to_pyarrow().to_pylist()
            return {row["customer_id"]: row["available"] for row in rows}

        now, later = held(AT), held(AT + SOON)
        tiers: list[dict[str, Any]] = shop.table("tiers", at=AT).to_pyarrow().to_pylist()
        tier = {row["customer_id"]: row["tier"] for row in tiers}
        other = {
            member.customer_id: points.after.balances.available
            for member in shop.what_if(GENEROUS, at=AT).members
            for points in member.points
        }
    rows = [
        {
            "customer_id": who,
            "available": available,
            "ends_soon": available - later.get(who, 0),
            "tier": tier.get(who),
            "what_if": other.get(who, available),
        }
        for who, available in sorted(now.items())
    ]
    yield from pa.Table.from_pylist(rows, BOOKS).to_batches()


def read_lines(path: Path) -> pa.Table:
    """The columns that are needed, as the text that they are: nothing becomes a float on the way."""
    packed = path.read_bytes()
    text = io.BytesIO(gzip.decompress(packed) if path.suffix == ".gz" else packed)
    as_text = pyarrow.csv.ConvertOptions(include_columns=LINES, column_types=dict.fromkeys(LINES, pa.string()))
    return pyarrow.csv.read_csv(text, convert_options=as_text)


def by_spark(path: Path, partitions: int) -> list[dict[str, Any]]:
    """The kernel in every partition; lines of one member are in one of them."""
    from pyspark.sql import SparkSession

    # The workers are to find the libraries that this process finds.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        lines = spark.read.csv(str(path), header=True).select(*LINES)
        shared = lines.repartition(partitions, "CustomerID")
        kinds = "customer_id string, available long, ends_soon long, tier string, what_if long"
        return [row.asDict() for row in shared.mapInArrow(kernel, kinds).collect()]
    finally:
        spark.stop()


def main() -> int:
    """Works the books out both ways and compares them."""
    path = Path(sys.argv[1])
    here = pa.Table.from_batches(list(kernel(iter(read_lines(path).to_batches()))), BOOKS).to_pylist()
    there = sorted(by_spark(path, partitions=8), key=lambda row: row["customer_id"])
    same = here == there
    print(f"{len(here):,} members in this process, {len(there):,} by Spark: {'the same rows' if same else 'NOT the same'}")
    for row in there[:3]:
        print("  ", row)
    return 0 if same and here else 1


if __name__ == "__main__":
    sys.exit(main())
