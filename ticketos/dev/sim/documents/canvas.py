"""Drawing on PDF pages through pdfium: text in an embedded typeface, lines, boxes.

Coordinates are points from the top left corner, y growing downwards. pdfium is not safe for threads:
one process draws one document at a time.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import functools
import hashlib
import io
import itertools
import math
import re
from pathlib import Path
from typing import Literal

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from fontTools import subset  # type: ignore[import-untyped, unused-ignore]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped, unused-ignore]

Align = Literal["left", "right", "center"]
Colour = tuple[int, int, int]
BLACK: Colour = (20, 20, 20)
GREY: Colour = (110, 110, 110)
A4 = (595.0, 842.0)

FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/System/Library/Fonts"),
    Path("/Library/Fonts"),
)
# Regular and bold file of each family; the macOS names stand in where the free ones are absent.
FAMILIES: dict[str, tuple[tuple[str, str], ...]] = {
    "sans": (("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"), ("Verdana.ttf", "Verdana Bold.ttf")),
    "condensed": (
        ("DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf"),
        ("Arial.ttf", "Arial Bold.ttf"),
    ),
    "serif": (("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf"), ("Georgia.ttf", "Georgia Bold.ttf")),
    "grotesk": (("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"), ("Arial.ttf", "Arial Bold.ttf")),
    "roman": (
        ("LiberationSerif-Regular.ttf", "LiberationSerif-Bold.ttf"),
        ("Times New Roman.ttf", "Times New Roman Bold.ttf"),
    ),
    "mono": (
        ("LiberationMono-Regular.ttf", "LiberationMono-Bold.ttf"),
        ("Courier New.ttf", "Courier New Bold.ttf"),
    ),
    "narrow": (
        ("LiberationSansNarrow-Regular.ttf", "LiberationSansNarrow-Bold.ttf"),
        ("Arial Narrow.ttf", "Arial Narrow Bold.ttf"),
    ),
    "typed": (("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"), ("Courier New.ttf", "Courier New Bold.ttf")),
    "humanist": (("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"), ("Tahoma.ttf", "Tahoma Bold.ttf")),
    "bookish": (("NotoSerif-Regular.ttf", "NotoSerif-Bold.ttf"), ("Georgia.ttf", "Georgia Bold.ttf")),
    "slim": (
        ("DejaVuSerifCondensed.ttf", "DejaVuSerifCondensed-Bold.ttf"),
        ("Georgia.ttf", "Georgia Bold.ttf"),
    ),
}
# Without no-break space and soft hyphen: they share the glyphs of space and hyphen, and a reader would get
# them back instead.
_CHARACTERS = [*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100), *map(ord, "ŒœŸ–—‘’“”„•…€₹−")]
_UNUSED_TABLES = [
    "FFTM",
    "GPOS",
    "GSUB",
    "GDEF",
    "kern",
    "MATH",
    "DSIG",
    "PCLT",
    "JSTF",
    "BASE",
    "gasp",
    "hdmx",
    "VDMX",
    "LTSH",
]


class FontsMissingError(RuntimeError):
    """No typeface of the family is installed."""


class Face:
    """One cut of a typeface: its embeddable bytes, cut down to Latin letters, and the widths of letters."""

    def __init__(self, path: Path) -> None:
        # Dropped before the cut, since reading the big layout tables costs more than the cut itself.
        font = TTFont(path, lazy=True, recalcTimestamp=False)
        for table in _UNUSED_TABLES:
            if table in font:
                del font[table]
        options = subset.Options(
            hinting=False, layout_features=[], name_IDs=[1, 2, 4, 6], notdef_outline=True
        )
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=_CHARACTERS)
        cutter.subset(font)
        out = io.BytesIO()
        font.save(out)
        data = out.getvalue()
        # pdfium wants a C array; made once, since every document embeds it again.
        self.data = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        units = font["head"].unitsPerEm
        metrics = font["hmtx"].metrics
        self._widths: dict[str, float] = {
            chr(code): metrics[name][0] / units for code, name in font.getBestCmap().items()
        }
        self.characters = frozenset(self._widths)

    def width(self, text: str, size: float) -> float:
        """The advance of the text in points."""
        widths = self._widths
        return size * sum(widths.get(char, 0.6) for char in text)

    def edges(self, text: str) -> list[float]:
        """Where each letter begins, and at last where the text ends, at size one."""
        widths = self._widths
        return [0.0, *itertools.accumulate(widths.get(char, 0.6) for char in text)]


@functools.cache
def _installed() -> dict[str, Path]:
    return {path.name: path for folder in FONT_FOLDERS if folder.is_dir() for path in folder.rglob("*.ttf")}


@functools.cache
def faces(family: str) -> tuple[Face, Face]:
    """Regular and bold of a family of :data:`FAMILIES`; raises :class:`FontsMissingError`."""
    files = _installed()
    for regular, bold in FAMILIES[family]:
        if regular in files and bold in files:
            return Face(files[regular]), Face(files[bold])
    raise FontsMissingError(f"none of the fonts for {family!r} is installed: {FAMILIES[family]}")


class Canvas:
    """A document being drawn, one page after the other."""

    def __init__(self, family: str, size: tuple[float, float] = A4) -> None:
        self.faces = faces(family)
        self.width, self.height = size
        self.pages = 0
        self._document = pdfium.PdfDocument.new()
        self._fonts = [
            raw.FPDFText_LoadFont(
                self._document.raw,
                face.data,
                len(face.data),
                raw.FPDF_FONT_TRUETYPE,
                True,
            )
            for face in self.faces
        ]
        self._page: object = None
        self.new_page()

    def new_page(self) -> None:
        """Ends the page and begins another of the same size."""
        self._finish_page()
        self._page = raw.FPDFPage_New(self._document.raw, self.pages, self.width, self.height)
        self.pages += 1

    def _finish_page(self) -> None:
        if self._page is not None:
            raw.FPDFPage_GenerateContent(self._page)
            raw.FPDF_ClosePage(self._page)
            self._page = None

    def text_width(self, text: str, size: float, *, bold: bool = False) -> float:
        """How wide the text will be, in points."""
        return self.faces[bold].width(text, size)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 9,
        *,
        bold: bool = False,
        align: Align = "left",
        colour: Colour = BLACK,
        stretch: float = 1.0,
        angle: float = 0.0,
    ) -> None:
        """Writes one line whose baseline is at ``y``; ``x`` is its left end, right end or middle.

        ``stretch`` widens the letters, ``angle`` turns the line anticlockwise about its left end, in degrees.
        """
        if not text:
            return
        if align != "left":
            x -= self.text_width(text, size, bold=bold) / (1 if align == "right" else 2)
        item = raw.FPDFPageObj_CreateTextObj(self._document.raw, self._fonts[bold], size)
        wide = ctypes.create_string_buffer(text.encode("utf-16-le") + b"\0\0")
        raw.FPDFText_SetText(item, ctypes.cast(wide, raw.FPDF_WIDESTRING))
        raw.FPDFPageObj_SetFillColor(item, *colour, 255)
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        raw.FPDFPageObj_Transform(item, stretch * cos, stretch * sin, -sin, cos, x, self.height - y)
        raw.FPDFPage_InsertObject(self._page, item)

    def wrap(self, text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
        """The text broken between words into lines no wider than ``width`` (a longer word stays whole)."""
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.text_width(longer, size, bold=bold) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines or [""]

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Colour | None = None,
        stroke: Colour | None = None,
    ) -> None:
        """A rectangle with its top left corner at (x, y)."""
        path = raw.FPDFPageObj_CreateNewRect(x, self.height - y - height, width, height)
        self._paint(path, fill, stroke, 0.7)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, width: float = 0.7, colour: Colour = BLACK
    ) -> None:
        """A straight line."""
        path = raw.FPDFPageObj_CreateNewPath(x1, self.height - y1)
        raw.FPDFPath_LineTo(path, x2, self.height - y2)
        self._paint(path, None, colour, width)

    def blob(self, points: list[tuple[float, float]], fill: Colour) -> None:
        """A filled polygon, for logos."""
        path = raw.FPDFPageObj_CreateNewPath(points[0][0], self.height - points[0][1])
        for x, y in points[1:]:
            raw.FPDFPath_LineTo(path, x, self.height - y)
        raw.FPDFPath_Close(path)
        self._paint(path, fill, None, 0)

    def _paint(self, path: object, fill: Colour | None, stroke: Colour | None, width: float) -> None:
        if fill is not None:
            raw.FPDFPageObj_SetFillColor(path, *fill, 255)
        if stroke is not None:
            raw.FPDFPageObj_SetStrokeColor(path, *stroke, 255)
            raw.FPDFPageObj_SetStrokeWidth(path, width)
        raw.FPDFPath_SetDrawMode(
            path, raw.FPDF_FILLMODE_ALTERNATE if fill else raw.FPDF_FILLMODE_NONE, stroke is not None
        )
        raw.FPDFPage_InsertObject(self._page, path)

    def finish(self, made_on: dt.date) -> bytes:
        """The PDF file. Date and id follow ``made_on`` and the drawing: equal drawings are equal bytes."""
        self._finish_page()
        for font in self._fonts:
            raw.FPDFFont_Close(font)
        out = io.BytesIO()
        self._document.save(out)
        self._document.close()
        return _steady(out.getvalue(), made_on)


def _steady(content: bytes, made_on: dt.date) -> bytes:
    """pdfium stamps clock and memory addresses into a file; the stamps are overwritten at equal length."""
    content = re.sub(
        rb"/CreationDate\(D:\d{14}", b"/CreationDate(D:" + made_on.strftime("%Y%m%d090000").encode(), content
    )
    tail = content.rfind(b"/ID[")
    name = hashlib.sha256(content[:tail]).hexdigest()[:32].upper().encode()
    ids = re.sub(rb"[0-9A-F]{32}", lambda _: name, content[tail:])
    return content[:tail] + ids
