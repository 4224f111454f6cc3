"""What the sender newly wrote: quoted history and signatures taken off, answers between quotes kept."""

import re
from dataclasses import dataclass

from mailparser_reply import EmailReplyParser  # type: ignore[import-untyped]

# The library's expressions backtrack over long lines; a probe with short lines keeps hostile mail cheap.
_PROBE_LINE = 200
_PROBE_LINES = 400
# A delimiter with more own text below it separates sections of a letter, not a signature.
_SIGNATURE_LINES = 15
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs", "ja", "zh", "ko")
_QUOTED = re.compile(r"^\s{0,3}[>|]")
_FORWARD = re.compile(
    r"^[\s>*-]*(?:begin forwarded message|forwarded message|forwarded by|weitergeleitete nachricht|"
    r"ursprüngliche nachricht weitergeleitet|message transféré|mensaje reenviado)",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^\s*(?:-{2,}|_{2,}|={2,})\s*(?:original message|reply message|reply above this line|"
    r"ursprüngliche nachricht|originalnachricht|antwort bitte oberhalb|"
    r"message d'origine|mensaje original|original appointment)\b",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(
    r"^\s*-*\s*(?:on|am|le|el|il|op|em|den|dnia|w dniu)\b.{0,300}"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|"
    r"schreef|escreveu|skrev|napisał(?:\(a\))?)\b.{0,80}:\s*-*\s*$",
    re.IGNORECASE,
)
_LOOSE_ATTRIBUTION = re.compile(r"(?:@|\d{1,2}[:.]\d{2}).{0,200}:\s*$")
_SENDER_LINE = re.compile(r"^[\s>*]*(?:from|von|de|da|van|от|från|fra|od)\s*:[\s*]*\S", re.IGNORECASE)
_HEADER_LINE = re.compile(
    r"^[\s>*]*(?:from|sent|date|to|cc|subject|reply-to|von|gesendet|datum|an|betreff|de|envoyé|à|objet|enviado|para|"
    r"asunto|от|отправлено|кому|тема|дата|da|inviato|oggetto|van|verzonden|aan|onderwerp)\s*:",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*[_\-=]{10,}\s*$")
_SIGNATURE = re.compile(r"^\s*(?:--|—|__)\s*$")
_SENT_FROM = re.compile(
    r"^\s*(?:sent (?:from|via|with|by) (?:my|the|outlook|mail|yahoo|gmail|proton|samsung|"
    r"blackberry)\b.{0,60}|get outlook for .{0,40}|(?:von meinem|gesendet (?:von|mit)).{0,60}|"
    r"envoyé de(?:puis)? mon.{0,40}|"
    r"enviado desde mi.{0,40}|(?:sent|sended) from \w+(?: \w+){0,3})\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Header:
    """A run of lines that introduces quoted text: an attribution, or a block of From/Sent/Subject lines."""

    first: int
    last: int


def new_text(text: str, *, forwarded: bool = False) -> str:
    """The newly written part of a mail body, the whole body when nothing else is left.

    `forwarded` says that the subject marks a forward: then what follows the headers is the request itself.
    """
    if forwarded:
        return text.strip()
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    quoted = [bool(_QUOTED.match(line)) for line in lines]
    end = len(lines)
    for header in _headers(lines):
        if any(_FORWARD.match(line) for line in lines[max(0, header.first - 2) : header.first + 1]):
            break
        follower = next((i for i in range(header.last + 1, len(lines)) if lines[i]), None)
        block = any(
            _SENDER_LINE.match(x) or _ORIGINAL.match(x) for x in lines[header.first : header.last + 1]
        )
        if block or follower is None or not quoted[follower]:
            end = header.first
            break
        # A quote behind an attribution: own words may follow it, so it is marked, not cut.
        for index in range(header.first, header.last + 1):
            quoted[index] = True
    end = _without_tail(lines, quoted, _signature_start(lines, quoted, end))
    kept = "\n".join(lines[:end]).strip()
    return kept or text.strip()


def _headers(lines: list[str]) -> list[_Header]:
    found = [*_library_headers(lines)]
    for index, line in enumerate(lines):
        if _ORIGINAL.match(line):
            found.append(_Header(index, index))
        elif _QUOTED.match(line):
            continue
        elif _ATTRIBUTION.match(line):
            found.append(_Header(index, index))
        elif _SENDER_LINE.match(line):
            found.extend(_header_block(lines, index))
        elif line.endswith(":"):
            found.extend(_loose_attribution(lines, index))
    return sorted(found, key=lambda h: (h.first, -h.last))


def _header_block(lines: list[str], index: int) -> list[_Header]:
    """From, Sent, To, Subject in a row, with the rule above them."""
    last = max(
        (i for i in range(index, min(index + 8, len(lines))) if _HEADER_LINE.match(lines[i])), default=index
    )
    if last == index:
        return []
    first = index
    while first and (not lines[first - 1] or _RULE.match(lines[first - 1])):
        first -= 1
    return [_Header(first if any(lines[first:index]) else index, last)]


def _loose_attribution(lines: list[str], index: int) -> list[_Header]:
    """Any language: an address or a time, at the end a colon, perhaps over two lines, and quotes below."""
    below = next((line for line in lines[index + 1 : index + 4] if line), "")
    if not _QUOTED.match(below):
        return []
    above = lines[index - 1] if index else ""
    if above and not _QUOTED.match(above) and _LOOSE_ATTRIBUTION.search(f"{above} {lines[index]}"[-220:]):
        both = _LOOSE_ATTRIBUTION.search(lines[index][-220:]) is None or "<" in above
        return [_Header(index - both, index)]
    return [_Header(index, index)] if _LOOSE_ATTRIBUTION.search(lines[index][-220:]) else []


def _library_headers(lines: list[str]) -> list[_Header]:
    probe = [line[:_PROBE_LINE].strip() for line in lines[:_PROBE_LINES]]
    message = EmailReplyParser(languages=list(_LANGUAGES)).read("\n".join(probe))
    found: list[_Header] = []
    position = 0
    for reply in message.replies:
        header = [line.strip() for line in (reply.headers or "").split("\n") if line.strip()]
        if not header:
            continue
        start = next((i for i in range(position, len(probe)) if probe[i] == header[0]), None)
        if start is None or _QUOTED.match(lines[start]):
            continue
        # The library takes the line after a block of headers along; only real header lines count here.
        last = min(start + len(header) - 1, len(lines) - 1)
        if _HEADER_LINE.match(header[0]):
            while last > start and not _HEADER_LINE.match(lines[last]):
                last -= 1
            if last == start:
                continue
        found.append(_Header(start, last))
        position = last + 1
    return found


def _signature_start(lines: list[str], quoted: list[bool], end: int) -> int:
    for index in range(end):
        if index and not quoted[index] and _SIGNATURE.match(lines[index]):
            rest = lines[index + 1 : end]
            own = [r for r, q in zip(rest, quoted[index + 1 : end], strict=True) if r and not q]
            if len(own) <= _SIGNATURE_LINES:
                return index
    return end


def _without_tail(lines: list[str], quoted: list[bool], end: int) -> int:
    """Step back over what ends a mail without being said in it: quotes, rules, "sent from my phone"."""
    while end > 0:
        line = lines[end - 1]
        if line and not quoted[end - 1] and not _RULE.match(line) and not _SENT_FROM.match(line):
            break
        end -= 1
    return end
