"""Look-alikes settled by their neighbours: the 0 of INV0ICE is an O, the O of 2O26 is a zero.

A change is made only where the recogniser itself saw the other reading as possible, and never in a mix of letters
and digits such as an article number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ticketos.ai.ocr.recognise import Letter

# How likely the other reading must have been, as a fraction of the one that won.
_POSSIBLE = 0.01
_AS_LETTER = {
    "0": "Oo",
    "1": "Ili",
    "5": "Ss",
    "8": "B",
    "6": "Gb",
    "2": "Zz",
    "!": "Il",
    "|": "Il",
    "]": "Il",
}
_AS_DIGIT = {
    "O": "0",
    "o": "0",
    "I": "1",
    "l": "1",
    "i": "1",
    "|": "1",
    "S": "5",
    "s": "5",
    "B": "8",
    "Z": "2",
    "G": "6",
}
_PART_OF_WORD = frozenset("!|]")


def settled(letters: Sequence[Letter]) -> tuple[Letter, ...]:
    """The letters of a line, odd ones out in a word or a figure read as their look-alikes."""
    found = list(letters)
    for start, end in _tokens(letters):
        token = letters[start:end]
        alphabetic = sum(letter.text.isalpha() for letter in token)
        digits = sum(letter.text.isdigit() for letter in token)
        odd = len(token) - max(alphabetic, digits)
        if not odd or odd > max(1, len(token) // 4) or len(token) < 3:
            continue
        likes = _AS_LETTER if alphabetic > digits else _AS_DIGIT
        for index in range(start, end):
            found[index] = _settled(letters[index], likes)
    return tuple(found)


def _settled(letter: Letter, likes: dict[str, str]) -> Letter:
    wanted = likes.get(letter.text, "")
    possible = [(odds, text) for text, odds in letter.others if text in wanted and text]
    odds, text = max(possible, default=(0.0, ""))
    if not text or odds < _POSSIBLE * letter.probability:
        return letter
    return replace(letter, text=text, probability=max(odds, letter.probability / 2))


def _tokens(letters: Sequence[Letter]) -> Iterator[tuple[int, int]]:
    """Runs of letters and digits; a bar or exclamation mark between two of them belongs to the run."""
    start = None
    for index, letter in enumerate(letters):
        inside = letter.text.isalnum() or (
            letter.text in _PART_OF_WORD
            and start is not None
            and index + 1 < len(letters)
            and letters[index + 1].text.isalpha()
        )
        if inside and start is None:
            start = index
        elif not inside and start is not None:
            yield start, index
            start = None
    if start is not None:
        yield start, len(letters)
