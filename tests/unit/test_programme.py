"""Where somebody is signed in is said in words; what calls itself otherwise by its own first word."""

from __future__ import annotations

import pytest

from api.portal.agents import programme

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/131.0.0.0 Safari/537.36", "Chrome on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/131.0.0.0 Safari/537.36 Edg/131.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Mac"),
        (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} SamsungBrowser/26.0 Chrome/122.0 Mobile", "Samsung Internet on Android"),
        ("python-httpx2/2.16.2", "python-httpx2/2.16.2"),
        ("curl/8.9.1 extra", "curl/8.9.1"),
        ("", ""),
        (None, ""),
    ],
)  # fmt: skip
def test_a_programme_is_said_in_words(agent: str | None, words: str) -> None:
    assert programme(agent) == words
