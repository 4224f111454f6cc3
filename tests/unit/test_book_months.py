"""AG9, OP3 as rules: how a month stands, where an entry of a shut one goes, and what a month-end finds in the way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.memory import ticket
from tests.unit.test_stage_rules import BUYER, of, posted
from ticketos.domain import book_months as rules
from ticketos.domain import changes, month_end
from ticketos.domain.book_months import Held, Placed
from ticketos.domain.erp import Standing
from ticketos.domain.errors import DomainError
from ticketos.domain.ledger import Posting
from ticketos.domain.money import Money
from ticketos.domain.month_end import Facts, OpenDocument
from ticketos.domain.state import SYSTEM, Actor, CodingFacts, DocumentState, TaskState
from ticketos.domain.terms import Terms
from ticketos.lines.data_entry import closed_months, coding

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
OCTOBER = date(2026, 10, 14)
FINANCE = Actor("user", str(UUID(int=77)), frozenset({"finance"}))
SHUT = {"2026-10": "closed"}


@pytest.fixture
def new_id() -> Callable[[], UUID]:
    counter = itertools.count(9_000)
    return lambda: UUID(int=next(counter))


def dated(day: date, **given: Any) -> DocumentState:
    one = posted(1, ticket(), **given)
    return replace(one, state="ready", fields={**one.fields, "issue_date": {"value": day.isoformat()}})


def post(
    one: DocumentState, months: Mapping[str, str], new_id: Callable[[], UUID], rule: str = "person"
) -> list[Any]:
    return list(coding.post(ticket(), BUYER, one, CodingFacts(), (), NOW, new_id, months, rule))


@pytest.mark.parametrize(
    ("period", "months", "state"),
    [
        ("2026-11", {}, "open"),
        ("2026-10", SHUT, "closed"),
        ("2024-03", SHUT, "closed"),
        ("2026-11", SHUT, "open"),
        ("2026-09", {"2026-09": "open", "2026-10": "closed"}, "open"),
        ("2026-08", {"2026-09": "open", "2026-10": "soft"}, "soft"),
        ("2026-08", {"2026-09": "soft", "2026-10": "closed"}, "soft"),
    ],
)
def test_a_month_stands_as_was_said_or_as_the_next_shut_one(
    period: str, months: dict[str, str], state: str
) -> None:
    assert rules.state_of(period, months) == state


months_of_years = st.builds(lambda y, m: f"{y}-{m:02d}", st.integers(2024, 2027), st.integers(1, 12))


@given(
    st.dictionaries(months_of_years, st.sampled_from(rules.STATES), max_size=12),
    st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    st.sampled_from(rules.RULES),
    st.sampled_from([None, *rules.CHOICES]),
)
def test_no_entry_is_ever_placed_in_a_closed_month_nor_unasked_in_a_soft_one(
    months: dict[str, str], own: date, rule: str, choice: str | None
) -> None:
    task = UUID(int=5)
    said = {"choice": choice, "own": own.isoformat(), "worth": "INR 1", "task": str(task)}
    found = rules.place(own, "INR 1", months, rule, {} if choice is None else said)
    if isinstance(found, Held):
        assert rules.state_of(found.period, months) == found.state != "open"
        return
    state = rules.state_of(rules.month_of(found.day), months)
    assert state == "open" or (state == "soft" and found.decided_in == task and choice == "own_date")
    assert found.day >= own
    assert (found.day == own) or found.moved_by in ("contract", "person"), "no date moves on its own account"


def test_the_first_open_day_skips_every_shut_month() -> None:
    months = {"2026-11": "soft", "2026-12": "closed"}
    assert rules.first_open_day(OCTOBER, months) == date(2027, 1, 1)
    assert rules.first_open_day(OCTOBER, {"2026-10": "open", **months}) == OCTOBER


def test_a_decision_holds_for_the_date_and_the_amount_it_was_made_for(new_id: Callable[[], UUID]) -> None:
    decision = {"choice": "first_open", "own": "2026-10-14", "worth": "INR 1", "task": str(new_id())}
    assert rules.place(OCTOBER, "INR 1", SHUT, "person", decision) == Placed(date(2026, 11, 1), "person")
    other = rules.place(date(2026, 9, 30), "INR 1", SHUT, "person", decision)
    assert other == Held("2026-09", "closed"), "a corrected date is another question"
    assert rules.place(OCTOBER, "INR 2", SHUT, "person", decision) == Held("2026-10", "closed")
    soft = {"2026-10": "soft"}
    let_in = {**decision, "choice": "own_date"}
    assert rules.place(OCTOBER, "INR 1", soft, "person", let_in) == Placed(
        OCTOBER, None, UUID(let_in["task"])
    )
    assert rules.place(OCTOBER, "INR 10000", soft, "person", let_in) == Held("2026-10", "soft")


# --- posting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("straight", [True, False])
def test_a_document_of_a_shut_month_waits_for_finance_straight_through_or_not(
    straight: bool, new_id: Callable[[], UUID]
) -> None:
    found = post(dated(OCTOBER, straight_through=straight), SHUT, new_id)
    assert of(changes.PostJournal, found) == []
    (task,), (state,) = of(changes.OpenTask, found), of(changes.SetDocument, found)
    assert (task.kind, task.desk, task.assigned_to) == ("posting_period", "finance", None)
    assert task.payload["first_open"] == "2026-11-01" and task.payload["period"] == "2026-10"
    assert state.values == {"state": "keying", "blocked_by": ["posting_period"], "straight_through": False}
    assert [e.event for e in of(changes.Emit, found)] == ["document.period_closed"]


def test_where_the_contract_says_so_it_is_booked_on_the_first_open_day_and_keeps_its_own(
    new_id: Callable[[], UUID],
) -> None:
    rule = Terms.from_json({"posting": {"closed_period": "first_open_day"}}).posting.closed_period
    found = post(dated(OCTOBER), SHUT, new_id, rule)
    (journal,) = of(changes.PostJournal, found)
    assert (journal.booked_on, journal.document_on) == (date(2026, 11, 1), OCTOBER)
    (said,) = (e for e in of(changes.Emit, found) if e.event == "document.posted")
    assert said.after is not None and said.after["period_decided_by"] == "contract"
    assert Terms().posting.closed_period == "person"
    with pytest.raises(DomainError, match="terms-invalid"):
        Terms.from_json({"posting": {"closed_period": "whatever"}})


def test_an_open_month_and_papers_that_move_no_money_are_not_held(new_id: Callable[[], UUID]) -> None:
    (journal,) = of(changes.PostJournal, post(dated(date(2026, 11, 3)), SHUT, new_id))
    assert (journal.booked_on, journal.document_on, journal.decided_in) == (date(2026, 11, 3),) * 2 + (None,)
    order = post(dated(OCTOBER, doc_type="purchase_order"), SHUT, new_id)
    assert of(changes.OpenTask, order) == [] and of(changes.PostJournal, order) == []


def standing(day: date, amount: str = "100.00") -> Standing:
    sides = (Posting("6000", Money.of(amount, "INR")), Posting("2100", Money.of(f"-{amount}", "INR")))
    return Standing(UUID(int=700), UUID(int=1), "J-000001", day, sides)


def corrected(
    one: DocumentState,
    entry: Standing,
    months: Mapping[str, str],
    new_id: Callable[[], UUID],
    now: datetime = NOW,
    rule: str = "person",
) -> list[tuple[str | None, date, UUID | None]]:
    """The entries of a document that is posted again: source, day, and who let it in."""
    found = coding.post(ticket(), BUYER, one, CodingFacts(), [entry], now, new_id, months, rule)
    return [(j.source, j.booked_on, j.decided_in) for j in of(changes.PostJournal, found)]


def test_a_corrected_document_keeps_its_entry_until_finance_decided(new_id: Callable[[], UUID]) -> None:
    held = corrected(dated(OCTOBER, round=1), standing(OCTOBER), SHUT, new_id)
    assert held == [], "nothing is reversed that is not replaced"


def test_a_correction_leaves_its_open_month_with_what_is_owed_and_no_other_month_touched(
    new_id: Callable[[], UUID],
) -> None:
    found = coding.post(
        ticket(),
        BUYER,
        dated(OCTOBER, round=1),
        CodingFacts(),
        [standing(OCTOBER)],
        NOW,
        new_id,
        {},
        "person",
    )
    by_month: dict[str, Decimal] = {"2026-10": Decimal(100)}  # as it was posted first
    for journal in of(changes.PostJournal, found):
        owed = -sum((p.money.amount for p in journal.postings if p.account == "2100"), Decimal(0))
        month = rules.month_of(journal.booked_on)
        by_month[month] = by_month.get(month, Decimal(0)) + owed
    (total,) = {Decimal(dated(OCTOBER).fields["total"]["value"])}
    assert by_month == {"2026-10": total}


def test_what_stands_in_a_shut_month_is_reversed_where_its_successor_goes(
    new_id: Callable[[], UUID],
) -> None:
    late = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)  # the first of December in Kolkata
    december = dated(date(2026, 12, 1), round=1)
    november = standing(date(2026, 11, 2))
    assert {day for _, day, _ in corrected(december, november, {"2026-11": "closed"}, new_id, late)} == {
        date(2026, 12, 1)
    }
    moved = corrected(dated(OCTOBER, round=1), standing(OCTOBER), SHUT, new_id, rule="first_open_day")
    assert moved == [("reversal", date(2026, 11, 1), None), ("document", date(2026, 11, 1), None)]
    again = dated(OCTOBER, round=1)
    decision = {"choice": "own_date", "own": OCTOBER.isoformat(), "task": str(UUID(int=50))}
    let_in = replace(again, posting={**decision, "worth": closed_months.worth(again)})
    assert corrected(let_in, standing(date(2026, 10, 2)), {"2026-10": "soft"}, new_id) == [
        ("reversal", date(2026, 10, 2), UUID(int=50)),
        ("document", OCTOBER, UUID(int=50)),
    ]


def test_what_is_withdrawn_leaves_its_open_month_and_a_shut_one_today(new_id: Callable[[], UUID]) -> None:
    for months, day in (({}, OCTOBER), (SHUT, TODAY)):
        back = coding.withdraw(ticket(), dated(OCTOBER), [standing(OCTOBER)], TODAY, new_id, months)
        assert [j.booked_on for j in of(changes.PostJournal, back)] == [day]


# --- finance decides --------------------------------------------------------------------------------------------------


def decide(
    one: DocumentState, result: Mapping[str, Any], actor: Actor = FINANCE, months: Mapping[str, str] = SHUT
) -> Any:
    task = TaskState(
        UUID(int=50), ticket().id, "posting_period", one.id, "w", "finance", "finance", "open", "P3", None, 0, 1,
        {}, NOW, None, 1,
    )  # fmt: skip
    return closed_months.decided(ticket(), task, one, result, actor, months, TODAY, NOW)


def waiting(day: date = OCTOBER) -> DocumentState:
    return replace(dated(day), state="keying", blocked_by=("posting_period",))


def test_finance_moves_it_with_a_reason_and_it_is_posted_into_the_first_open_month(
    new_id: Callable[[], UUID],
) -> None:
    verdict = decide(waiting(), {"choice": "first_open", "reason": "Supplier sent it late"})
    (state,) = of(changes.SetDocument, verdict.changes)
    assert state.values["state"] == "ready"
    (closed,) = of(changes.CloseTask, verdict.changes)
    assert (closed.state, closed.by) == ("done", FINANCE.user_id)
    (said,) = of(changes.Emit, verdict.changes)
    assert (said.event, said.why) == ("document.period_decided", "Supplier sent it late")
    ready = replace(waiting(), state="ready", blocked_by=(), posting=state.values["posting"])
    (journal,) = of(changes.PostJournal, post(ready, SHUT, new_id))
    assert (journal.booked_on, journal.document_on) == (date(2026, 11, 1), OCTOBER)


def test_a_soft_closed_month_takes_what_finance_lets_in_and_a_closed_one_nothing(
    new_id: Callable[[], UUID],
) -> None:
    soft = {"2026-10": "soft"}
    verdict = decide(waiting(), {"choice": "own_date", "reason": "Belongs there"}, months=soft)
    (state,) = of(changes.SetDocument, verdict.changes)
    ready = replace(waiting(), state="ready", blocked_by=(), posting=state.values["posting"])
    (journal,) = of(changes.PostJournal, post(ready, soft, new_id))
    assert (journal.booked_on, journal.decided_in) == (OCTOBER, UUID(int=50))
    assert of(changes.PostJournal, post(ready, SHUT, new_id)) == [], "closed for good in the meantime"
    assert len(of(changes.OpenTask, post(ready, SHUT, new_id))) == 1


def test_what_was_let_in_and_comes_back_with_another_amount_is_asked_about_again(
    new_id: Callable[[], UUID],
) -> None:
    soft = {"2026-10": "soft"}
    verdict = decide(waiting(), {"choice": "own_date", "reason": "Belongs there"}, months=soft)
    (state,) = of(changes.SetDocument, verdict.changes)
    ready = replace(waiting(), state="ready", blocked_by=(), posting=state.values["posting"], round=1)
    entry = standing(OCTOBER, "118.00")
    assert [day for _, day, _ in corrected(ready, entry, soft, new_id)] == [OCTOBER, OCTOBER]
    written = replace(ready, fields={**ready.fields, "total": {"value": "118.0"}})
    assert len(corrected(written, entry, soft, new_id)) == 2, "the same amount"
    more = replace(ready, fields={**ready.fields, "total": {"value": "10000.00"}})
    found = coding.post(ticket(), BUYER, more, CodingFacts(), [entry], NOW, new_id, soft, "person")
    assert of(changes.PostJournal, found) == [] and len(of(changes.OpenTask, found)) == 1


def test_finance_may_leave_it_out() -> None:
    verdict = decide(waiting(), {"choice": "reject", "reason": "Paid in October by hand"})
    (state,) = of(changes.SetDocument, verdict.changes)
    assert (verdict.outcome, state.values["state"], state.values["reason"]) == (
        "rejected", "rejected", "posting_period",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("result", "actor", "code"),
    [
        ({"choice": "first_open", "reason": " "}, FINANCE, "reason-missing"),
        ({"choice": "own_date", "reason": "x"}, FINANCE, "period-closed"),
        ({"choice": "today", "reason": "x"}, FINANCE, "period-decision-unknown"),
        ({"choice": "first_open", "reason": "x"}, SYSTEM, "not-allowed"),
        ({"choice": "first_open", "reason": "x"}, Actor("ai", "m"), "not-allowed"),
    ],
)
def test_a_decision_that_is_refused(result: dict[str, str], actor: Actor, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        decide(waiting(), result, actor)


@pytest.mark.parametrize("months", [{}, {"2026-10": "soft"}, SHUT, {**SHUT, "2026-11": "soft"}])
def test_what_finance_is_asked_is_what_it_may_decide(months: dict[str, str]) -> None:
    asked = rules.question(OCTOBER, months)
    assert (asked.period, asked.state) == ("2026-10", rules.state_of("2026-10", months))
    assert asked.first_open == rules.first_open_day(OCTOBER, months)
    for choice in rules.CHOICES:
        if choice in asked.choices:
            rules.may_decide(choice, OCTOBER, months)
        else:
            with pytest.raises(DomainError, match="period-closed"):
                rules.may_decide(choice, OCTOBER, months)


def test_a_document_that_is_not_held_has_nothing_to_decide() -> None:
    with pytest.raises(DomainError, match="document-not-held"):
        decide(dated(OCTOBER), {"choice": "first_open", "reason": "x"})


# --- states -----------------------------------------------------------------------------------------------------------


def test_months_are_shut_in_steps_and_opened_with_a_reason() -> None:
    rules.may_soft_close("2026-10", {}, TODAY)
    rules.may_close("2026-10", {"2026-10": "soft"})
    rules.may_reopen("2026-10", SHUT, "The auditor asks")
    refusals: tuple[tuple[Callable[[], None], str], ...] = (
        (lambda: rules.may_soft_close("2026-11", {}, TODAY), "period-not-over"),
        (lambda: rules.may_soft_close("2026-11", {}, date(2026, 11, 30)), "period-not-over"),
        (lambda: rules.may_soft_close("2026-10", SHUT, TODAY), "period-not-open"),
        (lambda: rules.may_close("2026-10", {}), "period-not-soft"),
        (lambda: rules.may_close("2026-10", SHUT), "period-not-soft"),
        (lambda: rules.may_reopen("2026-11", SHUT, "x"), "period-is-open"),
        (lambda: rules.may_reopen("2026-10", SHUT, " "), "reason-missing"),
        (lambda: rules.may_close("2026-13", {}), "period-invalid"),
        (lambda: rules.may_close("9999-12", {}), "period-invalid"),
        (lambda: rules.may_close("0001-01", {}), "period-invalid"),
    )
    for refused, code in refusals:
        with pytest.raises(DomainError, match=code):
            refused()


# --- month-end --------------------------------------------------------------------------------------------------------

EVERY = [date(2026, 10, 1) + timedelta(days=n) for n in range(31)]
GOOD = Facts(
    "2026-10",
    {"received": 3, "posted": 2, "rejected": 1},
    (),
    EVERY,
    (),
    {"INR": Decimal(0)},
    {"INR": Decimal("118.00")},
    {"INR": Decimal("118")},
)
STILL_OPEN = OpenDocument(UUID(int=1), UUID(int=2), "ACME-26-000001", "a.pdf", "keying", "delivery")


def in_the_way(facts: Facts, with_open: str = "") -> list[str]:
    return [check.name for check in month_end.judge(facts, with_open) if not check.ok]


def test_a_clean_month_and_each_thing_that_may_stand_in_its_way() -> None:
    assert month_end.clean(month_end.judge(GOOD))
    zero = Decimal(0)
    assert in_the_way(replace(GOOD, counts={**GOOD.counts, "posted": 1})) == ["documents"]
    with_one = replace(GOOD, counts={**GOOD.counts, "received": 4, "open": 1}, open=(STILL_OPEN,))
    assert in_the_way(with_one) == ["open"]
    assert in_the_way(with_one, "Accrued by hand") == []
    assert next(c for c in month_end.judge(with_one, "Accrued by hand") if c.name == "open").waived
    assert in_the_way(replace(GOOD, days=EVERY[1:])) == ["days"]
    assert in_the_way(replace(GOOD, differences=({"code": "entry-posted-twice"},))) == ["differences"]
    assert in_the_way(replace(GOOD, balances={"INR": zero, "EUR": Decimal("0.01")})) == ["trial_balance"]
    assert in_the_way(replace(GOOD, subledger={"INR": Decimal("117")})) == ["subledger"]
    assert in_the_way(replace(GOOD, subledger={**GOOD.subledger, "EUR": Decimal(1)})) == ["subledger"]
    assert in_the_way(replace(GOOD, months={"2026-09": "open"})) == ["earlier_months"]
    assert in_the_way(replace(GOOD, months={"2026-09": "closed", "2026-10": "open"})) == []
    assert in_the_way(replace(GOOD, began="2026-09")) == ["earlier_months"], "September was never run"
    assert in_the_way(replace(GOOD, began="2026-08", months={"2026-09": "soft"})) == []
    assert in_the_way(replace(GOOD, began="2026-10")) == []


def test_a_reason_waives_open_documents_and_nothing_else() -> None:
    bad = replace(
        GOOD, days=EVERY[1:], subledger={}, differences=({"code": "x"},), balances={"INR": Decimal(1)},
        months={"2026-09": "open"}, counts={"received": 9},
    )  # fmt: skip
    assert in_the_way(bad, "never mind") == in_the_way(bad)


def test_every_month_since_the_service_began_is_due_until_it_is_shut() -> None:
    at = datetime(2026, 11, 30, 19, 0, tzinfo=UTC)  # the first of December in Kolkata
    due = month_end.due_months
    assert due(at, "Asia/Kolkata", {}, "2026-11") == ("2026-11",)
    assert due(at, "Europe/London", {}, "2026-11") == ()
    assert due(at, "Asia/Kolkata", {}, "2026-08") == ("2026-08", "2026-09", "2026-10", "2026-11")
    assert due(at, "Asia/Kolkata", {"2026-09": "soft"}, "2026-01") == ("2026-10", "2026-11")
    opened = {"2025-03": "open", "2026-10": "closed"}
    assert due(at, "Asia/Kolkata", opened, "2026-08") == ("2025-03", "2026-11"), "somebody opened it again"
    assert due(at, "Asia/Kolkata", {"2026-11": "soft"}, "2026-08") == ()
    assert due(at, "Asia/Kolkata", {}, None) == ()
    oldest = due(at, "Asia/Kolkata", {}, "2024-01")
    assert (len(oldest), oldest[0], oldest[-1]) == (12, "2024-01", "2024-12")
    with pytest.raises(DomainError, match="instant-naive"):
        due(datetime(2026, 11, 30), "UTC", {}, None)  # noqa: DTZ001
