"""Histories of real tickets, one per path, replayed against the code of now: an upgrade breaks no ticket under way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.support.record_histories import FOLDER, PATHS
from workers.runtime import sandbox
from workers.wiring import WORKFLOWS

STORED = sorted(FOLDER.glob("*/*.json"))
NEWEST = max(FOLDER.glob("*/straight.0.Ticket.json")).parent


def _history(path: Path) -> WorkflowHistory:
    stored = json.loads(path.read_text(encoding="utf-8"))
    return WorkflowHistory.from_json(stored["workflow_id"], stored["history"])


def _replayer() -> Replayer:
    return Replayer(workflows=WORKFLOWS, workflow_runner=sandbox(), data_converter=pydantic_data_converter)


@pytest.mark.parametrize("path", STORED, ids=[f"{path.parent.name}/{path.stem}" for path in STORED])
async def test_a_stored_history_replays(path: Path) -> None:
    await _replayer().replay_workflow(_history(path))


def test_every_path_has_its_history() -> None:
    assert {path.name.split(".")[0] for path in STORED} == set(PATHS)


def test_the_long_path_continued_as_new_in_ticket_and_line() -> None:
    continued = {
        path.name.split(".")[2]
        for path in STORED
        if path.name.startswith("batch_continued.")
        if _history(path).events[-1].HasField("workflow_execution_continued_as_new_event_attributes")
    }
    assert continued == {"Ticket", "DataEntry"}


async def test_a_history_that_this_code_would_not_write_is_refused() -> None:
    history = _history(NEWEST / "straight.0.Ticket.json")
    marker = next(e for e in history.events if e.HasField("marker_recorded_event_attributes"))
    marker.marker_recorded_event_attributes.details["data"].payloads[0].data = json.dumps(
        {
            **json.loads(marker.marker_recorded_event_attributes.details["data"].payloads[0].data),
            "activity_type": "another.step",
        }
    ).encode()
    with pytest.raises(Exception, match=r"(?i)nondeterminism"):
        await _replayer().replay_workflow(history)
