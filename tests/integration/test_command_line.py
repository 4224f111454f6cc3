"""The command as a person meets it: exit codes, words instead of traces, results apart from progress."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def ticketos(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETOS_")}
    kept.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "ticketos.cli", *arguments],
        env=kept | {"TICKETOS_HOME": str(home), "NO_COLOR": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=50,
    )


@pytest.mark.parametrize("arguments", [("no-such-verb",), ("up", "--port", "many"), ("db", "sideways")])
def test_wrong_usage_ends_with_two_and_help_with_zero(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    wrong = ticketos(*arguments, home=tmp_path)
    assert wrong.returncode == 2
    assert wrong.stdout == ""
    assert ticketos("--help", home=tmp_path).returncode == 0


def test_a_setting_that_cannot_be_used_is_told_in_words(tmp_path: Path) -> None:
    done = ticketos("doctor", home=tmp_path, TICKETOS_PORT="many")
    assert done.returncode == 1
    assert "TICKETOS_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_setting_is_told_by_its_name(tmp_path: Path) -> None:
    done = ticketos("db", "upgrade", home=tmp_path, DATABASE_URL="mysql://x")
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_prints_one_json_object_and_names_what_it_looked_at(tmp_path: Path) -> None:
    done = ticketos("doctor", "--json", home=tmp_path)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["ok"] else 1)
    names = {check["name"] for check in found["checks"]}
    assert {"Python", "PostgreSQL", "Temporal", "Tesseract", "Home folder", "Master key"} <= names
    assert not (tmp_path / "master.key").exists()


def test_doctor_fails_when_something_required_is_missing(tmp_path: Path) -> None:
    done = ticketos("doctor", "--json", home=tmp_path, PATH=str(tmp_path))
    found = json.loads(done.stdout)
    assert done.returncode == 1
    tesseract = next(check for check in found["checks"] if check["name"] == "Tesseract")
    assert tesseract["ok"] is False
    assert tesseract["fix"]


def test_something_unexpected_becomes_one_line_and_a_trace_in_the_home_folder(tmp_path: Path) -> None:
    (tmp_path / "postgres").write_text("a file where a folder belongs")
    done = ticketos("db", "upgrade", home=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Traceback" in (tmp_path / "logs" / "crash.log").read_text()


def test_db_upgrade_brings_the_embedded_database_up_to_date_twice(tmp_path: Path) -> None:
    try:
        for _ in range(2):
            done = ticketos("db", "upgrade", home=tmp_path)
            assert done.returncode == 0, done.stderr
            assert "up to date" in done.stderr
    finally:
        from ticketos.dev.postgres import EmbeddedPostgres

        EmbeddedPostgres(tmp_path).delete()
