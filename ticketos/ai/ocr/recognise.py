"""Reading the picture of one line: which characters, how sure, and where each stands.

The network gives, for each step of eight pixels, a probability per character. Taking the likeliest is right for
letters but drops spaces (a narrow gap is a step or less), so those are looked for between the letters.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import cv2
import numpy

from ticketos.ai.ocr.alphabet import folded
from ticketos.ai.ocr.networks import load

_HEIGHT = 48
_STEP = 8
# Widths are rounded up to these, since each new width costs the network a set-up of its own.
_BUCKET, _WIDE, _WIDEST = 64, 640, 3200
_LEAST = 16
_SQUEEZED = 1.06
"""How many times too long for a canvas a line may be to be pressed into it; the next one would cost a quarter more."""
# Together as many lines as are no wider than this in all; from there on nothing is gained.
_MOST_LINES, _WORTH = 8, 512
_SMALLER, _LARGER = cv2.INTER_LINEAR, cv2.INTER_LINEAR
# A space seldom wins a step against the blank; from this probability on, it was one.
_SPACE = 0.12
_NEAR = 0.1
_LOOK_ALIKES = frozenset("015862!|]OoIliSsBZGz")
_CERTAIN, _OTHERS = 0.999, 6


@dataclass(frozen=True, slots=True)
class Letter:
    """A character, the probability that it is right, and its centre as a fraction of the line's width; `others`
    are the next likeliest readings with their probabilities.
    """

    text: str
    probability: float
    centre: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """What one picture of a line says; spaces are letters too."""

    letters: tuple[Letter, ...]

    @property
    def text(self) -> str:
        return "".join(letter.text for letter in self.letters)

    @property
    def score(self) -> float:
        """The mean probability of its characters; 0 for an empty line."""
        return fmean(letter.probability for letter in self.letters) if self.letters else 0.0


class LineReader:
    """The recogniser with its characters; loading takes half a second, reading 3 to 30 ms a line."""

    def __init__(self) -> None:
        self._network, about = load("rec", self.classes)
        self._characters = [character for _, character in _known(about)]
        self._space = len(self._characters) - 1
        places = {character: index for index, character in enumerate(self._characters)}
        self._unaccented = {
            index: places[unicodedata.normalize("NFD", character)[0]]
            for index, character in enumerate(self._characters)
            if len(unicodedata.normalize("NFD", character)) > 1
        }

    @staticmethod
    def classes(about: Mapping[str, str]) -> list[int]:
        """Of what the network tells apart, what is of use here."""
        return [index for index, _ in _known(about)]

    def read(self, crop: Any) -> Line:
        """Read an upright BGR picture of one line."""
        return self.read_all([strip(crop)])[0]

    def read_all(self, strips: Sequence[Any]) -> list[Line]:
        """Read a page's lines, each as `strip` made it; their order is kept.

        Lines of one width are read together and the widths one after the other: a network that has just seen a
        shape is quicker at it, and a short line alone leaves most of the processor's registers empty.
        """
        found: dict[int, Line] = {}
        widths: dict[int, list[int]] = defaultdict(list)
        for index, picture in enumerate(strips):
            widths[bucket(picture.shape[1])].append(index)
        for canvas, alike in sorted(widths.items()):
            for some in _portions(alike, canvas):
                batch = batch_of([strips[index] for index in some])
                for index, odds in zip(some, self._network(batch), strict=True):
                    share = strips[index].shape[1] / canvas
                    found[index] = Line(tuple(self._letters(odds, odds.argmax(axis=1), share)))
        return [found[index] for index in range(len(strips))]

    def _letters(self, odds: Any, best: Any, share: float) -> list[Letter]:
        """Collapse repeated steps into characters, and set the spaces between them."""
        letters: list[Letter] = []
        end = -1
        index, steps = 0, len(best)
        while index < steps:
            chosen = int(best[index])
            start = index
            while index < steps and best[index] == chosen:
                index += 1
            if chosen == 0:
                continue
            peak = odds[start + int(odds[start:index, chosen].argmax())]
            chosen = self._plain(peak, chosen)
            text = self._characters[chosen]
            if letters and chosen != self._space and letters[-1].text != " " and start > end:
                gap = odds[end:start, self._space]
                if gap.size and gap.max() > _SPACE:
                    between = end + int(gap.argmax())
                    letters.append(Letter(" ", float(gap.max()), (between + 0.5) / steps / share))
            centre = (start + index) / 2 / steps / share
            letters.append(Letter(text, float(peak[chosen]), centre, self._others(peak, chosen)))
            end = index
        while letters and letters[-1].text == " ":
            letters.pop()
        while letters and letters[0].text == " ":
            letters.pop(0)
        return letters

    def _plain(self, odds: Any, chosen: int) -> int:
        """An accent on a capital is as often a speck: the letter without one wins when it is near."""
        plain = self._unaccented.get(chosen)
        return plain if plain is not None and odds[plain] > _NEAR * odds[chosen] else chosen

    def _others(self, odds: Any, chosen: int) -> tuple[tuple[str, float], ...]:
        """The next likeliest characters, for those that have look-alikes."""
        if self._characters[chosen] not in _LOOK_ALIKES or odds[chosen] > _CERTAIN:
            return ()
        likely = numpy.argpartition(-odds, _OTHERS)[:_OTHERS]
        return tuple(
            (self._characters[index], float(odds[index])) for index in likely if index not in (0, chosen)
        )


def _known(about: Mapping[str, str]) -> list[tuple[int, str]]:
    """The network's classes that are of use, as written here: 0 stands between characters, the last is the
    space.
    """
    names = about["character"].splitlines()
    kept = [(index, folded(name)) for index, name in enumerate(names, start=1)]
    return [(0, ""), *((index, name) for index, name in kept if name is not None), (len(names) + 1, " ")]


def strip(crop: Any) -> Any:
    """The picture of a line at the network's height, as bytes."""
    height, width = crop.shape[:2]
    wide = _fitted(min(max(math.ceil(width * _HEIGHT / height), _LEAST), _WIDEST))
    return cv2.resize(crop, (wide, _HEIGHT), interpolation=_SMALLER if height > _HEIGHT else _LARGER)


def batch_of(strips: Sequence[Any]) -> Any:
    """What the network is given: strips of one `bucket`, each at the left of its canvas."""
    canvas = max(bucket(picture.shape[1]) for picture in strips)
    batch = numpy.zeros((len(strips), 3, _HEIGHT, canvas), dtype=numpy.float32)
    for place, picture in zip(batch, strips, strict=True):
        place[:, :, : picture.shape[1]] = (picture.astype(numpy.float32) / 127.5 - 1.0).transpose(2, 0, 1)
    return batch


def _portions(lines: Sequence[int], canvas: int) -> Iterator[Sequence[int]]:
    """As many at once as are worth it; powers of two, as each number of lines is a shape of its own."""
    at_once = 1
    while at_once < _MOST_LINES and 2 * at_once * canvas <= _WORTH:
        at_once *= 2
    start = 0
    while start < len(lines):
        while at_once > len(lines) - start:
            at_once //= 2
        yield lines[start : start + at_once]
        start += at_once


def _fitted(width: int) -> int:
    """The width a line is drawn at: its own, or that of the canvas it is only a little too long for."""
    pressed = bucket(int(width / _SQUEEZED))
    return width if pressed == bucket(width) else pressed


def bucket(width: int) -> int:
    """The canvas a line of `width` pixels is read on."""
    step = _BUCKET if width <= _WIDE else 4 * _BUCKET
    return math.ceil(width / step) * step
