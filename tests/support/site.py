"""The app served for a real browser: a real database, the workflows stood in for; and what every page must keep at
every width and in both themes."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support.api import Person, World, world_on
from ticketos.dev.database import PostgresUrls

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
"""The same engine without the parts of a window: two thirds of the work, where it is installed."""
AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
OF_COLOUR = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
"""What a theme can change of a page that was asked everything in the other theme."""
_ASK_AXE = """options => axe.run(document, options).then(found =>
  found.violations.map(one => `${one.id} ${one.nodes[0].html.slice(0, 160)}`))"""
START_S = 60.0
WIDTHS, NARROWEST = (1280, 390), 320
STILL: dict[str, Any] = {"reduced_motion": "reduce"}
"""A page is judged once it stands: nothing fades, or a colour caught half way is called a fault of contrast."""


@dataclass
class Site:
    """The served app with people and rows to look at."""

    base: str
    world: World
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)

    def context(self, browser: Browser, who: str, **options: Any) -> BrowserContext:
        """A window of that person, or of nobody."""
        made = browser.new_context(base_url=self.base, **{**STILL, **options})
        if who:
            made.add_cookies(
                [
                    {
                        "name": "tos_session",
                        "value": self.people[who].token,
                        "url": self.base,
                        "httpOnly": True,
                    }
                ]
            )
        return made

    def faults(self, browser: Browser, who: str, paths: Sequence[str], **options: Any) -> list[str]:
        """What is wrong with these pages at every width and in both themes: axe, console, other hosts, too wide."""
        found: list[str] = []
        context = self.context(browser, who, **options)
        page = context.new_page()
        self._listen(page, found)
        for path in paths:
            page.set_viewport_size({"width": WIDTHS[0], "height": 850})
            page.goto(path.format(**self.ids))
            assert "owned" not in page.title(), path
            found += faults_in_shapes(page, path)
        context.close()
        return sorted(set(found))

    def _listen(self, page: Page, found: list[str]) -> None:
        page.on(
            "console",
            lambda m: (
                found.append(f"console: {m.text}")
                if m.type in ("error", "warning") and "404" not in m.text
                else None
            ),
        )
        page.on("pageerror", lambda error: found.append(f"error: {error}"))
        page.on(
            "request",
            lambda r: None if r.url.startswith(self.base) else found.append(f"another host: {r.url}"),
        )


def faults_of(page: Page, at: str) -> list[str]:
    """What is wrong with the page as it stands."""
    return _too_wide(page, at) + _axe(page, at)


def faults_in_shapes(page: Page, at: str) -> list[str]:
    """What is wrong with the open page at every width and in both themes. It is loaded once: styles alone tell the
    shapes apart, and the narrowest is asked for its width only. The page is left in the narrowest shape."""
    found: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 850})
        found += _too_wide(page, f"{at} {width}")
        page.emulate_media(color_scheme="light")
        found += _axe(page, f"{at} {width} light")
        page.emulate_media(color_scheme="dark")
        found += _axe(page, f"{at} {width} dark", OF_COLOUR)
    page.set_viewport_size({"width": NARROWEST, "height": 850})
    return found + _too_wide(page, f"{at} {NARROWEST}")


def _too_wide(page: Page, at: str) -> list[str]:
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{at}: {over} px too wide"] if over > 0 else []


def _axe(page: Page, at: str, options: Mapping[str, Any] = AXE) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found: Sequence[str] = page.evaluate(_ASK_AXE, options)
    return [f"{at}: {one}" for one in found]


@contextmanager
def served(database: PostgresUrls, folder: Path, **options: Any) -> Iterator[Site]:
    """The app on a port of its own, held from the moment it is known; ``options`` are those of ``world_on``."""
    door = socket.create_server(("127.0.0.1", 0))
    base = f"http://localhost:{door.getsockname()[1]}"
    with door, world_on(database, folder, public_url=base, **options) as world:
        server = uvicorn.Server(uvicorn.Config(world.app, log_level="warning"))
        thread = threading.Thread(target=server.run, args=([door],), daemon=True)
        thread.start()
        end = time.monotonic() + START_S
        while not server.started:
            assert thread.is_alive() and time.monotonic() < end, "the app did not start"
            time.sleep(0.02)
        yield Site(base, world)
        server.should_exit = True
        thread.join(15)


@contextmanager
def chromium(program: str | None = CHROMIUM) -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield made
        made.close()


def ids(**named: UUID) -> dict[str, str]:
    """Ids as addresses name them."""
    return {name: str(one) for name, one in named.items()}
