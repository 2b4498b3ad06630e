"""The pages run as they are."""

from __future__ import annotations

import doctest
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import crm_core as crm
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["crm-py/README.md", "docs/guides/python.md"]


def run_page(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All Python of a page, as one program."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert blocks, f"{page} shows no Python"
    space: dict[str, Any] = {"__name__": "page"}
    for block in blocks:
        # Line numbers of a failure are those of the page.
        before = "\n" * text[: block.start(1)].count("\n")
        exec(compile(before + block[1], page, "exec"), space)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_page(page, tmp_path, monkeypatch)


# The one for Spark has a suite of its own (`tests/run --only spark`); what it runs in each partition is tested below.
EXAMPLES = sorted(set((ROOT / "crm-py/examples").glob("*.py")) - {ROOT / "crm-py/examples/spark_books.py"})


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_runs(example: Path, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(example)], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_books_of_parts_are_the_books_of_all() -> None:
    example: Any = runpy.run_path(str(ROOT / "crm-py/examples/spark_books.py"))
    lines = example["read_lines"](ROOT / "docs/samples/online_retail_sample.csv.gz")

    def books(part: Any) -> list[dict[str, Any]]:
        return [row for batch in example["kernel"](iter(part.to_batches())) for row in batch.to_pylist()]

    members = sorted(set(lines["CustomerID"].to_pylist()))
    parts = [lines.filter([who in set(members[at::3]) for who in lines["CustomerID"].to_pylist()]) for at in range(3)]
    whole = books(lines)
    assert len(whole) == len(members) == 103
    assert sorted((row for part in parts for row in books(part)), key=lambda row: str(row["customer_id"])) == whole
    assert books(lines.slice(0, 0)) == []


@pytest.mark.parametrize("module", [crm, crm.codes])
def test_docstrings_run(module: Any) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0
