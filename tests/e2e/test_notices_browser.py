"""The inbox, and work of a person from task to sign-off, in a real browser: axe, widths, themes, keyboard, live count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect

from tests.support.site import CHROMIUM, Site, ids
from ticketos.db.ids import new_id
from ticketos.domain.changes import Emit
from ticketos.domain.state import SYSTEM

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (system-packages.txt names it)"),
]
NOTE = "Reset the password, told Ravi by phone, and wrote the steps down for his team."
LONG = "A-very-long-name-without-any-space-that-has-to-break-somewhere-or-the-page-is-too-wide.pdf"


def seeded(site: Site) -> Site:
    world, now = site.world, datetime.now(UTC)
    site.people = {
        "lead": world.person(world.provider, ("lead", None), ("finance", None), name="Anita Rao"),
        "quiet": world.person(world.provider, ("hr", None), name="Grace Obi"),
        "qa": world.person(world.provider, ("qa", None), name="Lena Hoffmann"),
        "agent": world.person(world.provider, ("agent", None), name="Meera Nair"),
        "client": world.person(world.acme, ("client_user", world.acme), name="Dev Patel"),
    }
    late = {"clock": "turnaround", "milestone": "breach"}
    stories: tuple[tuple[str, str, dict[str, Any], str], ...] = (
        ("breached", "delivery", late, "Where is my order?"),
        (
            "warning",
            "delivery",
            {"clock": "first_response", "milestone": "warning_75"},
            "Invoices of October",
        ),
        ("escalated", "lead", {"clock": "turnaround", "milestone": "escalation_1"}, f"Lost parcel {LONG}"),
        ("breached", "delivery", {"clock": "stage:quality", "milestone": "breach"}, "Delivery notes"),
        ("reconciliation", "finance", {"day": "2026-11-21"}, "Bank statement"),
    )
    for n, (kind, desk, detail, subject) in enumerate(stories):
        told(site, world.acme, kind, desk, detail, subject, now - timedelta(hours=3 * n))
    work: dict[str, Any] = {"by": None, "at": now.isoformat(), "note": NOTE, "files": [], "round": 0}
    shown = world.ticket(
        world.acme, stage="approval", subject="Password of Ravi", number="ACME-W", detail={"work": work}
    )
    shot = world.document(world.acme, shown, filename=LONG)
    review = world.task(
        world.acme, shown, kind="qa_review", desk="qa", skill="qa", workflow_id=f"ticket/{shown}"
    )
    payload = {
        "returned": "The account is still locked.",
        "before": NOTE,
        "defects": [{"field": "result", "category": "not_done", "expected": "an open account"}],
    }
    again = world.task(world.acme, shown, kind="work", skill="it_helpdesk", payload=payload, round=1)
    files = [{"id": str(shot), "filename": LONG, "sha256": "0" * 64}]
    world.approval(
        world.acme,
        shown,
        "b" * 64,
        deliverable={"documents": 0, "units": 1, "work": {"note": NOTE, "files": files}},
        deemed_at=now + timedelta(days=3),
    )
    site.ids = ids(ticket=shown, review=review, work=again)
    return site


def told(
    site: Site, client: UUID, kind: str, desk: str, detail: dict[str, Any], subject: str, at: datetime
) -> UUID:
    world, ticket = site.world, site.world.ticket(client, subject=subject)
    world._insert(
        "notice",
        client,
        {
            "id": new_id(), "client_id": client, "ticket_id": ticket, "key": new_id().hex, "kind": kind,
            "desk": desk, "detail": detail, "at": at,
        },
    )  # fmt: skip
    return ticket


@pytest.mark.parametrize(
    ("who", "paths"),
    [
        ("lead", ("/notices", "/notices?state=all&kind=breached", "/notices?kind=renewal")),
        ("quiet", ("/notices",)),
        ("qa", ("/tasks/{review}",)),
        ("agent", ("/tasks/{work}",)),
        ("client", ("/approvals/{ticket}",)),
    ],
)
def test_the_pages_are_sound_at_every_width_and_in_both_themes(
    site: Site, browser: Browser, who: str, paths: tuple[str, ...]
) -> None:
    assert site.faults(browser, who, paths) == []


def test_the_count_follows_what_happens_and_what_is_read(site: Site, browser: Browser) -> None:
    world = site.world
    context = site.context(browser, "lead")
    page = context.new_page()
    page.goto("/notices")
    count = page.locator(".bell-count")
    before = int(count.inner_text())
    rows = page.locator(".news.unread")
    assert rows.count() == before
    ticket = told(
        site,
        world.acme,
        "escalated",
        "lead",
        {"clock": "turnaround", "milestone": "escalation_2"},
        "Fresh",
        datetime.now(UTC),
    )
    with world.services.database.transaction([world.acme]) as connection:
        world.services.audit.record(
            connection, client_id=world.acme, ticket_id=ticket, root_id=ticket, at=datetime.now(UTC),
            actor=SYSTEM, emit=Emit("clock.escalated"),
        )  # fmt: skip
    expect(count).to_have_text(str(before + 1), timeout=20_000)
    assert "Fresh" in page.inner_text("#notices")
    page.locator(".news.unread", has_text="Fresh").get_by_role("button").click()
    expect(count).to_have_text(str(before), timeout=20_000)
    assert page.locator("#notices", has_text="Fresh").count() == 0
    page.get_by_role("button", name="Mark all read").click()
    page.wait_for_selector("text=Nothing new")
    assert page.locator(".bell-count").count() == 0
    context.close()
