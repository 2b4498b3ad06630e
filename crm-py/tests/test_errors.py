"""What people and their libraries hand over that is none of ours: each time an error with a code, and with the place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import arrow_tools
import crm_core as crm
import pandas
import pyarrow
import pytest
from crm_core import errors
from shop import NOON, PROGRAM, earn, open_shop, order


@pytest.fixture
def shop() -> crm.Engine:
    return open_shop(crm.Engine.in_memory())


def refused(call: Callable[[], object], kind: type[crm.CrmError]) -> str:
    """Where a call says that something is wrong."""
    with pytest.raises(kind) as told:
        call()
    assert told.value.code == kind.code and told.value.retry == "no" and told.value.help
    return str(told.value.details["field"])


@pytest.mark.parametrize("number", [2**32, -1, 2**63, 2**64, -(2**63) - 1, 10**40])
def test_a_number_out_of_range_says_so(shop: crm.Engine, number: int) -> None:
    line = crm.OrderLine(sku="tea", unit_price=Decimal(1), line_no=number)
    bad = order(1).replace(order=order(1).order.replace(lines=[line]))
    with pytest.raises(errors.ValueRange, match="out of range") as told:
        shop.execute(bad, request_id="r1", at=NOON)
    assert told.value.details["field"] == "order.lines[0].line_no"
    assert told.value.details["least"] <= 0 and told.value.details["limit"] >= 2**32 - 1
    # In a program it is a finding, as long as JSON can say it.
    program = {**PROGRAM, "revision": number}
    if -(2**63) <= number < 2**64:
        assert [finding.pointer for finding in crm.check_program(program)] == ["/revision"]
    else:
        assert refused(lambda: crm.check_program(program), errors.ValueRange) == "revision"


# What stands for nothing: in pandas it is a datetime by its class.
NOTHINGS: list[Any] = [pandas.NaT, pandas.NA, float("nan"), None]


@pytest.mark.parametrize("nothing", NOTHINGS, ids=["NaT", "NA", "nan", "None"])
def test_nothing_is_no_value(shop: crm.Engine, nothing: Any) -> None:
    def on(field: str, **changes: Any) -> None:
        bad = order(1).replace(order=order(1).order.replace(**changes))
        assert refused(lambda: shop.execute(bad, request_id="r1", at=NOON), errors.ValueType) == field

    on("order.paid_at", paid_at=nothing)
    on("order.id", id=nothing)
    on("order.lines[0].unit_price", lines=[crm.OrderLine(sku="tea", unit_price=nothing)])
    on("order.lines[1]", lines=[crm.OrderLine(sku="tea", unit_price=Decimal(1)), nothing])
    on("order.tags[1]", tags=["new", nothing])
    assert refused(lambda: shop.sweep(nothing), errors.ValueType) == "until"
    if nothing is not None:
        assert refused(lambda: shop.execute(earn(1).do, request_id="r", at=nothing), errors.ValueType) == "at"
        birthday = crm.RegisterCustomer(customer_id="bob", profile=crm.Profile(birthday=nothing))
        assert refused(lambda: shop.execute(birthday, request_id="r", at=NOON), errors.ValueType) == "profile.birthday"


def test_half_a_character_is_no_text(shop: crm.Engine) -> None:
    half = "\ud800"

    def at(command: crm.Command) -> str:
        return refused(lambda: shop.execute(command, request_id="r", at=NOON), errors.ValueText)

    flag = crm.AttributeText(value="x")
    assert at(crm.RegisterCustomer(customer_id="bob", tags=["a", half])) == "tags[1]"
    assert "attributes" in at(crm.RegisterCustomer(customer_id="bob", attributes={half: flag}))
    kind: Any = half
    assert at(crm.RegisterCustomer(customer_id="bob", identifiers=[crm.Identifier(type=kind, value="x")])) == "identifiers[0].type"
    assert refused(lambda: crm.check_program(half), errors.ValueText) == "document"
    assert refused(lambda: crm.Money.from_json(half), errors.ValueText) == "text"
    assert refused(lambda: crm.check_program({"program": half}), errors.ValueText) == "program"
    assert "earn" in refused(lambda: crm.check_program({"earn": {half: 1}}), errors.ValueText)


def test_bytes_that_are_no_text(shop: crm.Engine) -> None:
    latin = json.dumps({**PROGRAM, "program": "Café"}, ensure_ascii=False).encode("latin-1")
    assert refused(lambda: crm.check_program(latin), errors.ValueText) == "document"
    assert refused(lambda: shop.publish(latin, at=NOON), errors.ValueText) == "document"
    assert refused(lambda: shop.what_if(latin, at=NOON), errors.ValueText) == "document"
    assert refused(lambda: crm.Document.from_json(latin), errors.ValueText) == "text"
    assert crm.check_program(latin.decode("latin-1").encode()) == ()


def test_a_field_that_is_written_twice(shop: crm.Engine) -> None:
    text = '{"type": "spend_points", "customer_id": "ann", "currency": "points", "points": 1, "points": 100}'
    assert refused(lambda: crm.read_command(text), errors.ValueJson) == "points"
    assert refused(lambda: crm.SpendPoints.from_json(text), errors.ValueJson) == "points"
    asked = '{"type": "wallet", "customer_id": "ann", "at": "2026-03-01T12:00:00Z", "at": "2027-03-01T12:00:00Z"}'
    assert refused(lambda: crm.read_query(asked), errors.ValueJson) == "at"
    deep = '{"type": "register_customer", "customer_id": "ann", "attributes": {"a": {"type": "flag", "value": true, "value": false}}}'
    assert refused(lambda: crm.read_command(deep), errors.ValueJson) == "attributes.a.value"
    names = '{"type": "register_customer", "customer_id": "ann", "attributes": {"a": {"type": "flag", "value": true}, "a": {"type": "flag", "value": false}}}'
    assert refused(lambda: crm.RegisterCustomer.from_json(names), errors.ValueJson) == "attributes.a"
    program = json.dumps(PROGRAM).replace('"revision": 1', '"revision": 1, "revision": 2')
    [finding] = crm.check_program(program)
    assert (finding.code, finding.pointer) == ("program.duplicate_field", "/revision")


def test_a_set_has_no_order(shop: crm.Engine) -> None:
    tags: Any = {"a", "b"}
    both: list[Any] = [tags, frozenset(tags)]
    for one in both:
        call = crm.RegisterCustomer(customer_id="bob", tags=one)
        with pytest.raises(errors.ValueType, match="order") as told:
            shop.execute(call, request_id="r", at=NOON)
        assert told.value.details["field"] == "tags"
    with pytest.raises(errors.ValueType, match="order"):
        shop.execute_many({earn(1), earn(2)})
    rules: Any = {crm.sample_program("mall")}
    cart = crm.Cart(currency="CNY", lines=[])
    assert refused(lambda: crm.quote(cart, rules, as_of=NOON), errors.ValueType) == "offers"
    assert [type(one) for one in shop.execute_many(earn(n) for n in (1, 2))] == [crm.Done, crm.Done]


def test_a_dict_is_plain_values() -> None:
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"amount": Decimal("1.5"), "currency": "EUR"}, "amount"),
        ({"amount": 1.5, "currency": "EUR"}, "amount"),
        ({"amount": "1", "currency": NOON}, "currency"),
        ({"amount": "1", "currency": {"a": [float("nan")]}}, "currency.a[0]"),
        ({"amount": "1", "currency": b"EUR"}, "currency"),
    ]
    for value, place in wrongs:
        assert refused(lambda: crm.Money.from_dict(value), errors.ValueType) == place
    keyed: Any = {"amount": "1", "currency": "EUR", "x": {1: 2}}
    assert refused(lambda: crm.Money.from_dict(keyed), errors.ValueType) == "x"
    text: Any = 7
    assert refused(lambda: crm.Money.from_json(text), errors.ValueType) == "text"


def column(kind: pyarrow.DataType) -> Any:
    """Two texts, of which the second is none."""
    good = pyarrow.array([b"o1", b"o\xff"], pyarrow.large_binary() if kind == pyarrow.large_string() else pyarrow.binary())
    return pyarrow.Array.from_buffers(kind, 2, good.buffers())


def words() -> Any:
    made: Any = pyarrow.DictionaryArray
    return made.from_arrays(pyarrow.array([0, 1], pyarrow.int32()), column(pyarrow.string()))


BROKEN: dict[str, Callable[[], Any]] = {
    "text": lambda: column(pyarrow.string()),
    "large": lambda: column(pyarrow.large_string()),
    "words": lambda: words(),
    "view": lambda: pyarrow.Array.from_buffers(
        pyarrow.string_view(), 2, pyarrow.array([b"o1", b"o\xff"], pyarrow.binary_view()).buffers()
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_texts_of_a_table_are_utf8(kind: str) -> None:
    engine = arrow_tools.shop()
    good = pyarrow.array(["o1", "o2"])
    rest: dict[str, Any] = {"paid_at": [arrow_tools.at(1)] * 2, "email": ["a@b.de"] * 2, "unit_price": ["1.00"] * 2}
    bad = pyarrow.table({"order_id": BROKEN[kind](), **rest})
    with pytest.raises(errors.ValueType, match="no UTF-8") as told:
        engine.ingest_orders(bad)
    assert told.value.details["field"] == "order_id" and (kind == "words" or "row 1" in str(told.value))
    # In a column that nobody asks for it is nobody's business.
    assert engine.ingest_orders(pyarrow.table({"order_id": good, "other": BROKEN[kind](), **rest})).orders.applied == 2


def test_cells_of_pandas_that_are_nothing_or_bytes() -> None:
    rows: dict[str, Any] = {"order_id": ["o1", "o2"], "paid_at": [arrow_tools.at(1), pandas.NaT], "email": ["a@b.de"] * 2, "unit_price": ["1.00", "2.00"]}
    report = arrow_tools.shop().ingest_orders(pandas.DataFrame(rows))
    assert report.orders.applied == 1
    assert [(issue.row, issue.column, issue.code) for issue in report.issues] == [(1, "paid_at", "import.row")]
    # Where pandas has no type for what is in a column, it is pandas that fails, and the table that is refused.
    for odd in ([b"o\xff", "o2"], [b"o1", b"o2"], [object(), "o2"]):
        with pytest.raises(errors.ValueType) as told:
            arrow_tools.shop().ingest_orders(pandas.DataFrame({**rows, "order_id": odd}))
        assert told.value.details["field"] in ("order_id", "table") and "order_id" in str(told.value)


class Odd:
    """An object that is asked for a stream."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def test_an_object_that_gives_no_stream_is_no_table() -> None:
    answers: list[Any] = [None, 7, pyarrow.schema([]).__arrow_c_schema__(), OSError("gone")]
    for answer in answers:
        with pytest.raises(errors.ValueType, match="cannot be read as a table") as told:
            arrow_tools.shop().ingest_orders(Odd(answer))
        assert told.value.details["field"] == "table" and told.value.__cause__ is not None
    with pytest.raises(KeyboardInterrupt):
        arrow_tools.shop().ingest_orders(Odd(KeyboardInterrupt()))


def test_a_time_of_a_broken_zone(shop: crm.Engine) -> None:
    class Broken(tzinfo):
        def utcoffset(self, at: datetime | None) -> timedelta:
            raise RuntimeError("no idea")

        def dst(self, at: datetime | None) -> timedelta:
            raise RuntimeError("no idea")

        def tzname(self, at: datetime | None) -> str:
            return "broken"

    assert refused(lambda: shop.sweep(NOON.replace(tzinfo=Broken())), errors.ValueType) == "until"
