"""Whose a notice is to read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ticketos
from api.access import STAFF
from api.principal import CLIENT_ROLES
from ticketos.domain import notices, offers, signer, stages, unreached

ROOT = Path(ticketos.__file__).parents[1]


def test_every_desk_that_is_told_has_somebody_who_reads() -> None:
    told = {*stages.DESKS.values(), "lead", "ops", "success", signer.SUCCESS, unreached.DESK, offers.LEAD}
    assert told <= set(notices.ROLES)
    assert all(notices.ROLES.values())


def test_every_kind_that_is_written_is_known() -> None:
    """The kinds of the sources: third argument of ``Notify``, and what plain statements insert."""
    written: set[str] = set()
    for folder in ("ticketos", "workers"):
        for file in (ROOT / folder).rglob("*.py"):
            source = file.read_text("utf-8")
            for call in re.findall(r"Notify\((.*?)\n\s*\)", source, re.S):
                written |= set(re.findall(r'^\s*"([a-z_]+)",$', call, re.M)[:1])
            written |= set(re.findall(r"insert into notice [^']{0,200}'([a-z_]+)'", source))
    assert {"outbox_dead", "reconciliation"} <= written
    assert written <= set(notices.KINDS), "a kind nobody has words for"


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
