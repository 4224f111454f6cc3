"""A QR code of a page, read as a camera would."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import zxingcpp
from PIL import Image, ImageDraw


def read_back(drawn: Any, scale: int = 4) -> str:
    """What a camera sees: the drawing painted as its path says, and read."""
    side = int(drawn.get("viewbox", drawn.get("viewBox")).split()[-1])
    image = Image.new("L", (side * scale, side * scale), 255)
    painter = ImageDraw.Draw(image)
    for run in drawn.xpath(".//path/@d")[0].split("M")[1:]:
        place, _, rest = run.partition("h")
        x, y = (int(one) * scale for one in place.split())
        width = int(rest.partition("v")[0]) * scale
        painter.rectangle((x, y, x + width - 1, y + scale - 1), fill=0)
    kept = BytesIO()
    image.save(kept, "PNG")
    (code,) = zxingcpp.read_barcodes(Image.open(kept), text_mode=zxingcpp.TextMode.Plain)
    return str(code.text)
