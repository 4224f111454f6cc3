"""A short command that talks to Temporal, many times over: it always ends with its own exit code.

A process that used the SDK's client and leaves at once aborts about one time in eight (exit code 134) unless it leaves
with care. ``TICKETOS_CLI_RUNS`` sets how often it is tried.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ticketos.dev.processes import free_port
from ticketos.dev.temporal import TemporalAddress

RUNS = int(os.environ.get("TICKETOS_CLI_RUNS", "10"))


def doctor(home: Path, address: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETOS_")}
    return subprocess.run(
        [sys.executable, "-m", "ticketos.cli", "doctor", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        env=kept | {"TICKETOS_HOME": str(home), "TEMPORAL_ADDRESS": address, "NO_COLOR": "1"},
    )


def temporal_in(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    found = json.loads(done.stdout)
    (check,) = [check for check in found["checks"] if check["name"] == "Temporal"]
    return dict(check)


@pytest.mark.timeout(600)
def test_a_command_that_used_the_temporal_client_ends_with_zero_every_time(
    temporal_server: TemporalAddress, tmp_path: Path
) -> None:
    codes: Counter[int] = Counter()
    for _ in range(RUNS):
        done = doctor(tmp_path, temporal_server.grpc)
        assert temporal_in(done)["ok"], done.stdout
        codes[done.returncode] += 1
    assert codes == {0: RUNS}


def test_a_temporal_that_does_not_answer_is_told_and_ends_with_one(tmp_path: Path) -> None:
    done = doctor(tmp_path, f"127.0.0.1:{free_port()}")
    found = temporal_in(done)
    assert (done.returncode, found["ok"]) == (1, False)
    assert "does not answer" in str(found["found"]) and found["fix"]
