"""The best match gets the work, and nobody who may not have it (MF4, HL3)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.domain.errors import DomainError
from ticketos.domain.matching import busier, match
from ticketos.domain.skills import Agent, Need, why_not

TODAY = date(2026, 11, 21)
ASHA = Agent("a", "Asha", frozenset({"invoices"}), {"invoices": TODAY}, capacity=4, load=1, available=True)
NEED = Need("invoices", "acme")


@pytest.mark.parametrize(
    ("reason", "agent", "need"),
    [
        ("excluded", ASHA, replace(NEED, exclude=frozenset({"a"}))),
        ("skill-missing", replace(ASHA, skills=frozenset()), NEED),
        ("certification-missing", replace(ASHA, certifications={}), NEED),
        ("certification-expired", replace(ASHA, certifications={"invoices": date(2026, 11, 20)}), NEED),
        ("expert-required", ASHA, replace(NEED, expert=True)),
        ("ring-fenced", replace(ASHA, ring_fence=frozenset({"globex"})), NEED),
        ("unavailable", replace(ASHA, available=False), NEED),
        ("no-capacity", replace(ASHA, load=4), NEED),
    ],
)
def test_an_agent_is_eligible_until_one_thing_stands_in_the_way(
    reason: str, agent: Agent, need: Need
) -> None:
    assert match([ASHA], NEED, TODAY).agent_id == "a"
    assert why_not(agent, need, TODAY) == (reason,)
    refused = match([agent], need, TODAY)
    assert (refused.agent_id, refused.ranked, refused.reasons) == (None, (), (f"{reason}:1",))


def test_expert_work_goes_to_an_sme_and_a_ring_fence_keeps_its_own_client() -> None:
    expert = replace(
        ASHA, id="s", level="sme", certifications={"invoices": None}, ring_fence=frozenset({"acme"})
    )
    found = match([ASHA, expert], replace(NEED, expert=True), TODAY)
    assert (found.agent_id, found.ranked) == ("s", ("s",))
    assert "certified-until:no-expiry" in found.reasons
    assert "ring-fence:own-client" in found.reasons


def test_the_least_relative_load_wins_then_the_longest_idle_then_the_id() -> None:
    def idle(hour: int) -> datetime:
        return datetime(2026, 11, 21, hour, tzinfo=UTC)

    half = replace(ASHA, id="half", load=2)
    large = replace(ASHA, id="large", capacity=10, load=3)
    early = replace(ASHA, id="early", load=2, idle_since=idle(8))
    late = replace(ASHA, id="late", load=2, idle_since=idle(9))
    twin = replace(ASHA, id="twin", load=2, idle_since=idle(9))
    found = match([twin, late, early, half, large], NEED, TODAY)
    assert found.ranked == ("large", "half", "early", "late", "twin")
    assert "load:3/10" in found.reasons


def test_without_anyone_the_answer_counts_what_stood_in_the_way() -> None:
    away = [replace(ASHA, id=str(n), available=False) for n in range(3)]
    assert match([*away, replace(ASHA, load=4)], NEED, TODAY).reasons == ("unavailable:3", "no-capacity:1")
    assert match([], NEED, TODAY).reasons == ("no-agents",)


AGENTS = st.lists(
    st.builds(
        Agent,
        id=st.text("abcdef", min_size=1, max_size=3),
        name=st.just("x"),
        skills=st.frozensets(st.sampled_from(["invoices", "payroll"])),
        certifications=st.dictionaries(
            st.sampled_from(["invoices", "payroll"]),
            st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 1)),
        ),
        capacity=st.integers(0, 3),
        load=st.integers(0, 3),
        available=st.booleans(),
        ring_fence=st.frozensets(st.sampled_from(["acme", "globex"])),
        level=st.sampled_from(["agent", "sme"]),
    ),
    max_size=8,
    unique_by=lambda agent: agent.id,
)


@given(AGENTS, st.booleans(), st.frozensets(st.text("abcdef", min_size=1, max_size=1)), st.randoms())
def test_every_rule_holds_for_the_chosen_and_the_order_does_not_matter(
    agents: list[Agent], expert: bool, exclude: frozenset[str], rng: object
) -> None:
    need = Need("invoices", "acme", expert, exclude)
    found = match(agents, need, TODAY)
    rng.shuffle(agents)  # type: ignore[attr-defined]
    assert match(agents, need, TODAY) == found
    by_id = {agent.id: agent for agent in agents}
    assert set(found.ranked) == {agent.id for agent in agents if not why_not(agent, need, TODAY)}
    if found.agent_id is not None:
        chosen = by_id[found.agent_id]
        assert found.ranked[0] == chosen.id
        assert chosen.id not in exclude
        assert chosen.available
        assert chosen.load < chosen.capacity
        assert "invoices" in chosen.skills
        assert not chosen.ring_fence or "acme" in chosen.ring_fence
        assert chosen.level == "sme" or not expert


def test_a_negative_load_is_no_agent() -> None:
    with pytest.raises(DomainError) as error:
        replace(ASHA, load=-1)
    assert error.value.code == "agent-capacity-invalid"


def test_what_is_handed_out_at_once_counts_against_whoever_got_it() -> None:
    people = (ASHA, replace(ASHA, id="b", load=0))
    assert [one.load for one in busier(people, ("b", "b", "None"))] == [1, 2]
    assert [one.load for one in busier(people, ("a",))] == [2, 0]
    assert busier(people, ()) == people
