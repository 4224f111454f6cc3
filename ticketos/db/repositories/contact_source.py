"""Requests that were closed, with the flags of ``ticketos.domain.contacts`` as conditions of their rows. A test compares
the two."""

from __future__ import annotations

from ticketos.db.repositories.measure_source import Source
from ticketos.db.tables.audit import HANDED_ON
from ticketos.domain.contacts import NO_TOUCH, UNSAID_TYPE, WINDOW
from ticketos.lines import LINES

_WINDOW = f"interval '{WINDOW.days} days'"
_LINES = ", ".join(f"'{line.key}'" for line in LINES if line.contact)
"""Lines that work for the very person who wrote; elsewhere a document decides how often somebody must write."""
_NO_TOUCH = ", ".join(f"'{kind}'" for kind in NO_TOUCH)
_MARKS = r"^(\s*((re|aw|wg|fw|fwd|antw|sv|vs|odp|r|rif|res|tr|i)(\[\d+\])?\s*:|\[[^\]]*\])\s*)+"
"""Answer marks, as ``intake.bare_subject`` takes them off."""
_BARE = f"case when subject ~ '[:\\]]' then regexp_replace(subject, '{_MARKS}', '', 'i') else subject end"
_SUBJECT = rf"lower(regexp_replace(btrim({_BARE}, E' \t\r\n'), '\s+', ' ', 'g'))"
_TYPE = f"nullif(ticket_type, '{UNSAID_TYPE}')"
# The next request of the same person on the same matter, and the first that was linked as coming back. Both are sets that
# are joined, not questions asked of every row: they stay quick however many requests there are. No request can be the next
# of one that is counted before the first of those came, nor after the window of the last.
_EARLIEST = (  # of constants of ours alone, here and below
    "(select min(x.received_at) from ticket x where x.client_id = any(:clients) and x.kind = 'request'"  # noqa: S608
    " and x.state = 'closed' and x.closed_at >= :since and x.closed_at < :until"
    f" and x.service_line in ({_LINES}))"
)
_AGAIN = (
    "(select id, lead(received_at) over (partition by client_id, lower(requester_email), service_line,"  # noqa: S608
    f" coalesce({_TYPE}, ''), case when {_TYPE} is null then {_SUBJECT} end order by received_at, id) as came"
    f" from ticket where client_id = any(:clients) and kind = 'request' and received_at >= {_EARLIEST}"
    f" and received_at <= :until + {_WINDOW} and requester_email <> '' and service_line in ({_LINES}))"
)
_LINKED = (
    "(select l.other_id, min(r.received_at) as came from ticket_link l join ticket r on r.client_id = l.client_id"
    " and r.id = l.ticket_id where l.client_id = any(:clients) and l.kind in ('repeat_contact', 'follow_up')"
    " group by l.other_id)"
)
_WROTE = (
    "exists (select from message m where m.client_id = t.client_id and m.ticket_id = t.id and m.direction = 'in'"
    " and m.received_at > t.received_at and m.received_at <= t.closed_at and not m.headers ? 'suppress_reply')"
)
_SENT_ON = (
    f"exists (select from (select * from audit_event where {HANDED_ON}) e"  # noqa: S608
    " where e.client_id = t.client_id and e.root_id = t.id"
    " and not exists (select from task k where k.client_id = t.client_id and k.ticket_id = t.id"
    f" and k.id::text = e.entity_id and k.kind in ({_NO_TOUCH})))"
)
"""It was paused to ask, or its work went to an expert or the lead, or was taken from whoever had it; who checks it may
change."""
_LADDER = (
    "exists (select from ticket_clock c where c.client_id = t.client_id and c.ticket_id = t.id"
    r" and c.fired::text like '%escalation\_%')"
)
_RETURNED = (
    "exists (select from approval a where a.client_id = t.client_id and a.ticket_id = t.id"
    " and a.state in ('returned', 'partially_accepted'))"
)
_TOUCHED = (
    "(exists (select from task k where k.client_id = t.client_id and k.ticket_id = t.id and k.completed_by is not null"  # noqa: S608
    f" and k.kind not in ({_NO_TOUCH}))"
    " or exists (select from document d where d.client_id = t.client_id and d.ticket_id = t.id and d.finished_by is not null)"
    " or exists (select from audit_event r where r.client_id = t.client_id and r.root_id = t.id"
    " and r.event = 'ticket.replied' and r.at <= t.closed_at))"
)
"""The trail tells a person's reply from the mails that go out by themselves."""
_KNOWN = f"t.service_line in ({_LINES}) and t.closed_at <= :now - {_WINDOW}"

CLOSED = Source(
    f"ticket t left join {_AGAIN} again on again.id = t.id left join {_LINKED} linked on linked.other_id = t.id",
    "t.kind = 'request' and t.state = 'closed'",
    "t.client_id",
    "t.closed_at",
    "t.id",
    {
        "closed": "true",
        "contained": f"not {_TOUCHED}",
        "contacts": _KNOWN,
        "first_contact": (
            f"{_KNOWN} and t.life = 1 and coalesce(least(again.came, linked.came) > t.closed_at + {_WINDOW}, true)"
            f" and not {_WROTE} and not {_LADDER} and not {_RETURNED} and not {_SENT_ON}"
        ),
    },
    ticket="t.id",
    is_ticket=True,
)
