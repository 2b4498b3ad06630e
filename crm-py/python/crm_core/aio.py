"""The engine for asyncio: the same methods, awaited.

    async with await crm_core.aio.Engine.open("shop.db") as shop:
        await shop.execute(command, request_id="r1", at=now)

Work runs on threads of a pool of its own, so the loop goes on meanwhile. A task that is cancelled stops waiting; the work that was
begun is finished, and the same request id tells afterwards what it did.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, TypeVar, overload

from crm_core import _engine
from crm_core._base import CrmError
from crm_core._engine import Path, Place, ProgramSource
from crm_core._questions import AsyncQuestions
from crm_core._tables import ArrowStream, FactTable, OnIssue, Progress, StateTable, Table, WhatIfTables
from crm_core._types import (
    BackupReport,
    BatchRecord,
    CodeIssue,
    CodesReport,
    ColumnMap,
    Command,
    Document,
    Done,
    Entry,
    EventColumnMap,
    Finding,
    Format,
    ImportProgress,
    ImportReport,
    Query,
    RefundColumnMap,
    Request,
    RevertReport,
    SweepReport,
    WhatIf,
    WhatIfProgress,
)

__all__ = ["Engine", "Histories"]

T = TypeVar("T")


async def _on_own_thread(call: Callable[..., T], *args: Any) -> T:
    """Runs what may take for ever. The thread keeps nobody from ending: not the pool, and not the interpreter."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(put: Callable[[Any], None], outcome: object) -> None:
        if not done.done():
            put(outcome)

    def run() -> None:
        try:
            put: Callable[[Any], None] = done.set_result
            outcome: object = call(*args)
        except BaseException as error:
            put, outcome = done.set_exception, error
        with contextlib.suppress(RuntimeError):  # The loop is closed, so nobody waits any more.
            loop.call_soon_threadsafe(settle, put, outcome)

    threading.Thread(target=run, name="crm_core_wait", daemon=True).start()
    return await done


class Histories:
    """As `crm_core.Histories`, awaited: for trying many programs on one set of facts."""

    __slots__ = ("_histories", "_run", "at")

    at: datetime
    """The instant at which both programs stand."""

    def __init__(self, histories: _engine.Histories, run: Callable[..., Awaitable[Any]]) -> None:
        self._histories = histories
        self._run = run
        self.at = histories.at

    async def what_if(
        self, document: ProgramSource, *, progress: Callable[[WhatIfProgress], object] | None = None
    ) -> WhatIf:
        """As `crm_core.Histories.what_if`; `progress` is called on a thread of the pool."""
        found: WhatIf = await self._run(self._histories.what_if, document, progress=progress)
        return found

    async def what_if_tables(
        self, document: ProgramSource, *, progress: Callable[[WhatIfProgress], object] | None = None
    ) -> WhatIfTables:
        """As `crm_core.Histories.what_if_tables`; `progress` is called on a thread of the pool."""
        found: WhatIfTables = await self._run(self._histories.what_if_tables, document, progress=progress)
        return found


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
        place: Place,
        *,
        create: bool = True,
        durability: Literal["full", "normal"] = "full",
        busy_wait_ms: int | None = None,
        combine: bool = False,
        read_only: bool = False,
        connections: int | None = None,
        holders: int | None = None,
        holder: int = 0,
        threads: int = 4,
    ) -> Engine:
        """As `crm_core.Engine.open`. `threads`: how many calls run at the same time."""
        opened = await asyncio.to_thread(
            _engine.Engine.open,
            place,
            create=create,
            durability=durability,
            busy_wait_ms=busy_wait_ms,
            combine=combine,
            read_only=read_only,
            connections=connections,
            holders=holders,
            holder=holder,
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

    async def fold_leases(self) -> None:
        """As `crm_core.Engine.fold_leases`."""
        await self._run(self._engine.fold_leases)

    async def publish(self, document: ProgramSource, *, at: datetime) -> Sequence[Finding]:
        """As `crm_core.Engine.publish`."""
        return await self._run(self._engine.publish, document, at=at)

    async def program(self) -> Document:
        """As `crm_core.Engine.program`."""
        return await self._run(self._engine.program)

    async def refresh(self) -> None:
        """As `crm_core.Engine.refresh`."""
        await self._run(self._engine.refresh)

    @overload
    async def execute(self, command: Request) -> Done: ...
    @overload
    async def execute(
        self,
        command: Command,
        *,
        request_id: str,
        at: datetime,
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done: ...
    async def execute(
        self,
        command: Command | Request,
        *,
        request_id: str | None = None,
        at: datetime | None = None,
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done:
        """As `crm_core.Engine.execute`."""
        request = _engine.request_of(command, request_id, at, actor, reason, batch)
        return await self._run(self._engine.execute, request)

    async def execute_many(self, requests: Iterable[Request]) -> list[Done | CrmError]:
        """As `crm_core.Engine.execute_many`."""
        return await self._run(self._engine.execute_many, _engine.listed(requests))

    @overload
    async def preview(self, command: Request) -> Done: ...
    @overload
    async def preview(
        self,
        command: Command,
        *,
        at: datetime,
        request_id: str | None = None,
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done: ...
    async def preview(
        self,
        command: Command | Request,
        *,
        at: datetime | None = None,
        request_id: str | None = None,
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done:
        """As `crm_core.Engine.preview`."""
        if request_id is None and not isinstance(command, Request):
            request_id = "preview"
        request = _engine.request_of(command, request_id, at, actor, reason, batch)
        return await self._run(self._engine.preview, request)

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

    def feed(
        self, after: str | None = None, *, limit: int | None = None, page: int = 500
    ) -> AsyncIterator[tuple[str, Entry]]:
        """As `crm_core.Engine.feed`, for `async for`; each page is awaited."""
        return self._feed(_engine.feed_from(after, limit, page), limit, page)

    async def _feed(self, after: str, limit: int | None, page: int) -> AsyncIterator[tuple[str, Entry]]:
        while limit is None or 0 < limit:
            size = page if limit is None else min(page, limit)
            fed: list[tuple[str, Entry]] = await self._run(list, self._engine.feed(after, limit=size, page=size))
            for one in fed:
                yield one
            limit = _engine.feed_rest(limit, len(fed), size)
            after = fed[-1][0] if fed else after

    async def wait_for_entries(self, after: str | None = None, *, wait_ms: int | None = None) -> bool:
        """As `crm_core.Engine.wait_for_entries`. Each wait has a thread of its own, so that calls have theirs; where the task is cancelled,
        it ends within about a second.
        """
        place, stopped = _engine.wait_from(after, wait_ms), threading.Event()
        try:
            return await _on_own_thread(self._engine._native.wait_for_entries, place, wait_ms, stopped.is_set)
        finally:
            stopped.set()

    async def next_due(self) -> datetime | None:
        """As `crm_core.Engine.next_due`."""
        return await self._run(self._engine.next_due)

    async def backup(self, path: Path, *, progress: Callable[[int, int], object] | None = None) -> BackupReport:
        """As `crm_core.Engine.backup`."""
        return await self._run(self._engine.backup, path, progress=progress)

    async def what_if_tables(
        self,
        document: ProgramSource,
        *,
        at: datetime,
        progress: Callable[[WhatIfProgress], object] | None = None,
    ) -> WhatIfTables:
        """As `crm_core.Engine.what_if_tables`; `progress` is called on a thread of the pool."""
        return await self._run(self._engine.what_if_tables, document, at=at, progress=progress)

    async def histories(self, *, at: datetime) -> Histories:
        """As `crm_core.Engine.histories`, with methods that are awaited."""
        return Histories(await self._run(self._engine.histories, at=at), self._run)

    async def import_orders(
        self,
        files: Path | Sequence[Path] | Mapping[str, bytes],
        *,
        format: Format | Literal["plain", "shopify", "taobao", "youzan"] = "plain",
        name: str | None = None,
        batch: str | None = None,
        on_issue: OnIssue = "report",
        dry_run: bool = False,
        recorded_at: datetime | None = None,
        now: datetime | None = None,
        zone: str | None = None,
        id_prefix: str = "",
        progress: Callable[[ImportProgress], object] | None = None,
    ) -> ImportReport:
        """As `crm_core.Engine.import_orders`; `progress` is called on a thread of the pool."""
        return await self._run(
            self._engine.import_orders,
            files,
            format=format,
            name=name,
            batch=batch,
            on_issue=on_issue,
            dry_run=dry_run,
            recorded_at=recorded_at,
            now=now,
            zone=zone,
            id_prefix=id_prefix,
            progress=progress,
        )

    async def imports(self) -> Sequence[BatchRecord]:
        """As `crm_core.Engine.imports`."""
        return await self._run(self._engine.imports)

    async def revert_import(
        self, batch: str, *, at: datetime, progress: Callable[[RevertReport], object] | None = None
    ) -> RevertReport:
        """As `crm_core.Engine.revert_import`; `progress` is called on a thread of the pool."""
        return await self._run(self._engine.revert_import, batch, at=at, progress=progress)

    async def issue_codes(
        self,
        issue: CodeIssue,
        codes: Iterable[str],
        *,
        at: datetime,
        progress: Callable[[CodesReport], object] | None = None,
    ) -> CodesReport:
        """As `crm_core.Engine.issue_codes`; `codes` is read and `progress` is called on a thread of the pool."""
        return await self._run(self._engine.issue_codes, issue, codes, at=at, progress=progress)

    @overload
    async def table(self, name: StateTable, *, at: datetime) -> Table: ...

    @overload
    async def table(self, name: FactTable) -> Table: ...

    async def table(self, name: Any, *, at: datetime | None = None) -> Table:
        """As `crm_core.Engine.table`. It holds no rows: whoever reads it reads the store, so read large ones on a thread:
        `await asyncio.to_thread(table.to_polars)`.
        """
        named: dict[str, datetime] = {} if at is None else {"at": at}
        return await self._run(self._engine.table, name, **named)

    async def ingest_orders(
        self,
        table: ArrowStream,
        *,
        columns: ColumnMap | None = None,
        on_issue: OnIssue = "report",
        dry_run: bool = False,
        name: str = "orders",
        batch: str | None = None,
        recorded_at: datetime | None = None,
        now: datetime | None = None,
        zone: str | None = None,
        id_prefix: str = "",
        progress: Progress = None,
    ) -> ImportReport:
        """As `crm_core.Engine.ingest_orders`; `progress` is called on a thread of the pool."""
        return await self._run(
            self._engine.ingest_orders,
            table,
            columns=columns,
            on_issue=on_issue,
            dry_run=dry_run,
            name=name,
            batch=batch,
            recorded_at=recorded_at,
            now=now,
            zone=zone,
            id_prefix=id_prefix,
            progress=progress,
        )

    async def ingest_refunds(
        self,
        table: ArrowStream,
        *,
        columns: RefundColumnMap | None = None,
        on_issue: OnIssue = "report",
        dry_run: bool = False,
        name: str = "refunds",
        batch: str | None = None,
        recorded_at: datetime | None = None,
        now: datetime | None = None,
        zone: str | None = None,
        id_prefix: str = "",
        progress: Progress = None,
    ) -> ImportReport:
        """As `crm_core.Engine.ingest_refunds`; `progress` is called on a thread of the pool."""
        return await self._run(
            self._engine.ingest_refunds,
            table,
            columns=columns,
            on_issue=on_issue,
            dry_run=dry_run,
            name=name,
            batch=batch,
            recorded_at=recorded_at,
            now=now,
            zone=zone,
            id_prefix=id_prefix,
            progress=progress,
        )

    async def ingest_events(
        self,
        table: ArrowStream,
        *,
        columns: EventColumnMap | None = None,
        on_issue: OnIssue = "report",
        dry_run: bool = False,
        name: str = "events",
        batch: str | None = None,
        recorded_at: datetime | None = None,
        now: datetime | None = None,
        zone: str | None = None,
        progress: Progress = None,
    ) -> ImportReport:
        """As `crm_core.Engine.ingest_events`; `progress` is called on a thread of the pool."""
        return await self._run(
            self._engine.ingest_events,
            table,
            columns=columns,
            on_issue=on_issue,
            dry_run=dry_run,
            name=name,
            batch=batch,
            recorded_at=recorded_at,
            now=now,
            zone=zone,
            progress=progress,
        )
