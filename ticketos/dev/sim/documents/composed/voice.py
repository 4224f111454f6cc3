"""How one maker writes: its words, and its way with dates, times, numbers and money."""

from __future__ import annotations

import datetime as dt
import functools
from decimal import Decimal

from babel import Locale
from babel.dates import format_date

from ticketos.dev.sim.documents.composed.drawing import Runs
from ticketos.dev.sim.documents.composed.hand import Hand
from ticketos.dev.sim.documents.composed.markets import TAX_WORDS, VAT_WORDS, Market, TaxKind, Tongue
from ticketos.dev.sim.documents.composed.phrases import NUMBER_WORDS, PHRASES

_TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%H:%M", "%H:%M:%S", "%I:%M%p", "%H.%M")


@functools.cache
def _locale(tongue: Tongue, country: str) -> Locale:
    return (
        Locale.parse(f"{tongue}_{country}") if tongue in ("en", "de") and country != "MY" else Locale(tongue)
    )


class Voice:
    """A maker's words and formats on one kind of paper."""

    def __init__(
        self, hand: Hand, market: Market, tongue: Tongue, tax: TaxKind, kind: str, signs: frozenset[str]
    ) -> None:
        self.hand, self.market, self.tongue, self.kind = hand, market, tongue, kind
        words = VAT_WORDS[tongue] if tax == "vat" or tongue != "en" else TAX_WORDS[tax]
        self.tax = hand.pick("word.tax", words)
        printable = [sign for sign in market.signs if all(char in signs for char in sign)]
        self.sign = hand.pick("money.sign", printable)
        self.groups = hand.pick("money.groups", market.groups)
        # Foreign papers in English keep the marks of their country or take those of the language.
        self.point = market.point
        if tongue == "en" and market.point == "," and hand.chance("money.english", 0.5):
            self.point, self.groups = ".", ","
        self.pattern = hand.pick("date.pattern", market.dates)
        if tongue == "en" and " 'de' " in self.pattern:
            self.pattern = "dd/MM/yyyy"
        self.clock = hand.pick("date.clock", _TIMES)
        self.shout = hand.chance("word.shout", 0.35 if kind == "receipt" else 0.08)

    def label(self, key: str, turn: str = "", **values: object) -> str:
        """The maker's wording of a key, its own for the kind of paper first; another `turn`, another choice."""
        words = PHRASES[self.tongue]
        named = f"{key}.{self.kind}"
        if named not in words and self.kind not in ("invoice", "receipt") and f"{key}.other" in words:
            named = f"{key}.other"
        key = named if named in words else key
        text = self.hand.pick(f"word.{key}{turn}", words[key])
        text = text.replace("{no}", self.hand.pick("word.no", NUMBER_WORDS[self.tongue]))
        if self.tongue == "de":
            text = text.replace(" -N", "-N").replace("Rechnungs Nr", "Rechnungs-Nr")
        filled = text.format(
            **{
                "tax": self.tax,
                "cur": self.sign or self.market.currency,
                "code": self.market.currency,
                "rate": "",
                **values,
            }
        )
        return filled.upper() if self.shout else filled

    @functools.cached_property
    def colon(self) -> str:
        """What stands between a label and its value."""
        options = (
            (":", ":", ":", " :", "", ".:", " -") if self.kind == "receipt" else (":", ":", ":", " :", "")
        )
        return self.hand.pick("word.colon", options)

    def number(self, value: Decimal, places: int) -> str:
        """A number with the maker's marks and the given decimals."""
        text = f"{abs(value):.{places}f}"
        whole, _, cents = text.partition(".")
        if self.groups and len(whole) > 3:
            head, tail = whole[:-3], whole[-3:]
            step = 2 if self.groups == "lakh" else 3
            parts: list[str] = []
            while len(head) > step:
                parts.insert(0, head[-step:])
                head = head[:-step]
            whole = ("," if self.groups == "lakh" else self.groups).join([head, *parts, tail])
        return ("-" if value < 0 else "") + whole + (self.point + cents if cents else "")

    def amount(self, value: Decimal) -> str:
        """Money without a currency."""
        return self.number(value, 2)

    def short(self, value: Decimal) -> str:
        """A quantity or rate without needless zeros."""
        text = f"{value.normalize():f}"
        return self.number(value, len(text.partition(".")[2]))

    def money(self, value: Decimal, mark: str | None, where: str = "total") -> Runs:
        """Money as this maker shows it at a place: bare, with sign before or behind, close or apart."""
        behind = self.market.point == "," and self.tongue != "en"
        manner = self.hand.pick(
            f"money.{where}",
            ("after", "after", "after", "before", "bare")
            if behind
            else ("before", "before", "bare", "close", "close", "after" if self.sign.isalpha() else "close"),
        )
        run = (self.amount(value), mark)
        if manner == "bare" or not self.sign:
            return [run]
        if manner == "after":
            return [run, (" ", None), (self.sign, "currency")]
        return [(self.sign, "currency"), (" " if manner == "before" else "", None), run]

    def date(self, value: dt.date) -> str:
        """A date in the maker's pattern."""
        text = format_date(value, self.pattern, locale=_locale(self.tongue, self.market.code))
        return text.upper() if "MMM" in self.pattern and self.hand.chance("date.upper", 0.4) else text

    def time(self, value: dt.time) -> str:
        """A time of day."""
        return value.strftime(self.clock)
