"""What people decided of a client's requests: their triage tasks, and their verdicts on what the engine said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg

from ticketos.domain.state import TriageLabel
from ticketos.domain.triage_labels import MOST

_NEWEST = """
select t.id, t.requester_email, t.subject, l.label
from audit_event e
join ticket t on t.client_id = e.client_id and t.id = e.root_id,
lateral (select case e.event when 'ticket.triaged' then e.after else e.after -> 'label' end as label) l
where e.client_id = %s and e.actor_kind = 'user' and e.event in ('ticket.triaged', 'ai.approved', 'ai.corrected')
  and t.id <> %s and l.label ->> 'service_line' is not null
order by e.seq desc limit %s
"""


def newest(sql: psycopg.Connection[Any], client_id: UUID, beside: UUID) -> tuple[TriageLabel, ...]:
    """The client's newest labels but those of the ticket ``beside``, newest first."""
    found = sql.execute(_NEWEST, (client_id, beside, MOST)).fetchall()
    return tuple(
        TriageLabel(
            ticket_id,
            sender or "",
            subject or "",
            str(label["service_line"]),
            str(label.get("ticket_type") or "general"),
            str(label.get("priority") or ""),
        )
        for ticket_id, sender, subject, label in found
    )
