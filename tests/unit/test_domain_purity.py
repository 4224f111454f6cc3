"""The domain imports the standard library and itself, and never reads clock, randomness or environment."""

import ast
import sys
from pathlib import Path

import pytest

import ticketos.domain

FILES = sorted(Path(ticketos.domain.__path__[0]).rglob("*.py"))
IMPURE_MODULES = {
    "random",
    "secrets",
    "os",
    "subprocess",
    "socket",
    "urllib",
    "asyncio",
    "threading",
    "logging",
}
IMPURE_CALLS = {
    "now",
    "today",
    "utcnow",
    "time_ns",
    "monotonic",
    "uuid1",
    "uuid4",
    "open",
    "getenv",
    "urandom",
}


def faults(source: str) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or "."]
            )
            for name in names:
                top = name.split(".")[0]
                own = name == "ticketos.domain" or name.startswith("ticketos.domain.")
                if name == "urllib.parse":  # writes and reads addresses, opens none
                    continue
                if top in IMPURE_MODULES or not (own or top in sys.stdlib_module_names):
                    found.append(f"imports {name}")
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in IMPURE_CALLS:
                found.append(f"calls {called}")
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"holds the float {node.value}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))
def test_a_domain_module_is_pure(path: Path) -> None:
    assert [fault for fault in faults(path.read_text("utf-8")) if not fault.startswith("holds")] == []


@pytest.mark.parametrize("name", ["money", "ledger", "tax", "platform_fee", "usage", "accuracy", "sampling"])
def test_a_module_of_amounts_and_rates_holds_no_float(name: str) -> None:
    assert faults((Path(ticketos.domain.__path__[0]) / f"{name}.py").read_text("utf-8")) == []


def test_impurity_is_noticed() -> None:
    assert faults("import httpx") == ["imports httpx"]
    assert faults("from ticketos.db import tables") == ["imports ticketos.db"]
    assert faults("import random") == ["imports random"]
    assert faults("datetime.now(UTC)") == ["calls now"]
    assert faults("rate = 0.2") == ["holds the float 0.2"]
    assert faults("from datetime import UTC\nfrom ticketos.domain.money import Money") == []
