"""Calibration on the database and over HTTP: drawn once a week, scored blind, agreement kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support.api import Person, World, world_on
from ticketos.db.ids import new_id
from ticketos.db.repositories.calibration import Calibrations, SqlCalibrationRuns
from ticketos.dev.database import PostgresUrls
from ticketos.domain.state import Actor

WEEK, IN_WEEK = "2026-W47", datetime(2026, 11, 18, 9, tzinfo=UTC)
NEXT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
ROBOT = Actor("schedule")


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("calibration")) as made:
        yield made


def asked(line: str | None, doc_type: str) -> Sequence[str]:
    return ("number", "total") if line == "data_entry" else ()


def runs(world: World) -> SqlCalibrationRuns:
    made = Calibrations(world.services.audit, new_id)
    return SqlCalibrationRuns(world.services.database, made, asked, lambda: NEXT)


def reviewed(
    world: World,
    worker: UUID,
    reviewer: UUID,
    at: datetime = IN_WEEK,
    level: int = 2,
    line: str = "data_entry",
    defects: Sequence[str] = ("total", "not asked"),
    **columns: Any,
) -> UUID:
    """A document with a review of that level; its total was found wrong."""
    ticket_id = world.ticket(world.acme, service_line=line)
    document_id = world.document(world.acme, ticket_id, doc_type="invoice", **columns)
    values = {
        "id": new_id(),
        "client_id": world.acme,
        "ticket_id": ticket_id,
        "document_id": document_id,
        "level": level,
        "verdict": "fail",
        "defects": [{"field": one} for one in defects],
        "reviewer_id": reviewer,
        "work_by": worker,
        "at": at,
    }
    world._insert("qa_check", world.acme, values)
    return document_id


async def test_a_week_is_drawn_once_scored_blind_and_closed_with_its_agreement(world: World) -> None:
    worker, first, anna, ben = (world.person(world.provider, ("qa", None)) for _ in range(4))
    inside = {reviewed(world, worker.id, first.id) for _ in range(2)}
    reviewed(world, worker.id, first.id, IN_WEEK - timedelta(days=7))
    reviewed(world, worker.id, first.id, level=1)
    reviewed(world, worker.id, first.id, line="hr_recruitment")
    drawn = runs(world).run(world.acme, WEEK, ROBOT)
    assert drawn["units"] == 2
    reviewed(world, worker.id, first.id)
    assert runs(world).run(world.acme, WEEK, ROBOT) == drawn, "a week is drawn once"
    async with world.http() as http:

        async def session(by: Person) -> dict[str, Any]:
            found: dict[str, Any] = (
                await http.get(f"/v1/calibrations/{drawn['session']}", headers=by.headers)
            ).json()
            return found

        async def score(unit: str, by: Person, *wrong: str) -> Any:
            body = {"verdict": "fail" if wrong else "pass", "wrong": list(wrong)}
            return await http.post(f"/v1/calibration-units/{unit}/scores", json=body, headers=by.headers)

        (listed,) = (await http.get("/v1/calibrations?client=acme", headers=anna.headers)).json()["items"]
        assert (listed["week"], listed["state"], listed["units"], listed["scored"]) == (WEEK, "open", 2, 0)
        items = (await session(anna))["items"]
        assert {UUID(one["document_id"]) for one in items} == inside
        unit, other = (one["id"] for one in items)
        for own in (worker, first):
            assert (await score(unit, own)).json()["code"] == "own-work"
        assert (await score(unit, anna, "total")).status_code == 200
        assert (await score(unit, anna)).json()["code"] == "calibration-scored"
        seen = next(one for one in (await session(ben))["items"] if one["id"] == unit)
        assert (seen["scores"], seen["first_review"], seen["found"], seen["mine"]) == (1, None, None, False)
        done = (await score(unit, ben, "total", "number")).json()
        shown = next(one for one in done["items"] if one["id"] == unit)
        assert shown["agreement"]["questions"] == {"number": False, "total": True}
        assert (shown["first_review"], shown["found"]) == (["total"], [["total"], ["number", "total"]])
        assert (done["state"], done["result"]["rate"]) == ("open", "0.5000")
        await score(other, ben)
        closed = (await score(other, anna)).json()
    assert (closed["state"], closed["scored"]) == ("closed", 2)
    assert (closed["result"]["compared"], closed["result"]["agreed"]) == (4, 3)
    told = [
        row.event
        for row in world.sql(
            world.acme, "select event from audit_event where entity = 'calibration' order by seq"
        )
    ]
    assert told == ["calibration.drawn", *["calibration.scored"] * 4, "calibration.closed"]


async def test_a_wrong_optional_field_of_what_was_delivered_is_seen(world: World) -> None:
    week, at = "2026-W40", datetime(2026, 9, 30, 9, tzinfo=UTC)
    worker, first, anna, ben = (world.person(world.provider, ("qa", None)) for _ in range(4))
    delivered = {"number": {"value": "7"}, "po_number": {"value": "4711"}, "due_date": {"value": ""}}
    reviewed(world, worker.id, first.id, at, fields=delivered, defects=("po_number", "due_date"))
    drawn = runs(world).run(world.acme, week, ROBOT)
    async with world.http() as http:
        path = f"/v1/calibrations/{drawn['session']}"
        (unit,) = (await http.get(path, headers=anna.headers)).json()["items"]
        assert unit["questions"] == ["number", "total", "po_number"]
        answers = [
            await http.post(
                f"/v1/calibration-units/{unit['id']}/scores",
                json={"verdict": "fail", "wrong": wrong},
                headers=by.headers,
            )
            for by, wrong in ((anna, ["po_number"]), (ben, ["po_number", "total"]))
        ]
    assert [one.status_code for one in answers] == [200, 200]
    done = answers[-1].json()
    (shown,) = done["items"]
    assert shown["first_review"] == ["po_number"]
    assert shown["agreement"]["questions"] == {"number": True, "total": False, "po_number": True}
    assert (done["result"]["compared"], done["result"]["agreed"]) == (3, 2)


def test_a_week_without_reviews_has_no_session(world: World) -> None:
    assert runs(world).run(world.beta, WEEK, ROBOT) == {"week": WEEK, "session": None, "units": 0}
    assert runs(world).due(world.beta, NEXT) == (WEEK,)
    assert runs(world).due(world.provider, NEXT) == ()
    world.sql(world.beta, "update client set status = 'ended' where id = %s", (world.beta,))
    assert runs(world).due(world.beta, NEXT) == ()
