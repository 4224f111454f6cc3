"""What desks are told (warnings, breaches, escalations, lost mail, renewals …), and whose it is to read.

A notice names a desk and, where somebody owns the request, that person. It is shown to the person, and to everybody who
holds a role of the desk over that client. Clients are told by mail and on their own pages, never by these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Literal, get_args

ROLES: Mapping[str, frozenset[str]] = {
    "client": frozenset({"desk"}),
    "ai_triage": frozenset({"desk"}),
    "service_desk": frozenset({"desk"}),
    "resource_management": frozenset({"lead", "wfm"}),
    "delivery": frozenset({"lead"}),
    "qa": frozenset({"qa"}),
    "client_reviewer": frozenset({"success", "desk"}),
    "finance": frozenset({"finance"}),
    "client_success": frozenset({"success"}),
    "success": frozenset({"success"}),
    "lead": frozenset({"lead"}),
    "ops": frozenset({"ops", "admin"}),
}
"""Who reads for a desk. Work in delivery is its owner's to hear of, and the lead's, not every agent's."""
READERS = frozenset({"agent", "sme", "hr"}).union(*ROLES.values())
"""Roles with an inbox."""
Kind = Literal[
    "warning",
    "breached",
    "stage_late",
    "escalated",
    "offers_ended",
    "expert_missing",
    "approval_unreached",
    "outbox_dead",
    "reconciliation",
    "month_end",
    "renewal",
    "dispute",
    "dispute_late",
]
"""What notices tell of: who writes one (``changes.Notify``) and who reads one know no other."""
KINDS: tuple[Kind, ...] = get_args(Kind)
NEWS = timedelta(days=30)
"""What is older counts as history, read or not."""


def desks_of(roles: Iterable[str]) -> frozenset[str]:
    """The desks somebody with these roles reads for."""
    held = frozenset(roles)
    return frozenset(desk for desk, readers in ROLES.items() if readers & held)
