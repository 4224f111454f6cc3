"""The servers register exactly the search attributes the workflows use."""

from __future__ import annotations

from pathlib import Path

from temporalio.api.enums.v1 import IndexedValueType

from ticketos.dev.temporal import DYNAMIC_CONFIG, SEARCH_ATTRIBUTES
from workflows import names

ROOT = Path(__file__).parents[2]


def test_the_embedded_server_registers_what_the_workflows_use() -> None:
    kinds = {int(IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD): "Keyword"}
    kinds[int(IndexedValueType.INDEXED_VALUE_TYPE_INT)] = "Int"
    assert {
        key.name: kinds[int(key.indexed_value_type)] for key in names.SEARCH_ATTRIBUTES
    } == SEARCH_ATTRIBUTES


def test_the_compose_file_registers_the_same_ones() -> None:
    script = (ROOT / "temporal" / "namespace.sh").read_text()
    for name, kind in SEARCH_ATTRIBUTES.items():
        assert f"{name}:{kind}" in script


def test_the_compose_file_has_the_same_dynamic_settings() -> None:
    text = (ROOT / "temporal" / "dynamicconfig" / "ticketos.yaml").read_text()
    for name, value in DYNAMIC_CONFIG.items():
        assert f"{name}:\n  - value: {value}" in text
