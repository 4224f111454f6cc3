"""`ticketos demo` as a person runs it: the whole day, and the same with the person's own files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ticketos.dev.sim.documents import broken, duplicate_of, generate
from ticketos.dev.sim.scenario import working_day

DAY_SECONDS = 1500


def demo(tmp_path: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run the verb; returns the finished process and its JSON."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETOS_")}
    out = tmp_path / "day.json"
    done = subprocess.run(
        [sys.executable, "-m", "ticketos.cli", "demo", "--json", str(out), *arguments],
        env=kept | {"TMPDIR": str(tmp_path), "TICKETOS_HOME": str(tmp_path / "untouched")},
        capture_output=True,
        text=True,
        timeout=DAY_SECONDS,
    )
    assert out.exists(), done.stderr
    return done, json.loads(out.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.timeout(DAY_SECONDS + 60)
def test_the_working_day_ends_as_planned_and_every_figure_agrees(tmp_path: Path) -> None:
    done, day = demo(tmp_path)
    wrong = [(t["number"], t["why"]) for t in day["tickets"] if not t["ok"]]
    assert (wrong, day["unexpected"]) == ([], []), done.stderr
    assert [check for check in day["checks"] if not check["ok"]] == []
    assert [shown["what"] for shown in day["shown"] if not shown["ok"]] == []
    assert done.returncode == 0
    assert day["ok"] is True

    totals = day["totals"]
    assert (totals["tickets"], totals["documents"]) == (40, 120)
    assert totals["accepted"] == sum(plan.units for plan in working_day())
    without_documents = sum(t["documents"] == 0 and t["state"] == "closed" for t in day["tickets"])
    assert without_documents > 0, "their unit is the ticket itself"
    units = sum(Decimal(invoice["units"]) for invoice in day["invoices"])
    assert units == totals["accepted"] + without_documents
    assert {invoice["client"] for invoice in day["invoices"]} == {"kaveri", "rheinwerk", "bluegate"}
    assert totals["straight_through"] > 0
    assert 90 < Decimal(totals["accuracy"]) < 100  # the planted mistake is counted
    assert "All is well" in done.stdout
    assert not (tmp_path / "untouched").exists()
    assert list(tmp_path.glob("ticketos-*")) == []


@pytest.mark.slow
@pytest.mark.timeout(DAY_SECONDS + 60)
def test_a_folder_of_ones_own_is_worked_through_and_every_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "deeper").mkdir(parents=True)
    invoice = generate("invoice", 71, country="DE", form="einvoice_xml_ubl")
    papers = {
        "invoice.xml": invoice.content,
        "deeper/again.xml": duplicate_of(invoice).content,
        "deeper/order.pdf": generate("purchase_order", 72).content,
        "deeper/locked.pdf": broken("encrypted", 73).content,
        ".hidden.pdf": b"not for us",
    }
    for name, content in papers.items():
        (folder / name).write_bytes(content)
    done, day = demo(tmp_path, "--documents", str(folder))
    assert (day["unexpected"], [check for check in day["checks"] if not check["ok"]]) == ([], []), done.stderr
    assert done.returncode == 0
    found = {
        Path(one["file"]).relative_to(folder).as_posix(): (one["state"], one["detail"])
        for one in day["files"]
    }
    assert set(found) == set(papers) - {".hidden.pdf"}
    assert found["deeper/locked.pdf"] == ("quarantine", "encrypted")
    assert sorted(found[name][0] for name in ("invoice.xml", "deeper/again.xml")) == ["keyed", "rejected"]
    assert found["deeper/order.pdf"][0] in ("keyed", "in a person's queue")
    assert all(detail for _, detail in found.values())


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ticketos.cli", "demo", "--documents", str(tmp_path / "nowhere")],
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
