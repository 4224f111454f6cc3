"""Working calendars agree with a minute-by-minute look at the wall clock (CP7)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ticketos.domain.calendar import ALWAYS, MIDNIGHT, Slots, WorkCalendar
from ticketos.domain.errors import DomainError

MINUTE = timedelta(minutes=1)
DAY_MINUTES = 24 * 60
SPLIT: Slots = ((time(9), time(13)), (time(14), time(18)))
INDIA = WorkCalendar(
    "Asia/Kolkata",
    (SPLIT,) * 5 + (((time(9), time(13)),), ()),
    holidays=frozenset({date(2026, 1, 26), date(2026, 11, 9)}),
    special=((date(2026, 11, 6), ((time(9), time(12)),)),),
)
# Zones with the local noon of a day on which something odd happens to the clock, or nothing at all.
ODD_DAYS = [
    ("Asia/Kolkata", date(2026, 11, 6)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour back
    ("America/St_Johns", date(2006, 10, 29)),  # back across midnight
    ("Pacific/Apia", date(2011, 12, 30)),  # a date that never was
]


@st.composite
def slots(draw: st.DrawFn) -> Slots:
    cuts = sorted(draw(st.sets(st.integers(0, DAY_MINUTES), max_size=6)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return tuple((_time(start), _time(end)) for start, end in pairs)


def _time(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[WorkCalendar, datetime]:
    """A calendar and a starting minute shortly before or after the odd day of its zone."""
    zone, odd = draw(st.sampled_from(ODD_DAYS))
    near = st.integers(-2, 3).map(lambda days: odd + timedelta(days=days))
    special = draw(st.dictionaries(near, slots(), max_size=2))
    calendar = WorkCalendar(
        zone,
        tuple(draw(st.lists(slots(), min_size=7, max_size=7))),
        frozenset(draw(st.sets(near, max_size=2))),
        tuple(special.items()),
    )
    noon = datetime.combine(odd, time(12), UTC)
    return calendar, noon + draw(st.integers(-2 * DAY_MINUTES, DAY_MINUTES)) * MINUTE


def oracle(calendar: WorkCalendar, start: datetime, minutes: int) -> list[bool]:
    """For each minute: does the wall clock show a time inside a slot of that local date?"""
    zone = ZoneInfo(calendar.zone)
    special = dict(calendar.special)
    working = []
    for offset in range(minutes):
        local = (start + offset * MINUTE).astimezone(zone)
        day = local.date()
        if day in special:
            day_slots = special[day]
        else:
            day_slots = () if day in calendar.holidays else calendar.weekly[day.weekday()]
        shown = local.hour * 60 + local.minute
        working.append(
            any(
                begin.hour * 60 + begin.minute <= shown < (end.hour * 60 + end.minute or DAY_MINUTES)
                for begin, end in day_slots
            )
        )
    return working


@settings(deadline=None, max_examples=80)
@given(calendars(), st.integers(0, 3 * DAY_MINUTES))
def test_working_seconds_agree_with_the_minute_oracle(case: tuple[WorkCalendar, datetime], span: int) -> None:
    calendar, start = case
    working = oracle(calendar, start, span)
    assert calendar.working_seconds(start, start + span * MINUTE) == 60 * sum(working)
    for minute in range(0, span, 97):
        assert calendar.is_working(start + minute * MINUTE) is working[minute]


@settings(deadline=None, max_examples=80)
@given(calendars(), st.integers(0, 2 * DAY_MINUTES))
def test_add_working_is_the_earliest_instant_by_the_minute_oracle(
    case: tuple[WorkCalendar, datetime], wanted: int
) -> None:
    calendar, start = case
    left, found = wanted, start if wanted == 0 else None
    for minute, working in enumerate(oracle(calendar, start, 4 * DAY_MINUTES)):
        left -= working
        if found is None and left == 0:
            found = start + (minute + 1) * MINUTE
    if found is not None:
        assert calendar.add_working(start, 60 * wanted) == found


@settings(deadline=None, max_examples=80)
@given(calendars(), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
@example((INDIA, datetime(2026, 11, 6, 4, 0, 0, 1, tzinfo=UTC)), 10**5, 1, 10**5)
def test_adding_and_counting_are_inverse_and_additive(
    case: tuple[WorkCalendar, datetime], seconds: int, first: int, second: int
) -> None:
    calendar, start = case
    if not any(calendar.weekly):
        return
    end = calendar.add_working(start, seconds)
    assert calendar.working_time(start, end) == timedelta(seconds=seconds)
    middle, last = start + timedelta(seconds=first), start + timedelta(seconds=first + second)
    assert calendar.working_time(start, last) == calendar.working_time(start, middle) + calendar.working_time(
        middle, last
    )


@given(calendars())
def test_json_gives_the_same_calendar_back(case: tuple[WorkCalendar, datetime]) -> None:
    calendar, _ = case
    again = WorkCalendar.from_json(calendar.to_json())
    assert again == calendar
    assert hash(again) == hash(calendar)
    assert again.to_json() == calendar.to_json()


def test_four_hours_from_friday_evening_skip_weekend_and_holiday() -> None:
    friday = datetime(2026, 11, 6, 11, 0, tzinfo=ZoneInfo("Asia/Kolkata"))  # half day until 12:00
    # 1 h on Friday, Saturday 9–13 takes the other three.
    assert INDIA.add_working(friday, 4 * 3600) == datetime(
        2026, 11, 7, 12, 0, tzinfo=ZoneInfo("Asia/Kolkata")
    )
    # 6 h: Saturday is used up, Sunday is free, Monday is a holiday.
    assert INDIA.add_working(friday, 6 * 3600) == datetime(
        2026, 11, 10, 10, 0, tzinfo=ZoneInfo("Asia/Kolkata")
    )


def test_a_duration_that_fills_a_slot_ends_with_the_slot() -> None:
    monday = datetime(2026, 11, 16, 3, 30, tzinfo=UTC)  # 09:00 in India
    assert INDIA.add_working(monday, 4 * 3600) == datetime(2026, 11, 16, 7, 30, tzinfo=UTC)
    assert INDIA.add_working(monday, 4 * 3600 + 1) == datetime(2026, 11, 16, 8, 30, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "slot", "hours"),
    [
        (date(2026, 3, 29), (MIDNIGHT, MIDNIGHT), 23),
        (date(2026, 10, 25), (MIDNIGHT, MIDNIGHT), 25),
        (date(2026, 3, 29), (time(2), time(3)), 0),  # the missing hour
        (date(2026, 10, 25), (time(2), time(3)), 2),  # the repeated hour
        (date(2026, 3, 29), (time(2, 30), time(5)), 2),
        (date(2026, 6, 1), (time(22), MIDNIGHT), 2),
    ],
)
def test_a_slot_lasts_as_long_as_the_wall_clock_stays_in_it(
    day: date, slot: tuple[time, time], hours: int
) -> None:
    calendar = WorkCalendar("Europe/Berlin", ((),) * 7, special=((day, (slot,)),))
    start = datetime.combine(day, MIDNIGHT, UTC) - timedelta(days=1)
    assert calendar.working_seconds(start, start + timedelta(days=3)) == hours * 3600


def test_a_special_day_wins_over_a_holiday() -> None:
    diwali = date(2026, 11, 9)
    noon = datetime(2026, 11, 9, 12, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert not INDIA.is_working(noon)
    assert replace(INDIA, special=((diwali, SPLIT),)).is_working(noon)


def test_around_the_clock_counts_every_second() -> None:
    start = datetime(2026, 12, 24, 23, 59, 59, tzinfo=UTC)
    assert ALWAYS.add_working(start, 86_400) == start + timedelta(days=1)
    assert ALWAYS.working_seconds(start, start + timedelta(days=400)) == 400 * 86_400
    assert ALWAYS.is_working(start)


def test_an_end_before_the_start_counts_nothing() -> None:
    start = datetime(2026, 11, 16, 6, tzinfo=UTC)
    assert INDIA.working_seconds(start, start - timedelta(hours=2)) == 0


def test_a_calendar_without_slots_says_so_and_one_far_slot_is_found() -> None:
    start = datetime(2026, 11, 16, tzinfo=UTC)
    empty = WorkCalendar("UTC", ((),) * 7)
    with pytest.raises(DomainError) as error:
        empty.add_working(start, 1)
    assert error.value.code == "calendar-empty"
    far = replace(empty, special=((date(2031, 1, 1), SPLIT),))
    assert far.add_working(start, 60) == datetime(2031, 1, 1, 9, 1, tzinfo=UTC)


def test_aware_datetimes_are_taken_and_naive_ones_refused() -> None:
    aware, naive = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)  # noqa: DTZ001
    INDIA.working_seconds(aware, aware)
    for refused in (
        lambda: INDIA.working_seconds(naive, aware),
        lambda: INDIA.working_seconds(aware, naive),
        lambda: INDIA.add_working(naive, 1),
        lambda: INDIA.is_working(naive),
        lambda: ALWAYS.is_working(naive),
    ):
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == "datetime-naive"


@pytest.mark.parametrize(
    "bad",
    [
        ((time(9), time(9)),),
        ((time(10), time(9)),),
        ((time(9), time(12)), (time(11), time(13))),
        ((time(9), MIDNIGHT), (time(10), time(11))),
        ((time(9, tzinfo=UTC), time(10)),),
    ],
)
def test_ordered_slots_are_taken_and_others_refused(bad: Slots) -> None:
    WorkCalendar("UTC", (SPLIT,) * 7)
    with pytest.raises(DomainError) as error:
        WorkCalendar("UTC", (SPLIT,) * 6 + (bad,))
    assert error.value.code == "calendar-slot-invalid"


def test_other_faults_have_codes_of_their_own() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    week = (SPLIT,) * 7
    last_month = datetime(9999, 12, 1, tzinfo=UTC)
    for code, refused in (
        ("calendar-zone-unknown", lambda: WorkCalendar("Mars/Olympus", week)),
        ("calendar-zone-unknown", lambda: WorkCalendar("../etc/passwd", week)),
        ("calendar-week-invalid", lambda: WorkCalendar("UTC", week[:6])),
        ("calendar-special-day-twice", lambda: replace(INDIA, special=((date(2026, 1, 1), SPLIT),) * 2)),
        ("calendar-duration-negative", lambda: INDIA.add_working(start, -1)),
        ("calendar-out-of-range", lambda: ALWAYS.add_working(start, 10**12)),
        ("calendar-out-of-range", lambda: WorkCalendar("UTC", week).add_working(last_month, 10**8)),
        (
            "calendar-json-invalid",
            lambda: WorkCalendar.from_json({"zone": "UTC", "weekly": [[["nine", "five"]]]}),
        ),
        ("calendar-json-invalid", lambda: WorkCalendar.from_json({"zone": "UTC"})),
    ):
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == code


BERLIN = WorkCalendar(
    "Europe/Berlin", (((time(9), time(17)),),) * 5 + ((), ()), frozenset({date(2026, 4, 3)})
)
WHOLE = replace(BERLIN, weekly=(((time(0), MIDNIGHT),),) * 7)


@pytest.mark.parametrize(
    ("calendar", "start", "days", "due"),
    [
        # Thursday noon; Friday is a half day and counts, Monday 9 November is a holiday.
        (INDIA, "2026-11-05T12:00+05:30", 5, "2026-11-12T12:00+05:30"),
        # Its Saturday is worked, its Sunday is not.
        (INDIA, "2026-11-13T23:30+05:30", 2, "2026-11-16T23:30+05:30"),
        # A week over the day the clock goes forward, Good Friday left out: the same time of day.
        (BERLIN, "2026-03-27T15:00+01:00", 5, "2026-04-06T15:00+02:00"),
        (BERLIN, "2026-10-23T15:00+02:00", 1, "2026-10-26T15:00+01:00"),
        # Asked on a Saturday: Monday is the first day.
        (BERLIN, "2026-11-21T10:00+01:00", 5, "2026-11-27T10:00+01:00"),
        # Open around the clock without hours of its own: Monday to Friday, so silence over a weekend is none.
        (ALWAYS, "2026-11-20T18:00+00:00", 5, "2026-11-27T18:00+00:00"),
        (
            replace(ALWAYS, holidays=frozenset({date(2026, 11, 23)})),
            "2026-11-20T18:00+00:00",
            1,
            "2026-11-24T18:00+00:00",
        ),
        # The time of day that the clock leaves out, and the one it has twice.
        (WHOLE, "2026-03-28T02:30+01:00", 1, "2026-03-29T03:30+02:00"),
        (WHOLE, "2026-10-24T02:30+02:00", 1, "2026-10-25T02:30+02:00"),
        # A date that never was is no day.
        (replace(WHOLE, zone="Pacific/Apia"), "2011-12-29T12:00-10:00", 1, "2011-12-31T12:00+14:00"),
        (BERLIN, "2026-11-21T10:00+01:00", 0, "2026-11-21T10:00+01:00"),
    ],
)
def test_business_days_are_days_of_the_calendar(
    calendar: WorkCalendar, start: str, days: int, due: str
) -> None:
    found = calendar.add_business_days(datetime.fromisoformat(start), days)
    assert found == datetime.fromisoformat(due)
    assert found.tzinfo is UTC


@given(calendars(), st.integers(1, 12))
def test_business_days_agree_with_a_count_of_local_dates(
    case: tuple[WorkCalendar, datetime], days: int
) -> None:
    calendar, start = case
    zone = ZoneInfo(calendar.zone)
    try:
        due = calendar.add_business_days(start, days)
    except DomainError:  # its last day with hours is behind
        assert not any(calendar.weekly)
        return
    begins, ends = start.astimezone(zone), due.astimezone(zone)
    lived = {(start + n * timedelta(hours=1)).astimezone(zone).date() for n in range(24 * 200)}
    later = [d for d in sorted(lived) if begins.date() < d <= ends.date() and calendar.slots_on(d)]
    assert (len(later), later[-1]) == (days, ends.date())
    moved = ends.replace(tzinfo=None) - datetime.combine(ends.date(), begins.time())
    assert timedelta(0) <= moved <= timedelta(hours=1)  # only the hour that the clock left out


def test_business_days_that_cannot_be_counted_have_codes() -> None:
    with pytest.raises(DomainError, match="calendar-empty"):
        replace(BERLIN, weekly=((),) * 7).add_business_days(datetime(2026, 1, 1, tzinfo=UTC), 1)
    with pytest.raises(DomainError, match="calendar-duration-negative"):
        BERLIN.add_business_days(datetime(2026, 1, 1, tzinfo=UTC), -1)
    with pytest.raises(DomainError, match="calendar-out-of-range"):
        BERLIN.add_business_days(datetime(9999, 12, 30, tzinfo=UTC), 5)
