"""A world whose every text from outside is a vector: subjects, messages, names, files, fields, reasons, the trail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from schemas.extraction import FIELD_NAMES
from tests.support.api import Person, World
from tests.support.books import accepted, contract, held_unit, settle
from ticketos.db.ids import new_id
from ticketos.domain.changes import Emit
from ticketos.domain.state import SYSTEM, Actor
from ticketos.links import approval_link, password_link, repeat_link, survey_link

LINE = ("description", "quantity", "unit", "unit_price", "tax_rate", "net")
OTHERS = 24
"""Clients beside the two of the world, so that every list of names is full of them."""
EVENTS_A_PAGE = 180
"""Fewer than a ticket's page shows, so that every event of a ticket is on its first page."""


@dataclass
class Planted:
    """Who looks, and the ids of what there is to look at."""

    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    told: list[UUID] = field(default_factory=list)
    """Tickets whose timelines hold everything between them."""
    paper: dict[str, Any] = field(default_factory=dict)
    """Columns of a document whose fields and lines hold everything."""


def plant(world: World, texts: Sequence[str]) -> Planted:
    """Put every text into every place."""
    made = Planted()
    now, acme = datetime.now(UTC), world.acme
    for company in (world.provider, world.acme, world.beta):
        settle(world, company, address=_joined(texts, 0))
    world.sql(acme, "update client set name = %s where id = %s", (_joined(texts, 0), acme))
    _companies(world, texts)
    _people(world, made, texts)
    _tickets(world, texts, now)
    _stories(world, made, texts, now)
    _documents(world, made, texts, now)
    _decided(world, made, texts, now)
    _money(world, made, texts, now)
    _vendors(world, made, texts, now)
    _mine(world, made, texts)
    return made


def _put(world: World, table: str, client: UUID, rows: Iterable[dict[str, Any]]) -> None:
    with world.services.database.transaction([client]) as connection:
        connection.execute(SQLModel.metadata.tables[table].insert(), list(rows))


def _joined(texts: Sequence[str], at: int, count: int = 12) -> str:
    """Some of them in one, for places that are few."""
    return " ".join(islice(cycle(texts), at * count, (at + 1) * count))


def _companies(world: World, texts: Sequence[str]) -> None:
    for n in range(OTHERS):
        client_id = new_id()
        with world.services.database.transaction([client_id]) as connection:
            world.services.clients.create(
                connection,
                client_id,
                {"slug": f"c{n}", "prefix": f"C{n}", "name": _joined(texts, n), "address": texts[n]},
                now=datetime.now(UTC),
                actor=SYSTEM,
            )


def _people(world: World, made: Planted, texts: Sequence[str]) -> None:
    made.people = {
        "client": world.person(world.acme, ("client_admin", world.acme), name=texts[0]),
        "ops": world.person(
            world.provider, *((role, None) for role in ("ops", "admin", "lead", "qa", "agent")), name=texts[1]
        ),
        "finance": world.person(world.provider, ("finance", None), name=texts[2]),
    }
    _put(
        world,
        "app_user",
        world.acme,
        (
            {
                "id": new_id(),
                "client_id": world.acme,
                "email": f"{n}{text}@x.example",
                "name": text,
                "skills": [text],
                "level": text,
            }
            for n, text in enumerate(texts)
        ),
    )
    someone = world.sql(world.acme, "select id from app_user where name = %s limit 1", (texts[5],))
    made.ids["person"] = someone[0].id


def _tickets(world: World, texts: Sequence[str], now: datetime) -> None:
    states = ("open", "needs_attention", "paused", "parked", "closed", "open", "open")
    rows = []
    for n, text in enumerate(texts):
        ticket_id, state = new_id(), states[n % len(states)]
        rows.append(
            {
                "id": ticket_id, "client_id": world.acme, "root_id": ticket_id, "number": f"T-{n}",
                "subject": text, "requester_name": text, "requester_email": text, "next_action": text,
                "reason": text, "team": text, "ticket_type": text, "state": state,
                "stage": "closure" if state == "closed" else "delivery",
                "service_line": "data_entry", "received_at": now - timedelta(minutes=n),
                "closed_at": now if state == "closed" else None,
                "due_at": now + timedelta(hours=n - 20), "sla_state": "breached" if n < 20 else "on_track",
            }
        )  # fmt: skip
    _put(world, "ticket", world.acme, rows)


def _stories(world: World, made: Planted, texts: Sequence[str], now: datetime) -> None:
    """Tickets whose messages and events are vectors: what people wrote, what AI did and why, what stopped it."""
    for first in range(0, len(texts), EVENTS_A_PAGE):
        part = texts[first : first + EVENTS_A_PAGE]
        ticket_id = world.ticket(
            world.acme, subject=part[0], stage="quality", service_line="data_entry", reason=part[1],
            requester_name=part[2], state="needs_attention",
        )  # fmt: skip
        made.told.append(ticket_id)
        _put(
            world,
            "message",
            world.acme,
            (
                {
                    "id": new_id(), "client_id": world.acme, "ticket_id": ticket_id, "channel": "email",
                    "direction": ("in", "out", "note")[n % 3], "external_id": f"{ticket_id}-{n}",
                    "sender": text, "recipient": text, "subject": text, "body": f"{text}\n{text}",
                    "received_at": now + timedelta(seconds=n),
                }
                for n, text in enumerate(part)
            ),
        )  # fmt: skip
        with world.services.database.transaction([world.acme]) as connection:
            for n, text in enumerate(part):
                world.services.audit.record(
                    connection,
                    client_id=world.acme,
                    ticket_id=ticket_id,
                    root_id=ticket_id,
                    at=now + timedelta(seconds=n),
                    actor=Actor("ai" if n % 2 else "user", text, origin=text),
                    emit=_event(n, text),
                )


def _event(n: int, text: str) -> Emit:
    """Every kind of event that carries words from outside."""
    return (
        Emit(
            "ticket.triaged",
            after={"engine": text, "confidence": "0.61", "by": "ai", "top": [[text, "0.5"]], "line": text},
            why=text,
        ),
        Emit(
            "document.read",
            after={"engine": text, "confidence": "0.4", "blocked_by": [text, f"field:{text}", f"check:{text}"]},
        ),
        Emit("ticket.returned", after={"reason": text}, why=text),
        Emit("document.rejected", after={"reason": text, "note": text}, why=text, entity="document"),
        Emit("ticket.edited", before={"subject": text}, after={"subject": f"{text}2"}, why=text),
        Emit("ticket.needs_attention", after={"error": text, "names": [text, text]}, why=text),
        Emit("ticket.reply_received", personal={"name": text, "address": text}, subject=f"{n}@x.example"),
        Emit("access.refused", after={"route": text, text[:40]: text}, entity=text[:60], entity_id=text),
        Emit("ticket.triage_needed", after={"engine": text, "top": [[text, "0.2"]], "suggested": text}, why=text),
    )[n % 9]  # fmt: skip


def _documents(world: World, made: Planted, texts: Sequence[str], now: datetime) -> None:
    holder = made.told[0]
    address = world.services.objects.put(world.acme, b"bytes")
    rows = []
    for n, text in enumerate(texts):
        rows.append(
            {
                "id": new_id(), "client_id": world.acme, "ticket_id": made.told[n % len(made.told)], "position": n,
                "filename": f"{text}.pdf", "content_type": "application/pdf", "sha256": "0" * 64,
                "address": address, "state": ("posted", "rejected", "quarantined")[n % 3], "reason": text,
                "doc_type": text if n % 2 else "invoice", "erp_reference": text, "engine": text,
                "received_at": now - timedelta(seconds=n), "fields": {}, "lines": [], "checks": [],
                "coding": {}, "blocked_by": [],
            }
        )  # fmt: skip
    _put(world, "document", world.acme, rows)
    full: dict[str, Any] = {
        "state": "keying",
        "doc_type": "invoice",
        "filename": texts[3],
        "pages": 1,
        "fields": {
            name: {
                "value": _joined(texts, n, 4), "confidence": "0.3", "page": 1, "box": [0.1, 0.1, 0.2, 0.2],
                "source": texts[n], "state": "weak", "blocked_by": [f"check:{texts[n]}", texts[n]],
            }
            for n, name in enumerate(FIELD_NAMES)
        },
        "lines": [
            {**dict(zip(LINE, texts[at : at + 6], strict=False)), texts[at]: texts[at]}
            for at in range(0, len(texts), 6)
        ],
        "checks": [{"name": text, "ok": n % 2 == 0, "detail": text} for n, text in enumerate(texts[:300])],
        "coding": {"account": texts[7], "cost_centre": texts[8], "tax_code": texts[9], "reason": texts[10]},
        "blocked_by": [*texts[:200], *(f"field:{text}" for text in texts[200:300])],
        "read_result": {
            "candidates": {
                name: [{"value": text, "page": 1} for text in texts[n * 8 : n * 8 + 8]]
                for n, name in enumerate(FIELD_NAMES)
            }
        },
    }  # fmt: skip
    made.ids["document"] = world.document(world.acme, holder, position=9_000, **full)
    made.paper = {**full, "state": "posted"}
    payload = {"fields": list(FIELD_NAMES[:9]), "reason": texts[4], "note": texts[5], texts[6]: [texts[7]]}
    for kind in ("keying", "qa_review"):
        made.ids[kind] = world.task(
            world.acme, holder, kind=kind, subject_id=made.ids["document"], payload=payload
        )
    for kind in ("triage", "contract", "work", "escalation"):
        made.ids["contract_kind" if kind == "contract" else kind] = world.task(
            world.acme, holder, kind=kind, payload=payload
        )
    plain = world.sql(
        world.acme, "select id, subject from ticket where kind = 'request' order by received_at"
    )
    for row in plain[:120]:
        world.task(world.acme, row.id, kind="keying", payload=payload, skill=row.subject[:40])
    _put(
        world,
        "ticket_link",
        world.acme,
        (
            {"id": new_id(), "client_id": world.acme, "ticket_id": holder, "other_id": row.id, "kind": "related"}
            for row in plain[:60]
        ),
    )  # fmt: skip
    for n, text in enumerate(texts[:60]):
        world._insert(
            "qa_check",
            world.acme,
            {
                "id": new_id(), "client_id": world.acme, "ticket_id": holder, "document_id": made.ids["document"],
                "level": 1, "round": n, "verdict": "fail", "at": now, "reviewer_id": made.people["ops"].id,
                "defects": [{"field": text, "category": text, "found": text, "expected": text, "note": text}],
            },
        )  # fmt: skip
    _put(
        world,
        "notice",
        world.acme,
        (
            {
                "id": new_id(), "client_id": world.acme, "ticket_id": row.id, "key": f"{n}{text}",
                "kind": ("renewal", "warning", text)[n % 3], "desk": "lead",
                "detail": {"contract": text, "ends_on": text, "clock": text, "milestone": text}, "at": now,
            }
            for n, (row, text) in enumerate(zip(cycle(plain), texts[:180], strict=False))
        ),
    )  # fmt: skip


def _decided(world: World, made: Planted, texts: Sequence[str], now: datetime) -> None:
    """Approvals that were returned with a reason, and one that waits."""
    requests = world.sql(
        world.acme, "select id from ticket where kind = 'request' order by received_at limit 700"
    )
    _put(
        world,
        "approval",
        world.acme,
        (
            {
                "id": new_id(), "client_id": world.acme, "ticket_id": row.id, "version": f"{n:064d}",
                "state": ("returned", "accepted", "partially_accepted")[n % 3], "offered_at": now - timedelta(n),
                "decided_at": now, "decided_by": text, "reason": text, "round": 7,
                "deliverable": {"note": text}, "units": {text: text},
            }
            for n, (row, text) in enumerate(zip(requests, texts, strict=False))
        ),
    )  # fmt: skip
    waiting = made.told[1]
    world.sql(world.acme, "update ticket set stage = 'approval', state = 'open' where id = %s", (waiting,))
    world.approval(
        world.acme, waiting, "a" * 64, deemed_at=now + timedelta(days=3), deliverable={"note": texts[0]}
    )
    made.ids["waiting"] = waiting
    keyring, who = world.services.keyring, texts[11]
    survey = new_id()
    world._insert(
        "survey",
        world.acme,
        {"id": survey, "client_id": world.acme, "ticket_id": waiting, "recipient": who, "asked_at": now},
    )
    world._insert(
        "survey",
        world.acme,
        {
            "id": new_id(), "client_id": world.acme, "ticket_id": waiting, "life": 2, "recipient": who,
            "asked_at": now, "answered_at": now, "csat": 1, "comment": texts[12],
        },
    )  # fmt: skip
    locked = world.document(
        world.acme, waiting, filename=f"{_joined(texts, 0, len(texts))}.pdf", state="quarantined", blocked_by=["password"]
    )  # fmt: skip
    asked = world.task(
        world.acme, waiting, kind="password", subject_id=locked, due_at=now + timedelta(days=2)
    )
    sign = approval_link("", keyring, world.acme, waiting, "a" * 64, who)
    signed = world.document(world.acme, waiting, **made.paper)
    made.links = {
        "/a/{token}": sign,
        "/a/{token}/documents/{document_id}": f"{sign}/documents/{signed}",
        "/s/{token}": survey_link("", keyring, world.acme, waiting, survey, who),
        "/r/{token}": repeat_link("", keyring, world.acme, waiting, 1, who),
        "/p/{token}": password_link("", keyring, world.acme, waiting, asked, who),
    }


def _month(world: World, texts: Sequence[str], now: datetime) -> None:
    """A month of a client's book whose report, reasons and accounts hold every text."""
    about = {"client_id": world.acme, "period": "2026-10"}
    world._insert(
        "book_month", world.acme, {**about, "state": "soft", "changed_at": now, "reason": _joined(texts, 3)}
    )
    where = {"document_id": str(new_id()), "ticket_id": str(new_id())}
    report = {
        "counts": {"received": 3, "open": len(texts)},
        "checks": [{"name": text, "ok": n % 2 == 0, "detail": text} for n, text in enumerate(texts)],
        "open": [{**where, "ticket": one, "filename": one, "state": one, "desk": one} for one in texts[:100]],
        "differences": [
            {**where, "day": one, "words": one, "ticket": one, "filename": one, "expected": one, "found": one}
            for one in texts[:100]
        ],
        "trial_balance": [
            {"account": one, "name": one, "currency": "INR", "debit": "1", "credit": "0", "balance": "1"}
            for one in texts[:100]
        ],
        "control": {},
        "subledger": {},
        "with_open": _joined(texts, 4),
    }
    world._insert(
        "month_end", world.acme, {**about, "id": new_id(), "clean": False, "report": report, "ran_at": now}
    )


def _money(world: World, made: Planted, texts: Sequence[str], now: datetime) -> None:
    agreed = contract(world, world.acme, name=_joined(texts, 1), number=texts[14])
    made.ids["contract"] = agreed
    world._insert(
        "renewal",
        world.acme,
        {
            "id": new_id(), "client_id": world.acme, "contract_id": agreed, "ends_on": now.date(), "advice": "renew",
            "figures": {"measures": []}, "made_at": now,
        },
    )  # fmt: skip
    accepted(world, world.acme, agreed, 3, period=f"{now:%Y-%m}")
    made.ids["held"], _ = held_unit(world, world.acme)
    made.ids["calendar"] = new_id()
    world._insert(
        "calendar",
        world.acme,
        {"id": made.ids["calendar"], "client_id": world.acme, "name": _joined(texts, 2), "definition": {}},
    )
    party = {
        "name": texts[20],
        "address": texts[21],
        "tax_id": texts[22],
        "state_code": "29",
        "country": "IN",
    }
    for name, state in (("issued", "issued"), ("invoice", "draft")):
        made.ids[name] = new_id()
        world._insert(
            "invoice",
            world.acme,
            {
                "id": made.ids[name], "client_id": world.acme, "contract_id": agreed,
                "period": f"{now:%Y-%m}" if state == "draft" else "2026-01",
                "currency": "INR", "net": 1, "tax": 0, "total": 1, "reason": texts[23], "drafted_by": texts[24],
                "snapshot": {
                    "seller": party, "buyer": party, "contract": {"name": texts[25], "number": texts[26]},
                    "internal": billing(agreed, world.acme, texts[20]),
                },
                "state": state, "number": "INV/26/1" if state == "issued" else None, "payment_state": "open",
                "issued_on": now.date() if state == "issued" else None,
            },
        )  # fmt: skip
    _put(
        world,
        "invoice_line",
        world.acme,
        (
            {
                "id": made.ids.setdefault("line", new_id()) if n == 0 else new_id(), "client_id": world.acme,
                "invoice_id": made.ids["issued" if n % 2 else "invoice"], "position": n, "code": text[:20],
                "description": text, "quantity": 1,
                "unit": text[:20], "unit_price": 1, "amount": 1,
            }
            for n, text in enumerate(texts)
        ),
    )  # fmt: skip
    of = world.sql(
        world.acme,
        "select id from invoice_line where invoice_id = %s order by position limit 1",
        (made.ids["issued"],),
    )[0].id
    made.ids["dispute"], made.ids["issued_line"] = new_id(), of
    _put(
        world,
        "invoice_dispute",
        world.acme,
        (
            {
                "id": made.ids["dispute"] if n == 0 else new_id(), "client_id": world.acme,
                "invoice_id": made.ids["issued"], "line_id": of, "state": "refused" if n else "open",
                "reason": text, "answer": text, "net": 1, "total": 1, "currency": "INR", "raised_by": new_id(),
                "raised_at": now, "due_at": now,
            }
            for n, text in enumerate(texts[:200])
        ),
    )  # fmt: skip
    for n in range(20):
        world._insert(
            "reconciliation",
            world.acme,
            {
                "id": new_id(), "client_id": world.acme, "day": now.date() - timedelta(n), "ran_at": now,
                "counts": {"received": 3, "posted": 2, "open": 1}, "values": {texts[n]: texts[n]},
                "differences": [
                    {"kind": text, "file": text, "why": text, "document": text} for text in texts[n * 30 : n * 30 + 30]
                ],
            },
        )  # fmt: skip
    _month(world, texts, now)
    _put(
        world,
        "ledger_account",
        world.provider,
        (
            {"client_id": world.provider, "code": f"{n}{text}"[:40], "name": text, "kind": "asset"}
            for n, text in enumerate(texts)
        ),
    )  # fmt: skip


def _vendors(world: World, made: Planted, texts: Sequence[str], now: datetime) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(), "client_id": world.acme, "code": f"{text[:50]}{n}", "name": text[:300],
            "vendor_key": f"{n:04}", "aliases": [text], "tax_ids": [text],
            "address": text, "account": text[:40], "cost_centre": text[:40], "tax_code": text[:40], "active": n % 2 == 0,
            "row_version": 1, "updated_at": now,
        }
        for n, text in enumerate(texts)
    ]  # fmt: skip
    _put(world, "vendor", world.acme, rows)
    rules: list[dict[str, Any]] = [
        {
            "id": new_id(), "client_id": world.acme, "position": n, "pattern": text, "account": text,
            "cost_centre": text, "tax_code": text,
        }
        for n, text in enumerate(texts)
    ]  # fmt: skip
    _put(world, "coding_rule", world.acme, rules)
    made.ids["vendor"], made.ids["rule"] = rows[7]["id"], rules[7]["id"]
    accounts: list[dict[str, Any]] = [
        {
            "id": new_id(), "client_id": world.acme, "code": f"{n}{text}"[:40], "name": text, "kind": "expense",
            "active": n % 2 == 0,
        }
        for n, text in enumerate(texts)
    ]  # fmt: skip
    _put(world, "ledger_account", world.acme, accounts)
    made.ids["account"] = accounts[7]["id"]


def _mine(world: World, made: Planted, every: Sequence[str]) -> None:
    """What belongs to those who look: views with names, sessions with the names of browsers, keys."""
    for who, person in made.people.items():
        texts = {"client": every[::3], "ops": every, "finance": every[1::30]}[who]
        about = {"client_id": person.client_id, "user_id": person.id}
        _put(
            world,
            "saved_view",
            person.client_id,
            (
                {
                    **about,
                    "id": new_id(),
                    "page": "work",
                    "name": text,
                    "query": "/work",
                    "shared": n % 2 == 0,
                }
                for n, text in enumerate(texts)
            ),
        )
        now = datetime.now(UTC)
        _put(
            world,
            "user_session",
            person.client_id,
            (
                {
                    **about, "id": new_id(), "token_hash": new_id().bytes, "agent": text,
                    "address": text, "expires_at": now + timedelta(hours=1), "last_seen_at": now,
                }
                for text in texts[:240]
            ),
        )  # fmt: skip
        _put(
            world,
            "api_key",
            person.client_id,
            (
                {
                    **about, "id": new_id(), "name": text, "prefix": text[:12], "scopes": [text],
                    "secret_hash": new_id().bytes,
                }
                for text in texts[-240:]
            ),
        )  # fmt: skip


def slices(texts: Sequence[str], count: int) -> Iterator[str]:
    """A few texts, spread over all."""
    step = max(1, len(texts) // count)
    return islice(texts, 0, None, step)


def billing(contract_id: UUID, client: UUID, name: str) -> dict[str, Any]:
    """What an issued invoice keeps of how it was reckoned."""
    one = {"id": str(client), "name": name, "state_code": "29"}
    priced = {"kind": "flat", "data": {"unit_price": "1"}, "currency": "INR", "sac": "", "tax_rate": "0"}
    return {
        "contract_id": str(contract_id), **priced, "fee_percent": "0", "due_days": 30, "seller": one, "buyer": one,
        "settled": [], "credit_due": [], "payees": [],
    }  # fmt: skip
