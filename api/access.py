"""Who may call what: one line per route. The app refuses to start when a route is missing here, or a line
has no route; the access-matrix test walks this very table.

A role is checked twice: held over any client at all (else 403 at once), and then over the client of the row
in question (``require_role``). A row of a client the caller does not see is 404, as is one that does not
exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from api.principal import CLIENT_ROLES, Principal
from ticketos.domain import notices, resorting
from ticketos.domain.errors import DomainError

STAFF = frozenset(
    {"agent", "sme", "lead", "qa", "desk", "finance", "wfm", "hr", "success", "ops", "admin", "auditor"}
)
ALL = STAFF | CLIENT_ROLES
WRITERS = ALL - {"auditor"}
WORKERS = frozenset({"agent", "sme", "lead", "qa", "desk", "finance", "ops"})
"""Roles that do tasks."""
TASK_READERS = WORKERS | {"wfm", "admin", "auditor"}
CONTENT_READERS = WORKERS | {"admin", "auditor"} | CLIENT_ROLES
"""Roles that may open the documents themselves."""
HOLDERS = frozenset({"agent", "sme", "lead", "desk", "ops"})
"""Roles that may pause and resume."""
TALKERS = HOLDERS | {"success"}
"""Roles that speak with the client."""
DIRECTORS = frozenset({"lead", "desk", "ops"}) | CLIENT_ROLES
"""Roles that may cancel and set priorities."""
SORTERS = resorting.ROLES
"""Roles that decide what a request is of."""
CALIBRATORS = frozenset({"qa", "lead", "sme"})
"""Reviewers and experts, who score again what was reviewed."""
BILLERS = frozenset({"finance", "admin", "auditor"})
CONTRACT_READERS = (
    frozenset({"lead", "desk", "finance", "wfm", "success", "ops", "admin", "auditor"}) | CLIENT_ROLES
)
WATCHERS = frozenset({"lead", "desk", "wfm", "ops", "admin", "auditor"})
"""Roles that watch over open work."""
TRAIL_READERS = frozenset({"ops", "admin", "auditor", "client_admin"})
"""Roles that may read and check the audit trail of the clients they are over."""
PEOPLE_READERS = frozenset({"lead", "desk", "wfm", "hr", "ops", "admin", "auditor", "client_admin"})

VENDOR_WRITERS = frozenset({"finance", "ops", "admin", "client_admin"})
"""Roles that keep the vendor lists and coding rules of the clients they are over."""
VENDOR_READERS = VENDOR_WRITERS | {"lead", "sme", "auditor"}


@dataclass(frozen=True)
class Rule:
    """Who may call a route. ``public``: anybody. ``page``: without a session a browser is sent to sign in.
    ``scope`` is what a key needs."""

    roles: frozenset[str] = frozenset()
    scope: str | None = None
    public: bool = False
    page: bool = False


PUBLIC = Rule(public=True)
LINK = Rule(public=True, page=True)
"""Pages behind signed links: what stops anybody before them is told as a page too."""


def allow(*roles: str | frozenset[str], scope: str | None = None, page: bool = False) -> Rule:
    """A rule for these roles and sets of roles."""
    named = frozenset(role for one in roles for role in ([one] if isinstance(one, str) else one))
    return Rule(named, scope, page=page)


def as_page(rule: Rule) -> Rule:
    """The same rule for a page: without a session a browser is sent to sign in."""
    return replace(rule, page=True)


ACCOUNT: dict[tuple[str, str], Rule] = {
    ("POST", "/v1/sessions"): PUBLIC,
    ("GET", "/v1/sessions"): allow(ALL),
    ("DELETE", "/v1/sessions/current"): allow(ALL),
    ("DELETE", "/v1/sessions/{session_id}"): allow(ALL),
    ("GET", "/v1/me"): allow(ALL),
    ("GET", "/v1/api-keys"): allow(ALL, scope="admin:read"),
    ("POST", "/v1/api-keys"): allow(ALL, scope="admin:write"),
    ("DELETE", "/v1/api-keys/{key_id}"): allow(ALL, scope="admin:write"),
}

TICKETS: dict[tuple[str, str], Rule] = {
    ("POST", "/v1/tickets"): allow(WRITERS, scope="tickets:write"),
    ("GET", "/v1/tickets"): allow(ALL, scope="tickets:read"),
    ("GET", "/v1/tickets/{ticket_id}"): allow(ALL, scope="tickets:read"),
    ("PATCH", "/v1/tickets/{ticket_id}"): allow(
        "lead", "desk", "ops", "admin", CLIENT_ROLES, scope="tickets:write"
    ),
    ("GET", "/v1/tickets/{ticket_id}/tree"): allow(ALL, scope="tickets:read"),
    ("GET", "/v1/tickets/{ticket_id}/steps"): allow(STAFF, scope="tickets:read"),
    ("GET", "/v1/tickets/{ticket_id}/events"): allow(ALL, scope="tickets:read"),
    ("GET", "/v1/tickets/{ticket_id}/documents"): allow(ALL, scope="documents:read"),
    ("GET", "/v1/documents"): allow(ALL, scope="documents:read"),
    ("GET", "/v1/documents/{document_id}"): allow(ALL, scope="documents:read"),
    ("GET", "/v1/documents/{document_id}/content"): allow(CONTENT_READERS, scope="documents:read"),
    ("GET", "/v1/documents/{document_id}/pages/{page}"): allow(CONTENT_READERS, scope="documents:read"),
    ("GET", "/v1/documents/{document_id}/paper"): allow(CONTENT_READERS, scope="documents:read"),
    ("GET", "/v1/documents/{document_id}/reading"): allow(CONTENT_READERS, scope="documents:read"),
    ("GET", "/v1/documents/{document_id}/region"): allow(CONTENT_READERS, scope="documents:read"),
    ("POST", "/v1/documents/{document_id}/password"): allow(CLIENT_ROLES, scope="tickets:write"),
    ("GET", "/v1/documents/{document_id}/coding"): allow(WORKERS, "admin", "auditor", scope="documents:read"),
    ("POST", "/v1/tickets/{ticket_id}/pause"): allow(HOLDERS, scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/resume"): allow(HOLDERS, scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/cancel"): allow(DIRECTORS, scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/priority"): allow(DIRECTORS, scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/retry"): allow("lead", "desk", "ops", "admin", scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/reopen"): allow("desk", "ops", CLIENT_ROLES, scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/links"): allow(HOLDERS, "qa", scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/notes"): allow(
        TALKERS, "qa", "finance", "admin", scope="tickets:write"
    ),
    ("POST", "/v1/tickets/{ticket_id}/replies"): allow(TALKERS, scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/classification"): allow(SORTERS, scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/ai-reviews"): allow(HOLDERS, "qa", "admin", scope="tickets:write"),
    ("POST", "/v1/tickets/bulk"): allow(HOLDERS, DIRECTORS, "qa", "wfm", scope="tickets:write"),
    ("POST", "/v1/tickets/{ticket_id}/approval"): allow(CLIENT_ROLES, scope="approvals:write"),
    ("GET", "/v1/approvals"): allow(
        "lead", "desk", "success", "ops", "admin", "auditor", CLIENT_ROLES, scope="tickets:read"
    ),
    ("POST", "/v1/approvals"): allow(CLIENT_ROLES, scope="approvals:write"),
}

TASKS: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/tasks"): allow(TASK_READERS, scope="tasks:read"),
    ("GET", "/v1/tasks/{task_id}"): allow(TASK_READERS, scope="tasks:read"),
    ("POST", "/v1/tasks/{task_id}/claim"): allow(WORKERS, scope="tasks:write"),
    ("POST", "/v1/tasks/{task_id}/accept"): allow(WORKERS, scope="tasks:write"),
    ("POST", "/v1/tasks/{task_id}/refuse"): allow(WORKERS, scope="tasks:write"),
    ("POST", "/v1/tasks/{task_id}/assign"): allow("lead", "desk", "wfm", "ops", scope="tasks:write"),
    ("POST", "/v1/tasks/{task_id}/complete"): allow(WORKERS, scope="tasks:write"),
    ("GET", "/v1/notices"): allow(notices.READERS, scope="tasks:read"),
    ("POST", "/v1/notices/read"): allow(notices.READERS, scope="tasks:write"),
    ("POST", "/v1/notices/{notice_id}/read"): allow(notices.READERS, scope="tasks:write"),
}

ADMIN: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/clients"): allow(ALL, scope="admin:read"),
    ("POST", "/v1/clients"): allow("admin", scope="admin:write"),
    ("GET", "/v1/clients/{client_id}"): allow(ALL, scope="admin:read"),
    ("PATCH", "/v1/clients/{client_id}"): allow("admin", scope="admin:write"),
    ("GET", "/v1/contracts"): allow(CONTRACT_READERS, scope="admin:read"),
    ("POST", "/v1/contracts"): allow("admin", scope="admin:write"),
    ("GET", "/v1/contracts/{contract_id}"): allow(CONTRACT_READERS, scope="admin:read"),
    ("GET", "/v1/contracts/{contract_id}/model-spend"): allow(CONTRACT_READERS, scope="admin:read"),
    ("PATCH", "/v1/contracts/{contract_id}"): allow("admin", scope="admin:write"),
    ("GET", "/v1/calendars"): allow(CONTRACT_READERS, scope="admin:read"),
    ("POST", "/v1/calendars"): allow("admin", "wfm", scope="admin:write"),
    ("GET", "/v1/calendars/{calendar_id}"): allow(CONTRACT_READERS, scope="admin:read"),
    ("PATCH", "/v1/calendars/{calendar_id}"): allow("admin", "wfm", scope="admin:write"),
    ("GET", "/v1/users"): allow(PEOPLE_READERS, scope="admin:read"),
    ("POST", "/v1/users"): allow("admin", "hr", "client_admin", scope="admin:write"),
    ("GET", "/v1/users/{user_id}"): allow(PEOPLE_READERS, scope="admin:read"),
    ("PATCH", "/v1/users/{user_id}"): allow("admin", "hr", "client_admin", scope="admin:write"),
}

OPERATIONS: dict[tuple[str, str], Rule] = {
    ("GET", "/v1/standing-check"): allow("lead", "desk", "ops", "admin", "auditor", scope="tickets:read"),
    ("GET", "/v1/accuracy"): allow(
        "qa", "lead", "ops", "admin", "auditor", "success", CLIENT_ROLES, scope="tickets:read"
    ),
    ("GET", "/v1/renewals"): allow(
        "success", "finance", "lead", "ops", "admin", "auditor", scope="tickets:read"
    ),
    ("GET", "/v1/calibrations"): allow(CALIBRATORS, "ops", "admin", "auditor", scope="tickets:read"),
    ("GET", "/v1/calibrations/{calibration_id}"): allow(
        CALIBRATORS, "ops", "admin", "auditor", scope="tickets:read"
    ),
    ("POST", "/v1/calibration-units/{unit_id}/scores"): allow(CALIBRATORS, scope="tasks:write"),
    ("GET", "/v1/measures"): allow(
        "qa", "lead", "finance", "ops", "admin", "auditor", "success", CLIENT_ROLES, scope="tickets:read"
    ),
    ("GET", "/v1/measures/{measure}/rows"): allow(
        "qa", "lead", "finance", "ops", "admin", "auditor", "success", CLIENT_ROLES, scope="tickets:read"
    ),
    ("GET", "/v1/clients/{client_id}/service-reports/{month}.pdf"): allow(
        "qa", "lead", "finance", "ops", "admin", "auditor", "success", CLIENT_ROLES, scope="tickets:read"
    ),
    ("GET", "/v1/board"): allow(WATCHERS, scope="tickets:read"),
    ("GET", "/v1/schedules"): allow("ops", "finance", "admin", "auditor", scope="admin:read"),
    ("POST", "/v1/schedules/{client_id}/{kind}/run"): allow("ops", "finance", "admin", scope="admin:write"),
    ("GET", "/v1/audit-events"): allow(TRAIL_READERS, scope="admin:read"),
    ("POST", "/v1/audit-verifications"): allow(TRAIL_READERS, scope="admin:read"),
}

OPEN: dict[tuple[str, str], Rule] = {
    ("GET", "/healthz"): PUBLIC,
    ("GET", "/readyz"): PUBLIC,
    ("GET", "/openapi.json"): PUBLIC,
    ("GET", "/a/{token}"): LINK,
    ("POST", "/a/{token}"): LINK,
    ("GET", "/a/{token}/documents/{document_id}"): LINK,
    ("GET", "/a/{token}/documents/{document_id}/pages/{page}"): LINK,
    ("GET", "/s/{token}"): LINK,
    ("POST", "/s/{token}"): LINK,
    ("GET", "/r/{token}"): LINK,
    ("POST", "/r/{token}"): LINK,
    ("GET", "/p/{token}"): LINK,
    ("POST", "/p/{token}"): LINK,
}

ROUTES: dict[tuple[str, str], Rule] = {**ACCOUNT, **TICKETS, **TASKS, **ADMIN, **OPERATIONS, **OPEN}
"""Every route of the core. Routers that register more bring their own lines (``api.app.ROUTERS``)."""


class AccessTable:
    """The rules, found by method and path of a request as fast as the router finds the route."""

    def __init__(self, rules: Mapping[tuple[str, str], Rule]) -> None:
        self.rules = dict(rules)
        self._plain = {key: (path_of(key), rule) for key, rule in rules.items() if "{" not in key[1]}
        self._patterns = [
            (method, re.compile(_pattern(path)), path, rule)
            for (method, path), rule in rules.items()
            if "{" in path
        ]

    def find(self, method: str, path: str) -> tuple[str, Rule] | None:
        """The route's template and rule, or None: the router will then say 404 or 405."""
        if (plain := self._plain.get((method, path))) is not None:
            return plain
        for wanted, pattern, template, rule in self._patterns:
            if wanted == method and pattern.fullmatch(path):
                return template, rule
        return None


def path_of(key: tuple[str, str]) -> str:
    """The path of a line."""
    return key[1]


def _pattern(path: str) -> str:
    parts = re.split(r"(\{[^}]+\})", path)
    return "".join(
        (".*" if part.endswith(":path}") else "[^/]+") if part.startswith("{") else re.escape(part)
        for part in parts
    )


def require_role(principal: Principal, rule: Rule, client_id: UUID) -> None:
    """Refuse (``forbidden``) when no role over this client is among the rule's."""
    if not principal.roles_over(client_id) & rule.roles:
        raise DomainError("forbidden", needs=sorted(rule.roles))
