"""The charts of how the work went, each with its table; a period leads to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from api.portal.charts import Chart, Interval, Series
from api.portal.figures import Figures, first_of, last_of, period_name, rows_address
from api.portal.formats import Formats
from api.portal.listing import address
from ticketos.domain.measures import BY_KEY

KINDS = ("first_response", "turnaround")
MOODS = ("positive", "neutral", "negative")
_AI = ("automation", "straight_through", "involvement")


def charts(figures: Figures, f: Formats, client: str, *, staff: bool, judges: bool) -> list[Chart]:
    """All of them; a period leads to the rows of what the chart draws first. ``staff`` sees the desk's list of requests,
    ``judges`` the checks of a month."""
    t, view = f.texts, figures.view
    names = [period_name(one, f) for one in view.periods]
    first = t(f"insights.{view.grain}")
    path, every = ("/tickets", {"state": "all"}) if staff else ("/requests", {"view": "all"})
    days = [(first_of(one).isoformat(), last_of(one, view.grain).isoformat()) for one in view.periods]
    requests = [
        address(path, {**every, "client": client, "since": since, "until": until}) for since, until in days
    ]

    def rows(key: str, **more: object) -> list[str]:
        return [rows_address(key, client, since, until, **more) for since, until in days]

    def percent(value: Decimal | int) -> str:
        return f.percent(value, 0 if value * 100 == int(value * 100) else 1)

    def of(title: str, keys: Sequence[str], *, lines: bool = False, target: Decimal | None = None) -> Chart:
        counts = BY_KEY[keys[0]].unit == "count"
        drawn = [Series(t(f"measures.{key}.name"), figures.values(key)) for key in keys]
        kind, show = "lines" if lines else "bars", f.number if counts else percent
        links = requests if keys[0] == "requests" else rows(keys[0])
        return Chart(t(title), names, drawn, kind, links, target, first, show)

    def counted(title: str, keys: Sequence[str]) -> Chart:
        drawn = [
            Series(
                t(f"measures.{key}.name"),
                [one.part if (one := figures.row(key, p)) else 0 for p in view.periods],
            )
            for key in keys
        ]
        return Chart(t(title), names, drawn, links=rows(keys[0], part="1"), first=first, show=f.number)

    low, high = figures.bounds("accuracy")
    made: list[Chart] = [
        of("insights.volume", ("requests", "documents", "delivered")),
        of("insights.promises", [f"kept_{kind}" for kind in KINDS], lines=True),
        Interval(
            t("insights.accuracy_chart"),
            names,
            [
                Series(t("measures.accuracy.name"), figures.values("accuracy")),
                Series(t("insights.low"), low),
                Series(t("insights.high"), high),
            ],
            links=[address("/quality", {"month": m, "client": client}) for m in view.months]
            if judges
            else (),
            first=first,
            show=percent,
            legend=False,
        ),
        of("insights.automation_chart", _AI, lines=True),
        counted("insights.sentiment_chart", MOODS),
        counted("insights.escalated_chart", ("resolved", "escalated", "repeated")),
    ]
    for currency in sorted({one.currency for one in view.cost}):
        net = {one.month: one.net for one in view.cost if one.currency == currency}
        made.append(
            Chart(
                t("insights.cost", currency=currency),
                names,
                [Series(t("invoices.net"), [net.get(month) for month in view.months])],
                links=[address("/invoices", {"client": client, "period": month}) for month in view.months],
                first=first,
                show=f.number,
            )
        )
    return made
