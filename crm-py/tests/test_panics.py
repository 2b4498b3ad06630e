"""No panic of the library reaches Python: whatever is called, it becomes an ordinary exception, and everything goes on.

Builds for development can be told to panic in the guard that is passed behind so many others (`errors.rs`). Each call is made again and
again, with a panic in its first guard, in its second, and so on, until there is none left; so a call that no guard protects is found, too.
To see it fail: let `guarded` call its work without `catch_unwind`, or take `work` out of a method.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import crm_core as crm
import polars
import pytest
from crm_core import _native
from crm_core._questions import Questions
from shop import NOON, PROGRAM, earn, open_shop, order

if not hasattr(_native, "_panic_behind"):
    raise RuntimeError("only a build for development panics on purpose: maturin develop, without --release")
panic_behind: Callable[[int | None], bool] = getattr(_native, "_panic_behind")
SECRET = "0f" * 32
ORDERS = {"order_id": ["o2"], "paid_at": [NOON], "email": ["a@b.de"], "unit_price": ["1.00"]}
LATER = NOON + timedelta(days=1)
OFFER = {"id": "two", "needs": {"type": "coupon"}, "effect": {"type": "fixed_off", "amount": "2.00"}}
CART = crm.Cart(currency="EUR", lines=[crm.CartLine(sku="tea", unit_price=Decimal(5))])


def orders(shop: crm.Engine) -> object:
    return shop.import_orders({"o.csv": b"order_id,paid_at,email,unit_price\no1,2026-03-01,a@b.de,1.00\n"}, batch="b1")


# By the name of the method: what is called.
CALLS: dict[str, Callable[[crm.Engine, Path], object]] = {
    "open": lambda shop, path: crm.Engine.open(path / "new.db"),
    "in_memory": lambda shop, path: crm.Engine.in_memory(),
    "publish": lambda shop, path: shop.publish({**PROGRAM, "revision": 3}, at=NOON),
    "program": lambda shop, path: shop.program(),
    "refresh": lambda shop, path: shop.refresh(),
    "execute": lambda shop, path: shop.execute(order(1), request_id="o1", at=NOON),
    "execute_many": lambda shop, path: shop.execute_many([earn(1), earn(2)]),
    "preview": lambda shop, path: shop.preview(order(1), at=NOON),
    "ask": lambda shop, path: shop.ask(crm.QueryWallet(customer_id="ann", at=NOON)),
    "wallet": lambda shop, path: shop.wallet("ann", at=NOON),
    "sweep": lambda shop, path: shop.sweep(LATER, progress=lambda report: None),
    "what_if": lambda shop, path: shop.what_if(PROGRAM, at=NOON),
    "what_if_tables": lambda shop, path: shop.what_if_tables(PROGRAM, at=NOON).members.to_polars(),
    "histories": lambda shop, path: shop.histories(at=NOON).what_if(PROGRAM),
    "fold_leases": lambda shop, path: crm.Engine.open(path / "leased.db", holders=2).fold_leases(),
    "next_due": lambda shop, path: shop.next_due(),
    "feed": lambda shop, path: list(shop.feed()),
    "wait_for_entries": lambda shop, path: shop.wait_for_entries(wait_ms=0),
    "backup": lambda shop, path: shop.backup(path / "copy.db", progress=lambda done, all: None),
    "verify": lambda shop, path: crm.verify(path / "shop.db"),
    "restore": lambda shop, path: crm.restore(path / "shop.db", path / "again.db"),
    "import_orders": lambda shop, path: orders(shop),
    "imports": lambda shop, path: shop.imports(),
    "revert_import": lambda shop, path: (orders(shop), shop.revert_import("b1", at=LATER)),
    "issue_codes": lambda shop, path: shop.issue_codes(crm.CodeIssue(offer="two"), crm.codes.CodeBatch(SECRET, length=10, serials=range(3)), at=NOON),
    "table": lambda shop, path: [shop.table(name).to_polars() for name in ("orders", "entries")],
    "ingest_orders": lambda shop, path: shop.ingest_orders(polars.DataFrame(ORDERS)),
    "ingest_refunds": lambda shop, path: shop.ingest_refunds(
        polars.DataFrame({"refund_id": ["b1"], "order_id": ["o9"], "refunded_at": [NOON]})
    ),
    "ingest_events": lambda shop, path: shop.ingest_events(
        polars.DataFrame({"event_id": ["e1"], "happened_at": [NOON], "name": ["visit"], "customer_id": ["ann"]})
    ),
    "close": lambda shop, path: shop.close(),
    "check_program": lambda shop, path: crm.check_program(PROGRAM),
    "detect_format": lambda shop, path: crm.detect_format("order_id,paid_at"),
    "quote": lambda shop, path: crm.quote(CART, [], as_of=NOON),
    "to_json": lambda shop, path: order(1).to_json(),
    "from_json": lambda shop, path: crm.Money.from_json('{"amount": "1", "currency": "EUR"}'),
    "from_dict": lambda shop, path: crm.Money.from_dict({"amount": "1", "currency": "EUR"}),
    "read_command": lambda shop, path: crm.read_command(earn(1).do.to_json()),
    "CodeBatch": lambda shop, path: list(crm.codes.CodeBatch(SECRET, length=10, serials=range(3))),
    "TillKey": lambda shop, path: crm.codes.TillKey(SECRET, prefix="TILL", batch=1).sign(1),
    "batch_of": lambda shop, path: crm.codes.TillKey.batch_of(crm.codes.TillKey(SECRET, prefix="", batch=1).sign(1)),
    "Attempts": lambda shop, path: crm.codes.Attempts().attempt(NOON, crm.codes.AttemptRules(), crm.Attempt.FOUND),
    "read_code": lambda shop, path: crm.codes.read_code("7K2M-94XQ-015B"),
    "normal_code": lambda shop, path: crm.codes.normal_code("spring"),
    "code_length": lambda shop, path: crm.codes.code_length(1_000, one_in=1_000),
}


def test_every_call_is_here() -> None:
    methods = {name for name in dir(crm.Engine) if not name.startswith("_")} - set(dir(Questions))
    assert methods <= set(CALLS), methods - set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_a_panic_is_an_exception(name: str, tmp_path: Path) -> None:
    assert panic_behind(None) is False
    met = 0
    for behind in range(100):
        path = tmp_path / str(behind)
        path.mkdir()
        shop = crm.Engine.open(path / "shop.db", durability="normal")
        open_shop(shop).publish({**PROGRAM, "revision": 2, "offers": [OFFER]}, at=NOON)
        panic_behind(behind)
        try:
            CALLS[name](shop, path)
        except Exception as told:
            assert panic_behind(None) is False, f"{name} failed by itself: {told!r}"
            assert "the library panicked" in str(told), repr(told)
            # polars and others make an exception of their own of what a batch says.
            assert not isinstance(told, crm.CrmError) or (told.code, told.retry) == ("internal", "no")
            met += 1
        else:
            assert panic_behind(None) is True, f"{name} has swallowed its panic {behind}"
            break
        finally:
            panic_behind(None)
        # Everything goes on.
        if name != "close":
            assert shop.execute(earn(77)).outcome == crm.Outcome.APPLIED
        shop.close()
    assert 0 < met < 100, f"{name} passes no guard"
