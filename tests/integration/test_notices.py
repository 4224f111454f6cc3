"""The inbox of desks and their people, by API and in the portal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.portal.live import Watcher
from tests.support.api import Person, World, world_on
from tests.support.portal import browsing
from ticketos.db import migrate
from ticketos.db.ids import new_id
from ticketos.db.repositories import notices
from ticketos.dev.database import PostgresUrls


@pytest.fixture
def world(postgres_cluster: Any, tmp_path: Any) -> Iterator[World]:
    urls: PostgresUrls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path) as made:
        yield made
    postgres_cluster.drop(urls)


def told(
    world: World,
    client: UUID,
    desk: str,
    kind: str = "breached",
    /,
    *,
    days: float = 0,
    to: UUID | None = None,
    of_none: bool = False,
    **detail: Any,
) -> UUID:
    """A notice of a request of its own, or of none."""
    notice = new_id()
    ticket = None if of_none else world.ticket(client, subject=f"for {desk}")
    world._insert(
        "notice",
        client,
        {
            "id": notice,
            "client_id": client,
            "ticket_id": ticket,
            "key": str(notice),
            "kind": kind,
            "desk": desk,
            "recipient_id": to,
            "detail": detail or {"clock": "turnaround", "milestone": "breach"},
            "at": datetime.now(UTC) - timedelta(days=days),
        },
    )
    return notice


async def inbox(world: World, person: Person, **query: Any) -> list[str]:
    async with browsing(world, person) as browser:
        answer = await browser.client.get("/v1/notices", params=query)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]


async def test_each_desk_and_person_is_told_what_is_theirs_over_the_clients_they_serve(world: World) -> None:
    lead = world.person(world.provider, ("lead", world.acme))
    agent = world.person(world.provider, ("agent", None))
    delivery, finance, foreign = (
        told(world, world.acme, "delivery"),
        told(world, world.acme, "finance"),
        told(world, world.beta, "delivery"),
    )
    own = told(world, world.acme, "delivery", to=agent.id)
    old = told(world, world.acme, "delivery", days=31)
    assert await inbox(world, lead) == [str(own), str(delivery)]
    assert await inbox(world, agent) == [str(own)], "an agent hears of their own requests alone"
    assert await inbox(world, lead, state="all") == [str(own), str(delivery), str(old)]
    books = world.person(world.provider, ("finance", None))
    assert await inbox(world, books) == [str(finance)]
    both = world.person(world.provider, ("lead", None), ("finance", world.acme))
    assert set(await inbox(world, both)) == {str(one) for one in (own, delivery, finance, foreign)}
    assert await inbox(world, both, desk="finance") == [str(finance)]
    assert await inbox(world, both, client="beta") == [str(foreign)]
    assert await inbox(world, agent, mine="true", kind="breached") == [str(own)]
    assert await inbox(world, agent, kind="warning") == []


async def test_clients_never_see_them_not_even_their_own_companys(world: World) -> None:
    notice = told(world, world.acme, "client")
    for role in ("client_user", "client_admin"):
        person = world.person(world.acme, (role, world.acme))
        async with browsing(world, person) as browser:
            assert (await browser.client.get("/v1/notices")).status_code == 403
            key = {"Idempotency-Key": new_id().hex, "Origin": "http://localhost:8080"}
            done = await browser.client.post(f"/v1/notices/{notice}/read", headers=key)
            assert done.status_code == 403
            page = await browser.get("/account")
            assert not page.all("//*[@id='inbox-count']")
            assert not page.all("//a[@href='/notices']")


async def test_what_one_reads_stays_unread_for_colleagues_and_only_ones_own_can_be_read(world: World) -> None:
    one, other = (world.person(world.provider, ("lead", None)) for _ in range(2))
    notice, elsewhere = told(world, world.acme, "delivery"), told(world, world.acme, "finance")
    async with browsing(world, one) as browser:
        page = await browser.get("/notices")
        assert "Turnaround is past its target" in page.text
        assert page.all("//*[@id='inbox-count']/span[@class='bell-count']") == ["1"]
        assert (await browser.submit("/notices", f"/notices/{notice}/read")).to == "/notices"
        again = await browser.get("/notices")
        assert "Marked as read" in again.text and "Nothing new" in again.text
        assert not again.all("//span[@class='bell-count']")
        assert "Turnaround is past" in (await browser.get("/notices?state=all")).text
        form = (await browser.get("/account")).form("/logout")
        refused = await browser.post(
            f"/notices/{elsewhere}/read", {"_csrf": form["_csrf"], "_key": new_id().hex}
        )
        assert refused.status == 404
    assert await inbox(world, other) == [str(notice)]
    (row,) = world.sql(world.acme, "select user_id from notice_read")
    assert row.user_id == one.id


async def test_pages_count_the_inbox_once_in_a_while(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lead, counted = world.person(world.provider, ("lead", None)), []
    notice = told(world, world.acme, "delivery")
    count = notices.unread

    def counting(*given: Any) -> int:
        counted.append(given)
        return count(*given)

    monkeypatch.setattr(notices, "unread", counting)
    bell = "//*[@id='inbox-count']/span[@class='bell-count']"
    async with browsing(world, lead) as browser:
        for _ in range(4):
            assert (await browser.get("/tickets")).all(bell) == ["1"]
        assert len(counted) == 1
        live = world.app.state.portal.live
        live._watchers.add(Watcher(frozenset({world.acme}), None, lead.id))
        for event, counts in (("ticket.noted", 1), ("clock.breached", 2)):
            live._tell({"event": event, "client_id": world.acme, "root_id": None})
            await browser.get("/tickets")
            assert len(counted) == counts, event
        await browser.submit("/notices", f"/notices/{notice}/read")
        assert (await browser.get("/tickets")).all(bell) == []


async def test_all_that_is_shown_is_read_at_once_and_the_filter_stays_in_the_address(world: World) -> None:
    lead = world.person(world.provider, ("lead", None), ("finance", None))
    late = [told(world, world.acme, "delivery") for _ in range(60)]
    money = told(world, world.acme, "finance", "reconciliation", day="2026-11-20")
    async with browsing(world, lead) as browser:
        page = await browser.get("/notices?desk=delivery")
        assert page.all("//select[@name='desk']/option[@selected]") == ["Delivery"]
        assert len(page.all("//li[contains(@class,'news')]")) == 50
        assert "desk=delivery" in page.all("//a[@rel='next']/@href")[0]
        assert page.all("//span[@class='bell-count']") == ["61"]
        done = await browser.submit("/notices?desk=delivery", "/notices/read")
        assert done.to == "/notices?desk=delivery"
        assert "60 notices marked as read" in (await browser.get(done.to)).text
    assert await inbox(world, lead) == [str(money)]
    assert set(await inbox(world, lead, state="all", limit=100)) == {str(one) for one in (*late, money)}


async def test_what_came_after_the_page_was_drawn_stays_unread_and_a_refusal_says_nothing_green(
    world: World,
) -> None:
    lead = world.person(world.provider, ("lead", None))
    told(world, world.acme, "delivery", days=1)
    async with browsing(world, lead) as browser:
        form = (await browser.get("/notices")).form("/notices/read")
        later = told(world, world.acme, "delivery")
        await browser.post("/notices/read", form)
        page = await browser.get("/notices")
        assert "Marked as read" in page.text or "1 notice marked as read" in page.text
        assert await inbox(world, lead) == [str(later)]
        refused = await browser.post("/notices/read", {**form, "_key": new_id().hex, "until": "yesterday"})
        assert refused.status == 422
        assert "notices marked as read" not in (await browser.get("/notices")).text
    assert await inbox(world, lead) == [str(later)]


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("warning", {"clock": "first_response", "milestone": "warning_75"}, "75 % of First response used"),
        (
            "stage_late",
            {"clock": "stage:quality", "stage": "quality", "target_s": 3600},
            "Quality takes longer than its target",
        ),
        ("expert_missing", {"kind": "keying"}, "No expert was there for a task: Key fields"),
        ("month_end", {"period": "2026-10"}, "The month-end of Oct 2026 found something in the way"),
        ("escalated", {"clock": "turnaround", "milestone": "escalation_2"}, "step 2 of the escalation"),
        ("renewal", {"contract": "SOW-7", "ends_on": "2026-12-01"}, "Contract SOW-7 ends on 1 Dec 2026"),
        ("offers_ended", {"offered": 2}, "Nobody took an offered task"),
        ("made_up", {"x": 1}, "News"),
    ],
)
async def test_every_kind_is_said_in_words(
    world: World, kind: str, detail: dict[str, Any], words: str
) -> None:
    told(world, world.acme, "lead", kind, **detail)
    async with browsing(world, world.person(world.provider, ("lead", None))) as browser:
        page = await browser.get(f"/notices?kind={kind}")
        assert words in page.text
        assert page.all("//select[@name='kind']/option[@selected]") == (
            [] if kind == "made_up" else page.all(f"//select[@name='kind']/option[@value='{kind}']")
        )


def test_news_of_no_request_that_was_read_is_gone_before_its_table_knows_none(
    postgres_cluster: Any, tmp_path: Any
) -> None:
    urls: PostgresUrls = postgres_cluster.migrated_database()
    with world_on(urls, tmp_path) as world:
        kept, gone = told(world, world.acme, "finance"), told(world, world.acme, "finance", of_none=True)
        for notice in (kept, gone):
            read = {
                "notice_id": notice,
                "user_id": new_id(),
                "client_id": world.acme,
                "read_at": datetime.now(UTC),
            }
            world._insert("notice_read", world.acme, read)
        migrate.downgrade(urls.owner, "reversals")
        assert [row.notice_id for row in world.sql(world.acme, "select notice_id from notice_read")] == [kept]
    postgres_cluster.drop(urls)
