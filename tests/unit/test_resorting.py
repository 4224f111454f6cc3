"""When a request that AI classified by itself may still go to another line, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ticketos.domain import resorting
from ticketos.domain.resorting import ASKED, BEGUN, in_the_way

OPENED = datetime(2026, 11, 18, 9, tzinfo=UTC)
LATER = OPENED + timedelta(minutes=3)


@pytest.mark.parametrize(
    ("stage", "open_", "why"),
    [
        ("intake", (), ASKED),
        ("triage", (("triage", OPENED, None),), ASKED),
        ("triage", (), None),
        ("contract", (("contract", OPENED, LATER),), None),
        ("assignment", (), None),
        ("delivery", (("work", OPENED, None),), None),
        ("delivery", (("work", OPENED, OPENED),), None),
        ("delivery", (("work", OPENED, LATER),), BEGUN),
        ("delivery", (("keying", OPENED, None),), BEGUN),
        ("delivery", (), BEGUN),
        *(
            (stage, (("work", OPENED, None),), BEGUN)
            for stage in ("quality", "rework", "approval", "billing")
        ),
    ],
)
def test_it_goes_another_way_until_somebody_works_on_it(
    stage: str, open_: tuple[resorting.Waiting, ...], why: str | None
) -> None:
    assert in_the_way(stage, 1, 0, open_) == why


def test_what_was_delivered_once_goes_no_other_way() -> None:
    assert in_the_way("delivery", 1, 1, [("work", OPENED, None)]) == BEGUN
    assert in_the_way("contract", 2, 0, []) == BEGUN
