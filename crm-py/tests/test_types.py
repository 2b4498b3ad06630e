"""The types: frozen, compared by content, printed for people, matched, pickled; and what they refuse."""

from __future__ import annotations

import copy
import inspect
import pickle
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import crm_core as crm
import pytest
from shop import NOON, available, earn, open_shop, order


@pytest.fixture
def shop() -> crm.Engine:
    return open_shop(crm.Engine.in_memory())


def test_a_record_is_frozen_and_compared_by_content() -> None:
    one, other = crm.Money(amount=Decimal("1.50"), currency="EUR"), crm.Money(amount=Decimal("1.5"), currency="EUR")
    assert one == other and hash(one) == hash(other) and len({one, other}) == 1
    assert one != crm.Money(amount=Decimal("1.51"), currency="EUR")
    with pytest.raises(AttributeError, match="cannot be changed"):
        one.amount = Decimal(2)  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del one.amount  # pyright: ignore[reportAttributeAccessIssue]
    assert one.replace(currency="CNY") == crm.Money(amount=Decimal("1.5"), currency="CNY")
    assert one.currency == "EUR"


def test_lists_are_kept_as_tuples() -> None:
    tags = ["vip"]
    command = crm.RegisterCustomer(customer_id="ann", tags=tags)
    tags.append("new")
    assert command.tags == ("vip",)
    assert command == crm.RegisterCustomer(customer_id="ann", tags=("vip",))
    hash(crm.RegisterCustomer(customer_id="ann", attributes={"size": crm.AttributeText(value="M")}))


def test_a_record_prints_what_is_there() -> None:
    assert repr(crm.EarnPoints(customer_id="ann", currency="points", points=5)) == (
        "EarnPoints(customer_id='ann', currency='points', points=5)"
    )
    assert repr(order(1)) == (
        "RecordOrder(buyer=BuyerCustomer(id='ann'), order=Order(id='o1', paid_at=2026-03-01T12:00:00Z, "
        "currency='EUR', lines=[OrderLine(sku='tea', unit_price=10.00)]))"
    )
    assert str(crm.Gender.OTHER) == "other" and crm.Gender("other") is crm.Gender.OTHER


def test_records_match() -> None:
    def told(command: crm.Command) -> str:
        match command:
            case crm.EarnPoints(points=points) if points > 5:
                return f"many: {points}"
            case crm.EarnPoints(currency=currency):
                return currency
            case crm.RecordOrder(buyer=crm.BuyerCustomer(id=customer)):
                return customer
            case _:
                return "something else"

    assert told(crm.EarnPoints(customer_id="ann", currency="points", points=9)) == "many: 9"
    assert told(crm.EarnPoints(customer_id="ann", currency="points", points=2)) == "points"
    assert told(order(1)) == "ann"
    assert isinstance(crm.BuyerCustomer(id="ann"), crm.Buyer)  # type: ignore[arg-type, misc, unused-ignore]


def test_records_survive_pickle_and_copy(shop: crm.Engine) -> None:
    done = shop.execute(order(1), request_id="r1", at=NOON)
    assert pickle.loads(pickle.dumps(done)) == done
    assert copy.deepcopy(done) == done
    with pytest.raises(crm.errors.PointsInsufficient) as caught:
        shop.execute(crm.SpendPoints(customer_id="ann", currency="points", points=99), request_id="r2", at=NOON)
    error = pickle.loads(pickle.dumps(caught.value))
    assert (type(error), error.code, error.details) == (type(caught.value), caught.value.code, caught.value.details)


def test_an_engine_does_not_pickle(shop: crm.Engine) -> None:
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(shop)


def test_names_are_checked_when_a_record_is_made() -> None:
    with pytest.raises(TypeError, match="needs `currency`"):
        crm.Money(amount=Decimal(1))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError, match="has no `colour`; it has amount, currency"):
        crm.Money(amount=Decimal(1), currency="EUR", colour=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert list(inspect.signature(crm.Money).parameters) == ["amount", "currency"]


def test_json_is_the_same_in_every_language() -> None:
    command = crm.TransferPoints(from_="ann", to="bob", currency="points", points=3)
    assert command.to_dict() == {"type": "transfer_points", "from": "ann", "to": "bob", "currency": "points", "points": 3}
    assert crm.read_command(command.to_json()) == command
    assert crm.TransferPoints.from_dict(command.to_dict()) == command
    assert crm.Money.from_json('{"amount": "1.50", "currency": "EUR"}') == crm.Money(amount=Decimal("1.5"), currency="EUR")
    with pytest.raises(crm.errors.ValueJson) as caught:
        crm.Receipt.from_dict({"request_id": "r", "entries": [{"seq": "x"}], "balances": []})
    assert caught.value.details["field"].startswith("entries[0]")
    with pytest.raises(crm.errors.ValueJson) as caught:
        crm.Money.from_json('{"amount": "1.50", "currency": "EUR", "x": 1}')
    assert caught.value.details["field"] == "x"


BAD_NUMBERS: list[tuple[Any, type[crm.CrmError]]] = [
    (1.5, crm.errors.ValueType),
    ("1.50", crm.errors.ValueType),
    (True, crm.errors.ValueType),
    (None, crm.errors.ValueType),
    (Decimal("NaN"), crm.errors.MoneyText),
    (Decimal("Infinity"), crm.errors.MoneyText),
    (Decimal("1E+999999"), crm.errors.MoneyText),
    (Decimal("1E-999999"), crm.errors.MoneyText),
    (Decimal("12345678901234567890123456789.01"), crm.errors.MoneyRange),
    (Decimal("-1"), crm.errors.MoneyNegative),
    (Decimal("0.001"), crm.errors.MoneyPrecision),
    (10**40, crm.errors.MoneyRange),
]


@pytest.mark.parametrize(("price", "kind"), BAD_NUMBERS, ids=[repr(price)[:20] for price, _ in BAD_NUMBERS])
def test_an_amount_is_an_exact_decimal(shop: crm.Engine, price: Any, kind: type[crm.CrmError]) -> None:
    lines = [crm.OrderLine(sku="tea", unit_price=Decimal(1)), crm.OrderLine(sku="jam", unit_price=price)]
    bad = order(1).replace(order=order(1).order.replace(lines=lines))
    with pytest.raises(kind) as caught:
        shop.execute(bad, request_id="r1", at=NOON)
    assert caught.value.details["field"] == "order.lines[1].unit_price"
    assert isinstance(caught.value, ValueError) and caught.value.help and caught.value.retry == "no"


@pytest.mark.parametrize("price", [Decimal("1E+1"), Decimal("10"), Decimal("10.00"), 10])
def test_an_amount_may_be_written_in_several_ways(shop: crm.Engine, price: Any) -> None:
    line = crm.OrderLine(sku="tea", unit_price=price)
    shop.execute(order(1).replace(order=order(1).order.replace(lines=[line])), request_id="r1", at=NOON)
    assert available(shop) == 10


@pytest.mark.parametrize("points", [True, 1.0, Decimal(1), "1", None])
def test_points_are_whole_numbers(shop: crm.Engine, points: Any) -> None:
    with pytest.raises(crm.errors.ValueType) as caught:
        shop.execute(earn(1, points).do, request_id="r1", at=NOON)
    assert caught.value.details["field"] == "points"
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize("points", [2**53, -(2**63), 2**64, 10**30])
def test_points_have_a_range(shop: crm.Engine, points: int) -> None:
    with pytest.raises((crm.errors.PointsRange, crm.errors.PointsAmount, crm.errors.ValueRange)):
        shop.execute(earn(1, points).do, request_id="r1", at=NOON)
    assert available(shop) == 0


@pytest.mark.parametrize(
    "zone", [timezone.utc, timezone(timedelta(hours=8)), ZoneInfo("UTC"), ZoneInfo("Asia/Shanghai")], ids=str
)
def test_an_instant_may_be_in_any_zone(shop: crm.Engine, zone: Any) -> None:
    done = shop.execute(earn(1).do, request_id="r1", at=NOON.astimezone(zone))
    assert done.receipt.entries[0].recorded_at == NOON
    assert done.receipt.entries[0].recorded_at.tzinfo is timezone.utc


def test_parts_below_a_millisecond_are_cut_off(shop: crm.Engine) -> None:
    done = shop.execute(earn(1).do, request_id="r1", at=NOON.replace(microsecond=123_999))
    assert done.receipt.entries[0].recorded_at == NOON.replace(microsecond=123_000)


BAD_TIMES: list[tuple[Any, type[crm.CrmError]]] = [
    (datetime(2026, 3, 1), crm.errors.TimeNaive),
    (date(2026, 3, 1), crm.errors.ValueType),
    ("2026-03-01T00:00:00Z", crm.errors.ValueType),
    (1_772_000_000, crm.errors.ValueType),
    (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8))), crm.errors.TimeRange),
    (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-8))), crm.errors.TimeRange),
]


@pytest.mark.parametrize(("at", "kind"), BAD_TIMES, ids=[repr(at)[:30] for at, _ in BAD_TIMES])
def test_an_instant_has_a_zone(shop: crm.Engine, at: Any, kind: type[crm.CrmError]) -> None:
    with pytest.raises(kind) as caught:
        shop.execute(earn(1).do, request_id="r1", at=at)
    assert caught.value.details["field"] == "at"


def test_a_day_is_a_date(shop: crm.Engine) -> None:
    command = crm.EarnPoints(customer_id="ann", currency="points", points=1, usable_through=date(2026, 12, 31))
    shop.execute(command, request_id="r1", at=NOON)
    assert shop.wallet("ann", at=NOON).accounts[0].next_expiry == crm.Expiring(
        usable_through=date(2026, 12, 31), expires_at=datetime(2026, 12, 31, 23, tzinfo=timezone.utc), points=1
    )
    with pytest.raises(crm.errors.ValueType):
        shop.execute(command.replace(usable_through=NOON), request_id="r2", at=NOON)


BAD_TEXTS: list[tuple[Any, type[crm.CrmError]]] = [
    (3, crm.errors.ValueType),
    (b"ann", crm.errors.ValueType),
    ("", crm.errors.ValueText),
    ("\ud800", crm.errors.ValueText),
    ("x" * 129, crm.errors.ValueTooLong),
]


@pytest.mark.parametrize(("name", "kind"), BAD_TEXTS, ids=["int", "bytes", "empty", "surrogate", "long"])
def test_a_name_is_a_text(shop: crm.Engine, name: Any, kind: type[crm.CrmError]) -> None:
    with pytest.raises(kind):
        shop.execute(crm.RegisterCustomer(customer_id=name), request_id="r1", at=NOON)


def test_a_place_takes_its_own_types_only(shop: crm.Engine) -> None:
    wrong: Any = crm.Money(amount=Decimal(1), currency="EUR")
    others: list[Any] = [wrong, "earn_points", None, {"type": "earn_points"}, crm.BuyerCustomer(id="ann")]
    for command in others:
        with pytest.raises(crm.errors.ValueType, match="where Command belongs"):
            shop.execute(command, request_id="r1", at=NOON)
    with pytest.raises(crm.errors.ValueType) as caught:
        shop.execute(order(1).replace(buyer=wrong), request_id="r1", at=NOON)
    assert caught.value.details["field"] == "buyer"
    with pytest.raises(crm.errors.ValueType, match="a list or a tuple"):
        shop.execute(crm.RegisterCustomer(customer_id="bob", tags="vip"), request_id="r1", at=NOON)


def test_the_package_tells_every_type() -> None:
    names: list[str] = list(vars(crm)["__all__"])
    assert {"Engine", "Order", "Quote", "TierExplanation", "errors", "aio"} <= set(names)
    assert all(hasattr(crm, name) for name in names)
    classes = [one for one in map(vars(crm).get, names) if isinstance(one, type)]
    undocumented = [one.__name__ for one in classes if not one.__doc__]
    assert len(classes) > 300 and undocumented == []
