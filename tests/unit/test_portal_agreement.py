"""Terms and hours go through a form and come back as they were."""

from __future__ import annotations

from typing import Any

import pytest

from api.portal.agreement import (
    TERMS,
    day_rows,
    grouped,
    hours_of,
    other_terms,
    terms_of,
    typed_hours,
    typed_terms,
)
from api.portal.routes import agreements
from ticketos.dev.sim.clients import COMPANIES
from ticketos.domain.calendar import WorkCalendar
from ticketos.domain.errors import DomainError
from ticketos.domain.terms import Terms

TIERED: dict[str, Any] = {
    "pricing": {
        "kind": "flat",
        "data": {"unit_price": "9.00", "tiers": [{"up_to": "20", "unit_price": "12.00"}]},
    },
    "rework": {"max_rounds": 3},
    "sla": {"turnaround_s": {"standard": 5400}, "warn_percent": [50, 90]},
    "approval": {"required": False},
}
POLICY: dict[str, Any] = {
    "ai": {
        "modes": {"triage": "suggest", "coding": "act with approval"},
        "triage_threshold": "0.85",
        "field_thresholds": {"total": "0.995", "supplier_name": "0.8"},
        "escalate": {
            "amount_over": {"INR": "100000.00", "JPY": "5"},
            "words": ["legal notice"],
            "new_supplier": True,
            "confidence_below": "0.97",
        },
        "accountable": "Anita Rao",
    }
}
STRAIGHT: dict[str, Any] = {"ai": {"straight_through": True, "field_threshold": "0.95"}}
PEOPLE: dict[str, Any] = {
    "assignment": {"expert": {"document_types": ["invoice", "receipt"], "amount": "5000", "currency": "INR"}},
    "rework": {"hourly_rate": "600", "max_rounds": 1},
    "sla": {"priority_types": ["receipt"], "priority_class_for": ["P1"], "stage_s": {"quality": None}},
    "closure": {"reopen_days": 30, "renewal_days": 90},
}
EVERY = [contract.terms for company in COMPANIES for contract in (*company.contracts, *company.later)]


@pytest.mark.parametrize("terms", [{}, TIERED, POLICY, STRAIGHT, PEOPLE, *EVERY])
def test_terms_mean_the_same_after_the_form(terms: dict[str, Any]) -> None:
    back = terms_of(typed_terms(terms), other_terms(terms))
    assert Terms.from_json(back) == Terms.from_json(terms)
    assert terms_of(typed_terms(back), other_terms(back)) == back  # and stay so


def test_what_the_form_has_no_field_for_is_kept_word_for_word() -> None:
    back = terms_of(typed_terms(TIERED), other_terms(TIERED))
    assert back["rework"] == {"max_rounds": 3}
    assert back["pricing"]["data"]["tiers"] == TIERED["pricing"]["data"]["tiers"]
    assert back["sla"]["turnaround_s"]["standard"] == 5400


def test_a_typed_value_replaces_the_old_one() -> None:
    typed = {**typed_terms(TIERED), "turnaround": "1.5", "sample_rate": "12.5", "unit_price": "10.25"}
    terms = Terms.from_json(terms_of(typed, other_terms(TIERED)))
    assert terms.sla.turnaround_s["standard"] == 5400
    assert str(terms.qa.sample_rate) == "0.125"
    assert terms.pricing.data["unit_price"] == "10.25"


def test_a_lapse_that_the_form_once_kept_in_seconds_is_in_business_days_when_it_is_saved_again() -> None:
    old = {"approval": {"required": True, "deemed_s": 3 * 86_400}}
    assert typed_terms(old)["deemed"] == "3"
    back = terms_of(typed_terms(old), other_terms(old))
    assert back["approval"] == {"required": True, "deemed_days": 3}


def test_a_lapse_in_seconds_stays_what_a_contract_says() -> None:
    short = {"approval": {"deemed_s": 90}}
    back = Terms.from_json(terms_of(typed_terms(short), other_terms(short)))
    assert back.approval.deemed_s == 90


def test_the_older_word_for_straight_through_is_said_as_a_mode_when_it_is_saved_again() -> None:
    assert typed_terms(STRAIGHT)["ai_reading"] == "act"
    back = terms_of(typed_terms(STRAIGHT), other_terms(STRAIGHT))
    assert back["ai"]["modes"]["reading"] == "act"
    assert "straight_through" not in back["ai"]


def test_a_bar_per_field_is_typed_as_a_person_says_it() -> None:
    assert typed_terms(POLICY)["bars"] == "supplier name 80\ntotal 99.5"
    terms = terms_of({**typed_terms({}), "bars": "Supplier name: 97 %\n\ntax_total 99"}, "")
    assert terms["ai"]["field_thresholds"] == {"supplier_name": "0.97", "tax_total": "0.99"}


@pytest.mark.parametrize(
    ("change", "other"),
    [
        ({"amount_over": "INR 5\nINR 6"}, ""),
        ({"amount_over": "5"}, ""),
        ({"bars": "total"}, ""),
        ({"bars": "total 9x"}, ""),
        ({"bars": "total 99\nTotal: 98 %"}, ""),
        ({"turnaround": "soon"}, ""),
        ({"tax_rate": "-1"}, ""),
        ({}, "[1]"),
        ({}, "{"),
        ({}, '{"sla": 5}'),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_section(change: dict[str, str], other: str) -> None:
    with pytest.raises(DomainError) as refused:
        terms_of({**typed_terms({}), **change}, other)
    assert refused.value.code == "terms-invalid"


def test_hours_come_back_as_they_were() -> None:
    definition = {
        "zone": "Asia/Kolkata",
        "weekly": [[["09:00", "13:00"], ["14:00", "18:30"]]] * 5 + [[["10:00", "14:00"]], []],
        "holidays": ["2026-01-26", "2026-08-15"],
        "special": {"2026-10-20": [["09:00", "13:00"]], "2026-10-21": []},
    }
    plain = WorkCalendar.from_json(definition).to_json()
    typed = typed_hours(plain)
    assert typed["day_0"] == "09:00–13:00, 14:00–18:30"
    assert WorkCalendar.from_json(hours_of(typed)).to_json() == plain


def test_days_stand_in_controls_of_their_own_and_what_is_no_day_is_shown_as_it_was_typed() -> None:
    typed = {
        "holidays": "2026-01-26\n\nRepublic Day\n2026-08-15",
        "special": "2026-10-20 09:00-13:00\n2026-10-21\n10:00-12:00",
    }
    assert day_rows(typed) == {
        "days": ["2026-01-26", "2026-08-15"],
        "unread": "Republic Day",
        "special": [("2026-10-20", "09:00-13:00"), ("2026-10-21", ""), ("", "10:00-12:00")],
    }
    assert day_rows({}) == {"days": [], "unread": "", "special": []}


def test_no_field_that_holds_a_list_is_cut() -> None:
    assert {"priority_types", "priority_class_for", "expert_types"} <= agreements.LISTS


def test_every_term_outside_ai_stands_in_one_group_of_the_form() -> None:
    shown = [term.name for _, fields, ticks in grouped() for term in (*fields, *ticks)]
    assert sorted(shown) == sorted(term.name for term in TERMS if term.path[0] != "ai")
