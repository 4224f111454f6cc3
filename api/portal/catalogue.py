"""The catalogue of texts: every word of the portal stands in ``texts/<locale>/<noun>.toml``, so that another
language is another folder.

A key is ``noun.section.name``. A text with numbers in it is a table of plural forms (``one``, ``other``),
chosen by ``n``. Places are ``{names}`` in braces.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from markupsafe import Markup, escape

from ticketos.domain.events import BY_NAME

FOLDER = Path(__file__).parent / "texts"
DEFAULT = "en_IN"
_PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})


class MissingTextError(KeyError):
    """A key without a text: a mistake of ours, found by the tests."""


class Texts:
    """The texts of one locale."""

    def __init__(self, locale: str = DEFAULT) -> None:
        self.locale = Locale.parse(locale)
        self._texts = _loaded(locale)

    @property
    def language(self) -> str:
        """As HTML's ``lang`` names it."""
        return str(self.locale).replace("_", "-")

    def __call__(self, key: str, **facts: Any) -> str:
        """The text of a key with its places filled; with markup among them it is markup, and the rest escaped. Raises
        ``MissingTextError``."""
        found = self._texts.get(key)
        if found is None:
            raise MissingTextError(key)
        if isinstance(found, Mapping):
            form = self.locale.plural_form(facts["n"])
            found = found.get(form) or found["other"]
        if any(isinstance(one, Markup) for one in facts.values()):
            return escape(found).format_map(facts)
        return found.format_map(facts) if facts else found

    def has(self, key: str) -> bool:
        """Whether there is a text."""
        return key in self._texts

    def word(self, group: str, value: object) -> str:
        """What a code is called (``word("stage", "intake")``). A code that nobody has named speaks for itself."""
        if value is None or value == "":
            return self("words.none")
        found = self._texts.get(f"words.{group}.{value}")
        if isinstance(found, str):
            return found
        return str(value).replace("_", " ").replace("-", " ").capitalize()

    def field(self, name: object) -> str:
        """What a value of a document is called: a field, a value of a line (``lines.3.net``) or of the coding."""
        part, _, rest = str(name or "").partition(".")
        number, _, column = rest.partition(".")
        if part == "lines" and column:
            return self("quality.part.line", n=number, field=self.word("field", column))
        if part == "lines" and rest in ("count", "sum"):
            return self(f"quality.part.{rest}")
        if part == "coding" and rest:
            return self.word("field", rest)
        return self.word("field", name)

    def column(self, name: str) -> str:
        """What a column of a list is called on paper: by its own word, or that of the measure or field it holds."""
        measure = f"measures.{name.removeprefix('measure_')}.name"
        for key in (f"columns.{name}", *([measure] if name.startswith("measure_") else ())):
            if self.has(key):
                return self(key)
        return self.word("field", name)

    def event(self, name: str) -> str:
        """What an event of the trail is called; the domain's catalogue has a title for each."""
        found = self._texts.get(f"events.{name}")
        if isinstance(found, str):
            return found
        return BY_NAME[name].title if name in BY_NAME else name

    @property
    def keys(self) -> frozenset[str]:
        """Every key there is."""
        return frozenset(self._texts)


@cache
def _loaded(locale: str) -> Mapping[str, str | Mapping[str, str]]:
    found: dict[str, str | Mapping[str, str]] = {}
    for file in sorted((FOLDER / locale).glob("*.toml")):
        _flatten(file.stem, tomllib.loads(file.read_text(encoding="utf-8")), found)
    return found


def _flatten(prefix: str, table: Mapping[str, Any], found: dict[str, str | Mapping[str, str]]) -> None:
    for name, value in table.items():
        key = f"{prefix}.{name}"
        if isinstance(value, str) or ("other" in value and set(value) <= _PLURALS):
            found[key] = value
        else:
            _flatten(key, value, found)
