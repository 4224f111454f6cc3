"""Personal data leaves no text for a model outside, and comes back into its answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketos.ai.redaction import MARK, redact


@pytest.mark.parametrize(
    ("text", "datum", "kind"),
    [
        ("Contact: Anita Rao Tel: 1", "Anita Rao", "person"),
        ("Kind attn: Mr. Suresh Iyer, Accounts", "Mr. Suresh Iyer", "person"),
        ("Ansprechpartner: Frau Petra Lang-Öder", "Frau Petra Lang-Öder", "person"),
        ("à l'attention de Mme Dupont", "Mme Dupont", "person"),
        ("mail anita.rao+bills@kaveri.co.in now", "anita.rao+bills@kaveri.co.in", "email"),
        ("UPI kaveri.foods@okhdfc", "kaveri.foods@okhdfc", "payment id"),
        ("IBAN DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00", "iban"),
        ("Bank A/C No: 1234 5678 9012", "1234 5678 9012", "account"),
        ("Konto-Nr. 532013000", "532013000", "account"),
        ("Tel.: 080-2345 6789", "080-2345 6789", "phone"),
        ("ring +49 (89) 123-456", "+49 (89) 123-456", "phone"),
        ("Aadhaar 2341 2341 2346", "2341 2341 2346", "personal id"),
        ("PAN ABCPE1234F", "ABCPE1234F", "personal id"),
        ("card 4111 1111 1111 1111", "4111 1111 1111 1111", "card"),
    ],
)
def test_a_personal_datum_becomes_a_mark(text: str, datum: str, kind: str) -> None:
    clean = redact(text)
    assert datum not in clean.text
    assert clean.counts == {kind: 1}
    assert clean.restored(clean.text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Invoice No. INV-2026-00123 of 12.03.2026",
        "GSTIN 29AAGCB7383J1Z4 and USt-IdNr. DE811569869",
        "Total 12,34,567.00 INR, net 1.046.243,22 EUR",
        "GTIN 4006381333931 Order 2026-000123-77, delivery note 4501234567",
        "Please contact us at once",
        "MG Road 12, 560001 Bengaluru",
    ],
)
def test_what_a_document_is_read_for_stays(text: str) -> None:
    assert redact(text).text == text


def test_the_same_datum_has_the_same_mark() -> None:
    clean = redact("a@b.example, c@d.example, a@b.example")
    assert clean.text == "[EMAIL-1], [EMAIL-2], [EMAIL-1]"


def test_a_mark_printed_on_a_paper_gets_nobodys_datum() -> None:
    clean = redact("supplier [EMAIL-1] mail a@b.example")
    assert clean.text.count("[EMAIL-1]") == 1 and "a@b.example" not in clean.text
    assert clean.restored("[EMAIL-2] [IBAN-1]") == "[EMAIL-2] [IBAN-1]", "a mark made up stands for nothing"


@given(st.text(max_size=200))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    clean = redact(text)
    assert clean.restored(clean.text) == MARK.sub(" ", text)
