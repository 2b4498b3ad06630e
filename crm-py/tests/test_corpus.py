"""Every story of the corpus, through the typed API: JSON becomes a command or a question of Python, and its answer JSON again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import crm_core as crm
import pytest

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "vectors"
STORIES = sorted(VECTORS.rglob("*.json"))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def differs(expect: Any, got: Any, path: str = "expect") -> str | None:
    """Where something that is expected is not there: objects by the named fields, lists element by element."""
    if isinstance(expect, dict) and isinstance(got, dict):
        fields, there = cast("dict[str, Any]", expect), cast("dict[str, Any]", got)
        for key, value in fields.items():
            # What is left out of JSON is empty in a typed value.
            if value is None and there.get(key) in (None, [], {}):
                continue
            if key not in there:
                return f"{path}.{key}: expected {value}, but it is not there; there is {there}"
            told = differs(value, there[key], f"{path}.{key}")
            if told is not None:
                return told
        return None
    if isinstance(expect, list) and isinstance(got, list):
        return differ(cast("list[Any]", expect), cast("list[Any]", got), path)  # type: ignore[redundant-cast]
    equal = bool(type(expect) is type(got) and expect == got)  # pyright: ignore[reportUnknownArgumentType]
    return None if equal or same_instant(expect, got) else f"{path}: expected {expect!r}, got {got!r}"


def differ(expect: list[Any], got: list[Any], path: str) -> str | None:
    if len(expect) != len(got):
        return f"{path}: expected {len(expect)} elements, got {len(got)}: {got}"
    for place, (one, other) in enumerate(zip(expect, got)):
        told = differs(one, other, f"{path}[{place}]")
        if told is not None:
            return told
    return None


def same_instant(expect: Any, got: Any) -> bool:
    # Python writes milliseconds always, the corpus where there are some.
    if not (isinstance(expect, str) and isinstance(got, str) and expect.endswith("Z") and got.endswith("Z")):
        return False
    try:
        return instant(expect) == instant(got)
    except ValueError:
        return False


def view(done: crm.Done) -> dict[str, Any]:
    receipt = done.receipt
    return {
        "outcome": str(done.outcome),
        "balances": {
            one.currency: {"available": one.available, "pending": one.pending, "held": one.held, "debt": one.debt}
            for one in receipt.balances
        },
        "entries": [entry.to_dict() for entry in receipt.entries],
        "parked": receipt.parked,
        "customer_id": receipt.customer_id,
    }


def play_step(
    step: dict[str, Any], number: int, at: datetime, shop: crm.Engine, told: list[tuple[crm.Request, crm.Done]]
) -> Any:
    if "do" in step:
        request = crm.Request(
            request_id=step.get("id", f"step-{number}"),
            at=at,
            actor=step.get("actor"),
            reason=step.get("reason"),
            batch=step.get("batch"),
            do=crm.read_command(json.dumps(step["do"])),
        )
        preview: crm.Done | crm.CrmError
        try:
            preview = shop.preview(
                request.do, request_id=request.request_id, at=at, actor=request.actor, reason=request.reason, batch=request.batch
            )
        except crm.CrmError as error:
            preview = error
        done = shop.execute(
            request.do, request_id=request.request_id, at=at, actor=request.actor, reason=request.reason, batch=request.batch
        )
        assert preview == done
        told.append((request, done))
        return view(done)
    if "ask" in step:
        return shop.ask(crm.read_query(json.dumps(step["ask"]))).to_dict()
    if "sweep" in step:
        return shop.sweep(instant(step["sweep"])).to_dict()
    return [finding.to_dict() for finding in shop.publish(step["publish"], at=at)]


def play(story: dict[str, Any], shop: crm.Engine) -> None:
    document = story["program"]
    first = next((instant(step["at"]) for step in story["steps"] if "at" in step), datetime(1, 1, 1, tzinfo=timezone.utc))
    shop.publish(crm.sample_program(document) if isinstance(document, str) else document, at=first)
    told: list[tuple[crm.Request, crm.Done]] = []
    at = first
    for number, step in enumerate(story["steps"], 1):
        refused = step.get("refused")
        at = instant(step["at"]) if "at" in step else at
        try:
            got = play_step(step, number, at, shop, told)
        except crm.CrmError as error:
            assert refused is not None, f"step {number}: refused: {error}"
            assert error.code == refused["code"], f"step {number}: {error}"
            wrong = differs(refused.get("details", {}), json.loads(json.dumps(error.details)), "details")
            assert wrong is None, f"step {number}: {wrong}"
            continue
        assert refused is None, f"step {number}: should be refused with {refused}, but gave {got}"
        if "expect" in step:
            wrong = differs(step["expect"], got)
            assert wrong is None, f"step {number}: {wrong}"
    for request, done in told:
        again = shop.execute_many([request])[0]
        assert isinstance(again, crm.Done), f"{request.request_id} again: {again}"
        if done.outcome is not crm.Outcome.UNCHANGED and done.receipt.entries:
            assert again.receipt == done.receipt


def test_there_is_a_corpus() -> None:
    assert len(STORIES) > 700


@pytest.mark.parametrize("path", STORIES, ids=[str(path.relative_to(VECTORS)) for path in STORIES])
def test_story(path: Path, fresh: Callable[[], crm.Engine]) -> None:
    play(json.loads(path.read_text(encoding="utf-8")), fresh())
