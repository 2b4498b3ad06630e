"""What a call costs, beside what the library does in it.

python crm-py/benches/calls.py, with a release build of the wheel: microseconds of CPU for one call, the best of five rounds. A call that
carries a thousand requests shows what crossing the border costs for each: in it everything but the crossing is shared.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone

import crm_core as crm

AT = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
PROGRAM = {
    "version": 1,
    "program": "bench",
    "revision": 1,
    "zone": "UTC",
    "currencies": ["EUR"],
    "points": [{"id": "points", "expiry": {"type": "end_of", "period": "year", "after": 1}}],
}
CUSTOMERS = 1_000


def shop() -> crm.Engine:
    """A thousand customers in memory."""
    engine = crm.Engine.in_memory()
    engine.publish(PROGRAM, at=AT)
    register = [
        crm.Request(request_id="r", at=AT, do=crm.RegisterCustomer(customer_id=f"c{number}"))
        for number in range(CUSTOMERS)
    ]
    engine.execute_many(register)
    return engine


def measure(name: str, call: Callable[[int], object], count: int, each: int = 1) -> None:
    """Prints the best of five rounds; no call is made twice with the same number."""
    best, number = float("inf"), 0
    for _ in range(5):
        begun = time.process_time()
        for _ in range(count):
            call(number)
            number += 1
        best = min(best, (time.process_time() - begun) / count / each)
    print(f"{name:<44} {best * 1e6:8.1f} µs")


def main() -> None:
    """All of them."""
    engine = shop()
    give = crm.EarnPoints(customer_id="c1", currency="points", points=1)
    text = engine.wallet("c1", at=AT).to_json()

    def earn(number: int) -> crm.Request:
        command = crm.EarnPoints(customer_id=f"c{number % CUSTOMERS}", currency="points", points=1)
        return crm.Request(request_id=f"e{number}", at=AT, do=command)

    measure("make a command", lambda _: crm.EarnPoints(customer_id="c1", currency="points", points=1), 20_000)
    measure("a command to JSON", lambda _: give.to_json(), 20_000)
    measure("a wallet from JSON", lambda _: crm.Wallet.from_json(text), 5_000)
    measure("ask for a wallet", lambda number: engine.wallet(f"c{number % CUSTOMERS}", at=AT), 5_000)
    measure(
        "execute an earn, in memory",
        lambda number: engine.execute(earn(number).do, request_id=f"e{number}", at=AT),
        2_000,
    )
    other = shop()
    thousands = [[earn(number) for number in range(block * 1_000, (block + 1) * 1_000)] for block in range(25)]
    measure("the same, a thousand in one call, for each", lambda block: other.execute_many(thousands[block]), 5, 1_000)


if __name__ == "__main__":
    main()
