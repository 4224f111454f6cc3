"""How the viewer wants pages: theme, zone, single-key shortcuts. Kept in the browser, for this browser."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.access import ALL, Rule, allow
from api.portal.forms import safe_next
from api.portal.page import redirect
from api.portal.parts import Command
from api.portal.viewer import KEYS_COOKIE, THEME_COOKIE, YEAR_S, ZONE_COOKIE, zone_named
from api.portal.visit import PostDep

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("POST", "/preferences/theme"): allow(ALL, page=True),
    ("POST", "/preferences"): allow(ALL, page=True),
}

COMMANDS = tuple(
    Command(
        f"shell.look.{theme}",
        "/preferences/theme",
        mark,
        post=True,
        rare=True,
        fields=(("theme", theme), ("next", "")),
    )
    for theme, mark in (("auto", "auto"), ("light", "sun"), ("dark", "moon"))
)


@router.post("/preferences/theme")
async def choose_theme(visit: PostDep) -> Response:
    """Light, dark or as the system has it."""
    response = redirect(safe_next(visit.form.text("next")))
    theme = visit.form.text("theme", 10)
    _keep(response, visit, THEME_COOKIE, theme if theme in ("light", "dark") else "")
    return response


@router.post("/preferences")
async def choose(visit: PostDep) -> Response:
    """Zone and shortcuts."""
    response = redirect("/account")
    zone = visit.form.text("zone", 60)
    _keep(response, visit, ZONE_COOKIE, zone if zone_named(zone) else "")
    _keep(response, visit, KEYS_COOKIE, "" if visit.form.text("shortcuts") == "on" else "off")
    visit.portal.guard.say(response, "good", "shell.preferences_saved")
    return response


def _keep(response: Response, visit: PostDep, name: str, value: str) -> None:
    if not value:
        response.delete_cookie(name, path="/")
        return
    secure = visit.services.options.secure_cookies
    response.set_cookie(name, value, max_age=YEAR_S, httponly=True, samesite="lax", secure=secure, path="/")
