"""What a code on the paper says about the document: evidence made by the issuer's software, free of reading errors.

Understood: the signed QR code of Indian e-invoices, UPI payment links, the Swiss QR bill, and the European
credit-transfer code (EPC069-12). A signature is not checked here: that needs the tax office's key, and a forged
code is caught where it disagrees with the page. A payload is data; nothing in it is followed or executed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from schemas.extraction import Code, ExtractedField
from ticketos.ai.extract.analysis import Findings
from ticketos.ai.extract.confidence import spoken_for
from ticketos.ai.extract.totals import with_evidence

_MOST_JSON = 8192
# Codes that repeat the document's own data, not only what a bank needs to pay it.
_WHOLE = ("einvoice-in",)
_AGREES, _DIFFERS = 20.0, 0.3
_STATED, _DISPUTED, _SURE, _CAP = 0.97, 0.9, 0.6, 0.995


def meaning(text: str) -> tuple[str, dict[str, str]]:
    """What kind of payload a code holds, and the document's fields it states; ("other", {}) if unknown."""
    for kind, read in _READERS:
        fields = read(text)
        if fields is not None:
            return kind, {name: value for name, value in fields.items() if value}
    return "other", {}


def understood(codes: Sequence[Code]) -> tuple[Code, ...]:
    """The codes with what each means."""
    told = []
    for code in codes:
        kind, fields = meaning(code.text)
        told.append(code.model_copy(update={"meaning": kind, "fields": fields}))
    return tuple(told)


def _indian_einvoice(text: str) -> dict[str, str] | None:
    """A signed token whose claims hold `data`, itself JSON (IRN schema 1.0)."""
    parts = text.split(".")
    if len(parts) != 3 or not all(re.fullmatch(r"[\w-]+", part) for part in parts):
        return None
    claims = _json(_unbase64(parts[1]))
    data = claims.get("data") if isinstance(claims, dict) else None
    data = _json(data) if isinstance(data, str) else data
    if not isinstance(data, dict) or "Irn" not in data:
        return None
    return {
        "supplier_tax_id": _plain(data.get("SellerGstin")),
        "buyer_tax_id": _plain(data.get("BuyerGstin")),
        "number": _plain(data.get("DocNo")),
        "issue_date": _day(_plain(data.get("DocDt"))),
        "total": _amount(data.get("TotInvVal")),
        "currency": "INR",
    }


def _upi(text: str) -> dict[str, str] | None:
    if not text.lower().startswith("upi://pay"):
        return None
    asked = dict(parse_qsl(urlsplit(text).query, max_num_fields=40))
    return {
        "supplier_name": _plain(asked.get("pn")),
        "amount_due": _amount(asked.get("am")),
        "currency": _plain(asked.get("cu")) or "INR",
        "number": _plain(asked.get("tr")) if asked.get("gstIn") else "",
        "supplier_tax_id": _plain(asked.get("gstIn")),
    }


def _swiss(text: str) -> dict[str, str] | None:
    """Swiss Payment Standards, QR bill version 2: one element per line, each at its own place."""
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n")]
    if len(lines) < 28 or lines[0] != "SPC" or not lines[1].startswith("02"):
        return None
    told = {
        "supplier_name": lines[5],
        "amount_due": _amount(lines[18]),
        "currency": lines[19],
        "buyer_name": lines[21],
    }
    bill = next((line for line in lines[28:] if line.startswith("//S1/")), "")
    return told | _swico(bill)


def _swico(bill: str) -> dict[str, str]:
    """The issuer's own part of a Swiss QR bill: /10/ number, /11/ date (YYMMDD), /30/ the supplier's UID."""
    values = dict(re.findall(r"/(10|11|30)/((?:\\.|[^/\\])*)", bill))
    day = values.get("11", "")
    uid = values.get("30", "")
    return {
        "number": re.sub(r"\\(.)", r"\1", values.get("10", "")),
        "issue_date": _day(f"20{day[:2]}-{day[2:4]}-{day[4:6]}") if re.fullmatch(r"\d{6}", day) else "",
        "supplier_tax_id": f"CHE{uid}" if re.fullmatch(r"\d{9}", uid) else "",
    }


def _epc(text: str) -> dict[str, str] | None:
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n")]
    if len(lines) < 8 or lines[0] != "BCD" or lines[3] != "SCT":
        return None
    amount = re.fullmatch(r"([A-Z]{3})([\d.]+)", lines[7])
    return {
        "supplier_name": lines[5],
        "currency": amount[1] if amount else "",
        "amount_due": _amount(amount[2]) if amount else "",
    }


_READERS: tuple[tuple[str, Callable[[str], dict[str, str] | None]], ...] = (
    ("einvoice-in", _indian_einvoice),
    ("upi", _upi),
    ("swiss-qr", _swiss),
    ("epc", _epc),
)


def _unbase64(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _json(text: str) -> Any:
    if len(text) > _MOST_JSON:
        return None
    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError):
        return None


def _plain(value: Any) -> str:
    return (
        " ".join(value.split())[:200]
        if isinstance(value, str)
        else str(value)
        if isinstance(value, Decimal)
        else ""
    )


def _amount(value: Any) -> str:
    try:
        amount = Decimal(str(value)) if value not in (None, "") else None
    except InvalidOperation:
        return ""
    if amount is None or not amount.is_finite() or abs(amount) > Decimal(10) ** 15:
        return ""
    return f"{amount.quantize(Decimal('0.01')):f}" if amount.as_tuple().exponent != -2 else f"{amount:f}"


def _day(text: str) -> str:
    """ISO 8601 from the two ways codes write a day."""
    found = re.fullmatch(r"(\d{2})[/-](\d{2})[/-](\d{4})", text)
    wanted = f"{found[3]}-{found[2]}-{found[1]}" if found else text
    try:
        return date.fromisoformat(wanted).isoformat()
    except ValueError:
        return ""


def with_codes(found: Findings, codes: Sequence[Code]) -> Findings:
    """The findings with what the codes state: the same value is surer, another one and a missing one come from
    the code, which the issuer's software wrote and no reading error touches.
    """
    for code in codes:
        for name, value in code.fields.items():
            _weigh(found, _speaks_for(found, name, value), value, code)
    return found


def _speaks_for(found: Findings, name: str, value: str) -> str:
    """A code asks for an amount to be paid; on most documents that is the total, printed once."""
    total = found.fields.get("total")
    if name == "amount_due" and name not in found.fields and total and _same(name, total.value, value):
        return "total"
    return name


def _weigh(found: Findings, name: str, value: str, code: Code) -> None:
    read = found.fields.get(name)
    if read is not None and _same(name, read.value, value):
        spoken_for(found, name, _AGREES)
        confidence = min(with_evidence(read.confidence, _AGREES), _CAP)
    elif read is not None and code.meaning not in _WHOLE and read.confidence >= _SURE:
        spoken_for(found, name, _DIFFERS)
        confidence = with_evidence(read.confidence, _DIFFERS)
    else:
        found.evidence.pop(name, None)
        found.fields[name] = ExtractedField(
            value=value,
            confidence=_STATED if read is None else _DISPUTED,
            page=code.page,
            box=code.box,
            source="rule",
        )
        return
    found.fields[name] = read.model_copy(update={"confidence": round(confidence, 3)})


def _same(name: str, read: str | None, told: str) -> bool:
    if read is None:
        return False
    if name in ("total", "amount_due", "net_total", "tax_total"):
        try:
            return Decimal(read) == Decimal(told)
        except InvalidOperation:
            return False
    return re.sub(r"\W", "", read).casefold() == re.sub(r"\W", "", told).casefold()
