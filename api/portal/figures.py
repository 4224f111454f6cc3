"""Measures as pages show them: the value as text, what it means, and where its rows are. One registry
(``ticketos.domain.measures``, with its words in ``measures.toml``) stands behind every tile."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from babel.dates import format_date

from api.portal.catalogue import Texts
from api.portal.formats import Formats
from api.portal.listing import address
from api.portal.parts import About, Tile
from schemas.watch import MeasureRow, MeasuresView
from ticketos.domain import measures
from ticketos.domain.measures import BY_KEY, Grain, Measure, Value, added, value_of

_FINE = frozenset({"accuracy", "ai_accuracy", "quality_score"})


def about(key: str, f: Formats, at: datetime) -> About:
    """What a figure means, where it is from and when it was counted."""
    t, target = f.texts, ""
    if (measure := BY_KEY.get(key)) is not None and measure.target is not None:
        target = t("measures.target_is", target=f.percent(measure.target))
    return About(
        t("measures.about", name=t(f"measures.{key}.name")),
        t(f"measures.{key}.means"),
        t("measures.source_is", source=t(f"measures.{key}.source")),
        t("measures.fresh", at=f.full_text(at)),
        target,
    )


def shown(measure: Measure, found: Value, f: Formats) -> str:
    """The value as text, a dash where there is none."""
    if found.value is None:
        return "–"
    if measure.unit == "count":
        return f.number(found.part)
    if measure.unit == "share":
        return f.percent(found.value, 2 if measure.key in _FINE else 1)
    if measure.unit == "seconds":
        return f.effort(timedelta(seconds=float(found.value)))
    return f.number(round(found.value, 1))


class Figures:
    """The measures of a view by period and group, and of its whole span."""

    def __init__(self, view: MeasuresView) -> None:
        self.view = view
        self._rows = {(one.measure, one.period, one.group): one for one in view.rows}

    def row(self, key: str, period: str) -> MeasureRow | None:
        """The measure of a period, of all groups together."""
        return self._rows.get((key, period, None))

    def values(self, key: str) -> list[Decimal | int | None]:
        """The measure period by period, for a chart: counts are nought where nothing was counted."""
        counts = BY_KEY[key].unit == "count"
        found = [self.row(key, period) for period in self.view.periods]
        if counts:
            return [one.part if one else 0 for one in found]
        return [one.value if one else None for one in found]

    def bounds(self, key: str) -> tuple[list[Decimal | int | None], list[Decimal | int | None]]:
        """Lower and upper bounds of the interval, period by period."""
        found = [self.row(key, period) for period in self.view.periods]
        return [one.low if one else None for one in found], [one.high if one else None for one in found]

    def total(self, key: str, group: str | None = None) -> Value:
        """The measure of the whole span, of a group or of all together; computed from the sums."""
        measure = BY_KEY[key]
        parts = [
            {measure.part: one.part} | ({measure.whole: one.whole} if measure.whole else {})
            for period in self.view.periods
            if (one := self._rows.get((key, period, group))) is not None
        ]
        return value_of(measure, added(*parts))

    def knows(self, key: str) -> bool:
        """Whether the viewer is given this measure."""
        return any(one.measure == key for one in self.view.definitions)

    def groups(self) -> list[tuple[str | None, str]]:
        """Groups and what they are called, by name, those without one last."""
        named = {one.group: one.name for one in self.view.rows}
        return sorted(named.items(), key=lambda one: (one[0] is None, one[1].casefold()))

    def days(self) -> tuple[str, str]:
        """First and last day of the whole span."""
        first = first_of(self.view.periods[0])
        return first.isoformat(), last_of(self.view.periods[-1], self.view.grain).isoformat()


def first_of(period: str) -> date:
    """The first day of a period as the API names it."""
    if "W" in period:
        year, week = period.split("-W")
        return date.fromisocalendar(int(year), int(week), 1)
    return date.fromisoformat(period if len(period) > 7 else f"{period}-01")


def last_of(period: str, grain: str) -> date:
    """Its last day."""
    known: Grain = "week" if grain == "week" else "day" if grain == "day" else "month"
    return measures.after(first_of(period), known) - timedelta(days=1)


def period_name(period: str, f: Formats) -> str:
    """A period as charts write it."""
    if "W" in period:
        year, week = period.split("-W")
        return f.texts("insights.week_of", n=int(week), year=year)
    if len(period) == 7:
        return f.month(period)
    return format_date(first_of(period), "d MMM", locale=f.texts.locale)


def group_name(t: Texts, by: str, group: str | None, name: str) -> str:
    """What a group is called."""
    if group is None:
        return t("measures.group_none")
    return (
        t.word({"team": "skill"}.get(by, by), group) if by in ("team", "clock", "channel") else name or group
    )


def rows_address(key: str, client: str, since: str, until: str, **more: object) -> str:
    """The list of the rows that a measure counts in these days."""
    return address(
        "/insights/rows", {"measure": key, "client": client, "since": since, "until": until, **more}
    )


def tile(key: str, figures: Figures, f: Formats, client: str = "", note: str = "") -> Tile:
    """A measure of the whole span as a tile that leads to its rows."""
    measure, found = BY_KEY[key], figures.total(key)
    if not note and measure.whole and measure.unit in ("share", "per_1000"):
        note = f.texts("insights.of", met=f.number(found.part), n=f.number(found.whole))
    if found.low is not None and found.high is not None:
        note = f.texts("overview.accuracy_note", low=f.percent(found.low, 2), high=f.percent(found.high, 2))
    return Tile(
        f.texts(f"measures.{key}.name"),
        shown(measure, found, f),
        rows_address(key, client, *figures.days()),
        note,
        "warn" if found.meets is False else "neutral",
        about(key, f, figures.view.at),
    )
