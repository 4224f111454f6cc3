"""A demo installation for the pictures, or one that runs already, and the camera in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from ticketos.dev.demo import fill, leave_outside_alone
from ticketos.dev.first_run import first_account
from ticketos.dev.machine import Say
from ticketos.dev.processes import StackError
from ticketos.dev.screens.camera import Camera, browser, require_browser
from ticketos.dev.screens.evening import leave_work_behind
from ticketos.dev.screens.letters import waiting
from ticketos.dev.screens.places import ROLES, Accounts
from ticketos.dev.sim.api import Person
from ticketos.dev.sim.setting import ADMIN_EMAIL
from ticketos.dev.stack import Stack, StackUrls
from ticketos.settings import Settings


def screenshots(
    out: Path,
    say: Say,
    *,
    docs: Path | None = None,
    roles: Sequence[str] = (),
    url: str | None = None,
    people: Path | None = None,
) -> list[str]:
    """Make the pictures; returns what could not be pictured, in words. ``docs`` gets those that README and docs show.

    ``url`` and ``people`` (the file `up --demo` writes, its mails beside it) name a demo installation that runs already
    and is left as it is; without them a temporary one is started, filled and ended. Raises ``StackError`` without a
    browser, for an unknown role, and when somebody cannot sign in."""
    if unknown := sorted(set(roles) - set(ROLES)):
        raise StackError(f"There is no role {', '.join(unknown)}; there are {', '.join(ROLES)}.")
    if (url is None) != (people is None):
        raise StackError("--url and --people belong together: the address, and the file `up --demo` wrote.")
    require_browser()  # before a day is played for nobody to see
    if url is not None and people is not None:
        return _pictured(url, read_people(people), people.parent / "mail", out, docs, roles, say)
    leave_outside_alone()
    settings = Settings().model_copy(update={"port": 0})
    with Stack(settings, temporary=True, say=say) as urls:
        return _pictured(urls.portal, _filled(urls, settings, say), urls.home / "mail", out, docs, roles, say)


def read_people(file: Path) -> Accounts:
    """Who can sign in, from the file that `up --demo` writes. Raises ``StackError`` for any other file."""
    try:
        found = [
            (str(one["name"]), str(one["email"]), str(one["password"]))
            for one in json.loads(file.read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, KeyError, TypeError):
        raise StackError(f"{file} is not the file that `ticketos up --demo` writes.") from None
    by_address = {email: (email, password) for _, email, password in found}
    accounts = {role: by_address[email] for role, email in ROLES.items() if email in by_address}
    # The first account of a home keeps the address it was made with.
    admins = [(email, password) for name, email, password in found if name == "Administrator"]
    return {**accounts, "admin": admins[0]} if admins else accounts


def _filled(urls: StackUrls, settings: Settings, say: Say) -> Accounts:
    account = first_account(urls.database, urls.home, email=ADMIN_EMAIL)
    if account is None:
        raise StackError("The pictures need an empty home.")
    home = settings.model_copy(update={"home": urls.home, "objects_url": (urls.home / "objects").as_uri()})
    filled = fill(urls, home, account.email, account.password)
    if not filled.report.ok:
        say("The demo day did not go as planned; the pictures show what there is.")
    return asyncio.run(leave_work_behind(urls.portal, read_people(filled.people), say))


def _pictured(
    url: str,
    accounts: Accounts,
    mails: Path,
    out: Path,
    docs: Path | None,
    roles: Sequence[str],
    say: Say,
) -> list[str]:
    asked = roles or tuple(ROLES)
    missing = [f"{role}: nobody with this role is known here" for role in asked if role not in accounts]
    calendar = asyncio.run(_calendar(url, *accounts["admin"])) if "admin" in accounts else None
    open_to = asyncio.run(waiting(url, mails))
    with browser() as found:
        camera = Camera(url, found, accounts, {**({"calendar": calendar} if calendar else {}), **open_to})
        if docs is not None:
            for path in camera.shown(docs):
                say(f"{path} ({path.stat().st_size // 1024} KB)")
        made, more = camera.all(out, [one for one in asked if one in accounts], say)
    say(f"{made} pictures in {out}")
    return [*missing, *more]


async def _calendar(url: str, email: str, password: str) -> str | None:
    """A working calendar to look at: no list of the portal leads to one by itself."""
    async with Person(url, "", email, password) as admin:
        found = (await admin.get("/v1/calendars"))["items"]
    return str(found[0]["id"]) if found else None
