"""`docs/adding-a-line.md`, followed literally in a copy of the source tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ticketos.dev.temporal import TemporalAddress
from ticketos.lines import LINES
from ticketos.lines.line import BY_HAND
from workers.wiring import BUILT, WORKFLOWS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "adding-a-line.md"
COPIED = ("activities", "api", "schemas", "ticketos", "workers", "workflows", "tests/support")
WRITTEN = {
    "ticketos/lines/mailroom/__init__.py", "ticketos/lines/mailroom/rules.py", "activities/lines/mailroom.py",
    "workflows/lines/mailroom.py", "tests/workflow/test_mailroom.py",
}  # fmt: skip

_FILE = re.compile(r"^`([\w./-]+)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ENTRY = re.compile(
    r"^In `ticketos/lines/__init__\.py`.*?```python\n(\S[^\n]*)\n( {4}\S[^\n]*)\n```$",
    re.MULTILINE | re.DOTALL,
)


def follow(page: str, tree: Path) -> set[str]:
    """Do what the page says in this tree; returns the files written."""
    shutil.copytree(tree / "ticketos/lines/_template", tree / "ticketos/lines/mailroom")
    written = set()
    for name, content in _FILE.findall(page):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        written.add(name)
    found = _ENTRY.search(page)
    assert found, "the page must show the import and the entry of the registry"
    registry = tree / "ticketos/lines/__init__.py"
    last = "from ticketos.lines.line import ServiceLine\n"
    head, tuple_, rest = (
        registry.read_text("utf-8").replace(last, f"{last}{found[1]}\n", 1).partition("LINES: tuple")
    )
    registry.write_text(head + tuple_ + rest.replace("\n)\n", f"\n{found[2]}\n)\n", 1), encoding="utf-8")
    return written


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("source")
    for name in COPIED:
        # What is compiled stays so: files keep their times, and only what the page changes is compiled anew.
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns(".*_cache"))
    for name in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / name, copy / name)
    assert follow(PAGE.read_text("utf-8"), copy) == WRITTEN
    return copy


def run(tree: Path, *command: str, **given: str) -> subprocess.CompletedProcess[str]:
    left_out = ("PYTEST_", "COV_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    env = {**kept, "PYTHONPATH": str(tree), **given}
    return subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=150)


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def test_the_new_line_is_registered_everywhere(tree: Path) -> None:
    told = run(
        tree,
        sys.executable,
        "-c",
        (
            "import workers.wiring as w; from ticketos.lines import KEYS, line_of\n"
            "from ticketos.ai.triage.rules import triage\n"
            "served = 'MailroomWorkflow' in [one.__name__ for one in w.WORKFLOWS]\n"
            "print(w.__file__, KEYS[-1], line_of('mailroom').workflow, w.BUILT[-1], served)\n"
            "print(dict(triage('x', client_lines=['mailroom']).top))"
        ),
    )
    assert told.returncode == 0, told.stderr
    first, second = told.stdout.splitlines()
    assert first == f"{tree}/workers/wiring.py mailroom Mailroom mailroom True"
    assert "mailroom" in second


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_new_line_keeps_the_import_contracts_and_a_forbidden_import_is_noticed(tree: Path) -> None:
    linted = run(tree, tool("lint-imports"), "--no-logo", "--no-cache")
    assert linted.returncode == 0, linted.stdout
    rules = tree / "ticketos/lines/mailroom/rules.py"
    kept = rules.read_text("utf-8")
    rules.write_text(f"from ticketos.db.session import Database\n{kept}", encoding="utf-8")
    try:
        broken = run(tree, tool("lint-imports"), "--no-logo", "--no-cache")
    finally:
        rules.write_text(kept, encoding="utf-8")
    assert broken.returncode != 0
    assert "ticketos.lines.mailroom.rules" in broken.stdout


def test_the_code_of_the_page_has_the_style_of_the_house(tree: Path) -> None:
    linted = run(tree, tool("ruff"), "check", "--no-cache", *sorted(WRITTEN))
    assert linted.returncode == 0, linted.stdout


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_new_line_delivers_a_ticket(
    tree: Path, run_folder: Path, temporal_server: TemporalAddress
) -> None:
    """On the Temporal server of this run."""
    served = run(
        tree,
        sys.executable,
        "-m",
        "pytest",
        "tests/workflow/test_mailroom.py",
        "-q",
        "-p",
        "no:cacheprovider",
        TICKETOS_TEST_RUN=str(run_folder),
    )
    assert served.returncode == 0, served.stdout[-5000:] + served.stderr[-2000:]
    assert "1 passed" in served.stdout


def test_every_built_line_names_the_workflow_that_its_file_offers() -> None:
    offered = {workflow.__temporal_workflow_definition.name for workflow in WORKFLOWS}  # type: ignore[attr-defined]
    assert {line.workflow for line in LINES} <= offered
    assert set(BUILT) == {"manual", *(line.key for line in LINES if line.workflow != BY_HAND)}


def test_every_folder_of_a_line_is_registered_and_explained() -> None:
    folders = {path.parent.name for path in (ROOT / "ticketos" / "lines").glob("*/__init__.py")} - {
        "_template"
    }
    assert folders == set(BUILT) - {"manual"}
    assert all(
        (ROOT / "ticketos" / "lines" / name / "README.md").read_text("utf-8").strip() for name in folders
    )


def test_the_template_is_a_line_that_says_nothing_wrong() -> None:
    from ticketos.lines._template import LINE

    assert LINE.key not in {line.key for line in LINES}
    assert LINE.level_one is not None
    assert set(LINE.required("any")) == {"result"}
