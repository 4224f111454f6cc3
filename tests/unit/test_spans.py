"""A span of an address is of days, the last one whole, or between instants, half-open."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from api.spans import begins, ends, lenient, moment

INDIA = ZoneInfo("Asia/Kolkata")


def test_a_day_is_whole_in_its_zone_and_an_instant_is_itself() -> None:
    day, at = moment("2026-11-18"), moment("2026-11-18T09:30:00.123456+05:30")
    assert (day, at) == (date(2026, 11, 18), datetime(2026, 11, 18, 4, 0, 0, 123456, tzinfo=UTC))
    assert begins(day, INDIA) == datetime(2026, 11, 17, 18, 30, tzinfo=UTC)
    assert ends(day, INDIA) == datetime(2026, 11, 18, 18, 30, tzinfo=UTC)
    assert begins(at, INDIA) == ends(at, INDIA) == at


def test_midnight_with_a_zone_is_an_instant_and_no_day() -> None:
    assert isinstance(moment("2026-11-18T00:00:00Z"), datetime)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-11-18T09:30:00", "1066-10-14", "9999-12-31T00:00:00+00:00"]
)
def test_what_names_no_moment_is_refused_and_in_an_address_not_there(text: str) -> None:
    with pytest.raises(ValueError, match=r"zone|from|isoformat"):
        moment(text)
    assert lenient(text) is None
