"""What tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import crm_core as crm
import pytest


@pytest.fixture(params=["memory", "sqlite"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], crm.Engine]]:
    """Makes engines on either store, and closes them."""
    opened: list[crm.Engine] = []

    def make() -> crm.Engine:
        if request.param == "memory":
            engine = crm.Engine.in_memory()
        else:
            engine = crm.Engine.open(tmp_path / f"{len(opened)}.db", durability="normal")
        opened.append(engine)
        return engine

    yield make
    for engine in opened:
        engine.close()
