"""What lists share: addresses that hold every filter, choices, days as spans, and the list as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse

from api.portal import on_paper
from api.portal.catalogue import Texts
from api.portal.parts import Choice, Filter
from api.portal.visit import Visit
from api.principal import CLIENT_ROLES
from api.services import in_thread
from api.spans import begins, ends, lenient
from ticketos.domain.document_class import CLASSES
from ticketos.domain.errors import DomainError
from ticketos.reports import cells, printed
from ticketos.reports import workbook as workbooks

Row = TypeVar("Row")
Paged = Callable[[Connection, str | None], tuple[Sequence[Row], str | None]]
CLIENT = CLIENT_ROLES
LIMIT = 50
FILE_PAGE = 100


def address(path: str, query: Mapping[str, object]) -> str:
    """A path with the filters that are set."""
    kept = {name: value for name, value in query.items() if value not in (None, "", False)}
    return path + (f"?{urlencode(kept)}" if kept else "")


def choices(t: Texts, group: str, values: Iterable[str], chosen: str) -> list[Choice]:
    """Any, and each value by its word."""
    named = [Choice(value, t.word(group, value), value == chosen) for value in values]
    return [Choice("", t("shell.any"), not chosen), *named]


def class_choices(t: Texts, chosen: str | None, otherwise: str = "") -> list[Choice]:
    """The classes of documents (CP2), after ``otherwise``: as the contract says. ``chosen`` None: none of these is."""
    named = [Choice(one, t.word("document_class", one), one == chosen) for one in CLASSES]
    return [Choice(otherwise, t("requests.class_by_contract"), chosen == otherwise), *named]


def clients_of(visit: Visit) -> list[tuple[str, str, UUID]]:
    """Short name, name and id of the clients the caller may choose from here."""
    seen = set(visit.principal.clients_with(visit.call.rule.roles))
    known = [one for one in visit.viewer.companies.values() if one.id in seen and one.kind == "client"]
    return [(one.slug, one.name, one.id) for one in sorted(known, key=lambda one: one.name.casefold())]


def client_named(visit: Visit, slug: str) -> UUID:
    """The client of this short name, of those to choose from here. Raises ``client-unknown``."""
    found = next((one for own, _, one in clients_of(visit) if own == slug), None)
    if found is None:
        raise DomainError("client-unknown")
    return found


def client_first(visit: Visit, slug: str) -> UUID | None:
    """The client that a form begins with: the one named, else the only one there is; none where several are. Raises
    ``client-unknown``."""
    known = clients_of(visit)
    return client_named(visit, slug) if slug else (known[0][2] if len(known) == 1 else None)


def clients_asked(visit: Visit, slug: str) -> list[UUID]:
    """The clients a list is of: the one named, else all there are to choose from here."""
    return [one for own, _, one in clients_of(visit) if not slug or own == slug]


def slug_of(visit: Visit, client_id: UUID | None) -> str:
    """The short name of a client, of those to choose from here; empty for another."""
    return next((slug for slug, _, one in clients_of(visit) if one == client_id), "")


def client_choices(visit: Visit, chosen: str) -> list[Choice]:
    """The clients to choose from, by short name."""
    return [Choice(slug, name, slug == chosen) for slug, name, _ in clients_of(visit)]


def client_filter(visit: Visit, chosen: str) -> list[Filter]:
    """The filter by client, where there is more than one to choose from."""
    t, named = visit.portal.texts, client_choices(visit, chosen)
    if len(named) < 2:
        return []
    return [Filter("client", t("lists.client"), [Choice("", t("lists.all_clients")), *named], chosen)]


MONTHS_BACK = 24


def month_choices(visit: Visit, chosen: str, *, also_any: bool) -> list[Choice]:
    """The months of two years by their names, the newest first, and the chosen one wherever it lies. Written as lists
    write them: a browser's own month field shows dashes where none is chosen, and digits where it has none."""
    today = visit.call.now.astimezone(visit.viewer.zone).date()
    named = [Choice(one, visit.formats.month(one), one == chosen) for one in months(today, chosen)]
    return [Choice("", visit.portal.texts("shell.any"), not chosen), *named] if also_any else named


def months(today: date, chosen: str = "") -> list[str]:
    """The last months as 2026-11, this one first, with the chosen one among them at its place."""
    at = today.year * 12 + today.month - 1
    known = {f"{(at - back) // 12:04}-{(at - back) % 12 + 1:02}" for back in range(MONTHS_BACK)}
    return sorted(known | ({chosen} if chosen else set()), reverse=True)


def day_filters(visit: Visit, since: str, until: str, of: str = "") -> list[Filter]:
    """From and to, as days; an exact instant, which a figure led here with, may be widened to its day or dropped. ``of``
    begins the names of another span than that of the receipt."""
    t = visit.portal.texts
    return [
        _moment_filter(visit, f"{of}{name}", t(f"lists.{of}{name}"), value)
        for name, value in (("since", since), ("until", until))
    ]


def _moment_filter(visit: Visit, name: str, label: str, value: str) -> Filter:
    found = lenient(value)
    if not isinstance(found, datetime):
        return Filter(name, label, value=value, kind="date")
    t, f = visit.portal.texts, visit.formats
    day = found.astimezone(visit.viewer.zone).date()
    named = [
        Choice(value, f.short_text(found), chosen=True),
        Choice(day.isoformat(), t("lists.whole_day", day=f.said(day.isoformat()))),
        Choice("", t("shell.any")),
    ]
    return Filter(name, label, named, value)


def span(visit: Visit, since: str, until: str) -> tuple[datetime | None, datetime | None]:
    """Two days of an address, or two instants, as instants: the last day, of the viewer's zone, belongs to the span, the
    last instant does not. What nobody can read filters nothing."""
    first, last, zone = lenient(since), lenient(until), visit.viewer.zone
    return begins(first, zone) if first else None, ends(last, zone) if last else None


async def file_of(
    visit: Visit, name: str, head: Sequence[str], page: Paged[Row], line: Callable[[Row], Iterable[Any]]
) -> Response:
    """Everything a list would show, page after page, as CSV or, as the address says, as a workbook (``as=xlsx``) or on
    paper (``as=pdf``). The first page is read before the answer begins, so that a refusal is still a refusal. Raises
    ``workbook-full``, ``paper-full``."""
    first = await visit.read(lambda connection: page(connection, None))
    if (kind := _kind(visit)) is not None:
        found, following = list(first[0]), first[1]
        while following:
            if len(found) >= _most(kind, head):
                raise DomainError(_FULL[kind], most=_most(kind, head))
            rows, following = await visit.read(partial(_page_after, page, following))
            found += rows
        return await _whole(visit, kind, name, head, list(map(line, found)))

    async def content() -> AsyncIterator[str]:
        rows, following = first
        yield cells.BOM + cells.rows([head, *map(line, rows)])
        while following:
            rows, following = await visit.read(partial(_page_after, page, following))
            yield cells.rows(map(line, rows))

    return StreamingResponse(content(), media_type="text/csv; charset=utf-8", headers=download(f"{name}.csv"))


_FULL = {"xlsx": "workbook-full", "pdf": "paper-full"}
_MEDIA = {"xlsx": workbooks.MEDIA, "pdf": printed.MEDIA}


def _most(kind: str, head: Sequence[str]) -> int:
    return workbooks.MOST_ROWS if kind == "xlsx" else printed.most_rows(len(head))


def _kind(visit: Visit) -> str | None:
    """What the address asks for beside CSV."""
    asked = visit.request.query_params.get("as")
    return asked if asked in _FULL else None


async def _whole(
    visit: Visit, kind: str, name: str, head: Sequence[str], lines: Sequence[Iterable[Any]]
) -> Response:
    if kind == "xlsx":
        content = await in_thread(partial(workbooks.workbook, head, lines))
    else:
        if len(lines) > _most(kind, head):
            raise DomainError("paper-full", most=_most(kind, head))
        t, f = visit.portal.texts, visit.formats
        about = [
            t("lists.printed", at=f.full_text(visit.call.now), n=len(lines)),
            *on_paper.narrowed(f, visit.request.query_params.items()),
        ]
        words = printed.Heading(on_paper.title(t, name), " · ".join(about))
        heads, said = [t.column(one) for one in head], [on_paper.line(f, head, one) for one in lines]
        content = await in_thread(partial(printed.listing, words, heads, said))
    return Response(content, media_type=_MEDIA[kind], headers=download(f"{name}.{kind}"))


def _page_after(page: Paged[Row], cursor: str, connection: Connection) -> tuple[Sequence[Row], str | None]:
    return page(connection, cursor)


def download(filename: str) -> dict[str, str]:
    """Headers of a file to be saved."""
    return {
        "Content-Disposition": f'attachment; filename="{filename}"',
        "Cache-Control": "private, no-store",
    }


async def sheet(visit: Visit, name: str, head: Sequence[str], lines: Iterable[Iterable[Any]]) -> Response:
    """A short table as CSV, or as the address says as a workbook or on paper. Raises ``paper-full``."""
    if (kind := _kind(visit)) is not None:
        return await _whole(visit, kind, name, head, list(lines))
    content = cells.BOM + cells.rows([head, *lines])
    return Response(content, media_type="text/csv; charset=utf-8", headers=download(f"{name}.csv"))
