"""Waiting for what happens next: soon told, never for longer than was said, and ended by whoever has to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import crm_core as crm
import pytest
from shop import NOON, PROGRAM, earn, open_shop

THREAD = "crm_core_wait"


def later(seconds: float, call: Callable[[], object]) -> threading.Thread:
    """Calls on another thread, after a while."""

    def run() -> None:
        time.sleep(seconds)
        call()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def last(shop: crm.Engine) -> str:
    """The end of the feed."""
    return list(shop.feed())[-1][0]


def waiting() -> int:
    """How many threads of awaited waits there are."""
    return sum(thread.name == THREAD for thread in threading.enumerate())


def test_what_is_there_ends_a_wait_at_once(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    begun = time.monotonic()
    assert shop.wait_for_entries() is True and shop.wait_for_entries(wait_ms=60_000) is True
    assert shop.wait_for_entries(last(shop), wait_ms=0) is False
    assert time.monotonic() - begun < 1


def test_a_wait_ends_when_something_comes(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    after = last(shop)
    # After more than one of the whiles that a wait consists of.
    writing = later(1.3, lambda: shop.execute(earn(1)))
    begun = time.monotonic()
    assert shop.wait_for_entries(after, wait_ms=60_000) is True
    assert 1.2 < time.monotonic() - begun < 3
    writing.join()
    [(_, entry)] = shop.feed(after)
    assert entry.request_id == "r1"


def test_a_wait_ends_when_its_time_is_over(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    for wait_ms in (100, 1_400):
        begun = time.monotonic()
        assert shop.wait_for_entries(last(shop), wait_ms=wait_ms) is False
        assert wait_ms <= (time.monotonic() - begun) * 1000 + 2 and time.monotonic() - begun < wait_ms / 1000 + 1


def test_nobody_else_is_kept_from_working_meanwhile(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    after, ticks, told = last(shop), 0, list[bool]()
    thread = threading.Thread(target=lambda: told.append(shop.wait_for_entries(after, wait_ms=1_500)))
    thread.start()
    while thread.is_alive():
        time.sleep(0.001)
        shop.program()
        ticks += 1
    assert told == [False] and ticks > 50, ticks


@pytest.mark.parametrize("wait_ms", [None, 60_000])
def test_closing_ends_a_wait(fresh: Callable[[], crm.Engine], wait_ms: int | None) -> None:
    shop = open_shop(fresh())
    after = last(shop)
    closing = later(0.3, shop.close)
    begun = time.monotonic()
    with pytest.raises(crm.errors.StoreClosed):
        shop.wait_for_entries(after, wait_ms=wait_ms)
    assert time.monotonic() - begun < 2
    closing.join()
    with pytest.raises(crm.errors.StoreClosed):
        shop.wait_for_entries()


@pytest.fixture
def heard() -> Iterator[None]:
    """Interrupts are heard here and in children: a shell lets programs in its background ignore them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_an_interrupt_ends_a_wait(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())
    after = last(shop)
    interrupting = later(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        shop.wait_for_entries(after, wait_ms=8_000)
    assert time.monotonic() - begun < 2
    interrupting.join()
    # And nothing else.
    assert shop.execute(earn(1)).outcome == crm.Outcome.APPLIED
    assert shop.wait_for_entries(after) is True


def test_arguments_are_checked() -> None:
    shop = crm.Engine.in_memory()
    for wait_ms in (-1, 2**32):
        with pytest.raises(ValueError, match="wait_ms"):
            shop.wait_for_entries(wait_ms=wait_ms)
    wrong: Any = 0.5
    with pytest.raises(TypeError):
        shop.wait_for_entries(wait_ms=wrong)
    with pytest.raises(crm.errors.ValueText) as refused:
        shop.wait_for_entries("x", wait_ms=0)
    assert refused.value.details["field"] == "after"


def test_a_wait_is_awaited(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())

    async def story() -> None:
        awaited = crm.aio.Engine(shop, threads=1)
        after = last(shop)
        assert await awaited.wait_for_entries(wait_ms=60_000) is True
        assert await awaited.wait_for_entries(after, wait_ms=100) is False
        # Many wait, and the one thread of the pool is free for those who work.
        waits = [asyncio.ensure_future(awaited.wait_for_entries(after)) for _ in range(8)]
        ticks, begun = 0, time.monotonic()
        while time.monotonic() - begun < 0.5:
            await asyncio.sleep(0.001)
            ticks += 1
        assert ticks > 25 and not any(wait.done() for wait in waits)
        await asyncio.wait_for(awaited.execute(earn(1)), timeout=5)
        assert await asyncio.wait_for(asyncio.gather(*waits), timeout=5) == [True] * 8
        with pytest.raises(crm.errors.ValueText):
            await awaited.wait_for_entries("x")
        # A wait that was begun ends with the store.
        wait = asyncio.ensure_future(awaited.wait_for_entries(last(shop)))
        await asyncio.sleep(0.2)
        await awaited.close()
        with pytest.raises(crm.errors.StoreClosed):
            await asyncio.wait_for(wait, timeout=5)

    asyncio.run(story())


def test_a_wait_that_is_cancelled_leaves_nothing_behind(fresh: Callable[[], crm.Engine]) -> None:
    shop = open_shop(fresh())

    async def story() -> None:
        awaited = crm.aio.Engine(shop)
        after = last(shop)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(awaited.wait_for_entries(after), timeout=0.3)
        task = asyncio.ensure_future(awaited.wait_for_entries(after))
        await asyncio.sleep(0.2)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # The task is told at once, the thread ends soon.
        assert time.monotonic() - begun < 0.2 and 0 < waiting()
        while waiting() and time.monotonic() - begun < 5:
            await asyncio.sleep(0.01)
        assert waiting() == 0 and time.monotonic() - begun < 2
        await awaited.execute(earn(1))
        assert await awaited.wait_for_entries(after) is True

    asyncio.run(story())


# Interrupted from outside, while it waits: on its main thread, or in a task.
CHILDREN = {
    "a thread": """
import sys
import crm_core as crm
print("waits", flush=True)
crm.Engine.in_memory().wait_for_entries()
""",
    "a task": """
import asyncio
import json
import crm_core as crm
async def main():
    async with await crm.aio.Engine.in_memory() as shop:
        print("waits", flush=True)
        await shop.wait_for_entries()
asyncio.run(main())
""",
    "nobody": """
import asyncio
import json
import crm_core as crm
async def main():
    shop = await crm.aio.Engine.in_memory()
    waits = shop.wait_for_entries()
    asyncio.ensure_future(waits)
    await asyncio.sleep(0.1)
    print("waits", flush=True)
asyncio.run(main())
""",
}


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("who", CHILDREN)
def test_a_process_that_waits_can_be_ended(who: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILDREN[who]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdout.readline() == "waits\n"
    begun = time.monotonic()
    if who != "nobody":
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
    _, told = child.communicate(timeout=30)
    assert time.monotonic() - begun < 5
    assert "KeyboardInterrupt" in told if who != "nobody" else told == "", told


def test_another_process_is_heard(tmp_path: Path) -> None:
    with open_shop(crm.Engine.open(tmp_path / "shop.db", durability="normal")) as shop:
        with crm.Engine.open(tmp_path / "shop.db", read_only=True) as looking:
            after = last(looking)
            child = subprocess.Popen([sys.executable, "-c", SELLER, str(tmp_path / "shop.db")])
            assert looking.wait_for_entries(after, wait_ms=60_000) is True
            assert [entry.request_id for _, entry in looking.feed(after)] == ["child"]
            assert child.wait(timeout=60) == 0
        assert shop.wait_for_entries(after, wait_ms=0) is True


SELLER = """
import sys
from datetime import datetime, timezone
import crm_core as crm
at = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
with crm.Engine.open(sys.argv[1], create=False) as shop:
    shop.execute(crm.EarnPoints(customer_id="ann", currency="points", points=5), request_id="child", at=at)
"""


def test_the_program_says_nothing_of_entries() -> None:
    with crm.Engine.in_memory() as shop:
        shop.publish(PROGRAM, at=NOON)
        assert shop.wait_for_entries(wait_ms=50) is False


WORKER = Path(__file__).resolve().parents[1] / "examples/feed_worker.py"


def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    names = [str(tmp_path / name) for name in ("shop.db", "place.txt", "messages.jsonl")]
    told = tmp_path / "messages.jsonl"

    def wait_for(enough: Callable[[str], bool]) -> None:
        end = time.monotonic() + 60
        while not (told.exists() and enough(told.read_text())):
            assert time.monotonic() < end and worker.poll() is None
            time.sleep(0.01)

    with crm.Engine.open(names[0], durability="normal") as shop:
        shop.publish(PROGRAM, at=NOON)
        for turn in range(4):
            worker = subprocess.Popen([sys.executable, str(WORKER), *names])
            for number in range(60):
                name = f"c{turn}-{number}"
                shop.execute(crm.RegisterCustomer(customer_id=name), request_id=name, at=NOON)
                if number == 30:
                    # It is in the middle of its work.
                    wait_for(lambda text: f'"c{turn}-' in text)
                    worker.kill()
                    worker.wait(timeout=60)
        worker = subprocess.Popen([sys.executable, str(WORKER), *names])
        wait_for(lambda text: '"c3-59/' in text)
        # It waits; like a service it is told to end.
        time.sleep(0.3)
        worker.terminate()
        worker.wait(timeout=60)
        ids = [entry.customer_id for _, entry in shop.feed()]
    lines = [json.loads(line) for line in told.read_text().splitlines() if line.endswith("}")]
    assert {line["to"] for line in lines} == set(ids) and len(ids) == 240
    # In order, and after a crash at most a page again.
    first = list(dict.fromkeys(line["to"] for line in lines))
    assert first == ids and len(lines) <= 240 + 4 * 100
