"""Retraining on PostgreSQL: examples out of corrections, contests, versions, rollback. One client at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from ticketos.db.audit import AuditTrail
from ticketos.db.repositories.invoice_rows import company
from ticketos.db.repositories.learning_examples import Stored, split
from ticketos.db.session import Database, driver, encode_json
from ticketos.domain import learning
from ticketos.domain.changes import Emit
from ticketos.domain.errors import DomainError
from ticketos.domain.learning import Alive, Contest, Learnable, Outcome
from ticketos.domain.ports import NewId, Now
from ticketos.domain.state import Actor
from ticketos.lines.data_entry import calibration, coding_model

KIND = "learning"
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


SHIPPED: tuple[Learnable, ...] = (calibration.LEARNABLE, coding_model.LEARNABLE)
"""Kinds that need nothing but the database; whoever puts a process together adds the reader's own."""


class Learning:
    """Retrains, promotes and takes back; every change of the version in use is in the trail."""

    def __init__(self, audit: AuditTrail, new_id: NewId, kinds: Sequence[Learnable] = SHIPPED) -> None:
        self._audit = audit
        self._new_id = new_id
        self._kinds = tuple(kinds)

    def retrain(
        self,
        database: Database,
        client_id: UUID,
        *,
        now: datetime,
        actor: Actor,
        alive: Alive = lambda: None,
    ) -> tuple[Contest, ...]:
        """Learn each kind anew and let it stand against the version in use on what was kept back.

        Training and judging take minutes and hold no transaction; ``alive`` is called all the while.
        """
        return tuple(self._contest(database, client_id, kind, now, actor, alive) for kind in self._kinds)

    def _contest(
        self,
        database: Database,
        client_id: UUID,
        kind: Learnable,
        now: datetime,
        actor: Actor,
        alive: Alive,
    ) -> Contest:
        with database.transaction([client_id]) as connection:
            examples = split(connection, client_id, kind)
            champion = driver(connection).execute(_CHAMPION, (client_id, kind.name)).fetchone()
        known = Stored(database, client_id, kind.source, examples.known)
        kept_back = Stored(database, client_id, kind.source, examples.kept_back, examples.unmet)
        challenger = kind.fit(known, alive)
        in_use = champion[1] if champion and kind.fits(champion[1]) else None
        outcome = kind.judge(challenger, in_use, kept_back, alive)
        with database.transaction([client_id]) as connection:
            return self._settle(
                connection, client_id, kind, (champion, len(known), challenger, outcome), now, actor
            )

    def _settle(
        self,
        connection: Connection,
        client_id: UUID,
        kind: Learnable,
        found: tuple[Sequence[Any] | None, int, Mapping[str, Any], Outcome],
        now: datetime,
        actor: Actor,
    ) -> Contest:
        """Keep the version; the winner takes over, if the version it has beaten is still in use."""
        champion, examples, challenger, outcome = found
        sql = driver(connection)
        # Two retrainings at once would both take the next version.
        sql.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"learn:{client_id}",))
        present = sql.execute(_CHAMPION, (client_id, kind.name)).fetchone()
        promoted, why = outcome.promoted, outcome.why
        if promoted and (present and present[0]) != (champion and champion[0]):
            promoted, why = False, "another version came into use while this one was trained"
        last = sql.execute(_LAST, (client_id, kind.name)).fetchone()
        assert last is not None
        scores, now_in_use = outcome.challenger, outcome.champion
        contest = Contest(kind.name, int(last[0]) + 1, examples, scores, now_in_use, promoted, why)
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
                # What was refused is never used: its figures are enough.
                encode_json(challenger if promoted else {}),
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

    def supply(self, connection: Connection, client_id: UUID) -> list[dict[str, Any]]:
        """Of each kind how many examples there are, how many of them judge, and what that means in words."""
        told = []
        for kind in self._kinds:
            found = split(connection, client_id, kind)
            champion = driver(connection).execute(_CHAMPION, (client_id, kind.name)).fetchone()
            told.append(
                {
                    "kind": kind.name,
                    "examples": len(found.known) + len(found.kept_back),
                    "kept_back": len(found.kept_back),
                    "suppliers_kept_back": len(found.unmet),
                    "outdated": bool(champion and not kind.fits(champion[1])),
                    "enough": len(found.kept_back) >= learning.FEWEST_JUDGES,
                }
            )
        return told

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
        self._audit.record_apart(
            connection,
            client_id,
            now,
            actor,
            Emit(event, after=facts, entity="model", entity_id=str(facts["kind"])),
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

    def run(
        self, client_id: UUID, period: str, actor: Actor, alive: Alive = lambda: None
    ) -> Mapping[str, Any]:
        """Retrain; the day is noted, so that a night is learnt once."""
        now = self._now()
        contests = self._learner.retrain(self._database, client_id, now=now, actor=actor, alive=alive)
        with self._database.transaction([client_id]) as connection:
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
