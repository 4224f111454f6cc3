"""Quality samples are replayable, independent of order and never empty (MF6)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.sampling import draw, in_sample, month_seed, unit_score

IDS = st.lists(st.text(min_size=1, max_size=12), max_size=30)
RATES = st.decimals(0, 1, places=3)


@settings(deadline=None)
@given(st.text(), IDS, RATES, st.randoms(use_true_random=False))
def test_the_same_units_give_the_same_sample_in_any_order(
    seed: str, ids: list[str], rate: Decimal, rng: object
) -> None:
    shuffled = list(ids)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    drawn = draw(seed, ids, rate)
    assert drawn == draw(seed, shuffled + ids, rate)
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) >= {unit_id for unit_id in ids if in_sample(seed, unit_id, rate)}
    assert len(drawn) == max(
        sum(in_sample(seed, unit_id, rate) for unit_id in set(ids)), min(1, len(set(ids)))
    )


@settings(deadline=None)
@given(st.text(), st.text(), RATES, RATES)
def test_a_unit_drawn_at_one_rate_is_drawn_at_every_higher_rate(
    seed: str, unit: str, one: Decimal, two: Decimal
) -> None:
    assert in_sample(seed, unit, max(one, two)) or not in_sample(seed, unit, min(one, two))
    assert in_sample(seed, unit, Decimal(1))
    assert not in_sample(seed, unit, Decimal(0))


def test_a_tiny_batch_gives_its_lowest_score() -> None:
    ids = ["a", "b", "c"]
    lowest = min(ids, key=lambda unit_id: unit_score("s", unit_id))
    assert draw("s", ids, Decimal(0)) == (lowest,)
    assert draw("s", ids, Decimal(0), at_least=0) == ()
    assert len(draw("s", ids, Decimal(0), at_least=9)) == 3
    assert draw("s", [], Decimal("0.1")) == ()


@pytest.mark.parametrize("rate", ["0.10", "0.15", "0.20"])
def test_the_share_drawn_is_the_rate(rate: str) -> None:
    seed = month_seed("client", "2026-11", "secret")
    share = Decimal(len(draw(seed, [f"unit-{n}" for n in range(20_000)], Decimal(rate)))) / 20_000
    assert abs(share - Decimal(rate)) < Decimal("0.01")  # more than three standard deviations


def test_scores_are_exact_fractions_and_seeds_part_clients_months_and_secrets() -> None:
    assert isinstance(unit_score("s", "u"), Fraction)
    assert 0 <= unit_score("s", "u") < 1
    assert unit_score("ab", "c") != unit_score("a", "bc")
    seeds = {month_seed(c, m, s) for c in ("a", "b") for m in ("2026-01", "2026-02") for s in ("", "k")}
    assert len(seeds) == 8
    assert month_seed("a", "2026-01") == month_seed("a", "2026-01")


def test_a_rate_between_zero_and_one_and_a_real_month_are_needed() -> None:
    for code, refused in (
        ("sampling-rate-invalid", lambda: in_sample("s", "u", Decimal("1.01"))),
        ("sampling-rate-invalid", lambda: draw("s", ["u"], Decimal(-1))),
        ("money-float-refused", lambda: in_sample("s", "u", 0.1)),  # type: ignore[arg-type]
        ("month-invalid", lambda: month_seed("a", "2026-13")),
    ):
        with pytest.raises(DomainError) as error:
            refused()
        assert error.value.code == code
