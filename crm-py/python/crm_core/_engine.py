"""The engine: a store, the rules in force, and the ways to change and to ask."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, TypeVar, Union, overload

from crm_core import _native
from crm_core._base import CrmError
from crm_core._questions import Questions
from crm_core._tables import OnIssue, Table, Tables, WhatIfTables, refuses
from crm_core._types import (
    BackupReport,
    BatchRecord,
    Cart,
    CodeIssue,
    CodesReport,
    Command,
    Document,
    Done,
    Entry,
    Finding,
    Format,
    FormatPlain,
    FormatShopify,
    FormatTaobao,
    FormatYouzan,
    ImportProgress,
    ImportReport,
    Objective,
    OfferReceipt,
    OfferRules,
    Query,
    Quote,
    RefundPlan,
    Refunds,
    Request,
    ReturnedLine,
    RevertReport,
    SweepReport,
    Verified,
    WhatIf,
    WhatIfProgress,
    WhatIfTotals,
)

T = TypeVar("T")

Path = Union[str, "os.PathLike[str]"]
"""Where a file is."""

Place = Path
"""Where a store is: a file, or the address of a server as a text, such as `postgres://user:password@host/database`."""

ProgramSource = Union[str, bytes, Mapping[str, Any], Document]
"""A program document: JSON text, the same as a dict, or a `Document`."""

PAGE_MAX = _native.PAGE_MAX
"""Most entries that are read at a time."""

WAIT_MS_MAX = 2**32 - 1
"""The longest wait that has an end: some seven weeks."""

_FORMATS: dict[str, Callable[[], Format]] = {"shopify": FormatShopify, "taobao": FormatTaobao, "youzan": FormatYouzan}


def _document(document: ProgramSource) -> str | bytes | dict[str, Any] | Document:
    return dict(document) if isinstance(document, Mapping) else document


def request_of(
    command: Command | Request,
    request_id: str | None,
    at: datetime | None,
    actor: str | None,
    reason: str | None,
    batch: str | None,
) -> Request:
    """A request, of a command and what it needs, or as it is."""
    if isinstance(command, Request):
        if any(given is not None for given in (request_id, at, actor, reason, batch)):
            raise TypeError("a Request has a request_id, at, actor, reason and batch of its own")
        return command
    if request_id is None or at is None:
        raise TypeError("a command needs request_id= and at=")
    return Request(request_id=request_id, at=at, do=command, actor=actor, reason=reason, batch=batch)


def listed(items: Iterable[T]) -> list[T] | Iterable[T]:
    """What is given one after the other, all of it now; a set, which has no order, stays one and is refused."""
    return items if isinstance(items, (set, frozenset)) else list(items)


def feed_from(after: str | None, limit: int | None, page: int) -> str:
    """Where a feed begins; refuses what is no place in one."""
    if limit is not None and limit < 0:
        raise ValueError(f"limit is zero or more, not {limit}")
    if not 1 <= page <= PAGE_MAX:
        raise ValueError(f"page is 1 to {PAGE_MAX:,}, not {page:,}")
    return _native.offset(after)


def wait_from(after: str | None, wait_ms: int | None) -> str:
    """Where a wait begins; refuses what is no place in a feed and no time to wait."""
    if wait_ms is not None and not 0 <= wait_ms <= WAIT_MS_MAX:
        raise ValueError(f"wait_ms is 0 to {WAIT_MS_MAX:,}, or None, not {wait_ms:,}")
    return _native.offset(after)


def feed_rest(limit: int | None, fed: int, size: int) -> int | None:
    """How many entries are still wanted after a page that could have had `size`; zero ends the feed."""
    return 0 if fed < size else None if limit is None else limit - fed


class Histories:
    """The facts of everybody up to an instant, read once and held in memory, to try many programs on. It needs the engine no more."""

    __slots__ = ("_native", "at")

    at: datetime
    """The instant at which both programs stand."""

    def __init__(self, native: _native.Histories, at: datetime) -> None:
        self._native = native
        self.at = at

    def what_if(
        self, document: ProgramSource, *, progress: Callable[[WhatIfProgress], object] | None = None
    ) -> WhatIf:
        """As `Engine.what_if`, on these facts. "In force" is the program that was when they were read."""
        return self._native.what_if(_document(document), progress)

    def what_if_tables(
        self, document: ProgramSource, *, progress: Callable[[WhatIfProgress], object] | None = None
    ) -> WhatIfTables:
        """As `Engine.what_if_tables`, on these facts."""
        return _compared(self._native.what_if_tables(_document(document), progress), self.at)


def _compared(found: tuple[WhatIfTotals, _native.Held, _native.Held, _native.Held], at: datetime) -> WhatIfTables:
    totals, members, points, tiers = found
    return WhatIfTables(totals, Table(members, "members", at), Table(points, "points", at), Table(tiers, "tiers", at))


class Engine(Questions, Tables):
    """A store, the rules in force, and the ways to change and to ask. Safe to share between threads; the interpreter's lock is
    released while the library works. After a fork it has to be opened again.

    Besides the methods below there is one for each question, such as `wallet`, `tier` and `quote`. Answers never depend on whether a
    sweep has run.
    """

    __slots__ = ("_native",)

    def __init__(self, native: _native.Engine) -> None:
        self._native = native

    @classmethod
    def open(
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
    ) -> Engine:
        """Opens a database file, or a schema on a PostgreSQL server, and makes it where there is none.

        `place`: a path, or an address such as `postgres://user:password@host/database?schema=shop` (without `schema` it is `crm`), as
        a text. `create`: False refuses what is not there. `durability`: "full" syncs each commit to disk (of a server: as that is set up);
        with "normal" a power cut may take the last commits with it, whole ones. `busy_wait_ms`: how long to wait for another process before
        `StoreBusy`, five seconds by default; on a server for a free connection and for each statement, ten and thirty seconds by default.
        `combine`: threads that call `execute` at the same time share commits, which is many times faster where they wait for the disk or the
        network. `read_only`: for questions only, also where nobody may write, such as a backup or a standby; whatever would change something
        is refused with `StoreReadOnly`. `connections`: how many a server is asked for at most, 16 by default.
        `holders`: limits over all customers are leased to so many processes, of which this one is `holder`, counted from 0, so that a hot
        coupon is not one row that all of them write; they stay exact. All processes of a store give the same number, or none does.

        Raises `StoreUnreachable`, `StoreLogin`, `StoreMissing` and the other errors of `errors.StoreError`.
        """
        if durability not in ("full", "normal"):
            raise ValueError(f"durability is 'full' or 'normal', not {durability!r}")
        if holder < 0 or (holders is not None and holders < 1):
            raise ValueError("holders is one or more, and holder is counted from 0")
        if holders is None and holder != 0:
            raise TypeError("a holder needs holders=, how many of them there are")
        full, leases = durability == "full", None if holders is None else (holder, holders)
        return cls(
            _native.Engine.open(
                os.fspath(place), create, full, busy_wait_ms, combine, read_only, connections, leases
            )
        )

    @classmethod
    def in_memory(cls) -> Engine:
        """An engine that forgets everything when it is dropped."""
        return cls(_native.Engine.in_memory())

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Flushes and closes the store; whatever is asked afterwards is refused with `StoreClosed`."""
        self._native.close()

    def fold_leases(self) -> None:
        """Puts back what all holders have leased, before a store is opened without `holders` or with another number of them. Nobody else may
        use the store meanwhile.
        """
        self._native.fold_leases()

    def publish(self, document: ProgramSource, *, at: datetime) -> Sequence[Finding]:
        """Puts a program in force, and gives its warnings back. Raises `ProgramInvalid` with everything that is wrong in
        `details["findings"]`, and `ProgramRevision` unless its revision is above the last one.
        """
        return self._native.publish(_document(document), at)

    def program(self) -> Document:
        """The program in force."""
        return Document.from_json(self._native.program())

    def refresh(self) -> None:
        """Reads the program in force again: for processes that share a file with the one that publishes."""
        self._native.refresh()

    @overload
    def execute(self, command: Request) -> Done: ...
    @overload
    def execute(
        self,
        command: Command,
        *,
        request_id: str,
        at: datetime,
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done: ...
    def execute(
        self,
        command: Command | Request,
        *,
        request_id: str | None = None,
        at: datetime | None = None,
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done:
        """Carries a command out, once: the same request again gives the stored receipt, with `Outcome.REPLAYED`.

        `request_id`: your name for this attempt. `at`: the instant; the library reads no clock. `actor`, `reason`: who and why, which
        corrections need. A whole `Request` brings all of them. Raises the refusal of the command; nothing has changed then.
        """
        return self._native.execute(request_of(command, request_id, at, actor, reason, batch))

    def execute_many(self, requests: Iterable[Request]) -> list[Done | CrmError]:
        """Carries many requests out in one commit, in their order, each with an outcome of its own: what it did, or its refusal (which
        is returned, not raised). At most 100,000 at a time.
        """
        return self._native.execute_many(listed(requests))

    @overload
    def preview(self, command: Request) -> Done: ...
    @overload
    def preview(
        self,
        command: Command,
        *,
        at: datetime,
        request_id: str | None = None,
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done: ...
    def preview(
        self,
        command: Command | Request,
        *,
        at: datetime | None = None,
        request_id: str | None = None,
        actor: str | None = None,
        reason: str | None = None,
        batch: str | None = None,
    ) -> Done:
        """What `execute` would give, without changing anything."""
        if request_id is None and not isinstance(command, Request):
            request_id = "preview"
        return self._native.preview(request_of(command, request_id, at, actor, reason, batch))

    def ask(self, query: Query) -> Any:
        """Answers a question that was made elsewhere; each question has a method of its own with the type of its answer."""
        return self._native.ask(query)

    def _ask(self, query: Query) -> Any:
        return self._native.ask(query)

    def sweep(self, until: datetime, *, progress: Callable[[SweepReport], object] | None = None) -> SweepReport:
        """Writes what time alone has done to everybody up to an instant: activations, expiries, time-outs, reviews, transitions,
        birthdays. Costs what is due. Safe to stop, to run twice and late.
        """
        return self._native.sweep(until, progress)

    def what_if(
        self,
        document: ProgramSource,
        *,
        at: datetime,
        progress: Callable[[WhatIfProgress], object] | None = None,
    ) -> WhatIf:
        """What would have been, had this program been in force all along: every member under it and under the program in force, worked out
        from the same facts, and the totals. Nothing is written, and the document needs no new revision.

        `at`: the instant at which both stand; facts recorded after it do not count. Raises `ProgramInvalid` with everything that is wrong.
        """
        return self._native.what_if(_document(document), at, progress)

    def what_if_tables(
        self,
        document: ProgramSource,
        *,
        at: datetime,
        progress: Callable[[WhatIfProgress], object] | None = None,
    ) -> WhatIfTables:
        """As `what_if`, with the members as tables for polars, pandas, pyarrow and DuckDB: for shops with more of them than anybody wants as
        objects.
        """
        return _compared(self._native.what_if_tables(_document(document), at, progress), at)

    def histories(self, *, at: datetime) -> Histories:
        """Reads the facts of everybody up to an instant, to try many programs on: `what_if` reads them each time.

        >>> facts = shop.histories(at=now)  # doctest: +SKIP
        >>> [facts.what_if(one).totals.affected for one in candidates]  # doctest: +SKIP
        """
        return Histories(self._native.histories(at), at)

    def feed(
        self, after: str | None = None, *, limit: int | None = None, page: int = 500
    ) -> Iterator[tuple[str, Entry]]:
        """What happened to everybody, in the order in which it was committed: each entry with its offset, the place behind it.

            for offset, entry in shop.feed(stored_offset):
                handle(entry)
                store(offset)

        `after`: an offset that was kept; None begins at the start. It is a text, such as "12.3", that means something in the store that gave
        it, and nowhere else. `limit`: at most so many entries. `page`: how many are read at a time, 1 to 10,000. It ends where there is no
        more yet: call it again later with the last offset, and nothing is missed. Whoever keeps the offset together with what came of the
        entry sees each at least once; those of one customer come in the order of their statement. Until the first commit there is none.
        """
        return self._feed(feed_from(after, limit, page), limit, page)

    def _feed(self, after: str, limit: int | None, page: int) -> Iterator[tuple[str, Entry]]:
        while limit is None or 0 < limit:
            size = page if limit is None else min(page, limit)
            fed = self._native.feed(after, size)
            yield from fed
            limit = feed_rest(limit, len(fed), size)
            after = fed[-1][0] if fed else after

    def wait_for_entries(self, after: str | None = None, *, wait_ms: int | None = None) -> bool:
        """Waits until the feed has entries behind a place, and says whether it has: for whoever has read it to its end.

            while True:
                shop.wait_for_entries(stored_offset)
                for offset, entry in shop.feed(stored_offset): ...

        `after`: as for `feed`. `wait_ms`: at most so many milliseconds, then it is False; None waits until there is something. Entries that
        are there already end it at once. Other threads go on meanwhile, Ctrl-C ends it within about a second, and `close` at once, with
        `StoreClosed`. On a server each wait under way has one more connection. Raises `StoreNoFeed` where the store keeps no feed.
        """
        return self._native.wait_for_entries(wait_from(after, wait_ms), wait_ms, None)

    def next_due(self) -> datetime | None:
        """When time alone changes something for anybody next."""
        return self._native.next_due()

    def backup(self, path: Path, *, progress: Callable[[int, int], object] | None = None) -> BackupReport:
        """Copies the file as it is now into a new one, while work goes on. `progress` is told pages done and pages in all. In memory and on a
        server there is none: `StoreUnsupported`; there `pg_dump` makes a backup.
        """
        return self._native.backup(os.fspath(path), progress)

    def import_orders(
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
        """Imports the export of a shop. Running it again with the same files changes nothing.

        `files`: one path, several (order, item and refund sheets in any order), or contents by name. `format`: a name, or
        `FormatPlain(columns=ColumnMap(…))` for any CSV; `detect_format` guesses it from a header. `batch`: the handle to revert it by; made
        from the content by default. `on_issue`: "report" imports the rows that are good and lists the others; "raise" writes nothing unless
        all are, and raises `ImportIssues`. `recorded_at`: by default history is replayed, each fact being recorded at its own time. `now`:
        refuses facts of the future.
        """
        if isinstance(files, Mapping):
            contents: list[tuple[str, bytes | str]] = [(str(name), bytes(data)) for name, data in files.items()]
        else:
            paths = [files] if isinstance(files, (str, os.PathLike)) else list(files)
            contents = [(os.path.basename(os.fspath(path)), os.fspath(path)) for path in paths]
        if isinstance(format, str):
            if format != "plain" and format not in _FORMATS:
                raise ValueError(f"format is 'plain', 'shopify', 'taobao' or 'youzan', not {format!r}")
            format = FormatPlain() if format == "plain" else _FORMATS[format]()
        title = name if name is not None else ", ".join(part for part, _ in contents)
        return self._native.import_files(
            title, contents, format, refuses(on_issue), batch, dry_run, recorded_at, now, zone, id_prefix, progress
        )

    def imports(self) -> Sequence[BatchRecord]:
        """All imports, in the order of their ids."""
        return self._native.imports()

    def revert_import(
        self, batch: str, *, at: datetime, progress: Callable[[RevertReport], object] | None = None
    ) -> RevertReport:
        """Takes an import back: its orders are treated as if they had never been there."""
        return self._native.revert_import(batch, at, progress)

    def issue_codes(
        self,
        issue: CodeIssue,
        codes: Iterable[str],
        *,
        at: datetime,
        progress: Callable[[CodesReport], object] | None = None,
    ) -> CodesReport:
        """Issues a coupon for each code, without an owner: it becomes the coupon of the first customer who claims with it. Streams; codes
        that are there stay as they are.
        """
        return self._native.issue_codes(issue, at, codes, progress)


def check_program(document: ProgramSource) -> Sequence[Finding]:
    """Everything that is wrong or doubtful in a program document, each with its place and what to do; nothing is empty."""
    return _native.check_program(_document(document))


def sample_program(name: str) -> str:
    """A complete program to begin with: "supermarket", "cafe" or "mall", as JSON."""
    text = _native.sample_program(name)
    if text is None:
        raise LookupError(f"there is no sample {name!r}; there are 'supermarket', 'cafe' and 'mall'")
    return text


def read_command(text: str | bytes) -> Command:
    """A command out of its JSON, such as a message of a queue. Refuses what the engine would refuse to read, with its place."""
    made: Command = _native.from_json("Command", text)
    return made


def read_query(text: str | bytes) -> Query:
    """A question out of its JSON."""
    made: Query = _native.from_json("Query", text)
    return made


def schema() -> str:
    """The JSON Schema of everything that is sent and comes back."""
    return _native.schema()


def program_schema() -> str:
    """The JSON Schema of the program document, for editors and forms."""
    return _native.program_schema()


def detect_format(header: str | bytes) -> Format | None:
    """The format of an export that begins with this line; None where it is nobody's. Any CSV with names of our own is `FormatPlain`."""
    return _native.detect_format(header)


def quote(
    cart: Cart,
    offers: Iterable[OfferRules],
    *,
    as_of: datetime,
    objective: Objective | None = None,
    nodes: int | None = None,
) -> Quote:
    """What a cart costs with the best of these offers, without a store: for a preview. All of them are taken to be in force and meant
    for this customer.

    `objective`: what is best; by default the customer's advantage. `nodes`: after how many looked-at combinations to stop.
    """
    return _native.quote(cart, listed(offers), as_of, objective, nodes)


def plan_refund(
    receipt: OfferReceipt, returned: Iterable[ReturnedLine], *, so_far: Refunds | None = None
) -> RefundPlan:
    """What goes back for goods that come back, by the policies of the offers they were bought with."""
    return _native.plan_refund(receipt, listed(returned), so_far)


def verify(path: Path) -> Verified:
    """Reads a database file or backup through and says what is in it. Raises `StoreCorrupt` where its pages, indexes and rows do not fit
    together. A changed byte inside a value is not seen: SQLite keeps no checksums.
    """
    return _native.verify(os.fspath(path))


def restore(backup: Path, target: Path) -> Verified:
    """Verifies a backup and copies it to a new file."""
    return _native.restore(os.fspath(backup), os.fspath(target))
