"""What a printed list says: words for codes, days as people write them, nothing of what others wrote changed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from api.portal.catalogue import Texts
from api.portal.formats import Formats
from api.portal.on_paper import line, narrowed, title

F = Formats(Texts(), ZoneInfo("Asia/Kolkata"), datetime(2026, 11, 18, 9, tzinfo=UTC))


def test_codes_and_days_are_said_and_what_others_wrote_stays() -> None:
    head = ("service_line", "stage", "received_at", "issued_on", "subject", "number", "documents", "state")
    values = [
        "it_helpdesk",
        "intake",
        "2026-11-17T20:00:00+00:00",
        date(2026, 11, 1),
        "2026-11-17",
        "2026-11-01",
        3,
        "odd",
    ]
    assert line(F, head, values) == [
        "IT helpdesk", "Intake", "18 Nov, 01:30", "1 Nov 2026", "2026-11-17", "2026-11-01", 3, "odd",
    ]  # fmt: skip
    assert line(F, ("due_at", "due_on"), [None, "soon"]) == [None, "soon"]


def test_the_list_is_named_and_its_span_is_said() -> None:
    assert title(F.texts, "rows-first_contact") == "What is counted: Resolved at first contact"
    asked = [
        ("measure", "delivered"),
        ("since", "2026-11-17T20:00:00+00:00"),
        ("until", "2026-11-18"),
        ("as", "pdf"),
        ("q", ""),
    ]
    assert narrowed(F, asked) == [
        "Figure: Documents delivered", "From: 18 Nov 2026, 01:30:00 IST", "To: 18 Nov 2026",
    ]  # fmt: skip
