"""A QR code as a drawing of our own making: inline in the page that shows it, fetched from nowhere, kept nowhere."""

from __future__ import annotations

from itertools import groupby
from math import isqrt
from typing import cast

from markupsafe import Markup

_QUIET = 4
"""Empty modules around a code; readers need them, on a dark page above all."""


def qr(text: str, label: str) -> Markup:
    """The code of ``text``, black on white in every theme and readable with 15 % of it damaged. ``label`` says to
    whoever cannot see it what it is; the text itself is not in it."""
    import zxingcpp  # only who sets a second factor up needs it

    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image = code.to_image(scale=1, add_quiet_zones=False)
    modules = memoryview(cast(bytes, image)).tobytes()  # a buffer, which its types do not say
    side = isqrt(len(modules))
    path, size = [], side + 2 * _QUIET
    for y in range(side):
        x = 0
        for light, run in groupby(modules[y * side : (y + 1) * side], key=bool):
            width = len(list(run))
            if not light:
                path.append(f"M{x + _QUIET} {y + _QUIET}h{width}v1h-{width}z")
            x += width
    return Markup(
        '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}" shape-rendering="crispEdges">'
        '<rect width="{0}" height="{0}" fill="#fff"/><path d="{2}" fill="#000"/></svg>'
    ).format(size, label, "".join(path))
