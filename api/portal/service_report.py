"""The report of a client's month in the catalogue's words: the figures of Insights, their charts, and what is open. The API
reads it (``api.v1.service_reports``); here it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from api.portal import calm
from api.portal.catalogue import Texts
from api.portal.charts import Chart
from api.portal.figures import Figures, group_name, shown
from api.portal.formats import Formats
from api.portal.insight_charts import charts
from api.v1.service_reports import Read
from schemas.watch import CountedRow
from ticketos.domain.measures import BY_KEY, Measure, Value, value_of
from ticketos.reports.printed import Drawn, Report, Table

FIGURES = (
    *(
        "requests",
        "resolved",
        "contained",
        "first_contact",
        "documents",
        "delivered",
        "kept_first_response",
        "kept_turnaround",
    ),
    *("accuracy", "quality_score", "defects", "escapes", "escalated", "repeated", "csat", "ces", "nps"),
)
AI = ("involvement", "resolution", "automation", "straight_through", "ai_accuracy")
BY_LINE = ("requests", "delivered", "kept_turnaround", "accuracy", "automation", "escalated")
BY_CLOCK = ("kept_first_response", "kept_turnaround")


def composed(r: Read) -> Report:
    """The report in the catalogue's words."""
    t = Texts()
    f = Formats(t, ZoneInfo(r.plain.zone), r.plain.at)
    figures = Figures(r.plain)
    drawn = [_drawn(one, t) for one in charts(figures, f, "", staff=False, judges=False) if any_of(one)]
    return Report(
        t("report.title"),
        t("report.of", client=r.company, month=f.month(r.month)),
        t("report.made", at=f.full_text(f.now), zone=r.plain.zone),
        [
            _figures(figures, f, FIGURES, t("report.figures")),
            _figures(figures, f, AI, t("report.ai"), t("report.ai_note")),
            _clocks(figures, f),
            _lines(Figures(r.lines), f),
            _rows(t("report.escalated"), r.escalated, f, t("report.escalated_none")),
            _rows(t("report.returned"), r.returned, f, t("report.returned_none")),
            _cost(r, f),
            _waits(r, f),
            _open(r, f),
            *drawn,
            _meaning(t),
        ],
        (t("report.page"), t("report.page_of")),
        t.language,
    )


def any_of(chart: Chart) -> bool:
    """Whether there is anything to draw."""
    return any(value for one in chart.series for value in one.values)


def _drawn(one: Chart, t: Texts) -> Drawn:
    lines = [
        [label, *(one.cell(series.values[at]) for series in one.series)]
        for at, label in enumerate(one.labels)
    ]
    names = [series.name for series in one.series]
    return Drawn(
        one.title, str(replace(one, links=()).svg), [one.first, *names], lines, names if one.legend else ()
    )


def _of(figures: Figures, key: str, period: str) -> Value:
    row, measure = figures.row(key, period), BY_KEY[key]
    return value_of(measure, {measure.part: row.part, measure.whole: row.whole} if row else {})


def _told(measure: Measure, found: Value, f: Formats) -> str:
    value = shown(measure, found, f)
    if found.low is None or found.high is None:
        return value
    return f"{value} ({f.percent(found.low, 2)} – {f.percent(found.high, 2)})"


def _figures(figures: Figures, f: Formats, keys: Sequence[str], title: str, note: str = "") -> Table:
    t, (before, this) = f.texts, figures.view.periods[-2:]
    lines = []
    for key in keys:
        measure, found = BY_KEY[key], _of(figures, key, this)
        counted = f"{f.number(found.part)} / {f.number(found.whole)}" if found.whole else "–"
        if measure.unit in ("mean", "points"):
            counted = f.number(found.whole)
        target = "–"
        if measure.target is not None:
            target = f.percent(measure.target)
            if found.meets is not None:
                target = t("report.reached" if found.meets else "report.missed", target=target)
        name = t(f"measures.{key}.name")
        lines.append(
            [name, _told(measure, found, f), _told(measure, _of(figures, key, before), f), counted, target]
        )
    head = [t("report.figure"), f.month(this), f.month(before), t("report.counted"), t("report.target")]
    return Table(title, head, lines, note=note, numbers=1)


def _clocks(figures: Figures, f: Formats) -> Table:
    t, this = f.texts, figures.view.periods[-1]
    lines = []
    for key in BY_CLOCK:
        found = _of(figures, key, this)
        counted = t("insights.of", met=f.number(found.part), n=f.number(found.whole))
        lines.append([t.word("clock", key.removeprefix("kept_")), shown(BY_KEY[key], found, f), counted])
    head = [t("report.clock"), t("report.kept"), t("report.ended")]
    return Table(t("report.clocks"), head, lines, numbers=1)


def _lines(figures: Figures, f: Formats) -> Table:
    t = f.texts
    lines = [
        [
            group_name(t, "line", group, name),
            *(shown(BY_KEY[key], figures.total(key, group), f) for key in BY_LINE),
        ]
        for group, name in figures.groups()
    ]
    head = [t("report.line"), *(t(f"measures.{key}.name") for key in BY_LINE)]
    return Table(t("report.lines"), head, lines, t("report.none"), numbers=1)


def _rows(title: str, rows: Sequence[CountedRow], f: Formats, empty: str) -> Table:
    t = f.texts
    lines = [[one.number, one.subject, one.filename or "", f.full_text(one.at)] for one in rows]
    head = [t("report.request"), t("report.subject"), t("report.document"), t("report.when")]
    return Table(title, head, lines, empty)


def _cost(r: Read, f: Formats) -> Table:
    t = f.texts
    lines = [
        [one.currency, f.money(one.net, one.currency), f.money(one.total, one.currency), f.number(one.papers)]
        for one in r.plain.cost
        if one.month == r.month
    ]
    head = [t("report.currency"), t("report.net"), t("report.total"), t("report.papers")]
    return Table(t("report.cost"), head, lines, t("report.cost_none"), numbers=1)


def _waits(r: Read, f: Formats) -> Table:
    t = f.texts
    lines = [[one["number"], one["subject"], f.full_text(one["offered_at"])] for one in r.waits]
    head = [t("report.request"), t("report.subject"), t("report.offered")]
    return Table(t("report.waits"), head, lines, t("report.waits_none"))


def _open(r: Read, f: Formats) -> Table:
    t = f.texts
    lines = [
        [
            one["number"],
            one["subject"],
            calm.status(one, t).text,
            f.full_text(one["due_at"]) if one["due_at"] else "–",
        ]
        for one in r.open
    ]
    note = t("report.open_note", at=f.full_text(f.now), n=f.number(Decimal(r.open_now)))
    head = [t("report.request"), t("report.subject"), t("report.state"), t("report.due")]
    return Table(t("report.open"), head, lines, t("report.open_none"), note)


def _meaning(t: Texts) -> Table:
    lines = [
        [t(f"measures.{key}.name"), t(f"measures.{key}.means"), t(f"measures.{key}.source")]
        for key in (*FIGURES, *AI)
    ]
    return Table(t("report.meaning"), [t("report.figure"), t("report.means"), t("report.source")], lines)
