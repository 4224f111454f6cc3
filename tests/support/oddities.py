"""Papers of a trade with a habit the shipped reader does not know: what its papers call the total is not what people
key as one."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence

from ticketos.ai.ocr.page import Page, Word, fraction

WIDTH, HEIGHT = 600.0, 850.0
NAMES = ("Bright Paper", "Nordholm Tools", "Castell Foods", "Ravi Traders", "Milton Glass", "Oakway Print")


def sheet(rows: Sequence[str]) -> list[Page]:
    """A page with one row per text; a bar starts a column at the right."""
    words = []
    for index, row in enumerate(rows):
        y = 30.0 + 24 * index
        for left, part in zip((40.0, 380.0), row.split("|"), strict=False):
            x = left
            for text in part.split():
                box = (x, y, x + 8.0 * len(text), y + 14)
                words.append(Word(text, *box, fraction(*box, WIDTH, HEIGHT), 1.0))
                x = box[2] + 6
    return [Page(1, WIDTH, HEIGHT, tuple(words), "text")]


def odd(seed: int) -> tuple[list[Page], dict[str, str | None]]:
    """A paper of a trade that prints the price by list as its total, and what is to be paid as the amount due: people
    here key what is to be paid."""
    rng = random.Random(seed)
    listed = rng.randint(2_000, 90_000)
    off = listed * rng.choice((3, 5, 8)) // 100
    name = f"{rng.choice(NAMES)} {rng.choice(('Ltd', 'GmbH', 'LLC'))}"
    number = f"{rng.choice(('R', 'INV', 'K'))}-{rng.randint(1_000, 99_999)}"
    rows = [
        name, "14 Mill Lane", "Leeds LS1 4AB", "INVOICE", f"Invoice No: {number}",
        f"Invoice date: {rng.randint(1, 28):02d}/0{rng.randint(1, 9)}/2026",
        *(f"Item {n}|{rng.randint(100, 1900) / 100:.2f}" for n in range(rng.randint(1, 4))),
        f"Total|{listed / 100:.2f}", f"Bonus|{off / 100:.2f}", f"Amount due|{(listed - off) / 100:.2f}",
    ]  # fmt: skip
    return sheet(rows), {"total": f"{(listed - off) / 100:.2f}", "number": number, "supplier_name": name}


def pdf_of(pages: Sequence[Page]) -> bytes:
    """A PDF with these words where they stand, in a font of PDF's own."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH:.0f} {HEIGHT:.0f}] /Contents 5 0 R"
               " /Resources << /Font << /F 4 0 R >> >> >>",
               "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"]  # fmt: skip
    drawn = "\n".join(
        f"BT /F 13 Tf {word.x0:.1f} {HEIGHT - word.y1 + 3:.1f} Td ({word.text}) Tj ET"
        for word in pages[0].words
    )
    objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    out, places = io.StringIO(), []
    out.write("%PDF-1.4\n")
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n")
    out.writelines(f"{place:010d} 00000 n \n" for place in places)
    out.write(f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n")
    return out.getvalue().encode("latin-1")
