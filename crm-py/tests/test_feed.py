"""What happened to everybody, in the order in which it was committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import crm_core as crm
import pytest
from shop import NOON, PROGRAM, earn, open_shop, order

Fed = Sequence[tuple[str, crm.Entry]]


def busy(shop: crm.Engine) -> crm.Engine:
    """Ann and Bob, turn by turn, and a batch of many."""
    open_shop(shop)
    shop.execute(crm.RegisterCustomer(customer_id="bob"), request_id="bob", at=NOON)
    for number, who in enumerate(["ann", "bob", "bob", "ann"]):
        shop.execute(order(number, customer=who), request_id=f"o{number}/paid", at=NOON)
    shop.execute_many([earn(number) for number in range(20)])
    return shop


def names(fed: Fed) -> list[tuple[str, int]]:
    return [(entry.customer_id, entry.seq) for _, entry in fed]


def test_the_feed_has_everything_in_order(fresh: Callable[[], crm.Engine]) -> None:
    shop = busy(fresh())
    fed = list(shop.feed())
    who = [entry.customer_id for _, entry in fed if isinstance(entry.what, crm.WhatOrder)]
    assert who == ["ann", "bob", "bob", "ann"]
    # The entries of each are those of their statement, in its order.
    for customer in ("ann", "bob"):
        own = tuple(entry for _, entry in fed if entry.customer_id == customer)
        assert own == tuple(shop.statement(customer).entries)
    assert len({offset for offset, _ in fed}) == len(fed)


def test_whoever_goes_on_from_a_place_misses_nothing(fresh: Callable[[], crm.Engine]) -> None:
    shop = busy(fresh())
    fed = list(shop.feed())
    for place, (offset, _) in enumerate(fed):
        kept = json.loads(json.dumps({"offset": offset}))["offset"]
        assert list(shop.feed(kept)) == fed[place + 1 :]
    # However it is cut.
    for page in (1, 3, 7, 10_000):
        assert list(shop.feed(page=page)) == fed
    assert list(shop.feed(limit=5)) == fed[:5] and list(shop.feed(limit=0)) == []
    assert list(shop.feed(fed[4][0], limit=5, page=2)) == fed[5:10]


def test_the_feed_ends_where_there_is_no_more_yet(fresh: Callable[[], crm.Engine]) -> None:
    shop = fresh()
    assert list(shop.feed()) == []
    busy(shop)
    last = list(shop.feed())[-1][0]
    assert list(shop.feed(last)) == []
    shop.execute(earn(100, 3))
    [(offset, entry)] = shop.feed(last)
    assert (entry.customer_id, entry.request_id) == ("ann", "r100") and offset != last
    # A refusal leaves no trace, and the same request again is no new one.
    shop.execute(earn(100, 3))
    with pytest.raises(crm.errors.PointsAmount):
        shop.execute(earn(101, 0))
    assert list(shop.feed(offset)) == []


def test_what_comes_while_it_is_read_is_read_too(fresh: Callable[[], crm.Engine]) -> None:
    shop = busy(fresh())
    before = len(list(shop.feed()))
    following = shop.feed(page=4)
    first = [next(following) for _ in range(4)]
    shop.execute(earn(200))
    assert len(first) + len(list(following)) == before + 1


@pytest.mark.parametrize("after", ["", "12", "x.y", "-1.2", "1.2.3", "99999999999999999999.1"])
def test_a_place_that_is_none_is_refused_at_once(after: str) -> None:
    shop = crm.Engine.in_memory()
    with pytest.raises(crm.errors.ValueText) as refused:
        shop.feed(after)
    assert refused.value.details["field"] == "after"


def test_arguments_are_checked() -> None:
    shop = crm.Engine.in_memory()
    wrongs: list[dict[str, Any]] = [{"page": 0}, {"page": 10_001}, {"limit": -1}]
    for wrong in wrongs:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            shop.feed(**wrong)
    shop.close()
    with pytest.raises(crm.errors.StoreClosed):
        list(shop.feed())


def test_the_feed_awaited(tmp_path: Path) -> None:
    async def story() -> None:
        async with await crm.aio.Engine.open(tmp_path / "shop.db", durability="normal") as shop:
            await shop.publish(PROGRAM, at=NOON)
            await shop.execute(crm.RegisterCustomer(customer_id="ann"), request_id="r0", at=NOON)
            await shop.execute_many([earn(number) for number in range(1, 41)])
            fed = [one async for one in shop.feed(page=7)]
            with crm.Engine.open(tmp_path / "shop.db", read_only=True) as other:
                assert fed == list(other.feed())
            assert [one async for one in shop.feed(fed[9][0], limit=5)] == fed[10:15]
            with pytest.raises(crm.errors.ValueText):
                shop.feed("x")
            # The loop goes on between and during pages.
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    await asyncio.sleep(0)
                    ticks += 1

            ticking = asyncio.ensure_future(tick())
            count = 0
            async for _ in shop.feed(page=1):
                count += 1
            ticking.cancel()
            assert count == len(fed) and ticks >= count

    asyncio.run(story())
