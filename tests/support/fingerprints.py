"""What each workflow asks of Temporal, in source order, read from the code alone.

A workflow that is replayed must issue the same commands in the same order as when its history was written. Stored
histories prove that for the paths they took; the fingerprint shows a change on any path, and before any history exists.

``python -m tests.support.fingerprints`` writes the baseline anew.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
BASELINE = ROOT / "tests" / "replay" / "fingerprints.json"

COMMANDS = frozenset(
    {
        "execute_activity",
        "execute_activity_method",
        "start_activity",
        "start_activity_method",
        "execute_local_activity",
        "execute_local_activity_method",
        "start_local_activity",
        "start_local_activity_method",
        "execute_child_workflow",
        "start_child_workflow",
        "upsert_search_attributes",
        "upsert_memo",
        "continue_as_new",
        "patched",
        "deprecate_patch",
        "sleep",
        "signal",
        "uuid4",
        "random",
    }
)
"""Calls that always become a command, or draw on the recorded run."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def fingerprints(root: Path = ROOT) -> dict[str, list[str]]:
    """Per function or method of ``workflows`` that issues commands: its calls, in order."""
    found = dict(_functions(root / "workflows"))
    issuing: set[str] = set()
    while True:
        named = {key.rsplit(".", 1)[1] for key in issuing}
        grown = {key for key, function in found.items() if any(_calls(function, named))}
        if grown == issuing:
            return {key: list(_calls(found[key], named)) for key in sorted(issuing)}
        issuing = grown


def _functions(folder: Path) -> Iterator[tuple[str, Function]]:
    for path in sorted(folder.rglob("*.py")):
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, Function):
                yield f"{module}.{node.name}", node
            elif isinstance(node, ast.ClassDef):
                for item in node.body:
                    if isinstance(item, Function):
                        yield f"{module}.{node.name}.{item.name}", item


def _calls(function: Function, issuing: set[str]) -> Iterator[str]:
    """Commands, and calls of functions of ours that issue some, as they stand in the source."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda c: (c.func.end_lineno or 0, c.func.end_col_offset or 0)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        timed = name == "wait_condition" and any(word.arg == "timeout" for word in call.keywords)
        if name in COMMANDS or name in issuing or timed:
            first = call.args[0] if call.args else None
            shown = ast.unparse(first) if isinstance(first, ast.Attribute | ast.Constant) else ""
            yield f"{name}({shown})"


def main() -> None:
    """Write the baseline."""
    BASELINE.write_text(json.dumps(fingerprints(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def baseline() -> Mapping[str, list[str]]:
    """The fingerprints that histories out there were written with."""
    known: dict[str, list[str]] = json.loads(BASELINE.read_text(encoding="utf-8"))
    return known


if __name__ == "__main__":
    main()
