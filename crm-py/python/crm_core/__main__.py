"""The command line: `crm`, or `python -m crm_core`."""

from __future__ import annotations

import signal
import sys

from crm_core import _native


def main() -> None:
    """Runs the command line with the arguments of this process."""
    # Ctrl-C stops it at once; commits are whole, so nothing is half done.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.stdout is not None:  # it is None where the shell has closed it
        sys.stdout.flush()
    raise SystemExit(_native.command_line(["crm", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
