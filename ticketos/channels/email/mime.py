"""The MIME tree taken apart: body pieces in reading order, everything else an attachment. Never raises."""

import binascii
import email
import quopri
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.generator import Generator
from email.message import Message
from email.policy import Compat32
from io import StringIO
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from ticketos.channels.email.headers import decode_bytes, header_text, lenient_base64, parameters
from ticketos.domain.intake_types import Attachment

_MAX_DEPTH = 40
_MAX_FILENAME = 180
_MAX_BOUNDARY = 200
_MIN_BOUNDARIES = 2
_ORNAMENT_BYTES = 48 * 1024
"""Up to this size a picture shown within the text is taken for a logo or an icon. A larger one stays an attachment: a
phone puts the photograph of an invoice into the text in just the same way."""
_CITED = re.compile(rb"""\bcid:([^"'\s<>)\\]{1,500})""", re.IGNORECASE)
# A small own table: the system's mime.types differs from machine to machine and names must not.
_EXTENSIONS = {
    "application/pdf": "pdf",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/calendar": "ics",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/tiff": "tif",
    "application/zip": "zip",
    "application/ms-tnef": "dat",
    "message/rfc822": "eml",
    "message/delivery-status": "txt",
}
if TYPE_CHECKING:
    Node: TypeAlias = Message[str, str]
else:  # the class is generic for the type checker alone
    Node = Message


class _Verbatim(Compat32):
    """Writes headers as they were read; the stock policy refolds them and raises on malformed ones."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}\n"


_POLICY = _Verbatim()


@dataclass(frozen=True, slots=True)
class Piece:
    """A readable body part; `kind` is plain or html."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A message taken apart."""

    pieces: tuple[Piece, ...]
    attachments: tuple[Attachment, ...]


def read(raw: bytes) -> Node:
    """The message tree; a tree too deep for the parser becomes one opaque message.

    Within the tree each character is one byte (Latin-1): the library's own way with 8-bit bytes loses them
    when a part declares a charset that does not fit.
    """
    text = raw.decode("latin-1")
    try:
        return email.message_from_string(text, policy=_POLICY)
    except RecursionError:
        head, _, body = text.partition("\n\n")
        node: Node = email.message_from_string(head + "\n\n", policy=_POLICY)
        del node["Content-Type"], node["Content-Transfer-Encoding"]
        node["Content-Type"] = "application/octet-stream"
        node.set_payload(body)
        return node


def header_items(node: Node) -> Iterator[tuple[str, str]]:
    """Names and raw values as they were sent; 8-bit bytes are surrogate escapes."""
    for name, value in node.raw_items():
        yield name, str(value).encode("latin-1").decode("ascii", "surrogateescape")


def raw_header(node: Node, name: str) -> str:
    """The first header of that name as it was sent, "" when absent."""
    return next((value for found, value in header_items(node) if found.lower() == name.lower()), "")


def content_type(node: Node) -> tuple[str, dict[str, str]]:
    """Media type and parameters, `text/plain` when absent or unreadable."""
    main, params = parameters(raw_header(node, "Content-Type"))
    main = re.sub(r"\s", "", main)
    if re.fullmatch(r"[^/]+/[^/]+", main):
        return main, params
    # A forgotten semicolon glues the first parameter to the type.
    glued = re.match(
        r"(?:multipart|message|text|image|application|audio|video)/[a-z0-9.+-]+(?=boundary=|charset=)", main
    )
    return (glued[0] if glued else str(node.get_default_type()) if not main else "text/plain"), params


def take_apart(node: Node) -> Parts:
    """Body pieces and attachments of a message; names are made unique within it."""
    pieces, attachments = _collect(node, 0, _cited(node))
    return Parts(tuple(pieces), tuple(_distinct(attachments)))


def leaf_bytes(node: Node) -> bytes:
    """The decoded content of a part that is no multipart, as far as it can be decoded."""
    payload = node.get_payload()
    if isinstance(payload, list):
        return b"\n".join(_flatten(child) for child in payload if isinstance(child, Message))
    raw = payload.encode("latin-1") if isinstance(payload, str) else b""
    encoding = header_text(raw_header(node, "Content-Transfer-Encoding")).lower().strip(" ;\"'")
    if encoding == "base64":
        return lenient_base64(raw)
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
        return _uudecode(raw)
    return raw


def _cited(node: Node, depth: int = 0) -> frozenset[str]:
    """Content ids of what the HTML parts of a message show within their text."""
    kind, payload = content_type(node)[0], node.get_payload()
    if isinstance(payload, list):
        if depth >= _MAX_DEPTH or kind.startswith("message/"):
            return frozenset()
        return frozenset().union(*(_cited(c, depth + 1) for c in payload if isinstance(c, Message)))
    if kind != "text/html":
        return frozenset()
    return frozenset(unquote(found.decode("latin-1")) for found in _CITED.findall(leaf_bytes(node)))


def _collect(node: Node, depth: int, cited: frozenset[str]) -> tuple[list[Piece], list[Attachment]]:
    kind, params = content_type(node)
    payload = node.get_payload()
    if depth >= _MAX_DEPTH:
        return [], [Attachment("nested.eml", "message/rfc822", _flatten(node))]
    if isinstance(payload, list) and kind.startswith("message/"):
        return [], [_embedded(node, kind, params, payload)]
    if isinstance(payload, list):
        # A part that is an attachment and a multipart at once is still taken apart: nothing gets lost.
        children = [_collect(child, depth + 1, cited) for child in payload if isinstance(child, Message)]
        attachments = [a for _, found in children for a in found]
        if kind == "multipart/alternative":
            return _best([pieces for pieces, _ in children]), attachments
        return [p for found, _ in children for p in found], attachments
    return _leaf(node, kind, params, depth, cited)


def _leaf(
    node: Node, kind: str, params: dict[str, str], depth: int, cited: frozenset[str]
) -> tuple[list[Piece], list[Attachment]]:
    disposition, details = parameters(raw_header(node, "Content-Disposition"))
    name = details.get("filename") or params.get("name") or ""
    content = leaf_bytes(node)
    if kind.startswith("multipart/"):
        mended = _mend(node, content)
        if mended is not None:
            return _collect(mended, depth + 1, cited | _cited(mended))
        kind = "text/plain"  # no boundary to be found: what stands there is all there is to read
    if kind in ("text/plain", "text/html") and disposition != "attachment" and not name:
        text = decode_bytes(content, params.get("charset", "")).replace("\r\n", "\n").replace("\r", "\n")
        return [Piece("html" if kind == "text/html" else "plain", text)], []
    if not content and not name:
        return [], []
    if disposition in ("", "inline") and _is_ornament(node, kind, content, cited):
        return [], []
    return [], [Attachment(safe_filename(name, kind), kind, content)]


def _is_ornament(node: Node, kind: str, content: bytes, cited: frozenset[str]) -> bool:
    """Part of the text, as the logo under a signature is: it stays in the raw mail and is no file of the request."""
    small = kind.startswith("image/") and len(content) <= _ORNAMENT_BYTES
    return small and header_text(raw_header(node, "Content-ID")).strip().strip("<>") in cited


def _mend(node: Node, content: bytes) -> Node | None:
    """A multipart whose boundary was missing or misspelt, read again with the boundary its body uses."""
    for line in dict.fromkeys(line.rstrip() for line in content.splitlines() if line.startswith(b"--")):
        boundary = line[2:].removesuffix(b"--")
        used = content.count(b"\n--" + boundary) + content.startswith(b"--" + boundary)
        if not 1 <= len(boundary) <= _MAX_BOUNDARY or used < _MIN_BOUNDARIES or b'"' in boundary:
            continue
        again = read(b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\n\n' + content)
        if again.is_multipart():
            return again
    return None


def _embedded(node: Node, kind: str, params: dict[str, str], payload: Sequence[object]) -> Attachment:
    """A message inside a message, kept whole: forwarded mail, a bounce's report, returned headers."""
    _, details = parameters(raw_header(node, "Content-Disposition"))
    name = details.get("filename") or params.get("name") or ""
    inner = [child for child in payload if isinstance(child, Message)]
    if not name and inner and kind == "message/rfc822":
        name = (header_text(raw_header(inner[0], "Subject")) or "message") + ".eml"
    return Attachment(safe_filename(name, kind), kind, b"\n".join(_flatten(child) for child in inner))


def _best(choices: list[list[Piece]]) -> list[Piece]:
    """The alternative a person should read: plain text, unless it only says that the mail is HTML."""
    readable = [c for c in choices if any(p.text.strip() for p in c)]
    plain = next((c for c in readable if all(p.kind == "plain" for p in c)), None)
    rich = next((c for c in reversed(readable) if any(p.kind == "html" for p in c)), None)
    if plain is None or rich is None:
        return plain or rich or []
    said = " ".join(p.text for p in plain).strip()
    excuse = len(said) < 300 and re.search(r"\bhtml\b", said, re.IGNORECASE)
    return rich if excuse else plain


def _flatten(node: Node) -> bytes:
    out = StringIO()
    try:
        Generator(out, mangle_from_=False, maxheaderlen=0, policy=_POLICY).flatten(node)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # The generator wants a well-formed tree; headers and text are better than nothing.
        lines = [f"{name}: {value}" for name, value in node.raw_items()]
        payload = node.get_payload()
        return ("\n".join(lines) + "\n\n" + (payload if isinstance(payload, str) else "")).encode("latin-1")
    return out.getvalue().encode("latin-1")


def _uudecode(raw: bytes) -> bytes:
    lines = raw.splitlines()
    start = next((i + 1 for i, line in enumerate(lines) if line.startswith(b"begin ")), None)
    if start is None:
        return raw
    out = bytearray()
    for line in lines[start:]:
        if line.strip() == b"end":
            break
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            # Some writers leave trailing rubbish: the length byte says how much belongs to the line.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                out += binascii.a2b_uu(line[: length + 1])
            except binascii.Error:
                return raw
    return bytes(out)


def safe_filename(name: str, kind: str) -> str:
    """The last path component without control characters, with an extension when there was no name."""
    base = re.split(r"[\\/]", name)[-1]
    base = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "_", base).strip(" .")
    if not base:
        base = f"attachment.{_EXTENSIONS.get(kind, 'bin')}"
    if len(base) > _MAX_FILENAME:
        stem, dot, extension = base.rpartition(".")
        keep = f"{dot}{extension}" if stem and len(extension) <= 10 else ""
        base = base[: _MAX_FILENAME - len(keep)] + keep
    return base


def _distinct(attachments: list[Attachment]) -> Iterator[Attachment]:
    seen: set[str] = set()
    for item in attachments:
        name, number = item.filename, 2
        stem, dot, extension = item.filename.rpartition(".")
        while name.lower() in seen:
            name = f"{stem} ({number}).{extension}" if dot and stem else f"{item.filename} ({number})"
            number += 1
        seen.add(name.lower())
        yield Attachment(name, item.content_type, item.content)
