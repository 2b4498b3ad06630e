"""The engine for asyncio."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import crm_core as crm
import polars
import pytest
from shop import NOON, PROGRAM, earn


def test_the_same_story_awaited(tmp_path: Path) -> None:
    async def story() -> None:
        async with await crm.aio.Engine.open(tmp_path / "shop.db", durability="normal") as shop:
            assert await shop.publish(PROGRAM, at=NOON) == ()
            await shop.execute(crm.RegisterCustomer(customer_id="ann"), request_id="r0", at=NOON)
            await asyncio.gather(*(shop.execute(earn(1).do, request_id=f"r{n}", at=NOON) for n in range(1, 41)))
            wallet = await shop.wallet("ann", at=NOON)
            assert wallet.accounts[0].balances.available == 40
            assert isinstance(await shop.ask(crm.QueryWallet(customer_id="ann", at=NOON)), crm.Wallet)
            outcomes = await shop.execute_many([earn(50), earn(51)])
            assert all(isinstance(outcome, crm.Done) for outcome in outcomes)
            assert (await shop.preview(earn(60).do, at=NOON)).receipt.balances[0].available == 43
            with pytest.raises(crm.errors.CustomerUnknown):
                await shop.wallet("bob", at=NOON)
            assert (await shop.program()).program == "corner shop"
            due = await shop.next_due()
            assert due is not None and (await shop.sweep(due)).settled == 1
            await shop.backup(tmp_path / "copy.db")
            await shop.refresh()
        assert crm.verify(tmp_path / "copy.db").rows["customer"] == 1

    asyncio.run(story())


def test_the_loop_goes_on_meanwhile() -> None:
    async def story() -> tuple[int, float]:
        shop = await crm.aio.Engine.in_memory()
        await shop.publish(PROGRAM, at=NOON)
        await shop.execute(crm.RegisterCustomer(customer_id="ann"), request_id="r0", at=NOON)
        requests = [earn(number) for number in range(1_500)]
        loop = asyncio.get_running_loop()
        begun, ticks = loop.time(), 0
        work = asyncio.ensure_future(shop.execute_many(requests))
        while not work.done():
            await asyncio.sleep(0.001)
            ticks += 1
        await work
        return ticks, loop.time() - begun

    ticks, seconds = asyncio.run(story())
    assert ticks > seconds * 1000 / 50, f"{ticks} ticks in {seconds:.2f} s"


def surface(kind: type) -> dict[str, object]:
    """What anybody may call, by name, with the arguments that it takes."""
    return {name: getattr(kind, name) for name in dir(kind) if not name.startswith("_")}


def test_the_surface_is_that_of_the_engine() -> None:
    own, other = surface(crm.aio.Engine), surface(crm.Engine)
    assert own.keys() == other.keys()
    for name, method in own.items():
        made = inspect.signature(method).parameters.keys()  # type: ignore[arg-type]
        awaited = [argument for argument in made if argument != "threads"]
        assert awaited == list(inspect.signature(other[name]).parameters), name  # type: ignore[arg-type]
        # The feed is gone through by `async for`.
        assert name == "feed" or inspect.iscoroutinefunction(method), f"{name} is not awaited"


def test_imports_codes_and_tables_awaited(tmp_path: Path) -> None:
    async def story() -> None:
        async with await crm.aio.Engine.open(tmp_path / "shop.db", durability="normal") as shop:
            await shop.publish(crm.sample_program("cafe"), at=NOON)
            csv = b"order_id,paid_at,email,unit_price\no1,2026-03-01 10:00,ann@example.org,3.50\n"
            told: list[crm.ImportProgress] = []
            report = await shop.import_orders({"orders.csv": csv}, batch="march", progress=told.append)
            assert (report.orders.applied, told[-1].rows_done) == (1, 1)
            frame = polars.DataFrame({"order_id": ["o2"], "paid_at": [NOON], "email": ["bob@example.org"], "unit_price": [Decimal("4.00")]})
            assert (await shop.ingest_orders(frame)).orders.applied == 1
            back = polars.DataFrame({"refund_id": ["b1"], "order_id": ["o2"], "refunded_at": [NOON + timedelta(hours=1)]})
            assert (await shop.ingest_refunds(back)).refunds.applied == 1
            seen = polars.DataFrame({"event_id": ["e1"], "happened_at": [NOON], "name": ["visit"], "email": ["bob@example.org"]})
            assert (await shop.ingest_events(seen)).events.applied == 1
            assert len(await shop.imports()) == 4
            orders = await shop.table("orders")
            frame = await asyncio.to_thread(orders.to_polars)
            assert sorted(frame["order_id"].to_list()) == ["o1", "o2"]
            assert (await shop.table("customers", at=NOON + timedelta(days=1))).to_polars().height == 2
            assert (await shop.revert_import("march", at=NOON + timedelta(days=1))).orders == 1

    asyncio.run(story())
