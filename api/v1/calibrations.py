"""CP6 weekly calibration: what was drawn, a blind score, and how far people agree."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, RowMapping

from api.deps import Call, CallDep, ReadDep, Reply
from api.v1.newest import newest
from api.v1.parameters import Cursor, Limit, problems
from schemas.calibration import CalibrationSummary, CalibrationUnitView, CalibrationView, ScoreBody
from schemas.http import Page
from ticketos.db.repositories import calibration
from ticketos.db.repositories.calibration import Calibrations
from ticketos.domain.calibration import Unit

router = APIRouter(prefix="/v1", tags=["quality"])


@router.get("/calibrations", response_model=Page[CalibrationSummary], responses=problems(400, 404))
async def list_calibrations(
    call: ReadDep,
    client: Annotated[str | None, Query(max_length=60)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> JSONResponse:
    """Sessions, the newest first."""
    return await newest(
        call,
        calibration.listed,
        _summary,
        Page[CalibrationSummary],
        client=client,
        limit=limit,
        cursor=cursor,
    )


@router.get("/calibrations/{calibration_id}", response_model=CalibrationView, responses=problems(404))
async def read_calibration(call: ReadDep, calibration_id: UUID) -> Response:
    """A session with its units."""
    return (await call.read(lambda connection: _shown(connection, call, calibration_id))).response()


@router.post(
    "/calibration-units/{unit_id}/scores", response_model=CalibrationView, responses=problems(404, 409)
)
async def score_unit(call: CallDep, unit_id: UUID, body: ScoreBody) -> Response:
    """Score a unit without seeing how others did; the second score shows how far you agree."""

    def write(connection: Connection) -> Reply:
        row = call.found(calibration.unit(connection, unit_id, lock=True), "unit")
        Calibrations(call.services.audit, call.services.new_id).score(
            connection,
            row,
            body.verdict,
            body.wrong,
            body.comment,
            now=call.now,
            actor=call.principal.actor(row["client_id"]),
        )
        return _shown(connection, call, row["session_id"])

    return await call.write(write)


def _summary(row: RowMapping) -> CalibrationSummary:
    return CalibrationSummary.model_validate(dict(row))


def _shown(connection: Connection, call: Call, session_id: UUID) -> Reply:
    row = call.found(calibration.session(connection, session_id), "calibration")
    items = [_unit(one, seen, call) for one, seen in calibration.units(connection, session_id)]
    return Reply(CalibrationView.model_validate({**row, "items": items}))


def _unit(row: RowMapping, seen: Unit, call: Call) -> CalibrationUnitView:
    open_ = not seen.complete
    return CalibrationUnitView(
        id=row["id"],
        document_id=row["document_id"],
        ticket_id=row["ticket_id"],
        questions=list(seen.questions),
        scores=len(seen.scores),
        mine=any(one.reviewer_id == call.principal.user_id for one in seen.scores),
        agreement=row["agreement"],
        first_review=None if open_ else sorted(seen.first.wrong),
        found=None if open_ else [sorted(one.wrong) for one in seen.scores],
    )
