"""Tables out: every library reads them, they agree with what is asked one by one, and little is held in memory."""

# The libraries that tables come from are not typed as strictly as ours.
# pyright: basic

from __future__ import annotations

import gc
import multiprocessing
import sys
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import crm_core as crm
import duckdb
import pandas
import polars
import pyarrow
import pytest
from arrow_tools import END, START, at, customer, orders, shop
from crm_core import _native, _tables, errors

STATES = get_args(_tables.StateTable)
FACTS = get_args(_tables.FactTable)


def every(engine: crm.Engine) -> list[crm.Table]:
    return [engine.table(name, at=END) for name in STATES] + [engine.table(name) for name in FACTS]


def small_batches(engine: crm.Engine, name: str, rows: int) -> crm.Table:
    """A table in batches of a few rows, as a large one has them of many."""
    when = END if name in STATES else None
    return crm.Table(_native.Table(engine._native, name, when, rows), name, when)


def sql(query: str, **tables: crm.Table) -> duckdb.DuckDBPyRelation:
    """A query over tables by their names."""
    base = duckdb.connect()
    for name, table in tables.items():
        base.register(name, table)
    made = base.sql(query)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def cafe() -> crm.Engine:
    """The sample program with twenty customers, so that every table but claims has rows; and a claim."""
    engine = crm.Engine.in_memory()
    engine.publish(crm.sample_program("cafe"), at=START)
    who = [f"guest{n % 20}@example.org" for n in range(200)]
    frame = polars.DataFrame(
        {
            "order_id": [f"o{n}" for n in range(200)],
            "paid_at": [at(1) + timedelta(hours=n) for n in range(200)],
            "email": who,
            "sku": [f"s{n % 7}" for n in range(200)],
            "category": ["coffee" if n % 2 else "cake" for n in range(200)],
            "unit_price": [Decimal("4.25")] * 200,
        }
    )
    assert engine.ingest_orders(frame).orders.applied == 200
    ann = customer(engine, who[0])
    engine.execute(
        crm.UpdateCustomer(
            customer_id=ann,
            change=crm.CustomerChange(
                profile=crm.Profile(name="Ann", birthday=date(1990, 5, 17), gender=crm.Gender.FEMALE),
                add_tags=["regular"],
                set_attributes={"shoe_size": crm.AttributeNumber(value=Decimal("38.5")), "vegan": crm.AttributeFlag(value=True)},
            ),
        ),
        request_id="u1",
        at=at(20),
    )
    for day, state in ((20, crm.ConsentState.GRANTED), (25, crm.ConsentState.WITHDRAWN)):
        consent = crm.Consent(
            purpose="marketing", channel="sms", state=state, source=crm.ConsentSourceCustomer(), stated_at=at(day)
        )
        engine.execute(crm.RecordConsent(customer_id=ann, consent=consent), request_id=f"c{day}", at=at(day))
    return engine


@pytest.mark.parametrize("name", STATES + FACTS)
def test_every_library_reads_every_table(cafe: crm.Engine, name: str) -> None:
    [found] = [table for table in every(cafe) if table.name == name]
    in_polars, in_pyarrow, in_pandas = found.to_polars(), found.to_pyarrow(), found.to_pandas()
    in_duckdb = sql("select * from found", found=found)
    assert in_polars.columns == in_pyarrow.column_names == list(in_pandas.columns) == in_duckdb.columns == found.column_names
    in_pyarrow.validate(full=True)
    assert in_polars.height == in_pyarrow.num_rows == len(in_pandas) == len(in_duckdb.fetchall()) == found.num_rows
    assert (0 < in_polars.height) == (name not in ("claims", "gift_cards", "seats"))
    assert in_polars.to_dicts() == in_pyarrow.to_pylist()


@pytest.mark.parametrize("name", STATES + FACTS)
@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_the_size_of_batches_does_not_show(cafe: crm.Engine, name: str, rows: int) -> None:
    [whole] = [table for table in every(cafe) if table.name == name]
    parts = small_batches(cafe, name, rows)
    assert parts.to_polars().equals(whole.to_polars())
    assert parts.to_pyarrow().to_pylist() == whole.to_pyarrow().to_pylist()
    pandas.testing.assert_frame_equal(parts.to_pandas(), whole.to_pandas(), check_categorical=False)
    if name == "orders":
        assert parts.to_pyarrow()["status"].num_chunks == -(-200 // rows)


def test_balances_are_what_wallets_say(cafe: crm.Engine) -> None:
    rows = cafe.table("balances", at=END).to_polars().to_dicts()
    assert len(rows) == 20
    for row in rows:
        [account] = [one for one in cafe.wallet(row["customer_id"], END).accounts if one.currency == row["currency"]]
        for field in ("available", "pending", "held", "debt", "issued", "redeemed", "expired", "revoked", "offset"):
            assert row[field] == getattr(account.balances, field)
        following = account.next_expiry
        assert (row["next_expiry_at"], row["next_expiry_points"]) == (
            (following.expires_at, following.points) if following else (None, 0)
        )


def test_a_balance_is_of_its_instant_without_a_sweep(cafe: crm.Engine) -> None:
    soon = cafe.table("balances", at=at(28)).to_polars()["available"].sum()
    late = cafe.table("balances", at=END + timedelta(days=700)).to_polars()["available"].sum()
    assert (0 < soon, late) == (True, 0)


def test_lots_add_up_to_balances(cafe: crm.Engine) -> None:
    lots, balances = cafe.table("lots", at=END), cafe.table("balances", at=END)
    query = """
        select count(*) from (select customer_id, currency, sum(available) as points from lots group by all) as l
        join balances as b on b.customer_id = l.customer_id and b.currency = l.currency and b.available = l.points
    """
    assert sql(query, lots=lots, balances=balances).fetchall() == [(20,)]


def test_entries_add_up_to_balances(cafe: crm.Engine) -> None:
    cafe.sweep(END)
    entries, balances = cafe.table("entries").to_polars(), cafe.table("balances", at=END).to_polars()
    sums = entries.group_by("customer_id").agg(polars.col("available").sum()).sort("customer_id")
    assert sums["available"].to_list() == balances.sort("customer_id")["available"].to_list()
    assert sums["available"].dtype == polars.Int64


def test_attributes_are_rows(cafe: crm.Engine) -> None:
    ann = customer(cafe, "guest0@example.org")
    rows = cafe.table("attributes", at=END).to_polars().drop("as_of").rows()
    assert rows == [(ann, "shoe_size", "number", "38.5"), (ann, "vegan", "flag", "true")]


def test_consents_are_rows(cafe: crm.Engine) -> None:
    def seen(when: datetime) -> list[tuple[Any, ...]]:
        return cafe.table("consents", at=when).to_polars().select("purpose", "channel", "state", "holds", "stated_at").rows()

    given, taken = ("marketing", "sms", "granted"), ("marketing", "sms", "withdrawn")
    assert seen(at(19)) == []
    assert seen(at(22)) == [(*given, True, at(20))]
    assert seen(END) == [(*given, False, at(20)), (*taken, True, at(25))]


def test_customers_have_their_profile(cafe: crm.Engine) -> None:
    ann = customer(cafe, "guest0@example.org")
    [row] = [row for row in cafe.table("customers", at=END).to_pyarrow().to_pylist() if row["customer_id"] == ann]
    assert (row["name"], row["gender"], row["birthday"], row["tags"]) == ("Ann", "female", date(1990, 5, 17), ["regular"])
    assert (row["identifiers"], row["orders"]) == (["email:guest0@example.org"], 10)


def test_orders_and_lines_are_exact(cafe: crm.Engine) -> None:
    found = cafe.table("orders").to_polars()
    assert found["total"].sum() == Decimal("850.00")
    assert found.schema["total"] == polars.Decimal(38, 2)
    lines = cafe.table("order_lines").to_polars()
    assert lines["net"].sum() == Decimal("850.00")
    assert lines["quantity"].to_list() == [Decimal("1.000")] * 200
    assert set(lines["category"]) == {"coffee", "cake"}


def test_refunds_show_in_orders_and_lines() -> None:
    engine = shop()
    engine.ingest_orders(polars.DataFrame(orders()))
    rows = {"refund_id": ["r"], "order_id": ["o1"], "refunded_at": [at(9)], "line_no": [1], "quantity": [1]}
    engine.ingest_refunds(polars.DataFrame(rows))
    found = {row["order_id"]: row for row in engine.table("orders").to_polars().to_dicts()}
    assert (found["o1"]["status"], found["o1"]["refunded"], found["o1"]["total"]) == (
        "partly_refunded",
        Decimal("3.50"),
        Decimal("9.75"),
    )
    lines = engine.table("order_lines").to_polars().filter(polars.col("order_id") == "o1").sort("line_no").to_dicts()
    assert [(line["refunded"], line["refunded_quantity"]) for line in lines] == [
        (Decimal("3.50"), Decimal("1.000")),
        (Decimal("0.00"), Decimal("0.000")),
    ]


def test_coupons_are_open_and_closed_ones() -> None:
    engine = crm.Engine.in_memory()
    engine.publish(crm.sample_program("cafe"), at=START)
    engine.execute(crm.RegisterCustomer(customer_id="ann"), request_id="r1", at=at(1))

    def coupons(when: datetime) -> list[tuple[str, str, str]]:
        rows = engine.table("coupons", at=when).to_pyarrow().to_pylist()
        return [(row["offer"], row["state"], row["origin"]) for row in rows]

    assert coupons(at(2)) == [("welcome-coffee", "issued", "sign_up")]
    assert coupons(END) == [("welcome-coffee", "expired", "sign_up")]
    engine.sweep(END)
    assert coupons(END) == [("welcome-coffee", "expired", "sign_up")]


def test_claims_have_a_row_for_each_offer() -> None:
    engine = crm.Engine.in_memory()
    engine.publish(crm.sample_program("cafe"), at=START)
    engine.execute(crm.RegisterCustomer(customer_id="ann"), request_id="r1", at=at(1))
    cart = crm.Cart(
        currency="EUR",
        lines=[crm.CartLine(sku="espresso", category="coffee", quantity=Decimal(1), unit_price=Decimal("2.00"))],
    )
    claimed = engine.execute(
        crm.ClaimOffers(customer_id="ann", claim_id="c1", cart=cart), request_id="r2", at=at(2)
    )
    assert claimed.outcome == crm.Outcome.APPLIED
    rows = engine.table("claims", at=at(2)).to_pyarrow().to_pylist()
    assert [(row["state"], row["offer"], row["off"]) for row in rows] == [("held", "welcome-coffee", Decimal("2.00"))]
    # Nobody has swept: it is out of time all the same.
    assert {row["state"] for row in engine.table("claims", at=END).to_pyarrow().to_pylist()} == {"expired"}


def test_money_has_the_digits_of_the_largest_currency() -> None:
    engine = crm.Engine.in_memory()
    program = {"version": 1, "program": "p", "revision": 1, "zone": "UTC", "currencies": ["JPY", "EUR", "BHD"]}
    engine.publish(program | {"points": [{"id": "points"}]}, at=START)
    rows = orders() | {"currency": ["JPY", "JPY", "EUR", "BHD"], "unit_price": ["350", "275", "5.00", "3.505"]}
    assert engine.ingest_orders(polars.DataFrame(rows)).issues_total == 0
    found = {row["order_id"]: row["total"] for row in engine.table("orders").to_pyarrow().to_pylist()}
    assert found == {"o1": Decimal("975.000"), "o2": Decimal("5.000"), "o3": Decimal("3.505")}


def test_a_table_says_what_it_is(cafe: crm.Engine) -> None:
    table = cafe.table("balances", at=END)
    assert table.num_rows is None
    assert repr(table).startswith("<crm_core.Table balances at 2026-06-01T00:00:00+00:00: 15 columns>\n  customer_id")
    assert table.to_polars().height == 20
    assert (lambda: table.num_rows)() == 20
    assert "20 rows when last read" in repr(table).splitlines()[0]
    assert "  currency            word" in repr(table).splitlines()
    schema: Any = table
    assert pyarrow.schema(schema) == table.to_pyarrow().schema


def test_wrong_names_and_instants_are_told(cafe: crm.Engine) -> None:
    with pytest.raises(ValueError, match="there is no table 'points'; there are 'customers', 'attributes', 'consents'"):
        cafe.table("points")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="needs `at`"):
        cafe.table("balances")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="takes no `at`"):
        cafe.table("orders", at=END)  # type: ignore[call-overload]
    with pytest.raises(errors.TimeNaive):
        cafe.table("balances", at=END.replace(tzinfo=None))
    with pytest.raises(errors.ProgramMissing):
        crm.Engine.in_memory().table("orders")


@pytest.mark.parametrize("module", ["polars", "pyarrow", "pandas"])
def test_a_missing_library_is_named(cafe: crm.Engine, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=f"{module} is not installed; pip install {module}"):
        getattr(cafe.table("orders"), f"to_{module}")()


def test_a_closed_engine_is_told_when_the_table_is_read() -> None:
    engine = shop()
    table = engine.table("orders")
    stream = pyarrow.RecordBatchReader.from_stream(table)
    engine.close()
    with pytest.raises(Exception, match="store.closed"):
        stream.read_all()


@pytest.mark.parametrize("library", ["polars", "pyarrow", "pandas"])
def test_what_ends_a_reading_is_an_error_of_ours(library: str) -> None:
    """Libraries make an error of their own of a stream that fails; ours has the code, and theirs is its cause."""
    engine = shop()
    table = engine.table("orders")
    engine.close()
    with pytest.raises(errors.StoreClosed) as told:
        getattr(table, f"to_{library}")()
    assert told.value.code == "store.closed"


def test_a_capsule_that_nobody_reads_is_freed(cafe: crm.Engine) -> None:
    table = cafe.table("entries")
    native = table._native
    before = sys.getrefcount(native)
    for _ in range(100):
        table.__arrow_c_stream__()
        table.__arrow_c_schema__()
    gc.collect()
    after = sys.getrefcount(native)
    assert after == before


def test_a_stream_goes_on_without_its_table(cafe: crm.Engine) -> None:
    stream = pyarrow.RecordBatchReader.from_stream(small_batches(cafe, "orders", 10))
    gc.collect()
    assert stream.read_all().num_rows == 200


def test_rows_that_are_written_meanwhile_do_no_harm() -> None:
    engine = shop()
    engine.ingest_orders(polars.DataFrame(orders()))
    stream = pyarrow.RecordBatchReader.from_stream(small_batches(engine, "orders", 1))
    first = stream.read_next_batch()
    engine.ingest_orders(polars.DataFrame(orders() | {"order_id": ["n1", "n1", "n2", "n3"]}))
    assert first.num_rows == 1 and stream.read_all().num_rows in (2, 5)


@pytest.mark.parametrize("library", ["polars", "pyarrow", "pandas"])
def test_other_threads_run_while_batches_are_made(library: str, tmp_path: Path) -> None:
    engine = shop(crm.Engine.open(tmp_path / "shop.db"))
    rows = 20_000
    frame = polars.DataFrame(
        {
            "order_id": [f"o{n}" for n in range(rows)],
            "paid_at": [at(1)] * rows,
            "email": [f"who{n % 50}@example.org" for n in range(rows)],
            "unit_price": [Decimal("1.00")] * rows,
        }
    )
    engine.ingest_orders(frame)
    table = engine.table("entries")
    done = threading.Event()
    longest = 0.0

    def watch() -> None:
        nonlocal longest
        last = time.perf_counter()
        while not done.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.perf_counter()
    native = table._native
    assert isinstance(native, _native.Table)
    native.drain()
    making = time.perf_counter() - begun
    longest = 0.0
    getattr(table, f"to_{library}")()
    silent = longest
    done.set()
    watcher.join()
    # Whoever held the lock for all of it would have kept the watcher waiting for as long as batches are made.
    assert silent < making / 2, (silent, making)


def _in_a_child(table: crm.Table, out: Any) -> None:
    try:
        table.to_pyarrow()
        out.put("read")
    except errors.StoreClosed as error:
        out.put(str(error))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_table_does_not_survive_a_fork(tmp_path: Path) -> None:
    table = shop(crm.Engine.open(tmp_path / "shop.db")).table("orders")
    context = multiprocessing.get_context("fork")
    out = context.Queue()
    child = context.Process(target=_in_a_child, args=(table, out))
    child.start()
    told = out.get(timeout=20)
    child.join()
    assert "forked" in told


@pytest.mark.parametrize("library", ["polars", "pyarrow", "pandas", "duckdb"])
def test_what_goes_in_comes_out(library: str) -> None:
    """Orders in; balances out are what wallets say; and lines out, in again elsewhere, give the same balances."""
    engine = shop()
    engine.ingest_orders(polars.DataFrame(orders()))
    balances = engine.table("balances", at=END).to_polars()
    assert {row["customer_id"]: row["available"] for row in balances.to_dicts()} == {
        who: engine.wallet(who, END).accounts[0].balances.available for who in balances["customer_id"]
    }
    lines = engine.table("order_lines")
    columns = crm.ColumnMap(
        order_id="order_id",
        paid_at="paid_at",
        unit_price="unit_price",
        sku="sku",
        quantity="quantity",
        currency_column="currency",
        customer=[crm.IdentifierColumn(column="customer_id", type=crm.IdentifierKind.USER_ID)],
    )
    rows = lines.to_polars().with_columns(unit_price=(polars.col("list") / polars.col("quantity")).cast(polars.Decimal(20, 2)))
    makers: dict[str, Callable[[], Any]] = {
        "polars": lambda: rows,
        "pyarrow": rows.to_arrow,
        "pandas": lambda: rows.to_arrow().to_pandas(),
        "duckdb": lambda: duckdb.from_arrow(rows.to_arrow()),
    }
    table = makers[library]()
    other = shop()
    report = other.ingest_orders(table, columns=columns)
    assert (report.orders.applied, report.issues_total) == (3, 0)
    again = other.table("balances", at=END).to_polars()["available"]
    assert sorted(again) == sorted(balances["available"]) == [3, 14]


def test_gift_cards_and_seats_stand_at_an_instant() -> None:
    engine = crm.Engine.in_memory()
    group = {"id": "two", "price": "9.90", "size": 2, "hours": 24, "seat_seconds": 600}
    engine.publish(
        {
            "version": 1,
            "program": "tea house",
            "revision": 1,
            "zone": "UTC",
            "currencies": ["EUR", "JPY"],
            "gift_cards": {},
            "groups": [{**group, "currency": "EUR"}],
        },
        at=START,
    )
    for name in ("ann", "bob"):
        engine.execute(crm.RegisterCustomer(customer_id=name), request_id=name, at=START)

    def do(number: int, command: crm.Command) -> None:
        engine.execute(command, request_id=f"r{number}", at=at(1))

    do(1, crm.IssueGiftCard(customer_id="ann", card_id="g1", currency="EUR", amount=Decimal("50.00"), valid_until=at(10)))
    do(2, crm.IssueGiftCard(customer_id="bob", card_id="g2", currency="JPY", amount=Decimal(980)))
    do(3, crm.SpendGiftCard(customer_id="bob", redemption_id="s1", card_id="g1", amount=Decimal("19.50")))
    do(4, crm.OpenGroup(customer_id="ann", group_id="g", rules="two"))
    do(5, crm.JoinGroup(customer_id="bob", group_id="g"))

    def cards(when: datetime) -> list[tuple[object, ...]]:
        names = ("card_id", "customer_id", "state", "currency", "issued", "available", "redeemed", "expired", "uses")
        return [tuple(row[name] for name in names) for row in engine.table("gift_cards", at=when).to_pyarrow().to_pylist()]

    other = ("g2", "bob", "active", "JPY", Decimal(980), Decimal(980), Decimal(0), Decimal(0), 0)
    taken = Decimal("19.50")
    assert cards(at(2)) == [("g1", "ann", "active", "EUR", Decimal(50), Decimal("30.50"), taken, Decimal(0), 1), other]
    # Its time is over on the tenth, though nobody has swept.
    assert cards(at(10)) == [("g1", "ann", "expired", "EUR", Decimal(50), Decimal(0), taken, Decimal("30.50"), 1), other]

    def seats(when: datetime) -> list[tuple[object, ...]]:
        names = ("group_id", "opened_by", "customer_id", "state", "group_state", "price", "currency")
        return [tuple(row[name] for name in names) for row in engine.table("seats", at=when).to_pyarrow().to_pylist()]

    price = (Decimal("9.90"), "EUR")
    assert seats(at(1)) == [("g", "ann", who, "held", "open", *price) for who in ("ann", "bob")]
    # Ten minutes later nobody has paid.
    assert seats(at(1) + timedelta(minutes=10)) == [("g", "ann", who, "timed_out", "open", *price) for who in ("ann", "bob")]
    assert {row[4] for row in seats(at(3))} == {"closed"}
