"""The portal's own icons: strokes on a 24 × 24 grid, drawn inline so that no page asks for them. An icon never
stands alone: it is hidden from screen readers, and text beside it says what it means."""

from __future__ import annotations

from markupsafe import Markup

PATHS: dict[str, str] = {
    "home": "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
    "tasks": "M4 6l1.5 1.5L8 5M4 12.5L5.5 14 8 11.5M4 19l1.5 1.5L8 18M11.5 6.5H20M11.5 12.5H20M11.5 19H20",
    "ticket": "M4 7h16v3.2a1.8 1.8 0 0 0 0 3.6V17H4v-3.2a1.8 1.8 0 0 0 0-3.6zM14 7v2M14 11.2v1.6M14 15v2",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "check-circle": "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8 12.3l2.8 2.8L16 9.6",
    "quality": "M12 3l7 3v5.5c0 4.6-3 7.9-7 9.5-4-1.6-7-4.9-7-9.5V6zM8.8 12l2.3 2.3L15.4 10",
    "chart": "M4 20h16M7 16v-5M12 16V6M17 16v-8",
    "wall": "M4 5h7v6H4zM13 5h7v10h-7zM4 13h7v6H4zM13 17h7v2h-7z",
    "money": "M7 5h10M7 9h10M14 5c0 5-3.5 6.5-7 6.5L14.5 20M7 11.5h2.5",
    "accounts": "M4 5.5h16M12 5.5v14M6 10h3M6 14h3M15 10h3",
    "audit": "M6 3.5h8l4 4v13H6zM14 3.5v4h4M9 12h6M9 15.5h6",
    "people": (
        "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11z"
        "M3.5 19.5c0-3.2 2.4-5.3 5.5-5.3s5.5 2.1 5.5 5.3M15.5 5a3 3 0 0 1 0 5.8"
        "M17 14.6c2.1.6 3.5 2.3 3.5 4.9"
    ),
    "gear": (
        "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1"
        "M16.3 16.3l2.1 2.1M5.6 18.4l2.1-2.1M16.3 7.7l2.1-2.1"
    ),
    "key": "M8 13.5a4 4 0 1 1 3.5-5.8H20v3.5h-2v2.5h-3v-2.5h-3.5A4 4 0 0 1 8 13.5zM7.5 9.5h.01",
    "search": "M11 4.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM16 16l4.5 4.5",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "close": "M6 6l12 12M18 6L6 18",
    "clock": "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2.2",
    "alert": "M12 4L2.8 19.5h18.4zM12 10v4.2M12 16.8v.2",
    "late": "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5v5M12 15.8v.2",
    "pause": "M8.5 6v12M15.5 6v12",
    "play": "M8 5.5v13l10.5-6.5z",
    "stop": "M6.5 6.5h11v11h-11z",
    "retry": "M19 12a7 7 0 1 1-2.2-5.1M19 4v4.5h-4.5",
    "link": (
        "M10 14l4-4M8.5 11L6 13.5a3.2 3.2 0 0 0 4.5 4.5L13 15.5M11 8.5L13.5 6a3.2 3.2 0 0 1 4.5 4.5L15.5 13"
    ),
    "flag": "M6 20.5v-16M6 5h11l-2 3.8 2 3.8H6",
    "person": "M12 11.5a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2zM5 20c0-3.8 3-6.2 7-6.2s7 2.4 7 6.2",
    "robot": (
        "M7 9h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2zM12 9V5M9.5 13.5v1"
        "M14.5 13.5v1M10 17h4"
    ),
    "mail": "M4 6.5h16v11H4zM4 7.5l8 6 8-6",
    "document": "M6.5 3.5h7.5l4 4v13h-11.5zM14 3.5v4h4",
    "upload": "M12 16V5M7.5 9L12 4.5 16.5 9M5 19.5h14",
    "download": "M12 4.5V15M7.5 11.5L12 16l4.5-4.5M5 19.5h14",
    "next": "M9.5 6l6 6-6 6",
    "back": "M14.5 6l-6 6 6 6",
    "down": "M6 9.5l6 6 6-6",
    "plus": "M12 5v14M5 12h14",
    "minus": "M5 12h14",
    "turn": "M5 12a7 7 0 1 0 2.2-5.1M5 4v4.5h4.5",
    "box": "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4",
    "fit": "M4 5v14M20 5v14M7.5 12h9M10 9.5L7.5 12l2.5 2.5M14 9.5l2.5 2.5-2.5 2.5",
    "bell": "M6 17V11a6 6 0 0 1 12 0v6l1.5 1.5h-15zM10 20.5h4",
    "inbox": "M4 13l2.5-8h11L20 13v6H4zM4 13h4.5l1.5 2.5h4l1.5-2.5H20",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2",
    "sun": (
        "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1"
        "M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1"
    ),
    "moon": "M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z",
    "auto": "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
    "keyboard": "M3.5 7h17v10h-17zM7 10h.01M10.3 10h.01M13.6 10h.01M17 10h.01M7 14h10",
    "out": "M14 5H6v14h8M11 12h9.5M17 8.5l3.5 3.5-3.5 3.5",
    "external": "M14 5h5v5M19 5l-8 8M17 14v5H5V7h5",
    "tree": "M6 4v14h5M6 9h5M11 7h8v4h-8zM11 16h8v4h-8z",
    "filter": "M4 6h16l-6 7v5.5l-4-2V13z",
    "star": "M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7 9.6 9z",
    "eye": "M3 12c2-4 5.2-6 9-6s7 2 9 6c-2 4-5.2 6-9 6s-7-2-9-6zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
    "question": (
        "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM9.6 9.6a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.2 1-1.2 1.9"
        "M12 16.2v.2"
    ),
    "dot": "M12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
}


def icon(name: str, size: int = 18) -> Markup:
    """The icon's markup. Raises ``KeyError`` for one that is not drawn."""
    return Markup(
        '<svg class="icon" width="{0}" height="{0}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        '<path d="{1}"/></svg>'
    ).format(size, PATHS[name])
