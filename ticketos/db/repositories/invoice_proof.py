"""The proof behind an invoice line (PB8): its units with their documents, quality checks and approvals, in
one go."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

_UNITS = """
select u.id, u.key, u.unit_type, u.quantity, u.accepted_at, u.period, u.bill_period, u.state, u.fate,
u.finished_by,
       u.reverses, u.evidence, u.ticket_id, t.number as ticket_number, t.subject as ticket_subject,
       u.document_id, d.filename, d.doc_type, d.state as document_state, d.erp_reference, d.sha256
  from invoice_line_usage x
  join usage_event u on u.client_id = x.client_id and u.id = x.usage_id
  left join ticket t on t.client_id = u.client_id and t.id = u.ticket_id
  left join document d on d.client_id = u.client_id and d.id = u.document_id
 where x.line_id = :line and (cast(:after as uuid) is null or u.id > :after)
 order by u.id limit :limit"""

_CHECKS = """
select document_id, life, level, round, basis, verdict, score, fields_inspected, fields_correct, reviewer_id,
at
  from qa_check where document_id = any(:documents) order by document_id, life, round, level"""

_WORK_CHECKS = """
select ticket_id, life, level, round, basis, verdict, score, fields_inspected, fields_correct, reviewer_id, at
  from qa_check where ticket_id = any(:tickets) and document_id is null order by ticket_id, life, round, level"""

_APPROVALS = """
select ticket_id, life, round, version, state, offered_at, decided_at, decided_by, units
  from approval where ticket_id = any(:tickets) and state not in ('open', 'withdrawn') order by ticket_id,
  life, round"""


def of_line(
    connection: Connection, line_id: UUID, *, limit: int, after: UUID | None = None
) -> list[dict[str, Any]]:
    """Units of a line in the order they were recorded, each with the checks of its document (of
    its ticket where that is the unit) and the client's decisions on its ticket. Four statements, however many units."""
    units = [
        dict(row)
        for row in connection.execute(
            text(_UNITS), {"line": line_id, "after": after, "limit": limit}
        ).mappings()
    ]
    documents = [u["document_id"] for u in units if u["document_id"]]
    tickets = sorted({u["ticket_id"] for u in units if u["ticket_id"]})
    checks = _grouped(connection, _CHECKS, "document_id", documents=documents)
    alone = sorted({u["ticket_id"] for u in units if u["ticket_id"] and not u["document_id"]})
    worked = _grouped(connection, _WORK_CHECKS, "ticket_id", tickets=alone)
    approvals = _grouped(connection, _APPROVALS, "ticket_id", tickets=tickets)
    for unit in units:
        own = unit["document_id"] or unit["ticket_id"]
        unit["checks"] = (checks if unit["document_id"] else worked).get(own, [])
        unit["approvals"] = [_decision(one, own) for one in approvals.get(unit["ticket_id"], [])]
    return units


def _decision(approval: dict[str, Any], unit_id: UUID | None) -> dict[str, Any]:
    """What was decided, and on this unit when the client decided unit by unit."""
    return {**approval, "unit": (approval["units"] or {}).get(str(unit_id))}


def _grouped(
    connection: Connection, query: str, by: str, **values: list[UUID]
) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = {}
    if any(values.values()):
        for row in connection.execute(text(query), values).mappings():
            found.setdefault(row[by], []).append(dict(row))
    return found
