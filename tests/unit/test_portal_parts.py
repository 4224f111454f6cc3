"""Pieces of the portal that need no server: texts, formats, charts, what people type, the timeline."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from lxml import html

import api.portal
from api.portal import typed
from api.portal.catalogue import MissingTextError, Texts
from api.portal.charts import Chart, Series, nice_top
from api.portal.formats import Formats
from api.portal.forms import safe_next
from api.portal.routes import palette
from api.portal.timeline import Fold, Timeline, folded
from schemas.requests import EventView, MessageView

PORTAL = Path(api.portal.__file__).parent
NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
T = Texts()
F = Formats(T, ZoneInfo("Asia/Kolkata"), NOW)


def test_every_text_a_template_or_module_asks_for_exists() -> None:
    asked = set()
    for file in PORTAL.rglob("*"):
        if file.suffix in (".html", ".py"):
            asked |= set(
                re.findall(r"""\bt\(\s*"([a-z_]+\.[\w.-]+)"\s*[,)]""", file.read_text(encoding="utf-8"))
            )
    assert len(asked) > 150
    assert sorted(asked - T.keys) == []


def test_menu_lines_and_acts_have_texts() -> None:
    named = [*(one.text for one in api.portal.NAV), *(one.text for one in api.portal.COMMANDS)]
    assert [text for text in named if text not in T.keys] == []
    said = {
        key
        for file in PORTAL.rglob("*.py")
        for key in re.findall(r'said="([\w.]+)"', file.read_text(encoding="utf-8"))
    }
    assert sorted(said - T.keys) == []


def test_the_page_of_shortcuts_names_every_key_of_every_page() -> None:
    told = {keys for _, group in palette.KEYS for keys, _ in group}
    named = {text for name, group in palette.KEYS for text in (name, *(text for _, text in group))}
    assert sorted(named - T.keys) == []
    pages = [file.read_text(encoding="utf-8") for file in PORTAL.rglob("*.html")]
    used = {key.upper() for page in pages for key in re.findall(r'data-key="([^"{]+)"', page)}
    used |= {key.upper() for page in pages for key in re.findall(r'act\("[a-z]+", .*, "(\S)"\) }}', page)}
    assert {"P", "L", "!", "R"} <= used
    assert sorted(used - told) == []


def test_no_template_holds_words_of_its_own() -> None:
    """Whatever stands between tags in a template comes from the catalogue (signs and the keys' own names apart)."""
    allowed = {
        "",
        "·",
        "/",
        "*",
        "…",
        "–",
        "Ctrl",
        "⌘",
        "K",
        "?",
        "G",
        "N",
        "↵",
        "Ctrl K",
        "Ctrl ↵",
        "!",
        "%",
        ":",
        "(",
        ")",
    }
    for file in PORTAL.rglob("*.html"):
        source = re.sub(
            r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\n", file.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        tree = html.fromstring(f"<div>{source}</div>")
        words = {
            part.strip(" :,.;()·“”→%\n")
            for node in tree.iter()
            if isinstance(node.tag, str) and node.tag not in ("script", "style")
            for text in (node.text, node.tail)
            for part in (text or "").split("\n")
        }
        assert sorted(words - allowed) == [], file.name


def test_an_unknown_key_is_an_error_and_a_plural_is_chosen() -> None:
    with pytest.raises(MissingTextError):
        T("shell.nothing_like_it")
    assert T("ticket.fold", n=1) == "1 more event"
    assert T("ticket.fold", n=7) == "7 more events"
    assert T.word("stage", "intake") == "Intake"
    assert T.word("stage", "a_new_one") == "A new one"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (999, "999"), (124800, "1,24,800"), (Decimal("12345678.5"), "1,23,45,678.5"), ("x", "x")],
)
def test_numbers_are_grouped_as_in_india(value: object, shown: str) -> None:
    assert F.number(value) == shown


def test_money_percent_and_sizes() -> None:
    assert F.money(Decimal("124800"), "INR") == "₹1,24,800.00"
    assert F.money("nothing", "INR") == "nothing"
    assert F.percent("0.99845", 2) == "99.84%"
    assert F.percent(None) == "–"
    assert (F.size(999), F.size(1_240_000)) == ("999 B", "1.2 MB")


def test_instants_are_in_the_viewers_zone_and_say_which() -> None:
    at = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    assert "01:30" in str(F.at(at))
    assert 'datetime="2026-11-21T20:00:00+00:00"' in str(F.at(at))
    assert "IST" in str(F.at(at))
    assert "21 Nov, 21:00" in str(Formats(T, ZoneInfo("Europe/Berlin"), NOW).at(at))
    assert ">22 Nov 2026<" in str(F.day(at))
    assert ">21 Nov 2026<" in str(F.day(date(2026, 11, 21)))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h 00 min"),
        (90_000, "1 d 1 h"),
        (-5_400, "1 h 30 min"),
    ],
)
def test_spans_in_two_units(seconds: int, shown: str) -> None:
    assert F.span(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.38, "0.4 s"), (12.4, "12 s"), (185, "3 min 05 s"), (3_725, "1 h 02 min")]
)
def test_how_long_hands_were_on_something_keeps_its_seconds(seconds: float, shown: str) -> None:
    assert F.effort(timedelta(seconds=seconds)) == shown


@pytest.mark.parametrize(
    ("wanted", "to"),
    [
        ("/work?scope=queue", "/work?scope=queue"),
        (None, "/"),
        ("", "/"),
        ("work", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("https://evil.example/work", "/"),
        ("javascript:alert(1)", "/"),
        ("/login?next=/login", "/"),
        ("/" + "x" * 3000, "/"),
    ],
)
def test_only_our_own_paths_are_gone_to(wanted: str | None, to: str) -> None:
    assert safe_next(wanted) == to


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("total", "1,24,800.50", "124800.50"),
        ("total", "1.248,50 €", "1248.50"),
        ("total", "₹ 99", "99"),
        ("total", "12820.17", "12820.17"),
        ("total", "about ten", "about ten"),
        ("issue_date", "21/11/2026", "2026-11-21"),
        ("issue_date", "21 Nov 2026", "2026-11-21"),
        ("issue_date", "2026-11-21", "2026-11-21"),
        ("issue_date", "soon", "soon"),
        ("currency", " inr ", "INR"),
        ("supplier_name", "  Acme   Ltd ", "Acme Ltd"),
        ("quantity", "1.5", "1.5"),
    ],
)
def test_what_people_type_is_understood(name: str, text: str, value: str) -> None:
    assert typed.value_of(name, text) == value


def test_a_chart_draws_every_value_and_says_them_in_its_table() -> None:
    chart = Chart(
        "Tickets", ["Mon", "Tue"], [Series("In", [3, 0]), Series("Out", [1, None])], links=["/a", "/b"]
    )
    drawing = html.fromstring(str(chart.svg))
    assert len(drawing.xpath("//rect[contains(@class, 'column')]")) == 3
    assert [one.text for one in drawing.xpath("//title")] == ["Mon, In: 3", "Mon, Out: 1", "Tue, In: 0"]
    assert chart.cell(None) == "–"
    assert drawing.xpath("//a/@href") == ["/a", "/a", "/b"]
    heights = [float(one.get("height")) for one in drawing.xpath("//rect[contains(@class, 's0')]")]
    assert heights[0] > 100 and heights[1] == 0
    assert [nice_top(one) for one in (0, 3, Decimal("0.3"), 1001)] == [
        Decimal(n) for n in ("1", "5", "0.5", "2000")
    ]


def _event(name: str, seq: int, **more: object) -> EventView:
    values = {
        "id": uuid4(),
        "seq": seq,
        "at": NOW + timedelta(seconds=seq),
        "event": name,
        "actor_kind": "system",
    }
    return EventView.model_validate({**values, **more})


def test_low_events_fold_failures_stand_out_and_ai_says_how_sure() -> None:
    document = uuid4()
    events = [
        _event("ticket.received", 1),
        _event("document.received", 2),
        _event("task.opened", 3),
        _event("mail.queued", 4),
        _event(
            "document.read",
            5,
            after={
                "document": str(document),
                "engine": "rapidocr",
                "confidence": "0.72",
                "blocked_by": ["field:total", "check:lines_sum"],
                "straight_through": False,
            },
        ),
        _event("clock.breached", 6, after={"clock": "turnaround"}),
        _event("mail.sent", 7),
    ]
    message = MessageView(
        id=uuid4(),
        direction="in",
        channel="email",
        sender="a@x.example",
        recipient="",
        subject="Hi",
        body="Please",
        received_at=NOW + timedelta(seconds=1),
    )
    stream = Timeline(T, F, {}, {document: "bill.pdf"})
    lines = stream.entries(events, [message], newest_first=False)
    shown = list(folded(lines))
    folds = [one for one in shown if isinstance(one, Fold)]
    assert [len(fold.entries) for fold in folds] == [3]
    read = next(one for one in shown if not isinstance(one, Fold) and one.ai)
    assert read.ai is not None
    assert (read.ai.engine, read.ai.confidence) == ("rapidocr", Decimal("0.72"))
    assert read.ai.why == ("Total is weak or missing", "Check failed: Lines add up")
    assert ("Document", "bill.pdf") in read.facts
    assert [one.title for one in shown if not isinstance(one, Fold) and one.failed] == ["Clock breached"]
    assert [one.title for one in stream.entries(events, [message], group="ai", newest_first=True)] == [
        "Document read"
    ]
    newest = stream.entries(events, [message], newest_first=True)
    assert [one.at for one in newest] == sorted((one.at for one in newest), reverse=True)
