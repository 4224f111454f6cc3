"""What a second reader's agreement is worth."""

from __future__ import annotations

import pytest

from schemas.extraction import ExtractedField
from ticketos.ai.extract.analysis import Findings
from ticketos.ai.extract.confidence import second_opinion


def found(name: str, value: str, confidence: float = 0.8) -> Findings:
    field = ExtractedField(value=value, confidence=confidence, source="ocr")
    return Findings("receipt", {name: field}, evidence={name: {"value": 1.0}})


def weight(name: str, first: str, second: str) -> float:
    return second_opinion(found(name, first), found(name, second)).evidence[name]["second"]


def test_the_same_letters_read_twice_make_a_value_likelier() -> None:
    assert weight("total", "12.50", "12.50") > 1


@pytest.mark.parametrize("name", ["supplier_name", "buyer_name", "supplier_address"])
def test_they_do_not_tell_whose_name_it_is(name: str) -> None:
    assert weight(name, "Cafe Roma, branch 7", "Cafe Roma, branch 7") == 1


@pytest.mark.parametrize("name", ["total", "supplier_name"])
def test_what_is_disputed_is_less_likely(name: str) -> None:
    assert weight(name, "12.50", "72.50") < 1


def test_the_surer_of_two_readings_is_taken() -> None:
    chosen = second_opinion(found("total", "12.50", 0.4), found("total", "72.50", 0.9))
    assert chosen.fields["total"].value == "72.50"
