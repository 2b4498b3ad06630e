"""Customers, loyalty points, tiers, coupons and lifecycle, inside your own process.

>>> from datetime import datetime, timezone
>>> import crm_core as crm
>>> at = datetime(2026, 3, 1, 10, tzinfo=timezone.utc)
>>> shop = crm.Engine.in_memory()
>>> shop.publish(crm.sample_program("cafe"), at=at)
()
>>> done = shop.execute(crm.RegisterCustomer(customer_id="ann"), request_id="r1", at=at)
>>> done.outcome
<Outcome.APPLIED: 'applied'>
>>> shop.customer("ann").tags
()
"""

from __future__ import annotations

from crm_core import _native, _types, aio, codes, errors
from crm_core._base import CrmError, Record, Word
from crm_core._engine import (
    Engine,
    Histories,
    check_program,
    detect_format,
    plan_refund,
    program_schema,
    quote,
    read_command,
    read_query,
    restore,
    sample_program,
    schema,
    verify,
)
from crm_core._tables import Table, WhatIfTables
from ._types import *  # noqa: F403 (every type of the library; the list is made)

__version__ = _native.VERSION

__all__ = [
    "CrmError",
    "Engine",
    "Histories",
    "Record",
    "Table",
    "WhatIfTables",
    "Word",
    "aio",
    "check_program",
    "codes",
    "detect_format",
    "errors",
    "plan_refund",
    "program_schema",
    "quote",
    "read_command",
    "read_query",
    "restore",
    "sample_program",
    "schema",
    "verify",
    "__version__",
]
__all__ += _types.__all__
