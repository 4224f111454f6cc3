"""Files that must not be read as documents, each with the reason a careful reader gives."""

from __future__ import annotations

import datetime as dt
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

import pypdfium2 as pdfium
from PIL import Image, ImageDraw, ImageFilter
from pypdf import PdfReader, PdfWriter

from ticketos.dev.sim.documents.canvas import Canvas
from ticketos.dev.sim.documents.samples import generate
from ticketos.dev.sim.documents.truth import FIELD_NAMES, BrokenKind, SampleDocument, Truth

PDF, PNG, XML = "application/pdf", "image/png", "application/xml"


def broken(kind: BrokenKind, seed: int) -> SampleDocument:
    """A broken file of the kind. Its truth has type ``broken`` and the kind, with hyphens, as the reason."""
    make, suffix, content_type = _MAKERS[kind]
    content = make(random.Random(f"broken/{kind}/{seed}"), seed)
    if kind == "not_a_document" and content.startswith(b"\x89PNG"):
        suffix, content_type = "png", PNG
    truth = Truth("broken", dict.fromkeys(FIELD_NAMES), [], reason=kind.replace("_", "-"))
    return SampleDocument(f"scan_{seed:05d}.{suffix}", content_type, content, truth)


def _invoice(seed: int) -> bytes:
    return generate("invoice", seed).content


def _encrypted(rng: random.Random, seed: int) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(_invoice(seed))))
    writer.encrypt(user_password=str(rng.getrandbits(64)), algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _empty(_rng: random.Random, _seed: int) -> bytes:
    return b""


def _truncated(rng: random.Random, seed: int) -> bytes:
    content = _invoice(seed)
    return content[: round(len(content) * rng.uniform(0.3, 0.8))]


def _wrong_type(rng: random.Random, seed: int) -> bytes:
    """Something else under a PDF's name: a program, an archive, plain text."""
    choice = seed % 3
    if choice == 0:
        return b"MZ" + rng.randbytes(4096)
    if choice == 1:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(zipfile.ZipInfo("notes.txt", (2025, 1, 6, 9, 0, 0)), "meeting at ten")
        return out.getvalue()
    return b"Hello, please find the invoice attached.\n" * rng.randint(1, 20)


def _zero_page(_rng: random.Random, _seed: int) -> bytes:
    document = pdfium.PdfDocument.new()
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def _xml_bomb(rng: random.Random, _seed: int) -> bytes:
    """Nested entities that would grow to gigabytes, dressed as an invoice."""
    depth = rng.randint(9, 12)
    entities = ['<!ENTITY e0 "lol">'] + [f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, depth)]
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE Invoice [\n' + "\n".join(entities) + "\n]>\n"
        '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">'
        f"<ID>&e{depth - 1};</ID></Invoice>\n"
    ).encode()


def _pixel_bomb(rng: random.Random, _seed: int) -> bytes:
    """A few kilobytes of PNG that unpack to hundreds of millions of pixels."""
    width, height = rng.randint(19_000, 22_000), rng.randint(19_000, 22_000)
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row * 500) for _ in range(height // 500 + 1)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _not_a_document(rng: random.Random, seed: int) -> bytes:
    """A holiday picture, or a PDF letter with no business in it."""
    if seed % 2:
        canvas = Canvas("roman")
        text = (
            "Dear all, the summer picnic moves to the park by the river. Bring something to sit on "
            "and something to share. Children are welcome, dogs too. If it rains we meet in the hall."
        )
        canvas.text(70, 110, "Summer picnic", 26, bold=True)
        for index, line in enumerate(canvas.wrap(text, 440, 14)):
            canvas.text(70, 160 + index * 22, line, 14)
        return canvas.finish(dt.date(2025, 6, 1 + seed % 28))
    picture = Image.new("RGB", (900, 600), (120 + rng.randint(0, 60), 170, 220))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((rng.randint(500, 700), 60, 820, 190), fill=(250, 220, 120))
    for _ in range(6):
        x, peak = rng.randint(-100, 800), rng.randint(180, 380)
        pen.polygon([(x, 600), (x + 220, peak), (x + 440, 600)], fill=(40, rng.randint(80, 130), 70))
    out = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(2)).save(out, "PNG")
    return out.getvalue()


_MAKERS: dict[BrokenKind, tuple[Callable[[random.Random, int], bytes], str, str]] = {
    "encrypted": (_encrypted, "pdf", PDF),
    "empty": (_empty, "pdf", PDF),
    "truncated": (_truncated, "pdf", PDF),
    "wrong_type": (_wrong_type, "pdf", PDF),
    "zero_page": (_zero_page, "pdf", PDF),
    "xml_bomb": (_xml_bomb, "xml", XML),
    "pixel_bomb": (_pixel_bomb, "png", PNG),
    "not_a_document": (_not_a_document, "pdf", PDF),
}
