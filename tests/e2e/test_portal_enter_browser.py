"""Enter in a field decides nothing: where a form has several acts, a person presses the one that is meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from schemas.acts import ActResult, CompleteTask, DecideApproval
from tests.support.site import CHROMIUM, Site, ids

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]


def seeded(site: Site) -> Site:
    world, now = site.world, datetime.now(UTC)
    site.people = {
        "client": world.person(world.acme, ("client_user", world.acme)),
        "qa": world.person(world.provider, ("qa", None)),
        "agent": world.person(world.provider, ("agent", None), skills=["data_entry"]),
    }
    offered = world.ticket(world.acme, stage="approval", number="ACME-E")
    world.document(world.acme, offered, state="posted")
    world.document(world.acme, offered, state="posted")
    world.approval(world.acme, offered, "e" * 64, deemed_at=now + timedelta(days=3))
    work: dict[str, Any] = {
        "by": None,
        "at": now.isoformat(),
        "note": "Reset the password.",
        "files": [],
        "round": 0,
    }
    judged = world.ticket(world.acme, stage="quality", detail={"work": work})
    review = world.task(world.acme, judged, kind="qa_review", desk="qa", workflow_id=f"ticket/{judged}")
    read = world.ticket(world.acme, stage="delivery")
    paper = world.document(
        world.acme,
        read,
        state="keying",
        doc_type="invoice",
        fields={"total": {"value": "118.00", "state": "weak"}},
    )
    keying = world.task(
        world.acme, read, subject_id=paper, skill="data_entry", assigned_to=site.people["agent"].id,
        payload={"fields": ["total"], "document": str(paper)},
    )  # fmt: skip
    site.ids = ids(offered=offered, review=review, keying=keying)
    world.acts.answer = ActResult(applied=True, outcome="done")
    return site


def nothing_is_sent(page: Page, selector: str) -> None:
    """Press Enter in that control; the page stays as it is. Checks of a form as it stands keep nothing."""
    sent: list[str] = []
    page.on(
        "request",
        lambda request: (
            sent.append(request.url)
            if request.method == "POST" and not request.url.endswith("/check")
            else None
        ),
    )
    page.press(selector, "Enter")
    page.wait_for_timeout(700)
    assert sent == []


def test_a_reason_typed_and_enter_pressed_accepts_no_delivery(site: Site, browser: Browser) -> None:
    context = site.context(browser, "client")
    page = context.new_page()
    page.goto(f"/approvals/{site.ids['offered']}")
    nothing_is_sent(page, "input[type=radio] >> nth=0")
    page.goto("/approvals")
    page.check("[name=chosen]")
    page.fill("#field-reason", "The total of the second one is wrong")
    nothing_is_sent(page, "#field-reason")
    page.fill("#field-reason", "The total of the second one is wrong")
    nothing_is_sent(page, "[name=chosen]")
    page.get_by_role("button", name="Return chosen").click()
    page.get_by_text("Returned. We will correct it.").wait_for()
    (act,) = [one for _, _, one in site.world.acts.sent if isinstance(one, DecideApproval)]
    assert (act.decision, act.reason) == ("return", "The total of the second one is wrong")
    context.close()


def test_what_it_should_be_typed_and_enter_pressed_passes_no_work(site: Site, browser: Browser) -> None:
    context = site.context(browser, "qa")
    page = context.new_page()
    page.goto(f"/tasks/{site.ids['review']}")
    page.fill("[name=expected_result]", "an open account")
    nothing_is_sent(page, "[name=expected_result]")
    nothing_is_sent(page, "[name=defect] >> nth=1")
    page.get_by_role("button", name="Fail", exact=True).click()
    page.wait_for_url("**/work")
    (act,) = [one for _, _, one in site.world.acts.sent if isinstance(one, CompleteTask)]
    assert [one["field"] for one in act.result["defects"]] == ["result"]
    context.close()


@pytest.mark.parametrize("scripted", [False, True])
def test_enter_in_a_field_of_a_paper_saves_nothing(site: Site, browser: Browser, scripted: bool) -> None:
    before = len(site.world.acts.sent)
    context = site.context(browser, "agent", java_script_enabled=scripted)
    page = context.new_page()
    page.goto(f"/validate/{site.ids['keying']}")
    page.fill("#f-total", "181.00")
    nothing_is_sent(page, "#f-total")
    nothing_is_sent(page, "[name=line_0_net]")
    assert page.input_value("#f-total") == "181.00"
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    assert len(site.world.acts.sent) == before + 1
    context.close()
