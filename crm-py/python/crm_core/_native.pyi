from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, final

from crm_core._base import CrmError
from crm_core._types import (
    BackupReport,
    BatchRecord,
    Cart,
    CodeIssue,
    CodesReport,
    Document,
    Done,
    Entry,
    Finding,
    Format,
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

__all__ = [
    "CodeBatch",
    "Engine",
    "Held",
    "Table",
    "TillKey",
    "PAGE_MAX",
    "VERSION",
    "_panic_behind",
    "check_program",
    "code_length",
    "command_line",
    "from_dict",
    "from_json",
    "ingest",
    "normal_code",
    "offset",
    "plan_refund",
    "quote",
    "restore",
    "sample_program",
    "schema",
    "to_json",
    "verify",
]

PAGE_MAX: int
VERSION: str

@final
class Engine:
    @staticmethod
    def open(
        place: str,
        create: bool,
        durable: bool,
        busy_wait_ms: int | None,
        combine: bool,
        read_only: bool,
        connections: int | None,
    ) -> Engine: ...
    @staticmethod
    def in_memory() -> Engine: ...
    def publish(self, document: str | bytes | dict[str, Any] | Document, at: datetime) -> Sequence[Finding]: ...
    def program(self) -> str: ...
    def refresh(self) -> None: ...
    def execute(self, value: Request) -> Done: ...
    def execute_many(self, values: Iterable[Request]) -> list[Done | CrmError]: ...
    def preview(self, value: Request) -> Done: ...
    def ask(self, value: Query) -> Any: ...
    def sweep(self, until: datetime, progress: Callable[[SweepReport], object] | None) -> SweepReport: ...
    def what_if(
        self,
        document: str | bytes | dict[str, Any] | Document,
        at: datetime,
        progress: Callable[[WhatIfProgress], object] | None,
    ) -> WhatIf: ...
    def what_if_tables(
        self,
        document: str | bytes | dict[str, Any] | Document,
        at: datetime,
        progress: Callable[[WhatIfProgress], object] | None,
    ) -> tuple[WhatIfTotals, Held, Held, Held]: ...
    def feed(self, after: str, limit: int) -> list[tuple[str, Entry]]: ...
    def wait_for_entries(self, after: str, wait_ms: int | None, stopped: Callable[[], bool] | None) -> bool: ...
    def next_due(self) -> datetime | None: ...
    def close(self) -> None: ...
    def backup(self, path: str, progress: Callable[[int, int], object] | None) -> BackupReport: ...
    def import_files(
        self,
        name: str,
        files: list[tuple[str, bytes | str]],
        format: Format,
        batch: str | None,
        dry_run: bool,
        recorded_at: datetime | None,
        now: datetime | None,
        zone: str | None,
        id_prefix: str,
        progress: Callable[[ImportProgress], object] | None,
    ) -> ImportReport: ...
    def imports(self) -> Sequence[BatchRecord]: ...
    def revert_import(
        self, batch: str, at: datetime, progress: Callable[[RevertReport], object] | None
    ) -> RevertReport: ...
    def issue_codes(
        self, issue: CodeIssue, at: datetime, codes: Iterable[str], progress: Callable[[CodesReport], object] | None
    ) -> CodesReport: ...

@final
class Held:
    def stream_capsule(self) -> object: ...
    def schema_capsule(self) -> object: ...
    def columns(self) -> list[tuple[str, str]]: ...
    def rows(self) -> int: ...

@final
class Table:
    def __new__(cls, engine: Engine, name: str, at: datetime | None, batch_rows: int | None) -> Table: ...
    def stream_capsule(self) -> object: ...
    def schema_capsule(self) -> object: ...
    def columns(self) -> list[tuple[str, str]]: ...
    def rows(self) -> int | None: ...
    def drain(self) -> int: ...

def ingest(
    engine: Engine,
    table: object,
    name: str,
    format: Format,
    refuse: bool,
    batch: str | None,
    dry_run: bool,
    recorded_at: datetime | None,
    now: datetime | None,
    zone: str | None,
    id_prefix: str,
    progress: Callable[[ImportProgress], object] | None,
) -> ImportReport: ...
@final
class CodeBatch:
    def __new__(cls, secret: str, prefix: str, length: int, first: int, end: int) -> CodeBatch: ...
    def code(self, serial: int) -> str: ...
    def serial(self, code: str) -> int | None: ...
    def page(self, from_: int, most: int) -> list[str]: ...
    @property
    def end(self) -> int: ...

@final
class TillKey:
    def __new__(cls, secret: str, prefix: str, batch: int) -> TillKey: ...
    def sign(self, serial: int) -> str: ...
    def verify(self, code: str) -> int: ...

def to_json(value: object) -> str: ...
def from_json(name: str, text: str | bytes) -> Any: ...
def from_dict(name: str, value: dict[str, Any]) -> Any: ...
def check_program(document: str | bytes | dict[str, Any] | Document) -> Sequence[Finding]: ...
def sample_program(name: str) -> str | None: ...
def schema() -> str: ...
def quote(
    cart: Cart, offers: Iterable[OfferRules], as_of: datetime, objective: Objective | None, nodes: int | None
) -> Quote: ...
def plan_refund(receipt: OfferReceipt, returned: Iterable[ReturnedLine], so_far: Refunds | None) -> RefundPlan: ...
def verify(path: str) -> Verified: ...
def restore(backup: str, target: str) -> Verified: ...
def _panic_behind(passages: int | None) -> bool: ...  # for tests: builds for development alone have it
def normal_code(typed: str) -> str: ...
def command_line(arguments: list[str]) -> int: ...
def offset(after: str | None) -> str: ...
def code_length(live_codes: int, one_in: int) -> int: ...
