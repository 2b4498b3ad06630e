"""The engine for asyncio."""

from __future__ import annotations

import asyncio
from pathlib import Path

import crm_core as crm
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
