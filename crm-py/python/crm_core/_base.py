"""What the made types stand on."""

# What is generic over all types looks at fields that a checker cannot name.
# pyright: basic

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[type], type]:
        return lambda kind: kind


R = TypeVar("R", bound="Record")
T = TypeVar("T")

_set = object.__setattr__


class Word(str, Enum):
    """A value out of a fixed list; equal to its text."""

    def __str__(self) -> str:
        return str(self.value)


class _Made:
    """A default that is made for each value."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def made(default_factory: Callable[[], T]) -> T:
    """A default that is made for each value."""
    return _Made(default_factory)  # type: ignore[return-value]


_REQUIRED: Any = object()


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(made,))
class _RecordType(type):
    # As dataclasses do it, without compiling code for each of some three hundred classes when the package is imported.
    _fields: dict[str, Any]

    def __new__(mcs, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> _RecordType:
        hints = space.get("__annotations__", {})
        own = [field for field, hint in hints.items() if not str(hint).startswith("ClassVar")]
        space["_fields"] = {field: space.pop(field, _REQUIRED) for field in own}
        space["__slots__"] = tuple(own)
        space["__match_args__"] = tuple(own)
        return super().__new__(mcs, name, bases, space)

    @property
    def __signature__(cls) -> inspect.Signature:
        hints = cls.__annotations__
        parameters = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if default is _REQUIRED else _value(default),
                annotation=hints[name],
            )
            for name, default in cls._fields.items()
        ]
        return inspect.Signature(parameters)


def _value(default: Any) -> Any:
    return default.make() if isinstance(default, _Made) else default


class Record(metaclass=_RecordType):
    """An immutable value of the library: compared by content, printed without what is left out."""

    _fields: ClassVar[dict[str, Any]]

    def __init__(self, **values: Any) -> None:
        for name, default in self._fields.items():
            value = values.pop(name, _REQUIRED)
            if value is _REQUIRED:
                if default is _REQUIRED:
                    raise TypeError(f"{type(self).__name__} needs `{name}`")
                value = _value(default)
            elif isinstance(value, list):
                # Kept as a tuple, so that nobody changes it and equal contents are equal.
                value = tuple(value)
            _set(self, name, value)
        if values:
            names = ", ".join(f"`{name}`" for name in values)
            raise TypeError(f"{type(self).__name__} has no {names}; it has {', '.join(self._fields)}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed; make another one with replace({name}=…)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._fields)

    def __hash__(self) -> int:
        values = (getattr(self, name) for name in self._fields)
        return hash((type(self), *(frozenset(one.items()) if isinstance(one, dict) else one for one in values)))

    def __repr__(self) -> str:
        shown = []
        for name, default in self._fields.items():
            value = getattr(self, name)
            if default is _REQUIRED or value != _value(default):
                shown.append(f"{name}={_shown(value)}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), {name: getattr(self, name) for name in self._fields})

    def replace(self: R, **changes: Any) -> R:
        """The same with other values in some fields."""
        return type(self)(**{name: getattr(self, name) for name in self._fields} | changes)

    __replace__ = replace

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

        made: R = _native.from_json(cls.__name__, text)
        return made

    @classmethod
    def from_dict(cls: type[R], value: Mapping[str, Any]) -> R:
        """As `from_json`, out of a dict of plain values."""
        from crm_core import _native

        made: R = _native.from_dict(cls.__name__, dict(value))
        return made


def _shown(value: Any) -> str:
    """For people: instants, days and amounts as they are written, not as they are made."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (date, Decimal)):
        return str(value)
    if isinstance(value, Word):
        return repr(str(value))
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(one) for one in value)}]"
    return repr(value)


def _restore(kind: type[R], values: dict[str, Any]) -> R:
    return kind(**values)


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
