"""What a browser calls itself, in words: for the list of where somebody is signed in, to be known again and no more."""

from __future__ import annotations

import re

_BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"OPR/", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"HeadlessChrome/|Chrome/|CriOS/", "Chrome"),
    (r"Version/[\d.]+ .*Safari/", "Safari"),
)
_SYSTEMS = (
    (r"Android", "Android"),
    (r"iPhone|iPod", "iPhone"),
    (r"iPad", "iPad"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "Mac"),
    (r"CrOS", "ChromeOS"),
    (r"Linux|X11", "Linux"),
)


def programme(agent: str | None) -> str:
    """“Firefox on Windows” of a browser's User-Agent, the first word of any other programme's; empty without one."""
    given = (agent or "").strip()
    browser = next((name for mark, name in _BROWSERS if re.search(mark, given)), "")
    if not browser:
        return given.split(" ", 1)[0][:60]
    system = next((name for mark, name in _SYSTEMS if re.search(mark, given)), "")
    return f"{browser} on {system}" if system else browser
