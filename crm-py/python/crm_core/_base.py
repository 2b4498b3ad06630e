"""What the made types stand on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any, Literal, TypeVar

R = TypeVar("R", bound="Record")


class Word(str, Enum):
    """A value out of a fixed list; equal to its text."""

    def __str__(self) -> str:
        return str(self.value)


class Record:
    """An immutable value of the library: compared by content, printed without what is left out."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = []
        for one in fields(self):  # type: ignore[arg-type]
            value = getattr(self, one.name)
            left_out = value == one.default if one.default is not MISSING else False
            if one.default_factory is not MISSING:
                left_out = value == one.default_factory()
            if not left_out:
                text = repr(str(value)) if isinstance(value, Word) else repr(value)
                shown.append(f"{one.name}={text}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def _tuple(self, name: str) -> None:
        # Lists are kept as tuples, so that nobody changes them and equal contents are equal. A text is no list of its letters.
        value = getattr(self, name)
        if value is not None and not isinstance(value, (tuple, str, bytes)) and hasattr(value, "__iter__"):
            object.__setattr__(self, name, tuple(value))

    def to_json(self) -> str:
        """The value as JSON, in the form that all languages share."""
        from crm_core import _native

        return _native.to_json(self)

    def to_dict(self) -> dict[str, Any]:
        """The same as a dict: decimals and instants are texts in it."""
        made: dict[str, Any] = json.loads(self.to_json())
        return made

    @classmethod
    def from_json(cls: type[R], text: str | bytes) -> R:
        """Reads what `to_json` wrote, or another language; refuses unknown fields with their place."""
        from crm_core import _native

        made: R = _native.from_json(cls.__name__, text.decode() if isinstance(text, bytes) else text)
        return made

    @classmethod
    def from_dict(cls: type[R], value: Mapping[str, Any]) -> R:
        """As `from_json`, out of a dict."""
        return cls.from_json(json.dumps(value))


Retry = Literal["no", "later"]


class CrmError(Exception):
    """A refusal or a fault: `code` never changes, `details` name the field and the limit, `help` says what to do, and `retry`
    whether the same call may succeed later.
    """

    code: str = "internal"
    message: str
    details: Mapping[str, Any]
    help: str
    retry: Retry

    def __init__(self, message: str, code: str, details: Mapping[str, Any], help: str, retry: Retry) -> None:
        super().__init__(message, code, details, help, retry)
        self.message = message
        self.code = code
        self.details = details
        self.help = help
        self.retry = retry

    def __str__(self) -> str:
        place = self.details.get("field")
        where = f" at `{place}`" if place else ""
        return f"{self.message}{where} ({self.code}); {self.help}"
