"""Reading the picture of one line: which characters, how sure, and where each stands.

The network gives, for each step of eight pixels, a probability per character. Taking the likeliest is right for
letters but drops spaces (a narrow gap is a step or less), so those are looked for between the letters.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
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
_NARROWEST = 64
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
    """The recogniser with its characters; loading takes a quarter of a second, reading 10 to 50 ms a line."""

    def __init__(self) -> None:
        self._network, about = load("rec", lambda said: [index for index, _ in _known(said)])
        self._characters = [character for _, character in _known(about)]
        self._space = len(self._characters) - 1
        places = {character: index for index, character in enumerate(self._characters)}
        self._unaccented = {
            index: places[unicodedata.normalize("NFD", character)[0]]
            for index, character in enumerate(self._characters)
            if len(unicodedata.normalize("NFD", character)) > 1
        }

    def read(self, crop: Any) -> Line:
        """Read an upright BGR picture of one line."""
        batch, share = _batch(crop)
        odds = self._network(batch)[0]
        return Line(tuple(self._letters(odds, odds.argmax(axis=1), share)))

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


def _batch(crop: Any) -> tuple[Any, float]:
    """The picture at the network's height on a canvas of a bucket's width, and the share of it that is
    picture.
    """
    height, width = crop.shape[:2]
    wide = min(max(math.ceil(width * _HEIGHT / height), 16), _WIDEST)
    canvas = max(bucket(wide), _NARROWEST)
    scaled = cv2.resize(crop, (wide, _HEIGHT), interpolation=_SMALLER if height > _HEIGHT else _LARGER)
    batch = numpy.zeros((1, 3, _HEIGHT, canvas), dtype=numpy.float32)
    batch[0, :, :, :wide] = (scaled.astype(numpy.float32) / 127.5 - 1.0).transpose(2, 0, 1)
    return batch, wide / canvas


def bucket(width: int) -> int:
    """The canvas a line of `width` pixels is read on."""
    step = _BUCKET if width <= _WIDE else 4 * _BUCKET
    return math.ceil(width / step) * step
