"""Writes the typed classes of the package, and the table by which they are converted, from the schema of crm-core.

    python3 crm-py/generate.py            writes
    python3 crm-py/generate.py --check    fails when a file is stale

Python and the schema are all it needs; a test of the package runs it with --check.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SCHEMA = HERE.parent / "crm-core/src/interface/schema.json"
PACKAGE = HERE / "python/crm_core"

MADE = "# Made by crm-py/generate.py from the schema of crm-core; do not edit.\n"

# How a format of the schema is called in Python. Texts of other formats are str.
DECIMALS = {"decimal", "percent"}
# Unions whose variants need no prefix: their names say enough.
PLAIN = {"Command"}
# Variants that the schema spells out and the library has a name for.
NAMED = {"AnswerTier": "TierExplanation"}


def pascal(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("_"))


def attribute(name: str) -> str:
    return name + "_" if keyword.iskeyword(name) else name


class Schema:
    """The types of the schema: records, unions of records, words (enums), and aliases of plain values."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.roots: dict[str, Any] = document["properties"]
        self.errors: list[dict[str, str]] = document["errors"]
        self.defs: dict[str, Any] = document["$defs"]
        self.records: dict[str, dict[str, Any]] = {}
        self.unions: dict[str, list[tuple[str, str]]] = {}
        self.words: dict[str, list[dict[str, Any]]] = {}
        # The field that says which variant of its union a record is, and with which word.
        self.tags: dict[str, tuple[str, str]] = {}
        self.docs: dict[str, str] = {}
        for name, part in self.defs.items():
            self.docs[name] = part.get("description", "")
            if "oneOf" in part:
                if "const" in part["oneOf"][0]:
                    self.words[name] = part["oneOf"]
                else:
                    self.unions[name] = [self.variant(name, option) for option in part["oneOf"]]
            elif part.get("type") == "object" and "properties" in part:
                self.records[name] = part

    def variant(self, union: str, option: dict[str, Any]) -> tuple[str, str]:
        [(key, tag)] = [(name, part["const"]) for name, part in option["properties"].items() if "const" in part]
        if "$ref" in option:
            return tag, option["$ref"].removeprefix("#/$defs/")
        name = pascal(tag) if union in PLAIN else union + pascal(tag.split(".")[-1])
        name = NAMED.get(name, name)
        if name in self.defs or name in self.records:
            raise SystemExit(f"two types are called {name}")
        self.docs[name] = option.get("description", "")
        self.records[name] = option
        self.tags[name] = (key, tag)
        return tag, name

    def tag(self, union: str) -> str:
        """The field that says which variant it is."""
        keys = {self.tags[name][0] for _, name in self.unions[union] if name in self.tags} or {"type"}
        [key] = keys
        return key

    def kind(self, part: dict[str, Any]) -> Any:
        """What a value is: a word, or ["list", kind], ["map", kind], ["tuple", [kind]], ["type", name]."""
        if "$ref" in part:
            name = part["$ref"].removeprefix("#/$defs/")
            if name in self.records or name in self.unions or name in self.words:
                return ["type", name]
            return self.kind(self.defs[name])
        form = part.get("format")
        if form == "quantity":
            return "quantity"
        if form in DECIMALS:
            return "decimal"
        match part["type"]:
            case "string":
                return {"date-time": "time", "date": "date"}.get(form or "", "text")
            case "integer":
                return "int"
            case "boolean":
                return "bool"
            case "array":
                if "prefixItems" in part:
                    return ["tuple", [self.kind(item) for item in part["prefixItems"]]]
                return ["list", self.kind(part["items"])]
            case "object":
                inner = part.get("additionalProperties") or next(iter(part["patternProperties"].values()))
                return ["map", self.kind(inner)]
        raise SystemExit(f"{part} has no Python type yet")

    def fields(self, record: str) -> list[tuple[str, dict[str, Any], bool]]:
        """Name, schema and whether it is required: the required ones first, as they are declared."""
        part = self.records[record]
        properties = {name: inner for name, inner in part["properties"].items() if "const" not in inner}
        required = [name for name in part.get("required", []) if name in properties]
        rest = sorted(name for name in properties if name not in required)
        return [(name, properties[name], True) for name in required] + [(name, properties[name], False) for name in rest]


def annotation(kind: Any) -> str:
    if kind == "quantity":
        return "Decimal"
    if isinstance(kind, str):
        return {"text": "str", "int": "int", "bool": "bool", "decimal": "Decimal", "time": "datetime", "date": "date"}[kind]
    match kind[0]:
        case "list":
            return f"Sequence[{annotation(kind[1])}]"
        case "map":
            return f"Mapping[str, {annotation(kind[1])}]"
        case "tuple":
            return f"tuple[{', '.join(annotation(one) for one in kind[1])}]"
    return str(kind[1])


def default(schema: Schema, kind: Any, part: dict[str, Any]) -> tuple[str, Any]:
    """What stands behind the `=` of an optional field, and the same in JSON; None is absence."""
    if part.get("x-option"):
        return "None", None
    if "default" not in part:
        if kind[0] == "list":
            return "()", []
        if kind[0] == "map":
            return "made(default_factory=dict)", {}
        # A flag that is left out when it is not so.
        return ("False", False) if kind == "bool" else ("None", None)
    value = part["default"]
    if value is None:
        return "None", None
    return expression(schema, kind, value), value


def expression(schema: Schema, kind: Any, value: Any) -> str:
    if kind in ("decimal", "quantity"):
        return f'Decimal("{value}")'
    if isinstance(kind, str):
        return repr(value)
    if kind[0] == "list":
        items = [part_of(schema, kind[1], one) for one in value]
        return f"({''.join(item + ', ' for item in items).rstrip()})"
    if kind[0] == "map":
        if value:
            raise SystemExit("a map with contents as a default")
        return "made(default_factory=dict)"
    name = kind[1]
    if name in schema.words:
        return f"{name}.{value.upper()}"
    return f"made(default_factory=lambda: {construct(schema, name, value)})"


def part_of(schema: Schema, kind: Any, value: Any) -> str:
    """A value within another one."""
    if kind[0] == "type" and kind[1] not in schema.words:
        return construct(schema, kind[1], value)
    return expression(schema, kind, value)


def construct(schema: Schema, name: str, value: dict[str, Any]) -> str:
    if name in schema.unions:
        name = dict(schema.unions[name])[value["type"]]
    parts = []
    for field, part, _ in schema.fields(name):
        if field in value:
            kind = schema.kind(part)
            parts.append(f"{attribute(field)}={part_of(schema, kind, value[field])}")
    return f"{name}({', '.join(parts)})"


def doc(text: str, indent: str) -> str:
    text = text.replace("\\", "\\\\").replace('"""', "'''").strip()
    lines = []
    for paragraph in text.split("\n\n"):
        lines += textwrap.wrap(" ".join(paragraph.split("\n")), 116 - len(indent)) + [""]
    lines.pop()
    if not lines:
        return ""
    if len(lines) == 1:
        end = " " if lines[0].endswith('"') else ""
        return f'{indent}"""{lines[0]}{end}"""\n'
    body = "\n".join(indent + line if line else "" for line in lines)
    return f'{indent}"""{body.strip()}\n{indent}"""\n'


def classes(schema: Schema) -> str:
    out = [MADE, "# pyright: basic\n"]
    out.append('"""The types of the library: what is sent and what comes back."""\n\n')
    out.append("from __future__ import annotations\n\n")
    out.append("from collections.abc import Mapping, Sequence\n")
    out.append("from datetime import date, datetime\nfrom decimal import Decimal\nfrom typing import ClassVar, Literal, Union\n\n")
    out.append("from crm_core._base import Record, Word, made\n\n__all__ = [\n")
    out.extend(f'    "{name}",\n' for name in sorted([*schema.words, *schema.records, *schema.unions]))
    out.append("]\n")
    for name in sorted(schema.words):
        out.append(f"\n\nclass {name}(Word):\n{doc(schema.docs[name], '    ')}")
        for option in schema.words[name]:
            out.append(f'\n    {option["const"].upper()} = "{option["const"]}"\n')
            out.append(doc(option.get("description", ""), "    "))
    for name in sorted(schema.records):
        out.append(f"\n\nclass {name}(Record):\n")
        out.append(doc(schema.docs[name], "    ") or "    ...\n")
        if name in schema.tags:
            key, tag = schema.tags[name]
            out.append(f'\n    {key}: ClassVar[Literal["{tag}"]] = "{tag}"\n')
        for field, part, required in schema.fields(name):
            kind = schema.kind(part)
            hint = annotation(kind)
            shown, _ = ("", None) if required else default(schema, kind, part)
            optional = shown == "None"
            out.append(f"\n    {attribute(field)}: {hint}{' | None' if optional else ''}{' = ' + shown if shown else ''}\n")
            out.append(doc(part.get("description", ""), "    "))
    out.append("\n\n")
    for name in sorted(schema.unions):
        out.append(f"{name} = Union[{', '.join(variant for _, variant in schema.unions[name])}]\n")
        out.append(doc(schema.docs[name], ""))
    return "".join(out)


def shapes(schema: Schema) -> str:
    """The table of the converters: one line per type."""
    records: dict[str, Any] = {}
    for name in sorted(schema.records):
        rows = []
        for field, part, required in schema.fields(name):
            kind = schema.kind(part)
            row = {"json": field, "attribute": attribute(field), "kind": kind}
            if not required:
                row["default"] = default(schema, kind, part)[1]
            rows.append(row)
        records[name] = rows
    unions = {
        name: {"tag": schema.tag(name), "variants": dict(schema.unions[name])} for name in sorted(schema.unions)
    }
    words = {name: [option["const"] for option in schema.words[name]] for name in sorted(schema.words)}
    lines = []
    for title, table in (("records", records), ("unions", unions), ("words", words), ("tags", schema.tags)):
        rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(table[name])}" for name in table)
        lines.append(f'  "{title}": {{\n{rows}\n  }}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def questions(schema: Schema) -> str:
    """One method per question, with exactly the answer that belongs to it."""
    answers: dict[str, str] = {}
    for option, (tag, name) in zip(schema.defs["Answer"]["oneOf"], schema.unions["Answer"], strict=True):
        for asked in re.findall(r"`(\w+)`", option["description"].split(".")[0]):
            answers[asked] = name
    out = [MADE]
    out.append('"""One method per question."""\n\nfrom __future__ import annotations\n\n')
    out.append("from collections.abc import Sequence\nfrom datetime import datetime\nfrom typing import Any\n\n")
    used: set[str] = {"Query"}
    body: list[str] = []
    for tag, query in schema.unions["Query"]:
        answer = answers[tag]
        fields = schema.fields(query)
        single = None
        if answer in schema.tags and len(schema.fields(answer)) == 1:
            single = schema.fields(answer)[0]
        result = annotation(schema.kind(single[1])) if single else answer
        used.update(re.findall(r"[A-Z]\w+", result.replace("Sequence", "")) + [query])
        signature, call = ["self"], []
        for field, part, required in fields:
            kind = schema.kind(part)
            used.update(re.findall(r"[A-Z]\w+", annotation(kind).replace("Sequence", "")))
            if not required and "*" not in signature:
                signature.append("*")
            shown = "" if required else default(schema, kind, part)[0]
            hint = annotation(kind) + (" | None" if shown == "None" else "")
            signature.append(f"{attribute(field)}: {hint}{' = ' + shown if shown else ''}")
            call.append(f"{attribute(field)}={attribute(field)}")
        body.append(f"\n    def {attribute(tag)}({', '.join(signature)}) -> {result}:\n")
        text = schema.docs[query] + "\n\n" + " ".join(
            f"`{attribute(field)}`: {part.get('description', '')}" for field, part, _ in fields
        )
        body.append(doc(text, "        "))
        used.add(answer)
        asked = f"self._ask({query}({', '.join(call)}))"
        body.append(f"        answer: {answer} = {{wait}}{asked}\n")
        body.append(f"        return answer{'.' + attribute(single[0]) if single else ''}\n")
    out.append(f"from crm_core._types import (\n{''.join('    ' + one + ',' + chr(10) for one in sorted(used))})\n")
    for name, before, wait, about in (
        ("Questions", "", "", "Questions to an engine that waits for the store."),
        ("AsyncQuestions", "async ", "await ", "Questions to an engine that is awaited."),
    ):
        out.append(f'\n\nclass {name}:\n    """{about}"""\n\n    __slots__ = ()\n')
        out.append(f"\n    {before}def _ask(self, query: Query) -> Any:\n        raise NotImplementedError\n")
        for line in body:
            out.append(line.replace("\n    def ", f"\n    {before}def ", 1).replace("{wait}", wait, 1))
    return "".join(out)


def errors(schema: Schema) -> str:
    out = [MADE]
    out.append('"""The errors of the library: one class per code, below one class per area."""\n\nfrom __future__ import annotations\n\n')
    out.append("from crm_core._base import CrmError\n")
    areas: dict[str, list[dict[str, str]]] = {}
    for error in schema.errors:
        areas.setdefault(error["code"].split(".")[0], []).append(error)
    builtin = {"value", "money", "time", "identity", "query", "code", "program"}
    for area, members in areas.items():
        if area == "internal":
            continue
        # Python has a ValueError and an ImportError of its own.
        base = {"value": "BadValueError", "import": "BadImportError"}.get(area, f"{pascal(area)}Error")
        extra = ", ValueError" if area in builtin else ""
        out.append(f'\n\nclass {base}(CrmError{extra}):\n    """Every error whose code starts with `{area}.`."""\n')
        for error in members:
            kind = ", TypeError" if error["code"] == "value.type" else ""
            out.append(f"\n\nclass {error['name']}({base}{kind}):\n")
            out.append(doc(f"`{error['code']}`: {error['help']}.", "    "))
            out.append(f'\n    code = "{error["code"]}"\n')
    out.append('\n\nclass Internal(CrmError):\n    """`internal`: a defect of the library; please report it with the message."""\n\n    code = "internal"\n')
    out.append("\n\nBY_CODE: dict[str, type[CrmError]] = {\n")
    out.extend(f'    "{error["code"]}": {error["name"]},\n' for error in schema.errors)
    out.append("}\n")
    return "".join(out)


def main() -> None:
    schema = Schema(json.loads(SCHEMA.read_text(encoding="utf-8")))
    files = {
        PACKAGE / "_types.py": classes(schema),
        PACKAGE / "_questions.py": questions(schema),
        PACKAGE / "errors.py": errors(schema),
        HERE / "src/shapes.json": shapes(schema),
    }
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv:
        if stale:
            raise SystemExit(f"stale: {', '.join(str(path) for path in stale)}; run crm-py/generate.py")
        return
    for path in stale:
        path.write_text(files[path], encoding="utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
