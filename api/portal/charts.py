"""Charts as SVG made here, each with its table: they print, they are tested as text, and a screen reader gets
the numbers. A point may lead to its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from markupsafe import Markup

WIDTH, HEIGHT = 440, 210
"""As large as a chart is shown in a card, so that its letters are as large as they say."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 10, 24
_TONES = 4
_NAMED = 6
"""So many labels have room beneath the axis."""


@dataclass(frozen=True)
class Series:
    """One row of values, one per label; None is a gap."""

    name: str
    values: Sequence[Decimal | int | None]


@dataclass(frozen=True)
class Chart:
    """What a chart shows. ``links`` lead from a label to its rows; ``target`` is a line to be met."""

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    kind: str = "bars"
    links: Sequence[str] = ()
    target: Decimal | None = None
    first: str = ""
    """What the labels are: the head of the table's first column."""
    show: Callable[[Decimal | int], str] = field(default=str)
    legend: bool = True
    """Whether colours tell the series apart."""

    @property
    def svg(self) -> Markup:
        """The drawing; the table beside it says the same."""
        return _lines(self) if self.kind == "lines" else _bars(self)

    def cell(self, value: Decimal | int | None) -> str:
        """A value as the table shows it."""
        return "–" if value is None else self.show(value)


def nice_top(highest: Decimal | int) -> Decimal:
    """The least of 1, 2, 2.5, 5 × 10ⁿ that is not below the highest value."""
    if highest <= 0:
        return Decimal(1)
    value = Decimal(highest)
    step = Decimal(10) ** (value.adjusted())
    return next(
        step * factor for factor in map(Decimal, ("1", "2", "2.5", "5", "10")) if step * factor >= value
    )


def _parts(height: Decimal) -> int:
    """Into how many equal parts a scale is cut, so that each is a round number: 25 into fives, 20 into fives too."""
    return 4 if height.normalize().as_tuple().digits == (2,) else 5


def _scale(chart: Chart) -> Decimal:
    known = [value for one in chart.series for value in one.values if value is not None]
    return nice_top(max([*known, chart.target or 0, 0]))


def _y(value: Decimal | int, top: Decimal) -> float:
    return round(HEIGHT - _BOTTOM - float(Decimal(value) / top) * (HEIGHT - _TOP - _BOTTOM), 1)


def _frame(chart: Chart, top: Decimal) -> list[Markup]:
    parts = []
    whole = all(isinstance(value, int) or value is None for one in chart.series for value in one.values)
    parted = _parts(top)
    for step in range(parted + 1):
        value = top * step / parted
        if whole and value != value.to_integral_value():
            continue  # a count has no halves
        y = _y(value, top)
        parts.append(
            Markup(
                '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
            ).format(
                "base" if step == 0 else "axis",
                _LEFT,
                WIDTH - _RIGHT,
                y,
                y,
                _LEFT - 6,
                y + 4,
                chart.show(_plain(value)),
            )
        )
    if chart.target is not None:
        y = _y(chart.target, top)
        parts.append(
            Markup('<line class="target" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
                _LEFT, WIDTH - _RIGHT, y, y
            )
        )
    return parts


def _plain(value: Decimal) -> Decimal | int:
    return int(value) if value == value.to_integral_value() else value


def _middle(index: int, count: int) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (index + 0.5) / max(count, 1)


def _names(chart: Chart) -> list[Markup]:
    count = len(chart.labels)
    every = max(1, -(-count // _NAMED))
    return [
        Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
            round(_middle(index, count), 1), HEIGHT - 6, label
        )
        for index, label in enumerate(chart.labels)
        if index % every == 0
    ]


def _bars(chart: Chart) -> Markup:
    top, count = _scale(chart), len(chart.labels)
    slot = (WIDTH - _LEFT - _RIGHT) / max(count, 1)
    width = max(2.0, min(28.0, slot * 0.7 / max(len(chart.series), 1)))
    parts = _frame(chart, top)
    for index in range(count):
        left = _middle(index, count) - width * len(chart.series) / 2
        for row, one in enumerate(chart.series):
            value = one.values[index]
            if value is None:
                continue
            y = _y(value, top)
            bar = Markup(
                '<rect class="column s{}" x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}</title></rect>'
            ).format(
                row % _TONES,
                round(left + row * width, 1),
                y,
                round(width - 1, 1),
                max(round(HEIGHT - _BOTTOM - y, 1), 0),
                f"{chart.labels[index]}, {one.name}: {chart.show(value)}",
            )
            parts.append(_linked(chart, index, bar))
    return _svg(chart, [*parts, *_names(chart)])


def _lines(chart: Chart) -> Markup:
    top, count = _scale(chart), len(chart.labels)
    parts = _frame(chart, top)
    for row, one in enumerate(chart.series):
        # Where two lines meet, the ring of the one beneath still shows.
        radius = 2.5 + 2 * (len(chart.series) - 1 - row)
        runs: list[list[str]] = [[]]
        for index, value in enumerate(one.values):
            if value is None:
                runs.append([])
                continue
            runs[-1].append(f"{round(_middle(index, count), 1)},{_y(value, top)}")
        for run in runs:
            if len(run) > 1:
                parts.append(
                    Markup('<polyline class="line s{}" points="{}"/>').format(row % _TONES, " ".join(run))
                )
        for index, value in enumerate(one.values):
            if value is not None:
                dot = Markup('<circle class="s{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
                    row % _TONES,
                    round(_middle(index, count), 1),
                    _y(value, top),
                    radius,
                    f"{chart.labels[index]}, {one.name}: {chart.show(value)}",
                )
                parts.append(_linked(chart, index, dot))
    return _svg(chart, [*parts, *_names(chart)])


def _linked(chart: Chart, index: int, mark: Markup) -> Markup:
    # The table beside holds the same link for the keyboard; a hundred tab stops in a drawing help nobody.
    if index >= len(chart.links):
        return mark
    return Markup('<a href="{}" tabindex="-1">{}</a>').format(chart.links[index], mark)


def _svg(chart: Chart, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(
        WIDTH, HEIGHT, Markup("").join(parts)
    )


@dataclass(frozen=True)
class Interval(Chart):
    """A rate with its 95 % interval per month: series are rate, lower and upper bound. The scale begins below the
    lowest bound, because what counts happens between 90 and 100 per cent; it says so by its numbers."""

    @property
    def svg(self) -> Markup:
        """A whisker and a dot per month."""
        rates, lows, highs = (one.values for one in self.series)
        known = [value for value in lows if value is not None]
        floor = _floor(min(map(Decimal, known))) if known else Decimal(0)
        height = HEIGHT - _BOTTOM - _TOP

        def y(value: Decimal | int) -> float:
            share = (Decimal(value) - floor) / (1 - floor)
            return round(HEIGHT - _BOTTOM - float(share) * height, 1)

        parts = []
        parted = _parts(1 - floor)
        for step in range(parted + 1):
            value = floor + (1 - floor) * step / parted
            parts.append(
                Markup(
                    '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                    '<text x="{}" y="{}" text-anchor="end">{}</text>'
                ).format(
                    "base" if step == 0 else "axis",
                    _LEFT,
                    WIDTH - _RIGHT,
                    y(value),
                    y(value),
                    _LEFT - 6,
                    y(value) + 4,
                    self.show(value),
                )
            )
        for index, rate in enumerate(rates):
            low, high = lows[index], highs[index]
            if rate is None or low is None or high is None:
                continue
            x = round(_middle(index, len(self.labels)), 1)
            whisker = Markup(
                '<line class="line s0" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<circle class="s0" cx="{}" cy="{}" r="4"><title>{}</title></circle>'
            ).format(
                *(x, x, y(low), y(high), x, y(rate)),
                f"{self.labels[index]}: {self.show(rate)} ({self.show(low)} – {self.show(high)})",
            )
            parts.append(_linked(self, index, whisker))
        return _svg(self, [*parts, *_names(self)])


def _floor(lowest: Decimal) -> Decimal:
    """The next of 0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0 that is not above the lowest bound."""
    return next(
        (one for one in map(Decimal, ("0.99", "0.98", "0.95", "0.9", "0.8", "0.5")) if one <= lowest),
        Decimal(0),
    )
