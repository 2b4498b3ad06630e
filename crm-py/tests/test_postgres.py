"""A server instead of a file: the same engine, and what can go wrong between the two."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import crm_core as crm
import pytest
from on_server import address, new_schema, restart, sql
from shop import NOON, available, earn, open_shop, order
from test_cli import SCRIPT
from test_docs import run_page


def test_processes_share_a_schema(tmp_path: Path) -> None:
    place = new_schema()
    with open_shop(crm.Engine.open(place)) as shop, crm.Engine.open(place, create=False) as other:
        shop.execute(order(1), request_id="o1/paid", at=NOON)
        assert available(other) == available(shop) == 10
        again = other.execute(order(1), request_id="o1/paid", at=NOON)
        assert again.outcome == crm.Outcome.REPLAYED
        child = subprocess.run(
            [sys.executable, "-c", CHILD, place], capture_output=True, text=True, timeout=120, check=True
        )
        assert child.stdout.strip() == "10"
        assert available(shop) == 15
    # The schema is that of the address, and nothing else was made.
    assert sql(f"SELECT count(*) FROM {schema_of(place)}.customer") == "1"
    assert not list(tmp_path.iterdir())


CHILD = """
import sys
from datetime import datetime, timezone
import crm_core as crm
at = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
with crm.Engine.open(sys.argv[1], create=False) as shop:
    print(shop.wallet("ann", at=at).accounts[0].balances.available)
    shop.execute(crm.EarnPoints(customer_id="ann", currency="points", points=5), request_id="child", at=at)
"""


def schema_of(place: str) -> str:
    return place.rsplit("=", 1)[1]


def test_the_same_awaited() -> None:
    async def story() -> None:
        async with await crm.aio.Engine.open(new_schema(), connections=4, threads=4) as shop:
            await shop.publish(crm.sample_program("cafe") or "", at=NOON)
            await asyncio.gather(
                *(
                    shop.execute(crm.RegisterCustomer(customer_id=f"c{n}"), request_id=f"c{n}", at=NOON)
                    for n in range(40)
                )
            )
            table = await shop.table("customers", at=NOON + timedelta(days=1))
            frame = await asyncio.to_thread(table.to_polars)
            assert frame.height == 40
            with pytest.raises(crm.errors.StoreUnsupported):
                await shop.backup("nowhere.db")

    asyncio.run(story())


def test_tables_go_in_and_come_out() -> None:
    import polars

    with open_shop(crm.Engine.open(new_schema(), combine=True)) as shop:
        rows = polars.DataFrame(
            {
                "order_id": [f"o{n}" for n in range(300)],
                "paid_at": [NOON] * 300,
                "email": [f"c{n % 7}@example.org" for n in range(300)],
                "unit_price": ["1.50"] * 300,
            }
        )
        assert shop.ingest_orders(rows).orders.applied == 300
        orders = shop.table("orders").to_polars()
        assert (orders.height, str(orders["total"].sum())) == (300, "450.00")
        assert shop.table("balances", at=NOON + timedelta(days=1)).to_polars()["available"].sum() == 300  # 1 of each 1.50


def test_what_is_for_files_is_refused(tmp_path: Path) -> None:
    with open_shop(crm.Engine.open(new_schema())) as shop:
        with pytest.raises(crm.errors.StoreUnsupported, match="pg_dump") as refused:
            shop.backup(tmp_path / "copy.db")
        assert (refused.value.code, refused.value.retry) == ("store.unsupported", "no")
    for call in (
        lambda: crm.verify(address()),
        lambda: crm.restore(address(), tmp_path / "x.db"),
        lambda: crm.restore(tmp_path / "x.db", address()),
        lambda: crm.Engine.open(tmp_path / "x.db", connections=4),
    ):
        with pytest.raises(crm.errors.StoreUnsupported):
            call()
    assert not list(tmp_path.iterdir())


def test_for_questions_only() -> None:
    place = new_schema()
    with pytest.raises(crm.errors.StoreMissing):
        crm.Engine.open(place, read_only=True)
    with pytest.raises(crm.errors.StoreMissing):
        crm.Engine.open(place, create=False)
    open_shop(crm.Engine.open(place, durability="normal")).close()
    with crm.Engine.open(place, read_only=True) as shop:
        assert available(shop) == 0
        with pytest.raises(crm.errors.StoreReadOnly) as refused:
            shop.execute(earn(1))
        assert (refused.value.code, refused.value.retry) == ("store.read_only", "no")
        assert shop.execute_many([]) == []


def outcome(place: Any, **named: Any) -> tuple[str, str]:
    """What opening a place is refused with; nowhere in it may be the password."""
    with pytest.raises(crm.errors.StoreError) as refused:
        crm.Engine.open(place, **named)
    assert "geheim" not in repr(refused.value) + str(refused.value) + str(refused.value.details)
    return refused.value.code, refused.value.retry


def test_what_can_be_wrong_with_an_address() -> None:
    # The server asks this one user for a password.
    sql("DO $$ BEGIN CREATE ROLE guarded LOGIN PASSWORD 'right'; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    server = address().split("@")[1]
    assert outcome(f"postgres://guarded:geheim@{server}") == ("store.login", "no")
    nowhere = address().rsplit("/", 1)[0] + "/nowhere"
    assert outcome(nowhere) == ("store.missing", "no")
    assert outcome(f"postgres://u:geheim@{server}?schema=") == ("store.address", "no")
    assert outcome("postgres://u:geheim@host:port/database") == ("store.address", "no")
    assert outcome("postgres:///database?user=u&password=geheim") == ("store.address", "no")
    # A path has lost one of the slashes: it must not become a file of this name.
    assert outcome(Path(f"postgres://u:geheim@{server}")) == ("store.address", "no")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert outcome(f"postgres://u:geheim@127.0.0.1:{port}/database") == ("store.unreachable", "later")


def test_a_request_survives_the_end_of_the_server() -> None:
    with open_shop(crm.Engine.open(new_schema())) as shop:
        restart()
        tried: list[crm.CrmError] = []
        for _ in range(50):
            try:
                done = shop.execute(earn(1, 5))
                break
            except crm.CrmError as error:
                assert (error.code, error.retry) == ("store.unreachable", "later")
                tried.append(error)
                time.sleep(0.1)
        else:
            raise AssertionError(tried)
        assert done.receipt.balances[0].available == 5
        assert shop.execute(earn(1, 5)).outcome == crm.Outcome.REPLAYED


def test_the_interpreter_goes_on_while_a_server_works() -> None:
    place = new_schema()
    schema = schema_of(place)
    with open_shop(crm.Engine.open(place, connections=2)) as shop:
        held = threading.Thread(
            target=sql, args=(f"BEGIN; LOCK TABLE {schema}.customer IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1)",)
        )
        held.start()
        time.sleep(0.3)
        working = threading.Thread(target=shop.execute, args=(earn(1),))
        ticks, begun = 0, time.monotonic()
        working.start()
        while working.is_alive():
            time.sleep(0.001)
            ticks += 1
        seconds = time.monotonic() - begun
        held.join()
    # It waits for the lock that long, and this thread went on meanwhile.
    assert seconds > 0.3 and ticks > seconds * 1000 / 50, f"{ticks} ticks in {seconds:.2f} s"


def test_whoever_waits_too_long_is_told() -> None:
    place = new_schema()
    with open_shop(crm.Engine.open(place, busy_wait_ms=100)) as shop:
        held = threading.Thread(
            target=sql,
            args=(f"BEGIN; LOCK TABLE {schema_of(place)}.customer IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(2)",),
        )
        held.start()
        time.sleep(0.4)
        with pytest.raises(crm.errors.StoreBusy) as refused:
            shop.execute(earn(1))
        assert refused.value.retry == "later"
        held.join()
        assert shop.execute(earn(1)).outcome == crm.Outcome.APPLIED


def test_a_wait_has_a_connection_of_its_own() -> None:
    place = new_schema()
    told: list[bool] = []
    with open_shop(crm.Engine.open(place, connections=1)) as shop:
        after = list(shop.feed())[-1][0]
        waits = [
            threading.Thread(target=lambda: told.append(shop.wait_for_entries(after, wait_ms=60_000)))
            for _ in range(3)
        ]
        for wait in waits:
            wait.start()
        time.sleep(0.5)
        begun = time.monotonic()
        shop.execute(earn(1))
        for wait in waits:
            wait.join()
        # Told by the server, not at the end of a while.
        assert told == [True] * 3 and time.monotonic() - begun < 1
        # Another process, and nobody but a reader.
        after = list(shop.feed())[-1][0]
        with crm.Engine.open(place, read_only=True) as reader:
            child = subprocess.Popen([sys.executable, "-c", CHILD, place], stdout=subprocess.PIPE)
            assert reader.wait_for_entries(after, wait_ms=60_000) is True
            assert [entry.request_id for _, entry in reader.feed(after)] == ["child"]
            child.communicate(timeout=60)


def test_a_wait_that_is_cancelled_leaves_no_connection_that_listens() -> None:
    place = new_schema()

    def last_said(words: str) -> int:
        """How many sessions said that last."""
        return int(sql(f"SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '{words}%'"))

    async def story() -> None:
        with open_shop(crm.Engine.open(place, connections=1)) as shop:
            awaited = crm.aio.Engine(shop)
            after = list(shop.feed())[-1][0]
            for _ in range(5):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(awaited.wait_for_entries(after), timeout=0.1)
            # One has read the feed to begin with; the others have looked, and look no more.
            assert 1 < last_said("SELECT committed")
            await asyncio.sleep(1.5)
            assert last_said("SELECT committed") <= 1 <= last_said("UNLISTEN")
            await awaited.execute(earn(1))
            assert await awaited.wait_for_entries(after) is True

    asyncio.run(story())


def test_a_server_of_many_machines_has_no_feed(tmp_path: Path) -> None:
    place = new_schema()
    made = subprocess.run(
        [str(SCRIPT), "schema", "--name", schema_of(place), "--profile", "citus"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    # A server of one machine lacks only what spreads the tables.
    tables = tmp_path / "tables.sql"
    tables.write_text("\n".join(line for line in made.stdout.splitlines() if not line.startswith("SELECT create_")))
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", address(), "-f", str(tables)], timeout=60, check=True)
    with crm.Engine.open(f"{place}&profile=citus") as shop:
        with pytest.raises(crm.errors.StoreNoFeed) as refused:
            shop.wait_for_entries(wait_ms=0)
        assert (refused.value.code, refused.value.retry) == ("store.no_feed", "no")
        with pytest.raises(crm.errors.StoreNoFeed):
            asyncio.run(crm.aio.Engine(shop).wait_for_entries())


def _in_a_child(shop: crm.Engine, answers: Any) -> None:
    try:
        answers.put(repr(shop.next_due()))
    except crm.CrmError as error:
        answers.put(error.code)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_connections_do_not_cross_a_fork() -> None:
    with open_shop(crm.Engine.open(new_schema())) as shop:
        context = multiprocessing.get_context("fork")
        answers = context.Queue()
        child = context.Process(target=_in_a_child, args=(shop, answers))
        child.start()
        assert answers.get(timeout=60) == "store.closed"
        child.join()
        assert child.exitcode == 0 and available(shop) == 0


def test_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DB", new_schema())
    run_page("docs/guides/python-postgresql.md", tmp_path, monkeypatch)


def test_the_script_takes_an_address(tmp_path: Path) -> None:
    place = new_schema()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(SCRIPT), *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=300)

    with open_shop(crm.Engine.open(place)) as shop:
        shop.execute(earn(1, 7))
    shown = run("--json", "show", "--db", place, "ann", "--at", "2026-03-02T00:00:00Z")
    assert shown.returncode == 0, shown.stderr
    assert "7" in json.dumps(json.loads(shown.stdout))
    assert run("copy", place, "copy.db").returncode == 0
    with crm.Engine.open(tmp_path / "copy.db", create=False) as copied:
        assert available(copied) == 7
