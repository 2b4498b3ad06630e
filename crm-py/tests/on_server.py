"""The server that `tests/with-postgres` runs beside tests. It goes with the suite, so nothing has to be removed."""

from __future__ import annotations

import itertools
import os
import subprocess

_NUMBERS = itertools.count()


def address() -> str:
    """Where it is. A test that needs it is no test without it."""
    if "CRM_POSTGRES" not in os.environ:
        raise RuntimeError("CRM_POSTGRES is the address of a server: tests/with-postgres python -m pytest …")
    return os.environ["CRM_POSTGRES"]


def new_schema() -> str:
    """An address with a schema that nobody has used."""
    return f"{address()}?schema=crm_python_{os.getpid()}_{next(_NUMBERS)}"


def sql(statements: str) -> str:
    """Runs statements as a person would."""
    told = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", address(), "-c", statements],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return told.stdout.strip()


def restart() -> None:
    """Stops the server as a crash would, and starts it."""
    subprocess.run([os.environ["CRM_POSTGRES_RESTART"]], timeout=120, check=True)
