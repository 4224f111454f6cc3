"""Components with types: what a page hands to the macros of ``templates/components``. A component that is a
value can be tested without a page, and a page cannot leave half of one out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Tone = Literal["neutral", "info", "good", "warn", "bad", "quiet"]


@dataclass(frozen=True)
class NavItem:
    """A line of the menu. ``text`` is a key of the catalogue; ``roles`` are who sees it; ``section`` groups."""

    text: str
    href: str
    icon: str
    roles: frozenset[str]
    section: Literal["work", "watch", "office"] = "work"
    key: str | None = None
    """The letter after ``g`` that goes there."""
    order: int = 50


@dataclass(frozen=True)
class Command:
    """Something to be done from anywhere: a page to open, or with ``post`` an act that is sent with ``fields``. ``text``
    is a key of the catalogue; ``roles`` are who is offered it (None: everybody)."""

    text: str
    href: str
    icon: str
    roles: frozenset[str] | None = None
    post: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    rare: bool = False
    """Offered to whoever types for it, not to whoever only opens the palette."""


@dataclass(frozen=True)
class Chip:
    """A short state: tone, icon and text together, so that colour is never alone. ``title`` says more."""

    text: str
    tone: Tone = "neutral"
    icon: str | None = None
    title: str | None = None


@dataclass(frozen=True)
class Crumb:
    """A step of the way back."""

    text: str
    href: str | None = None


@dataclass(frozen=True)
class About:
    """What a figure means, where it is from, what is asked of it and when it was counted; ``title`` names it."""

    title: str
    means: str
    source: str
    fresh: str
    target: str = ""


@dataclass(frozen=True)
class Tile:
    """One figure: what it is, where it drills to, what it is made of, and what it means."""

    label: str
    value: str
    href: str | None = None
    note: str = ""
    tone: Tone = "neutral"
    about: About | None = None


@dataclass(frozen=True)
class Choice:
    """An option of a select or radio group."""

    value: str
    text: str
    chosen: bool = False


@dataclass(frozen=True)
class Filter:
    """One filter of a list, named as in the URL."""

    name: str
    label: str
    choices: Sequence[Choice] = ()
    value: str = ""
    kind: Literal["select", "search", "date"] = "select"


@dataclass(frozen=True)
class Tab:
    """One view of a page; its address is its own."""

    text: str
    href: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True)
class Empty:
    """What a list says when there is nothing: what would be here, and what to do."""

    title: str
    text: str
    icon: str = "inbox"
    action: str | None = None
    href: str | None = None


@dataclass(frozen=True)
class Notice:
    """Something said at the head of a page after an act, or instead of it."""

    tone: Tone
    title: str
    text: str = ""
    errors: Sequence[tuple[str, str]] = field(default_factory=tuple)
    """Field and what is wrong with it."""
    link: tuple[str, str] | None = None
    """Where it goes on: words and an address of ours."""
