"""The portal's own files, and what browsers report against the content policy."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access import PUBLIC, Rule
from api.portal.visit import PortalDep
from ticketos.domain.errors import DomainError

log = structlog.get_logger()

router = APIRouter(include_in_schema=False)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/static/{mark}/{name:path}"): PUBLIC,
    ("POST", "/csp"): PUBLIC,
}
_YEAR = "public, max-age=31536000, immutable"
_MOST_REPORT = 4_000


@router.get("/static/{mark}/{name:path}")
async def asset(request: Request, portal: PortalDep, mark: str, name: str) -> Response:
    """One file. An address of an older version gets what there is now, which the browser must ask for again."""
    found = portal.assets.get(name)
    if found is None:
        raise DomainError("not-found", what="file")
    headers = {
        "Cache-Control": _YEAR if mark == portal.assets.mark else "no-cache",
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": "default-src 'none'",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media, headers=headers | {"Content-Encoding": "gzip"})
    return Response(found.content, media_type=found.media, headers=headers)


@router.post("/csp", status_code=204)
async def report(request: Request) -> Response:
    """A browser refused to load or run something on a page of ours: worth knowing."""
    body = (await request.body())[:_MOST_REPORT]
    log.warning("portal.policy_violated", report=body.decode("utf-8", "replace"))
    return Response(status_code=204)
