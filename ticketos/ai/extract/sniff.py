"""What a file is, by its first bytes; its name is only asked whether it lies."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Literal

from ticketos.ai.extract.limits import Limits, Quarantined

Kind = Literal["pdf", "image", "xml"]

_EXTENSIONS: dict[str, Kind] = {
    ".pdf": "pdf",
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".tif": "image",
    ".tiff": "image",
    ".xml": "xml",
}
_IMAGE_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_XML_START = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE|[A-Za-z_])")
_XML_WIDE = (b"\xff\xfe<\x00", b"\xfe\xff\x00<")


def kind_of(data: bytes, filename: str, limits: Limits) -> Kind:
    """The kind of file. Raises Quarantined: empty, too-large, wrong-type, unsupported."""
    if not data.strip(b"\x00 \t\r\n"):
        raise Quarantined("empty")
    if len(data) > limits.bytes:
        raise Quarantined("too-large", f"{len(data)} bytes")
    said = _EXTENSIONS.get(PurePath(filename).suffix.lower())
    found = _by_magic(data)
    if found is None:
        raise Quarantined("wrong-type" if said else "unsupported")
    if said is not None and said != found:
        raise Quarantined("wrong-type", f"named {said}, holds {found}")
    return found


def _by_magic(data: bytes) -> Kind | None:
    # The PDF header may follow some junk; every reader in use accepts it in the first kilobyte.
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(_IMAGE_MAGIC):
        return "image"
    if _XML_START.match(data[:512]) or data.startswith(_XML_WIDE):
        return "xml"
    return None
