"""The day as data: every ticket that comes, what is in it, what happens to it and how it must end.

Deterministic: papers follow from seeds, and no plan depends on which documents the quality sample draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ticketos.dev.sim.documents import BROKEN_KINDS, Country, Form, Kind
from ticketos.dev.sim.papers import Paper

Twist = Literal[
    "",
    "mistake",
    "return",
    "partial",
    "link",
    "silence",
    "cancel",
    "pause",
    "breach",
    "unclear",
    "missing_file",
    "parked",
    "copies",
]
"""What makes a ticket special:

    mistake       the agent swaps two digits; the reviewer finds it
    return        the client returns the first version with a reason
    partial       the client accepts one document and returns the other
    link          the client signs off by the link in the mail
    silence       the client says nothing, which is acceptance after the contract's time
    cancel        the client cancels while people work on it
    pause         the lead pauses it with a question; the customer's mail resumes it
    breach        raised to P1 and left lying: the promise is broken and the ladder climbed
    unclear       nobody but a person can say which line of work it is
    missing_file  the stored file is gone when it is to be read; operations restore it and press retry
    parked        no contract covers it until one is signed
    copies        the same papers again, as files and as marked copies
"""


@dataclass(frozen=True)
class Plan:
    """One ticket. ``line`` is the service line it belongs to; ``after`` names a ticket that must have been
    worked on first; ``events`` must all be in its timeline when it has ended."""

    key: str
    client: str
    channel: Literal["api", "mail"]
    subject: str
    text: str
    papers: tuple[Paper, ...] = ()
    twist: Twist = ""
    line: str = "data_entry"
    ends: Literal["closed", "cancelled"] = "closed"
    after: str = ""
    events: tuple[str, ...] = ()
    straight: bool = False
    """At least one of its documents must pass without any person keying it."""

    @property
    def units(self) -> int:
        """Documents that must be accepted and billed."""
        return 0 if self.ends == "cancelled" else sum(paper.readable for paper in self.papers)

    @property
    def turned_away(self) -> int:
        """Documents that must end in quarantine or be rejected by a person."""
        return 0 if self.ends == "cancelled" else len(self.papers) - self.units


def _run(
    first: int,
    count: int,
    country: Country,
    form: Form = "text_pdf",
    kind: Kind = "invoice",
    *,
    damage: float = 0.0,
    layouts: bool = False,
    pages: int = 1,
) -> tuple[Paper, ...]:
    return tuple(
        Paper(kind, first + n, country, form, layout=n % 8 if layouts else None, pages=pages, damage=damage)
        for n in range(count)
    )


def _kaveri() -> tuple[Plan, ...]:
    def plan(
        key: str,
        channel: Literal["api", "mail"],
        subject: str,
        papers: tuple[Paper, ...],
        twist: Twist = "",
        text: str = "Please enter the attached invoices.",
        **more: object,
    ) -> Plan:
        return Plan(key, "kaveri", channel, subject, text, papers, twist, **more)  # type: ignore[arg-type]

    unclear = (
        "Hello, I was asked by my colleague to pass the attached on to you. She said that you would know "
        "what to do with it, as you did last spring when we had the same thing on our desk. "
        "Thank you and kind regards."
    )
    return (
        plan(
            "k01",
            "api",
            "From the other building",
            _run(101, 1, "IN"),
            "missing_file",
            unclear,
            events=("ticket.triage_needed", "ticket.needs_attention", "ticket.retried"),
        ),
        plan("k02", "api", "Supplier invoices, week 46", _run(110, 14, "IN", layouts=True)),
        plan("k03", "mail", "Three invoices of this morning", _run(130, 3, "IN")),
        plan(
            "k04",
            "api",
            "E-invoices received by portal",
            (
                *_run(140, 2, "DE", "einvoice_xml_cii"),
                *_run(142, 2, "DE", "einvoice_xml_ubl"),
                *_run(144, 2, "FR", "einvoice_pdf"),
            ),
            straight=True,
        ),
        plan(
            "k05",
            "api",
            "Scanned bills from the warehouse",
            _run(150, 4, "IN", "scan_pdf", damage=0.35),
            text="Please enter the scanned bills.",
            events=("document.keyed",),
        ),
        plan(
            "k06",
            "mail",
            "Petty cash receipts",
            _run(160, 4, "IN", "image_jpeg", "receipt", damage=0.2),
            text="Please enter the attached receipts into the books.",
        ),
        plan(
            "k07",
            "api",
            "Purchase orders and goods receipts",
            (*_run(170, 2, "IN", kind="purchase_order"), *_run(172, 2, "IN", kind="goods_receipt")),
            text="Please enter these purchase orders and goods receipts in the ERP.",
        ),
        plan(
            "k08",
            "api",
            "Stock list, four pages",
            _run(180, 1, "IN", kind="inventory", pages=2),
            text="Please enter the attached inventory list.",
        ),
        plan(
            "k09",
            "api",
            "Credit notes of November",
            _run(190, 3, "IN", kind="credit_note"),
            text="Please enter the attached documents: credit notes.",
        ),
        plan(
            "k10",
            "mail",
            "Sent again, to be safe",
            (Paper(again="k03"), Paper(again="k03", resend=True), *_run(200, 1, "IN")),
            "copies",
            after="k03",
            events=("document.duplicate", "document.rejected"),
        ),
        plan(
            "k11",
            "api",
            "Invoices with a wrong cost centre",
            _run(210, 2, "IN"),
            "return",
            events=("ticket.returned", "ticket.rework_started", "defect.closed"),
        ),
        plan(
            "k12",
            "mail",
            "Freight invoices",
            _run(220, 2, "DE", "einvoice_pdf"),
            "link",
            events=("ticket.approved",),
        ),
        plan("k13", "api", "Longer e-invoices", _run(230, 2, "FR", "einvoice_pdf", pages=2), straight=True),
        plan(
            "k14",
            "api",
            "Bills photographed on site",
            _run(240, 2, "IN", "image_png", damage=0.25),
            text="Please enter the attached bills.",
        ),
    )


def _rheinwerk() -> tuple[Plan, ...]:
    def plan(
        key: str,
        channel: Literal["api", "mail"],
        subject: str,
        papers: tuple[Paper, ...],
        twist: Twist = "",
        text: str = "Bitte die Rechnungen im Anhang erfassen. Vielen Dank.",
        **more: object,
    ) -> Plan:
        return Plan(key, "rheinwerk", channel, subject, text, papers, twist, **more)  # type: ignore[arg-type]

    poison = tuple(Paper(broken=kind, seed=300 + n) for n, kind in enumerate(BROKEN_KINDS))
    return (
        plan("r01", "api", "Rechnungen KW 46", _run(310, 10, "DE", layouts=True), events=("document.keyed",)),
        plan(
            "r02",
            "api",
            "Gescannte Rechnungen",
            _run(330, 2, "DE", "scan_pdf", damage=0.3),
            "mistake",
            events=("ticket.rework_started", "defect.opened", "defect.closed", "ticket.quality_passed"),
        ),
        plan(
            "r03",
            "api",
            "E-Rechnungen",
            (*_run(340, 2, "DE", "einvoice_pdf"), *_run(342, 1, "DE", "einvoice_xml_ubl")),
        ),
        plan("r04", "mail", "Zwei Rechnungen", _run(350, 2, "DE")),
        plan(
            "r05",
            "api",
            "Beschädigte Dateien aus dem alten Archiv",
            (*poison[:4], *_run(360, 1, "DE"), *poison[4:], *_run(361, 1, "DE")),
            events=("document.quarantined", "document.password_missing"),
        ),
        plan(
            "r06",
            "mail",
            "Wo bleibt die Bestellung?",
            (),
            line="customer_support",
            text="Guten Tag, unser Kunde fragt, wo seine Bestellung bleibt. Er möchte eine Rückerstattung. "
            "Bitte den Kunden anrufen und die Reklamation klären.",
        ),
        plan(
            "r07",
            "mail",
            "Eine Frage",
            (),
            "unclear",
            line="customer_support",
            text="Guten Morgen, es gibt etwas, das ich nicht einordnen kann. Könnte sich heute jemand von "
            "Ihnen melden und mir sagen, an wen ich mich wenden darf? Vielen Dank.",
            events=("ticket.triage_needed", "ticket.triaged"),
        ),
        plan(
            "r08",
            "api",
            "Two invoices in English",
            _run(370, 2, "GB"),
            "partial",
            text="Please enter the attached invoices.",
            events=("ticket.partially_approved", "ticket.rework_started"),
        ),
        plan(
            "r09",
            "api",
            "Bank reconciliation October",
            (),
            "parked",
            line="finance_accounting",
            text="Please reconcile our bank statement of October with the ledger and prepare the journal "
            "entries.",
            events=("ticket.parked", "ticket.released"),
        ),
        plan(
            "r10",
            "mail",
            "Gutschriften",
            _run(380, 2, "DE", kind="credit_note"),
            "link",
            text="Bitte die Belege im Anhang erfassen: Gutschriften.",
        ),
        plan(
            "r11",
            "api",
            "Lieferscheine",
            _run(385, 2, "DE", kind="goods_receipt"),
            text="Bitte die Lieferscheine erfassen.",
        ),
        plan(
            "r12",
            "mail",
            "Quittungen der Reise",
            _run(390, 2, "DE", "image_jpeg", "receipt", damage=0.15),
            text="Bitte die Quittungen erfassen.",
        ),
        plan(
            "r13",
            "api",
            "Scan vom Nachmittag",
            _run(395, 1, "DE", "scan_pdf", damage=0.5),
            "pause",
            events=("ticket.paused", "ticket.reply_received", "ticket.resumed"),
        ),
    )


def _bluegate() -> tuple[Plan, ...]:
    def plan(
        key: str,
        channel: Literal["api", "mail"],
        subject: str,
        papers: tuple[Paper, ...],
        twist: Twist = "",
        text: str = "Please enter the attached invoices.",
        **more: object,
    ) -> Plan:
        return Plan(key, "bluegate", channel, subject, text, papers, twist, **more)  # type: ignore[arg-type]

    return (
        plan(
            "b01",
            "api",
            "Customs invoice for the evening ferry",
            _run(401, 1, "GB"),
            "breach",
            events=("ticket.priority_changed", "clock.breached", "clock.escalated"),
        ),
        plan("b02", "api", "Haulage invoices", _run(410, 10, "GB", layouts=True)),
        plan(
            "b03",
            "mail",
            "Fuel receipts",
            _run(420, 2, "GB", "image_jpeg", "receipt", damage=0.1),
            text="Please enter the attached receipts into the books.",
        ),
        plan(
            "b04",
            "api",
            "Invoices nobody needs any more",
            _run(430, 2, "GB"),
            "cancel",
            ends="cancelled",
            events=("ticket.cancelled",),
        ),
        plan(
            "b05", "mail", "Port charges", _run(440, 2, "GB"), "silence", events=("ticket.deemed_accepted",)
        ),
        plan(
            "b06",
            "api",
            "Depot scans",
            _run(450, 2, "GB", "scan_pdf", damage=0.2),
            text="Please enter the scanned bills.",
        ),
        plan("b07", "api", "French carriers", _run(460, 3, "FR")),
        plan("b08", "mail", "Warehouse rent", _run(470, 1, "GB")),
        plan(
            "b09",
            "api",
            "Purchase orders for pallets",
            _run(475, 2, "GB", kind="purchase_order"),
            text="Please enter these purchase orders in the ERP.",
        ),
        plan(
            "b10",
            "api",
            "E-invoices of carriers",
            (*_run(480, 2, "GB", "einvoice_xml_ubl"), *_run(482, 1, "DE", "einvoice_xml_cii")),
        ),
        plan("b11", "mail", "Two more", _run(485, 2, "GB")),
        plan(
            "b12",
            "api",
            "Stock count of the depot",
            _run(490, 1, "GB", kind="inventory"),
            text="Please enter the attached inventory list.",
        ),
        plan(
            "b13",
            "api",
            "Credit notes of carriers",
            _run(493, 2, "GB", kind="credit_note"),
            text="Please enter the attached documents: credit notes.",
        ),
    )


def working_day() -> tuple[Plan, ...]:
    """All tickets in the order they are sent, the clients in turn."""
    lists = (_kaveri(), _rheinwerk(), _bluegate())
    longest = max(len(one) for one in lists)
    return tuple(one[n] for n in range(longest) for one in lists if n < len(one))
