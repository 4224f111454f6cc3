"""Where one lands: the page one's role works on."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.access import ALL, Rule, allow
from api.portal.page import redirect
from api.portal.visit import VisitDep

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {("GET", "/"): allow(ALL, page=True)}

START: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"ops", "wfm"}), "/wall"),
    (frozenset({"agent", "sme", "lead", "desk"}), "/work"),
    (frozenset({"qa"}), "/work"),
    (frozenset({"client_user", "client_admin"}), "/overview"),
    (frozenset({"finance"}), "/billing"),
    (frozenset({"hr"}), "/people"),
    (frozenset({"admin", "auditor"}), "/wall"),
)
"""The first line whose roles the viewer has decides; add yours in the order people would want it."""


@router.get("/")
async def home(visit: VisitDep) -> Response:
    """To the page of one's role; whoever has none in particular sees the tickets. The owner of an installation
    without any client is led through the first steps."""
    roles = visit.principal.roles
    if "admin" in roles and not any(one.kind == "client" for one in visit.viewer.companies.values()):
        return redirect("/welcome")
    return redirect(next((to for wanted, to in START if roles & wanted), "/tickets"))
