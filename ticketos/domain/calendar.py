"""Working calendars: several slots a day, holidays, half days, any time zone (CP7).

One definition carries everything: **an instant is working time when the wall clock of the calendar's zone
shows a time inside a slot of that local date.** So on a day the clock goes forward a slot inside the missing
hour is empty, on a day it goes back a slot inside the repeated hour happens twice, and durations are always
real elapsed seconds. Zone rules are those of the tz database (PEP 615); a slot includes its start and
excludes its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ticketos.domain.errors import DomainError

Slot = tuple[time, time]
Slots = tuple[Slot, ...]

MIDNIGHT = time(0, 0)
_DAY = timedelta(days=1)
_ZERO = timedelta(0)
_WEEKEND = 5
# A calendar without a single slot in this many days in a row is called empty.
_SEARCH_DAYS = 3660


@dataclass(frozen=True)
class WorkCalendar:
    """When work is done. `weekly` has seven entries, Monday first; each holds any number of slots.

    A slot that ends at `time(0, 0)` runs to the end of the day, so `(time(0, 0), time(0, 0))` is a whole
    day; a night shift is two slots on two days. `special` replaces the weekly slots of one date (half days)
    and wins over a holiday on that date. `around_the_clock` counts every second and looks at nothing else.
    """

    zone: str
    weekly: tuple[Slots, ...]
    holidays: frozenset[date] = frozenset()
    special: tuple[tuple[date, Slots], ...] = ()
    around_the_clock: bool = False
    _special: dict[date, Slots] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        _zone(self.zone)
        if len(self.weekly) != 7:
            raise DomainError("calendar-week-invalid", days=len(self.weekly))
        for slots in self.weekly:
            _check_slots(slots)
        special = tuple(self.special.items()) if isinstance(self.special, Mapping) else tuple(self.special)
        for _, slots in special:
            _check_slots(slots)
        if len({day for day, _ in special}) != len(special):
            raise DomainError("calendar-special-day-twice")
        object.__setattr__(self, "weekly", tuple(tuple(slots) for slots in self.weekly))
        object.__setattr__(self, "holidays", frozenset(self.holidays))
        object.__setattr__(self, "special", tuple(sorted(special)))
        object.__setattr__(self, "_special", dict(special))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` writes; `calendar-json-invalid` when it cannot be read."""
        try:
            return cls(
                zone=str(data["zone"]),
                weekly=tuple(_slots_from_json(day) for day in data["weekly"]),
                holidays=frozenset(date.fromisoformat(day) for day in data.get("holidays", ())),
                special=tuple(
                    (date.fromisoformat(day), _slots_from_json(slots))
                    for day, slots in dict(data.get("special", {})).items()
                ),
                around_the_clock=bool(data.get("around_the_clock", False)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DomainError("calendar-json-invalid", reason=repr(error)) from error

    def to_json(self) -> dict[str, Any]:
        """`{"zone", "weekly": [7 × [["09:00", "24:00"], …]], "holidays": […], "special": {day: slots}}`."""
        return {
            "zone": self.zone,
            "weekly": [_slots_to_json(slots) for slots in self.weekly],
            "holidays": sorted(day.isoformat() for day in self.holidays),
            "special": {day.isoformat(): _slots_to_json(slots) for day, slots in self.special},
            "around_the_clock": self.around_the_clock,
        }

    def slots_on(self, day: date) -> Slots:
        """The slots of one local date: special day, else none on a holiday, else the weekly ones."""
        if day in self._special:
            return self._special[day]
        return () if day in self.holidays else self.weekly[day.weekday()]

    def is_working(self, at: datetime) -> bool:
        """True when the instant lies in working time."""
        utc = require_aware(at)
        if self.around_the_clock:
            return True
        local = utc.astimezone(_zone(self.zone))
        now = local.time()
        return any(
            start <= now and (end == MIDNIGHT or now < end) for start, end in self.slots_on(local.date())
        )

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """Exact working time in [start, end); zero when `end` is not after `start`."""
        first, last = require_aware(start), require_aware(end)
        if last <= first:
            return _ZERO
        if self.around_the_clock:
            return last - first
        total = _ZERO
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            for opens, closes in self._intervals_on(ordinal):
                total += max(min(closes, last) - max(opens, first), _ZERO)
        return total

    def working_seconds(self, start: datetime, end: datetime) -> int:
        """Whole working seconds in [start, end), a started second not counted."""
        return self.working_time(start, end) // timedelta(seconds=1)

    def add_working_time(self, start: datetime, duration: timedelta) -> datetime:
        """The earliest instant (UTC) by which `duration` of working time has passed since `start`.

        Zero gives `start` itself, also outside working hours; a duration that ends with a slot gives
        the slot's end, not the next opening. Raises `calendar-empty` when no slot comes within ten years.
        """
        first = require_aware(start)
        if duration < _ZERO:
            raise DomainError("calendar-duration-negative", seconds=duration.total_seconds())
        if duration == _ZERO:
            return first
        try:
            if self.around_the_clock:
                return first + duration
            return self._walk(first, duration)
        except OverflowError:
            raise DomainError("calendar-out-of-range", start=first.isoformat()) from None

    def add_working(self, start: datetime, seconds: int) -> datetime:
        """`add_working_time` in whole seconds."""
        return self.add_working_time(start, timedelta(seconds=seconds))

    def is_business_day(self, day: date) -> bool:
        """Whether that local date counts as a working day: it has hours. A calendar that runs around the clock and
        names no hours has people from Monday to Friday, but for its holidays."""
        if day in self._special or not self.around_the_clock or any(self.weekly):
            return bool(self.slots_on(day))
        return day not in self.holidays and day.weekday() < _WEEKEND

    def add_business_days(self, start: datetime, days: int) -> datetime:
        """The same time of day (UTC in, UTC out) so many working days after the local date of `start`.

        Zero gives `start` itself. Where the clock is put forward over that time of day, it is the instant an hour
        later; where it is put back, the first of the two. Raises `calendar-empty` as `add_working_time` does.
        """
        first = require_aware(start)
        if days < 0:
            raise DomainError("calendar-duration-negative", seconds=days * _DAY.total_seconds())
        zone = _zone(self.zone)
        local = first.astimezone(zone)
        day, left, empty_days = local.date(), days, 0
        try:
            while left:
                day += _DAY
                empty_days += 1
                if self.is_business_day(day) and _was(day, zone):
                    left, empty_days = left - 1, 0
                elif empty_days > _SEARCH_DAYS:
                    raise DomainError("calendar-empty", zone=self.zone, start=first.isoformat())
        except OverflowError:
            raise DomainError("calendar-out-of-range", start=first.isoformat()) from None
        return datetime.combine(day, local.time(), zone).astimezone(UTC) if days else first

    def _walk(self, first: datetime, duration: timedelta) -> datetime:
        left, empty_days = duration, 0
        ordinal = first.toordinal()
        while empty_days <= _SEARCH_DAYS:
            empty_days += 1
            for opens, closes in self._intervals_on(ordinal):
                empty_days = 0
                begin = max(opens, first)
                if begin >= closes:
                    continue
                if left <= closes - begin:
                    return begin + left
                left -= closes - begin
            ordinal += 1
            if ordinal >= date.max.toordinal():
                raise OverflowError
        raise DomainError("calendar-empty", zone=self.zone, start=first.isoformat())

    def _intervals_on(self, ordinal: int) -> list[tuple[datetime, datetime]]:
        """The working intervals of one UTC day, in UTC and in order.

        Works along real time, not local dates: where a zone goes back across midnight, part of
        yesterday comes after part of today.
        """
        found: list[tuple[datetime, datetime]] = []
        for begins, ends, offset in _pieces(self.zone, ordinal):
            found.extend(self._open_between(begins, ends, offset))
        return found

    def _open_between(
        self, begins: datetime, ends: datetime, offset: timedelta
    ) -> Iterator[tuple[datetime, datetime]]:
        local_first = (begins + offset).replace(tzinfo=None)
        local_last = (ends + offset).replace(tzinfo=None)
        day = local_first.date()
        while (midnight := datetime.combine(day, MIDNIGHT)) < local_last:
            for start, end in sorted(self.slots_on(day)):
                opens = max(datetime.combine(day, start), local_first)
                closes = min(datetime.combine(day, end) if end != MIDNIGHT else midnight + _DAY, local_last)
                if opens < closes:
                    yield (opens - offset).replace(tzinfo=UTC), (closes - offset).replace(tzinfo=UTC)
            day += _DAY


def require_aware(at: datetime) -> datetime:
    """The instant in UTC; a naive datetime raises `datetime-naive`."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise DomainError("datetime-naive", value=at.isoformat())
    return at.astimezone(UTC)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise DomainError("calendar-zone-unknown", zone=name) from None


def _was(day: date, zone: ZoneInfo) -> bool:
    """Whether the zone had that date: one that crosses the date line leaves a date out."""
    return datetime.combine(day, time(12), zone).astimezone(UTC).astimezone(zone).date() == day


@lru_cache(maxsize=16_384)
def _pieces(zone: str, ordinal: int) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The UTC day cut where the zone's offset changes: (from, to, offset) pieces in order."""
    midnight = datetime.combine(date.fromordinal(ordinal), MIDNIGHT, UTC)
    pieces: list[tuple[datetime, datetime, timedelta]] = []
    begins, offset = midnight, _offset(zone, midnight)
    for hour in range(24):
        left, right = midnight + timedelta(hours=hour), midnight + timedelta(hours=hour + 1)
        if _offset(zone, right) != offset:
            cut = _transition(zone, left, right)
            pieces.append((begins, cut, offset))
            begins, offset = cut, _offset(zone, cut)
    if begins < midnight + _DAY:
        pieces.append((begins, midnight + _DAY, offset))
    return tuple(pieces)


def _transition(zone: str, left: datetime, right: datetime) -> datetime:
    """The first instant in (left, right] with another offset than `left`, to the second."""
    before = _offset(zone, left)
    low, high = 0, int((right - left).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, left + timedelta(seconds=middle)) == before:
            low = middle
        else:
            high = middle
    return left + timedelta(seconds=high)


def _offset(zone: str, at: datetime) -> timedelta:
    offset = at.astimezone(_zone(zone)).utcoffset()
    if offset is None:  # ZoneInfo always knows an aware instant's offset
        raise DomainError("calendar-zone-unknown", zone=zone)
    return offset


def _check_slots(slots: Sequence[Slot]) -> None:
    previous: time | None = MIDNIGHT
    for start, end in sorted(slots):
        if start.tzinfo is not None or end.tzinfo is not None:
            raise DomainError("calendar-slot-invalid", start=str(start), end=str(end))
        # `previous` is None once a slot has run to the end of the day: nothing may follow it.
        if previous is None or start < previous or (end != MIDNIGHT and end <= start):
            raise DomainError("calendar-slot-invalid", start=str(start), end=str(end))
        previous = None if end == MIDNIGHT else end


def _slots_from_json(slots: Any) -> Slots:
    return tuple((_time_from_json(start), _time_from_json(end)) for start, end in slots)


def _time_from_json(text: str) -> time:
    return MIDNIGHT if text == "24:00" else time.fromisoformat(text)


def _slots_to_json(slots: Slots) -> list[list[str]]:
    return [[_text(start), "24:00" if end == MIDNIGHT else _text(end)] for start, end in slots]


def _text(at: time) -> str:
    return at.isoformat("minutes" if at == at.replace(second=0, microsecond=0) else "auto")


ALWAYS = WorkCalendar(zone="UTC", weekly=((),) * 7, around_the_clock=True)
"""Every second of every day: the default of CP1 and CP2, where the contract names no hours."""
