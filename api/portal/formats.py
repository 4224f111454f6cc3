"""How values look: numbers in lakh grouping, money, dates in the viewer's zone, spans in words.

Everything here gives text or markup that says the same to a screen reader.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from markupsafe import Markup

from api.portal.catalogue import Texts

_ISO_DAY = re.compile(r"(?<![\w.-])\d{4}-\d{2}-\d{2}(?![\w-])")
_COUNTED = re.compile(r"(?<=\d )[A-Z][A-Z0-9]{1,2}\b")
"""A code of UN/ECE Recommendation 20 behind the number that it counts."""


class Formats:
    """The formats of one page: a locale, a zone and the present instant."""

    def __init__(self, texts: Texts, zone: ZoneInfo, now: datetime) -> None:
        self.texts, self.zone, self.now = texts, zone, now

    def number(self, value: object, digits: int | None = None) -> str:
        """A number with Indian grouping; what is no number stays as it is."""
        amount = decimal_of(value)
        if amount is None:
            return str(value)
        pattern = None if digits is None else "#,##,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(amount, format=pattern, locale=self.texts.locale)

    def money(self, value: object, currency: str) -> str:
        """An amount with its currency."""
        amount = decimal_of(value)
        return str(value) if amount is None else format_currency(amount, currency, locale=self.texts.locale)

    def amount(self, value: object, currency: str) -> str:
        """An amount as a paper has it: the currency's code before it, and at least as many decimals as it has."""
        amount = decimal_of(value)
        if amount is None:
            return str(value)
        digits = get_currency_precision(currency) if currency else 2
        least = "." + "0" * digits if digits else "."
        shown = format_decimal(amount, format=f"#,##,##0{least}####", locale=self.texts.locale)
        return f"{currency} {shown}".strip()

    def percent(self, value: object, digits: int = 1) -> str:
        """A share (0.998) as per cent."""
        share = decimal_of(value)
        if share is None:
            return "–"
        pattern = "#,##0." + "0" * digits + "%" if digits else "#,##0%"
        return format_percent(share, format=pattern, locale=self.texts.locale)

    def size(self, octets: int) -> str:
        """A file's size."""
        amount, unit = float(octets), "B"
        for unit in ("B", "kB", "MB", "GB"):
            if amount < 1_000 or unit == "GB":
                break
            amount /= 1_000
        return f"{self.number(Decimal(str(round(amount, 0 if unit == 'B' or amount >= 10 else 1))))} {unit}"

    def day(self, value: date | datetime | None, form: str = "d MMM yyyy") -> Markup | str:
        """A day, as a ``time`` element."""
        if value is None:
            return "–"
        shown = value.astimezone(self.zone).date() if isinstance(value, datetime) else value
        text = format_date(shown, form, locale=self.texts.locale)
        return Markup('<time datetime="{}">{}</time>').format(shown.isoformat(), text)

    def month(self, period: str) -> str:
        """A month written as 2026-11 by its name; anything else stays as it is."""
        try:
            return format_date(date.fromisoformat(f"{period}-01"), "MMM yyyy", locale=self.texts.locale)
        except ValueError:
            return period

    def period(self, text: str) -> Markup | str:
        """A day or a month as schedules name them (2026-11-22, 2026-11)."""
        try:
            return self.day(date.fromisoformat(text))
        except ValueError:
            return self.month(text)

    def said(self, text: object) -> str:
        """What a rule says in a sentence, with its days and units as people write them: ``issued 2026-11-01`` is *issued 1
        Nov 2026*, ``12 HUR`` is *12 hours*. What is kept stays as it is."""
        days = _ISO_DAY.sub(lambda found: self._iso(found[0]), str(text or ""))
        return _COUNTED.sub(lambda found: self.unit(found[0]), days)

    def value(self, name: str, text: object) -> str:
        """A value of a document: the day of a date, the unit of a code; any other as it was read."""
        last = name.rpartition(".")[2]
        shown = str(text or "")
        if last.endswith("_date"):
            return self._iso(shown)
        return self.unit(shown) if last == "unit" else shown

    def unit(self, code: object) -> str:
        """A unit's code in words (``KGM``: kilogram); words of a paper's own stay as they are."""
        key = f"words.unece.{code}"
        return self.texts(key) if code and self.texts.has(key) else str(code or "")

    def _iso(self, text: str) -> str:
        try:
            return format_date(date.fromisoformat(text), "d MMM yyyy", locale=self.texts.locale)
        except ValueError:
            return text

    def language(self, code: str) -> str:
        """What a language is called ("de": German); an unknown code stays as it is."""
        return str(self.texts.locale.languages.get(code, code)) if code else "–"

    def at(self, value: datetime | None) -> Markup | str:
        """An instant in the viewer's zone: the time alone when it was today, with the whole of it on asking."""
        if value is None:
            return "–"
        local, today = value.astimezone(self.zone), self.now.astimezone(self.zone).date()
        form = "HH:mm" if local.date() == today else "d MMM, HH:mm"
        if local.year != today.year:
            form = "d MMM yyyy, HH:mm"
        return self._time(value, format_datetime(local, form, locale=self.texts.locale))

    def full(self, value: datetime | None) -> Markup | str:
        """An instant with date, seconds and zone."""
        return "–" if value is None else self._time(value, self.full_text(value))

    def full_text(self, value: datetime) -> str:
        """The same as plain text."""
        local = value.astimezone(self.zone)
        return f"{format_datetime(local, 'd MMM yyyy, HH:mm:ss', locale=self.texts.locale)} {local.tzname()}"

    def short_text(self, value: datetime) -> str:
        """Day and minute as plain text, where there is little room; the year where it is not this one."""
        local, today = value.astimezone(self.zone), self.now.astimezone(self.zone).date()
        form = "d MMM, HH:mm" if local.year == today.year else "d MMM yyyy, HH:mm"
        return str(format_datetime(local, form, locale=self.texts.locale))

    def ago(self, value: datetime | None) -> Markup | str:
        """How long ago, with the instant itself on asking."""
        if value is None:
            return "–"
        past = self.now - value
        if past < timedelta(minutes=1):
            return self._time(value, self.texts("words.just_now"))
        return self._time(value, self.texts("words.ago", span=self.span(past)))

    def span(self, length: timedelta) -> str:
        """A span in its two largest units: ``2 d 4 h``, ``3 h 05 min``, ``12 min``, ``45 s``."""
        seconds = abs(round(length.total_seconds()))
        days, rest = divmod(seconds, 86_400)
        hours, rest = divmod(rest, 3_600)
        minutes, seconds = divmod(rest, 60)
        if days:
            return f"{self.number(days)} d {hours} h" if hours and days < 100 else f"{self.number(days)} d"
        if hours:
            return f"{hours} h {minutes:02d} min"
        return f"{minutes} min" if minutes else f"{seconds} s"

    def effort(self, length: timedelta) -> str:
        """How long hands were on something: ``0.4 s``, ``45 s``, ``3 min 05 s``, ``1 h 02 min``."""
        seconds = abs(length.total_seconds())
        if seconds < 10:
            return f"{self.number(round(seconds, 1))} s"
        minutes, rest = divmod(round(seconds), 60)
        return self.span(length) if minutes >= 60 or not minutes else f"{minutes} min {rest:02d} s"

    def _time(self, value: datetime, text: str) -> Markup:
        stamp = value.astimezone(UTC).isoformat(timespec="seconds")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, self.full_text(value), text)


def decimal_of(value: object) -> Decimal | None:
    """A finite number, or None."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
