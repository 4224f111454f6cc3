"""HTML mail as plain text: sanitised first, quotes marked as in text mail, the quoted part located."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "big",
        "cite",
        "code",
        "em",
        "font",
        "i",
        "img",
        "s",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "u",
    ]
)
_TAGS = _BLOCKS | _INLINE
_DROP = frozenset(("script", "style", "title", "noscript", "template", "textarea", "object", "svg", "math"))
# Where mail programs begin what they quote: class or id of the container, and Outlook's separating line.
_QUOTE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:x_|ecx)?(?:gmail_quote|gmail_extra|gmail_attr|yahoo_quoted|moz-cite-prefix|olk_src_body_section|"
    r"divrplyfwdmsg|appendonsend|stopspelling|zmail_extra|protonmail_quote|tutanota_quote|"
    r"quoted-text|mail-quote-\w+|reply-intro)(?:$|\s)",
    re.IGNORECASE,
)
_OUTLOOK_LINE = re.compile(r"border-top:\s*solid\s*#?(?:b5c4df|e1e1e1)", re.IGNORECASE)
_FORWARDED = re.compile(r"forwarded message|weitergeleitete nachricht|message transf", re.IGNORECASE)
_VOID = frozenset(("br", "hr", "img"))
_SPACED = frozenset(
    [
        "blockquote",
        "dl",
        "fieldset",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "ol",
        "p",
        "pre",
        "table",
        "ul",
    ]
)


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The readable text; `new` is the part before the first quote the mail program marked, or None."""

    full: str
    new: str | None


def to_text(html: str) -> HtmlText:
    """Readable text of an HTML body. Scripts, styles and hidden parts are gone; quotes start with `> `."""
    clean = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_DROP),
        attributes={"*": {"class", "id", "style", "type"}, "img": {"alt"}, "a": {"href"}},
        link_rel=None,
    )
    reader = _Reader()
    reader.feed(clean)
    reader.close()
    full = reader.text()
    return HtmlText(full, _collapse(reader.text_until_quote()) if reader.quote_at is not None else None)


@dataclass(slots=True)
class _Open:
    tag: str
    quote: bool
    hidden: bool
    href: str = ""
    text: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    """Writes lines as it meets blocks; keeps its own stack, so depth of nesting costs no recursion."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._stack: list[_Open] = []
        self._quotes = 0
        self._hidden = 0
        self.quote_at: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        style = values.get("style", "")
        self._separate(tag)
        if self._starts_quote(tag, values, style) and self.quote_at is None:
            self.quote_at = len(self._lines)
        if tag == "img" and not self._hidden:
            self._line.append(values.get("alt", ""))
        if tag in _VOID:
            return
        hidden = bool(re.search(r"display:\s*none", style, re.IGNORECASE))
        self._stack.append(_Open(tag, tag == "blockquote", hidden, values.get("href", "")))
        self._quotes += tag == "blockquote"
        self._hidden += hidden

    def handle_endtag(self, tag: str) -> None:
        # The sanitiser closes and orders all tags, so the top of the stack is the one that ends.
        if not self._stack or self._stack[-1].tag != tag:
            return
        self._separate(tag)
        ended = self._stack.pop()
        said = "".join(ended.text).strip()
        if (
            ended.href.startswith(("http://", "https://"))
            and not self._hidden
            and ended.href.rstrip("/")
            not in (
                said,
                said.rstrip("/"),
            )
        ):
            self._line.append(f" <{ended.href}>")
        self._quotes -= ended.quote
        self._hidden -= ended.hidden

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        inside_pre = any(o.tag == "pre" for o in self._stack[-3:])
        for index, line in enumerate(data.split("\n") if inside_pre else [re.sub(r"[ \t\r\n]+", " ", data)]):
            if index:
                self._break()
            self._line.append(line)
        if self._stack and self._stack[-1].tag == "a":
            self._stack[-1].text.append(data)

    def text(self) -> str:
        """All of it."""
        self._break()
        return _collapse("\n".join(self._lines))

    def text_until_quote(self) -> str:
        """What stands before the first marked quote."""
        return "\n".join(self._lines[: self.quote_at])

    def _starts_quote(self, tag: str, values: dict[str, str], style: str) -> bool:
        if any(_QUOTE_NAMES.search(values.get(name, "")) for name in ("class", "id")):
            return True
        if tag == "blockquote":
            return values.get("type", "").lower() == "cite"
        return tag == "div" and bool(_OUTLOOK_LINE.search(style))

    def _separate(self, tag: str) -> None:
        """What the edge of an element does to the lines: nothing, a space, a new line, a blank line."""
        if tag in ("td", "th"):
            self._line.append(" ")
        elif tag == "br":
            self._break()
        elif tag in _BLOCKS:
            if "".join(self._line).strip():
                self._break()
            if tag in _SPACED and self._lines and self._lines[-1].strip("> "):
                self._break()

    def _break(self) -> None:
        line = "".join(self._line).replace("\u00a0", " ").replace("\u200b", "").strip()
        self._lines.append(("> " * self._quotes + line).rstrip() if self._quotes else line)
        self._line.clear()


def _collapse(text: str) -> str:
    """At most one blank line in a row, whether quoted or not."""
    kept: list[str] = []
    for line in text.split("\n"):
        if line.strip("> ") or (kept and kept[-1].strip("> ")):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()


def is_forward(text: str) -> bool:
    """Whether the marked quote is a forwarded message, which is what the sender wants read."""
    return bool(_FORWARDED.search(text))
