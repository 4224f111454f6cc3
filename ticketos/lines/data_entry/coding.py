"""GL coding with its reason, and the entry it becomes in the client's book.

Order of trust: what a person chose, what people chose for this supplier before, the account of the client's vendor
list, the client's rules, what a model learnt from their other choices, the default. Where the client has a chart of
accounts, none of them but the person's own choice goes to an account that is switched off or not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from ticketos.domain.ai_policy import ACT, CODING
from ticketos.domain.book_months import Held, Months, Placed, taken_back
from ticketos.domain.changes import Change, Emit, PostJournal, RememberVendor, SetDocument, Verdict
from ticketos.domain.chart import Account, Needed
from ticketos.domain.erp import Standing
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money
from ticketos.domain.ports import NewId
from ticketos.domain.state import ClientState, CodingFacts, DocumentState, TicketState
from ticketos.domain.terms import AiTerms
from ticketos.lines.data_entry import asking, closed_months, coding_model, rules, vendors

DIFFERENCES = "6990"
_NEEDED = {
    "default_account": ("Purchases", "expense"),
    "payable_account": ("Trade payables", "liability"),
    "tax_account": ("Input tax", "asset"),
}


class Known(vendors.Listed, Protocol):
    """Whoever knows what coding asks for."""

    def coding_facts(self, vendor_key: str) -> CodingFacts:
        """Rules, past choices and accounts."""
        ...

    def learned(self, kind: str) -> Mapping[str, Any] | None:
        """The model in use of a kind."""
        ...


def accounts_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The accounts that a client's settings name instead of ours, by their fields of ``CodingFacts``."""
    chosen = settings.get("coding")
    return (
        {name: str(chosen[name]) for name in _NEEDED if chosen.get(name)}
        if isinstance(chosen, Mapping)
        else {}
    )


def needed(settings: Mapping[str, Any]) -> tuple[Needed, ...]:
    """The accounts that documents' entries go to without anybody choosing them."""
    facts = replace(CodingFacts(), **accounts_of(settings))
    chosen = ((name, str(getattr(facts, name))) for name in _NEEDED)
    return (
        *(Needed(Account(code, *_NEEDED[name]), name) for name, code in chosen),
        Needed(Account(DIFFERENCES, "Differences of documents", "expense"), "differences"),
    )


def facts_for(known: Known, document: DocumentState) -> CodingFacts:
    """All that coding asks for a document: as it is posted, and as a person is shown it before."""
    name, number = vendors.who(document.fields)
    found = vendors.matched(vendors.like(known, document.fields), name, number)
    facts = known.coding_facts(vendors.vendor_key(name))
    return replace(facts, model=known.learned(coding_model.KIND), vendor=found.vendor)


def code(document: DocumentState, facts: CodingFacts, least: Decimal | None = None) -> dict[str, str]:
    """Account, cost centre and tax code, with the reason in words. ``least`` is how sure the model must be by the
    contract; without one, as sure as by default."""
    if document.coding.get("by") == "person":
        return {k: str(v) for k, v in document.coding.items()}
    tax_code = "input" if rules.amount(_value(document, "tax_total")) else "none"
    takes, passed_over = facts.chart.takes, list[str]()
    memory = [one for one in facts.memory if takes(str(one["account"]))]
    if memory:
        best = max(memory, key=lambda m: (int(m["times"]), str(m["account"])))
        return {
            "account": str(best["account"]),
            "cost_centre": str(best["cost_centre"]),
            "tax_code": str(best["tax_code"]) or tax_code,
            "by": "memory",
            "reason": f"people coded this supplier so {best['times']} times",
        }
    if facts.memory:
        passed_over.append(f"people coded this supplier to account {facts.memory[0]['account']}")
    vendor = facts.vendor
    if vendor is not None and not takes(vendor.account):
        passed_over.append(f"vendor list: {vendor.code} has account {vendor.account}")
    elif vendor is not None and vendor.account:
        return {
            "account": vendor.account,
            "cost_centre": vendor.cost_centre,
            "tax_code": vendor.tax_code or tax_code,
            "by": "vendor",
            "reason": f"vendor list: {vendor.code}",
        }
    text = " ".join(
        [_value(document, "supplier_name") or "", *(str(x.get("description") or "") for x in document.lines)]
    ).casefold()
    for rule in facts.rules:
        if str(rule["pattern"]).casefold() not in text:
            continue
        if not takes(str(rule["account"])):
            passed_over.append(f"rule “{rule['pattern']}” has account {rule['account']}")
        else:
            return {
                "account": str(rule["account"]),
                "cost_centre": str(rule["cost_centre"]),
                "tax_code": str(rule["tax_code"]) or tax_code,
                "by": "rule",
                "reason": f"rule: text contains “{rule['pattern']}”",
            }
    guess = coding_model.predict(facts.model["payload"], text) if facts.model else None
    if (
        facts.model
        and guess
        and takes(guess.account)
        and guess.probability >= float(AiTerms().coding_threshold if least is None else least)
    ):
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
        "reason": f"{passed_over[0]}, which is not in use"
        if passed_over
        else "no rule and no memory of this supplier",
    }


def post(
    ticket: TicketState,
    client: ClientState,
    document: DocumentState,
    facts: CodingFacts,
    earlier: Sequence[Standing],
    now: datetime,
    new_id: NewId,
    months: Months,
    rule: str,
    least: Decimal | None = None,
) -> tuple[Change, ...]:
    """Post a ready document: earlier entries of it are reversed first, never edited. One that is dated into a shut
    month of the client's book (``months``) is posted as a person or the contract (``rule``) says, or waits."""
    coding, today = code(document, facts, least), client.day_of(now)
    moves = document.doc_type in rules.POSTED_TYPES
    journal = _journal(ticket, client, document, coding, facts, today, new_id) if moves else None
    where = closed_months.placed(document, today, months, rule)
    if journal is not None:
        if isinstance(where, Held):
            return closed_months.held(ticket, document, where, today, months, new_id)
        journal = replace(journal, booked_on=where.day, decided_in=where.decided_in)
    mark = f"{ticket.life}.{document.round}"
    then = Placed(today) if journal is None or isinstance(where, Held) else where
    changes: list[Change] = list(unpost(ticket, document, earlier, then, months, new_id, mark))
    values: dict[str, Any] = {"state": "posted", "coding": coding, "done_at": now, "quality": "pending"}
    if (vendor := vendors.named(facts.vendor)) != document.vendor:
        values["vendor"] = vendor
    if journal is not None:
        changes.append(journal)
        values["erp_reference"] = None  # the store writes the entry's number
    else:
        values["erp_reference"] = f"REG-{ticket.number}-{document.position + 1}"
    changes.insert(0, SetDocument(document.id, values))
    if coding.get("by") == "person" and facts.chart.takes(coding["account"]):
        changes.append(
            RememberVendor(
                vendors.vendor_key(_value(document, "supplier_name")),
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
                **({"coder": str(facts.model["version"])} if facts.model else {}),
                **_moved(journal, where),
            },
            why=coding["reason"],
            entity="document",
            entity_id=str(document.id),
        )
    )
    return tuple(changes)


def confirmed(
    document: DocumentState, values: Mapping[str, Any], facts: CodingFacts, ai: AiTerms
) -> Emit | None:
    """What AI proposed for a document and what the person chose, side by side, where the contract has a person decide;
    ``values`` are the document's as they were keyed."""
    mode = asking.coding_mode(values["doc_type"], ai)
    if mode == ACT or not values.get("coding"):
        return None
    names = ("account", "cost_centre", "tax_code")
    keyed = replace(document, fields=values["fields"], lines=tuple(values["lines"]), coding={})
    proposed = code(keyed, facts, ai.coding_threshold)
    chosen = {name: values["coding"].get(name, "") for name in names}
    agreed = all(chosen[name] == proposed.get(name, "") for name in names)
    return Emit(
        "document.coded",
        after={
            "document": str(document.id),
            "mode": mode,
            **{name: value for name, value in chosen.items() if value},
            "proposed": proposed,
            "agreed": agreed,
            **({"accountable": ai.accountable} if ai.accountable else {}),
        },
        why=None if agreed else f"proposed was {proposed['account']}: {proposed['reason']}",
        entity="document",
        entity_id=str(document.id),
    )


def decided(known: Known, document: DocumentState, verdict: Verdict, ai: AiTerms) -> tuple[Change, ...]:
    """What AI proposed beside the coding that a person gave as they keyed it (``verdict``), where the contract has a
    person decide."""
    if ai.mode(CODING) == ACT or verdict.outcome == "rejected":
        return ()  # nothing is looked up for what nobody decides
    values = next(change.values for change in verdict.changes if isinstance(change, SetDocument))
    facts = facts_for(known, replace(document, fields=values["fields"]))
    said = confirmed(document, values, facts, ai)
    return (said,) if said else ()


def unpost(
    ticket: TicketState,
    document: DocumentState,
    earlier: Sequence[Standing],
    then: Placed,
    months: Months,
    new_id: NewId,
    mark: str,
) -> tuple[Change, ...]:
    """Reverse what was posted for this document: in its own month while that is open, so that a month holds what is
    owed for it and not both entries of a correction; else where ``then`` says."""
    changes: list[Change] = []
    for entry in earlier:
        back = tuple(Posting(p.account, -p.money, p.dimensions) for p in entry.postings)
        where = taken_back(entry.booked_on, months, then)
        changes += [
            PostJournal(
                new_id(),
                f"reversal:{entry.id}",
                where.day,
                f"Reversal for {ticket.number}",
                back,
                "reversal",
                document.id,
                entry.id,
                decided_in=where.decided_in,
            ),
            Emit(
                "document.unposted",
                after={"document": str(document.id), "journal": str(entry.id), "mark": mark},
                entity="document",
                entity_id=str(document.id),
            ),
        ]
    return tuple(changes)


def withdraw(
    ticket: TicketState,
    document: DocumentState,
    earlier: Sequence[Standing],
    today: date,
    new_id: NewId,
    months: Months,
) -> tuple[Change, ...]:
    """Undo the posting of a document whose work is withdrawn (ticket cancelled, item rejected): ``today`` in the client's
    zone where the entry's month is shut. A month that is not over is open."""
    return unpost(ticket, document, earlier, Placed(today), months, new_id, "withdrawn")


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
