"""Validation and review by form: what is shown, what reaches the workflow, and what comes back when it is
refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from schemas.acts import ActResult, CompleteTask
from tests.support.api import Person, World, world_on
from tests.support.portal import browsing
from ticketos.db.ids import new_id
from ticketos.dev.database import PostgresUrls
from ticketos.dev.sim.documents import generate

SAMPLE = generate("invoice", 77)


def field(value: str | None, state: str = "auto", **more: Any) -> dict[str, Any]:
    return {
        "value": value,
        "shown": value,
        "confidence": "0.97" if state == "auto" else "0.61",
        "source": "text",
        "page": 1,
        "box": [0.1, 0.1, 0.3, 0.12],
        "blocked_by": [] if state == "auto" else ["low-confidence"],
        "state": state,
        **more,
    }


FIELDS = {
    "supplier_name": field("Acme Ltd"),
    "number": field("1NV-9", "weak"),
    "issue_date": field("2026-11-01", "weak"),
    "currency": field("INR"),
    "net_total": field("100.00"),
    "tax_total": field("18.00"),
    "total": field("181.00", "weak", blocked_by=["check:net_plus_tax"]),
}
CANDIDATES = {
    "total": [
        {"value": "181.00", "page": 1, "box": [0.5, 0.5, 0.6, 0.52]},
        {"value": "118.00", "page": 1, "box": [0.5, 0.6, 0.6, 0.62]},
    ]
}
LINES = [
    {
        "description": "Paper",
        "quantity": "2",
        "unit": "ream",
        "unit_price": "50.00",
        "tax_rate": "18",
        "net": "100.00",
    }
]


@pytest.fixture(scope="module")
def world(database: PostgresUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_on(database, tmp_path_factory.mktemp("portal")) as made:
        yield made


@pytest.fixture
def agent(world: World) -> Person:
    return world.person(world.provider, ("agent", None), skills=["data_entry"])


def keying(world: World, person: Person | None, **columns: Any) -> tuple[UUID, UUID, UUID]:
    """A ticket with one document that waits to be keyed: ticket, document, task."""
    ticket = world.ticket(world.acme, stage="delivery")
    document = world.document(
        world.acme,
        ticket,
        SAMPLE.content,
        filename=f"{new_id().hex}.pdf",
        state="keying",
        doc_type="invoice",
        pages=1,
        fields=FIELDS,
        lines=LINES,
        checks=[{"name": "net_plus_tax", "ok": False, "detail": "100.00 + 18.00 ≠ 181.00"}],
        blocked_by=["field:total", "check:net_plus_tax"],
        read_result={"candidates": CANDIDATES},
        **columns,
    )
    task = world.task(
        world.acme,
        ticket,
        subject_id=document,
        skill="data_entry",
        assigned_to=person.id if person else None,
        payload={"fields": ["number", "issue_date", "total"], "document": str(document)},
    )
    return ticket, document, task


def sent(world: World) -> CompleteTask:
    """The last act."""
    argument = world.acts.sent[-1][2]
    assert isinstance(argument, CompleteTask)
    return argument


async def test_the_page_names_what_blocked_automation_and_what_each_field_could_be(
    world: World, agent: Person
) -> None:
    _, document, task = keying(world, agent)
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/validate/{task}")
        assert page.status == 200
        assert page.all("//details[@id='blocked']//li") == [
            "Total is weak or missing",
            "Check failed: Net plus tax equals the total",
        ]
        states = dict(
            zip(
                page.all("//div[@data-state]//input[@data-name]/@data-name"),
                page.all("//div[@data-state]/@data-state"),
                strict=True,
            )
        )
        assert (
            states["number"] == "weak"
            and states["total"] == "failed"
            and states["supplier_name"] == "auto"
            and states["po_number"] == "empty"
        )
        assert page.all("//div[@data-wanted]//input[@data-name]/@data-name") == [
            "number",
            "issue_date",
            "total",
        ]
        assert "3 fields to check" in page.text
        told = dict(
            zip(
                page.all("//p[contains(@class,'vsource')]/@id"),
                page.all("//p[contains(@class,'vsource')]"),
                strict=True,
            )
        )
        assert told["source-total"] == "Source: captured from the text of the file"
        assert "source-po_number" not in told  # nothing was read
        assert "source-total" in page.all("//input[@id='f-total']/@aria-describedby")[0].split()
        assert page.all("//ul[@class='cands']/li/@data-value") == ["181.00", "118.00"]
        assert page.all("//input[@id='f-total']/@data-box") == ["0.1000,0.1000,0.3000,0.1200"]
        assert page.all("//img/@src") == [f"/v1/documents/{document}/pages/1"]
        picture = await browser.client.get(f"/v1/documents/{document}/pages/1")
        assert picture.headers["content-type"] == "image/png" and picture.content.startswith(b"\x89PNG")
        assert picture.headers["x-pages"] == "1"
        opened = world.sql(world.acme, "select event from audit_event where entity_id = %s", (str(document),))
        await browser.client.get(f"/v1/documents/{document}/pages/1")
        assert [row.event for row in opened] == ["document.downloaded"]
        assert (
            len(world.sql(world.acme, "select 1 from audit_event where entity_id = %s", (str(document),)))
            == 1
        )
        assert (await browser.client.get(f"/v1/documents/{document}/pages/9")).status_code == 422


async def test_what_was_typed_confirmed_and_drawn_reaches_the_act(world: World, agent: Person) -> None:
    _ticket, _, task = keying(world, agent)
    async with browsing(world, agent) as browser:
        answer = await browser.submit(
            f"/validate/{task}",
            f"/validate/{task}",
            field_number="INV-9",
            field_total="₹ 1,18.00".replace("1,18", "118"),
            field_issue_date="01/11/2026",
            field_due_date="",
            place_total="1,0.5,0.6,0.6,0.62",
            place_number="1,9,9,9,9",
            act="next",
        )
        assert (answer.status, answer.to) == (303, "/work")
        result = sent(world).result
        assert result["fields"] == {"number": "INV-9", "issue_date": "2026-11-01", "total": "118.00"}
        assert result["doc_type"] == "invoice"
        assert result["evidence"]["total"] == {
            "page": 1,
            "box": [0.5, 0.6, 0.6, 0.62],
            "candidates": ["181.00", "118.00"],
        }
        assert "lines" not in result and "coding" not in result
        assert 0 <= float(result["seconds"]) < 120
        assert sent(world).version == 1
        assert "is saved" in (await browser.get("/work")).text


async def test_what_a_review_found_leads_to_where_it_is_corrected(world: World, agent: Person) -> None:
    _, _, task = keying(world, agent)
    found = [
        ("due_date", None, "2026-12-24"),
        ("lines.1.net", "100.00", "90.00"),
        ("coding.account", "6000", "6010"),
    ]
    defects = [{"field": n, "found": was, "expected": right, "comment": ""} for n, was, right in found]
    world.sql(
        world.acme,
        "update task set kind = 'rework', payload = payload || %s::jsonb where id = %s",
        (json.dumps({"defects": defects}), task),
    )
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/validate/{task}")
        told = page.all("//section[contains(@class,'notice')]//li")
        assert told == [
            "Due date: “–” should be “24 Dec 2026”",
            "Line 1: Net: “100.00” should be “90.00”",
            "Account: “6000” should be “6010”",
        ]
        links = page.all("//section[contains(@class,'notice')]//li/a/@href")
        assert links == ["#f-due_date", "#line_0_net", "#field-coding_account"]
        for link in links:
            assert page.tree.xpath(f"//form[@id='vform']//input[@id='{link[1:]}']"), link
        assert "due_date" in page.all("//div[@data-wanted]//input[@data-name]/@data-name")


async def test_lines_are_edited_added_and_removed(world: World, agent: Person) -> None:
    _, _, task = keying(world, agent)
    async with browsing(world, agent) as browser:
        await browser.submit(
            f"/validate/{task}",
            f"/validate/{task}",
            line_0_quantity="3",
            line_1_description="Ink",
            line_1_net="1.250,00",
            line_7_description="late",
            remove="0",
        )
        assert sent(world).result["lines"] == [
            {
                "description": "Ink",
                "quantity": None,
                "unit": None,
                "unit_price": None,
                "tax_rate": None,
                "net": "1250.00",
            },
            {
                "description": "late",
                "quantity": None,
                "unit": None,
                "unit_price": None,
                "tax_rate": None,
                "net": None,
            },
        ]


async def test_coding_shows_its_reason_and_is_sent_only_when_a_person_changed_it(
    world: World, agent: Person
) -> None:
    _, _, task = keying(world, agent)
    world._insert(
        "coding_rule",
        world.acme,
        {
            "id": new_id(),
            "client_id": world.acme,
            "pattern": "paper",
            "account": "6815",
            "cost_centre": "CC1",
        },
    )
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/validate/{task}")
        assert "rule: text contains “paper”" in page.text
        assert page.form(f"/validate/{task}")["coding_account"] == "6815"
        await browser.submit(f"/validate/{task}", f"/validate/{task}", coding_account="6820")
        assert sent(world).result["coding"] == {"account": "6820", "cost_centre": "CC1", "tax_code": "input"}


async def test_a_refusal_keeps_everything_that_was_typed_and_says_what_to_do(
    world: World, agent: Person
) -> None:
    _, _, task = keying(world, agent)
    refusals = {
        "checks-failed": ({"checks": [{"name": "net_plus_tax", "detail": "d"}]}, "The figures do not agree"),
        "fields-missing": ({"fields": ["number"]}, "Required fields are empty: Number"),
        "amount-unreadable": ({"field": "total", "given": "abc"}, "Total: “abc” is not an amount"),
        "currency-unreadable": ({"field": "currency", "given": "Rs"}, "Currency: “Rs” is no currency code"),
        "amount-too-fine": (
            {"field": "total", "given": "1.00001"},
            "Total: “1.00001” has more than 4 digits",
        ),
        "amount-too-large": (
            {"field": "total", "given": "1e30", "limit": 15},
            "Total: “1e30” has more than 15 digits",
        ),
        "stale-version": ({"expected": 1, "current": 2}, "Changed meanwhile"),
    }
    async with browsing(world, agent) as browser:
        for code, (params, words) in refusals.items():
            kept, world.acts.answer = world.acts.answer, ActResult(applied=False, code=code, params=params)
            try:
                page = await browser.submit(
                    f"/validate/{task}", f"/validate/{task}", field_number="MINE-1", line_0_description="Kept"
                )
            finally:
                world.acts.answer = kept
            assert page.status in (409, 422), code
            assert words in page.text, code
            form = page.form(f"/validate/{task}")
            assert form["field_number"] == "MINE-1" and form["line_0_description"] == "Kept"
        override = await browser.submit(
            f"/validate/{task}", f"/validate/{task}", override="So it stands there"
        )
        assert override.status == 303
        assert sent(world).result["override_reason"] == "So it stands there"


async def test_what_goes_on_to_an_expert_is_said_in_words_and_begins_with_what_was_given(
    world: World, agent: Person
) -> None:
    _, _, task = keying(world, agent)
    async with browsing(world, agent) as browser:
        kept, world.acts.answer = world.acts.answer, ActResult(applied=True, outcome="expert")
        try:
            await browser.submit(f"/validate/{task}", f"/validate/{task}", field_total="1,000,000.00")
        finally:
            world.acts.answer = kept
        assert "The contract wants an expert to look at it" in (await browser.get("/work")).text
        world.sql(
            world.acme,
            'update task set payload = payload || \'{"override_reason": "So it stands there"}\' where id = %s',
            (task,),
        )
        assert (await browser.get(f"/validate/{task}")).form(f"/validate/{task}")["override"] == (
            "So it stands there"
        )


async def test_a_page_offers_to_save_only_what_the_act_would_take(world: World, agent: Person) -> None:
    other = world.person(world.provider, ("agent", None))
    mine, offered, own, experts = (keying(world, None)[2] for _ in range(4))
    world.sql(world.acme, "update task set offered_to = %s where id = %s", (other.id, offered))
    for task, payload in ((own, f'{{"exclude": ["{agent.id}"]}}'), (experts, '{"expert": "amount"}')):
        world.sql(world.acme, "update task set payload = payload || %s::jsonb where id = %s", (payload, task))
    async with browsing(world, agent) as browser:
        for task, may in ((mine, True), (offered, False), (own, False), (experts, False)):
            page = await browser.get(f"/validate/{task}")
            assert bool(page.all("//button[@id='save']")) is may, task
            assert ("You can look at this task, and not finish it" in page.text) is not may
        ticket = world.ticket(world.acme, service_line="it_helpdesk", stage="delivery")
        for to, may in ((None, True), (other.id, False)):
            task = world.task(world.acme, ticket, kind="work", skill="it_helpdesk", offered_to=to)
            page = await browser.get(f"/tasks/{task}")
            assert bool(page.all(f"//form[@action='/tasks/{task}/take']")) is may


async def test_the_version_the_form_was_made_from_is_what_counts(world: World, agent: Person) -> None:
    _, _, task = keying(world, agent)
    async with browsing(world, agent) as browser:
        form = (await browser.get(f"/validate/{task}")).form(f"/validate/{task}")
        world.sql(world.acme, "update task set row_version = 2 where id = %s", (task,))
        before = len(world.acts.sent)
        answer = await browser.post(f"/validate/{task}", {**form, "field_number": "MINE"})
        assert answer.status == 409
        assert "Changed meanwhile" in answer.text
        assert answer.form(f"/validate/{task}")["field_number"] == "MINE"
        assert len(world.acts.sent) == before


async def test_checks_follow_what_is_typed_and_nothing_is_kept(world: World, agent: Person) -> None:
    _, document, task = keying(world, agent)
    async with browsing(world, agent) as browser:
        form = (await browser.get(f"/validate/{task}")).form(f"/validate/{task}")
        wrong = await browser.post(f"/validate/{task}/check", form)
        assert "differs from net 100.00 + tax 18.00 by 63.00" in wrong.answer.text
        right = await browser.post(f"/validate/{task}/check", {**form, "field_total": "118.00"})
        assert "100.00 + 18.00 = 118.00" in right.answer.text
        rows = world.sql(
            world.acme,
            "select fields -> 'total' ->> 'value' as total from document where id = %s",
            (document,),
        )
        assert rows[0].total == "181.00"


async def test_rejecting_needs_a_reason_of_the_list_and_goes_on_to_the_next(
    world: World, agent: Person
) -> None:
    ticket, _, task = keying(world, agent)
    second = world.document(world.acme, ticket, state="keying", doc_type="invoice", fields=FIELDS)
    following = world.task(
        world.acme, ticket, subject_id=second, assigned_to=agent.id, payload={"fields": []}
    )
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/validate/{task}")
        (form,) = [
            one
            for one in page.tree.xpath(f"//form[@action='/validate/{task}']")
            if one.xpath(".//select[@name='reject_reason']")
        ]
        answer = await browser.post(
            f"/validate/{task}",
            {**dict(form.form_values()), "reject_reason": "not_a_document", "reject_note": "a cat"},
        )
        assert answer.to == f"/validate/{following}"
        assert sent(world).result == {"reject": {"reason": "not_a_document", "note": "a cat"}}


async def test_nobody_keys_what_is_not_theirs(world: World, agent: Person) -> None:
    other = world.person(world.provider, ("agent", None))
    elsewhere = world.person(world.provider, ("agent", world.beta))
    _, _, task = keying(world, other)
    async with browsing(world, agent) as browser:
        page = await browser.get(f"/validate/{task}")
        assert "not finish it" in page.text and not page.tree.xpath("//button[@id='save']")
        form = page.form(f"/validate/{task}")
        assert (await browser.post(f"/validate/{task}", form)).status == 403
    async with browsing(world, elsewhere) as browser:
        assert (await browser.get(f"/validate/{task}")).status == 404


def reviewing(world: World, reviewer: Person, worker: Person) -> tuple[UUID, UUID]:
    ticket, document, _ = keying(world, worker)
    world.sql(
        world.acme,
        "update document set state = 'posted', finished_by = %s, coding = '{\"account\": \"6000\"}' where id = %s",
        (worker.id, document),
    )
    task = world.task(
        world.acme,
        ticket,
        kind="qa_review",
        desk="qa",
        subject_id=document,
        assigned_to=reviewer.id,
        workflow_id=f"ticket/{ticket}",
        payload={"basis": "sample", "document": str(document), "exclude": [str(worker.id)]},
    )
    return document, task


async def test_a_review_is_blind_first(world: World, agent: Person) -> None:
    reviewer = world.person(world.provider, ("qa", None))
    _, task = reviewing(world, reviewer, agent)
    async with browsing(world, reviewer) as browser:
        page = await browser.get(f"/review/{task}")
        assert "Step 1 of 2" in page.text
        for value in ("1NV-9", "181.00", "Acme Ltd", "2026-11-01", "50.00", "ream", "6000"):
            assert value not in page.answer.text
        assert page.all("//div[@data-wanted]/input[@data-name]/@data-name") == [
            "supplier_name",
            "number",
            "issue_date",
            "currency",
            "net_total",
            "tax_total",
            "total",
        ]
        offered = page.all("//details[@id='others']//input[@data-name]/@data-name")
        assert len(offered) == 7 and {"due_date", "supplier_tax_id"} <= set(offered)
        form = page.form(f"/review/{task}/compare")
        assert {"seen_lines.count", "seen_lines.6.net", "seen_coding.account"} <= set(form)
        assert "seen_lines.7.net" not in form and not page.all("//*[@data-box and string(@data-box)]")


async def test_lines_and_coding_are_read_again_and_differ_value_by_value(world: World, agent: Person) -> None:
    reviewer = world.person(world.provider, ("qa", None))
    _, task = reviewing(world, reviewer, agent)
    read = {f"seen_{name}": str(one["value"]) for name, one in FIELDS.items()}
    read |= {"seen_lines.count": "2", "seen_lines.sum": "1.100,00", "seen_lines.1.quantity": "2"}
    read |= {"seen_lines.1.net": "100", "seen_lines.2.net": "1.000,00", "seen_lines.9.net": "7"}
    read |= {"seen_coding.account": "6010", "seen_coding.tax_code": "", "seen_due_date": "24.12.2026"}
    read |= {"place_due_date": "1,0.5,0.5,0.6,0.52", "place_number": "javascript:1"}
    async with browsing(world, reviewer) as browser:
        page = await browser.submit(f"/review/{task}", f"/review/{task}/compare", **read)
        assert page.all("//li[contains(@class,'differs')]/@data-name") == [
            *("due_date", "lines.count", "lines.sum", "lines.2.net", "coding.account")
        ]
        assert page.all("//section[@aria-labelledby='of-lines']/p") == ["2 values are the same as delivered."]
        named = page.all("//li[contains(@class,'differs')]//b[1]")[::2]
        assert named == ["Due date", "Number of lines", "Sum of the lines", "Line 2: Net", "Account"]
        form = page.form(f"/review/{task}")
        assert "seen_lines.9.net" not in form and "place_number" not in form
        marked = ["due_date", "lines.count", "lines.2.net", "coding.account", "lines.9.net"]
        await browser.post(f"/review/{task}", {**form, "defect": marked, "verdict": "fail"})
    result = sent(world).result
    assert [
        (d["field"], d["category"], d["severity"], d["found"], d["expected"]) for d in result["defects"]
    ] == [
        ("due_date", "missing_value", "non_critical", "", "2026-12-24"),
        ("lines.count", "wrong_line", "critical", "1", "2"),
        ("lines.2.net", "wrong_line", "critical", "", "1000.00"),
        ("coding.account", "wrong_coding", "critical", "6000", "6010"),
    ]
    assert {"total", "due_date", "lines.2.net", "coding.account"} <= set(result["read"])
    assert not {"coding.tax_code", "lines.9.net"} & set(result["read"])


async def test_every_compared_row_leads_to_its_place_on_the_page(world: World, agent: Person) -> None:
    reviewer = world.person(world.provider, ("qa", None))
    _, task = reviewing(world, reviewer, agent)
    read = {"seen_due_date": "24.12.2026", "place_due_date": "1,0.5,0.5,0.6,0.52"}
    async with browsing(world, reviewer) as browser:
        page = await browser.submit(f"/review/{task}", f"/review/{task}/compare", **read)

        def of(name: str, what: str) -> list[str]:
            return page.all(f"//form[@id='vform']//li[@data-name='{name}']/@{what}")

        assert of("total", "data-box") == ["0.1000,0.1000,0.3000,0.1200"] and of("total", "data-page") == [
            "1"
        ]
        # Nothing was delivered: where the reviewer saw it.
        assert of("due_date", "data-box") == ["0.5,0.5,0.6,0.52"]
        assert of("total", "tabindex") == ["0"] and of("total", "data-title") == ["Total"]
        assert page.form(f"/review/{task}")["place_due_date"] == "1,0.5,0.5,0.6,0.52"


async def test_differences_become_defects_with_kind_and_severity(world: World, agent: Person) -> None:
    reviewer = world.person(world.provider, ("qa", None))
    _, task = reviewing(world, reviewer, agent)
    read = {
        "seen_supplier_name": "ACME  ltd",
        "seen_number": "INV-9",
        "seen_issue_date": "01.11.2026",
        "seen_currency": "inr",
        "seen_net_total": "100",
        "seen_tax_total": "18,00",
        "seen_total": "118.00",
    }
    async with browsing(world, reviewer) as browser:
        compared = await browser.submit(f"/review/{task}", f"/review/{task}/compare", **read)
        assert compared.all("//li[contains(@class,'differs')]//b[1]")[::2] == ["Number", "Total"]
        assert "2 fields differ" in compared.text
        form = compared.form(f"/review/{task}")
        answer = await browser.post(
            f"/review/{task}",
            {
                **form,
                "defect": ["number", "total", "lines"],
                "category_total": "wrong_value",
                "severity_number": "non_critical",
                "category_lines": "wrong_line",
                "verdict": "fail",
                "comment": "Look again",
            },
        )
        assert (answer.status, answer.to) == (303, "/work")
        result = sent(world).result
        assert result["verdict"] == "fail" and result["comment"] == "Look again"
        assert [
            (d["field"], d["category"], d["severity"], d["found"], d["expected"]) for d in result["defects"]
        ] == [
            ("number", "wrong_value", "non_critical", "1NV-9", "INV-9"),
            ("total", "wrong_value", "critical", "181.00", "118.00"),
            ("lines", "wrong_line", "critical", None, None),
        ]


async def test_what_matches_is_accepted_and_own_work_is_not_reviewed(world: World, agent: Person) -> None:
    reviewer = world.person(world.provider, ("qa", None), ("agent", None))
    _, task = reviewing(world, reviewer, agent)
    _, own = reviewing(world, reviewer, reviewer)
    async with browsing(world, reviewer) as browser:
        same = {f"seen_{name}": one["value"] for name, one in FIELDS.items()}
        compared = await browser.submit(f"/review/{task}", f"/review/{task}/compare", **same)
        assert "Everything you read matches" in compared.text
        answer = await browser.post(
            f"/review/{task}", {**compared.form(f"/review/{task}"), "verdict": "pass"}
        )
        assert answer.status == 303
        assert sent(world).result == {"verdict": "pass", "defects": [], "comment": "", "read": [*FIELDS]}
        page = await browser.get(f"/review/{own}")
        assert "or it is your own work" in page.text
        assert (
            await browser.post(f"/review/{own}", {**page.form(f"/review/{own}/compare"), "verdict": "pass"})
        ).status == 403


async def test_accuracy_is_told_per_client_and_agent_and_names_stay_inside(
    world: World, agent: Person
) -> None:
    from datetime import UTC, datetime

    ticket, document, _ = keying(world, agent)
    world._insert(
        "qa_check",
        world.acme,
        {
            "id": new_id(),
            "client_id": world.acme,
            "ticket_id": ticket,
            "document_id": document,
            "level": 2,
            "basis": "sample",
            "verdict": "fail",
            "fields_inspected": 7,
            "fields_correct": 6,
            "ai_correct": 5,
            "defects": [{"field": "total", "category": "wrong_value", "severity": "critical"}],
            "work_by": agent.id,
            "at": datetime.now(UTC),
        },
    )
    lead, client = (
        world.person(world.provider, ("lead", None)),
        world.person(world.acme, ("client_user", world.acme)),
    )
    async with browsing(world, lead) as browser:
        page = await browser.get("/quality")
        assert "85.71%" in page.text and "71.43%" in page.text
        assert "Test Person" in " ".join(page.all("//section[@aria-labelledby='agents']"))
        assert page.all("//figure//table//td")[:2] == ["1", "0"]
        only = await browser.get("/quality?verdict=pass")
        assert "No review matches" in only.text
        assert (await browser.get("/quality/rework.csv?client=acme")).status == 200
        for path in ("/quality/rework.csv?client=acm", "/quality?client=acm"):
            assert (await browser.get(path)).status == 404
    async with browsing(world, client) as browser:
        page = await browser.get("/quality")
        assert "85.71%" in page.text and "Test Person" not in page.text
        assert not page.tree.xpath("//section[@aria-labelledby='agents']")
    async with world.http(client) as http:
        assert (await http.get("/v1/accuracy?by=agent")).status_code == 403


async def test_a_box_is_read_again_and_words_know_their_places(world: World, agent: Person) -> None:
    _, document, _ = keying(world, agent)
    async with world.http(agent) as http:
        words = (await http.get(f"/v1/documents/{document}/reading")).json()["words"]
        number = next(one for one in words if SAMPLE.truth.fields["number"] in one["text"])
        box = ",".join(f"{edge:.4f}" for edge in number["box"])
        read = (await http.get(f"/v1/documents/{document}/region", params={"page": 1, "box": box})).json()
        assert SAMPLE.truth.fields["number"] in read["text"]
        assert read["source"] == "text"
        for wrong in ("0,0,0,0", "0.5,0.5,0.4,0.6", "1,2,3,4", "a,b,c,d"):
            assert (
                await http.get(f"/v1/documents/{document}/region", params={"box": wrong})
            ).status_code == 422
