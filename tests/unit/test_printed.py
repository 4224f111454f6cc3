"""Lists and reports on paper: tagged, searchable, numbered, right in every script; nothing is loaded from anywhere."""

from __future__ import annotations

import io
import subprocess
from decimal import Decimal
from typing import Any

import pypdf
import pytest

from api.portal.charts import Chart, Series
from ticketos.reports.printed import Drawn, Heading, Report, Table, held, listing, most_rows, report


def kinds(content: bytes) -> list[tuple[str, str | None]]:
    """Every tag of the structure with its alternative text, in order."""
    root: Any = pypdf.PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or bool(root["/MarkInfo"]["/Marked"])
    found: list[tuple[str, str | None]] = []

    def walk(node: Any) -> None:
        node = node.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append((node["/S"], node.get("/Alt")))
            if "/K" in node:
                walk(node["/K"])

    walk(root["/StructTreeRoot"])
    return found


def words(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_a_list_has_its_head_and_number_on_every_page_and_says_who_made_it_when() -> None:
    lines = [(f"INV-{n}", "कावेरी", Decimal("100000.50"), True, None) for n in range(80)]
    made = listing(
        Heading("Invoices", "23 Nov 2026, 80 rows"), ("Number", "Client", "Net amount", "Paid", "x"), lines
    )
    pages = pypdf.PdfReader(io.BytesIO(made)).pages
    assert len(pages) > 1
    for n, page in enumerate(pages, 1):
        text = page.extract_text()
        assert f"Page {n} of {len(pages)}" in text
        assert "Net amount" in text
    assert "1,00,000.5" in words(made)
    assert "INV-79" in words(made)
    tags = [name for name, _ in kinds(made)]
    assert {"/H1", "/Table", "/TH", "/TD"} <= set(tags)


def test_a_long_list_is_made_by_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [(f"ACME-26-{n:06}", "कावेरी <b>", Decimal(n)) for n in range(600)]
    seen: list[object] = []
    real = subprocess.run

    def run(argv: list[str], **how: Any) -> Any:
        seen.append(argv[1:])
        return real(argv, **how)

    monkeypatch.setattr("ticketos.reports.printed.subprocess.run", run)
    made = listing(Heading("Requests", "600 rows"), ("Number", "Subject", "Net"), lines)
    assert seen == [["-m", "ticketos.reports.printer"]]
    text = words(made)
    assert "ACME-26-000599" in text
    assert "<b>" in text
    assert {"/H1", "/Table", "/TH"} <= {name for name, _ in kinds(made)}
    listing(Heading("Requests", "3 rows"), ("Number", "Subject", "Net"), lines[:3])
    assert len(seen) == 1


def test_a_list_has_a_bound_by_its_cells() -> None:
    assert (most_rows(3), most_rows(8), most_rows(16), most_rows(90)) == (1_000, 750, 375, 66)


def test_nothing_in_a_cell_is_markup_and_nothing_is_loaded() -> None:
    evil = '<img src="file:///etc/hostname"><style>@import "https://evil.example/x.css"</style><b>x</b>'
    made = listing(Heading(evil, evil), (evil,), [(evil,)])
    assert "evil.example" in words(made).replace("\n", "")
    assert "/Figure" not in [name for name, _ in kinds(made)]
    for address in (
        "https://evil.example/x.png",
        "file:///etc/hostname",
        "data:image/png;base64,AA==",
        "chart:9",
    ):
        with pytest.raises(ValueError, match="loads nothing"):
            held(address, {"chart:0": b"<svg/>"})
    assert held("chart:0", {"chart:0": b"<svg/>"}).read() == b"<svg/>"


def test_a_report_draws_its_charts_with_what_they_say_in_words() -> None:
    chart = Chart("Volume", ["Oct", "Nov"], [Series("Requests", [3, 5]), Series("Delivered", [2, 4])])
    drawn = Drawn(
        "Volume",
        str(chart.svg),
        ("Month", "Requests", "Delivered"),
        [("Oct", "3", "2"), ("Nov", "5", "4")],
        ("Requests", "Delivered"),
    )
    table = Table("Cost", ("Month", "Net"), [("Nov", "₹1,00,000.00")], "Nothing was billed.", numbers=1)
    none = Table("Escalations", ("Request",), [], "Nothing was escalated.")
    made = report(Report("Service report", "कावेरी फूड्स", "made now", [drawn, table, none]))
    text = words(made)
    for said in ("Service report", "Volume", "₹1,00,000.00", "Nothing was escalated.", "Page 1 of", "Oct"):
        assert said in text, said
    assert "Nothing was billed." not in text
    assert ("/Figure", "Volume") in kinds(made)
    # The columns are drawn in their own ink, on the page and not as a picture.
    page = pypdf.PdfReader(io.BytesIO(made)).pages[0]
    assert not list(page.images)
    fonts = {str(font["/FontDescriptor"]["/FontName"]) for font in fonts_of(page)}
    assert any("Devanagari" in name for name in fonts), fonts


def fonts_of(page: Any) -> list[Any]:
    """What the page's letters are drawn with."""
    found = []
    for font in page["/Resources"]["/Font"].values():
        inner = font.get_object()
        found.append(inner["/DescendantFonts"][0].get_object() if "/DescendantFonts" in inner else inner)
    return found
