"""The checks of data entry: what a document must hold, whether its figures agree, what may skip a person.

Pure: values come in as the strings that reading produced (decimal strings, ISO dates), today's date and the
checksum of tax identifiers as arguments. Nothing here knows where a value was read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, InvalidOperation

from ticketos.domain.erp import FINEST
from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money

AMOUNTS = ("net_total", "tax_total", "total", "amount_due")

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "invoice": ("supplier_name", "number", "issue_date", "currency", "net_total", "tax_total", "total"),
    "credit_note": ("supplier_name", "number", "issue_date", "currency", "net_total", "tax_total", "total"),
    "receipt": ("supplier_name", "issue_date", "total"),
    "purchase_order": ("supplier_name", "buyer_name", "number", "issue_date", "total"),
    "goods_receipt": ("supplier_name", "number", "issue_date", "po_number"),
    "inventory": ("issue_date",),
    "unknown": (),
}

POSTED_TYPES = frozenset({"invoice", "credit_note", "receipt"})
"""Types that move money; the others are registered under a reference without an entry."""

# Confidence is calibrated and told smaller than fitted, by how much depends on the field: the bars are where values
# above them are right 99 times in 100 (`python -m benchmarks.extraction` prints both).
DEFAULT_THRESHOLDS: Mapping[str, float] = {
    "*": 0.95,
    "supplier_name": 0.8,
    "buyer_name": 0.8,
    "issue_date": 0.9,
    "net_total": 0.93,
    "tax_total": 0.93,
    "total": 0.9,
}

WHOLE_DIGITS = 15
"""Digits of an amount before its point. A book keeps one more, so that the sum of a document's amounts fits too."""

_CENT = Decimal("0.01")
_WIDE = Context(prec=4 * WHOLE_DIGITS)
"""Room for the product of two amounts to the cent."""
_OLDEST = date(1990, 1, 1)
_AHEAD = timedelta(days=62)
_LONGEST_TERM = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value as the checks see it: the string (None when not found) and the probability that it is right."""

    value: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class LineValue:
    """The figures of one line as decimal strings; None where the document shows none."""

    quantity: str | None = None
    unit_price: str | None = None
    tax_rate: str | None = None
    net: str | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One rule's verdict; `fields` are the ones it speaks for: they are confirmed or doubted together."""

    name: str
    ok: bool
    detail: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """Whether a field may skip a person, and if not, the codes that block it."""

    auto: bool
    blocked_by: tuple[str, ...]
    because: tuple[str, ...] = ()
    """The same in words, with the figures."""


def required_fields(document_type: str) -> tuple[str, ...]:
    """The fields a person must have confirmed or keyed before a document of this type is complete."""
    return REQUIRED.get(document_type, ())


def amount(text: str | None) -> Decimal | None:
    """A decimal string as Decimal; None for nothing, for words, for NaN or infinity, and for what is larger than any
    sum of money: figures of a paper can then be multiplied and rounded without a care."""
    value = _number(text)
    return value if value is not None and value.adjusted() < WHOLE_DIGITS else None


def unfit(name: str, text: str) -> str | None:
    """Why no book could take this value of a field, as the code of a refusal; None where one could."""
    if name in AMOUNTS:
        return _unfit_amount(text)
    if name == "currency":
        try:
            Money.zero(text)
        except DomainError:
            return "currency-unreadable"
    return None


def _unfit_amount(text: str) -> str | None:
    if too_large(text):
        return "amount-too-large"
    value = amount(text)
    if value is None:
        return "amount-unreadable"
    return None if value == value.quantize(FINEST) else "amount-too-fine"


def too_large(text: str) -> bool:
    """A number with more digits before its point than any amount has."""
    value = _number(text)
    return value is not None and value.adjusted() >= WHOLE_DIGITS


def _number(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def iso_date(text: str | None) -> date | None:
    """An ISO date; None when it is absent or no date of the calendar."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def checks(
    document_type: str,
    fields: Mapping[str, FieldValue],
    lines: Sequence[LineValue],
    today: date,
    tax_id_valid: Callable[[str], bool | None] = lambda _: None,
    rounding: Decimal | None = None,
) -> tuple[CheckResult, ...]:
    """Every rule whose operands are known. A rule without its operands says nothing.

    `rounding` is the step this supplier is known to round its totals to, in the document's currency.

    `tax_id_valid` answers None for an identifier whose scheme has no checksum it knows.
    """
    found: list[CheckResult | None] = [
        _rounded_total(fields, rounding) or _net_plus_tax(fields),
        _lines_sum(document_type, fields, lines),
        _line_products(lines),
        _tax_by_rate(fields, lines),
        _issue_date_plausible(fields, today),
        _due_after_issue(fields),
        _sign(document_type, fields),
    ]
    found += [_tax_id(name, fields, tax_id_valid) for name in ("supplier_tax_id", "buyer_tax_id")]
    return tuple(check for check in found if check is not None)


def auto_fields(
    fields: Mapping[str, FieldValue],
    results: Sequence[CheckResult],
    thresholds: Mapping[str, float] = DEFAULT_THRESHOLDS,
) -> dict[str, FieldDecision]:
    """Which fields may skip a person. A weak or failed one becomes a keying task, `blocked_by` says why.

    `thresholds` maps a field name to the least confidence; `*` is for the rest.
    """
    decisions: dict[str, FieldDecision] = {}
    for name, field in fields.items():
        blocked: list[tuple[str, str]] = []
        least = thresholds.get(name, thresholds.get("*", 1.0))
        if field.value is None:
            blocked.append(("missing", "not found on the document"))
        elif field.confidence < least:
            blocked.append(("low-confidence", f"{field.confidence:.1%} sure, {least:.1%} are asked for"))
        failed = [result for result in results if not result.ok and name in result.fields]
        blocked += [(f"check:{result.name}", result.detail) for result in failed]
        decisions[name] = FieldDecision(
            not blocked, tuple(code for code, _ in blocked), tuple(words for _, words in blocked)
        )
    return decisions


def keying_fields(document_type: str, decisions: Mapping[str, FieldDecision]) -> tuple[str, ...]:
    """What a person has to look at: required fields that are not automatic, then blocked optional ones."""
    required = required_fields(document_type)
    first = [name for name in required if name not in decisions or not decisions[name].auto]
    return tuple(first + [name for name, it in decisions.items() if not it.auto and name not in required])


def _value(fields: Mapping[str, FieldValue], name: str) -> str | None:
    field = fields.get(name)
    return field.value if field else None


def _net_plus_tax(fields: Mapping[str, FieldValue]) -> CheckResult | None:
    net, tax, total = (amount(_value(fields, name)) for name in ("net_total", "tax_total", "total"))
    if net is None or tax is None or total is None:
        return None
    ok = abs(net + tax - total) <= 2 * _CENT
    detail = (
        f"{net} + {tax} = {total}"
        if ok
        else f"total {total} differs from net {net} + tax {tax} by {abs(total - net - tax)}"
    )
    return CheckResult("net_plus_tax", ok, detail, ("net_total", "tax_total", "total"))


def _rounded_total(fields: Mapping[str, FieldValue], step: Decimal | None) -> CheckResult | None:
    """A total that is net and tax rounded as this supplier always does; None where it is not."""
    net, tax, total = (amount(_value(fields, name)) for name in ("net_total", "tax_total", "total"))
    if step is None or net is None or tax is None or total is None:
        return None
    if total % step != 0 or not 0 < abs(net + tax - total) <= step / 2:
        return None
    detail = f"{net} + {tax} rounded to {step:f} = {total}, as always with this supplier"
    return CheckResult("net_plus_tax", True, detail, ("net_total", "tax_total", "total"))


def _lines_sum(
    document_type: str, fields: Mapping[str, FieldValue], lines: Sequence[LineValue]
) -> CheckResult | None:
    """Lines may be printed with tax (receipts, consumer invoices): then they add up to the total."""
    nets = [amount(line.net) for line in lines]
    known = [value for value in nets if value is not None]
    net, total = amount(_value(fields, "net_total")), amount(_value(fields, "total"))
    if not known or len(known) != len(nets) or (net is None and total is None):
        return None
    added = sum(known, Decimal(0))
    slack = _CENT * (1 + len(known) // 2)
    if net is not None and abs(added - net) <= slack:
        return CheckResult("lines_sum", True, f"{_lines(len(known))} = {added} = net {net}", ("net_total",))
    if total is not None and abs(added - total) <= slack:
        return CheckResult("lines_sum", True, f"{_lines(len(known))} = {added} = total {total}", ("total",))
    aim, name = (net, "net_total") if net is not None else (total or Decimal(0), "total")
    what = "net amount" if name == "net_total" else "total"
    detail = f"{what} {aim} differs from the sum of {_lines(len(known))} ({added}) by {abs(aim - added)}"
    # A till prints no net, and taxes and charges between its lines and its total: that lines are missing says nothing
    # of the total it prints.
    silent = document_type == "receipt" and net is None and 0 < added < aim
    return CheckResult("lines_sum", False, detail, () if silent else (name,))


def _lines(count: int) -> str:
    return f"{count} line" if count == 1 else f"{count} lines"


def _line_products(lines: Sequence[LineValue]) -> CheckResult | None:
    """Quantity × price against each line's amount. It speaks for no field: a discount in the row is no
    error.
    """
    compared, wrong = 0, []
    for index, line in enumerate(lines, start=1):
        quantity, price, net = amount(line.quantity), amount(line.unit_price), amount(line.net)
        if quantity is None or price is None or net is None:
            continue
        compared += 1
        product = abs(quantity * price)
        if abs(product - abs(net)) > max(_CENT, product * Decimal("0.001")):
            wrong.append(f"line {index}: {quantity} × {price} ≠ {net}")
    if not compared:
        return None
    return CheckResult(
        "line_products",
        not wrong,
        "; ".join(wrong[:5]) or f"{_lines(compared)} agree{'s' if compared == 1 else ''}",
        (),
    )


def _tax_by_rate(fields: Mapping[str, FieldValue], lines: Sequence[LineValue]) -> CheckResult | None:
    """Tax against rate × base, only when every line shows its rate and the lines are the whole net amount."""
    tax, net = amount(_value(fields, "tax_total")), amount(_value(fields, "net_total"))
    pairs = [(amount(line.net), amount(line.tax_rate)) for line in lines]
    if tax is None or net is None or not pairs:
        return None
    bases: dict[Decimal, Decimal] = {}
    for base, rate in pairs:
        if base is None or rate is None:
            return None
        bases[rate] = bases.get(rate, Decimal(0)) + base
    if abs(sum(bases.values(), Decimal(0)) - net) > _CENT * (1 + len(pairs) // 2):
        return None
    expected = sum((base * rate / 100 for rate, base in bases.items()), Decimal(0))
    expected = expected.quantize(_CENT, context=_WIDE)
    ok = abs(expected - tax) <= _CENT * (1 + len(pairs))
    detail = (
        f"rate × base = {expected} = tax {tax}"
        if ok
        else f"tax {tax} differs from rate × base ({expected}) by {abs(expected - tax)}"
    )
    return CheckResult("tax_by_rate", ok, detail, ("tax_total",))


def _issue_date_plausible(fields: Mapping[str, FieldValue], today: date) -> CheckResult | None:
    text = _value(fields, "issue_date")
    if text is None:
        return None
    issued = iso_date(text)
    ok = issued is not None and _OLDEST <= issued <= today + _AHEAD
    return CheckResult("issue_date", ok, f"{text}, read on {today.isoformat()}", ("issue_date",))


def _due_after_issue(fields: Mapping[str, FieldValue]) -> CheckResult | None:
    issued, due = iso_date(_value(fields, "issue_date")), iso_date(_value(fields, "due_date"))
    if issued is None or due is None:
        return None
    ok = issued <= due <= issued + _LONGEST_TERM
    return CheckResult("due_date", ok, f"issued {issued}, due {due}", ("issue_date", "due_date"))


def _sign(document_type: str, fields: Mapping[str, FieldValue]) -> CheckResult | None:
    """Net and tax carry one sign. Credit notes exist with either, so only a mixture is wrong."""
    net, total = amount(_value(fields, "net_total")), amount(_value(fields, "total"))
    if net is None or total is None or net == 0 or total == 0:
        return None
    ok = (net > 0) == (total > 0)
    if ok:
        return None
    return CheckResult(
        "sign", False, f"net {net} and total {total} of a {document_type}", ("net_total", "total")
    )


def _tax_id(
    name: str, fields: Mapping[str, FieldValue], valid: Callable[[str], bool | None]
) -> CheckResult | None:
    text = _value(fields, name)
    verdict = valid(text) if text is not None else None
    if text is None or verdict is None:
        return None
    return CheckResult(name, verdict, f"{text}: checksum {'right' if verdict else 'wrong'}", (name,))
