"""Retraining on PostgreSQL: examples out of corrections, contests, versions, rollback. One client at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.session import Database, driver, encode_json
from ticketos.domain import learning
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.learning import Contest, Learnable, is_kept_back
from ticketos.domain.ports import NewId, Now
from ticketos.domain.state import Actor
from ticketos.lines.data_entry import calibration, coding_model

KIND = "learning"
MOST_EXAMPLES = 20_000

_FINISHED = """
select document_id, words, shown, final, seen from kept_reading
 where client_id = %s and learnt_at is not null order by learnt_at desc limit %s"""
_CODED = """
select id, fields -> 'supplier_name' ->> 'value', lines, coding from document
 where client_id = %s and coding ->> 'by' = 'person' and state = 'posted' order by done_at desc limit %s"""
_CHAMPION = "select version, payload, promoted_at from learned_model where client_id = %s and kind = %s and state = 'champion'"
_LAST = "select coalesce(max(version), 0) from learned_model where client_id = %s and kind = %s"
_KEEP = """
insert into learned_model (id, client_id, kind, version, state, payload, scores, examples, trained_at, promoted_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
_RETIRE = (
    "update learned_model set state = 'retired' where client_id = %s and kind = %s and state = 'champion'"
)
_STATUS = """
select kind, version, state, examples, scores, trained_at, promoted_at from learned_model
 where client_id = %s order by kind, version desc"""
_EARLIER = """
select version from learned_model where client_id = %s and kind = %s and state = 'retired'
   and promoted_at is not null and promoted_at < %s order by promoted_at desc limit 1"""


def _readings(connection: Connection, client_id: UUID) -> Iterator[tuple[UUID, Mapping[str, Any]]]:
    """The readings people finished with, by document."""
    names = ("words", "shown", "final", "seen")
    for document_id, *values in driver(connection).execute(_FINISHED, (client_id, MOST_EXAMPLES)):
        yield document_id, dict(zip(names, values, strict=True))


def _codings(connection: Connection, client_id: UUID) -> Iterator[tuple[UUID, Mapping[str, Any]]]:
    """The papers people coded, by document."""
    for document_id, supplier, lines, coding in driver(connection).execute(
        _CODED, (client_id, MOST_EXAMPLES)
    ):
        text = " ".join([supplier or "", *(str(line.get("description") or "") for line in lines or ())])
        chosen = {name: coding.get(name) or "" for name in ("account", "cost_centre", "tax_code")}
        yield document_id, {"text": text, **chosen}


_SOURCES = {"readings": _readings, "codings": _codings}
SHIPPED: tuple[Learnable, ...] = (calibration.LEARNABLE, coding_model.LEARNABLE)


class Learning:
    """Retrains, promotes and takes back; every change of the version in use is in the trail."""

    def __init__(self, audit: AuditTrail, new_id: NewId, kinds: Sequence[Learnable] = SHIPPED) -> None:
        self._audit = audit
        self._new_id = new_id
        self._kinds = tuple(kinds)

    def retrain(
        self, connection: Connection, client_id: UUID, *, now: datetime, actor: Actor
    ) -> tuple[Contest, ...]:
        """Learn each kind anew and let it stand against the version in use on what was kept back."""
        # Two retrainings at once would both take the next version.
        driver(connection).execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"learn:{client_id}",)
        )
        return tuple(self._contest(connection, client_id, kind, now, actor) for kind in self._kinds)

    def _contest(
        self, connection: Connection, client_id: UUID, kind: Learnable, now: datetime, actor: Actor
    ) -> Contest:
        sql = driver(connection)
        examples = list(_SOURCES[kind.source](connection, client_id))
        known = [row for document, row in examples if not is_kept_back(document)]
        kept_back = [row for document, row in examples if is_kept_back(document)]
        champion = sql.execute(_CHAMPION, (client_id, kind.name)).fetchone()
        challenger = kind.fit(known)
        now_in_use = dict(kind.score(champion[1] if champion else None, kept_back))
        scores = dict(kind.score(challenger, kept_back))
        promoted, why = learning.verdict(kind.better(scores, now_in_use), int(scores["judges"]))
        last = sql.execute(_LAST, (client_id, kind.name)).fetchone()
        assert last is not None
        contest = Contest(kind.name, int(last[0]) + 1, len(known), scores, now_in_use, promoted, why)
        if promoted:
            sql.execute(_RETIRE, (client_id, kind.name))
        sql.execute(
            _KEEP,
            (
                self._new_id(),
                client_id,
                kind.name,
                contest.version,
                "champion" if promoted else "refused",
                encode_json(challenger),
                encode_json({"challenger": scores, "champion": now_in_use, "why": why}),
                contest.examples,
                now,
                now if promoted else None,
            ),
        )
        self._tell(
            connection,
            client_id,
            "model.promoted" if promoted else "model.refused",
            contest.as_dict(),
            now,
            actor,
        )
        return contest

    def status(self, connection: Connection, client_id: UUID) -> list[dict[str, Any]]:
        """Every version of every kind, the newest first."""
        names = ("kind", "version", "state", "examples", "scores", "trained_at", "promoted_at")
        return [
            dict(zip(names, row, strict=True)) for row in driver(connection).execute(_STATUS, (client_id,))
        ]

    def rollback(
        self, connection: Connection, client_id: UUID, kind: str, *, now: datetime, actor: Actor
    ) -> dict[str, Any]:
        """Back to the version used before; before the first, to what ships with the reader.

        Raises ``model-kind-unknown`` and ``model-none-in-use``.
        """
        if kind not in [it.name for it in self._kinds]:
            raise DomainError("model-kind-unknown", given=kind, allowed=[it.name for it in self._kinds])
        sql = driver(connection)
        champion = sql.execute(_CHAMPION, (client_id, kind)).fetchone()
        if champion is None:
            raise DomainError("model-none-in-use", kind=kind)
        sql.execute(
            "update learned_model set state = 'taken_back' where client_id = %s and kind = %s and state = 'champion'",
            (client_id, kind),
        )
        earlier = sql.execute(_EARLIER, (client_id, kind, champion[2])).fetchone()
        if earlier is not None:
            sql.execute(
                "update learned_model set state = 'champion' where client_id = %s and kind = %s and version = %s",
                (client_id, kind, earlier[0]),
            )
        facts = {"kind": kind, "from": champion[0], "to": earlier[0] if earlier else None}
        self._tell(connection, client_id, "model.rolled_back", facts, now, actor)
        return facts

    def _tell(
        self,
        connection: Connection,
        client_id: UUID,
        event: str,
        facts: Mapping[str, Any],
        now: datetime,
        actor: Actor,
    ) -> None:
        self._audit.record(
            connection,
            client_id=client_id,
            ticket_id=None,
            root_id=None,
            at=now,
            actor=actor,
            emit=Emit(event, after=facts, entity="model", entity_id=str(facts["kind"])),
        )


class SqlLearningRuns:
    """``domain.learning.LearningRuns`` on PostgreSQL."""

    def __init__(self, database: Database, learner: Learning, now: Now) -> None:
        self._database = database
        self._learner = learner
        self._now = now

    def due(self, client_id: UUID, at: datetime) -> tuple[str, ...]:
        """The day that has ended, if somebody corrected or coded anything since the last training."""
        with self._database.transaction([client_id]) as connection:
            client = company(connection, client_id)
            if client["status"] != "active" or client["kind"] != "client":
                return ()
            row = (
                driver(connection)
                .execute(
                    "select (select max(at) from period_run where client_id = %(c)s and kind = %(k)s),"
                    " (select max(learnt_at) from kept_reading where client_id = %(c)s),"
                    " (select max(done_at) from document where client_id = %(c)s and coding ->> 'by' = 'person')",
                    {"c": client_id, "k": KIND},
                )
                .fetchone()
            )
        assert row is not None
        last, *taught = row
        newest = max((at for at in taught if at is not None), default=None)
        if newest is None or (last is not None and newest <= last):
            return ()
        return (learning.day_to_learn(at, client["zone"]).isoformat(),)

    def run(self, client_id: UUID, period: str, actor: Actor) -> Mapping[str, Any]:
        """Retrain; the day is noted, so that a night is learnt once."""
        now = self._now()
        with self._database.transaction([client_id]) as connection:
            contests = self._learner.retrain(connection, client_id, now=now, actor=actor)
            driver(connection).execute(
                "insert into period_run (client_id, kind, period, result, at) values (%s, %s, %s, %s, %s)"
                " on conflict (client_id, kind, period) do update set result = excluded.result, at = excluded.at",
                (
                    client_id,
                    KIND,
                    date.fromisoformat(period).isoformat(),
                    encode_json([contest.as_dict() for contest in contests]),
                    now,
                ),
            )
        return {"day": period, "promoted": [contest.kind for contest in contests if contest.promoted]}
