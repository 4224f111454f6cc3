"""What an optical reader makes of clean words: whole lines found and cut by guess, letters confused.

The geometry follows how line-finding readers work: words on a base line without a wide gap are one line, the
line's box is a little larger than its ink, and the words share its width by their letters. Confusions are
those of printed digits and letters; their rate grows with the damage of the scan.
"""

# ruff: noqa: E501  (a table of letters stays in rows)

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence

from ticketos.ai.ocr.page import Page, Word, fraction
from ticketos.dev.sim.documents.composed.drawing import Marks

# fmt: off
_CONFUSED: dict[str, tuple[str, ...]] = {
    "0": ("O", "o", "D", "8", "6"), "1": ("l", "I", "7", "i", "|"), "2": ("Z", "7"), "3": ("8", "5"), "4": ("A", "1"), "5": ("S", "6", "3"),
    "6": ("8", "5", "b", "G"), "7": ("1", "T"), "8": ("B", "3", "6", "0"), "9": ("g", "3"), "O": ("0", "Q", "D"), "I": ("l", "1", "L"), "l": ("1", "I"),
    "S": ("5", "8"), "B": ("8", "R"), "G": ("6", "C"), "Z": ("2",), "D": ("0", "O"), "E": ("F", "B"), "M": ("N", "H"), "N": ("M", "H"), "H": ("N",),
    "U": ("V", "O"), "V": ("Y", "U"), "C": ("G", "("), "R": ("B", "P"), "e": ("c", "o"), "c": ("e", "o"), "a": ("o", "e"), "n": ("r", "u"), "h": ("b", "n"),
    "i": ("l", "j", "1"), "t": ("f", "l"), ".": (",", ""), ",": (".", ""), ":": (".", ";", ""), "-": ("", "~", "_"), "/": ("1", "l", "I"), "@": ("a", "0"),
    "(": ("C", "["), ")": ("]", "J"), "&": ("8", "6"), "€": ("E", "C"), "£": ("E", "f"), "$": ("S", "5"), "%": ("8", "9", ""), "₹": ("?", "7", "F"),
}
# fmt: on
_PAIRS = {"rn": "m", "m": "rn", "cl": "d", "ii": "n", "vv": "w", "nn": "m"}


def misread(
    pages: Sequence[Page], marks: Marks, rng: random.Random, damage: float
) -> tuple[list[Page], Marks]:
    """The pages as read from a scan of the damage (0 to 1), in pixels at 200 dpi, with their marks."""
    named: dict[tuple[int, int], list[str]] = {}
    for name, places in marks.items():
        for place in places:
            named.setdefault(place, []).append(name)
    found: list[Page] = []
    kept: Marks = {}
    for page_index, page in enumerate(pages):
        scale = 200 / 72
        width, height = page.width * scale, page.height * scale
        lean = rng.uniform(-0.002, 0.002) * damage
        words: list[Word] = []
        for line in _lines(page):
            if rng.random() < 0.03 * damage * damage:
                continue  # a line the detector missed
            pieces = _read(line, page, rng, damage)
            clean = [text for text, _, _ in pieces] == [page.words[index].text for index in line]
            level = _confidence(rng, damage, clean)
            for text, span, indices in pieces:
                x0, y0, x1, y1 = (value * scale for value in span)
                shift = lean * x0 + rng.uniform(-0.06, 0.06) * (y1 - y0)
                box = fraction(x0, y0, x1, y1, width, height)
                for index in indices:
                    for name in named.get((page_index, index), ()):
                        places = kept.setdefault(name, [])
                        if (page_index, len(words)) not in places:
                            places.append((page_index, len(words)))
                words.append(Word(text, x0, y0 + shift, x1, y1 + shift, box, level))
        found.append(Page(page.number, width, height, tuple(words), "ocr"))
    return found, kept


def _confidence(rng: random.Random, damage: float, clean: bool) -> float:
    """What the reader says of a line: mostly all it can say, less on worse paper, and often less where it erred.

    The shares are those of rapidocr on papers of this generator at damage 0.1 and 0.4.
    """
    if clean and rng.random() < 0.78 - 0.3 * damage:
        return 0.985
    doubt = abs(rng.gauss(0, 0.02 + 0.05 * damage))
    if not clean and rng.random() < 0.6:
        doubt += abs(rng.gauss(0, 0.12))
    return round(min(max(0.985 - doubt, 0.05), 0.985), 4)


def _lines(page: Page) -> list[list[int]]:
    """The indices of words that a detector takes for one line: same height, no gap wider than about one."""
    order = sorted(range(len(page.words)), key=lambda i: (round(page.words[i].y1 / 3), page.words[i].x0))
    rows: list[list[int]] = []
    for index in sorted(order, key=lambda i: (page.words[i].y0 + page.words[i].y1) / 2):
        word = page.words[index]
        middle = (word.y0 + word.y1) / 2
        for row in rows[-4:]:
            last = page.words[row[0]]
            if abs((last.y0 + last.y1) / 2 - middle) < 0.3 * min(word.height, last.height):
                row.append(index)
                break
        else:
            rows.append([index])
    lines: list[list[int]] = []
    for row in rows:
        row.sort(key=lambda i: page.words[i].x0)
        line = [row[0]]
        for index in row[1:]:
            before, word = page.words[line[-1]], page.words[index]
            if word.x0 - before.x1 > 0.95 * min(before.height, word.height):
                lines.append(line)
                line = []
            line.append(index)
        lines.append(line)
    return lines


_Span = tuple[float, float, float, float]


def _read(
    line: list[int], page: Page, rng: random.Random, damage: float
) -> list[tuple[str, _Span, list[int]]]:
    """Texts, boxes and sources of the words the reader gives for a line."""
    words = [page.words[index] for index in line]
    glue = 0.008 + 0.08 * damage * damage * rng.random()
    pieces: list[tuple[str, list[int]]] = []
    for index, word in zip(line, words, strict=True):
        text = _letters(unicodedata.normalize("NFKC", word.text), rng, damage)
        if not text:
            continue
        if pieces and rng.random() < glue:
            pieces[-1] = (pieces[-1][0] + text, [*pieces[-1][1], index])
        elif len(text) > 5 and rng.random() < 0.002 + 0.012 * damage:
            cut = rng.randrange(2, len(text) - 1)
            pieces += [(text[:cut], [index]), (text[cut:], [index])]
        else:
            pieces.append((text, [index]))
    if not pieces:
        return []
    pad = 0.1 * words[0].height
    left, right = words[0].x0 - pad, words[-1].x1 + pad
    top, bottom = min(word.y0 for word in words) - pad, max(word.y1 for word in words) + pad
    whole = " ".join(text for text, _ in pieces)
    found, position = [], 0
    for text, sources in pieces:
        x0 = left + (right - left) * position / len(whole)
        x1 = left + (right - left) * (position + len(text)) / len(whole)
        found.append((text, (x0, top, x1, bottom), sources))
        position += len(text) + 1
    return found


def _letters(text: str, rng: random.Random, damage: float) -> str:
    """The word with letters confused, lost or doubled."""
    rate = 0.0008 + 0.018 * damage * damage
    if rng.random() > rate * len(text) * 1.5 + 0.002:
        return text
    letters = list(text)
    place = rng.randrange(len(letters))
    letter = letters[place]
    draw = rng.random()
    if draw < 0.68 and letter in _CONFUSED:
        letters[place] = rng.choice(_CONFUSED[letter])
    elif draw < 0.76:
        letters[place] = ""
    elif draw < 0.82 and ord(letter) > 127:
        letters[place] = unicodedata.normalize("NFD", letter)[0]
    elif draw < 0.88:
        letters[place] = letter.swapcase()
    else:
        for pair, other in _PAIRS.items():
            if pair in text:
                return text.replace(pair, other, 1)
    return "".join(letters)
