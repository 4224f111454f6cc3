"""Who looks at a page, and how they want to see it: zone, theme, shortcuts, the companies they see."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global
from sqlalchemy import Connection
from starlette.requests import Request

from api.principal import Principal
from api.services import Services, in_thread
from ticketos.db.repositories import clients
from ticketos.domain.notices import READERS

ZONE_COOKIE, THEME_COOKIE, KEYS_COOKIE = "tos_zone", "tos_theme", "tos_keys"
YEAR_S = 365 * 24 * 3600
FALLBACK_ZONE = "Asia/Kolkata"
Theme = Literal["auto", "light", "dark"]


@dataclass(frozen=True)
class Company:
    """A company the viewer sees, as far as pages name it."""

    id: UUID
    slug: str
    name: str
    kind: str
    zone: str
    currency: str


@dataclass(frozen=True)
class Viewer:
    """The person before the screen. ``principal`` is None before signing in."""

    principal: Principal | None
    zone: ZoneInfo
    theme: Theme = "auto"
    shortcuts: bool = True
    companies: Mapping[UUID, Company] = field(default_factory=dict)
    unread: int = 0
    """Notices that wait, as far as was counted."""

    @property
    def inbox(self) -> bool:
        """Whether there is anything the viewer may be told."""
        return bool(self.roles & READERS)

    @property
    def roles(self) -> frozenset[str]:
        """Every role held over some client; empty before signing in."""
        return frozenset() if self.principal is None else self.principal.roles

    @property
    def staff(self) -> bool:
        """Whether the viewer works for the provider."""
        return self.principal is not None and self.principal.staff

    @property
    def name(self) -> str:
        """The viewer's name."""
        return "" if self.principal is None else self.principal.caller.name

    @property
    def initials(self) -> str:
        """Two letters for the corner of the screen."""
        parts = [part for part in self.name.split() if part[:1].isalnum()]
        return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper() or "?"

    def company(self, client_id: UUID) -> str:
        """The name of a company, or nothing when it is not the viewer's to see."""
        found = self.companies.get(client_id)
        return found.name if found else ""

    @property
    def many_clients(self) -> bool:
        """Whether a list has to say which client a row belongs to."""
        return sum(one.kind == "client" for one in self.companies.values()) > 1


class Companies:
    """The companies of a viewer, remembered for a moment: every page needs them."""

    LIFE_S = 5.0
    MOST = 2_000

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known: dict[tuple[UUID, ...], tuple[float, Mapping[UUID, Company]]] = {}

    async def of(self, principal: Principal) -> Mapping[UUID, Company]:
        """Every company in reach by id."""
        key = tuple(sorted(principal.reach))
        found = self._known.get(key)
        if found is not None and time.monotonic() - found[0] < self.LIFE_S:
            return found[1]

        def read() -> Mapping[UUID, Company]:
            with self._services.database.transaction(principal.reach) as connection:
                return _companies(connection, key)

        fresh = await in_thread(read)
        if len(self._known) > self.MOST:
            self._known.clear()
        self._known[key] = (time.monotonic(), fresh)
        return fresh

    def forget(self) -> None:
        """After a company was changed."""
        self._known.clear()


def _companies(connection: Connection, ids: tuple[UUID, ...]) -> Mapping[UUID, Company]:
    names = ("id", "slug", "name", "kind", "zone", "currency")
    rows = clients.listed(connection, ids, limit=10_000)
    return {row["id"]: Company(**{name: row[name] for name in names}) for row in rows}


def viewer_of(
    request: Request, principal: Principal | None, companies: Mapping[UUID, Company] | None = None
) -> Viewer:
    """The viewer of a request: what the browser's cookies choose, else what their company uses."""
    known = companies or {}
    home = known.get(principal.home) if principal is not None else None
    zone = zone_named(request.cookies.get(ZONE_COOKIE)) or zone_named(home.zone if home else None)
    theme = request.cookies.get(THEME_COOKIE)
    return Viewer(
        principal,
        zone or ZoneInfo(FALLBACK_ZONE),
        theme if theme in ("light", "dark") else "auto",  # type: ignore[arg-type]
        request.cookies.get(KEYS_COOKIE) != "off",
        known,
    )


def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone of that name, if there is one. Browsers still name some by what they were called long ago
    (Asia/Calcutta); they are taken by the name that people know."""
    every = available_timezones()
    if name is None or name not in every:
        return None
    now = str(get_global("zone_aliases").get(name, name)) if "/" in name else name
    return ZoneInfo(now if now in every else name)
