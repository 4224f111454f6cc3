"""Spans of an address: from one moment to another. A moment is a day (whole, of somebody's zone) or an instant with its zone.
A span of days ends with its last day; between instants it is half-open, so that neighbouring spans share nothing and a
figure's rows are exactly those it counted."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, WithJsonSchema

Moment = date | datetime
_FIRST, _LAST = date(1990, 1, 1), date(2199, 12, 31)
"""Days that can be meant."""


def moment(text: str) -> Moment:
    """A day as 2026-11-18 or an aware instant as 2026-11-18T09:30:00+05:30. Raises ``ValueError``."""
    found: Moment
    try:
        found = day = date.fromisoformat(text)
    except ValueError:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError("an instant names its zone") from None
        day = found.date()
    if not _FIRST <= day <= _LAST:
        raise ValueError(f"a day from {_FIRST} to {_LAST} is needed")
    return found


def lenient(text: str) -> Moment | None:
    """The same of an address that anybody may have written: what cannot be read is as if it were not there."""
    try:
        return moment(text)
    except ValueError:
        return None


def begins(one: Moment, zone: ZoneInfo) -> datetime:
    """The instant a span begins that is said to begin with this."""
    return one if isinstance(one, datetime) else datetime.combine(one, time.min, zone)


def ends(one: Moment, zone: ZoneInfo) -> datetime:
    """The instant before which a span ends that is said to end with this."""
    return one if isinstance(one, datetime) else datetime.combine(one + timedelta(days=1), time.min, zone)


def _given(value: object) -> Moment:
    if isinstance(value, date):
        return value
    return moment(str(value))


Asked = Annotated[
    date | datetime,
    PlainValidator(_given),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
    ),
]
"""A moment as a parameter of the API."""
