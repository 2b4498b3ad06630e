"""The pages run as they are."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import crm_core as crm
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["crm-py/README.md", "docs/guides/python.md"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert blocks, f"{page} shows no Python"
    space: dict[str, Any] = {"__name__": "page"}
    for block in blocks:
        # Line numbers of a failure are those of the page.
        before = "\n" * text[: block.start(1)].count("\n")
        exec(compile(before + block[1], page, "exec"), space)


@pytest.mark.parametrize("module", [crm, crm.codes])
def test_docstrings_run(module: Any) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0
