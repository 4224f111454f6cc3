"""From a line as read to its words on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from ticketos.ai.ocr.page import Word, fraction
from ticketos.ai.ocr.recognise import Letter, Line
from ticketos.ai.ocr.settle import settled
from ticketos.ai.ocr.shapes import Quad

_SUREST = 0.985


def line_words(line: Line, quad: Quad, slope: float, size: tuple[int, int]) -> list[Word]:
    """The words of a line within its corners, straightened by the page's `slope` (rise over run)."""
    left = min(quad[0][0], quad[3][0])
    right = max(quad[1][0], quad[2][0])
    height = max((quad[3][1] - quad[0][1] + quad[2][1] - quad[1][1]) / 2, 1.0)
    start_y = (quad[0][1] + quad[3][1]) / 2
    width = max(right - left, 1.0)
    rise = ((quad[1][1] + quad[2][1]) / 2 - start_y) / width
    words = []
    for letters, start, end in _parts(settled(line.letters)):
        x0, x1 = left + width * start, left + width * end
        middle = start_y + rise * ((x0 + x1) / 2 - left)
        level = middle - slope * (x0 + x1) / 2
        box = fraction(x0, middle - height / 2, x1, middle + height / 2, *size)
        text = "".join(letter.text for letter in letters)
        words.append(Word(text, x0, level - height / 2, x1, level + height / 2, box, _confidence(letters)))
    return words


def _parts(letters: Sequence[Letter]) -> list[tuple[list[Letter], float, float]]:
    """Letters between spaces, with where they begin and end as fractions of the line."""
    runs: list[list[Letter]] = [[]]
    for letter in letters:
        if letter.text == " ":
            runs.append([])
        else:
            runs[-1].append(letter)
    runs = [run for run in runs if run]
    pitch = _pitch(letters)
    found = []
    for index, run in enumerate(runs):
        start, end = run[0].centre - pitch / 2, run[-1].centre + pitch / 2
        if index:
            start = max(start, (runs[index - 1][-1].centre + run[0].centre) / 2)
        if index + 1 < len(runs):
            end = min(end, (run[-1].centre + runs[index + 1][0].centre) / 2)
        found.append((run, max(start, 0.0), min(end, 1.0)))
    return found


def _pitch(letters: Sequence[Letter]) -> float:
    """The usual distance between neighbouring letters; a lone letter takes half the line."""
    gaps = sorted(
        after.centre - before.centre
        for before, after in pairwise(letters)
        if " " not in (before.text, after.text)
    )
    return gaps[len(gaps) // 2] if gaps else 0.5


def _confidence(letters: Sequence[Letter]) -> float:
    """The probability that all the letters are right."""
    together = math.prod(letter.probability for letter in letters)
    return min(max(together, 0.05), _SUREST)
