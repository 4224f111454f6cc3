"""Who takes part: three clients with different contracts, the people of the provider and of the clients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

DAY_S = 24 * 3600
BREACH_TARGET_S = 6
"""The turnaround Bluegate's contract promises for P1 work, so short that a person at lunch breaks it."""
PASSWORD_S = 4
"""How long the day waits for the password of a protected file, which nobody gives, before it goes on without."""
DEEMED_S = 8
"""After how many seconds Bluegate's silence is acceptance."""


@dataclass(frozen=True)
class Staff:
    """Somebody who works for the provider."""

    key: str
    name: str
    role: str
    skills: tuple[str, ...] = ()
    capacity: int = 200

    @property
    def email(self) -> str:
        """Their address at the provider."""
        return f"{self.key}@provider.example"


@dataclass(frozen=True)
class Contract:
    """What a client bought."""

    number: str
    name: str
    service_line: str
    terms: Mapping[str, Any]
    kind: str = "transaction"
    lasts_days: int | None = None
    """How long it runs; without, it has no end."""


@dataclass(frozen=True)
class Company:
    """A client: where it is, what it bought, who speaks for it and who writes the mails."""

    slug: str
    prefix: str
    name: str
    zone: str
    currency: str
    country: str
    state_code: str | None
    tax_id: str
    address: str
    speaker: tuple[str, str]
    writer: tuple[str, str]
    contracts: tuple[Contract, ...]
    later: tuple[Contract, ...] = ()
    """Contracts signed during the day, after work for them has already come in."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    chart: tuple[tuple[str, str, str], ...] = ()
    """Its own accounts: code, name, kind. Without any, every account is taken."""

    def body(self) -> dict[str, Any]:
        """As ``POST /v1/clients`` takes it."""
        return {
            "slug": self.slug,
            "prefix": self.prefix,
            "name": self.name,
            "zone": self.zone,
            "currency": self.currency,
            "country": self.country,
            "state_code": self.state_code,
            "tax_id": self.tax_id,
            "address": self.address,
            "approver_email": self.speaker[1],
            "settings": dict(self.settings),
        }

    def chart_file(self) -> str:
        """Its accounts as ``POST …/ledger-accounts/import`` takes them."""
        return "\r\n".join(",".join(row) for row in (("code", "name", "kind"), *self.chart))


def contract_body(contract: Contract, client_id: str, starts_on: date) -> dict[str, Any]:
    """As ``POST /v1/contracts`` takes it."""
    lasts = contract.lasts_days
    return {
        "client_id": client_id,
        "number": contract.number,
        "name": contract.name,
        "kind": contract.kind,
        "service_line": contract.service_line,
        "starts_on": starts_on.isoformat(),
        "ends_on": None if lasts is None else (starts_on + timedelta(days=lasts)).isoformat(),
        "terms": dict(contract.terms),
    }


PROVIDER: Mapping[str, Any] = {
    "name": "Saraswati Business Services Pvt Ltd",
    "zone": "Asia/Kolkata",
    "currency": "INR",
    "country": "IN",
    "state_code": "29",
    "tax_id": "29AABCS1429B1ZX",
    "address": "14 Residency Road, Bengaluru 560025, Karnataka",
}

STAFF: tuple[Staff, ...] = (
    Staff("meera.nair", "Meera Nair", "agent", ("data_entry",)),
    Staff("jonas.weber", "Jonas Weber", "agent", ("data_entry",)),
    Staff("farid.khan", "Farid Khan", "agent", ("customer_support", "finance_accounting")),
    Staff("lena.hoffmann", "Lena Hoffmann", "qa", ("qa",)),
    Staff("ravi.pillai", "Ravi Pillai", "qa", ("qa",)),
    Staff("anita.rao", "Anita Rao", "lead", ("lead",)),
    Staff("sam.okafor", "Sam Okafor", "desk", ("triage", "contract")),
    Staff("nadia.haddad", "Nadia Haddad", "finance", ("finance",)),
    Staff("paul.brandt", "Paul Brandt", "finance", ("finance",)),
)


def _data_entry(
    number: str, pricing: Mapping[str, Any], lasts_days: int | None = None, **sections: Mapping[str, Any]
) -> Contract:
    sla = {"password_s": PASSWORD_S, **sections.pop("sla", {})}
    terms = {"pricing": pricing, "sla": sla, **sections}
    return Contract(number, "Entry of purchase documents", "data_entry", terms, lasts_days=lasts_days)


def _by_hand(number: str, name: str, line: str, currency: str, tax_rate: str) -> Contract:
    pricing = {"kind": "flat", "data": {"unit_price": "150.00"}, "currency": currency, "tax_rate": tax_rate}
    return Contract(number, name, line, {"pricing": pricing, "survey": {"ask": False}})


CHART: tuple[tuple[str, str, str], ...] = (
    ("1400", "Input tax", "asset"),
    ("1200", "Trade receivables", "asset"),
    ("1800", "Bank", "asset"),
    ("2100", "Trade payables", "liability"),
    ("2900", "Share capital", "equity"),
    ("4000", "Sales", "income"),
    ("6000", "Purchases", "expense"),
    ("6200", "Freight", "expense"),
    ("6300", "Packaging", "expense"),
    ("6400", "Rent", "expense"),
    ("6815", "Office supplies", "expense"),
    ("6990", "Differences of documents", "expense"),
)
"""What the demo day's clients book on."""

KAVERI = Company(
    "kaveri",
    "KAVERI",
    "Kaveri Foods Pvt Ltd",
    "Asia/Kolkata",
    "INR",
    "IN",
    "29",
    "29AAFCK5821M1ZL",
    "22 Brigade Road, Bengaluru 560001, Karnataka",
    ("Asha Rao", "asha.rao@kaveri.example"),
    ("Accounts Payable", "accounts@kaveri.example"),
    (
        _data_entry(
            "KAV-2026-01",
            {
                "kind": "flat",
                "currency": "INR",
                "tax_rate": "18",
                "data": {
                    "unit_price": "9.00",
                    "tiering": "graduated",
                    "tiers": [{"up_to": "20", "unit_price": "12.00"}],
                },
            },
            # The shadow sample of this client has met its target: what reads well needs nobody.
            ai={"straight_through": True, "accountable": "anita.rao@provider.example"},
            qa={"sample_rate": "0.20"},
        ),
    ),
    chart=CHART,
)

RHEINWERK = Company(
    "rheinwerk",
    "RHEIN",
    "Rheinwerk Maschinen GmbH",
    "Europe/Berlin",
    "EUR",
    "DE",
    None,
    "DE136695976",
    "Industriestraße 8, 50735 Köln",
    ("Klaus Becker", "klaus.becker@rheinwerk.example"),
    ("Buchhaltung", "buchhaltung@rheinwerk.example"),
    (
        _data_entry(
            "RW-2026-07",
            {
                "kind": "hybrid",
                "currency": "EUR",
                "tax_rate": "0",
                "data": {"base": "250.00", "included": 20, "overage": "0.90"},
            },
            # Everything is looked at twice: a new client, no shadow sample yet.
            ai={"straight_through": False},
            qa={"sample_rate": "1"},
        ),
        _by_hand("RW-2026-08", "Questions of customers", "customer_support", "EUR", "0"),
    ),
    later=(_by_hand("RW-2026-09", "Bookkeeping by the hour", "finance_accounting", "EUR", "0"),),
    chart=CHART,
)

BLUEGATE = Company(
    "bluegate",
    "BLUE",
    "Bluegate Logistics Ltd",
    "Europe/London",
    "GBP",
    "GB",
    None,
    "GB340712613",
    "7 Harbour Street, Felixstowe IP11 3SY",
    ("Olivia Hart", "olivia.hart@bluegate.example"),
    ("Purchase Ledger", "ledger@bluegate.example"),
    (
        _data_entry(
            "BG-2026-03",
            {"kind": "flat", "currency": "GBP", "tax_rate": "0", "data": {"unit_price": "0.65"}},
            lasts_days=220,  # it ends within the days before which a renewal is advised
            ai={"straight_through": False},
            qa={"sample_rate": "0.15"},
            sla={
                "turnaround_s": {"standard": DAY_S, "priority": BREACH_TARGET_S},
                "priority_class_for": ["P1"],
                "warn_percent": [50, 90],
                "ladder_s": [0, 1, 2],
            },
            approval={"required": True, "deemed_s": DEEMED_S},
        ),
    ),
    chart=CHART,
)

COMPANIES: tuple[Company, ...] = (KAVERI, RHEINWERK, BLUEGATE)


def visitors() -> Sequence[Company]:
    """The one client of ``--documents``: whoever sent the folder."""
    contract = _data_entry(
        "YOU-2026-01",
        {"kind": "flat", "currency": "EUR", "tax_rate": "0", "data": {"unit_price": "1.00"}},
        ai={"straight_through": True},
        qa={"sample_rate": "0.15"},
    )
    return (
        Company(
            "yours",
            "YOURS",
            "Your documents",
            "Etc/UTC",
            "EUR",
            "DE",
            None,
            "",
            "As in the folder",
            ("You", "you@yours.example"),
            ("You", "you@yours.example"),
            (contract,),
        ),
    )
