"""Indian GST on services: tax lines, invoice numbers, fiscal years (PB10).

Inter-state supplies bear IGST (IGST Act 2017 s. 7), supplies within a state CGST and SGST in equal halves
(IGST Act s. 8, CGST Act s. 9), within a Union territory without its own legislature UTGST instead of SGST
(UTGST Act 2017 s. 2(8), s. 7). Exports and supplies to a special economic zone are inter-state and
zero-rated (IGST Act s. 7(5), s. 16): no tax under a letter of undertaking, else IGST to be refunded. Under
reverse charge (CGST Act s. 9(3)) the recipient pays the tax and the invoice only shows it.
State codes are those of the GSTIN's first two digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, exact_decimal, money_sum

TaxName = Literal["CGST", "SGST", "UTGST", "IGST"]

ABROAD = "96"
"""Place of supply of an export of services."""

SAC_OTHER_SUPPORT_SERVICES = "998599"

GST_STATES: dict[str, str] = {
    "01": "Jammu and Kashmir", "02": "Himachal Pradesh", "03": "Punjab", "04": "Chandigarh",
    "05": "Uttarakhand", "06": "Haryana", "07": "Delhi", "08": "Rajasthan", "09": "Uttar Pradesh",
    "10": "Bihar", "11": "Sikkim", "12": "Arunachal Pradesh", "13": "Nagaland", "14": "Manipur",
    "15": "Mizoram", "16": "Tripura", "17": "Meghalaya", "18": "Assam", "19": "West Bengal",
    "20": "Jharkhand", "21": "Odisha", "22": "Chhattisgarh", "23": "Madhya Pradesh", "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu", "27": "Maharashtra", "29": "Karnataka", "30": "Goa",
    "31": "Lakshadweep", "32": "Kerala", "33": "Tamil Nadu", "34": "Puducherry",
    "35": "Andaman and Nicobar Islands", "36": "Telangana", "37": "Andhra Pradesh", "38": "Ladakh",
    "97": "Other Territory",
}  # fmt: skip

UNION_TERRITORIES = frozenset({"04", "26", "31", "35", "38", "97"})
"""Where UTGST stands in for SGST. Delhi, Puducherry and Jammu and Kashmir have legislatures: SGST."""

_INVOICE_NUMBER = re.compile(r"[A-Za-z1-9][A-Za-z0-9/-]{0,15}")
_SAC = re.compile(r"99\d{2,4}")
_FISCAL_YEAR = re.compile(r"\d{2}-\d{2}")


@dataclass(frozen=True)
class TaxLine:
    """One tax of one supply; `rate` in percent. The recipient pays it under reverse charge."""

    name: TaxName
    rate: Decimal
    amount: Money
    sac: str = SAC_OTHER_SUPPORT_SERVICES
    payable_by: Literal["supplier", "recipient"] = "supplier"


def gst(
    net: Money,
    supplier_state: str,
    place_of_supply: str,
    rate: Decimal,
    export: bool = False,
    reverse_charge: bool = False,
    under_lut: bool = True,
    sez: bool = False,
    sac: str = SAC_OTHER_SUPPORT_SERVICES,
) -> tuple[TaxLine, ...]:
    """The GST lines of a net amount; `rate` is the whole rate in percent (18).

    The two halves are computed and rounded half-up alone, so they are always equal, as the invoice portal
    demands. A zero-rated supply under LUT gives one IGST line of zero. A credit note passes a negative net.
    `place_of_supply` is a state code, `"96"` for an export.
    """
    whole = exact_decimal(rate)
    if not 0 <= whole <= 100:
        raise DomainError("gst-rate-invalid", rate=str(whole))
    if not _SAC.fullmatch(sac):
        raise DomainError("gst-sac-invalid", sac=sac)
    _check_state(supplier_state)
    if export != (place_of_supply == ABROAD):
        raise DomainError("gst-export-mismatch", export=export, place_of_supply=place_of_supply)
    if not export:
        _check_state(place_of_supply)

    def tax(name: TaxName, percent: Decimal) -> TaxLine:
        amount = net.times(percent.scaleb(-2)).rounded(ROUND_HALF_UP)
        return TaxLine(name, percent, amount, sac, "recipient" if reverse_charge else "supplier")

    if export or sez:
        return (tax("IGST", Decimal(0) if under_lut else whole),)
    if supplier_state != place_of_supply:
        return (tax("IGST", whole),)
    local: TaxName = "UTGST" if place_of_supply in UNION_TERRITORIES else "SGST"
    return (tax("CGST", whole / 2), tax(local, whole / 2))


def tax_charged(lines: Iterable[TaxLine], currency: str) -> Money:
    """What the supplier's invoice adds to the net: nothing of what the recipient pays by reverse charge."""
    return money_sum((line.amount for line in lines if line.payable_by == "supplier"), currency)


def state_of(gstin: str) -> str:
    """The state code a GSTIN starts with; `gst-state-unknown` for none. Checksums are checked elsewhere."""
    _check_state(gstin[:2])
    return gstin[:2]


def fiscal_year(day: date) -> str:
    """India's fiscal year of a date, April to March: 2026-11-21 → `26-27`."""
    first = day.year if day.month >= 4 else day.year - 1
    return f"{first % 100:02d}-{(first + 1) % 100:02d}"


def invoice_number(series: str, fiscal_year: str, n: int) -> str:
    """`INV/26-27/0001`: consecutive per series and fiscal year, ≤ 16 characters (CGST Rules r. 46(b))."""
    if n < 1 or not series or not _FISCAL_YEAR.fullmatch(fiscal_year):
        raise DomainError("invoice-number-invalid", series=series, fiscal_year=fiscal_year, n=n)
    return check_invoice_number(f"{series}/{fiscal_year}/{n:04d}")


def check_invoice_number(number: str) -> str:
    """The number itself if r. 46(b) and the invoice portal accept it, else `invoice-number-invalid`.

    At most 16 letters, digits, `-` and `/`; the portal wants no 0, `-` or `/` in front.
    """
    if not _INVOICE_NUMBER.fullmatch(number):
        raise DomainError("invoice-number-invalid", number=number)
    return number


def _check_state(code: str) -> None:
    if code not in GST_STATES:
        raise DomainError("gst-state-unknown", state=code)
