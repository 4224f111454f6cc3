"""A supplier's memory: thirty corrected papers make the next ones need far less of a person, and none goes wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from benchmarks.learning import ASKED, Desk, asked_for, measure
from schemas.extraction import ExtractedField
from ticketos.ai.extract.analysis import analyse
from ticketos.ai.extract.memory import Corrected, SupplierMemory, learn, pages_of, recognise
from ticketos.ai.extract.memory.apply import apply_memory
from ticketos.ai.extract.memory.paper import MOST_WORDS, packed
from ticketos.ai.extract.memory.places import same_value
from ticketos.ai.ocr.page import plain_text
from ticketos.dev.sim.documents.composed import Paper, compose
from ticketos.lines.data_entry import rules


def paper(seed: int, maker: str = "m1") -> Paper:
    return compose("invoice", seed, market="DE", maker=maker, buyer="b", lines=2)


def taught(
    papers: int, maker: str = "m1", fields: tuple[str, ...] = ("number", "issue_date", "total")
) -> SupplierMemory:
    memory = SupplierMemory(maker)
    for seed in range(papers):
        it = paper(seed, maker)
        seen = frozenset({"supplier_name", "supplier_address", "currency", *fields})
        memory = learn(memory, Corrected(it.text_words().pages, it.known(), {}, seen))
    return memory


@pytest.mark.parametrize(("kind", "damage"), [("invoice", None), ("receipt", None)])
def test_thirty_corrected_papers_spare_most_of_the_keying(kind: str, damage: float | None) -> None:
    tally = measure(kind, suppliers=2, papers=30, fresh=4, seed=77, damage=damage)  # type: ignore[arg-type]
    assert tally.recognised == tally.papers
    assert tally.needed["before"].total() > 10, "the supplier must need people at first"
    assert tally.fall() >= ASKED
    assert not tally.wrong["after"], "what passes by itself must be right"


def test_one_correction_counts_at_once() -> None:
    desk, first, second = Desk(None), paper(1), paper(2)
    reading = desk.read(first, [])
    reading["fields"]["supplier_name"]["value"] = "Nonsense"
    reading["fields"].pop("supplier_address", None)
    reading["fields"]["supplier_name"]["auto"] = False
    memory = desk.correct(first, reading, [], "invoice")
    again = desk.read(second, memory)
    assert again["memory"]["papers"] == 1
    name = again["fields"]["supplier_name"]["value"]
    assert same_value("supplier_name", name, second.truth.fields["supplier_name"])
    assert "supplier_name" not in asked_for("invoice", again)


def test_memory_finds_a_value_the_reader_did_not() -> None:
    it, memory = paper(50), taught(12)
    found = analyse(it.text_words().pages)
    for name in ("number", "total", "issue_date"):
        found.fields.pop(name, None)
    after, said = apply_memory(found, it.text_words().pages, [memory])
    assert said is not None
    for name in ("number", "total", "issue_date"):
        field = after.fields[name]
        assert field.value == it.truth.fields[name], name
        assert field.page is not None
        assert field.box is not None
        assert field.confidence > 0.85
    assert {"number", "total", "issue_date"} <= set(said.changed)


def test_more_agreement_makes_surer() -> None:
    it = paper(60)
    sure = []
    for count in (1, 2, 4):
        found = analyse(it.text_words().pages)
        found.fields.pop("number", None)
        after, _ = apply_memory(found, it.text_words().pages, [taught(count)])
        sure.append(after.fields["number"].confidence)
    assert sure[0] < sure[1] < sure[2]


def test_a_reader_that_was_always_wrong_here_is_believed_no_more() -> None:
    memory = taught(10)
    number = memory.of("number")
    it = paper(61)
    found = analyse(it.text_words().pages)
    found.fields["number"] = ExtractedField(value="4711-WRONG", confidence=0.97, source="text")
    beliefs = []
    for right, wrong in ((10, 0), (0, 10)):
        memory.fields["number"] = replace(number, right=right, wrong=wrong)
        after, _ = apply_memory(found, it.text_words().pages, [memory])
        beliefs.append(after.fields["number"])
    assert beliefs[1].value == it.truth.fields["number"]
    assert beliefs[0].confidence < 0.9, "memory and a reader that was right so far disagree: a person decides"


def test_a_field_that_is_never_on_the_paper_is_not_invented() -> None:
    memory = SupplierMemory("m1")
    for seed in range(8):
        it = paper(seed)
        final = {**it.known(), "po_number": None, "buyer_name": None}
        read = {"po_number": "12", "buyer_name": "Cash"}
        memory = learn(memory, Corrected(it.text_words().pages, final, read, frozenset(read)))
    it = paper(70)
    found = analyse(it.text_words().pages)
    found.fields["po_number"] = ExtractedField(value="12", confidence=0.7, source="text")
    found.fields["buyer_name"] = ExtractedField(value="Cash", confidence=0.7, source="text")
    after, said = apply_memory(found, it.text_words().pages, [memory])
    assert said is not None
    assert "po_number" not in after.fields
    assert "buyer_name" not in after.fields


def test_another_suppliers_paper_is_not_taken_for_it() -> None:
    memories = [taught(3, maker) for maker in ("m1", "m2", "m3")]
    for maker, memory in zip(("m1", "m2", "m3"), memories, strict=True):
        pages = paper(80, maker).text_words().pages
        known = recognise(memories, pages)
        assert known is not None
        assert known.memory is memory
    for seed in range(25):
        stranger = (
            compose("invoice", seed, market="DE", maker=f"stranger{seed}", buyer="b").text_words().pages
        )
        assert recognise(memories, stranger) is None
        found = analyse(stranger)
        assert apply_memory(found, stranger, memories) == (found, None)


def test_the_clients_own_number_makes_no_paper_anothers() -> None:
    """A number that stands on all papers of a client, since it is its own, tells no supplier from another."""
    known = [taught(4, "m1"), taught(4, "m2")]
    own = paper(1).contents.buyer.tax_id
    known[0].of("supplier_tax_id").values = {own: 1}
    for one in known:
        one.of("buyer_tax_id").values = {own: 2}
    stranger = paper(5, "m3").text_words().pages
    assert own in plain_text(stranger)
    assert recognise(known, stranger) is None
    for one in known:
        one.fields.pop("buyer_tax_id")
    found = recognise(known, stranger)
    assert found is not None, "the number alone would have done it"
    assert found.memory.key == "m1"


def test_a_number_that_is_buyers_and_suppliers_at_once_is_not_learnt_as_the_suppliers() -> None:
    it = paper(1)
    final = it.known() | {"supplier_tax_id": "DE136695976", "buyer_tax_id": "DE 136 695 976"}
    memory = learn(SupplierMemory("m1"), Corrected(it.text_words().pages, final, {}, frozenset({"number"})))
    assert "supplier_tax_id" not in memory.fields


def test_the_issuers_own_data_is_left_alone() -> None:
    it = paper(90)
    found = analyse(it.text_words().pages)
    found.fields["number"] = ExtractedField(value="FROM-XML", confidence=0.99, source="xml")
    after, said = apply_memory(found, it.text_words().pages, [taught(10)])
    assert said is not None
    assert after.fields["number"].value == "FROM-XML"


def test_what_nobody_looked_at_does_not_confirm_itself() -> None:
    it = paper(1)
    memory = learn(SupplierMemory("m1"), Corrected(it.text_words().pages, it.known(), {}, frozenset()))
    assert not memory.fields.get("number")
    assert memory.usual("supplier_name") == it.truth.fields["supplier_name"]


def test_a_supplier_that_rounds_its_totals_is_understood_and_another_sum_is_not() -> None:
    memory = SupplierMemory("m1")
    pages = paper(1).text_words().pages
    for net, tax, total in (
        ("100.20", "18.04", "118.00"),
        ("50.00", "9.00", "59.00"),
        ("10.40", "1.87", "12.00"),
    ):
        final = {"net_total": net, "tax_total": tax, "total": total}
        memory = learn(memory, Corrected(pages, final, {}, frozenset()))
    assert memory.rounding == Decimal(1)
    assert SupplierMemory.from_json(memory.as_json()).rounding == Decimal(1)

    def agrees(total: str, rounding: Decimal | None) -> bool:
        values = {"net_total": "200.30", "tax_total": "36.05", "total": total}
        fields = {name: rules.FieldValue(value, 1.0) for name, value in values.items()}
        results = rules.checks("invoice", fields, [], date(2026, 1, 1), rounding=rounding)
        return next(it.ok for it in results if it.name == "net_plus_tax")

    assert agrees("236.00", memory.rounding)
    assert not agrees("236.00", None)
    assert not agrees("237.00", memory.rounding), "rounded the other way is another sum"
    assert not agrees("236.20", memory.rounding)
    five = SupplierMemory("m1")
    for tax, total in (("6.03", "106.05"), ("6.02", "106.00"), ("5.98", "106.00"), ("6.08", "106.10")):
        final = {"net_total": "100", "tax_total": tax, "total": total}
        five = learn(five, Corrected(pages, final, {}, frozenset()))
    assert five.rounding == Decimal("0.05"), "wholes by chance do not make it a rupee"
    other = learn(
        memory, Corrected(pages, {"net_total": "10", "tax_total": "1", "total": "18"}, {}, frozenset())
    )
    assert other.rounding is None


def test_memory_survives_storage_and_stays_small() -> None:
    memory = taught(30)
    stored = json.loads(json.dumps(memory.as_json()))
    assert len(json.dumps(stored)) < 16_000
    it = paper(95)
    found = analyse(it.text_words().pages)
    found.fields.pop("number", None)
    after, _ = apply_memory(found, it.text_words().pages, [SupplierMemory.from_json(stored)])
    assert after.fields["number"].value == it.truth.fields["number"]


def test_the_words_kept_for_learning_are_bounded_and_come_back() -> None:
    long = compose("invoice", 3, market="DE", maker="m1", lines=160).text_words().pages
    kept = packed(long)
    assert sum(len(page["words"]) for page in kept) <= MOST_WORDS
    again = pages_of(json.loads(json.dumps(kept)))
    assert [word.text for word in again[0].words] == [word.text for word in long[0].words][
        : len(again[0].words)
    ]
    assert again[0].rows[0].text == long[0].rows[0].text


def test_a_nought_recurs_and_teaches_no_place() -> None:
    """No tax is keyed as 0.00, which also stands where a till prints that there was no change."""
    memory = SupplierMemory("m1")
    for seed in range(8):
        it = paper(seed)
        final = {**it.known(), "tax_total": "0.00"}
        memory = learn(memory, Corrected(it.text_words().pages, final, {}, frozenset({"tax_total"})))
    assert not memory.fields["tax_total"].places
    it = paper(70)
    found = analyse(it.text_words().pages)
    found.fields["tax_total"] = ExtractedField(value="12.00", confidence=0.5, source="text")
    after, _ = apply_memory(found, it.text_words().pages, [memory])
    assert after.fields["tax_total"].value == "0.00"
    found.fields.pop("tax_total")
    after, _ = apply_memory(found, it.text_words().pages, [memory])
    assert "tax_total" not in after.fields
