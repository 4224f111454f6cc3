"""Header values as people meant them: encoded words, addresses, dates, ids, parameters. Nothing here raises.

The standard library has parsers for all of these, and each of them raises on some header seen in real mail
(unknown charset, half a group, a date without a zone, a doubled RFC 2231 part); intake must read on.
"""

import binascii
import codecs
import quopri
import re
import urllib.parse
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(?<=\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_RAW_BYTES = re.compile("[\udc80-\udcff]+")
_MESSAGE_ID = re.compile(r"<([^<>]{1,900})>")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"@]+")
# Names senders use that Python does not know, or where the wider encoding is what was meant.
_CHARSETS = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "ascii",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "x-gbk": "gbk",
    "gb2312": "gb18030",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "x-windows-949": "cp949",
    "windows-874": "cp874",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
}


def storable(text: str) -> str:
    """The text without NUL and without lone surrogates, which PostgreSQL refuses."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text.encode("utf-8", "replace").decode("utf-8") if _has_surrogate(text) else text


def decode_bytes(raw: bytes, charset: str = "") -> str:
    """Bytes as text: the declared charset when it fits, else UTF-8, else Windows-1252. Never raises."""
    name = charset.strip().strip("\"'").lower()
    name = _CHARSETS.get(name, name)
    if name in ("", "ascii", "utf-8", "utf8", "unknown-8bit") and b"\x1b$" in raw:
        name = "iso2022_jp"
    for candidate in (name, "utf-8", "cp1252"):
        # Codecs such as "hex" or "zlib" are not charsets, and idna/punycode raise on ordinary text.
        if not candidate or not _is_charset(candidate):
            continue
        try:
            return storable(raw.decode(candidate))
        except (UnicodeError, ValueError):
            continue
    return storable(raw.decode("latin-1"))


def header_text(raw: str) -> str:
    """A raw header value as readable text: unfolded, 8-bit bytes and encoded words decoded."""
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", raw).replace("\r", " ").replace("\n", " ")
    if "\x1b$" in unfolded:
        unfolded = decode_bytes(unfolded.encode("utf-8", "surrogateescape"))
    # Words first: a raw byte inside an encoded word belongs to the charset that word declares.
    decoded = _RAW_BYTES.sub(
        lambda m: decode_bytes(m[0].encode("utf-8", "surrogateescape")), _decode_words(unfolded)
    )
    return storable(decoded).strip()


def addresses(raw: str) -> tuple[tuple[str, str], ...]:
    """(name, address) pairs of an address header, in order; groups are opened, comments are names."""
    found: list[tuple[str, str]] = []
    for item in _split_addresses(re.sub(r"\s*\r?\n\s*", " ", raw)):
        name, address = _one_address(item)
        if address or name:
            found.append((name, address))
    return tuple(found)


def message_ids(raw: str) -> tuple[str, ...]:
    """Message ids of References, In-Reply-To or Message-ID, without brackets, first mention first."""
    unfolded = header_text(raw)
    ids = ["".join(m.split()) for m in _MESSAGE_ID.findall(unfolded)]
    if not ids:
        ids = [w.strip("<>,") for w in unfolded.split() if "@" in w]
    return tuple(dict.fromkeys(i for i in ids if i))


def moment(raw: str) -> datetime | None:
    """A Date header as aware UTC, or None when it names no moment. A missing zone is read as UTC."""
    parts = parsedate_tz(re.sub(r"\s+", " ", re.sub(r"\([^()]*\)", " ", header_text(raw))).strip())
    if parts is None:
        return None
    try:
        zone = timezone(timedelta(seconds=parts[9] or 0))
        return datetime(*parts[:5], min(parts[5], 59), tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parameters(raw: str) -> tuple[str, dict[str, str]]:
    """Value and parameters of Content-Type or Content-Disposition, RFC 2231 and encoded words included."""
    pieces = list(_split_outside_quotes(re.sub(r"\s*\r?\n\s*", " ", raw), ";"))
    main = _strip_comments(pieces[0], []).strip().lower()
    plain: dict[str, str] = {}
    parts: dict[str, dict[int, tuple[bool, str]]] = {}
    for piece in pieces[1:]:
        name, equals, value = _strip_comments(piece, []).partition("=")
        name, value = name.strip().lower(), _unquote(value.strip())
        if not equals or not name:
            continue
        match = re.fullmatch(r"([^*]+)(?:\*(\d{1,4}))?(\*)?", name)
        if match and (match[2] is not None or match[3]):
            parts.setdefault(match[1], {}).setdefault(int(match[2] or 0), (bool(match[3]), value))
        else:
            plain.setdefault(name, header_text(value))
    for name, numbered in parts.items():
        plain[name] = _join_rfc2231(numbered)
    return main, plain


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)


def _is_charset(name: str) -> bool:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return bool(getattr(info, "_is_text_encoding", True)) and info.name not in (
        "idna",
        "punycode",
        "undefined",
    )


def _decode_words(text: str) -> str:
    """Decode RFC 2047 words; neighbours in one charset are joined first, as writers split characters."""
    if "=?" not in text:
        return text
    text = _BETWEEN_WORDS.sub("", text)
    out: list[str] = []
    position, pending, charset = 0, b"", ""
    for match in _ENCODED_WORD.finditer(text):
        between = text[position : match.start()]
        name = match[1].partition("*")[0].lower()
        if pending and (between or name != charset):
            out.append(decode_bytes(pending, charset))
            pending = b""
        out.append(between)
        charset, position = name, match.end()
        pending += _word_bytes(match[2].lower(), match[3])
    if pending:
        out.append(decode_bytes(pending, charset))
    return "".join((*out, text[position:]))


def _word_bytes(encoding: str, payload: str) -> bytes:
    raw = payload.encode("utf-8", "surrogateescape")
    if encoding == "q":
        return quopri.decodestring(raw.replace(b"_", b" "), header=False)
    return lenient_base64(raw)


def lenient_base64(raw: bytes) -> bytes:
    """Base64 as far as it can be read: foreign characters skipped, missing padding added."""
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    try:
        return b64decode(clean + b"=" * (-len(clean) % 4))
    except binascii.Error:
        return raw


def _split_outside_quotes(text: str, separators: str) -> Iterator[str]:
    """Pieces between separators that stand outside quotes, comments and angle brackets."""
    start, quoted, depth, angle, skip = 0, False, 0, False, False
    for index, char in enumerate(text):
        if skip:
            skip = False
        elif char == "\\" and (quoted or depth):
            skip = True
        elif char == '"' and not depth:
            quoted = not quoted
        elif quoted:
            continue
        elif char == "(":
            depth += 1
        elif char == ")":
            depth = max(0, depth - 1)
        elif not depth and char == "<":
            angle = True
        elif not depth and char == ">":
            angle = False
        elif char in separators and not depth and not angle:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def _split_addresses(text: str) -> Iterator[str]:
    for piece in _split_outside_quotes(text, ",;"):
        *group, member = _split_outside_quotes(piece, ":")
        # "Team: a@x" opens a group; "mailto:a@x" and "undisclosed recipients:" end up without one.
        if member.strip() or not group:
            yield member


def _one_address(item: str) -> tuple[str, str]:
    comments: list[str] = []
    angle = re.search(r"<([^<>]*)(?:>[^<>]*)?$", item) if "<" in item else None
    before, after = (item, "") if angle is None else (item[: angle.start()], item[angle.end(1) + 1 :])
    bare = _strip_comments(item if angle is None else angle[1], comments)
    if angle is None:
        match = _ADDRESS.search(re.sub(r"\s*([@.])\s*", r"\1", bare)) or _ADDRESS.search(bare)
        if match is None:
            return header_text(_unquote(bare.strip())) or _comment_name(comments), ""
        return _comment_name(comments), storable(match[0])
    address = re.sub(r"\s+", "", bare)
    if address.startswith("@") and ":" in address:  # an old source route: <@relay:user@host>
        address = address.partition(":")[2]
    names = (_unquote(_strip_comments(part, comments).strip()) for part in (before, after))
    name = next((shown for shown in map(header_text, names) if shown), "")
    return re.sub(r"\s+", " ", name) or _comment_name(comments), header_text(address)


def _strip_comments(text: str, into: list[str]) -> str:
    if "(" not in text:
        return text
    out: list[str] = []
    comment: list[str] = []
    depth, quoted, skip = 0, False, False
    for char in text:
        target = comment if depth else out
        if skip:
            skip = False
            target.append(char)
        elif char == "\\":
            skip = True
            target.append(char)
        elif char == '"' and not depth:
            quoted = not quoted
            out.append(char)
        elif char == "(" and not quoted:
            depth += 1
        elif char == ")" and depth:
            depth -= 1
            if not depth:
                into.append("".join(comment))
                comment = []
        else:
            target.append(char)
    if comment:
        into.append("".join(comment))
    return "".join(out)


def _comment_name(comments: list[str]) -> str:
    return header_text(re.sub(r"\\(.)", r"\1", " ".join(c.strip() for c in comments if c.strip())))


def _unquote(value: str) -> str:
    if len(value) >= 2 and value[0] == '"' and value[-1] == '"':
        value = value[1:-1]
    elif '"' in value:
        return re.sub(r'(?<!\\)"', "", value).replace('\\"', '"')
    return re.sub(r"\\(.)", r"\1", value)


def _join_rfc2231(numbered: dict[int, tuple[bool, str]]) -> str:
    charset, raw = "", b""
    for position, number in enumerate(sorted(numbered)):
        encoded, value = numbered[number]
        part = value.encode("utf-8", "surrogateescape")
        if encoded and position == 0 and part.count(b"'") > 1:
            declared, _, part = part.split(b"'", 2)
            charset = declared.decode("ascii", "replace")
        raw += urllib.parse.unquote_to_bytes(part) if encoded else part
    return header_text(decode_bytes(raw, charset))
