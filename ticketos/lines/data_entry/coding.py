"""GL coding with its reason, and the entry it becomes in the client's book.

Order of trust: what a person chose, what people chose for this supplier before, the client's rules, what a model
learnt from their other choices, the default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ticketos.domain.book_months import Held, Months, Placed
from ticketos.domain.changes import Change, Emit, PostJournal, RememberVendor, SetDocument
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money
from ticketos.domain.ports import NewId
from ticketos.domain.state import ClientState, CodingFacts, DocumentState, TicketState
from ticketos.lines.data_entry import closed_months, coding_model, flow, rules

POSTED_TYPES = frozenset({"invoice", "credit_note", "receipt"})
"""Types that move money; the others are registered under a reference without an entry."""
DIFFERENCES = "6990"


def code(document: DocumentState, facts: CodingFacts) -> dict[str, str]:
    """Account, cost centre and tax code, with the reason in words."""
    if document.coding.get("by") == "person":
        return {k: str(v) for k, v in document.coding.items()}
    tax_code = "input" if rules.amount(_value(document, "tax_total")) else "none"
    if facts.memory:
        best = max(facts.memory, key=lambda m: (int(m["times"]), str(m["account"])))
        return {
            "account": str(best["account"]),
            "cost_centre": str(best["cost_centre"]),
            "tax_code": str(best["tax_code"]) or tax_code,
            "by": "memory",
            "reason": f"people coded this supplier so {best['times']} times",
        }
    text = " ".join(
        [_value(document, "supplier_name") or "", *(str(x.get("description") or "") for x in document.lines)]
    ).casefold()
    for rule in facts.rules:
        if str(rule["pattern"]).casefold() in text:
            return {
                "account": str(rule["account"]),
                "cost_centre": str(rule["cost_centre"]),
                "tax_code": str(rule["tax_code"]) or tax_code,
                "by": "rule",
                "reason": f"rule: text contains “{rule['pattern']}”",
            }
    guess = coding_model.predict(facts.model["payload"], text) if facts.model else None
    if facts.model and guess and guess.probability >= coding_model.SURE:
        return {
            "account": guess.account,
            "cost_centre": guess.cost_centre,
            "tax_code": guess.tax_code or tax_code,
            "by": "model",
            "model": str(facts.model["version"]),
            "reason": f"people coded papers with words like “{', '.join(guess.words)}” so",
        }
    return {
        "account": facts.default_account,
        "cost_centre": "",
        "tax_code": tax_code,
        "by": "default",
        "reason": "no rule and no memory of this supplier",
    }


def post(
    ticket: TicketState,
    client: ClientState,
    document: DocumentState,
    facts: CodingFacts,
    earlier: Sequence[tuple[UUID, Sequence[Posting]]],
    now: datetime,
    new_id: NewId,
    months: Months,
    rule: str,
) -> tuple[Change, ...]:
    """Post a ready document: earlier entries of it are reversed first, never edited. One that is dated into a shut
    month of the client's book (``months``) is posted as a person or the contract (``rule``) says, or waits."""
    coding, today = code(document, facts), client.day_of(now)
    moves = document.doc_type in POSTED_TYPES
    journal = _journal(ticket, client, document, coding, facts, today, new_id) if moves else None
    where = closed_months.placed(document, today, months, rule)
    if journal is not None:
        if isinstance(where, Held):
            return closed_months.held(ticket, document, where, today, months, new_id)
        journal = replace(journal, booked_on=where.day, decided_in=where.decided_in)
    mark = f"{ticket.life}.{document.round}"
    changes: list[Change] = list(unpost(ticket, document, earlier, today, new_id, mark))
    values: dict[str, Any] = {"state": "posted", "coding": coding, "done_at": now, "quality": "pending"}
    if journal is not None:
        changes.append(journal)
        values["erp_reference"] = None  # the store writes the entry's number
    else:
        values["erp_reference"] = f"REG-{ticket.number}-{document.position + 1}"
    changes.insert(0, SetDocument(document.id, values))
    if coding.get("by") == "person":
        changes.append(
            RememberVendor(
                flow.vendor_key(_value(document, "supplier_name")),
                coding["account"],
                coding.get("cost_centre", ""),
                coding.get("tax_code", ""),
            )
        )
    changes.append(
        Emit(
            "document.posted",
            after={
                "document": str(document.id),
                "account": coding["account"],
                "by": coding["by"],
                "total": _value(document, "total"),
                "currency": _value(document, "currency"),
                **_moved(journal, where),
            },
            why=coding["reason"],
            entity="document",
            entity_id=str(document.id),
        )
    )
    return tuple(changes)


def unpost(
    ticket: TicketState,
    document: DocumentState,
    earlier: Sequence[tuple[UUID, Sequence[Posting]]],
    today: date,
    new_id: NewId,
    mark: str,
) -> tuple[Change, ...]:
    """Reverse what was posted for this document, today in the client's zone: a month that is not over is open."""
    changes: list[Change] = []
    for journal_id, postings in earlier:
        back = tuple(Posting(p.account, -p.money, p.dimensions) for p in postings)
        changes += [
            PostJournal(
                new_id(),
                f"reversal:{journal_id}",
                today,
                f"Reversal for {ticket.number}",
                back,
                "reversal",
                document.id,
                journal_id,
            ),
            Emit(
                "document.unposted",
                after={"document": str(document.id), "journal": str(journal_id), "mark": mark},
                entity="document",
                entity_id=str(document.id),
            ),
        ]
    return tuple(changes)


def withdraw(
    ticket: TicketState,
    document: DocumentState,
    earlier: Sequence[tuple[UUID, Sequence[Posting]]],
    today: date,
    new_id: NewId,
) -> tuple[Change, ...]:
    """Undo the posting of a document whose work is withdrawn (ticket cancelled, item rejected)."""
    return unpost(ticket, document, earlier, today, new_id, "withdrawn")


def _moved(journal: PostJournal | None, where: Placed | Held) -> Mapping[str, str]:
    """For the trail: an entry of a shut month, where it went and who said so."""
    if journal is None or isinstance(where, Held) or (where.moved_by is None and where.decided_in is None):
        return {}
    return {
        "booked_on": journal.booked_on.isoformat(),
        "document_on": str(journal.document_on),
        "period_decided_by": where.moved_by or "person",
    }


def _journal(
    ticket: TicketState,
    client: ClientState,
    document: DocumentState,
    coding: Mapping[str, str],
    facts: CodingFacts,
    today: date,
    new_id: NewId,
) -> PostJournal | None:
    """The entry on the document's own date, or None for a document that moves no money."""
    currency = _value(document, "currency") or client.currency
    total = rules.amount(_value(document, "total"))
    if total is None or total == 0:
        return None
    tax = rules.amount(_value(document, "tax_total")) or Decimal(0)
    net = rules.amount(_value(document, "net_total"))
    net = total - tax if net is None else net
    if document.doc_type == "credit_note" and total > 0:
        net, tax, total = -net, -tax, -total
    about = {"cost_centre": coding.get("cost_centre", ""), "document": str(document.id)}
    sides = [
        (str(coding["account"]), net),
        (facts.tax_account, tax),
        (facts.payable_account, -total),
        (DIFFERENCES, total - net - tax),
    ]
    postings = tuple(
        Posting(account, Money(amount, currency), about) for account, amount in sides if amount != 0
    )
    if len(postings) < 2:
        return None
    own = closed_months.own_date(document, today)
    return PostJournal(
        new_id(),
        f"document:{document.id}:{ticket.life}:{document.round}",
        own,
        f"{document.doc_type} {_value(document, 'number') or ''} {_value(document, 'supplier_name') or ''}".strip()[
            :200
        ],
        postings,
        "document",
        document.id,
        document_on=own,
    )


def _value(document: DocumentState, name: str) -> str | None:
    return (document.fields.get(name) or {}).get("value")
