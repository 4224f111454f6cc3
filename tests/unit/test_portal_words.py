"""What pages say and draw without a server: markup in texts, scales, sums by currency, promises, the QR code."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from lxml import html
from markupsafe import Markup

from api.portal import calm
from api.portal.catalogue import Texts
from api.portal.charts import Chart, Interval, Series
from api.portal.formats import Formats
from api.portal.qr import qr
from api.portal.routes.books import sums_of
from api.portal.viewer import zone_named
from tests.support.qr import read_back
from ticketos.db.repositories.ledger import Balance
from ticketos.domain import totp

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
T = Texts()
F = Formats(T, ZoneInfo("Asia/Kolkata"), NOW)


def test_a_text_takes_markup_as_markup_and_anything_else_as_text() -> None:
    day = F.period("2026-11-22")
    assert isinstance(day, Markup)
    assert str(T("schedules.period", period=day)) == f"for {day}"
    assert T("schedules.period", period="<b>") == "for <b>"  # plain in, plain out: the template escapes it
    mixed = T("quality.of", correct=Markup("<i>7</i>"), inspected="<b>")
    assert mixed == Markup("<i>7</i> of &lt;b&gt;")


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),  # as Chromium says it
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("UTC", "UTC"),
    ],
)
def test_a_zone_is_called_as_people_call_it(said: str, key: str) -> None:
    zone = zone_named(said)
    assert zone is not None and zone.key == key
    assert zone_named("Asia/Atlantis") is zone_named(None) is None


def _ticks(chart: Chart) -> list[str]:
    return [one.text for one in html.fromstring(str(chart.svg)).xpath("//text[@text-anchor='end']")]


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (20, ["0", "5", "10", "15", "20"]),
        (21, ["0", "5", "10", "15", "20", "25"]),
        (3, ["0", "1", "2", "3", "4", "5"]),
        (70, ["0", "20", "40", "60", "80", "100"]),
        (1, ["0", "1"]),
    ],
)
def test_a_scale_is_cut_at_round_numbers(highest: int, ticks: list[str]) -> None:
    assert _ticks(Chart("c", ["a"], [Series("s", [highest])])) == ticks


def test_an_interval_is_cut_at_round_numbers_too() -> None:
    one = [Series(name, [Decimal(value)]) for name, value in (("r", "0.99"), ("l", "0.96"), ("h", "1"))]
    shown = Interval("i", ["a"], one, show=lambda value: F.percent(value, 0))
    assert _ticks(shown) == ["95%", "96%", "97%", "98%", "99%", "100%"]


def test_two_points_in_one_place_are_both_to_be_seen() -> None:
    chart = Chart("c", ["a"], [Series("s", [1]), Series("r", [1])], kind="lines")
    first, second = html.fromstring(str(chart.svg)).xpath("//circle/@r")
    assert float(first) > float(second) + 1


def test_a_trial_balance_is_summed_for_each_currency_and_never_across() -> None:
    def row(currency: str, debit: str, credit: str) -> Balance:
        paid, owed = Decimal(debit), Decimal(credit)
        return Balance("1200", "Receivables", "asset", currency, paid, owed, paid - owed)

    sums = sums_of(
        [row("INR", "591.18", "0"), row("EUR", "10", "0"), row("INR", "0", "591.18"), row("EUR", "0", "9.99")]
    )
    assert [(one.currency, one.debit, one.credit, one.zero) for one in sums] == [
        ("EUR", Decimal("10"), Decimal("9.99"), False),
        ("INR", Decimal("591.18"), Decimal("591.18"), True),
    ]
    assert [len(one.rows) for one in sums] == [2, 2]


@pytest.mark.parametrize(
    ("state", "stage", "says"),
    [
        ("open", "delivery", "Done by"),
        ("paused", "delivery", "The time stands still"),
        ("open", "approval", "Delivered"),
        ("open", "billing", "Delivered"),
    ],
)
def test_a_promise_is_told_while_it_is_one(state: str, stage: str, says: str) -> None:
    row = {"state": state, "stage": stage, "due_at": NOW}
    told = calm.promise(row, F, "overview.done_by")
    assert says in told
    assert isinstance(told, Markup) == ("Done by" in says)


def test_a_client_is_spoken_to_in_words_of_its_own() -> None:
    assert calm.told("ticket.approval_requested", T) == "Sent to you for your decision"
    assert calm.told("ticket.received", T) == T.event("ticket.received")
    for event in calm.TOLD:
        words = calm.told(event, T).casefold()
        assert "client" not in words and "contract check" not in words, event


def test_the_qr_code_is_read_back_as_the_address_and_says_it_to_nobody_else() -> None:
    address = totp.address(b"s" * totp.SECRET_BYTES, "Jürgen+müller@client.example", "TicketingOS")
    drawn = html.fromstring(str(qr(address, 'A "picture" <of> it')))
    assert drawn.get("aria-label") == 'A "picture" <of> it'
    assert "otpauth" not in html.tostring(drawn, encoding="unicode")
    assert read_back(drawn) == address
