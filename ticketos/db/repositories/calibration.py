# ruff: noqa: S608 (statements are put together from words of our own, never from values)
"""Calibration sessions on PostgreSQL: drawn once a week, scored blind, closed when every unit has both scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, RowMapping, text

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.session import Database, driver
from ticketos.domain import calibration
from ticketos.domain.calibration import Score, Unit
from ticketos.domain.changes import Emit
from ticketos.domain.ports import NewId, Now
from ticketos.domain.state import Actor

KIND = "calibration"

Required = Callable[[str | None, str], Sequence[str]]
"""The fields a line's second person always counts, by line and type of document: questions of a unit, beside what
else was delivered of it."""

_REVIEWED = """
select distinct on (q.document_id) q.document_id, q.ticket_id, q.reviewer_id, q.work_by, q.defects, d.doc_type,
       t.service_line, d.fields
  from qa_check q
  join document d on d.client_id = q.client_id and d.id = q.document_id
  join ticket t on t.client_id = q.client_id and t.id = q.ticket_id
 where q.client_id = %s and q.level = 2 and q.reviewer_id is not null and q.at >= %s and q.at < %s
 order by q.document_id, q.at desc, q.id desc"""

_SHOWN = """
select s.id, s.client_id, s.week, s.state, s.drawn_at, s.result, count(u.id) as units,
       count(u.id) filter (where u.agreement is not null) as scored
  from calibration_session s
  left join calibration_unit u on u.client_id = s.client_id and u.session_id = s.id
 where {where} group by s.id order by s.id desc limit :limit"""


def listed(
    connection: Connection, client_ids: Sequence[UUID], *, limit: int, before: UUID | None = None
) -> Sequence[RowMapping]:
    """Sessions, the newest first."""
    where = "s.client_id = any(:clients) and (cast(:before as uuid) is null or s.id < :before)"
    values = {"clients": list(client_ids), "before": before, "limit": limit}
    return connection.execute(text(_SHOWN.format(where=where)), values).mappings().all()


def session(connection: Connection, session_id: UUID) -> RowMapping | None:
    """One session."""
    query = text(_SHOWN.format(where="s.id = :id"))
    return connection.execute(query, {"id": session_id, "limit": 1}).mappings().first()


def unit(connection: Connection, unit_id: UUID, *, lock: bool = False) -> RowMapping | None:
    """One unit; ``lock`` holds it until the transaction ends."""
    query = text("select * from calibration_unit where id = :id" + (" for update" if lock else ""))
    return connection.execute(query, {"id": unit_id}).mappings().first()


def units(connection: Connection, session_id: UUID) -> list[tuple[RowMapping, Unit]]:
    """The units of a session in order, each as its rules read it."""
    rows = connection.execute(
        text("select * from calibration_unit where session_id = :id order by position"), {"id": session_id}
    ).mappings()
    given: dict[UUID, list[Score]] = {}
    for row in connection.execute(
        text(
            "select c.unit_id, c.reviewer_id, c.wrong from calibration_score c"
            " join calibration_unit u on u.client_id = c.client_id and u.id = c.unit_id"
            " where u.session_id = :id order by c.at, c.id"
        ),
        {"id": session_id},
    ):
        given.setdefault(row.unit_id, []).append(Score(row.reviewer_id, frozenset(row.wrong)))
    return [(row, _unit(row, given.get(row["id"], ()))) for row in rows]


def _unit(row: RowMapping, scores: Sequence[Score]) -> Unit:
    first = Score(row["reviewer_id"], frozenset(row["wrong"]))
    return Unit(row["id"], tuple(row["questions"]), row["work_by"], first, tuple(scores))


class Calibrations:
    """Draws sessions and takes scores, each in the trail; every command within one transaction of its caller."""

    def __init__(self, audit: AuditTrail, new_id: NewId) -> None:
        self._audit = audit
        self._new_id = new_id

    def draw(
        self,
        connection: Connection,
        client_id: UUID,
        week: str,
        required: Required,
        *,
        now: datetime,
        actor: Actor,
    ) -> Mapping[str, Any]:
        """Draw a week's units, once. A week in which nobody reviewed anything has no session."""
        sql, zone = driver(connection), company(connection, client_id)["zone"]
        sql.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{KIND}:{client_id}:{week}",))
        known = sql.execute(
            "select s.id, count(u.id) from calibration_session s left join calibration_unit u on u.session_id = s.id"
            " where s.client_id = %s and s.week = %s group by s.id",
            (client_id, week),
        ).fetchone()
        if known is not None:
            return {"week": week, "session": str(known[0]), "units": known[1]}
        seed = calibration.seed(client_id, week)
        reviewed = {
            str(row[0]): row
            for row in sql.execute(_REVIEWED, (client_id, *calibration.bounds(week, zone))).fetchall()
            if required(row[6], row[5])
        }
        drawn = calibration.draw(seed, reviewed)
        if not drawn:
            return {"week": week, "session": None, "units": 0}
        session_id = self._new_id()
        sql.execute(
            "insert into calibration_session (id, client_id, week, seed, state, drawn_at)"
            " values (%s, %s, %s, %s, 'open', %s)",
            (session_id, client_id, week, seed, now),
        )
        for position, name in enumerate(drawn):
            document_id, ticket_id, reviewer_id, work_by, defects, doc_type, line, fields = reviewed[name]
            questions = list(calibration.questions(required(line, doc_type), fields or {}))
            wrong = sorted({str(d["field"]) for d in defects} & set(questions))
            sql.execute(
                "insert into calibration_unit (id, client_id, session_id, ticket_id, document_id, position,"
                " questions, wrong, reviewer_id, work_by) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    self._new_id(),
                    client_id,
                    session_id,
                    ticket_id,
                    document_id,
                    position,
                    Jsonb(questions),
                    Jsonb(wrong),
                    reviewer_id,
                    work_by,
                ),
            )
        after = {"week": week, "units": len(drawn), "of": len(reviewed)}
        self._tell(connection, client_id, session_id, "calibration.drawn", after, now, actor)
        return {"week": week, "session": str(session_id), "units": len(drawn)}

    def score(
        self,
        connection: Connection,
        row: RowMapping,
        verdict: str,
        wrong: Sequence[str],
        comment: str,
        *,
        now: datetime,
        actor: Actor,
    ) -> None:
        """Keep one person's score; the last one of a session closes it. ``row`` must be locked."""
        client_id, session_id, sql = row["client_id"], row["session_id"], driver(connection)
        sql.execute("select id from calibration_session where id = %s for update", (session_id,))
        found = {one["id"]: known for one, known in units(connection, session_id)}
        seen = found[row["id"]]
        made = calibration.score(seen, actor, verdict, wrong)
        sql.execute(
            "insert into calibration_score (id, client_id, unit_id, reviewer_id, verdict, wrong, comment, at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                self._new_id(),
                client_id,
                seen.id,
                made.reviewer_id,
                made.verdict,
                Jsonb(sorted(made.wrong)),
                comment or None,
                now,
            ),
        )
        after = {"unit": str(seen.id), "scores": len(seen.scores) + 1}
        self._tell(connection, client_id, session_id, "calibration.scored", after, now, actor)
        found[seen.id] = Unit(seen.id, seen.questions, seen.work_by, seen.first, (*seen.scores, made))
        agreed = calibration.agreement(found[seen.id])
        if agreed is None:
            return
        sql.execute(
            "update calibration_unit set agreement = %s where client_id = %s and id = %s",
            (Jsonb(agreed), client_id, seen.id),
        )
        result = calibration.summary(list(found.values()))
        closed = all(one.complete for one in found.values())
        sql.execute(
            "update calibration_session set result = %s, state = %s where client_id = %s and id = %s",
            (Jsonb(result), "closed" if closed else "open", client_id, session_id),
        )
        if closed:
            short = {name: result[name] for name in ("units", "compared", "agreed", "rate", "kappa")}
            self._tell(connection, client_id, session_id, "calibration.closed", short, now, actor)

    def _tell(
        self,
        connection: Connection,
        client_id: UUID,
        session_id: UUID,
        event: str,
        after: Mapping[str, Any],
        now: datetime,
        actor: Actor,
    ) -> None:
        emit = Emit(event, after=after, entity="calibration", entity_id=str(session_id))
        self._audit.record_apart(connection, client_id, now, actor, emit)


class SqlCalibrationRuns:
    """``domain.calibration.CalibrationRuns`` on PostgreSQL."""

    def __init__(self, database: Database, made: Calibrations, required: Required, now: Now) -> None:
        self._database = database
        self._made = made
        self._required = required
        self._now = now

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """The week before, in the client's zone, unless the client is no longer served."""
        with self._database.transaction([client_id]) as connection:
            client = company(connection, client_id)
        if client["status"] != "active" or client["kind"] != "client":
            return ()
        return (calibration.week_before(at, client["zone"]),)

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        """Draw, once per client and week."""
        with self._database.transaction([client_id]) as connection:
            return self._made.draw(
                connection, client_id, period, self._required, now=self._now(), actor=actor
            )
