"""The app served for a real browser: a real database, the workflows stood in for; and what every page must keep at
every width and in both themes."""

from __future__ import annotations

import shutil
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
from ticketos.dev.processes import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}
SHAPES = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"), (320, "light"))


@dataclass
class Site:
    """The served app with people and rows to look at."""

    base: str
    world: World
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)

    def context(self, browser: Browser, who: str, **options: Any) -> BrowserContext:
        """A window of that person, or of nobody."""
        made = browser.new_context(base_url=self.base, **options)
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

    def faults(
        self,
        browser: Browser,
        who: str,
        paths: Sequence[str],
        shapes: Sequence[tuple[int, str]] = SHAPES,
        **options: Any,
    ) -> list[str]:
        """What is wrong with these pages at these widths and in these themes: axe, console, other hosts, too wide."""
        found: list[str] = []
        for width, theme in shapes:
            context = self.context(
                browser, who, viewport={"width": width, "height": 850}, color_scheme=theme, **options
            )
            page = context.new_page()
            self._listen(page, found)
            for path in paths:
                page.goto(path.format(**self.ids))
                at = f"{path} {width} {theme}"
                assert "owned" not in page.title(), at
                found += faults_of(page, at, axe=width != 320)
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


def faults_of(page: Page, at: str, *, axe: bool = True) -> list[str]:
    """What is wrong with the page as it stands."""
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    found = [f"{at}: {over} px too wide"] if over > 0 else []
    if axe:
        result: Sequence[Mapping[str, Any]] = Axe().run(page, options=AXE).response["violations"]
        found += [f"{at}: {one['id']} {one['nodes'][0]['html'][:160]}" for one in result]
    return found


@contextmanager
def served(database: PostgresUrls, folder: Path, **options: Any) -> Iterator[Site]:
    """The app on a free port; ``options`` are those of ``world_on``."""
    port = free_port()
    base = f"http://localhost:{port}"
    with world_on(database, folder, public_url=base, **options) as world:
        server = uvicorn.Server(uvicorn.Config(world.app, port=port, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        yield Site(base, world)
        server.should_exit = True
        thread.join(15)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield made
        made.close()


def ids(**named: UUID) -> dict[str, str]:
    """Ids as addresses name them."""
    return {name: str(one) for name, one in named.items()}
