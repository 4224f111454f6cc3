"""How long whoever is new takes from `ticketos up --demo` to a corrected, accepted and billed document, by clicking.

    python -m benchmarks.newcomer [--record] [--show DIR]

Starts the command in a new home and reads what it prints: the address and who does what. From there Chromium goes by
what stands on the pages alone: links, buttons and headings by their words. The machine's seconds are measured; a
person's are counted at a stated pace for each click, each value typed, each page read and each field looked at. The
one thing that is not seen is the scan: what a person would read from it is what its maker wrote on it.

The line: ``total_s`` = ``ready_s`` (from the command to the sign-ins) + ``machine_s`` (waiting for pages and for the
work behind them) + ``human_s``; with ``clicks``, ``typed``, ``pages`` and ``looked`` that make the latter. ``billed``
says that the document stood behind a line of the drafted invoice at the end; that a second person approves and issues
it is not part of the way. Asked: at most 180 seconds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import ROOT, Asked, arguments, finish, say
from ticketos.dev.processes import free_port
from ticketos.dev.screens.camera import browser
from ticketos.dev.sim.papers import same
from ticketos.dev.sim.trial import SUBJECT, paper

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

CLICK_S, TYPED_S, PAGE_S, LOOK_S = 1.5, 3.0, 4.0, 2.0
"""A person's pace: to find and press something, to type one value, to read a page, to compare a field with the scan."""
MOST_S = 180.0
LONGEST_S = 600.0
_WAIT_MS = 90_000
_PERSON = re.compile(r"^\s+(\S+@\S+)\s+who (.+) \((.+)\)\s*$")


class StuckError(Exception):
    """What a page said does not lead on; the text says where."""


@dataclass(frozen=True)
class Told:
    """What the command printed: address, whose bill it is, password, and who does what by their address, in order."""

    address: str
    client: str
    password: str
    people: Mapping[str, str]


@dataclass
class Walk:
    """One person's way through the pages, with what it costs."""

    page: Page
    told: Told
    show: Path | None = None
    clicks: int = 0
    typed: int = 0
    pages: int = 0
    looked: int = 0
    machine_s: float = 0.0
    steps: list[str] = field(default_factory=list)

    @property
    def human_s(self) -> float:
        """What a person needs besides the machine."""
        return CLICK_S * self.clicks + TYPED_S * self.typed + PAGE_S * self.pages + LOOK_S * self.looked

    def all(self) -> str:
        """The whole way; returns the number of the request that was billed. Raises ``StuckError``."""
        keyer, signer, biller = self.told.people
        self.waits(lambda: self.page.goto(self.told.address))
        self.clicks += 1  # the address in the terminal
        self.sign_in(keyer)
        number = self.key()
        self.follow(signer)
        self.sign_in(signer)
        self.accept()
        self.sign_out()
        self.sign_in(biller)
        self.bill(number)
        return number

    def sign_in(self, email: str) -> None:
        """At the sign-in page."""
        self.reads("the sign-in page", "Sign in")
        self.types(self.page.get_by_label("E-mail"), email)
        self.types(self.page.get_by_label("Password"), self.told.password)
        self.goes(self.page.get_by_role("button", name="Sign in", exact=True))

    def sign_out(self) -> None:
        """By the menu behind one's initials."""
        self.presses(self.page.get_by_label("Your account", exact=False).first)
        self.goes(self.page.get_by_role("button", name="Sign out"))

    def key(self) -> str:
        """From the list of work through the paper; returns the request's number."""
        self.reads("the list of work", "My work")
        row = self.page.get_by_role("link").filter(has_text=SUBJECT)
        self.waits(lambda: row.first.wait_for(timeout=_WAIT_MS))
        number = re.search(r"[A-Z]+-\d\d-\d{6}", row.first.inner_text())
        if number is None:
            raise StuckError("the task does not say which request it is of")
        self.goes(row.first)
        self.reads("the paper beside its fields", "Validate")
        truth = paper().truth.fields
        for asked in self.page.locator("[data-wanted] input:visible").all():
            self.looked += 1
            name, shown = str(asked.get_attribute("data-name")), asked.input_value()
            if not same(name, shown, truth.get(name)):
                self.steps.append(f"    {name}: {shown!r} is {truth.get(name)!r} on the paper")
                self.types(asked, str(truth.get(name) or ""))
        if not self.typed:
            raise StuckError("nothing was to be corrected")
        self.goes(self.page.get_by_role("button", name="Save and next"))
        self.reads("what was saved", "My work")
        self.sees("is saved")
        self.goes(self.page.get_by_role("link", name="What happens next"))
        return number.group()

    def follow(self, signer: str) -> None:
        """The request's page says, without being loaded again, who accepts it at the client."""
        self.reads("the request", SUBJECT)
        self.waits(lambda: self.page.get_by_text(signer).first.wait_for(timeout=_WAIT_MS))
        self.sign_out()

    def accept(self) -> None:
        """The client's decision, from its first page."""
        self.reads("the client's first page", "Good to see you")
        waiting = self.page.get_by_role("region", name="Waits for your decision")
        self.goes(waiting.get_by_role("link", name=SUBJECT))
        self.reads("the delivery", "Delivery of")
        self.goes(self.page.get_by_role("button", name="Accept", exact=True))
        self.reads("what was accepted", "Decisions")
        self.sees("Accepted. Thank you.")
        self.goes(self.page.get_by_role("link", name="What happens next"))
        self.reads("the client's request", SUBJECT)
        self.waits(lambda: self.page.get_by_text("counts on the invoice of").wait_for(timeout=_WAIT_MS))

    def bill(self, number: str) -> None:
        """Month, draft, line, and the paper behind it."""
        self.reads("the months", "Billing")
        row = self.page.get_by_role("row").filter(has_text=self.told.client)
        self.goes(row.get_by_role("button", name="Lock"))
        self.reads("the locked month", "Billing")
        self.goes(row.get_by_role("button", name="Draft"))
        self.reads("the draft", "Draft of")
        self.goes(self.page.get_by_role("link", name="Evidence"))
        self.reads("the evidence of its line", "")
        unit = self.page.get_by_role("row").filter(has_text=number)
        if unit.count() != 1 or ".pdf" not in unit.inner_text():
            raise StuckError(f"the line does not name {number} and its document")

    # --- what a person does, and what it costs ---

    def reads(self, what: str, heading: str) -> None:
        """A page that is there: its heading says so."""
        self.waits(lambda: self.page.get_by_role("heading", level=1).filter(has_text=heading).wait_for())
        self.pages += 1
        self.steps.append(f"  {self.machine_s + self.human_s:6.1f} s  {what}")
        if self.show is not None:
            self.page.screenshot(path=self.show / f"{len(self.steps):02}.png", full_page=True)

    def sees(self, words: str) -> None:
        """These words stand on the page."""
        if not self.page.get_by_text(words).first.is_visible():
            raise StuckError(f"{self.page.url} does not say “{words}”")

    def types(self, place: Locator, text: str) -> None:
        """One value."""
        self.typed += 1
        place.fill(text)

    def presses(self, what: Locator) -> None:
        """A click that leads nowhere else."""
        self.clicks += 1
        self.waits(what.click)

    def goes(self, what: Locator) -> None:
        """A click that leads to another page."""
        self.clicks += 1

        def click() -> None:
            with self.page.expect_navigation():
                what.click()

        self.waits(click)

    def waits(self, work: Callable[[], object]) -> None:
        """The machine's part."""
        from playwright.sync_api import TimeoutError as NotThere

        began = time.monotonic()
        try:
            work()
        except NotThere as error:
            shown = str(error).partition("\n")[0]
            raise StuckError(f"{self.page.url} ({self.page.title()}): {shown}") from None
        self.machine_s += time.monotonic() - began


class Command:
    """`ticketos up --demo` as a person starts it, and what it prints."""

    def __init__(self, home: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETOS_")}
        self.began = time.monotonic()
        self._lines: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "ticketos.cli", "up", "--demo", "--port", str(free_port())],
            env=kept | {"TICKETOS_HOME": str(home)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C here must not end it before the walk is told
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line.rstrip("\n"))

    def told(self) -> Told:
        """The sign-ins, once they are printed. Raises ``StuckError`` when they do not come."""
        while time.monotonic() - self.began < LONGEST_S and self._process.poll() is None:
            if (found := told_of(self._lines)) is not None:
                return found
            time.sleep(0.05)
        raise StuckError("the command printed no sign-ins:\n" + "\n".join(self._lines[-20:]))

    def end(self) -> None:
        """As Ctrl-C does; that signal itself a process in the background may have been told to ignore."""
        self._process.terminate()
        try:
            self._process.wait(120)
        except subprocess.TimeoutExpired:
            self._process.kill()


def told_of(lines: list[str]) -> Told | None:
    """What the lines say, once it is all there; the three of them are printed as one block that an empty line ends."""
    address = client = password = ""
    people: dict[str, str] = {}
    for line in list(lines):
        if found := re.search(r"a bill of (.+) waits for you at (http\S+)", line):
            client, address, people = found.group(1), found.group(2), {}
        elif found := re.search(r"Everybody's password: (\S+)", line):
            password = found.group(1)
        elif found := _PERSON.match(line):
            people[found.group(1)] = found.group(2)
        elif people and not line.strip():
            return Told(address, client, password, people)
    return None


@contextmanager
def running() -> Iterator[tuple[Command, Told, float]]:
    """The command in a home of its own, what it told, and after how many seconds."""
    with tempfile.TemporaryDirectory(prefix="ticketos-newcomer-", ignore_cleanup_errors=True) as folder:
        command = Command(Path(folder) / "home")
        try:
            told = command.told()
            yield command, told, time.monotonic() - command.began
        finally:
            command.end()


def main() -> int:
    """Walk once, print the parts, the promise and the line."""
    parser = arguments(__doc__)
    parser.add_argument("--show", type=Path, help="keep a picture of every page here")
    given = parser.parse_args()
    if given.show is not None:
        given.show.mkdir(parents=True, exist_ok=True)
    say("Starting `ticketos up --demo` in a new home")
    with running() as (_, told, ready_s), browser() as chromium:
        say(f"After {ready_s:.1f} s it says how to sign in")
        page = chromium.new_context(viewport={"width": 1280, "height": 860}).new_page()
        page.set_default_timeout(_WAIT_MS)
        walk = Walk(page, told, given.show)
        walk.pages += 1  # the terminal
        billed = ""
        try:
            billed = walk.all()
        except StuckError as error:
            say(f"Stuck: {error}")
        for step in walk.steps:
            say(step)
    total = ready_s + walk.machine_s + walk.human_s
    say(
        f"{total:.1f} s: {ready_s:.1f} until the sign-ins, {walk.machine_s:.1f} waiting for pages and work, and of a"
        f" person {walk.human_s:.1f}: {walk.clicks} clicks at {CLICK_S:g}, {walk.typed} values typed at {TYPED_S:g},"
        f" {walk.pages} pages read at {PAGE_S:g}, {walk.looked} fields compared at {LOOK_S:g}"
    )
    return finish(
        "newcomer",
        {
            "total_s": round(total, 1),
            "ready_s": round(ready_s, 1),
            "machine_s": round(walk.machine_s, 1),
            "human_s": round(walk.human_s, 1),
            "clicks": walk.clicks,
            "typed": walk.typed,
            "pages": walk.pages,
            "billed": bool(billed),
            "looked": walk.looked,
            "cores": os.cpu_count(),
        },
        [
            Asked("seconds to a billed document", total, MOST_S),
            Asked("billed", float(bool(billed)), 1, at_least=True),
        ],
        keep=given.record,
    )


if __name__ == "__main__":
    sys.exit(main())
