"""A client's chart of accounts: which codes there may be, what may become of an account, how a chart is read from a file,
and that coding goes only to accounts in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.support.memory import ACME, START, document, good_reading, ticket
from ticketos.dev.sim.clients import COMPANIES, Company
from ticketos.domain import chart
from ticketos.domain.changes import Emit, PostJournal, RememberVendor, Verdict
from ticketos.domain.chart import USES, Account, Chart, Needed
from ticketos.domain.errors import DomainError
from ticketos.domain.state import Actor, CodingFacts, TaskState, VendorState
from ticketos.lines.data_entry import account_file, coding, coding_model, keying, vendor_file
from ticketos.lines.data_entry.list_file import ListFile

RENT = Account("6300", "Rent", "expense")
CHART = Chart(frozenset({"6000", "6300"}), frozenset({"6815"}))
NEEDED = {"2100": "payable_account"}


@pytest.mark.parametrize("code", ["6815", "1", "4000-10", "A.1_b/2", "9" * 40])
def test_codes_as_charts_have_them_are_taken(code: str) -> None:
    assert chart.code_refused(code) is None


@pytest.mark.parametrize(
    "code", ["", " ", "68 15", "=1+1", "-6815", "6815-", "@x", "68|15", "a\n", "６８１５", "ä", "9" * 41]
)
def test_other_codes_are_refused_in_words(code: str) -> None:
    refused = chart.code_refused(code)
    assert refused is not None
    assert refused.code == "account-code-invalid"


def test_an_account_is_chosen_only_while_it_is_in_use() -> None:
    assert [CHART.takes(one) for one in ("6300", "", "6815", "9999")] == [True, True, False, False]
    for account, code in (("6815", "account-inactive"), ("9999", "account-unknown")):
        with pytest.raises(DomainError) as refusal:
            CHART.require(account)
        assert (refusal.value.code, refusal.value.params) == (code, {"account": account})
    assert chart.ANY.takes("whatever"), "who has no chart takes any account"
    assert not Chart(off=frozenset({"1"})).takes("2"), "a chart with nothing in use is a chart"


def test_a_needed_account_is_never_switched_off_and_a_booked_one_keeps_its_kind() -> None:
    payable = Account("2100", "Trade payables", "liability")

    def refused(before: Account, booked: bool = False, **news: Any) -> str | None:
        found = chart.change_refused(before, news, NEEDED, booked)
        return None if found is None else found.code

    assert refused(payable, active=False) == "account-needed"
    assert refused(payable, active=True, name="Creditors") is None
    assert refused(RENT, active=False, booked=True) is None
    assert refused(RENT, kind="asset", booked=True) == "account-kind-fixed"
    assert refused(RENT, kind="asset") is None
    assert refused(RENT, kind="expense", name="Rents", booked=True) is None


@pytest.mark.parametrize("use", USES)
def test_what_anything_names_is_not_removed(use: str) -> None:
    used = chart.removal_refused("6300", NEEDED, [use])
    assert used is not None
    assert (used.code, used.params["used_by"]) == ("account-in-use", [use])
    needed = chart.removal_refused("2100", NEEDED, [])
    assert needed is not None
    assert needed.code == "account-needed"
    assert chart.removal_refused("6300", NEEDED, []) is None


def test_what_entries_need_is_told_by_the_clients_settings_and_added_once() -> None:
    plain = coding.needed({})
    assert {one.account.code: one.role for one in plain} == {
        "6000": "default_account",
        "2100": "payable_account",
        "1400": "tax_account",
        "6990": "differences",
    }
    assert {one.account.kind for one in plain} <= set(chart.KINDS)
    own = coding.needed({"coding": {"default_account": "5100", "tax_account": ""}})
    assert [one.account.code for one in own] == ["5100", "2100", "1400", "6990"]
    assert coding.needed({"coding": "nonsense"}) == plain
    twice = (*plain, Needed(Account("6000", "Again", "expense"), "invoices"))
    assert [one.code for one in chart.missing(twice, {"2100", "1400"})] == ["6000", "6990"]


# --- coding -----------------------------------------------------------------------------------------------------------


def chosen(account: str) -> dict[str, Any]:
    return {"account": account, "cost_centre": "", "tax_code": ""}


VENDOR = VendorState("V-1", "Bright Paper", "bright paper", account="6815")
RULE = {"pattern": "bright", **chosen("6300")}


@pytest.mark.parametrize(
    ("off", "by", "account"),
    [
        ((), "memory", "6400"),
        (("6400",), "vendor", "6815"),
        (("6400", "6815"), "rule", "6300"),
        (("6400", "6815", "6300"), "default", "6000"),
    ],
)
def test_coding_passes_over_what_is_switched_off(off: tuple[str, ...], by: str, account: str) -> None:
    bill = document(1, ticket(), fields={"supplier_name": {"value": "Bright Paper"}})
    facts = CodingFacts(
        rules=(RULE,),
        memory=({**chosen("6400"), "times": 3},),
        vendor=VENDOR,
        chart=Chart(frozenset({"6400", "6815", "6300", "6000"} - set(off)), frozenset(off)),
    )
    found = coding.code(bill, facts)
    assert (found["by"], found["account"]) == (by, account)
    if by == "default":
        assert found["reason"] == "people coded this supplier to account 6400, which is not in use"
    by_hand = replace(bill, coding={**chosen("6815"), "by": "person"})
    assert coding.code(by_hand, facts)["account"] == "6815", "what a person chose stays as it was chosen"


def test_of_several_choices_one_in_use_is_taken() -> None:
    bill = document(1, ticket(), fields={"supplier_name": {"value": "Bright Paper"}})
    past = ({**chosen("6815"), "times": 9}, {**chosen("6300"), "times": 2})
    later = {"pattern": "paper", **chosen("6000")}
    assert coding.code(bill, CodingFacts(memory=past, chart=CHART))["account"] == "6300"
    facts = CodingFacts(rules=({**RULE, "account": "6815"}, later), chart=CHART)
    assert coding.code(bill, facts)["reason"] == "rule: text contains “paper”", (
        "a rule whose account is switched off hides none after it"
    )
    alone = CodingFacts(rules=({**RULE, "account": "6815"},), chart=CHART)
    assert coding.code(bill, alone)["reason"] == "rule “bright” has account 6815, which is not in use"


def test_a_model_proposes_no_account_that_is_switched_off() -> None:
    papers = [coding_model.Coded("toner cartridge laser", "6815") for _ in range(20)]
    papers += [coding_model.Coded("office lease month", "6300") for _ in range(20)]
    model = {"version": 1, "payload": coding_model.fit(papers)}
    bill = document(1, ticket(), fields={"supplier_name": {"value": "Toner cartridge laser"}})
    assert coding.code(bill, CodingFacts(model=model))["account"] == "6815"
    assert coding.code(bill, CodingFacts(model=model, chart=CHART))["by"] == "default"


# --- the file ---------------------------------------------------------------------------------------------------------


def read(text: str, known: tuple[Account, ...] = (), booked: tuple[str, ...] = ()) -> ListFile:
    return account_file.read(text.encode(), {one.code: one for one in known}, NEEDED, booked)


def test_good_accounts_are_taken_and_each_bad_one_is_named_by_line_and_reason() -> None:
    found = read(
        "Account Code;Account name;Type;active\n"
        "6815;Office supplies;Expense;yes\n"
        ";No code;asset;\n"
        "6820;;asset;\n"
        "=1;Formula;asset;\n"
        "68 20;Space;asset;\n"
        "6821;Odd kind;revenue;\n"
        "6822;No kind;;\n"
        "2100;Trade payables;liability;no\n"
        "6300;Rent;asset;\n"
        "6815;Twice;expense;\n"
        "6823;Perhaps;expense;perhaps\n"
        f"6824;{'x' * 201};expense;\n"
        "6400;Insurance;;no\n",
        (RENT, Account("6400", "Insurance", "expense")),
        ("6300",),
    )
    assert [dict(row) for row in found.rows] == [
        {"code": "6815", "name": "Office supplies", "kind": "expense", "active": True},
        {"code": "6400", "name": "Insurance", "active": False},
    ]
    assert [(one.line, one.code, one.reason) for one in found.refused] == [
        (3, "", "code is empty"),
        (4, "6820", "name is empty"),
        (5, "=1", "code may hold letters, digits and . - _ / between them, at most 40"),
        (6, "68 20", "code may hold letters, digits and . - _ / between them, at most 40"),
        (7, "6821", "kind is “revenue”; write one of asset, liability, equity, income, expense"),
        (8, "6822", "kind is empty; a new account is one of asset, liability, equity, income, expense"),
        (9, "2100", "account 2100 is needed: entries go to it by themselves, so it cannot be switched off"),
        (10, "6300", "account 6300 has entries as expense; its kind stays"),
        (11, "6815", "code 6815 stands on line 2 already"),
        (12, "6823", "active is “perhaps”; write yes or no"),
        (13, "6824", "name is longer than 200 characters"),
    ]


def test_a_chart_that_cannot_be_taken_is_refused_as_a_whole() -> None:
    for content in ("code,kind\n1,asset\n", "code,name,balance\n1,x,5\n", ""):
        with pytest.raises(DomainError, match=r"^account-file-columns"):
            read(content)
    with pytest.raises(DomainError, match=r"^account-file-too-long"):
        read("code,name,kind\n" + "".join(f"{n},x,asset\n" for n in range(chart.MOST + 1)))


@pytest.mark.parametrize("company", COMPANIES, ids=lambda one: one.slug)
def test_the_charts_of_the_demo_day_are_whole(company: Company) -> None:
    needed = {one.account.code: one.role for one in coding.needed(company.settings)}
    found = account_file.read(company.chart_file().encode(), {}, needed, ())
    assert not found.refused
    assert set(needed) < {row["code"] for row in found.rows}


def test_a_vendor_keeps_an_account_that_was_switched_off_and_gets_no_such_one_anew() -> None:
    text = b"code,name,account\nV-1,Bright,6815\nV-2,Other,6815\nV-3,Third,9999\n"
    found = vendor_file.read(text, CHART, {("V-1", "6815")})
    assert [row["code"] for row in found.rows] == ["V-1"]
    assert [(one.code, one.reason) for one in found.refused] == [
        ("V-2", "account 6815 is switched off in the chart of accounts"),
        ("V-3", "account 9999 is not in the chart of accounts"),
    ]


# --- a person's own choice --------------------------------------------------------------------------------------------


def keyed(known: Chart, coded: dict[str, str], **result: Any) -> Verdict:
    """A person finishes a keying task of a document that is right in everything but perhaps its account."""
    fields = {name: dict(one) for name, one in good_reading()["fields"].items()}
    bill = document(1, ticket(), state="keying", doc_type="invoice", fields=fields, coding=coded)
    task = TaskState(
        id=UUID(int=900), ticket_id=UUID(int=100), kind="keying", subject_id=bill.id, workflow_id="x",
        desk="delivery", skill="data_entry", state="open", priority="P3", assigned_to=None, round=0, life=1,
        payload={"fields": []}, created_at=START, due_at=None, row_version=1,
    )  # fmt: skip
    return keying.on_keyed(
        ticket(), task, bill, result, Actor("user", str(UUID(int=7))), START.date(), lambda _: None, START,
        lambda: UUID(int=1), chart=known,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("coded", "given", "refusal"),
    [
        ({}, None, None),
        ({}, "6300", None),
        ({}, "6815", "account-inactive"),
        ({}, "9999", "account-unknown"),
        ({**chosen("6815"), "by": "person"}, None, "account-inactive"),
        ({**chosen("6815"), "by": "person"}, "6300", None),
        ({**chosen("6815"), "by": "rule"}, None, None),
    ],
)
def test_a_person_chooses_an_account_in_use(
    coded: dict[str, str], given: str | None, refusal: str | None
) -> None:
    result = {} if given is None else {"coding": {"account": given}}
    if refusal is None:
        assert keyed(CHART, coded, **result).outcome == "ready"
    else:
        with pytest.raises(DomainError, match=f"^{refusal}"):
            keyed(CHART, coded, **result)
    assert keyed(chart.ANY, coded, **result).outcome == "ready"


def test_a_choice_that_is_not_in_use_is_remembered_for_nobody() -> None:
    fields = {"supplier_name": {"value": "Bright"}, "total": {"value": "118.00"}}
    bill = document(
        1,
        ticket(),
        state="ready",
        doc_type="invoice",
        fields=fields,
        coding={**chosen("6815"), "by": "person", "reason": "chosen by a person"},
    )
    ids = iter(range(1, 50))
    for known, remembered in ((CHART, False), (chart.ANY, True)):
        changes = coding.post(
            ticket(),
            ACME,
            bill,
            CodingFacts(chart=known, model={"version": 4, "payload": {}} if remembered else None),
            (),
            datetime(2026, 11, 2, tzinfo=UTC),
            lambda: UUID(int=next(ids)),
            {},
            "ask",
        )
        assert any(isinstance(one, PostJournal) for one in changes)
        assert any(isinstance(one, RememberVendor) for one in changes) is remembered
        (posted,) = [one for one in changes if isinstance(one, Emit)]
        assert ("4" if remembered else None) == (posted.after or {}).get("coder"), (
            "the coder that stood ready"
        )
