"""The commands each workflow issues, compared with those that running tickets were started with."""

from __future__ import annotations

import difflib
from pathlib import Path

from tests.support.fingerprints import BASELINE, baseline, fingerprints

REASON = f"""
Workflows now issue other commands, or in another order, than {BASELINE.name} says. A ticket that is under way replays its
history through this code and would stop there. Put the new order behind `workflow.patched` with a dated id of
workflows/names.py, and the old one beside it; then keep a history of the new path with
    python -m tests.support.record_histories
and write the baseline anew with
    python -m tests.support.fingerprints
Without patched, do that only for code that no history has run through: a new workflow, a path that was never taken.
"""


def test_the_commands_of_every_workflow_are_those_of_the_baseline() -> None:
    known, found = _lines(dict(baseline())), _lines(fingerprints())
    assert found == known, REASON + "\n".join(
        difflib.unified_diff(known, found, "baseline", "code", lineterm="", n=2)
    )


def test_a_reordered_a_dropped_and_an_added_command_are_each_seen(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    source = folder / "one.py"
    first, second = "await workflow.execute_activity('a')", "await workflow.execute_activity('b')"
    seen = {}
    for name, body in {
        "same": (first, second),
        "reordered": (second, first),
        "dropped": (first,),
        "added": (first, "await workflow.sleep(1)", second),
    }.items():
        source.write_text(
            "class W:\n    async def run(self):\n" + "".join(f"        {line}\n" for line in body)
        )
        seen[name] = fingerprints(tmp_path)
    assert seen["same"] == {"one.W.run": ["execute_activity('a')", "execute_activity('b')"]}
    assert len({str(value) for value in seen.values()}) == 4


def test_the_order_of_methods_counts_and_waiting_without_a_timer_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "one.py").write_text(
        "class W:\n    async def run(self):\n        await self.b()\n        await self.a()\n"
        "    async def a(self):\n        await workflow.wait_condition(lambda: True, timeout=3)\n"
        "    async def b(self):\n        await workflow.wait_condition(lambda: True)\n        await workflow.sleep(1)\n"
    )
    assert fingerprints(tmp_path) == {
        "one.W.run": ["b()", "a()"],
        "one.W.a": ["wait_condition()"],
        "one.W.b": ["sleep(1)"],
    }


def _lines(fingerprints: dict[str, list[str]]) -> list[str]:
    return [f"{where}: {call}" for where, calls in sorted(fingerprints.items()) for call in calls]
