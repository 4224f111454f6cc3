"""How every ticket ended, read through the API, beside how it was planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ticketos.dev.sim.live import Day, Live

_HELD = frozenset({"processing", "qc", "defect", "review"})


@dataclass(frozen=True)
class Outcome:
    """What became of one ticket; ``why`` says what was not as planned and is empty when all was."""

    key: str
    number: str
    client: str
    subject: str
    twist: str
    state: str
    sla: str
    documents: int
    straight_through: int
    by_people: int
    quarantined: int
    rejected: int
    accepted: int
    billed: Decimal
    rounds: int
    inspected: int
    correct: int
    why: tuple[str, ...] = ()
    periods: tuple[str, ...] = ()
    """Months its units are billed in."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Documents that were turned away → reason."""

    @property
    def units(self) -> int:
        """What is billed: accepted documents; work without documents is one unit, the ticket itself."""
        return self.accepted if self.documents else int(self.state == "closed")

    @property
    def ok(self) -> bool:
        """Ended as planned."""
        return not self.why


async def outcome_of(day: Day, live: Live) -> Outcome:
    """Read the whole tree of a ticket and compare."""
    plan = live.plan
    if not live.id:
        return Outcome(
            plan.key,
            "",
            plan.client,
            plan.subject,
            plan.twist,
            "never arrived",
            "",
            len(plan.papers),
            0,
            0,
            0,
            0,
            0,
            Decimal(0),
            0,
            0,
            0,
            ("it never became a ticket",),
        )
    tree = await day.people["admin"].get(f"/v1/tickets/{live.id}/tree")
    ticket, documents = tree["ticket"], tree["documents"]
    states = Counter(str(d["state"]) for d in documents)
    second = [q for q in tree["quality"] if q["level"] == 2 and q["document_id"]]
    found = Outcome(
        key=plan.key,
        number=str(ticket["number"]),
        client=plan.client,
        subject=plan.subject,
        twist=plan.twist,
        state=str(ticket["state"]),
        sla=_sla(tree),
        documents=len(documents),
        straight_through=sum(bool(d["straight_through"]) and d["finished_by"] is None for d in documents),
        by_people=sum(d["finished_by"] is not None and d["state"] == "posted" for d in documents),
        quarantined=states["quarantined"],
        rejected=states["rejected"],
        accepted=sum(d["approval"] == "accepted" and d["state"] == "posted" for d in documents),
        billed=sum((Decimal(str(u["quantity"])) for u in tree["usage"]), Decimal(0)),
        rounds=int(ticket["round"]),
        inspected=sum(int(q["fields_inspected"]) for q in second),
        correct=sum(int(q["fields_correct"]) for q in second),
        periods=tuple(sorted({str(u["bill_period"]) for u in tree["usage"]})),
        reasons={
            str(d["filename"]): str(d["reason"])
            for d in documents
            if d["state"] in ("quarantined", "rejected")
        },
    )
    return Outcome(**{**found.__dict__, "why": tuple(_otherwise(live, found, tree))})


def _otherwise(live: Live, found: Outcome, tree: Mapping[str, Any]) -> list[str]:
    """Everything that is not as planned, in words."""
    plan, why = live.plan, []
    if found.state != plan.ends:
        ticket = tree["ticket"]
        why.append(
            f"is {found.state} in {ticket['stage']} ({ticket['reason'] or ticket['next_action'] or '-'}), "
            f"planned {plan.ends}"
        )
    if found.documents != len(plan.papers):
        why.append(f"{found.documents} documents arrived of {len(plan.papers)}")
    if plan.ends == "closed":
        if found.accepted != plan.units:
            why.append(f"{found.accepted} documents accepted, planned {plan.units}")
        if found.quarantined + found.rejected != plan.turned_away:
            why.append(f"{found.quarantined + found.rejected} turned away, planned {plan.turned_away}")
    if found.billed != found.units:
        why.append(f"{found.billed} units recorded for billing, {found.units} accepted")
    seen = {str(event["event"]) for event in tree["events"]}
    why += [f"no {name} in its timeline" for name in plan.events if name not in seen]
    if plan.straight and not found.straight_through:
        why.append("no document went straight through")
    open_children = [c["number"] for c in tree["children"] if c["kind"] in _HELD and c["closed_at"] is None]
    if open_children:
        why.append(f"{', '.join(open_children)} still open under it")
    if any(not reason or reason == "None" for reason in found.reasons.values()):
        why.append("a document was turned away without a reason")
    return why


def _sla(tree: Mapping[str, Any]) -> str:
    """on time, late or none, of the promised turnaround."""
    clock = next((c for c in tree["clocks"] if c["kind"] == "turnaround"), None)
    if clock is None:
        return "none"
    return "late" if clock["breached_at"] else "on time"
