"""Where the measures are counted from: each source is a list of rows with an instant, and each counter a condition (or
a number) of such a row. Figures and the lists behind them are made of the same words."""

from __future__ import annotations

from collections.abc import Mapping

from ticketos.db.repositories.contact_source import CLOSED
from ticketos.db.repositories.measure_source import Source

_MET = "breached_at is null and c.stopped_at is not null"
_ENDED = "(c.breached_at is not null or c.stopped_at is not null)"
_CLOCKS = {
    "first_response": "c.kind = 'first_response'",
    "turnaround": "c.kind = 'turnaround'",
    "stages": "c.kind like 'stage:%'",
}
_SCORE = """case when q.defects @> '[{"severity": "critical"}]' then 0 else q.fields_correct end"""

SOURCES: Mapping[str, Source] = {
    "requests": Source(
        "ticket t",
        "t.kind = 'request'",
        "t.client_id",
        "t.received_at",
        "t.id",
        {
            "requests": "true",
            "documents": "t.documents_total",
            "resolved": "t.state = 'closed'",
            "escalated": (
                "t.id in (select x.ticket_id from ticket_clock x where x.client_id = any(:clients)"
                " and x.fired::text like '%escalation\\_%')"
            ),
            "repeated": (
                "t.id in (select l.ticket_id from ticket_link l where l.client_id = any(:clients)"
                " and l.kind = 'repeat_contact')"
            ),
            **{mood: f"t.sentiment = '{mood}'" for mood in ("positive", "neutral", "negative")},
        },
        frozenset({"documents"}),
        ticket="t.id",
        is_ticket=True,
    ),
    "closed": CLOSED,
    # A document is untouched where it was accepted as it was read and no person finished it; what an engine read, or
    # what went straight through, is what AI was involved in.
    "documents": Source(
        "document d",
        "d.state = 'posted' and d.done_at is not null",
        "d.client_id",
        "d.done_at",
        "d.id",
        {
            "delivered": "true",
            "straight": "d.straight_through",
            "untouched": "d.straight_through and d.finished_by is null",
            "involved": "d.straight_through or d.engine is not null",
        },
        ticket="d.ticket_id",
        document="d.id",
        agent="d.finished_by",
    ),
    "clocks": Source(
        "ticket t join ticket_clock c on c.ticket_id = t.id",
        "t.kind = 'request'",
        "t.client_id",
        "t.received_at",
        "c.id",
        {
            **{f"{name}_met": f"{kind} and c.{_MET}" for name, kind in _CLOCKS.items()},
            **{f"{name}_ended": f"{kind} and {_ENDED}" for name, kind in _CLOCKS.items()},
            **{f"{name}_running": f"{kind} and not {_ENDED}" for name, kind in _CLOCKS.items()},
        },
        ticket="t.id",
        clock="c.kind",
        is_ticket=True,
    ),
    # The score of a checked document is its share of right fields, nought where a defect is critical, and it counts by
    # the fields that were inspected (a fatal item makes a form nought).
    "samples": Source(
        "qa_check q",
        "q.level = 2 and q.basis = 'sample' and q.document_id is not null",
        "q.client_id",
        "q.at",
        "q.id",
        {
            "inspected": "true",
            "inspected_fields": "q.fields_inspected",
            "correct": "q.fields_correct",
            "ai_correct": "q.ai_correct",
            "scored": _SCORE,
            "defects": "jsonb_array_length(q.defects)",
        },
        frozenset({"inspected_fields", "correct", "ai_correct", "scored", "defects"}),
        ticket="q.ticket_id",
        document="q.document_id",
        agent="q.work_by",
    ),
    # What lapsed in silence names no units: nobody looked.
    "judged": Source(
        "approval a cross join lateral jsonb_each_text(a.units) u(unit, choice) left join document d on d.id = u.unit::uuid",
        "a.decided_at is not null and u.choice in ('accept', 'return')",
        "a.client_id",
        "a.decided_at",
        "u.unit::uuid",
        {"judged": "true", "escaped": "u.choice = 'return'"},
        ticket="a.ticket_id",
        document="d.id",
        agent="d.finished_by",
    ),
    "surveys": Source(
        "survey s",
        "true",
        "s.client_id",
        "s.asked_at",
        "s.id",
        {
            "asked": "true",
            "answered": "s.answered_at is not null",
            **{f"{name}_n": f"s.{name} is not null" for name in ("csat", "ces", "nps")},
            **{f"{name}_sum": f"s.{name}" for name in ("csat", "ces")},
            "nps_balance": "case when s.nps >= 9 then 1 when s.nps <= 6 then -1 else 0 end",
        },
        frozenset({"csat_sum", "ces_sum", "nps_balance"}),
        ticket="s.ticket_id",
    ),
    "saves": Source(
        "(select task_id, min(client_id::text)::uuid as client_id, min(document_id::text)::uuid as document_id,"
        " min(person_id::text)::uuid as person_id, max(at) as at, max(seconds) as seconds from correction"
        " where client_id = any(:clients) and at >= :since and task_id is not null and seconds is not null"
        " group by task_id) v join document d on d.id = v.document_id",
        "true",
        "v.client_id",
        "v.at",
        "v.task_id",
        {"handled": "true", "handled_ms": "round(v.seconds * 1000)::bigint"},
        frozenset({"handled_ms"}),
        ticket="d.ticket_id",
        document="v.document_id",
        agent="v.person_id",
    ),
}
HOUSE = frozenset({"saves"})
"""How fast its people work is the house's own."""
