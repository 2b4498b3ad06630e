"""The engine for asyncio: the same methods, awaited.

    async with await crm_core.aio.Engine.open("shop.db") as shop:
        await shop.execute(command, request_id="r1", at=now)

Work runs on threads of a pool of its own, so the loop goes on meanwhile. A task that is cancelled stops waiting; the work that was
begun is finished, and the same request id tells afterwards what it did.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, TypeVar

from crm_core import _engine
from crm_core._base import CrmError
from crm_core._engine import Path, ProgramSource
from crm_core._questions import AsyncQuestions
from crm_core._types import (
    BackupReport,
    Command,
    Document,
    Done,
    Finding,
    Query,
    Request,
    SweepReport,
    WhatIf,
    WhatIfProgress,
)

__all__ = ["Engine"]

T = TypeVar("T")


class Engine(AsyncQuestions):
    """An engine whose methods are awaited."""

    __slots__ = ("_engine", "_pool")

    def __init__(self, engine: _engine.Engine, *, threads: int = 4) -> None:
        """Awaits on top of an engine that is open; both may be used at the same time."""
        self._engine = engine
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="crm_core")

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        create: bool = True,
        durability: Literal["full", "normal"] = "full",
        busy_wait_ms: int | None = None,
        combine: bool = False,
        read_only: bool = False,
        threads: int = 4,
    ) -> Engine:
        """As `crm_core.Engine.open`. `threads`: how many calls run at the same time."""
        opened = await asyncio.to_thread(
            _engine.Engine.open,
            path,
            create=create,
            durability=durability,
            busy_wait_ms=busy_wait_ms,
            combine=combine,
            read_only=read_only,
        )
        return cls(opened, threads=threads)

    @classmethod
    async def in_memory(cls, *, threads: int = 4) -> Engine:
        """As `crm_core.Engine.in_memory`."""
        return cls(_engine.Engine.in_memory(), threads=threads)

    async def __aenter__(self) -> Engine:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, call: Callable[..., T], *args: Any, **named: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, functools.partial(call, *args, **named))

    async def close(self) -> None:
        """As `crm_core.Engine.close`; waits for what is under way."""
        await self._run(self._engine.close)
        self._pool.shutdown(wait=False)

    async def publish(self, document: ProgramSource, *, at: datetime) -> Sequence[Finding]:
        """As `crm_core.Engine.publish`."""
        return await self._run(self._engine.publish, document, at=at)

    async def program(self) -> Document:
        """As `crm_core.Engine.program`."""
        return await self._run(self._engine.program)

    async def refresh(self) -> None:
        """As `crm_core.Engine.refresh`."""
        await self._run(self._engine.refresh)

    async def execute(
        self,
        command: Command,
        *,
        request_id: str,
        at: datetime,
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done:
        """As `crm_core.Engine.execute`."""
        return await self._run(
            self._engine.execute, command, request_id=request_id, at=at, actor=actor, reason=reason, batch=batch
        )

    async def execute_many(self, requests: Iterable[Request]) -> list[Done | CrmError]:
        """As `crm_core.Engine.execute_many`."""
        return await self._run(self._engine.execute_many, list(requests))

    async def preview(
        self,
        command: Command,
        *,
        at: datetime,
        request_id: str = "preview",
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done:
        """As `crm_core.Engine.preview`."""
        return await self._run(
            self._engine.preview, command, at=at, request_id=request_id, actor=actor, reason=reason, batch=batch
        )

    async def ask(self, query: Query) -> Any:
        """As `crm_core.Engine.ask`."""
        return await self._run(self._engine.ask, query)

    async def _ask(self, query: Query) -> Any:
        return await self._run(self._engine.ask, query)

    async def sweep(
        self, until: datetime, *, progress: Callable[[SweepReport], object] | None = None
    ) -> SweepReport:
        """As `crm_core.Engine.sweep`; `progress` is called on a thread of the pool."""
        return await self._run(self._engine.sweep, until, progress=progress)

    async def what_if(
        self,
        document: ProgramSource,
        *,
        at: datetime,
        progress: Callable[[WhatIfProgress], object] | None = None,
    ) -> WhatIf:
        """As `crm_core.Engine.what_if`; `progress` is called on a thread of the pool."""
        return await self._run(self._engine.what_if, document, at=at, progress=progress)

    async def next_due(self) -> datetime | None:
        """As `crm_core.Engine.next_due`."""
        return await self._run(self._engine.next_due)

    async def backup(self, path: Path, *, progress: Callable[[int, int], object] | None = None) -> BackupReport:
        """As `crm_core.Engine.backup`."""
        return await self._run(self._engine.backup, path, progress=progress)
