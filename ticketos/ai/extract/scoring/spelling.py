"""Names and addresses as they must have been printed, where a reader of pictures left no doubt about it."""

from __future__ import annotations

import re
import unicodedata

from ticketos.ai.extract.find import Paper
from ticketos.ai.extract.scoring import vocabulary as says
from ticketos.ai.extract.values import currency_codes, fold

_SDN_BHD = re.compile(r"(?<![A-Za-z])(S[DOUB0]N|S[do0]n)([\s.]*)(B[HM][DO0]|B[hm][do0])(?![A-Za-z0-9])")
_S_B = re.compile(r"(?<=\s)[S5]/[B8D]\.?$")
_STREET = re.compile(r"(?<=\d)(?=(?:jalan|jln|lorong|taman|persiaran)(?![a-z]))", re.IGNORECASE)
_SHORTEST = 4
_CONTINENTAL = re.compile(
    r"(?<![a-z])(?:gmbh|gesmbh|mbh|ag|kg|ohg|og|gbr|ug|e\.? ?[kuv]|sarl|sas|sasu|eurl|snc"
    r"|s\.? ?[la]|s\.? ?r\.? ?l|s\.? ?p\.? ?a)(?![a-z])"
)
"""Forms of companies whose names have accents and umlauts of their own, in whatever language they write."""


def straight(text: str, paper: Paper) -> str:
    """The text of a picture with glued words parted and a form of company as such forms are written.

    English papers are told without the accents that specks leave on capitals. Text layers stay as they are.
    """
    if paper.pages[0].source != "ocr":
        return text
    if paper.language == "en":
        bare = text if _CONTINENTAL.search(fold(text)) or _euros(paper) else _without_accents(text)
        text = " ".join(_parted(token) for token in bare.split(" "))
    text = _SDN_BHD.sub(_form, text)
    return _STREET.sub(" ", _S_B.sub("S/B", text))


def _euros(paper: Paper) -> bool:
    return any("EUR" in currency_codes(cell.text) for row in paper.rows for cell in row.cells)


def _form(match: re.Match[str]) -> str:
    first, second = ("SDN", "BHD") if match[1].isupper() else ("Sdn", "Bhd")
    return f"{first}{match[2] or ' '}{second}"


def _without_accents(text: str) -> str:
    """Letters without accents, but for a last é: a café is one in English too."""
    return "".join(
        character if character == "é" and not text[index + 1 : index + 2].isalpha() else _bare(character)
        for index, character in enumerate(text)
    )


def _bare(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)[:1]
    return base if base.isascii() and base.isalpha() else character


def _parted(token: str) -> str:
    """Two words of trades that were run together, apart: STATIONERYSHOP."""
    folded = token.lower()
    if len(folded) < 2 * _SHORTEST or not folded.isalpha() or says.TRADE.fullmatch(folded):
        return token
    for cut in range(_SHORTEST, len(folded) - _SHORTEST + 1):
        if says.TRADE.fullmatch(folded[:cut]) and says.TRADE.fullmatch(folded[cut:]):
            return f"{token[:cut]} {token[cut:]}"
    return token
