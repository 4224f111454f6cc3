"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from api.deps import ServicesDep
from api.services import Services, in_thread
from schemas.http import Health

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=Health)
async def live() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get(
    "/readyz",
    response_model=Health,
    responses={503: {"model": Health, "description": "Not ready; see parts"}},
)
async def ready(services: ServicesDep) -> JSONResponse:
    """Database and Temporal answer. Intake goes on without Temporal, acts do not."""
    database = await in_thread(lambda: _database_answers(services))
    temporal = await services.acts.reachable()
    parts = {"database": "ok" if database else "unreachable", "temporal": "ok" if temporal else "unreachable"}
    fine = database and temporal
    body = Health(status="ok" if fine else "unavailable", parts=parts)
    headers = {} if fine else {"Retry-After": "2"}
    return JSONResponse(body.model_dump(), 200 if fine else 503, headers)


def _database_answers(services: Services) -> bool:
    try:
        with services.database.transaction(()) as connection:
            connection.exec_driver_sql("select 1")
    except SQLAlchemyError:
        return False
    return True
