"""What is left of what was billed, each currency by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from api.portal.catalogue import Texts
from ticketos.domain.errors import DomainError
from ticketos.domain.margin import MARGIN, Earned, together
from ticketos.domain.money import Money


def earned(net: str, people: str, rework: str, currency: str = "INR", month: str = "2026-11") -> Earned:
    left, paid, spent = (Money.of(one, currency) for one in (net, people, rework))
    return Earned(month, left, paid, spent)


def test_margin_is_the_net_less_people_and_rework() -> None:
    one = earned("1000.00", "640.00", "60.50")
    assert one.margin == Money.of("299.50", "INR")
    assert one.rate == Decimal("0.2995")


def test_it_may_be_negative_and_has_no_share_of_nothing() -> None:
    assert earned("100", "90", "30").rate == Decimal("-0.2")
    nothing = earned("0", "0", "12")
    assert nothing.margin == Money.of("-12", "INR")
    assert nothing.rate is None
    assert earned("-50", "-40", "0").rate is None  # a month of credit notes alone


def test_currencies_are_never_added() -> None:
    rows = [earned("100", "80", "0"), earned("50", "10", "5"), earned("100", "80", "0", "USD")]
    inr, usd = together(rows)
    assert (inr.margin, usd.margin) == (Money.of("55", "INR"), Money.of("20", "USD"))
    mixed = Earned("2026-11", Money.of("1", "INR"), Money.of("1", "USD"), Money.of("0", "INR"))
    with pytest.raises(DomainError, match="currency"):
        _ = mixed.margin


def test_the_definition_is_the_house_s_own_and_has_its_words() -> None:
    assert MARGIN.house
    assert all(Texts()(f"measures.margin.{word}") for word in ("name", "means", "source"))
