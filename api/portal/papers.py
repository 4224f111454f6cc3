"""E-invoices as pages: a file of data alone has no picture, so its facts are drawn by us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.portal.visit import Visit
from api.v1 import pages
from schemas.papers import PaperView
from ticketos.domain.errors import DomainError


async def paper_of(visit: Visit, document: Any) -> PaperView | None:
    """What to draw of a document; None where it has pages of its own, or cannot be opened: then the page says so."""
    if not is_data(document):
        return None
    try:
        return await visit.read(lambda connection: pages.paper_of(connection, visit.call, document))
    except DomainError:
        return None


def is_data(document: Mapping[str, Any]) -> bool:
    """Whether the file says of itself that it is XML."""
    return str(document["filename"]).lower().endswith(".xml") or str(document["content_type"]).endswith("xml")
