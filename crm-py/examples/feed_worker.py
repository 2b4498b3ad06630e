"""Sends a message for what happened, from the feed of a shop: each at least once, in the order of the commits, whatever is killed meanwhile.

python crm-py/examples/feed_worker.py shop.db place.txt messages.jsonl
python crm-py/examples/feed_worker.py postgres://user:password@host/database place.txt messages.jsonl

Here a message is a line of a file, and the place in the feed is a file, too. A shop would call its provider of messages, and keep the place
in its own database, in the transaction that also notes what was sent. Without arguments it shows itself, on a small shop of its own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import crm_core as crm

# How many entries are dealt with before their place is kept: as many messages may be sent again after a crash.
PAGE = 100

Send = Callable[[dict[str, str]], None]


def message(entry: crm.Entry) -> dict[str, str] | None:
    """What the customer is told, if anything. Its id is that of the entry, so that whoever sends it can drop one that comes again."""
    match entry.what:
        case crm.WhatRegistered():
            text = "Welcome!"
        case crm.WhatTier(change=change):
            text = f"You are {change.to} now."
        case crm.WhatOrder(order_id=order_id):
            text = f"Thank you for order {order_id}."
        case _:
            return None
    return {"id": f"{entry.customer_id}/{entry.seq}", "to": entry.customer_id, "text": text}


def follow(shop: crm.Engine, place: Path, send: Send) -> None:
    """Sends messages until the shop is closed or the process is stopped."""
    kept = place.read_text() if place.exists() else None
    while True:
        try:
            shop.wait_for_entries(kept)
            last = kept
            for last, entry in shop.feed(kept, limit=PAGE):
                told = message(entry)
                if told is not None:
                    send(told)
        except crm.CrmError as error:
            if error.retry != "later":
                raise
            print(f"feed: {error}", file=sys.stderr)
            time.sleep(1)  # The server restarts, or is busy: later the same question has an answer.
            continue
        if last is not None:
            # Only after what it stands for. The other way round, a message could be lost.
            keep(place, last)
            kept = last


def keep(place: Path, offset: str) -> None:
    """Keeps a place, as a whole: the old file is there until the new one is."""
    fresh = place.with_suffix(".new")
    with fresh.open("w") as file:
        file.write(offset)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place)


def main(store: str, place: str, messages: str) -> None:
    """It only reads the shop, so a role that may read is enough."""
    with crm.Engine.open(store, read_only=True) as shop, open(messages, "a") as file:

        def send(told: dict[str, str]) -> None:
            file.write(json.dumps(told) + "\n")
            file.flush()
            os.fsync(file.fileno())

        follow(shop, Path(place), send)


def show() -> None:
    """A shop that sells, and a worker beside it."""
    at = datetime(2026, 3, 1, 10, tzinfo=timezone.utc)
    sent: list[str] = []
    shop = crm.Engine.in_memory()
    shop.publish(crm.sample_program("cafe"), at=at)
    with tempfile.TemporaryDirectory() as folder:

        def worker() -> None:
            try:
                follow(shop, Path(folder) / "place.txt", lambda told: sent.append(f"{told['to']}: {told['text']}"))
            except crm.errors.StoreClosed:
                pass  # the end of the show

        working = threading.Thread(target=worker)
        working.start()
        for name in ("ann", "bob"):
            shop.execute(crm.RegisterCustomer(customer_id=name), request_id=f"{name}/new", at=at)
        while len(sent) < 2:
            time.sleep(0.01)
        shop.close()
        working.join()
    print("\n".join(sent))
    assert sent == ["ann: Welcome!", "bob: Welcome!"]


if __name__ == "__main__":
    if len(sys.argv) == 1:
        show()
    else:
        main(*sys.argv[1:])
