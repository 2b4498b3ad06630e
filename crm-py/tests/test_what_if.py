"""Simulations: a changed program over the history that is there."""

# The libraries that tables come from are not typed as strictly as ours.
# pyright: basic

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import crm_core as crm
import duckdb
import polars
import pyarrow
import pytest
from shop import NOON, PROGRAM, available, open_shop, order

LATER = NOON + timedelta(days=30)


def changed(points: str) -> dict[str, Any]:
    """The shop's program with other points for a euro, each worth a cent."""
    program = copy.deepcopy(PROGRAM)
    program["earn"][0]["gives"]["points"] = points
    program["points"][0]["value"] = "0.01"
    return program


def shop_with_orders(shop: crm.Engine) -> crm.Engine:
    """Ann has bought for 10 and 20 euros, and spent 25 points; Bob has only joined."""
    open_shop(shop)
    shop.execute(crm.RegisterCustomer(customer_id="bob"), request_id="bob", at=NOON)
    for number, price in enumerate(["10.00", "20.00"]):
        shop.execute(order(number, price), request_id=f"o{number}", at=NOON)
    spend = crm.SpendPoints(customer_id="ann", currency="points", points=25)
    shop.execute(spend, request_id="spend", at=NOON)
    return shop


def test_twice_the_points(fresh: Callable[[], crm.Engine]) -> None:
    shop = shop_with_orders(fresh())
    told: list[crm.WhatIfProgress] = []
    found = shop.what_if(changed("2"), at=LATER, progress=told.append)
    assert (found.totals.members, found.totals.affected, found.totals.orders) == (2, 1, 2)
    points = found.totals.points[0]
    assert (points.before.balances.available, points.after.balances.available) == (5, 35)
    assert points.liability_before is None and points.liability_after is not None
    assert points.liability_after.amount == Decimal("0.35")
    by_id = {member.customer_id: member for member in found.members}
    assert by_id["ann"].affected and not by_id["bob"].affected
    assert by_id["ann"].points[0].after.balances.issued == 60
    assert told == [crm.WhatIfProgress(members=2, orders=2)]


def test_a_spend_that_is_not_covered(fresh: Callable[[], crm.Engine]) -> None:
    found = shop_with_orders(fresh()).what_if(changed("0.5"), at=LATER)
    side = found.totals.points[0].after
    assert (side.balances.available, side.balances.redeemed, side.uncovered) == (15, 0, 25)


def test_the_program_in_force_changes_nothing_and_nothing_is_written(fresh: Callable[[], crm.Engine]) -> None:
    shop = shop_with_orders(fresh())
    found = shop.what_if(shop.program(), at=LATER)
    assert (found.totals.affected, found.totals.unlike_books) == (0, 0)
    assert available(shop) == 5
    assert shop.statement("ann").entries == shop_with_orders(fresh()).statement("ann").entries


def test_what_is_wrong_is_told(fresh: Callable[[], crm.Engine]) -> None:
    shop = shop_with_orders(fresh())
    broken = changed("2")
    broken["zone"] = "Nowhere/City"
    with pytest.raises(crm.errors.ProgramInvalid) as invalid:
        shop.what_if(broken, at=LATER)
    assert invalid.value.details["findings"]
    with pytest.raises(crm.errors.QueryField):
        shop.what_if(changed("2"), at=NOON - timedelta(days=1))
    with pytest.raises(crm.errors.ProgramMissing):
        fresh().what_if(changed("2"), at=LATER)


def test_members_as_tables(fresh: Callable[[], crm.Engine]) -> None:
    shop = shop_with_orders(fresh())
    found, whole = shop.what_if_tables(changed("2"), at=LATER), shop.what_if(changed("2"), at=LATER)
    assert found.totals == whole.totals
    members, points, tiers = found.members.to_polars(), found.points.to_polars(), found.tiers.to_polars()
    assert (found.members.num_rows, found.points.num_rows, tiers.height) == (2, 2, 0)
    assert dict(zip(members["customer_id"], members["affected"])) == {"ann": True, "bob": False}
    assert points.filter(polars.col("customer_id") == "ann").select(
        "available_before", "available_after", "issued_after", "redeemed_before", "uncovered_after"
    ).rows() == [(5, 35, 60, 25, 0)]
    assert points["available_after"].sum() == whole.totals.points[0].after.balances.available
    # Every library reads it, as often as it likes.
    assert pyarrow.table(found.points).to_pylist() == points.to_dicts() == found.points.to_pandas().to_dict("records")
    by_state = found.points
    summed = duckdb.sql("select sum(issued_after) from by_state")
    assert summed is not None and summed.fetchall() == [(60,)]
    assert repr(found) == "<crm_core.WhatIfTables at 2026-03-31T12:00:00+00:00: 2 members, 1 affected>"
    assert "2 rows" in repr(by_state)


def test_tiers_and_stages_as_tables() -> None:
    shop = crm.Engine.in_memory()
    shop.publish(crm.sample_program("supermarket"), at=NOON)
    shop.execute(crm.RegisterCustomer(customer_id="ann"), request_id="ann", at=NOON)
    found, whole = shop.what_if_tables(shop.program(), at=LATER), shop.what_if(shop.program(), at=LATER)
    [member] = whole.members
    tiers = found.tiers.to_pyarrow().to_pylist()
    assert [(row["ladder"], row["tier_before"], row["tier_after"]) for row in tiers] == [
        (tier.ladder, tier.before, tier.after) for tier in member.tiers
    ]
    [row] = found.members.to_pyarrow().to_pylist()
    assert member.stage is not None and member.stage.before is not None
    assert (row["stage_before"], row["activity_before"]) == (member.stage.before.stage, member.stage.before.activity)


def test_a_simulation_stops_where_a_callback_raises(fresh: Callable[[], crm.Engine]) -> None:
    shop = shop_with_orders(fresh())

    def stop(_: crm.WhatIfProgress) -> None:
        raise KeyError("mine")

    for run in (shop.what_if, shop.what_if_tables):
        with pytest.raises(KeyError, match="mine"):
            run(changed("2"), at=LATER, progress=stop)


def test_it_can_be_awaited(fresh: Callable[[], crm.Engine]) -> None:
    shop = shop_with_orders(fresh())

    async def ask() -> crm.WhatIf:
        return await crm.aio.Engine(shop).what_if(changed("2"), at=LATER)

    assert asyncio.run(ask()) == shop.what_if(changed("2"), at=LATER)


def test_facts_that_are_read_once(fresh: Callable[[], crm.Engine]) -> None:
    shop = shop_with_orders(fresh())
    facts = shop.histories(at=LATER)
    assert facts.at == LATER
    for points in ("0.5", "1", "2"):
        assert facts.what_if(changed(points)) == shop.what_if(changed(points), at=LATER)
    found = facts.what_if_tables(changed("2"))
    assert found.points.to_polars().equals(shop.what_if_tables(changed("2"), at=LATER).points.to_polars())
    assert found.points.at == LATER
    # What comes later is no part of them, and neither is the store.
    before = facts.what_if(changed("2")).totals
    shop.execute(order(7, "100.00"), request_id="o7", at=NOON)
    assert shop.what_if(changed("2"), at=LATER).totals.orders == 3
    shop.close()
    assert facts.what_if(changed("2")).totals == before and before.orders == 2
    with pytest.raises(crm.errors.ProgramInvalid):
        facts.what_if({**changed("2"), "zone": "Nowhere/City"})

    def stop(_: crm.WhatIfProgress) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        facts.what_if(changed("2"), progress=stop)
    with pytest.raises(crm.errors.StoreClosed):
        shop.histories(at=LATER)


def test_facts_that_are_read_once_awaited(fresh: Callable[[], crm.Engine]) -> None:
    shop = shop_with_orders(fresh())

    async def story() -> None:
        facts = await crm.aio.Engine(shop).histories(at=LATER)
        told: list[crm.WhatIfProgress] = []
        assert await facts.what_if(changed("2"), progress=told.append) == shop.what_if(changed("2"), at=LATER)
        assert told and (await facts.what_if_tables(changed("2"))).points.to_polars().height == 2

    asyncio.run(story())
