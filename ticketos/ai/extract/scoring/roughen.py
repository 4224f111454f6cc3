"""A clean page as other printers and optical readers would have left it: for training on more than our own print.

Works on words, so that hundreds of pages take a second. Every change keeps the truth what it is, except the name's
legal form, which is taken away on the page and in the truth together.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from ticketos.ai.extract.scoring import vocabulary as says
from ticketos.ai.extract.values import fold
from ticketos.ai.ocr.page import Page, Word, fraction

_CONFUSED = {
    "O": "0Q", "0": "O", "1": "lI", "l": "1I", "I": "l1", "5": "S", "S": "5", "8": "B", "B": "8", "6": "G", "2": "Z",
    "Z": "2", "m": "rn", "e": "c", "c": "e", "u": "v", "g": "q", "h": "b", "n": "r", "t": "f", "i": "l", "a": "o",
}  # fmt: skip
_OPENINGS = (
    "RECEIPT", "TAX INVOICE", "CASH SALES", "INVOICE", "WELCOME", "COPY", "*** ORIGINAL ***", "Thank You", "www.shop.example",
    "tan yee", "Sale", "Your friendly store", "Quality since 1987", "CUSTOMER COPY", "GST INVOICE", "Bill", "No: 12", "* * *",
    "KL", "Fresh every day", "est. 1994", "B.I.G", "MEMBER", "Order 23", "SITE 1046", "Outlet 7",
)  # fmt: skip
_SECOND_LINES = (
    "(formerly {0} Trading)",
    "{0} Branch",
    "{0} Outlet",
    "A member of {0} Group",
    "{0}",
    "The {0} People",
)


_FORM = re.compile(rf"\s+((?:& )?{says.LEGAL.pattern}[.\s]*)+$")


_OTHER_DATES = (
    "Gemäß Bestellung vom {0}", "Ihre Bestellung vom {0}", "Lieferdatum: {0}", "Order date {0}", "Delivery date: {0}",
    "Commande du {0}", "Printed {0}", "Valid until {0}", "Payment received {0}", "Leistungszeitraum {0} - {1}", "Per {0}",
    "Liefer- und Leistungsdatum: {0}", "Bon de livraison du {0}", "Acompte du {0}", "Pedido del {0}", "Consegna {0}",
    "Bei Zahlung bis {0} abzüglich Skonto", "Period {0} to {1}", "Shipped: {0}", "Vertrag vom {0}", "{0}",
)  # fmt: skip


def with_other_dates(
    pages: Sequence[Page], truth: Mapping[str, str | None], rng: random.Random
) -> list[Page]:
    """Dates of other things, earlier and later than the document's own, between the lines of the first page."""
    issued = truth.get("issue_date")
    if not issued or not pages or not pages[0].words:
        return list(pages)
    words = list(pages[0].words)
    own = date.fromisoformat(issued)
    shape = rng.choice(("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d %b %Y", "%Y-%m-%d"))
    for _ in range(rng.choice((1, 1, 2, 3))):
        other = [
            (own + timedelta(days=rng.choice((-1, 1, -1)) * rng.randint(1, 40))).strftime(shape)
            for _ in range(2)
        ]
        near = rng.choice(words)
        _down(words, near.y1 - 0.3 * near.height, 1.5 * near.height)
        text = rng.choice(_OTHER_DATES).format(*other)
        left = min(word.x0 for word in words)
        _write(words, text, rng.choice((left, near.x0)), near.y1 + 0.2 * near.height, near.height)
    first = pages[0]
    grown = max([first.height, *(word.y1 + 5 for word in words)])
    return [Page(first.number, first.width, grown, tuple(words), first.source), *pages[1:]]


def rough(
    pages: Sequence[Page], truth: Mapping[str, str | None], rng: random.Random
) -> tuple[list[Page], dict[str, str | None]]:
    """The pages as a reader of pictures gives them, and the truth that still holds."""
    known = dict(truth)
    found = [list(page.words) for page in pages]
    if rng.random() < 0.45:
        known = _without_form(found, known, rng)
    if found and found[0] and rng.random() < 0.55:
        _head(found[0], known, rng)
    if rng.random() < 0.45:
        found = [[replace(word, text=word.text.upper()) for word in words] for words in found]
    error = rng.choice((0.0, 0.0, 0.002, 0.006, 0.015))
    glue = rng.choice((0.0, 0.01, 0.03, 0.08))
    made = []
    for page, words in zip(pages, found, strict=True):
        shaken = [_misread(_moved(word, page, rng), error, rng) for word in words]
        height = max([page.height, *(word.y1 + 10 for word in shaken)])
        made.append(Page(page.number, page.width, height, tuple(_glued(shaken, glue, rng)), "ocr"))
    return made, known


def _without_form(
    found: list[list[Word]], truth: dict[str, str | None], rng: random.Random
) -> dict[str, str | None]:
    """The supplier without its legal form, on every page and in the truth; or with another one."""
    name = truth.get("supplier_name")
    form = _FORM.search(fold(name)) if name else None
    if not name or form is None or form.start() < 4:
        return truth
    old = name[form.start() :].split()
    new = rng.choice(("", "", "SDN BHD", "SDN. BHD.", "S/B", "Enterprise", "Trading", "Sdn Bhd")).split()
    stem = name[: form.start()].split()
    for index, words in enumerate(found):
        texts = [word.text.strip(" ,.;:●·|").casefold() for word in words]
        wanted = [part.strip(" ,.;:").casefold() for part in stem + old]
        kept, position = [], 0
        while position < len(words):
            if texts[position : position + len(wanted)] == wanted and wanted:
                kept += words[position : position + len(stem)]
                last = words[position + len(stem) - 1]
                for offset, part in enumerate(new):
                    shift = (offset + 1) * last.height * 2.2
                    kept.append(
                        replace(last, text=part, x0=last.x1 + shift - last.height * 2, x1=last.x1 + shift)
                    )
                position += len(wanted)
            else:
                kept.append(words[position])
                position += 1
        found[index] = kept
    return truth | {"supplier_name": " ".join(stem + new)}


def _head(words: list[Word], truth: Mapping[str, str | None], rng: random.Random) -> None:
    """Lines over the name, a registration behind or under it: what heads of real papers carry."""
    name = (truth.get("supplier_name") or "").split()
    if not name:
        return
    texts = [word.text for word in words]
    at = next((i for i in range(len(texts)) if texts[i : i + len(name)] == name), None)
    if at is None:
        return
    first, last = words[at], words[at + len(name) - 1]
    line = first.height * 1.35
    registration = rng.choice(
        ("({0}-{1})", "(CO. NO. {0}-{1})", "Co Reg No: {0}{1}", "ROC {0}-{1}", "({0})")
    ).format(rng.randint(10000, 2000000), rng.choice("ADHKMPTUVWX"))
    choice = rng.random()
    below = last.y1
    if choice < 0.25:
        _write(words, registration, last.x1 + last.height * 0.5, last.y0, last.height)
    elif choice < 0.6:
        _down(words, below, line)
        _write(words, registration, first.x0, first.y0 + line, first.height * 0.9)
        if rng.random() < 0.3:
            _down(words, below + line, line)
            other = rng.choice(("GST NO {0}", "GST ID: {0}", "Site : {0}", "SST ID {0}")).format(
                rng.randint(1000, 999999999)
            )
            _write(words, other, first.x0, first.y0 + 2 * line, first.height * 0.9)
    elif choice < 0.7:
        _down(words, below, line)
        second = rng.choice(_SECOND_LINES).format(name[0].title())
        _write(words, second, first.x0, first.y0 + line, first.height * 0.9)
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        top = first.y0 - 0.1 * first.height
        _down(words, top - 1, line)
        _write(
            words,
            rng.choice(_OPENINGS),
            first.x0 + rng.uniform(-1, 6) * first.height,
            top,
            first.height * rng.uniform(0.8, 1.4),
        )


def _down(words: list[Word], below: float, by: float) -> None:
    """Move everything under a height down: room for a line."""
    for index, word in enumerate(words):
        if (word.y0 + word.y1) / 2 > below:
            words[index] = replace(word, y0=word.y0 + by, y1=word.y1 + by)


def _write(words: list[Word], text: str, x: float, y: float, height: float) -> None:
    for part in text.split():
        width = len(part) * height * 0.55
        words.append(Word(part, x, y, x + width, y + height, (0.0, 0.0, 0.0, 0.0)))
        x += width + height * 0.35


def _moved(word: Word, page: Page, rng: random.Random) -> Word:
    height = word.height
    dx, dy = rng.gauss(0, 0.04) * height, rng.gauss(0, 0.05) * height
    grown = rng.uniform(-0.04, 0.14) * height
    x0, y0, x1, y1 = (
        word.x0 + dx - grown / 2,
        word.y0 + dy - grown,
        word.x1 + dx + grown / 2,
        word.y1 + dy + grown,
    )
    confidence = min(max(rng.gauss(0.95, 0.05), 0.3), 0.985)
    return Word(word.text, x0, y0, x1, y1, fraction(x0, y0, x1, y1, page.width, page.height), confidence)


def _misread(word: Word, error: float, rng: random.Random) -> Word:
    if error == 0.0 or rng.random() > error * len(word.text) * 1.5:
        return word
    at = rng.randrange(len(word.text))
    character = word.text[at]
    if character in ".,:-/" and rng.random() < 0.5:
        changed = ""
    else:
        changed = rng.choice(_CONFUSED.get(character, character) or character)
    text = word.text[:at] + changed + word.text[at + 1 :]
    return replace(word, text=text or word.text, confidence=min(word.confidence, rng.uniform(0.4, 0.97)))


def _glued(words: list[Word], share: float, rng: random.Random) -> list[Word]:
    """Neighbours that a reader ran together."""
    made: list[Word] = []
    for word in words:
        before = made[-1] if made else None
        near = (
            before is not None
            and abs(before.y0 - word.y0) < 0.4 * word.height
            and -0.2 * word.height < word.x0 - before.x1 < 0.6 * word.height
        )
        if before is not None and near and rng.random() < share:
            made[-1] = replace(before, text=before.text + word.text, x1=word.x1, y1=max(before.y1, word.y1))
        else:
            made.append(word)
    return made
