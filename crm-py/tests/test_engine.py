"""The engine: its whole surface, once each, as a program would use it; threads, forks, processes, closed handles."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import crm_core as crm
import pytest
from shop import NOON, PROGRAM, available, earn, open_shop


def test_a_request_counts_once(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    done = shop.execute(earn(1, 5).do, request_id="r1", at=NOON)
    again = shop.execute(earn(1, 5).do, request_id="r1", at=NOON + timedelta(days=1))
    assert (done.outcome, again.outcome) == (crm.Outcome.APPLIED, crm.Outcome.REPLAYED)
    assert again.receipt == done.receipt and available(shop) == 5
    with pytest.raises(crm.errors.RequestReused):
        shop.execute(earn(1, 6).do, request_id="r1", at=NOON)


def test_a_whole_request_is_taken_as_it_is(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    assert shop.preview(earn(1, 5)).receipt.balances == shop.execute(earn(1, 5)).receipt.balances
    assert available(shop) == 5
    with pytest.raises(TypeError, match="of its own"):
        shop.execute(earn(1, 5), request_id="r9", at=NOON)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="request_id= and at="):
        shop.execute(earn(1, 5).do)  # type: ignore[call-overload]


def test_many_requests_have_an_outcome_each(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    spend = crm.Request(
        request_id="s", at=NOON, do=crm.SpendPoints(customer_id="ann", currency="points", points=100)
    )
    outcomes = shop.execute_many([earn(1, 5), spend, earn(2, 7)])
    assert isinstance(outcomes[0], crm.Done) and isinstance(outcomes[2], crm.Done)
    assert isinstance(outcomes[1], crm.errors.PointsInsufficient)
    assert outcomes[1].details["available"] == 5 and available(shop) == 12
    assert shop.execute_many([]) == []
    with pytest.raises(crm.errors.RequestTooMany):
        shop.execute_many([earn(number) for number in range(100_001)])


def test_a_preview_changes_nothing(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    assert shop.preview(earn(1, 5).do, at=NOON).receipt.balances[0].available == 5
    assert available(shop) == 0


def test_what_time_does(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    shop.execute(earn(1, 5).do, request_id="r1", at=NOON)
    end = datetime(2027, 12, 31, 23, tzinfo=timezone.utc)
    assert shop.next_due() == end
    told: list[crm.SweepReport] = []
    assert shop.sweep(end, progress=told.append) == crm.SweepReport(settled=1, entries=1, failed=0)
    assert told and shop.next_due() is None
    assert shop.liability(at=end)[0].outstanding == 0


def grown(shop: crm.Engine, customers: int) -> crm.Engine:
    """A shop with customers whose points end with the year 2027."""
    shop.publish(PROGRAM, at=NOON)
    requests = [
        crm.Request(request_id=f"j{n}", at=NOON, do=crm.RegisterCustomer(customer_id=f"c{n:05}")) for n in range(customers)
    ]
    requests += [
        crm.Request(
            request_id=f"e{n}", at=NOON, do=crm.EarnPoints(customer_id=f"c{n:05}", currency="points", points=1)
        )
        for n in range(customers)
    ]
    assert all(isinstance(done, crm.Done) for done in shop.execute_many(requests))
    return shop


def rows_of_orders(count: int) -> bytes:
    """So many orders as a file."""
    lines = [f"w{n},2026-03-01T10:00:00Z,guest{n}@example.org,1.00" for n in range(count)]
    return "\n".join(["order_id,paid_at,email,unit_price", *lines]).encode()


LATE = datetime(2028, 1, 1, tzinfo=timezone.utc)


def test_what_a_callback_raises_stops_a_sweep(fresh: Callable[[], crm.Engine]) -> None:
    shop = grown(fresh(), 2_500)

    def stop(_: crm.SweepReport) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        shop.sweep(LATE, progress=stop)
    # What was committed stays, and the next sweep does the rest.
    rest = shop.sweep(LATE)
    assert 0 < rest.settled < 2_500
    assert shop.next_due() is None


def test_what_a_callback_raises_stops_an_import(fresh: Callable[[], crm.Engine]) -> None:
    shop = fresh()
    shop.publish(PROGRAM, at=NOON)
    told: list[crm.ImportProgress] = []

    def stop(now: crm.ImportProgress) -> None:
        told.append(now)
        raise KeyError("mine")

    files = {"orders.csv": rows_of_orders(3_000)}
    with pytest.raises(KeyError, match="mine"):
        shop.import_orders(files, progress=stop)
    assert len(told) == 1 and told[0].applied == 1_000
    [batch] = shop.imports()
    assert batch.state == crm.BatchState.RUNNING
    # The same again does the rest, in the same import.
    rest = shop.import_orders(files)
    assert (rest.orders.applied, rest.orders.unchanged, rest.batch) == (2_000, 1_000, batch.batch)

    def stop_reverting(_: crm.RevertReport) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        shop.revert_import(rest.batch, at=LATE, progress=stop_reverting)
    assert shop.revert_import(rest.batch, at=LATE).failed == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_stops_work_without_a_callback(tmp_path: Path) -> None:
    """In a process of its own: the signal comes while the library works."""
    script = """
import os, signal, sys, threading
import crm_core as crm
from test_engine import rows_of_orders
from shop import NOON, PROGRAM
shop = crm.Engine.open(sys.argv[1], durability="normal")
shop.publish(PROGRAM, at=NOON)
files = {"orders.csv": rows_of_orders(60_000)}
def interrupt():
    while not shop.imports():
        pass
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    shop.import_orders(files)
except KeyboardInterrupt:
    [batch] = shop.imports()
    print(batch.state.value)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "shop.db")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        timeout=120,
    )
    assert ran.stdout.strip() == "running", ran


def test_programs_and_findings(fresh: Callable[[], crm.Engine]) -> None:
    shop = fresh()
    with pytest.raises(crm.errors.ProgramMissing):
        shop.wallet("ann", at=NOON)
    assert crm.check_program(PROGRAM) == ()
    broken = {**PROGRAM, "currencies": ["XXQ"], "colour": "red"}
    findings = crm.check_program(broken)
    assert len(findings) >= 2 and all(finding.help for finding in findings)
    with pytest.raises(crm.errors.ProgramInvalid) as caught:
        shop.publish(broken, at=NOON)
    assert len(caught.value.details["findings"]) == len(findings)
    with pytest.raises(crm.errors.ProgramInvalid):
        shop.publish("{", at=NOON)
    with pytest.raises(crm.errors.ValueType):
        shop.publish({**PROGRAM, "earn": [{"rate": 1.5}]}, at=NOON)
    shop.publish(json.dumps(PROGRAM), at=NOON)
    document = shop.program()
    assert document.points[0].id == "points" and document.zone == "Europe/Berlin"
    # What the engine gives can be changed and published again.
    shop.publish(document.replace(revision=2), at=NOON)
    with pytest.raises(crm.errors.ProgramRevision):
        shop.publish({**PROGRAM, "zone": "UTC"}, at=NOON)
    for name in ("supermarket", "cafe", "mall"):
        assert crm.check_program(crm.sample_program(name)) == ()
    with pytest.raises(LookupError, match="supermarket"):
        crm.sample_program("zoo")


def test_an_import(fresh: Callable[[], crm.Engine], tmp_path: Path) -> None:
    shop = fresh()
    shop.publish(PROGRAM, at=NOON)
    csv = "order_id,paid_at,email,sku,quantity,unit_price\n1,2026-02-01 10:00,ann@example.org,tea,2,3.50\n2,never,x@y.org,tea,1,1\n"
    file = tmp_path / "orders.csv"
    file.write_text(csv)
    trial = shop.import_orders(file, dry_run=True)
    assert (trial.orders.applied, trial.issues_total) == (1, 1) and shop.imports() == ()
    told: list[crm.ImportProgress] = []
    report = shop.import_orders(file, progress=told.append)
    assert report.orders == crm.ImportCounts(applied=1, unchanged=0, skipped=0, refused=1, waiting=0)
    issue = report.issues[0]
    assert (issue.file, issue.row, issue.column, issue.code) == ("orders.csv", 3, "paid_at", "time.text")
    assert told[-1].rows_done == told[-1].rows_total == 2
    assert shop.import_orders({"orders.csv": csv.encode()}).orders.unchanged == 1
    ann = crm.Identifier(type=crm.IdentifierKind.EMAIL, value="Ann@Example.org")
    assert shop.find(ann).identifiers
    columns = crm.ColumnMap(
        order_id="Nr",
        paid_at="Zeit",
        customer=[crm.IdentifierColumn(column="Mail", type=crm.IdentifierKind.EMAIL)],
        unit_price="Preis",
        decimal_mark=crm.DecimalMark.COMMA,
    )
    other = shop.import_orders(
        {"german.csv": b"Nr;Zeit;Mail;Preis\n7;2026-02-02 10:00;bob@example.org;3,50\n"},
        format=crm.FormatPlain(columns=columns),
    )
    assert other.orders.applied == 1 and len(shop.imports()) == 3
    assert shop.revert_import(report.batch, at=NOON).orders == 1
    with pytest.raises(crm.errors.CustomerUnknown):
        shop.find(ann)
    with pytest.raises(crm.errors.ImportFile):
        shop.import_orders(tmp_path / "missing.csv")
    with pytest.raises(crm.errors.ImportHeader) as caught:
        shop.import_orders({"x.csv": b"a,b\n1,2\n"})
    assert caught.value.details["missing"]
    with pytest.raises(ValueError, match="shopify"):
        shop.import_orders(file, format="excel")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_an_import_of_everything_or_nothing(fresh: Callable[[], crm.Engine]) -> None:
    shop = fresh()
    shop.publish(PROGRAM, at=NOON)
    good = b"order_id,paid_at,email,unit_price\n1,2026-02-01 10:00,ann@example.org,3.50\n"
    bad = good + b"2,never,bob@example.org,1\n"
    with pytest.raises(crm.errors.ImportIssues) as refused:
        shop.import_orders({"orders.csv": bad}, on_issue="raise")
    assert refused.value.details["issues"][0]["row"] == 3 and shop.imports() == ()
    assert shop.import_orders({"orders.csv": bad}, on_issue="report").orders.applied == 1
    assert shop.import_orders({"orders.csv": good}, on_issue="raise").orders.unchanged == 1
    with pytest.raises(ValueError, match="on_issue"):
        shop.import_orders({"orders.csv": good}, on_issue="ask")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_format_is_known_by_its_header() -> None:
    assert crm.detect_format("Name,Email,Financial Status,Paid at,Currency,Subtotal,Lineitem name") == crm.FormatShopify()
    assert isinstance(crm.detect_format(b"order_id,paid_at,email,unit_price"), crm.FormatPlain)
    assert crm.detect_format("colour,shape") is None
    with pytest.raises(crm.errors.ValueType):
        crm.detect_format(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_schemas_are_json() -> None:
    assert json.loads(crm.program_schema())["properties"]["earn"]
    assert json.loads(crm.schema())["$defs"]["Document"]


SCARCE = {
    "id": "two",
    "effect": {"type": "fixed_off", "amount": "2.00"},
    "limits": [{"id": "all", "counts": {"type": "uses", "max": 7}, "per": "all"}],
}


def claim(shop: crm.Engine, number: int) -> Decimal:
    """What is off a claim of ten euros."""
    cart = crm.Cart(currency="EUR", lines=[crm.CartLine(sku="tea", unit_price=Decimal(10))])
    command = crm.ClaimOffers(customer_id="ann", claim_id=f"k{number}", cart=cart)
    shop.execute(command, request_id=f"k{number}", at=NOON)
    return shop.claim("ann", f"k{number}", NOON).receipt.quote.totals.due


def test_a_limit_is_leased_and_stays_exact(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with crm.Engine.open(path, holders=2) as one, crm.Engine.open(path, holders=2, holder=1, combine=True) as two:
        open_shop(one).publish({**PROGRAM, "revision": 2, "offers": [SCARCE]}, at=NOON)
        two.refresh()
        due = [claim((one, two)[number % 2], number) for number in range(10)]
        assert due == [Decimal("8.00")] * 7 + [Decimal("10.00")] * 3
        one.fold_leases()
    with crm.Engine.open(path) as alone:
        assert claim(alone, 10) == Decimal("10.00")
        with pytest.raises(crm.errors.StoreUnsupported, match="without leases"):
            alone.fold_leases()


def test_leases_have_holders(tmp_path: Path) -> None:
    with pytest.raises(crm.errors.StoreAddress):
        crm.Engine.open(tmp_path / "shop.db", holders=2, holder=2)
    wrongs: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"holders": 0}, ValueError),
        ({"holders": 2, "holder": -1}, ValueError),
        ({"holder": 1}, TypeError),
    ]
    for wrong, kind in wrongs:
        with pytest.raises(kind, match="holder"):
            crm.Engine.open(tmp_path / "shop.db", **wrong)


def test_a_checkout(fresh: Callable[[], crm.Engine]) -> None:
    shop = fresh()
    shop.publish(
        {
            **PROGRAM,
            "offers": [
                {"id": "two", "needs": {"type": "coupon"}, "effect": {"type": "fixed_off", "amount": "2.00"}},
                {"id": "tenth", "effect": {"type": "percent_off", "percent": "10"}},
            ],
        },
        at=NOON,
    )
    shop.execute(crm.RegisterCustomer(customer_id="ann"), request_id="r1", at=NOON)
    shop.execute(crm.IssueCoupon(customer_id="ann", coupon_id="c1", offer="two"), request_id="r2", at=NOON)
    cart = crm.Cart(currency="EUR", lines=[crm.CartLine(sku="tea", quantity=Decimal(2), unit_price=Decimal("10.00"))])
    quote = shop.quote(cart, NOON, customer_id="ann")
    assert quote.totals.due == Decimal("16.00") and quote.search.optimal
    claim = crm.ClaimOffers(customer_id="ann", claim_id="k1", cart=cart, hold_seconds=900)
    shop.execute(claim, request_id="r3", at=NOON)
    paid = crm.RecordOrder(
        buyer=crm.BuyerCustomer(id="ann"),
        order=crm.Order(
            id="o1",
            paid_at=NOON,
            currency="EUR",
            lines=[crm.OrderLine(sku="tea", quantity=Decimal(2), unit_price=Decimal("10.00"))],
        ),
        claim_id="k1",
    )
    shop.execute(paid, request_id="r4", at=NOON)
    assert available(shop) == 16 and shop.coupons("ann", at=NOON) == ()
    plan = shop.refund_plan("o1", [crm.ReturnedLine(line_no=1, quantity=Decimal(1))])
    assert plan.amount == Decimal("8.00")
    rules = [
        crm.OfferRules(id="tenth", currency="EUR", effect=crm.EffectPercentOff(percent=Decimal(10))),
        crm.OfferRules(id="two", currency="EUR", effect=crm.EffectFixedOff(amount=Decimal("2.00"))),
    ]
    offline = crm.quote(cart, rules, as_of=NOON)
    assert offline.totals.due == Decimal("16.00")
    receipt = crm.OfferReceipt(cart=cart, quote=offline, rules=rules)
    assert crm.plan_refund(receipt, [crm.ReturnedLine(line_no=1, quantity=Decimal(2))]).amount == Decimal("16.00")


def test_codes(fresh: Callable[[], crm.Engine]) -> None:
    shop = fresh()
    offer = {"id": "two", "needs": {"type": "coupon"}, "effect": {"type": "fixed_off", "amount": "2.00"}}
    shop.publish({**PROGRAM, "offers": [offer]}, at=NOON)
    batch = crm.codes.CodeBatch("0f" * 32, length=10, serials=range(5, 25_005), prefix="SPRING")
    codes = list(batch)
    assert len(set(codes)) == len(batch) == 25_000
    assert list(batch.codes_from(25_004)) == codes[-1:] and batch.serial(codes[7]) == 12
    assert len(set(crm.codes.CodeBatch("0f" * 32, length=10, serials=range(9)))) == 9, "a prefix is not needed"
    issued = shop.issue_codes(crm.CodeIssue(offer="two"), codes[:1_500], at=NOON)
    assert issued == crm.CodesReport(issued=1_500, known=0)
    assert shop.issue_codes(crm.CodeIssue(offer="two"), iter(codes[:2]), at=NOON).known == 2

    def broken() -> Any:
        yield codes[2]
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        shop.issue_codes(crm.CodeIssue(offer="two"), broken(), at=NOON)
    typo = codes[0][:-1] + ("2" if codes[0][-1] != "2" else "3")
    with pytest.raises(crm.errors.CodeChecksum):
        batch.serial(typo)
    till = crm.codes.TillKey("0f" * 32, prefix="TILL", batch=3)
    assert till.verify(till.sign(77)) == 77
    with pytest.raises(crm.errors.CodeForged):
        crm.codes.TillKey("1f" * 32, prefix="TILL", batch=3).verify(till.sign(77))
    assert crm.codes.normal_code(" spring-lO ") == crm.codes.normal_code("SPRING 10")
    assert crm.codes.code_length(1_000_000, one_in=1_000_000_000) >= 10


def test_a_code_is_read_without_a_shop() -> None:
    codes = crm.codes
    assert codes.read_code("7k2m 94xq ol5b") == "7K2M-94XQ-015B"
    with pytest.raises(crm.errors.CodeChecksum):
        codes.read_code("7K2M-94QX-015B")
    with pytest.raises(crm.errors.CodeText):
        codes.read_code("x")
    till = codes.TillKey("0f" * 32, prefix="TILL", batch=3)
    assert codes.TillKey.batch_of(till.sign(77), prefix="TILL") == 3


def test_attempts_at_codes_come_back_evenly() -> None:
    # Ten units in ten minutes: one a minute. A typo costs three, an unknown code one, one that is found none.
    rules, tried = crm.codes.AttemptRules(), crm.codes.Attempts()
    assert tried.is_idle(NOON)
    tried.attempt(NOON, rules, crm.Attempt.CHECKSUM)
    for _ in range(7):
        tried.attempt(NOON, rules, crm.Attempt.UNKNOWN)
    with pytest.raises(crm.errors.CodeRateLimited) as refused:
        tried.allows(NOON, rules)
    minute = NOON + timedelta(minutes=1)
    assert refused.value.details["retry_at"] == "2026-03-01T12:01:00Z" and tried.free_at(NOON, rules) == minute
    with pytest.raises(crm.errors.CodeRateLimited):
        tried.attempt(NOON, rules, crm.Attempt.FOUND)
    # Kept, and read again somewhere else.
    kept = crm.codes.Attempts.from_json(tried.to_json())
    kept.allows(minute, rules)
    kept.attempt(minute, rules, crm.Attempt.FOUND)
    assert kept.to_json() == tried.to_json() == '{"full_at":"2026-03-01T12:10:00Z"}'
    assert not kept.is_idle(minute) and kept.is_idle(NOON + timedelta(minutes=10))
    one = crm.codes.AttemptRules(1, window_ms=1_000, unknown=1, checksum=1, found=1)
    other = crm.codes.Attempts()
    other.attempt(NOON, one, crm.Attempt.FOUND)
    assert other.free_at(NOON, one) == NOON + timedelta(seconds=1)
    with pytest.raises(crm.errors.CodeRules):
        crm.codes.AttemptRules(0)
    with pytest.raises(crm.errors.ValueJson) as lost:
        tried.attempt(NOON, rules, "lost")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert lost.value.details["field"] == "came"
    with pytest.raises(crm.errors.ValueJson):
        crm.codes.Attempts.from_json('{"full": 1}')


def test_backup_and_restore(tmp_path: Path) -> None:
    shop = open_shop(crm.Engine.open(tmp_path / "shop.db"))
    shop.execute(earn(1, 5).do, request_id="r1", at=NOON)
    pages: list[tuple[int, int]] = []
    shop.backup(tmp_path / "copy.db", progress=lambda done, all: pages.append((done, all)))
    assert pages and crm.verify(tmp_path / "copy.db").rows["customer"] == 1
    shop.execute(earn(2, 5).do, request_id="r2", at=NOON)
    shop.close()
    crm.restore(tmp_path / "copy.db", tmp_path / "again.db")
    assert available(crm.Engine.open(tmp_path / "again.db", create=False)) == 5
    with pytest.raises(crm.errors.StoreExists):
        crm.restore(tmp_path / "copy.db", tmp_path / "again.db")
    with pytest.raises(crm.errors.StoreMissing):
        crm.Engine.open(tmp_path / "nowhere.db", create=False)
    (tmp_path / "text.db").write_text("this is no database, and long enough to be looked at" * 99)
    with pytest.raises(crm.errors.StoreCorrupt):
        crm.Engine.open(tmp_path / "text.db")
    with pytest.raises(crm.errors.StoreUnsupported):
        crm.Engine.in_memory().backup(tmp_path / "x.db")
    with pytest.raises(ValueError, match="durability"):
        crm.Engine.open(tmp_path / "x.db", durability="some")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_closed_engine_says_so(tmp_path: Path) -> None:
    with open_shop(crm.Engine.open(tmp_path / "shop.db")) as shop:
        assert available(shop) == 0
    for call in (lambda: available(shop), lambda: shop.execute(earn(1).do, request_id="r", at=NOON), shop.next_due):
        with pytest.raises(crm.errors.StoreClosed):
            call()
    shop.close()


HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_file_that_is_held_elsewhere(tmp_path: Path) -> None:
    open_shop(crm.Engine.open(tmp_path / "shop.db")).close()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "shop.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    shop = crm.Engine.open(tmp_path / "shop.db", busy_wait_ms=50)
    with pytest.raises(crm.errors.StoreBusy) as caught:
        shop.execute(earn(1).do, request_id="r1", at=NOON)
    assert caught.value.retry == "later" and available(shop) == 0
    holder.communicate("\n", timeout=60)
    shop.execute(earn(1).do, request_id="r1", at=NOON)
    assert available(shop) == 1


def test_a_file_for_looking_only_answers_and_takes_nothing(tmp_path: Path) -> None:
    with open_shop(crm.Engine.open(tmp_path / "shop.db")) as shop:
        shop.execute(earn(1).do, request_id="r1", at=NOON)
    with crm.Engine.open(tmp_path / "shop.db", read_only=True) as looked:
        assert available(looked) == 1
        with pytest.raises(crm.errors.StoreReadOnly):
            looked.execute(earn(1).do, request_id="r2", at=NOON)
        assert available(looked) == 1


def test_the_interpreter_goes_on_meanwhile() -> None:
    shop = open_shop(crm.Engine.in_memory())
    shop.execute_many([earn(number) for number in range(1_500)])
    requests = [earn(number) for number in range(1_500, 3_000)]
    ticks = 0
    stop = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not stop.is_set():
            ticks += 1
            time.sleep(0.001)

    ticker = threading.Thread(target=tick)
    native: Any = shop._native  # pyright: ignore[reportPrivateUsage]
    ticker.start()
    begun, before = time.perf_counter(), ticks
    native.sweep(datetime(2028, 1, 1, tzinfo=timezone.utc), None)
    native.execute_many(requests)
    seconds, during = time.perf_counter() - begun, ticks - before
    stop.set()
    ticker.join()
    # With the lock held throughout there would be next to none.
    assert during > seconds * 1000 / 20, f"{during} ticks in {seconds:.2f} s"


@pytest.mark.parametrize("combine", [False, True])
def test_threads_share_an_engine(tmp_path: Path, combine: bool) -> None:
    shop = open_shop(crm.Engine.open(tmp_path / "shop.db", durability="normal", combine=combine))
    errors: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for number in range(25):
                shop.execute(earn(1).do, request_id=f"{thread}-{number}", at=NOON)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and available(shop) == 200


def in_child(path: str, shop: crm.Engine | None, answers: Any) -> None:
    try:
        engine = shop if shop is not None else crm.Engine.open(path)
        answers.put(str(available(engine)))
    except crm.CrmError as error:
        answers.put(error.code)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_an_engine_does_not_cross_a_fork(tmp_path: Path) -> None:
    shop = open_shop(crm.Engine.open(tmp_path / "shop.db"))
    shop.execute(earn(1, 5).do, request_id="r1", at=NOON)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def told(engine: crm.Engine | None) -> str:
        child = context.Process(target=in_child, args=(str(tmp_path / "shop.db"), engine, answers))
        child.start()
        answer: str = answers.get(timeout=60)
        child.join()
        return answer

    # SQLite in the child would believe that it holds the locks of its parent.
    assert (told(shop), told(None)) == ("store.closed", "store.forked")
    assert available(shop) == 5
    shop.close()
    assert told(None) == "5"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no other way to see which files a child has open")
def test_a_child_does_not_close_what_it_inherited(tmp_path: Path) -> None:
    """SQLite must not even be told to close a connection in a child: the engine that is freed there leaves it open."""
    shop = open_shop(crm.Engine.open(tmp_path / "shop.db"))
    child = os.fork()
    if child == 0:
        del shop
        files = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
        os._exit(0 if str((tmp_path / "shop.db").resolve()) in files else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    shop.execute(earn(1, 5).do, request_id="r1", at=NOON)
    assert available(shop) == 5


def test_processes_share_a_file(tmp_path: Path) -> None:
    open_shop(crm.Engine.open(tmp_path / "shop.db", durability="normal")).close()
    script = (
        "import sys; from datetime import datetime, timezone; import crm_core as crm\n"
        "shop = crm.Engine.open(sys.argv[1], durability='normal', busy_wait_ms=60_000)\n"
        "give = crm.EarnPoints(customer_id='ann', currency='points', points=1)\n"
        "for n in range(50): shop.execute(give, request_id=f'{sys.argv[2]}-{n}', at=datetime(2026, 3, 2, tzinfo=timezone.utc))\n"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "shop.db"), str(number)]) for number in range(4)
    ]
    assert [child.wait(timeout=120) for child in children] == [0, 0, 0, 0]
    shop = crm.Engine.open(tmp_path / "shop.db")
    assert shop.wallet("ann", at=datetime(2026, 3, 3, tzinfo=timezone.utc)).accounts[0].balances.available == 200

