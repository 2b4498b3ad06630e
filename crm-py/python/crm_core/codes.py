"""Coupon codes: batches that are unique by construction, and signed codes that a till can verify offline.

>>> batch = CodeBatch("00" * 32, length=8, serials=range(0, 3), prefix="SPRING")
>>> [batch.serial(code) for code in batch]
[0, 1, 2]
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from crm_core import _native
from crm_core._types import Attempt

__all__ = ["AttemptRules", "Attempts", "CodeBatch", "TillKey", "code_length", "normal_code", "read_code"]

_PAGE = 10_000


class CodeBatch:
    """Codes for serial numbers, by a keyed permutation: no two are equal, none can be guessed, any place can be resumed at.

    `secret`: 64 hexadecimal digits. `length`: characters behind the prefix, 6 to 20. `serials`: the numbers of this batch.
    """

    __slots__ = ("_native", "serials")

    def __init__(self, secret: str, *, length: int, serials: range, prefix: str = "") -> None:
        if serials.step != 1 or serials.start < 0:
            raise ValueError("serials is a range that counts upwards by one from zero or more")
        self.serials = serials
        self._native = _native.CodeBatch(secret, prefix, length, serials.start, serials.stop)

    def code(self, serial: int) -> str:
        """The code of a serial number."""
        return self._native.code(serial)

    def serial(self, code: str) -> int | None:
        """The serial number of a code; None when it is not of this batch. Raises `CodeChecksum` for one that is mistyped."""
        return self._native.serial(code)

    def __len__(self) -> int:
        return len(self.serials)

    def __iter__(self) -> Iterator[str]:
        return self.codes_from(self.serials.start)

    def codes_from(self, serial: int) -> Iterator[str]:
        """The codes from a serial number on, in constant memory."""
        while serial < self.serials.stop:
            page = self._native.page(serial, _PAGE)
            if not page:
                return
            yield from page
            serial += len(page)


class TillKey:
    """Signs codes, and verifies them without a store."""

    __slots__ = ("_native",)

    def __init__(self, secret: str, *, prefix: str, batch: int) -> None:
        self._native = _native.TillKey(secret, prefix, batch)

    @staticmethod
    def batch_of(code: str, *, prefix: str = "") -> int:
        """The batch of a signed code: which key to take."""
        return _native.TillKey.batch_of(prefix, code)

    def sign(self, serial: int) -> str:
        """The signed code of a serial number."""
        return self._native.sign(serial)

    def verify(self, code: str) -> int:
        """The serial number of a signed code. Raises `CodeForged` for one that was not made with this key."""
        return self._native.verify(code)


class AttemptRules:
    """How many attempts are allowed in which time, in units: so many at once, all of which come back evenly within the window. What an
    attempt costs depends on what came of it. By default ten units in ten minutes.
    """

    __slots__ = ("_native",)

    def __init__(
        self, allowance: int = 10, *, window_ms: int = 600_000, found: int = 0, unknown: int = 1, checksum: int = 3
    ) -> None:
        self._native = _native.AttemptRules(allowance, window_ms, (found, unknown, checksum))


class Attempts:
    """What one actor has tried: an address, a till, or all guesses at a prefix. Keep one for each, as JSON, and forget those that are idle.
    For customers the engine keeps count itself, where the program says so.

    >>> from datetime import datetime, timezone
    >>> from crm_core import Attempt
    >>> at = datetime(2026, 3, 1, 10, tzinfo=timezone.utc)
    >>> rules, tried = AttemptRules(), Attempts()
    >>> tried.allows(at, rules)  # before the code is looked up
    >>> tried.attempt(at, rules, Attempt.UNKNOWN)  # what came of it
    >>> tried.to_json()
    '{"full_at":"2026-03-01T10:01:00Z"}'
    """

    __slots__ = ("_native",)

    def __init__(self) -> None:
        self._native = _native.Attempts("{}")

    @classmethod
    def from_json(cls, text: str) -> Attempts:
        """Reads what `to_json` wrote."""
        made = cls()
        made._native = _native.Attempts(text)
        return made

    def to_json(self) -> str:
        """As it is kept, in the form that all languages share."""
        return self._native.to_json()

    def allows(self, at: datetime, rules: AttemptRules) -> None:
        """To be asked before a code is looked up. Raises `CodeRateLimited` with `retry_at` where no attempt is left."""
        self._native.allows(at, rules._native)

    def free_at(self, at: datetime, rules: AttemptRules) -> datetime:
        """The first instant at which an attempt is allowed: `at` or an earlier one, if it is now."""
        return self._native.free_at(at, rules._native)

    def attempt(self, at: datetime, rules: AttemptRules, came: Attempt) -> None:
        """Writes down what came of an attempt. One that is refused, as by `allows`, costs nothing."""
        self._native.attempt(at, rules._native, came)

    def is_idle(self, at: datetime) -> bool:
        """Whether everything has come back, so that nothing is lost by forgetting it."""
        return self._native.is_idle(at)


def read_code(typed: str) -> str:
    """A generated code as it is printed, in groups of four, out of whatever was typed. Raises `CodeChecksum` for one that is mistyped, and
    `CodeText` for what is none: a page can try that before it asks. A public code is none, and may be right all the same.
    """
    return _native.read_code(typed)


def normal_code(typed: str) -> str:
    """The form under which a code is looked up: two texts that people take for the same code have the same."""
    return _native.normal_code(typed)


def code_length(live_codes: int, *, one_in: int) -> int:
    """How long codes have to be, so that a guess hits one of so many live codes at most once in `one_in` times."""
    return _native.code_length(live_codes, one_in)
