"""Whether terms can be worked by, asked when a contract is written: what a rule would refuse later, in the middle of a
ticket or of a month's invoices, is refused here in words."""

from __future__ import annotations

from collections.abc import Iterable

from ticketos.domain import ai_policy, engines, pricing
from ticketos.domain.document_class import CLASSES
from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money
from ticketos.domain.state import STAGES
from ticketos.domain.terms import PRIORITIES, ExpertTerms, ReworkTerms, Terms

MOST_DAYS = 3650
"""No term of days is longer than ten years."""


def check(terms: Terms, *, priced: bool, document_types: tuple[str, ...] = ()) -> None:
    """Raises ``DomainError("terms-invalid")`` naming section and cause. ``priced``: the terms name a price; a contract
    without one is billed once it has got it. ``document_types`` are those the line of work knows; a line that names none
    is not asked."""
    sla = terms.sla
    _each("sla", "first_response_s", sla.first_response_s.keys(), PRIORITIES)
    _each("sla", "turnaround_s", sla.turnaround_s.keys(), CLASSES)
    _each("sla", "priority_class_for", sla.priority_class_for, PRIORITIES)
    if document_types:
        _each("sla", "priority_types", sla.priority_types, document_types)
    if not all(sla.priority_senders):
        raise _invalid("sla", "priority_senders are addresses or domains")
    _each("sla", "stage_s", sla.stage_s.keys(), STAGES)
    for name, targets in (
        ("first_response_s", sla.first_response_s),
        ("turnaround_s", sla.turnaround_s),
        ("stage_s", sla.stage_s),
    ):
        for key, seconds in targets.items():
            if seconds <= 0:
                raise _invalid("sla", f"{name} of {key} must be more than 0 seconds")
    try:
        sla.policy()
    except DomainError as error:
        raise _invalid(
            "sla", "warnings must rise between 1 and 99 percent, and the ladder must not fall"
        ) from error
    _expert(terms.assignment.expert, document_types)
    _rework(terms.rework)
    for name, days in (
        ("reopen_days", terms.closure.reopen_days),
        ("renewal_days", terms.closure.renewal_days),
    ):
        if days > MOST_DAYS:
            raise _invalid("closure", f"{name} must not be more than {MOST_DAYS}")
    for name, days in (
        ("within_days", terms.disputes.within_days),
        ("answer_days", terms.disputes.answer_days),
    ):
        if days > MOST_DAYS:
            raise _invalid("disputes", f"{name} must not be more than {MOST_DAYS}")
    try:
        ai_policy.check(terms.ai.modes, terms.ai.escalate, terms.ai.accountable)
        engines.check(terms.ai.engines)
    except ValueError as error:
        raise _invalid("ai", str(error)) from error
    try:
        Money.zero(terms.pricing.currency)
        if priced:
            pricing.from_json(terms.pricing.kind, terms.pricing.data, terms.pricing.currency)
    except DomainError as error:
        raise _invalid("pricing", str(error)) from error


def _expert(terms: ExpertTerms, known: tuple[str, ...]) -> None:
    if known:
        _each("assignment", "expert.document_types", terms.document_types, known)
    if terms.amount is None:
        return
    if terms.amount < 0:
        raise _invalid("assignment", "the amount above which an expert is asked must not be below 0")
    try:
        Money.zero(terms.currency)
    except DomainError as error:
        raise _invalid(
            "assignment", "the amount above which an expert is asked needs a currency, as INR or EUR"
        ) from error


def _rework(terms: ReworkTerms) -> None:
    if terms.hourly_rate is not None and terms.hourly_rate < 0:
        raise _invalid("rework", "hourly_rate must not be below 0")
    if terms.currency:
        try:
            Money.zero(terms.currency)
        except DomainError as error:
            raise _invalid("rework", "currency is written as INR or EUR") from error


def _each(section: str, name: str, keys: Iterable[str], known: tuple[str, ...]) -> None:
    unknown = sorted(set(keys) - set(known))
    if unknown:
        raise _invalid(section, f"{name} knows {', '.join(known)}, not {', '.join(unknown)}")


def _invalid(section: str, cause: str) -> DomainError:
    return DomainError("terms-invalid", section=section, cause=cause)
