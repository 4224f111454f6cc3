"""Amounts, dates and numbers as people print them, read into decimal strings and ISO dates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal

DayOrder = Literal["dmy", "mdy"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A number at characters start to end. `money` is false for a bare integer, `percent` true before a %."""

    start: int
    end: int
    value: Decimal
    money: bool
    percent: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A date at characters start to end; `certain` is false when day and month could be swapped."""

    start: int
    end: int
    value: date
    certain: bool


_CURRENCIES = {
    "₹": "INR", "rs": "INR", "rs.": "INR", "inr": "INR", "€": "EUR", "eur": "EUR", "euro": "EUR",
    "£": "GBP", "gbp": "GBP", "$": "USD", "us$": "USD", "usd": "USD", "rm": "MYR", "myr": "MYR",
    "chf": "CHF", "aed": "AED", "sgd": "SGD", "s$": "SGD", "aud": "AUD", "a$": "AUD", "cad": "CAD",
    "c$": "CAD", "¥": "JPY", "jpy": "JPY", "cny": "CNY", "hkd": "HKD", "nzd": "NZD", "sek": "SEK",
    "nok": "NOK", "dkk": "DKK", "pln": "PLN", "zł": "PLN", "czk": "CZK", "huf": "HUF", "zar": "ZAR",
    "php": "PHP", "₱": "PHP", "thb": "THB", "idr": "IDR", "sar": "SAR", "qar": "QAR", "kes": "KES",
    "ngn": "NGN", "brl": "BRL", "mxn": "MXN",
}  # fmt: skip
_SYMBOL = (
    r"(?:₹|€|£|¥|₱|(?:US|S|A|C)?\$|R[sS]\.?|RM|(?:"
    + "|".join(code for code in _CURRENCIES if len(code) == 3 and code.isalpha())
    + r"))"
)
_SPACE = "\u00a0\u202f\u2009 "
_AMOUNT = re.compile(
    rf"(?P<sign>[-−–(]\s?)?(?P<before>{_SYMBOL}\s?)?(?P<sign2>[-−–]\s?)?"
    rf"(?P<digits>\d{{1,3}}(?:[.,'’{_SPACE}]\d{{2,3}})*[.,'’{_SPACE}]\d{{3}}(?:[.,]\d{{1,4}})?(?!\d)"
    rf"|\d+[.,]\d{{1,6}}(?!\d)|\d+(?:[.,][-–—])?|[.,]\d{{2}}(?!\d))"
    rf"(?P<after>\s?(?:{_SYMBOL})(?![A-Za-z]))?(?P<percent>\s?%)?(?P<close>[-−]?(?=\s|$)|\))?",
    re.IGNORECASE,
)
_CURRENCY = re.compile(rf"(?<![A-Za-z])({_SYMBOL}|euro|zł)(?![A-Za-z])", re.IGNORECASE)


def amounts(text: str) -> list[Amount]:
    """Every number in the text that could be an amount; parts of dates and identifiers are left out."""
    return list(_amounts(text))


@lru_cache(maxsize=4096)
def _amounts(text: str) -> tuple[Amount, ...]:
    if not any(map(str.isdigit, text)):
        return ()
    found = []
    for match in _AMOUNT.finditer(text):
        start, end = match.span()
        body = match.start("before") if match["before"] else match.start("digits")
        if body > 0 and not match["sign"] and re.match(r"[\w/#.,]", text[body - 1]):
            continue
        if re.match(r"[\w/]|[.,:\-]\d", text[end:]):
            continue
        digits = match["digits"]
        value = _decimal(digits)
        if value is None:
            continue
        closing = match["close"] or ""
        opening = (match["sign"] or "").strip()
        negative = opening in ("-", "−", "–") or bool(match["sign2"]) or closing in ("-", "−")
        negative = negative or (opening == "(" and closing == ")")
        money = bool(match["before"] or match["after"] or re.search(r"[.,]\d{2}$|[.,][-–—]$", digits))
        found.append(Amount(start, end, -value if negative else value, money, bool(match["percent"])))
    return tuple(found)


_NO_CENTS = re.compile(r"[.,][-–—]$")
_GROUPED = re.compile(rf"['’{_SPACE}]")


def _decimal(digits: str) -> Decimal | None:
    """The last of two kinds of separator is the decimal one; a lone one before three digits groups."""
    text = _GROUPED.sub("", _NO_CENTS.sub("", digits))
    points, commas = text.count("."), text.count(",")
    if points and commas:
        mark = max(".", ",", key=text.rfind)
        if text.count(mark) > 1:
            return None
        text = text.replace("," if mark == "." else ".", "").replace(mark, ".")
    elif points + commas == 1:
        mark = "." if points else ","
        whole, rest = text.split(mark)
        grouping = len(rest) == 3 and whole not in ("", "0") and len(whole) <= 3
        text = whole + rest if grouping else f"{whole}.{rest}"
    elif points + commas > 1:
        mark = "." if points else ","
        groups = text.split(mark)
        # 1.234.567 groups, and so does the Indian 12,34,567; 1.23.4 is no number.
        if len(groups[-1]) != 3 or any(len(group) not in (2, 3) for group in groups[1:]):
            return None
        text = "".join(groups)
    return Decimal(text)


@lru_cache(maxsize=4096)
def currency_codes(text: str) -> tuple[str, ...]:
    """ISO codes of every currency sign or code in the text, in order. A bare $ counts as USD."""
    return tuple(_CURRENCIES[match[1].casefold()] for match in _CURRENCY.finditer(text))


_MONTHS: dict[str, int] = {}
for _names in (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jän febr mrz apr mai jun jul aug sept okt nov dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "gen feb mar apr mag giu lug ago set ott nov dic",
):
    for _index, _name in enumerate(_names.split(), start=1):
        _MONTHS[_name] = _index
        _MONTHS["".join(c for c in unicodedata.normalize("NFKD", _name) if not unicodedata.combining(c))] = (
            _index
        )
_MONTH = "(" + "|".join(sorted(map(re.escape, _MONTHS), key=len, reverse=True)) + r")\.?"
# A reader may lose the space before a time: 14/03/20185:57, 04-05-1812:50.
_YEAR = r"((?:19|20)\d{2}|\d{2})"
_ENDS = r"(?:(?![\d/]|[.,-]\d)|(?=\d{1,2}:\d{2}))"
_DATES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ymd", re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:(?!\d)|(?=\d{1,2}:\d{2}))")),
    ("num", re.compile(rf"(?<![\d.,/])(\d{{1,2}})\s?([-/.])\s?(\d{{1,2}})\s?\2\s?{_YEAR}{_ENDS}")),
    (
        "dMy",
        re.compile(
            rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|er|\.|º|°)?[\s\-/.,]*(?:of\s+|de\s+|d['’]\s?)?{_MONTH}"
            rf"[\s\-/.,'’]*(?:de(?:l)?\s+)?{_YEAR}(?:(?!\d)|(?=\d{{1,2}}:\d{{2}}))",
            re.IGNORECASE,
        ),
    ),
    (
        "Mdy",
        re.compile(
            rf"(?<![A-Za-z]){_MONTH}[\s\-/.]*(\d{{1,2}})(?:st|nd|rd|th)?(?:\s?,\s?|[\s\-/.]+)(\d{{4}})(?!\d)",
            re.IGNORECASE,
        ),
    ),
)


_FEWEST_DIGITS_OF_A_DAY = 3


def days(text: str, order: DayOrder = "dmy") -> list[Day]:
    """Every date in the text. `order` decides only where day and month could be swapped."""
    return list(_days(text, order))


@lru_cache(maxsize=4096)
def _days(text: str, order: DayOrder) -> tuple[Day, ...]:
    found: list[Day] = []
    if sum(map(str.isdigit, text)) < _FEWEST_DIGITS_OF_A_DAY:
        return ()
    for shape, pattern in _DATES:
        for match in pattern.finditer(text):
            if any(match.start() < day.end and day.start < match.end() for day in found):
                continue
            day = _day(shape, match, order)
            if day:
                found.append(day)
    return tuple(sorted(found, key=lambda day: day.start))


_TORN: tuple[re.Pattern[str], ...] = (
    re.compile(rf"(?<![\d.,/\-])(\d{{1,2}})()[-/.](\d{{1,2}})[-/.,:]{_YEAR}{_ENDS}"),
    re.compile(rf"(?<![\d.,/\-])(\d{{2}})()\s?(\d{{2}})[-/]{_YEAR}{_ENDS}"),
    re.compile(r"(?<![\d.,/\-])(\d{2})()[-/\s](\d{2})((?:19|20)\d{2})(?!\d)"),
    re.compile(r"(?<![\d.,/\-])(\d{2})()(\d{2})((?:19|20)\d{2})(?!\d)"),
)
_COMPACT = re.compile(r"(?<![\d.,/\-])((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)")
_LOOKS_LIKE = str.maketrans("OoQDIl|SsBZ", "00001115582")


def torn_days(text: str, order: DayOrder = "dmy") -> list[Day]:
    """Dates whose marks or digits a reader of pictures lost: 2504/2017, 0502-18, l4/03/2O18; none is certain."""
    if sum(map(str.isdigit, text)) < 4:
        return []
    straight = re.sub(r"\S*\d\S*", lambda it: it[0].translate(_LOOKS_LIKE), text)
    found = [
        day for day in _days(straight, order) if straight[day.start : day.end] != text[day.start : day.end]
    ]
    matches = [
        (match, _day("num", match, order)) for pattern in _TORN for match in pattern.finditer(straight)
    ]
    matches += [(match, _day("ymd", match, order)) for match in _COMPACT.finditer(straight)]
    whole = _days(text, order)
    for match, day in matches:
        free = all(match.end() <= it.start or it.end <= match.start() for it in (*whole, *found))
        if day is not None and free and 1990 <= day.value.year <= 2049:
            found.append(day)
    return [Day(it.start, it.end, it.value, False) for it in found]


def _day(shape: str, match: re.Match[str], order: DayOrder) -> Day | None:
    certain = True
    if shape == "ymd":
        year, month, day = (int(part) for part in match.groups())
    elif shape == "num":
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        # A point between the parts is never used month first.
        month_first = second > 12 or (order == "mdy" and match[2] != "." and first <= 12)
        certain = first == second or first > 12 or second > 12 or match[2] == "."
        month, day = (first, second) if month_first else (second, first)
    else:
        name = match[2] if shape == "dMy" else match[1]
        month = _MONTHS[name.lower()]
        day, year = int(match[1] if shape == "dMy" else match[2]), int(match[3])
    if year < 100:
        year += 2000 if year < 70 else 1900
    try:
        return Day(match.start(), match.end(), date(year, month, day), certain)
    except ValueError:
        return None


def day_order(texts: Iterable[str], american: bool) -> DayOrder:
    """Month first only if some date of the document can be read no other way, or the paper is American."""
    first_over, second_over = 0, 0
    for text in texts:
        for match in _DATES[1][1].finditer(text):
            first_over += int(match[1]) > 12
            second_over += int(match[3]) > 12
    if first_over != second_over:
        return "dmy" if first_over > second_over else "mdy"
    return "mdy" if american else "dmy"


_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9/\-_.#]*[A-Za-z0-9]|[A-Za-z0-9]")


def identifiers(text: str) -> list[tuple[int, int, str]]:
    """Tokens that can be a document's number: letters and marks, but at least one digit."""
    return [
        (match.start(), match.end(), match[0])
        for match in _IDENTIFIER.finditer(text)
        if any(c.isdigit() for c in match[0])
    ]


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Lower case without accents, character for character, so that positions stay the same."""
    if text.isascii():
        return text.lower()
    return "".join(_fold_character(character) for character in text)


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)[:1].lower()
    return base if len(base) == 1 else character
