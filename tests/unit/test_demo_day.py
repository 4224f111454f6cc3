"""The demo day's own rules: what is planned, what its people can tell, what makes a run a failure."""

from __future__ import annotations

import io
import sys
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from ticketos.dev.processes import StackError
from ticketos.dev.sim import folder
from ticketos.dev.sim.documents import generate
from ticketos.dev.sim.judge import Outcome
from ticketos.dev.sim.live import Day, Tickets
from ticketos.dev.sim.papers import Paper, Pile, differences, same, slipped, typed_lines
from ticketos.dev.sim.play import _all_ended
from ticketos.dev.sim.progress import Board
from ticketos.dev.sim.report import Check, Report
from ticketos.dev.sim.scenario import working_day


def test_the_day_has_forty_tickets_of_three_clients_over_two_channels_and_every_twist() -> None:
    plans = working_day()
    assert (len(plans), sum(len(plan.papers) for plan in plans)) == (40, 120)
    assert {plan.channel for plan in plans} == {"api", "mail"}
    assert len({plan.client for plan in plans}) == 3
    assert len({plan.key for plan in plans}) == len({(p.client, p.subject) for p in plans}) == 40
    twists = Counter(plan.twist for plan in plans)
    assert set(twists) >= {"mistake", "return", "partial", "link", "silence", "cancel", "pause", "breach",
                           "unclear", "missing_file", "parked", "copies"}  # fmt: skip
    layouts = {paper.layout for plan in plans for paper in plan.papers if paper.layout is not None}
    assert layouts == set(range(8))


def test_a_person_reads_figures_by_value_and_words_without_their_dress() -> None:
    assert same("total", "1200.5", "1200.50")
    assert not same("total", "1200.5", "1205.50")
    assert same("supplier_name", "ACME GmbH & Co KG", "Acme GmbH & Co. KG")
    assert not same("supplier_name", "Acme", "Acne")
    assert same("due_date", None, "")
    assert not same("due_date", "2026-01-01", None)


def test_a_slip_of_the_fingers_changes_a_number_and_keeps_its_characters() -> None:
    for number in ("INV-2026-0417", "77", "A1", "RE/24/0099"):
        assert slipped(number) != number
    assert Counter(slipped("INV-2026-0417")) == Counter("INV-2026-0417")


def test_a_paper_is_known_again_by_its_bytes_and_a_marked_copy_by_its_mark() -> None:
    pile = Pile()
    pile.make("first", [Paper(seed=5)], lambda: None)
    pile.make("again", [Paper(again="first"), Paper(again="first", resend=True)], lambda: None)
    original, copy, marked = (pile.by_ticket["first"][0], *pile.by_ticket["again"])
    assert pile.truth(original.content) == pile.truth(copy.content) == original.truth
    assert not pile.marked_copy(original.content)
    assert pile.marked_copy(marked.content)
    assert pile.truth(b"somebody else's") is None


def test_only_what_differs_from_the_paper_is_typed() -> None:
    truth = generate("invoice", 6).truth
    shown = {name: {"value": value} for name, value in truth.fields.items()}
    figures = ("quantity", "unit_price", "tax_rate", "net")
    lines = [{name: getattr(line, name) for name in figures} for line in truth.lines]
    assert differences(truth, shown, tuple(truth.fields)) == {}
    assert typed_lines(truth, lines) is None
    shown["number"] = {"value": "wrong"}
    lines[0]["net"] = "0.01"
    assert differences(truth, shown, tuple(truth.fields)) == {"number": truth.fields["number"]}
    typed = typed_lines(truth, lines)
    assert typed is not None
    assert typed[0]["net"] == truth.lines[0].net


def test_without_the_paper_missing_values_are_derived_or_the_document_is_left() -> None:
    document = {"doc_type": "invoice", "received_at": "2026-11-21T10:00:00Z", "fields": {
        "total": {"value": "119.00"}, "tax_total": {"value": "19.00"}, "number": {"value": "7"}}}  # fmt: skip
    typed, why = folder.filled(document, "EUR")
    assert why == ""
    assert Decimal(typed["net_total"]) == 100
    assert (typed["currency"], typed["issue_date"]) == ("EUR", "2026-11-21")
    assert typed["supplier_name"] == folder.UNREADABLE
    assert folder.filled({**document, "fields": {}}, "EUR")[1]
    assert folder.filled({**document, "doc_type": "unknown"}, "EUR")[1]


def test_a_folder_is_collected_without_hidden_files_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    with pytest.raises(StackError, match="no files"):
        folder.collect(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"a")
    assert folder.collect(tmp_path) == (tmp_path / "a.pdf",)


def test_parcels_hold_every_file_once_in_order(tmp_path: Path) -> None:
    paths = []
    for number in range(folder.MOST_PER_TICKET * 2 + 1):
        paths.append(tmp_path / f"{number:03d}.pdf")
        paths[-1].write_bytes(b"x")
    made = folder.parcels(paths)
    assert [path for parcel in made for path in parcel] == paths
    assert [len(parcel) for parcel in made] == [folder.MOST_PER_TICKET, folder.MOST_PER_TICKET, 1]


def test_one_ticket_check_or_surprise_out_of_plan_makes_the_run_a_failure() -> None:
    done = Outcome("x", "X-1", "c", "s", "", "closed", "on time", 1, 1, 0, 0, 0, 1, Decimal(1), 0, 0, 0)
    day = Day("http://localhost", Pile(), Tickets(()), {})
    well = Report(day, (done,), checks=[Check("Books", True, "")], files=[{"file": "f"}])
    assert well.ok
    assert not replace(well, outcomes=(replace(done, why=("is open",)),)).ok
    assert not replace(well, checks=[Check("Books", False, "")]).ok
    day.problem("something unexpected")
    assert not well.ok


class _Screen(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


async def test_what_nobody_planned_is_counted_without_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many papers people look at is known at the end of the day alone: no bar says 126 of 0."""
    screen = _Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    day = Day("", Pile(), Tickets([]), {}, done=Counter(keyed=100, passed=26, accepted=7))
    with Board() as board:
        await _all_ended(day, board)
    shown = " ".join(screen.getvalue().split())
    assert "Looked at by people" in shown and "126" in shown and "126/" not in shown
    assert "Requests finished" in shown and "0/0" in shown


def test_a_plain_line_of_progress_counts_in_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    Board().show("Looked at by people", 126)
    Board().show("Requests finished", 3, 40)
    assert capsys.readouterr().err.splitlines() == ["looked at by people 126", "requests finished 3/40"]
