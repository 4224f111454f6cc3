"""What the pictures show is compared with what the portal has, and without a browser the command says so in words."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image
from playwright.sync_api import Error

from api.access import ALL, LINK, OPEN
from api.portal import NAV, PORTAL_RULES
from ticketos.dev.processes import StackError
from ticketos.dev.screens import camera
from ticketos.dev.screens.letters import PAGES, tokens
from ticketos.dev.screens.places import COMING, NOT_PICTURED, PLACES, ROLES, SHOWN, Place
from ticketos.dev.screens.run import read_people, screenshots

ROOT = Path(__file__).parents[2]


def test_every_page_is_pictured() -> None:
    """Each address of a page is in the menu, opened by a place, or reached by the link a place follows."""
    seen = {item.href for item in NAV} | set(NOT_PICTURED)
    for place in PLACES:
        seen |= {place.path.partition("?")[0], place.path.partition("{")[0]}
        seen |= {part for one in place.follow for part in re.findall(r"href\*?\^?='(/[^']*)'", one)}
    rows = {"/tickets": "/tickets/", "/requests": "/requests/", "/invoices": "/invoices/"}
    seen |= {
        to for place in PLACES if place.follow for path, to in rows.items() if place.path.startswith(path)
    }
    missing = []
    for method, path in PORTAL_RULES:
        if method != "GET" or path.endswith(".csv"):
            continue
        stem = path.partition("{")[0]
        if path not in seen and (path == stem or stem not in seen):
            missing.append(path)
    assert missing == []


def test_every_page_behind_a_signed_link_is_pictured() -> None:
    """Each by a token that the mails of the demo hold."""
    stems = {path.partition("{")[0]: path for (method, path), rule in OPEN.items() if rule is LINK}
    opened = {place.path for place in PLACES if place.role == ""}
    assert {f"/{part}/" for part in PAGES.values()} == set(stems)
    assert {f"/{part}/{{{name}}}" for name, part in PAGES.items()} <= opened


def test_tokens_of_signed_links_stand_in_the_mails_the_newest_first(tmp_path: Path) -> None:
    for name, day, text in (
        ("b", 20, "look at the result: http://localhost:1/a/old.to-ken_1\n"),
        ("a", 21, "look at the result:\nhttp://localhost:1/a/new.token\nor http://localhost:1/about/a/x\n"),
        ("c", 20, "http://localhost:1/s/how.was_it\n\nNot settled? http://localhost:1/r/again.x\n"),
    ):
        mail = EmailMessage()
        mail["Date"] = format_datetime(datetime(2026, 11, day, tzinfo=UTC))
        mail.set_content(text)
        (tmp_path / f"{name}.eml").write_bytes(mail.as_bytes())
    assert tokens(tmp_path) == {
        "approval": ["new.token", "old.to-ken_1"],
        "survey": ["how.was_it"],
        "repeat": ["again.x"],
        "password": [],
    }
    assert tokens(tmp_path / "none") == {name: [] for name in PAGES}


def test_every_role_is_shown_by_somebody() -> None:
    assert set(ROLES) == ALL
    assert set(COMING) < set(ROLES)
    assert {place.role for place in PLACES} <= {"", *ROLES}


def test_without_a_browser_it_is_said_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(StackError, match="Chromium"):
        screenshots(tmp_path, print)


def test_wrong_usage_is_said_in_words(tmp_path: Path) -> None:
    for asked, words in (
        ({"roles": ("queen",)}, "no role queen"),
        ({"url": "http://localhost:1"}, "belong together"),
    ):
        with pytest.raises(StackError, match=words):
            screenshots(tmp_path, print, **asked)


def test_the_people_of_a_running_demo_are_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "demo-people.json"
    people = [
        {"name": "Administrator", "email": "owner@firm.example", "password": "a"},
        {"name": "Anita Rao", "email": ROLES["lead"], "password": "b"},
    ]
    file.write_text(json.dumps(people), encoding="utf-8")
    assert read_people(file) == {"admin": ("owner@firm.example", "a"), "lead": (ROLES["lead"], "b")}
    file.write_text("[1]", encoding="utf-8")
    with pytest.raises(StackError, match="up --demo"):
        read_people(file)


def test_readme_and_docs_show_the_pictures_that_the_command_makes() -> None:
    words = {page: (ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/portal.md")}
    for name in SHOWN:
        file = ROOT / "docs" / "images" / f"{name}.webp"
        assert 5_000 < file.stat().st_size <= camera.LARGEST_BYTES
        assert Image.open(file).width == 1280
        assert f"docs/images/{name}.webp" in words["README.md"]
        assert f"images/{name}.webp" in words["docs/portal.md"]


class _Answer:
    def __init__(self, status: int) -> None:
        self.status = status


class _Page:
    """A page whose addresses answer with a status, or not in time."""

    def set_viewport_size(self, _: object) -> None: ...

    def goto(self, path: str, **_: object) -> _Answer:
        if path == "/slow":
            raise Error("Page.goto: Timeout 20000ms exceeded.\nCall log")
        return _Answer(int(path.strip("/")))

    def wait_for_timeout(self, _: float) -> None: ...


def test_a_page_that_fails_or_never_comes_is_named_and_holds_nothing_up() -> None:
    found = camera.Camera("", cast("Any", None), {}, {})
    why = {
        path: found._opened(cast("Any", _Page()), Place("one", "ops", path))
        for path in ("/200", "/404", "/500", "/slow", "/{gone}")
    }
    assert why == {
        "/200": None,
        "/404": None,  # a refusal is a page like any other
        "/500": "/500 failed (500)",
        "/slow": "Page.goto: Timeout 20000ms exceeded.",
        "/{gone}": "nothing to follow on /{gone}",
    }
