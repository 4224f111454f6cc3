"""What a second person reads off a delivered document without seeing the delivery, and where it differs: the type, each
field, the lines and the coding, value by value.

Required fields are always compared: left empty, they are said not to be on the paper. Everything else is compared where
it was read again; ``-`` says that it is not on the paper. Of the lines their number and the sum of their amounts are
asked, which all of them share in, and the figures of a few: of the first ones, or of a drawn sample where there are more.

Names of values: a field's own, ``lines.count``, ``lines.sum``, ``lines.3.net`` (lines count from 1), ``coding.account``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ticketos.domain import ai_policy, sampling
from ticketos.lines.data_entry import rules

FIELD_NAMES = ai_policy.FIELD_NAMES
"""All fields, as a paper has them from its head down."""
NOT_THERE = "-"
"""Typed for a value that is not on the paper."""
LINE_FIELDS = ("quantity", "unit_price", "net")
CODING_FIELDS = ("account", "cost_centre", "tax_code")
MOST_LINES = 6
"""Lines whose figures are read again. As many are asked of a shorter paper, so that their number gives nothing away."""
_CRITICAL = frozenset({"doc_type", "lines.count", "lines.sum", "coding.account"})


@dataclass(frozen=True)
class Difference:
    """One value as the second person read it and as it was delivered. ``part`` is what it belongs to: ``doc_type``,
    ``fields``, ``lines`` or ``coding``; ``ai`` what the machine had read; ``page`` and ``box`` where it was read."""

    name: str
    part: str
    seen: str
    delivered: str
    same: bool
    critical: bool
    ai: str = ""
    page: int | None = None
    box: tuple[float, ...] | None = None

    @property
    def category(self) -> str:
        """The kind of defect that it is where it differs (``quality.CATEGORIES``)."""
        if self.part == "fields":
            return "wrong_value" if self.delivered else "missing_value"
        return {"doc_type": "wrong_type", "lines": "wrong_line", "coding": "wrong_coding"}[self.part]

    @property
    def severity(self) -> str:
        """How bad that is (``quality.SEVERITIES``)."""
        return "critical" if self.critical else "non_critical"


def asked_fields(doc_type: str) -> tuple[str, ...]:
    """The fields that are read again in any case."""
    required = rules.required_fields(doc_type)
    return tuple(name for name in FIELD_NAMES if name in required)


def offered_fields(doc_type: str) -> tuple[str, ...]:
    """The fields that may be read again. All of them: which of them were delivered would be half an answer."""
    required = rules.required_fields(doc_type)
    return tuple(name for name in FIELD_NAMES if name not in required)


def asked_lines(seed: str, count: int) -> tuple[int, ...]:
    """The lines, from 1 and in the paper's order, whose figures are read again: the first ones of a short paper, a draw
    of a longer one of ``count`` lines that anybody with the seed can repeat."""
    if count <= MOST_LINES:
        return tuple(range(1, MOST_LINES + 1))
    drawn = sampling.draw(seed, [str(n) for n in range(1, count + 1)], Decimal(0), at_least=MOST_LINES)
    return tuple(sorted(int(one) for one in drawn))


def read_again(doc_type: str, seen: Mapping[str, str]) -> tuple[str, ...]:
    """The names of what was read again: all that the comparison speaks of."""
    asked = asked_fields(doc_type)
    return (*asked, *(name for name, value in seen.items() if value and name not in asked))


def differences(document: Mapping[str, Any], seen: Mapping[str, str]) -> tuple[Difference, ...]:
    """Everything that was read again beside what was delivered (``doc_type``, ``fields``, ``lines``, ``coding``), equal
    or not."""
    return (
        *_of_type(str(document["doc_type"]), seen),
        *_of_fields(document, seen),
        *_of_lines(document["lines"], seen),
        *_of_coding(document["coding"], seen),
    )


def alike(name: str, one: str, two: str) -> bool:
    """Whether two readings say the same: figures by value, text without regard to case and spaces."""
    if name in rules.AMOUNTS or name.startswith("lines."):
        left, right = rules.amount(one), rules.amount(two)
        return left == right if left is not None and right is not None else one == two
    return "".join(one.split()).casefold() == "".join(two.split()).casefold()


def _of_type(delivered: str, seen: Mapping[str, str]) -> Iterable[Difference]:
    if read := seen.get("doc_type"):
        yield Difference("doc_type", "doc_type", read, delivered, read == delivered, True)


def _of_fields(document: Mapping[str, Any], seen: Mapping[str, str]) -> Iterable[Difference]:
    required = asked_fields(document["doc_type"])
    for name in (*required, *offered_fields(document["doc_type"])):
        if name not in required and not seen.get(name):
            continue
        field, read = document["fields"].get(name) or {}, _read(seen, name)
        delivered, box = str(field.get("value") or ""), field.get("box")
        yield Difference(
            name,
            "fields",
            read,
            delivered,
            alike(name, read, delivered),
            name in required,
            str(field.get("shown") or ""),
            field.get("page"),
            tuple(box) if box else None,
        )


def _of_lines(lines: Sequence[Mapping[str, Any]], seen: Mapping[str, str]) -> Iterable[Difference]:
    nets = [rules.amount(line.get("net")) for line in lines]
    whole = {"lines.count": str(len(lines)), "lines.sum": f"{sum((n for n in nets if n), Decimal(0)):f}"}
    for name, delivered in whole.items():
        if seen.get(name):
            yield _difference(name, "lines", _read(seen, name), delivered)
    for number, line in _paired(lines, seen):
        for column in LINE_FIELDS:
            name = f"lines.{number}.{column}"
            if seen.get(name):
                yield _difference(
                    name, "lines", _read(seen, name), str((line or {}).get(column) or ""), column
                )


def _paired(
    lines: Sequence[Mapping[str, Any]], seen: Mapping[str, str]
) -> Iterable[tuple[int, Mapping[str, Any] | None]]:
    """Each line that was read again with the delivered one it stands for. One line left out or added in the delivery moves
    those below it; they are followed, so that one mistake does not become many."""
    numbers = sorted({int(name.split(".")[1]) for name in seen if name.count(".") == 2 and seen[name]})
    moved = 0
    for number in numbers:
        places = sorted(range(-MOST_LINES, MOST_LINES + 1), key=lambda step: (abs(step - moved), step))
        found = next((step for step in places if _agrees(lines, number - 1 + step, number, seen)), None)
        moved = moved if found is None else found
        at = number - 1 + moved
        yield number, lines[at] if 0 <= at < len(lines) else None


def _agrees(lines: Sequence[Mapping[str, Any]], at: int, number: int, seen: Mapping[str, str]) -> bool:
    if not 0 <= at < len(lines):
        return False
    read = {c: _read(seen, name) for c in LINE_FIELDS if seen.get(name := f"lines.{number}.{c}")}
    return all(alike("lines.", value, str(lines[at].get(column) or "")) for column, value in read.items())


def _of_coding(coding: Mapping[str, Any], seen: Mapping[str, str]) -> Iterable[Difference]:
    for column in CODING_FIELDS:
        if seen.get(name := f"coding.{column}"):
            yield _difference(name, "coding", _read(seen, name), str(coding.get(column) or ""))


def _difference(name: str, part: str, read: str, delivered: str, column: str = "") -> Difference:
    critical = name in _CRITICAL or column in ("quantity", "net")
    return Difference(name, part, read, delivered, alike(name, read, delivered), critical)


def _read(seen: Mapping[str, str], name: str) -> str:
    value = seen.get(name, "")
    return "" if value == NOT_THERE else value
