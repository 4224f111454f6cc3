"""Suppliers a client is known to buy from reach the reader itself, not only what memory says beside it."""

from __future__ import annotations

from tests.support.papers import paper
from ticketos.ai.extract.memory import Corrected, SupplierMemory, learn
from ticketos.ai.extract.memory.apply import understand

RIGHT, MISREAD = "Kedai Buku Harapan Sdn Bhd", "Kedai Buku Harapam Sdn Bhd"
DRAWING = """
{name}
NO 12, JALAN MERANTI 3, 81100 JOHOR BAHRU

TAX INVOICE
Invoice No: INV-77
Date: 03/02/2026

Total        123.00
"""


def test_the_readers_own_word_for_a_misread_supplier_is_the_known_spelling() -> None:
    corrected = Corrected(
        paper(DRAWING.format(name=RIGHT)).pages, {"supplier_name": RIGHT}, {}, frozenset({"supplier_name"})
    )
    known = learn(SupplierMemory("kedai buku harapan"), corrected)
    pages = list(paper(DRAWING.format(name=MISREAD)).pages)
    assert understand(pages).unaided["supplier_name"] == MISREAD
    assert understand(pages, [known]).unaided["supplier_name"] == RIGHT
