"""Tables in: every library, every type a column may have, and every way in which it may be wrong."""

# The libraries that tables come from are not typed as strictly as ours.
# pyright: basic

from __future__ import annotations

import ctypes
import zoneinfo
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import crm_core as crm
import duckdb
import pandas
import polars
import pyarrow
import pytest
from arrow_tools import END, MAKERS, at, customer, orders, points, shop
from crm_core import errors

BOTH = {"ann@example.org": 14, "bob@example.org": 3}


def taken(engine: crm.Engine) -> dict[str, int]:
    return {who: points(engine, who) for who in BOTH}


@pytest.mark.parametrize("library", MAKERS)
def test_orders_come_in_from_every_library(library: str) -> None:
    engine = shop()
    report = engine.ingest_orders(MAKERS[library](orders()))
    assert (report.rows, report.orders.applied, report.customers_new, report.issues_total) == (4, 3, 2, 0)
    assert taken(engine) == BOTH
    again = engine.ingest_orders(MAKERS[library](orders()))
    assert (again.orders.applied, again.orders.unchanged) == (0, 3)


@pytest.mark.parametrize("library", MAKERS)
def test_a_dry_run_tells_the_truth_and_writes_nothing(library: str) -> None:
    engine = shop()
    dry = engine.ingest_orders(MAKERS[library](orders()), dry_run=True, batch="b1")
    assert (dry.dry_run, dry.orders.applied, engine.imports()) == (crm.DryRun.YES, 3, ())
    real = engine.ingest_orders(MAKERS[library](orders()), batch="b1")
    assert dry.replace(dry_run=crm.DryRun.NO) == real


def test_the_same_rows_have_the_same_batch_whatever_library_they_come_from() -> None:
    ids = {shop().ingest_orders(make(orders())).batch for make in MAKERS.values()}
    assert len(ids) == 1


def test_a_batch_is_reverted() -> None:
    engine = shop()
    report = engine.ingest_orders(polars.DataFrame(orders()), name="february")
    assert [record.source for record in engine.imports()] == ["plain february"]
    reverted = engine.revert_import(report.batch, at=END)
    assert (reverted.orders, reverted.customers) == (3, 2)
    with pytest.raises(errors.CustomerUnknown):
        customer(engine, "ann@example.org")


MONEY: dict[str, Any] = {
    "decimal128": pyarrow.array(orders()["unit_price"], pyarrow.decimal128(38, 2)),
    "more digits than the currency, all zero": pyarrow.array(orders()["unit_price"], pyarrow.decimal128(20, 6)),
    "decimal256": pyarrow.array(orders()["unit_price"], pyarrow.decimal256(50, 2)),
    "decimal64": pyarrow.array(orders()["unit_price"], pyarrow.decimal64(10, 2)),
    "decimal32": pyarrow.array(orders()["unit_price"], pyarrow.decimal32(6, 2)),
    "text": pyarrow.array(["3.50", "2.75", "5", "3.5"]),
    "large text": pyarrow.array(["3.50", "2.75", "5", "3.5"], pyarrow.large_string()),
    "text view": pyarrow.array(["3.50", "2.75", "5", "3.5"], pyarrow.string_view()),
    "dictionary of text": pyarrow.array(["3.50", "2.75", "5", "3.5"]).dictionary_encode(),
    "dictionary of decimals": pyarrow.array(orders()["unit_price"], pyarrow.decimal128(9, 2)).dictionary_encode(),
}


@pytest.mark.parametrize("kind", MONEY)
def test_money_is_exact_in_every_type(kind: str) -> None:
    engine = shop()
    table = pyarrow.table(orders()).set_column(5, "unit_price", MONEY[kind])
    assert engine.ingest_orders(table).issues_total == 0
    assert taken(engine) == BOTH
    lines = engine.table("order_lines").to_pyarrow().to_pylist()
    assert sorted(line["net"] for line in lines) == [Decimal("2.75"), Decimal("3.50"), Decimal("5.00"), Decimal("7.00")]


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_whole_numbers_are_money_quantities_and_ids(kind: str) -> None:
    engine = shop()
    rows = orders() | {"unit_price": [3, 2, 5, 3], "order_id": [1, 1, 2, 3]}
    table = pyarrow.table(rows)
    for name in ("unit_price", "order_id", "quantity"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(kind))
    engine.ingest_orders(table)
    assert taken(engine) == {"ann@example.org": 13, "bob@example.org": 3}
    assert set(engine.table("orders").to_polars()["order_id"]) == {"1", "2", "3"}


@pytest.mark.parametrize("name", ["unit_price", "quantity", "order_id", "sku"])
def test_floats_are_refused_before_anything_is_written(name: str) -> None:
    engine = shop()
    table = pyarrow.table(orders() | {name: [1.0, 1.0, 2.0, 3.0]})
    with pytest.raises(errors.ValueType) as refused:
        engine.ingest_orders(table)
    assert refused.value.details["field"] == name
    assert "a float" in refused.value.message and "cast it to a" in refused.value.message
    assert isinstance(refused.value, TypeError)
    assert engine.imports() == ()


def test_columns_that_nobody_asks_for_may_be_anything() -> None:
    engine = shop()
    table = pyarrow.table(orders() | {"weight": [1.5] * 4, "list": [[1]] * 4, "bytes": [b"x"] * 4, "d": [{"a": 1}] * 4})
    assert engine.ingest_orders(table).orders.applied == 3


@pytest.mark.parametrize(
    ("name", "values"),
    [("paid_at", [1, 2, 3, 4]), ("paid_at", [True] * 4), ("sku", [date(2026, 1, 1)] * 4), ("unit_price", [True] * 4)],
)
def test_other_types_in_the_wrong_place_are_refused(name: str, values: list[Any]) -> None:
    with pytest.raises(errors.ValueType, match=name):
        shop().ingest_orders(pyarrow.table(orders() | {name: values}))


BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
UTC_TIMES = orders()["paid_at"]
# The same wall clock as Berlin has at those instants.
NAIVE = [time.astimezone(BERLIN).replace(tzinfo=None) for time in UTC_TIMES]

TIMES: dict[str, Any] = {
    **{f"{unit}, UTC": pyarrow.array(UTC_TIMES, pyarrow.timestamp(unit, "UTC")) for unit in ("s", "ms", "us", "ns")},
    "us, Tokyo": pyarrow.array(UTC_TIMES, pyarrow.timestamp("us", "Asia/Tokyo")),
    **{f"{unit}, naive": pyarrow.array(NAIVE, pyarrow.timestamp(unit)) for unit in ("s", "ms", "us", "ns")},
    "text": pyarrow.array([time.isoformat() for time in UTC_TIMES]),
}


def paid_at(engine: crm.Engine, order: str) -> datetime:
    found: datetime = engine.table("orders").to_polars().row(by_predicate=polars.col("order_id") == order, named=True)["paid_at"]
    return found


@pytest.mark.parametrize("kind", TIMES)
def test_times_are_instants_or_wall_clock_of_the_zone(kind: str) -> None:
    engine = shop()
    engine.ingest_orders(pyarrow.table(orders()).set_column(1, "paid_at", TIMES[kind]))
    assert paid_at(engine, "o2") == at(3)


def test_a_naive_time_is_meant_in_the_zone_of_the_call() -> None:
    engine = shop()
    engine.ingest_orders(pyarrow.table(orders()).set_column(1, "paid_at", TIMES["us, naive"]), zone="Asia/Tokyo")
    # 11:00 in Tokyo is 02:00 in UTC.
    assert paid_at(engine, "o2") == at(3, 2)


def test_forms_of_dates_and_decimal_marks_are_for_texts_only() -> None:
    engine = shop()
    columns = crm.ColumnMap(
        order_id="order_id",
        paid_at="paid_at",
        unit_price="unit_price",
        quantity="quantity",
        customer=[crm.IdentifierColumn(column="email", type=crm.IdentifierKind.EMAIL)],
        date_formats=["%d/%m/%Y %H:%M"],
        decimal_mark=crm.DecimalMark.COMMA,
    )
    assert engine.ingest_orders(polars.DataFrame(orders()), columns=columns).issues_total == 0
    texts = orders() | {"unit_price": ["3,50", "2,75", "5,00", "3,50"], "paid_at": ["03/02/2026 11:00"] * 4}
    other = shop()
    assert other.ingest_orders(polars.DataFrame(texts), columns=columns).issues_total == 0
    assert taken(engine) == taken(other) == BOTH


def test_a_day_is_its_first_instant() -> None:
    engine = shop()
    engine.ingest_orders(pyarrow.table(orders() | {"paid_at": [date(2026, 2, 3)] * 4}))
    assert paid_at(engine, "o2") == datetime(2026, 2, 2, 23, tzinfo=timezone.utc)


def test_a_null_is_nothing() -> None:
    engine = shop()
    rows = orders() | {"quantity": [None, None, None, None], "store": ["s1", None, None, None], "brand": [None] * 4}
    report = engine.ingest_orders(polars.DataFrame(rows))
    assert (report.issues_total, taken(engine)) == (0, {"ann@example.org": 11, "bob@example.org": 3})
    rows = orders() | {"unit_price": [Decimal("3.50"), None, Decimal("5.00"), None]}
    report = shop().ingest_orders(polars.DataFrame(rows))
    assert [(issue.row, issue.column, issue.code) for issue in report.issues] == [
        (1, "unit_price", "import.row"),
        (3, "unit_price", "import.row"),
    ]


def test_chunks_are_one_table() -> None:
    engine = shop()
    table = pyarrow.table(orders())
    parts = pyarrow.concat_tables([table.slice(0, 1), table.slice(0, 0), table.slice(1, 2), table.slice(3, 1)])
    assert parts["sku"].num_chunks == 4
    assert engine.ingest_orders(parts).orders.applied == 3
    assert taken(engine) == BOTH
    reader = pyarrow.RecordBatchReader.from_batches(parts.schema, iter(parts.to_batches()))
    assert shop().ingest_orders(reader).orders.applied == 3


@pytest.mark.parametrize("library", MAKERS)
def test_an_empty_table_is_no_problem(library: str) -> None:
    table = pyarrow.table(orders()).slice(0, 0)
    of: dict[str, Callable[[pyarrow.Table], Any]] = {"polars": polars.from_arrow, "pandas": pyarrow.Table.to_pandas, "pyarrow": lambda table: table}
    report = shop().ingest_orders(of[library](table) if library in of else MAKERS[library](table.to_pydict()))
    assert (report.rows, report.orders.applied, report.issues_total) == (0, 0, 0)


def test_a_missing_column_is_named_with_its_nearest() -> None:
    table = polars.DataFrame(orders()).rename({"paid_at": "paidat"})
    with pytest.raises(errors.ImportHeader) as refused:
        shop().ingest_orders(table)
    assert refused.value.details["missing"] == ("paid_at",)
    assert refused.value.details["similar"] == {"paid_at": "paidat"}
    with pytest.raises(errors.ImportHeader, match="it has `x`"):
        shop().ingest_orders(polars.DataFrame({"x": [1]}))


@pytest.mark.parametrize("thing", [None, [1], {"order_id": [1]}, 7, "orders.csv", polars.LazyFrame(orders())])
def test_what_is_no_table_is_refused(thing: Any) -> None:
    with pytest.raises(errors.ValueType, match="not a table") as refused:
        shop().ingest_orders(thing)
    assert refused.value.details["field"] == "table"


def test_a_lone_column_is_no_table() -> None:
    with pytest.raises(errors.ValueType, match="cannot be read as a table"):
        shop().ingest_orders(pyarrow.chunked_array([[1, 2]]))


def test_a_producer_that_fails_is_told() -> None:
    table = pyarrow.table(orders())

    def batches() -> Any:
        yield from table.to_batches()
        raise RuntimeError("the well is dry")

    engine = shop()
    with pytest.raises(errors.ValueType, match="the well is dry"):
        engine.ingest_orders(pyarrow.RecordBatchReader.from_batches(table.schema, batches()))
    assert engine.imports() == ()


def many(rows: int, bad: dict[int, tuple[str, Any]]) -> polars.DataFrame:
    """One order per row, of ten customers."""
    table: dict[str, list[Any]] = {
        "order_id": [f"o{n}" for n in range(rows)],
        "paid_at": [(at(1) + timedelta(minutes=n)).isoformat() for n in range(rows)],
        "email": [f"who{n % 10}@example.org" for n in range(rows)],
        "unit_price": ["2.00"] * rows,
    }
    for row, (column, value) in bad.items():
        table[column][row] = value
    return polars.DataFrame(table)


BAD = {17: ("unit_price", "two"), 1_203: ("paid_at", "2026-02-30 10:00"), 1_999: ("email", "nobody")}


def test_bad_rows_are_listed_by_their_place_and_the_others_taken() -> None:
    engine = shop()
    table = many(2_000, BAD)
    report = engine.ingest_orders(table)
    told = [(issue.row, issue.column, issue.code) for issue in report.issues]
    assert told == [
        (17, "unit_price", "money.text"),
        (1_203, "paid_at", "time.range"),
        (1_999, "email", "identity.text"),
    ]
    assert table["unit_price"][report.issues[0].row] == report.issues[0].value == "two"
    assert (report.orders.applied, report.issues_total) == (1_997, 3)


def test_bad_rows_refuse_the_whole_where_the_caller_says_so() -> None:
    engine = shop()
    with pytest.raises(errors.ImportIssues) as refused:
        engine.ingest_orders(many(2_000, BAD), on_issue="raise")
    assert refused.value.details["issues_total"] == 3
    assert [issue["row"] for issue in refused.value.details["issues"]] == [17, 1_203, 1_999]
    assert engine.imports() == ()
    assert engine.table("orders").to_pyarrow().num_rows == 0
    report = engine.ingest_orders(many(2_000, {}), on_issue="raise")
    assert report.orders.applied == 2_000


def test_what_the_engine_refuses_has_its_place_as_well() -> None:
    engine = shop()
    engine.ingest_orders(polars.DataFrame(orders()))
    report = engine.ingest_orders(polars.DataFrame(orders() | {"unit_price": [Decimal("9.99")] * 4}))
    assert [(issue.row, issue.code) for issue in report.issues] == [(0, "order.conflict"), (2, "order.conflict"), (3, "order.conflict")]


def test_progress_reaches_the_end_and_may_be_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[crm.ImportProgress] = []
    shop().ingest_orders(many(2_500, {}), progress=seen.append)
    assert 2 <= len(seen) and (seen[-1].rows_done, seen[-1].rows_total) == (2_500, 2_500)
    assert all(one.rows_done <= other.rows_done for one, other in zip(seen, seen[1:]))
    seen.clear()
    shop().ingest_orders(many(2_500, {}), progress=seen.append, on_issue="raise")
    assert (seen[-1].rows_done, seen[-1].rows_total) == (5_000, 5_000)
    assert all(one.rows_done <= other.rows_done for one, other in zip(seen, seen[1:]))
    shop().ingest_orders(many(2_500, {}), progress=True)
    assert "2.50k/2.50k" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["polars", "pyarrow", "pandas", "duckdb"])
def test_a_progress_function_may_look_at_tables(library: str) -> None:
    """Readers that let go of the interpreter's lock by themselves call us back without it; that used to end the process."""
    engine, seen = shop(), []

    def look(_: object) -> None:
        told = engine.table("orders")
        if library == "duckdb":
            rows = duckdb.sql("from told")
            assert rows is not None
            seen.append(len(rows.fetchall()))
        elif library == "polars":
            seen.append(told.to_polars().height)
        elif library == "pyarrow":
            seen.append(told.to_pyarrow().num_rows)
        else:
            seen.append(len(told.to_pandas()))

    engine.ingest_orders(many(1_500, {}), progress=look)
    assert seen[-1] == 1_500


def test_progress_without_tqdm_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
    with pytest.warns(UserWarning, match="needs tqdm"):
        report = shop().ingest_orders(polars.DataFrame(orders()), progress=True)
    assert report.orders.applied == 3


def test_what_a_callback_raises_comes_out() -> None:
    def refuse(_: crm.ImportProgress) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        shop().ingest_orders(polars.DataFrame(orders()), progress=refuse)


@pytest.mark.parametrize("library", MAKERS)
def test_refunds_come_in_by_amount_line_and_in_full(library: str) -> None:
    engine = shop()
    engine.ingest_orders(polars.DataFrame(orders()))
    by_amount: dict[str, list[Any]] = {
        "refund_id": ["r1"],
        "order_id": ["o2"],
        "refunded_at": [at(5)],
        "amount": [Decimal("2.00")],
    }
    report = engine.ingest_refunds(MAKERS[library](by_amount))
    assert (report.refunds.applied, report.issues_total) == (1, 0)
    assert points(engine, "ann@example.org") == 12
    by_line: dict[str, list[Any]] = {"refund_id": ["r2"], "order_id": ["o1"], "refunded_at": [at(6)], "line_no": [1], "quantity": [-1]}
    assert engine.ingest_refunds(MAKERS[library](by_line)).refunds.applied == 1
    # 9.75 less one tea of 3.50 is 6.25: 6 points of 9 stay.
    assert points(engine, "ann@example.org") == 9
    in_full: dict[str, list[Any]] = {"refund_id": ["r1"], "order_id": ["o3"], "refunded_at": [at(6)]}
    assert engine.ingest_refunds(MAKERS[library](in_full)).refunds.applied == 1
    assert points(engine, "bob@example.org") == 0
    again = engine.ingest_refunds(MAKERS[library](by_amount))
    assert (again.refunds.applied, again.refunds.unchanged) == (0, 1)


def test_refunds_of_one_id_at_two_orders_are_two() -> None:
    engine = shop()
    engine.ingest_orders(polars.DataFrame(orders()))
    rows = {"refund_id": ["r", "r"], "order_id": ["o2", "o3"], "refunded_at": [at(5)] * 2, "amount": [Decimal(1)] * 2}
    assert engine.ingest_refunds(polars.DataFrame(rows)).refunds.applied == 2
    assert taken(engine) == {"ann@example.org": 13, "bob@example.org": 2}


def test_a_refund_without_an_amount_is_no_refund_in_full() -> None:
    engine = shop()
    engine.ingest_orders(polars.DataFrame(orders()))
    rows = {"refund_id": ["r"], "order_id": ["o2"], "refunded_at": [at(5)], "amount": [None]}
    report = engine.ingest_refunds(polars.DataFrame(rows))
    assert [(issue.row, issue.column, issue.message) for issue in report.issues] == [(0, "amount", "the amount is missing")]
    assert (report.refunds.refused, taken(engine)) == (1, BOTH)


def test_refunds_and_events_without_a_time_an_id_or_a_customer_are_issues() -> None:
    engine = shop()
    rows: dict[str, list[Any]] = {"refund_id": ["r", None], "order_id": ["o2", "o3"], "refunded_at": [None, at(5)]}
    report = engine.ingest_refunds(polars.DataFrame(rows))
    assert [(issue.row, issue.column) for issue in report.issues] == [(0, "refunded_at"), (1, "refund_id")]
    rows = {"event_id": ["e1", "e2"], "happened_at": [at(1), at(1)], "name": ["review", "review"], "email": [None, "a@b.org"]}
    report = engine.ingest_events(polars.DataFrame(rows))
    assert [(issue.row, issue.code) for issue in report.issues] == [(0, "identity.missing"), (1, "customer.unknown")]
    assert (report.events.skipped, report.events.refused) == (1, 1)
    with pytest.raises(errors.ImportHeader, match="refund_id"):
        engine.ingest_refunds(polars.DataFrame({"x": [1]}))
    with pytest.raises(errors.ImportHeader, match="event_id"):
        engine.ingest_events(polars.DataFrame({"x": [1]}))


def events() -> dict[str, list[Any]]:
    return {
        "event_id": ["e1", "e2", "e3"],
        "happened_at": [at(4), at(5), at(5)],
        "name": ["review", "visit", "review"],
        "email": ["ann@example.org", "ann@example.org", "bob@example.org"],
        "stars": [5, None, 4],
        "verified": [True, None, False],
        "product": ["tea", None, "pot"],
        "bought_on": [date(2026, 2, 1), None, date(2026, 2, 2)],
    }


@pytest.mark.parametrize("library", [name for name in MAKERS if name != "pandas"])
def test_events_come_in_with_their_attributes(library: str) -> None:
    engine = shop()
    engine.ingest_orders(polars.DataFrame(orders()))
    columns = crm.EventColumnMap(
        event_id="event_id",
        happened_at="happened_at",
        name_column="name",
        customer=[crm.IdentifierColumn(column="email", type=crm.IdentifierKind.EMAIL)],
        attributes=[
            crm.AttributeColumn(column="stars", type=crm.AttributeKind.NUMBER),
            crm.AttributeColumn(column="verified", type=crm.AttributeKind.FLAG),
            crm.AttributeColumn(column="product", name="sku"),
            crm.AttributeColumn(column="bought_on", type=crm.AttributeKind.DATE),
        ],
    )
    report = engine.ingest_events(MAKERS[library](events()), columns=columns)
    assert (report.events.applied, report.issues_total) == (3, 0), report.issues
    assert taken(engine) == {"ann@example.org": 17, "bob@example.org": 6}
    again = engine.ingest_events(MAKERS[library](events()), columns=columns)
    assert (again.events.applied, again.events.unchanged) == (0, 3)
    other = events() | {"stars": [4, None, 4]}
    report = engine.ingest_events(MAKERS[library](other), columns=columns)
    assert [(issue.row, issue.code) for issue in report.issues] == [(0, "event.conflict")]


def test_numbers_that_pandas_made_floats_are_refused_with_the_way_out() -> None:
    engine = shop()
    columns = crm.EventColumnMap(
        event_id="event_id",
        happened_at="happened_at",
        name="review",
        customer=[crm.IdentifierColumn(column="email", type=crm.IdentifierKind.EMAIL)],
        attributes=[crm.AttributeColumn(column="stars", type=crm.AttributeKind.NUMBER)],
        register=True,
    )
    frame = pandas.DataFrame(events())
    with pytest.raises(errors.ValueType, match="`stars` of `events` is a float"):
        engine.ingest_events(frame, columns=columns)
    assert engine.ingest_events(frame.astype({"stars": "Int64"}), columns=columns).events.applied == 3


def test_events_name_customers_by_their_own_id() -> None:
    engine = shop()
    engine.execute(crm.RegisterCustomer(customer_id="ann"), request_id="r", at=at(1))
    rows = {"event_id": ["e1", "e1"], "happened_at": [at(4), at(4)], "name": ["review"] * 2, "customer_id": ["ann", "ghost"]}
    report = engine.ingest_events(polars.DataFrame(rows))
    assert (report.events.applied, [(issue.row, issue.code) for issue in report.issues]) == (1, [(1, "customer.unknown")])
    assert engine.wallet("ann", END).accounts[0].balances.available == 3


def test_arguments_are_checked() -> None:
    engine = shop()
    with pytest.raises(ValueError, match="on_issue"):
        engine.ingest_orders(polars.DataFrame(orders()), on_issue="ignore")  # type: ignore[arg-type]
    with pytest.raises(errors.TimeZone):
        engine.ingest_orders(polars.DataFrame(orders()), zone="Berlin")
    with pytest.raises(errors.BatchExists):
        for _ in range(2):
            engine.ingest_orders(polars.DataFrame(orders()), batch="b1")
    engine.close()
    with pytest.raises(errors.StoreClosed):
        engine.ingest_orders(polars.DataFrame(orders()))


class Torn(ctypes.Structure):
    """The beginning of an `ArrowArrayStream`, of which the second function makes a batch."""

    _fields_ = [("get_schema", ctypes.c_void_p), ("get_next", ctypes.c_void_p)]


NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64))


class OfThreeRows:
    """A table whose batches say that they have three rows, however many their columns have."""

    def __init__(self, table: pyarrow.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        capsule: object = self.table.__arrow_c_stream__()  # type: ignore[no-untyped-call]
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        stream = Torn.from_address(pointer(capsule, b"arrow_array_stream"))
        make = NEXT(stream.get_next)

        def lie(place: int, batch: Any) -> int:
            done: int = make(place, batch)
            batch[0] = 3
            return done

        self.kept = NEXT(lie)
        stream.get_next = ctypes.cast(self.kept, ctypes.c_void_p).value
        return capsule


def test_a_panic_is_an_error_of_the_library() -> None:
    """Tables that break the rules of Arrow make its own code panic, in the conversion and in the work: both times an ordinary exception comes of it,
    and the engine goes on. To see it fail: take `caught` out of `Handed::take`, or `catch_unwind` out of `work`.
    """
    engine = shop()
    good = polars.DataFrame({"order_id": ["o1"], "paid_at": [at(1)], "email": ["a@b.de"], "unit_price": [1]}).to_arrow()
    # The second order is the eighth word of a list of one.
    beyond = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0, 7, 0], pyarrow.int32()), pyarrow.array(["o1"]), safe=False)
    rest: dict[str, Any] = {"paid_at": [at(1)] * 3, "email": ["a@b.de"] * 3, "unit_price": ["1.00"] * 3}
    wrong = pyarrow.table({"order_id": beyond, **rest})
    for table in (OfThreeRows(good), wrong):
        with pytest.raises(crm.CrmError, match="the library panicked") as told:
            engine.ingest_orders(table)
        assert (told.value.code, told.value.retry) == ("internal", "no")
        assert isinstance(told.value, Exception)
    assert engine.ingest_orders(good).orders.applied == 1
