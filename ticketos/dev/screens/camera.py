"""The browser behind `ticketos screenshots`."""

from __future__ import annotations

import importlib.util
import io
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketos.dev.doctor import BROWSERS
from ticketos.dev.machine import Say
from ticketos.dev.processes import StackError
from ticketos.dev.screens.places import PLACES, SHOWN, Accounts, Place

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

LAPTOP, PHONE = (1280, 860), (390, 844)
WINDOWS = (LAPTOP, PHONE)
"""Width and height of the windows, in CSS pixels."""
THEMES = ("light", "dark")
WHERE: Mapping[str, str] = {"locale": "en-IN", "timezone_id": "Asia/Kolkata"}
"""Where the browser stands: with the people of the demo day, whose office is in Bengaluru."""
LARGEST_BYTES = 120_000
"""A picture of README or docs is at most this heavy."""
_SETTLE_MS = 250
_TURN_MS = 60
"""What a page needs to be drawn anew after a turn of width or theme."""
_WAIT_MS = 20_000


def require_browser() -> str:
    """Where Chromium is. Raises ``StackError`` in words where it or Playwright is not there."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        raise StackError(
            "Pictures need a browser, and there is no Chromium here: `make setup` installs it, or"
            f" put one of {', '.join(BROWSERS)} on the PATH."
        )
    if importlib.util.find_spec("playwright") is None:
        raise StackError("Pictures need Playwright, which `make setup` installs.")
    return program


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium; ``require_browser`` says when there is none."""
    program = require_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield made
        finally:
            made.close()


class Camera:
    """Goes through the portal at ``base``. ``places`` fill what an address leaves open, as {calendar} or {survey}."""

    def __init__(self, base: str, found: Browser, accounts: Accounts, places: Mapping[str, str]) -> None:
        self._base, self._browser, self._places = base, found, places
        self._accounts = accounts
        self._states: dict[str, Any] = {}

    def all(self, out: Path, roles: Sequence[str], say: Say) -> tuple[int, list[str]]:
        """Every page of every role in both themes and at both widths; returns how many pictures were made, and what
        could not be pictured, in words. A page that cannot be opened costs its own pictures and no others."""
        made, missing = 0, list[str]()
        for role in ("", *roles):
            began, before = time.monotonic(), made
            pages = [*self._menu(role), *(one for one in PLACES if one.role == role)]
            folder = out / (role or "nobody")
            folder.mkdir(parents=True, exist_ok=True)
            window = self._window(role, *LAPTOP, "light")
            page = window.new_page()
            for place in pages:
                if (why := self._opened(page, place)) is not None:
                    missing.append(f"{place.name} ({role or 'nobody'}): {why}")
                    continue
                made += self._four(page, folder / place.name)
            window.close()
            say(
                f"{role or 'nobody'}: {len(pages)} pages, {made - before} pictures"
                f" in {time.monotonic() - began:.0f} s"
            )
        return made, missing

    def _four(self, page: Page, stem: Path) -> int:
        """The open page at both widths and in both themes: it is loaded once, as its styles alone tell them apart."""
        for width, height in WINDOWS:
            page.set_viewport_size({"width": width, "height": height})
            for theme in THEMES:
                page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
                page.wait_for_timeout(_TURN_MS)
                page.screenshot(path=stem.parent / f"{stem.name}-{width}-{theme}.png", full_page=True)
        return len(WINDOWS) * len(THEMES)

    def _opened(self, page: Page, place: Place) -> str | None:
        """Open a page at a laptop's width; why it could not be, in words, or None."""
        from playwright.sync_api import Error

        page.set_viewport_size({"width": LAPTOP[0], "height": LAPTOP[1]})
        try:
            return None if self._go(page, place) else f"nothing to follow on {place.path}"
        except (Error, StackError) as error:
            return str(error).partition("\n")[0]

    def shown(self, folder: Path) -> list[Path]:
        """The pictures of README and docs: what fits a laptop's window, light, small enough to be kept with the code."""
        from PIL import Image

        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, (role, path, follow) in SHOWN.items():
            window = self._window(role, *LAPTOP, "light")
            page = window.new_page()
            if not self._go(page, Place(name, role, path, follow)):
                raise StackError(f"There is nothing to show for {name} at {path}.")
            picture = Image.open(io.BytesIO(page.screenshot()))
            window.close()
            target = folder / f"{name}.webp"
            for quality in (88, 76, 60, 40):
                picture.save(target, "WEBP", quality=quality, method=6)
                if target.stat().st_size <= LARGEST_BYTES:
                    break
            written.append(target)
        return written

    def _menu(self, role: str) -> list[Place]:
        """What the menu of this role leads to."""
        if not role:
            return []
        window = self._window(role, *LAPTOP, "light")
        page = window.new_page()
        page.goto("/")
        paths = page.locator(".side nav a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        window.close()
        return [Place(path.strip("/").replace("/", "-"), role, path) for path in dict.fromkeys(paths)]

    def _window(self, role: str, width: int, height: int, theme: str) -> BrowserContext:
        window = self._browser.new_context(
            base_url=self._base,
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            storage_state=self._signed_in(role) if role else None,
            reduced_motion="reduce",
            locale=WHERE["locale"],
            timezone_id=WHERE["timezone_id"],
        )
        window.set_default_timeout(_WAIT_MS)
        return window

    def _signed_in(self, role: str) -> Any:
        if role not in self._states:
            window = self._browser.new_context(
                base_url=self._base, locale=WHERE["locale"], timezone_id=WHERE["timezone_id"]
            )
            page = window.new_page()
            email, password = self._accounts[role]
            page.goto("/login")
            page.fill("[name=email]", email)
            page.fill("[name=password]", password)
            page.click("button.main-act")
            page.wait_for_load_state()
            if "/login" in page.url:
                raise StackError(f"{email} could not sign in at {self._base}.")
            self._states[role] = window.storage_state()
            window.close()
        return self._states[role]

    def _go(self, page: Page, place: Place) -> bool:
        """Open a page; False when a link that leads there is not there. Raises ``StackError`` for a page that fails."""
        try:
            path = place.path.format(**self._places)
        except KeyError:
            return False
        self._load(page, path)
        for selector in place.follow:
            link = page.locator(selector).first
            if not link.count():
                return False
            self._load(page, str(link.get_attribute("href")))
        page.wait_for_timeout(_SETTLE_MS)
        return True

    def _load(self, page: Page, path: str) -> None:
        answer = page.goto(path, wait_until="load")
        if answer is not None and answer.status >= 500:
            raise StackError(f"{path} failed ({answer.status})")
