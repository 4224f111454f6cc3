"""Which of the recogniser's characters a business document in a Latin script can hold, and as what we write
them.

The network knows 18,000 characters, most of them Chinese; on a smudged receipt it takes a row of stars for
them, or the x of "Tax" for a multiplication sign. A reading is therefore made among the folded characters here,
unless a line is plainly in another script (`foreign`).
"""

from __future__ import annotations

import unicodedata

_SYMBOLS = "€£¥₹¢§©®°±²³µ·¹º»¼½¾¿«ª¡•…†‰№™"
# What a printer sets and a person types as the same thing.
_AS_TYPED = str.maketrans(
    {
        "×": "x", "✕": "x", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "―": "-",
        "‘": "'", "’": "'", "‚": "'", "´": "'", "`": "'", "“": '"', "”": '"', "„": '"',
        "。": ".", "、": ",", "・": "·", "【": "[", "】": "]", "「": '"', "」": '"', "～": "~", "￥": "¥",
    }
)  # fmt: skip
# Letters of European alphabets beyond Latin-1; the phonetic and dotless ones are never what was printed.
_EXTENDED = set("ĀāĂăĄąĆćČčĎďĐđĒēĖėĘęĚěĞğĢģĪīĮįİĶķĹĺĻļĽľŁłŃńŅņŇňŌōŐőŒœŔŕŘřŚśŞşŠšŢţŤťŪūŮůŰűŲųŴŵŶŷŸŹźŻżŽž")


def folded(character: str) -> str | None:
    """The character as written here, or None for one that Latin documents do not hold."""
    typed = unicodedata.normalize("NFKC", character.translate(_AS_TYPED)).translate(_AS_TYPED)
    if len(typed) == 1 and (
        " " <= typed <= "~" or "À" <= typed <= "ÿ" or typed in _EXTENDED or typed in _SYMBOLS
    ):
        return typed
    return None
