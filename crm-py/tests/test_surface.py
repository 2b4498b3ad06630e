"""What the library offers and what Python has of it do not drift apart: every public function of the rooms that a host uses is named here, with
what it is in Python, or with why it is not there.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import crm_core as crm
import pytest

SOURCE = Path(__file__).resolve().parents[2] / "crm-core/src"

ENGINE = {
    "open": "Engine.open",
    "open_shared": "-- a store is named by its place",
    "refresh": "Engine.refresh",
    "program": "Engine.program",
    "store": "-- rows are the business of the library",
    "publish_json": "Engine.publish",
    "publish": "Engine.publish",
    "execute": "Engine.execute",
    "execute_many": "Engine.execute_many",
    "preview": "Engine.preview",
    "ask": "Engine.ask",
    "next_due": "Engine.next_due",
    "sweep": "Engine.sweep",
    "feed": "Engine.feed",
    "wait_for_entries": "Engine.wait_for_entries",
    "close": "Engine.close",
    "issue_codes": "Engine.issue_codes",
}
WALKS = {
    **dict.fromkeys(["walk_customers", "walk_entries", "walk_orders", "walk_claims"], "Engine.table"),
    **dict.fromkeys(["walk_open_coupons", "walk_closed_coupons"], "Engine.table"),
    **dict.fromkeys(["each_customer", "each_entry", "each_claim", "each_order"], "Engine.table"),
    **dict.fromkeys(["walk_card_views", "walk_group_views"], "Engine.table"),
    **dict.fromkeys(["walk_gift_cards", "each_gift_card", "walk_groups", "each_group"], "-- tables are as of an instant"),
    **dict.fromkeys(["walk_stored", "each_stored", "kind_and_subject"], "-- for exports and checks of the library's own"),
    "next": "-- the next page of a walk",
}
COMBINER = {"new": "Engine.open", "engine": "-- the engine itself", "execute": "Engine.execute"}
CODES = {
    "attempts.rs": {
        "new": "codes.AttemptRules",
        "allows": "codes.Attempts.allows",
        "free_at": "codes.Attempts.free_at",
        "attempt": "codes.Attempts.attempt",
        "is_idle": "codes.Attempts.is_idle",
    },
    "batch.rs": {
        "new": "codes.CodeBatch",
        "form": "-- its prefix and length are those it was made with",
        "serials": "codes.CodeBatch.serials",
        "code": "codes.CodeBatch.code",
        "serial": "codes.CodeBatch.serial",
        "codes": "codes.CodeBatch.__iter__",
        "codes_from": "codes.CodeBatch.codes_from",
    },
    "form.rs": {
        **dict.fromkeys(["parse", "as_str", "normal"], "codes.read_code"),
        **dict.fromkeys(["new", "with_prefix", "prefix", "length", "space", "fits", "show", "write"], "codes.CodeBatch"),
    },
    "length.rs": {"length_for": "codes.code_length"},
    "normal.rs": {"of": "codes.normal_code", "as_str": "codes.normal_code", "new": "check_program", "normal": "check_program"},
    "secret.rs": {"new": "-- 64 digits", "from_hex": "codes.CodeBatch"},
    "signed.rs": {
        "new": "codes.TillKey",
        "form": "-- as its prefix says",
        "batch": "-- as it was made with",
        "batch_of": "codes.TillKey.batch_of",
        "sign": "codes.TillKey.sign",
        "verify": "codes.TillKey.verify",
    },
}
FILES: dict[str, dict[str, str]] = {
    "engine/sync.rs": ENGINE,
    "engine/waits.rs": ENGINE,
    "engine/codes.rs": ENGINE,
    "engine/pages.rs": WALKS,
    "engine/combine.rs": COMBINER,
    "simulate/run.rs": {
        "what_if": "Engine.what_if",
        "what_if_json": "Engine.what_if",
        "read": "Engine.histories",
    },
    "import/mod.rs": {
        "new": "Engine.import_orders",
        "with": "Engine.import_orders",
        "table": "Engine.ingest_orders",
        "name": "-- a record of Python knows its own",
        "detect": "detect_format",
    },
    "import/batch.rs": {"batches": "Engine.imports"},
    "import/revert.rs": {"revert": "Engine.revert_import"},
    "import/run.rs": {"import": "Engine.import_orders"},
    "offer/price.rs": {"quote": "quote"},
    "offer/receipt.rs": {"plan": "plan_refund", "add": "-- refunds that the engine keeps; Refunds is a record"},
    "program/mod.rs": {"sample": "sample_program"},
    "store/leased.rs": {"new": "Engine.open", "fold": "Engine.fold_leases"},
    "store/place.rs": {"server_address": "Engine.open", "open": "Engine.open", "store": "-- rows"},
    "store/sqlite/backup.rs": {"backup": "Engine.backup", "verify": "verify", "restore": "restore"},
    **{f"code/{name}": functions for name, functions in CODES.items()},
}


def public(text: str) -> list[str]:
    """The functions that anybody may call, of a file in Rust; not those of its tests."""
    own = text.split("#[cfg(test)]\nmod ")[0]
    return re.findall(r"^(?: {4})?pub (?:const |async )*fn (\w+)", own, re.MULTILINE)


def found(name: str) -> object:
    """What a name stands for in the package."""
    thing: object = crm
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


@pytest.mark.parametrize("file", FILES)
def test_python_has_what_the_library_offers(file: str) -> None:
    offered, known = public((SOURCE / file).read_text(encoding="utf-8")), FILES[file]
    assert offered, f"{file} offers nothing"
    missing = sorted(set(offered) - set(known))
    assert missing == [], f"{file}: name in Python, or say why not: {missing}"
    for name in {known[one] for one in offered}:
        assert name.startswith("-- ") or found(name) is not None, name


def test_names_that_are_gone_are_taken_out() -> None:
    named: dict[int, tuple[dict[str, str], set[str]]] = {}
    for file, known in FILES.items():
        offered = named.setdefault(id(known), (known, set()))[1]
        offered.update(public((SOURCE / file).read_text(encoding="utf-8")))
    assert [set(known) - offered for known, offered in named.values() if set(known) - offered] == []


def test_a_new_function_is_seen() -> None:
    assert public("impl X {\n    pub async fn one() {}\n    pub(crate) fn two() {}\n}\npub const fn three() {}\n") == ["one", "three"]


def arguments(of: object) -> list[tuple[str, object]]:
    return [(one.name, one.default) for one in inspect.signature(of).parameters.values()]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["Engine", "Histories"])
def test_what_is_awaited_takes_the_same(kind: str) -> None:
    own, awaited = getattr(crm, kind), getattr(crm.aio, kind)
    names = {name for name in dir(own) if not name.startswith("_")}
    assert names == {name for name in dir(awaited) if not name.startswith("_")}
    for name in names:
        if inspect.isfunction(getattr(own, name)) or inspect.ismethod(getattr(own, name)):
            taken = [one for one in arguments(getattr(awaited, name)) if one[0] != "threads"]
            assert taken == arguments(getattr(own, name)), f"{kind}.{name}"


def test_docstrings_say_what_every_method_does() -> None:
    for kind in (crm.Engine, crm.Histories, crm.aio.Engine, crm.aio.Histories, crm.codes.Attempts, crm.codes.TillKey):
        methods = inspect.getmembers(kind, inspect.isroutine)
        silent = [name for name, one in methods if not name.startswith("_") and not inspect.getdoc(one)]
        assert silent == [], kind
