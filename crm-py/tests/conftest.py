"""What tests share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import crm_core as crm
import pytest
from on_server import new_schema

# Beside a server (`tests/with-postgres`), what holds for every store is tried on it as well.
STORES = ["memory", "sqlite", *(["postgres"] if "CRM_POSTGRES" in os.environ else [])]


@pytest.fixture(params=STORES)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], crm.Engine]]:
    """Makes engines on each kind of store, and closes them."""
    opened: list[crm.Engine] = []

    def make() -> crm.Engine:
        if request.param == "memory":
            engine = crm.Engine.in_memory()
        elif request.param == "sqlite":
            engine = crm.Engine.open(tmp_path / f"{len(opened)}.db", durability="normal")
        else:
            engine = crm.Engine.open(new_schema(), connections=4)
        opened.append(engine)
        return engine

    yield make
    for engine in opened:
        engine.close()
