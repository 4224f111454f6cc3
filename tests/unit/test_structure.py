"""Every registry compared with what is really there: folders, decorators, names, words."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlmodel import SQLModel
from temporalio.common import SearchAttributeKey

import activities
import ticketos.domain.pricing
import workflows
from activities.lines.line import LinePorts, LineWork
from tests.support.memory import MemoryStore, World
from tests.support.pace import LONGEST_FIRST, turn
from tests.support.running import NoFiles, Readings, sure
from ticketos.channels import CHANNELS
from ticketos.db import tables
from ticketos.dev.temporal import SEARCH_ATTRIBUTES
from ticketos.domain import events, tasks
from ticketos.domain.pricing import PRICING_MODELS
from ticketos.domain.stages import DESKS
from ticketos.domain.state import PROGRESS, STAGES
from ticketos.lines import LINES
from workers.wiring import WORKFLOWS, line_work, money_activities, ticket_activities
from workflows import names

ROOT = Path(__file__).parents[2]
PRODUCT = ("ticketos", "api", "activities", "schemas", "workers", "workflows")
GENERIC = PRODUCT[1:]
SOURCES = sorted(path for package in PRODUCT for path in (ROOT / package).rglob("*.py"))


def _nodes_where(word: str) -> Iterator[tuple[Path, ast.AST]]:
    """What the files that have this word anywhere are made of; the others need not be parsed."""
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if word in text:
            for node in ast.walk(ast.parse(text)):
                yield path, node


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def _classes(package: ModuleType) -> Iterator[type]:
    for module in _modules(package):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__:
                yield kind


# --- service lines and channels ---------------------------------------------------------------------------------------


def test_the_service_lines_are_the_six_we_promised_each_once() -> None:
    assert [line.key for line in LINES] == [
        "data_entry",
        "customer_support",
        "finance_accounting",
        "hr_recruitment",
        "it_helpdesk",
        "reporting_analytics",
    ]
    assert all(line.title and line.skill for line in LINES)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.key)
def test_a_line_that_is_built_has_its_folder_its_words_and_its_two_files(line: Any) -> None:
    served = {_workflow_name(kind) for kind in WORKFLOWS}
    assert line.workflow in served
    if line.workflow == "ManualWork":
        assert not line.reads_documents
        return
    folder = ROOT / "ticketos" / "lines" / line.key
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# ")
    assert (ROOT / "workflows" / "lines" / f"{line.key}.py").exists()
    assert (ROOT / "activities" / "lines" / f"{line.key}.py").exists()
    if line.reads_documents:
        assert line.level_one and line.withdraw and line.required("invoice")


def test_every_folder_of_a_line_or_a_channel_is_registered() -> None:
    def folders(kind: str) -> set[str]:
        return {
            p.name
            for p in (ROOT / "ticketos" / kind).iterdir()
            if (p / "__init__.py").exists() and not p.name.startswith("_")
        }

    assert folders("lines") <= {line.key for line in LINES}
    assert folders("channels") == {channel.key for channel in CHANNELS}


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.key)
def test_a_channel_is_a_complete_kit(channel: Any) -> None:
    folder = ROOT / "ticketos" / "channels" / channel.key
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# ")
    assert len([p for p in (folder / "samples").iterdir() if p.is_file()]) >= 2
    assert (folder / "parse.py").exists()


def test_nothing_outside_a_lines_own_files_asks_which_line_it_is() -> None:
    keys = {line.key for line in LINES}
    asked = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in SOURCES
        if not _of_a_line(path, keys)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _compares_with(node, keys)
    ]
    assert not asked, asked


def _of_a_line(path: Path, keys: set[str]) -> bool:
    return path.stem in keys or bool(keys & set(path.relative_to(ROOT).parts)) or "dev" in path.parts


def _compares_with(node: ast.AST, keys: set[str]) -> bool:
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        named = any("line" in ast.unparse(side) for side in sides)
        return named and any(isinstance(side, ast.Constant) and side.value in keys for side in sides)
    return (
        isinstance(node, ast.MatchValue) and isinstance(node.value, ast.Constant) and node.value.value in keys
    )


# --- pricing, stages, tasks, events -----------------------------------------------------------------------------------


def test_every_pricing_model_there_is_can_be_named_by_a_contract() -> None:
    there = {
        kind for kind in _classes(ticketos.domain.pricing) if isinstance(getattr(kind, "kind", None), str)
    }
    assert there == set(PRICING_MODELS)
    assert len({model.kind for model in PRICING_MODELS}) == len(PRICING_MODELS)


def test_each_of_the_ten_stages_has_progress_a_desk_a_rule_and_an_activity() -> None:
    assert tuple(PROGRESS) == STAGES and set(DESKS) == set(STAGES) and len(STAGES) == 10
    assert sorted(PROGRESS.values()) == list(PROGRESS.values())
    for stage in STAGES:
        assert (ROOT / "ticketos" / "domain" / f"{stage}.py").exists() and (
            ROOT / "activities" / f"{stage}.py"
        ).exists()


def test_every_kind_of_task_that_is_opened_has_roles_and_a_completion() -> None:
    opened = {
        word.value.value
        for _, call in _nodes_where("OpenTask")
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("OpenTask")
        for word in call.keywords
        if word.arg == "kind" and isinstance(word.value, ast.Constant)
    }
    opened |= {"keying", "rework"}  # these two are handed to the rule that opens them
    steps = ticket_activities(MemoryStore(World()), sure, _lines())
    (complete,) = [a for a in steps if _activity_name(a) == "task.complete"]
    completions = set(complete.__self__._completions)  # type: ignore[attr-defined]
    assert opened == set(tasks.ROLES) == completions


def test_every_event_that_is_told_is_in_the_catalogue_and_every_name_is_there_once() -> None:
    told = set(re.findall(r"Emit\(\s*\"([a-z_.0-9]+)\"", _all_text()))
    assert told and told <= set(events.BY_NAME)
    assert not [name for name, n in Counter(event.name for event in events.CATALOGUE).items() if n > 1]
    assert all(re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", event.name) and event.title for event in events.CATALOGUE)


# --- Temporal ---------------------------------------------------------------------------------------------------------


def test_the_workers_serve_every_workflow_there_is() -> None:
    there = {kind for kind in _classes(workflows) if _workflow_name(kind)}
    assert there == set(WORKFLOWS)
    assert len({_workflow_name(kind) for kind in WORKFLOWS}) == len(WORKFLOWS)


def test_the_workers_offer_every_activity_there_is() -> None:
    there = {
        _activity_name(member)
        for kind in _classes(activities)
        for _, member in inspect.getmembers(kind, callable)
    } - {""}
    lines = _lines()
    offered = [
        *ticket_activities(MemoryStore(World()), sure, lines),
        *(one for line in lines for one in line.documents),
        *_money(),
    ]
    assert Counter(_activity_name(a) for a in offered) == Counter(there)


def test_names_of_workflows_and_activities_are_given_and_not_taken_from_the_code() -> None:
    for path, node in _nodes_where(".defn"):
        for mark in getattr(node, "decorator_list", ()):
            if ast.unparse(mark).split("(")[0] in ("workflow.defn", "activity.defn"):
                assert isinstance(mark, ast.Call) and any(w.arg == "name" for w in mark.keywords), (
                    f"{path}:{mark.lineno}"
                )


def test_the_development_server_knows_every_search_attribute() -> None:
    declared = {value.name for value in vars(names).values() if isinstance(value, SearchAttributeKey)}
    assert declared == {key.name for key in names.SEARCH_ATTRIBUTES} == set(SEARCH_ATTRIBUTES)


# --- the package ------------------------------------------------------------------------------------------------------


def test_no_other_distribution_claims_our_generic_names() -> None:
    owners = packages_distributions()
    for package in PRODUCT:
        assert set(owners.get(package, ["ticketos"])) == {"ticketos"}, (
            f"{package} belongs to {owners[package]} too"
        )
        assert Path(str(importlib.import_module(package).__file__)).is_relative_to(ROOT)


def test_every_file_of_tables_is_loaded_with_the_package() -> None:
    """The metadata knows a table once its file is imported; one left out would be missing from every check."""
    there = {path.stem for path in Path(tables.__path__[0]).glob("*.py")} - {"__init__", "columns"}
    assert there == {area.__name__.rpartition(".")[2] for area in tables.AREAS}
    made = [
        kind.__name__ for area in tables.AREAS for kind in vars(area).values() if hasattr(kind, "__table__")
    ]
    assert len(made) == len(set(made)) == len(SQLModel.metadata.tables)


def test_tests_are_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))
    assert not {p.name for p in (ROOT / "tests").iterdir() if p.is_dir()} & set(PRODUCT)


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "service", "services_", "common", "manager", "misc"}
    assert not [str(path.relative_to(ROOT)) for path in SOURCES if path.stem in drawers]


def _workflow_name(kind: type) -> str:
    definition = kind.__dict__.get("__temporal_workflow_definition")
    return str(definition.name) if definition is not None else ""


def _activity_name(member: Any) -> str:
    definition = getattr(member, "__temporal_activity_definition", None)
    return str(definition.name) if definition is not None else ""


def _lines() -> Sequence[LineWork]:
    return line_work(LinePorts(MemoryStore(World()), NoFiles(), Readings({}), lambda _: None))


def _money() -> list[Any]:
    """The activities of the money queue, as the wiring makes them; they are named, never run."""
    source = inspect.getsource(money_activities)
    offered = re.search(r"return \((.*?)\)\s*$", source, re.S)
    assert offered is not None
    made = dict(re.findall(r"(\w+)\s*=\s*(\w+Activities)\(", source))
    kinds = {kind.__name__: kind for kind in _classes(activities)}
    return [getattr(kinds[made[owner]], name) for owner, name in re.findall(r"(\w+)\.(\w+)", offered[1])]


def _all_text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)


def test_the_files_that_are_tested_first_are_there_and_come_before_all_others() -> None:
    assert [name for name in LONGEST_FIRST if not (ROOT / "tests" / name).is_file()] == []
    others = ("tests/unit/test_money.py", "tests/integration/test_relay.py")
    order = sorted((*others, *(f"tests/{name}" for name in reversed(LONGEST_FIRST))), key=turn)
    assert order == [*(f"tests/{name}" for name in LONGEST_FIRST), *others]
