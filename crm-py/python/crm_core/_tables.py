"""Tables in and out: DataFrames of polars and pandas, tables of pyarrow, relations of DuckDB, by the Arrow PyCapsule interface."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, Union, get_args, overload

from crm_core import _native
from crm_core._native import Engine as _NativeEngine
from crm_core._types import (
    ColumnMap,
    EventColumnMap,
    Format,
    FormatEvents,
    FormatPlain,
    FormatRefunds,
    ImportProgress,
    ImportReport,
    RefundColumnMap,
    WhatIfTotals,
)

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

StateTable = Literal[
    "customers",
    "attributes",
    "consents",
    "balances",
    "lots",
    "tiers",
    "stages",
    "coupons",
    "claims",
    "gift_cards",
    "seats",
]
"""Tables of how things stand at an instant."""

FactTable = Literal["entries", "orders", "order_lines"]
"""Tables of what was recorded."""

TableName = Union[StateTable, FactTable]
"""A table of an engine."""

OnIssue = Literal["report", "raise"]
"""What problems of rows mean: they are in the report, or nothing is written."""

_STATES: tuple[str, ...] = get_args(StateTable)
_FACTS: tuple[str, ...] = get_args(FactTable)


Frame = TypeVar("Frame")


class ArrowStream(Protocol):
    """Anything that hands a table over by the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Progress = Union[bool, Callable[[ImportProgress], object], None]
"""Who is told how far an import is: a function, or True for a bar of tqdm."""


class Table:
    """A table of what is in the store. It holds no rows: each time somebody reads it, they are read from the store and handed over in
    batches, without a copy, so that tables of any size go through little memory.

    >>> entries = shop.table("entries")  # doctest: +SKIP
    >>> entries.to_polars().group_by("kind").len()  # doctest: +SKIP
    >>> duckdb.sql("from entries where available > 0")  # doctest: +SKIP

    It is read in pages, each of one instant: what is committed while a long table is read may be in later pages and not in earlier ones.

    Points are int64, money is decimal128 in major units with a column `currency` beside it, instants are timestamps in UTC.
    """

    __slots__ = ("_native", "at", "name")

    name: str
    """Which."""
    at: datetime | None
    """As of when, for tables of how things stand."""

    def __init__(self, native: _native.Table | _native.Held, name: str, at: datetime | None) -> None:
        self._native = native
        self.name = name
        self.at = at

    @property
    def column_names(self) -> list[str]:
        """The names of the columns."""
        return [name for name, _ in self._native.columns()]

    @property
    def num_rows(self) -> int | None:
        """How many rows there were when the table was last read to its end; None before. The store does not count."""
        return self._native.rows()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._native.stream_capsule()

    def __arrow_c_schema__(self) -> object:
        return self._native.schema_capsule()

    def __repr__(self) -> str:
        columns = self._native.columns()
        width = max(len(name) for name, _ in columns)
        at = f" at {self.at.isoformat()}" if self.at else ""
        rows = "" if self.num_rows is None else f", {self.num_rows:,} rows when last read"
        head = f"<crm_core.Table {self.name}{at}: {len(columns)} columns{rows}>"
        return "\n".join([head, *(f"  {name:<{width}}  {_shown(kind)}" for name, kind in columns)])

    def _read(self, read: Callable[[], Frame]) -> Frame:
        try:
            return read()
        except Exception as error:
            # Of what ended a stream, libraries pass on a text in an error of their own.
            failure = self._native.failure() if isinstance(self._native, _native.Table) else None
            if failure is None:
                raise
            raise failure from error

    def to_polars(self) -> polars.DataFrame:
        """All rows as a DataFrame of polars."""
        with _needs("polars", "polars"):
            import polars
        return self._read(lambda: polars.DataFrame(self))

    def to_pyarrow(self) -> pyarrow.Table:
        """All rows as a table of pyarrow."""
        with _needs("pyarrow", "arrow"):
            import pyarrow
        return self._read(lambda: pyarrow.table(self))

    def to_pandas(self) -> pandas.DataFrame:
        """All rows as a DataFrame of pandas, through pyarrow."""
        with _needs("pandas", "pandas"):
            import_module("pandas")
        frame: pandas.DataFrame = self.to_pyarrow().to_pandas()  # pyright: ignore[reportUnknownMemberType]
        return frame


def _shown(kind: str) -> str:
    if kind.startswith("Dictionary"):
        return "word"
    return {"Utf8": "text", "List(Utf8)": "list of texts", 'Timestamp(ms, "UTC")': "timestamp[ms, UTC]"}.get(
        kind, kind.lower()
    )


def refuses(on_issue: OnIssue) -> bool:
    """Whether problems of rows mean that nothing is written."""
    if on_issue not in ("report", "raise"):
        raise ValueError(f"on_issue is 'report' or 'raise', not {on_issue!r}")
    return on_issue == "raise"


@contextmanager
def _needs(module: str, extra: str) -> Generator[None]:
    try:
        yield
    except ImportError as error:
        message = f"{module} is not installed; pip install {module}, or pip install 'crm-core[{extra}]'"
        raise ImportError(message, name=module) from error


@contextmanager
def _told(progress: Progress, title: str) -> Generator[Callable[[ImportProgress], object] | None]:
    """The function to tell: the caller's, or a bar."""
    if progress is None or progress is False:
        yield None
    elif progress is True:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            warnings.warn("progress=True needs tqdm: pip install 'crm-core[notebook]'", stacklevel=4)
            yield None
            return
        with tqdm(desc=title, unit=" rows", unit_scale=True) as bar:

            def tell(now: ImportProgress) -> None:
                bar.total = now.rows_total
                if now.issues:
                    bar.set_postfix({"issues": now.issues}, refresh=False)  # pyright: ignore[reportUnknownMemberType]
                bar.update(now.rows_done - bar.n)

            yield tell
    else:
        yield progress


class WhatIfTables:
    """What a changed program makes of everybody: the totals as an object, the members as tables that are held in memory. Columns end in
    `_before` (the program in force) and `_after` (the changed one).

    >>> found = shop.what_if_tables(changed, at=now)  # doctest: +SKIP
    >>> duckdb.sql("select tier_before, tier_after, count(*) from tiers group by all")  # doctest: +SKIP
    """

    __slots__ = ("members", "points", "tiers", "totals")

    totals: WhatIfTotals
    """All members together."""
    members: Table
    """One row for each: whether anything differs, orders, stage and activity, coupons that rules issued."""
    points: Table
    """One row for each member and point currency: all balances, and what was used and would not have been there."""
    tiers: Table
    """One row for each member and ladder."""

    def __init__(self, totals: WhatIfTotals, members: Table, points: Table, tiers: Table) -> None:
        self.totals = totals
        self.members = members
        self.points = points
        self.tiers = tiers

    def __repr__(self) -> str:
        totals = self.totals
        return f"<crm_core.WhatIfTables at {totals.at.isoformat()}: {totals.members:,} members, {totals.affected:,} affected>"


class Tables:
    """What an engine does with tables."""

    __slots__ = ()

    _native: _NativeEngine

    @overload
    def table(self, name: StateTable, *, at: datetime) -> Table: ...

    @overload
    def table(self, name: FactTable) -> Table: ...

    def table(self, name: TableName, *, at: datetime | None = None) -> Table:
        """A table of everything, to read with polars, pandas, pyarrow, DuckDB, or whatever else knows Arrow.

        How things stand at the instant `at`, which no sweep need have reached: "customers", "attributes" (one row for each, its value as
        text beside its `type`), "consents" (every statement by then, and whether it `holds`), "balances"
        (points by customer and currency), "lots" (the open ones), "tiers", "stages", "coupons" (open and closed), "claims" (of checkouts: one row for each offer
        that was used), "gift_cards", "seats" (of groups that buy together). What was recorded, as it is in the store: "entries" (of the journals, one row for each movement of points),
        "orders", "order_lines".

        Of each customer the newest state is kept, not those before: where somebody has entries after `at`, their rows show that later state
        (with its instant as `as_of`, where the table has this column). So ask for now or later; for the end of a month that is over, sum
        "entries" up to it.
        """
        if name not in _STATES and name not in _FACTS:
            raise ValueError(f"there is no table {name!r}; there are {', '.join(map(repr, _STATES + _FACTS))}")
        if name in _STATES and at is None:
            raise TypeError(f"the table {name!r} needs `at`: how things stand depends on the instant")
        if name in _FACTS and at is not None:
            raise TypeError(f"the table {name!r} takes no `at`: it has what was recorded")
        # The native engine is shared between both.
        return Table(_native.Table(self._native, name, at, None), name, at)

    def ingest_orders(
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
        """Takes orders in from a table with one row per order line; by the rules of `import_orders`. Doing it again changes nothing.

        `table`: a DataFrame of polars or pandas, a table of pyarrow, a relation of DuckDB, or anything else with `__arrow_c_stream__`.
        `columns`: which column is what; by default `order_id, paid_at, unit_price` and one of `member_no, phone, email`, with `quantity,
        sku, …` where they are there. Money is a decimal, a whole number or a text: a column of floats is refused, for it is not exact.
        Times without a zone are meant in the zone of the map, or the program's.
        `on_issue`: "report" takes the rows that are good and lists the others, by their place from 0; "raise" writes nothing unless all
        are, and raises `ImportIssues`. `dry_run`: what it would do, exactly. `name`: what to call the table in the list of imports.
        `batch`: the handle to revert it by; made from the content by default. `recorded_at`, `now`, `zone`, `id_prefix`: as for
        `import_orders`. `progress`: a function that is told, or True for a bar of tqdm.
        """
        form = FormatPlain() if columns is None else FormatPlain(columns=columns)
        return self._ingest(
            table, form, on_issue, dry_run, name, batch, recorded_at, now, zone, id_prefix, progress
        )

    def ingest_refunds(
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
        """Takes refunds in from a table; otherwise as `ingest_orders`.

        `columns`: by default `refund_id, refunded_at, order_id`, and `line_no, quantity, amount, reason` where they are there. A table
        without amounts and lines refunds orders in full.
        """
        form = FormatRefunds() if columns is None else FormatRefunds(columns=columns)
        return self._ingest(
            table, form, on_issue, dry_run, name, batch, recorded_at, now, zone, id_prefix, progress
        )

    def ingest_events(
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
        """Takes events in from a table with one event per row; otherwise as `ingest_orders`.

        `columns`: by default `event_id, happened_at, name` and one of `customer_id, member_no, phone, email`; the map names the columns
        that are attributes. Events of somebody unknown are refused unless it says `register=True`.
        """
        form = FormatEvents() if columns is None else FormatEvents(columns=columns)
        return self._ingest(table, form, on_issue, dry_run, name, batch, recorded_at, now, zone, "", progress)

    def _ingest(
        self,
        table: ArrowStream,
        form: Format,
        on_issue: OnIssue,
        dry_run: bool,
        name: str,
        batch: str | None,
        recorded_at: datetime | None,
        now: datetime | None,
        zone: str | None,
        id_prefix: str,
        progress: Progress,
    ) -> ImportReport:
        refuse = refuses(on_issue)
        with _told(progress, name) as tell:
            return _native.ingest(
                self._native, table, name, form, refuse, batch, dry_run, recorded_at, now, zone, id_prefix, tell
            )
