"""The pure checks of data entry and what may skip a person."""

from __future__ import annotations

from datetime import date

from ticketos.lines.data_entry.rules import (
    CheckResult,
    FieldValue,
    LineValue,
    auto_fields,
    checks,
    keying_fields,
)

TODAY = date(2026, 3, 1)
INVOICE = {
    "supplier_name": "Bright Paper GmbH",
    "number": "RE-7",
    "issue_date": "2026-02-01",
    "due_date": "2026-03-03",
    "currency": "EUR",
    "net_total": "100.00",
    "tax_total": "19.00",
    "total": "119.00",
}
LINES = (LineValue("2", "30.00", "19", "60.00"), LineValue("1", "40.00", "19", "40.00"))


def values(**changes: str | None) -> dict[str, FieldValue]:
    return {name: FieldValue(value, 0.99) for name, value in (INVOICE | changes).items()}


def verdicts(fields: dict[str, FieldValue], lines: tuple[LineValue, ...] = LINES) -> dict[str, bool]:
    return {it.name: it.ok for it in checks("invoice", fields, lines, TODAY)}


def test_a_right_invoice_passes_every_check_it_can_be_put_to() -> None:
    assert verdicts(values()) == {
        "net_plus_tax": True,
        "lines_sum": True,
        "line_products": True,
        "tax_by_rate": True,
        "issue_date": True,
        "due_date": True,
    }


def test_one_wrong_figure_fails_the_checks_that_speak_for_it() -> None:
    assert verdicts(values(total="118.00"))["net_plus_tax"] is False
    assert verdicts(values(net_total="90.00"))["lines_sum"] is False
    assert verdicts(values(tax_total="7.00", total="107.00"))["tax_by_rate"] is False
    assert verdicts(values(), (LineValue("3", "30.00", "19", "60.00"), LINES[1]))["line_products"] is False


def test_lines_printed_with_tax_add_up_to_the_total() -> None:
    with_tax = (LineValue(net="71.40"), LineValue(net="47.60"))
    assert verdicts(values(), with_tax)["lines_sum"] is True


def test_missing_lines_of_a_till_receipt_are_told_but_do_not_doubt_its_total() -> None:
    fields = {"total": FieldValue("33.05", 0.97)}
    lines = (LineValue(net="14.40"), LineValue(net="9.60"))
    told = {it.name: it for it in checks("receipt", fields, lines, TODAY)}["lines_sum"]
    assert not told.ok
    assert "by 9.05" in told.detail
    assert auto_fields(fields, [told])["total"].auto
    on_an_invoice = {it.name: it for it in checks("invoice", fields, lines, TODAY)}["lines_sum"]
    assert not auto_fields(fields, [on_an_invoice])["total"].auto
    too_much = {it.name: it for it in checks("receipt", fields, (LineValue(net="50.00"),), TODAY)}[
        "lines_sum"
    ]
    assert not auto_fields(fields, [too_much])["total"].auto


def test_a_check_without_its_operands_says_nothing() -> None:
    assert "net_plus_tax" not in verdicts(values(tax_total=None))
    assert "lines_sum" not in verdicts(values(), ())
    assert "tax_by_rate" not in verdicts(values(), (LineValue(net="60.00"), LineValue(net="40.00")))


def test_a_due_date_before_the_issue_and_an_issue_date_far_ahead_are_implausible() -> None:
    assert verdicts(values(due_date="2026-01-31"))["due_date"] is False
    assert verdicts(values(issue_date="2027-01-31", due_date=None))["issue_date"] is False


def test_a_tax_identifier_is_judged_by_the_injected_checksum_alone() -> None:
    fields = values(supplier_tax_id="DE1")

    def judged_as(verdict: bool | None) -> list[bool]:
        results = checks("invoice", fields, (), TODAY, lambda _: verdict)
        return [it.ok for it in results if it.name == "supplier_tax_id"]

    found = {verdict: judged_as(verdict) for verdict in (True, False, None)}
    assert found == {True: [True], False: [False], None: []}


def test_a_strong_field_skips_the_person_and_a_weak_or_failed_or_absent_one_does_not() -> None:
    fields = {
        "number": FieldValue("RE-7", 0.97),
        "po_number": FieldValue("B1", 0.6),
        "due_date": FieldValue(None, 0.97),
        "total": FieldValue("119.00", 0.99),
    }
    failed = (CheckResult("net_plus_tax", False, "100 + 7 ≠ 119", ("total",)),)
    decisions = auto_fields(fields, failed)
    assert decisions["number"].auto
    assert {name: it.blocked_by for name, it in decisions.items() if not it.auto} == {
        "po_number": ("low-confidence",),
        "due_date": ("missing",),
        "total": ("check:net_plus_tax",),
    }
    assert auto_fields(fields, ())["total"].auto


def test_a_clients_own_threshold_moves_the_bar() -> None:
    fields = {"number": FieldValue("RE-7", 0.97)}
    assert auto_fields(fields, (), {"*": 0.9})["number"].auto
    assert not auto_fields(fields, (), {"*": 0.9, "number": 0.98})["number"].auto


def test_keying_starts_with_required_fields_even_when_they_were_not_found() -> None:
    decisions = auto_fields({"total": FieldValue("5.00", 0.99), "buyer_name": FieldValue("X", 0.3)}, ())
    assert keying_fields("receipt", decisions) == ("supplier_name", "issue_date", "buyer_name")
