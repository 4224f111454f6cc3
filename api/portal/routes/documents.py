"""One document: its page, what was read and keyed, where it was posted, how it was judged."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api import views
from api.access import ROUTES, Rule, as_page
from api.portal import fields as shown_fields
from api.portal.papers import paper_of
from api.portal.visit import VisitDep
from api.v1 import documents as v1
from ticketos.db.repositories import chart, documents, tickets

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/documents/{document_id}"): as_page(ROUTES["GET", "/v1/documents/{document_id}/content"])
}
AMOUNTS = frozenset({"net_total", "tax_total", "total", "amount_due"})
DAYS = frozenset({"issue_date", "due_date"})
"""Fields that are shown as an amount or a day is written; whoever keys them sees them as they are kept."""


@router.get("/documents/{document_id}")
async def show(visit: VisitDep, document_id: UUID, page: int = 1) -> Response:
    """The page beside its fields, to read."""

    def read(connection: Connection) -> dict[str, Any]:
        row = v1.one(connection, visit.call, document_id)
        ticket = tickets.get(connection, row["root_id"])
        checks = [
            one
            for one in documents.quality_of(connection, row["ticket_id"])
            if one["document_id"] == row["id"]
        ]
        return {
            "document": row,
            "ticket": ticket,
            "named": chart.names(connection, row["client_id"]) if row["coding"] else {},
            "quality": [views.qa_check(one, visit.principal) for one in checks],
        }

    found = await visit.read(read)
    document = found["document"]
    fields = shown_fields.rows(document, (), {}, visit.portal.texts)
    return visit.page(
        "validation/document",
        **found,
        paper=await paper_of(visit, document),
        at=min(max(page, 1), document["pages"] or 1),
        fields=[one for one in fields if one.value or one.required],
        amounts=AMOUNTS,
        days=DAYS,
        currency=(document["fields"].get("currency") or {}).get("value") or "",
        line_fields=("description", "quantity", "unit", "unit_price", "tax_rate", "net"),
        live_topic=str(document["root_id"]),
    )
