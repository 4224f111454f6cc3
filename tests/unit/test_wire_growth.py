"""What crosses Temporal only grows: payloads of earlier versions still load, and those of later ones do too.

``wire/<Type>.json`` holds payloads as they were once written, the least of each type first. They are only ever added.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import schemas
from schemas.acts import Wire

FOLDER = Path(__file__).parent / "wire"


def _types(base: type[Wire] = Wire) -> Iterator[type[Wire]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("schemas."):
            yield kind
            yield from _types(kind)


for _module in pkgutil.iter_modules(schemas.__path__, "schemas."):
    importlib.import_module(_module.name)  # a type is known once its module is loaded
TYPES = {kind.__name__: kind for kind in _types()}
SAMPLES = [
    (path.stem, i) for path in sorted(FOLDER.glob("*.json")) for i in range(len(json.loads(path.read_text())))
]


def _sample(name: str, position: int) -> dict[str, Any]:
    stored: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text())
    return stored[position]


def test_every_wire_type_has_payloads_of_its_own_and_no_payload_lacks_its_type() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(TYPES)


@pytest.mark.parametrize(("name", "position"), SAMPLES)
def test_an_old_payload_loads_and_means_what_it_meant(name: str, position: int) -> None:
    sample = _sample(name, position)
    loaded = TYPES[name].model_validate(sample)
    told = loaded.model_dump(mode="json")
    assert _within(sample, told), f"{name}: {sample} became {told}"


@pytest.mark.parametrize(("name", "position"), SAMPLES)
def test_what_a_later_version_adds_is_ignored(name: str, position: int) -> None:
    sample = _sample(name, position)
    assert TYPES[name].model_validate(_grown(sample)) == TYPES[name].model_validate(sample)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_least_payload_is_all_that_is_ever_required(name: str) -> None:
    required = {key for key, field in TYPES[name].model_fields.items() if field.is_required()}
    assert required == set(_sample(name, 0)), (
        "a new field needs a default: payloads without it are in histories"
    )


def _within(old: Any, new: Any) -> bool:
    """Everything said then is still said."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(
            key in new and _within(value, new[key]) for key, value in old.items()
        )
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(_within, old, new))
    return bool(old == new)


def _grown(sample: dict[str, Any]) -> dict[str, Any]:
    inner = {
        key: _grown(value) if key in ("actor", "resume") and isinstance(value, dict) else value
        for key, value in sample.items()
    }
    return {**inner, "added_in_a_later_version": {"any": ["thing"]}}
