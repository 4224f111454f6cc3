"""Which engine a contract asks for, and what a model outside may cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ticketos.domain import engines
from ticketos.domain.engines import Call, EngineTerms, Price
from ticketos.domain.terms import Terms

PRICE = Price(Decimal("2.50"), Decimal("10"), "USD")


def call(most: str, currency: str = "USD") -> Call:
    return Call("reading", "openai", "m", "h", "p", "0" * 64, {}, Decimal(most), currency)


def test_a_contract_that_says_nothing_is_read_locally() -> None:
    assert Terms.from_json({}).ai.engines.use("reading") == engines.LOCAL


def test_terms_name_the_engine_and_the_cap() -> None:
    ai = {"engines": {"reading": "second opinion"}, "spend_cap": {"USD": "25.00", "INR": 2000}}
    terms = Terms.from_json({"ai": ai}).ai.engines
    assert terms.use("reading") == engines.SECOND
    assert terms.cap == {"USD": Decimal("25.00"), "INR": Decimal(2000)}
    engines.check(terms)


@pytest.mark.parametrize(
    ("stated", "cap", "said"),
    [
        ("gpt", None, "an object with an engine for each action"),
        ({"payment": "takes over"}, None, "knows reading, not payment"),
        ({"reading": "always"}, None, "may be “local” or “second opinion” or “takes over”, not always"),
        ({}, ["5"], "an object with an amount for each currency"),
        ({}, {"USD": 1.5}, "a decimal in quotes"),
        ({}, {"USD": "-1"}, "must not be negative"),
        ({}, {"USD": "NaN"}, "a decimal in quotes"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(stated: Any, cap: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        engines.terms_from(stated, cap)


@pytest.mark.parametrize(
    ("uses", "cap", "said"),
    [
        ({"reading": engines.TAKES_OVER}, {}, "a model outside for reading needs a spend_cap of the month"),
        ({}, {"rupees": Decimal(1)}, "knows no currency rupees"),
    ],
)
def test_what_can_be_read_and_not_agreed_is_refused(uses: Any, cap: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        engines.check(EngineTerms(uses, cap))


def test_the_cap_holds_to_the_last_millionth() -> None:
    terms = EngineTerms({"reading": engines.SECOND}, {"USD": Decimal("1.00")})
    assert engines.may_spend(terms, call("0.10"), Decimal("0.90")) == ""
    assert engines.may_spend(terms, call("0.100001"), Decimal("0.90")) == "over-cap"
    assert engines.may_spend(terms, call("0.01", "EUR"), Decimal(0)) == "no-cap"
    assert engines.may_spend(terms, call("0", "EUR"), Decimal(0)) == "", (
        "a model that costs nothing needs none"
    )


def test_costs_are_rounded_up() -> None:
    assert PRICE.of(1, 0) == Decimal("0.000003")  # 0.0000025
    assert PRICE.of(0, 0) == 0


def test_every_refusal_that_may_pass_has_words() -> None:
    assert engines.REFUSALS.keys() >= engines.MAY_PASS
    assert str(engines.AskLaterError("busy", 3.0)) == "the model turned the question away for now"
