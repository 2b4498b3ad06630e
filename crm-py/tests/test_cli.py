"""The console script of the wheel."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import crm_core as crm
from shop import NOON, earn, open_shop

SCRIPT = Path(sysconfig.get_path("scripts")) / "crm"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(SCRIPT), *arguments], cwd=cwd, capture_output=True, text=True, timeout=300)


def test_the_script_and_the_engine_see_one_file(tmp_path: Path) -> None:
    with open_shop(crm.Engine.open(tmp_path / "shop.db")) as shop:
        shop.execute(earn(1, 7).do, request_id="r1", at=NOON)
    shown = run("--json", "show", "--db", "shop.db", "ann", "--at", "2026-03-02T00:00:00Z", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "7" in json.dumps(json.loads(shown.stdout))


def test_what_goes_wrong_is_told_by_an_exit_code(tmp_path: Path) -> None:
    helped = run("--help", cwd=tmp_path)
    assert helped.returncode == 0 and "report" in helped.stdout
    assert run("--version", cwd=tmp_path).stdout.strip() == f"crm {crm.__version__}"
    misused = run("dance", cwd=tmp_path)
    assert misused.returncode == 2 and "dance" in misused.stderr
    missing = run("show", "--db", "nowhere.db", cwd=tmp_path)
    assert missing.returncode not in (0, 2) and "nowhere.db" in missing.stderr + missing.stdout
    module = subprocess.run([sys.executable, "-m", "crm_core", "--help"], capture_output=True, text=True, timeout=60)
    assert module.returncode == 0 and module.stdout == helped.stdout


def test_the_demo_needs_no_rust(tmp_path: Path) -> None:
    demo = run("demo", "--dir", "out", cwd=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert list(tmp_path.rglob("*.html"))


def test_a_closed_output_is_no_fault_of_python() -> None:
    for command in ("--help", "show"):
        closed = subprocess.run(["sh", "-c", f'"$0" {command} >&-', str(SCRIPT)], capture_output=True, text=True, timeout=60)
        assert "Traceback" not in closed.stderr, closed.stderr
