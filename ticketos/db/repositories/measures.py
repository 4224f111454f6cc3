"""The counters of ``ticketos.domain.measures``, counted by period and group in one statement, and the rows that a
measure counts. Periods are those of the zone that is given; a span is since ≤ at < until."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from ticketos.db.repositories import cursors
from ticketos.db.repositories.measure_source import Source
from ticketos.db.repositories.measure_sources import HOUSE, SOURCES
from ticketos.domain.measures import Grain, Measure

__all__ = ["HOUSE", "SOURCES", "Counted", "Span", "clients", "cost", "counted", "listed", "totals"]

_COST = """
select period as month, currency, sum(net) as net, sum(total) as total, count(*)::int as papers
  from invoice where client_id = any(:clients) and state = 'issued' and period >= :first
 group by 1, 2 order by 1, 2"""
_NEEDS_TICKET = frozenset({"line", "team", "channel"})


@dataclass(frozen=True)
class Span:
    """Which rows are counted: of these clients, in this span, as it stands ``now``, and of these groups alone (name of a
    group: value)."""

    clients: tuple[UUID, ...]
    since: datetime
    until: datetime
    zone: str
    now: datetime
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Counted:
    """Counters of one period and group. ``group`` None: of no group (a request without a line, nobody's work)."""

    period: date
    group: str | None
    counters: Mapping[str, int]


def counted(
    connection: Connection, span: Span, grain: Grain, by: str = "", *, leave: Collection[str] = ()
) -> list[Counted]:
    """Every counter by period and group, those of a period and group together, by period and then group. Sources that
    do not know the group, or what the span is narrowed to, count nothing; those in ``leave`` are not asked."""
    asked = [
        _part(name, one, span, by)
        for name, one in SOURCES.items()
        if name not in leave and _knows(one, (*span.only, *([by] if by else [])))
    ]
    if not asked:
        return []
    found: dict[tuple[date, str | None], dict[str, int]] = {}
    query = " union all ".join(asked)
    for row in connection.execute(text(query), {**_values(span), "grain": grain}):
        found.setdefault((row.period, row.grouped), {}).update(row.counters)
    order = sorted(found, key=lambda one: (one[0], one[1] is None, one[1] or ""))
    return [Counted(period, group, found[period, group]) for period, group in order]


def cost(connection: Connection, client_ids: Sequence[UUID], first: str) -> list[dict[str, Any]]:
    """Net and total of issued papers per billing period and currency, from the period ``first`` on."""
    values = {"clients": list(client_ids), "first": first}
    return [dict(row) for row in connection.execute(text(_COST), values).mappings()]


def totals(connection: Connection, measure: Measure, span: Span) -> dict[str, int]:
    """The measure's two counters over the whole span, and ``rows``: how many rows have a share in each."""
    one = SOURCES[measure.source]
    part, whole = _number(one, measure.part), _number(one, measure.whole or measure.part)
    query = (
        f"select coalesce(sum({part}), 0)::bigint as part, coalesce(sum({whole}), 0)::bigint as whole,"
        f" (count(*) filter (where {part} <> 0))::int as part_rows,"
        f" (count(*) filter (where {whole} <> 0))::int as whole_rows {_from(one, span, (*span.only,))}"
    )
    return dict(connection.execute(text(query), _values(span)).mappings().one())


def listed(
    connection: Connection,
    measure: Measure,
    span: Span,
    limit: int,
    cursor: str | None,
    *,
    part_only: bool = False,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the rows a measure counts, the latest first: what they are of, and what each adds to both counters.
    ``part_only``: those alone that add to the part. Raises ``cursor-invalid``."""
    one = SOURCES[measure.source]
    part, whole = _number(one, measure.part), _number(one, measure.whole or measure.part)
    values = {**_values(span), "limit": limit + 1}
    after = ""
    if cursor is not None:
        values["last_at"], values["last_key"] = cursors.decode(cursor)
        after = f" and ({one.at}, {one.key}) < (:last_at, cast(:last_key as uuid))"
    document = one.document
    named = "null::text" if document == "null::uuid" else "f.filename"
    joined = "" if document == "null::uuid" else f" left join document f on f.id = {document}"
    query = (
        f"select {one.at} as at, {one.key} as key, t.id as ticket_id, t.client_id, t.number, t.subject, t.service_line,"
        f" t.state, {document} as document_id, {named} as filename, ({part})::bigint as part, ({whole})::bigint as whole"
        f" {_from(one, span, ('line',), joined)} and {part if part_only else whole} <> 0{after}"
        f" order by {one.at} desc, {one.key} desc limit :limit"
    )
    rows = [dict(row) for row in connection.execute(text(query), values).mappings()]
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursors.encode(rows[limit - 1]["at"], rows[limit - 1]["key"])


def clients(connection: Connection, ids: Sequence[UUID]) -> Sequence[Any]:
    """Id and name of these clients."""
    query = "select id, name from client where id = any(:ids) order by name"
    return connection.execute(text(query), {"ids": list(ids)}).all()


def _knows(one: Source, groups: Iterable[str]) -> bool:
    return all(one.group(name) for name in groups)


def _number(one: Source, counter: str) -> str:
    words = one.counters[counter]
    return f"coalesce({words}, 0)" if counter in one.sums else f"case when {words} then 1 else 0 end"


def _counter(one: Source, counter: str) -> str:
    words = one.counters[counter]
    if counter in one.sums:
        return f"coalesce(sum({words}), 0)::bigint"
    return "count(*)" if words == "true" else f"count(*) filter (where {words})"


def _part(name: str, one: Source, span: Span, by: str) -> str:
    """One source by period and group. Dates are cut in one place and grouped by position: to word them for each of many
    rows would take longer than all the rest."""
    counters = ", ".join(f"'{key}', {_counter(one, key)}" for key in one.counters)
    group = f"({one.group(by)})::text" if by else "null::text"
    groups = (*span.only, *([by] if by else []))
    return (
        f"select date_trunc(:grain, {one.at} at time zone :zone)::date as period, {group} as grouped,"
        f" jsonb_build_object({counters}) as counters {_from(one, span, groups)} group by 1, 2"
    )


def _from(one: Source, span: Span, groups: Iterable[str], joined: str = "") -> str:
    ticket = not one.is_ticket and bool(_NEEDS_TICKET.intersection(groups))
    join = f" join ticket t on t.client_id = {one.client} and t.id = {one.ticket}" if ticket else ""
    only = "".join(
        f" and {one.group(name)} is null"
        if value == "-"
        else f" and ({one.group(name)})::text = :only_{name}"
        for name, value in span.only.items()
    )
    return (
        f"from {one.table}{join}{joined} where {one.client} = any(:clients) and {one.at} >= :since"
        f" and {one.at} < :until and {one.where}{only}"
    )


def _values(span: Span) -> dict[str, Any]:
    only = {f"only_{name}": value for name, value in span.only.items() if value != "-"}
    return {
        "clients": list(span.clients),
        "since": span.since,
        "until": span.until,
        "zone": span.zone,
        "now": span.now,
        **only,
    }
