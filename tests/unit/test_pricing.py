"""Every pricing model: parts sum to the total, never negative, same usage same breakdown (PB1, PB6, PB8)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.money import Money, money_sum
from ticketos.domain.pricing import PRICING_MODELS, Flat, Hybrid, PricingModel, Tier, Usage, from_json

PRICES = st.decimals(0, 10_000, places=4).map(str)


@st.composite
def flat_data(draw: st.DrawFn) -> dict[str, Any]:
    bounds = sorted(draw(st.sets(st.integers(1, 60), max_size=4)))
    tiers = [{"up_to": str(bound), "unit_price": draw(PRICES)} for bound in bounds]
    tiering = draw(st.sampled_from(["graduated", "volume"]))
    return {"unit_price": draw(PRICES), "tiers": tiers, "tiering": tiering}


# One strategy of contract data per kind: a model without one fails the test of the registry below.
DATA: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "flat": flat_data(),
    "hybrid": st.fixed_dictionaries({"base": PRICES, "included": st.integers(0, 60), "overage": PRICES}),
}
MODELS = st.one_of(
    [
        st.tuples(st.just(kind), data, st.sampled_from(["INR", "JPY", "KWD"])).map(
            lambda case: from_json(*case)
        )
        for kind, data in DATA.items()
    ]
)
USAGES = st.lists(st.decimals(0, 3, places=2), max_size=40).map(
    lambda quantities: Usage.of_units((f"u{n}", quantity) for n, quantity in enumerate(quantities))
)


def inr(value: str | int) -> Money:
    return Money.of(value, "INR")


def count(n: int) -> Usage:
    return Usage.of_units((f"u{i}", Decimal(1)) for i in range(n))


def test_every_model_of_the_registry_has_its_own_kind_and_is_tested_here() -> None:
    kinds = [model.kind for model in PRICING_MODELS]
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) == set(DATA)


@given(MODELS, USAGES)
def test_parts_sum_to_the_total_and_are_never_negative(model: PricingModel, usage: Usage) -> None:
    breakdown = model.charge(usage)
    currency = breakdown.total.currency
    assert money_sum((line.amount for line in breakdown.lines), currency) == breakdown.total
    for line in breakdown.lines:
        assert line.amount == line.unit_price.times(line.quantity).rounded() >= Money.zero(currency)
        assert line.quantity > 0
    assert model.charge(usage) == breakdown
    assert from_json(model.kind, model.to_json()).charge(usage) == breakdown
    named = {unit_id for line in breakdown.lines for unit_id in line.unit_ids}
    assert named == {unit_id for unit_id, quantity in usage.units if quantity > 0}


@given(
    MODELS.filter(lambda model: getattr(model, "tiering", "") != "volume"),
    st.integers(0, 50),
    st.integers(0, 50),
)
def test_more_usage_never_costs_less_but_for_volume_prices(model: PricingModel, one: int, two: int) -> None:
    assert (
        model.charge(Usage(Decimal(min(one, two)))).total <= model.charge(Usage(Decimal(max(one, two)))).total
    )


def test_a_thousand_documents_at_three_fifty_are_three_thousand_five_hundred() -> None:
    breakdown = Flat(inr("3.50")).charge(count(1000))
    assert breakdown.total == inr("3500.00")
    (line,) = breakdown.lines
    assert (line.description_code, line.quantity, line.unit_price) == ("units", Decimal(1000), inr("3.50"))
    assert len(line.unit_ids) == 1000


@pytest.mark.parametrize(
    ("documents", "total"), [(0, "30000"), (2000, "30000"), (2001, "30002"), (2750, "31500")]
)
def test_thirty_thousand_base_and_two_per_document_beyond_two_thousand(documents: int, total: str) -> None:
    breakdown = Hybrid(inr(30_000), 2000, inr(2)).charge(count(documents))
    assert breakdown.total == inr(total)
    assert sum(len(line.unit_ids) for line in breakdown.lines) == documents


TIERS = (Tier(Decimal(1000), inr("4.00")), Tier(Decimal(5000), inr("3.50")))


@pytest.mark.parametrize(
    ("documents", "graduated", "volume"),
    [
        (1000, "4000", "4000"),
        (1001, "4003.50", "3503.50"),
        (5000, "18000", "17500"),
        (6000, "21000", "18000"),
    ],
)
def test_tiers_hold_for_the_units_inside_them_or_for_the_whole_volume(
    documents: int, graduated: str, volume: str
) -> None:
    usage = Usage(Decimal(documents))
    assert Flat(inr("3.00"), TIERS, "graduated").charge(usage).total == inr(graduated)
    assert Flat(inr("3.00"), TIERS, "volume").charge(usage).total == inr(volume)


def test_a_tiers_line_names_the_units_inside_it_and_one_across_the_bound_twice() -> None:
    usage = Usage.of_units([("a", Decimal(600)), ("b", Decimal(600)), ("c", Decimal(1))])
    lines = Flat(inr("3.00"), TIERS).charge(usage).lines
    assert [(line.description_code, line.quantity, line.unit_ids) for line in lines] == [
        ("units-tier-1", Decimal(1000), ("a", "b")),
        ("units-tier-2", Decimal(201), ("b", "c")),
    ]


def test_the_contracts_currency_and_the_datas_must_agree() -> None:
    assert from_json("flat", {"unit_price": "3.50"}, "INR") == Flat(inr("3.50"))
    assert from_json("flat", {"unit_price": "3.50", "currency": "INR"}) == Flat(inr("3.50"))
    for code, kind, data, currency in (
        ("currency-mismatch", "flat", {"unit_price": "3.50", "currency": "INR"}, "USD"),
        ("pricing-currency-missing", "flat", {"unit_price": "3.50"}, None),
        ("pricing-kind-unknown", "lottery", {}, "INR"),
        ("pricing-json-invalid", "flat", {}, "INR"),
        ("money-float-refused", "flat", {"unit_price": 3.5}, "INR"),
        ("price-negative", "flat", {"unit_price": "-3.50"}, "INR"),
        ("pricing-tiering-unknown", "flat", {"unit_price": "1", "tiering": "magic"}, "INR"),
        (
            "pricing-tiers-invalid",
            "flat",
            {"unit_price": "1", "tiers": [{"up_to": 0, "unit_price": "1"}]},
            "INR",
        ),
        ("pricing-included-invalid", "hybrid", {"base": "1", "included": "2.5", "overage": "1"}, "INR"),
        ("pricing-included-invalid", "hybrid", {"base": "1", "included": -1, "overage": "1"}, "INR"),
    ):
        with pytest.raises(DomainError) as error:
            from_json(kind, data, currency)
        assert error.value.code == code


def test_usage_is_not_negative_and_its_units_sum_to_it() -> None:
    assert Usage(Decimal(2), (("a", Decimal(2)),)).quantity == 2
    refusals: tuple[tuple[str, Callable[[], object]], ...] = (
        ("usage-negative", lambda: Usage(Decimal(-1))),
        ("usage-units-do-not-sum", lambda: Usage(Decimal(3), (("a", Decimal(2)),))),
    )
    for code, refused in refusals:
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == code
