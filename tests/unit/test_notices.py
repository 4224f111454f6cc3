"""Whose a notice is to read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import ticketos
from api.access import STAFF
from api.portal.catalogue import Texts
from api.portal.routes import notices as portal
from api.principal import CLIENT_ROLES
from tests.support.memory import ticket
from ticketos.domain import deadline, notices, offers, signer, stages, unreached

ROOT = Path(ticketos.__file__).parents[1]


def test_every_desk_that_is_told_has_somebody_who_reads() -> None:
    told = {*stages.DESKS.values(), "lead", "ops", "success", signer.SUCCESS, unreached.DESK, offers.LEAD}
    assert told <= set(notices.ROLES)
    assert all(notices.ROLES.values())


def written() -> set[str]:
    """The kinds that sources name where they make a ``Notify``."""
    found: set[str] = set()
    for folder in ("ticketos", "workers", "activities", "api"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Notify":
                    given = [k.value for k in node.keywords if k.arg == "kind"] or node.args[2:3]
                    found |= {str(one.value) for one in given if isinstance(one, ast.Constant)}
    return found


def test_every_kind_that_is_written_is_known_and_no_other() -> None:
    owner = ticket()
    of_clocks = {deadline._level(name, owner)[0] for name in ("warning_75", "breach", "escalation_1")}
    assert written() | of_clocks == set(notices.KINDS)


def test_notices_are_written_in_two_places_that_take_no_other_kind() -> None:
    """A statement of its own would take any word."""
    writers = {
        str(file.relative_to(ROOT))
        for folder in ("ticketos", "workers", "activities", "api")
        for file in (ROOT / folder).rglob("*.py")
        if re.search(r"insert into notice\b(?!_)", file.read_text("utf-8"))
    }
    assert writers == {"ticketos/db/repositories/notices.py"}, "and apply.py, for the changes of a step"


def test_every_kind_has_words_and_a_look() -> None:
    texts = Texts()
    for kind in notices.KINDS:
        assert texts.has(f"notices.kinds.{kind}") and texts.has(f"notices.told.{kind}"), kind
    assert set(portal._LOOK) == set(notices.KINDS)


@pytest.mark.parametrize(
    ("roles", "desks"),
    [
        (("lead",), {"delivery", "resource_management", "lead"}),
        (("desk",), {"client", "ai_triage", "service_desk", "client_reviewer"}),
        (("agent", "hr", "auditor"), set()),
        (("client_admin", "client_user"), set()),
        (("admin",), {"ops"}),
        (("success", "finance"), {"client_success", "success", "client_reviewer", "finance"}),
    ],
)
def test_the_desks_of_roles(roles: tuple[str, ...], desks: set[str]) -> None:
    assert notices.desks_of(roles) == desks


def test_no_role_of_a_client_has_an_inbox() -> None:
    assert not notices.READERS & CLIENT_ROLES
    assert STAFF - {"auditor"} == notices.READERS
