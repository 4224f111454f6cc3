"""A request of a line that reads documents, worked by a person: what was delivered stays a unit when files come later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.support.memory import START, document, ticket
from tests.support.one_request import DEFECT, SIGNED, Request
from tests.support.running import REVIEWER
from ticketos.domain import handwork, quality, rework
from ticketos.domain.changes import SetDocument, Verdict
from ticketos.domain.deadline import TURNAROUND
from ticketos.domain.state import Actor, DocumentState
from ticketos.domain.terms import ReworkTerms


def test_what_the_client_accepts_is_billed_though_a_file_came_while_it_was_offered() -> None:
    request = Request()
    request.finish("work", note="called the supplier")
    paper = request.reply()
    assert request.decide("accept") == "accepted"
    assert (request.work["approval"], request.world.documents[paper.id].state) == ("accepted", "posted")
    assert request.decide("accept") == "accepted", "the file that came has a round of its own"
    assert request.row.state == "closed"
    assert request.billed() == ["document", "ticket"]
    shown = [m.values.get("work") for m in request.world.mails.values() if m.template == "approval"]
    assert [one and one["note"] for one in shown] == ["called the supplier", None], (
        "the papers are decided on alone"
    )


def test_a_review_that_fails_counts_though_a_file_came_meanwhile() -> None:
    request = Request(terms={**SIGNED, "qa": {"sample_rate": "1"}})
    request.finish("work", note="called the supplier")
    request.reply()
    assert request.finish("qa_review", REVIEWER, verdict="fail", defects=[DEFECT]) == "fail"
    assert (request.row.stage, request.row.round) == ("delivery", 1)
    again = request.task("work")
    assert again.round == 1 and again.payload["defects"][0]["field"] == "result"


def test_a_file_that_comes_in_rework_leaves_no_defect_open_and_the_ticket_closes() -> None:
    request = Request()
    request.finish("work", note="called the supplier")
    request.decide("return", reason="which supplier?")
    request.reply()
    request.finish("work", note="called Sunrise Traders")
    request.finish("qa_review", REVIEWER, verdict="pass")
    request.decide("accept")
    request.decide("accept")
    assert request.row.state == "closed"
    assert all(s.closed_at for s in request.world.subs.values() if s.kind == "defect")
    assert request.billed() == ["document", "ticket"]


def test_both_kinds_that_go_back_have_a_round_each_and_none_passes_before_its_own() -> None:
    plain = ticket(100, documents_total=1)
    note = handwork.result_of({"note": "called the supplier"}, (), plain, Actor("user"), START)
    request = replace(plain, detail={"work": {**note, "quality": "passed", "approval": "returned"}})
    work = handwork.unit(request)
    assert work is not None
    paper = document(1, request, state="posted", quality="failed")

    def begin(*units: DocumentState) -> Verdict:
        return rework.begin(request, units, (), ReworkTerms(), 0, START, uuid4)

    def sent(verdict: Verdict) -> list[UUID]:
        return [c.document_id for c in verdict.changes if isinstance(c, SetDocument)]

    papers, mine = begin(paper, work), begin(work)
    assert (sent(papers), papers.facts["by_hand"]) == ([paper.id], False)
    assert (sent(mine), mine.facts["by_hand"]) == ([request.id], True)
    mended = replace(paper, quality="passed", round=1)
    assert quality.conclude(request, (mended, work), (), START).outcome == "failed", (
        "the work waits for its own"
    )
    assert quality.conclude(request, (mended,), (), START).outcome == "passed"


def test_a_correction_after_reopening_is_judged_and_signed_off_and_not_billed() -> None:
    request = Request(files=1, terms={**SIGNED, "qa": {"sample_rate": "1"}})
    request.finish("qa_review", REVIEWER, verdict="pass")
    request.decide("accept")
    assert request.billed() == ["document"]
    request.reopen("the cost centre is wrong", days=1)
    request.finish("work", note="moved it to cost centre 4")
    review = request.task("qa_review")
    assert review.subject_id is None and str(UUID(int=7)) in review.payload["exclude"]
    request.finish("qa_review", REVIEWER, verdict="pass")
    assert request.row.stage == "approval"
    assert request.decide("accept") == "accepted"
    assert request.row.state == "closed" and request.work["approval"] == "accepted"
    assert request.billed() == ["document"], "it mends what was billed"


@pytest.mark.parametrize("how", ["accept", "silence", "no sign-off"])
def test_files_that_came_later_are_worked_on_against_the_clock(how: str) -> None:
    request = Request(terms={**SIGNED, "approval": {"required": how != "no sign-off", "deemed_s": 3_600}})
    paper = request.reply(total="1118.00") if how == "no sign-off" else None
    request.finish("work", note="called the supplier")
    paper = paper or request.reply(total="1118.00")
    request.now += timedelta(hours=2)
    if how == "accept":
        request.decide("accept")
    elif how == "silence":
        request.flow.tick()
        request.go_on()
    assert request.task("keying").subject_id == paper.id
    clock = request.clock(TURNAROUND)
    assert clock.stopped_at is None
    request.finish("keying", fields={"total": "118.00"})
    if how != "no sign-off":
        request.decide("accept")
    assert request.row.state == "closed" and request.clock(TURNAROUND).stopped_at is not None


def test_the_quality_ticket_tells_the_last_round_with_when_it_ended() -> None:
    request = Request()
    request.finish("work", note="called the supplier")
    request.decide("return", reason="which supplier?")
    request.now += timedelta(minutes=90)
    request.finish("work", note="called Sunrise Traders")
    request.finish("qa_review", REVIEWER, verdict="pass")
    (last,) = request.world.subs[request.row.id, quality.KEY].detail["rework"]
    assert (last["open_minutes"], last["closed_at"]) == ("90.0", request.now.isoformat())


@pytest.mark.parametrize(
    ("item", "said", "kept"), [("result", "non_critical", "critical"), ("files", "critical", "non_critical")]
)
def test_how_grave_a_defect_of_work_by_hand_is_no_form_decides(item: str, said: str, kept: str) -> None:
    request = Request(terms={**SIGNED, "qa": {"sample_rate": "1"}})
    request.finish("work", note="called the supplier")
    request.finish("qa_review", REVIEWER, verdict="fail", defects=[{"field": item, "severity": said}])
    (found,) = [q for _, q in request.world.checks if q.level == 2]
    assert [d["severity"] for d in found.defects] == [kept]
