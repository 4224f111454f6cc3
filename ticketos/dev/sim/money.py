"""The end of the month, played by two finance people: lock, draft, approve, issue; then all is added up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ticketos.dev.sim.api import Person, RefusedError
from ticketos.dev.sim.clients import Company
from ticketos.dev.sim.judge import Outcome
from ticketos.dev.sim.live import Day
from ticketos.dev.sim.progress import Board
from ticketos.dev.sim.report import Check, Invoice, Report
from ticketos.domain import pricing
from ticketos.domain.usage import period_of

_ADVICE_LOOKS = 60
DRAFTER, APPROVER = "nadia.haddad", "paul.brandt"


async def close_month(day: Day, outcomes: Sequence[Outcome], report: Report, board: Board) -> None:
    """Invoice every client and check money against work. What does not hold becomes a failed check."""
    bills: list[dict[str, Any]] = []
    for number, company in enumerate(day.companies.values(), start=1):
        board.show("Clients invoiced", number - 1, len(day.companies))
        try:
            bills += [bill async for bill in _invoice(day, company, _periods(company, outcomes))]
        except RefusedError as error:
            day.problem(f"{company.name} could not be invoiced: {error}")
        board.show("Clients invoiced", number, len(day.companies))
    worked = any(one.accepted for one in outcomes)
    report.checks += [
        await _units(day, outcomes, bills, report),
        await _prices(day, bills, report, worked),
        await _books(day, worked),
        await _reconciled(day),
        await _advised(day),
    ]


def _periods(company: Company, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """The months the client's units are billed in, the present one among them."""
    used = {period for one in outcomes if one.client == company.slug for period in one.periods}
    return tuple(sorted(used | {period_of(datetime.now(UTC), company.zone)}))


async def _invoice(day: Day, company: Company, periods: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
    drafter, approver = day.people[DRAFTER], day.people[APPROVER]
    for period in periods:
        await drafter.post(f"/v1/billing-periods/{company.slug}/{period}/lock")
        drafted = await drafter.post("/v1/invoices/draft", {"client": company.slug, "period": period})
        if drafted["held"]:
            day.problem(f"{company.name} {period}: {drafted['held']} units wait without a contract")
        for draft in drafted["invoices"]:
            await _refused_to(drafter, draft, day)
            await approver.post(f"/v1/invoices/{draft['id']}/approve")
            issued = await approver.post(f"/v1/invoices/{draft['id']}/issue")
            day.told(
                f"{company.name}: invoice {issued['number']} issued over"
                f" {_plain(issued['total'])} {issued['currency']}"
            )
            yield {**issued, "client": company.slug}


async def _refused_to(drafter: Person, draft: dict[str, Any], day: Day) -> None:
    """Who drafted an invoice must not be able to approve it."""
    try:
        await drafter.post(f"/v1/invoices/{draft['id']}/approve")
    except RefusedError as error:
        if error.status in (403, 409, 422):
            return
        raise
    day.problem(f"{drafter.name} approved an invoice of their own drafting")


async def _units(
    day: Day, outcomes: Sequence[Outcome], bills: Sequence[dict[str, Any]], report: Report
) -> Check:
    """Invoiced units = accepted units, each with its ticket, its document and a passed check behind it."""
    invoiced: dict[str, Decimal] = {}
    without_proof = 0
    auditor = day.people[APPROVER]
    for bill in bills:
        units = Decimal(0)
        for line in bill["lines"]:
            async for unit in _proofs(auditor, str(line["id"])):
                units += Decimal(unit["quantity"])
                without_proof += not _proven(unit)
        invoiced[bill["client"]] = invoiced.get(bill["client"], Decimal(0)) + units
        report.invoices.append(
            Invoice(
                bill["client"],
                bill["number"],
                bill["state"],
                _plain(units),
                _plain(bill["net"]),
                _plain(bill["tax"]),
                _plain(bill["total"]),
                bill["currency"],
            )
        )
    wrong = []
    for slug in day.companies:
        accepted = sum(one.units for one in outcomes if one.client == slug)
        if invoiced.get(slug, Decimal(0)) != accepted:
            wrong.append(f"{slug}: {invoiced.get(slug, Decimal(0))} invoiced, {accepted} accepted")
    if without_proof:
        wrong.append(f"{without_proof} units without ticket, document or passed check")
    total = sum(invoiced.values(), Decimal(0))
    return Check(
        "Invoiced units",
        not wrong,
        _some(wrong) or f"{_plain(total)} invoiced, {_plain(total)} accepted, each with its proof",
    )


def _proven(unit: dict[str, Any]) -> bool:
    """A document has its ticket and a passed check; work without documents has its ticket."""
    passed = any(check["verdict"] == "pass" for check in unit["checks"])
    return bool(unit["ticket_number"]) and (
        unit["unit_type"] == "ticket" or bool(unit["document_id"] and passed)
    )


async def _proofs(person: Person, line_id: str) -> AsyncIterator[dict[str, Any]]:
    cursor = None
    while True:
        page = await person.get(f"/v1/invoice-lines/{line_id}/evidence", cursor=cursor)
        for unit in page["units"]:
            yield unit
        cursor = page["next_cursor"]
        if not cursor:
            return


async def _prices(day: Day, bills: Sequence[dict[str, Any]], report: Report, worked: bool) -> Check:
    """Each invoice says what the contract's price makes of its units; accepted work has one."""
    wrong = []
    for bill, invoice in zip(bills, report.invoices, strict=True):
        contract = await day.people["admin"].get(f"/v1/contracts/{bill['contract_id']}")
        terms = contract["terms"]["pricing"]
        model = pricing.from_json(terms["kind"], terms["data"], terms["currency"])
        charge = model.charge(pricing.Usage(Decimal(invoice.units))).total
        if charge.amount != Decimal(invoice.net):
            wrong.append(f"{invoice.number}: net {invoice.net}, the contract gives {charge.amount}")
        if Decimal(invoice.net) + Decimal(invoice.tax) != Decimal(invoice.total):
            wrong.append(f"{invoice.number}: {invoice.net} + {invoice.tax} ≠ {invoice.total}")
    words = ", ".join(f"{one.number} {one.total} {one.currency}" for one in report.invoices)
    return Check(
        "Invoices", not wrong and (bool(bills) or not worked), _some(wrong) or words or "none were issued"
    )


async def _books(day: Day, worked: bool) -> Check:
    """Every entry sums to zero, and so does every book."""
    finance, wrong, entries = day.people[DRAFTER], [], 0
    for slug, client_id in day.client_ids.items():
        balance = await finance.get(f"/v1/clients/{client_id}/trial-balance")
        sums: dict[str, Decimal] = {}
        for account in balance["accounts"]:
            sums[account["currency"]] = sums.get(account["currency"], Decimal(0)) + Decimal(
                account["balance"]
            )
        if not balance["balanced"] or any(sums.values()):
            wrong.append(f"the book of {slug} does not balance: {sums}")
        async for journal in finance.pages(f"/v1/clients/{client_id}/journals"):
            entries += 1
            sides: dict[str, Decimal] = {}
            for posting in journal["postings"]:
                sides[posting["currency"]] = sides.get(posting["currency"], Decimal(0)) + Decimal(
                    posting["amount"]
                )
            if any(sides.values()):
                wrong.append(f"entry {journal['number']} of {slug} sums to {sides}")
    return Check(
        "Books",
        not wrong and (entries > 0 or not worked),
        _some(wrong)
        or f"{entries} entries in {len(day.client_ids)} books, every one and every book sums to zero",
    )


async def _advised(day: Day) -> Check:
    """Whoever runs operations has the contracts looked at that end soon: each gets its recommendation."""
    admin = day.people["admin"]
    soon = {
        one.number: day.client_ids[company.slug]
        for company in day.companies.values()
        for one in company.contracts
        if one.lasts_days is not None
    }
    asked: set[str] = set()

    async def ask(client_id: str) -> None:
        try:
            await admin.post(f"/v1/schedules/{client_id}/renewal/run")
        except RefusedError as error:
            if error.status == 404:  # a new client's schedules are made within seconds
                return
            raise
        asked.add(client_id)

    async def told() -> set[str]:
        return {str(one["number"]) for one in (await admin.get("/v1/renewals"))["items"]}

    for _ in range(_ADVICE_LOOKS):
        for client_id in set(soon.values()) - asked:
            await ask(client_id)
        if not set(soon) - await told():
            break
        await asyncio.sleep(0.5)
    left = sorted(set(soon) - await told())
    return Check(
        "Renewals",
        not left,
        f"no recommendation for {_some(left)}"
        if left
        else f"{len(soon)} contract ends soon and is advised on",
    )


async def _reconciled(day: Day) -> Check:
    """received = posted + rejected + quarantined + open, and no difference, for each client and day."""
    finance, wrong, received = day.people[DRAFTER], [], 0
    for slug, company in day.companies.items():
        zone = ZoneInfo(company.zone)
        days = {
            datetime.fromisoformat(str(live.row["received_at"])).astimezone(zone).date()
            for live in day.tickets
            if live.plan.client == slug and live.row
        }
        for one in sorted(days):
            found = await finance.post("/v1/reconciliations", {"client": slug, "day": one.isoformat()})
            counts = found["counts"]
            received += int(counts["received"])
            rest = sum(int(counts.get(name, 0)) for name in ("posted", "rejected", "quarantined", "open"))
            if int(counts["received"]) != rest:
                wrong.append(f"{slug} {one}: {counts}")
            wrong += [f"{slug} {one}: {difference}" for difference in found["differences"]]
    return Check(
        "Reconciliation",
        not wrong,
        _some(wrong)
        or f"{received} documents received, all posted, rejected, quarantined or open; no differences",
    )


def _some(wrong: Sequence[str], most: int = 5) -> str:
    """The first few, and how many more there are."""
    more = f"; and {len(wrong) - most} more" if len(wrong) > most else ""
    return "; ".join(wrong[:most]) + more


def _plain(value: Decimal | str) -> str:
    """An amount with two decimals, or a whole number of units, as long as nothing is lost."""
    number = Decimal(value)
    if number == number.to_integral_value() and isinstance(value, Decimal):
        return f"{number:.0f}"
    rounded = number.quantize(Decimal("0.01"))
    return f"{rounded if rounded == number else number.normalize():f}"
