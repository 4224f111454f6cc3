"""Coding rules: words that choose account, cost centre and tax code of a client's documents, in the order tried."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import Rule, as_page
from api.deps import etag
from api.portal.listing import (
    address,
    client_choices,
    client_named,
    clients_of,
    slug_of,
)
from api.portal.parts import Crumb, Empty, Filter, NavItem, Notice
from api.portal.stale import differences
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import coding_rules as v1
from schemas.vendors import CodingRuleView, EditCodingRule, NewCodingRule
from ticketos.db.repositories import chart
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
_READ = as_page(v1.RULES["GET", "/v1/coding-rules/{rule_id}"])
_WRITE = as_page(v1.RULES["POST", "/v1/coding-rules"])
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/coding-rules"): _READ,
    ("POST", "/coding-rules"): _WRITE,
    ("GET", "/coding-rules/{rule_id}"): _READ,
    ("POST", "/coding-rules/{rule_id}"): _WRITE,
}
NAV = (
    NavItem(
        text="coding_rules.title",
        href="/coding-rules",
        icon="filter",
        roles=_READ.roles,
        section="office",
        order=67,
    ),
)
FIELDS = ("pattern", "account", "cost_centre", "tax_code", "place")


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.form.text(name) for name in FIELDS}


def _values(typed: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in typed.items() if name != "place" or value}


def _moved(visit: Visit, typed: dict[str, str]) -> bool:
    """Whether somebody gave the rule another place than the page showed: a rule that others moved meanwhile stays where
    they put it."""
    return typed["place"] != visit.form.text("place_was")


@router.get("/coding-rules")
async def show(visit: VisitDep, client: str = "") -> Response:
    """One client's rules in the order they are tried."""
    return await _show(visit, client)


async def _show(
    visit: Visit, client: str, status: int = 200, typed: dict[str, str] | None = None, **more: Any
) -> Response:
    known, t = clients_of(visit), visit.portal.texts
    chosen = next((one for one in known if one[0] == client), None) if client else next(iter(known), None)
    if client and chosen is None:
        raise DomainError("client-unknown")

    def read(connection: Connection) -> tuple[list[CodingRuleView], dict[str, tuple[str, bool]]]:
        if chosen is None:
            return [], {}
        return v1.of_client(connection, chosen[2]), chart.names(connection, chosen[2])

    rows, named = await visit.read(read)
    slug = chosen[0] if chosen else ""
    choices = client_choices(visit, slug)
    return visit.page(
        "coding_rules/list",
        status,
        **more,
        rows=rows,
        named=named,
        accounts=[(code, name) for code, (name, active) in named.items() if active],
        slug=slug,
        owner=chosen[1] if chosen else "",
        typed=typed or dict.fromkeys(FIELDS, ""),
        opened=typed is not None,
        may=chosen is not None and visit.may(_WRITE, chosen[2]),
        filters=[Filter("client", t("lists.client"), choices, slug)] if len(known) > 1 else [],
        empty=Empty(t("coding_rules.empty"), t("coding_rules.empty_text"), "filter"),
    )


@router.post("/coding-rules")
async def create(visit: PostDep) -> Response:
    """Add a rule."""
    typed, client = _typed(visit), visit.form.text("client")
    try:
        found = client_named(visit, client)
    except DomainError as error:  # the page of another client with these words in it would add them there
        return await visit.refused(error)

    async def work() -> Response:
        return await v1.create_rule(visit.call, visit.body(NewCodingRule, client_id=found, **_values(typed)))

    async def again(notice: Notice, status: int) -> Response:
        return await _show(visit, client, status, typed, notice=notice)

    return await visit.act(
        work,
        to=address("/coding-rules", {"client": client}),
        said="coding_rules.added",
        again=again,
        pattern=typed["pattern"],
    )


async def _one(visit: Visit, rule_id: UUID) -> tuple[CodingRuleView, Any]:
    def read(connection: Connection) -> tuple[CodingRuleView, Any]:
        row = v1.one(connection, visit.call, rule_id)
        (shown,) = (it for it in v1.of_client(connection, row["client_id"]) if it.id == rule_id)
        return shown, chart.picks(connection, row["client_id"])

    return await visit.read(read)


async def _form(
    visit: Visit,
    row: CodingRuleView,
    accounts: Any,
    typed: dict[str, str] | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    t = visit.portal.texts
    slug = slug_of(visit, row.client_id)
    shown = typed or {name: str(getattr(row, name)) for name in FIELDS}
    return visit.page(
        "coding_rules/form",
        status,
        **{"stale": [], **more},
        row=row,
        accounts=accounts,
        owner=visit.viewer.company(row.client_id),
        typed=shown,
        account_name=dict(accounts).get(shown["account"], ""),
        back=address("/coding-rules", {"client": slug}),
        slug=slug,
        may=visit.may(_WRITE, row.client_id),
        crumbs=[
            Crumb(t("coding_rules.title"), address("/coding-rules", {"client": slug})),
            Crumb(row.pattern),
        ],
    )


@router.get("/coding-rules/{rule_id}")
async def one(visit: VisitDep, rule_id: UUID) -> Response:
    """One rule."""
    return await _form(visit, *await _one(visit, rule_id))


@router.post("/coding-rules/{rule_id}")
async def edit(visit: PostDep, rule_id: UUID) -> Response:
    """Keep new values of a rule, or remove it."""
    typed, version = _typed(visit), visit.form.version
    match = etag(version) if version is not None else None
    removing = visit.form.text("act") == "remove"

    async def work() -> Response:
        if removing:
            return await v1.remove_rule(visit.call, rule_id, match)
        news = typed if _moved(visit, typed) else {**typed, "place": ""}
        return await v1.edit_rule(visit.call, rule_id, visit.body(EditCodingRule, **_values(news)), match)

    async def again(notice: Notice, status: int) -> Response:
        now, accounts = await _one(visit, rule_id)
        kept = {name: str(getattr(now, name)) for name in FIELDS}
        mine = kept if removing else typed if _moved(visit, typed) else {**typed, "place": kept["place"]}
        stale = differences(visit.portal.texts, "coding_rules", kept, mine) if status == 412 else []
        return await _form(visit, now, accounts, mine, status, notice=notice, stale=stale)

    # What the page needs afterwards comes with the form: a removed rule cannot be read for it, and a form sent twice is
    # answered as the first time.
    return await visit.act(
        work,
        to=address("/coding-rules", {"client": visit.form.text("client")}),
        said="coding_rules.removed" if removing else "coding_rules.kept",
        again=again,
        pattern=typed["pattern"],
    )
