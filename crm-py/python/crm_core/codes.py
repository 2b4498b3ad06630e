"""Coupon codes: batches that are unique by construction, and signed codes that a till can verify offline.

>>> batch = CodeBatch("00" * 32, length=8, serials=range(0, 3), prefix="SPRING")
>>> [batch.serial(code) for code in batch]
[0, 1, 2]
"""

from __future__ import annotations

from collections.abc import Iterator

from crm_core import _native

__all__ = ["CodeBatch", "TillKey", "code_length", "normal_code"]

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

    def sign(self, serial: int) -> str:
        """The signed code of a serial number."""
        return self._native.sign(serial)

    def verify(self, code: str) -> int:
        """The serial number of a signed code. Raises `CodeForged` for one that was not made with this key."""
        return self._native.verify(code)


def normal_code(typed: str) -> str:
    """The form under which a code is looked up: two texts that people take for the same code have the same."""
    return _native.normal_code(typed)


def code_length(live_codes: int, *, one_in: int) -> int:
    """How long codes have to be, so that a guess hits one of so many live codes at most once in `one_in` times."""
    return _native.code_length(live_codes, one_in)
